//! What a user does next: a command of the model, or several that belong together.

use super::person::{Move, Person};
use super::walk::{NOWHERE, Told, Walk};
use crate::fuzzer::dictionary;
use crate::model::{
    Command, ConnId, Fitness, Key, ListWord, NameId, Offer, Phase, STRAY, State, UserId, Version,
    Whom,
};
use crate::protocol::{ClauseId, List, ServerKind, Setting};
use crate::scenario::ast::Payload;

/// What a user has not done yet, or once, is so much likelier than what it has done twice: the
/// sooner has it done everything, in some order.
const FRESHNESS: [usize; 2] = [6, 3];

/// The lists that a client writes, the likeliest first.
const WRITTEN: [(usize, List); 3] = [(5, List::Forward), (2, List::Allow), (2, List::Block)];

impl Walk<'_> {
    /// Plays until the bytes are used up.
    pub(super) fn run(&mut self) {
        let count = self.people.len();
        let mut who = self.anybody(count);
        self.is_steady = self.entropy.below(2) == 0;
        let switches = if self.is_steady { 20 } else { 64 };
        while !self.entropy.is_empty() {
            if self.entropy.chance(switches) {
                who = self.anybody(count);
            }
            let mut users = self.model.users();
            if let Some(callee) = users.find(|user| self.ticket_of(*user, true).is_some())
                && self.entropy.below(2) == 0
            {
                who = callee;
            }
            self.turn(who);
        }
    }

    fn anybody(&mut self, count: usize) -> UserId {
        UserId(u8::try_from(self.entropy.below(count)).unwrap_or_default())
    }

    fn turn(&mut self, who: UserId) {
        if self.is_hostile && self.entropy.chance(64) {
            self.be_hostile(who);
            return;
        }
        let chosen = self.choose(who);
        let Some(conn) = self.model.home_of(who) else {
            return match chosen {
                Move::FailToLogIn => self.fail_to_log_in(who),
                Move::Vary => self.vary(who),
                Move::Wander => self.wander(who),
                _ => self.log_in(who),
            };
        };
        match chosen {
            Move::LogIn => self.log_in(who),
            Move::FailToLogIn => self.fail_to_log_in(who),
            Move::Vary => self.vary(who),
            Move::Leave => self.leave(who, conn),
            Move::ChangeState => self.change_state(conn),
            Move::Synchronise => self.synchronise(who, conn),
            Move::AskForList => self.ask_for_list(conn),
            Move::Set => self.set(who, conn),
            Move::Add => self.add(who, conn),
            Move::Remove => self.remove(who, conn),
            Move::Rename => self.rename(conn),
            Move::AskForExtra => self.ask_for_extra(conn),
            Move::Wander => self.wander(who),
            Move::OpenSession => self.open_session(who, conn),
            Move::Call => self.call(who),
            Move::Answer => self.answer(who),
            Move::Message => self.message(who),
            Move::LeaveSession => self.leave_session(who),
            later => self.do_later(later, who, conn),
        }
    }

    fn choose(&mut self, who: UserId) -> Move {
        if self.model.home_of(who).is_none() {
            let moves = [
                (14, Move::LogIn),
                (2, Move::FailToLogIn),
                (3, Move::Vary),
                (3, Move::Wander),
            ];
            return self.entropy.weighted(&moves).unwrap_or(Move::LogIn);
        }
        let is_online = usize::from(self.is_online(who));
        let has_state = self.model.state_of(who).is_some();
        let is_called = usize::from(self.ticket_of(who, true).is_some());
        let is_in_session = usize::from(self.model.seats_of(who).next().is_some());
        let extras = usize::from(self.has_extras);
        let leaves = usize::from(!self.is_steady);
        let [calls, phones, groups @ ..] = self.later_moves(who);
        let [ask, make, change, enter, exit] = groups;
        let mut moves = [
            (2 * leaves, Move::LogIn),
            (leaves, Move::FailToLogIn),
            (2 * leaves, Move::Vary),
            (2 * leaves, Move::Leave),
            (if has_state { 13 } else { 20 }, Move::ChangeState),
            (7, Move::Synchronise),
            (3, Move::AskForList),
            (5, Move::Set),
            (9, Move::Add),
            (7, Move::Remove),
            (2 * extras, Move::Rename),
            (3 * extras, Move::AskForExtra),
            (2 * leaves, Move::Wander),
            (1 + 7 * is_online, Move::OpenSession),
            (12 * is_in_session, Move::Call),
            (40 * is_called, Move::Answer),
            (16 * is_in_session, Move::Message),
            (3 * is_in_session, Move::LeaveSession),
            calls,
            phones,
            ask,
            make,
            change,
            enter,
            exit,
        ];
        let person = self.person(who);
        for (weight, one) in &mut moves {
            *weight *= FRESHNESS.get(person.times(*one)).copied().unwrap_or(1);
        }
        let chosen = self.entropy.weighted(&moves).unwrap_or(Move::ChangeState);
        self.person_mut(who).note_move(chosen);
        chosen
    }

    /// VER, INF and the first USR, on a connection of its own.
    pub(super) fn greet(&mut self, who: UserId) -> ConnId {
        let conn = self.open(who, ServerKind::Notification);
        for command in [
            Command::Ver(Offer::Own),
            Command::Inf,
            Command::UsrI(Whom::User(who)),
        ] {
            self.act(conn, command, Told::default());
        }
        conn
    }

    /// Logs in; a login that there was before ends.
    pub(super) fn log_in(&mut self, who: UserId) {
        let (was_in, may_be_in) = (self.model.home_of(who).is_some(), self.model.may_be_in(who));
        let conn = self.greet(who);
        let told = if was_in {
            Told::by(ClauseId::OUT_4)
        } else {
            Told::default()
        };
        self.act(conn, Command::UsrS { right: true }, told);
        if was_in {
            let nobody = Command::Rem(ListWord::List(List::Allow), Whom::Nobody);
            self.act(conn, nobody, Told::by(ClauseId::OUT_4));
        }
        if may_be_in {
            self.person_mut(who).may_yet_go = true;
        }
        self.model.doubt_sessions(who);
        self.person_mut(who).has_synchronised = false;
    }

    /// A response that is not the password's: nobody is logged in, and nobody is logged out.
    fn fail_to_log_in(&mut self, who: UserId) {
        let may_be_in = self.model.may_be_in(who);
        let wrong = Command::UsrS { right: false };
        if self.entropy.chance(60) {
            let conn = self.open(who, ServerKind::Notification);
            self.act(conn, Command::Ver(Offer::Own), Told::default());
            self.act(conn, wrong, Told::default());
        } else {
            let conn = self.greet(who);
            self.act(conn, wrong, Told::by(ClauseId::USR_5));
        }
        // The connection of that attempt is left alone; the user's own has another name.
        if may_be_in {
            self.lose_track(who);
        }
    }

    /// Leaves the notification server, one way or another.
    fn leave(&mut self, who: UserId, conn: ConnId) {
        let is_certain = match self.entropy.below(3) {
            2 => {
                self.act(conn, Command::Out, Told::default());
                true
            }
            way => self.cut(conn, way == 1) && !self.person(who).may_yet_go,
        };
        // The server sees a cut when it looks: who leaves unseen may be there for a while.
        if !is_certain {
            self.model.fade(who);
        }
        self.person_mut(who).has_synchronised = false;
        if self.entropy.below(4) == 0 {
            self.say_farewell(who);
        }
        self.model.doubt_sessions(who);
    }

    fn change_state(&mut self, conn: ConnId) {
        let state = match self.entropy.below(3) {
            0 => State::Hidden,
            _ => State::Online(u8::try_from(self.entropy.below(7)).unwrap_or_default()),
        };
        self.act(conn, Command::Chg(Some(state)), Told::default());
    }

    fn synchronise(&mut self, who: UserId, conn: ConnId) {
        let person = self.person(who);
        let is_known = self.knows_all_lists();
        match (person.cached, person.outdated) {
            (Some(cached), Some(clause)) if is_known && self.entropy.below(2) == 0 => {
                self.fetch(
                    who,
                    conn,
                    Some(cached),
                    &format!("!{{ser{cached}}}"),
                    clause,
                );
            }
            (Some(cached), None) if self.is_up_to_date(conn) && self.entropy.below(2) == 0 => {
                self.fetch_nothing(who, conn, cached);
            }
            _ if self.entropy.below(2) == 0 => {
                self.fetch(who, conn, None, "0..4294967295", ClauseId::SYN_1);
            }
            _ => {
                let number = self.number();
                let capture = format!("{{ser{number}}}");
                let is_read = self.fetch(who, conn, None, &capture, ClauseId::SYN_1);
                let person = self.person_mut(who);
                person.doubt_number();
                person.cached = is_read.then_some(number);
            }
        }
    }

    /// Whether nothing can come of a SYN but what is known.
    pub(super) fn is_up_to_date(&self, conn: ConnId) -> bool {
        self.knows_all_lists() && !self.is_unread(&self.link(conn).name)
    }

    /// Who is up to date gets no batch.
    fn fetch_nothing(&mut self, who: UserId, conn: ConnId, cached: usize) {
        let told = Told {
            number: Some(format!("{{ser{cached}}}")),
            ..Told::by(ClauseId::SYN_1)
        };
        self.act(conn, Command::Syn(Version::Latest), told);
        self.person_mut(who).has_synchronised = true;
        let name = self.name(conn);
        let nothing = self.nothing_unasked(&name, ClauseId::SYN_2);
        self.script.push(nothing);
    }

    /// SYN with 0, or with a number of before; the server's is expected to be `number`. Whether the
    /// batch is certain, and was read.
    pub(super) fn fetch(
        &mut self,
        who: UserId,
        conn: ConnId,
        cached: Option<usize>,
        number: &str,
        clause: ClauseId,
    ) -> bool {
        let person = self.person_mut(who);
        let is_second = std::mem::replace(&mut person.has_synchronised, true);
        let clause = match clause {
            ClauseId::SYN_1 if is_second => ClauseId::SYN_10,
            clause => clause,
        };
        let told = Told {
            line: cached.map(|cached| {
                let line = self.line_of(conn, Command::Syn(Version::Zero), None);
                let verb = line.strip_suffix('0').unwrap_or(&line);
                format!("{verb}{{ser{cached}}}")
            }),
            number: Some(number.to_owned()),
            ..Told::by(clause)
        };
        self.act(conn, Command::Syn(Version::Zero), told)
    }

    fn ask_for_list(&mut self, conn: ConnId) {
        let list = self.entropy.pick(&List::ALL).copied();
        let command = Command::Lst(ListWord::List(list.unwrap_or(List::Forward)));
        // What was made of an empty list is nothing, of any other what ADD and REM say.
        let is_empty = self.model.replies(conn, command);
        let is_empty = is_empty.iter().any(|reply| reply.clause == ClauseId::LST_3);
        let told = match is_empty {
            true => Told::default(),
            false => Told::by(ClauseId::LST_5),
        };
        self.act(conn, command, told);
    }

    /// A change of GTC or BLP, or none.
    fn set(&mut self, who: UserId, conn: ConnId) {
        let setting = match self.entropy.below(3) {
            0 => Setting::Prompt,
            _ => Setting::Privacy,
        };
        let value = self.entropy.below(2) == 0;
        self.act(conn, Command::Set(setting, Some(value)), Told::default());
        if setting == Setting::Privacy {
            self.person_mut(who).may_yet_go = true;
        }
    }

    /// An entry for a list: somebody or nobody.
    fn entry(&mut self, who: UserId) -> Whom {
        let is_nobody = self.entropy.chance(24);
        let other = if is_nobody { None } else { self.other(who) };
        other.map_or(Whom::Nobody, Whom::User)
    }

    fn add(&mut self, who: UserId, conn: ConnId) {
        let list = self.entropy.weighted(&WRITTEN).unwrap_or(List::Forward);
        let whom = self.entry(who);
        let (mut label, mut clause) = (None, None);
        if whom != Whom::Nobody {
            (label, clause) = match self.entropy.below(12) {
                0..4 => (Some(self.entropy.name(&dictionary::NAMES)), None),
                4 => {
                    let longest = ["{repeat('%41', 129)}", "{repeat('n', 387)}"];
                    (Some(self.entropy.name(&longest)), Some(ClauseId::NAME_2))
                }
                5 => (Some("%C3%89mile%20%E2%98%83"), Some(ClauseId::NAME_1)),
                _ => (None, None),
            };
        }
        let command = Command::Add(ListWord::List(list), whom);
        // A name is at fault only where the entry is taken.
        let is_taken = self.model.fitness(conn, command) == Fitness::Fitting;
        let told = Told {
            label,
            clause: clause.filter(|_| is_taken && self.knows_all_lists()),
            ..Told::default()
        };
        self.act(conn, command, told);
        self.person_mut(who).may_yet_go |= list != List::Forward;
    }

    fn remove(&mut self, who: UserId, conn: ConnId) {
        let lists = [(4, List::Forward), (2, List::Allow), (2, List::Block)];
        let list = self.entropy.weighted(&lists).unwrap_or(List::Forward);
        let users = self.model.users().filter(|user| self.has(who, list, *user));
        let members: smallvec::SmallVec<[UserId; 4]> = users.collect();
        let member = match self.entropy.below(4) {
            0 => None,
            _ => self.entropy.pick(&members).copied(),
        };
        let whom = match member {
            Some(member) => Whom::User(member),
            None => self.entry(who),
        };
        let command = Command::Rem(ListWord::List(list), whom);
        self.act(conn, command, Told::default());
        self.person_mut(who).may_yet_go |= list != List::Forward;
    }

    /// A new friendly name, where the server offers that.
    fn rename(&mut self, conn: ConnId) {
        let name = u16::try_from(self.number()).unwrap_or(u16::MAX - 1);
        self.act(conn, Command::Rea(NameId(name)), Told::default());
        // Whether it raises the number nobody says.
        self.people.iter_mut().for_each(Person::doubt_number);
    }

    /// A command that clients send and the draft leaves out.
    fn ask_for_extra(&mut self, conn: ConnId) {
        let extras = [
            Command::Png,
            Command::Url,
            Command::Cvr,
            Command::Snd,
            Command::Fnd,
        ];
        let command = self.entropy.pick(&extras).copied();
        self.act(conn, command.unwrap_or(Command::Png), Told::default());
    }

    /// Commands that do not fit where they are said: on a connection of its own, in a session, or
    /// behind the login. Of who or what is there nothing is known afterwards.
    fn wander(&mut self, who: UserId) {
        let place = self.entropy.below(8);
        match (place, self.seat_of(who), self.model.home_of(who)) {
            (0, Some(seat), _) => {
                self.stray(who, seat);
                self.model.doubt_sessions(who);
            }
            (1..4, _, Some(home)) => {
                self.stray(who, home);
                self.lose_track(who);
            }
            _ => {
                let door = match place.is_multiple_of(4) && self.has_dispatch {
                    true => ServerKind::Dispatch,
                    false => ServerKind::Notification,
                };
                let conn = self.open(who, door);
                for _ in 0..self.entropy.between(1, 5) {
                    self.stray(who, conn);
                }
            }
        }
    }

    /// A step of a login, or a command that fits nowhere, or any.
    pub(super) fn stray(&mut self, who: UserId, conn: ConnId) {
        let mut commands = Vec::new();
        // Where one port serves all, what is said on it makes it a switchboard or none: there only its
        // own commands are said.
        let is_board = self.model.door(conn) == Some(ServerKind::Switchboard);
        match self.entropy.below(3) {
            0 if !is_board => {
                let login = [
                    Command::Ver(Offer::Own),
                    Command::Inf,
                    Command::UsrI(Whom::User(who)),
                ];
                let fits =
                    |command: &Command| self.model.fitness(conn, *command) == Fitness::Fitting;
                commands.extend(login.into_iter().find(fits));
            }
            1 if !is_board => commands.extend(STRAY),
            _ => self.model.candidates(conn, &mut commands),
        }
        let is_over = matches!(self.model.phase(conn), Phase::Unclear | Phase::Closed);
        commands.retain(|command| !is_over && self.is_harmless(who, conn, *command));
        // There are many ways to say ADD, and one to say OUT.
        let mut names: Vec<&str> = commands.iter().map(|it| it.name()).collect();
        names.sort_unstable();
        names.dedup();
        let name = self.entropy.name(&names);
        commands.retain(|command| command.name() == name);
        if let Some(command) = self.entropy.pick(&commands).copied() {
            let told = Told {
                payload: matches!(command, Command::Msg(_)).then(|| Payload::Bytes([].into())),
                ..Told::default()
            };
            self.act(conn, command, told);
        }
    }

    /// Whether a command concerns nobody but `who`, and it is known how it is said.
    fn is_harmless(&self, who: UserId, conn: ConnId, command: Command) -> bool {
        // Whoever is logged in there is refused a second login.
        let is_free = !self.model.may_be_in(who) || self.model.home_of(who) == Some(conn);
        match command {
            Command::UsrI(Whom::User(user)) | Command::UsrPackage(Whom::User(user)) => {
                user == who && is_free
            }
            Command::UsrS { right } => !right && is_free,
            Command::Snd
            | Command::Url
            | Command::Cvr
            | Command::Fnd
            | Command::Png
            | Command::Rea(_) => self.has_extras,
            Command::Syn(version) => version != Version::Latest,
            Command::Msg(_) => self.model.session_at(conn).is_none(),
            Command::UsrSb(_, Key::Ticket(_)) | Command::Ans { .. } => false,
            command => command.words(NOWHERE, self.model.dialect()).is_some(),
        }
    }
}
