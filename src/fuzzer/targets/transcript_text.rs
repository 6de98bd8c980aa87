//! Transcripts as people write them, on any text.

use crate::diagnostic::Source;
use crate::oracle;
use crate::scenario::{self, NoFiles};
use crate::suite::accused;
use crate::transcript::read::{Reading, read};
use crate::transcript::{Redactor, log};

/// Scenarios that are made of a transcript with more entries than this are left alone.
const MOST_IMPORTED: usize = 60;

/// Any text as a transcript: it is read or refused with places inside the text; what was read and
/// is written reads back and writes the same; oracles judge it without an end of their own; and
/// the scenario that is imported from it loads and prints the same, or is refused with a word.
pub fn transcript_text(data: &[u8]) {
    as_log(data);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let reading = match read(text) {
        Ok(reading) => reading,
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a word");
            for mistake in mistakes {
                let (start, end) = (mistake.start, mistake.end);
                assert!(start <= end && end <= text.len(), "{mistake:?} is outside");
                assert!(!mistake.to_string().is_empty() && !mistake.mistake.help().is_empty());
            }
            return;
        }
    };
    let entries = reading.transcript.entries().len();
    assert_eq!(reading.places.len(), entries, "an entry without a place");
    for (start, end) in &reading.places {
        assert!(start <= end && *end <= text.len(), "a place is outside");
    }
    for finding in oracle::judge(&reading.transcript) {
        assert!(finding.entry < entries, "{finding:?} is about no entry");
    }
    reads_back(&reading);
    if entries <= MOST_IMPORTED {
        imports(&reading);
    }
}

/// Any bytes as a log: each entry has a place inside the text, and what is read is judged and
/// imported.
fn as_log(data: &[u8]) {
    let log = match log::read(data) {
        Ok(log) => log,
        Err(error) => {
            assert!(!error.mistakes.is_empty(), "refused without a word");
            for mistake in error.mistakes {
                let place = error.text.get(mistake.start..mistake.end);
                assert!(place.is_some(), "{mistake:?} is outside");
            }
            return;
        }
    };
    let entries = log.reading.transcript.entries().len();
    assert_eq!(
        log.reading.places.len(),
        entries,
        "an entry without a place"
    );
    for (start, end) in &log.reading.places {
        assert!(log.text.get(*start..*end).is_some(), "a place is outside");
    }
    for finding in oracle::judge(&log.reading.transcript) {
        assert!(finding.entry < entries, "{finding:?} is about no entry");
    }
    if entries <= MOST_IMPORTED {
        imports(&log.reading);
    }
}

fn reads_back(reading: &Reading) {
    let redactor = Redactor::default();
    let written = reading.transcript.render_timed(&redactor).join("\n");
    let again = match read(&written) {
        Ok(again) => again,
        Err(found) => panic!("{found:?}\nwhat was written:\n{written}"),
    };
    let twice = again.transcript.render_timed(&redactor).join("\n");
    assert_eq!(written, twice, "it reads back differently");
}

/// What makes no sense as a conversation (it begins in the middle, or goes on after its end) makes a
/// scenario that is refused when it is loaded.
fn imports(reading: &Reading) {
    let imported = scenario::import(&reading.transcript, "fuzz", &accused(&reading.transcript));
    let printed = scenario::print(&imported);
    let source = Source::new("imported.yaml", &printed);
    match scenario::load("fuzz", &source, &NoFiles) {
        Ok(loaded) => {
            let texts: Vec<String> = loaded.iter().map(scenario::print).collect();
            assert_eq!(texts, [printed], "printing is not stable");
        }
        Err(mistakes) => assert!(!mistakes.is_empty(), "refused without a word"),
    }
}
