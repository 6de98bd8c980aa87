//! What counts as a handle and as a friendly name.

use crate::protocol::{MAX_HANDLE, MAX_NAME, decode_name};

/// The only domain of the first release (draft, 5.4).
const DOMAIN: &str = "hotmail.com";

/// What is wrong with a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHandle {
    /// No domain at all.
    NoDomain,
    /// A domain that is not hotmail.com.
    ForeignDomain,
    /// Too long, unprintable, or not of the form `local@domain`.
    Malformed,
}

/// Reads a parameter as a handle.
pub(super) fn parse_handle(word: &[u8]) -> Result<&str, BadHandle> {
    let handle = printable(word).ok_or(BadHandle::Malformed)?;
    //= HANDLE-1
    //= HANDLE-2
    if handle.len() > MAX_HANDLE {
        return Err(BadHandle::Malformed);
    }
    let (local, domain) = handle.split_once('@').ok_or(BadHandle::NoDomain)?;
    if local.is_empty() || domain.contains('@') {
        return Err(BadHandle::Malformed);
    }
    //= HANDLE-5
    //= DOMAIN-1
    match domain {
        "" => Err(BadHandle::NoDomain),
        _ if domain.eq_ignore_ascii_case(DOMAIN) => Ok(handle),
        _ => Err(BadHandle::ForeignDomain),
    }
}

/// Reads a parameter as an encoded friendly name, kept encoded. `None` where it is too long or
/// does not decode to UTF-8.
pub(super) fn parse_name(word: &[u8]) -> Option<&str> {
    let name = printable(word)?;
    //= NAME-2
    //= NAME-3
    let fits = name.len() <= MAX_NAME;
    //= NAME-1
    let is_text = std::str::from_utf8(&decode_name(word)).is_ok();
    (fits && is_text).then_some(name)
}

/// The word as text, where all of it is printable 7-bit ASCII.
//= FRAME-17
pub(super) fn printable(word: &[u8]) -> Option<&str> {
    let is_printable = word.iter().all(u8::is_ascii_graphic);
    is_printable.then(|| std::str::from_utf8(word).ok())?
}

/// A decimal number of 32 bits: digits alone, leading zeros allowed.
pub(super) fn parse_number(word: &[u8]) -> Option<u32> {
    let is_number = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(word).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles() {
        let longest = format!("{}@hotmail.com", "a".repeat(117));
        for good in ["a@hotmail.com", "A.b-1@HotMail.COM", &longest] {
            assert_eq!(parse_handle(good.as_bytes()), Ok(good));
        }
        let too_long = format!("a{longest}");
        let faults = [
            ("alice", BadHandle::NoDomain),
            ("alice@", BadHandle::NoDomain),
            ("a@b", BadHandle::ForeignDomain),
            ("@hotmail.com", BadHandle::Malformed),
            ("a@@hotmail.com", BadHandle::Malformed),
            ("a\u{e9}@hotmail.com", BadHandle::Malformed),
            ("a\0@hotmail.com", BadHandle::Malformed),
            (&too_long, BadHandle::Malformed),
        ];
        for (bad, fault) in faults {
            assert_eq!(parse_handle(bad.as_bytes()), Err(fault), "{bad}");
        }
    }

    #[test]
    fn names() {
        let (longest, too_long) = ("n".repeat(387), "n".repeat(388));
        for good in ["Alice%20A", "%0D%0A", "%C3%A9", "100%", &longest] {
            assert_eq!(parse_name(good.as_bytes()), Some(good));
        }
        for bad in [
            b"%C3%28".as_slice(),
            b"\xc3\xa9",
            b"a\rb",
            too_long.as_bytes(),
        ] {
            assert_eq!(parse_name(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(parse_number(b"0004294967295"), Some(u32::MAX));
        for bad in [&b""[..], b"4294967296", b"-1", b"+1", b"1x", b" 1"] {
            assert_eq!(parse_number(bad), None, "{}", bad.escape_ascii());
        }
    }
}
