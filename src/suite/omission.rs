//! What a server leaves undone.

use crate::event::{Failure, Observed, Wanted};
use crate::protocol::{ClauseId, Dialect, ServerKind};

/// What a server leaves undone, whatever was asked of it besides: a command that is not answered, a
/// line that does not come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Omission {
    verb: String,
    on_switchboard: bool,
    is_end: bool,
}

impl Omission {
    /// The omission that a failure shows.
    pub(crate) fn of(failure: &Failure) -> Option<Self> {
        let is_end = match failure.got {
            Observed::Silence(_) => false,
            Observed::Closed | Observed::Reset => true,
            _ => return None,
        };
        let mut lines = failure
            .expected
            .any
            .iter()
            .filter_map(|wanted| match wanted {
                Wanted::Line(verb) => Some(verb.clone()),
                _ => None,
            });
        let verb = match (is_end, lines.next()) {
            (false, Some(verb)) => verb,
            _ => failure.command.clone()?,
        };
        Some(Self {
            verb,
            on_switchboard: failure.kind == Some(ServerKind::Switchboard),
            is_end,
        })
    }

    /// The clauses that say that this must not be left undone.
    fn clauses(&self, dialect: &'static Dialect) -> Vec<ClauseId> {
        let of_line = dialect
            .lines()
            .filter(|row| row.message.verb.as_str() == self.verb);
        let of_line = of_line.flat_map(|row| row.clauses.iter().copied());
        let row = dialect.request(self.kind(), &self.verb);
        let also = row.and_then(|row| row.also);
        let of_request = row.into_iter().flat_map(|row| [row.clause, row.result]);
        let others = also.into_iter().chain([ClauseId::REPLY_1]);
        of_line.chain(of_request).chain(others).collect()
    }

    /// Whether a failure is about it in a part: one list can be asked for, and another cannot.
    pub(super) fn is_named_in_part_by(&self, failure: &Failure, dialect: &'static Dialect) -> bool {
        let row = dialect.request(self.kind(), &self.verb);
        let in_part = row.and_then(|row| row.in_part);
        in_part.is_some() && failure.clause == in_part
    }

    /// Where it was asked.
    fn kind(&self) -> ServerKind {
        match self.on_switchboard {
            true => ServerKind::Switchboard,
            false => ServerKind::Notification,
        }
    }

    /// Whether a failure that shows this in a dialect is about it, and not about something that needs
    /// it.
    pub(super) fn is_named_by(&self, failure: &Failure, dialect: &'static Dialect) -> bool {
        failure
            .clause
            .is_some_and(|clause| self.clauses(dialect).contains(&clause))
    }
}
