//! All oracles together, entry by entry.

use super::finding::{Finding, Findings};
use super::line::Line;
use super::mend::put_right;
use super::unknown::Unknown;
use super::world::{Asked, Mark, Seen, Sight, World};
use super::{
    Oracle, admission, answers, asynchronous, authentication, batches, errors, framing, lists,
    liveness, messages, notices, numbering, order, outlined, presence, privacy, refusals, replies,
    roster, serials, shape,
};
use crate::protocol::ClauseId;
use crate::transcript::{Connection, Entry, Party, Transcript, What};
use crate::wire::Frame;

/// Whose findings are void where the server has changed what is the clients' to change.
const VOID: [&str; 4] = ["lists", "notices", "presence", "privacy"];

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
        Box::new(batches::Batches::default()),
        Box::new(answers::Answers),
        Box::new(refusals::Refusals::default()),
        Box::new(authentication::Authentication),
        Box::new(lists::Lists),
        Box::new(notices::Notices::default()),
        Box::new(serials::Serials::default()),
        Box::new(presence::Presence::default()),
        Box::new(privacy::Privacy::default()),
        Box::new(admission::Admission),
        Box::new(roster::Roster::default()),
        Box::new(messages::Messages::default()),
        Box::new(outlined::Outlined::default()),
    ]
}

/// An oracle, and what need not be asked of it for each entry.
#[derive(Debug)]
struct Seat {
    name: &'static str,
    is_for_lines: bool,
    is_for_form: bool,
    oracle: Box<dyn Oracle>,
}

fn seated() -> Vec<Seat> {
    let seat = |oracle: Box<dyn Oracle>| Seat {
        name: oracle.name(),
        is_for_lines: oracle.is_for_lines(),
        is_for_form: oracle.is_for_form(),
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
    /// The transcript is over before it is judged: what its last lines show is known at the first.
    is_recorded: bool,
    /// The last line as it should read, and its entry.
    mended: Option<(usize, Frame)>,
    /// What nobody knows of a transcript that was copied.
    unknown: Unknown,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            world: World::default(),
            oracles: seated(),
            findings: Findings::default(),
            is_over: false,
            memory: MEMORY,
            is_recorded: false,
            mended: None,
            unknown: Unknown::default(),
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
        if let Some(shown) = transcript.connection(entry.conn) {
            self.world.attune(entry.conn, shown, self.is_recorded);
        }
        self.unknown.learn(transcript, self.world.index(), entry);
        self.mended = None;
        let Some(seen) = self.world.read(entry) else {
            self.step(entry);
            return;
        };
        ask(
            &mut self.oracles,
            true,
            &self.world,
            &seen,
            &mut self.findings,
        );
        if let Some(frame) = put_right(&seen, self.findings.list()) {
            let right = Entry {
                what: What::Frame(Party::Server, frame.clone()),
                ..entry.clone()
            };
            self.mended = Some((self.world.index(), frame));
            if let Some(seen) = self.world.read(&right) {
                let lesson = hear(&mut self.oracles, &self.world, seen, &mut self.findings);
                learn(&mut self.world, &right, &lesson);
            }
        } else {
            let lesson = hear(&mut self.oracles, &self.world, seen, &mut self.findings);
            learn(&mut self.world, entry, &lesson);
        }
        self.step(entry);
    }

    fn step(&mut self, entry: &Entry) {
        self.world.step(entry.conn);
        if self.world.index().is_multiple_of(self.memory) {
            self.world.forget();
            if !self.is_over {
                self.oracles = seated();
            }
        }
    }

    /// The line of this entry as it should read, where it is the last one and only its form was
    /// wrong.
    #[must_use]
    pub fn mended(&self, entry: usize) -> Option<&Frame> {
        let (at, frame) = self.mended.as_ref()?;
        (*at == entry).then_some(frame)
    }

    /// Whether the line of this entry is none of the dialect in use: no step waits for it.
    #[must_use]
    pub fn is_of_another_dialect(&self, entry: usize) -> bool {
        let findings = self.findings.list().iter().rev();
        let mut of_line = findings.take_while(|finding| finding.entry >= entry);
        of_line.any(|finding| finding.clause == ClauseId::NEGO_1)
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
        self.unknown.take_out(&mut list);
        list
    }
}

/// Asks the oracles: those that look at the form, or the others.
fn ask(
    oracles: &mut [Seat],
    is_for_form: bool,
    world: &World,
    seen: &Seen<'_, '_>,
    findings: &mut Findings,
) {
    // Behind a hole, what looks like a line may be the middle of a payload.
    if seen.conn.is_holed || matches!(seen.entry.what, What::Missing(..)) {
        return;
    }
    let is_line = seen.told().is_some();
    let judges =
        |seat: &&mut Seat| seat.is_for_form == is_for_form && (is_line || !seat.is_for_lines);
    for seat in oracles.iter_mut().filter(judges) {
        findings.speaks(seat.name);
        seat.oracle.entry(world, seen, findings);
    }
}

/// What the world learns from an entry.
enum Lesson<'e> {
    Asked(Asked<'e>),
    Told(Line<'e>, Mark, bool),
    Other,
}

/// Asks the oracles that look at what a line means, and gives what the world learns from it.
fn hear<'e>(
    oracles: &mut [Seat],
    world: &World,
    seen: Seen<'_, 'e>,
    findings: &mut Findings,
) -> Lesson<'e> {
    ask(oracles, false, world, &seen, findings);
    match seen.sight {
        Sight::Asked(asked) => Lesson::Asked(asked),
        Sight::Told(told) => Lesson::Told(told.line, (&told).into(), told.frame.payload.is_some()),
        Sight::Opened | Sight::Raw(..) | Sight::Ended(_) => Lesson::Other,
    }
}

fn learn(world: &mut World, entry: &Entry, lesson: &Lesson<'_>) {
    match lesson {
        Lesson::Asked(asked) => world.learn_asked(entry.conn, entry.at, asked),
        Lesson::Told(line, mark, has_payload) => {
            world.learn_told(entry.conn, line, *mark, (entry.at, *has_payload));
        }
        Lesson::Other => world.learn_other(entry),
    }
}

/// Judges a whole transcript.
#[must_use]
pub fn judge(transcript: &Transcript) -> Vec<Finding> {
    let mut judge = Judge {
        is_recorded: true,
        ..Judge::default()
    };
    for entry in transcript.entries() {
        judge.entry(transcript, entry);
    }
    judge.end();
    let mut findings = judge.into_findings();
    findings.retain(|finding| is_bound(transcript, finding));
    findings
}

/// Whether the clause holds in each dialect that its connection may speak.
fn is_bound(transcript: &Transcript, finding: &Finding) -> bool {
    let shown = transcript.connection(finding.conn);
    let inference = shown.and_then(Connection::inference);
    inference.is_none_or(|inference| inference.is_bound_by(finding.clause))
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
            "batches",
            "answers",
            "refusals",
            "authentication",
            "lists",
            "notices",
            "serials",
            "presence",
            "privacy",
            "admission",
            "roster",
            "messages",
            "outlined",
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
