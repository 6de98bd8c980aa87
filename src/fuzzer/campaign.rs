//! A campaign: many cases, each generated, executed and judged.
//!
//! Case `i` derives from the seed and `i` alone, a shard takes every so manyth, and what several
//! jobs do at once is put in order before it counts: the result depends on neither jobs nor
//! shards. A case that was the first to reach a transition (a phase, a command, a reply) is kept;
//! where [`Options::children`] says so, kept cases are mutated further, byte by byte. The children
//! of case `i` derive from the seed and `i` too; only which cases have any depends on the shard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::corpus::digest;
use super::entropy::{case_bytes, stream, vary};
use super::generate::{Case, Manner, generate};
use super::judge::{Verdict, foremost, is_doubtful};
use super::name::Name;
use super::signature::Signature;
use super::watch::{Sight, Watched, watch};
use crate::engine::Outcome;
use crate::event::{Failure, Judge};
use crate::model::{Cell, ReplyKind, Transition, knows};
use crate::protocol::{Dialect, Level};
use crate::scenario::ast::Scenario;
use crate::target::Known;

/// So many cases are executed before anything is counted, where nobody says otherwise.
const ROUND: u64 = 256;
/// Where the streams of children begin.
const CHILDREN: u64 = 1 << 48;

/// What a campaign is given.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed of everything random.
    pub seed: u64,
    /// How many cases, those of other shards counted; `None`: until it is over.
    pub cases: Option<u64>,
    /// The first case.
    pub first: u64,
    /// Of `shard.1` shards, the one with the number `shard.0`, from 0.
    pub shard: (u64, u64),
    /// How many cases are executed at the same time.
    pub jobs: usize,
    /// What the target is like.
    pub manner: Manner,
    /// The clauses that count.
    pub level: Level,
    /// How many children a kept case has.
    pub children: u64,
    /// Cases that were kept by earlier campaigns; each has children.
    pub corpus: Vec<Vec<u8>>,
    /// So many cases are executed before anything is counted. Where cases have children, what
    /// counts as new depends on it.
    pub round: u64,
    /// How much of the target the model may rely on.
    pub sight: Sight,
    /// What is known to be wrong with the target: it is no finding.
    pub known: Known,
}

impl Default for Options {
    /// Case after case with seed 1, in one job, until it is over.
    fn default() -> Self {
        Self {
            seed: 1,
            cases: None,
            first: 0,
            shard: (0, 1),
            jobs: 1,
            manner: Manner::default(),
            level: Level::Must,
            children: 0,
            corpus: Vec::new(),
            round: ROUND,
            sight: Sight::Whole,
            known: Known::default(),
        }
    }
}

/// A way to fail, and the first case that failed so.
#[derive(Debug, Clone)]
pub struct Found {
    /// What tells it from other failures.
    pub signature: Signature,
    /// The first case.
    pub name: Name,
    /// The bytes of that case.
    pub bytes: Vec<u8>,
    /// What that case is generated for: without disguises where it fails without them too.
    pub manner: Manner,
    /// The kind of verdict.
    pub verdict: Verdict,
    /// One failure.
    pub failure: Failure,
    /// How many cases failed so.
    pub count: u64,
}

/// What a campaign has come to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The dialect of the cases.
    pub dialect: &'static Dialect,
    /// How many cases were executed, children counted.
    pub cases: u64,
    /// How many of these were children.
    pub children: u64,
    /// How many requests were answered.
    pub round_trips: u64,
    /// For what was waited in vain, and how long in all.
    pub waited: BTreeMap<&'static str, Duration>,
    /// How many cases came to each verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// What the model made of all lines and commands.
    pub watched: Watched,
    /// How often each mutator was used.
    pub mutators: BTreeMap<&'static str, u64>,
    /// The codes of errors that were seen.
    pub codes: BTreeSet<u16>,
    /// The transitions that were seen, and the first case of each.
    pub covered: BTreeMap<Transition, Name>,
    /// What was found, by cause.
    pub found: BTreeMap<String, Found>,
    /// The bytes of the cases that were kept.
    pub kept: BTreeMap<Name, Vec<u8>>,
}

impl Report {
    /// Of no case yet.
    #[must_use]
    pub fn of(dialect: &'static Dialect) -> Self {
        Self {
            dialect,
            ..Self::default()
        }
    }

    /// A digest of the corpus of numbered cases: each transition with the first case that reached
    /// it. The same for the same seed and cases, whatever the shards and jobs.
    #[must_use]
    pub fn corpus_hash(&self) -> String {
        let covered = self.covered.iter();
        let named = covered.map(|(transition, name)| (transition.to_string(), name.to_string()));
        let bytes = |number| self.kept.get(&Name::Case(number)).cloned();
        digest(&named.collect(), |number| bytes(number).unwrap_or_default())
    }

    /// How many transitions were seen that the model knows, and how many it knows.
    #[must_use]
    pub fn known_transitions(&self) -> (usize, usize) {
        let known = self
            .covered
            .keys()
            .filter(|seen| seen.is_known(self.dialect));
        (known.count(), knows(self.dialect).len())
    }

    /// The states with a command that was never sent there, and how many the model knows in all.
    #[must_use]
    pub fn unreached(&self) -> (Vec<Cell>, usize) {
        let known: BTreeSet<Cell> = knows(self.dialect).keys().map(|it| it.cell()).collect();
        let seen: BTreeSet<Cell> = self.covered.keys().map(|it| it.cell()).collect();
        (known.difference(&seen).copied().collect(), known.len())
    }

    /// How many phases were seen, and how many the model knows.
    #[must_use]
    pub fn phases(&self) -> (usize, usize) {
        let count = |all: &mut dyn Iterator<Item = &Transition>| {
            let mut phases: Vec<_> = all.map(|transition| transition.phase).collect();
            phases.sort_unstable();
            phases.dedup();
            phases.len()
        };
        (
            count(&mut self.covered.keys()),
            count(&mut knows(self.dialect).keys()),
        )
    }

    /// The codes of errors that were seen, and those that the model names.
    #[must_use]
    pub fn codes(&self) -> (BTreeSet<u16>, BTreeSet<u16>) {
        let code = |transition: &Transition| match transition.reply {
            ReplyKind::Error(code) if code > 0 => Some(code),
            _ => None,
        };
        let known = knows(self.dialect).keys().filter_map(code).collect();
        (self.codes.clone(), known)
    }

    /// Takes in what another shard of the same campaign came to.
    pub fn merge(&mut self, other: Self) {
        self.cases += other.cases;
        self.children += other.children;
        self.round_trips += other.round_trips;
        for (what, spent) in other.waited {
            *self.waited.entry(what).or_default() += spent;
        }
        self.watched.add(other.watched);
        self.codes.extend(other.codes);
        for (verdict, count) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
        for (mutator, count) in other.mutators {
            *self.mutators.entry(mutator).or_default() += count;
        }
        for (transition, name) in other.covered {
            let first = self.covered.entry(transition).or_insert(name);
            *first = name.min(*first);
        }
        self.kept.extend(other.kept);
        for (key, found) in other.found {
            match self.found.get_mut(&key) {
                None => {
                    self.found.insert(key, found);
                }
                Some(known) => {
                    let count = known.count + found.count;
                    if found.name < known.name {
                        *known = found;
                    }
                    known.count = count;
                }
            }
        }
        let (covered, kept) = (&self.covered, &mut self.kept);
        kept.retain(|name, _| covered.values().any(|first| first == name));
    }

    /// Takes in one case; whether it is the first to reach a transition.
    fn count(&mut self, done: Done, keeps: bool) -> bool {
        self.cases += 1;
        self.children += u64::from(!matches!(done.name, Name::Case(_)));
        self.round_trips += u64::from(done.round_trips);
        for (what, spent) in done.waited {
            *self.waited.entry(what).or_default() += spent;
        }
        *self.verdicts.entry(done.verdict).or_default() += 1;
        for mutator in done.mutators {
            *self.mutators.entry(mutator).or_default() += 1;
        }
        self.watched.add(done.watched);
        let mut is_news = false;
        for transition in done.transitions {
            if let ReplyKind::Error(code) = transition.reply {
                self.codes.insert(code);
            }
            let transition = transition.normal(self.dialect);
            self.covered.entry(transition).or_insert_with(|| {
                is_news = true;
                done.name
            });
        }
        for Told {
            signature,
            failure,
            manner,
        } in done.told
        {
            let new = || Found {
                name: done.name,
                bytes: done.bytes.clone(),
                manner,
                verdict: done.verdict,
                failure,
                count: 0,
                signature: signature.clone(),
            };
            self.found
                .entry(signature.cause())
                .or_insert_with(new)
                .count += 1;
        }
        if is_news && keeps {
            self.kept.insert(done.name, done.bytes);
        }
        is_news
    }
}

/// One case that was executed.
struct Done {
    name: Name,
    bytes: Vec<u8>,
    verdict: Verdict,
    told: Vec<Told>,
    watched: Watched,
    transitions: Vec<Transition>,
    mutators: Vec<&'static str>,
    round_trips: u32,
    waited: Vec<(&'static str, Duration)>,
}

/// A failure of a case.
struct Told {
    signature: Signature,
    failure: Failure,
    manner: Manner,
}

/// The case of these bytes, named after where it comes from.
#[must_use]
pub fn case_of(bytes: &[u8], manner: Manner, name: Name, seed: u64) -> Case {
    let mut case = generate(bytes, manner);
    case.scenario.name = format!("fuzz/{name}");
    case.scenario.description = format!("case {name} of seed {seed}");
    case
}

/// Runs one case against the target.
type Execute<'c> = dyn Fn(&Arc<Scenario>) -> Outcome + Sync + 'c;

/// Whether a round is to end although there are cases left in it.
type Pause<'c> = dyn Fn() -> bool + Sync + 'c;

/// A case that is to be executed.
type Job = (Name, Vec<u8>);

/// A campaign under way. `execute` runs one case against the target.
pub struct Campaign<'c> {
    options: Options,
    execute: &'c Execute<'c>,
    pause: &'c Pause<'c>,
    next: u64,
    report: Report,
    /// Kept cases whose children are still to come.
    parents: Vec<Job>,
    /// What the last round did not come to.
    left: Vec<Job>,
}

impl std::fmt::Debug for Campaign<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Campaign")
            .field("options", &self.options)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<'c> Campaign<'c> {
    /// Begins a campaign.
    #[must_use]
    pub fn new(options: Options, execute: &'c Execute<'c>) -> Self {
        let (index, total) = (options.shard.0, options.shard.1.max(1));
        let corpus = options.corpus.iter().zip(0..);
        let own = corpus.filter(|(_, number)| number % total == index);
        let parents = own.map(|(bytes, number)| (Name::OfCorpus(number, 0), bytes.clone()));
        let dialect = options.manner.dialect;
        Self {
            next: options.first,
            parents: parents.collect(),
            left: Vec::new(),
            options,
            execute,
            pause: &|| false,
            report: Report::of(dialect),
        }
    }

    /// Ends a round before its time whenever this says so; the cases left in it are the first of the
    /// next.
    #[must_use]
    pub fn pausing(mut self, pause: &'c Pause<'c>) -> Self {
        self.pause = pause;
        self
    }

    /// What it has come to so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What it has come to.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.report
    }

    /// Executes some more cases; `false` when there are none left.
    pub fn round(&mut self) -> bool {
        let end = self
            .options
            .cases
            .map_or(u64::MAX, |cases| self.options.first.saturating_add(cases));
        let mut work = std::mem::take(&mut self.left);
        if work.is_empty() {
            work = self.next_work(end);
        }
        if work.is_empty() {
            return self.next < end;
        }
        for done in self.execute_all(work) {
            let parent = (done.name, done.bytes.clone());
            let is_news = self.report.count(done, true);
            if is_news && self.options.children > 0 && !matches!(parent.0, Name::OfCorpus(..)) {
                self.parents.push(parent);
            }
        }
        true
    }

    /// The cases of the next round.
    fn next_work(&mut self, end: u64) -> Vec<Job> {
        let (index, total) = (self.options.shard.0, self.options.shard.1.max(1));
        let until = end.min(self.next.saturating_add(self.options.round.max(1) * total));
        let seed = self.options.seed;
        let own = (self.next..until).filter(|number| number % total == index);
        let mut work: Vec<Job> = own
            .map(|number| (Name::Case(number), case_bytes(seed, number)))
            .collect();
        self.next = until;
        for (parent, bytes) in std::mem::take(&mut self.parents) {
            work.extend(self.children_of(parent, &bytes));
        }
        work
    }

    /// Executes cases until none is left or somebody says that it is over.
    pub fn run(&mut self, mut is_over: impl FnMut(&Report) -> bool) {
        while !is_over(&self.report) && self.round() {}
    }

    fn children_of(&self, parent: Name, bytes: &[u8]) -> Vec<(Name, Vec<u8>)> {
        let seed = self.options.seed;
        let children = 0..self.options.children;
        let child = |number: u64| match parent {
            Name::Case(case) => (Name::Child(case, number), case),
            Name::Child(case, before) => {
                let number = before
                    .wrapping_add(1)
                    .wrapping_mul(self.options.children)
                    .wrapping_add(number);
                (Name::Child(case, number), case)
            }
            Name::OfCorpus(place, _) => (Name::OfCorpus(place, number), !place),
        };
        children
            .map(child)
            .map(|(name, root)| {
                let number = match name {
                    Name::Case(number) | Name::Child(_, number) | Name::OfCorpus(_, number) => {
                        number
                    }
                };
                let place = CHILDREN | root.wrapping_mul(1 << 20).wrapping_add(number) >> 1;
                (name, vary(bytes, &mut stream(seed, place)))
            })
            .collect()
    }

    /// Executes these, in this order, up to where the round is to end. One that was cut off in the
    /// middle by a limit of our own does not count.
    fn execute_all(&mut self, mut work: Vec<Job>) -> Vec<Done> {
        let jobs = self.options.jobs.clamp(1, work.len().max(1));
        let next = AtomicUsize::new(0);
        let campaign = &*self;
        let take_turns = || {
            let mut own = Vec::new();
            while !(campaign.pause)() {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((name, bytes)) = work.get(at) else {
                    break;
                };
                own.extend(campaign.do_one(*name, bytes.clone()).map(|done| (at, done)));
            }
            own
        };
        let mut all: Vec<(usize, Done)> = match jobs {
            1 => take_turns(),
            _ => thread::scope(|scope| {
                let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(take_turns)).collect();
                let done = workers.into_iter().map(thread::ScopedJoinHandle::join);
                done.flat_map(|own| own.expect("a worker does not panic"))
                    .collect()
            }),
        };
        let taken = next.into_inner().min(work.len());
        self.left = work.split_off(taken);
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, done)| done).collect()
    }

    fn do_one(&self, name: Name, bytes: Vec<u8>) -> Option<Done> {
        let case = case_of(&bytes, self.options.manner, name, self.options.seed);
        let scenario = Arc::new(case.scenario);
        let mut outcome = (self.execute)(&scenario);
        if outcome.is_cut_off() {
            return None;
        }
        let (watched, transitions) = watch(&mut outcome, &scenario, self.options.sight);
        outcome.forgive(&self.options.known);
        let (verdict, told) = Verdict::of(&outcome, self.options.level);
        let manner = self.options.manner;
        let is_doubtful = is_doubtful(&outcome);
        let told = foremost(told, is_doubtful).map(|(signature, failure)| Told {
            signature,
            failure,
            manner,
        });
        let mut told: Vec<Told> = told.into_iter().collect();
        if let Some(step) = told.pop_if(|told| told.signature.is_of_disguise()) {
            told.extend(self.undisguised(step, name, &bytes));
        }
        let verdict = match (told.is_empty(), outcome.known.is_empty(), verdict) {
            (true, _, Verdict::Passed | Verdict::Known | Verdict::Blocked) | (false, ..) => verdict,
            (true, true, Verdict::Model) => Verdict::Passed,
            (true, ..) => Verdict::Known,
        };
        Some(Done {
            name,
            bytes,
            verdict,
            told,
            watched,
            transitions,
            mutators: case.mutators,
            round_trips: outcome.round_trips,
            waited: outcome.waited_for,
        })
    }

    /// The same failure of the same case in which each command is written as usual, if there is
    /// one: it was not for the disguise that the command failed. Nothing where it is known then.
    fn undisguised(&self, told: Told, name: Name, bytes: &[u8]) -> Option<Told> {
        let manner = Manner {
            is_disguised: false,
            ..self.options.manner
        };
        let scenario = Arc::new(case_of(bytes, manner, name, self.options.seed).scenario);
        let mut outcome = (self.execute)(&scenario);
        outcome.forgive(&self.options.known);
        let (_, plain) = Verdict::of(&outcome, self.options.level);
        let known = &told.signature;
        let is_same =
            |it: &Signature| (&it.expected, &it.actual) == (&known.expected, &known.actual);
        let first = foremost(plain, is_doubtful(&outcome));
        let same =
            first.filter(|(signature, failure)| failure.judge == Judge::Step && is_same(signature));
        // The same answer is known to be wrong, if in another way.
        let is_known = outcome.known.iter().any(|failure| {
            let is_of_same = || Signature::of(failure, &outcome).expected == known.expected;
            failure.got == told.failure.got || is_of_same()
        });
        match same {
            Some((signature, failure)) => Some(Told {
                signature,
                failure,
                manner,
            }),
            None if is_known => None,
            None => Some(told),
        }
    }
}
