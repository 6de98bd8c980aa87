//! Builds again when a scenario comes or goes: the suite is embedded in the library. Collects the
//! `//= USR-6` comments of the reference server, so that the program knows what implements a
//! clause. A clause that does not exist does not compile.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where the reference server lives: its core, and what joins that to sockets.
const SERVER: [&str; 2] = ["src/server", "src/net/serve.rs"];
/// What begins a comment that names a clause.
const MARK: &str = "//=";

#[expect(
    clippy::disallowed_methods,
    reason = "a build script learns from the environment where to write"
)]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=scenarios");
    let mut files = Vec::new();
    for path in SERVER {
        println!("cargo::rerun-if-changed={path}");
        sources(Path::new(path), &mut files);
    }
    files.sort_unstable();
    let rows: String = files.iter().map(|file| rows(file)).collect();
    let folder = env::var_os("OUT_DIR").expect("cargo names the folder");
    let path = PathBuf::from(folder).join("implementations.rs");
    fs::write(path, format!("&[\n{rows}]\n")).expect("cargo's folder takes files");
}

/// A Rust file, or all Rust files below a folder.
fn sources(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the package holds its sources") {
            sources(&entry.expect("the folder can be read").path(), files);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") {
        files.push(path.to_path_buf());
    }
}

/// A row for each clause that a file names: the clause, the file, the line below the comment.
fn rows(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("the package holds its sources");
    let names: Vec<_> = file.iter().map(|name| name.to_string_lossy()).collect();
    let file = names.join("/");
    let mut rows = String::new();
    let mut waiting: Vec<String> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(name) = line.trim_start().strip_prefix(MARK) {
            match constant(name) {
                Some(constant) => waiting.push(constant),
                None => println!("cargo::error={file}:{number}: write `{MARK} USR-6`"),
            }
            continue;
        }
        for clause in waiting.drain(..) {
            let _ = writeln!(
                rows,
                "    Implementation {{ clause: ClauseId::{clause}, file: \"{file}\", line: {number} }},"
            );
        }
    }
    rows
}

/// The constant of a clause: `USR_6` for ` USR-6`.
fn constant(name: &str) -> Option<String> {
    let (group, number) = name.strip_prefix(' ')?.split_once('-')?;
    let is_group = !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_group && is_number).then(|| format!("{group}_{number}"))
}
