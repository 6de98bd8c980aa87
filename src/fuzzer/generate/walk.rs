//! A walk through the model: who takes part, on which connections, and what the model knows of them.

use super::Manner;
use super::person::Person;
use crate::fuzzer::entropy::Entropy;
use crate::fuzzer::script::Script;
use crate::model::{Capture, Command, ConnId, Model, Phase, State, TicketId, UserId};
use crate::protocol::{ClauseId, List, ServerKind};
use crate::rules::{Truth, View};
use crate::scenario::ast::{Action, Payload};
use crate::transcript::ConnName;

/// The users of a case, in order.
pub(super) const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// The user who has no part in a case and must be served at its end.
pub(super) const WITNESS: &str = "erin";

/// No connection: where a line is the same on each.
pub(super) const NOWHERE: ConnId = ConnId(u16::MAX);

/// A connection that the model knows of.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) name: ConnName,
    /// Whose it is.
    pub(super) user: UserId,
    /// `{challengeN}` is bound to its latest challenge.
    pub(super) challenge: usize,
}

/// How a command is said and heard, where that is not left to the model.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// In place of the line that says it.
    pub(super) line: Option<String>,
    pub(super) payload: Option<Payload>,
    /// What a server breaks that does not answer it.
    pub(super) clause: Option<ClauseId>,
    /// What a server breaks that does not pass it on.
    pub(super) passed_on: Option<ClauseId>,
    /// The name that ADD gives.
    pub(super) label: Option<&'static str>,
    /// The number that SYN is answered with.
    pub(super) number: Option<String>,
}

impl Told {
    /// A server that does not answer it breaks this clause.
    pub(super) fn by(clause: ClauseId) -> Self {
        Self {
            clause: Some(clause),
            ..Self::default()
        }
    }

    /// It is said with this line.
    pub(super) fn with(mut self, line: String) -> Self {
        self.line = Some(line);
        self
    }
}

/// A case in the making.
#[derive(Debug)]
pub(super) struct Walk<'b> {
    pub(super) entropy: Entropy<'b>,
    pub(super) script: Script,
    pub(super) model: Model,
    pub(super) people: Vec<Person>,
    pub(super) links: Vec<Link>,
    /// Captures that a step binds which every run goes through.
    pub(super) bound: Vec<Capture>,
    /// Tickets that are not used any more.
    pub(super) spent: Vec<TicketId>,
    /// The server offers what the draft leaves out: CVR, REA, URL, SND, FND, PNG.
    pub(super) has_extras: bool,
    /// There is a dispatch server.
    pub(super) has_dispatch: bool,
    /// Mutators are used.
    pub(super) is_hostile: bool,
    /// Some commands are written in another way that means the same.
    pub(super) is_disguised: bool,
    /// Nobody leaves.
    pub(super) is_steady: bool,
    /// The witness's last CHG was BSY.
    pub(super) witness_is_busy: bool,
    /// The mutators that were used, by name.
    pub(super) used: Vec<&'static str>,
    /// Connections with replies that no step expects: their TrIDs are not used again.
    unread: Vec<ConnName>,
    /// The connection whose last command had a TrID at the edge.
    pub(super) edge: Option<ConnName>,
    /// Counts what captures are named after.
    numbers: usize,
}

impl<'b> Walk<'b> {
    pub(super) fn new(
        entropy: Entropy<'b>,
        script: Script,
        model: Model,
        manner: Manner,
        is_hostile: bool,
    ) -> Self {
        let mut walk = Self {
            entropy,
            script,
            people: Vec::with_capacity(NAMES.len()),
            links: Vec::with_capacity(8),
            bound: Vec::with_capacity(16),
            spent: Vec::new(),
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
            model,
        };
        for user in walk.model.users() {
            let name = NAMES.get(user.index()).copied().unwrap_or(WITNESS);
            walk.people.push(Person {
                name,
                ..Person::default()
            });
        }
        // The connections of those who are logged in before the first step.
        for conn in walk.model.conns() {
            if let Some(user) = walk.model.user_of(conn) {
                walk.name_conn(user, ServerKind::Notification);
            }
        }
        walk
    }

    /// A number for captures that belong together.
    pub(super) fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn person(&self, who: UserId) -> &Person {
        let person = self.people.get(who.index());
        person.expect("the model's users are the people of the case")
    }

    pub(super) fn person_mut(&mut self, who: UserId) -> &mut Person {
        let person = self.people.get_mut(who.index());
        person.expect("the model's users are the people of the case")
    }

    pub(super) fn user(&self, who: UserId) -> &'static str {
        self.person(who).name
    }

    pub(super) fn link(&self, conn: ConnId) -> &Link {
        let link = self.links.get(conn.index());
        link.expect("connections are opened by the walk")
    }

    /// The connection of a name.
    pub(super) fn link_of(&self, name: &ConnName) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.name == *name)
    }

    pub(super) fn name(&self, conn: ConnId) -> ConnName {
        self.link(conn).name.clone()
    }

    /// A connection that the model knows of; it is opened by what is sent first, or by a step.
    pub(super) fn open(&mut self, who: UserId, door: ServerKind) -> ConnId {
        self.name_conn(who, door);
        self.model.open(door)
    }

    fn name_conn(&mut self, who: UserId, door: ServerKind) {
        let name = self.person_mut(who).next_conn(door);
        self.links.push(Link {
            name,
            user: who,
            challenge: 0,
        });
    }

    /// The connection that a user is surely logged in on; its latest where it is on none.
    pub(super) fn conn(&self, who: UserId) -> ConnName {
        match self.model.home_of(who) {
            Some(conn) => self.name(conn),
            None => ConnName::new(self.user(who), ConnName::DEFAULT),
        }
    }

    pub(super) fn is_online(&self, who: UserId) -> bool {
        let is_home = self.model.home_of(who).is_some();
        is_home && self.model.state_of(who).is_some_and(State::is_online)
    }

    pub(super) fn has(&self, who: UserId, list: List, other: UserId) -> bool {
        self.model.is_on(who, list, other) == Truth::Yes
    }

    /// Whether all lists and settings are known.
    pub(super) fn knows_all_lists(&self) -> bool {
        let mut users = self.model.users();
        users.all(|user| self.model.knows_lists(user))
    }

    /// Any user but this one; `None` where there is no other.
    pub(super) fn other(&mut self, than: UserId) -> Option<UserId> {
        let count = self
            .people
            .len()
            .checked_sub(1)
            .filter(|count| *count > 0)?;
        let at = self.entropy.below(count);
        let at = u8::try_from(at).unwrap_or_default();
        Some(UserId(at + u8::from(at >= than.0)))
    }

    /// A seat of a user, in a session of which everything is known.
    pub(super) fn seat_of(&mut self, who: UserId) -> Option<ConnId> {
        let seats: smallvec::SmallVec<[ConnId; 4]> = self.model.seats_of(who).collect();
        self.entropy.pick(&seats).copied()
    }

    /// What lets a user into a switchboard: into a session that it is called to, or a new one.
    pub(super) fn ticket_of(&self, who: UserId, is_called: bool) -> Option<TicketId> {
        let mut tickets = self.model.good_tickets(who);
        tickets.find(|id| {
            let session = self.model.ticket(*id).and_then(|(_, session)| session);
            session.is_some() == is_called && !self.spent.contains(id) && self.holds(*id)
        })
    }

    /// Whether a ticket's cookie is known.
    fn holds(&self, ticket: TicketId) -> bool {
        self.bound.contains(&Capture::Cookie(ticket))
    }

    /// Says a command and expects what the model says of it. Whether its answer is certain.
    pub(super) fn act(&mut self, conn: ConnId, command: Command, told: Told) -> bool {
        let line = match &told.line {
            Some(line) => line.clone(),
            None => self.line_of(conn, command, told.label),
        };
        let name = self.name(conn);
        self.say_with(&name, &line, told.payload.clone());
        self.go_on(conn, command, &told)
    }

    /// Expects what the model says of a command that was said.
    pub(super) fn go_on(&mut self, conn: ConnId, command: Command, told: &Told) -> bool {
        let before = self.changes();
        let user = self.model.user_of(conn);
        let prediction = self.model.step(conn, command);
        self.expect_replies(conn, command, &prediction.replies, told);
        self.expect_sights(conn, &prediction.sights, told);
        self.note_changes(user, &before);
        let is_unclear = self.model.phase(conn) == Phase::Unclear;
        match (user, self.model.door(conn)) {
            (Some(user), Some(ServerKind::Switchboard)) if is_unclear => {
                self.model.doubt_sessions(user);
            }
            (Some(user), _) if is_unclear => self.lose_track(user),
            _ => {}
        }
        prediction.is_certain()
    }

    fn changes(&self) -> [u16; NAMES.len()] {
        let mut changes = [0; NAMES.len()];
        for (change, user) in changes.iter_mut().zip(self.model.users()) {
            *change = self.model.changes(user);
        }
        changes
    }

    /// Notes whose number is another now.
    fn note_changes(&mut self, by: Option<UserId>, before: &[u16; NAMES.len()]) {
        for (user, before) in self.model.users().zip(before) {
            if self.model.changes(user) == *before {
                continue;
            }
            let clause = match self.model.may_be_in(user) {
                _ if by == Some(user) => ClauseId::SYN_3,
                true => ClauseId::SER_3,
                false => ClauseId::SYN_8,
            };
            // Whose number that is differs from the next dialect on.
            if !clause.clause().holds_in(self.model.dialect()) {
                self.person_mut(user).doubt_number();
                continue;
            }
            let person = self.person_mut(user);
            let first = person.outdated.filter(|_| by != Some(user));
            person.outdated = person.cached.map(|_| first.unwrap_or(clause));
        }
        if !self.knows_all_lists() {
            self.people.iter_mut().for_each(Person::doubt_number);
        }
    }

    /// Ends a connection without a word: what others hear of it. Whether anybody must.
    pub(super) fn cut(&mut self, conn: ConnId, is_reset: bool) -> bool {
        let name = self.name(conn);
        let action = if is_reset {
            Action::Reset(name)
        } else {
            Action::Close(name)
        };
        self.script.act(action);
        let sights = self.model.close(conn);
        self.expect_sights(conn, &sights, &Told::default())
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

    /// It is not known any more whether `who` is logged in.
    pub(super) fn lose_track(&mut self, who: UserId) {
        self.model.lose_track(who);
        self.person_mut(who).may_yet_go = true;
    }

    /// Nor what its lists, settings and name are.
    pub(super) fn taint(&mut self, who: UserId) {
        self.model.forget(who);
        self.person_mut(who).may_yet_go = true;
        self.people.iter_mut().for_each(Person::doubt_number);
    }
}
