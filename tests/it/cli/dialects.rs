//! In which dialects `msnpspec run` tests a server, and how that is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use serde_json::Value;

use super::{Serving, Told, call, msnpspec, told, write};

/// What runs say that a server of these options is tested in.
fn against(serving: &Serving, words: &[&str]) -> Told {
    let account = |n: u32| {
        let account = format!("user{n}@hotmail.com:pw{n}");
        ["--account".to_owned(), account]
    };
    let mut command = msnpspec();
    command.args(["run", "--target", &serving.dispatch]);
    command.args((1..=4).flat_map(account)).args(words);
    told(command.output().expect("the program starts"))
}

fn json(told: &Told) -> Value {
    serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{}{}", told.out, told.err))
}

fn in_folder(folder: &Path, words: &[&str]) -> Told {
    let mut command = msnpspec();
    command.current_dir(folder).args(words);
    told(command.output().expect("the program starts"))
}

const JSON: [&str; 2] = ["--format", "json"];

#[test]
fn what_is_tested_is_the_highest_dialect_that_both_speak() {
    let told = call(&["run", "-f", "lists/add", "--format", "json"]);
    assert_eq!(json(&told)["dialects"], serde_json::json!(["MSNP9"]));
    for (spoken, tested) in [("MSNP3-MSNP5", "MSNP5"), ("MSNP2", "MSNP2")] {
        let serving = Serving::start(&["--dialects", spoken]);
        let told = against(&serving, &[&["-f", "lists/add"], &JSON[..]].concat());
        assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
        let document = json(&told);
        assert_eq!(document["dialects"], serde_json::json!([tested]));
        assert_eq!(document["scenarios"][0]["dialect"], tested);
    }
}

#[test]
fn what_was_chosen_is_tested_in_the_highest_dialect_that_it_is_for() {
    let tested = |filter: &str| {
        let told = call(&["run", "-f", filter, "--format", "json"]);
        json(&told)["dialects"].clone()
    };
    assert_eq!(tested("phones/kept"), serde_json::json!(["MSNP9"]));
    let old = call(&["run", "-f", "phones/kept", "--dialect", "MSNP2"]);
    assert_eq!(old.code, Some(4), "{}", old.err);
    let why = "what was chosen is not for MSNP2 but for MSNP5";
    assert!(old.out.contains(why), "{}", old.out);
    let told = call(&["run", "-f", "phones/kept", "--dialect", "MSNP5"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains("builtin, MSNP5"), "{}", told.out);
    let serving = Serving::start(&["--dialects", "MSNP2-MSNP4"]);
    let told = against(&serving, &["-f", "phones/kept"]);
    assert_eq!(told.code, Some(4), "{}{}", told.out, told.err);
    assert!(told.out.contains("is not for MSNP4 but for MSNP5"));
}

#[test]
fn a_file_that_names_its_dialect_is_played_in_it() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let head = "clauses: [VER-1]\nusers: [alice]\nsteps:\n";
    let own =
        format!("description: x\n{head}  - C: VER {{t}} MSNP2 CVR0\n  - S: VER {{t}} MSNP2 ...\n");
    write(folder.path(), "own.yaml", &own);
    let any = format!(
        "description: x\n{head}  - C: VER {{t}} {{dialect}} CVR0\n  - S: VER {{t}} {{dialect}} ...\n"
    );
    write(folder.path(), "any.yaml", &any);
    write(
        folder.path(),
        "some.yaml",
        &format!("dialects: [MSNP4, MSNP5]\n{any}"),
    );
    let told = in_folder(folder.path(), &["run", ".", "--format", "json"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let document = json(&told);
    let scenarios = document["scenarios"].as_array().expect("a list");
    let played = scenarios.iter().map(|it| (&it["name"], &it["dialect"]));
    let mut played: Vec<String> = played.map(|(name, it)| format!("{name} {it}")).collect();
    played.sort();
    assert_eq!(
        played,
        [r#""any" "MSNP9""#, r#""own" "MSNP2""#, r#""some" "MSNP5""#]
    );
    let told = in_folder(folder.path(), &["run", "own.yaml", "--dialect", "MSNP7"]);
    assert!(told.out.contains("skipped 1 scenario"), "{}", told.out);
}

#[test]
fn a_dialect_that_the_server_does_not_agree_to_is_told_with_those_that_it_does() {
    let serving = Serving::start(&["--dialects", "MSNP2-MSNP4"]);
    let told = against(&serving, &["--dialect", "MSNP6", "-f", "lists/add"]);
    assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);
    let why = "the server does not agree to MSNP6, but to MSNP2 to MSNP4: to an offer of MSNP6 the \
               server answers `VER ";
    assert!(told.out.contains(why), "{}", told.out);
    assert!(
        !told.out.contains("VER-"),
        "no clause is broken: {}",
        told.out
    );
}

/// A server that gives each line of a client this answer, its TrID put in.
fn answering(answer: &'static str) -> String {
    #[expect(
        clippy::disallowed_types,
        reason = "a server that speaks none of our dialects"
    )]
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has one").to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().take(64) {
            let mut client = client.expect("it connects");
            let mut line = String::new();
            let mut reader = BufReader::new(client.try_clone().expect("it is cloned"));
            while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
                let trid = line.split(' ').nth(1).unwrap_or("0").to_owned();
                let answer = answer.replace("{t}", trid.trim());
                if client.write_all(answer.as_bytes()).is_err() {
                    break;
                }
                line.clear();
            }
        }
    });
    address
}

#[test]
fn a_server_that_shares_no_dialect_is_told_so_in_a_sentence() {
    let target = answering("VER {t} 0\r\n");
    for words in [&[][..], &["--dialect", "all"]] {
        let own = ["run", "--account", "a@hotmail.com:pw", "--target", &target];
        let told = call(&[&own, words].concat());
        assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);
        let why = "no dialect in common: to an offer of MSNP9, MSNP8, MSNP7, MSNP6, MSNP5, MSNP4, \
                   MSNP3 and MSNP2 the server answers `VER 1 0`";
        assert!(told.out.contains(why), "{}", told.out);
        assert!(!told.out.contains("VER-2"), "{}", told.out);
    }
}

#[test]
fn a_server_that_answers_something_else_is_judged_in_the_first_dialect() {
    let target = answering("XYZ {t}\r\n");
    let words = ["run", "--account", "a@hotmail.com:pw", "--target", &target];
    let told = call(&[&words[..], &["-f", "version", "--timeout", "1"]].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains(", MSNP2, level must"), "{}", told.out);
    assert!(told.out.contains("VER"), "{}", told.out);
}

#[test]
fn words_that_name_no_dialect_that_is_judged() {
    let of = |word: &str| call(&["run", "--dialect", word]);
    let later = of("MSNP10");
    assert_eq!(later.code, Some(2));
    let text = "MSNP10 is not judged yet: MSNP2 to MSNP9 are";
    assert!(later.err.contains(text), "{}", later.err);
    assert!(of("msnp18").err.contains("MSNP18 is not judged yet"));
    for (word, near) in [("MSMP3", "MSNP3"), ("al", "all"), ("MSNP1", "MSNP")] {
        let told = of(word);
        assert_eq!(told.code, Some(2), "{word}");
        let tip = format!("value exists: '{near}");
        let some = format!("values exist: '{near}");
        assert!(
            told.err.contains(&tip) || told.err.contains(&some),
            "{}",
            told.err
        );
    }
}

#[test]
fn all_dialects_stand_side_by_side_in_one_report() {
    let serving = Serving::start(&["--dialects", "MSNP4-MSNP6", "--fault", "phones-forgotten"]);
    let words = [
        "--dialect",
        "all",
        "-f",
        "phones/kept or lists/add or CHG-1",
    ];
    let told = against(&serving, &[&words[..], &JSON].concat());
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let document = json(&told);
    let names = ["MSNP4", "MSNP5", "MSNP6"];
    assert_eq!(document["dialects"], serde_json::json!(names));
    let rows = document["by_dialect"].as_array().expect("a list");
    for (row, name) in rows.iter().zip(names) {
        assert_eq!(row["dialect"], *name);
        let scenarios = document["scenarios"].as_array().expect("a list");
        let own = scenarios.iter().filter(|it| it["dialect"] == *name);
        assert_eq!(row["scenarios"], own.count());
        let is_broken = row["totals"]["failed"].as_u64() > Some(0);
        assert_eq!(is_broken, name != "MSNP4", "{row}");
    }
    let causes = document["causes"].as_array().expect("a list");
    assert_eq!(causes.len(), 1, "one thing is wrong, once: {causes:?}");
    let shown = causes[0]["dialects"].as_object().expect("a map");
    assert_eq!(shown.keys().collect::<Vec<_>>(), ["MSNP5", "MSNP6"]);
    let notices = document["notices"][0]["text"].as_str().expect("a text");
    assert_eq!(
        notices,
        "not judged in MSNP2, MSNP3, MSNP7, MSNP8 and MSNP9: the server agrees to MSNP4 to MSNP6, \
         and without `ticket:` in a target file nobody logs in after MSNP7"
    );
    let of = |dialect: &str, clause: &Value| {
        let clauses = document["clauses"].as_array().expect("a list");
        let own = clauses
            .iter()
            .find(|it| it["id"] == *clause && it["dialect"] == dialect);
        own.map(|it| it["verdict"].clone())
    };
    let clause = &causes[0]["clause"];
    assert_eq!(of("MSNP6", clause), Some("failed".into()), "{clause}");
    assert_ne!(of("MSNP4", clause), Some("failed".into()), "{clause}");
}

#[test]
fn what_is_waived_in_one_dialect_is_not_stale_in_another() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let serving = Serving::start(&["--dialects", "MSNP4-MSNP6", "--fault", "phones-forgotten"]);
    let target = format!(
        "name: t\ndispatch: {}\ndisposable: true\naccount_pattern: {{ handle: \
         \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", from: 1, to: 9 }}\n",
        serving.dispatch
    );
    write(folder.path(), "t.yaml", &target);
    let filter = "phones/kept or lists/add or CHG-1";
    let run = |target: &str, more: &[&str]| {
        let words = ["run", "--target", target, "-f", filter];
        in_folder(folder.path(), &[&words[..], more].concat())
    };
    let told = run("t.yaml", &["--dialect", "all", "--bless", "w.yaml"]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let waivers = std::fs::read_to_string(folder.path().join("w.yaml")).expect("it was written");
    assert!(waivers.contains("dialects: [MSNP5, MSNP6]"), "{waivers}");
    write(folder.path(), "k.yaml", &format!("{target}{waivers}"));
    for dialect in ["all", "MSNP4", "MSNP5", "MSNP6"] {
        let told = run("k.yaml", &["--dialect", dialect]);
        assert_eq!(told.code, Some(0), "{dialect}: {}{}", told.out, told.err);
    }
    // Nobody has seen it in MSNP6, where it is for MSNP5 alone.
    let only = waivers.replace("[MSNP5, MSNP6]", "[MSNP5]");
    write(folder.path(), "k.yaml", &format!("{target}{only}"));
    assert_eq!(run("k.yaml", &["--dialect", "MSNP6"]).code, Some(1));
    let wrong = waivers.replace("[MSNP5, MSNP6]", "[MSNP55]");
    write(folder.path(), "k.yaml", &format!("{target}{wrong}"));
    let told = run("k.yaml", &[]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("did you mean `MSNP5`?"), "{}", told.err);
}

#[test]
fn results_of_several_dialects_are_put_together_and_shards_of_different_ones_are_not() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let run = |name: &str, more: &[&str]| {
        let words = ["run", "-f", "lists/add or phones/kept", "--output", name];
        let told = in_folder(
            folder.path(),
            &[&words[..3], &JSON, &words[3..], more].concat(),
        );
        assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    };
    run("all.json", &["--dialect", "all"]);
    run("1.json", &["--dialect", "all", "--shard", "1/2"]);
    run("2.json", &["--dialect", "all", "--shard", "2/2"]);
    run("old.json", &["--dialect", "MSNP2", "--shard", "1/2"]);
    run("a.json", &["--dialect", "MSNP2"]);
    run("b.json", &["--dialect", "MSNP7"]);
    let merge = |files: &[&str]| in_folder(folder.path(), &[&["merge"], files, &JSON].concat());
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("it was written");
        serde_json::from_str(&text).expect("it is JSON")
    };
    let (merged, whole) = (json(&merge(&["2.json", "1.json"])), read("all.json"));
    for key in ["dialects", "totals", "conclusion", "clauses"] {
        assert_eq!(merged[key], whole[key], "{key}");
    }
    let counts = |document: &Value| {
        let rows = document["by_dialect"].as_array().expect("a list").clone();
        rows.into_iter()
            .map(|row| row["totals"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(&merged), counts(&whole));
    let told = merge(&["1.json", "old.json"]);
    assert_eq!(told.code, Some(2), "{}", told.out);
    assert!(told.err.contains("their dialect differs"), "{}", told.err);
    let both = json(&merge(&["a.json", "b.json"]));
    assert_eq!(both["dialects"], serde_json::json!(["MSNP2", "MSNP7"]));
    let told = merge(&["a.json", "all.json"]);
    assert!(told.err.contains("both have the scenario"), "{}", told.err);
}
