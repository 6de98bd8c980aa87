//! From a line of a client to a command: the way back from [`Command::words`].

use super::command::{Command, GroupWord, Key, ListWord, Mode, Offer, Whom};
use super::value::{
    ConnId, GroupId, LabelId, MAX_GROUPS, NUMBERS, NameId, Phone, SessionId, TicketId, UserId,
};
use super::word::{Capture, Version};
use super::{List, Model, Property, State};
use crate::protocol::{
    DIALECTS, Dialect, Direction, MAX_MESSAGE, MAX_NAME, PACKAGE, ServerKind, Setting, Verb,
    decode_name, is_dialect,
};
use crate::wire::{Frame, Terminator};

/// The longest line that everybody takes: an ADD of the longest handle and the longest name.
const LONGEST_LINE: usize = 540;

/// Who is who, and which values the server handed out, by what the model calls them.
pub trait Names<'t> {
    /// The user of a handle.
    fn user(&self, handle: &[u8]) -> Option<UserId>;
    /// Who is meant by a handle; `None` where that is not sure.
    fn whom(&self, handle: &[u8]) -> Option<Whom>;
    /// The value of a capture, where it was seen.
    fn value(&self, capture: Capture) -> Option<&'t [u8]>;
    /// What a cookie was handed out for.
    fn ticket(&self, cookie: &[u8]) -> Option<TicketId>;
    /// The session of this number.
    fn session(&self, number: &[u8]) -> Option<SessionId>;
    /// Whether a cookie was handed out, whatever for.
    fn is_cookie(&self, word: &[u8]) -> bool;
    /// Remembers a name that a user is given.
    fn rename(&mut self, user: UserId, name: &'t [u8]) -> NameId;
}

/// What a client said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// This.
    Plainly(Command),
    /// This, if the server takes it for that: other blanks, an odd TrID.
    Perhaps(Command),
    /// Nothing that the model knows.
    Unknown,
}

impl Model {
    /// What a line says on this connection. `words` are those of the frame.
    pub fn read<'t>(
        &self,
        conn: ConnId,
        frame: &'t Frame,
        words: &'t [&'t [u8]],
        people: &mut impl Names<'t>,
    ) -> Said {
        match self.door(conn) {
            Some(door) => read(self, (conn, door), frame, words, people),
            None => Said::Unknown,
        }
    }
}

fn read<'t>(
    model: &Model,
    (conn, door): (ConnId, ServerKind),
    frame: &'t Frame,
    words: &'t [&'t [u8]],
    people: &mut impl Names<'t>,
) -> Said {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    if frame.line.len() > LONGEST_LINE {
        return Said::Unknown;
    }
    let has_payload = match door {
        ServerKind::Switchboard => Verb::Msg,
        _ => Verb::Qry,
    };
    let verb = Verb::parse(word(0));
    if frame.payload.is_some() && verb != has_payload {
        return Said::Unknown;
    }
    let reader = Reader {
        words,
        people,
        model,
        conn,
    };
    let command = match door {
        ServerKind::Switchboard => reader.on_board(frame),
        ServerKind::Dispatch | ServerKind::Notification => reader.on_notification(),
    };
    let Some(command) = command.or_else(|| stranger(word(0), words.len(), door)) else {
        return Said::Unknown;
    };
    if matches!(command, Command::Qry { .. }) && frame.payload.is_none() {
        return Said::Unknown;
    }
    let has_trid = !matches!(command, Command::Png | Command::Out);
    let is_plain = is_plain(frame, words) && (!has_trid || is_usual(word(1)));
    if is_plain {
        Said::Plainly(command)
    } else {
        Said::Perhaps(command)
    }
}

/// Written as the draft writes it.
fn is_plain(frame: &Frame, words: &[&[u8]]) -> bool {
    let length: usize = words.iter().map(|word| word.len() + 1).sum();
    frame.terminator == Terminator::CrLf
        && frame.line.len() + 1 == length
        && !frame.line.contains(&b'\t')
}

/// A number as nobody mistakes it.
fn is_usual(trid: &[u8]) -> bool {
    trid.len() < 10
        && trid.first().is_some_and(|first| *first != b'0')
        && trid.iter().all(u8::is_ascii_digit)
}

/// Verbs that are out of place, or that nobody knows.
fn stranger(verb: &[u8], count: usize, door: ServerKind) -> Option<Command> {
    const NOBODYS: [&[u8]; 3] = [b"XXX", b"XYZ", b"QQQ"];
    if count < 2 {
        return None;
    }
    let is_foreign = match Verb::parse(verb) {
        Verb::Iln | Verb::Nln | Verb::Fln | Verb::Rng | Verb::Joi => true,
        Verb::Syn
        | Verb::Lst
        | Verb::Gtc
        | Verb::Blp
        | Verb::Chg
        | Verb::Add
        | Verb::Rem
        | Verb::Rea
        | Verb::Inf => door == ServerKind::Switchboard,
        Verb::Cal | Verb::Ans => door != ServerKind::Switchboard,
        _ => false,
    };
    match (is_foreign, NOBODYS.contains(&verb)) {
        (true, _) => Some(Command::Foreign),
        (_, true) => Some(Command::Unknown),
        _ => None,
    }
}

struct Reader<'w, 't, N> {
    words: &'t [&'t [u8]],
    people: &'w mut N,
    model: &'w Model,
    conn: ConnId,
}

impl<'t, N: Names<'t>> Reader<'_, 't, N> {
    fn word(&self, at: usize) -> &'t [u8] {
        self.words.get(at).copied().unwrap_or_default()
    }

    fn on_notification(self) -> Option<Command> {
        let (second, third) = (self.word(2), self.word(3));
        let command = match (Verb::parse(self.word(0)), self.words.len()) {
            (Verb::Ver, 3..10) => Command::Ver(self.offer()?),
            (Verb::Inf, 2) => Command::Inf,
            (Verb::Usr, 5) => return self.authentication(),
            (Verb::Syn, 3) => Command::Syn(self.version(second)?),
            (Verb::Lst, 3) => Command::Lst(list(second)?),
            (Verb::Gtc, 3) => Command::Set(Setting::Prompt, Setting::Prompt.parse(second)),
            (Verb::Blp, 3) => Command::Set(Setting::Privacy, Setting::Privacy.parse(second)),
            (Verb::Chg, 3) => Command::Chg(State::parse(second)),
            (Verb::Add, 5) if is_name(self.word(4)) => {
                Command::Add(list(second)?, self.people.whom(third)?)
            }
            (Verb::Rem, 4) => Command::Rem(list(second)?, self.people.whom(third)?),
            (Verb::Rea, 4) if is_name(third) => {
                let own = self.people.user(second)?;
                if self.model.user_of(self.conn) != Some(own) {
                    return None;
                }
                Command::Rea(self.people.rename(own, third))
            }
            (Verb::Xfr, 3) if second == b"SB" => Command::XfrSb,
            (Verb::Xfr, 3) if second != b"NS" => Command::XfrBad,
            (Verb::Cvr, _) if self.is_whole(Command::Cvr) => Command::Cvr,
            (Verb::Url, 3) if second == b"INBOX" => Command::Url,
            (Verb::Snd, _) if self.is_whole(Command::Snd) => {
                let is_nobody = self.people.whom(second) == Some(Whom::Nobody);
                return is_nobody.then_some(Command::Snd);
            }
            (Verb::Fnd, _) if self.is_whole(Command::Fnd) => Command::Fnd,
            (Verb::Png, 1) => Command::Png,
            (Verb::Out, 1) => Command::Out,
            _ => return self.later(),
        };
        Some(command)
    }

    /// Whether there are as many words as the command has.
    fn is_whole(&self, command: Command) -> bool {
        let words = command.words(self.conn, self.model.dialect());
        words.is_some_and(|words| words.len() == self.words.len())
    }

    /// What later dialects have brought.
    fn later(&self) -> Option<Command> {
        let (verb, count) = (Verb::parse(self.word(0)), self.words.len());
        let (kind, ours) = (ServerKind::Notification, Direction::ToServer);
        let row = self.model.dialect().find(ours, kind, verb)?;
        if !row.takes(count.saturating_sub(row.first_param())) {
            return None;
        }
        let (second, third) = (self.word(2), self.word(3));
        let is_forward = list(second) == Some(ListWord::List(List::Forward));
        let command = match (verb, count) {
            (Verb::Ims, 3) => Command::Ims(match second {
                b"ON" => Some(true),
                b"OFF" => Some(false),
                _ => None,
            }),
            (Verb::Prp, 3 | 4) => {
                let value = if count == 3 {
                    Phone::default()
                } else {
                    Phone::parse(third)?
                };
                Command::Prp(self.property(second)?, value)
            }
            (Verb::Lsg, 2) => Command::Lsg,
            (Verb::Adg, 4) => Command::Adg(self.new_label(second)?),
            (Verb::Reg, 5) => Command::Reg(self.group(second)?, self.new_label(third)?),
            (Verb::Rmg, 3) => Command::Rmg(self.group(second)?),
            (Verb::Add, 6) if is_forward && is_name(self.word(4)) => {
                Command::Enter(self.people.whom(third)?, self.group(self.word(5))?)
            }
            (Verb::Rem, 5) if is_forward => {
                Command::Exit(self.people.whom(third)?, self.group(self.word(4))?)
            }
            // What the server answers tells whether it was right.
            (Verb::Qry, 4) => Command::Qry { right: false },
            _ => return None,
        };
        Some(command)
    }

    /// A property that a client sets, or one that nobody knows; `None` for others.
    fn property(&self, word: &[u8]) -> Option<Option<Property>> {
        let of = |key: &Property| key.as_str().as_bytes() == word;
        let known = NUMBERS.into_iter().find(|key| of(key));
        match known {
            None if Property::ALL.iter().any(of) || word != b"PHX" => None,
            known => Some(known),
        }
    }

    /// A name that the user has given no group of its own.
    fn new_label(&self, word: &[u8]) -> Option<LabelId> {
        let (user, label) = (self.model.user_of(self.conn)?, LabelId::parse(word)?);
        let mut groups = self.model.groups(user);
        let is_new = groups.all(|group| self.model.label(user, group) != Some(label));
        (is_new && self.model.has_room_for_group(user)).then_some(label)
    }

    /// A group of the user, or one that it surely does not have.
    fn group(&self, word: &[u8]) -> Option<GroupWord> {
        let user = self.model.user_of(self.conn)?;
        if word == b"0" {
            return Some(GroupWord::Own(user, GroupId::OTHERS));
        }
        // Numbers are given again.
        let there = self.model.groups(user);
        let mut all = there.chain((1..=MAX_GROUPS).map(GroupId));
        let own = all.find(|group| {
            let number = self.people.value(Capture::Group(user, *group));
            number == Some(word)
        });
        match own {
            Some(group) => Some(GroupWord::Own(user, group)),
            None => (word == b"29").then_some(GroupWord::Nobodys),
        }
    }

    fn authentication(&self) -> Option<Command> {
        let scheme = self.model.dialect().login_scheme();
        let is_own = scheme.map(str::as_bytes) == Some(self.word(2));
        match self.word(3) {
            b"I" if is_own => Some(Command::UsrI(self.people.whom(self.word(4))?)),
            // What the server answers tells whether it was right; whether it should have is for
            // others to say.
            b"S" if is_own => Some(Command::UsrS { right: false }),
            b"I" if is_other_scheme(self.model.dialect(), self.word(2)) => {
                Some(Command::UsrPackage(self.people.whom(self.word(4))?))
            }
            _ => None,
        }
    }

    fn offer(&self) -> Option<Offer> {
        let offered = self.words.get(2..).unwrap_or_default();
        let is_known = |word: &&[u8]| {
            let upper = word.to_ascii_uppercase();
            is_dialect(&upper) && upper != PACKAGE.as_bytes()
        };
        if offered.contains(&self.model.dialect().name.as_bytes()) {
            return Some(Offer::Own);
        }
        match offered {
            [only] if *only == PACKAGE.as_bytes() => Some(Offer::Package),
            _ if offered.iter().any(is_known) => None,
            _ => Some(Offer::Unknown),
        }
    }

    /// The number of SYN; `None` where it is neither 0 nor the latest.
    fn version(&self, number: &[u8]) -> Option<Version> {
        if number == b"0" {
            return Some(Version::Zero);
        }
        let user = self.model.user_of(self.conn)?;
        let latest = self.people.value(self.model.serial(user))?;
        (latest == number).then_some(Version::Latest)
    }

    fn on_board(self, frame: &Frame) -> Option<Command> {
        let command = match (Verb::parse(self.word(0)), self.words.len()) {
            (Verb::Usr, 4) => Command::UsrSb(self.user()?, self.key()?),
            (Verb::Ans, 5) => Command::Ans {
                user: self.user()?,
                key: self.key()?,
                session: match self.people.session(self.word(4)) {
                    None if is_number(self.word(4)) => None,
                    None => return None,
                    some => some,
                },
            },
            (Verb::Cal, 3) => Command::Cal(self.people.whom(self.word(2))?),
            (Verb::Msg, 4) => Command::Msg(self.mode(frame)?),
            (Verb::Out, 1) => Command::Out,
            _ => return None,
        };
        Some(command)
    }

    fn user(&self) -> Option<UserId> {
        self.people.user(self.word(2))
    }

    fn key(&self) -> Option<Key> {
        let cookie = self.word(3);
        match self.people.ticket(cookie) {
            Some(ticket) => Some(Key::Ticket(ticket)),
            None if self.people.is_cookie(cookie) => None,
            None => Some(Key::Invented),
        }
    }

    fn mode(&self, frame: &Frame) -> Option<Mode> {
        let payload = frame.payload.as_ref()?;
        let length: Option<usize> = std::str::from_utf8(self.word(3)).ok()?.parse().ok();
        let is_usual = is_usual(self.word(3)) || self.word(3) == b"0";
        if payload.len() > MAX_MESSAGE || !is_usual || length != Some(payload.len()) {
            return None;
        }
        Mode::parse(self.word(2))
    }
}

/// A scheme that the service never had in this dialect.
fn is_other_scheme(dialect: &Dialect, word: &[u8]) -> bool {
    let schemes = DIALECTS.iter().filter_map(|dialect| dialect.login_scheme());
    let mut known = schemes.chain(["SHA"]);
    let is_own = |scheme: &str| dialect.login_scheme() == Some(scheme);
    known.any(|scheme| scheme.as_bytes() == word && !is_own(scheme))
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.len() <= 10 && word.iter().all(u8::is_ascii_digit)
}

fn list(word: &[u8]) -> Option<ListWord> {
    match List::parse(word) {
        Some(list) => Some(ListWord::List(list)),
        None if word.iter().all(u8::is_ascii_uppercase) => Some(ListWord::Bad),
        None => None,
    }
}

/// A name that every server takes: text, not too long, well escaped.
fn is_name(word: &[u8]) -> bool {
    let mut escapes = word.split(|byte| *byte == b'%').skip(1);
    let is_escape = |rest: &[u8]| {
        let digits = rest.get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    word.len() <= MAX_NAME
        && word.iter().all(u8::is_ascii_graphic)
        && escapes.all(is_escape)
        && std::str::from_utf8(&decode_name(word)).is_ok_and(|name| !name.contains('\0'))
}
