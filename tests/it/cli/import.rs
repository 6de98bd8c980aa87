//! `msnpspec import` as its users meet it.

use super::{msnpspec, told, write};

#[test]
fn a_pasted_transcript_becomes_a_scenario_that_runs() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let text = include_str!("../../data/transcripts/two-users.txt");
    write(folder.path(), "bug.txt", text);
    let call = |words: &[&str]| {
        let mut command = msnpspec();
        let command = command.current_dir(folder.path()).args(words);
        told(command.output().expect("the program starts"))
    };
    let made = call(&["import", "bug.txt", "-o", "bug.yaml"]);
    assert_eq!(
        (made.code, made.err.as_str()),
        (Some(0), ""),
        "{}",
        made.out
    );
    let ran = call(&["run", "bug.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let again = call(&["import", "bug.txt", "-o", "bug.yaml"]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("--force"), "{}", again.err);
    let shown = call(&["import", "bug.txt"]);
    assert!(
        shown.out.contains("{md5(challenge, alice.password)}"),
        "{}",
        shown.out
    );
    write(
        folder.path(),
        "none.txt",
        "alice@sb S: JOI bob@hotmail.com Bob\n",
    );
    let none = call(&["import", "none.txt"]);
    assert_eq!((none.code, none.out.as_str()), (Some(2), ""));
    let why = "none.txt: nothing in it can be replayed";
    assert!(none.err.contains(why), "{}", none.err);
}
