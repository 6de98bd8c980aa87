//! Personas: lists of quirks, several at once, as servers in the world have them.

use std::collections::BTreeSet;

use super::faults::{Fault, FaultSet};
use crate::protocol::ClauseId;

/// A server with several quirks.
#[derive(Debug)]
pub struct Persona {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What it is like, in one sentence.
    pub description: &'static str,
    /// Its quirks: habits, which only personas have, and faults.
    pub quirks: &'static [Fault],
}

/// All personas.
#[must_use]
pub fn personas() -> &'static [Persona] {
    PERSONAS
}

impl Persona {
    /// The persona of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        personas().iter().find(|persona| persona.name == name)
    }

    /// Its quirks, for a server's set-up.
    #[must_use]
    pub fn faults(&self) -> FaultSet {
        self.quirks.iter().copied().collect()
    }

    /// The clauses that its quirks break, by the clauses' own words.
    #[must_use]
    pub fn clauses(&self) -> BTreeSet<ClauseId> {
        let quirks = self.quirks.iter();
        quirks.flat_map(|quirk| quirk.clauses()).copied().collect()
    }
}

static PERSONAS: &[Persona] = &[
    Persona {
        name: "backwards",
        description: "It sends a batch in the reverse order, and is silent where others are polite.",
        quirks: &[
            Fault::BATCH_ORDER,
            Fault::OUT_WITHOUT_ECHO,
            Fault::NEWCOMER_UNTOLD,
            Fault::SAME_STATE_IS_218,
        ],
    },
    Persona {
        name: "transposed",
        description: "It swaps item and total wherever it counts.",
        quirks: &[
            Fault::COUNTS_SWAPPED,
            Fault::VER_NAMES_ALL,
            Fault::NEWCOMER_UNTOLD,
        ],
    },
    Persona {
        name: "talkative",
        description: "It adds words to its echoes, as later dialects do.",
        quirks: &[
            Fault::CHG_HAS_A_WORD_MORE,
            Fault::ADD_HAS_A_WORD_MORE,
            Fault::LOGIN_HAS_A_WORD_MORE,
            Fault::RINGING_HAS_A_WORD_MORE,
            Fault::ERROR_WITH_TEXT,
            Fault::VER_NAMES_ALL,
        ],
    },
    Persona {
        name: "numberless",
        description: "It keeps no serial numbers and leaves them out.",
        quirks: &[
            Fault::ADD_WITHOUT_NUMBER,
            Fault::REM_WITHOUT_NUMBER,
            Fault::SETTINGS_WITHOUT_NUMBER,
            Fault::LISTS_WITHOUT_NUMBER,
            Fault::RENAME_WITHOUT_NUMBER,
        ],
    },
    Persona {
        name: "own-codes",
        description: "It refuses strangers and mistakes with codes of its own choice.",
        quirks: &[
            Fault::UNKNOWN_USER_IS_216,
            Fault::UNREACHABLE_IS_201,
            Fault::FAILED_LOGIN_IS_910,
            Fault::MISSING_ENTRY_IS_201,
            Fault::ADD_TWICE_IS_201,
            Fault::PRESENT_IS_217,
        ],
    },
    Persona {
        name: "unhurried",
        description: "It tells presence in batches, writes lists a second late and makes keys slowly.",
        quirks: &[
            Fault::PRESENCE_BATCHED,
            Fault::LISTS_WRITTEN_LATE,
            Fault::LOGIN_TAKES_TIME,
        ],
    },
    Persona {
        name: "read-by-read",
        description: "It takes each read for one command, and each blank for a parting of words.",
        quirks: &[
            Fault::SEGMENT_IS_COMMAND,
            Fault::ONE_COMMAND_A_SEGMENT,
            Fault::ONE_BLANK_ONLY,
            Fault::OUT_WITHOUT_ECHO,
        ],
    },
    Persona {
        name: "touchy",
        description: "It closes on whatever is malformed.",
        quirks: &[
            Fault::MALFORMED_CLOSES,
            Fault::NO_TRAILING_BLANK,
            Fault::TAB_IS_NO_BLANK,
            Fault::TRID_ZERO_REFUSED,
        ],
    },
    Persona {
        name: "deaf-to-nonsense",
        description: "It answers nothing that is malformed, and goes on.",
        quirks: &[
            Fault::MALFORMED_UNANSWERED,
            Fault::SECOND_VER_UNANSWERED,
            Fault::SAME_STATE_UNANSWERED,
        ],
    },
    Persona {
        name: "forward",
        description: "It tells lists and presence before it is asked.",
        quirks: &[
            Fault::BATCH_AT_LOGIN,
            Fault::PRESENCE_AT_LOGIN,
            Fault::SECOND_SYN_ALONE,
        ],
    },
    Persona {
        name: "self-promoting",
        description: "It puts a service on everybody's lists for good.",
        quirks: &[
            Fault::SERVICE_CONTACT,
            Fault::PRESENCE_BATCHED,
            Fault::NEWCOMER_UNTOLD,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_three_to_eight_quirks() {
        let names: BTreeSet<&str> = personas().iter().map(|persona| persona.name).collect();
        assert_eq!(names.len(), personas().len());
        for persona in personas() {
            assert!((3..=8).contains(&persona.quirks.len()), "{}", persona.name);
            assert!(!persona.clauses().is_empty(), "{}", persona.name);
            assert_eq!(persona.faults().iter().count(), persona.quirks.len());
            assert!(persona.description.ends_with('.'));
        }
    }

    #[test]
    fn every_habit_is_somebodys() {
        for habit in crate::server::habits() {
            let has = |persona: &&Persona| persona.quirks.contains(habit);
            assert!(personas().iter().any(|p| has(&p)), "{habit}");
        }
    }
}
