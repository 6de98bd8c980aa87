//! Bytes that a capture tool has printed in columns or in base64, as lines again.

use super::lines::Logical;
use super::marks::INDENT;
use crate::protocol::is_verb;
use crate::transcript::escape;

/// So many bytes of a line of a dump are looked at.
const WIDEST: usize = 64;

/// Bytes that belong together.
#[derive(Debug)]
struct Run {
    place: (usize, usize),
    /// What stands over it.
    heading: Option<String>,
    is_set_in: bool,
    /// The offset that continues it.
    next: usize,
    bytes: Vec<u8>,
}

/// The lines, with what dumps hold in the place of the dumps; as they are where there are none.
pub(super) fn undumped(lines: Vec<Logical<'_>>) -> Vec<Logical<'_>> {
    match yaml(&lines) {
        Some(found) => found,
        None => columns(&lines).unwrap_or(lines),
    }
}

/// Hex dumps: of a conversation, one side set in, or of packets, each under its heading.
fn columns<'t>(lines: &[Logical<'t>]) -> Option<Vec<Logical<'t>>> {
    let mut out: Vec<Logical<'t>> = Vec::new();
    let mut run: Option<Run> = None;
    let mut good = 0;
    for line in lines {
        match row(&line.text) {
            Some((is_set_in, offset, bytes)) => {
                let known = run
                    .as_mut()
                    .filter(|run| run.is_set_in == is_set_in && run.next == offset && offset > 0);
                if let Some(run) = known {
                    run.bytes.extend(&bytes);
                    run.next += bytes.len();
                    run.place.1 = line.place.1;
                } else {
                    if let Some(run) = run.take() {
                        good += usize::from(flush(run, &mut out));
                    }
                    run = Some(Run {
                        place: line.place,
                        heading: None,
                        is_set_in,
                        next: offset + bytes.len(),
                        bytes,
                    });
                }
            }
            None => {
                if let Some(run) = run.take() {
                    good += usize::from(flush(run, &mut out));
                }
                out.push(line.clone());
            }
        }
    }
    if let Some(run) = run.take() {
        good += usize::from(flush(run, &mut out));
    }
    (good > 1).then_some(out)
}

/// A row of a dump: whether it is set in, its offset, its bytes.
fn row(text: &str) -> Option<(bool, usize, Vec<u8>)> {
    let body = text.trim_start();
    let lead = text.len() - body.len();
    let (head, tail) = body.split_once(' ')?;
    let digits = head.trim_end_matches(':');
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    if !(4..=8).contains(&digits.len()) || !tail.starts_with(' ') && !head.ends_with(':') {
        return None;
    }
    let offset = usize::from_str_radix(digits, 16).ok()?;
    let tail = tail.trim_start();
    let mut bytes = Vec::new();
    // Groups of bytes have a gap between them at most; behind two the text begins.
    let mut rest = tail;
    while bytes.len() < WIDEST {
        let end = rest.find(' ').unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        match hex::decode(word) {
            Ok(more) if !more.is_empty() && more.len() <= 16 => bytes.extend(more),
            _ => break,
        }
        let trimmed = behind.trim_start_matches(' ');
        let gap = behind.len() - trimmed.len();
        rest = trimmed;
        if gap > 2 || rest.is_empty() || (gap == 2 && !bytes.len().is_multiple_of(8)) {
            break;
        }
        // A gap of two in the middle of a row of sixteen, or the end of it.
        if gap == 2 && bytes.len() >= 16 {
            break;
        }
    }
    (!bytes.is_empty()).then_some((lead > 1, offset, bytes))
}

/// Writes out what a run holds; whether it begins with a line of the protocol.
fn flush(run: Run, out: &mut Vec<Logical<'_>>) -> bool {
    let bytes = without_headers(&run.bytes);
    let is_packet = bytes.len() < run.bytes.len();
    let heading = match (run.heading, run.is_set_in && !is_packet) {
        (Some(heading), _) => Some(heading),
        (None, true) => Some(INDENT.to_owned()),
        // Packets stand under a heading of their own.
        (None, false) if is_packet || run.is_set_in => None,
        (None, false) => Some(String::new()),
    };
    let begins = bytes.get(..3).is_some_and(is_verb);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut logical = Logical::new(run.place, escape(line));
        logical.heading.clone_from(&heading);
        out.push(logical);
    }
    begins
}

/// A packet without the headers of Ethernet, IP and TCP; other bytes as they are.
fn without_headers(bytes: &[u8]) -> &[u8] {
    let behind = |at: usize| bytes.get(at..).unwrap_or_default();
    let ip = match bytes.get(12..14) {
        Some([0x08, 0x00] | [0x86, 0xdd]) => behind(14),
        _ => bytes,
    };
    let (tcp, length) = match ip {
        [first, _, high, low, _, _, _, _, _, 6, ..] if first >> 4 == 4 => {
            let header = usize::from(first & 15) * 4;
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            (ip.get(header..), length.saturating_sub(header))
        }
        [first, _, _, _, high, low, 6, ..] if first >> 4 == 6 => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            (ip.get(40..), length)
        }
        _ => return bytes,
    };
    let tcp = tcp.unwrap_or_default();
    let tcp = tcp.get(..length).unwrap_or(tcp);
    let header = tcp.get(12).map_or(0, |byte| usize::from(byte >> 4) * 4);
    tcp.get(header..).unwrap_or_default()
}

/// The YAML of a followed stream: each packet with its peer, its bytes in base64.
fn yaml<'t>(lines: &[Logical<'t>]) -> Option<Vec<Logical<'t>>> {
    let value = |line: &Logical<'t>, key: &str| {
        let body = line.text.trim_start().trim_start_matches("- ");
        body.strip_prefix(key).map(|rest| rest.trim().to_owned())
    };
    lines.iter().find(|line| line.text.trim() == "packets:")?;
    let mut out = Vec::new();
    let mut peer = String::new();
    let mut run: Option<Run> = None;
    let mut good = 0;
    for line in lines {
        if let Some(own) = value(line, "peer:") {
            peer = own;
        }
        let data = value(line, "data:").filter(|data| data.starts_with("!!binary"));
        if let Some(data) = data {
            let own = data
                .trim_start_matches("!!binary")
                .trim_matches([' ', '|', '"']);
            let bytes = base64(own).unwrap_or_default();
            run = Some(Run {
                place: line.place,
                heading: Some(if peer == "0" {
                    String::new()
                } else {
                    INDENT.to_owned()
                }),
                is_set_in: false,
                next: 0,
                bytes,
            });
            continue;
        }
        let more = base64(line.text.trim()).filter(|more| !more.is_empty());
        match (&mut run, more) {
            (Some(run), Some(more)) if !line.text.contains(':') => {
                run.bytes.extend(more);
                run.place.1 = line.place.1;
            }
            _ => {
                if let Some(run) = run.take() {
                    good += usize::from(flush(run, &mut out));
                }
            }
        }
    }
    if let Some(run) = run.take() {
        good += usize::from(flush(run, &mut out));
    }
    (good > 0).then_some(out)
}

/// What a text in base64 holds.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        assert_eq!(base64("SU5GIDINCg==").unwrap(), b"INF 2\r\n");
        assert_eq!(base64("no base64!"), None);
    }

    #[test]
    fn rows_of_dumps_are_read() {
        let bytes =
            |text| row(text).map(|(is_set_in, offset, bytes)| (is_set_in, offset, bytes.len()));
        assert_eq!(
            bytes("00000000  56 45 52 20 31 20 4d 53  4e 50 32 20 43 56 52 30  VER 1 MS NP2 CVR0"),
            Some((false, 0, 16))
        );
        assert_eq!(
            bytes("    00000010  0d 0a                                             .. "),
            Some((true, 16, 2))
        );
        assert_eq!(
            bytes("\t0x0000:  4500 003a 6a00 4000 4006 0000 0a00 001b  E..:j.@.@......."),
            Some((false, 0, 16))
        );
        assert_eq!(bytes("2001 hello there"), None);
    }
}
