//! The bytes of a file as text, whatever wrote it.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// So many bytes tell whether a file without a mark is UTF-16.
const LOOKED_AT: usize = 4096;

/// The text, and what a reader should know of how it was made.
pub(super) fn text(bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        if encoding != encoding_rs::UTF_8 {
            let (text, _) = encoding.decode_without_bom_handling(body);
            return (text, Some(format!("read as {}", encoding.name())));
        }
    }
    if let Some(encoding) = wide(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        return (text, Some(format!("read as {}", encoding.name())));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), None),
        Err(_) => by_line(bytes),
    }
}

/// UTF-16 without a mark: every second byte is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let zeros = |odd: usize| {
        let own = head.iter().skip(odd).step_by(2);
        own.filter(|byte| **byte == 0).count()
    };
    let half = head.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    match (even * 10 > half * 7, odd * 10 > half * 7) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

/// Lines that are no UTF-8 are read as Windows-1252, which old logs are in; the others as they are.
fn by_line(bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut first = None;
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => {
                first.get_or_insert(at + 1);
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(line).0);
            }
        }
    }
    let note = first.map(|line| {
        format!("lines that are no UTF-8 are read as Windows-1252, the first is line {line}")
    });
    (Cow::Owned(text), note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_the_time_is_read() {
        let wide = |big: bool| -> Vec<u8> {
            let units = "C: VER 1\n".encode_utf16();
            let bytes = units.map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            });
            bytes.flatten().collect()
        };
        let with_mark = |mark: [u8; 2], body: Vec<u8>| [&mark[..], &body].concat();
        for bytes in [
            wide(false),
            wide(true),
            with_mark([0xff, 0xfe], wide(false)),
            with_mark([0xfe, 0xff], wide(true)),
        ] {
            assert_eq!(text(&bytes).0, "C: VER 1\n");
        }
        assert_eq!(text(b"caf\xe9\n\xc3\xa9").0, "caf\u{e9}\n\u{e9}");
        assert_eq!(text("\u{e9}".as_bytes()), ("\u{e9}".into(), None));
    }
}
