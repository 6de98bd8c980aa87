//! A run in several dialects: what one of them hands on to the next.

use super::causes::Causes;
use super::run::Suite;
use crate::target::{Account, Waivers};

/// What a dialect of a run leaves to the next.
#[derive(Debug)]
pub struct Handover {
    causes: Causes,
    waivers: Waivers,
    errors: usize,
    /// Why the run begins no more scenarios, though nothing keeps it from its end.
    stopping: Option<String>,
    /// The accounts, as they are known now.
    pub accounts: Vec<Account>,
}

impl Handover {
    /// Whether a notice fails the run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }
}

impl Suite {
    /// Another dialect follows: what waivers were of use is told at its end.
    pub fn goes_on(&mut self) {
        self.goes_on = true;
    }

    /// Goes on from what the dialects before have come to.
    pub fn take_over(&mut self, before: Handover) {
        let dialect = self.options.dialect;
        self.causes = before.causes;
        self.causes.go_on_in(dialect);
        self.judge.waivers = before.waivers;
        self.judge.waivers.dialect = dialect;
        self.errors = before.errors;
        self.stopping = before.stopping;
    }

    /// Whether no more scenarios are begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// What the next dialect of the run is to know of this one, which is over.
    #[must_use]
    pub fn hand_over(mut self) -> Handover {
        let library = &self.options.library;
        self.judge.waivers.close_round(library, &self.judged);
        let is_whole = self.aborted.is_none();
        Handover {
            causes: self.causes,
            waivers: self.judge.waivers,
            errors: self.errors,
            stopping: self.stopping.filter(|_| is_whole),
            accounts: self.pool.all(),
        }
    }
}
