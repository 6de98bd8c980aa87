//! The libFuzzer targets on stable Rust: their seeds are replayed, and each target is complete.

use std::fs;
use std::path::{Path, PathBuf};

use msnpspec::fuzzer::targets::{Body, TARGETS};
use proptest::prelude::*;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = fuzz().join("seeds").join(target);
    let files = fs::read_dir(&folder).expect("each target has seeds");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
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
        assert!(options.starts_with("[libfuzzer]\n"), "{name}.options");
    }
    let binaries = manifest.matches("[[bin]]").count();
    assert_eq!(binaries, TARGETS.len(), "a target is not in TARGETS");
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
