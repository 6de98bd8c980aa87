//! One line with what follows it, its bytes kept as they came.

use bytes::Bytes;
use smallvec::SmallVec;

/// What ended a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Terminator {
    /// CR LF, as the draft wants it (5.2).
    CrLf,
    /// LF alone.
    Lf,
}

impl Terminator {
    /// The bytes themselves.
    #[must_use]
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
        }
    }
}

/// Stands for a number that a server has left out, in a line that was put right.
pub const UNKNOWN: &[u8] = b"?";

/// The words of a line, as a list; those of nearly every line need no memory of their own.
pub type Words<'l> = SmallVec<[&'l [u8]; 8]>;

/// The words of a line: runs of spaces and tabs separate them.
pub fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = line;
    std::iter::from_fn(move || {
        let begin = rest.iter().position(|byte| !is_blank(*byte))?;
        let (_, word) = rest.split_at_checked(begin)?;
        let length = word.iter().position(|byte| is_blank(*byte));
        let (word, behind) = word.split_at_checked(length.unwrap_or(word.len()))?;
        rest = behind;
        Some(word)
    })
}

/// The same in one go, each with the place where it begins.
pub fn for_each_word<'l>(line: &'l [u8], mut visit: impl FnMut(usize, &'l [u8])) {
    let mut begin = 0;
    for (at, byte) in line.iter().enumerate() {
        if is_blank(*byte) {
            if at > begin {
                visit(begin, line.get(begin..at).unwrap_or_default());
            }
            begin = at + 1;
        }
    }
    if line.len() > begin {
        visit(begin, line.get(begin..).unwrap_or_default());
    }
}

/// Nearly all bytes of a line come after the blanks: one comparison tells them.
fn is_blank(byte: u8) -> bool {
    byte <= b' ' && matches!(byte, b' ' | b'\t')
}

/// A line and, where it announces one, its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The line without its terminator, byte for byte.
    pub line: Bytes,
    /// What ended the line.
    pub terminator: Terminator,
    /// The bytes after the line, where the line announces a length.
    pub payload: Option<Bytes>,
    /// The payload was sent, and nobody knows its bytes: those of `payload` only say how many.
    pub is_hidden: bool,
}

impl Frame {
    /// A line that ends in CRLF and has no payload.
    #[must_use]
    pub fn line(line: impl Into<Bytes>) -> Self {
        Self {
            line: line.into(),
            terminator: Terminator::CrLf,
            payload: None,
            is_hidden: false,
        }
    }

    /// A line that ends in CRLF, with a payload. The line must already hold the length.
    #[must_use]
    pub fn with_payload(line: impl Into<Bytes>, payload: impl Into<Bytes>) -> Self {
        let (line, payload) = (line.into(), Some(payload.into()));
        Self {
            line,
            terminator: Terminator::CrLf,
            payload,
            is_hidden: false,
        }
    }

    /// The same frame with other words in its line.
    #[must_use]
    pub fn with_words(&self, words: &[&[u8]]) -> Self {
        Self {
            line: words.join(&b' ').into(),
            ..self.clone()
        }
    }

    /// Its payload of so many bytes was sent, and is not known.
    pub fn hide(&mut self, length: u64) {
        let length = usize::try_from(length).unwrap_or_default();
        self.payload = Some(vec![b'-'; length].into());
        self.is_hidden = true;
    }

    /// The words of the line: runs of spaces and tabs separate them.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> + Clone {
        words(&self.line)
    }

    /// The first word; empty where the line is.
    #[must_use]
    pub fn verb(&self) -> &[u8] {
        self.words().next().unwrap_or_default()
    }

    /// The frame's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let payload = self.payload.as_deref().unwrap_or_default();
        let parts = [&self.line, self.terminator.as_bytes(), payload];
        parts.concat().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_white_space_separate_words() {
        let frame = Frame::line("CHG \t 9  NLN ");
        assert_eq!(
            frame.words().collect::<Vec<_>>(),
            [&b"CHG"[..], b"9", b"NLN"]
        );
    }

    #[test]
    fn other_control_bytes_are_part_of_words() {
        let frame = Frame::line(&b"CHG\0\x01 9\r\x1fx"[..]);
        assert_eq!(
            frame.words().collect::<Vec<_>>(),
            [&b"CHG\0\x01"[..], b"9\r\x1fx"]
        );
    }

    #[test]
    fn encodes_line_and_payload() {
        let frame = Frame::with_payload("MSG 3 N 2", "hi");
        assert_eq!(&frame.to_bytes()[..], b"MSG 3 N 2\r\nhi");
    }
}
