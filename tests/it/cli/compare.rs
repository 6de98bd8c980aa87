//! `msnpspec compare`, `run --baseline`, `--suite` and `--rerun-failed`: what is new, and beside whom.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Serving, Told, msnpspec, told, write};

fn inside(folder: &Path, words: &[&str]) -> Told {
    let mut command = msnpspec();
    command.current_dir(folder).args(words);
    told(command.output().expect("the program starts"))
}

/// A scenario that the built-in server meets, or does not.
fn scenario(folder: &Path, name: &str, clause: &str, dialect: &str) {
    let text = format!(
        "description: a dialect\nclauses: [{clause}]\nusers: [alice]\nsteps:\n  \
         - C: VER {{t}} MSNP2 CVR0\n  - S: VER {{t}} {dialect}\n"
    );
    write(folder, &format!("own/{name}.yaml"), &text);
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    fs::create_dir(folder.path().join("own")).expect("there is room");
    scenario(folder.path(), "a", "VER-1", "MSNP9");
    scenario(folder.path(), "b", "VER-2", "MSNP2 ...");
    folder
}

/// Runs the scenarios and keeps the result.
fn run(folder: &Path, name: &str, more: &[&str]) -> Told {
    let words = ["run", "own", "--format", "json", "--output", name];
    inside(folder, &[&words[..], more].concat())
}

fn read(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join(name)).expect("it was written");
    serde_json::from_str(&text).expect("it is JSON")
}

fn keep(folder: &Path, name: &str, value: &Value) {
    write(folder, name, &value.to_string());
}

#[test]
fn only_what_a_baseline_does_not_know_fails() {
    let folder = folder();
    let folder = folder.path();
    assert_eq!(run(folder, "before.json", &[]).code, Some(1));
    let again = run(folder, "now.json", &["--baseline", "before.json"]);
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    let line = "1 scenario that fails is known from before.json";
    assert!(again.out.contains(line), "{}", again.out);
    assert!(!again.out.contains("mended"), "{}", again.out);
    let now = read(folder, "now.json");
    assert_eq!(
        (&now["totals"]["failed"], &now["totals"]["waived"]),
        (&json!(0), &json!(1))
    );
    // What is waived by a baseline is known to the next one.
    assert_eq!(
        run(folder, "x.json", &["--baseline", "now.json"]).code,
        Some(0)
    );
    // What passed before fails, though it is broken in a way that is known.
    scenario(folder, "b", "VER-1", "MSNP9");
    let worse = run(folder, "x.json", &["--baseline", "before.json"]);
    assert_eq!(worse.code, Some(1), "{}", worse.out);
    let totals = &read(folder, "x.json")["totals"];
    assert_eq!(
        (&totals["failed"], &totals["waived"]),
        (&json!(1), &json!(1))
    );
    // Another way of breaking the same clause is new.
    scenario(folder, "b", "VER-2", "MSNP2 ...");
    write(
        folder,
        "own/a.yaml",
        "description: a dialect\nclauses: [VER-1]\nusers: [alice]\nsteps:\n  - C: VER {t} MSNP2 CVR0\n  - S: closed\n",
    );
    let other = run(folder, "x.json", &["--baseline", "before.json"]);
    assert_eq!(other.code, Some(1), "{}", other.out);
    // What is mended is told.
    scenario(folder, "a", "VER-1", "MSNP2 ...");
    let mended = run(folder, "x.json", &["--baseline", "before.json"]);
    assert_eq!(mended.code, Some(0), "{}", mended.out);
    assert!(
        mended.out.contains("mended since before.json: 1 scenario"),
        "{}",
        mended.out
    );
    assert!(mended.out.contains("VER-1 holds now"), "{}", mended.out);
}

#[test]
fn a_baseline_of_something_else_is_refused_or_told() {
    let folder = folder();
    let folder = folder.path();
    run(folder, "before.json", &[]);
    let practice = run(
        folder,
        "x.json",
        &["--level", "practice", "--baseline", "before.json"],
    );
    assert_eq!(practice.code, Some(2));
    let why =
        "before.json is no baseline of this run: its level is must, and this run's is practice";
    assert!(practice.err.contains(why), "{}", practice.err);
    let mut other = read(folder, "before.json");
    other["target"] = json!("somebody else");
    keep(folder, "other.json", &other);
    let other = run(folder, "x.json", &["--baseline", "other.json"]);
    assert!(
        other.err.contains("its target is somebody else"),
        "{}",
        other.err
    );
    let dialect = run(
        folder,
        "x.json",
        &["--dialect", "MSNP4", "--baseline", "before.json"],
    );
    // Files without `dialects:` are for one: nothing ran.
    assert_eq!(dialect.code, Some(4), "{}", dialect.out);
    let told = "before.json says nothing of MSNP4: everything in that is new";
    assert!(dialect.out.contains(told), "{}", dialect.out);
    write(folder, "bad.json", "{\n \"version\": x");
    let bad = run(folder, "x.json", &["--baseline", "bad.json"]);
    assert_eq!(
        (bad.code, bad.err.contains("bad.json:2:")),
        (Some(2), true),
        "{}",
        bad.err
    );
}

#[test]
fn what_is_newer_than_a_frozen_suite_fails_nothing() {
    let folder = folder();
    let folder = folder.path();
    let newer = run(folder, "x.json", &["--suite", "2026.12"]);
    assert_eq!(newer.code, Some(0), "{}{}", newer.out, newer.err);
    assert!(
        newer.out.contains("newer than suite 2026.12"),
        "{}",
        newer.out
    );
    fs::create_dir(folder.join("own/auth")).expect("there is room");
    // A scenario that the set knows still fails, whatever file it comes from.
    write(
        folder,
        "own/auth/challenge.yaml",
        "description: a dialect\nclauses: [VER-1]\nusers: [alice]\nsteps:\n  - C: VER {t} MSNP2 CVR0\n  - S: VER {t} MSNP9\n",
    );
    let known = run(folder, "x.json", &["--suite", "2026.12"]);
    assert_eq!(known.code, Some(1), "{}", known.out);
    let totals = &read(folder, "x.json")["totals"];
    assert_eq!(
        (&totals["failed"], &totals["waived"]),
        (&json!(1), &json!(1))
    );
    let near = run(folder, "x.json", &["--suite", "2026.11"]);
    assert_eq!(near.code, Some(2));
    assert!(near.err.contains("did you mean `2026.12`?"), "{}", near.err);
}

#[test]
fn what_failed_runs_again_until_it_passes() {
    let folder = folder();
    let folder = folder.path();
    let no_file = run(folder, "x.json", &["--rerun-failed"]);
    assert_eq!(no_file.code, Some(2));
    assert!(
        no_file.err.contains("goes with a target file"),
        "{}",
        no_file.err
    );
    let serving = Serving::start(&[]);
    let text = format!(
        "name: mine\ndispatch: {}\ndisposable: true\naccounts:\n  \
         - {{ handle: user1@hotmail.com, password: pw1 }}\n",
        serving.dispatch
    );
    write(folder, "mine.yaml", &text);
    let again = ["--target", "mine.yaml", "--rerun-failed"];
    let first = run(folder, "x.json", &again);
    assert_eq!(first.code, Some(2));
    assert!(
        first.err.contains("run it once without --rerun-failed"),
        "{}",
        first.err
    );
    let whole = run(folder, "x.json", &["--target", "mine.yaml"]);
    assert_eq!(whole.code, Some(1), "{}{}", whole.out, whole.err);
    let scenarios = |name: &str| {
        let rows = read(folder, name)["scenarios"].clone();
        let rows = rows.as_array().expect("a list").clone();
        rows.iter()
            .map(|row| row["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    run(folder, "x.json", &again);
    assert_eq!(scenarios("x.json"), ["a"]);
    scenario(folder, "a", "VER-1", "MSNP2 ...");
    assert_eq!(run(folder, "x.json", &again).code, Some(0));
    let none = run(folder, "x.json", &again);
    assert_eq!(none.code, Some(4), "{}", none.out);
    assert!(
        none.err.contains("nothing that is chosen failed"),
        "{}",
        none.err
    );
    let kept = fs::read_to_string(folder.join(".msnpspec/mine-failed.json")).expect("it is there");
    assert!(!kept.contains("pw1"), "{kept}");
    // A run of one's own scenarios is no whole result.
    assert!(!folder.join(".msnpspec/mine-last.json").exists());
    drop(serving);
    let gone = inside(folder, &["compare", "mine.yaml", "x.json"]);
    assert_eq!(gone.code, Some(3), "{}{}", gone.out, gone.err);
    assert!(gone.out.contains("not carried to its end"), "{}", gone.out);
}

#[test]
fn servers_stand_side_by_side_and_nothing_of_them_is_markup() {
    let folder = folder();
    let folder = folder.path();
    run(folder, "one.json", &[]);
    let mut two = read(folder, "one.json");
    two["target"] = json!("<script>alert(1)</script>|[x](http://y)\u{1b}[31m");
    for clause in two["clauses"].as_array_mut().expect("a list") {
        if clause["verdict"] == json!("failed") {
            clause["verdict"] = json!("varied");
            clause["seen"] = json!("`|</code><img src=x>\u{202e}");
        }
    }
    keep(folder, "two.json", &two);
    let words = [
        "compare", "one.json", "two.json", "--format", "markdown", "--output", "x.md", "--format",
        "html", "--output", "x.html",
    ];
    let both = inside(folder, &words);
    assert_eq!(both.code, Some(0), "{}", both.err);
    assert!(
        both.out.contains("VER-1     must      failed    varied"),
        "{}",
        both.out
    );
    assert!(!both.out.contains('\u{1b}'), "{}", both.out);
    assert!(both.out.contains("--all lists them"), "{}", both.out);
    let page = fs::read_to_string(folder.join("x.html")).expect("it was written");
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script"),
        "{page}"
    );
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    assert!(!page.contains("src=\"") && !page.contains("http-equiv=\"refresh"));
    let tables = fs::read_to_string(folder.join("x.md")).expect("it was written");
    assert!(
        !tables.contains("<script") && !tables.contains("[x](http"),
        "{tables}"
    );
    let broken = tables
        .lines()
        .filter(|line| line.starts_with("| VER-1 | must | **failed** | varied |"));
    assert_eq!(broken.count(), 1, "{tables}");
    let all = inside(folder, &["compare", "one.json", "two.json", "--all"]);
    assert!(all.out.lines().count() > both.out.lines().count() + 50);
}

#[test]
fn results_of_one_server_tell_what_has_changed() {
    let folder = folder();
    let folder = folder.path();
    run(folder, "old.json", &[]);
    scenario(folder, "a", "VER-1", "MSNP2 ...");
    run(folder, "new.json", &[]);
    let mut new = read(folder, "new.json");
    new["started"] = json!("2999-01-01T00:00:00Z");
    keep(folder, "new.json", &new);
    // The order in which they are named makes no difference.
    for words in [
        ["compare", "old.json", "new.json"],
        ["compare", "new.json", "old.json"],
    ] {
        let both = inside(folder, &words);
        assert!(
            both.out.contains("VER-1     failed -> passed"),
            "{}",
            both.out
        );
        assert!(!both.out.contains("VER-2     "), "{}", both.out);
    }
    let mut kept = read(folder, "old.json");
    kept["about"] = json!({ "server": "A server", "source": "javascript:alert(1)", "commit": "abc",
        "unchecked": ["VER-1"] });
    keep(folder, "kept.json", &kept);
    let words = ["compare", "kept.json", "--format", "html"];
    let page = inside(folder, &words).out;
    assert!(
        page.contains("Not checked by hand, so nothing is said of: VER-1."),
        "{page}"
    );
    assert!(
        page.contains("javascript:alert(1)") && !page.contains("href"),
        "{page}"
    );
    assert!(page.contains("Nothing is broken."), "{page}");
    write(folder, "bad.json", "[]");
    let bad = inside(folder, &["compare", "old.json", "bad.json"]);
    assert_eq!((bad.code, bad.out.as_str()), (Some(2), ""));
    assert!(bad.err.contains("bad.json:1:"), "{}", bad.err);
}
