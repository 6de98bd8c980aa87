//! A client's command, checked against the command table; and the ways to refuse one.

use super::handle::parse_number;
use crate::protocol::{Grammar, TridRule};

/// How a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// By an error line; the connection stays.
    Error(u16),
    /// By an error line, and the connection is closed.
    ErrorAndClose(u16),
    /// By closing the connection without a word.
    Close,
}

/// Whether a command was carried out.
pub(super) type Outcome = Result<(), Refusal>;

/// A command of the table, with as many parameters as the table wants.
#[derive(Debug)]
pub(super) struct Request<'l> {
    pub(super) verb: &'static str,
    /// The TrID as it was sent; `None` for the commands that have none.
    pub(super) id: Option<&'l str>,
    pub(super) params: &'l [&'l [u8]],
    pub(super) payload: &'l [u8],
}

impl<'l> Request<'l> {
    /// Reads the words of a line. What the table does not have is refused by a close.
    pub(super) fn parse(
        grammar: Grammar,
        words: &'l [&'l [u8]],
        payload: &'l [u8],
    ) -> Result<Self, Refusal> {
        let (verb, rest) = words.split_first().ok_or(Refusal::Close)?;
        //= FRAME-7
        //= FRAME-12
        //= FRAME-13
        //= OLD-1
        //= PKG-2
        //= PAG-3
        //= MSG-12
        let row = grammar.find(verb);
        let row = row.ok_or(Refusal::Close)?;
        let (id, params) = match row.trid {
            TridRule::Never => (None, rest),
            TridRule::Request | TridRule::RequestOrZero => {
                let (id, params) = rest.split_first().ok_or(Refusal::Close)?;
                (Some(parse_id(id).ok_or(Refusal::Close)?), params)
            }
        };
        //= FRAME-14
        if !row.takes(params.len()) {
            return Err(Refusal::Close);
        }
        Ok(Self {
            verb: row.verb.as_str(),
            id,
            params,
            payload,
        })
    }

    /// The TrID for the reply.
    //= TRID-1
    //= TRID-4
    pub(super) fn trid(&self) -> &'l str {
        self.id.unwrap_or_default()
    }
}

/// A TrID, kept as it was sent.
//= TRID-2
//= TRID-3
//= TRID-6
//= TRID-7
//= TRID-8
fn parse_id(word: &[u8]) -> Option<&str> {
    parse_number(word)?;
    std::str::from_utf8(word).ok()
}
