//! Saying a line as it is, or in another way that means the same.

use std::borrow::Cow;

use super::walk::Walk;
use crate::fuzzer::dictionary;
use crate::fuzzer::mutate::{Disguise, How, MUTATORS};
use crate::fuzzer::script::Disguised;
use crate::protocol::ClauseId;
use crate::scenario::ast::{Action, Payload};
use crate::transcript::ConnName;

const DISGUISES: [Disguise; 4] = [
    Disguise::Blanks,
    Disguise::TrailingBlank,
    Disguise::Segments,
    Disguise::EdgeTrid,
];

impl Walk<'_> {
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
            Some(Disguise::EdgeTrid) if line.contains("{t}") && !self.is_unread(conn) => {
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

    fn note_disguise(&mut self, disguise: Disguise) {
        let is_it = |how: &How| matches!(how, How::Disguise(known) if *known == disguise);
        let found = MUTATORS.iter().find(|mutator| is_it(&mutator.how));
        self.used.extend(found.map(|mutator| mutator.name));
    }
}

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
