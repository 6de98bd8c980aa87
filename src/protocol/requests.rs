//! What is known of messages beyond their form, as rows: of each request what answers it, what it
//! stands on, what it changes, and which clauses say so; of each line that no request is answered
//! by, on which rung it stands, and which clauses say that it comes.

use super::clause::ClauseId;
use super::ladder::Rung;
use super::role::ServerKind;

/// What answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A line with its own verb and TrID.
    Echo,
    /// The same, with `OK` behind the TrID.
    Ok,
    /// A line with this verb and no TrID.
    Line(&'static str),
    /// The end of the connection.
    End,
    /// Nothing where all goes well.
    Nothing,
}

/// What a request changes that is there after its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing at all.
    Nothing,
    /// What lasts as long as the connection: who is logged in, which state others see, who takes
    /// part in a session.
    Presence,
    /// The account's lists.
    Lists,
    /// The account's prompt setting.
    Prompt,
    /// The account's privacy setting.
    Privacy,
    /// The account's friendly name.
    Name,
}

impl Effect {
    /// Whether it is a change of lists or settings, which a clean-up puts back.
    #[must_use]
    pub fn is_of_lists(self) -> bool {
        matches!(self, Self::Lists | Self::Prompt | Self::Privacy)
    }
}

/// What is known of a request beyond its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRow {
    /// The verb.
    pub verb: &'static str,
    /// Where it is sent: on a notification server (which a dispatch server begins as), or on a
    /// switchboard.
    pub kind: ServerKind,
    /// The rung on which a server answers it; `None` where no rung hangs on it.
    pub rung: Option<Rung>,
    /// The rungs without which it cannot be tried.
    pub needs: &'static [Rung],
    /// The lines that hand out what it is sent with, or to whom: where they are wrong, it fails.
    pub follows: &'static [&'static str],
    /// What answers it.
    pub answer: Answer,
    /// What it changes.
    pub effect: Effect,
    /// The clause that says that it is answered, and how.
    pub clause: ClauseId,
    /// The clause that an answer of the right form breaks by its content, where that is another.
    pub result: ClauseId,
}

macro_rules! requests {
    ($($verb:literal $kind:ident $rung:tt, $clause:ident $result:ident,
        $answer:ident $(($line:literal))?, $effect:ident,
        needs [$($need:ident)*] follows [$($follows:literal)*];)*) => {
        /// The requests that a sound server answers. Those without a rung need not be offered.
        pub const REQUESTS: &[RequestRow] = &[$(
            RequestRow {
                verb: $verb,
                kind: ServerKind::$kind,
                rung: maybe!(Rung::$rung),
                needs: &[$(Rung::$need),*],
                follows: &[$($follows),*],
                answer: Answer::$answer $(($line))?,
                effect: Effect::$effect,
                clause: ClauseId::$clause,
                result: ClauseId::$result,
            },
        )*];
    };
}

macro_rules! maybe {
    (Rung::_) => {
        None
    };
    (Rung::$rung:ident) => {
        Some(Rung::$rung)
    };
}

requests! {
    "VER" Notification Ver, VER_1 VER_1, Echo, Nothing, needs [Connect] follows [];
    "INF" Notification Inf, INF_1 INF_1, Echo, Nothing, needs [Ver] follows [];
    "USR" Notification Usr, USR_1 USR_2, Echo, Presence, needs [Inf] follows [];
    "SYN" Notification Syn, SYN_1 SYN_3, Echo, Nothing, needs [Usr] follows [];
    "GTC" Notification Settings, GTC_1 GTC_1, Echo, Prompt, needs [Syn] follows [];
    "BLP" Notification Settings, BLP_1 BLP_1, Echo, Privacy, needs [Syn] follows [];
    "CHG" Notification Chg, CHG_1 CHG_1, Echo, Presence, needs [Usr] follows [];
    "ADD" Notification Lists, ADD_1 ADD_1, Echo, Lists, needs [Syn] follows [];
    "REM" Notification Lists, REM_1 REM_1, Echo, Lists, needs [Syn] follows [];
    "XFR" Notification Xfr, SBX_1 SBX_1, Echo, Nothing, needs [Chg] follows [];
    "OUT" Notification Out, OUT_1 OUT_1, End, Presence, needs [Usr] follows [];
    "REA" Notification _, REA_1 REA_1, Echo, Name, needs [Usr] follows [];
    "PNG" Notification _, PNG_1 PNG_1, Line("QNG"), Nothing, needs [Usr] follows [];
    "URL" Notification _, URL_1 URL_1, Echo, Nothing, needs [Usr] follows [];
    "CVR" Notification _, CVR_1 CVR_1, Echo, Nothing, needs [Usr] follows [];
    "USR" Switchboard SbUsr, SBU_1 SBU_1, Ok, Presence, needs [Xfr] follows ["XFR"];
    "CAL" Switchboard Cal, CAL_1 CAL_1, Echo, Presence, needs [SbUsr] follows ["XFR"];
    "ANS" Switchboard Ans, ANS_1 ANS_1, Ok, Presence, needs [Cal] follows ["RNG"];
    "MSG" Switchboard Msg, MSG_1 MSG_1, Nothing, Nothing, needs [Ans] follows ["RNG" "IRO" "JOI"];
    "OUT" Switchboard Out, BYE_3 BYE_1, End, Presence, needs [SbUsr] follows [];
}

impl RequestRow {
    /// The row of a request on this kind of server.
    #[must_use]
    pub fn find(kind: ServerKind, verb: impl AsRef<[u8]>) -> Option<&'static Self> {
        let (kind, verb) = (plain(kind), verb.as_ref());
        REQUESTS
            .iter()
            .find(|row| row.kind == kind && row.verb.as_bytes() == verb)
    }

    /// Whether a line with the TrID of the request says that it did what was asked.
    #[must_use]
    pub fn is_granted(&self, words: &[&[u8]]) -> bool {
        let has_verb = |verb: &str| words.first() == Some(&verb.as_bytes());
        match self.answer {
            Answer::Echo => has_verb(self.verb),
            Answer::Ok => has_verb(self.verb) && words.get(2) == Some(&&b"OK"[..]),
            Answer::Line(verb) => has_verb(verb),
            Answer::End | Answer::Nothing => false,
        }
    }
}

/// A line of the server for which nobody need ask, or that comes behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRow {
    /// The verb.
    pub verb: &'static str,
    /// Where it comes.
    pub kind: ServerKind,
    /// The rung that it stands on, where it is one that nobody need ask for.
    pub rung: Option<Rung>,
    /// The rungs without which it cannot be waited for, where no request stands on the same.
    pub needs: &'static [Rung],
    /// The clauses that say that it comes.
    pub clauses: &'static [ClauseId],
}

macro_rules! lines {
    ($($verb:literal $kind:ident $rung:tt, needs [$($need:ident)*],
        [$($clause:ident)*];)*) => {
        /// The lines that no request is answered by.
        pub const LINES: &[LineRow] = &[$(
            LineRow {
                verb: $verb,
                kind: ServerKind::$kind,
                rung: maybe!(Rung::$rung),
                needs: &[$(Rung::$need),*],
                clauses: &[$(ClauseId::$clause),*],
            },
        )*];
    };
}

lines! {
    "NLN" Notification Presence, needs [Lists Chg], [PRES_6 CHG_3];
    "FLN" Notification Presence, needs [Lists Chg], [PRES_7 CHG_4];
    "ILN" Notification Presence, needs [Lists Chg], [PRES_1 PRES_3];
    "RNG" Notification Cal, needs [], [RNG_1];
    "LST" Notification _, needs [], [SYN_3 SYN_5 LST_1 LST_3];
    "ADD" Notification _, needs [], [ADD_10];
    "REM" Notification _, needs [], [REM_7];
    "JOI" Switchboard Ans, needs [], [JOI_1];
    "IRO" Switchboard Ans, needs [], [ANS_2];
    "BYE" Switchboard Ans, needs [], [BYE_1];
    "MSG" Switchboard Msg, needs [], [MSG_1];
}

impl LineRow {
    /// The row of a line on this kind of server.
    #[must_use]
    pub fn find(kind: ServerKind, verb: impl AsRef<[u8]>) -> Option<&'static Self> {
        let (kind, verb) = (plain(kind), verb.as_ref());
        LINES
            .iter()
            .find(|row| row.kind == kind && row.verb.as_bytes() == verb)
    }
}

/// A dispatch server takes the requests of a notification server.
fn plain(kind: ServerKind) -> ServerKind {
    match kind {
        ServerKind::Dispatch => ServerKind::Notification,
        kind => kind,
    }
}

/// The rung that a line of the server stands on, where it is one that nobody need ask for.
#[must_use]
pub fn rung_of_line(kind: ServerKind, verb: &str) -> Option<Rung> {
    LineRow::find(kind, verb)?.rung
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Direction, Grammar, TridRule, Verb};

    #[test]
    fn the_rows_are_of_messages_that_there_are() {
        for row in REQUESTS {
            let grammar = |direction| Grammar::new(row.kind, direction);
            let asked = grammar(Direction::ToServer).find(row.verb.as_bytes());
            let (verb, trid) = match row.answer {
                Answer::Echo | Answer::Ok => (row.verb, TridRule::Request),
                Answer::Line(verb) => (verb, TridRule::Never),
                Answer::End | Answer::Nothing => continue,
            };
            assert_eq!(asked.unwrap().trid, trid, "{}", row.verb);
            let answer = grammar(Direction::ToClient).find(verb.as_bytes());
            let request = Verb::parse(row.verb.as_bytes());
            let is_answer = answer.is_some_and(|it| it.answers.contains(&request));
            assert!(is_answer, "{} answers {}", verb, row.verb);
        }
        for row in LINES {
            let grammar = Grammar::new(row.kind, Direction::ToClient);
            assert!(grammar.find(row.verb.as_bytes()).is_some(), "{}", row.verb);
        }
    }

    #[test]
    fn an_answer_grants_or_does_not() {
        let is_granted = |kind, line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let verb = line.get(..3).unwrap();
            RequestRow::find(kind, verb).is_some_and(|row| row.is_granted(&words))
        };
        let (ns, sb) = (ServerKind::Notification, ServerKind::Switchboard);
        assert!(is_granted(ns, "CHG 5 NLN") && is_granted(ServerKind::Dispatch, "VER 1 MSNP2"));
        assert!(is_granted(sb, "ANS 3 OK") && !is_granted(sb, "ANS 3 NO"));
        let ping = RequestRow::find(ns, "PNG").unwrap();
        assert!(ping.is_granted(&[b"QNG"]) && !ping.is_granted(&[b"PNG"]));
        let refused = RequestRow::find(ns, "CHG").unwrap();
        assert!(!refused.is_granted(&[b"201", b"5"]));
    }

    #[test]
    fn a_line_stands_on_the_rung_of_its_server() {
        let (ns, sb) = (ServerKind::Notification, ServerKind::Switchboard);
        assert_eq!(rung_of_line(ns, "NLN"), Some(Rung::Presence));
        assert_eq!(rung_of_line(sb, "MSG"), Some(Rung::Msg));
        // The mail server of the service speaks so to nobody whom it was asked for.
        assert_eq!(rung_of_line(ns, "MSG"), None);
        assert_eq!(rung_of_line(ns, "ADD"), None);
    }
}
