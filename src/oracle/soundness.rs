//! What a server may find wrong with the words of a request.
//!
//! A request with two faults may be refused for either of them, so a code is judged only where
//! nothing but the fault that it is for is to be found.

use super::line::{Line, Verb, number};
use super::world::Request;
use crate::protocol::{Dialect, List, MAX_HANDLE, Param, ServerKind, Setting, State, decode_name};

/// A name of so many bytes is too long for no server.
const SHORT_NAME: usize = 100;

/// Whether no word of a request is at fault, but perhaps this one.
pub(super) fn is_sound_but(request: &Request, kind: ServerKind, but: usize) -> bool {
    let line = request.words();
    let words = 2..line.count();
    words
        .filter(|at| *at != but)
        .all(|at| is_sound_word(&line, request.dialect, kind, at))
}

/// Whether no word of a request is at fault.
pub(super) fn is_sound(request: &Request, kind: ServerKind) -> bool {
    is_sound_but(request, kind, 0)
}

fn is_sound_word(line: &Line<'_>, dialect: &Dialect, kind: ServerKind, at: usize) -> bool {
    let word = line.word(at);
    match (line.verb, at) {
        (Verb::Usr, 2) | (Verb::Ans, 2) if kind == ServerKind::Switchboard => is_handle(word),
        (Verb::Usr, 2) => dialect.login_scheme().map(str::as_bytes) == Some(word),
        (Verb::Usr, 4) if line.word(3) == b"I" => is_handle(word),
        (Verb::Syn, _) => number(word).is_some_and(|number| number <= u64::from(u32::MAX)),
        (Verb::Gtc, _) => Setting::Prompt.parse(word).is_some(),
        (Verb::Blp, _) => Setting::Privacy.parse(word).is_some(),
        (Verb::Chg, 2) => is_state(word),
        (Verb::Chg, 3) => Param::ClientId.fits(word),
        (Verb::Xfr, _) => word == b"SB",
        (Verb::Lst, _) => List::parse(word).is_some(),
        (Verb::Add | Verb::Rem, 2) => List::parse(word).is_some_and(|list| list != List::Reverse),
        (Verb::Add | Verb::Rem, 3) | (Verb::Cal, _) => is_handle(word),
        (Verb::Add, 4) => !is_odd_name(word),
        _ => true,
    }
}

/// Whether everybody takes a word for a handle.
pub(super) fn is_handle(word: &[u8]) -> bool {
    let mut parts = word.split(|byte| *byte == b'@');
    let has_two = [parts.next(), parts.next()].map(|part| part.is_some_and(|p| !p.is_empty()));
    has_two == [true, true] && parts.next().is_none() && has_handles_length(word)
}

/// Whether a word is not too long for a handle.
pub(super) fn has_handles_length(word: &[u8]) -> bool {
    word.len() <= MAX_HANDLE
}

/// Whether a word is a state that every server takes; FLN need not be taken (CHG-2).
pub(super) fn is_state(word: &[u8]) -> bool {
    State::parse(word).is_some_and(|state| state != State::Offline)
}

/// Whether a server may find that a name is none.
fn is_odd_name(name: &[u8]) -> bool {
    let plain = decode_name(name);
    let is_usual = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'%';
    name.len() > SHORT_NAME || !plain.iter().all(is_usual)
}
