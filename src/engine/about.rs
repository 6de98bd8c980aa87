//! Which command and which entry of the transcript a failure is about.

use super::session::Session;
use super::trouble::{Trouble, shown};
use crate::event::{Expectation, Observed, Wanted};
use crate::protocol::{ServerKind, Verb};
use crate::transcript::{ConnId, Entry, Mark, Party, What, escape};

/// The length of a verb, in bytes.
const VERB: usize = 3;

impl Session {
    /// The same trouble, as it is seen now: it may be told when more has happened.
    pub(crate) fn seen(&self, mut trouble: Trouble) -> Trouble {
        let conn = trouble.slot.map(|slot| self.slot(slot).conn);
        let until = self.links.lock().transcript.entries().len();
        trouble.seen = trouble.seen.or(conn.map(|conn| Box::new((conn, until))));
        trouble
    }

    /// The command that a failure on a connection is about, and the entry of the line that came.
    /// That is the last command there; where a line is due that answers none of that user's, the
    /// last of all.
    pub(super) fn about(
        &self,
        conn: Option<ConnId>,
        got: &Observed,
        expected: &Expectation,
        until: usize,
    ) -> (Option<String>, Option<usize>) {
        let Some(conn) = conn else {
            return (None, None);
        };
        let shared = self.links.lock();
        let entries = shared.transcript.entries();
        let entries = entries.get(..until).unwrap_or(entries);
        let connection = shared.transcript.connection(conn);
        let kind = connection.map_or(ServerKind::Notification, |conn| conn.kind);
        let own = || {
            entries
                .iter()
                .enumerate()
                .rev()
                .filter(|(_, entry)| entry.conn == conn)
        };
        let mended = |text: &str| {
            let mut lines = shared.links.get(conn.0)?.mended.iter().rev();
            lines.find_map(|(line, at)| (line == text).then_some(*at))
        };
        let entry = own().find_map(|(at, entry)| match (&entry.what, got) {
            (
                What::Frame(Party::Server, frame),
                Observed::Line(text) | Observed::Error(_, text),
            ) => (shown(frame) == *text).then_some(at),
            (What::Closed(Party::Server), Observed::Closed)
            | (What::Reset(Party::Server), Observed::Reset)
            | (What::Raw(Party::Server, _), Observed::Garbage(_)) => Some(at),
            _ => None,
        });
        let entry = match got {
            Observed::Line(text) | Observed::Error(_, text) => mended(text).or(entry),
            _ => entry,
        };
        let mut told = own().filter(|(_, entry)| entry.mark != Some(Mark::Barrier));
        let command = told.find_map(|(_, entry)| command_in(&entry.what));
        let command = match got {
            Observed::Closed | Observed::Reset => self.first_open(kind, own()).or(command),
            _ => command,
        };
        let mut wanted = expected.any.iter().filter_map(|wanted| match wanted {
            Wanted::Line(verb) => Some(verb.as_str()),
            _ => None,
        });
        let wanted = wanted.next().or(expected.text.split(' ').next());
        let wanted = wanted.map(|verb| Verb::parse(verb.as_bytes()));
        let answers = |verb: Verb| {
            let asked = command.as_deref().map(|it| Verb::parse(it.as_bytes()));
            asked.is_some_and(|asked| asked == verb || self.env.dialect.answers(asked, verb))
        };
        let command = match wanted {
            Some(verb) if verb != Verb::Other && !answers(verb) && shared.server_runs => {
                let mut all = entries.iter().rev().filter(|entry| entry.mark.is_none());
                all.find_map(|entry| command_in(&entry.what)).or(command)
            }
            // The harness itself has stopped the server.
            Some(verb) if !answers(verb) && !shared.server_runs => None,
            _ => command,
        };
        (command, entry)
    }

    /// The first of several requests, read from the last, that has no answer while the one before it
    /// has: a connection ends at that one, whatever was sent behind it.
    fn first_open<'e>(
        &self,
        kind: ServerKind,
        entries: impl Iterator<Item = (usize, &'e Entry)>,
    ) -> Option<String> {
        let mut answered = None;
        let mut open = None;
        for (_, entry) in entries {
            match &entry.what {
                What::Frame(Party::Server, frame) if answered.is_none() => {
                    let is_trid = |word: &&[u8]| word.iter().all(u8::is_ascii_digit);
                    answered = frame.words().nth(1).filter(is_trid);
                }
                What::Frame(Party::Client, frame) if frame.words().nth(1) == answered => {
                    return open.filter(|_| answered.is_some());
                }
                What::Frame(Party::Client, frame) => {
                    let verb = escape(frame.verb());
                    let row = self.env.dialect.request(kind, &verb);
                    open = row.map(|_| verb).or(open);
                }
                _ => {}
            }
        }
        None
    }
}

/// The command that a client has sent, where there is one: also one that the steps cut or spoil.
fn command_in(what: &What) -> Option<String> {
    match what {
        What::Frame(Party::Client, frame) => Some(escape(frame.verb())),
        What::Raw(Party::Client, bytes) => {
            let mut words = bytes.split(|byte| byte.is_ascii_whitespace());
            let verb = words.next().filter(|_| bytes.len() > VERB)?;
            let is_verb = verb.len() == VERB && verb.iter().all(u8::is_ascii_alphabetic);
            is_verb.then(|| escape(verb))
        }
        _ => None,
    }
}
