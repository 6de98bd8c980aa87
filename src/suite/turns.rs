//! Whose turn it is: what may begin beside what runs.

use std::time::Duration;

use super::phase::Phase;
use super::run::{Entry, Running, Suite, accounts_of};
use super::task::{Task, Work};
use super::weight::weight_of;
use crate::event::Event;

/// Connections that a user of a scenario may have: notification server and switchboard.
const CONNECTIONS_PER_USER: usize = 2;

impl Suite {
    /// Whether it sends what may harm the server though all of its steps are met.
    pub(crate) fn is_hostile(&self, entry: usize) -> bool {
        let scenario = self.scenario(entry);
        scenario.is_some_and(|scenario| scenario.tags.iter().any(|tag| tag == "hostile"))
    }

    /// Whether it has its final verdict.
    pub(crate) fn is_settled(&self, entry: usize) -> bool {
        self.entries.get(entry).is_some_and(|entry| entry.settled)
    }

    pub(super) fn fill_queue(&mut self) {
        let phase = self.phase;
        if phase == Phase::Verify {
            self.queue.extend(self.verifying.open());
            return;
        }
        if phase == Phase::Recheck {
            self.queue.extend(self.doubted_by_waivers());
            return;
        }
        let wanted = |entry: &Entry| match phase {
            Phase::SecondLook => entry.first.is_some(),
            _ => entry.phase == phase && !entry.settled,
        };
        let mut queue: Vec<usize> = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| wanted(entry))
            .map(|(index, _)| index)
            .collect();
        // The greatest first, so that none of them is left to run on its own at the end.
        // In the second look those come first that are about what others only need.
        queue.sort_by_cached_key(|index| {
            let entry = self.entries.get(*index);
            let is_about = entry.is_some_and(Entry::is_about_an_omission);
            let weight = entry.map(|entry| weight_of(&entry.scenario));
            // What only new accounts show comes before all have been used.
            let is_new = entry.is_some_and(|entry| entry.scenario.is_of_new_accounts());
            // What is blocked comes last: by then its cause is known.
            let is_failed = entry.is_some_and(Entry::has_failed);
            std::cmp::Reverse((is_about, is_failed, is_new, weight))
        });
        self.queue.extend(queue);
    }

    /// Begins a scenario of the queue, the first that fits beside what runs.
    pub(super) fn next_scenario(&mut self) -> Option<Task> {
        let jobs = match self.phase {
            Phase::Ordinary | Phase::Hostile => self.wear.jobs(self.options.jobs),
            Phase::Alone | Phase::SecondLook | Phase::Verify | Phase::Recheck | Phase::Over => 1,
        };
        if self.running.len() >= jobs {
            return None;
        }
        let mut at = 0;
        while let Some(&entry) = self.queue.get(at) {
            if let Some(reason) = self.unmet(entry) {
                self.queue.remove(at);
                self.skip(entry, reason);
            } else if let Some(rung) = self.lacks(entry) {
                self.queue.remove(at);
                self.block(entry, rung);
            } else if let Some(task) = self.begin(entry) {
                self.queue.remove(at);
                return Some(task);
            } else {
                at += 1;
            }
        }
        None
    }

    /// Begins a scenario if there are accounts and connections for it.
    pub(crate) fn begin(&mut self, entry: usize) -> Option<Task> {
        let scenario = self.scenario(entry)?;
        let connections = |users: usize| users.max(1) * CONNECTIONS_PER_USER;
        let most = self.options.max_connections.unwrap_or(usize::MAX);
        let open: usize = self
            .running
            .values()
            .map(Running::users)
            .map(connections)
            .sum();
        if open > 0 && open + connections(scenario.users.len()) > most {
            return None;
        }
        let wanted = accounts_of(&scenario);
        // One account stays free for checks, unless this scenario needs every one.
        if wanted < self.pool.usable() && self.pool.free() <= wanted {
            return None;
        }
        let seats = if scenario.is_of_new_accounts() {
            let seats = self.pool.take_new(wanted)?;
            if self.phase == Phase::Ordinary {
                self.pool.set_aside(wanted);
            }
            seats
        } else {
            self.pool.take(wanted)?
        };
        let accounts = self.pool.accounts(&seats);
        let state = self.entries.get_mut(entry)?;
        if !std::mem::replace(&mut state.started, true) {
            let name = scenario.name.clone();
            self.events
                .push_back(Event::ScenarioStarted(self.judge.dialect, name));
        }
        state.last_start = self.next_id + 1;
        let seed = self.options.seed ^ fnv(&scenario.name);
        Some(self.task(
            Running::Scenario { entry, seats },
            Work::Scenario {
                scenario,
                accounts,
                seed,
            },
        ))
    }

    /// Begins a check, with an account of its own; waits while others hold all of them.
    pub(super) fn begin_check(&mut self, patient: bool, pause: Duration) -> Option<Task> {
        let seats = match self.pool.take(1) {
            Some(seats) => seats,
            None if self.running.is_empty() => Vec::new(),
            None => return None,
        };
        let account = self.pool.accounts(&seats).pop();
        Some(self.task(
            Running::Check { seats },
            Work::Check {
                account,
                patient,
                pause,
            },
        ))
    }

    pub(super) fn task(&mut self, running: Running, work: Work) -> Task {
        self.next_id += 1;
        self.running.insert(self.next_id, running);
        Task {
            id: self.next_id,
            work,
        }
    }
}

/// A number for a name, the same on every machine.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
