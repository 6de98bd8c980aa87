//! The generator: total, from bytes to a case.
//!
//! Every byte string is some case, a part of a byte string mostly a shorter one. What is written
//! down is what a client may do, with the answers that a server may give; in some cases commands
//! are spoilt by mutators, and of what these make doubtful nothing more is expected. At the end a
//! user without a part in it is served.

mod board;
mod cast;
mod hostile;
mod lists;
mod login;
mod play;
mod presence;
mod stunts;
mod variants;
mod witness;

use std::collections::BTreeSet;

use self::cast::{ALLOW, BLOCK, Cast, FORWARD, NAMES, Player, Stage, WITNESS, Who};
use self::play::Play;
use super::entropy::Entropy;
use super::script::Script;
use crate::diagnostic::Span;
use crate::protocol::{ClauseId, ONLINE_STATES};
use crate::scenario::ast::{self, Fixture, Needs, Scenario, User};

/// What the target is like, as far as cases depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
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
    /// As the reference server is; every third case is hostile.
    fn default() -> Self {
        Self {
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
    let (cast, mut users) = audition(&mut entropy, count);
    users.push(User {
        name: WITNESS.to_owned(),
        at: Span::default(),
        fixture: match is_hostile {
            true => online("NLN"),
            false => Fixture::default(),
        },
    });
    let room = bytes.len().clamp(FEWEST_STEPS, MOST_STEPS);
    let script = Script::new(users.clone(), room);
    let mut play = Play::new(entropy, script, cast, manner, is_hostile);
    play.run();
    play.end();
    let mutators = std::mem::take(&mut play.used);
    let source = std::sync::Arc::clone(play.script.source());
    let steps = play.script.into_steps();
    Case {
        scenario: Scenario {
            name: "case".to_owned(),
            aliases: Vec::new(),
            source,
            description: "a generated case".to_owned(),
            clauses: clauses(&steps),
            tags: Vec::new(),
            dialects: Vec::new(),
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

fn online(state: &str) -> Fixture {
    Fixture {
        stage: ast::Stage::State(state.to_owned()),
        ..Fixture::default()
    }
}

/// Who takes part, and what is true of each before the first step.
fn audition(entropy: &mut Entropy<'_>, count: usize) -> (Cast, Vec<User>) {
    let mut cast = Cast::default();
    for name in NAMES.iter().take(count) {
        let state = match entropy.below(16) {
            0..4 => None,
            4 => Some("HDN"),
            5..7 => Some(entropy.name(&ONLINE_STATES)),
            _ => Some("NLN"),
        };
        let mut player = Player::default();
        (player.name, player.state) = (name, state);
        player.is_closed = entropy.chance(16);
        player.prompts_never = entropy.chance(10);
        if state.is_some() {
            player.stage = Stage::In;
            player.doors = 1;
        }
        cast.players.push(player);
    }
    for who in 0..count {
        for other in (0..count).filter(|other| *other != who) {
            let list = match entropy.below(16) {
                0..6 => FORWARD,
                6 => ALLOW,
                7 => BLOCK,
                _ => continue,
            };
            cast.player_mut(who).set(list, other, true);
            cast.player_mut(who).has_changed = true;
            cast.player_mut(other).has_changed |= list == FORWARD;
        }
    }
    for who in 0..count {
        for other in 0..count {
            let is_seen = cast.sees(who, other);
            cast.player_mut(who).note_shown(other, is_seen);
        }
        let player = cast.player_mut(who);
        player.has_changed |= player.is_closed || player.prompts_never;
    }
    let users = (0..count).map(|who| user(&cast, who)).collect();
    (cast, users)
}

fn user(cast: &Cast, who: Who) -> User {
    let player = cast.player(who);
    let members = |list| {
        let others = cast.players.iter().enumerate();
        let others = others.filter(|(other, _)| player.has(list, *other));
        others.map(|(_, other)| other.name.to_owned()).collect()
    };
    User {
        name: player.name.to_owned(),
        at: Span::default(),
        fixture: Fixture {
            stage: match player.state {
                Some(state) => ast::Stage::State(state.to_owned()),
                None => ast::Stage::Offline,
            },
            forward: members(FORWARD),
            allow: members(ALLOW),
            block: members(BLOCK),
            gtc: player.prompts_never.then(|| "N".to_owned()),
            blp: player.is_closed.then(|| "BL".to_owned()),
        },
    }
}

/// All clauses that the steps speak for, REPLY-1 first: what cannot be sent was refused before.
fn clauses(steps: &[ast::Step]) -> Vec<ClauseId> {
    let all: BTreeSet<ClauseId> = steps.iter().filter_map(|step| step.clause).collect();
    let others = all
        .into_iter()
        .filter(|clause| *clause != ClauseId::REPLY_1);
    std::iter::once(ClauseId::REPLY_1).chain(others).collect()
}

/// What a user has not done yet, or once, is so much likelier than what it has done twice: the
/// sooner has it done everything, in some order.
const FRESHNESS: [usize; 2] = [6, 3];

/// What a user does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    LogIn,
    FailToLogIn,
    Vary,
    Leave,
    ChangeState,
    Synchronise,
    AskForList,
    Set,
    Add,
    Remove,
    Rename,
    AskForExtra,
    OpenBoard,
    Call,
    Answer,
    Message,
    LeaveBoard,
}

impl Move {
    /// How many there are.
    const COUNT: usize = Self::LeaveBoard as usize + 1;
}

impl Play<'_> {
    /// Plays until the bytes are used up.
    fn run(&mut self) {
        let count = self.cast.players.len();
        let mut who = self.entropy.below(count);
        self.is_steady = self.entropy.below(2) == 0;
        let switches = if self.is_steady { 20 } else { 64 };
        while !self.entropy.is_empty() {
            if self.entropy.chance(switches) {
                who = self.entropy.below(count);
            }
            if let Some(callee) = self.cast.invitations.first().map(|call| call.callee)
                && self.entropy.below(2) == 0
            {
                who = callee;
            }
            self.turn(who);
        }
    }

    fn turn(&mut self, who: Who) {
        if self.is_hostile && self.entropy.chance(64) {
            self.be_hostile(who);
            return;
        }
        match self.choose(who) {
            Move::LogIn => self.log_in(who),
            Move::FailToLogIn => self.fail_to_log_in(who),
            Move::Vary => self.vary(who),
            Move::Leave => self.leave(who),
            Move::ChangeState => self.change_state(who),
            Move::Synchronise => self.synchronise(who),
            Move::AskForList => self.ask_for_list(who),
            Move::Set => self.set(who),
            Move::Add => self.add(who),
            Move::Remove => self.remove(who),
            Move::Rename => self.rename(who),
            Move::AskForExtra => self.ask_for_extra(who),
            Move::OpenBoard => self.open_board(who),
            Move::Call => self.call(who),
            Move::Answer => self.answer(who),
            Move::Message => self.message(who),
            Move::LeaveBoard => self.leave_board(who),
        }
    }

    fn choose(&mut self, who: Who) -> Move {
        let player = self.player(who);
        if player.stage != Stage::In {
            let moves = [(14, Move::LogIn), (2, Move::FailToLogIn), (4, Move::Vary)];
            return self.entropy.weighted(&moves).unwrap_or(Move::LogIn);
        }
        let is_online = usize::from(player.is_online());
        let has_state = usize::from(player.state.is_some());
        let is_called = usize::from(self.has_invitation(who));
        let is_in_session = self.cast.boards.iter().any(|board| board.has(who));
        let is_in_session = usize::from(is_in_session);
        let extras = usize::from(self.has_extras);
        let leaves = usize::from(!self.is_steady);
        let mut moves = [
            (2 * leaves, Move::LogIn),
            (leaves, Move::FailToLogIn),
            (3 * leaves, Move::Vary),
            (2 * leaves, Move::Leave),
            (if has_state == 1 { 13 } else { 20 }, Move::ChangeState),
            (7, Move::Synchronise),
            (3, Move::AskForList),
            (5, Move::Set),
            (9, Move::Add),
            (7, Move::Remove),
            (2 * extras, Move::Rename),
            (3 * extras, Move::AskForExtra),
            (1 + 7 * is_online, Move::OpenBoard),
            (12 * is_in_session, Move::Call),
            (40 * is_called, Move::Answer),
            (16 * is_in_session, Move::Message),
            (3 * is_in_session, Move::LeaveBoard),
        ];
        for (weight, one) in &mut moves {
            *weight *= FRESHNESS.get(player.times(*one)).copied().unwrap_or(1);
        }
        let chosen = self.entropy.weighted(&moves).unwrap_or(Move::ChangeState);
        self.player_mut(who).note_move(chosen);
        chosen
    }
}
