//! What a batch that says how long it is holds, and in which order.

use super::Quirks;
use crate::server::faults::Fault;

impl Quirks {
    /// Whether GTC comes before BLP.
    pub(in crate::server) fn begins_with_prompt(&self) -> bool {
        !self.has(Fault::PRIVACY_BEFORE_PROMPT)
    }

    /// Whether a batch with so many contacts tells the settings.
    pub(in crate::server) fn tells_settings(&self, contacts: usize) -> bool {
        contacts > 0 || !self.has(Fault::EMPTY_BATCH_WITHOUT_SETTINGS)
    }

    /// Whether one line shows all lists that a user is on.
    pub(in crate::server) fn joins_lists(&self) -> bool {
        !self.has(Fault::LINE_FOR_EACH_LIST)
    }

    /// Whether a user is shown who is on these lists, behind so many others.
    pub(in crate::server) fn shows_contact(&self, bits: u8, place: usize) -> bool {
        let is_left_out = bits == 8 && self.has(Fault::WATCHERS_LEFT_OUT);
        let is_cut = place > 0 && self.has(Fault::BATCH_OF_ONE_CONTACT);
        !is_left_out && !is_cut
    }

    /// Whether the numbers of a contact come behind its line.
    pub(in crate::server) fn numbers_follow_contact(&self) -> bool {
        !self.has(Fault::NUMBERS_BEFORE_THEIR_CONTACT)
    }

    /// What a client counts as that has this number of the lists, which stand at another.
    pub(in crate::server) fn known_number(&self, known: u32, serial: u32, counts: bool) -> u32 {
        let is_believed = counts && known > 0 && self.has(Fault::EARLIER_NUMBER_GETS_NOTHING);
        if is_believed { serial } else { known }
    }
}
