//! The replies to a user who is logged in.

use smallvec::smallvec;

use super::Model;
use super::command::{Command, ListWord, Whom};
use super::line::Line;
use super::login::{error, ignored, misplaced, out, refused};
use super::prediction::{Effect, Replies, Reply};
use super::value::UserId;
use super::word::Version;
use super::world::Doubt;
use crate::protocol::{ClauseId, List, Setting, State};
use crate::rules::{
    self, Outcome, Outcomes, Presence, Refusal, SettingRule, Truth, View, refusals,
};

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
            Command::Set(setting, value) => self.setting_replies(user, setting, value),
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
        let mut reply = Reply::new(ClauseId::SYN_3, Effect::Nothing, &[Line::Syn(serial)]);
        for setting in Setting::ALL {
            let value = match self.setting(user, setting) {
                Truth::Yes => true,
                Truth::No => false,
                Truth::Maybe => return None,
            };
            reply.lines.push(Line::Set(setting, serial, value));
        }
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
        let line = Line::Set(setting, self.next_serial(user), value);
        let effect = Effect::Setting(setting, value);
        let is_first = self.setting(user, setting);
        let is_so = if value { is_first } else { is_first.negated() };
        replies(
            rule.set(is_so),
            &Reply::new(rule.changed, effect, &[line]),
            effect,
        )
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
                let is_so = match now.doubt {
                    Doubt::None => (now.state == Some(state)).into(),
                    Doubt::MaybeOffline | Doubt::Full => Truth::Maybe,
                };
                let done = Reply::new(ClauseId::CHG_1, effect, &[Line::Chg(state)]);
                replies(rules::change(is_so), &done, effect)
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
            Whom::Nobody => return errors(&refusals::NOBODY, Effect::Nothing).collect(),
            Whom::Malformed => {
                let any = Reply::new(ClauseId::ADD_7, Effect::Nothing, &[Line::AnyError]);
                let usual = Reply::refusal(&refusals::LIST_HANDLE, Effect::Nothing);
                return smallvec![usual, any];
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
        let mut replies = replies(rules::add(self, user, list, whom), &added, Effect::Nothing);
        if self.is_on(user, list, whom) == Truth::Maybe {
            // What was there is there, as what was added.
            let there = replies
                .iter_mut()
                .filter(|reply| reply.clause == refusals::THERE.clause);
            there.for_each(|reply| reply.effect = Effect::Added(list, whom));
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
            Whom::Nobody => return errors(&refusals::ABSENT, Effect::Nothing).collect(),
            Whom::Malformed => {
                let any = Reply::new(ClauseId::REM_4, Effect::MaybeClosed, &[Line::AnyError]);
                return smallvec![any];
            }
            Whom::User(whom) => whom,
        };
        let removed = Line::Removed(list, self.next_serial(user), whom);
        let removed = Reply::new(ClauseId::REM_1, Effect::Removed(list, whom), &[removed]);
        let effect = match self.is_on(user, list, whom) {
            Truth::Maybe => Effect::Removed(list, whom),
            Truth::Yes | Truth::No => Effect::Nothing,
        };
        replies(rules::remove(self, user, list, whom), &removed, effect)
    }

    fn xfr_replies(&self, user: UserId) -> Replies {
        let effect = match self.is(user, Presence::Unset) {
            Truth::Yes => Effect::IssuedInDoubt,
            Truth::No => Effect::Issued,
            Truth::Maybe => Effect::Nothing,
        };
        let refer = Reply::new(
            ClauseId::SBX_1,
            effect,
            &[Line::ReferSb(self.next_ticket())],
        );
        replies(rules::referral(self, user), &refer, Effect::Nothing)
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

/// The replies that say what has come of a request: `done`, or an error with the effect `refused`.
fn replies(outcomes: Outcomes, done: &Reply, refused: Effect) -> Replies {
    let mut replies = Replies::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Done => replies.push(done.clone()),
            Outcome::Refused(refusal) => replies.extend(errors(refusal, refused)),
        }
    }
    replies
}

/// The errors that stand for a refusal.
fn errors(refusal: &'static Refusal, effect: Effect) -> impl Iterator<Item = Reply> {
    let codes = refusal.codes();
    codes.map(move |code| Reply::new(refusal.clause, effect, &[Line::Error(code)]))
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
