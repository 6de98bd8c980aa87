//! Plays what the model thinks of on the reference server, and compares.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that breaks is to panic"
)]

use msnpspec::protocol::ServerKind;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use md5::{Digest, Md5};
use msnpspec::model::{
    After, Capture, Command, ConnId, Duty, Fitness, GroupId, GroupSet, Key, Line, List, ListWord,
    Model, NameId, Offer, Phase, Replies, ReplyKind, SessionId, Sights, State, Target, TicketId,
    Transition, UserId, Version, Whom, Word,
};
use msnpspec::protocol::Dialect;
use msnpspec::server::{self, Config, FaultSet, Output, Server};

/// How many users play.
pub(super) const USERS: usize = 3;

/// Whether the player tells the model which reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eyes {
    Open,
    Shut,
}

/// A small generator of numbers (splitmix64).
pub(super) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count.max(1) as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.below(from.len())])
    }
}

/// What a connection has received since the last step; the last may be [`CLOSED`].
type Heard = HashMap<ConnId, Vec<String>>;

/// Stands for the end of a connection.
const CLOSED: &str = "(closed)";

/// Model and server side by side.
pub(super) struct Play {
    pub(super) model: Model,
    server: Server,
    random: Random,
    eyes: Eyes,
    /// The server's connections in the order of the model's.
    conns: Vec<server::ConnId>,
    bound: HashMap<Capture, String>,
    names: HashMap<(UserId, NameId), String>,
    trid: u32,
    /// What was done and heard.
    pub(super) log: Vec<String>,
    /// How many commands were answered, and of how many only one answer was right.
    pub(super) answered: usize,
    pub(super) certain: usize,
    /// What was gone through.
    pub(super) seen: BTreeSet<Transition>,
}

impl Play {
    pub(super) fn new(seed: u64, eyes: Eyes, dialect: &'static Dialect, faults: FaultSet) -> Self {
        let names = (0..USERS).map(|user| {
            let user = UserId(u8::try_from(user).unwrap());
            ((user, NameId::default()), format!("User%20{}", user.0 + 1))
        });
        Self {
            model: Model::new(
                USERS,
                Target {
                    dialect,
                    ..Target::default()
                },
            ),
            server: Server::new(Config {
                faults,
                // Nobody is there who would answer.
                challenges: false,
                ..Config::default()
            }),
            random: Random(seed),
            eyes,
            conns: Vec::new(),
            bound: HashMap::new(),
            names: names.collect(),
            trid: 0,
            log: Vec::new(),
            answered: 0,
            certain: 0,
            seen: BTreeSet::new(),
        }
    }

    /// Some steps; the first disagreement is an error.
    pub(super) fn run(&mut self, steps: usize) -> Result<(), String> {
        let mut result = Ok(());
        if self.random.one_in(2) {
            result = self.gather();
        }
        for _ in 0..steps {
            result = result.and_then(|()| self.step());
        }
        result.map_err(|why| format!("{why}\n{}", self.log.join("\n")))
    }

    fn step(&mut self) -> Result<(), String> {
        let open: Vec<ConnId> = self.model.conns().filter(|c| self.is_open(*c)).collect();
        if open.len() < 3 || self.random.one_in(12) {
            return self.open();
        }
        let conn = self.random.pick(&open).unwrap();
        let mut commands = Vec::new();
        match self.random.below(10) {
            0..2 => self.model.candidates(conn, &mut commands),
            2..4 => self.model.possible(conn, &mut commands),
            _ => {
                self.model.possible(conn, &mut commands);
                let fits = |c: &Command| self.model.fitness(conn, *c) == Fitness::Fitting;
                commands.retain(fits);
                if commands.len() > 1 {
                    commands.retain(|c| *c != Command::Out);
                }
            }
        }
        commands.retain(|command| match command {
            Command::Syn(Version::Latest) => {
                let user = self.model.user_of(conn).unwrap();
                self.bound.contains_key(&self.model.serial(user))
            }
            _ => true,
        });
        match self.random.pick(&commands) {
            Some(command) if !self.random.one_in(40) => self.command(conn, command),
            _ => self.close(conn),
        }
    }

    fn is_open(&self, conn: ConnId) -> bool {
        self.model.phase(conn) != Phase::Closed
    }

    /// All users online, two of them in a session.
    fn gather(&mut self) -> Result<(), String> {
        for user in self.model.users() {
            let conn = self.open_at(ServerKind::Notification)?;
            for command in [
                Command::Ver(Offer::Own),
                Command::Inf,
                Command::UsrI(Whom::User(user)),
                Command::UsrS { right: true },
                Command::Chg(Some(State::NLN)),
            ] {
                self.command(conn, command)?;
            }
        }
        let (alice, bob) = (UserId(0), UserId(1));
        for watcher in [1, 2] {
            let forward = ListWord::List(List::Forward);
            self.command(ConnId(watcher), Command::Add(forward, Whom::User(alice)))?;
        }
        self.command(ConnId(0), Command::XfrSb)?;
        let board = self.open_at(ServerKind::Switchboard)?;
        let key = |ticket| Key::Ticket(TicketId(ticket));
        self.command(board, Command::UsrSb(alice, key(0)))?;
        self.command(board, Command::Cal(Whom::User(bob)))?;
        let other = self.open_at(ServerKind::Switchboard)?;
        let answer = Command::Ans {
            user: bob,
            key: key(1),
            session: Some(SessionId(0)),
        };
        self.command(other, answer)
    }

    fn open(&mut self) -> Result<(), String> {
        let has_ticket = |user: UserId| self.model.good_tickets(user).next().is_some();
        let door = match self.random.below(6) {
            0 => ServerKind::Dispatch,
            1..4 if self.model.users().any(has_ticket) => ServerKind::Switchboard,
            _ => ServerKind::Notification,
        };
        self.open_at(door).map(|_| ())
    }

    fn open_at(&mut self, door: ServerKind) -> Result<ConnId, String> {
        let there = match door {
            ServerKind::Dispatch => server::Door::Dispatch,
            ServerKind::Notification => server::Door::Notification,
            ServerKind::Switchboard => server::Door::Switchboard,
        };
        let conn = self.model.open(door);
        self.conns
            .push(self.server.handle_open(Duration::ZERO, there));
        self.log.push(format!("{} opens {door:?}", conn.0));
        self.nothing_but(conn, &Sights::default())?;
        Ok(conn)
    }

    fn close(&mut self, conn: ConnId) -> Result<(), String> {
        self.log.push(format!("{} closes", conn.0));
        self.server
            .handle_close(Duration::ZERO, self.conns[conn.index()]);
        let sights = self.model.close(conn);
        self.nothing_but(conn, &sights)
    }

    fn nothing_but(&mut self, conn: ConnId, sights: &Sights) -> Result<(), String> {
        let heard = self.hear();
        let mut bound = self.bound.clone();
        self.compare(conn, &[], sights, &heard, &mut bound)?;
        self.bound = bound;
        Ok(())
    }

    fn command(&mut self, conn: ConnId, command: Command) -> Result<(), String> {
        let phase = self.model.phase(conn);
        self.trid += 1;
        let line = self.line(conn, command);
        self.log
            .push(format!("{} {phase:?} {command:?}: {}", conn.0, line.trim()));
        let there = self.conns[conn.index()];
        self.server
            .handle_input(Duration::ZERO, there, line.as_bytes());
        let heard = self.hear();
        let replies = self.model.replies(conn, command);
        self.note(conn, command, &heard);
        self.answered += 1;
        if matches!(&replies[..], [only] if !only.anything && only.after != After::Unsure) {
            self.certain += 1;
        }
        self.judge(conn, command, &replies, &heard)
    }

    fn note(&mut self, conn: ConnId, command: Command, heard: &Heard) {
        let phase = self.model.phase(conn);
        if matches!(phase, Phase::Unclear | Phase::NsUnsure | Phase::SbUnsure) {
            return;
        }
        let trid = self.trid();
        let is_answer = |line: &&String| {
            ["QNG", "OUT", CLOSED].contains(&&***line) || line.split(' ').nth(1) == Some(&trid)
        };
        let first = heard.get(&conn).and_then(|own| own.iter().find(is_answer));
        let reply = match first.map(|line| line.split(' ').next().unwrap()) {
            None => ReplyKind::Silence,
            Some(CLOSED) => ReplyKind::Close,
            Some(verb) => verb.parse().map_or(ReplyKind::Ok, ReplyKind::Error),
        };
        self.seen.insert(Transition {
            phase,
            command: command.name(),
            reply,
        });
    }

    fn judge(
        &mut self,
        conn: ConnId,
        command: Command,
        replies: &Replies,
        heard: &Heard,
    ) -> Result<(), String> {
        let own = heard.get(&conn).cloned().unwrap_or_default();
        let is_closed = own.last().is_some_and(|line| line == CLOSED);
        let after = if is_closed {
            After::Closes
        } else {
            After::Stays
        };
        let mut blind = self.model.clone();
        let blind_sights = blind.step(conn, command).sights;
        let mut why = "no reply is allowed".to_owned();
        for reply in replies {
            let mut lines: Vec<Line> = reply.lines.to_vec();
            if reply.after != After::Unsure && reply.after != after {
                continue;
            }
            if is_closed && !(lines.contains(&Line::Refused) && own.len() == 1) {
                lines.push(Line::Closed);
            }
            let mut model = self.model.clone();
            let sights = match self.eyes {
                Eyes::Open => model.settle(conn, command, reply, after),
                Eyes::Shut => blind_sights.clone(),
            };
            let mut bound = self.bound.clone();
            let result = if reply.anything {
                let mut heard = heard.clone();
                heard.remove(&conn);
                self.compare(conn, &[], &sights, &heard, &mut bound)
            } else {
                self.compare(conn, &lines, &sights, heard, &mut bound)
            };
            match result {
                Ok(()) => {
                    self.bound = bound;
                    self.model = match self.eyes {
                        Eyes::Open => model,
                        Eyes::Shut => blind,
                    };
                    return Ok(());
                }
                Err(reason) => why = reason,
            }
        }
        Err(format!("{why}; allowed: {replies:?}"))
    }

    /// Whether what was heard is `lines` on the connection, in order, and the sights.
    fn compare(
        &self,
        conn: ConnId,
        lines: &[Line],
        sights: &Sights,
        heard: &Heard,
        bound: &mut HashMap<Capture, String>,
    ) -> Result<(), String> {
        let mut met = vec![false; sights.list.len()];
        let mut wanted = lines.iter();
        let mut next = wanted.next();
        for (there, said) in heard {
            for text in said {
                if *there == conn
                    && let Some(line) = next
                    && self.is_line(*line, text, bound)
                {
                    next = wanted.next();
                    continue;
                }
                let found = (0..met.len()).find(|place| {
                    let sight = &sights.list[*place];
                    !met[*place] && sight.conn == *there && self.is_line(sight.line, text, bound)
                });
                match found {
                    Some(place) => met[place] = true,
                    None if sights.is_open && *there != conn => {}
                    None => return Err(format!("{} must not see `{text}`", there.0)),
                }
            }
        }
        if let Some(line) = next {
            return Err(format!("{} lacks {line:?}", conn.0));
        }
        let due = sights.list.iter().zip(met);
        let missed = due
            .filter(|(sight, met)| sight.duty == Duty::Must && !met && !sights.is_open)
            .map(|(sight, _)| sight)
            .next();
        match missed {
            Some(sight) => Err(format!("not seen: {sight:?}")),
            None => Ok(()),
        }
    }

    fn is_line(&self, line: Line, text: &str, bound: &mut HashMap<Capture, String>) -> bool {
        let words: Vec<&str> = text.split(' ').collect();
        let is_error = words[0].parse::<u16>().is_ok() && words.get(1) == Some(&&*self.trid());
        let pattern = match line {
            Line::Closed => return text == CLOSED,
            Line::AnyError => return is_error,
            Line::Refused => return is_error || text == CLOSED,
            _ => line.words(self.model.dialect()).unwrap(),
        };
        let mut new = Vec::new();
        let mut rest = words.iter();
        for word in pattern {
            if word == Word::Rest {
                rest = [].iter();
                break;
            }
            let Some(got) = rest.next() else {
                return false;
            };
            let wanted = match word {
                Word::Any => continue,
                Word::Capture(capture) => match bound.get(&capture) {
                    Some(value) => value.clone(),
                    None => {
                        new.push((capture, (*got).to_owned()));
                        continue;
                    }
                },
                Word::Groups(user, groups) if self.are_groups(user, groups, got) => continue,
                Word::Groups(..) => return false,
                _ => self.text(word),
            };
            if wanted != *got {
                return false;
            }
        }
        let is_whole = rest.next().is_none();
        if is_whole {
            bound.extend(new);
        }
        is_whole
    }

    fn are_groups(&self, user: UserId, groups: GroupSet, got: &str) -> bool {
        let number = |group| match group {
            GroupId::OTHERS => "0".to_owned(),
            group => self.text(Word::Capture(Capture::Group(user, group))),
        };
        let wanted: BTreeSet<String> = groups.iter().map(number).collect();
        wanted == got.split(',').map(str::to_owned).collect()
    }

    fn trid(&self) -> String {
        self.trid.to_string()
    }

    fn text(&self, word: Word) -> String {
        match word {
            Word::Text(text) => text.to_owned(),
            Word::TrId => self.trid(),
            Word::Number(number) => number.to_string(),
            Word::Handle(user) => format!("user{}@hotmail.com", user.0 + 1),
            Word::Nobody => "nobody-at-all@hotmail.com".to_owned(),
            Word::Name(user, name) => self.names[&(user, name)].clone(),
            Word::Capture(capture) => {
                let value = self.bound.get(&capture).cloned();
                value.unwrap_or_else(|| "123".to_owned())
            }
            Word::Length => "2".to_owned(),
            Word::Label(label) => label.text().to_owned(),
            Word::Encoded(text) => text.to_owned(),
            _ => unreachable!("{word:?}"),
        }
    }

    fn line(&mut self, conn: ConnId, command: Command) -> String {
        let trid = self.trid;
        let Some(words) = command.words(conn, self.model.dialect()) else {
            return match command {
                Command::Foreign if self.model.door(conn) == Some(ServerKind::Switchboard) => {
                    format!("CHG {trid} NLN\r\n")
                }
                Command::Foreign => format!("NLN NLN {trid}\r\n"),
                Command::MsgBad => format!("MSG {trid} n 2\r\nhi"),
                Command::Arity => format!("USR {trid}\r\n"),
                _ => "\u{1}\u{2} CHG %0D\r\n\r\nOUT x\r\n".to_owned(),
            };
        };
        let user = self.model.user_of(conn);
        let mut texts = Vec::new();
        for word in words {
            texts.push(match word {
                Word::Own => self.text(Word::Handle(user.unwrap_or(UserId(0)))),
                Word::NewName(name) => {
                    let text = format!("Name%20{}", name.0);
                    self.names
                        .insert((user.unwrap_or(UserId(0)), name), text.clone());
                    text
                }
                Word::Response { conn, right } => self.response(conn, right),
                Word::Version(Version::Zero) => "0".to_owned(),
                Word::Version(Version::Higher) => "4294967295".to_owned(),
                Word::Version(Version::Latest) => {
                    self.bound[&self.model.serial(user.unwrap())].clone()
                }
                _ => self.text(word),
            });
        }
        let payload = if matches!(command, Command::Msg(_)) {
            "hi"
        } else {
            ""
        };
        format!("{}\r\n{payload}", texts.join(" "))
    }

    /// The digest; which password is tried with every user is a matter of the handle in the log.
    fn response(&self, conn: ConnId, right: bool) -> String {
        let challenge = self.bound.get(&Capture::Challenge(conn));
        let user = self.log.iter().rev().find_map(|line| {
            let (who, rest) = line.split_once(' ')?;
            let handle = rest.rsplit_once(" I user")?.1;
            (who == conn.0.to_string()).then(|| handle.split('@').next().unwrap().to_owned())
        });
        match (challenge, user) {
            (Some(challenge), Some(user)) if right => {
                hex::encode(Md5::digest(format!("{challenge}pw{user}")))
            }
            _ => "0".repeat(32),
        }
    }

    fn hear(&mut self) -> Heard {
        // A challenge and a referral may come again on a connection.
        let mut heard = Heard::new();
        while let Some(output) = self.server.poll_output() {
            let (there, text) = match &output {
                Output::Send(there, frame) => {
                    let text = String::from_utf8_lossy(frame).into_owned();
                    (there, text.split("\r\n").next().unwrap().to_owned())
                }
                Output::Close(there) => (there, CLOSED.to_owned()),
            };
            let conn = self.conns.iter().position(|conn| conn == there).unwrap();
            let conn = ConnId(u16::try_from(conn).unwrap());
            self.log.push(format!("    {} hears {text}", conn.0));
            heard.entry(conn).or_default().push(text);
        }
        self.bound.retain(
            |capture, _| !matches!(capture, Capture::Challenge(conn) if heard.contains_key(conn)),
        );
        heard
    }
}
