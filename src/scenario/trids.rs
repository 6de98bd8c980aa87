//! The TrIDs of a connection: fresh ones for requests, the last ones for replies.

/// The TrIDs of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Trids {
    /// The highest that was used.
    highest: u32,
    last: Option<u32>,
    named: Vec<(String, u32)>,
}

impl Trids {
    /// A TrID that was not used.
    pub(super) fn fresh(&mut self) -> u32 {
        self.highest = self.highest.wrapping_add(1).max(1);
        self.highest
    }

    /// The TrID of a request: a fresh one, or the one that the name has already.
    pub(super) fn allot(&mut self, name: Option<&str>) -> u32 {
        let Some(name) = name else {
            let fresh = self.fresh();
            self.last = Some(fresh);
            return fresh;
        };
        if let Some(known) = self.find(Some(name)) {
            return known;
        }
        let fresh = self.fresh();
        self.named.push((name.to_owned(), fresh));
        fresh
    }

    /// The last TrID, or the one of a name.
    pub(super) fn find(&self, name: Option<&str>) -> Option<u32> {
        let Some(name) = name else {
            return self.last;
        };
        let found = self.named.iter().find(|(known, _)| known == name);
        found.map(|(_, trid)| *trid)
    }

    /// Keeps a number that the scenario wrote itself from being allotted later.
    pub(super) fn step_over(&mut self, number: u32) {
        self.highest = self.highest.max(number);
    }

    /// How many names there are.
    pub(super) fn named_count(&self) -> usize {
        self.named.len()
    }

    /// Forgets all names but the first `count`.
    pub(super) fn forget_named(&mut self, count: usize) {
        self.named.truncate(count);
    }
}
