//! When the server dies or wedges: who did it, and how the run goes on.
//!
//! ```text
//!            a failure        not alive              nothing runs any more
//!   Well ───▶ Doubt ─▶ Checking ─▶ Dying ──┬─ it exited, we own it ──▶ Reviving ─┐
//!    ▲                    │ alive          └─▶ Waiting ─ alive ──────────────────┤
//!    ├────────────────────┘                       └ not alive: revive, or the end│
//!    └── nobody is left ◀── Trying ◀──▶ TryingCheck ◀────────────────────────────┘
//! ```

use std::collections::VecDeque;

use crate::event::{Failure, Judge, NoticeKind, Observed, ScenarioResult, Verdict};
use crate::run::suite::{Running, Suite};
use crate::run::task::{Dead, Task, Work};
use crate::spec::ClauseId;

/// So many deaths end the run: more would not tell more.
const MAX_DEATHS: usize = 20;
/// How many lines of a guilty scenario's transcript are told.
const TAIL: usize = 12;

/// What is known of the server's life.
#[derive(Debug)]
pub(super) enum Health {
    /// Nothing speaks against it.
    Well,
    /// Something failed: a check is due.
    Doubt,
    /// A check is under way; `again` asks for one more, for what failed since it began.
    Checking { again: bool },
    /// It is dead: what runs is left to end.
    Dying(Death),
    /// It is given time.
    Waiting(Death),
    /// It is started again.
    Reviving(Death),
    /// The suspects run, one by one.
    Trying(Death),
    /// A suspect has run: is the server alive?
    TryingCheck(Death),
}

/// A death under investigation.
#[derive(Debug, Default)]
pub(super) struct Death {
    dead: Dead,
    /// Who may have done it and was not tried yet.
    suspects: VecDeque<usize>,
    /// Who was tried, and the server lived.
    tried: Vec<(usize, ScenarioResult)>,
    /// Results that came in while the server was dying.
    results: Vec<(usize, ScenarioResult)>,
}

impl Death {
    fn result_of(&mut self, entry: usize) -> Option<ScenarioResult> {
        let at = self.results.iter().position(|(e, _)| *e == entry)?;
        Some(self.results.swap_remove(at).1)
    }
}

impl Suite {
    /// Something failed: the server is looked at before anything else begins.
    pub(super) fn doubt(&mut self) {
        match &mut self.health {
            // Life is proved by a login.
            Health::Well if self.no_login => {}
            Health::Well => self.health = Health::Doubt,
            Health::Checking { again } => *again = true,
            _ => {}
        }
    }

    /// The next task while the server's life is in question.
    pub(super) fn next_of_death(&mut self) -> Option<Task> {
        let quiet = self.running.is_empty();
        match std::mem::replace(&mut self.health, Health::Well) {
            Health::Doubt => {
                let task = self.begin_check(false);
                self.health = match task {
                    Some(_) => Health::Checking { again: false },
                    None => Health::Doubt,
                };
                task
            }
            Health::Dying(death) if quiet => self.after_dying(death),
            Health::Trying(mut death) if quiet => match death.suspects.pop_front() {
                Some(entry) => {
                    let task = self.begin(entry);
                    death.suspects.push_front(entry);
                    if task.is_none() {
                        // Its accounts are gone: it can be neither tried nor run.
                        death.suspects.pop_front();
                        self.queue.push_front(entry);
                    }
                    self.health = Health::Trying(death);
                    task.or_else(|| self.next_task())
                }
                None => {
                    self.acquit(death);
                    self.next_task()
                }
            },
            Health::TryingCheck(death) if quiet => {
                self.health = Health::TryingCheck(death);
                self.begin_check(false)
            }
            other => {
                self.health = other;
                None
            }
        }
    }

    fn after_dying(&mut self, mut death: Death) -> Option<Task> {
        if death.dead.exited && self.options.owns_server {
            if death.suspects.len() == 1 {
                self.name_only_suspect(&mut death);
            }
            return Some(self.revive(death));
        }
        self.health = Health::Waiting(death);
        self.begin_check(true)
    }

    fn revive(&mut self, death: Death) -> Task {
        self.health = Health::Reviving(death);
        self.task(Running::Restart, Work::Restart)
    }

    /// A result while the server is dying or suspects are tried; `false` where it is an ordinary
    /// one.
    pub(super) fn in_death(&mut self, entry: usize, result: &ScenarioResult) -> bool {
        match std::mem::replace(&mut self.health, Health::Well) {
            Health::Dying(mut death) => {
                death.results.push((entry, result.clone()));
                self.health = Health::Dying(death);
                true
            }
            Health::Trying(mut death) => {
                death.suspects.retain(|suspect| *suspect != entry);
                death.tried.push((entry, result.clone()));
                self.health = Health::TryingCheck(death);
                true
            }
            other => {
                self.health = other;
                false
            }
        }
    }

    /// Whether the death's procedure will run the scenario again by itself.
    pub(super) fn is_suspect(&self, entry: usize) -> bool {
        match &self.health {
            Health::Dying(death) | Health::Trying(death) => death.suspects.contains(&entry),
            _ => false,
        }
    }

    /// A suspect that could not be run is none.
    pub(super) fn drop_suspect(&mut self, entry: usize) {
        if let Health::Dying(death) | Health::Trying(death) = &mut self.health {
            death.suspects.retain(|suspect| *suspect != entry);
        }
    }

    /// A check has ended.
    pub(super) fn checked(&mut self, alive: Result<(), Dead>) {
        match (std::mem::replace(&mut self.health, Health::Well), alive) {
            (Health::Checking { again }, Ok(())) => {
                if again {
                    self.health = Health::Doubt;
                } else {
                    self.recent.clear();
                    self.settle_held();
                }
            }
            (Health::Checking { .. }, Err(dead)) => {
                self.deaths += 1;
                let mut suspects = std::mem::take(&mut self.recent);
                suspects.extend(self.running.values().filter_map(|running| match running {
                    Running::Scenario { entry, .. } => Some(*entry),
                    Running::Check { .. } | Running::Restart => None,
                }));
                let mut death = Death {
                    dead,
                    suspects: suspects.into_iter().collect(),
                    ..Death::default()
                };
                death.results.append(&mut self.held);
                for entry in death.suspects.clone() {
                    self.queue.retain(|queued| *queued != entry);
                    let first = self.entries.get_mut(entry).and_then(|e| e.first.take());
                    death.results.extend(first.map(|first| (entry, first)));
                }
                self.health = Health::Dying(death);
            }
            (Health::Waiting(death), Ok(())) => {
                self.health = Health::Trying(death);
            }
            (Health::Waiting(mut death), Err(mut dead)) => {
                // What a server that hangs writes later tells only of those who look at it.
                if !dead.exited {
                    dead.stderr.clone_from(&death.dead.stderr);
                }
                death.dead = dead;
                if death.suspects.len() == 1 {
                    self.name_only_suspect(&mut death);
                }
                if self.options.owns_server {
                    self.health = Health::Dying(Death {
                        dead: Dead {
                            exited: true,
                            ..death.dead
                        },
                        ..death
                    });
                } else {
                    self.give_up(death, None);
                }
            }
            (Health::TryingCheck(death), Ok(())) => self.health = Health::Trying(death),
            (Health::TryingCheck(death), Err(dead)) => self.convict(death, dead),
            (other, _) => self.health = other,
        }
    }

    /// The server was started again, or could not be.
    pub(super) fn restarted(&mut self, result: Result<(), String>) {
        let health = std::mem::replace(&mut self.health, Health::Well);
        match (health, result) {
            (Health::Reviving(death), Ok(())) if self.deaths <= MAX_DEATHS => {
                self.health = Health::Trying(death);
            }
            (Health::Reviving(death), Ok(())) => {
                let why = format!("the server died {} times", self.deaths);
                self.give_up(death, Some(why));
            }
            (Health::Reviving(death), Err(why)) => {
                let why = format!("the server could not be started again: {why}");
                self.give_up(death, Some(why));
            }
            (other, _) => self.health = other,
        }
    }

    /// The last one tried has killed the server.
    fn convict(&mut self, mut death: Death, dead: Dead) {
        self.deaths += 1;
        if let Some((entry, result)) = death.tried.pop() {
            self.blame(entry, Some(result), &dead);
        }
        for (entry, result) in std::mem::take(&mut death.tried) {
            self.settle(entry, result);
        }
        // The others are victims: they run again in their turn.
        for entry in death.suspects.drain(..).rev() {
            self.queue.push_front(entry);
        }
        death.results.clear();
        death.dead = dead;
        self.health = Health::Dying(death);
    }

    fn name_only_suspect(&mut self, death: &mut Death) {
        if let Some(entry) = death.suspects.pop_front() {
            let result = death.result_of(entry);
            let dead = death.dead.clone();
            self.blame(entry, result, &dead);
        }
    }

    /// Nobody is left to be tried.
    fn acquit(&mut self, death: Death) {
        if death.tried.is_empty() {
            return;
        }
        let names: Vec<String> = death.tried.iter().map(|(_, r)| r.name.clone()).collect();
        let kind = if death.dead.exited {
            NoticeKind::Error
        } else {
            NoticeKind::Warning
        };
        let text = format!(
            "the server stopped answering ({}) while {} scenarios ran together; none of them \
             stops it alone",
            death.dead.why,
            names.len()
        );
        self.notice(kind, text, [&names, death.dead.last_words()].concat());
        for (entry, mut result) in death.tried {
            if result.verdict == Verdict::Passed {
                result.verdict = Verdict::Flaky;
                result.reason = Some(
                    "not isolated: the server stopped answering while it ran beside others, \
                     and it passed alone"
                        .to_owned(),
                );
            }
            self.settle(entry, result);
        }
    }

    /// The server stays dead: the rest is not run.
    fn give_up(&mut self, mut death: Death, why: Option<String>) {
        let why = why.unwrap_or_else(|| {
            format!(
                "the server stopped answering ({}) and did not come back",
                death.dead.why
            )
        });
        let mut names = Vec::new();
        for entry in std::mem::take(&mut death.suspects) {
            let result = death.result_of(entry);
            if let Some(scenario) = self.scenario(entry) {
                names.push(scenario.name.clone());
                let mut result =
                    result.unwrap_or_else(|| self.judge.untold(&scenario, Default::default()));
                if result.verdict != Verdict::Failed {
                    result.verdict = Verdict::Blocked;
                }
                result.reason = Some("the server stopped answering while it ran".to_owned());
                self.settle(entry, result);
            }
        }
        for (entry, result) in std::mem::take(&mut death.tried) {
            self.settle(entry, result);
        }
        let mut detail = death.dead.last_words().to_vec();
        if !names.is_empty() {
            detail.insert(0, format!("while these ran: {}", names.join(", ")));
        }
        self.notice(NoticeKind::Error, why.clone(), detail);
        self.stop(&why);
    }

    /// A scenario that kills or wedges the server has failed, whatever its steps say.
    fn blame(&mut self, entry: usize, result: Option<ScenarioResult>, dead: &Dead) {
        let Some(scenario) = self.scenario(entry) else {
            return;
        };
        let took = result
            .as_ref()
            .map(|result| result.took)
            .unwrap_or_default();
        let mut result = result.unwrap_or_else(|| self.judge.untold(&scenario, took));
        let clause = ClauseId::LIVE_1;
        let from = result.transcript.len().saturating_sub(TAIL);
        let step = scenario.steps.first();
        result.failures.retain(|failure| failure.clause.is_some());
        result.failures.insert(
            0,
            Failure {
                clause: Some(clause),
                level: Some(clause.level()),
                judge: Judge::Process,
                place: step.map_or_else(
                    || scenario.source.place(Default::default()),
                    |step| scenario.source.place(step.at),
                ),
                expected: "the server goes on serving others".into(),
                got: Observed::Other(dead.why.clone()),
                detail: None,
                word: None,
                command: None,
                kind: None,
                conn: None,
                entry: None,
                until: 0,
                transcript: result.transcript.get(from..).unwrap_or_default().to_vec(),
            },
        );
        result.verdict = Verdict::Failed;
        result.is_met = false;
        result.reason = None;
        self.judge.waive(&scenario, &mut result);
        let text = format!("{} stops the server: {}", result.name, dead.why);
        self.notice(NoticeKind::Warning, text, dead.last_words().to_vec());
        self.settle(entry, result);
    }
}
