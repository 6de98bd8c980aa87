//! `msnpspec check` as its users meet it.

use super::{Told, msnpspec, told, write};

fn check(folder: &std::path::Path, words: &[&str]) -> Told {
    let mut command = msnpspec();
    command.current_dir(folder).arg("check").args(words);
    told(command.output().expect("the program starts"))
}

const BUG: &str = "# it breaks\nC: VER 1 MSNP2\nS: VER 2 MSNP2\nC: INF 3\nS: INF 3 MD5\n";

#[test]
fn a_finding_exits_1_with_its_place_and_proof() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    write(folder.path(), "bug.txt", BUG);
    write(folder.path(), "fine.log", &BUG.replace("VER 2", "VER 1"));
    write(folder.path(), "notes.xyz", "not a transcript");
    let told = check(folder.path(), &["."]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    for part in [
        "finding TRID-1",
        "bug.txt:3:1",
        "3 | S: VER 2 MSNP2",
        "clause  TRID-1 (must",
        "found by  the oracle replies",
        "2 transcripts: 1 finding at level must",
    ] {
        assert!(told.out.contains(part), "{part} is not in\n{}", told.out);
    }
    let told = check(folder.path(), &["fine.log"]);
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""));
    let told = check(folder.path(), &["bug.txt", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&told.out).expect("a JSON document");
    let failure = &json["scenarios"][0]["failures"][0];
    assert_eq!(
        (&failure["clause"], &failure["judge"]),
        (&"TRID-1".into(), &"replies".into())
    );
    assert_eq!(
        (&failure["file"], &failure["line"]),
        (&"bug.txt".into(), &3.into())
    );
}

#[test]
fn what_is_no_transcript_exits_2_with_its_place() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    write(
        folder.path(),
        "bug.txt",
        &format!("{BUG}and then nothing\n"),
    );
    let told = check(folder.path(), &["bug.txt"]);
    assert_eq!(told.code, Some(1));
    assert!(
        told.err.contains("1 line is not of the protocol"),
        "{}",
        told.err
    );
    write(folder.path(), "prose.txt", "and then nothing\n");
    // A bad file hides nothing of the others.
    let told = check(folder.path(), &["prose.txt", "bug.txt"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("prose.txt:1:1"), "{}", told.err);
    assert!(told.out.contains("TRID-1"), "{}", told.out);
    write(
        folder.path(),
        "raw.txt",
        "VER 1 MSNP2 CVR0\nVER 1 MSNP2\nINF 2\nINF 2 MD5\n",
    );
    let told = check(folder.path(), &["raw.txt"]);
    assert_eq!(told.code, Some(2));
    assert!(
        told.err.contains("does not tell who speaks"),
        "{}",
        told.err
    );
    write(folder.path(), "asked.txt", "C: VER 1 MSNP2\n");
    let told = check(folder.path(), &["asked.txt"]);
    assert_eq!(told.code, Some(4), "{}", told.err);
    assert!(told.err.contains("no line of a server"), "{}", told.err);
    let told = check(folder.path(), &["missing.txt"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("cannot read missing.txt"), "{}", told.err);
    let empty = tempfile::tempdir().expect("there is room for a folder");
    assert_eq!(check(empty.path(), &["."]).code, Some(4));
}

#[test]
fn what_a_run_wrote_is_judged_as_the_run_judged_it() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mut command = msnpspec();
    let words = [
        "run",
        "--level",
        "practice",
        "--transcripts",
        "wire",
        "-f",
        "auth or errors",
    ];
    let ran = told(
        command
            .current_dir(folder.path())
            .args(words)
            .output()
            .expect("it starts"),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let told = check(folder.path(), &["wire", "--level", "practice"]);
    assert_eq!(
        (told.code, told.err.as_str()),
        (Some(0), ""),
        "{}",
        told.out
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_its_own_folder_shows_nothing_twice() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    super::write(folder.path(), "a.txt", "C: VER 1 MSNP2\nS: VER 1 MSNP2\n");
    symlink(".", folder.path().join("loop")).expect("links can be made");
    symlink("a.txt", folder.path().join("b.txt")).expect("links can be made");
    let told = check(folder.path(), &[".", "a.txt", "--format", "json"]);
    let result: serde_json::Value = serde_json::from_str(&told.out).expect("it is JSON");
    let scenarios = result["scenarios"].as_array().expect("it is a list");
    assert_eq!(scenarios.len(), 1, "{}", told.out);
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = std::fs::File::create(folder.path().join("big.txt")).expect("it can be made");
    // It takes no room on the disk, and would take a minute to read.
    file.set_len(1 << 40).expect("files may have holes");
    let told = check(folder.path(), &["big.txt"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("longer than"), "{}", told.err);
}
