//! What a client reads in the batch that follows SYN, and what it sends to have other lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{Dialect, List, Property, Verb};
use crate::target::{ContactLists, OWN_LISTS};
use crate::wire::{Frame, Words};

/// What makes `found` into `wanted`: removals first (so that AL and BL never clash), then
/// settings, then additions. Each is a verb and its parameters.
pub(crate) fn changes(found: &ContactLists, wanted: &ContactLists) -> Vec<(&'static str, String)> {
    let mut changes = Vec::new();
    let lists = || OWN_LISTS.iter().zip(found.lists.iter().zip(&wanted.lists));
    for (list, (have, want)) in lists() {
        changes.extend(
            have.difference(want)
                .map(|h| ("REM", format!("{list} {h}"))),
        );
    }
    if found.gtc != wanted.gtc {
        changes.push(("GTC", wanted.gtc.clone()));
    }
    if found.blp != wanted.blp {
        changes.push(("BLP", wanted.blp.clone()));
    }
    for (list, (have, want)) in lists() {
        let added = want.difference(have);
        changes.extend(added.map(|h| ("ADD", format!("{list} {h} {h}"))));
    }
    changes
}

/// Whether it is the key of a property that a user sets: a phone number (PRP-1).
pub(super) fn is_property(key: &[u8]) -> bool {
    Property::parse(key).is_some_and(Property::is_number)
}

/// Reads the batch that follows SYN.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) contacts: ContactLists,
    /// Who has the user on the forward list, in lower case.
    pub(crate) reverse: BTreeSet<String>,
    /// The numbers of the groups of contacts.
    pub(super) groups: BTreeSet<String>,
    /// The own properties that have a value.
    pub(super) properties: BTreeMap<String, String>,
    /// FL, AL, BL, RL came whole.
    done: [bool; 4],
    /// How many lines of contacts and of groups are still to come, where the batch has said how long
    /// it is.
    left: Option<(usize, usize)>,
    /// GTC and BLP came, in such a batch.
    settings: (bool, bool),
    /// Something came.
    any: bool,
}

impl Batch {
    /// A batch that has said how many contacts and groups it has (BATCH-1).
    pub(super) fn of(contacts: usize, groups: usize) -> Self {
        Self {
            left: Some((contacts, groups)),
            ..Self::default()
        }
    }

    /// Takes in one line of a batch that has said how long it is; `false` where it is none.
    fn take_counted(&mut self, words: &[&[u8]]) -> bool {
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        let (contacts, groups) = self.left.unwrap_or_default();
        match *words {
            [b"GTC", value] => {
                self.contacts.gtc = text(value);
                self.settings.0 = true;
            }
            [b"BLP", value] => {
                self.contacts.blp = text(value);
                self.settings.1 = true;
            }
            [b"LSG", group, ..] => {
                self.groups.insert(text(group));
                self.left = Some((contacts, groups.saturating_sub(1)));
            }
            [b"LST", handle, _, bits, ..] => {
                let bits = std::str::from_utf8(bits)
                    .ok()
                    .and_then(|it| it.parse().ok());
                let lists = List::of_bits(bits.unwrap_or_default());
                for list in lists {
                    let list = self.contacts.lists.get_mut(list as usize);
                    let list = list.unwrap_or(&mut self.reverse);
                    list.insert(text(handle).to_ascii_lowercase());
                }
                self.left = Some((contacts.saturating_sub(1), groups));
            }
            [b"PRP", key, value] if is_property(key) => {
                self.properties.insert(text(key), text(value));
            }
            [b"PRP" | b"BPR", ..] => {}
            _ => return false,
        }
        self.any = true;
        true
    }

    /// Takes in one line; `false` where it is no line of a batch.
    pub(crate) fn take(&mut self, frame: &Frame) -> bool {
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        let words: Words<'_> = frame.words().collect();
        if self.left.is_some() {
            return self.take_counted(&words);
        }
        match *words.as_slice() {
            [b"GTC", _, _, value] => self.contacts.gtc = text(value),
            [b"BLP", _, _, value] => self.contacts.blp = text(value),
            [b"LST", _, list, _, index, total, ref entry @ ..] => {
                let Some(at) = List::parse(list).map(|list| list as usize) else {
                    return false;
                };
                let list = self.contacts.lists.get_mut(at).unwrap_or(&mut self.reverse);
                list.extend(
                    entry
                        .first()
                        .map(|handle| text(handle).to_ascii_lowercase()),
                );
                if let Some(done) = self.done.get_mut(at) {
                    *done |= index == total;
                }
            }
            [b"LSG", _, _, _, _, group, ..] => self.groups.extend([text(group)]),
            // Some servers leave the TrID out.
            [b"PRP", .., key, value] if is_property(key) => {
                self.properties.insert(text(key), text(value));
            }
            [verb, _, ..] if Dialect::is_added_to_batch(Verb::parse(verb)) => {}
            _ => return false,
        }
        self.any = true;
        true
    }

    /// Whether nothing came.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any
    }

    /// The lists that did not come whole, for a report.
    pub(crate) fn missing(&self) -> String {
        if let Some((contacts, groups)) = self.left {
            return format!("{contacts} more lines of LST and {groups} of LSG");
        }
        let lists = List::ALL.map(List::as_str).into_iter().zip(self.done);
        let missing = lists.filter(|(_, done)| !done);
        let missing: Vec<&str> = missing.map(|(list, _)| list).collect();
        format!("the end of LST {}", missing.join(", "))
    }

    /// Whether as many lines came as the batch has said.
    pub(super) fn has_all_counted(&self) -> bool {
        self.left == Some((0, 0))
    }

    /// Whether all four lists came whole, or all that was counted.
    pub(crate) fn is_whole(&self) -> bool {
        match self.left {
            Some(_) => self.has_all_counted() && self.settings == (true, true),
            None => self.done.iter().all(|done| *done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_whole_after_the_last_entry_of_the_last_list() {
        let mut batch = Batch::default();
        for line in [
            "GTC 5 9 N",
            "BLP 5 9 BL",
            "LST 5 FL 9 1 2 Bob@hotmail.com Bob",
            "LST 5 FL 9 2 2 carol@hotmail.com Carol",
            "LST 5 AL 9 0 0",
            "LST 5 BL 9 1 1 dave@hotmail.com Dave",
        ] {
            assert!(batch.take(&Frame::line(line)), "{line}");
            assert!(!batch.is_whole());
        }
        assert!(!batch.take(&Frame::line("QNG")));
        assert!(batch.take(&Frame::line("LST 5 RL 9 0 0")));
        assert!(batch.is_whole());
        assert_eq!(batch.contacts.entries(), 3);
        let changes = changes(&batch.contacts, &ContactLists::default());
        let told: Vec<String> = changes.iter().map(|(v, p)| format!("{v} {p}")).collect();
        assert_eq!(
            told,
            [
                "REM FL bob@hotmail.com",
                "REM FL carol@hotmail.com",
                "REM BL dave@hotmail.com",
                "GTC A",
                "BLP AL"
            ]
        );
    }
}
