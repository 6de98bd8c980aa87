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
use msnpspec::suite::{check as judge, conclude, has_server, remarks, spoken};
use msnpspec::transcript::capture::{self, CaptureError};
use msnpspec::transcript::log::{self, LogError};
use msnpspec::transcript::read::Reading;

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
const ENDINGS: [&str; 9] = [
    "txt", "log", "md", "pcap", "pcapng", "cap", "gz", "html", "htm",
];

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
    let Recorded {
        readings: recorded,
        is_whole,
    } = recorded(&args.files, console);
    if recorded.is_empty() && !is_whole {
        return Exit::Usage;
    }
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
    let dialects = dialects(&recorded);
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
    let can_be_judged = tell_empty(&recorded, console);
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
    if !is_whole {
        exit = Exit::Usage;
    } else if exit == Exit::Success && !can_be_judged {
        exit = Exit::Nothing;
    }
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

/// Says in which recordings nothing of a server can be judged; whether there are others.
fn tell_empty(recorded: &[(Arc<Source>, Reading)], console: Console) -> bool {
    let mut can_be_judged = false;
    for (source, reading) in recorded {
        match has_server(reading) {
            true => can_be_judged = true,
            false => console.warning(&format!(
                "{}: no line of a server that can be judged",
                printable(&source.path)
            )),
        }
    }
    can_be_judged
}

/// The dialects that recordings agree on, lowest first.
fn dialects(recorded: &[(Arc<Source>, Reading)]) -> Vec<&'static Dialect> {
    let mut dialects: Vec<&Dialect> = recorded.iter().flat_map(|(_, it)| spoken(it)).collect();
    dialects.sort();
    dialects.dedup();
    if dialects.is_empty() {
        dialects.push(Dialect::first());
    }
    dialects
}

/// What was read, and whether some file could not be.
struct Recorded {
    readings: Vec<(Arc<Source>, Reading)>,
    is_whole: bool,
}

/// Reads all files, and tells all mistakes before anything is judged. A bad file hides no other.
fn recorded(paths: &[PathBuf], console: Console) -> Recorded {
    let mut readings = Vec::new();
    let mut is_whole = true;
    let mut seen = BTreeSet::new();
    for path in paths {
        let mut files = Vec::new();
        if let Err(error) = collect(path, 0, (&mut seen, &mut files)) {
            console.error(&format!("cannot read {}: {error}", path.display()));
            is_whole = false;
        }
        files.sort();
        for file in files {
            match recording(&file, console) {
                Some(reading) => readings.push(reading),
                None => is_whole = false,
            }
        }
    }
    Recorded { readings, is_whole }
}

/// The files of a folder, or the file itself. What was seen is not taken again, whatever link leads to it.
fn collect(
    path: &Path,
    depth: usize,
    (seen, files): (&mut BTreeSet<PathBuf>, &mut Vec<PathBuf>),
) -> std::io::Result<()> {
    if files::is_stdin(path) {
        files.push(path.to_owned());
        return Ok(());
    }
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
    let bytes = match files::recorded_up_to(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) => return told(&error),
    };
    let shown = files::shown(path);
    if capture::is_capture(&bytes) {
        return captured(&shown, &bytes, console);
    }
    if bytes.is_empty() {
        return told(&format!("{shown}: the file is empty"));
    }
    if let Some(name) = capture::foreign(&bytes) {
        return told(&format!(
            "{shown}: a capture of {name}, which is not read: `editcap -F pcap` makes one of it that is"
        ));
    }
    if is_packed(&bytes) {
        return told(&format!("{shown}: the file is compressed: unpack it first"));
    }
    // A transcript may bear any name, but not one that promises a capture without being either.
    let is_promised = path
        .extension()
        .is_some_and(|end| end == "pcap" || end == "pcapng" || end == "cap");
    if is_binary(&bytes) || (is_promised && log::read(&bytes).is_err()) {
        return told(&match is_promised {
            true => format!("{shown}: {}", CaptureError::Format),
            false => format!("{shown}: neither a text nor a capture that is known"),
        });
    }
    match log::read(&bytes) {
        Ok(log) => {
            for note in &log.notes {
                console.warning(&format!("{}: {}", printable(&shown), printable(note)));
            }
            Some((Source::new(shown, log.text), log.reading))
        }
        Err(LogError { text, mistakes }) => {
            let source = Source::new(shown, text);
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

/// Whether bytes are no text: in UTF-16 every second byte is zero, in other texts none is.
fn is_binary(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 64 * 1024;
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    zeros * 50 > head.len() && zeros * 3 < head.len()
}

/// Whether a file begins as bzip2, xz, zstd and zip files do.
fn is_packed(bytes: &[u8]) -> bool {
    let heads: [&[u8]; 4] = [b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"];
    heads.iter().any(|head| bytes.starts_with(head))
}

/// Reads a capture. In its places the line is the number of the packet.
fn captured(shown: &str, bytes: &[u8], console: Console) -> Option<(Arc<Source>, Reading)> {
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
    Some((Source::new(shown, text), reading))
}
