//! A scenario from its fixture to its clean-up.

use std::sync::Arc;
use std::time::Duration;

use super::environment::Environment;
use super::outcome::{Ending, Outcome};
use super::session::Session;
use crate::scenario::ast::Scenario;

/// A script may take as long as this many replies, and what its steps ask for beyond.
pub(super) const BUDGET_REPLIES: u32 = 30;

/// How long a scenario may take.
pub(super) fn budget(scenario: &Scenario, env: &Environment) -> Duration {
    let reply = scenario.timeout.unwrap_or(env.timeouts.reply);
    BUDGET_REPLIES * reply.max(env.timeouts.reply)
}

/// Runs a scenario.
pub(super) async fn run(mut session: Session, scenario: Arc<Scenario>) -> Outcome {
    session.reply = scenario.timeout.unwrap_or(session.env.timeouts.reply);
    let ending = match session.prepare(&scenario).await {
        Ok(()) => Ending::Passed,
        Err((user, trouble)) => {
            let at = scenario.users.get(user).map(|user| user.at);
            let place = scenario.source.place(at.unwrap_or_default());
            session.fail(None, place, trouble);
            Ending::Broken
        }
    };
    session.undo().await;
    session.finish(ending)
}
