//! The reports of a run, each with where it goes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use msnpspec::event::Event;
use msnpspec::report::{Format, Human, Palette, Reporter};

use super::options::Report;

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
    out: Box<dyn Write + Send>,
    /// The file's name; `None` for standard output.
    path: Option<PathBuf>,
    /// Why nothing more is written to it.
    failed: Option<io::Error>,
}

impl Outputs {
    /// Opens all files, before anything is sent to a server.
    pub(crate) fn open(
        reports: &[Report],
        palette: Palette,
        again: &str,
    ) -> Result<Self, OutputError> {
        let open = |report: &Report| {
            let out: Box<dyn Write + Send> = match &report.to {
                None => Box::new(BufWriter::new(io::stdout())),
                Some(path) => {
                    let file = File::create(path);
                    let path = path.clone();
                    Box::new(BufWriter::new(file.map_err(|source| OutputError { path, source })?))
                }
            };
            let palette = if report.to.is_none() { palette } else { Palette::plain() };
            let reporter: Box<dyn Reporter + Send> = match report.format {
                Format::Human => Box::new(Human::new(palette, again)),
                format => format.reporter(),
            };
            let path = report.to.clone();
            Ok(Output { reporter, out, path, failed: None })
        };
        let outputs = reports.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { outputs })
    }

    /// Hands an event to every report. One that cannot be written leaves the others alone.
    pub(crate) fn handle(&mut self, event: &Event) {
        for output in self.outputs.iter_mut().filter(|output| output.failed.is_none()) {
            let written = output.reporter.handle(event, &mut output.out);
            output.failed = written.and_then(|()| output.out.flush()).err();
        }
    }

    /// What could not be written. That the reader of standard output went away is no error.
    pub(crate) fn finish(self) -> Vec<OutputError> {
        let failed = |output: Output| {
            let source = output.failed?;
            let is_gone = output.path.is_none() && source.kind() == io::ErrorKind::BrokenPipe;
            let path = output.path.unwrap_or_else(|| "standard output".into());
            (!is_gone).then_some(OutputError { path, source })
        };
        self.outputs.into_iter().filter_map(failed).collect()
    }
}
