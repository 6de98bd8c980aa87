//! A scenario from its fixture to its clean-up.

use std::sync::Arc;
use std::time::Duration;

use super::consequence::may_lean_on_lists;
use crate::client::Challenges;
use crate::engine::{Ending, Outcome, Session, Stop};
use crate::protocol::Effect;
use crate::scenario::ast::{Action, Scenario, Step};
use crate::scenario::{Identity, Scope};
use crate::target::Environment;

/// A script may take as long as this many replies, and what its steps ask for beyond.
pub(super) const BUDGET_REPLIES: u32 = 30;
/// A scenario may take at least this long, however short the replies' deadline is.
const MIN_BUDGET: Duration = Duration::from_secs(30);
/// So many handles may be the one that nobody has.
const NOBODIES: u64 = 1_000_000_000;

/// How long a scenario may take.
pub(crate) fn budget(scenario: &Scenario, env: &Environment) -> Duration {
    let reply = scenario.timeout.unwrap_or(env.timeouts.reply);
    let asked = asked(&scenario.setup).saturating_add(asked(&scenario.steps));
    let steady = BUDGET_REPLIES * reply.max(env.timeouts.reply);
    steady.max(MIN_BUDGET).saturating_add(asked)
}

/// The deadlines that steps ask for themselves, added up.
fn asked(steps: &[Step]) -> Duration {
    let each = steps.iter().map(|step| match &step.action {
        Action::Expect(expect) => expect.within.unwrap_or_default(),
        Action::AnyOrder(steps) => asked(steps),
        Action::OneOf(branches) => branches
            .iter()
            .map(|branch| asked(branch))
            .max()
            .unwrap_or_default(),
        Action::Repeat(times, steps) => asked(steps).saturating_mul(*times),
        _ => Duration::ZERO,
    });
    each.fold(Duration::ZERO, Duration::saturating_add)
}

/// Runs a scenario.
pub(crate) async fn run(mut session: Session, scenario: Arc<Scenario>) -> Outcome {
    session.reply = scenario.timeout.unwrap_or(session.env.timeouts.reply);
    session.clause = scenario.clauses.first().copied();
    session.clauses.clone_from(&scenario.clauses);
    session.written = scenario.written_for();
    session.links.lock().about.clone_from(&scenario.clauses);
    session.links.lock().reflex = Challenges::reflex(&scenario.clauses, session.env.dialect);
    let ending = match session.prepare(&scenario).await {
        Ok(()) => {
            session.prepared = session.links.lock().transcript.entries().len();
            let ending = session.play(&scenario).await;
            session.doubt(ending)
        }
        Err((user, trouble)) => {
            let at = scenario.users.get(user).map(|user| user.at);
            let place = scenario.source.place(at.unwrap_or_default());
            session.fail(None, place, trouble);
            Ending::Blocked
        }
    };
    session.leave_it_running().await;
    session.undo().await;
    session.finish(ending)
}

impl Session {
    async fn play(&mut self, scenario: &Scenario) -> Ending {
        self.strict = scenario.strict;
        self.segments = scenario.segments.or(self.env.segments);
        self.enter_scope();
        let mut result = self.steps(&scenario.setup).await;
        // A failure of the setup is no verdict on the server.
        if result == Err(Stop::Failed) {
            result = Err(Stop::Blocked);
        }
        if result.is_ok() {
            self.stepped = true;
            result = self.steps(&scenario.steps).await;
            self.has_ended = result.is_ok();
        }
        self.segments = self.env.segments;
        match result {
            Err(Stop::Blocked) => Ending::Blocked,
            Err(Stop::Limit) => Ending::Inconclusive,
            Ok(()) if self.failures.is_empty() => Ending::Passed,
            // It ends at what was known before.
            Err(Stop::Failed) if self.failures.is_empty() => Ending::Blocked,
            Ok(()) | Err(Stop::Failed | Stop::Noted) => Ending::Failed,
        }
    }

    /// A failure on lists that were not as the fixture wanted them is none of the server's.
    fn doubt(&mut self, ending: Ending) -> Ending {
        if ending != Ending::Failed {
            return ending;
        }
        let Some(stale) = self.stale_entry() else {
            return ending;
        };
        let dialect = self.env.dialect;
        // What has nothing to do with lists is right or wrong whatever they hold.
        if self
            .failures
            .iter()
            .any(|failure| !may_lean_on_lists(failure, dialect))
        {
            self.failures
                .retain(|failure| !may_lean_on_lists(failure, dialect));
            return ending;
        }
        let mut rows = dialect.requests();
        let removes = rows.find(|row| row.effect == Effect::Removes);
        let removes = removes.map(|row| row.verb.as_str().to_owned());
        for failure in &mut self.failures {
            failure.clause = None;
            failure.level = None;
            failure.detail = Some(stale.clone());
            // Whoever put it there has taken it off again.
            failure.command.clone_from(&removes);
        }
        Ending::Blocked
    }

    /// Makes the users known to expressions. Fresh TrIDs go on where the fixture's ended.
    fn enter_scope(&mut self) {
        let users = self.players.iter().map(|player| {
            let handle = player.account.handle.clone();
            let identity = Identity {
                password: player.account.password.clone(),
                name: player.name.clone().unwrap_or_else(|| handle.clone()),
                handle,
            };
            (player.user.clone(), identity)
        });
        let domain = self.players.first().and_then(|player| {
            let (_, domain) = player.account.handle.rsplit_once('@')?;
            Some(domain.to_owned())
        });
        let domain = domain.unwrap_or_else(|| "hotmail.com".into());
        let nobody = format!("nobody{}@{domain}", self.seed % NOBODIES);
        self.scope = Scope::new(users.collect(), nobody, self.env.dialect);
        for slot in &self.slots {
            for _ in 0..slot.next_trid {
                self.scope.fresh_trid(&slot.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::test_support::load_steps;

    #[test]
    fn deadlines_of_steps_add_to_the_budget() {
        let env = Environment::default();
        let beyond = |steps: &str| {
            let [with, without] = [steps, "  - C: PNG"].map(|text| budget(&load_steps(text), &env));
            (with - without).as_secs()
        };
        let wait = "S: QNG\n        within: 5s";
        assert_eq!(beyond("  - S: QNG"), 0);
        assert_eq!(beyond("  - S: QNG\n    within: 5s"), 5);
        assert_eq!(
            beyond(&format!("  - any order:\n      - {wait}\n      - {wait}")),
            10
        );
        assert_eq!(
            beyond(&format!("  - repeat: 3\n    steps:\n      - {wait}")),
            15
        );
        let long = "steps:\n          - { S: A, within: 5s }\n          - { S: B, within: 6s }";
        assert_eq!(
            beyond(&format!("  - one of:\n      - {wait}\n      - {long}")),
            11
        );
    }

    #[test]
    fn a_budget_is_for_many_replies_and_never_short() {
        let env = Environment::default();
        let scenario = load_steps("  - C: PNG");
        let replies = BUDGET_REPLIES * env.timeouts.reply;
        assert_eq!(budget(&scenario, &env), replies.max(MIN_BUDGET));
        let mut slow = scenario.clone();
        slow.timeout = Some(Duration::from_secs(7));
        assert_eq!(budget(&slow, &env), BUDGET_REPLIES * Duration::from_secs(7));
        slow.timeout = Some(Duration::from_millis(1));
        assert_eq!(budget(&slow, &env), replies.max(MIN_BUDGET));
        let mut env = env;
        env.timeouts.reply = Duration::from_millis(1);
        assert_eq!(budget(&slow, &env), MIN_BUDGET);
    }
}
