//! Bodies of the libFuzzer targets, so that stable tests can call them too.
//!
//! Each takes any bytes and panics where a promise of the house is broken; a panic is what
//! libFuzzer looks for. The targets in `fuzz/` and the test that replays their seeds go through
//! [`TARGETS`].

use crate::diagnostic::Source;
use crate::protocol::{Direction, Grammar, PayloadForm, ServerKind, Verb};
use crate::scenario::{self, NoFiles};
use crate::wire::{Decoder, Frame, Limits, Terminator};

mod server_bytes;
mod server_session;
mod transcript_text;

pub use server_bytes::server_bytes;
pub use server_session::server_session;
pub use transcript_text::transcript_text;

/// A body by the name of its target.
pub type Body = fn(&[u8]);

/// All targets.
pub const TARGETS: &[(&str, Body)] = &[
    ("scenario_yaml", scenario_yaml),
    ("server_bytes", server_bytes),
    ("server_session", server_session),
    ("transcript_text", transcript_text),
    ("wire_decoder", wire_decoder),
    ("wire_round_trip", wire_round_trip),
];

/// Small enough to be passed by an input.
const LIMITS: Limits = Limits {
    line: 64,
    payload: 128,
};

/// What a switchboard's client sends: messages have a payload.
fn from_client() -> Grammar {
    Grammar::new(ServerKind::Switchboard, Direction::ToServer)
}

/// What a stream came to: its frames, and whether it went bad.
struct Decoded {
    frames: Vec<Frame>,
    is_bad: bool,
    rest: usize,
}

/// Decodes a stream that arrives in pieces of `size` bytes.
fn decode(rule: Grammar, limits: Limits, bytes: &[u8], size: usize) -> Decoded {
    let mut decoder = Decoder::new(rule, limits);
    let mut frames = Vec::new();
    let mut is_bad = false;
    for piece in bytes.chunks(size.max(1)) {
        decoder.push(piece);
        while !is_bad {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => is_bad = true,
            }
        }
        let most = limits.line.max(limits.payload) + Terminator::CrLf.as_bytes().len();
        assert!(
            decoder.rest().len() <= most,
            "more is held than the limits say"
        );
    }
    let waiting = decoder.waiting_line().map_or(0, <[u8]>::len);
    Decoded {
        frames,
        is_bad,
        rest: waiting + decoder.rest().len(),
    }
}

/// The wire decoder on any bytes: the cut of the stream changes nothing, no byte is lost or made
/// up, what is held is bounded. The first byte says how the stream is cut.
pub fn wire_decoder(data: &[u8]) {
    let Some((size, stream)) = data.split_first() else {
        return;
    };
    let whole = decode(from_client(), LIMITS, stream, stream.len());
    let cut = decode(from_client(), LIMITS, stream, usize::from(*size));
    assert_eq!(whole.frames, cut.frames, "the cut changes the frames");
    assert_eq!(whole.is_bad, cut.is_bad, "the cut changes the end");
    let mut rest = stream;
    for frame in &whole.frames {
        let bytes = frame.to_bytes();
        rest = rest
            .strip_prefix(&bytes[..])
            .expect("a frame is what stands in the stream");
    }
    if !whole.is_bad {
        let ends = whole.rest..=whole.rest + Terminator::CrLf.as_bytes().len();
        assert!(ends.contains(&rest.len()), "bytes are lost");
    }
}

/// Frames made of any bytes: what is encoded decodes to the same. Lines stand between line ends;
/// one that begins with `!` has the next one as its payload.
pub fn wire_round_trip(data: &[u8]) {
    let row = |verb: &[u8]| {
        let row = from_client().find(verb);
        row.filter(|row| row.payload != PayloadForm::None)
    };
    let mut verbs = Verb::ALL.iter();
    let message = verbs.find(|verb| row(verb.as_bytes()).is_some());
    let message = message.expect("clients send messages");
    let mut parts = data.split(|byte| *byte == b'\n');
    let mut frames = Vec::new();
    while let Some(part) = parts.next() {
        let line = part.strip_suffix(b"\r").unwrap_or(part);
        let Some(line) = line.strip_prefix(b"!") else {
            let is_message = row(Frame::line(line.to_vec()).verb()).is_some();
            if !is_message {
                frames.push(Frame::line(line.to_vec()));
            }
            continue;
        };
        let payload = parts.next().unwrap_or_default();
        let note = line.iter().filter(|byte| byte.is_ascii_digit()).count();
        let head = format!("{} 1 N {note} {}", message.as_str(), payload.len());
        frames.push(Frame::with_payload(head, payload.to_vec()));
    }
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::to_bytes).collect();
    let limits = Limits {
        line: bytes.len() + 1,
        payload: bytes.len() + 1,
    };
    let decoded = decode(from_client(), limits, &bytes, 7);
    assert!(!decoded.is_bad, "what was encoded cannot be read");
    assert_eq!(decoded.frames, frames, "what was encoded reads differently");
    assert_eq!(decoded.rest, 0, "bytes are left");
}

/// The scenario language on any text: it loads or is refused with places inside the text; what
/// loads and is printed loads again and prints the same.
pub fn scenario_yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let source = Source::new("fuzz.yaml", text);
    match scenario::load("fuzz", &source, &NoFiles) {
        Err(mistakes) => assert!(!mistakes.is_empty(), "refused without a word"),
        Ok(scenarios) => {
            for scenario in scenarios.iter().take(4) {
                let printed = scenario::print(scenario);
                let again = Source::new("printed.yaml", &printed);
                let loaded = scenario::load(&scenario.name, &again, &NoFiles)
                    .unwrap_or_else(|found| panic!("{found:?}\nwhat was printed:\n{printed}"));
                let texts: Vec<String> = loaded.iter().map(scenario::print).collect();
                assert_eq!(texts, [printed], "printing is not stable");
            }
        }
    }
}
