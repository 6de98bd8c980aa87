//! The libFuzzer targets on stable Rust: their seeds are replayed, and each target is complete.

use std::fs;
use std::path::{Path, PathBuf};

use msnpspec::fuzzer::targets::{Body, TARGETS};
use proptest::prelude::*;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// What is in a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = fuzz().join("seeds").join(target);
    let mut paths = files(&folder);
    if target == "scenario_yaml" {
        // The build script packs the suite, too.
        let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let rooms = files(&suite).into_iter().filter(|path| path.is_dir());
        paths.extend(rooms.flat_map(|room| files(&room)));
    }
    paths
        .iter()
        .map(|path| fs::read(path).expect("a readable seed"))
        .collect()
}

#[test]
fn seeds_are_replayed() {
    for (name, body) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seed");
        for seed in seeds {
            body(&seed);
        }
    }
}

#[test]
fn each_target_has_its_binary_and_options() {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("a manifest");
    for (name, _) in TARGETS {
        let call = format!("msnpspec::fuzzer::targets::{name}(");
        let path = fuzz().join("fuzz_targets").join(format!("{name}.rs"));
        let main = fs::read_to_string(&path).unwrap_or_default();
        assert!(main.contains(&call), "{} calls {call}", path.display());
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let options = fuzz().join(format!("{name}.options"));
        let options = fs::read_to_string(&options).unwrap_or_default();
        let settings = options.strip_prefix("[libfuzzer]\n");
        for line in settings.expect("the section's name comes first").lines() {
            let (key, value) = line.split_once(" = ").expect("a setting");
            let is_right = match key {
                "dict" => value == format!("{name}.dict"),
                "max_len" => value.parse::<usize>().is_ok_and(|length| length >= 64),
                "entropic" => value == "0",
                _ => false,
            };
            assert!(is_right, "{name}.options: {line}");
        }
    }
    let binaries = manifest.matches("[[bin]]").count();
    assert_eq!(binaries, TARGETS.len(), "a target is not in TARGETS");
}

#[test]
fn dictionaries_are_what_libfuzzer_reads() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".clusterfuzzlite/build.sh");
    let script = fs::read_to_string(script).expect("a build script");
    let dictionaries = files(&fuzz()).into_iter();
    let dictionaries: Vec<PathBuf> = dictionaries
        .filter(|path| path.extension().is_some_and(|ending| ending == "dict"))
        .collect();
    assert_eq!(dictionaries.len(), 3);
    let entry =
        regex_lite::Regex::new(r#"^"([^"\\]|\\["\\]|\\x[0-9A-Fa-f]{2})+"$"#).expect("it is right");
    for path in dictionaries {
        let name = path.file_name().expect("a name").to_string_lossy();
        assert!(script.contains(&format!("fuzz/{name}")), "{name} is used");
        let text = fs::read_to_string(&path).expect("a dictionary");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.is_empty() || entry.is_match(line), "{name}: {line}");
        }
    }
}

#[test]
fn the_dictionary_holds_the_words_of_the_rows() {
    let text = fs::read_to_string(fuzz().join("msnp.dict")).expect("a dictionary");
    let lines: Vec<&str> = text.lines().collect();
    let words = msnpspec::fuzzer::dictionary::as_text();
    let missing: Vec<&str> = words.lines().filter(|word| !lines.contains(word)).collect();
    assert!(
        missing.is_empty(),
        "fuzz/msnp.dict lacks:\n{}",
        missing.join("\n")
    );
}

/// One of the seeds with a piece overwritten, left out or put in twice.
fn mutant() -> impl Strategy<Value = (Body, Vec<u8>)> {
    let edit = (any::<prop::sample::Index>(), any::<Vec<u8>>(), 0..3u8);
    let which = (prop::sample::select(TARGETS), any::<prop::sample::Index>());
    (which, prop::collection::vec(edit, 0..6)).prop_map(|(((name, body), seed), edits)| {
        let seeds = seeds(name);
        let mut bytes = seed.get(&seeds).clone();
        for (at, piece, kind) in edits {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + piece.len());
            match kind {
                0 => drop(bytes.splice(at..end, piece)),
                1 => drop(bytes.drain(at..end)),
                _ => {
                    let tail = bytes.split_off(at);
                    bytes = [&bytes, &tail[..], &tail[..]].concat();
                }
            }
            bytes.truncate(8192);
        }
        (body, bytes)
    })
}

proptest! {
    #![proptest_config(crate::tried(400))]

    #[test]
    fn whatever_comes_each_target_keeps_its_promise((body, bytes) in mutant()) {
        body(&bytes);
    }
}
