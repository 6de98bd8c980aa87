//! Which commands make sense now.

use super::Model;
use super::command::{Command, GroupWord, Key, ListWord, Mode, Offer, Whom};
use super::prediction::Replies;
use super::value::{ConnId, NUMBERS, NameId, Phone, TicketId, UserId};
use super::word::Version;
use super::world::Stage;
use crate::protocol::{List, Setting, State};
use crate::rules::Truth;

/// How well a command fits the state in which it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fitness {
    /// What a client would do; it succeeds.
    Fitting,
    /// A refusal is expected, and the connection goes on.
    Refused,
    /// Out of order, or of uncertain end: the connection is of little use afterwards.
    Wild,
}

impl Model {
    /// How well a command fits.
    #[must_use]
    pub fn fitness(&self, conn: ConnId, command: Command) -> Fitness {
        Self::fitness_of(&self.replies(conn, command))
    }

    /// How well a command fits that is answered in one of these ways.
    #[must_use]
    pub fn fitness_of(replies: &Replies) -> Fitness {
        use super::{After, Line};
        let is_wild = replies.is_empty()
            || replies.iter().any(|reply| {
                reply.anything
                    || reply.after == After::Unsure
                    || reply.lines.contains(&Line::Refused)
            });
        let is_error = |line: &Line| matches!(line, Line::Error(_) | Line::AnyError);
        match replies.first() {
            _ if is_wild => Fitness::Wild,
            Some(reply) if reply.lines.iter().any(is_error) => Fitness::Refused,
            _ => Fitness::Fitting,
        }
    }

    /// All commands that can be told apart on a connection, in a fixed order: pushed to `into`.
    /// On a connection of which too little is known there is none but to close it.
    pub fn candidates(&self, conn: ConnId, into: &mut Vec<Command>) {
        let Some(found) = self.conns.get(conn.index()) else {
            return;
        };
        if !self.is_sure(conn) {
            return;
        }
        match found.stage {
            Stage::Closed => {}
            Stage::LoggedIn(user) => {
                self.online_candidates(into);
                self.later_candidates(user, into);
                into.extend(WILD);
            }
            Stage::Lobby => self.lobby_candidates(into),
            Stage::Seated(_) => self.session_candidates(into),
            _ => self.login_candidates(into),
        }
    }

    /// Of [`Model::candidates`], those that are not [`Fitness::Wild`].
    pub fn possible(&self, conn: ConnId, into: &mut Vec<Command>) {
        let from = into.len();
        self.candidates(conn, into);
        let mut place = 0;
        into.retain(|command| {
            place += 1;
            place <= from || self.fitness(conn, *command) != Fitness::Wild
        });
    }

    /// A name that REA has not given in this case.
    fn fresh_name(&self) -> NameId {
        let serials = self.users().map(|user| self.user(user).serial);
        NameId(serials.fold(1, u16::saturating_add))
    }

    fn login_candidates(&self, into: &mut Vec<Command>) {
        into.extend([
            Command::Ver(Offer::Own),
            Command::Inf,
            Command::UsrS { right: true },
            Command::UsrS { right: false },
            Command::Out,
            Command::Ver(Offer::Unknown),
            Command::Ver(Offer::Package),
        ]);
        into.extend(self.everybody().map(Command::UsrI));
        into.extend([
            Command::UsrPackage(Whom::User(UserId(0))),
            Command::Syn(Version::Zero),
            Command::Chg(Some(State::NLN)),
            Command::XfrSb,
            Command::Png,
        ]);
        into.extend(WILD);
    }

    fn online_candidates(&self, into: &mut Vec<Command>) {
        let online = (0..7).map(State::Online);
        into.extend(online.map(|state| Command::Chg(Some(state))));
        into.extend([
            Command::Chg(Some(State::Hidden)),
            Command::Chg(Some(State::Offline)),
            Command::Chg(None),
            Command::Syn(Version::Zero),
            Command::Syn(Version::Latest),
            Command::Syn(Version::Higher),
            Command::XfrSb,
            Command::XfrBad,
            Command::Rea(self.fresh_name()),
        ]);
        let lists = || {
            List::ALL
                .map(ListWord::List)
                .into_iter()
                .chain([ListWord::Bad])
        };
        into.extend(lists().map(Command::Lst));
        for setting in Setting::ALL {
            let values = [Some(true), Some(false), None];
            into.extend(values.map(|value| Command::Set(setting, value)));
        }
        for list in lists() {
            for whom in self.everybody() {
                into.extend([Command::Add(list, whom), Command::Rem(list, whom)]);
            }
        }
        into.extend([
            Command::Cvr,
            Command::Url,
            Command::Snd,
            Command::Fnd,
            Command::Png,
            Command::UsrI(Whom::User(UserId(0))),
            Command::UsrS { right: false },
            Command::Ver(Offer::Own),
            Command::Inf,
            Command::Out,
        ]);
    }

    /// What later dialects have brought.
    fn later_candidates(&self, user: UserId, into: &mut Vec<Command>) {
        if self.has_switch_for_calls() {
            into.extend([Some(true), Some(false), None].map(Command::Ims));
        }
        if self.has_phones() {
            for key in NUMBERS.map(Some).into_iter().chain([None]) {
                into.extend([1, 0].map(|value| Command::Prp(key, Phone(value))));
            }
        }
        let Some(label) = self.fresh_label(user) else {
            return;
        };
        into.push(Command::Lsg);
        if self.has_room_for_group(user) {
            into.push(Command::Adg(label));
        }
        let own = self.groups(user).map(|group| GroupWord::Own(user, group));
        for group in own.chain([GroupWord::Nobodys]) {
            into.extend([Command::Reg(group, label), Command::Rmg(group)]);
            for whom in self.users().map(Whom::User).chain([Whom::Nobody]) {
                into.extend([Command::Enter(whom, group), Command::Exit(whom, group)]);
            }
        }
    }

    fn lobby_candidates(&self, into: &mut Vec<Command>) {
        for id in (0..self.tickets()).map(TicketId) {
            for user in self.users() {
                let key = Key::Ticket(id);
                into.push(Command::UsrSb(user, key));
                let session = self.ticket(id).and_then(|(_, session)| session);
                into.push(Command::Ans { user, key, session });
            }
        }
        let (user, key) = (UserId(0), Key::Invented);
        into.extend([
            Command::UsrSb(user, key),
            Command::Ans {
                user,
                key,
                session: None,
            },
            Command::Cal(Whom::User(user)),
            Command::Msg(Mode::N),
            Command::Out,
        ]);
        into.extend(WILD);
    }

    fn session_candidates(&self, into: &mut Vec<Command>) {
        into.extend([Mode::U, Mode::N, Mode::A].map(Command::Msg));
        into.extend(self.everybody().map(Command::Cal));
        into.extend([
            Command::Out,
            Command::MsgBad,
            Command::UsrSb(UserId(0), Key::Invented),
        ]);
        into.extend(WILD);
    }

    fn everybody(&self) -> impl Iterator<Item = Whom> + use<> {
        let users = self.users().map(Whom::User);
        users.chain([Whom::Nobody, Whom::Malformed])
    }

    /// Tickets that let a user into a switchboard now: to open a session, or to join one.
    pub fn good_tickets(&self, user: UserId) -> impl Iterator<Item = TicketId> + '_ {
        let ids = (0..self.tickets()).map(TicketId);
        ids.filter(move |id| {
            self.tickets.get(id.index()).is_some_and(|ticket| {
                let is_unused = ticket.owner == user && ticket.used == Truth::No;
                is_unused && ticket.login == self.login_of(user) && ticket.login.is_some()
            })
        })
    }
}

/// What fits nowhere.
const WILD: [Command; 4] = [
    Command::Unknown,
    Command::Foreign,
    Command::Arity,
    Command::Hostile,
];
