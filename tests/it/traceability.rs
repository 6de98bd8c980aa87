//! From clauses to tests and code: `msnpspec coverage` and the committed `snapshots/coverage.txt`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use msnpspec::oracle::oracles;
use msnpspec::protocol::{Clause, Level};
use msnpspec::server::{faults, implementations};
use serde_json::Value;

fn call(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msnpspec"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.arg("coverage").args(words);
    command.output().expect("the program starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

fn document(words: &[&str]) -> Value {
    let told = call(&[words, &["--format", "json"]].concat());
    assert_eq!(told.status.code(), Some(0), "{}", err(&told));
    serde_json::from_slice(&told.stdout).expect("it is JSON")
}

#[test]
fn the_committed_file_holds_and_every_clause_is_covered() {
    let told = call(&["--check"]);
    assert_eq!(told.status.code(), Some(0), "{}{}", out(&told), err(&told));
    assert_eq!(out(&told), "");
}

#[test]
fn a_file_that_does_not_hold_is_told_and_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coverage.txt");
    let file = path.display().to_string();
    let with = |word| call(&[word, "--file", &file]);
    assert_eq!(with("--check").status.code(), Some(2));
    assert_eq!(with("--update").status.code(), Some(0));
    assert_eq!(with("--check").status.code(), Some(0));
    let good = fs::read_to_string(&path).unwrap();
    assert_eq!(
        good.lines().filter(|line| !line.starts_with('#')).count(),
        Clause::all().len()
    );
    fs::write(
        &path,
        good.replacen("; oracles framing;", "; oracles -;", 1),
    )
    .unwrap();
    let told = with("--check");
    assert_eq!(told.status.code(), Some(1));
    let lines: Vec<String> = out(&told).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("-FRAME-1 ") && lines[1].starts_with("+FRAME-1 "));
    assert!(err(&told).contains("coverage --update"), "{}", err(&told));
    assert_eq!(call(&["--check", "--update"]).status.code(), Some(2));
    assert_eq!(call(&["--check", "USR-6"]).status.code(), Some(2));
}

#[test]
fn the_document_knows_every_link() {
    let all = document(&[]);
    let clauses = all["clauses"].as_array().unwrap();
    assert_eq!(clauses.len(), Clause::all().len());
    let count = |key: &str| -> usize {
        let lists = clauses.iter().map(|clause| clause[key].as_array());
        lists.map(|list| list.unwrap().len()).sum()
    };
    let oracles: usize = oracles().iter().map(|one| one.clauses().len()).sum();
    let faults: usize = faults().iter().map(|one| one.clauses().len()).sum();
    assert_eq!(count("oracles"), oracles);
    assert_eq!(count("faults"), faults);
    assert_eq!(count("implementation"), implementations().len());
    let levels = ["must", "draft", "practice", "open"];
    let sum: u64 = levels
        .map(|level| all["totals"][level]["clauses"].as_u64().unwrap())
        .iter()
        .sum();
    assert_eq!(all["totals"]["all"]["clauses"].as_u64(), Some(sum));
}

#[test]
fn clauses_and_groups_can_be_chosen() {
    let ids = |words| {
        let document = document(words);
        let clauses = document["clauses"].as_array().unwrap().clone();
        let ids = clauses
            .iter()
            .map(|clause| clause["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&["usr-6", "PNG"]), ["USR-6", "PNG-1"]);
    let group = Clause::all()
        .iter()
        .filter(|clause| clause.group() == "MSG");
    assert_eq!(ids(&["msg"]).len(), group.count());
    let told = call(&["USR-6"]);
    let text = out(&told);
    assert!(
        text.starts_with("USR-6  must, section 7.11, covered\n"),
        "{text}"
    );
    assert!(text.contains("auth/wrong-password"), "{text}");
    assert!(text.contains("any-password (found by "), "{text}");
    assert!(text.contains("src/server/login.rs:"), "{text}");
}

#[test]
fn every_clause_that_a_run_can_fail_for_is_implemented_somewhere() {
    for clause in Clause::all() {
        let mut lines = implementations().iter();
        let is_there = lines.any(|line| line.clause == clause.id);
        assert!(is_there || clause.level == Level::Open, "{}", clause.name);
    }
}

#[test]
fn the_line_below_the_mark_is_meant() {
    for known in implementations() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(known.file);
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let at = known.line as usize - 1;
        assert!(!lines[at].is_empty() && !lines[at].starts_with("//="));
        let mut marks = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("//="));
        let mark = format!("//= {}", known.clause);
        assert!(
            marks.any(|line| *line == mark),
            "{}:{}",
            known.file,
            known.line
        );
    }
}
