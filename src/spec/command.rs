//! The command table: who sends what to whom, with how many parameters, and where the TrID stands.
//!
//! Sources: the draft's sections 6 to 8; for CVR, REA, URL, SND, FND, PNG and QNG the practice.

use crate::wire::words;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerKind {
    /// Negotiates the version and refers the client to a notification server (draft, 4.1).
    Dispatch,
    /// Logs the client in, keeps its lists, tells presence (draft, 4.2).
    Notification,
    /// Carries the messages of a session (draft, 4.3).
    Switchboard,
}

impl ServerKind {
    /// The two letters of referrals and transcripts: `ds`, `ns`, `sb`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dispatch => "ds",
            Self::Notification => "ns",
            Self::Switchboard => "sb",
        }
    }
}

/// Which way a line travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a client to a server.
    ToServer,
    /// From a server to a client.
    ToClient,
}

/// A set of server kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// On the dispatch server.
    pub dispatch: bool,
    /// On the notification server.
    pub notification: bool,
    /// On the switchboard.
    pub switchboard: bool,
}

impl Kinds {
    /// Whether the set holds `kind`.
    #[must_use]
    pub fn contains(self, kind: ServerKind) -> bool {
        match kind {
            ServerKind::Dispatch => self.dispatch,
            ServerKind::Notification => self.notification,
            ServerKind::Switchboard => self.switchboard,
        }
    }
}

/// Whether the word after the verb is a TrID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TridRule {
    /// It never is (`NLN`, `RNG`, `OUT`, the server's `MSG` …).
    Never,
    /// It is that of the request.
    Request,
    /// It is that of the request, or 0 where the server speaks unasked.
    RequestOrZero,
}

/// What follows the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// Nothing.
    None,
    /// As many bytes as the last word says.
    LengthLast,
}

/// A verb: three upper-case letters.
pub type Verb = &'static str;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// The verb.
    pub verb: Verb,
    /// The same, quick to compare.
    code: u32,
    /// Who sends it.
    pub direction: Direction,
    /// On which kinds of server it is legal.
    pub kinds: Kinds,
    /// Whether a TrID follows the verb.
    pub trid: TridRule,
    /// The least number of parameters after the TrID (after the verb where there is none).
    pub min_params: usize,
    /// The greatest number of parameters.
    pub max_params: usize,
    /// What follows the line.
    pub payload: PayloadForm,
}

impl Command {
    /// The row for a verb, a direction and a kind of server.
    #[must_use]
    pub fn find(direction: Direction, kind: ServerKind, verb: &[u8]) -> Option<&'static Self> {
        let code = code(<[u8; 3]>::try_from(verb).ok()?);
        let first = FIRST.get(slot(code)).copied()?;
        COMMANDS
            .iter()
            .skip(first)
            .find(|row| row.code == code && row.direction == direction && row.kinds.contains(kind))
    }

    /// The length of the payload that a line announces, as the last word of the line: `None` where
    /// the command has no payload or the line has no parameters. This is the rule that the wire
    /// codec is handed.
    #[must_use]
    pub fn payload_word(direction: Direction, kind: ServerKind, line: &[u8]) -> Option<&[u8]> {
        let mut words = words(line);
        let row = Self::find(direction, kind, words.next()?)?;
        match row.payload {
            PayloadForm::None => None,
            PayloadForm::LengthLast => words.last(),
        }
    }

    /// Whether the server may send it at any time, unasked.
    #[must_use]
    pub fn is_asynchronous(kind: ServerKind, words: &[&[u8]]) -> bool {
        let Some((verb, rest)) = words.split_first() else {
            return false;
        };
        let Some(row) = Self::find(Direction::ToClient, kind, verb) else {
            return false;
        };
        match row.trid {
            TridRule::Never => row.verb != "QNG",
            TridRule::Request => false,
            TridRule::RequestOrZero => rest.first().is_some_and(|trid| *trid == b"0"),
        }
    }
}

/// The whole table.
#[must_use]
pub fn commands() -> &'static [Command] {
    COMMANDS
}

const DS_NS: Kinds = Kinds {
    dispatch: true,
    notification: true,
    switchboard: false,
};
const NS: Kinds = Kinds {
    dispatch: false,
    notification: true,
    switchboard: false,
};
const SB: Kinds = Kinds {
    dispatch: false,
    notification: false,
    switchboard: true,
};
const ALL: Kinds = Kinds {
    dispatch: true,
    notification: true,
    switchboard: true,
};

/// `max_params` of commands without a bound.
const MANY: usize = usize::MAX;

/// Three letters as one number.
const fn code([first, second, third]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, first, second, third])
}

macro_rules! table {
    ($($verb:literal $direction:ident $kinds:ident $trid:ident $min:literal..=$max:tt
        $payload:ident;)*) => {
        static COMMANDS: &[Command] = &[$(
            Command {
                verb: $verb,
                code: code(*$verb.as_bytes().first_chunk().expect("a verb has three letters")),
                direction: Direction::$direction,
                kinds: $kinds,
                trid: TridRule::$trid,
                min_params: $min,
                max_params: $max,
                payload: PayloadForm::$payload,
            },
        )*];
    };
}

table! {
    "VER" ToServer DS_NS Request 1..=MANY None;
    "VER" ToClient DS_NS Request 1..=MANY None;
    "INF" ToServer DS_NS Request 0..=0 None;
    "INF" ToClient DS_NS Request 1..=MANY None;
    "USR" ToServer DS_NS Request 3..=3 None;
    "USR" ToClient DS_NS Request 3..=3 None;
    "USR" ToServer SB Request 2..=2 None;
    "USR" ToClient SB Request 3..=3 None;
    "XFR" ToServer NS Request 1..=1 None;
    "XFR" ToClient DS_NS RequestOrZero 2..=4 None;
    "SYN" ToServer NS Request 1..=1 None;
    "SYN" ToClient NS Request 1..=1 None;
    "LST" ToServer NS Request 1..=1 None;
    "LST" ToClient NS Request 4..=6 None;
    "GTC" ToServer NS Request 1..=1 None;
    "GTC" ToClient NS Request 2..=2 None;
    "BLP" ToServer NS Request 1..=1 None;
    "BLP" ToClient NS Request 2..=2 None;
    "CHG" ToServer NS Request 1..=1 None;
    "CHG" ToClient NS RequestOrZero 1..=1 None;
    "ADD" ToServer NS Request 3..=3 None;
    "ADD" ToClient NS RequestOrZero 4..=4 None;
    "REM" ToServer NS Request 2..=2 None;
    "REM" ToClient NS RequestOrZero 3..=3 None;
    "REA" ToServer NS Request 2..=2 None;
    "REA" ToClient NS Request 3..=3 None;
    "ILN" ToClient NS Request 3..=3 None;
    "NLN" ToClient NS Never 3..=3 None;
    "FLN" ToClient NS Never 1..=1 None;
    "RNG" ToClient NS Never 6..=6 None;
    "MSG" ToClient NS Never 3..=3 LengthLast;
    "OUT" ToServer ALL Never 0..=0 None;
    "OUT" ToClient ALL Never 0..=1 None;
    "CVR" ToServer NS Request 6..=6 None;
    "CVR" ToClient NS Request 4..=5 None;
    "CVQ" ToServer DS_NS Request 6..=6 None;
    "CVQ" ToClient DS_NS Request 5..=5 None;
    "FND" ToServer NS Request 5..=5 None;
    "FND" ToClient NS Request 2..=7 None;
    "SND" ToServer NS Request 1..=1 None;
    "SND" ToClient NS Request 1..=1 None;
    "URL" ToServer NS Request 1..=2 None;
    "URL" ToClient NS Request 2..=2 None;
    "PNG" ToServer NS Never 0..=0 None;
    "QNG" ToClient NS Never 0..=1 None;
    "CAL" ToServer SB Request 1..=1 None;
    "CAL" ToClient SB Request 2..=2 None;
    "ANS" ToServer SB Request 3..=3 None;
    "ANS" ToClient SB Request 1..=1 None;
    "IRO" ToClient SB Request 4..=4 None;
    "JOI" ToClient SB Never 2..=2 None;
    "BYE" ToClient SB Never 1..=2 None;
    "MSG" ToServer SB Request 2..=2 LengthLast;
    "MSG" ToClient SB Never 3..=3 LengthLast;
    "ACK" ToClient SB Request 0..=0 None;
    "NAK" ToClient SB Request 0..=0 None;
}

/// How many slots there are for verbs.
const SLOTS: usize = 64;

/// The slot of a verb; others may share it.
const fn slot(code: u32) -> usize {
    (code ^ (code >> 7) ^ (code >> 14)) as usize % SLOTS
}

/// By slot: the first row of a verb with that slot, or the number of rows.
#[expect(clippy::indexing_slicing, reason = "worked out by the compiler")]
static FIRST: [usize; SLOTS] = {
    let mut first = [COMMANDS.len(); SLOTS];
    let mut row = COMMANDS.len();
    while row > 0 {
        row -= 1;
        first[slot(COMMANDS[row].code)] = row;
    }
    first
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_stands_twice() {
        for (i, row) in COMMANDS.iter().enumerate() {
            for other in &COMMANDS[i + 1..] {
                let same = row.verb == other.verb && row.direction == other.direction;
                let shared = [
                    ServerKind::Dispatch,
                    ServerKind::Notification,
                    ServerKind::Switchboard,
                ]
                .into_iter()
                .any(|kind| row.kinds.contains(kind) && other.kinds.contains(kind));
                assert!(!(same && shared), "{} stands twice", row.verb);
            }
        }
    }

    #[test]
    fn every_row_is_found() {
        for row in COMMANDS {
            for kind in [
                ServerKind::Dispatch,
                ServerKind::Notification,
                ServerKind::Switchboard,
            ] {
                let found = Command::find(row.direction, kind, row.verb.as_bytes());
                let is_it = found.is_some_and(|found| std::ptr::eq(found, row));
                assert_eq!(is_it, row.kinds.contains(kind), "{}", row.verb);
            }
        }
    }

    #[test]
    fn only_msg_has_a_payload() {
        let line = b"MSG 3 N 133";
        let word = Command::payload_word(Direction::ToServer, ServerKind::Switchboard, line);
        assert_eq!(word, Some(&b"133"[..]));
        let word = Command::payload_word(Direction::ToServer, ServerKind::Notification, line);
        assert_eq!(word, None);
    }

    #[test]
    fn trid_zero_marks_what_nobody_asked_for() {
        let kind = ServerKind::Notification;
        assert!(Command::is_asynchronous(
            kind,
            &[b"ADD", b"0", b"RL", b"5", b"a@b", b"a"]
        ));
        assert!(!Command::is_asynchronous(
            kind,
            &[b"ADD", b"7", b"FL", b"5", b"a@b", b"a"]
        ));
        assert!(Command::is_asynchronous(
            kind,
            &[b"NLN", b"BSY", b"a@b", b"a"]
        ));
        assert!(!Command::is_asynchronous(
            kind,
            &[b"ILN", b"7", b"BSY", b"a@b", b"a"]
        ));
    }
}
