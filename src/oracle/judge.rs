//! All oracles together, entry by entry.

use super::finding::{Finding, Findings};
use super::world::{Seen, Sight, World};
use super::{
    Oracle, admission, answers, asynchronous, authentication, errors, framing, lists, liveness,
    messages, numbering, order, presence, privacy, refusals, replies, roster, serials, shape,
};
use crate::transcript::{Entry, Transcript, What};

/// Whose findings are void where the server has changed what is the clients' to change.
const VOID: [&str; 3] = ["lists", "presence", "privacy"];

/// After how many entries everything is forgotten.
const MEMORY: usize = 200_000;

/// One of each oracle.
#[must_use]
pub fn oracles() -> Vec<Box<dyn Oracle>> {
    vec![
        Box::new(framing::Framing::default()),
        Box::new(shape::Shape),
        Box::new(errors::Errors),
        Box::new(asynchronous::Asynchronous),
        Box::new(replies::Replies::default()),
        Box::new(liveness::Liveness),
        Box::new(order::Order::default()),
        Box::new(numbering::Numbering),
        Box::new(answers::Answers),
        Box::new(refusals::Refusals::default()),
        Box::new(authentication::Authentication),
        Box::new(lists::Lists),
        Box::new(serials::Serials::default()),
        Box::new(presence::Presence::default()),
        Box::new(privacy::Privacy::default()),
        Box::new(admission::Admission),
        Box::new(roster::Roster::default()),
        Box::new(messages::Messages::default()),
    ]
}

/// An oracle, and what need not be asked of it for each entry.
#[derive(Debug)]
struct Seat {
    name: &'static str,
    is_for_lines: bool,
    oracle: Box<dyn Oracle>,
}

fn seated() -> Vec<Seat> {
    let seat = |oracle: Box<dyn Oracle>| Seat {
        name: oracle.name(),
        is_for_lines: oracle.is_for_lines(),
        oracle,
    };
    oracles().into_iter().map(seat).collect()
}

/// Judges a transcript while it is made.
///
/// What it keeps grows with what it sees, so from time to time it forgets everything: then it goes
/// on as if the transcript had begun there, in the middle of each connection that is open.
#[derive(Debug)]
pub struct Judge {
    world: World,
    oracles: Vec<Seat>,
    findings: Findings,
    is_over: bool,
    /// After how many entries it forgets.
    memory: usize,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            world: World::default(),
            oracles: seated(),
            findings: Findings::default(),
            is_over: false,
            memory: MEMORY,
        }
    }
}

impl Judge {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets after this many entries, instead of 200,000.
    #[must_use]
    pub fn with_memory(entries: usize) -> Self {
        Self {
            memory: entries.max(1),
            ..Self::default()
        }
    }

    /// Judges the next entry. Every entry of the transcript must pass here, in order; of the
    /// transcript itself only the connections are read.
    pub fn entry(&mut self, transcript: &Transcript, entry: &Entry) {
        self.world.meet(transcript);
        if let Some(seen) = self.world.read(entry) {
            // Behind a hole, what looks like a line may be the middle of a payload.
            let is_holed = seen.conn.is_holed || matches!(entry.what, What::Missing(..));
            let is_line = seen.told().is_some();
            let judges = |seat: &&mut Seat| !is_holed && (is_line || !seat.is_for_lines);
            for seat in self.oracles.iter_mut().filter(judges) {
                self.findings.speaks(seat.name);
                seat.oracle.entry(&self.world, &seen, &mut self.findings);
            }
            let Seen { sight, .. } = seen;
            match sight {
                Sight::Asked(asked) => self.world.learn_asked(entry.conn, entry.at, &asked),
                Sight::Told(told) => {
                    let (line, mark) = (told.line, (&told).into());
                    let has_payload = told.frame.payload.is_some();
                    let how = (entry.at, has_payload);
                    self.world.learn_told(entry.conn, &line, mark, how);
                }
                Sight::Opened | Sight::Raw(..) | Sight::Ended(_) => self.world.learn_other(entry),
            }
        }
        self.world.step(entry.conn);
        if self.world.index().is_multiple_of(self.memory) {
            self.world.forget();
            if !self.is_over {
                self.oracles = seated();
            }
        }
    }

    /// From this entry on nobody is accused: what was found there is dropped, and nothing more is
    /// looked for.
    pub fn void_since(&mut self, entry: usize) {
        self.findings.drop_since(entry);
        self.is_over = true;
        self.oracles.clear();
    }

    /// The transcript is over: judges what only its end can show. Later calls do nothing.
    pub fn end(&mut self) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        for seat in &mut self.oracles {
            self.findings.speaks(seat.name);
            seat.oracle.end(&self.world, &mut self.findings);
        }
        if self.world.has_imposed() {
            self.findings.drop_of(&VOID);
        }
    }

    /// What was found so far, in the order of finding.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        self.findings.list()
    }

    /// What was found, in the order of the accusing entries.
    #[must_use]
    pub fn into_findings(mut self) -> Vec<Finding> {
        self.take_findings()
    }

    /// The same of a judge that is kept.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        let mut list = std::mem::take(&mut self.findings).into_list();
        list.sort_by_key(|finding| finding.entry);
        list
    }
}

/// Judges a whole transcript.
#[must_use]
pub fn judge(transcript: &Transcript) -> Vec<Finding> {
    let mut judge = Judge::new();
    for entry in transcript.entries() {
        judge.entry(transcript, entry);
    }
    judge.end();
    judge.into_findings()
}

#[cfg(test)]
mod tests {
    use super::Judge;
    use crate::oracle::dialogue::{accuses, silent, transcript};

    #[test]
    fn what_is_kept_does_not_grow_for_ever() {
        let mut text = String::from("alice on NLN\n");
        for trid in 10..500 {
            let contact = format!("contact{trid}@hotmail.com");
            text += &format!(
                "alice C: ADD {trid} FL {contact} x\nalice S: ADD {trid} FL {trid} {contact} x\n"
            );
        }
        let transcript = transcript(&text);
        let mut most = 0;
        let mut judge = Judge::with_memory(100);
        for entry in transcript.entries() {
            judge.entry(&transcript, entry);
            most = most.max(judge.world.users().count());
        }
        judge.end();
        assert_eq!(judge.findings(), []);
        assert!((10..=100).contains(&most), "{most}");
        assert!(judge.world.conns().iter().all(|conn| !conn.is_clear()));
    }

    #[test]
    fn connections_after_the_forgetting_are_judged() {
        let again = "bob C: GTC 9 N\nbob S: GTC 9 3 N\n";
        let ping = "alice C: PNG\nalice S: QNG\n".repeat(4);
        let transcript = transcript(&format!("alice on NLN\n{ping}bob on NLN\n{again}"));
        let ends: Vec<usize> = [1, 2, 0]
            .map(|before| transcript.entries().len() - before)
            .into();
        let bob = transcript.connections().len() - 1;
        let mut entries = transcript.entries().iter();
        let begins = entries.position(|entry| entry.conn.0 == bob).unwrap();
        let told = |memory: usize| {
            let mut judge = Judge::with_memory(memory);
            for entry in transcript.entries() {
                judge.entry(&transcript, entry);
            }
            judge.into_findings().len()
        };
        assert_eq!(told(begins), 1);
        assert_eq!(ends.into_iter().map(told).collect::<Vec<_>>(), [0, 0, 1]);
    }

    #[test]
    fn the_names_by_which_oracles_are_known() {
        let names = super::oracles()
            .iter()
            .map(|oracle| oracle.name())
            .collect::<Vec<_>>();
        let known = [
            "framing",
            "shape",
            "errors",
            "asynchronous",
            "replies",
            "liveness",
            "order",
            "numbering",
            "answers",
            "refusals",
            "authentication",
            "lists",
            "serials",
            "presence",
            "privacy",
            "admission",
            "roster",
            "messages",
        ];
        assert_eq!(names, known);
    }

    #[test]
    fn findings_can_be_read_while_they_are_made() {
        let transcript = transcript("alice in\nalice S: xyz\nalice S: xyz\n");
        let mut judge = Judge::new();
        let mut found = Vec::new();
        for entry in transcript.entries() {
            judge.entry(&transcript, entry);
            found.push(judge.findings().len());
        }
        assert_eq!(found, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn behind_a_hole_nothing_is_judged() {
        accuses("FRAME-2", "alice in\nalice S: xyz");
        for party in ["C", "S"] {
            silent(&format!("alice in\nalice {party}: <missing>\nalice S: xyz"));
        }
    }
}
