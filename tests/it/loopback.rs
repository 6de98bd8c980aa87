//! Runs over real sockets: against the bundled server, and against servers that misbehave.

use std::sync::Arc;

use msnpspec::event::{Event, ScenarioResult, Summary, Verdict};
use msnpspec::net::{Plan, RunEnd, RunOptions, run};
use msnpspec::run::{Filter, Target};
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::spec::Level;

/// A run and all that it said.
struct Ran {
    end: RunEnd,
    events: Vec<Event>,
}

impl Ran {
    fn results(&self) -> impl Iterator<Item = &Arc<ScenarioResult>> {
        self.events.iter().filter_map(|event| match event {
            Event::ScenarioFinished(result) => Some(result),
            _ => None,
        })
    }

    fn notices(&self) -> Vec<String> {
        let notice = |event: &Event| match event {
            Event::Notice(notice) => Some(notice.text.clone()),
            _ => None,
        };
        self.events.iter().filter_map(notice).collect()
    }

    /// Everything that is not as it should be, for the message of an assertion.
    fn complaints(&self) -> String {
        let mut text = format!("{:?}\n{:?}\n", self.end.summary.totals, self.notices());
        for result in self.results().filter(|r| r.verdict != Verdict::Passed) {
            text += &format!("{:?} {} {:?}\n", result.verdict, result.name, result.reason);
            for failure in &result.failures {
                text += &format!(
                    "    {:?} {}: expected {}, got {}\n        {}\n",
                    failure.clause,
                    failure.place,
                    failure.expected,
                    failure.got,
                    failure.transcript.join("\n        ")
                );
            }
        }
        text
    }

    fn summary(&self) -> &Summary {
        &self.end.summary
    }
}

fn library() -> Vec<Arc<Scenario>> {
    let library = Library::builtin().unwrap();
    library.into_scenarios().into_iter().map(Arc::new).collect()
}

fn selected(filter: &str) -> Vec<Arc<Scenario>> {
    Filter::parse(filter).unwrap().select(&library())
}

fn carry_out(target: Target, scenarios: Vec<Arc<Scenario>>, options: RunOptions) -> Ran {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut events = Vec::new();
    let plan = Plan {
        target,
        library: scenarios.clone(),
        scenarios,
        options,
    };
    let end = runtime
        .block_on(run(plan, &mut |event| events.push(event)))
        .unwrap();
    assert!(matches!(events.first(), Some(Event::Started(_))));
    assert!(matches!(events.last(), Some(Event::Finished(_))));
    Ran { end, events }
}

fn practice() -> RunOptions {
    RunOptions {
        level: Level::Practice,
        ..RunOptions::default()
    }
}

#[test]
fn the_bundled_server_conforms() {
    let ran = carry_out(
        Target::builtin(),
        selected("version or messages"),
        practice(),
    );
    assert_eq!(ran.end.exit_code, 0, "{}", ran.complaints());
    assert_eq!(ran.summary().totals.flaky, 0, "{}", ran.complaints());
}
