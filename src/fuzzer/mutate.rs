//! What is done to commands that were right: a table, one row a mutator.

mod edits;

use std::sync::Arc;

use super::entropy::Entropy;
use crate::protocol::{Direction, Grammar, PayloadForm, ServerKind};
use crate::scenario::ast::Payload;
use edits::{
    bad_escape, bad_handle, bad_length, bad_mode, bad_trid, carriage_return, empty_line,
    extra_parameter, foreign_command, huge_length, huge_payload, length_too_long, length_too_short,
    line_break, line_feed, long_field, long_line, missing_parameter, no_trid, not_utf_8, nul,
    one_letter, unknown_command, wrong_case, wrong_parameter,
};

/// What a server may make of a command that was mutated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The same as before: the mutation means nothing.
    Same,
    /// It refuses the command, or stays silent; lists, settings and names are as they were.
    Refused,
    /// Anything, as long as others are served and every line keeps to the rules.
    Open,
}

/// One way to spoil a case.
#[derive(Debug, Clone, Copy)]
pub struct Mutator {
    /// The name.
    pub name: &'static str,
    /// What it does.
    pub text: &'static str,
    /// What a server may make of it.
    pub effect: Effect,
    /// How often it is taken, beside the others of its kind.
    pub(super) weight: usize,
    pub(super) how: How,
}

/// How a mutator works.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// On one command. `false` where it does not apply.
    Command(fn(&mut Command, &mut Entropy<'_>) -> bool),
    /// On a command whose meaning it keeps; the generator does it while it writes.
    Disguise(Disguise),
    /// A scene of several steps.
    Stunt(Stunt),
}

/// Disguises of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disguise {
    Blanks,
    TrailingBlank,
    Segments,
    EdgeTrid,
}

/// Scenes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stunt {
    PayloadApart,
    Pipelined,
    HalfOpen,
    StopsReading,
    ResetInPayload,
    ConnectFlood,
    ManyLogins,
    CookieTwice,
    TwoInvitations,
    WrongState,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// In the scenario language.
    Text(String),
    Bytes(Vec<u8>),
}

/// A command, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// The verb and all that follows it.
    pub(super) words: Vec<Word>,
    /// The word after the verb is the TrID.
    pub(super) has_trid: bool,
    pub(super) end: &'static str,
    pub(super) payload: Option<Payload>,
}

impl Command {
    /// A command from its line, in the scenario language.
    pub(super) fn new(line: &str, payload: Option<Payload>) -> Self {
        let words = line.split(' ').map(|word| Word::Text(word.to_owned()));
        let words: Vec<Word> = words.collect();
        let trid = Word::Text("{t}".to_owned());
        Self {
            has_trid: words.get(1) == Some(&trid),
            words,
            end: "\r\n",
            payload,
        }
    }

    fn first_parameter(&self) -> usize {
        1 + usize::from(self.has_trid)
    }

    /// A parameter, any but the TrID.
    fn parameter(&mut self, entropy: &mut Entropy<'_>) -> Option<&mut Word> {
        let from = self.first_parameter();
        let count = self
            .words
            .len()
            .checked_sub(from)
            .filter(|count| *count > 0)?;
        self.words.get_mut(from + entropy.below(count))
    }

    fn replace(&mut self, entropy: &mut Entropy<'_>, by: Word) -> bool {
        let place = self.parameter(entropy);
        place.map(|word| *word = by).is_some()
    }

    fn set(&mut self, place: usize, text: &str) -> bool {
        let word = self.words.get_mut(place);
        word.map(|word| *word = Word::Text(text.to_owned()))
            .is_some()
    }

    fn set_trid(&mut self, text: &str) -> bool {
        let is_done = self.has_trid && self.set(1, text);
        self.has_trid &= !is_done;
        is_done
    }

    /// Whether the server can tell where the command ends, and so which TrID an answer carries:
    /// a payload may be read as commands where its length is wrong, or where the command, as it
    /// now stands, has none.
    pub(super) fn is_answered_by_trid(&self) -> bool {
        let is_length = |word: &Word| matches!(word, Word::Text(text) if text == "{length}");
        let ends_in_length = self.words.last().is_some_and(is_length);
        self.has_trid && (self.payload.is_none() || (ends_in_length && self.announces_payload()))
    }

    /// Whether it is a command with a payload, with as many parameters as it should have.
    fn announces_payload(&self) -> bool {
        let Some(Word::Text(verb)) = self.words.first() else {
            return false;
        };
        let grammar = Grammar::new(ServerKind::Switchboard, Direction::ToServer);
        let params = self.words.len() - self.first_parameter();
        grammar
            .find(verb.as_bytes())
            .is_some_and(|row| row.payload != PayloadForm::None && row.takes(params))
    }

    fn set_length(&mut self, text: &str) -> bool {
        let last = self.words.len() - 1;
        self.payload.is_some() && self.set(last, text)
    }
}

/// All mutators.
pub const MUTATORS: &[Mutator] = &[
    command(
        "wrong-parameter",
        "a parameter of another command",
        Effect::Open,
        4,
        wrong_parameter,
    ),
    command(
        "missing-parameter",
        "a parameter too few",
        Effect::Open,
        3,
        missing_parameter,
    ),
    command(
        "extra-parameter",
        "a parameter too many",
        Effect::Open,
        3,
        extra_parameter,
    ),
    command(
        "wrong-case",
        "the verb in lower case",
        Effect::Refused,
        2,
        wrong_case,
    ),
    command(
        "long-field",
        "a parameter of hundreds or thousands of bytes",
        Effect::Open,
        2,
        long_field,
    ),
    command(
        "long-line",
        "a line of up to 70000 bytes",
        Effect::Open,
        1,
        long_line,
    ),
    command(
        "bad-escape",
        "a percent-escape that is none, or no text",
        Effect::Open,
        2,
        bad_escape,
    ),
    command(
        "line-break-in-name",
        "%0D%0A and a command in a parameter",
        Effect::Open,
        2,
        line_break,
    ),
    command(
        "not-utf-8",
        "bytes beyond ASCII that are no UTF-8",
        Effect::Open,
        2,
        not_utf_8,
    ),
    command("nul", "a NUL in a line", Effect::Open, 2, nul),
    command(
        "bad-handle",
        "a handle that nobody can have",
        Effect::Refused,
        2,
        bad_handle,
    ),
    command(
        "bad-trid",
        "a TrID that is no number of 32 bits",
        Effect::Open,
        3,
        bad_trid,
    ),
    command("no-trid", "no TrID", Effect::Open, 2, no_trid),
    command(
        "negative-length",
        "a negative payload length, or none",
        Effect::Open,
        2,
        bad_length,
    ),
    command(
        "length-too-long",
        "a payload length above the payload's",
        Effect::Open,
        2,
        length_too_long,
    ),
    command(
        "length-too-short",
        "a payload length below the payload's",
        Effect::Open,
        2,
        length_too_short,
    ),
    command(
        "huge-length",
        "a payload length of gigabytes",
        Effect::Open,
        2,
        huge_length,
    ),
    command(
        "huge-payload",
        "a payload longer than a message may be",
        Effect::Open,
        1,
        huge_payload,
    ),
    command(
        "bad-mode",
        "a message in a mode that there is not",
        Effect::Open,
        1,
        bad_mode,
    ),
    command(
        "empty-line",
        "a line without a word",
        Effect::Refused,
        1,
        empty_line,
    ),
    command(
        "one-letter-line",
        "a line of one letter",
        Effect::Refused,
        1,
        one_letter,
    ),
    command(
        "unknown-command",
        "a verb that there is not",
        Effect::Refused,
        2,
        unknown_command,
    ),
    command(
        "server-command",
        "a verb of the other kind of server, or of servers",
        Effect::Refused,
        2,
        foreign_command,
    ),
    command(
        "line-feed-alone",
        "a line that ends in LF",
        Effect::Open,
        1,
        line_feed,
    ),
    command(
        "carriage-return-alone",
        "a line that ends in CR",
        Effect::Open,
        1,
        carriage_return,
    ),
    disguise(
        "white-space",
        "several blanks or tabs between parameters",
        Disguise::Blanks,
    ),
    disguise(
        "trailing-white-space",
        "a blank at the end of a line",
        Disguise::TrailingBlank,
    ),
    disguise(
        "segments",
        "a command cut into segments of a few bytes",
        Disguise::Segments,
    ),
    disguise(
        "edge-trid",
        "a TrID at the edge of what is legal",
        Disguise::EdgeTrid,
    ),
    stunt(
        "payload-apart",
        "a payload in another segment than its line",
        Effect::Same,
        Stunt::PayloadApart,
    ),
    stunt(
        "pipelined",
        "several commands in one segment",
        Effect::Same,
        Stunt::Pipelined,
    ),
    stunt(
        "half-open",
        "connections that say nothing, or half a line",
        Effect::Same,
        Stunt::HalfOpen,
    ),
    stunt(
        "stops-reading",
        "a client that stops reading",
        Effect::Same,
        Stunt::StopsReading,
    ),
    stunt(
        "reset-in-payload",
        "a reset in the middle of a payload",
        Effect::Refused,
        Stunt::ResetInPayload,
    ),
    stunt(
        "connect-flood",
        "many connects, one after the other",
        Effect::Same,
        Stunt::ConnectFlood,
    ),
    stunt(
        "many-logins",
        "several logins of one user at once",
        Effect::Refused,
        Stunt::ManyLogins,
    ),
    stunt(
        "cookie-twice",
        "one cookie on two connections at once",
        Effect::Refused,
        Stunt::CookieTwice,
    ),
    stunt(
        "two-invitations",
        "two calls of one user at once",
        Effect::Same,
        Stunt::TwoInvitations,
    ),
    stunt(
        "wrong-state",
        "a command before the login",
        Effect::Refused,
        Stunt::WrongState,
    ),
];

const fn command(
    name: &'static str,
    text: &'static str,
    effect: Effect,
    weight: usize,
    how: fn(&mut Command, &mut Entropy<'_>) -> bool,
) -> Mutator {
    Mutator {
        name,
        text,
        effect,
        weight,
        how: How::Command(how),
    }
}

const fn disguise(name: &'static str, text: &'static str, disguise: Disguise) -> Mutator {
    Mutator {
        name,
        text,
        effect: Effect::Same,
        weight: 1,
        how: How::Disguise(disguise),
    }
}

const fn stunt(name: &'static str, text: &'static str, effect: Effect, stunt: Stunt) -> Mutator {
    Mutator {
        name,
        text,
        effect,
        weight: 1,
        how: How::Stunt(stunt),
    }
}

/// A payload as bytes, where it holds no expression.
pub(super) fn plain_bytes(payload: &Payload) -> Option<Arc<[u8]>> {
    use crate::scenario::ast::Part;
    match payload {
        Payload::Bytes(bytes) => Some(Arc::clone(bytes)),
        Payload::Filler(length) => Some(crate::scenario::filler(*length).into()),
        Payload::Text(text) => {
            let mut all = Vec::new();
            for part in &text.parts {
                match part {
                    Part::Literal(literal) => all.extend_from_slice(literal.as_bytes()),
                    Part::Expr(_) => return None,
                }
            }
            Some(all.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let mut names: Vec<&str> = MUTATORS.iter().map(|mutator| mutator.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), MUTATORS.len());
    }

    #[test]
    fn a_mutator_that_applies_changes_the_command() {
        let bytes: Vec<u8> = (0..=255).cycle().take(4096).collect();
        let mut entropy = Entropy::new(&bytes);
        for mutator in MUTATORS {
            let How::Command(mutate) = mutator.how else {
                continue;
            };
            let mut applied = 0;
            for _ in 0..20 {
                for (line, payload) in [
                    ("ADD {t} FL {bob.handle} Bob", None),
                    ("MSG {t} N {length}", Some(Payload::Filler(9))),
                ] {
                    let before = Command::new(line, payload);
                    let mut after = before.clone();
                    if mutate(&mut after, &mut entropy) {
                        applied += 1;
                    }
                    let is_same = after.words == before.words
                        && after.end == before.end
                        && format!("{:?}", after.payload) == format!("{:?}", before.payload);
                    assert!(
                        !is_same
                            || !mutate(&mut after, &mut entropy)
                            || mutator.name.starts_with("wrong"),
                        "{}",
                        mutator.name
                    );
                }
            }
            assert!(applied > 0, "{} never applies", mutator.name);
        }
    }
}
