//! `msnpspec fuzz`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{call, msnpspec, write};
use crate::loopback::free_port;

/// The events that a call has told.
fn events(out: &str) -> Vec<Value> {
    let lines = out.lines().map(serde_json::from_str);
    lines.map(|line| line.expect("a line is JSON")).collect()
}

#[test]
fn a_sound_server_has_no_finding() {
    let told = call(&["fuzz", "--format", "jsonl", "--cases", "40", "--jobs", "2"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let events = events(&told.out);
    let last = events.last().expect("there is an end");
    assert_eq!(
        (&last["event"], &last["cases"]),
        (&"finished".into(), &40.into())
    );
    assert_eq!(last["verdicts"]["passed"], 40);
    let cells = last["cells_unreached"].as_array().expect("it is a list");
    let known = last["cells_known"].as_u64().expect("it is a number");
    assert!(cells.len() as u64 * 10 > known && (cells.len() as u64) < known);
    // Logged in, everybody does that; and nobody sends it to a dispatch server.
    assert!(!cells.contains(&"ns-online CHG".into()), "{cells:?}");
    assert!(cells.contains(&"ds-fresh CAL".into()), "{cells:?}");
    let again = call(&["fuzz", "--format", "jsonl", "--cases", "40"]);
    let hash = |out: &str| {
        self::events(out)
            .pop()
            .map(|last| last["corpus_hash"].clone())
    };
    assert_eq!(hash(&told.out), hash(&again.out));
}

#[test]
fn a_fault_is_found_saved_and_played_again() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().to_str().unwrap();
    let fault = ["--fault", "unasked-reply"];
    let told = call(
        &[
            &["fuzz", "--format", "jsonl", "--cases", "5", "--save", save],
            &fault[..],
        ]
        .concat(),
    );
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let first = events(&told.out).remove(0);
    assert_eq!(first["event"], "finding");
    let file = first["file"].as_str().expect("it is saved");
    assert!(
        std::fs::read_to_string(file)
            .unwrap()
            .contains("# signature: ")
    );
    let told = call(&[&["fuzz", "--replay", save], &fault[..]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains(": still failing"), "{}", told.out);
    let told = call(&["fuzz", "--replay", save]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains(": fixed"), "{}", told.out);
}

#[test]
fn a_corpus_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    let corpus = corpus.to_str().unwrap();
    let told = call(&[
        "fuzz", "--format", "jsonl", "--cases", "10", "--corpus", corpus,
    ]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let kept = std::fs::read_dir(corpus).unwrap().count();
    assert!(kept > 3, "{kept}");
    let told = call(&[
        "fuzz", "--format", "jsonl", "--cases", "1", "--corpus", corpus,
    ]);
    let last = events(&told.out).pop().unwrap();
    assert!(last["children"].as_u64() >= Some(3), "{last}");
}

#[test]
fn wrong_words_are_told() {
    for words in [
        &["fuzz", "--fault", "no-such-fault"][..],
        &["fuzz", "--time", "soon"],
        &["fuzz", "--shard", "3/2"],
        &["fuzz", "--replay", "/no/such/folder"],
        &["fuzz", "--target", "127.0.0.1:1", "--fault", "any-password"],
    ] {
        assert_eq!(call(words).code, Some(2), "{words:?}");
    }
    let told = call(&["list", "mutators"]);
    assert!(told.out.contains("stops-reading\t"), "{}", told.out);
}

/// A target whose server is the bundled one with a fault, started by the harness.
fn launched(folder: &std::path::Path, fault: &str) -> String {
    let port = free_port();
    let text = format!(
        "dispatch: 127.0.0.1:{port}\n\
         account_pattern: {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", to: 12 }}\n\
         launch:\n  command: [\"{}\", serve, --listen, \"127.0.0.1:{port}\", --fault, {fault}]\n\
         disposable: true\n",
        env!("CARGO_BIN_EXE_msnpspec")
    );
    write(folder, "target.yaml", &text)
}

#[test]
fn a_crash_is_found_told_shrunk_and_replayed_and_the_campaign_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let target = launched(folder.path(), "crash-after-six");
    let save = folder.path().join("findings");
    let save = save.to_str().unwrap();
    let told = call(&[
        "fuzz",
        "--format",
        "jsonl",
        "--target",
        &target,
        "--cases",
        "60",
        "--dialect",
        "MSNP2",
        "--save",
        save,
    ]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let events = events(&told.out);
    let of = |kind: &str| events.iter().find(|event| event["event"] == kind).unwrap();
    let finding = of("finding");
    assert_eq!(
        (&finding["clause"], &finding["verdict"], &finding["got"]),
        (
            &"LIVE-1".into(),
            &"death".into(),
            &"the server was ended by signal 6 (SIGABRT)".into()
        )
    );
    let words = "the server wrote: error: a planted fault ends the process";
    let transcript = finding["transcript"].as_array().unwrap();
    assert_eq!(transcript.last().unwrap(), words, "{finding}");
    // The server is started again: what comes after the death passes.
    let last = of("finished");
    assert_eq!(last["cases"], 60);
    let number = |value: &Value| value.as_u64().unwrap();
    let deaths = number(&last["verdicts"]["death"]);
    assert_eq!(number(&last["verdicts"]["passed"]) + deaths, 60, "{last}");
    let shrunk = of("shrunk");
    assert_eq!(
        (&shrunk["failed"], &shrunk["replays"]),
        (&20.into(), &20.into())
    );
    let file = std::fs::read_to_string(shrunk["file"].as_str().unwrap()).unwrap();
    assert!(file.contains(&format!("# {words}\n")), "{file}");
    let said = file.lines().filter(|line| line.contains(" C: "));
    // The login stands in the fixture, or in steps where these are fewer.
    let said: Vec<&str> = said
        .filter_map(|line| line.split(" C: ").nth(1)?.get(..3))
        .filter(|verb| !["VER", "INF", "USR"].contains(verb))
        .collect();
    assert_eq!(said.last(), Some(&"CHG"), "{file}");
    assert!(said.len() <= 6, "{file}");
    if cfg!(target_os = "linux") {
        let server = of("server");
        assert!(number(&server["memory"]["first"]) > 1 << 20, "{server}");
        assert!(number(&server["files"]["peak"]) > 5, "{server}");
    }
    let told = call(&["fuzz", "--target", &target, "--replay", save]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains(": still failing"), "{}", told.out);
    let sound = launched(folder.path(), "cvr-short");
    let told = call(&["fuzz", "--target", &sound, "--replay", save]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains(": fixed"), "{}", told.out);
}

#[test]
fn a_panic_of_a_server_that_lives_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let program = env!("CARGO_BIN_EXE_msnpspec");
    let text = format!(
        "dispatch: 127.0.0.1:{port}\n\
         account_pattern: {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", to: 12 }}\n\
         launch:\n  command: [/bin/sh, -c, \"echo thread x panicked at x.rs >&2; \
         echo no such contact >&2; exec {program} serve --listen 127.0.0.1:{port}\"]\n\
         disposable: true\n"
    );
    let target = write(folder.path(), "target.yaml", &text);
    let told = call(&[
        "fuzz", "--format", "jsonl", "--target", &target, "--cases", "2",
    ]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let finding = events(&told.out).remove(0);
    assert_eq!(finding["verdict"], "death", "{finding}");
    assert_eq!(
        finding["got"],
        "the server wrote `thread x panicked at x.rs`"
    );
    assert_eq!(finding["signature"], "live-1_process_other_no-such-contact");
}

#[test]
fn where_nothing_can_be_written_nothing_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "file", "");
    for option in ["--save", "--corpus", "--result"] {
        let inside = format!("{file}/inside/x");
        let told = call(&["fuzz", "--format", "jsonl", "--cases", "2", option, &inside]);
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{option}");
        assert!(told.err.contains("cannot make"), "{}", told.err);
    }
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let told = call(&["fuzz", "--replay", empty.to_str().unwrap()]);
    assert_eq!(told.code, Some(4));
    assert!(told.err.contains("no finding in"), "{}", told.err);
}

#[test]
fn where_there_is_nothing_to_play_it_is_said() {
    for words in [&["--cases", "0"][..], &["--cases", "2", "--shard", "4/4"]] {
        let told = call(&[&["fuzz"], words].concat());
        assert_eq!(told.code, Some(4), "{words:?}: {}", told.err);
        assert!(told.err.contains("no case was to be played"), "{words:?}");
    }
}

#[test]
fn a_folder_with_what_is_no_finding_is_played_as_far_as_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    write(folder.path(), "readme.txt", "no scenario: [");
    let sound = "description: x\nclauses: [VER-1]\nusers: [alice]\nsteps:\n  \
                 - C: VER 1 MSNP2 CVR0\n  - S: VER 1 MSNP2 ...\n";
    write(folder.path(), "sound.yaml", sound);
    let told = call(&["fuzz", "--replay", path]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains("sound.yaml: fixed"), "{}", told.out);
    write(folder.path(), "torn.yaml", "steps: [");
    let told = call(&["fuzz", "--replay", path]);
    assert_eq!(told.code, Some(2), "{}{}", told.out, told.err);
    assert!(told.err.contains("torn.yaml:1:"), "{}", told.err);
}

#[cfg(unix)]
#[test]
fn who_interrupts_it_keeps_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().to_str().unwrap();
    let mut command = msnpspec();
    command.args([
        "fuzz",
        "--format",
        "jsonl",
        "--cases",
        "100000000",
        "--save",
        save,
    ]);
    command.args(["--fault", "unasked-reply"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let pid = child.id().to_string();
    let interrupted = Command::new("kill").args(["-INT", &pid]).status();
    assert!(interrupted.unwrap().success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let mut err = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{err}");
    assert!(err.contains("interrupted"), "{err}");
    let last = events(&rest).pop().expect("there is an end");
    assert_eq!(last["event"], "finished");
    let found = events(&(first + &rest));
    let found = found.iter().filter(|event| event["event"] == "finding");
    let saved = std::fs::read_dir(save).unwrap().count();
    assert_eq!((saved, &last["findings"]), (found.count(), &saved.into()));
}

#[test]
fn people_read_it_in_a_pipe_too() {
    let told = call(&["fuzz", "--cases", "5", "--fault", "unasked-reply"]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let first = told.out.lines().next().expect("something is told");
    assert!(
        first.starts_with("fuzzing builtin in MSNP7: seed 1, "),
        "{first}"
    );
    assert!(told.out.contains(" in case "), "{}", told.out);
    assert!(told.out.contains("5 cases, "), "{}", told.out);
    assert!(told.out.contains(" were not reached: "), "{}", told.out);
}

#[test]
fn the_time_is_a_deadline_for_everything() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().to_str().unwrap();
    let begun = msnpspec::net::now();
    let words = ["fuzz", "--time", "2s", "--save", save];
    let told = call(&[&words[..], &["--fault", "unasked-reply"]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    // A debug build of a busy machine may need a moment to end what it began.
    assert!(begun.elapsed() < std::time::Duration::from_secs(12));
}

#[test]
fn each_dialect_has_its_share_and_a_finding_keeps_its_own() {
    let told = call(&[
        "fuzz",
        "--format",
        "jsonl",
        "--cases",
        "8",
        "--dialect",
        "all",
    ]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let ended = told
        .out
        .lines()
        .filter(|line| line.contains("\"finished\""));
    let told: Vec<String> = ended
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} {}", line["dialect"].as_str().unwrap(), line["cases"])
        })
        .collect();
    let shares = [
        "MSNP2 2", "MSNP3 2", "MSNP4 1", "MSNP5 1", "MSNP6 1", "MSNP7 1",
    ];
    assert_eq!(told, shares);
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().to_str().unwrap();
    let fault = ["--fault", "trid-off-by-one"];
    let told = call(
        &[
            &["fuzz", "--dialect", "MSNP4", "--cases", "5", "--save", save],
            &fault[..],
        ]
        .concat(),
    );
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let files = std::fs::read_dir(folder.path()).unwrap();
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(text.contains("dialects: [MSNP4]"), "{text}");
        assert!(text.contains("fuzz --dialect MSNP4"), "{text}");
    }
    let told = call(&[&["fuzz", "--replay", save], &fault[..]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains("still failing"), "{}", told.out);
    let told = call(&["fuzz", "--dialect", "all", "--result", "x.json"]);
    assert_eq!(told.code, Some(2), "{}", told.err);
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_told_is_no_success() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = msnpspec();
    command.args(["fuzz", "--cases", "20"]);
    command
        .stdout(full.expect("Linux has it"))
        .stderr(Stdio::piped());
    let ended = super::told(command.output().expect("the program starts"));
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    let told = ended.err.matches("cannot write to standard output").count();
    assert_eq!(told, 1, "{}", ended.err);
}

#[test]
fn a_campaign_that_is_killed_leaves_what_it_had() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let (corpus, result) = (folder.path().join("corpus"), folder.path().join("r.json"));
    let mut command = msnpspec();
    command.args(["fuzz", "--cases", "1000000", "--jobs", "1", "--corpus"]);
    command.arg(&corpus).arg("--result").arg(&result);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn().expect("the program starts");
    let begun = msnpspec::net::now();
    while !result.exists() && begun.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::yield_now();
    }
    running.kill().expect("it runs");
    running.wait().expect("it has ended");
    let text = std::fs::read_to_string(&result).expect("it was written");
    let result: Value = serde_json::from_str(&text).expect("it is whole");
    assert!(result["cases"].as_u64() > Some(0), "{text}");
    let cases = std::fs::read_dir(&corpus).expect("it was made").count();
    assert!(cases > 0);
}
