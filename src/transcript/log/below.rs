//! What stands below a line that announces a payload, and what is written out behind its end.

use crate::transcript::read::{Shown, unescape};

/// So many lines may stand below one.
const MOST: usize = 20_000;
/// A line end, written out.
const END: &str = "\\r\\n";

/// A line, and what is written out behind its end.
pub(super) fn broken(said: &str) -> (&str, Option<&str>) {
    let end = said
        .find(END)
        .map(|at| (at, END.len()))
        .or_else(|| said.find("\\n").map(|at| (at, 2)));
    match end {
        Some((at, length)) => {
            let rest = said.get(at + length..).unwrap_or_default();
            let line = said.get(..at).unwrap_or_default();
            (line, (!rest.trim().is_empty()).then_some(rest))
        }
        None => (said, None),
    }
}

/// The lines below one.
#[derive(Debug, Default)]
pub(super) struct Below {
    lines: Vec<String>,
    /// The bytes of the lines, without their ends.
    raw: u64,
}

impl Below {
    pub(super) fn of(text: String) -> Self {
        let mut below = Self::default();
        below.push(text);
        below
    }

    pub(super) fn push(&mut self, line: String) {
        self.raw += line.len() as u64;
        self.lines.push(line);
    }

    pub(super) fn pop(&mut self) {
        if let Some(line) = self.lines.pop() {
            self.raw -= line.len() as u64;
        }
    }

    pub(super) fn has_text(&self) -> bool {
        self.lines.iter().any(|line| !line.trim().is_empty())
    }

    /// Whether more may belong to a payload of this length.
    pub(super) fn is_due(&self, length: u64) -> bool {
        // A dump has more than four bytes of text for one.
        let is_short = self.raw / 5 < length && self.lines.len() < MOST;
        length > 0 && is_short && !self.fits(length)
    }

    /// Whether the lines are a payload of this length.
    pub(super) fn fits(&self, length: u64) -> bool {
        // Line ends count two at most: where even they do not do, nothing need be tried.
        let most = self.raw + 2 * self.lines.len() as u64;
        most >= length && self.payload(length).is_some()
    }

    /// The payload of this length that the lines are, in one of the ways in which people and programs
    /// write.
    pub(super) fn payload(&self, length: u64) -> Option<Vec<u8>> {
        let lines = &self.lines[..];
        if lines.is_empty() {
            return None;
        }
        // Blank lines behind a payload are none of it, where it is whole without them.
        let last = lines.iter().rposition(|line| !line.trim().is_empty());
        let shorter = last.and_then(|last| lines.get(..=last));
        let shorter = shorter.filter(|shorter| shorter.len() < lines.len());
        let without = shorter.and_then(|shorter| of_length(shorter, length));
        without.or_else(|| of_length(lines, length))
    }
}

fn of_length(lines: &[String], length: u64) -> Option<Vec<u8>> {
    let is_written_out = lines.iter().any(|line| line.trim_end().ends_with(END));
    readings(lines).iter().find_map(|lines| {
        if is_written_out {
            // Ends that are written out are all that there are.
            let bytes: Vec<u8> = lines.iter().flat_map(|line| unescape(line)).collect();
            return (bytes.len() as u64 == length).then_some(bytes);
        }
        let mut shown = Shown::default();
        lines.iter().for_each(|line| shown.push(line));
        shown.of_length(length)
    })
}

/// The texts that lines below one may be: as they are, not set in, without the dots of line ends.
fn readings(lines: &[String]) -> [Vec<&str>; 3] {
    let plain: Vec<&str> = lines.iter().map(String::as_str).collect();
    let is_text = |line: &&&str| !line.trim().is_empty();
    let indent = plain
        .iter()
        .filter(is_text)
        .map(|line| line.len() - line.trim_start().len());
    let indent = indent.min().unwrap_or_default();
    let set_out = plain
        .iter()
        .map(|line| line.get(indent..).unwrap_or_default());
    let dotless = plain
        .iter()
        .map(|line| line.strip_suffix('.').unwrap_or(line));
    [plain.clone(), set_out.collect(), dotless.collect()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(lines: &[&str], length: u64) -> Option<Vec<u8>> {
        let mut below = Below::default();
        lines.iter().for_each(|line| below.push((*line).to_owned()));
        below.payload(length)
    }

    #[test]
    fn a_payload_is_what_has_its_length() {
        assert_eq!(payload(&["a", "", "b", ""], 6).unwrap(), b"a\r\n\r\nb");
        assert_eq!(payload(&["    a", "    b"], 4).unwrap(), b"a\r\nb");
        // Two such lines may as well be four bytes without an end.
        let dotted = payload(&["a.", "b.", "c."], 7);
        assert_eq!(dotted.unwrap(), b"a\r\nb\r\nc");
        assert_eq!(payload(&["a\\r\\n", "b"], 4).unwrap(), b"a\r\nb");
        // Ends that are written out are not there twice.
        assert_eq!(payload(&["a\\r\\n", "b"], 6), None);
    }
}
