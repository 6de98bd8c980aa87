//! All that a launched server writes, kept in a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::transcript::Redactor;

/// One of a process's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Stdout,
    Stderr,
}

/// A line that is longer is written in parts.
const LONGEST: usize = 64 * 1024;

/// A file for the output of the server: whole lines, those of standard output and of standard error
/// as they come, without passwords.
#[derive(Debug, Clone)]
pub struct ServerLog(Arc<Mutex<Log>>);

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: BufWriter<File>,
    /// What has no end yet, of each output.
    begun: [Vec<u8>; 2],
    failed: Option<io::Error>,
}

impl ServerLog {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(File::create(path)?);
        Ok(Self(Arc::new(Mutex::new(Log {
            path: path.to_owned(),
            file,
            begun: [Vec::new(), Vec::new()],
            failed: None,
        }))))
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what came of one output.
    pub(super) fn push(&self, source: Source, bytes: &[u8], redactor: &Redactor) {
        let mut log = self.lock();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            log.begun(source).extend_from_slice(part);
            if part.ends_with(b"\n") {
                log.end_line(source, redactor);
            } else {
                log.cut(source, redactor);
            }
        }
        log.flush();
    }

    /// An output is over: its last line may have no end.
    pub(super) fn end(&self, source: Source, redactor: &Redactor) {
        let mut log = self.lock();
        if !log.begun(source).is_empty() {
            log.begun(source).push(b'\n');
            log.end_line(source, redactor);
        }
        log.flush();
    }

    /// What could not be written, if anything.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let log = self.lock();
        let error = log.failed.as_ref()?;
        let path = log.path.display();
        Some(format!(
            "the server's output is not complete in {path}: {error}"
        ))
    }
}

impl Log {
    fn begun(&mut self, source: Source) -> &mut Vec<u8> {
        let [stdout, stderr] = &mut self.begun;
        match source {
            Source::Stdout => stdout,
            Source::Stderr => stderr,
        }
    }

    fn end_line(&mut self, source: Source, redactor: &Redactor) {
        let line = std::mem::take(self.begun(source));
        self.write(&line, redactor);
    }

    /// Writes what there is of a line that grows too long, but for its last word: it may be half a
    /// password.
    fn cut(&mut self, source: Source, redactor: &Redactor) {
        let begun = self.begun(source);
        if begun.len() < LONGEST {
            return;
        }
        let blank = begun.iter().rposition(|byte| byte.is_ascii_whitespace());
        let last = begun.split_off(blank.map_or(begun.len(), |at| at + 1));
        let part = std::mem::replace(begun, last);
        self.write(&part, redactor);
    }

    fn write(&mut self, bytes: &[u8], redactor: &Redactor) {
        if self.failed.is_none() {
            let text = String::from_utf8_lossy(bytes);
            self.failed = self.file.write_all(redactor.apply(&text).as_bytes()).err();
        }
    }

    fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.file.flush().err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_kept_by_the_line_and_without_passwords() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = ServerLog::create(&path).unwrap();
        let redactor = Redactor::new(["secret-a".to_owned()]);
        let read = || std::fs::read_to_string(&path).unwrap();
        log.push(Source::Stdout, b"one\npw sec", &redactor);
        log.push(Source::Stderr, b"\xff secret-a two\r\n", &redactor);
        assert_eq!(read(), "one\n\u{fffd} [redacted] two\r\n");
        log.push(Source::Stdout, b"ret-a\nlast", &redactor);
        log.end(Source::Stdout, &redactor);
        log.end(Source::Stderr, &redactor);
        assert!(
            read().ends_with("two\r\npw [redacted]\nlast\n"),
            "{}",
            read()
        );
        assert_eq!(log.failure(), None);
    }

    #[test]
    fn a_line_without_end_is_written_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = ServerLog::create(&path).unwrap();
        let redactor = Redactor::new(["secret-a".to_owned()]);
        let long = "x".repeat(LONGEST);
        log.push(Source::Stdout, format!("{long} secr").as_bytes(), &redactor);
        log.push(Source::Stdout, b"et-a", &redactor);
        log.end(Source::Stdout, &redactor);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{long} [redacted]\n"));
        log.push(Source::Stdout, "y".repeat(LONGEST).as_bytes(), &redactor);
        assert!(
            log.lock().begun(Source::Stdout).is_empty(),
            "nothing is held back"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told() {
        let log = ServerLog::create(Path::new("/dev/full")).unwrap();
        log.push(Source::Stdout, b"one\n", &Redactor::default());
        let failure = log.failure().unwrap();
        assert!(
            failure.starts_with("the server's output is not complete in /dev/full"),
            "{failure}"
        );
    }
}
