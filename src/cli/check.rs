//! `msnpspec check`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use msnpspec::diagnostic::{Diagnostic, Source, Span};
use msnpspec::event::{Event, Notice, NoticeKind, RunInfo, Scope, Verdict};
use msnpspec::protocol::Dialect;
use msnpspec::report::{Judged, printable};
use msnpspec::suite::{check as judge, conclude, remarks, spoken};
use msnpspec::transcript::capture::{self, CaptureError};
use msnpspec::transcript::read::{Reading, read};

use super::args::CheckArgs;
use super::console::Console;
use super::exit::Exit;
use super::outputs::Outputs;
use super::progress::{Progress, Watched};
use super::{files, options, snippet};

/// The longest transcript that is read, in bytes.
const LONGEST: u64 = 256 * 1024 * 1024;
/// The deepest folder that is looked into.
const DEEPEST: usize = 16;
/// What files of a folder are taken for transcripts and captures.
const ENDINGS: [&str; 5] = ["txt", "log", "md", "pcap", "pcapng"];

/// Judges recorded transcripts.
pub(crate) fn check(args: &CheckArgs, matches: &ArgMatches, console: Console) -> Exit {
    let asked = options::Asked {
        formats: &args.formats,
        outputs: &args.outputs,
        page: None,
    };
    let reports = match options::reports(asked, matches) {
        Ok(reports) => reports,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let Some(recorded) = recorded(&args.files, console) else {
        return Exit::Usage;
    };
    if recorded.is_empty() {
        let endings = ENDINGS.map(|end| format!(".{end}")).join(", ");
        console.warning(&format!(
            "no transcript: a folder's files that end in {endings} are read"
        ));
        return Exit::Nothing;
    }
    let human =
        |palette| -> Box<dyn msnpspec::report::Reporter + Send> { Box::new(Judged::new(palette)) };
    let mut outputs = match Outputs::open(&reports, console.palette(), &human, "msnpspec run") {
        Ok(outputs) => outputs,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let progress = Progress::new(Watched::ByNobody);
    let begun = msnpspec::net::now();
    let mut dialects: Vec<&Dialect> = recorded.iter().flat_map(|(_, it)| spoken(it)).collect();
    dialects.sort();
    dialects.dedup();
    if dialects.is_empty() {
        dialects.push(Dialect::first());
    }
    let info = RunInfo {
        target: "recorded".to_owned(),
        dialects,
        level: args.level,
        strict: false,
        seed: 0,
        scenarios: recorded.len(),
        jobs: 1,
        shard: None,
        scope: Scope::default(),
        started: None,
    };
    outputs.handle(&Event::Started(info), &progress);
    let remarked = recorded.iter().flat_map(|(_, it)| remarks(it));
    let remarked: BTreeSet<String> = remarked.collect();
    for text in remarked {
        outputs.handle(&Event::Notice(remark(&text)), &progress);
    }
    let mut results = Vec::new();
    for (source, reading) in &recorded {
        let result = Arc::new(judge(source, reading, args.level));
        outputs.handle(&Event::ScenarioFinished(Arc::clone(&result)), &progress);
        results.push(result);
    }
    let took: Duration = begun.elapsed();
    outputs.handle(&Event::Finished(conclude(&results, took)), &progress);
    let mut exit = match results.iter().any(|it| it.verdict == Verdict::Failed) {
        true => Exit::Failure,
        false => Exit::Success,
    };
    for error in outputs.finish() {
        console.error(&error);
        exit = exit.max(Exit::NotRun);
    }
    exit
}

/// What a reader should know of what is judged.
fn remark(text: &str) -> Notice {
    Notice {
        kind: NoticeKind::Info,
        text: printable(text).to_string(),
        detail: Vec::new(),
        of: None,
    }
}

/// Reads all files, and tells all mistakes before anything is judged.
fn recorded(paths: &[PathBuf], console: Console) -> Option<Vec<(Arc<Source>, Reading)>> {
    let mut found = Vec::new();
    let mut is_good = true;
    let mut seen = BTreeSet::new();
    for path in paths {
        let mut files = Vec::new();
        if let Err(error) = collect(path, 0, (&mut seen, &mut files)) {
            console.error(&format!("cannot read {}: {error}", path.display()));
            is_good = false;
        }
        files.sort();
        for file in files {
            match recording(&file, console) {
                Some(reading) => found.push(reading),
                None => is_good = false,
            }
        }
    }
    is_good.then_some(found)
}

/// The files of a folder, or the file itself. What was seen is not taken again, whatever link leads to it.
fn collect(
    path: &Path,
    depth: usize,
    (seen, files): (&mut BTreeSet<PathBuf>, &mut Vec<PathBuf>),
) -> std::io::Result<()> {
    let real = std::fs::canonicalize(path);
    if real.is_ok_and(|real| !seen.insert(real)) {
        return Ok(());
    }
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let is_known = |end: &std::ffi::OsStr| ENDINGS.iter().any(|known| end == *known);
        if path.is_dir() && depth < DEEPEST {
            collect(&path, depth + 1, (&mut *seen, &mut *files))?;
        } else if path.is_file() && path.extension().is_some_and(is_known) {
            collect(&path, depth, (&mut *seen, &mut *files))?;
        }
    }
    Ok(())
}

/// Reads one transcript or capture; what is wrong with it is told.
pub(crate) fn recording(path: &Path, console: Console) -> Option<(Arc<Source>, Reading)> {
    let told = |error: &dyn std::fmt::Display| {
        console.error(error);
        None
    };
    let bytes = match files::bytes_up_to(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) => return told(&error),
    };
    if capture::is_capture(&bytes) {
        return captured(path, &bytes, console);
    }
    if bytes.is_empty() {
        return told(&format!("{}: the file is empty", path.display()));
    }
    if is_packed(&bytes) {
        let shown = path.display();
        return told(&format!("{shown}: the file is compressed: unpack it first"));
    }
    // A transcript may bear any name, but not one that promises a capture without being either.
    let is_promised = path
        .extension()
        .is_some_and(|end| end == "pcap" || end == "pcapng");
    if is_promised && std::str::from_utf8(&bytes).map_or(true, |text| read(text).is_err()) {
        return told(&format!("{}: {}", path.display(), CaptureError::Format));
    }
    let source = match files::source(path, bytes) {
        Ok(source) => source,
        Err(error) => return told(&error),
    };
    match read(&source.text) {
        Ok(reading) => Some((source, reading)),
        Err(mistakes) => {
            let diagnostics: Vec<Diagnostic> = mistakes
                .iter()
                .map(|it| {
                    let span = Span::new(it.start, it.end);
                    let help = it.mistake.help();
                    Diagnostic::error(&source, span, it.to_string()).with_help(help)
                })
                .collect();
            snippet::tell(&diagnostics, console);
            None
        }
    }
}

/// Whether a file begins as gzip, bzip2, xz, zstd and zip files do.
fn is_packed(bytes: &[u8]) -> bool {
    let heads: [&[u8]; 5] = [
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ",
        b"\x28\xb5\x2f\xfd",
        b"PK\x03\x04",
    ];
    heads.iter().any(|head| bytes.starts_with(head))
}

/// Reads a capture. In its places the line is the number of the packet.
fn captured(path: &Path, bytes: &[u8], console: Console) -> Option<(Arc<Source>, Reading)> {
    let shown = path.display();
    let capture = match capture::read(bytes) {
        Ok(capture) => capture,
        Err(error) => {
            console.error(&format!("{shown}: {error}"));
            return None;
        }
    };
    for note in &capture.notes {
        console.warning(&format!("{shown}: {}", printable(note)));
    }
    let (text, reading) = capture.into_reading();
    Some((Source::new(shown.to_string(), text), reading))
}
