//! What a probe finds out about servers that are wrong on purpose.

use std::fmt::Write as _;
use std::sync::Arc;

use msnpspec::engine::{Ending, Executor};
use msnpspec::protocol::Barrier;
use msnpspec::server::{Config, FaultSet, faults};
use msnpspec::sim::{self, SimOptions};
use msnpspec::target::Environment;

use crate::faults::account;

/// A target of which only the dispatch server is known.
fn unknown() -> Environment {
    Environment {
        dispatch: sim::environment().dispatch,
        ..Environment::default()
    }
}

/// What a probe learns of a server with these faults, in one line.
fn learnt(faults: FaultSet, env: &Environment) -> String {
    let accounts = [account(1), account(2)].into();
    let executor = Executor::probe(accounts, Arc::new(env.clone()), 1);
    let config = Config {
        faults,
        ..Config::default()
    };
    let outcome = sim::run(executor, config, SimOptions::default());
    if outcome.ending == Ending::Blocked {
        let failures = outcome.failures.iter();
        let told = failures.map(|one| format!("{} / {}", one.expected, one.got));
        return told.collect();
    }
    let learnt = outcome
        .learnt
        .expect("a probe that passes has learnt something");
    let barriers = learnt.barriers;
    let name = |barrier: Option<Barrier>| barrier.map_or("none".into(), |b| format!("{b:?}"));
    let mut text = format!(
        "{} {}",
        name(barriers.notification),
        name(barriers.switchboard)
    );
    for (holds, word) in [
        (learnt.dispatch_refers, " refers"),
        (learnt.presence_batched, " batches"),
        (learnt.notification.is_none(), " unreferred"),
    ] {
        text.push_str(if holds { word } else { "" });
    }
    text
}

#[test]
fn what_a_probe_makes_of_each_fault() {
    let mut known = unknown();
    known.notification = sim::environment().notification;
    let clean = FaultSet::default();
    let [of_unknown, of_known] = [unknown(), known.clone()].map(|env| learnt(clean, &env));
    let mut told = format!("clean: {of_unknown}\n");
    for fault in faults() {
        let set = FaultSet::from_iter([*fault]);
        let seen = learnt(set, &unknown());
        if seen == of_unknown {
            continue;
        }
        let _ = writeln!(told, "{fault}: {seen}");
        let seen_of_known = learnt(set, &known);
        if seen_of_known != format!("{seen} unreferred") && seen_of_known != seen {
            let _ = writeln!(told, "    where the address is known: {seen_of_known}");
        }
    }
    assert_eq!(of_known, format!("{of_unknown} unreferred"));
    crate::snapshot("probe-faults", &told);
}
