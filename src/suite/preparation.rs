//! Before the first scenario: which accounts the first look is made with, and whether the target can
//! be tested after it.

use std::fmt;

use crate::engine::{Cause, Ending, Limit, Outcome};
use crate::event::{Failure, Observed, Rung};
use crate::protocol::{ClauseId, DIALECTS, Dialect, is_package};
use crate::target::{Account, Environment};

/// How many accounts are tried before all are taken to be unusable.
const TRIED_ACCOUNTS: usize = 8;
/// So many accounts that the harness made, and that are refused, speak against the server.
const ENOUGH_REFUSALS: usize = 3;

/// Why a target cannot be tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unready {
    /// It has no account.
    NoAccount,
    /// A limit of our own was reached.
    Limit(Limit),
    /// It speaks none of the dialects that were offered, and answers so.
    ForeignDialect {
        /// What was offered.
        offered: Vec<&'static Dialect>,
        /// What came.
        answer: String,
        /// What it agrees to instead.
        agrees: Vec<&'static Dialect>,
    },
    /// An account was refused for this reason while another can log in.
    OneRefused(String),
    /// All that were tried were refused.
    AllRefused {
        /// Why the first was.
        first: Option<String>,
        /// What is wrong where it is not the accounts.
        doubt: Option<String>,
    },
    /// No connection to it, as this says.
    Unreachable(String),
    /// Something else is wrong with it, in a line.
    Untestable(String),
}

impl Unready {
    fn of(outcome: &Outcome) -> Self {
        match &outcome.cause {
            Some(cause @ Cause::Unreachable { .. }) => Self::Unreachable(cause.to_string()),
            _ => Self::Untestable(outcome.reason()),
        }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAccount => f.write_str(
                "no account: give some with --account HANDLE:PASSWORD, or in a target file",
            ),
            Self::Limit(limit) => write!(f, "{limit}; {}", limit.advice()),
            Self::ForeignDialect {
                offered,
                answer,
                agrees,
            } => {
                let offered = Dialect::names(offered);
                if agrees.is_empty() {
                    f.write_str("no dialect in common: ")?;
                } else {
                    let agrees = Dialect::names(agrees);
                    write!(
                        f,
                        "the server does not agree to {offered}, but to {agrees}: "
                    )?;
                }
                write!(f, "to an offer of {offered} the server answers `{answer}`")
            }
            Self::OneRefused(refusal) => write!(f, "{refusal}, while another account can"),
            Self::AllRefused {
                first: Some(first), ..
            } => write!(f, "no account is usable: {first}"),
            Self::AllRefused { first: None, .. } => f.write_str("no account is usable"),
            Self::Unreachable(why) => f.write_str(why),
            Self::Untestable(why) => write!(f, "the server cannot be tested: {why}"),
        }
    }
}

/// The search for accounts with which a first look succeeds.
#[derive(Debug)]
pub struct Preparation {
    environment: Environment,
    /// Those that were not refused.
    accounts: Vec<Account>,
    /// All, as they are known now.
    all: Vec<Account>,
    /// The accounts were made by the harness: a password that is refused is right.
    knows_passwords: bool,
    refusals: Vec<String>,
}

impl Preparation {
    /// A target with these accounts.
    ///
    /// # Errors
    ///
    /// Where it has none.
    pub fn new(
        environment: Environment,
        accounts: Vec<Account>,
        knows_passwords: bool,
    ) -> Result<Self, Unready> {
        if accounts.is_empty() {
            return Err(Unready::NoAccount);
        }
        Ok(Self {
            environment,
            all: accounts.clone(),
            accounts,
            knows_passwords,
            refusals: Vec::new(),
        })
    }

    /// The target, as far as it is known.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Who looks next: two, where there are two.
    #[must_use]
    pub fn lookers(&self) -> Vec<Account> {
        self.accounts.iter().take(2).cloned().collect()
    }

    /// Takes in what a first look came to. `true`: all is known; else it is made once more, with
    /// others.
    ///
    /// # Errors
    ///
    /// Where the target cannot be tested.
    pub fn looked(&mut self, outcome: &Outcome) -> Result<bool, Unready> {
        self.keep_lists(outcome);
        if let (Ending::Inconclusive, Some(limit)) = (outcome.ending, outcome.limit) {
            return Err(Unready::Limit(limit));
        }
        if let (Some(learnt), Ending::Passed) = (&outcome.learnt, outcome.ending) {
            let offered = [self.environment.dialect];
            if let Some(answer) = foreign_dialect(outcome, &offered) {
                return Err(Unready::ForeignDialect {
                    offered: offered.to_vec(),
                    answer,
                    agrees: Vec::new(),
                });
            }
            self.environment.learn(learnt);
            self.environment.climb(&outcome.climbed);
            return match self.refusals.first() {
                Some(refusal) => Err(Unready::OneRefused(refusal.clone())),
                None => Ok(true),
            };
        }
        let (handle, refusal) = match &outcome.cause {
            Some(cause @ Cause::NotDisposable { handle, .. }) => (handle, cause.to_string()),
            // A login that got no answer speaks against the server, not against the account.
            Some(cause @ Cause::LoginRefused { handle, .. }) if cause.is_about_account() => {
                (handle, cause.to_string())
            }
            _ => return Err(Unready::of(outcome)),
        };
        self.refusals.push(refusal);
        self.accounts.retain(|account| account.handle != *handle);
        if !self.accounts.is_empty() && self.refusals.len() < TRIED_ACCOUNTS {
            return Ok(false);
        }
        // One password may be wrong; those of accounts that we made ourselves are not.
        if self.knows_passwords && self.refusals.len() >= ENOUGH_REFUSALS {
            self.environment.climb(&outcome.climbed);
            self.accounts.clone_from(&self.all);
            return Ok(true);
        }
        let first = self.refusals.first().cloned();
        let doubt = first.as_deref().and_then(broken_otherwise);
        Err(Unready::AllRefused { first, doubt })
    }

    /// What is known of the target, and its accounts that can be used.
    #[must_use]
    pub fn conclude(self) -> (Environment, Vec<Account>) {
        (self.environment, self.accounts)
    }

    /// Keeps what is known now of the accounts that looked.
    fn keep_lists(&mut self, outcome: &Outcome) {
        for after in &outcome.accounts {
            let known = self.accounts.iter_mut().chain(&mut self.all);
            for known in known.filter(|account| account.handle == after.handle) {
                known.lists = after.lists;
                known.name = after.name.clone().or(known.name.take());
            }
        }
    }
}

/// The answer to VER of a server that speaks none of the dialects that were offered: `VER 1 0`, or
/// what is left of the offer without them, or a refusal that names the server's own.
fn foreign_dialect(outcome: &Outcome, offered: &[&Dialect]) -> Option<String> {
    let mut climbed = outcome.climbed.iter();
    let ver = climbed.find(|climb| climb.rung == Rung::Ver && !climb.state.holds())?;
    let Observed::Line(line) = &ver.failure.as_ref()?.got else {
        return None;
    };
    let mut requests = Dialect::first().requests();
    let row = requests.find(|row| row.rung == Some(Rung::Ver))?;
    let mut words = line.split(' ');
    let is_ver = words.next() == Some(row.verb.as_str()) && words.next().is_some();
    let rest: Vec<&str> = words.collect();
    let is_refusal = rest.first() == Some(&"0");
    let named = |word: &&str| Dialect::named(word.as_bytes());
    let names_none = rest.iter().all(|word| *word == "0" || is_package(word));
    let mut ours = rest.iter().filter_map(named);
    let names_ours = ours.any(|dialect| offered.contains(&dialect));
    let is_foreign = !rest.is_empty() && !names_ours && (is_refusal || names_none);
    (is_ver && is_foreign).then(|| line.clone())
}

/// What a server that was asked by VER alone agrees to, lowest first.
///
/// # Errors
///
/// Where it says that it shares no dialect. One that says nothing, or something else, agrees to
/// nothing: what is wrong with it is for the first look to say.
pub fn agreed(outcome: &Outcome) -> Result<Vec<&'static Dialect>, Unready> {
    let agrees = outcome.learnt.as_ref().map(|learnt| learnt.agrees.clone());
    let agrees = agrees.unwrap_or_default();
    let mut offered = DIALECTS.to_vec();
    offered.reverse();
    match foreign_dialect(outcome, &offered).filter(|_| agrees.is_empty()) {
        Some(answer) => Err(Unready::ForeignDialect {
            offered,
            answer,
            agrees,
        }),
        None => Ok(agrees),
    }
}

/// Takes out of a first look what only says that no dialect is shared: that breaks no clause.
pub fn forgive_foreign_dialect(outcome: &mut Outcome) {
    let is_of_it = |accusation: &Failure| accusation.clause == Some(ClauseId::VER_2);
    outcome.accusations.retain(|one| !is_of_it(one));
}

/// What is wrong with a server that lets nobody in, where it is not the accounts.
fn broken_otherwise(refusal: &str) -> Option<String> {
    let (clause, condition) = if refusal.contains("expected USR OK, got ") {
        (ClauseId::USR_2, "where the passwords are right")
    } else if refusal.contains("expected a challenge") {
        (ClauseId::USR_1, "where the accounts exist")
    } else {
        return None;
    };
    let clause = clause.clause();
    Some(format!(
        "{condition}, the server breaks {} ({}): {}",
        clause.name, clause.level, clause.text
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::AccountAfter;
    use crate::engine::test_support::outcome;
    use crate::event::RungState;
    use crate::event::test_support::failure;
    use crate::target::{Climb, Learnt, Lists};

    fn accounts(count: usize) -> Vec<Account> {
        let handle = |number| format!("user{number}@hotmail.com");
        let accounts = (1..=count).map(|number| Account::new(handle(number), "pw"));
        accounts.collect()
    }

    fn preparation(count: usize, knows_passwords: bool) -> Preparation {
        Preparation::new(Environment::default(), accounts(count), knows_passwords).unwrap()
    }

    fn handles(accounts: &[Account]) -> Vec<&str> {
        let handles = accounts.iter().map(|it| it.handle.as_str());
        handles
            .map(|it| it.trim_end_matches("@hotmail.com"))
            .collect()
    }

    fn passed() -> Outcome {
        Outcome {
            learnt: Some(Learnt::default()),
            ..outcome(Ending::Passed, Vec::new())
        }
    }

    /// The first of these who look is refused.
    fn refused(lookers: &[Account]) -> Outcome {
        let cause = Cause::LoginRefused {
            handle: lookers[0].handle.clone(),
            rung: Rung::Usr,
            got: Observed::Error(911, "911 3".into()),
            reason: "expected USR OK, got 911 3".into(),
        };
        Outcome {
            cause: Some(cause),
            ..outcome(Ending::Blocked, Vec::new())
        }
    }

    #[test]
    fn two_look_and_what_is_learnt_of_them_is_kept() {
        let mut preparation = preparation(3, false);
        let lookers = preparation.lookers();
        assert_eq!(handles(&lookers), ["user1", "user2"]);
        let mut outcome = passed();
        outcome.accounts.push(AccountAfter {
            handle: lookers[1].handle.clone(),
            name: Some("Two".into()),
            lists: Lists::Clean,
        });
        assert_eq!(preparation.looked(&outcome), Ok(true));
        let (_, accounts) = preparation.conclude();
        assert_eq!(handles(&accounts), ["user1", "user2", "user3"]);
        assert_eq!(accounts[1].name.as_deref(), Some("Two"));
        assert_eq!(accounts[1].lists, Lists::Clean);
    }

    #[test]
    fn who_is_refused_while_another_can_log_in_is_told() {
        let mut preparation = preparation(3, false);
        assert_eq!(
            preparation.looked(&refused(&preparation.lookers())),
            Ok(false)
        );
        assert_eq!(handles(&preparation.lookers()), ["user2", "user3"]);
        let told = preparation.looked(&passed()).unwrap_err().to_string();
        assert!(
            told.starts_with("user1@hotmail.com cannot log in"),
            "{told}"
        );
        assert!(told.ends_with("while another account can"), "{told}");
    }

    #[test]
    fn passwords_that_are_right_speak_against_the_server() {
        for (count, knows_passwords, is_ready) in
            [(3, true, true), (3, false, false), (2, true, false)]
        {
            let mut preparation = preparation(count, knows_passwords);
            let mut last = Ok(false);
            while last == Ok(false) {
                last = preparation.looked(&refused(&preparation.lookers()));
            }
            match last {
                Ok(_) => assert_eq!(preparation.conclude().1.len(), count),
                Err(Unready::AllRefused { doubt, .. }) => {
                    assert!(!is_ready && doubt.unwrap().contains("USR-2"));
                }
                Err(other) => panic!("{other}"),
            }
        }
        // Not all of many are tried.
        let mut preparation = preparation(60, false);
        let looks = (0..60).take_while(|_| {
            let refused = refused(&preparation.lookers());
            preparation.looked(&refused) == Ok(false)
        });
        assert_eq!(looks.count(), TRIED_ACCOUNTS - 1);
    }

    #[test]
    fn no_account_and_no_answer() {
        let none = Preparation::new(Environment::default(), Vec::new(), false);
        assert_eq!(none.err(), Some(Unready::NoAccount));
        let unreachable = Outcome {
            cause: Some(Cause::Unreachable {
                address: "h:1".into(),
                reason: "connection refused".into(),
            }),
            ..outcome(Ending::Blocked, Vec::new())
        };
        let why = "no connection to h:1: connection refused".to_owned();
        let told = preparation(1, false).looked(&unreachable);
        assert_eq!(told, Err(Unready::Unreachable(why)));
        let odd = outcome(Ending::Blocked, Vec::new());
        let told = preparation(1, false).looked(&odd).unwrap_err().to_string();
        assert!(told.starts_with("the server cannot be tested: "), "{told}");
    }

    #[test]
    fn a_server_of_other_dialects_alone_breaks_nothing() {
        let answered = |line: &str| {
            let refused = Climb {
                rung: Rung::Ver,
                state: RungState::Refused,
                failure: Some(failure(Some(ClauseId::VER_2), "VER with MSNP2", line)),
            };
            let mut outcome = passed();
            outcome.climbed.push(refused);
            preparation(1, false).looked(&outcome).is_err()
        };
        for line in ["VER 1 0", "VER 1 CVR0", "VER 1 0 MSNP8 CVR0"] {
            assert!(answered(line), "{line}");
        }
        for line in ["VER 1", "VER 1 MSNP8", "VER 1 0 MSNP2", "VER", "USR 1 0"] {
            assert!(!answered(line), "{line}");
        }
        let mut outcome = passed();
        for clause in [ClauseId::VER_2, ClauseId::FRAME_1] {
            outcome.accusations.push(failure(Some(clause), "a", "b"));
        }
        forgive_foreign_dialect(&mut outcome);
        let left: Vec<_> = outcome.accusations.iter().map(|one| one.clause).collect();
        assert_eq!(left, [Some(ClauseId::FRAME_1)]);
    }
}
