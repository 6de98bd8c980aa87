//! A launched server: how it starts, ends and is told.

use super::*;
use crate::transcript::Redactor;

fn shell(script: &str) -> Invocation {
    Invocation {
        command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        folder: None,
        env: std::collections::BTreeMap::new(),
        within: Duration::from_secs(5),
    }
}

fn start(script: &str) -> Process {
    let invocation = shell(script);
    let ear = Ear::new(Redactor::new(["secret-a".to_owned()]), None);
    Process::start(&invocation.command, &invocation, Signal::Term, &ear).unwrap()
}

#[tokio::test]
async fn a_failing_command_tells_its_status_and_its_last_words_without_secrets() {
    let process = start("echo pw is secret-a; echo end >&2; exit 3");
    let error = process.complete(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(error.to_string(), "`/bin/sh` exited with status 3");
    let mut output = error.output().to_vec();
    output.sort();
    assert_eq!(output, ["end", "pw is [redacted]"]);
}

#[tokio::test]
async fn a_command_that_hangs_is_killed_with_its_children() {
    let process = start("sleep 100 & wait");
    let error = process.complete(Duration::from_millis(50)).await;
    assert!(matches!(error, Err(LaunchError::Late { .. })));
}

#[tokio::test]
async fn a_process_that_ignores_the_signal_is_killed() {
    let process = start("trap '' TERM; echo up; while :; do sleep 1; done");
    process.stop(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_guard_kills_what_is_left_when_the_harness_is_gone_and_only_then() {
    let mut process = start("sleep 100 & wait");
    let group = process.child.id().unwrap();
    drop(Guard::over(group));
    let mut guard = Guard::over(group).unwrap();
    assert_eq!(process.ended(Duration::from_millis(50)).await, None);
    guard.let_go();
    let how = process.ended(Duration::from_secs(5)).await;
    assert_eq!(how.as_deref(), Some("was ended by signal 9 (SIGKILL)"));
}

#[tokio::test]
async fn a_signal_is_named_and_a_cry_is_heard() {
    let mut process = start("echo 'x panicked at y.rs:1:1' >&2; kill -ABRT $$");
    let how = process.ended(Duration::from_secs(5)).await;
    assert_eq!(how.as_deref(), Some("was ended by signal 6 (SIGABRT)"));
    assert_eq!(process.last_words().await, ["x panicked at y.rs:1:1"]);
    assert_eq!(process.cry().as_deref(), Some("x panicked at y.rs:1:1"));
}

#[tokio::test]
async fn a_server_that_ends_at_once_is_told() {
    let launch = Launch {
        invocation: shell("echo no such port >&2; exit 1"),
        ready: vec!["127.0.0.1:1".to_owned()],
        also: Vec::new(),
        stop: Signal::Term,
    };
    let error = Process::launch(&launch, &Ear::default()).await;
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/bin/sh` exited with status 1 before it was ready"
    );
    assert_eq!(error.output(), ["no such port"]);
}

#[tokio::test]
async fn a_server_that_goes_into_the_background_is_told_to_stay() {
    let launch = Launch {
        invocation: shell("sleep 100 & exit 0"),
        ready: vec!["127.0.0.1:1".to_owned()],
        also: Vec::new(),
        stop: Signal::Term,
    };
    let error = Process::launch(&launch, &Ear::default()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("let it run in the foreground"), "{error}");
}

#[tokio::test]
async fn none_of_the_addresses_may_be_in_use() {
    let first = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let launch = Launch {
        invocation: shell("sleep 100"),
        ready: vec![
            "127.0.0.1:1".to_owned(),
            first.local_addr().unwrap().to_string(),
        ],
        also: Vec::new(),
        stop: Signal::Term,
    };
    let launched = Process::launch(&launch, &Ear::default()).await;
    assert!(matches!(launched, Err(LaunchError::Occupied { .. })));
}

#[tokio::test]
async fn children_that_outlive_their_parent_end_with_it() {
    let mut process = start("sleep 100 & exit 0");
    let how = process.ended(Duration::from_secs(5)).await;
    assert_eq!(how.as_deref(), Some("exited with status 0"));
    assert!(process.has_members());
    process.kill().await;
    assert_eq!(process.group, None, "all of them are gone");
}

#[tokio::test]
async fn a_port_that_is_still_taken_is_waited_for() {
    let old = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let launch = Launch {
        invocation: shell("exit 7"),
        ready: vec![old.local_addr().unwrap().to_string()],
        also: Vec::new(),
        stop: Signal::Term,
    };
    let ear = Ear::default();
    let mut again = std::pin::pin!(Process::relaunch(&launch, &ear));
    let early = tokio::time::timeout(Duration::from_millis(20), &mut again).await;
    assert!(early.is_err(), "it is tried again");
    drop(old);
    let error = again.await.unwrap_err().to_string();
    assert_eq!(error, "`/bin/sh` exited with status 7 before it was ready");
}

#[tokio::test]
async fn a_server_that_finds_its_port_taken_is_started_again_for_a_while() {
    let mut launch = Launch {
        invocation: shell("echo 'bind: Address already in use' >&2; exit 7"),
        ready: vec!["127.0.0.1:1".to_owned()],
        also: Vec::new(),
        stop: Signal::Term,
    };
    launch.invocation.within = Duration::from_millis(200);
    let begun = now();
    let error = Process::relaunch(&launch, &Ear::default()).await;
    assert!(error.unwrap_err().is_occupied());
    assert!(begun.elapsed() >= launch.invocation.within);
    launch.invocation = shell("echo 'no such file' >&2; exit 7");
    let error = Process::relaunch(&launch, &Ear::default()).await;
    assert!(!error.unwrap_err().is_occupied());
}

#[tokio::test]
async fn what_cannot_be_started_is_told() {
    let mut invocation = shell("");
    invocation.command = vec!["/no/such/program".to_owned()];
    let started = Process::start(
        &invocation.command,
        &invocation,
        Signal::Term,
        &Ear::default(),
    );
    let error = started.unwrap_err().to_string();
    assert!(error.starts_with("cannot start `/no/such/program`: No such file"));
}
