//! CHG and what others see of it; and what the draft leaves out.

use super::cast::Who;
use super::play::Play;
use crate::protocol::{ClauseId, ONLINE_STATES};
use crate::scenario::ast::Step;

impl Play<'_> {
    pub(super) fn change_state(&mut self, who: Who) {
        let state = match self.entropy.below(3) {
            0 => "HDN",
            _ => self.entropy.name(&ONLINE_STATES),
        };
        let conn = self.conn(who);
        let (before, was_online) = (self.player(who).state, self.player(who).is_online());
        self.say(&conn, &["CHG {t} ", state].concat());
        if before == Some(state) {
            let echo =
                vec![
                    self.script
                        .line(&conn, &["CHG {t} ", state].concat(), ClauseId::CHG_1),
                ];
            let refusal = self.script.error(&conn, ClauseId::CHG_10);
            let refusal = crate::fuzzer::script::varying(refusal, ClauseId::CHG_10);
            self.script
                .one_of(vec![echo, vec![refusal]], ClauseId::REPLY_1);
            return;
        }
        self.script
            .expect(&conn, &["CHG {t} ", state].concat(), ClauseId::CHG_1);
        self.player_mut(who).state = Some(state);
        if before.is_none() {
            self.contacts_are_introduced(who);
        }
        if self.player(who).is_online() {
            let clause = match (before, was_online) {
                (None, _) => ClauseId::PRES_6,
                (Some(_), true) => ClauseId::CHG_3,
                (Some(_), false) => ClauseId::CHG_8,
            };
            self.watchers_are_told(who, clause);
        } else {
            self.audience_is_told(who, ClauseId::CHG_4);
        }
    }

    /// The contacts who are online when the first CHG of a session is answered.
    fn contacts_are_introduced(&mut self, who: Who) {
        let conn = self.conn(who);
        let mut steps: Vec<Step> = Vec::new();
        for other in 0..self.cast.players.len() {
            if !self.cast.sees(who, other) {
                continue;
            }
            let (contact, name) = (self.user(other), self.name_of(other));
            let state = self.player(other).state.unwrap_or_default();
            let line = ["ILN {t} ", state, " {", contact, ".handle} ", &name].concat();
            steps.push(self.script.line(&conn, &line, ClauseId::PRES_1));
            self.player_mut(who).note_shown(other, true);
        }
        self.script.any_order(steps, ClauseId::PRES_1);
    }

    /// A command that clients send and the draft leaves out.
    pub(super) fn ask_for_extra(&mut self, who: Who) {
        let conn = self.conn(who);
        let (send, expect, clause) = match self.entropy.below(5) {
            0 => ("PNG", "QNG", ClauseId::PNG_1),
            1 => ("URL {t} INBOX", "URL {t} ...", ClauseId::URL_1),
            2 => (
                "CVR {t} 0x0409 win 4.10 i386 MSMSGS 1.0.0863",
                "CVR {t} ...",
                ClauseId::CVR_1,
            ),
            3 => ("SND {t} {nobody}", "SND {t} OK", ClauseId::SND_1),
            _ => (
                "FND {t} fname=Zzyzx lname=Qwertz city=* state=* country=US",
                "FND {t} 0 0",
                ClauseId::FND_1,
            ),
        };
        self.say(&conn, send);
        self.script.expect(&conn, expect, clause);
    }
}
