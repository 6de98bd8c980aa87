//! SYN, LST, ADD, REM, GTC, BLP and REA.

use super::cast::{ALLOW, BLOCK, FORWARD, LISTS, Stage, Who};
use super::play::Play;
use crate::fuzzer::dictionary;
use crate::protocol::{ClauseId, List, Setting};
use crate::rules::{self, Outcome, SettingRule};

impl Play<'_> {
    pub(super) fn synchronise(&mut self, who: Who) {
        let player = self.player(who);
        match (player.cached, player.outdated) {
            (Some(cached), Some(clause)) if self.entropy.below(2) == 0 => {
                self.fetch(who, &format!("{{ser{cached}}}"), "!", clause);
            }
            (Some(cached), None) if self.is_up_to_date(who) && self.entropy.below(2) == 0 => {
                self.fetch_nothing(who, cached);
            }
            _ if self.entropy.below(2) == 0 => {
                self.fetch(who, "0", "0..4294967295", ClauseId::SYN_1);
            }
            _ => {
                let number = self.number();
                let capture = format!("{{ser{number}}}");
                let is_read = self.fetch(who, "0", &capture, ClauseId::SYN_1);
                let player = self.player_mut(who);
                player.doubt_number();
                player.cached = is_read.then_some(number);
            }
        }
    }

    /// Whether nothing has changed the number since it was fetched.
    fn is_up_to_date(&self, who: Who) -> bool {
        self.cast.watched_by(who).is_some() && !self.is_unread(&self.conn(who))
    }

    /// Who is up to date gets no batch.
    fn fetch_nothing(&mut self, who: Who, cached: usize) {
        let conn = self.conn(who);
        let line = format!("SYN {{t}} {{ser{cached}}}");
        self.script.disguise(None);
        let send = self.script.sending_line(&conn, &line);
        self.script.push(send);
        self.script.expect(&conn, &line, ClauseId::SYN_1);
        self.player_mut(who).has_synchronised = true;
        self.expect_silence(&conn, ClauseId::SYN_2);
    }

    /// SYN with the number `sent`; the server's is expected to be `number`, or, where that is `!`,
    /// another. Whether the batch is certain, and was read.
    pub(super) fn fetch(&mut self, who: Who, sent: &str, number: &str, clause: ClauseId) -> bool {
        let conn = self.conn(who);
        let player = self.player_mut(who);
        let is_second = std::mem::replace(&mut player.has_synchronised, true);
        let (is_sure, has_changed) = (!player.is_tainted, player.has_changed);
        self.say(&conn, &["SYN {t} ", sent].concat());
        let clause = match clause {
            ClauseId::SYN_1 if is_second => ClauseId::SYN_10,
            clause => clause,
        };
        let other = if number == "!" { sent } else { "" };
        let line = ["SYN {t} ", number, other].concat();
        self.script.expect(&conn, &line, clause);
        // An account that nobody changed may have the number 0, and then no batch comes.
        let watched = self.cast.watched_by(who);
        let (Some(watched), true, true) = (watched, is_sure, has_changed) else {
            self.leave_unread(&conn);
            return false;
        };
        let player = self.player(who);
        let prompt = Setting::Prompt.as_str(!player.prompts_never);
        let privacy = Setting::Privacy.as_str(!player.is_closed);
        let counts = [FORWARD, ALLOW, BLOCK].map(|list| player.count(list) as usize);
        let line = ["GTC {t} * ", prompt].concat();
        self.script.expect(&conn, &line, ClauseId::SYN_3);
        let line = ["BLP {t} * ", privacy].concat();
        self.script.expect(&conn, &line, ClauseId::SYN_3);
        let lists = LISTS.into_iter().zip(counts).chain([("RL", watched)]);
        for (list, count) in lists {
            self.listing(who, list, count, ClauseId::SYN_5);
        }
        true
    }

    /// The lines of one list.
    fn listing(&mut self, who: Who, list: &str, count: usize, clause: ClauseId) {
        let conn = self.conn(who);
        if count == 0 {
            let line = ["LST {t} ", list, " * 0 0"].concat();
            self.script.expect(&conn, &line, clause);
        }
        for item in 1..=count {
            let line = format!("LST {{t}} {list} * {item} {count} * *");
            self.script.expect(&conn, &line, clause);
        }
    }

    pub(super) fn ask_for_list(&mut self, who: Who) {
        let conn = self.conn(who);
        let at = self.entropy.below(LISTS.len() + 1);
        let list = LISTS.get(at).copied().unwrap_or("RL");
        let player = self.player(who);
        let count = match (player.is_tainted, LISTS.get(at)) {
            (true, _) => None,
            (false, Some(_)) => Some(player.count(at) as usize),
            (false, None) => self.cast.watched_by(who),
        };
        self.say(&conn, &["LST {t} ", list].concat());
        match count {
            Some(0) if LISTS.get(at).is_some() && !self.player(who).was_filled(at) => {
                self.listing(who, list, 0, ClauseId::LST_3);
            }
            Some(count) => self.listing(who, list, count, ClauseId::LST_5),
            None => {
                let line = ["LST {t} ", list, " ..."].concat();
                self.script.expect(&conn, &line, ClauseId::LST_1);
                self.leave_unread(&conn);
            }
        }
    }

    /// A change of GTC or BLP, or none.
    pub(super) fn set(&mut self, who: Who) {
        let conn = self.conn(who);
        let setting = match self.entropy.below(3) {
            0 => Setting::Prompt,
            _ => Setting::Privacy,
        };
        let second = self.entropy.below(2) == 1;
        let (verb, value) = (setting.verb().as_str(), setting.as_str(!second));
        let rule = SettingRule::of(setting);
        self.say(&conn, &[verb, " {t} ", value].concat());
        let line = [verb, " {t} * ", value].concat();
        let player = self.cast.player_mut(who);
        let present = match setting {
            Setting::Prompt => &mut player.prompts_never,
            Setting::Privacy => &mut player.is_closed,
        };
        if player.is_tainted {
            let changed = vec![self.script.line(&conn, &line, rule.changed)];
            let same = vec![self.script.error(&conn, rule.same)];
            self.script.one_of(vec![changed, same], ClauseId::REPLY_1);
        } else if std::mem::replace(present, second) == second {
            self.script.expect_error(&conn, rule.same);
        } else {
            self.script.expect(&conn, &line, rule.changed);
            self.player_mut(who).note_change();
            if setting == Setting::Privacy {
                self.cast.doubt_presence(who);
            }
        }
    }

    /// An entry for a list: somebody, nobody or oneself.
    fn entry(&mut self, who: Who) -> Option<Who> {
        match self.entropy.chance(24) {
            true => None,
            false => self.other(who),
        }
    }

    pub(super) fn add(&mut self, who: Who) {
        let conn = self.conn(who);
        let list = self
            .entropy
            .weighted(&[(5, FORWARD), (2, ALLOW), (2, BLOCK)]);
        let list = list.unwrap_or(FORWARD);
        let word = LISTS.get(list).copied().unwrap_or_default();
        let Some(other) = self.entry(who) else {
            self.say(&conn, &["ADD {t} ", word, " {nobody} Nobody"].concat());
            self.script.expect_error(&conn, ClauseId::ADD_6);
            return;
        };
        let (user, contact) = (self.user(who), self.user(other));
        let mut clause = ClauseId::ADD_1;
        let label = match self.entropy.below(12) {
            0..4 => self.entropy.name(&dictionary::NAMES).to_owned(),
            4 => {
                clause = ClauseId::NAME_2;
                let longest = ["{repeat('%41', 129)}", "{repeat('n', 387)}"];
                self.entropy.name(&longest).to_owned()
            }
            5 => {
                clause = ClauseId::NAME_1;
                "%C3%89mile%20%E2%98%83".to_owned()
            }
            _ => format!("{{{contact}.name}}"),
        };
        let line = ["ADD {t} ", word, " {", contact, ".handle} ", &label].concat();
        self.say(&conn, &line);
        let line = ["ADD {t} ", word, " * {", contact, ".handle} ", &label].concat();
        let player = self.player(who);
        if player.is_tainted {
            let added = vec![self.script.line(&conn, &line, ClauseId::ADD_1)];
            let there = vec![self.script.error(&conn, ClauseId::ADD_4)];
            self.script.one_of(vec![added, there], ClauseId::REPLY_1);
            if list == FORWARD {
                let there = self.player_mut(other);
                there.has_changed = true;
                there.doubt_number();
            }
            return;
        }
        let place = List::parse(word.as_bytes()).unwrap_or(List::Forward);
        if let Some(Outcome::Refused(refusal)) = rules::add(&self.cast, who, place, other).last() {
            self.script.expect_error(&conn, refusal.clause);
            return;
        }
        self.script.expect(&conn, &line, clause);
        let player = self.player_mut(who);
        player.set(list, other, true);
        player.note_change();
        if list != FORWARD {
            self.player_mut(other).note_shown(who, false);
            return;
        }
        self.player_mut(other).note_change_by_other();
        if self.cast.sees(who, other) {
            let name = self.name_of(other);
            let state = self.player(other).state.unwrap_or_default();
            let line = ["ILN {t} ", state, " {", contact, ".handle} ", &name].concat();
            self.script.expect(&conn, &line, ClauseId::PRES_3);
            self.player_mut(who).note_shown(other, true);
        }
        if self.player(other).stage == Stage::In {
            let line = ["ADD 0 RL * {", user, ".handle} *"].concat();
            let there = self.conn(other);
            self.script.expect(&there, &line, ClauseId::ADD_10);
        }
    }

    pub(super) fn remove(&mut self, who: Who) {
        let conn = self.conn(who);
        let list = self
            .entropy
            .weighted(&[(4, FORWARD), (2, ALLOW), (2, BLOCK)]);
        let list = list.unwrap_or(FORWARD);
        let word = LISTS.get(list).copied().unwrap_or_default();
        let members: Vec<Who> = (0..self.cast.players.len())
            .filter(|other| self.player(who).has(list, *other))
            .collect();
        let member = match self.entropy.below(4) {
            0 => None,
            _ => self.entropy.pick(&members).copied(),
        };
        let Some(other) = member.or_else(|| self.entry(who)) else {
            self.say(&conn, &["REM {t} ", word, " {nobody}"].concat());
            self.script.expect_error(&conn, ClauseId::REM_4);
            return;
        };
        let (user, contact) = (self.user(who), self.user(other));
        self.say(
            &conn,
            &["REM {t} ", word, " {", contact, ".handle}"].concat(),
        );
        let line = ["REM {t} ", word, " * {", contact, ".handle}"].concat();
        let player = self.player(who);
        if player.is_tainted {
            let removed = vec![self.script.line(&conn, &line, ClauseId::REM_1)];
            let absent = vec![self.script.error(&conn, ClauseId::REM_4)];
            self.script.one_of(vec![removed, absent], ClauseId::REPLY_1);
            if list == FORWARD {
                self.player_mut(other).doubt_number();
            }
            return;
        }
        if !player.has(list, other) {
            self.script.expect_error(&conn, ClauseId::REM_4);
            return;
        }
        self.script.expect(&conn, &line, ClauseId::REM_1);
        let player = self.player_mut(who);
        player.set(list, other, false);
        player.note_change();
        if list != FORWARD {
            self.player_mut(other).note_shown(who, false);
            return;
        }
        player.note_shown(other, false);
        self.player_mut(other).note_change_by_other();
        if self.player(other).stage == Stage::In {
            let line = ["REM 0 RL * {", user, ".handle}"].concat();
            let there = self.conn(other);
            self.script.expect(&there, &line, ClauseId::REM_7);
        }
    }

    /// A new friendly name, where the server offers that.
    pub(super) fn rename(&mut self, who: Who) {
        let conn = self.conn(who);
        let user = self.user(who);
        let name = self.entropy.name(&dictionary::NAMES);
        self.say(&conn, &["REA {t} {", user, ".handle} ", name].concat());
        let line = ["REA {t} * {", user, ".handle} *"].concat();
        self.script.expect(&conn, &line, ClauseId::REA_1);
        let player = self.player_mut(who);
        (player.is_renamed, player.has_changed) = (true, true);
        player.doubt_number();
    }
}
