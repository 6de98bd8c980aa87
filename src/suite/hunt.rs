//! Who stops the server? Decides which suspects are played again, in what order, and when on a server
//! that has just been started; plays nothing itself.
//!
//! ```text
//! one by one ─▶ in pairs ─▶ all in their order ─▶ nobody
//!     └──────────────┴── it dies, and again on a fresh server ─▶ fewer and fewer ─▶ the culprit
//! ```

use std::collections::VecDeque;

/// So many pairs are played at most, those first that began one after the other.
const PAIRS: usize = 16;
/// So often the server is started again at most.
const RESTARTS: usize = 32;

/// So often before it is no longer looked for in pairs.
const ENOUGH: usize = 8;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// The server is brought back, as new.
    Restart,
    /// These are played one after the other, by their numbers; then the server is looked at.
    Play(Vec<usize>),
    /// All is known that can be known.
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Singles,
    Pairs,
    Whole,
    /// So many are left out, from there on.
    Shrinking {
        chunk: usize,
        at: usize,
    },
    Over,
}

/// A search among suspects, numbered in the order in which they were started.
#[derive(Debug)]
pub struct Hunt {
    count: usize,
    /// The server can be started again at any time; else it is new only after it has died.
    owns_server: bool,
    stage: Stage,
    queue: VecDeque<Vec<usize>>,
    /// What is played, or was played last.
    current: Option<Vec<usize>>,
    found: Option<Vec<usize>>,
    /// Nothing was played since the server was started.
    is_fresh: bool,
    is_dead: bool,
    /// It died of what is current, but not only that was played.
    confirming: bool,
    /// What was found is played once more, so that the server dies and comes back as new.
    renewing: bool,
    restarts: usize,
    /// It died when this one was played after others, and did not of it alone.
    last: Option<usize>,
    /// There was no time left.
    is_cut: bool,
}

impl Hunt {
    /// A search among so many, while the server is dead.
    #[must_use]
    pub fn new(count: usize, owns_server: bool) -> Self {
        Self {
            count,
            owns_server,
            stage: Stage::Singles,
            queue: (0..count).map(|one| vec![one]).collect(),
            current: None,
            found: None,
            is_fresh: false,
            is_dead: true,
            confirming: false,
            renewing: false,
            restarts: 0,
            last: None,
            is_cut: false,
        }
    }

    /// This one is played before all others.
    #[must_use]
    pub fn beginning_with(mut self, first: usize) -> Self {
        self.queue.retain(|row| *row != [first]);
        self.queue.push_front(vec![first]);
        self
    }

    /// The next thing to be done. `is_late`: no time is left.
    pub fn next_move(&mut self, is_late: bool) -> Move {
        if self.is_dead {
            return Move::Restart;
        }
        if (is_late || self.restarts > RESTARTS) && self.stage != Stage::Over {
            self.is_cut = true;
            self.stage = Stage::Over;
        } else if self.stage == Stage::Pairs && self.restarts > ENOUGH {
            // It dies of more than two: of all of them perhaps.
            self.queue.clear();
            self.current = None;
            self.confirming = false;
        }
        while self.stage != Stage::Over && self.current.is_none() {
            self.current = match self.stage {
                Stage::Shrinking { chunk, at } => self.fewer(chunk, at),
                _ => self.queue.pop_front(),
            };
            if self.current.is_none() {
                self.advance();
            }
        }
        if self.stage == Stage::Over {
            return Move::Over;
        }
        let must_be_fresh =
            self.confirming || matches!(self.stage, Stage::Whole | Stage::Shrinking { .. });
        match &self.current {
            _ if must_be_fresh && !self.is_fresh && self.owns_server => Move::Restart,
            Some(_) if must_be_fresh && !self.is_fresh && self.found.is_some() => {
                self.renewing = true;
                Move::Play(self.found.clone().unwrap_or_default())
            }
            Some(current) => Move::Play(current.clone()),
            None => Move::Over,
        }
    }

    /// The server is back, as new.
    pub fn restarted(&mut self) {
        self.restarts += 1;
        self.is_dead = false;
        self.is_fresh = true;
    }

    /// The server lived on; gives back what was played.
    pub fn survived(&mut self) -> Option<Vec<usize>> {
        self.is_fresh = false;
        if std::mem::take(&mut self.renewing) {
            // It does not die of them every time: that is as few as can be known.
            self.stage = Stage::Over;
            return None;
        }
        if std::mem::take(&mut self.confirming) && self.stage == Stage::Singles {
            let last = self.current.as_ref().and_then(|row| row.last());
            self.last = self.last.or(last.copied());
        }
        if let Stage::Shrinking { chunk, at } = &mut self.stage {
            *at += *chunk;
        }
        self.current.take()
    }

    /// Of what was to be played no more than so many were: the server was dead then.
    pub fn was_cut(&mut self, played: usize) {
        if !self.renewing
            && let Some(current) = &mut self.current
        {
            current.truncate(played.max(1));
        }
    }

    /// The server died. Only of what was played since it was started is that known; else it is
    /// played once more.
    pub fn died(&mut self) {
        self.is_dead = true;
        if std::mem::take(&mut self.renewing) {
            return;
        }
        self.confirming = !std::mem::take(&mut self.is_fresh);
        if self.confirming {
            return;
        }
        let Some(found) = self.current.take() else {
            return;
        };
        let length = found.len();
        self.found = Some(found);
        self.stage = match self.stage {
            _ if length < 2 => Stage::Over,
            Stage::Shrinking { chunk, at } => Stage::Shrinking { chunk, at },
            // Each of a pair was played alone, and it takes one more death to do so again.
            _ if !self.owns_server && length == 2 => Stage::Over,
            _ => Stage::Shrinking {
                chunk: length / 2,
                at: 0,
            },
        };
    }

    /// The fewest that are known to stop the server, in their order.
    #[must_use]
    pub fn culprits(&self) -> Option<&[usize]> {
        self.found.as_deref()
    }

    /// Whether all was tried.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.is_cut
    }

    /// The only one that was played when the server died, where that could not be tried again.
    #[must_use]
    pub fn suspected(&self) -> Option<usize> {
        match (&self.current, self.confirming) {
            (Some(current), true) => match current.as_slice() {
                [one] => Some(*one),
                _ => None,
            },
            _ => None,
        }
    }

    /// Those that were found, without some of them.
    fn fewer(&mut self, chunk: usize, at: usize) -> Option<Vec<usize>> {
        let found = self.found.as_ref()?;
        if chunk == 0 || found.len() < 2 {
            return None;
        }
        if at >= found.len() {
            self.stage = Stage::Shrinking {
                chunk: chunk / 2,
                at: 0,
            };
            return self.fewer(chunk / 2, 0);
        }
        let kept = found.iter().enumerate();
        let kept = kept.filter(|(index, _)| !(at..at + chunk).contains(index));
        let kept: Vec<usize> = kept.map(|(_, one)| *one).collect();
        (!kept.is_empty()).then_some(kept)
    }

    fn advance(&mut self) {
        self.stage = match self.stage {
            Stage::Singles if self.count > 1 => {
                let apart = |apart| (0..self.count - apart).map(move |one| vec![one, one + apart]);
                // First those of the one with which it died.
                let last = self.last.unwrap_or_default();
                let with_last = (0..last).map(|one| vec![one, last]);
                let all = (1..self.count).flat_map(apart);
                let others = all.filter(|pair| self.last.is_none() || pair.get(1) != Some(&last));
                self.queue.extend(with_last.chain(others).take(PAIRS));
                Stage::Pairs
            }
            Stage::Pairs if self.count > 2 => {
                self.queue.push_back((0..self.count).collect());
                Stage::Whole
            }
            _ => Stage::Over,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hunts on a server that dies like this of what was played since it was started. What was
    /// found, how often the server was started and how many plays that took.
    fn hunt(
        count: usize,
        dies: impl FnMut(&[usize]) -> bool,
    ) -> (Option<Vec<usize>>, usize, usize) {
        end_of(Hunt::new(count, true), dies)
    }

    fn end_of(
        mut hunt: Hunt,
        mut dies: impl FnMut(&[usize]) -> bool,
    ) -> (Option<Vec<usize>>, usize, usize) {
        let (mut since, mut restarts, mut plays) = (Vec::new(), 0, 0);
        for _ in 0..1000 {
            match hunt.next_move(false) {
                Move::Restart => {
                    assert!(hunt.owns_server || hunt.is_dead, "nobody can start it");
                    since.clear();
                    restarts += 1;
                    hunt.restarted();
                }
                Move::Play(some) => {
                    plays += 1;
                    since.extend(some);
                    match dies(&since) {
                        true => hunt.died(),
                        false => {
                            hunt.survived();
                        }
                    }
                }
                Move::Over => return (hunt.culprits().map(<[_]>::to_vec), restarts, plays),
            }
        }
        panic!("it has no end");
    }

    #[test]
    fn one_is_found_and_proved_on_a_fresh_server() {
        assert_eq!(hunt(1, |since| since.contains(&0)), (Some(vec![0]), 2, 1));
        assert_eq!(hunt(16, |since| since.contains(&0)), (Some(vec![0]), 2, 1));
        assert_eq!(hunt(16, |since| since.contains(&5)), (Some(vec![5]), 3, 7));
    }

    #[test]
    fn a_pair_is_found_in_its_order() {
        let pair = |since: &[usize]| {
            let first = since.iter().position(|one| *one == 1);
            first.is_some_and(|at| since[at..].contains(&2))
        };
        assert_eq!(hunt(4, pair).0, Some(vec![1, 2]));
        let far = |since: &[usize]| {
            let first = since.iter().position(|one| *one == 2);
            first.is_some_and(|at| since[at..].contains(&14))
        };
        assert_eq!(hunt(16, far).0, Some(vec![2, 14]));
    }

    #[test]
    fn what_takes_several_is_made_as_short_as_may_be() {
        let three = |since: &[usize]| [1, 4, 6].iter().all(|one| since.contains(one));
        let (found, restarts, _) = hunt(8, three);
        assert_eq!(found, Some(vec![1, 4, 6]));
        assert!(restarts <= RESTARTS + 2, "{restarts}");
    }

    #[test]
    fn whoever_plays_when_a_count_is_full_is_innocent() {
        // As long as it lives it stands forty plays, and never dies twice of it.
        let mut deaths = 0;
        let (found, ..) = hunt(16, |since| {
            let is_full = since.len() >= 40 && deaths == 0;
            deaths += usize::from(is_full);
            is_full
        });
        assert_eq!((found, deaths), (None, 1));
    }

    #[test]
    fn nobody_is_found_where_nothing_dies() {
        let (found, restarts, plays) = hunt(16, |_| false);
        assert_eq!((found, restarts, plays), (None, 2, 16 + PAIRS + 1));
        assert_eq!(hunt(0, |_| true), (None, 1, 0));
    }

    #[test]
    fn no_time_ends_it_with_what_is_known() {
        let mut hunt = Hunt::new(3, true);
        hunt.restarted();
        assert_eq!(hunt.next_move(true), Move::Over);
        assert_eq!(hunt.culprits(), None);
        assert!(!hunt.is_complete());
    }

    #[test]
    fn a_server_of_somebody_else_is_new_only_after_a_death() {
        let found = |dies: fn(&[usize]) -> bool| end_of(Hunt::new(8, false), dies).0;
        assert_eq!(found(|since| since.contains(&5)), Some(vec![5]));
        let pair = |since: &[usize]| since.contains(&1) && since.contains(&2);
        assert_eq!(found(pair), Some(vec![1, 2]));
        let three = |since: &[usize]| [1, 4, 6].iter().all(|one| since.contains(one));
        assert_eq!(found(three), Some(vec![1, 4, 6]));
        let (none, restarts, plays) = end_of(Hunt::new(3, false), |_| false);
        assert_eq!((none, restarts, plays), (None, 1, 3 + 3 + 1));
    }

    #[test]
    fn whoever_seems_most_likely_is_played_first() {
        let of_five = |hunt| end_of(hunt, |since: &[usize]| since.contains(&5));
        let found = Some(vec![5]);
        assert_eq!(of_five(Hunt::new(8, true).beginning_with(5)), (found, 2, 1));
    }

    #[test]
    fn what_was_not_played_any_more_is_no_culprit() {
        let mut hunt = Hunt::new(3, true).beginning_with(1);
        let mut dies = |played: &[usize]| {
            hunt.was_cut(played.len());
            hunt.died();
            hunt.restarted();
            hunt.next_move(false)
        };
        // One is never cut to none.
        assert_eq!(dies(&[]), Move::Play(vec![1]));
        assert_eq!(dies(&[1]), Move::Over);
        assert_eq!(hunt.culprits(), Some(&[1][..]));
    }
}
