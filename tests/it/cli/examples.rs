//! The examples are what they say: YAML, and command lines that the program takes.

use std::path::Path;

use super::call;

/// The `msnpspec` command lines of a text, as words, with what the service fills in.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let calls = lines.filter_map(|line| {
        let at = line
            .find("msnpspec run")
            .or_else(|| line.find("msnpspec fuzz"));
        line.get(at.or_else(|| line.find("msnpspec merge"))?..)
    });
    let filled = calls.map(|call| {
        let call = call
            .replace("${{ matrix.shard }}", "2")
            .replace("$CI_NODE_INDEX/$CI_NODE_TOTAL", "2/4")
            .replace("$shard", "2");
        call.split(' ').skip(1).map(str::to_owned).collect()
    });
    filled.collect()
}

#[test]
fn every_command_line_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for name in [
        "examples/ci/shards.yml",
        "examples/kubernetes/shards.yaml",
        "examples/kubernetes/merge.yaml",
        "docs/ci/gitlab.yml",
        "docs/ci/forgejo.yml",
    ] {
        let text = std::fs::read_to_string(folder.join(name)).expect("it is there");
        let documents: Result<Vec<serde_json::Value>, _> = serde_yaml::from_multiple(&text);
        documents.unwrap_or_else(|error| panic!("{name}: {error}"));
        for words in commands(&text) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let told = call(&words);
            // The files that it names are not here; what was typed is right.
            assert!(
                !told.err.contains("Usage:") && told.err.contains("cannot read"),
                "{name}: {words:?}: {}",
                told.err
            );
            count += 1;
        }
    }
    assert_eq!(count, 8);
}
