//! What the generator may rely on: who is where, and who was shown to whom, by what it wrote down
//! so far. What is in doubt (after an error, after hostile input) is not relied on.

use compact_str::CompactString;

use super::Move;
use crate::protocol::{ClauseId, List, State};
use crate::rules::{self, Presence, Truth, View};
use crate::transcript::ConnName;

/// The users of a case, in order.
pub(super) const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// The user who has no part in a case and must be served at its end.
pub(super) const WITNESS: &str = "erin";

/// A user by number.
pub(super) type Who = usize;

/// The lists that a client writes, by the index used here.
pub(super) const LISTS: [&str; 3] = ["FL", "AL", "BL"];
pub(super) const FORWARD: usize = 0;
pub(super) const ALLOW: usize = 1;
pub(super) const BLOCK: usize = 2;

/// Where a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    /// Not logged in.
    #[default]
    Away,
    /// Logged in.
    In,
    /// Perhaps still logged in.
    Limbo,
}

/// One user.
#[derive(Debug, Clone, Default)]
pub(super) struct Player {
    pub(super) name: &'static str,
    pub(super) stage: Stage,
    /// The state of the last CHG of this session.
    pub(super) state: Option<&'static str>,
    /// Lists, settings and name may be other than is written here.
    pub(super) is_tainted: bool,
    /// Members of FL, AL and BL, a bit each.
    lists: [u8; 3],
    /// FL, AL and BL have had members, a bit each.
    filled: u8,
    pub(super) is_closed: bool,
    pub(super) prompts_never: bool,
    pub(super) is_renamed: bool,
    /// The account's number is certainly not 0.
    pub(super) has_changed: bool,
    /// `{serN}` is bound to the number that it last synchronised with.
    pub(super) cached: Option<usize>,
    /// What a server breaks whose number is still that one; `None` where it may be.
    pub(super) outdated: Option<ClauseId>,
    /// SYN was sent in this session.
    pub(super) has_synchronised: bool,
    /// Whom it was surely shown online, and nothing since made that doubtful.
    shown: u8,
    /// An FLN that others see need not be of what was done last.
    pub(super) may_yet_go: bool,
    /// How many connections to notification servers and to switchboards were named.
    pub(super) doors: usize,
    pub(super) boards: usize,
    /// How often it has chosen to do each.
    moves: [u8; Move::COUNT],
}

impl Player {
    pub(super) fn conn(&self) -> ConnName {
        ConnName::new(self.name, label("ns", self.doors))
    }

    /// A name for another connection to a notification server.
    pub(super) fn next_conn(&mut self) -> ConnName {
        self.doors += 1;
        self.conn()
    }

    /// A name for another connection to a switchboard.
    pub(super) fn next_board(&mut self) -> ConnName {
        self.boards += 1;
        ConnName::new(self.name, label("sb", self.boards))
    }

    /// Whether others can see it, unless its settings keep them from it.
    pub(super) fn is_online(&self) -> bool {
        self.stage == Stage::In && self.state.is_some_and(|state| state != "HDN")
    }

    /// How often it has chosen to do this.
    pub(super) fn times(&self, what: Move) -> usize {
        self.moves
            .get(what as usize)
            .copied()
            .unwrap_or_default()
            .into()
    }

    pub(super) fn note_move(&mut self, what: Move) {
        if let Some(times) = self.moves.get_mut(what as usize) {
            *times = times.saturating_add(1);
        }
    }

    pub(super) fn has(&self, list: usize, other: Who) -> bool {
        self.lists
            .get(list)
            .is_some_and(|set| set >> other & 1 == 1)
    }

    pub(super) fn count(&self, list: usize) -> u32 {
        self.lists.get(list).map_or(0, |set| set.count_ones())
    }

    pub(super) fn set(&mut self, list: usize, other: Who, is_on: bool) {
        self.filled |= u8::from(is_on) << list;
        if let Some(set) = self.lists.get_mut(list) {
            *set = *set & !(1 << other) | u8::from(is_on) << other;
        }
    }

    /// Whether a list has had members since the case began.
    pub(super) fn was_filled(&self, list: usize) -> bool {
        self.filled >> list & 1 == 1
    }

    /// The user has surely changed lists or settings, and the number with them.
    pub(super) fn note_change(&mut self) {
        self.has_changed = true;
        self.outdated = self.cached.map(|_| ClauseId::SYN_3);
    }

    /// Another has surely changed this user's RL, and the number with it.
    pub(super) fn note_change_by_other(&mut self) {
        self.has_changed = true;
        let clause = match self.stage {
            Stage::Away => ClauseId::SYN_8,
            Stage::In | Stage::Limbo => ClauseId::SER_3,
        };
        let outdated = self.outdated.unwrap_or(clause);
        self.outdated = self.cached.map(|_| outdated);
    }

    /// Lists or settings may have changed.
    pub(super) fn doubt_number(&mut self) {
        (self.cached, self.outdated) = (None, None);
    }

    pub(super) fn was_shown(&self, other: Who) -> bool {
        self.shown >> other & 1 == 1
    }

    pub(super) fn note_shown(&mut self, other: Who, is_shown: bool) {
        self.shown = self.shown & !(1 << other) | u8::from(is_shown) << other;
    }

    /// The session is over.
    pub(super) fn forget_session(&mut self, stage: Stage) {
        (self.stage, self.state, self.shown) = (stage, None, 0);
        self.has_synchronised = false;
    }
}

fn label(kind: &str, number: usize) -> CompactString {
    let mut label = CompactString::from(kind);
    if number > 1 {
        label.push_str(itoa::Buffer::new().format(number));
    }
    label
}

/// A session on a switchboard.
#[derive(Debug, Clone)]
pub(super) struct Board {
    pub(super) number: usize,
    /// The members and their connections, in the order in which they came.
    pub(super) members: Vec<(Who, ConnName)>,
    /// Its number is bound to `{sessionN}`.
    pub(super) is_named: bool,
    /// Who was called and did not answer; whether the call still stands may be in doubt.
    pub(super) called: Vec<Who>,
    /// Everybody has left; who was called may still answer.
    pub(super) is_over: bool,
}

impl Board {
    pub(super) fn has(&self, who: Who) -> bool {
        self.members.iter().any(|(member, _)| *member == who)
    }

    pub(super) fn conn_of(&self, who: Who) -> Option<&ConnName> {
        let found = self.members.iter().find(|(member, _)| *member == who);
        found.map(|(_, conn)| conn)
    }
}

/// A call that was not answered yet. `{doorK}` and `{keyK}` are bound.
#[derive(Debug, Clone)]
pub(super) struct Invitation {
    pub(super) number: usize,
    pub(super) board: usize,
    pub(super) callee: Who,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Cast {
    pub(super) players: Vec<Player>,
    pub(super) boards: Vec<Board>,
    pub(super) invitations: Vec<Invitation>,
}

impl Cast {
    pub(super) fn player(&self, who: Who) -> &Player {
        self.players
            .get(who)
            .expect("users are numbered by the cast")
    }

    pub(super) fn player_mut(&mut self, who: Who) -> &mut Player {
        let player = self.players.get_mut(who);
        player.expect("users are numbered by the cast")
    }

    /// Whether `watcher` surely sees `who`.
    pub(super) fn sees(&self, watcher: Who, who: Who) -> bool {
        rules::sees(self, watcher, who) == Truth::Yes
    }

    /// Those who surely see `who`.
    pub(super) fn watchers(&self, who: Who) -> Vec<Who> {
        let all = 0..self.players.len();
        all.filter(|watcher| self.sees(*watcher, who)).collect()
    }

    /// Those who were surely shown `who` online and can be told more.
    pub(super) fn audience(&self, who: Who) -> Vec<Who> {
        let all = 0..self.players.len();
        let listens = |other: &Who| {
            let there = self.player(*other);
            there.stage == Stage::In && !there.is_tainted && there.was_shown(who)
        };
        all.filter(listens).collect()
    }

    /// How many have `who` on their FL; `None` where that is not sure.
    pub(super) fn watched_by(&self, who: Who) -> Option<usize> {
        if self.players.iter().any(|player| player.is_tainted) {
            return None;
        }
        let watches = |player: &&Player| player.has(FORWARD, who);
        Some(self.players.iter().filter(watches).count())
    }

    /// Nothing is known of what others were shown of `who`: they may yet be told that it went.
    pub(super) fn doubt_presence(&mut self, who: Who) {
        let was_shown = self.players.iter().any(|player| player.was_shown(who));
        if let Some(player) = self.players.get_mut(who) {
            player.may_yet_go |= was_shown;
        }
        self.note_gone(who);
    }

    /// Others were told that `who` is gone.
    pub(super) fn note_gone(&mut self, who: Who) {
        for player in &mut self.players {
            player.note_shown(who, false);
        }
    }

    /// Sessions and calls that `who` is part of are not relied on any more.
    pub(super) fn drop_boards_of(&mut self, who: Who) {
        self.boards.retain(|board| !board.has(who));
        let boards = &self.boards;
        self.invitations.retain(|call| {
            let is_there = boards.iter().any(|board| board.number == call.board);
            call.callee != who && is_there
        });
    }
}

impl View for Cast {
    type User = Who;

    fn is_on(&self, owner: Who, list: List, whom: Who) -> Truth {
        match list {
            _ if self.player(owner).is_tainted => Truth::Maybe,
            List::Reverse => rules::reverse(self, owner, whom),
            list => self.player(owner).has(list as usize, whom).into(),
        }
    }

    fn is_public(&self, user: Who) -> Truth {
        let player = self.player(user);
        match player.is_tainted {
            true => Truth::Maybe,
            false => (!player.is_closed).into(),
        }
    }

    fn is(&self, user: Who, presence: Presence) -> Truth {
        let player = self.player(user);
        let now = match player.stage {
            Stage::Away => Presence::Away,
            Stage::In => player.state.and_then(|s| State::parse(s.as_bytes())).into(),
            Stage::Limbo => return Truth::Maybe,
        };
        (now == presence).into()
    }
}
