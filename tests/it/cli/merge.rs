//! `msnpspec merge`: four shards and one whole run say the same.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Told, call, msnpspec, told, write};

/// Ten scenarios; every third asks for what the server does not do.
fn suite(folder: &Path) {
    for number in 0..10 {
        let dialect = if number % 3 == 0 {
            "MSNP9"
        } else {
            "MSNP2 ..."
        };
        let text = format!(
            "description: a dialect\nclauses: [VER-1, VER-2]\nusers: [alice]\nsteps:\n  \
             - C: VER {{t}} MSNP2 CVR0\n  - S: VER {{t}} {dialect}\n"
        );
        write(folder, &format!("s{number}.yaml"), &text);
    }
}

fn inside(folder: &Path, words: &[&str]) -> Told {
    let mut command = msnpspec();
    command.current_dir(folder).args(words);
    told(command.output().expect("the program starts"))
}

fn forget(value: &mut Value, keys: &[&str]) {
    for key in keys {
        *value.get_mut(key).expect("the key is there") = Value::Null;
    }
}

/// A result without what differs from run to run: times, and the order in which scenarios ended.
fn result(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join(name)).expect("it was written");
    let mut result: Value = serde_json::from_str(&text).expect("it is JSON");
    forget(&mut result, &["ms", "waited", "started"]);
    let causes = result.pointer_mut("/causes").and_then(Value::as_array_mut);
    for cause in causes.expect("a list") {
        forget(cause, &["transcript", "failure"]);
        let names = cause.pointer_mut("/shown_by").and_then(Value::as_array_mut);
        names.expect("a list").sort_by_key(Value::to_string);
    }
    let scenarios = result
        .pointer_mut("/scenarios")
        .and_then(Value::as_array_mut);
    let scenarios = scenarios.expect("a list");
    for scenario in scenarios.iter_mut() {
        forget(scenario, &["ms"]);
        let failures = scenario
            .pointer_mut("/failures")
            .and_then(Value::as_array_mut);
        for failure in failures.expect("a list") {
            forget(failure, &["transcript"]);
        }
    }
    scenarios.sort_by_key(|scenario| scenario["name"].to_string());
    result
}

#[test]
fn four_shards_are_one_run() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let folder = folder.path();
    suite(folder);
    let run = |name: &str, more: &[&str]| {
        let words = ["run", "-f", "s*", "--format", "json", "--output", name];
        inside(folder, &[&words[..], more, &["."]].concat())
    };
    let whole = run("whole.json", &[]);
    assert_eq!(whole.code, Some(1), "{}{}", whole.out, whole.err);
    for shard in 1..=4 {
        run(
            &format!("{shard}.json"),
            &["--shard", &format!("{shard}/4")],
        );
    }
    let files = ["3.json", "1.json", "4.json", "2.json"];
    let output = ["--format", "json", "--output", "merged.json"];
    let told = inside(folder, &[&["merge"], &files[..], &output[..]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains("10 scenarios in "), "{}", told.out);
    let merged = result(folder, "merged.json");
    assert_eq!(merged["totals"]["failed"], 4);
    assert_eq!(merged["causes"][0]["shown_by"].as_array().unwrap().len(), 4);
    assert_eq!(merged, result(folder, "whole.json"));

    let told = inside(folder, &["merge", "2.json", "4.json"]);
    assert!(told.out.contains("missing: shard 1/4, 3/4"), "{}", told.out);
    let told = inside(folder, &["merge", "2.json", "2.json"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("are both shard 2/4"), "{}", told.err);
    let told = inside(folder, &["merge", "s1.yaml"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("s1.yaml:1:1: no result"), "{}", told.err);
}

#[test]
fn four_shards_are_one_campaign() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let folder = folder.path();
    let fuzz = |name: &str, more: &[&str]| {
        let words = [
            "fuzz", "--format", "jsonl", "--cases", "60", "--seed", "5", "--result", name,
        ];
        let fault = ["--fault", "unasked-reply"];
        let told = inside(folder, &[&words[..], &fault[..], more].concat());
        assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    };
    fuzz("whole.json", &[]);
    for shard in 1..=4 {
        fuzz(
            &format!("{shard}.json"),
            &["--shard", &format!("{shard}/4")],
        );
    }
    let files = ["1.json", "2.json", "3.json", "4.json"];
    let told = inside(folder, &[&["merge"], &files[..]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let timeless = |text: &str| {
        let mut result: Value = serde_json::from_str(text).expect("it is JSON");
        forget(&mut result, &["ms"]);
        result
    };
    let whole = fs::read_to_string(folder.join("whole.json")).expect("it was written");
    assert_eq!(timeless(&told.out), timeless(&whole));
    assert_eq!(timeless(&whole)["cases"], 60);

    let told = inside(folder, &["merge", "1.json", "3.json", "4.json"]);
    assert!(told.err.contains("missing: shard 2/4"), "{}", told.err);
}

#[test]
fn the_same_seed_gives_the_same_corpus_on_any_machine() {
    let told = call(&[
        "fuzz", "--format", "jsonl", "--cases", "200", "--seed", "20261123",
    ]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let last = told.out.lines().last().expect("there is an end");
    let last: Value = serde_json::from_str(last).expect("it is JSON");
    let pinned = include_str!("../../data/corpus-hash.txt").trim();
    assert_eq!(
        last["corpus_hash"], pinned,
        "the generator makes other cases, or they take another way: where that is meant, write \
         the new hash to tests/data/corpus-hash.txt"
    );
}
