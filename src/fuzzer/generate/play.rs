//! A case in the making: the choices, what is relied on, the steps.

use std::borrow::Cow;

use super::Manner;
use super::cast::{Cast, Player, Stage, Who};
use crate::fuzzer::dictionary;
use crate::fuzzer::entropy::Entropy;
use crate::fuzzer::mutate::{Disguise, MUTATORS};
use crate::fuzzer::script::{Disguised, Script};
use crate::protocol::ClauseId;
use crate::scenario::ast::{Action, Payload, Step};
use crate::transcript::ConnName;

/// A case in the making.
#[derive(Debug)]
pub(super) struct Play<'b> {
    pub(super) entropy: Entropy<'b>,
    pub(super) script: Script,
    pub(super) cast: Cast,
    /// The server offers what the draft leaves out: CVR, REA, URL, SND, FND, PNG.
    pub(super) has_extras: bool,
    /// There is a dispatch server.
    pub(super) has_dispatch: bool,
    /// Mutators are used.
    pub(super) is_hostile: bool,
    /// Some commands are written in another way that means the same.
    is_disguised: bool,
    /// Nobody leaves.
    pub(super) is_steady: bool,
    /// The witness's last CHG was BSY.
    pub(super) witness_is_busy: bool,
    /// The mutators that were used, by name.
    pub(super) used: Vec<&'static str>,
    /// Connections with replies that no step expects: their TrIDs are not used again.
    unread: Vec<ConnName>,
    /// The connection whose last command had a TrID at the edge.
    edge: Option<ConnName>,
    /// Counts what captures are named after.
    numbers: usize,
}

impl<'b> Play<'b> {
    pub(super) fn new(
        entropy: Entropy<'b>,
        script: Script,
        cast: Cast,
        manner: Manner,
        is_hostile: bool,
    ) -> Self {
        Self {
            entropy,
            script,
            cast,
            has_extras: manner.has_extras,
            has_dispatch: manner.has_dispatch,
            is_hostile,
            is_disguised: manner.is_disguised,
            is_steady: false,
            witness_is_busy: false,
            used: Vec::new(),
            unread: Vec::new(),
            edge: None,
            numbers: 0,
        }
    }

    /// A number for captures that belong together.
    pub(super) fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn player(&self, who: Who) -> &Player {
        self.cast.player(who)
    }

    pub(super) fn player_mut(&mut self, who: Who) -> &mut Player {
        self.cast.player_mut(who)
    }

    pub(super) fn conn(&self, who: Who) -> ConnName {
        self.player(who).conn()
    }

    pub(super) fn user(&self, who: Who) -> &'static str {
        self.player(who).name
    }

    /// How a friendly name is expected: by the account's, or by any word where it was changed.
    pub(super) fn name_of(&self, who: Who) -> String {
        let player = self.player(who);
        match player.is_renamed || player.is_tainted {
            true => "*".to_owned(),
            false => format!("{{{}.name}}", player.name),
        }
    }

    /// Sends a line; in a hostile case sometimes written in another way that means the same.
    pub(super) fn say(&mut self, conn: &ConnName, line: &str) {
        self.say_with(conn, line, None);
    }

    /// Sends a line and its payload.
    pub(super) fn say_with(&mut self, conn: &ConnName, line: &str, payload: Option<Payload>) {
        self.script.disguise(None);
        let disguise = (self.is_hostile && self.entropy.chance(32))
            .then(|| self.entropy.below(4))
            .and_then(|at| DISGUISES.get(at).copied());
        let (mut text, mut segments) = (Cow::Borrowed(line), None);
        let (mut trid, mut clause) = (None, None);
        match disguise {
            Some(Disguise::Blanks) => {
                let blank = self.entropy.name(&["  ", "\t", " \t ", "      "]);
                text = widen(line, self.entropy.below(3), blank).into();
                clause = Some(ClauseId::FRAME_4);
            }
            Some(Disguise::TrailingBlank) => {
                text.to_mut().push(' ');
                clause = Some(ClauseId::FRAME_5);
            }
            Some(Disguise::Segments) => {
                segments = Some(self.entropy.between(1, 7));
                clause = Some(ClauseId::FRAME_8);
            }
            Some(Disguise::EdgeTrid) if line.contains("{t}") && !self.unread.contains(conn) => {
                let edge = self.entropy.name(&dictionary::TRIDS);
                text = line.replace("{t}", edge).into();
                trid = Some(edge);
                clause = Some(ClauseId::TRID_2);
            }
            Some(Disguise::EdgeTrid) | None => {}
        }
        if !self.is_disguised {
            (text, segments, trid, clause) = (Cow::Borrowed(line), None, None, None);
        }
        // The TrIDs of this connection fall after one that stood at the edge.
        let falls = self.edge.take_if(|edge| edge == conn).is_some();
        if clause == Some(ClauseId::TRID_2) {
            self.edge = Some(conn.clone());
        }
        let item = self.script.item(&text, payload);
        let mut step = self.script.sending(conn, vec![item]);
        if let Action::Send(send) = &mut step.action {
            send.segments = segments;
        }
        self.script.push(step);
        if let (Some(clause), Some(disguise)) = (clause, disguise) {
            self.note_disguise(disguise);
            let conn = conn.clone();
            self.script.disguise(Some(Disguised { conn, trid, clause }));
        } else if falls {
            let (conn, clause) = (conn.clone(), ClauseId::TRID_3);
            self.script.disguise(Some(Disguised { conn, trid, clause }));
        }
    }

    /// Lets the rest of a reply come, which cannot be told in advance. No silence that is expected
    /// later means it.
    pub(super) fn leave_unread(&mut self, conn: &ConnName) {
        let mut step = self.script.step(Action::Settle, None);
        step.precondition = true;
        self.script.push(step);
        self.unread.push(conn.clone());
    }

    /// Replies that no step expects may still stand before those to come.
    pub(super) fn is_unread(&self, conn: &ConnName) -> bool {
        self.unread.contains(conn)
    }

    fn note_disguise(&mut self, disguise: Disguise) {
        use crate::fuzzer::mutate::How;
        let is_it = |how: &How| matches!(how, How::Disguise(known) if *known == disguise);
        let found = MUTATORS.iter().find(|mutator| is_it(&mutator.how));
        self.used.extend(found.map(|mutator| mutator.name));
    }

    /// Any user but this one; `None` where there is no other.
    pub(super) fn other(&mut self, than: Who) -> Option<Who> {
        let others: Vec<Who> = (0..self.cast.players.len())
            .filter(|who| *who != than)
            .collect();
        self.entropy.pick(&others).copied()
    }

    /// Those who see `who` are told its state.
    pub(super) fn watchers_are_told(&mut self, who: Who, clause: ClauseId) {
        let Some(state) = self.player(who).state else {
            return;
        };
        let (user, name) = (self.user(who), self.name_of(who));
        let mut steps: Vec<Step> = Vec::new();
        for watcher in self.cast.watchers(who) {
            let conn = self.conn(watcher);
            let line = ["NLN ", state, " {", user, ".handle} ", &name].concat();
            let clause = self.clause_of_news(watcher, clause);
            steps.push(self.script.line(&conn, &line, clause));
            self.player_mut(watcher).note_shown(who, true);
        }
        self.script.any_order(steps, clause);
    }

    /// What a server breaks that does not tell a watcher of what `clause` says.
    fn clause_of_news(&self, watcher: Who, clause: ClauseId) -> ClauseId {
        match self.player(watcher).state {
            Some("HDN") => ClauseId::CHG_6,
            _ => clause,
        }
    }

    /// Those who were shown `who` are told that it is gone.
    pub(super) fn audience_is_told(&mut self, who: Who, clause: ClauseId) {
        let user = self.user(who);
        let mut steps: Vec<Step> = Vec::new();
        for watcher in self.cast.audience(who) {
            let conn = self.conn(watcher);
            let line = ["FLN {", user, ".handle}"].concat();
            let clause = self.clause_of_news(watcher, clause);
            steps.push(self.script.line(&conn, &line, clause));
        }
        self.cast.note_gone(who);
        self.script.any_order(steps, clause);
    }

    /// It is not known any more whether `who` is logged in.
    pub(super) fn lose_track(&mut self, who: Who) {
        self.cast.doubt_presence(who);
        self.cast.drop_boards_of(who);
        self.player_mut(who).forget_session(Stage::Limbo);
    }

    /// Nor what its lists, settings and name are.
    pub(super) fn taint(&mut self, who: Who) {
        self.lose_track(who);
        let player = self.player_mut(who);
        player.is_tainted = true;
        player.doubt_number();
    }
}

const DISGUISES: [Disguise; 4] = [
    Disguise::Blanks,
    Disguise::TrailingBlank,
    Disguise::Segments,
    Disguise::EdgeTrid,
];

/// The line with `blank` in place of one of the blanks between its words.
fn widen(line: &str, nth: usize, blank: &str) -> String {
    let mut depth = 0_usize;
    let gaps = line.char_indices().filter(|(_, char)| {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *char == ' ' && depth == 0
    });
    let gaps: Vec<usize> = gaps.map(|(at, _)| at).collect();
    let mut text = line.to_owned();
    if let Some(at) = gaps.get(nth.min(gaps.len().saturating_sub(1))) {
        text.replace_range(*at..=*at, blank);
    }
    text
}
