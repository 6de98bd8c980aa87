//! The requests that a sound server answers, the lines that it says unasked, and the rungs that they
//! stand on, from the rows of a dialect.

use std::ops::Deref;

use super::asked::{Answer, Asked, Told};
use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::{Message, TridRule};
use super::role::{Direction, ServerKind};
use super::saying::OK;
use super::verb::Verb;

/// The row of a request that a sound server answers.
#[derive(Debug, Clone, Copy)]
pub struct RequestRow {
    /// What it looks like.
    pub message: &'static Message,
    /// The verb.
    pub verb: Verb,
    asked: &'static Asked,
}

impl Deref for RequestRow {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        self.asked
    }
}

impl RequestRow {
    /// The row of a message that a sound server answers.
    fn of(message: &'static Message) -> Option<Self> {
        let (verb, asked) = (message.verb, message.asked.as_ref()?);
        Some(Self {
            message,
            verb,
            asked,
        })
    }

    /// Whether a line with the TrID of the request says that it did what was asked.
    #[must_use]
    pub fn is_granted(&self, words: &[&[u8]]) -> bool {
        let has_verb = |verb: Verb| words.first() == Some(&verb.as_bytes());
        match self.answer {
            Answer::Echo => has_verb(self.verb),
            Answer::Ok => has_verb(self.verb) && words.get(2) == Some(&OK),
            Answer::Line(verb) => has_verb(verb),
            Answer::End | Answer::Nothing => false,
        }
    }
}

/// The row of a line for which nobody need ask, or that comes behind an answer.
#[derive(Debug, Clone, Copy)]
pub struct LineRow {
    /// What it looks like.
    pub message: &'static Message,
    told: &'static Told,
}

impl Deref for LineRow {
    type Target = Told;

    fn deref(&self) -> &Told {
        self.told
    }
}

impl LineRow {
    /// Whether it may come where nothing was asked.
    #[must_use]
    pub fn comes_unasked(&self) -> bool {
        match self.message.trid {
            TridRule::Never | TridRule::RequestOrZero => true,
            TridRule::Request => self.message.is_initial_state(),
        }
    }

    /// The clause that it breaks where it comes and should not.
    #[must_use]
    pub fn clause_of_stray(&self) -> ClauseId {
        let own = self.stray.or(self.clauses.first().copied());
        own.filter(|_| self.comes_unasked())
            .unwrap_or(ClauseId::REPLY_4)
    }
}

impl Dialect {
    /// The requests that a sound server answers.
    pub fn requests(&'static self) -> impl Iterator<Item = RequestRow> + Clone {
        self.messages().filter_map(RequestRow::of)
    }

    /// The lines that no request is answered by.
    pub fn lines(&'static self) -> impl Iterator<Item = LineRow> + Clone {
        let row = |message: &'static Message| {
            let told = message.told.as_ref()?;
            Some(LineRow { message, told })
        };
        self.messages().filter_map(row)
    }

    /// The row of a request on this kind of server.
    #[must_use]
    pub fn request(&'static self, kind: ServerKind, verb: impl AsRef<[u8]>) -> Option<RequestRow> {
        let verb = Verb::parse(verb.as_ref());
        let message = self.find(Direction::ToServer, whole(kind), verb)?;
        RequestRow::of(message)
    }

    /// The row of a request with this verb, on whatever kind of server.
    #[must_use]
    pub fn request_of(&'static self, verb: impl AsRef<[u8]>) -> Option<RequestRow> {
        self.asks(Verb::parse(verb.as_ref()))
    }

    /// The same for a verb that was read already.
    #[must_use]
    pub fn asks(&'static self, verb: Verb) -> Option<RequestRow> {
        self.rows_of(verb).iter().find_map(RequestRow::of)
    }

    /// Whether a line with this verb shows an entry of a user's list.
    #[must_use]
    pub fn shows_entries(&self, verb: Verb) -> bool {
        self.rows_of(verb).iter().any(Message::shows_entry)
    }

    /// Whether a request with this verb is answered by entries of a user's lists.
    #[must_use]
    pub fn brings_entries(&self, request: Verb) -> bool {
        let mut rows = self.messages().filter(|row| row.shows_entry());
        rows.any(|row| row.answers.contains(&request))
    }

    /// The request with which a client answers a line with this verb by itself, where it does.
    #[must_use]
    pub fn obliged(&self, line: Verb) -> Option<Verb> {
        self.rows_of(line).iter().find_map(|row| row.obliges)
    }

    /// Whether a client sends requests with this verb by itself.
    #[must_use]
    pub fn is_obliged(&self, request: Verb) -> bool {
        self.messages().any(|row| row.obliges == Some(request))
    }

    /// The row of a line on this kind of server.
    #[must_use]
    pub fn line(&'static self, kind: ServerKind, verb: impl AsRef<[u8]>) -> Option<LineRow> {
        let verb = Verb::parse(verb.as_ref());
        let message = self.find(Direction::ToClient, whole(kind), verb)?;
        let told = message.told.as_ref()?;
        Some(LineRow { message, told })
    }

    /// The row of a line with this verb, of whatever kind of server.
    #[must_use]
    pub fn line_of(&'static self, verb: impl AsRef<[u8]>) -> Option<LineRow> {
        let rows = self.rows_of(Verb::parse(verb.as_ref())).iter();
        let row = |message: &'static Message| {
            let told = message.told.as_ref()?;
            Some(LineRow { message, told })
        };
        rows.filter_map(row).next()
    }

    /// The rung that a line of the server stands on, where it is one that nobody need ask for.
    #[must_use]
    pub fn rung_of_line(&'static self, kind: ServerKind, verb: &str) -> Option<Rung> {
        self.line(kind, verb)?.rung
    }
}

impl Rung {
    /// The rungs on which this one stands: one that is out puts it out of reach.
    #[must_use]
    pub fn needs(self) -> &'static [Self] {
        let dialect = Dialect::first();
        let requests = dialect.requests().map(|row| (row.rung, row.needs));
        let lines = dialect.lines().map(|row| (row.rung, row.needs));
        let mut all = requests.chain(lines);
        let own = all.find(|(rung, _)| *rung == Some(self));
        own.map_or(&[], |(_, needs)| needs)
    }

    /// Whether this one stands on another, if only by others between them.
    #[must_use]
    pub fn stands_on(self, other: Self) -> bool {
        let mut needs = self.needs().iter();
        needs.any(|below| *below == other || below.stands_on(other))
    }
}

/// A dispatch server takes the requests of a notification server.
fn whole(kind: ServerKind) -> ServerKind {
    match kind {
        ServerKind::Dispatch => ServerKind::Notification,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::MSNP2;

    #[test]
    fn each_request_is_answered_by_a_message_that_there_is() {
        for message in MSNP2.messages() {
            let Some(asked) = &message.asked else {
                continue;
            };
            let (verb, trid) = match asked.answer {
                Answer::Echo | Answer::Ok => (message.verb, TridRule::Request),
                Answer::Line(verb) => (verb, TridRule::Never),
                Answer::End | Answer::Nothing => continue,
            };
            assert_eq!(message.trid, trid, "{:?}", message.verb);
            let is_answer = MSNP2.answers(message.verb, verb);
            assert!(is_answer, "{verb:?} answers {:?}", message.verb);
        }
    }

    #[test]
    fn only_clients_ask_and_only_servers_tell() {
        for message in MSNP2.messages() {
            let is_request = message.direction == Direction::ToServer;
            let verb = message.verb;
            assert!(is_request || message.asked.is_none(), "{verb:?}");
            assert!(!is_request || message.told.is_none(), "{verb:?}");
        }
    }

    #[test]
    fn an_answer_grants_or_does_not() {
        let is_granted = |kind, line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let verb = line.get(..3).unwrap();
            let row = MSNP2.request(kind, verb);
            row.is_some_and(|row| row.is_granted(&words))
        };
        let (ns, sb) = (ServerKind::Notification, ServerKind::Switchboard);
        assert!(is_granted(ns, "CHG 5 NLN") && is_granted(ServerKind::Dispatch, "VER 1 MSNP2"));
        assert!(is_granted(sb, "ANS 3 OK") && !is_granted(sb, "ANS 3 NO"));
        let ping = MSNP2.request(ns, "PNG").unwrap();
        assert!(ping.is_granted(&[b"QNG"]) && !ping.is_granted(&[b"PNG"]));
        let refused = MSNP2.request(ns, "CHG").unwrap();
        assert!(!refused.is_granted(&[b"201", b"5"]));
    }

    #[test]
    fn a_line_stands_on_the_rung_of_its_server() {
        let (ns, sb) = (ServerKind::Notification, ServerKind::Switchboard);
        assert_eq!(MSNP2.rung_of_line(ns, "NLN"), Some(Rung::Presence));
        assert_eq!(MSNP2.rung_of_line(sb, "MSG"), Some(Rung::Msg));
        // The mail server of the service speaks so to nobody whom it was asked for.
        assert_eq!(MSNP2.rung_of_line(ns, "MSG"), None);
        assert_eq!(MSNP2.rung_of_line(ns, "ADD"), None);
    }

    #[test]
    fn what_comes_and_should_not_breaks_the_clause_of_its_row() {
        let clause = |verb: &str| MSNP2.line_of(verb).map(|row| row.clause_of_stray());
        for (verb, wanted) in [
            ("FLN", ClauseId::PRES_12),
            ("RNG", ClauseId::RNG_3),
            ("JOI", ClauseId::JOI_1),
            ("OUT", ClauseId::OUT_3),
            ("IRO", ClauseId::REPLY_4),
        ] {
            assert_eq!(clause(verb), Some(wanted), "{verb}");
        }
        assert_eq!(clause("QNG"), None);
    }
}
