//! Raw transcripts, as people write them and as [`Transcript::render`] does, back to what happened.
//!
//! Understood are `C:` and `S:` (also indented, as in the draft), `client:` and `server:`, arrows
//! (`>>>`, `<<<`, `>`, `->` …), names in front (`alice@sb C:`), time stamps, `--` between
//! connections, `..` continuations, `#` comments, and fenced code in Markdown, outside of which
//! everything is prose. A payload stands below its line: as text on lines that begin with `..`,
//! with escapes or without, as a hex dump, or as plain lines; which of these it is, its length
//! decides. What fits in no way is an error with its place, never a guess.

mod notation;
mod payload;
mod reader;

use super::record::Transcript;

pub(super) use notation::unescape;
pub(super) use payload::{EXACT, HIDDEN, NONE, Shown};
pub use reader::read;
pub(super) use reader::{
    LONGEST_HIDDEN, announced, conn_name, ended, told as announced_in_brackets,
};

/// A transcript that was read, and where each entry stood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What happened.
    pub transcript: Transcript,
    /// The bytes of the text, from and to, for each entry of the transcript.
    pub places: Vec<(usize, usize)>,
}

/// Why a text is no transcript, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{mistake}")]
pub struct ReadError {
    /// The first byte of the place.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
    /// What is wrong there.
    pub mistake: ReadMistake,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadMistake {
    /// Neither of the two speaks.
    #[error("who says this? the line begins with neither `C:` nor `S:`")]
    Stranger,
    /// A continuation of nothing.
    #[error("`..` continues a line, and there is none before it")]
    Orphan,
    /// Nothing stands below a line that announces a payload.
    #[error("the payload of {0} bytes is not shown")]
    MissingPayload(u64),
    /// What stands below a line is not as long as it announces.
    #[error("a payload of {announced} bytes is announced, and the text below has {found}")]
    WrongLength {
        /// The length in the line.
        announced: u64,
        /// The lengths that the text has, in words.
        found: String,
    },
    /// No line of a transcript at all.
    #[error("no line begins with `C:` or `S:`, and none looks like MSNP: this is no transcript")]
    Nothing,
    /// There are lines, and nothing tells who says them.
    #[error("this is {0}: it does not tell who speaks")]
    NoDirections(&'static str),
    /// More than is read.
    #[error("the transcript is longer than {0} bytes")]
    TooLong(usize),
}

impl ReadMistake {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Stranger => {
                "begin it with `C:` or `S:` (`alice@sb C:` where there are several connections), \
                 with `..` if it continues the line before, with `#` if it is a comment"
            }
            Self::Orphan => "begin it with `C:` or `S:`",
            Self::MissingPayload(_) => {
                "write the payload on lines that begin with `..`, `.. <not shown>` if it is not known, \
                 `.. <none>` if it was never sent"
            }
            Self::WrongLength { .. } => {
                "line ends count as two bytes (\\r\\n); `.. <payload> text` takes a text as it is, \
                 whatever length is announced"
            }
            Self::Nothing => {
                "lines look like `C: VER 1 MSNP2` or `alice S: NLN NLN bob@hotmail.com Bob`"
            }
            Self::NoDirections(_) => {
                "save the capture itself, or in Wireshark's Follow choose YAML or Hex Dump instead of \
                 ASCII or Raw; or write `C:` and `S:` before the lines; `msnpspec record` keeps who \
                 speaks"
            }
            Self::TooLong(_) => "cut it into several files",
        }
    }
}
