//! The generator: total, from bytes to a case.
//!
//! Every byte string is some case, a part of a byte string mostly a shorter one. What is written
//! down is a walk through the model: what a client may do, with what the model says may follow; in
//! some cases commands are spoilt by mutators, and of what these make doubtful the model expects
//! nothing more. At the end a user without a part in it is served.

mod expecting;
mod hostile;
mod later;
mod moves;
mod person;
mod saying;
mod sessions;
mod stunts;
mod templates;
mod variants;
mod walk;
mod witness;
mod words;

use std::collections::BTreeSet;

use self::walk::{NAMES, WITNESS, Walk};
use super::entropy::Entropy;
use super::script::Script;
use crate::diagnostic::Span;
use crate::model::{Model, Target, UserId};
use crate::protocol::{ClauseId, Dialect, List, Setting, State};
use crate::rules::Truth;
use crate::scenario::ast::{self, Fixture, Needs, Scenario, User};

/// What the target is like, as far as cases depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// The dialect that is spoken.
    pub dialect: &'static Dialect,
    /// The server offers what the draft leaves out: CVR, REA, URL, SND, FND, PNG.
    pub has_extras: bool,
    /// There is a dispatch server.
    pub has_dispatch: bool,
    /// The most users of a case, the witness not counted; 1 to 4.
    pub users: usize,
    /// So many cases of 256 are hostile.
    pub hostile: u8,
    /// In hostile cases some commands are written in another way that means the same.
    pub is_disguised: bool,
}

impl Default for Manner {
    /// As the reference server is, in the first dialect; every third case is hostile.
    fn default() -> Self {
        Self {
            dialect: Dialect::first(),
            has_extras: true,
            has_dispatch: true,
            users: NAMES.len(),
            hostile: 85,
            is_disguised: true,
        }
    }
}

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is played.
    pub scenario: Scenario,
    /// The mutators that were used, by name.
    pub mutators: Vec<&'static str>,
}

/// Most cases have fewer steps than bytes; a case has room for so many at least,
const FEWEST_STEPS: usize = 64;
/// and for so many at most, before it grows.
const MOST_STEPS: usize = 1024;

/// The case that these bytes are.
#[must_use]
pub fn generate(bytes: &[u8], manner: Manner) -> Case {
    let mut entropy = Entropy::new(bytes);
    let is_hostile = entropy.chance(manner.hostile);
    let count = entropy.weighted(&[(3, 1), (5, 2), (4, 3), (2, 4)]);
    let count = count.unwrap_or(1).min(manner.users.max(1));
    let (model, mut users) = audition(&mut entropy, count, manner);
    users.push(User {
        name: WITNESS.to_owned(),
        at: Span::default(),
        fixture: match is_hostile {
            true => online(State::NLN),
            false => Fixture::default(),
        },
    });
    let room = bytes.len().clamp(FEWEST_STEPS, MOST_STEPS);
    let script = Script::new(users.clone(), room);
    let mut walk = Walk::new(entropy, script, model, manner, is_hostile);
    walk.run();
    walk.end();
    let mutators = std::mem::take(&mut walk.used);
    let source = std::sync::Arc::clone(walk.script.source());
    let steps = walk.script.into_steps();
    Case {
        scenario: Scenario {
            name: "case".to_owned(),
            aliases: Vec::new(),
            source,
            description: "a generated case".to_owned(),
            clauses: clauses(&steps),
            tags: Vec::new(),
            dialects: vec![manner.dialect.name.to_owned()],
            needs: Needs {
                accounts: users.len(),
                ..Needs::default()
            },
            users,
            strict: false,
            segments: None,
            timeout: None,
            setup: Vec::new(),
            steps,
        },
        mutators,
    }
}

fn online(state: State) -> Fixture {
    Fixture {
        stage: ast::Stage::State(state.as_str().to_owned()),
        ..Fixture::default()
    }
}

/// Who takes part, and what is true of each before the first step.
fn audition(entropy: &mut Entropy<'_>, count: usize, manner: Manner) -> (Model, Vec<User>) {
    let target = Target {
        dialect: manner.dialect,
        extras: manner.has_extras,
        // A dispatch server may be the notification server itself.
        refers: Truth::Maybe,
    };
    let mut model = Model::new(count, target);
    let mut users = Vec::with_capacity(count + 1);
    for (name, user) in NAMES.iter().zip(model.users()) {
        let state = match entropy.below(16) {
            0..4 => None,
            4 => Some(State::Hidden),
            5..7 => Some(State::Online(small(entropy.below(7)))),
            _ => Some(State::NLN),
        };
        let (is_closed, prompts_never) = (entropy.chance(16), entropy.chance(10));
        model.set_switches(user, !prompts_never, !is_closed);
        if state.is_some() {
            model.set_login(user, state);
        }
        let fixture = Fixture {
            gtc: prompts_never.then(|| Setting::Prompt.as_str(false).to_owned()),
            blp: is_closed.then(|| Setting::Privacy.as_str(false).to_owned()),
            ..state.map_or_else(Fixture::default, online)
        };
        users.push(User {
            name: (*name).to_owned(),
            at: Span::default(),
            fixture: Fixture {
                stage: match state {
                    Some(_) => fixture.stage,
                    None => ast::Stage::Offline,
                },
                ..fixture
            },
        });
    }
    for (who, user) in model.users().zip(&mut users) {
        for other in (0..count).filter(|other| *other != who.index()) {
            let (list, members) = match entropy.below(16) {
                0..6 => (List::Forward, &mut user.fixture.forward),
                6 => (List::Allow, &mut user.fixture.allow),
                7 => (List::Block, &mut user.fixture.block),
                _ => continue,
            };
            model.set_member(who, list, UserId(small(other)));
            members.extend(NAMES.get(other).map(|name| (*name).to_owned()));
        }
    }
    model.begin();
    (model, users)
}

fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or_default()
}

/// All clauses that the steps speak for, REPLY-1 first: what cannot be sent was refused before.
fn clauses(steps: &[ast::Step]) -> Vec<ClauseId> {
    let all: BTreeSet<ClauseId> = steps.iter().filter_map(|step| step.clause).collect();
    let others = all
        .into_iter()
        .filter(|clause| *clause != ClauseId::REPLY_1);
    std::iter::once(ClauseId::REPLY_1).chain(others).collect()
}
