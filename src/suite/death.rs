//! When the server dies or wedges: who did it, and how the run goes on.
//!
//! ```text
//!            a failure        not alive              nothing runs any more
//!   Well ───▶ Doubt ─▶ Checking ─▶ Dying ──┬─ it exited, we own it ──▶ Reviving ─┐
//!    ▲                    │ alive          └─▶ Waiting ─ alive ──────────────────┤
//!    ├────────────────────┘                       └ not alive: revive, or the end│
//!    └── the hunt (hunt.rs) is over ◀── Trying ◀──▶ TryingCheck ◀────────────────┘
//! ```
//!
//! To run when the server is found dead is no proof. Each suspect is played again, and the run accuses
//! what stops a server that was just started. A scenario whose first sound request found
//! no answer is a victim; it runs again, and is no suspect.

use std::collections::BTreeMap;
use std::time::Duration;

use super::consequence::{drop_life, drop_silence};
use super::health::{Death, Health, Look};
use super::hunt::{Hunt, Move};
use super::run::{Running, Suite};
use super::task::{Dead, Task, Work};
use super::wear::ran;
use crate::event::{NoticeKind, ScenarioResult, Verdict};

/// So many deaths end the run: more would not tell more.
const MAX_DEATHS: usize = 20;
/// How long a culprit is looked for.
const SEARCH: Duration = Duration::from_secs(30);
/// A server may die some milliseconds after the last step that it has met.
pub const AFTERMATH: Duration = Duration::from_millis(50);
/// So often a scenario may be the victim of a dead server before it is a suspect like others.
const UNLUCKY: usize = 2;

impl Suite {
    /// The server is to be looked at. Where something failed, before anything else begins.
    pub(crate) fn doubt(&mut self, why: Look) {
        match &mut self.health {
            // Life is proved by a login.
            _ if self.no_login => {}
            Health::Well => self.health = Health::Doubt(why),
            Health::Doubt(look) => *look = why.max(*look),
            Health::Checking { again, .. } => *again = Some(why).max(*again),
            _ => {}
        }
    }

    /// Whether nothing may begin until the server's life is known.
    pub(super) fn is_in_question(&self) -> bool {
        match self.health {
            Health::Well => false,
            Health::Checking { look, again } => again.max(Some(look)) == Some(Look::Alarmed),
            _ => true,
        }
    }

    /// Whether the server is dead, and what runs is to be cut off: it will be played again, and nobody
    /// answers it now.
    #[must_use]
    pub fn is_dying(&self) -> bool {
        matches!(self.health, Health::Dying(_)) && !self.running.is_empty()
    }

    /// The next task while the server's life is in question.
    pub(super) fn next_of_death(&mut self) -> Option<Task> {
        let quiet = self.running.is_empty();
        match std::mem::replace(&mut self.health, Health::Well) {
            Health::Doubt(look) => self.look(look),
            Health::Dying(death) if quiet => self.after_dying(death),
            Health::Trying(death) if quiet => self.hunt(death),
            other => {
                self.health = other;
                None
            }
        }
    }

    fn look(&mut self, look: Look) -> Option<Task> {
        let pause = match look {
            Look::Calm => AFTERMATH,
            Look::Alarmed if self.recent.iter().any(|entry| self.has_passed(*entry)) => AFTERMATH,
            Look::Alarmed => Duration::ZERO,
        };
        let task = self.begin_check(false, pause);
        if task.is_some() {
            self.looked.clone_from(&self.recent);
            self.health = Health::Checking { look, again: None };
        } else {
            self.health = Health::Doubt(look);
        }
        task
    }

    fn has_passed(&self, entry: usize) -> bool {
        let mut held = self.held.iter();
        held.any(|(held, result)| *held == entry && result.verdict == Verdict::Passed)
    }

    fn after_dying(&mut self, death: Death) -> Option<Task> {
        if death.dead.exited && self.options.owns_server {
            return Some(self.revive(death));
        }
        self.health = Health::Waiting(death);
        self.begin_check(true, Duration::ZERO)
    }

    /// Starts the server again; one that is not ours is given time to come back.
    fn revive(&mut self, mut death: Death) -> Task {
        death.was_revived = true;
        self.health = Health::Reviving(death);
        self.task(Running::Restart, Work::Restart)
    }

    /// Goes on with the search for whoever did it.
    fn hunt(&mut self, mut death: Death) -> Option<Task> {
        while let Some(entry) = death.row.pop_front() {
            if !self.is_settled(entry)
                && let Some(task) = self.begin(entry)
            {
                self.health = Health::Trying(death);
                return Some(task);
            }
        }
        if std::mem::take(&mut death.is_playing) {
            self.health = Health::TryingCheck(death);
            return self.begin_check(false, AFTERMATH);
        }
        match death.hunt.next_move(death.spent >= SEARCH) {
            Move::Restart if self.options.owns_server => Some(self.revive(death)),
            Move::Restart => {
                self.health = Health::Waiting(death);
                self.begin_check(true, Duration::ZERO)
            }
            Move::Play(numbers) => {
                death.row = death.of_numbers(&numbers).into();
                death.is_playing = true;
                self.hunt(death)
            }
            Move::Over => {
                self.conclude(death);
                self.next_task()
            }
        }
    }

    /// A result while the server is dying or suspects are tried; `false` where it is an ordinary
    /// one.
    pub(super) fn in_death(&mut self, entry: usize, result: &ScenarioResult) -> bool {
        let is_victim = self.is_victim(entry);
        match &mut self.health {
            Health::Dying(death) => {
                if is_victim {
                    self.acquit(entry);
                } else {
                    death.results.insert(entry, result.clone());
                }
                true
            }
            Health::Trying(death) => {
                death.spent += result.took;
                death.latest.insert(entry, result.clone());
                true
            }
            _ => false,
        }
    }

    /// Whether the death's procedure will run the scenario again by itself.
    pub(crate) fn is_suspect(&self, entry: usize) -> bool {
        match &self.health {
            Health::Dying(death) | Health::Trying(death) => death.suspects.contains(&entry),
            _ => false,
        }
    }

    /// A suspect that could not be run is none.
    pub(super) fn drop_suspect(&mut self, entry: usize) {
        if let Health::Dying(death) = &mut self.health {
            death.suspects.retain(|suspect| *suspect != entry);
            death.hunt = Hunt::new(death.suspects.len(), self.options.owns_server);
        }
    }

    /// A suspect got an account that is refused: it is played with another.
    pub(super) fn try_again(&mut self, entry: usize) {
        if let Health::Trying(death) = &mut self.health {
            death.row.push_front(entry);
        }
    }

    /// A victim is no suspect, and runs again in its turn.
    fn acquit(&mut self, entry: usize) {
        self.drop_suspect(entry);
        self.queue.push_front(entry);
    }

    /// Whether the scenario can have done no harm when it ran last.
    fn is_victim(&self, entry: usize) -> bool {
        let unlucky = self.victims.get(&entry);
        unlucky.is_some_and(|times| (1..=UNLUCKY).contains(times))
    }

    /// A check has ended.
    pub(crate) fn checked(&mut self, alive: Result<(), Dead>, took: Duration) {
        match (std::mem::replace(&mut self.health, Health::Well), alive) {
            (Health::Checking { again, .. }, Ok(())) => {
                if let Some(again) = again {
                    self.health = Health::Doubt(again);
                }
                self.count_silences();
                self.settle_held();
            }
            (Health::Checking { .. }, Err(dead)) => self.found_dead(dead),
            (Health::Waiting(mut death), Ok(())) => {
                death.hunt.restarted();
                self.health = Health::Trying(death);
            }
            (Health::Waiting(mut death), Err(mut dead)) => {
                // What a server that hangs writes later tells only of those who look at it.
                if !dead.exited {
                    dead.stderr.clone_from(&death.dead.stderr);
                }
                death.dead = dead;
                if self.options.owns_server {
                    death.dead.exited = true;
                    self.health = Health::Dying(death);
                } else {
                    self.give_up(death, None, None);
                }
            }
            (Health::TryingCheck(mut death), Ok(())) => {
                death.spent += took;
                if let Some(numbers) = death.hunt.survived()
                    && let [entry] = death.of_numbers(&numbers).as_slice()
                    && let Some(result) = death.latest.get(entry)
                {
                    death.tried.insert(*entry, result.clone());
                }
                self.health = Health::Trying(death);
            }
            (Health::TryingCheck(mut death), Err(dead)) => {
                death.spent += took;
                death.dead = dead;
                death.hunt.died();
                self.health = Health::Trying(death);
            }
            (other, _) => self.health = other,
        }
    }

    /// A check has found the server dead.
    fn found_dead(&mut self, dead: Dead) {
        self.silent.clear();
        let mut suspects = std::mem::take(&mut self.recent);
        suspects.extend(self.running.values().filter_map(|running| match running {
            Running::Scenario { entry, .. } => Some(*entry),
            Running::Check { .. } | Running::Restart => None,
        }));
        let mut results: BTreeMap<usize, ScenarioResult> =
            std::mem::take(&mut self.held).into_iter().collect();
        for entry in &suspects {
            self.queue.retain(|queued| queued != entry);
            let first = self.entries.get_mut(*entry).and_then(|e| e.first.take());
            results.extend(first.map(|first| (*entry, first)));
        }
        let was_alone = suspects.len() == 1;
        let is_running = |entry: &usize| !results.contains_key(entry);
        let (victims, mut suspects): (Vec<usize>, Vec<usize>) = suspects
            .into_iter()
            .partition(|entry| !is_running(entry) && self.is_victim(*entry));
        for entry in victims {
            results.remove(&entry);
            self.queue.push_front(entry);
        }
        suspects.sort_by_key(|entry| self.entries.get(*entry).map(|entry| entry.last_start));
        let is_worn = self.is_worn_again(&mut suspects);
        self.deaths += usize::from(!is_worn);
        let mut death = Death::of(dead, suspects, self.options.owns_server);
        death.results = results;
        death.was_alone = was_alone;
        death.wears = is_worn;
        self.health = Health::Dying(death);
    }

    /// The server was started again, or could not be.
    pub(crate) fn restarted(&mut self, result: Result<(), Dead>, took: Duration) {
        let health = std::mem::replace(&mut self.health, Health::Well);
        match (health, result) {
            (Health::Reviving(mut death), Ok(())) => {
                death.spent += took;
                death.hunt.restarted();
                if self.deaths > MAX_DEATHS {
                    let why = format!("the server died {} times", self.deaths);
                    self.give_up(death, Some(why), None);
                } else {
                    self.health = Health::Trying(death);
                }
            }
            (Health::Reviving(death), Err(new)) => {
                let why = format!("the server could not be started again: {}", new.why);
                self.give_up(death, Some(why), Some(new));
            }
            (other, _) => self.health = other,
        }
    }

    /// The hunt is over, and the server lives.
    fn conclude(&mut self, mut death: Death) {
        let culprits = death.hunt.culprits().map(|found| death.of_numbers(found));
        let culprits = culprits.filter(|found| death.wears || self.wear.leaves_to_blame(found));
        let is_found = culprits.is_some();
        if let Some(culprits) = culprits {
            self.blame(&culprits, &mut death);
            self.wear.is_known |= death.wears;
        } else if death.wears {
            death.tried.clear();
        } else if !self.wear.is_known {
            self.tell_unproved(&death);
        }
        let is_doubtful = !is_found && !self.wear.is_known;
        let mut victims = Vec::new();
        for entry in std::mem::take(&mut death.suspects) {
            match death.tried.remove(&entry) {
                Some(mut result) => {
                    if is_doubtful && result.verdict == Verdict::Passed {
                        result.verdict = Verdict::Flaky;
                        result.reason = Some(
                            "not isolated: the server stopped answering while it ran beside \
                             others, and it passed alone"
                                .to_owned(),
                        );
                    }
                    self.settle(entry, result);
                }
                None => victims.push(entry),
            }
        }
        // They run again in their turn.
        for entry in victims.into_iter().rev() {
            if !self.is_settled(entry) && !self.is_for_later(entry) {
                self.queue.push_front(entry);
            }
        }
        if !is_found {
            self.suspect_wear(&death);
        }
    }

    /// Nobody was found who stops the server.
    fn tell_unproved(&mut self, death: &Death) {
        self.wear.unproved += usize::from(death.was_revived);
        let names: Vec<String> = death
            .suspects
            .iter()
            .filter_map(|entry| Some(self.scenario(*entry)?.name.clone()))
            .collect();
        if names.is_empty() && !death.was_revived {
            return;
        }
        let found = match (names.len(), death.hunt.is_complete()) {
            (0, _) => "when no scenario ran".to_owned(),
            (1, true) => "while one scenario ran, which does not stop it again".to_owned(),
            (count, true) => format!(
                "while {count} scenarios ran together; none of them stops it alone, nor do all of \
                 them in their order"
            ),
            (count, false) => format!(
                "while {count} ran; none was seen to stop it again in the time that there is for that"
            ),
        };
        let text = format!("the server stopped answering ({}) {found}", death.dead.why);
        let detail = [&names, death.dead.last_words()].concat();
        self.notice(NoticeKind::Warning, text, detail);
    }

    /// Says how often the server stopped and nobody knows why: such a run does not conform.
    pub(super) fn tell_all_unproved(&mut self) {
        let times = match self.wear.unproved {
            0 => return,
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let text = format!("the server stopped answering {times}; not reproduced");
        self.notice(NoticeKind::Error, text, Vec::new());
    }

    /// The server stays dead: the rest is not run. `new`: what is known of one that could not be
    /// started.
    fn give_up(&mut self, mut death: Death, why: Option<String>, new: Option<Dead>) {
        let found = death.hunt.culprits().map(<[_]>::to_vec);
        let alone = death.hunt.suspected();
        let is_only = death.was_alone && death.suspects.len() == 1;
        let only = (is_only && !self.options.owns_server).then_some(0);
        let found = found.or_else(|| Some(vec![alone.or(only)?]));
        if let Some(found) = found {
            let culprits = death.of_numbers(&found);
            self.blame(&culprits, &mut death);
        }
        let why = why.unwrap_or_else(|| {
            format!(
                "the server stopped answering ({}) and did not come back",
                death.dead.why
            )
        });
        let mut names = Vec::new();
        for entry in std::mem::take(&mut death.suspects) {
            if let Some(result) = death.tried.remove(&entry) {
                self.settle(entry, result);
            } else if let Some(scenario) = self.scenario(entry).filter(|_| !self.is_settled(entry))
            {
                names.push(scenario.name.clone());
                let mut result = (death.results.remove(&entry))
                    .unwrap_or_else(|| self.judge.untold(&scenario, Duration::ZERO));
                if death.dead.is_silent {
                    drop_silence(&mut result.failures);
                }
                drop_life(&mut result.failures);
                if result.verdict != Verdict::Failed || result.failures.is_empty() {
                    result.verdict = Verdict::Blocked;
                    result.cause = self.causes.of_death();
                }
                result.reason = Some("the server stopped answering while it ran".to_owned());
                self.settle(entry, result);
            }
        }
        let mut detail = match new {
            Some(new) if !new.stderr.is_empty() => new.last_words().to_vec(),
            _ => death.dead.last_words().to_vec(),
        };
        if !names.is_empty() {
            detail.splice(0..0, ran(&names, self.options.owns_server));
        }
        self.notice(NoticeKind::Error, why.clone(), detail);
        self.stop(&why);
    }
}
