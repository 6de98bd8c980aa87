//! The reports of a run, each with where it goes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use msnpspec::event::Event;
use msnpspec::report::{Format, Html, Palette, Reporter};

use super::options::Report;
use super::progress::Progress;
use super::whole_file::WholeFile;

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub(crate) struct OutputError {
    path: PathBuf,
    source: io::Error,
}

/// All reports of a run.
pub(crate) struct Outputs {
    outputs: Vec<Output>,
    /// The last event has come: documents are whole.
    is_whole: bool,
}

struct Output {
    reporter: Box<dyn Reporter + Send>,
    to: Destination,
    /// Why nothing more is written to it.
    failed: Option<io::Error>,
}

enum Destination {
    Stdout,
    /// Written as the run goes on, a line after the other.
    Lines(PathBuf, BufWriter<File>),
    /// One document: until it is whole, the one before stays.
    Document(PathBuf, WholeFile),
}

impl Destination {
    fn open(report: &Report) -> Result<Self, OutputError> {
        let Some(path) = &report.to else {
            return Ok(Self::Stdout);
        };
        let path = path.clone();
        let opened = match report.format {
            Format::Human | Format::Jsonl | Format::Tap | Format::Github => {
                let file = File::create(&path).map(BufWriter::new);
                file.map(|file| Self::Lines(path.clone(), file))
            }
            Format::Json | Format::Junit | Format::Html | Format::Markdown => {
                let file = WholeFile::create(&path);
                file.map(|file| Self::Document(path.clone(), file))
            }
        };
        opened.map_err(|source| OutputError { path, source })
    }
}

impl Outputs {
    /// Opens all files, before anything is sent to a server.
    pub(crate) fn open(
        reports: &[Report],
        palette: Palette,
        human: &dyn Fn(Palette) -> Box<dyn Reporter + Send>,
        again: &str,
    ) -> Result<Self, OutputError> {
        let open = |report: &Report| {
            let to = Destination::open(report)?;
            let palette = match to {
                Destination::Stdout => palette,
                Destination::Lines(..) | Destination::Document(..) => Palette::plain(),
            };
            let reporter: Box<dyn Reporter + Send> = match report.format {
                Format::Human => human(palette),
                Format::Html => Box::new(Html::new(again)),
                format => format.reporter(),
            };
            let failed = None;
            Ok(Output {
                reporter,
                to,
                failed,
            })
        };
        let outputs = reports.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self {
            outputs,
            is_whole: false,
        })
    }

    /// Hands an event to every report. One that cannot be written leaves the others alone. What
    /// goes to the terminal is written while `progress` is out of the way.
    pub(crate) fn handle(&mut self, event: &Event, progress: &Progress) {
        self.is_whole |= matches!(event, Event::Finished(_));
        for output in self
            .outputs
            .iter_mut()
            .filter(|output| output.failed.is_none())
        {
            let written = match &mut output.to {
                Destination::Lines(_, file) => {
                    let written = output.reporter.handle(event, file);
                    written.and_then(|()| file.flush())
                }
                Destination::Document(_, file) => output.reporter.handle(event, file),
                Destination::Stdout => {
                    let mut text = Vec::new();
                    let handled = output.reporter.handle(event, &mut text);
                    handled.and_then(|()| progress.aside(&text))
                }
            };
            output.failed = written.err();
        }
    }

    /// Puts the documents in their places, and tells what could not be written. That the reader of
    /// standard output went away is no error.
    pub(crate) fn finish(self) -> Vec<OutputError> {
        let is_whole = self.is_whole;
        let failed = |output: Output| {
            let (path, failed) = match output.to {
                Destination::Stdout => {
                    let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
                    let failed = output.failed.filter(|error| !is_gone(error));
                    ("standard output".into(), failed)
                }
                Destination::Lines(path, _) => (path, output.failed),
                Destination::Document(path, file) => {
                    let commit = || is_whole.then(|| file.commit().err()).flatten();
                    (path, output.failed.or_else(commit))
                }
            };
            failed.map(|source| OutputError { path, source })
        };
        self.outputs.into_iter().filter_map(failed).collect()
    }
}
