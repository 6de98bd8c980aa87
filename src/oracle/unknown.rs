//! Words of a recorded transcript that somebody has left out or crossed out: what depends on them is
//! not judged.

use std::collections::HashSet;

use super::finding::Finding;
use crate::protocol::{Direction, Param, Saying, secrets};
use crate::transcript::{ConnId, Entry, Party, Transcript, What, is_masked, is_redacted};

/// Oracles that look at the form and the order of lines alone; what they say of other lines stands.
const OF_FORM: [&str; 7] = [
    "framing",
    "errors",
    "asynchronous",
    "replies",
    "liveness",
    "order",
    "numbering",
];
/// Those that need to know what lets somebody in.
const OF_WAYS_IN: [&str; 2] = ["authentication", "admission"];
/// So many words of a line are looked at.
const LOOKED_AT: usize = 16;

/// What is not known of a transcript.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    /// Who is who, or what stands on lists.
    is_blind: bool,
    /// With what users come in.
    are_ways_in_unknown: bool,
    /// Requests with words that are not known.
    requests: HashSet<(ConnId, Vec<u8>)>,
    /// Lines that have such words.
    lines: HashSet<usize>,
    /// Lines of the answers to such requests.
    answers: HashSet<usize>,
}

impl Unknown {
    /// Learns from the entry with this index.
    pub(super) fn learn(&mut self, transcript: &Transcript, at: usize, entry: &Entry) {
        let What::Frame(party, frame) = &entry.what else {
            return;
        };
        if !transcript.is_redacted() {
            return;
        }
        let words: Vec<&[u8]> = frame.words().take(LOOKED_AT).collect();
        let trid = words.get(1).copied().unwrap_or_default();
        if *party == Party::Server && self.requests.contains(&(entry.conn, trid.to_vec())) {
            self.answers.insert(at);
        }
        let masked: Vec<usize> = (1..words.len())
            .filter(|place| {
                words
                    .get(*place)
                    .is_some_and(|word| is_redacted(word) && !is_masked(word))
            })
            .collect();
        if masked.is_empty() {
            return;
        }
        self.lines.insert(at);
        let direction = match party {
            Party::Client => Direction::ToServer,
            Party::Server => Direction::ToClient,
        };
        if *party == Party::Client {
            self.requests.insert((entry.conn, trid.to_vec()));
        }
        let secret = match party {
            Party::Client => secrets(&words),
            Party::Server => 0..0,
        };
        let said = Saying::of(direction, &words);
        let of_ways_in = [
            Param::Cookie,
            Param::Challenge,
            Param::Address,
            Param::SessionId,
        ];
        let is_way_in = |place: usize| {
            let said = said.as_ref();
            said.is_some_and(|said| of_ways_in.iter().any(|own| said.place(*own) == Some(place)))
        };
        for place in masked {
            if secret.contains(&place) {
                continue;
            }
            match is_way_in(place) {
                true => self.are_ways_in_unknown = true,
                false => self.is_blind = true,
            }
        }
    }

    /// Takes out what cannot be said, since a word that it needs is not known.
    pub(super) fn take_out(&self, findings: &mut Vec<Finding>) {
        if self.lines.is_empty() {
            return;
        }
        findings.retain(|finding| {
            let oracle = finding.oracle;
            if OF_FORM.contains(&oracle) {
                return true;
            }
            let is_near =
                self.lines.contains(&finding.entry) || self.answers.contains(&finding.entry);
            let is_of_way_in = OF_WAYS_IN.contains(&oracle) && self.are_ways_in_unknown;
            // What a line looks like, other lines do not change.
            let is_blind = self.is_blind && oracle != "shape";
            !(is_near || is_of_way_in || is_blind)
        });
    }
}
