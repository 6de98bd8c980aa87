//! The protocol is spelt at home: verbs, dialects and login schemes in quotes stand in `protocol`,
//! `rules`, `client` and `server` alone, and everybody else asks the rows. Verbs by their type stand
//! in `model` and `oracle` too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use msnpspec::protocol::{DIALECTS, Verb, is_package};

/// Rooms where the protocol is at home, and the texts of the command line's help.
const HOME: &[&str] = &[
    "protocol", "rules", "client", "server", "cli/args", "lib.rs",
];

/// Rooms where not even the type of a verb is named: what one needs of a verb, its row says.
const BLIND: &[&str] = &[
    "engine",
    "suite",
    "scenario",
    "transcript",
    "target",
    "event",
    "fuzzer",
    "sim",
    "net",
    "report",
    "cli",
    "harness.rs",
];

/// What only tests use, beside files whose names end in `tests`.
const TESTS: &[&str] = &["cases", "dialogue", "suite_world", "test_support"];

/// The code of a file, without its comments and its unit tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text.get(..end).unwrap_or_default().lines();
    lines.filter(|line| !line.trim_start().starts_with("//"))
}

/// Whether code names a verb by its type.
fn names_a_verb(text: &str) -> bool {
    let is_verb = |name: &str| Verb::ALL.iter().any(|verb| format!("{verb:?}") == name);
    let name = |tail: &str| {
        let end = tail.find(|char: char| !char.is_ascii_alphanumeric());
        tail.get(..end.unwrap_or(tail.len())).is_some_and(is_verb)
    };
    code(text).any(|line| line.split("Verb::").skip(1).any(name))
}

/// What stands in quotes in a file, without its comments and its unit tests.
fn quoted(text: &str) -> BTreeSet<&str> {
    // What stands at the odd places between quotes is quoted.
    code(text)
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect()
}

/// Whether it is a word of the protocol, or a line of it with its TrID; a sentence about one is not.
fn is_spelt(text: &str) -> bool {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let is_verb = Verb::ALL
        .iter()
        .any(|verb| verb.as_bytes() == word.as_bytes());
    let number = word.strip_prefix("MSNP").unwrap_or_default();
    let is_dialect = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_line = rest.is_empty() || rest.starts_with(|char: char| "{0123456789".contains(char));
    let mut schemes = DIALECTS.iter().filter_map(|dialect| dialect.login_scheme());
    let is_scheme = schemes.any(|scheme| scheme == word);
    (is_verb || is_dialect || is_scheme || is_package(word)) && is_line
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        let name = path.file_stem().expect("it has a name").to_string_lossy();
        let is_test = name.ends_with("tests") || TESTS.contains(&&*name);
        if path.is_dir() && !is_test {
            files(&path, found);
        } else if !is_test && path.is_file() {
            found.push(path);
        }
    }
}

#[test]
fn the_protocol_is_spelt_at_home() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let spells = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("src can be read");
        let below = path.strip_prefix(&src).expect("it is below src");
        let is_in = |rooms: &[&str]| rooms.iter().any(|room| below.starts_with(room));
        let spells = !is_in(HOME) && quoted(&text).iter().any(|word| is_spelt(word));
        let names = is_in(BLIND) && names_a_verb(&text);
        (spells || names).then(|| below.to_string_lossy().replace('\\', "/"))
    };
    let found: Vec<String> = all.iter().filter_map(spells).collect();
    assert!(
        found.is_empty(),
        "ask the rows of protocol instead: {found:#?}"
    );
}

#[test]
fn a_word_in_quotes_is_seen() {
    let text = "let a = \"CHG {t} NLN\";\n// \"ADD\"\nb\"MSG\"; \"MSNP2\"; \"MD5\"; \"an ACK\"; \"REA is refused\"\n\
                #[cfg(test)]\nmod tests { \"REM\" }";
    let words = quoted(text);
    let spelt: Vec<&str> = words.into_iter().filter(|word| is_spelt(word)).collect();
    assert_eq!(spelt, ["CHG {t} NLN", "MD5", "MSG", "MSNP2"]);
    assert!(!is_spelt("MSNP") && !is_spelt("chg"));
}

#[test]
fn a_verb_by_its_type_is_seen() {
    assert!(
        names_a_verb("let a = [Verb::Syn, x];")
            && names_a_verb("match verb { protocol::Verb::Add =>")
    );
    assert!(!names_a_verb(
        "Verb::parse(b); Verb::ALL; Verb::Error(7); Verb::Other"
    ));
    assert!(!names_a_verb(
        "// Verb::Syn\n#[cfg(test)]\nmod tests { Verb::Rem }"
    ));
}
