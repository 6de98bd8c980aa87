//! Logs as clients, servers and capture tools write them.
//!
//! There is no list of formats. Lines of the protocol are found wherever they stand in a line
//! (`find`); what stands before them, or over them, is taken into tokens (`marks`), of which the
//! log itself shows which tell who speaks (`scheme`) and which tell whose connection it is
//! (`identity`). Then the lines are put together with what stands below them (`assemble`), and
//! a stream that is really several connections is taken apart (`apart`). Lines of something else
//! are skipped and counted; what looks like the protocol and cannot be read is told with its line.

mod apart;
mod assemble;
mod below;
mod decode;
mod dumps;
mod find;
mod identity;
mod lines;
mod marks;
mod notes;
mod sample;
mod scheme;

use super::masks;
use super::read::{ReadError, ReadMistake, Reading, read as read_strictly};
use super::record::{ConnId, Party, Transcript, What};
use super::redact::is_masked;
use crate::protocol::{Likeness, payload_in_any};
use crate::wire::Frame;
use apart::Utterance;

/// The longest text that is read, in bytes.
const LONGEST: usize = 256 * 1024 * 1024;

/// A log that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// Its text, into which the places of the reading point.
    pub text: String,
    /// What happened.
    pub reading: Reading,
    /// What a reader should know: what was skipped, what is not shown, what is not judged.
    pub notes: Vec<String>,
}

/// Why a log cannot be read, with the text that the places are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogError {
    /// The text.
    pub text: String,
    /// What is wrong, each with its place.
    pub mistakes: Vec<ReadError>,
}

/// Reads a log: a transcript in the raw form, or whatever else has lines of the protocol in it.
///
/// # Errors
///
/// Where it has none, or does not say who speaks.
pub fn read(bytes: &[u8]) -> Result<Log, LogError> {
    let (text, encoding) = decode::text(bytes);
    let mut notes: Vec<String> = encoding.into_iter().collect();
    match read_text(&text, &mut notes) {
        Ok(mut reading) => {
            notes::beginnings(&text, &reading, &mut notes);
            reading.transcript.join_placeholders();
            let unknown = notes::unknown(&text, &reading, &mut notes);
            reading.transcript.set_redacted(unknown);
            let text = text.into_owned();
            Ok(Log {
                text,
                reading,
                notes,
            })
        }
        Err(mistakes) => {
            let text = text.into_owned();
            Err(LogError { text, mistakes })
        }
    }
}

fn read_text(text: &str, notes: &mut Vec<String>) -> Result<Reading, Vec<ReadError>> {
    if text.len() > LONGEST {
        let mistake = ReadMistake::TooLong(LONGEST);
        return Err(vec![ReadError {
            start: 0,
            end: 0,
            mistake,
        }]);
    }
    let strict = read_strictly(text);
    let strictly_wrong = match strict {
        Ok(reading) if is_sound(&reading) => return Ok(apart::one_by_one(reading, notes)),
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes,
    };
    let found = sample::survey(text);
    if found.is_empty() {
        return Err(match strictly_wrong.is_empty() {
            true => vec![nothing(text)],
            false
                if strictly_wrong
                    .iter()
                    .all(|it| it.mistake == ReadMistake::Stranger) =>
            {
                vec![nothing(text)]
            }
            false => strictly_wrong,
        });
    }
    let learned = found
        .learned()
        .ok_or_else(|| vec![found.undirected(text)])?;
    let told = assemble::assemble(&found, &learned);
    let agreement = agreement(&told.utterances);
    if agreement.against > 1 && agreement.against * 2 > agreement.support {
        return Err(vec![found.undirected(text)]);
    }
    notes::told(text, &told, learned.is_reversed, notes);
    Ok(apart::built(told.utterances, notes))
}

fn nothing(text: &str) -> ReadError {
    ReadError {
        start: 0,
        end: text.find('\n').unwrap_or(text.len()),
        mistake: ReadMistake::Nothing,
    }
}

/// How often what is said fits who is said to say it, and how often it is what only the other says.
#[derive(Debug, Default)]
struct Agreement {
    support: usize,
    against: usize,
}

impl Agreement {
    fn add(&mut self, what: &What) {
        let What::Frame(party, frame) = what else {
            return;
        };
        let words: Vec<&[u8]> = frame.words().take(32).collect();
        match Likeness::of(&words).speaker().map(Party::from) {
            Some(own) if own == *party => self.support += 1,
            Some(_) => self.against += 1,
            None => {}
        }
    }
}

fn agreement(utterances: &[Utterance]) -> Agreement {
    let mut all = Agreement::default();
    for utterance in utterances {
        all.add(&utterance.what);
    }
    all
}

/// Whether what was read strictly is what was meant: a line of the protocol is not what stands
/// behind something else in a line, and the arrows point from who speaks.
fn is_sound(reading: &Reading) -> bool {
    let mut all = Agreement::default();
    let is_misread = |transcript: &Transcript| {
        transcript.entries().iter().any(|entry| {
            let What::Frame(party, frame) = &entry.what else {
                return false;
            };
            if apart::is_nameless(transcript, entry.conn)
                && lacks_payload(transcript, entry.conn, (*party, frame))
            {
                return true;
            }
            let line = String::from_utf8_lossy(&frame.line);
            let found = find::find(&line);
            found.is_some_and(|found| found.start > 0 && !found.is_weak)
                && find::at(&line, 0).is_none()
        })
    };
    if is_misread(&reading.transcript) {
        return false;
    }
    for entry in reading.transcript.entries() {
        all.add(&entry.what);
    }
    all.against < 3 || all.against <= 2 * all.support
}

/// Whether a line announces a payload that the kind of its connection does not have: it may be on
/// the wrong one.
fn lacks_payload(transcript: &Transcript, conn: ConnId, (party, frame): (Party, &Frame)) -> bool {
    let words: Vec<&[u8]> = frame.words().take(32).collect();
    let direction = party.direction();
    let own = transcript.connection(conn);
    let is_own =
        own.is_some_and(|conn| conn.grammar(direction).payload_word(&frame.line).is_some());
    let is_lacking = frame.payload.is_none() && !is_own;
    is_lacking && payload_in_any(direction, &words).is_some_and(|length| length > 0)
}

/// Whether a word stands for something that was left out or crossed out, by somebody else than us.
pub(crate) fn is_unknown(word: &[u8]) -> bool {
    masks::is_redacted(word) && !is_masked(word)
}

#[cfg(test)]
mod tests;
