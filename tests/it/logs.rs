//! Logs as clients, servers and capture tools write them: what is read of each, what is told of it
//! and what is found.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use msnpspec::oracle;
use msnpspec::transcript::{Redactor, log};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/logs");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// What is read of a log, as text.
fn read(bytes: &[u8]) -> String {
    let mut out = String::new();
    match log::read(bytes) {
        Ok(log) => {
            for note in &log.notes {
                let _ = writeln!(out, "note: {note}");
            }
            for line in log.reading.transcript.render(&Redactor::default()) {
                let _ = writeln!(out, "{line}");
            }
            for finding in oracle::judge(&log.reading.transcript) {
                let place = log.reading.places.get(finding.entry).copied().unwrap();
                let line = 1 + log.text[..place.0].matches('\n').count();
                let _ = writeln!(out, "finding: {} in line {line}", finding.clause);
            }
        }
        Err(error) => {
            for mistake in &error.mistakes {
                let line = 1 + error.text[..mistake.start].matches('\n').count();
                let _ = writeln!(out, "error: line {line}: {mistake}");
            }
        }
    }
    out
}

#[test]
fn every_kind_is_read() {
    let mut out = String::new();
    for file in files() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let _ = writeln!(out, "== {name}\n{}", read(&fs::read(&file).unwrap()));
    }
    crate::snapshot("logs", &out);
}
