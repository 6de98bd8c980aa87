//! The house's rules that the compiler does not know: who imports whom, how long a file may be,
//! and that the reference server's handlers plant no fault.

use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import, besides itself and std. `cli` may import everything, and so may
/// `harness`, the library's front door.
const TABLE: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("protocol", &["wire"]),
    ("transcript", &["wire", "protocol"]),
    ("rules", &["protocol"]),
    ("model", &["wire", "protocol", "rules"]),
    ("oracle", &["wire", "protocol", "transcript", "rules"]),
    ("diagnostic", &["wire", "protocol"]),
    ("event", &["wire", "protocol", "transcript", "diagnostic"]),
    (
        "scenario",
        &["wire", "protocol", "transcript", "diagnostic"],
    ),
    (
        "target",
        &[
            "wire",
            "protocol",
            "transcript",
            "diagnostic",
            "event",
            "scenario",
        ],
    ),
    (
        "engine",
        &[
            "wire",
            "protocol",
            "transcript",
            "diagnostic",
            "event",
            "scenario",
            "oracle",
            "target",
        ],
    ),
    (
        "client",
        &[
            "wire",
            "protocol",
            "transcript",
            "diagnostic",
            "event",
            "scenario",
            "rules",
            "target",
            "engine",
        ],
    ),
    (
        "suite",
        &[
            "wire",
            "protocol",
            "transcript",
            "diagnostic",
            "event",
            "scenario",
            "rules",
            "oracle",
            "target",
            "engine",
            "client",
        ],
    ),
    ("server", &["wire", "protocol"]),
    (
        "sim",
        &[
            "wire",
            "protocol",
            "transcript",
            "diagnostic",
            "event",
            "scenario",
            "target",
            "engine",
            "suite",
            "server",
        ],
    ),
    (
        "report",
        &["wire", "protocol", "transcript", "diagnostic", "event"],
    ),
    (
        "fuzzer",
        &[
            "wire",
            "protocol",
            "transcript",
            "diagnostic",
            "event",
            "scenario",
            "rules",
            "model",
            "oracle",
            "target",
            "engine",
            "suite",
            "server",
            "sim",
        ],
    ),
    (
        "net",
        &[
            "wire",
            "protocol",
            "transcript",
            "diagnostic",
            "event",
            "scenario",
            "oracle",
            "target",
            "engine",
            "suite",
            "server",
            "sim",
        ],
    ),
];

/// No file is longer.
const LONGEST: usize = 600;

/// What a handler of the reference server must not name: faults are policies that it asks by name.
const PLANTED: &[&str] = &["Fault::", "faulty"];

/// Where faults are at home; and the files that list some of them, for personas and for a test.
const FAULTS_AT_HOME: &[&str] = &[
    "server/faults",
    "server/quirks",
    "server/personas.rs",
    "server/properties.rs",
];

/// The room of a file: the folder or the file below `src`.
fn room(path: &Path) -> String {
    let first = path.components().next().expect("a file below src");
    let name = first.as_os_str().to_string_lossy();
    name.trim_end_matches(".rs").to_owned()
}

/// The rooms that a text names by `crate::room` (or `msnpspec::room`), with the line of each; also
/// those of `use crate::{a, b::c}`. Comments and links in them are no imports.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut group: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut rest = code;
        loop {
            if let Some(depth) = group.as_mut() {
                rest = names_of_group(rest, depth, number + 1, &mut found);
                if *depth > 0 {
                    break;
                }
                group = None;
            }
            let Some(at) = rest.find("crate::").or_else(|| rest.find("msnpspec::")) else {
                break;
            };
            let (_, tail) = rest.split_at(at);
            let (_, tail) = tail.split_once("::").expect("the match ends so");
            rest = tail;
            if let Some(inner) = tail.strip_prefix('{') {
                group = Some(1);
                rest = inner;
                continue;
            }
            let name: String = tail.chars().take_while(|char| is_word(*char)).collect();
            found.push((number + 1, name));
        }
    }
    found
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Takes the names at depth 1 of a group; returns what follows the group's end.
fn names_of_group<'t>(
    text: &'t str,
    depth: &mut usize,
    line: usize,
    found: &mut Vec<(usize, String)>,
) -> &'t str {
    let mut begins = true;
    for (at, char) in text.char_indices() {
        match char {
            '{' => *depth += 1,
            '}' => {
                *depth -= 1;
                if *depth == 0 {
                    return text.get(at + 1..).unwrap_or_default();
                }
            }
            ',' => begins = true,
            char if is_word(char) && *depth == 1 && begins => {
                let tail = text.get(at..).unwrap_or_default();
                found.push((
                    line,
                    tail.chars().take_while(|char| is_word(*char)).collect(),
                ));
                begins = false;
            }
            _ => {}
        }
    }
    ""
}

/// What is wrong with a file, a line each.
fn faults(path: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let here = room(path);
    let shown = path.display();
    let lines = text.lines().count();
    if lines > LONGEST {
        faults.push(format!(
            "src/{shown} has {lines} lines, more than {LONGEST}"
        ));
    }
    for (number, line) in text.lines().enumerate() {
        if line.contains(concat!("super::", "super")) {
            faults.push(format!(
                "src/{shown}:{}: write crate::{here}::…",
                number + 1
            ));
        }
    }
    faults.extend(planted(path, text));
    if matches!(here.as_str(), "lib" | "main" | "cli" | "harness") {
        return faults;
    }
    let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == here) else {
        faults.push(format!("src/{shown}: the table knows no room `{here}`"));
        return faults;
    };
    for (number, there) in imports(text) {
        let known = TABLE.iter().any(|(name, _)| *name == there) || there == "cli";
        if known && there != here && !allowed.contains(&there.as_str()) {
            faults.push(format!(
                "src/{shown}:{number}: {here} must not import {there}"
            ));
        }
    }
    faults
}

/// Where a file of the reference server plants a fault between its lines.
fn planted(path: &Path, text: &str) -> Vec<String> {
    let is_home = FAULTS_AT_HOME.iter().any(|home| path.starts_with(home));
    if !path.starts_with("server") || is_home {
        return Vec::new();
    }
    let lines = text.lines().zip(1..);
    let is_planted = |line: &str| PLANTED.iter().any(|word| line.contains(word));
    lines
        .filter(|(line, _)| is_planted(line))
        .map(|(_, number)| {
            let shown = path.display();
            format!("src/{shown}:{number}: make a policy of server/quirks of the fault")
        })
        .collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("src can be read");
    for entry in entries {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_keeps_to_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 10, "the files are found");
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        all.extend(faults(file.strip_prefix(&src).unwrap(), &text));
    }
    assert!(
        all.is_empty(),
        "{}\n(tests/it/architecture.rs has the table)",
        all.join("\n")
    );
}

#[test]
fn the_three_walls_stand_in_the_table() {
    let allowed = |room: &str| {
        let row = TABLE.iter().find(|(name, _)| *name == room);
        row.map(|(_, allowed)| *allowed).unwrap()
    };
    assert_eq!(allowed("server"), ["wire", "protocol"]);
    assert!(allowed("wire").is_empty());
    assert!(!allowed("report").contains(&"suite") && !allowed("suite").contains(&"report"));
    for (at, (room, allowed)) in TABLE.iter().enumerate() {
        for there in *allowed {
            let below = TABLE.iter().position(|(name, _)| name == there).unwrap();
            assert!(
                below < at,
                "{room} and {there} import each other or upwards"
            );
        }
    }
}

#[test]
fn the_checker_bites() {
    let file = Path::new("server/login.rs");
    let bad = "use crate::suite::Suite;\n\
               use crate::{wire::Frame, scenario::{ast, event}, protocol};\n\
               // crate::report in a comment\n\
               fn f() { crate::event::g(); msnpspec::net::h() }\n";
    let told = faults(file, bad);
    assert_eq!(
        told,
        [
            "src/server/login.rs:1: server must not import suite",
            "src/server/login.rs:2: server must not import scenario",
            "src/server/login.rs:4: server must not import event",
            "src/server/login.rs:4: server must not import net",
        ]
    );
    let meaning = "use crate::protocol::List;\nuse crate::rules::{self, View};";
    let told = faults(file, meaning);
    assert_eq!(
        told,
        ["src/server/login.rs:2: server must not import rules"]
    );
    let both = faults(Path::new("suite/run.rs"), "use crate::report::Human;");
    assert_eq!(both, ["src/suite/run.rs:1: suite must not import report"]);
    let grandparent = concat!("use super::", "super::x;");
    assert_eq!(faults(file, grandparent).len(), 1);
    assert_eq!(faults(file, &"\n".repeat(601)).len(), 1);
    assert_eq!(faults(Path::new("attic/x.rs"), "").len(), 1);
    assert_eq!(
        faults(file, "use crate::wire::Frame;\nuse crate::server::Server;"),
        [""; 0]
    );
}

#[test]
fn no_handler_plants_a_fault() {
    let bad = "use super::faults::FaultSet;\n\
               if self.config.faults.contains(Fault::ANY_COOKIE) {}\n\
               let is_faulty = true;\n";
    let told = faults(Path::new("server/switchboard.rs"), bad);
    assert_eq!(
        told,
        [2, 3].map(|number| format!(
            "src/server/switchboard.rs:{number}: make a policy of server/quirks of the fault"
        ))
    );
    for home in FAULTS_AT_HOME
        .iter()
        .chain(&["server/quirks/login.rs", "suite/run.rs"])
    {
        assert_eq!(faults(Path::new(home), bad), [""; 0], "{home}");
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for home in FAULTS_AT_HOME {
        assert!(src.join(home).exists(), "{home} has moved");
    }
}
