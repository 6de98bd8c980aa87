//! What became of the scenarios that a waiver or a habit names, dialect by dialect.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pattern::Pattern;
use crate::protocol::Dialect;
use crate::scenario::ast::Scenario;

/// Whether what names these dialects speaks of this one; what names none speaks of all.
pub(super) fn is_of(dialects: &[&'static Dialect], dialect: &'static Dialect) -> bool {
    dialects.is_empty() || dialects.contains(&dialect)
}

/// What became of the scenarios that a pattern names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// It names none.
    Nothing,
    /// None of them was to be played in the dialect, which says nothing.
    Elsewhere,
    /// Some of them did not come to an end that says something of all their clauses.
    Open,
    /// All of them did.
    Judged,
}

impl Named {
    /// In this dialect, and in those before.
    pub(super) fn and(self, before: Option<Self>) -> Self {
        match (self, before) {
            (here, None) => here,
            (Self::Open, _) | (_, Some(Self::Open)) => Self::Open,
            (Self::Judged, _) | (_, Some(Self::Judged)) => Self::Judged,
            (here, _) => here,
        }
    }
}

pub(super) fn named(
    pattern: &Pattern,
    dialects: &[&'static Dialect],
    library: &[Arc<Scenario>],
    (judged, dialect): (&BTreeSet<String>, &'static Dialect),
) -> Named {
    let mut named = library.iter().filter(|scenario| pattern.names(scenario));
    let own = named.clone().filter(|scenario| scenario.is_for(dialect));
    let mut result = match named.next() {
        Some(_) => Named::Elsewhere,
        None => return Named::Nothing,
    };
    for scenario in own.filter(|_| is_of(dialects, dialect)) {
        if !judged.contains(&scenario.name) {
            return Named::Open;
        }
        result = Named::Judged;
    }
    result
}
