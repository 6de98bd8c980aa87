//! The model's commands and lines, in the language of scenarios.

use std::fmt::Write as _;

use super::walk::{Told, Walk};
use crate::fuzzer::dictionary;
use crate::model::{
    Capture, Command, ConnId, GroupId, Line, MAX_GROUPS, NameId, Offer, UserId, Version, Whom, Word,
};

/// A dialect that nobody speaks.
const UNKNOWN_DIALECT: Word = Word::Text("MSNPX");
/// What looks like a response.
const DIGEST: &str = "0123456789abcdef0123456789abcdef";
/// More than any number of lists.
const HIGHEST: &str = "4294967295";
/// Any number of lists.
const ANY_NUMBER: &str = "0..4294967295";

impl Walk<'_> {
    /// The line that says a command; its TrID is `{t}`.
    pub(super) fn line_of(
        &mut self,
        conn: ConnId,
        command: Command,
        label: Option<&'static str>,
    ) -> String {
        let mut line = String::with_capacity(48);
        let words = command
            .words(conn, self.model.dialect())
            .unwrap_or_default();
        let label = match command {
            Command::Add(_, whom) => Some(label.map_or_else(|| self.label(whom), str::to_owned)),
            _ => None,
        };
        let offer = match command {
            Command::Ver(Offer::Own) => self.entropy.below(6),
            _ => 0,
        };
        for (at, word) in words.iter().enumerate() {
            if at > 0 {
                line.push(' ');
            }
            match (*word, &label, offer) {
                (_, Some(label), _) if at == 4 => line.push_str(label),
                // Without CVR0, and behind a dialect that nobody knows.
                (_, _, 4) if at == 3 => line.truncate(line.len() - 1),
                (word, _, 5) if at == 2 => {
                    self.put(UNKNOWN_DIALECT, true, &mut line);
                    line.push(' ');
                    self.put(word, true, &mut line);
                }
                (Word::Label(label), ..) => line.push_str(label.text()),
                (Word::NewName(_), ..) => line.push_str(self.entropy.name(&dictionary::NAMES)),
                (Word::Response { right, .. }, ..) => {
                    let response = self.response(conn, right);
                    line.push_str(&response);
                }
                (Word::Own, ..) => self.put_handle(self.link(conn).user, &mut line),
                (Word::Version(Version::Latest), ..) => {
                    let cached = self.person(self.link(conn).user).cached;
                    let _ = write!(line, "{{ser{}}}", cached.unwrap_or_default());
                }
                (word, ..) => self.put(word, true, &mut line),
            }
        }
        line
    }

    fn label(&self, whom: Whom) -> String {
        match whom {
            Whom::User(user) => format!("{{{}.name}}", self.user(user)),
            Whom::Nobody | Whom::Malformed => "Nobody".to_owned(),
        }
    }

    /// The response to the latest challenge of a connection, or one that is not the password's.
    fn response(&mut self, conn: ConnId, is_right: bool) -> String {
        let Some(link) = self.links.get(conn.index()) else {
            return DIGEST.to_owned();
        };
        let (number, user) = (link.challenge, self.user(link.user));
        if is_right {
            return format!("{{md5(challenge{number}, {user}.password)}}");
        }
        if number == 0 {
            return format!("{{md5({user}.password)}}");
        }
        match self.entropy.below(4) {
            0 => format!("{{md5({user}.password, challenge{number})}}"),
            1 => format!("{{md5(challenge{number})}}"),
            2 => format!("{{{user}.password}}"),
            _ => format!("{{md5(challenge{number}, 'not it')}}"),
        }
    }

    /// How a line is expected. Where it is not certain, what it hands out is not kept.
    pub(super) fn text_of(&mut self, line: Line, told: &Told, is_certain: bool) -> String {
        let mut text = String::with_capacity(48);
        for (at, word) in line
            .words(self.model.dialect())
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            if at > 0 {
                text.push(' ');
            }
            match (line, *word) {
                (Line::Syn(_), Word::Capture(_)) => {
                    text.push_str(told.number.as_deref().unwrap_or(ANY_NUMBER));
                }
                (Line::Added(_, _, whom), _) if at == 5 => match told.label {
                    Some(label) => text.push_str(label),
                    None => text.push_str(&self.label(Whom::User(whom))),
                },
                // Before it had more words it had none.
                (Line::Bye(_), Word::Rest) => text.truncate(text.trim_end().len()),
                // One group alone; the order of several is free.
                (_, Word::Groups(user, groups)) => match (groups.len(), groups.iter().next()) {
                    (1, Some(GroupId::OTHERS)) => text.push('0'),
                    (1, Some(group)) => {
                        let capture = Capture::Group(user, group);
                        self.put_capture(capture, is_certain, &mut text);
                    }
                    _ => text.push('*'),
                },
                (_, Word::Capture(capture)) if is_certain => {
                    self.bind(capture);
                    self.put(*word, true, &mut text);
                }
                (_, word) => self.put(word, is_certain, &mut text),
            }
        }
        text
    }

    fn bind(&mut self, capture: Capture) {
        match capture {
            Capture::Serial(..) => {}
            Capture::Challenge(conn) => {
                let number = self.number();
                if let Some(link) = self.links.get_mut(conn.index()) {
                    link.challenge = number;
                }
            }
            _ if self.bound.contains(&capture) => {}
            _ => self.bound.push(capture),
        }
    }

    fn put_handle(&self, user: UserId, text: &mut String) {
        text.push('{');
        text.push_str(self.user(user));
        text.push_str(".handle}");
    }

    fn put(&self, word: Word, is_certain: bool, text: &mut String) {
        match word {
            Word::Text(word) => text.push_str(word),
            Word::TrId => text.push_str("{t}"),
            Word::Number(number) => text.push_str(itoa::Buffer::new().format(number)),
            Word::Handle(user) => self.put_handle(user, text),
            Word::Nobody => text.push_str("{nobody}"),
            Word::Name(user, name) if name == NameId::default() => {
                text.push('{');
                text.push_str(self.user(user));
                text.push_str(".name}");
            }
            Word::Capture(capture) => self.put_capture(capture, is_certain, text),
            Word::Label(label) => match is_certain && !label.text().contains('%') {
                true => text.push_str(label.text()),
                false => text.push('*'),
            },
            Word::Encoded(value) if !value.contains('%') => text.push_str(value),
            Word::Rest => text.push_str("..."),
            Word::Length => text.push_str("{length}"),
            Word::Version(Version::Zero) => text.push('0'),
            Word::Version(_) => text.push_str(HIGHEST),
            _ => text.push('*'),
        }
    }

    fn put_capture(&self, capture: Capture, is_certain: bool, text: &mut String) {
        let (name, number) = match capture {
            Capture::Challenge(conn) => {
                let link = self.links.get(conn.index());
                ("challenge", link.map_or(0, |link| link.challenge))
            }
            Capture::Notification(conn) => ("referred", conn.index()),
            Capture::Board(ticket) => ("board", ticket.index()),
            Capture::Cookie(ticket) => ("cookie", ticket.index()),
            Capture::Session(session) => ("session", session.index()),
            Capture::Group(user, group) => (
                "group",
                user.index() * usize::from(MAX_GROUPS + 1) + usize::from(group.0),
            ),
            Capture::Serial(..) => return text.push('*'),
        };
        if !is_certain && !self.bound.contains(&capture) {
            return text.push('*');
        }
        text.push('{');
        text.push_str(name);
        text.push_str(itoa::Buffer::new().format(number));
        text.push('}');
    }
}
