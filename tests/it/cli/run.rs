//! `msnpspec run` as its users meet it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::{Told, call, msnpspec, told, write};

/// Holds against the bundled server.
const PASSES: &str = "description: the dialect is agreed on\nclauses: [VER-1]\nusers: [alice]\n\
                      steps:\n  - C: VER {t} MSNP2 CVR0\n  - S: VER {t} MSNP2 ...\n";
/// Does not.
const FAILS: &str = "description: a dialect of its own\nclauses: [VER-1]\nusers: [alice]\n\
                     steps:\n  - C: VER {t} MSNP2 CVR0\n  - S: VER {t} MSNP9\n";

/// A folder with one scenario that passes and one that fails.
fn suite() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    write(folder.path(), "passes.yaml", PASSES);
    write(folder.path(), "fails.yaml", FAILS);
    folder
}

/// Runs in the folder.
fn run(folder: &Path, words: &[&str]) -> Told {
    let mut command = msnpspec();
    command.current_dir(folder).arg("run").args(words);
    told(command.output().expect("the program starts"))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("a JSON document")
}

#[test]
fn nothing_broken_exits_0_and_conforms_only_where_all_was_tested() {
    let folder = suite();
    let told = run(folder.path(), &["passes.yaml"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(
        told.out
            .contains("builtin: nothing broken at level must; 142 clauses of it were not tested"),
        "one file says nothing of the rest: {}",
        told.out
    );
    assert!(!told.out.contains("conforms"), "{}", told.out);
    assert_eq!(told.err, "");
    let told = run(folder.path(), &["passes.yaml", "--require-complete"]);
    assert_eq!(told.code, Some(1), "{}", told.out);
}

#[test]
fn a_failure_exits_1_with_its_proof_and_the_next_step() {
    let folder = suite();
    let told = run(folder.path(), &["."]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    for part in [
        "1. VER-1 (must): VER",
        "fails.yaml:6:5",
        "expected  VER 1 MSNP9",
        "     got  VER 1 MSNP2",
        "| alice C: VER 1 MSNP2 CVR0",
        "builtin breaks 1 clause at level must: VER-1",
        "msnpspec explain VER-1",
        "msnpspec run . -f fails",
    ] {
        assert!(told.out.contains(part), "{part} in:\n{}", told.out);
    }
    assert!(!told.out.contains('\x1b'));
    assert!(!told.out.contains("FAIL"), "{}", told.out);
    let told = run(folder.path(), &[".", "--full"]);
    for part in [
        "    FAILED [",
        "  - S: VER {t} MSNP9",
        "clause  VER-1 (must",
    ] {
        assert!(told.out.contains(part), "{part} in:\n{}", told.out);
    }
}

#[test]
fn bad_files_exit_2_before_anything_runs() {
    let folder = suite();
    write(
        folder.path(),
        "bad.yaml",
        "description: x\nsteps: [{ C: PNG, q: 1 }]\n",
    );
    let report = folder.path().join("r.json");
    let words = [".", "--format", "json", "--output", "r.json"];
    let told = run(folder.path(), &words);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("bad.yaml:"), "{}", told.err);
    assert!(told.out.is_empty() && !report.exists());
    let text = "name: x\ndispach: 127.0.0.1:1\naccounts:\n  \
                - { handle: a@hotmail.com, password: topsecret, nmae: A }\n";
    write(folder.path(), "target.yaml", text);
    let told = run(folder.path(), &["--target", "target.yaml"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("target.yaml:2:1") && told.err.contains("dispatch"));
    assert!(
        told.err.contains("target.yaml:4:"),
        "all mistakes are told: {}",
        told.err
    );
    assert!(!told.err.contains("topsecret"), "{}", told.err);
    let mine = "dispatch: 127.0.0.1:1\naccounts: [{ handle: a@b, password: topsecret }]\n";
    fs::write(folder.path().join("mine.yaml"), mine).unwrap();
    for words in [
        &["--target", "nope.yaml"][..],
        &["--target", "a b"],
        &["--target", "127.0.0.1:1", "--account", "topsecret"],
        &["--account", "a@b:topsecret"],
        &["--target", "192.0.2.1:1863", "--account", "a@b:topsecret"],
        &["no-such-folder"],
        &["--shard", "4/3"],
        &["--timeout", "0"],
        &["--jobs", "0"],
        &["--chunk", "0"],
        &["--filter", "a b"],
        &["--output", "x"],
        &["--format", "tap", "--format", "json"],
        &[
            "passes.yaml",
            "--format",
            "json",
            "--output",
            "no/such/folder/x",
        ],
        &["passes.yaml", "--bless", "no/such/folder/x"],
        &["--target", "mine.yaml", "--bless", "mine.yaml"],
    ] {
        let told = run(folder.path(), words);
        assert_eq!(told.code, Some(2), "{words:?}: {}", told.err);
        assert!(told.err.starts_with("error: "), "{words:?}: {}", told.err);
        assert!(!told.err.contains("topsecret"), "{}", told.err);
    }
    let kept = fs::read_to_string(folder.path().join("mine.yaml")).unwrap();
    assert_eq!(kept, mine);
}

#[test]
fn a_target_that_cannot_be_reached_exits_3_and_the_reports_are_there() {
    let folder = suite();
    #[expect(clippy::disallowed_types, reason = "a port that nobody listens on")]
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let target = port.to_string();
    let words = [
        "--target",
        &target,
        "--account",
        "a@hotmail.com:topsecret",
        "--format",
        "human",
        "--format",
        "junit",
        "--output",
        "r.xml",
        "--format",
        "json",
        "--output",
        "r.json",
    ];
    let told = run(folder.path(), &words);
    assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);
    assert!(told.out.contains("refused"), "{}", told.out);
    let report = fs::read_to_string(folder.path().join("r.json")).unwrap();
    assert!(json(&report)["aborted"].is_string());
    let junit = fs::read_to_string(folder.path().join("r.xml")).unwrap();
    assert!(
        junit.ends_with("</testsuites>\n") && junit.contains("refused"),
        "{junit}"
    );
    for text in [&told.out, &told.err, &report, &junit] {
        assert!(!text.contains("topsecret"));
    }
}

#[test]
fn a_filter_or_shard_that_leaves_nothing_exits_4() {
    let folder = suite();
    let told = run(folder.path(), &[".", "-f", "fials", "--format", "json"]);
    assert_eq!(told.code, Some(4));
    assert!(told.err.contains("did you mean `fails`?"), "{}", told.err);
    assert_eq!(json(&told.out)["totals"]["passed"], 0);
    assert_eq!(run(folder.path(), &[".", "--shard", "3/3"]).code, Some(4));
    assert_eq!(
        run(folder.path(), &[".", "-f", "nothere", "--list"]).code,
        Some(4)
    );
}

#[test]
fn formats_and_outputs_go_in_pairs() {
    let folder = suite();
    let words = [
        ".", "--format", "tap", "--format", "junit", "--output", "r.xml", "--format", "jsonl",
        "--output", "r.jsonl", "--report", "r.html",
    ];
    let told = run(folder.path(), &words);
    assert_eq!(told.code, Some(1));
    assert!(told.out.starts_with("TAP version 14\n") && told.out.ends_with("\n1..2\n"));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("r.xml").contains("<testsuites"));
    assert!(read("r.html").contains("VER-1"));
    let lines = read("r.jsonl");
    let last = lines.lines().last().unwrap();
    assert_eq!(json(last)["event"], "finished");
}

#[test]
fn the_json_document_is_the_contracts() {
    let folder = suite();
    let told = run(
        folder.path(),
        &["fails.yaml", "--format", "json", "--seed", "7"],
    );
    let document = json(&told.out);
    assert_eq!(document["version"], 2);
    assert_eq!(document["target"], "builtin");
    assert_eq!(document["level"], "must");
    assert_eq!(document["seed"], 7);
    let totals = serde_json::json!({
        "passed": 0, "failed": 1, "blocked": 0, "inconclusive": 0, "skipped": 0, "waived": 0, "flaky": 0
    });
    assert_eq!(document["totals"], totals);
    let scenario = &document["scenarios"][0];
    assert_eq!(scenario["name"], "fails");
    assert_eq!(scenario["verdict"], "failed");
    assert_eq!(scenario["dialect"], "MSNP2");
    assert_eq!(document["dialects"], serde_json::json!(["MSNP2"]));
    assert_eq!(document["msnpspec"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["started"].as_str().unwrap().len(), 20);
    assert_eq!(document["ladder"][0]["rung"], "connect");
    let cause = &document["causes"][0];
    assert_eq!(
        (&cause["id"], &cause["clause"]),
        (&scenario["cause"], &"VER-1".into())
    );
    assert_eq!(cause["shown_by"], serde_json::json!(["fails"]));
    assert!(cause["title"].as_str().unwrap().starts_with("VER"));
    assert!(!cause["transcript"].as_array().unwrap().is_empty());
    assert_eq!(scenario["clauses"], serde_json::json!(["VER-1"]));
    assert!(scenario["ms"].is_u64());
    let failure = &scenario["failures"][0];
    for (key, value) in [("clause", "VER-1"), ("level", "must"), ("judge", "step")] {
        assert_eq!(failure[key], value);
    }
    assert_eq!(
        (&failure["line"], &failure["column"]),
        (&6.into(), &5.into())
    );
    assert!(failure["file"].as_str().unwrap().ends_with("fails.yaml"));
    assert!(
        failure["transcript"]
            .as_array()
            .is_some_and(|lines| !lines.is_empty())
    );
    let clauses = document["clauses"].as_array().unwrap();
    let dialect = msnpspec::protocol::Dialect::first();
    let own = msnpspec::protocol::Clause::all().iter();
    let own = own.filter(|clause| clause.holds_in(dialect));
    assert_eq!(clauses.len(), own.count());
    let broken = clauses
        .iter()
        .find(|clause| clause["id"] == "VER-1")
        .unwrap();
    assert_eq!(
        (&broken["level"], &broken["verdict"]),
        (&"must".into(), &"failed".into())
    );
    assert_eq!(
        (&broken["cause"], &broken["dialect"]),
        (&scenario["cause"], &"MSNP2".into())
    );
    let left_out = clauses
        .iter()
        .find(|clause| clause["id"] == "VER-2")
        .unwrap();
    assert_eq!(left_out["why"]["kind"], "left-out");
}

#[test]
fn transcripts_hold_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let told = run(
        folder.path(),
        &[
            "-f",
            "auth",
            "--dialect",
            "MSNP7",
            "--transcripts",
            "wire",
            "--format",
            "json",
            "--output",
            "r.json",
        ],
    );
    assert!(matches!(told.code, Some(0 | 1)), "{}", told.err);
    let file = folder.path().join("wire/auth/wrong-password.txt");
    let transcript = fs::read_to_string(file).unwrap();
    assert!(transcript.contains(" C: VER "), "{transcript}");
    assert!(transcript.contains(" S: 911 "), "{transcript}");
    let mut files = vec![
        folder.path().join("wire/auth"),
        folder.path().join("r.json"),
    ];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        seen += 1;
        let text = fs::read_to_string(&path).unwrap();
        let words = text.split(|char: char| !char.is_ascii_alphanumeric());
        let secret = |word: &&str| {
            word.strip_prefix("pw")
                .is_some_and(|n| n.parse::<u32>().is_ok_and(|n| n <= 64))
        };
        assert_eq!(
            words.filter(secret).count(),
            0,
            "{}: {text}",
            path.display()
        );
    }
    assert!(seen > 5);
}

#[test]
fn what_would_run_is_told_without_a_connection() {
    let folder = suite();
    let told = run(folder.path(), &[".", "--list"]);
    assert_eq!(told.code, Some(0));
    assert_eq!(
        told.out
            .lines()
            .map(|line| line.split('\t').next().unwrap())
            .collect::<Vec<_>>(),
        ["fails", "passes"]
    );
    let words = [
        ".",
        "--dry-run",
        "--target",
        "127.0.0.1:9",
        "--account",
        "a@b:topsecret",
    ];
    let told = run(folder.path(), &words);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(
        told.out
            .contains("would run 2 of 2 scenarios against 127.0.0.1:9")
    );
    assert!(!told.out.contains("topsecret"));
    let parts =
        ["1/2", "2/2"].map(|shard| run(folder.path(), &[".", "--list", "--shard", shard]).out);
    assert_eq!(parts.map(|part| part.lines().count()), [1, 1]);
}

#[test]
fn blessed_failures_are_waived_and_stale_waivers_fail() {
    let folder = suite();
    let told = run(folder.path(), &[".", "--bless", "waivers.yaml"]);
    assert_eq!(told.code, Some(1));
    let waivers = fs::read_to_string(folder.path().join("waivers.yaml")).unwrap();
    let serving = super::Serving::start(&[]);
    let target = |waivers: &str| {
        format!(
            "name: mine\ndispatch: {}\ndisposable: true\naccount_pattern:\n  \
             {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", from: 1, to: 9 }}\n{waivers}",
            serving.dispatch
        )
    };
    assert!(
        waivers.contains("- { match: VER-1, breach: \"VER: word 3 differs\""),
        "{waivers}"
    );
    let with_reason = waivers.replace("reason: \"\"", "reason: \"issue 12\"");
    write(folder.path(), "target.yaml", &target(&with_reason));
    let told = run(
        folder.path(),
        &["fails.yaml", "passes.yaml", "--target", "target.yaml"],
    );
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains("waived fails: issue 12"), "{}", told.out);
    assert!(
        told.out.contains("but what is waived: VER-1"),
        "{}",
        told.out
    );
    let stale = "waivers: [{ match: passes, reason: issue 12 }]\n";
    write(folder.path(), "target.yaml", &target(stale));
    let told = run(folder.path(), &["passes.yaml", "--target", "target.yaml"]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains("no longer fails"), "{}", told.out);
}

#[test]
fn what_failed_is_verified_and_told_with_how_often() {
    let folder = suite();
    let told = run(folder.path(), &[".", "--verify", "3", "--format", "json"]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    let report = json(&told.out);
    let plays = |name: &str| {
        let scenarios = report["scenarios"].as_array().unwrap().iter();
        let mut named = scenarios.filter(|scenario| scenario["name"] == name);
        named.next().unwrap()["plays"].clone()
    };
    assert_eq!(plays("fails"), serde_json::json!({ "of": 3, "failed": 3 }));
    assert!(plays("passes").is_null());
    let told = run(folder.path(), &[".", "--verify", "3"]);
    let line = "it failed in 3 of 3 further plays";
    assert!(told.out.contains(line), "{}", told.out);
}

#[test]
fn the_environment_names_the_target() {
    let mut command = msnpspec();
    command
        .env("MSNPSPEC_TARGET", "127.0.0.1:9")
        .args(["run", "--dry-run", "-f", "auth"]);
    let told = told(command.output().unwrap());
    assert!(told.out.contains("against 127.0.0.1:9"), "{}", told.out);
}

#[test]
fn chunks_of_one_byte_change_nothing() {
    let folder = suite();
    let told = run(folder.path(), &["passes.yaml", "--chunk", "1"]);
    assert_eq!(told.code, Some(0), "{}", told.out);
}

#[test]
fn a_closed_standard_output_ends_quietly_and_files_are_whole() {
    let folder = suite();
    let mut command = msnpspec();
    let words = [
        "run", ".", "--format", "human", "--format", "json", "--output", "r.json",
    ];
    command.current_dir(folder.path()).args(words);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let told = told(child.wait_with_output().unwrap());
    assert_eq!((told.code, told.err.as_str()), (Some(1), ""));
    let report = fs::read_to_string(folder.path().join("r.json")).unwrap();
    assert_eq!(json(&report)["totals"]["failed"], 1);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_still_writes_its_reports_and_keeps_the_waivers_of_before() {
    use std::io::{BufRead as _, BufReader};

    // Before and after anything was told: where no dialect is named, the server is asked for one first.
    let cases = ["-INT", "-TERM", "-HUP"].map(|signal| (signal, Some("MSNP2")));
    for (signal, dialect) in cases.into_iter().chain([("-INT", None)]) {
        let folder = suite();
        #[expect(
            clippy::disallowed_types,
            reason = "a server that accepts and says nothing"
        )]
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = silent.local_addr().unwrap().to_string();
        write(folder.path(), "w.txt", "waivers: [] # of before\n");
        write(folder.path(), "r.json", "of before");
        let mut command = msnpspec();
        let words = "run . --account a@hotmail.com:pw --timeout 600 --format human \
                     --format json --output r.json --bless w.txt --target";
        command
            .current_dir(folder.path())
            .args(words.split_whitespace())
            .arg(&target)
            .args(
                dialect
                    .into_iter()
                    .flat_map(|dialect| ["--dialect", dialect]),
            )
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        if dialect.is_some() {
            out.read_line(&mut first).unwrap();
        }
        let (connection, _) = silent.accept().unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("r.json"), "of before");
        let pid = child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args([signal, &pid])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(3), "{signal}");
        drop(connection);
        assert_eq!(json(&read("r.json"))["aborted"], "interrupted");
        assert_eq!(read("w.txt"), "waivers: [] # of before\n");
    }
}

#[cfg(unix)]
#[test]
fn what_a_launched_server_writes_is_kept_and_its_exceptions_are_told() {
    let folder = suite();
    let port = crate::loopback::free_port();
    let program = env!("CARGO_BIN_EXE_msnpspec");
    let text =
        "Traceback (most recent call last):\\n  File \\\"s.py\\\", line 31, in run\\nKeyError: 7";
    let target = format!(
        "dispatch: 127.0.0.1:{port}\n\
         account_pattern: {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", to: 12 }}\n\
         launch:\n  command: [/bin/sh, -c, \"printf '%b\\\\n' '{text}' >&2; echo I know pw12 well; \
         exec {program} serve --listen 127.0.0.1:{port}\"]\n\
         disposable: true\n"
    );
    std::fs::create_dir(folder.path().join("t")).unwrap();
    write(&folder.path().join("t"), "target.yaml", &target);
    let told = run(
        folder.path(),
        &[
            "passes.yaml",
            "--target",
            "t/target.yaml",
            "--log",
            "server.log",
        ],
    );
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let notice = "warning: the server wrote of an exception, KeyError at s.py:31";
    assert!(told.out.contains(notice), "{}", told.out);
    let log = fs::read_to_string(folder.path().join("server.log")).unwrap();
    for line in ["KeyError: 7\n", "I know [redacted] well\n", "ready\n"] {
        assert!(log.contains(line), "{log}");
    }
    let told = run(folder.path(), &["passes.yaml", "--log", "builtin.log"]);
    assert_eq!(told.code, Some(2), "{}", told.err);
    assert!(!folder.path().join("builtin.log").exists());
}

#[test]
fn a_rerun_by_the_printed_command_works() {
    let folder = suite();
    let told = run(folder.path(), &[".", "--level", "practice"]);
    let again = told
        .out
        .lines()
        .find(|line| line.trim().starts_with("msnpspec run"))
        .unwrap();
    let words: Vec<&str> = again.split_whitespace().skip(2).collect();
    assert!(words.contains(&"practice"), "{again}");
    let told = run(folder.path(), &words);
    assert_eq!(told.code, Some(1));
    assert!(
        told.out.contains("1 scenario against builtin"),
        "{}",
        told.out
    );
    assert_eq!(call(&["explain", "VER-1"]).code, Some(0));
}

#[test]
fn every_word_of_the_reports_is_explained() {
    use msnpspec::event::{ClauseVerdict, Rung, RungState, Verdict};

    let mut words = vec!["must", "draft", "practice", "open", "cause", "conforms"];
    words.extend(Verdict::ALL.map(Verdict::as_str));
    words.extend(ClauseVerdict::ALL.map(ClauseVerdict::as_str));
    words.extend(RungState::ALL.map(RungState::as_str));
    words.extend(Rung::ALL.map(Rung::as_str));
    words.extend(msnpspec::oracle::oracles().iter().map(|it| it.name()));
    for word in words {
        let told = call(&["explain", word]);
        assert_eq!(told.code, Some(0), "{word}: {}", told.err);
        assert!(told.out.starts_with(word), "{word}: {}", told.out);
    }
    let told = call(&["explain", "XFR", "SB"]);
    assert!(told.out.contains("its clauses: SBX-1"), "{}", told.out);
    let told = call(&["explain", "blokced"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("did you mean `blocked`?"), "{}", told.err);
}
