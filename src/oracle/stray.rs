//! Lines that no step can have asked for: replies to nobody, and what is said once too often. They
//! break a clause of their own, whatever the step is about that they come in the way of.
//!
//! Oracles say so as a rule. They lose sight of a connection on which bytes were sent that are no
//! request, and there this remains: what the words of a line alone tell.

use bytes::Bytes;

use crate::protocol::{ClauseId, Direction, ErrorCode, Grammar, ServerKind, TridRule, Verb};
use crate::transcript::{ConnId, Entry, Party, What};
use crate::wire::Frame;

/// What is known when a line comes in the way of a step.
#[derive(Debug, Clone, Copy)]
pub struct Stray<'c> {
    /// What was seen until then, the line too.
    pub entries: &'c [Entry],
    /// The line's connection.
    pub conn: ConnId,
    /// How lines are read there.
    pub grammar: Grammar,
    /// What was sent since the last answer.
    pub unanswered: &'c [Bytes],
    /// The line.
    pub frame: &'c Frame,
}

impl Stray<'_> {
    /// The clause that the line breaks by coming at all, whatever is expected.
    #[must_use]
    pub fn clause(&self) -> Option<ClauseId> {
        match Verb::parse(self.frame.verb()) {
            Verb::Bye => self.of_bye(),
            Verb::Msg if self.grammar.kind == ServerKind::Switchboard => self.of_message(),
            Verb::Ack | Verb::Nak if self.grammar.kind == ServerKind::Switchboard => {
                self.of_acknowledgement()
            }
            _ if self.grammar.may_come_between(self.frame.words()) => None,
            _ => self.of_reply(),
        }
    }

    /// All lines of one side on this connection, in their order.
    fn lines(&self, party: Party) -> impl DoubleEndedIterator<Item = &Frame> {
        let own = self.entries.iter().filter(|entry| entry.conn == self.conn);
        own.filter_map(move |entry| match &entry.what {
            What::Frame(by, frame) if *by == party => Some(frame),
            _ => None,
        })
    }

    /// Bytes that clients have sent and that are no request, or need not be: the payload of a
    /// command that has none may be read as commands.
    fn raw(&self) -> impl Iterator<Item = (ConnId, &Bytes)> {
        let grammar = Grammar::new(ServerKind::Switchboard, Direction::ToServer);
        self.entries
            .iter()
            .filter_map(move |entry| match &entry.what {
                What::Raw(Party::Client, bytes) => Some((entry.conn, bytes)),
                What::Frame(Party::Client, frame) => {
                    let payload = frame.payload.as_ref()?;
                    let is_bounded = grammar.is_bounded(&frame.line, Some(payload.len()));
                    (!is_bounded).then_some((entry.conn, payload))
                }
                _ => None,
            })
    }

    /// Somebody has left for the second time, and has not come meanwhile.
    fn of_bye(&self) -> Option<ClauseId> {
        let who = self.frame.words().nth(1)?;
        let named = self.lines(Party::Server).rev();
        let named = named.filter(|line| line.words().any(|word| word.eq_ignore_ascii_case(who)));
        let byes = named.take_while(|line| is(line, Verb::Bye)).count();
        (byes > 1).then_some(ClauseId::BYE_1)
    }

    /// A message has come more often than anybody has sent it.
    fn of_message(&self) -> Option<ClauseId> {
        let payload = self.frame.payload.as_ref()?;
        let holds = |bytes: &Bytes| memchr::memmem::find(bytes, payload).is_some();
        if payload.is_empty() || self.raw().any(|(_, bytes)| holds(bytes)) {
            return None;
        }
        let sent = self.entries.iter().filter(|entry| match &entry.what {
            What::Frame(Party::Client, frame) => frame.payload.as_ref() == Some(payload),
            _ => false,
        });
        let sent = sent.count();
        let came = self.lines(Party::Server);
        let came = came.filter(|line| line.payload.as_ref() == Some(payload));
        (sent > 0 && came.count() > sent).then_some(ClauseId::MSG_1)
    }

    /// An acknowledgement in a mode that has none.
    fn of_acknowledgement(&self) -> Option<ClauseId> {
        let trid = self.frame.words().nth(1)?;
        let mut asked = self.lines(Party::Client).rev();
        let message =
            asked.find(|line| is(line, Verb::Msg) && line.words().nth(1) == Some(trid))?;
        let has_come = |entry: &Entry| match &entry.what {
            What::Frame(Party::Server, frame) => {
                is(frame, Verb::Msg) && frame.payload == message.payload
            }
            _ => false,
        };
        match message.words().nth(2)? {
            b"U" => Some(ClauseId::MSG_4),
            b"N" if is(self.frame, Verb::Ack) => Some(ClauseId::MSG_5),
            b"N" => self.entries.iter().any(has_come).then_some(ClauseId::MSG_5),
            _ => None,
        }
    }

    /// A reply that comes again, or to a request that nobody has made.
    fn of_reply(&self) -> Option<ClauseId> {
        let trid = self.frame.words().nth(1)?;
        if !trid.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mentions = |bytes: &Bytes| {
            let mut words = bytes.split(u8::is_ascii_whitespace);
            words.any(|word| word == trid)
        };
        let mut own = self.raw().filter(|(conn, _)| *conn == self.conn);
        if own.any(|(_, bytes)| mentions(bytes)) {
            return None;
        }
        let asked = self.lines(Party::Client);
        let mut asked = asked.filter(|line| line.words().nth(1) == Some(trid));
        let code = ErrorCode::parse_word(self.frame.verb());
        match (asked.next(), asked.next()) {
            (Some(request), None) => {
                let answers = self.lines(Party::Server);
                let mut answers = answers.filter(|line| match code {
                    Some(_) => line.words().nth(1) == Some(trid),
                    None => line.line == self.frame.line,
                });
                let is_its_own = code.is_some() || request.verb() == self.frame.verb();
                let is_again = is_its_own && answers.nth(1).is_some();
                is_again.then_some(ClauseId::REPLY_5)
            }
            (Some(_), Some(_)) => None,
            (None, _) => match code {
                Some(code) => self.of_error(code),
                None => self.is_of_nobody().then_some(ClauseId::REPLY_4),
            },
        }
    }

    /// An error with a TrID that no request bears, while one with a TrID waits.
    fn of_error(&self, code: u16) -> Option<ClauseId> {
        let waits = self.unanswered.last()?;
        let trid = waits.split(u8::is_ascii_whitespace).nth(1)?;
        let is_number = !trid.is_empty() && trid.iter().all(u8::is_ascii_digit);
        (is_number && ErrorCode::find(code).is_some()).then_some(ClauseId::ERR_1)
    }

    /// Whether a batch was the last that was asked for.
    fn is_in_batch(&self) -> bool {
        let own = self.entries.iter().rev();
        let mut asked = own
            .filter(|entry| entry.conn == self.conn)
            .map(|entry| &entry.what);
        let last = asked.find(|what| {
            matches!(
                what,
                What::Frame(Party::Client, _) | What::Raw(Party::Client, _)
            )
        });
        matches!(last, Some(What::Frame(_, frame)) if is(frame, Verb::Syn))
    }

    /// Whether it is a reply to a command that does not wait for any.
    fn is_of_nobody(&self) -> bool {
        let verb = self.frame.verb();
        // What an answer brings along may follow it under any TrID: that is another breach.
        let is_tail = match Verb::parse(verb) {
            Verb::Iln | Verb::Iro | Verb::Lst => true,
            Verb::Add | Verb::Rem => self.frame.words().nth(2) == Some(b"RL"),
            Verb::Gtc | Verb::Blp => self.is_in_batch(),
            _ => false,
        };
        if is_tail {
            return false;
        }
        let row = self.grammar.read(self.frame.words());
        let is_reply = row.is_some_and(|row| row.trid != TridRule::Never);
        let asks = |bytes: &Bytes| memchr::memmem::find(bytes, verb).is_some();
        is_reply && !self.unanswered.iter().any(asks)
    }
}

/// Whether a line has this verb.
fn is(frame: &Frame, verb: Verb) -> bool {
    frame.verb() == verb.as_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::transcript::{ConnName, Transcript};

    /// The clause that the last of these lines breaks, while the last request waits.
    fn clause(kind: ServerKind, said: &str) -> Option<ClauseId> {
        let mut transcript = Transcript::default();
        let conn = transcript.connect(ConnName::new("alice", "x"), kind);
        let mut unanswered = Vec::new();
        let mut last = Frame::line(Vec::new());
        for line in said.split('\n') {
            let (party, line) = line.split_once(": ").expect("C, S or R");
            let (line, payload) = line.split_once(" | ").unwrap_or((line, ""));
            let mut frame = Frame::line(line.as_bytes().to_vec());
            frame.payload = (!payload.is_empty()).then(|| payload.to_owned().into());
            let bytes = Bytes::from(line.to_owned());
            let what = match party {
                "C" => What::Frame(Party::Client, frame),
                "R" => What::Raw(Party::Client, bytes.clone()),
                _ => {
                    last = frame.clone();
                    What::Frame(Party::Server, frame)
                }
            };
            if party != "S" {
                unanswered = vec![bytes];
            }
            transcript.record(Duration::ZERO, conn, what);
        }
        let case = Stray {
            entries: transcript.entries(),
            conn,
            grammar: Grammar::new(kind, Direction::ToClient),
            unanswered: &unanswered,
            frame: &last,
        };
        case.clause()
    }

    #[test]
    fn replies_that_nobody_waits_for() {
        let of = |said: &str| clause(ServerKind::Notification, said);
        let removed = "C: REM 7 AL a@b\nS: REM 7 AL 3 a@b\nC: ADD 8 AL x x\nS: REM 7 AL 3 a@b";
        assert_eq!(of(removed), Some(ClauseId::REPLY_5));
        assert_eq!(of("C: ADD 8 AL x x\nS: 201 0"), Some(ClauseId::ERR_1));
        assert_eq!(
            of("C: ADD 8 AL x x\nS: 201 8\nS: 201 8"),
            Some(ClauseId::REPLY_5)
        );
        assert_eq!(of("R: CHG x\nS: BLP 4000 1 AL"), Some(ClauseId::REPLY_4));
        for sound in [
            "C: ADD 8 AL x x\nS: 201 8",
            "C: SYN 8 0\nS: LST 8 FL 1 0 0",
            "R: CHG 1.5\nS: CHG 1 NLN",
            "R: CHG 4711 NLN\nS: BLP 4711 1 AL",
            "C: CHG 5 NLN\nS: CHG 5 NLN\nC: CHG 5 NLN\nS: CHG 5 NLN",
            "R: CHG x\nS: 201 0",
            "C: CHG 5 NLN\nS: NLN NLN a@b a",
            "C: PNG\nS: QNG 45",
            "C: SYN 8 0\nS: SYN 8 1\nS: GTC 0 1 A",
            "C: ANS 1 a@b 1 1\nS: IRO 2 1 1 a@b a",
            "C: CHG 5 NLN\nS: CHG 5 NLN\nS: ADD 5 RL 1 a@b a",
        ] {
            assert_eq!(of(sound), None, "{sound}");
        }
    }

    #[test]
    fn what_is_said_too_often_in_a_session() {
        let of = |said: &str| clause(ServerKind::Switchboard, said);
        let entered = "C: USR 1 a@b 5\nS: USR 1 OK a@b a";
        let payload = |line: &str| of(&format!("{entered}\nC: {line} | CAL 1 x\nS: 205 1"));
        assert_eq!(payload("Msg 2"), None, "it may be read as a command");
        assert_eq!(payload("MSG 2 N 7"), Some(ClauseId::REPLY_5));
        let bye = "S: JOI a@b a\nS: BYE a@b";
        assert_eq!(of(bye), None);
        assert_eq!(of(&format!("{bye}\nS: BYE a@b")), Some(ClauseId::BYE_1));
        assert_eq!(of(&format!("{bye}\n{bye}")), None);
        let told = "C: MSG 5 U 2 | hi\nS: MSG a@b a 2 | hi";
        assert_eq!(of(told), None);
        let twice = format!("{told}\nS: MSG a@b a 2 | hi");
        assert_eq!(of(&twice), Some(ClauseId::MSG_1));
        assert_eq!(of(&format!("R: bytes\n{twice}")), Some(ClauseId::MSG_1));
        assert_eq!(of(&format!("R: hi\n{twice}")), None);
        assert_eq!(of("C: MSG 5 U 2 | hi\nS: NAK 5"), Some(ClauseId::MSG_4));
        let modes = |mode: &str| told.replace(" U ", mode);
        let of_n = |end: &str| of(&format!("{}\nS: {end}", modes(" N ")));
        assert_eq!(of_n("ACK 5"), Some(ClauseId::MSG_5));
        assert_eq!(of_n("NAK 5"), Some(ClauseId::MSG_5));
        assert_eq!(of("C: MSG 5 N 2 | hi\nS: NAK 5"), None);
    }
}
