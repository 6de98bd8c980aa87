//! What is known to be wrong with a target before it is fuzzed: its waivers, and what a quick run of
//! the suite finds.

use std::sync::Arc;
use std::time::Duration;

use msnpspec::event::{Event, Verdict};
use msnpspec::net::{Plan, RunOptions, now, run, today};
use msnpspec::protocol::Level;
use msnpspec::scenario::ast::Scenario;
use msnpspec::target::{Known, Target};
use tokio::runtime::Runtime;

use super::args::FuzzArgs;
use super::console::Console;
use super::library;

/// How long the suite may take, and which part of the time that is given.
const LOOK: (Duration, u32) = (Duration::from_secs(20), 5);

/// What is known of a target. The suite is run only where the server is ours, to be started again if
/// it dies of it, and where lists may be left behind: the run is cut off when it takes too long.
pub(super) fn look(args: &FuzzArgs, target: &Target, runtime: &Runtime, console: Console) -> Known {
    let mut known = Known::of_waivers(&target.waivers, today()).with_habits(&target.habits);
    if target.owns_server() && (target.disposable || args.server.disposable) {
        run_suite(args, target, runtime, console, &mut known);
    }
    known
}

fn run_suite(
    args: &FuzzArgs,
    target: &Target,
    runtime: &Runtime,
    console: Console,
    known: &mut Known,
) {
    let Ok(scenarios) = library::load(&[], console) else {
        return;
    };
    let part = args.time.map(|time| time / LOOK.1);
    let most = part.map_or(LOOK.0, |part| part.min(LOOK.0));
    let scenarios: Vec<Arc<Scenario>> = scenarios.into_iter().map(Arc::new).collect();
    let plan = Plan {
        // What is fuzzed are dialects that need no ticket.
        target: Target {
            tickets: None,
            ..target.clone()
        },
        library: scenarios.clone(),
        scenarios,
        options: RunOptions {
            level: Level::Practice,
            seed: args.seed,
            timeout: args.server.timeout,
            remote: args.server.remote,
            disposable: args.server.disposable,
            most: Some(most),
            dialects: args.dialect.unwrap_or_default(),
            ..RunOptions::default()
        },
    };
    let begun = now();
    let mut sink = |event: Event| {
        let Event::ScenarioFinished(result) = event else {
            return;
        };
        if matches!(result.verdict, Verdict::Failed | Verdict::Waived) {
            for failure in &result.failures {
                known.learn(failure);
            }
        }
        for note in &result.notes {
            known.learn(note);
        }
    };
    // Where it cannot be run, nothing is known: what stands in the way is told when fuzzing begins.
    let _ended = runtime.block_on(run(plan, &mut sink));
    if begun.elapsed() >= most {
        console.notice(&format!(
            "the suite was ended after {most:?}: what it did not come to is told by fuzz"
        ));
    }
}
