//! Runs over real sockets: against the bundled server, and against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use msnpspec::diagnostic::Source;
use msnpspec::event::{Event, ScenarioResult, Summary, Verdict};
use msnpspec::net::{Plan, RunEnd, RunOptions, run};
use msnpspec::protocol::{ClauseId, Dialect, Level};
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::Fault;
use msnpspec::suite::{Choice, Filter};
use msnpspec::target::Target;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpSocket, TcpStream};

/// A run and all that it said.
pub(crate) struct Ran {
    pub(crate) end: RunEnd,
    events: Vec<Event>,
}

impl Ran {
    pub(crate) fn results(&self) -> impl Iterator<Item = &Arc<ScenarioResult>> {
        self.events.iter().filter_map(|event| match event {
            Event::ScenarioFinished(result) => Some(result),
            _ => None,
        })
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        let notice = |event: &Event| match event {
            Event::Notice(notice) => Some(notice.text.clone()),
            _ => None,
        };
        self.events.iter().filter_map(notice).collect()
    }

    /// Everything that is not as it should be, for the message of an assertion.
    pub(crate) fn complaints(&self) -> String {
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

    pub(crate) fn summary(&self) -> &Summary {
        &self.end.summary
    }
}

pub(crate) fn library() -> Vec<Arc<Scenario>> {
    let library = Library::builtin().unwrap();
    library.into_scenarios().into_iter().map(Arc::new).collect()
}

pub(crate) fn selected(filter: &str) -> Vec<Arc<Scenario>> {
    Filter::parse(filter).unwrap().select(&library())
}

/// Runs it on two worker threads of its own.
pub(crate) fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

pub(crate) async fn carry_out(
    target: Target,
    scenarios: Vec<Arc<Scenario>>,
    options: RunOptions,
) -> Ran {
    let mut events = Vec::new();
    let plan = Plan {
        target,
        library: scenarios.clone(),
        scenarios,
        options,
    };
    let end = run(plan, &mut |event| events.push(event)).await.unwrap();
    assert!(matches!(events.first(), Some(Event::Started(_))));
    assert!(matches!(events.last(), Some(Event::Finished(_))));
    Ran { end, events }
}

pub(crate) fn practice() -> RunOptions {
    RunOptions {
        level: Level::Practice,
        dialects: Choice::One(Dialect::first()),
        ..RunOptions::default()
    }
}

#[test]
fn the_bundled_server_conforms() {
    let ran = block(carry_out(
        Target::builtin(),
        selected("version or messages"),
        practice(),
    ));
    assert_eq!(ran.end.exit_code, 0, "{}", ran.complaints());
    assert_eq!(ran.summary().totals.flaky, 0, "{}", ran.complaints());
}

#[test]
fn the_bundled_server_stops_and_starts() {
    let ran = block(carry_out(
        Target::builtin(),
        selected("auth/shutdown"),
        practice(),
    ));
    assert_eq!(ran.summary().totals.passed, 1, "{}", ran.complaints());
}

/// A port that is free now, and that the system gives to nobody by itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + (std::process::id() % 1000) as u16 * 10;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let socket = TcpSocket::new_v4().unwrap();
        if socket.bind(address).is_ok() {
            return port;
        }
    }
}

/// The bundled server as a process of its own, on a port that is free now.
fn launched(stop: &str) -> Target {
    launched_with(stop, &[], 8)
}

/// The same, with these faults and so many accounts.
pub(crate) fn launched_with(stop: &str, faults: &[Fault], accounts: usize) -> Target {
    let faults = faults.iter().map(|fault| format!(", --fault, {fault}"));
    let faults: String = faults.collect();
    let port = free_port();
    let program = env!("CARGO_BIN_EXE_msnpspec");
    let text = format!(
        "dispatch: 127.0.0.1:{port}\n\
         account_pattern: {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", to: {accounts} }}\n\
         launch:\n  command: [\"{program}\", serve, --listen, \"127.0.0.1:{port}\"{faults}]\n  \
         stop: {stop}\n\
         disposable: true\n"
    );
    Target::from_yaml(&Source::new("launched.yaml", text)).unwrap()
}

#[test]
fn a_server_that_the_harness_launches_says_goodbye() {
    let scenarios = selected("auth/shutdown or version/agrees-on-msnp2");
    let count = scenarios.len();
    let ran = block(carry_out(launched("SIGTERM"), scenarios, practice()));
    assert_eq!(ran.summary().totals.passed, count, "{}", ran.complaints());
}

#[test]
fn a_server_is_ready_where_it_listens_on_each_address() {
    let mut target = launched("SIGTERM");
    let launch = target.launch.as_mut().unwrap();
    launch.ready.push("127.0.0.1:1".to_owned());
    launch.invocation.within = Duration::from_millis(500);
    let ran = block(carry_out(target, selected("version/agrees"), practice()));
    assert_eq!(ran.end.exit_code, 3);
    let why = ran.summary().aborted.as_deref().unwrap_or_default();
    assert!(
        why.contains("did not listen on 127.0.0.1:1 within"),
        "{why}"
    );
}

#[test]
fn a_server_that_listens_before_it_serves_is_looked_at_again() {
    let ran = block(async {
        let mut target = launched("SIGTERM");
        let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = target
            .dispatch
            .replace(door.local_addr().unwrap().to_string());
        tokio::spawn(async move {
            for _ in 0..3 {
                drop(door.accept().await.unwrap());
            }
            loop {
                let (mut client, _) = door.accept().await.unwrap();
                let mut server = TcpStream::connect(behind.as_deref().unwrap())
                    .await
                    .unwrap();
                tokio::spawn(async move {
                    let _ended = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        carry_out(target, selected("version/agrees-on-msnp2"), practice()).await
    });
    assert_eq!(ran.end.exit_code, 0, "{}", ran.complaints());
}

#[test]
fn a_server_that_is_killed_says_no_goodbye() {
    let ran = block(carry_out(
        launched("SIGKILL"),
        selected("auth/shutdown"),
        practice(),
    ));
    assert_eq!(ran.summary().totals.failed, 1, "{}", ran.complaints());
    assert_eq!(ran.end.exit_code, 1);
}

#[test]
fn what_an_oracle_sees_fails_a_scenario_that_is_about_something_else() {
    let ran = block(carry_out(
        launched_with("SIGTERM", &[Fault::BATCH_ORDER], 8),
        selected("messages/empty"),
        practice(),
    ));
    assert_eq!(ran.end.exit_code, 1, "{}", ran.complaints());
    let of = |name: &str| ran.results().find(|result| result.name == name).unwrap();
    assert_eq!(of("probe").verdict, Verdict::Failed);
    let failed = of("messages/empty");
    assert!(failed.is_met, "{}", ran.complaints());
    assert_eq!(failed.verdict, Verdict::Failed);
    let [failure] = failed.failures.as_slice() else {
        panic!("one failure: {}", ran.complaints());
    };
    assert_eq!(failure.clause, Some(ClauseId::SYN_3));
    assert_eq!(failure.judge.as_str(), "order");
    assert!(failure.place.file.ends_with("messages/empty.yaml"));
    assert!(failure.place.line > 1);
    let last = failure.transcript.last().unwrap();
    assert!(last.ends_with(&failure.got.to_string()), "{last}");
}
