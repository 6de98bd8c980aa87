//! The values that a run finds out, and the texts that they make.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;

use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::ast::{Captures, Expr, Field, Function, Part, Payload, SendItem, Text};
use crate::spec::encode_name;
use crate::transcript::ConnName;
use crate::wire::Frame;

/// The longest text that an expression may make, in bytes.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// TrIDs that a scenario writes itself are stepped over up to here, so that fresh ones differ.
const MAX_LITERAL: u32 = 1 << 30;

/// Who plays a user of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user handle.
    pub handle: String,
    /// The password.
    pub password: String,
    /// The friendly name, percent-encoded.
    pub name: String,
}

impl Identity {
    /// What stands after the handle's `@`; empty where there is none.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.handle
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }
}

/// Why a text cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A capture that nothing has bound.
    #[error("nothing has bound `{0}`")]
    Unbound(String),
    /// A user that nobody plays.
    #[error("nobody plays the user `{0}`")]
    UnknownUser(String),
    /// A TrID is expected and none of that name was sent.
    #[error("no request with `{{{name}}}` was sent on {conn}")]
    NoTrid {
        /// The connection.
        conn: String,
        /// `t` or `t.name`.
        name: String,
    },
    /// `{length}` without a payload.
    #[error("`{{length}}` stands for the length of a payload, and there is none")]
    NoLength,
    /// `payload: same` before any payload was sent.
    #[error("no payload was sent before")]
    NoPayload,
    /// An argument that must be a number.
    #[error("`{function}` needs a number, not `{value}`")]
    NotANumber {
        /// The function.
        function: &'static str,
        /// The value in its place.
        value: String,
    },
    /// A text of more than 16 MiB.
    #[error("the text grows over 16 MiB")]
    TooLong,
}

/// The TrIDs of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Trids {
    /// The highest that was used.
    highest: u32,
    last: Option<u32>,
    named: Vec<(String, u32)>,
}

impl Trids {
    fn fresh(&mut self) -> u32 {
        self.highest = self.highest.wrapping_add(1).max(1);
        self.highest
    }

    fn allot(&mut self, name: Option<&str>) -> u32 {
        let Some(name) = name else {
            let fresh = self.fresh();
            self.last = Some(fresh);
            return fresh;
        };
        if let Some(known) = self.find(Some(name)) {
            return known;
        }
        let fresh = self.fresh();
        self.named.push((name.to_owned(), fresh));
        fresh
    }

    fn find(&self, name: Option<&str>) -> Option<u32> {
        let Some(name) = name else {
            return self.last;
        };
        let found = self.named.iter().find(|(known, _)| known == name);
        found.map(|(_, trid)| *trid)
    }
}

/// Captures and named TrIDs at a moment, to go back to.
#[derive(Debug, Clone)]
pub struct Mark {
    captures: Vec<String>,
    named: Vec<(ConnName, usize)>,
}

/// What is made ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// A line, with its payload.
    Frame(Frame),
    /// Bytes as they are.
    Raw(Bytes),
}

impl Prepared {
    /// The bytes that go on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Frame(frame) => frame.to_bytes(),
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}

/// The values without the TrIDs.
#[derive(Debug, Clone)]
pub(super) struct Values {
    users: BTreeMap<String, Identity>,
    nobody: String,
    pub(super) captures: Captures,
    round: u32,
    pub(super) payload: Option<Bytes>,
}

/// All that expressions mean in a run of a scenario.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(super) values: Values,
    trids: HashMap<ConnName, Trids>,
}

impl Scope {
    /// A scope at the beginning: who plays whom, and a handle that has no account.
    #[must_use]
    pub fn new(users: BTreeMap<String, Identity>, nobody: impl Into<String>) -> Self {
        Self {
            values: Values {
                users,
                nobody: nobody.into(),
                captures: Captures::new(),
                round: 1,
                payload: None,
            },
            trids: HashMap::new(),
        }
    }

    /// Who plays a user.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&Identity> {
        self.values.users.get(name)
    }

    /// A captured value.
    #[must_use]
    pub fn capture(&self, name: &str) -> Option<&[u8]> {
        self.values.captures.get(name).map(Vec::as_slice)
    }

    /// Binds a capture, also one that is bound.
    pub fn bind(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.values.captures.insert(name.into(), value.into());
    }

    /// Sets the round of the innermost `repeat`, from 1; gives back the one before.
    pub fn set_round(&mut self, round: u32) -> u32 {
        std::mem::replace(&mut self.values.round, round)
    }

    /// The captures and named TrIDs of now.
    #[must_use]
    pub fn mark(&self) -> Mark {
        let named = self.trids.iter();
        Mark {
            captures: self.values.captures.keys().cloned().collect(),
            named: named
                .map(|(conn, trids)| (conn.clone(), trids.named.len()))
                .collect(),
        }
    }

    /// Forgets the captures and named TrIDs that came after a mark: each round of a `repeat`
    /// binds its own.
    pub fn forget_since(&mut self, mark: &Mark) {
        self.values
            .captures
            .retain(|name, _| mark.captures.binary_search(name).is_ok());
        for (conn, trids) in &mut self.trids {
            let before = mark.named.iter().find(|(known, _)| known == conn);
            trids
                .named
                .truncate(before.map_or(0, |(_, length)| *length));
        }
    }

    /// A TrID that was not used on the connection.
    pub fn fresh_trid(&mut self, conn: &ConnName) -> u32 {
        self.trids_mut(conn).fresh()
    }

    /// The payload that was last sent.
    #[must_use]
    pub fn last_payload(&self) -> Option<&Bytes> {
        self.values.payload.as_ref()
    }

    /// A text to be sent on a connection; each `{t}` is fresh.
    ///
    /// # Errors
    ///
    /// When an expression has no value.
    pub fn eval_send(&mut self, text: &Text, conn: &ConnName) -> Result<Vec<u8>, EvalError> {
        self.send_text(text, conn, None)
    }

    /// A text that is known when something is expected; `{t}` is the last one of the connection.
    ///
    /// # Errors
    ///
    /// When an expression has no value.
    pub fn eval_expect(&self, text: &Text, conn: &ConnName) -> Result<Vec<u8>, EvalError> {
        let mut maker = Maker {
            values: &self.values,
            bound: &[],
            length: None,
            trids: TridSource::Last(self.trids(conn)),
            conn,
        };
        maker.text(text)
    }

    /// What a step sends, its bytes made ready. A payload is kept for `payload: same`.
    ///
    /// # Errors
    ///
    /// When an expression has no value.
    pub fn prepare(&mut self, item: &SendItem, conn: &ConnName) -> Result<Prepared, EvalError> {
        match item {
            SendItem::Raw(payload) => {
                let bytes = match payload {
                    Payload::Text(text) => self.send_text(text, conn, None)?.into(),
                    other => self.payload(other, conn)?,
                };
                Ok(Prepared::Raw(bytes))
            }
            SendItem::Line { text, payload } => {
                let payload = match payload {
                    Some(payload) => Some(self.payload(payload, conn)?),
                    None => None,
                };
                let length = payload.as_ref().map(Bytes::len);
                let line = self.send_text(text, conn, length)?;
                self.note_literal(&line, conn);
                let mut frame = Frame::line(line);
                if payload.is_some() {
                    self.values.payload.clone_from(&payload);
                }
                frame.payload = payload;
                Ok(Prepared::Frame(frame))
            }
        }
    }

    /// The bytes of a payload.
    ///
    /// # Errors
    ///
    /// When an expression has no value.
    pub fn payload(&self, payload: &Payload, conn: &ConnName) -> Result<Bytes, EvalError> {
        self.maker(conn, None).payload(payload)
    }

    fn send_text(
        &mut self,
        text: &Text,
        conn: &ConnName,
        length: Option<usize>,
    ) -> Result<Vec<u8>, EvalError> {
        if !self.trids.contains_key(conn) {
            self.trids.insert(conn.clone(), Trids::default());
        }
        let trids = self
            .trids
            .get_mut(conn)
            .expect("the connection was put in above");
        let mut maker = Maker {
            values: &self.values,
            bound: &[],
            length,
            trids: TridSource::Fresh(trids),
            conn,
        };
        maker.text(text)
    }

    /// Steps over a TrID that the scenario wrote as a number.
    fn note_literal(&mut self, line: &[u8], conn: &ConnName) {
        let mut words = line.split(|byte| *byte == b' ').skip(1);
        let number = words
            .next()
            .and_then(|word| std::str::from_utf8(word).ok()?.parse::<u32>().ok());
        if let Some(number) = number.filter(|number| *number < MAX_LITERAL) {
            let trids = self.trids_mut(conn);
            trids.highest = trids.highest.max(number);
        }
    }

    fn trids_mut(&mut self, conn: &ConnName) -> &mut Trids {
        self.trids.entry(conn.clone()).or_default()
    }

    pub(super) fn trids(&self, conn: &ConnName) -> Option<&Trids> {
        self.trids.get(conn)
    }

    pub(super) fn maker<'m>(&'m self, conn: &'m ConnName, length: Option<usize>) -> Maker<'m> {
        Maker {
            values: &self.values,
            bound: &[],
            length,
            trids: TridSource::Last(self.trids(conn)),
            conn,
        }
    }
}

/// Bytes of a fixed pattern, without line breaks: the alphabet, again and again.
#[must_use]
pub fn filler(length: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(length).collect()
}

/// Where TrIDs come from.
pub(super) enum TridSource<'m> {
    Fresh(&'m mut Trids),
    Last(Option<&'m Trids>),
}

/// Makes texts of expressions.
pub(super) struct Maker<'m> {
    pub(super) values: &'m Values,
    /// Captures that the line which is being matched has bound so far.
    pub(super) bound: &'m [(&'m str, &'m [u8])],
    pub(super) length: Option<usize>,
    pub(super) trids: TridSource<'m>,
    pub(super) conn: &'m ConnName,
}

impl Maker<'_> {
    pub(super) fn text(&mut self, text: &Text) -> Result<Vec<u8>, EvalError> {
        let mut out = Vec::with_capacity(64);
        for part in &text.parts {
            match part {
                Part::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
                Part::Expr(expr) => self.put(expr, &mut out)?,
            }
            if out.len() > MAX_TEXT {
                return Err(EvalError::TooLong);
            }
        }
        Ok(out)
    }

    pub(super) fn payload(&mut self, payload: &Payload) -> Result<Bytes, EvalError> {
        match payload {
            Payload::Text(text) => self.text(text).map(Bytes::from),
            Payload::Bytes(bytes) => Ok(Bytes::copy_from_slice(bytes)),
            Payload::Filler(length) => Ok(filler(*length).into()),
        }
    }

    pub(super) fn capture(&self, name: &str) -> Option<&[u8]> {
        let bound = self.bound.iter().find(|(known, _)| *known == name);
        match bound {
            Some((_, value)) => Some(value),
            None => self.values.captures.get(name).map(Vec::as_slice),
        }
    }

    pub(super) fn field(&self, user: &str, field: Field) -> Result<&str, EvalError> {
        let unknown = || EvalError::UnknownUser(user.to_owned());
        let identity = self.values.users.get(user).ok_or_else(unknown)?;
        Ok(match field {
            Field::Handle => &identity.handle,
            Field::Name => &identity.name,
            Field::Password => &identity.password,
            Field::Domain => identity.domain(),
        })
    }

    pub(super) fn trid(&mut self, name: Option<&str>) -> Result<u32, EvalError> {
        match &mut self.trids {
            TridSource::Fresh(trids) => Ok(trids.allot(name)),
            TridSource::Last(trids) => {
                trids
                    .and_then(|trids| trids.find(name))
                    .ok_or_else(|| EvalError::NoTrid {
                        conn: self.conn.to_string(),
                        name: name.map_or_else(|| "t".to_owned(), |name| format!("t.{name}")),
                    })
            }
        }
    }

    fn put(&mut self, expr: &Expr, out: &mut Vec<u8>) -> Result<(), EvalError> {
        match expr {
            Expr::Capture(name) => {
                let unbound = || EvalError::Unbound(name.clone());
                out.extend_from_slice(self.capture(name).ok_or_else(unbound)?);
            }
            Expr::Field(user, field) => {
                out.extend_from_slice(self.field(user, *field)?.as_bytes());
            }
            Expr::Trid(name) => {
                let trid = self.trid(name.as_deref())?;
                put_number(out, trid.into());
            }
            Expr::Length => {
                let length = self.length.ok_or(EvalError::NoLength)?;
                put_number(out, length as u64);
            }
            Expr::Round => put_number(out, self.values.round.into()),
            Expr::Nobody => out.extend_from_slice(self.values.nobody.as_bytes()),
            Expr::Quoted(text) => out.extend_from_slice(text.as_bytes()),
            Expr::Number(number) => put_number(out, *number),
            Expr::Call(function, arguments) => self.call(*function, arguments, out)?,
        }
        Ok(())
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &[Expr],
        out: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let mut value = Vec::new();
            self.put(argument, &mut value)?;
            values.push(value);
        }
        let first = || values.first().map(Vec::as_slice).unwrap_or_default();
        let number = |index: usize, function: &'static str| {
            let value = values.get(index).map(Vec::as_slice).unwrap_or_default();
            let text = String::from_utf8_lossy(value);
            let value = || text.to_string();
            text.parse::<u64>().map_err(|_| EvalError::NotANumber {
                function,
                value: value(),
            })
        };
        match function {
            Function::Md5 => {
                let mut digest = Md5::new();
                for value in &values {
                    digest.update(value);
                }
                out.extend_from_slice(hex::encode(digest.finalize()).as_bytes());
            }
            Function::Upper => out.extend(first().iter().map(u8::to_ascii_uppercase)),
            Function::Lower => out.extend(first().iter().map(u8::to_ascii_lowercase)),
            Function::Encode => out.extend_from_slice(encode_name(first()).as_bytes()),
            Function::Repeat => {
                let times = usize::try_from(number(1, "repeat")?).unwrap_or(usize::MAX);
                let length = first().len().saturating_mul(times);
                if length.saturating_add(out.len()) > MAX_TEXT {
                    return Err(EvalError::TooLong);
                }
                out.extend_from_slice(&first().repeat(if first().is_empty() { 0 } else { times }));
            }
            Function::Add => {
                put_number(out, number(0, "add")?.saturating_add(number(1, "add")?));
            }
            Function::Sub => {
                put_number(out, number(0, "sub")?.saturating_sub(number(1, "sub")?));
            }
        }
        Ok(())
    }
}

fn put_number(out: &mut Vec<u8>, number: u64) {
    let written = write!(out, "{number}");
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// Bytes as text for a report.
pub(super) fn shown(bytes: &[u8]) -> Cow<'static, str> {
    crate::transcript::escape(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;

    fn text(parts: Vec<Part>) -> Text {
        let at = Span::default();
        Text { at, parts }
    }

    fn scope() -> Scope {
        let alice = Identity {
            handle: "Alice@hotmail.com".into(),
            password: "secret".into(),
            name: "Al%20ice".into(),
        };
        Scope::new([("alice".to_owned(), alice)].into(), "nobody@hotmail.com")
    }

    #[test]
    fn trids_are_fresh_when_sent_and_last_when_expected() {
        let mut scope = scope();
        let conn = ConnName::new("alice", "ns");
        let t = text(vec![Part::Expr(Expr::Trid(None))]);
        let named = text(vec![Part::Expr(Expr::Trid(Some("a".into())))]);
        assert!(scope.eval_expect(&t, &conn).is_err());
        assert_eq!(scope.eval_send(&t, &conn).unwrap(), b"1");
        assert_eq!(scope.eval_send(&named, &conn).unwrap(), b"2");
        let literal = SendItem::Line {
            text: text(vec![Part::Literal("CHG 7 NLN".into())]),
            payload: None,
        };
        scope.prepare(&literal, &conn).unwrap();
        assert_eq!(scope.eval_send(&named, &conn).unwrap(), b"2");
        assert_eq!(scope.eval_send(&t, &conn).unwrap(), b"8");
        assert_eq!(scope.eval_expect(&t, &conn).unwrap(), b"8");
        assert_eq!(scope.eval_expect(&named, &conn).unwrap(), b"2");
    }

    #[test]
    fn a_round_forgets_what_the_one_before_has_bound() {
        let mut scope = scope();
        scope.bind("session", "1");
        let mark = scope.mark();
        scope.bind("challenge", "2");
        scope.forget_since(&mark);
        assert_eq!(scope.capture("session"), Some(&b"1"[..]));
        assert_eq!(scope.capture("challenge"), None);
    }

    #[test]
    fn functions_make_what_they_say() {
        let conn = ConnName::new("alice", "ns");
        let mut scope = scope();
        scope.bind("challenge", "1013928519.693957190");
        let quoted = |text: &str| Expr::Quoted(text.into());
        let number = Expr::Number;
        let cases = [
            (
                Function::Md5,
                vec![
                    Expr::Capture("challenge".into()),
                    quoted("Q1P7W2E4J9R8U3S5"),
                ],
                "30fa7a28c0af2d70ec8fd6ff308535e7",
            ),
            (Function::Upper, vec![quoted("aB\u{e9}")], "AB\u{e9}"),
            (Function::Repeat, vec![quoted("ab"), number(3)], "ababab"),
            (Function::Encode, vec![quoted("a b%")], "a%20b%25"),
            (Function::Add, vec![number(41), number(1)], "42"),
            (Function::Sub, vec![number(1), number(2)], "0"),
        ];
        for (function, arguments, expected) in cases {
            let call = text(vec![Part::Expr(Expr::Call(function, arguments))]);
            let made = scope.eval_send(&call, &conn).unwrap();
            assert_eq!(made, expected.as_bytes());
        }
        let call = Expr::Call(Function::Repeat, vec![quoted("ab"), number(u64::MAX)]);
        let made = scope.eval_send(&text(vec![Part::Expr(call)]), &conn);
        assert_eq!(made, Err(EvalError::TooLong));
    }

    #[test]
    fn a_payload_gives_its_length_and_is_kept() {
        let mut scope = scope();
        let conn = ConnName::new("alice", "sb");
        let item = SendItem::Line {
            text: text(vec![
                Part::Literal("MSG 1 N ".into()),
                Part::Expr(Expr::Length),
            ]),
            payload: Some(Payload::Filler(28)),
        };
        let prepared = scope.prepare(&item, &conn).unwrap();
        assert_eq!(
            &prepared.to_bytes()[..],
            b"MSG 1 N 28\r\nabcdefghijklmnopqrstuvwxyzab"
        );
        assert_eq!(scope.last_payload().unwrap().len(), 28);
    }
}
