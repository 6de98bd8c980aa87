//! `msnpspec run bug.txt`: a transcript is replayed as it is.

use std::path::Path;

use super::{Told, msnpspec, told, write};

fn run(folder: &Path, words: &[&str]) -> Told {
    let mut command = msnpspec();
    command.current_dir(folder).arg("run").args(words);
    told(command.output().expect("the program starts"))
}

/// A transcript of the tests, and the line that a deliberate change in it touches.
fn changed(text: &str) -> (String, usize) {
    let change = text.lines().find_map(|line| line.strip_prefix("# change "));
    let (from, to) = change
        .and_then(|it| it.split_once(" => "))
        .expect("it names a change");
    let (head, tail) = text.rsplit_once(from).expect("the line is there");
    let line = 1 + head.matches('\n').count();
    (format!("{head}{to}{tail}"), line)
}

#[test]
fn what_people_write_replays_and_a_change_is_shown_at_its_line() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts");
    let (mut count, mut wrong) = (0, 0);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for entry in std::fs::read_dir(data).expect("it is there") {
        let path = entry.expect("it is there").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let text = std::fs::read_to_string(&path).expect("it is there");
        write(folder.path(), name, &text);
        let told = run(folder.path(), &[name]);
        assert_eq!(told.code, Some(0), "{name}: {}{}", told.out, told.err);
        assert!(!told.out.contains("divergence"), "{name}: {}", told.out);

        let (text, line) = changed(&text);
        write(folder.path(), name, &text);
        let told = run(folder.path(), &[name, "--timeout", "1"]);
        let wanted = format!("{name}: first divergence at line {line}");
        assert!(told.out.contains(&wanted), "{name}:{line}: {}", told.out);
        // Where the transcript is wrong, the server is not.
        let is_wrong = told.out.contains("where the transcript breaks");
        let code = if is_wrong { 0 } else { 1 };
        assert_eq!(told.code, Some(code), "{name}: {}{}", told.out, told.err);
        wrong += usize::from(is_wrong);
        count += 1;
    }
    assert_eq!(count, 10);
    assert!((1..10).contains(&wrong), "{wrong}");
}

#[test]
fn both_sides_are_shown_with_what_was_bound() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let text = "C: VER 1 MSNP2\nS: VER 1 MSNP2\nC: USR 2 MD5 I a@hotmail.com\n\
                S: USR 2 MD5 S 1.2\nC: USR 3 MD5 S 0123456789abcdef0123456789abcdef\n\
                S: USR 3 OK a@hotmail.com Ann\nC: CHG 4 NLN\nS: CHG 4 BSY\n";
    write(folder.path(), "bug.txt", text);
    let told = run(folder.path(), &["bug.txt", "--level", "practice"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let table = told
        .out
        .split("bug.txt: first divergence at line 8, where the transcript breaks CHG-1\n")
        .nth(1);
    let lines: Vec<&str> = table.expect("it is shown").lines().collect();
    let row = lines.iter().find(|line| line.starts_with("  >"));
    let row: Vec<&str> = row.expect("it is marked").split_whitespace().collect();
    assert_eq!(row.join(" "), "> 8 a S: CHG 4 BSY | a S: CHG 4 NLN");
    for part in ["  bound  challenge = ", "  bound  a = user"] {
        assert!(lines.iter().any(|line| line.starts_with(part)), "{lines:?}");
    }
    assert!(!told.out.contains("pw4") && !told.out.contains("0123456789abcdef"));
}

#[test]
fn what_is_no_transcript_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    write(folder.path(), "bug.txt", "and then it crashed\n");
    let told = run(folder.path(), &["bug.txt"]);
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    assert!(told.err.contains("bug.txt:1:1"), "{}", told.err);
}
