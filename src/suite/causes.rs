//! What is wrong with the server, each thing once: failures that come from one breach are one
//! cause, and what could not be judged because of it is counted with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use super::consequence::{first_word, is_of_lists, is_of_reads, tells_of_lists, waits_for_nothing};
use super::exception::Exception;
use crate::event::{
    Cause, Failure, Judge, Observed, PROBE, Rung, ScenarioResult, Standing, Verdict,
};
use crate::oracle::oracles;
use crate::protocol::{ClauseId, Dialect};
use crate::target::Look;

/// The causes of a run, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    all: Vec<Cause>,
    /// The dialect that is tested now; those of before are only numbered on.
    dialect: &'static Dialect,
    /// How good the failure is that shows each.
    best: BTreeMap<usize, Rank>,
    /// What was seen of each: the command, and what came.
    seen: BTreeMap<usize, Vec<(Option<String>, Observed)>>,
    /// The lines that oracles accused, each with its cause.
    accused: BTreeMap<String, usize>,
}

/// So many different failures of one cause are kept in mind.
const SEEN: usize = 64;
/// So many accused lines are.
const ACCUSED: usize = 1024;

/// Which of two failures shows a cause better: the lesser. What ends the server comes before steps,
/// and steps before oracles; then the first look, and then the scenarios by their names, however
/// they came.
type Rank = (u8, bool, String);

fn rank(failure: &Failure, name: &str) -> Rank {
    let judge = match failure.judge {
        Judge::Process => 0,
        Judge::Step => 1,
        _ => 2,
    };
    (judge, name != PROBE, name.to_owned())
}

/// What failures of one clause have in common that come from one breach. Where oracles judge the
/// clause too, a step and an oracle speak of one thing: that it did not come, or that it came wrong.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Looks(Look),
    Breach(String),
    /// With the exception that ended it, where the server has written one.
    OfLife(Option<Exception>),
    /// Nothing is answered behind an error, whatever it was.
    Deaf,
}

fn kind_of(failure: &Failure) -> Kind {
    let Some(clause) = failure.clause else {
        return Kind::Breach(failure.breach());
    };
    if clause.clause().group() == "LIVE" {
        return Kind::OfLife(Exception::last_in(&failure.words));
    }
    if clause == ClauseId::REPLY_3 && matches!(failure.got, Observed::Silence(_)) {
        return Kind::Deaf;
    }
    match is_watched(clause) {
        true => Kind::Looks(Look::of(&failure.got)),
        false => Kind::Breach(failure.breach()),
    }
}

impl Kind {
    /// Whether it comes from the same breach. Of an end that nobody has explained nobody knows
    /// that it is another one.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OfLife(one), Self::OfLife(other)) => {
                one.is_none() || other.is_none() || one == other
            }
            _ => self == other,
        }
    }
}

/// Whether an oracle judges a clause.
fn is_watched(clause: ClauseId) -> bool {
    static WATCHED: LazyLock<BTreeSet<ClauseId>> = LazyLock::new(|| {
        let all = oracles();
        all.iter()
            .flat_map(|oracle| oracle.clauses())
            .copied()
            .collect()
    });
    WATCHED.contains(&clause)
}

impl Causes {
    /// Goes on with another dialect: what is the same there has the same number.
    pub(super) fn go_on_in(&mut self, dialect: &'static Dialect) {
        self.dialect = dialect;
    }

    /// Those that show in the dialect that is tested now.
    fn here(&self) -> impl DoubleEndedIterator<Item = &Cause> + Clone {
        let dialect = self.dialect;
        let all = self.all.iter();
        all.filter(move |cause| cause.dialects.contains_key(dialect))
    }

    /// Charges what a result shows to its causes; gives the one that it is told under.
    /// `is_waived` says which of its failures a waiver knows.
    pub(crate) fn take(
        &mut self,
        result: &ScenarioResult,
        is_waived: impl Fn(&Failure) -> bool,
    ) -> Option<usize> {
        for note in &result.notes {
            self.charge(note, Standing::Noted, &result.name);
        }
        let shown = matches!(result.verdict, Verdict::Failed | Verdict::Waived);
        let shown = result.failures.iter().filter(|_| shown);
        let ids: Vec<(Standing, usize)> = shown
            .map(|failure| {
                let standing = match is_waived(failure) {
                    true => Standing::Waived,
                    false => Standing::Fails,
                };
                (standing, self.charge(failure, standing, &result.name))
            })
            .collect();
        let fails = ids
            .iter()
            .find(|(standing, _)| *standing == Standing::Fails);
        fails.or_else(|| ids.first()).map(|(_, id)| *id)
    }

    /// What failures of one cause have in common; `None` of one without a clause.
    pub(super) fn key(failure: &Failure) -> Option<String> {
        let clause = failure.clause?;
        Some(format!("{clause} {:?}", kind_of(failure)))
    }

    /// The cause of a failure; a new one where none like it is known.
    pub(crate) fn charge(&mut self, failure: &Failure, standing: Standing, name: &str) -> usize {
        let at = self
            .find(failure)
            .unwrap_or_else(|| self.found(failure, standing));
        let Some(cause) = self.all.get_mut(at) else {
            return 0;
        };
        if standing < cause.standing {
            (cause.standing, cause.level) = (standing, failure.level);
        }
        let here = cause.dialects.entry(self.dialect).or_insert(standing);
        *here = standing.min(*here);
        let is_told = match cause.dialects.len() {
            1 => cause.shown_by.last().is_some_and(|last| last == name),
            _ => cause.shown_by.iter().any(|known| known == name),
        };
        if !name.is_empty() && !is_told {
            cause.shown_by.push(name.to_owned());
        }
        let seen = self.seen.entry(cause.id).or_default();
        let is_other = |(command, got): &(Option<String>, Observed)| {
            *command != failure.command || got.verb() != failure.got.verb()
        };
        if seen.len() < SEEN && seen.iter().all(is_other) {
            seen.push((failure.command.clone(), failure.got.clone()));
        }
        let id = cause.id;
        if let (Judge::Oracle(_), Observed::Line(line)) = (&failure.judge, &failure.got)
            && self.accused.len() < ACCUSED
        {
            self.accused.entry(line.clone()).or_insert(id);
        }
        let best = self
            .best
            .entry(cause.id)
            .or_insert_with(|| rank(failure, name));
        if rank(failure, name) < *best {
            *best = rank(failure, name);
            cause.failure = Arc::new(failure.clone());
        }
        cause.id
    }

    fn found(&mut self, failure: &Failure, standing: Standing) -> usize {
        self.all.push(Cause {
            id: self.all.len() + 1,
            clause: failure.clause,
            level: failure.level,
            standing,
            dialects: BTreeMap::new(),
            rung: None,
            failure: Arc::new(failure.clone()),
            shown_by: Vec::new(),
            blocks: 0,
        });
        self.all.len() - 1
    }

    /// What was charged first does not matter, nor by whom: so two runs agree on their causes.
    fn find(&self, failure: &Failure) -> Option<usize> {
        let kind = kind_of(failure);
        let is_it =
            |cause: &Cause| cause.clause == failure.clause && kind_of(&cause.failure).is(&kind);
        self.all.iter().position(is_it)
    }

    /// The cause of a failure that was charged.
    pub(crate) fn of(&self, failure: &Failure) -> Option<usize> {
        let cause = self.all.get(self.find(failure)?)?;
        cause.standing_in(self.dialect).map(|_| cause.id)
    }

    /// The cause of a line that came where a step wants nothing, and that an oracle has accused
    /// elsewhere: the step is about something else.
    pub(super) fn of_stray(&self, failure: &Failure) -> Option<usize> {
        let Observed::Line(line) = &failure.got else {
            return None;
        };
        let id = *self.accused.get(line)?;
        let is_own = self
            .all
            .iter()
            .any(|cause| cause.id == id && cause.clause == failure.clause);
        (waits_for_nothing(failure) && failure.judge == Judge::Step && !is_own).then_some(id)
    }

    /// The cause that the server takes one read for one command, where that is known.
    pub(super) fn of_reads(&self) -> Option<&Cause> {
        let mut all = self.all.iter();
        all.find(|cause| cause.clause.is_some_and(is_of_reads))
    }

    /// The exceptions that the server was proved to stop of.
    pub(super) fn exceptions(&self) -> Vec<Exception> {
        let ends = self.all.iter().map(|cause| &cause.failure);
        ends.filter_map(|end| Exception::last_in(&end.words))
            .collect()
    }

    /// What the server was last proved to stop of.
    pub(super) fn of_death(&self) -> Option<usize> {
        let mut all = self.here().rev();
        let last = all.find(|cause| cause.failure.judge == Judge::Process)?;
        Some(last.id)
    }

    /// The cause that a precondition without a clause most likely failed for: one about the same
    /// command, the only one there is, or of those that are like it (no answer, a connection that
    /// ends or is not made, a line of the same kind that nobody asked for, lists that are other than
    /// they were made) the one that shows most.
    pub(crate) fn behind(&self, failure: &Failure) -> Option<usize> {
        let mut broken = self.here().filter(|cause| cause.clause.is_some());
        let is_it = |cause: &&Cause| {
            let Some(command) = failure.command.as_deref() else {
                return false;
            };
            let clause = cause.clause.map_or("", |clause| clause.as_str());
            let is_named = clause.split('-').next() == Some(command);
            let mut seen = self.seen.get(&cause.id).into_iter().flatten();
            seen.any(|(known, _)| known.as_deref() == Some(command)) || is_named
        };
        let only = match broken.clone().count() {
            1 => broken.clone().next(),
            _ => None,
        };
        let is_like = |cause: &&Cause, known: &Observed| {
            let got = &failure.got;
            match (got, known) {
                (Observed::Closed | Observed::Reset, Observed::Closed | Observed::Reset)
                | (Observed::Silence(_), Observed::Silence(_))
                | (Observed::Unreachable(_), Observed::Unreachable(_)) => true,
                (Observed::Line(line), Observed::Line(known)) if waits_for_nothing(failure) => {
                    let is_of_strangers = cause.clause == Some(ClauseId::PRES_5);
                    let row = self.dialect.line_of(first_word(line));
                    let is_presence = row.is_some_and(|row| row.rung == Some(Rung::Presence));
                    first_word(line) == first_word(known) || (is_presence && is_of_strangers)
                }
                _ => tells_of_lists(failure, self.dialect) && cause.clause.is_some_and(is_of_lists),
            }
        };
        let alike = broken.clone().filter(|cause| {
            let mut seen = self.seen.get(&cause.id).into_iter().flatten();
            seen.any(|(_, known)| is_like(cause, known))
        });
        let most = alike.max_by_key(|cause| cause.shown_by.len());
        // What fails the run comes before what is merely noted.
        let mut fails = broken.clone();
        let fails = fails.find(|cause| cause.standing == Standing::Fails && is_it(cause));
        let named = fails.or_else(|| broken.find(is_it));
        named.or(only).or(most).map(|cause| cause.id)
    }

    /// Names the rung that is odd or out because of a cause.
    pub(super) fn set_rung(&mut self, id: usize, rung: Rung) {
        if let Some(cause) = self.get_mut(id) {
            cause.rung.get_or_insert(rung);
        }
    }

    /// One more scenario could not be judged because of this cause.
    pub(crate) fn block(&mut self, id: usize) {
        if let Some(cause) = self.get_mut(id) {
            cause.blocks += 1;
        }
    }

    fn get_mut(&mut self, id: usize) -> Option<&mut Cause> {
        self.all.get_mut(id.checked_sub(1)?)
    }

    /// All of them, the heaviest first: crashes and hangs, then by level, then by what they block
    /// and how often they show.
    pub(crate) fn list(&self) -> Vec<Cause> {
        let mut all = self.all.clone();
        Cause::sort(&mut all);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::test_support::failure;
    use crate::event::{Expectation, Wanted};

    fn unreachable(clause: Option<ClauseId>) -> Failure {
        Failure {
            got: Observed::Unreachable("refused".into()),
            ..failure(clause, "a connection", "nothing")
        }
    }

    fn shown(clause: Option<ClauseId>, line: &str) -> Failure {
        Failure {
            command: Some("LST".into()),
            ..failure(clause, "LST", line)
        }
    }

    #[test]
    fn causes_are_the_same_in_whatever_order_failures_come() {
        let step = |clause, command: &str, line: &str| Failure {
            command: Some(command.into()),
            ..failure(Some(clause), "closed", line)
        };
        let seen = |clause, words: &str, line: &str| Failure {
            judge: Judge::of("answers"),
            detail: Some(words.into()),
            ..step(clause, "gtc", line)
        };
        let silent = |clause| Failure {
            got: Observed::Silence(std::time::Duration::ZERO),
            ..step(clause, "LST", "x")
        };
        let (obeyed, shown) = (ClauseId::FRAME_7, ClauseId::SYN_7);
        let of_life = |got| Failure {
            judge: Judge::Process,
            ..failure(Some(ClauseId::LIVE_1), "it serves", got)
        };
        let all = [
            ("b", step(obeyed, "chg", "CHG 8 BSY")),
            ("a", step(obeyed, "add", "ADD 8 AL")),
            ("c", seen(obeyed, "a command in small letters", "GTC 8 3 A")),
            ("d", silent(shown)),
            ("e", seen(shown, "the list lacks an entry", "LST 5")),
            ("f", failure(Some(ClauseId::LIVE_1), "MSG", "nothing")),
            ("g", of_life("nobody can log in")),
        ];
        let told = |order: &[usize]| {
            let mut causes = Causes::default();
            for at in order {
                let (name, failure) = &all[*at];
                causes.charge(failure, Standing::Fails, name);
            }
            let mut told: Vec<String> = causes.all.iter().map(|it| it.breach()).collect();
            told.sort();
            told
        };
        let one = told(&[0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(one.len(), 4, "{one:?}");
        assert!(one.contains(&"add answered by ADD".to_owned()), "{one:?}");
        for order in [[6, 5, 4, 3, 2, 1, 0], [2, 0, 6, 1, 4, 3, 5]] {
            assert_eq!(told(&order), one);
        }
    }

    #[test]
    fn silence_behind_errors_is_one_thing_whatever_was_asked() {
        let silent = |clause, command: &str| Failure {
            command: Some(command.into()),
            ..failure(Some(clause), command, "nothing")
        };
        let key = |clause, command| Causes::key(&silent(clause, command));
        let deaf = ClauseId::REPLY_3;
        assert_eq!(key(deaf, "CAL"), key(deaf, "CHG"));
        let other = ClauseId::GTC_4;
        assert_ne!(key(other, "CAL"), key(other, "CHG"));
        assert_eq!(Causes::key(&failure(None, "CAL", "nothing")), None);
    }

    #[test]
    fn a_line_that_an_oracle_accused_is_no_breach_of_a_step_that_wants_nothing() {
        let line = "NLN NLN flood@x Flood";
        let unwanted = |clause| Failure {
            expected: Expectation {
                text: "nothing".into(),
                any: vec![Wanted::Nothing],
            },
            ..failure(Some(clause), "nothing", line)
        };
        let (step, own) = (unwanted(ClauseId::REM_3), unwanted(ClauseId::PRES_5));
        let mut causes = Causes::default();
        assert_eq!(causes.of_stray(&step), None);
        let seen = Failure {
            judge: Judge::of("presence"),
            ..failure(Some(ClauseId::PRES_5), "nothing", line)
        };
        let id = causes.charge(&seen, Standing::Fails, "a");
        assert_eq!(causes.of_stray(&step), Some(id));
        assert_eq!(causes.of_stray(&own), None, "it is about that very thing");
        let other = failure(Some(ClauseId::REM_3), "REM", line);
        assert_eq!(causes.of_stray(&other), None, "another answer is due");
    }

    #[test]
    fn a_precondition_is_charged_to_what_is_like_it() {
        let mut causes = Causes::default();
        let told = [
            unreachable(Some(ClauseId::SBX_2)),
            failure(Some(ClauseId::REM_6), "no b@x", "LST 9 RL 3 1 1 b@x B"),
            failure(Some(ClauseId::PRES_5), "nothing", "FLN b@x"),
            failure(Some(ClauseId::CHG_1), "CHG", "CHG 5 NLN x"),
        ];
        let ids = told.map(|one| causes.charge(&one, Standing::Fails, "a"));
        assert_eq!(causes.behind(&unreachable(None)), Some(ids[0]));
        let list = shown(None, "LST 6 RL 3 1 1 c@x C");
        assert_eq!(causes.behind(&list), Some(ids[1]));
        let unasked = Failure {
            expected: Expectation {
                text: "nothing".into(),
                any: vec![Wanted::Nothing],
            },
            ..failure(None, "nothing", "NLN NLN c@x C")
        };
        assert_eq!(causes.behind(&unasked), Some(ids[2]));
        let other = failure(None, "SYN", "SYN 5 3 4");
        assert_eq!(causes.behind(&other), None);
        let of_list = |clause| shown(Some(clause), "LST 3 FL 3 0 0");
        causes.charge(&of_list(ClauseId::LST_6), Standing::Noted, "b");
        let fails = causes.charge(&of_list(ClauseId::LST_3), Standing::Fails, "c");
        assert_eq!(causes.behind(&list), Some(fails));
    }
}
