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

/// Judges a transcript while it is made.
#[derive(Debug)]
pub struct Judge {
    world: World,
    oracles: Vec<Box<dyn Oracle>>,
    findings: Findings,
    is_over: bool,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            world: World::default(),
            oracles: oracles(),
            findings: Findings::default(),
            is_over: false,
        }
    }
}

impl Judge {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges the next entry. Every entry of the transcript must pass here, in order; of the
    /// transcript itself only the connections are read.
    pub fn entry(&mut self, transcript: &Transcript, entry: &Entry) {
        self.world.meet(transcript);
        if let Some(seen) = self.world.read(entry) {
            // Behind a hole, what looks like a line may be the middle of a payload.
            let is_holed = seen.conn.is_holed || matches!(entry.what, What::Missing(..));
            let judging = self.oracles.iter_mut().filter(|_| !is_holed);
            for oracle in judging {
                self.findings.speaks(oracle.name());
                oracle.entry(&self.world, &seen, &mut self.findings);
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
        self.world.step();
    }

    /// The transcript is over: judges what only its end can show. Later calls do nothing.
    pub fn end(&mut self) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        for oracle in &mut self.oracles {
            self.findings.speaks(oracle.name());
            oracle.end(&self.world, &mut self.findings);
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
