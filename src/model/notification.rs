//! The replies to a user who is logged in.

use smallvec::smallvec;

use super::Model;
use super::command::{Command, ListWord, Version, Whom};
use super::line::Line;
use super::login::{error, ignored, misplaced, out, refused};
use super::prediction::{Effect, Replies, Reply};
use super::value::UserId;
use super::world::Doubt;
use crate::protocol::{ClauseId, List, Setting, State};
use crate::rules::{self, Outcome, SettingRule, Truth, View};

impl Model {
    pub(super) fn notification_replies(&self, user: UserId, command: Command) -> Replies {
        if self.state_of(user) == Some(State::Offline) && !may_in_offline_state(command) {
            return smallvec![Reply::anything(ClauseId::CHG_2, Effect::Unclear)];
        }
        match command {
            Command::Ver(_) | Command::Inf => {
                smallvec![Reply::anything(ClauseId::VER_8, Effect::MaybeClosed)]
            }
            Command::UsrI(_) | Command::UsrS { .. } => smallvec![error(ClauseId::USR_12, 207)],
            Command::UsrPackage(_) => smallvec![refused(ClauseId::USR_11)],
            Command::Syn(version) => self.syn_replies(user, version),
            Command::Lst(list) => self.lst_replies(user, list),
            Command::Gtc(value) => self.setting_replies(user, Setting::Prompt, value),
            Command::Blp(value) => self.setting_replies(user, Setting::Privacy, value),
            Command::Chg(state) => self.chg_replies(user, state),
            Command::Add(list, whom) => self.add_replies(user, list, whom),
            Command::Rem(list, whom) => self.rem_replies(user, list, whom),
            Command::XfrSb => self.xfr_replies(user),
            Command::XfrBad => smallvec![
                Reply::new(ClauseId::SBX_7, Effect::MaybeClosed, &[Line::Error(201)]),
                refused(ClauseId::SBX_7),
            ],
            Command::Out => out(),
            Command::Rea(_)
            | Command::Cvr
            | Command::Url
            | Command::Snd
            | Command::Fnd
            | Command::Png => self.extra_replies(user, command),
            _ => misplaced(command),
        }
    }

    fn syn_replies(&self, user: UserId, version: Version) -> Replies {
        let serial = self.serial(user);
        let none = Reply::new(ClauseId::SYN_2, Effect::Nothing, &[Line::Syn(serial)]);
        if version == Version::Latest {
            return smallvec![none];
        }
        let Some(batch) = self.batch(user) else {
            return smallvec![Reply::anything(ClauseId::SYN_3, Effect::Nothing).staying()];
        };
        match version {
            Version::Zero if self.user(user).serial > 0 => smallvec![batch],
            // The number of a new account may be 0.
            Version::Zero => {
                let clause = ClauseId::SYN_11;
                smallvec![batch, Reply { clause, ..none }]
            }
            Version::Latest | Version::Higher => {
                let clause = ClauseId::SYN_9;
                smallvec![Reply { clause, ..batch }, Reply { clause, ..none }]
            }
        }
    }

    /// The whole batch; `None` where it is not known what it holds.
    fn batch(&self, user: UserId) -> Option<Reply> {
        let serial = self.serial(user);
        let known = |truth| match truth {
            Truth::Yes => Some(true),
            Truth::No => Some(false),
            Truth::Maybe => None,
        };
        let mut reply = Reply::new(ClauseId::SYN_3, Effect::Nothing, &[Line::Syn(serial)]);
        reply.lines.push(Line::Gtc(
            serial,
            known(self.setting(user, Setting::Prompt))?,
        ));
        reply
            .lines
            .push(Line::Blp(serial, known(self.is_public(user))?));
        for list in List::ALL {
            self.push_list(user, list, &mut reply)?;
        }
        Some(reply)
    }

    fn push_list(&self, user: UserId, list: List, reply: &mut Reply) -> Option<()> {
        let (members, doubts) = self.list(user, list);
        if !doubts.is_empty() {
            return None;
        }
        let (serial, total) = (self.serial(user), members.len());
        if total == 0 {
            reply.lines.push(Line::Empty(list, serial));
        }
        for item in 1..=total {
            reply.lines.push(Line::Entry {
                list,
                serial,
                item,
                total,
                whom: members.iter().next().filter(|_| total == 1),
            });
        }
        Some(())
    }

    fn lst_replies(&self, user: UserId, list: ListWord) -> Replies {
        let ListWord::List(list) = list else {
            return smallvec![
                Reply::new(ClauseId::LST_6, Effect::MaybeClosed, &[Line::Error(201)]),
                refused(ClauseId::LST_6),
            ];
        };
        let clause = match self.list(user, list).0.is_empty() {
            true => ClauseId::LST_3,
            false => ClauseId::LST_1,
        };
        let mut reply = Reply::new(clause, Effect::Nothing, &[]);
        match self.push_list(user, list, &mut reply) {
            Some(()) => smallvec![reply],
            None => smallvec![Reply::anything(clause, Effect::Nothing).staying()],
        }
    }

    fn setting_replies(&self, user: UserId, setting: Setting, value: Option<bool>) -> Replies {
        let rule = SettingRule::of(setting);
        let Some(value) = value else {
            return smallvec![refused(rule.illegal)];
        };
        let serial = self.next_serial(user);
        let line = match setting {
            Setting::Prompt => Line::Gtc(serial, value),
            Setting::Privacy => Line::Blp(serial, value),
        };
        let effect = Effect::Setting(setting, value);
        let is_first = self.setting(user, setting);
        let is_so = if value { is_first } else { is_first.negated() };
        let reply = |outcome| match outcome {
            Outcome::Done => Reply::new(rule.changed, effect, &[line]),
            Outcome::Refused(refusal) => {
                Reply::new(refusal.clause, effect, &[Line::Error(refusal.code)])
            }
        };
        rule.set(is_so).into_iter().map(reply).collect()
    }

    fn chg_replies(&self, user: UserId, state: Option<State>) -> Replies {
        let now = self.user(user);
        match state {
            None => smallvec![
                Reply::new(ClauseId::CHG_9, Effect::Unclear, &[Line::Error(201)]),
                Reply::anything(ClauseId::CHG_9, Effect::Unclear),
            ],
            Some(State::Offline) => {
                let done = Line::Chg(State::Offline);
                smallvec![
                    Reply::new(ClauseId::CHG_2, Effect::State(State::Offline), &[done]),
                    error(ClauseId::CHG_2, 201),
                ]
            }
            Some(state) => {
                let effect = Effect::State(state);
                let mut replies: Replies =
                    smallvec![Reply::new(ClauseId::CHG_1, effect, &[Line::Chg(state)])];
                if now.state == Some(state) || now.doubt != Doubt::None {
                    replies.push(Reply::new(ClauseId::CHG_10, effect, &[Line::Error(218)]));
                }
                replies
            }
        }
    }

    fn add_replies(&self, user: UserId, list: ListWord, whom: Whom) -> Replies {
        let list = match list {
            ListWord::Bad => return smallvec![refused(ClauseId::ADD_14)],
            ListWord::List(List::Reverse) => return smallvec![refused(ClauseId::ADD_2)],
            ListWord::List(list) => list,
        };
        let whom = match whom {
            Whom::Nobody => return smallvec![error(ClauseId::ADD_6, 205)],
            Whom::Malformed => {
                let any = Reply::new(ClauseId::ADD_7, Effect::Nothing, &[Line::AnyError]);
                return smallvec![error(ClauseId::ADD_7, 201), any];
            }
            Whom::User(whom) => whom,
        };
        let added = Line::Added(list, self.next_serial(user), whom);
        let added = Reply::new(ClauseId::ADD_1, Effect::Added(list, whom), &[added]);
        // Some servers let nobody add himself.
        if whom == user {
            let any = Reply::new(ClauseId::ADD_6, Effect::Nothing, &[Line::AnyError]);
            return smallvec![any, added];
        }
        let is_there = self.is_on(user, list, whom);
        let is_opposed = rules::is_opposed(self, user, list, whom);
        let mut replies = Replies::new();
        if is_there != Truth::Yes && is_opposed != Truth::Yes {
            replies.push(added);
        }
        if is_there != Truth::No {
            let effect = match is_there {
                Truth::Maybe => Effect::Added(list, whom),
                _ => Effect::Nothing,
            };
            replies.push(Reply::new(ClauseId::ADD_4, effect, &[Line::Error(215)]));
        }
        if is_opposed != Truth::No {
            replies.push(error(ClauseId::ADD_5, 219));
        }
        replies
    }

    fn rem_replies(&self, user: UserId, list: ListWord, whom: Whom) -> Replies {
        let list = match list {
            ListWord::Bad | ListWord::List(List::Reverse) => {
                return smallvec![refused(ClauseId::REM_2)];
            }
            ListWord::List(list) => list,
        };
        let whom = match whom {
            Whom::Nobody => return not_there(),
            Whom::Malformed => {
                let any = Reply::new(ClauseId::REM_4, Effect::MaybeClosed, &[Line::AnyError]);
                return smallvec![any];
            }
            Whom::User(whom) => whom,
        };
        let removed = Line::Removed(list, self.next_serial(user), whom);
        let removed = Reply::new(ClauseId::REM_1, Effect::Removed(list, whom), &[removed]);
        match self.is_on(user, list, whom) {
            Truth::Yes => smallvec![removed],
            Truth::No => not_there(),
            Truth::Maybe => {
                let effect = Effect::Removed(list, whom);
                let refused = |code| Reply::new(ClauseId::REM_5, effect, &[Line::Error(code)]);
                smallvec![removed, refused(216), refused(205)]
            }
        }
    }

    fn xfr_replies(&self, user: UserId) -> Replies {
        let now = self.user(user);
        let refer = Line::ReferSb(self.next_ticket());
        let refer = |effect| Reply::new(ClauseId::SBX_1, effect, &[refer]);
        match now.state {
            _ if now.doubt != Doubt::None => smallvec![
                refer(Effect::Nothing),
                error(ClauseId::SBX_4, 913),
                error(ClauseId::SBX_5, 913),
            ],
            Some(State::Online(_)) => smallvec![refer(Effect::Issued)],
            Some(_) => smallvec![error(ClauseId::SBX_4, 913)],
            None => smallvec![error(ClauseId::SBX_5, 913), refer(Effect::IssuedInDoubt)],
        }
    }

    fn extra_replies(&self, user: UserId, command: Command) -> Replies {
        let (clause, line, effect) = match command {
            Command::Rea(name) => {
                let line = Line::Renamed(self.next_serial(user), user, name);
                (ClauseId::REA_1, line, Effect::Renamed(name))
            }
            Command::Cvr => (ClauseId::CVR_1, Line::Extra("CVR"), Effect::Nothing),
            Command::Url => (ClauseId::URL_1, Line::Extra("URL"), Effect::Nothing),
            Command::Snd => (ClauseId::SND_1, Line::Extra("SND"), Effect::Nothing),
            Command::Fnd => (ClauseId::FND_1, Line::Extra("FND"), Effect::Nothing),
            _ => (ClauseId::PNG_1, Line::Qng, Effect::Nothing),
        };
        let done = Reply::new(clause, effect, &[line]);
        if self.target.extras {
            smallvec![done]
        } else {
            smallvec![done, refused(clause), ignored(clause)]
        }
    }
}

/// The refusals of a REM of what is not on the list; some servers have 205 for who never was a
/// contact.
fn not_there() -> Replies {
    smallvec![error(ClauseId::REM_5, 216), error(ClauseId::REM_5, 205)]
}

/// Whether a user in state FLN may do it for sure ("only synchronise", draft, 7.7).
fn may_in_offline_state(command: Command) -> bool {
    matches!(
        command,
        Command::Syn(_)
            | Command::Lst(_)
            | Command::Chg(_)
            | Command::Out
            | Command::XfrSb
            | Command::Hostile
    )
}
