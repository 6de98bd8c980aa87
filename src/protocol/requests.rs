//! What is known of messages beyond their form: of each request what answers it, what it stands
//! on, what it changes, and which clauses say so; of each line that no request is answered by, on
//! which rung it stands, and which clauses say that it comes.

use std::ops::Deref;

use super::clause::ClauseId;
use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::Message;
use super::role::{Direction, ServerKind};
use super::verb::Verb;

/// What answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A line with its own verb and TrID.
    Echo,
    /// The same, with `OK` behind the TrID.
    Ok,
    /// A line with this verb and no TrID.
    Line(Verb),
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
    /// The account's phone numbers.
    Properties,
    /// The account's groups.
    Groups,
}

impl Effect {
    /// Whether it is a change of lists or settings, which a clean-up puts back.
    #[must_use]
    pub fn is_of_lists(self) -> bool {
        matches!(self, Self::Lists | Self::Prompt | Self::Privacy)
    }
}

/// What is known of a request that a sound server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The rung on which a server answers it; `None` where it need not be offered.
    pub rung: Option<Rung>,
    /// The rungs without which it cannot be tried.
    pub needs: &'static [Rung],
    /// The lines that hand out what it is sent with, or to whom: where they are wrong, it fails.
    pub follows: &'static [Verb],
    /// What answers it.
    pub answer: Answer,
    /// What it changes.
    pub effect: Effect,
    /// The clause that says that it is answered, and how.
    pub clause: ClauseId,
    /// The clause that an answer of the right form breaks by its content, where that is another.
    pub result: ClauseId,
}

/// A request that this clause says to be answered by its own verb, that need not be offered, and
/// that changes nothing.
pub(super) const fn asked(clause: ClauseId, needs: &'static [Rung]) -> Asked {
    Asked {
        rung: None,
        needs,
        follows: &[],
        answer: Answer::Echo,
        effect: Effect::Nothing,
        clause,
        result: clause,
    }
}

impl Asked {
    /// A server answers it from this rung on.
    pub(super) const fn on(mut self, rung: Rung) -> Self {
        self.rung = Some(rung);
        self
    }

    /// Its content is another clause's matter.
    pub(super) const fn result(mut self, clause: ClauseId) -> Self {
        self.result = clause;
        self
    }

    /// Something else answers it.
    pub(super) const fn by(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// It changes something.
    pub(super) const fn changes(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// These lines hand out what it is sent with.
    pub(super) const fn follows(mut self, lines: &'static [Verb]) -> Self {
        self.follows = lines;
        self
    }
}

/// What is known of a line of the server for which nobody need ask, or that comes behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The rung that it stands on, where it is one that nobody need ask for.
    pub rung: Option<Rung>,
    /// The rungs without which it cannot be waited for, where no request stands on the same.
    pub needs: &'static [Rung],
    /// The clauses that say that it comes.
    pub clauses: &'static [ClauseId],
}

/// A line that comes by these clauses.
pub(super) const fn told(clauses: &'static [ClauseId]) -> Told {
    Told {
        rung: None,
        needs: &[],
        clauses,
    }
}

impl Told {
    /// It comes from this rung on, which stands on others.
    pub(super) const fn on(mut self, rung: Rung, needs: &'static [Rung]) -> Self {
        (self.rung, self.needs) = (Some(rung), needs);
        self
    }
}

/// The row of a request that a sound server answers.
#[derive(Debug, Clone, Copy)]
pub struct RequestRow {
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
    /// Whether a line with the TrID of the request says that it did what was asked.
    #[must_use]
    pub fn is_granted(&self, words: &[&[u8]]) -> bool {
        let has_verb = |verb: Verb| words.first() == Some(&verb.as_bytes());
        match self.answer {
            Answer::Echo => has_verb(self.verb),
            Answer::Ok => has_verb(self.verb) && words.get(2) == Some(&&b"OK"[..]),
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

impl Dialect {
    /// The requests that a sound server answers.
    pub fn requests(&'static self) -> impl Iterator<Item = RequestRow> + Clone {
        let row = |message: &'static Message| {
            let asked = message.asked.as_ref()?;
            let verb = message.verb;
            Some(RequestRow { verb, asked })
        };
        self.messages().filter_map(row)
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
        let asked = message.asked.as_ref()?;
        Some(RequestRow { verb, asked })
    }

    /// The row of a line on this kind of server.
    #[must_use]
    pub fn line(&'static self, kind: ServerKind, verb: impl AsRef<[u8]>) -> Option<LineRow> {
        let verb = Verb::parse(verb.as_ref());
        let message = self.find(Direction::ToClient, whole(kind), verb)?;
        let told = message.told.as_ref()?;
        Some(LineRow { message, told })
    }

    /// The rung that a line of the server stands on, where it is one that nobody need ask for.
    #[must_use]
    pub fn rung_of_line(&'static self, kind: ServerKind, verb: &str) -> Option<Rung> {
        self.line(kind, verb)?.rung
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
    use crate::protocol::{MSNP2, TridRule};

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
}
