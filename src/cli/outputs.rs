//! The reports of a run, each with where it goes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use msnpspec::event::Event;
use msnpspec::report::{Format, Palette, Reporter};

use super::options::Report;
use super::progress::Progress;

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
}

struct Output {
    reporter: Box<dyn Reporter + Send>,
    to: Destination,
    /// Why nothing more is written to it.
    failed: Option<io::Error>,
}

enum Destination {
    Stdout,
    File(PathBuf, BufWriter<File>),
}

impl Outputs {
    /// Opens all files, before anything is sent to a server.
    pub(crate) fn open(
        reports: &[Report],
        palette: Palette,
        human: &dyn Fn(Palette) -> Box<dyn Reporter + Send>,
    ) -> Result<Self, OutputError> {
        let open = |report: &Report| {
            let (to, palette) = match &report.to {
                None => (Destination::Stdout, palette),
                Some(path) => {
                    let path = path.clone();
                    match File::create(&path) {
                        Ok(file) => {
                            let file = BufWriter::new(file);
                            (Destination::File(path, file), Palette::plain())
                        }
                        Err(source) => return Err(OutputError { path, source }),
                    }
                }
            };
            let reporter: Box<dyn Reporter + Send> = match report.format {
                Format::Human => human(palette),
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
        Ok(Self { outputs })
    }

    /// Hands an event to every report. One that cannot be written leaves the others alone. What
    /// goes to the terminal is written while `progress` is out of the way.
    pub(crate) fn handle(&mut self, event: &Event, progress: &Progress) {
        for output in self
            .outputs
            .iter_mut()
            .filter(|output| output.failed.is_none())
        {
            let written = match &mut output.to {
                Destination::File(_, file) => {
                    let written = output.reporter.handle(event, file);
                    written.and_then(|()| file.flush())
                }
                Destination::Stdout => {
                    let mut text = Vec::new();
                    let handled = output.reporter.handle(event, &mut text);
                    handled.and_then(|()| progress.aside(&text))
                }
            };
            output.failed = written.err();
        }
    }

    /// What could not be written. That the reader of standard output went away is no error.
    pub(crate) fn finish(self) -> Vec<OutputError> {
        let failed = |output: Output| {
            let source = output.failed?;
            let path = match output.to {
                Destination::Stdout if source.kind() == io::ErrorKind::BrokenPipe => return None,
                Destination::Stdout => "standard output".into(),
                Destination::File(path, _) => path,
            };
            Some(OutputError { path, source })
        };
        self.outputs.into_iter().filter_map(failed).collect()
    }
}
