//! The replies to a user who is logged in.

use smallvec::smallvec;

use super::Model;
use super::command::{Command, ListWord, Whom};
use super::line::Line;
use super::login::{error, ignored, misplaced, out, refused};
use super::prediction::{Effect, Replies, Reply};
use super::rows;
use super::value::UserId;
use super::word::Version;
use super::world::Doubt;
use crate::protocol::{ClauseId, Direction, List, ServerKind, Setting, State, Verb};
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
            _ => self.later_replies(user, command),
        }
    }

    /// What later dialects have brought; it succeeds in no other.
    fn later_replies(&self, user: UserId, command: Command) -> Replies {
        let verb = match command {
            Command::Ims(_) => Verb::Ims,
            Command::Prp(..) => Verb::Prp,
            Command::Lsg => Verb::Lsg,
            Command::Adg(_)
            | Command::Reg(..)
            | Command::Rmg(_)
            | Command::Enter(..)
            | Command::Exit(..) => Verb::Adg,
            Command::Qry { .. } => Verb::Qry,
            _ => return misplaced(command),
        };
        match command {
            _ if !self.takes(verb) => smallvec![Reply::anything(ClauseId::OLD_1, Effect::Unclear)],
            Command::Ims(None) => smallvec![refused(ClauseId::IMS_4), ignored(ClauseId::IMS_4)],
            Command::Ims(Some(is_on)) => {
                self.offered(ClauseId::IMS_1, Line::Ims(is_on), Effect::Calls(is_on))
            }
            Command::Prp(key, value) => self.property_replies(user, key, value),
            Command::Qry { right: true } => {
                smallvec![Reply::new(ClauseId::CHL_2, Effect::Nothing, &[Line::Qry])]
            }
            Command::Qry { right: false } => {
                let clause = ClauseId::CHL_4;
                let wrong = Reply::new(clause, Effect::MaybeClosed, &[Line::Error(540)]);
                let taken = Reply::new(clause, Effect::Nothing, &[Line::Qry]);
                self.or(smallvec![wrong.closing()], [taken, refused(clause)])
            }
            _ => self.group_replies(user, command),
        }
    }

    /// Whether the dialect has a request.
    pub(super) fn takes(&self, verb: Verb) -> bool {
        let kind = ServerKind::Notification;
        let row = self.dialect().find(Direction::ToServer, kind, verb);
        row.is_some()
    }

    /// Whether the server offers all that there is.
    pub(super) fn offers_extras(&self) -> bool {
        self.target.extras
    }

    fn syn_replies(&self, user: UserId, version: Version) -> Replies {
        let serial = self.serial(user);
        let shown = |has_batch| match self.has_phones() {
            true => Effect::Synchronised(has_batch),
            false => Effect::Nothing,
        };
        let none = Reply::new(ClauseId::SYN_2, shown(Truth::No), &[Line::Syn(serial)]);
        if version == Version::Latest {
            return smallvec![none];
        }
        let Some(batch) = self.batch(user) else {
            let effect = shown(Truth::Maybe);
            return smallvec![Reply::anything(ClauseId::SYN_3, effect).staying()];
        };
        let effect = shown(Truth::Yes);
        let batch = Reply { effect, ..batch };
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
        if self.has_phones() {
            self.push_properties(user, &mut reply);
        }
        if self.has_groups() {
            self.push_groups(user, &mut reply)?;
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
        let whom = members.iter().next().filter(|_| total == 1);
        let groups = whom.filter(|_| list == List::Forward);
        let groups = groups.and_then(|whom| Some((user, self.groups_in_line(user, whom)?)));
        for item in 1..=total {
            reply.lines.push(Line::Entry {
                list,
                serial,
                item,
                total,
                whom,
                groups,
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
        let mut all = replies(rules::referral(self, user), &refer, Effect::Nothing);
        // Who has turned calls off makes none, or does all the same.
        let takes_calls = self.takes_calls(user);
        if takes_calls != Truth::Yes {
            let clause = ClauseId::IMS_3;
            for reply in all.iter_mut().filter(|_| takes_calls == Truth::No) {
                reply.clause = clause;
            }
            all.insert(0, Reply::new(clause, Effect::Nothing, &[Line::AnyError]));
        }
        all
    }

    fn extra_replies(&self, user: UserId, command: Command) -> Replies {
        let verb = match command {
            Command::Rea(name) => {
                let line = Line::Renamed(self.next_serial(user), user, name);
                return self.offered(ClauseId::REA_1, line, Effect::Renamed(name));
            }
            Command::Cvr => Verb::Cvr,
            Command::Url => Verb::Url,
            Command::Snd => Verb::Snd,
            Command::Fnd => Verb::Fnd,
            _ => return self.offered(ClauseId::PNG_1, Line::Qng, Effect::Nothing),
        };
        let clause = rows::clause_of(self.target.dialect, verb).unwrap_or(ClauseId::REPLY_1);
        self.offered(clause, Line::Extra(verb), Effect::Nothing)
    }

    /// What comes of a command that need not be offered.
    pub(super) fn offered(&self, clause: ClauseId, line: Line, effect: Effect) -> Replies {
        let done = Reply::new(clause, effect, &[line]);
        if self.target.extras {
            smallvec![done]
        } else {
            smallvec![done, refused(clause), ignored(clause)]
        }
    }
}

/// The replies that say what has come of a request: `done`, or an error with the effect `refused`.
pub(super) fn replies(outcomes: Outcomes, done: &Reply, refused: Effect) -> Replies {
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
