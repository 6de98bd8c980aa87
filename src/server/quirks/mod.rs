//! Quirks: where a server that is faulty, or has habits, decides otherwise than the clauses say.
//!
//! The handlers are prose with clause marks and hold no fault. They ask at few places, by the name
//! of what is decided: [`Quirks`] answers from what it knows, the functions of `Server` in this
//! folder look at its accounts and connections too. Without a fault every answer is the protocol's.
//! What one can make of a command or a frame on its way is not here but in `faults`.
//!
//! | asked about | file |
//! | --- | --- |
//! | a connection: whether it is served, what is read of it, its end | `connections` |
//! | a command, before and after it is carried out | `commands` |
//! | a login and what follows from it | `login` |
//! | batches that say how long they are | `batches` |
//! | groups | `groups` |
//! | lists, settings and their numbers | `lists`, `late` |
//! | who is told of phone numbers | `phones` |
//! | who sees whom | `presence` |
//! | who enters a session, and hears in it | `sessions` |

mod batches;
mod commands;
mod connections;
mod groups;
mod late;
mod lists;
mod login;
mod phones;
mod presence;
mod sessions;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connection::Attempt;
use super::faults::{Fault, FaultSet};
use super::id::{AccountId, ConnId, SessionId};
use super::list::ListName;
use late::Late;

/// How this server differs from the protocol, and what it must remember to do so.
#[derive(Debug, Default)]
pub(super) struct Quirks {
    faults: FaultSet,
    /// The last login that was challenged.
    attempt: Option<Box<Attempt>>,
    /// Whether the login that is under way has displaced another.
    has_displaced: bool,
    /// How often each user has logged in.
    logins: BTreeMap<AccountId, u32>,
    /// The number of the only session.
    session: Option<SessionId>,
    /// The connections that have not sent a command yet, oldest first.
    silent: Vec<ConnId>,
    /// Who has left each session: handle and name.
    left: Vec<(SessionId, Arc<str>, Arc<str>)>,
    /// What was removed from AL and BL: owner, list, entry.
    removed: Vec<(AccountId, ListName, AccountId)>,
    /// What is not yet written.
    late: Late,
}

impl Quirks {
    /// Those that come from these faults.
    pub(super) fn new(faults: FaultSet) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    /// Whether the server does as the protocol says.
    fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(fault)
    }
}
