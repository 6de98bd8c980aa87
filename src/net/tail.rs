//! What a process wrote last, and what it cried.

use std::collections::VecDeque;

use crate::net::ear::Ear;
use crate::net::log::Source;
use crate::suite::{Listener, is_cry};
use crate::transcript::escape;

/// How many lines of its output are kept.
pub(super) const LINES: usize = 30;
/// How many lines are kept from a cry on.
const CRY: usize = 20;
/// How many bytes of a line are kept.
const LINE: usize = 400;

/// The last lines of a process's output, redacted.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    /// What has no end yet, of each output.
    begun: [Vec<u8>; 2],
    /// The first cry and what came with it.
    cry: Vec<String>,
    /// The cry is out of the last lines.
    is_far: bool,
    listeners: [Listener; 2],
    ear: Ear,
}

impl Tail {
    pub(super) fn new(ear: Ear) -> Self {
        Self {
            ear,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, source: Source, bytes: &[u8]) {
        if let Some(log) = &self.ear.log {
            log.push(source, bytes, &self.ear.redactor);
        }
        for byte in bytes {
            let begun = self.begun(source);
            match byte {
                b'\n' => self.end_line(source),
                byte if begun.len() < LINE => begun.push(*byte),
                _ => {}
            }
        }
    }

    /// An output is over.
    pub(super) fn end(&mut self, source: Source) {
        if let Some(log) = &self.ear.log {
            log.end(source, &self.ear.redactor);
        }
    }

    fn begun(&mut self, source: Source) -> &mut Vec<u8> {
        let [stdout, stderr] = &mut self.begun;
        match source {
            Source::Stdout => stdout,
            Source::Stderr => stderr,
        }
    }

    fn end_line(&mut self, source: Source) {
        let begun = std::mem::take(self.begun(source));
        let line = begun.strip_suffix(b"\r").unwrap_or(&begun);
        self.listen(source, &String::from_utf8_lossy(line));
        let text = self.ear.redactor.apply(&escape(line)).into_owned();
        let is_more = (1..CRY).contains(&self.cry.len());
        if source == Source::Stderr && (is_more || (self.cry.is_empty() && is_cry(&text))) {
            self.cry.push(text.clone());
        }
        if self.lines.len() == LINES {
            let gone = self.lines.pop_front();
            self.is_far |= gone.as_ref() == self.cry.first();
        }
        self.lines.push_back(text);
    }

    fn listen(&mut self, source: Source, text: &str) {
        let [stdout, stderr] = &mut self.listeners;
        let listener = match source {
            Source::Stdout => stdout,
            Source::Stderr => stderr,
        };
        if let Some(exception) = listener.line(&self.ear.redactor.apply(text)) {
            self.ear.hear(exception);
        }
    }

    /// The first line of a panic or a sanitizer, if there was one.
    pub(super) fn cry(&self) -> Option<&str> {
        self.cry.first().map(String::as_str)
    }

    /// The last lines; a cry that is further back stands before them.
    pub(super) fn lines(&mut self) -> Vec<String> {
        for source in [Source::Stdout, Source::Stderr] {
            if !self.begun(source).is_empty() {
                self.end_line(source);
            }
        }
        let mut lines = Vec::new();
        if self.is_far {
            lines.extend(self.cry.iter().cloned());
            lines.push("…".to_owned());
        }
        lines.extend(self.lines.iter().cloned());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Redactor;

    #[test]
    fn the_tail_is_bounded() {
        let mut tail = Tail::default();
        tail.push(Source::Stderr, &vec![b'x'; 100_000]);
        for n in 0..1000 {
            tail.push(Source::Stderr, format!("\n{n}").as_bytes());
        }
        let lines = tail.lines();
        assert_eq!(
            (lines.len(), lines.last().unwrap().as_str()),
            (LINES, "999")
        );
        assert_eq!(tail.cry(), None);
    }

    #[test]
    fn outputs_do_not_mix_and_a_cry_is_kept() {
        let mut tail = Tail::new(Ear::new(Redactor::new(["secret-a".to_owned()]), None));
        tail.push(Source::Stdout, b"a log line, panicked at");
        tail.push(Source::Stderr, b"thread 'x' panicked at src/x.rs:3:5:\nfor");
        tail.push(Source::Stdout, b" noon\n");
        tail.push(Source::Stderr, b" secret-a\n");
        assert_eq!(tail.cry(), Some("thread 'x' panicked at src/x.rs:3:5:"));
        for n in 0..100 {
            tail.push(Source::Stdout, format!("{n}\n").as_bytes());
        }
        let lines = tail.lines();
        let first: Vec<&str> = lines.iter().take(3).map(String::as_str).collect();
        assert_eq!(
            first,
            [
                "thread 'x' panicked at src/x.rs:3:5:",
                "for [redacted]",
                "…"
            ]
        );
        assert_eq!(lines.len(), 3 + LINES);
    }
}
