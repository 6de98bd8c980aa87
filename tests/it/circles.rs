//! No file of a room needs another that needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The code of a file without its comments and its unit tests.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text.get(..end).unwrap_or_default().lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// The names that directly follow a path, those of a group too.
fn names_after<'c>(code: &'c str, path: &str) -> BTreeSet<&'c str> {
    let is_part = |char: char| !(char.is_ascii_alphanumeric() || char == '_');
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(path) {
        let tail = code.get(at + path.len()..).unwrap_or_default();
        match tail.strip_prefix('{') {
            None => drop(found.insert(tail.split(is_part).next().unwrap_or_default())),
            Some(group) => {
                let group = group.split("};").next().unwrap_or_default();
                found.extend(group.split(is_part));
            }
        }
    }
    found
}

/// Which files of a folder name which others of it.
fn needs(folder: &Path, room: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a room can be read") {
        let path = entry.expect("a room can be read").path();
        let name = path.file_stem().expect("it has a name").to_string_lossy();
        let file = if path.is_dir() {
            path.join("mod.rs")
        } else {
            path.clone()
        };
        let is_test = name.ends_with("tests") || name.starts_with("test_");
        if let (false, Ok(text)) = (is_test, fs::read_to_string(file)) {
            texts.insert(name.into_owned(), code(&text));
        }
    }
    let paths = [
        format!("crate::{}::", room.replace('/', "::")),
        "super::".to_owned(),
    ];
    let known: BTreeSet<String> = texts.keys().cloned().collect();
    let named = |name: &String, text: &String| {
        // What a folder says of `super` is below it.
        let is_folder = folder.join(name).is_dir();
        let paths = paths.iter().filter(|path| !is_folder || *path != "super::");
        let names: BTreeSet<&str> = paths.flat_map(|path| names_after(text, path)).collect();
        let others = known
            .iter()
            .filter(|other| *other != name && *other != "mod");
        others
            .filter(|other| names.contains(other.as_str()))
            .cloned()
            .collect()
    };
    texts
        .iter()
        .map(|(name, text)| (name.clone(), named(name, text)))
        .collect()
}

/// Everything that can be come to from a file.
fn reached<'n>(needs: &'n BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'n str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = needs
        .get(from)
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(needs.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    found
}

/// The circles of a folder: sets of files that need each other.
fn circles(needs: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<&str>> {
    let circle = |file: &'_ String| {
        let mut all: Vec<&str> = reached(needs, file).into_iter().collect();
        all.retain(|other| reached(needs, other).contains(file.as_str()));
        all
    };
    needs
        .keys()
        .map(circle)
        .filter(|circle| circle.len() > 1)
        .collect()
}

/// All folders below `src` with files in them.
fn folders(folder: &Path, found: &mut Vec<String>, root: &Path) {
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            let below = path.strip_prefix(root).expect("it is below src");
            found.push(below.to_string_lossy().replace('\\', "/"));
            folders(&path, found, root);
        }
    }
}

#[test]
fn no_file_needs_another_that_needs_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    folders(&src, &mut all, &src);
    let mut wrong = Vec::new();
    for room in all {
        for circle in circles(&needs(&src.join(&room), &room)) {
            wrong.push(format!("src/{room}: {} need each other", circle.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_circle_is_seen() {
    let needs = |pairs: &[(&str, &[&str])]| {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let pairs = pairs
            .iter()
            .map(|&(name, names)| (name.to_owned(), owned(names)));
        pairs.collect::<BTreeMap<String, BTreeSet<String>>>()
    };
    let line = needs(&[("a", &["b"]), ("b", &["c"]), ("c", &[])]);
    assert!(circles(&line).is_empty());
    let circle = needs(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
    assert_eq!(circles(&circle), BTreeSet::from([vec!["b", "c"]]));
    let code = code(
        "use super::{a, b::{C, D}};\n// super::z::Z\nlet x = super::e::f();\n#[cfg(test)]\nmod tests { use super::g::H; }",
    );
    let names = names_after(&code, "super::");
    assert!(["a", "b", "e"].iter().all(|name| names.contains(name)));
    assert!(!names.contains("g") && !names.contains("z"));
}
