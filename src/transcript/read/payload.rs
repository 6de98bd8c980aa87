//! The text below a line that announces a payload.

use super::notation::unescape;

/// The text, and the ways in which it can be meant.
#[derive(Debug, Default)]
pub(in crate::transcript) struct Shown {
    lines: Vec<String>,
    /// All bytes of the lines, without ends.
    raw: u64,
    /// The same with escapes taken back.
    unescaped: u64,
    /// The bytes of a hex dump, as long as all lines can be one.
    dumped: Option<u64>,
    /// The text is taken as it is: its length is no argument.
    is_exact: bool,
    /// It says that there was none.
    is_none: bool,
    /// It says that there was one, which is not shown.
    is_hidden: bool,
}

/// A way to read the text: how lines are put together, and whether escapes are.
#[derive(Debug, Clone, Copy)]
enum Way {
    Text {
        end: &'static str,
        is_last_ended: bool,
        has_escapes: bool,
    },
    Dump,
}

const WAYS: [Way; 8] = [
    text("", false, true),
    text("\r\n", false, true),
    text("\r\n", true, true),
    text("\r\n", false, false),
    text("\r\n", true, false),
    text("\n", false, true),
    text("\n", true, true),
    Way::Dump,
];

const fn text(end: &'static str, is_last_ended: bool, has_escapes: bool) -> Way {
    Way::Text {
        end,
        is_last_ended,
        has_escapes,
    }
}

/// Marks in what [`Transcript::render`](crate::transcript::Transcript::render) writes where the
/// length does not tell it.
pub(in crate::transcript) const EXACT: &str = "<payload>";
/// The payload that a line announces was not part of it.
pub(in crate::transcript) const NONE: &str = "<none>";

/// The payload was sent, and is not in the text.
pub(in crate::transcript) const HIDDEN: &str = "<not shown>";

impl Shown {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && !self.is_none && !self.is_hidden
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    pub(super) fn is_exact(&self) -> bool {
        self.is_exact
    }

    pub(super) fn is_none(&self) -> bool {
        self.is_none
    }

    /// Takes a line in.
    pub(in crate::transcript) fn push(&mut self, line: &str) {
        let line = match line.strip_prefix(EXACT) {
            Some(rest) => {
                self.is_exact = true;
                rest.strip_prefix(' ').unwrap_or(rest)
            }
            None if line == NONE => {
                self.is_none = true;
                return;
            }
            None if line == HIDDEN => {
                self.is_hidden = true;
                return;
            }
            None => line,
        };
        let dumped = dumped(line).map(|bytes| bytes.len() as u64);
        self.dumped = match self.lines.is_empty() {
            true => dumped,
            false => self.dumped.zip(dumped).map(|(before, here)| before + here),
        };
        self.raw += line.len() as u64;
        self.unescaped += unescape(line).len() as u64;
        self.lines.push(line.to_owned());
    }

    /// The text as it is.
    pub(super) fn exact(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| unescape(line)).collect()
    }

    /// The bytes that have this length, read in one of the ways that people write.
    pub(in crate::transcript) fn of_length(&self, length: u64) -> Option<Vec<u8>> {
        let way = WAYS
            .into_iter()
            .find(|way| self.length(*way) == Some(length))?;
        Some(self.bytes(way))
    }

    /// Whether some way to read it has this length.
    pub(super) fn fits(&self, length: u64) -> bool {
        self.lengths().any(|it| it == length)
    }

    /// The lengths that the text may have, in words.
    pub(super) fn told_lengths(&self) -> String {
        let mut lengths: Vec<u64> = self.lengths().collect();
        lengths.sort_unstable();
        lengths.dedup();
        let words: Vec<String> = lengths.iter().map(u64::to_string).collect();
        words.join(" or ")
    }

    /// The shortest length that it may have.
    pub(super) fn least(&self) -> u64 {
        self.lengths().min().unwrap_or_default()
    }

    fn lengths(&self) -> impl Iterator<Item = u64> {
        WAYS.into_iter().filter_map(|way| self.length(way))
    }

    fn length(&self, way: Way) -> Option<u64> {
        match way {
            Way::Dump => self.dumped,
            Way::Text {
                end,
                is_last_ended,
                has_escapes,
            } => {
                let text = if has_escapes {
                    self.unescaped
                } else {
                    self.raw
                };
                let lines = self.lines.len() as u64;
                let ends = if is_last_ended {
                    lines
                } else {
                    lines.saturating_sub(1)
                };
                Some(text + ends * end.len() as u64)
            }
        }
    }

    fn bytes(&self, way: Way) -> Vec<u8> {
        match way {
            Way::Dump => self
                .lines
                .iter()
                .filter_map(|line| dumped(line))
                .flatten()
                .collect(),
            Way::Text {
                end,
                is_last_ended,
                has_escapes,
            } => {
                let line = |line: &String| match has_escapes {
                    true => unescape(line),
                    false => line.clone().into_bytes(),
                };
                let lines: Vec<Vec<u8>> = self.lines.iter().map(line).collect();
                let mut out = lines.join(end.as_bytes());
                if is_last_ended {
                    out.extend_from_slice(end.as_bytes());
                }
                out
            }
        }
    }
}

/// A line of a hex dump: an offset or none, bytes in hexadecimal, and whatever follows three
/// spaces or a bar.
fn dumped(line: &str) -> Option<Vec<u8>> {
    let body = line.trim().split('|').next()?;
    let (head, tail) = body.split_once(' ').unwrap_or(("", body));
    let offset = head.strip_suffix(':').unwrap_or(head);
    let is_offset = offset.len() >= 4 && offset.bytes().all(is_hex) && tail.starts_with(' ')
        || head.ends_with(':') && offset.bytes().all(is_hex);
    let bytes = if is_offset { tail.trim_start() } else { body };
    let bytes = bytes.split("   ").next()?;
    let mut out = Vec::new();
    for word in bytes.split_ascii_whitespace() {
        out.extend(hex::decode(word).ok()?);
    }
    Some(out)
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str], length: u64) -> Option<Vec<u8>> {
        let mut shown = Shown::default();
        lines.iter().for_each(|line| shown.push(line));
        shown.of_length(length)
    }

    #[test]
    fn the_length_says_how_it_is_meant() {
        assert_eq!(
            read(&[r"a\r\n", r"\r\n", "b"], 6),
            Some(b"a\r\n\r\nb".to_vec())
        );
        assert_eq!(read(&["a", "", "b"], 6), Some(b"a\r\n\r\nb".to_vec()));
        assert_eq!(read(&["a", "", "b"], 8), Some(b"a\r\n\r\nb\r\n".to_vec()));
        assert_eq!(read(&["a", "", "b"], 4), Some(b"a\n\nb".to_vec()));
        assert_eq!(read(&[r"C:\new"], 6), Some(br"C:\new".to_vec()));
        assert_eq!(
            read(&["0000  61 62 0d 0a   ab.."], 4),
            Some(b"ab\r\n".to_vec())
        );
        assert_eq!(read(&["6162 0d0a |ab..|"], 4), Some(b"ab\r\n".to_vec()));
        assert_eq!(read(&["a"], 7), None);
    }
}
