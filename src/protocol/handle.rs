//! Handles, friendly names and states: limits and encoding (draft, sections 5.2, 5.4, 5.5, 7.7).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};

/// The greatest length of a user handle in bytes (draft, 5.4).
pub const MAX_HANDLE: usize = 129;
/// The greatest length of an encoded friendly name in bytes (draft, 5.5).
pub const MAX_NAME: usize = 387;
/// The greatest length of a message's payload in bytes (practice).
pub const MAX_MESSAGE: usize = 1664;
/// The port of a referral that names none (draft, 8.2).
pub const DEFAULT_PORT: u16 = 1863;
/// The states in which a user is online and shown (draft, 7.7).
pub const ONLINE_STATES: [&str; 7] = ["NLN", "BSY", "IDL", "BRB", "AWY", "PHN", "LUN"];

/// The sender of the messages of the service itself (practice).
pub(super) const SERVICE: &[u8] = b"Hotmail";

/// What must not stand bare in a parameter.
const PARAMETER: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Encodes a text as a parameter: white space, controls, `%` and all beyond 7 bits become `%HH`.
#[must_use]
pub fn encode_name(text: &[u8]) -> String {
    percent_encode(text, PARAMETER).to_string()
}

/// Decodes a parameter; a `%` that no two digits follow stays as it is.
#[must_use]
pub fn decode_name(word: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(word).into()
}

/// The plain name that these words make together, where its blanks stand bare in a line.
#[must_use]
pub fn join_name<'w>(words: impl IntoIterator<Item = &'w [u8]>) -> Vec<u8> {
    let words: Vec<Cow<'_, [u8]>> = words.into_iter().map(decode_name).collect();
    words.join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        let text = "Auntie Em 100% \u{e9}\r\n".as_bytes();
        assert_eq!(encode_name(text), "Auntie%20Em%20100%25%20%C3%A9%0D%0A");
        assert_eq!(&*decode_name(encode_name(text).as_bytes()), text);
    }

    #[test]
    fn a_bad_escape_stays() {
        assert_eq!(&*decode_name(b"50%zz%4"), b"50%zz%4");
    }
}
