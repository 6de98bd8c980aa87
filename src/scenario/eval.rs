//! The values that a run finds out, and the texts that they make.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::ast::{
    Captures, Expect, Expected, Expr, Part, Payload, SendItem, Text, WordKind, WordPattern,
};
use super::maker::{Maker, TridSource};
use super::trids::Trids;
use super::values::{EvalError, Identity, Values};
use crate::protocol::Dialect;
use crate::transcript::ConnName;
use crate::wire::{Frame, Terminator};

/// TrIDs that a scenario writes itself are stepped over up to here, so that fresh ones differ.
const MAX_LITERAL: u32 = 1 << 30;

/// Captures and named TrIDs at a moment, to go back to.
#[derive(Debug, Clone)]
pub struct Mark {
    captures: Vec<String>,
    named: Vec<(ConnName, usize)>,
}

/// What is made ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// A line, with its payload; and both as they go on the wire.
    Frame(Frame, Bytes),
    /// Bytes as they are.
    Raw(Bytes),
}

impl Prepared {
    /// The bytes that go on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Frame(_, bytes) | Self::Raw(bytes) => bytes.clone(),
        }
    }
}

/// All that expressions mean in a run of a scenario.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(super) values: Values,
    /// By connection; there are few.
    trids: Vec<(ConnName, Trids)>,
}

impl Scope {
    /// A scope at the beginning: who plays whom, a handle that has no account, and the dialect that
    /// is tested.
    #[must_use]
    pub fn new(
        users: BTreeMap<String, Identity>,
        nobody: impl Into<String>,
        dialect: &'static Dialect,
    ) -> Self {
        Self {
            values: Values {
                users,
                nobody: nobody.into(),
                dialect,
                captures: Captures::new(),
                round: 1,
                payload: None,
            },
            trids: Vec::new(),
        }
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
                .map(|(conn, trids)| (conn.clone(), trids.named_count()))
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
            trids.forget_named(before.map_or(0, |(_, count)| *count));
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

    /// An expectation that may be met later: `{t}` in it stays the TrID that it is now.
    #[must_use]
    pub fn with_trid_of_now(&self, mut expect: Expect) -> Expect {
        let trid = self.trids(&expect.conn).and_then(|trids| trids.find(None));
        let Some(trid) = trid else {
            return expect;
        };
        let words: &mut [WordPattern] = match &mut expect.what {
            Expected::Line { pattern, .. } => &mut pattern.words,
            Expected::Error(Some(word)) => std::slice::from_mut(word),
            _ => &mut [],
        };
        for word in words {
            if let WordKind::Text(text) = &mut word.kind
                && let [part @ Part::Expr(Expr::Trid(None))] = text.parts.as_mut_slice()
            {
                *part = Part::Expr(Expr::Number(trid.into()));
            }
        }
        expect
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
                let mut bytes = self.send_text(text, conn, length)?;
                self.note_literal(&bytes, conn);
                let (end, terminator) = (bytes.len(), Terminator::CrLf);
                bytes.extend_from_slice(terminator.as_bytes());
                bytes.extend_from_slice(payload.as_deref().unwrap_or_default());
                let bytes = Bytes::from(bytes);
                let behind = end + terminator.as_bytes().len();
                let frame = Frame {
                    line: bytes.slice(..end),
                    terminator,
                    payload: payload.map(|_| bytes.slice(behind..)),
                    is_hidden: false,
                };
                if frame.payload.is_some() {
                    self.values.payload.clone_from(&frame.payload);
                }
                Ok(Prepared::Frame(frame, bytes))
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
        let trids = trids_of(&mut self.trids, conn);
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
            trids.step_over(number);
        }
    }

    fn trids_mut(&mut self, conn: &ConnName) -> &mut Trids {
        trids_of(&mut self.trids, conn)
    }

    pub(super) fn trids(&self, conn: &ConnName) -> Option<&Trids> {
        // The connection that was made last is used most.
        let mut all = self.trids.iter().rev();
        all.find_map(|(known, trids)| (known == conn).then_some(trids))
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

/// The TrIDs of a connection, none used where it is new.
fn trids_of<'t>(all: &'t mut Vec<(ConnName, Trids)>, conn: &ConnName) -> &'t mut Trids {
    let at = all.iter().rposition(|(known, _)| known == conn);
    let at = at.unwrap_or_else(|| {
        all.push((conn.clone(), Trids::default()));
        all.len() - 1
    });
    let (_, trids) = all.get_mut(at).expect("it was found or put there above");
    trids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;
    use crate::scenario::ast::{Expr, Field, Function, Part};

    fn text(parts: Vec<Part>) -> Text {
        let at = Span::default();
        Text {
            at,
            parts: parts.into(),
        }
    }

    fn scope() -> Scope {
        let alice = Identity {
            handle: "Alice@hotmail.com".into(),
            password: "secret".into(),
            name: "Al%20ice".into(),
        };
        Scope::new(
            [("alice".to_owned(), alice)].into(),
            "nobody@hotmail.com",
            Dialect::first(),
        )
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
    fn a_literal_trid_is_stepped_over_unless_it_is_huge() {
        let mut scope = scope();
        let conn = ConnName::new("alice", "ns");
        let mut after = |literal: u32| {
            let item = SendItem::Line {
                text: text(vec![Part::Literal(format!("CHG {literal} NLN").into())]),
                payload: None,
            };
            scope.prepare(&item, &conn).unwrap();
            scope.fresh_trid(&conn)
        };
        assert_eq!(after(u32::MAX), 1);
        assert_eq!(after(MAX_LITERAL), 2);
        assert_eq!(after(MAX_LITERAL - 1), MAX_LITERAL);
    }

    #[test]
    fn a_round_forgets_its_trids_on_each_connection() {
        let mut scope = scope();
        let [one, two] = ["ns", "sb"].map(|role| ConnName::new("alice", role));
        let named = |name: &str| text(vec![Part::Expr(Expr::Trid(Some(name.into())))]);
        scope.eval_send(&named("before"), &one).unwrap();
        let mark = scope.mark();
        scope.eval_send(&named("before"), &two).unwrap();
        scope.eval_send(&named("after"), &one).unwrap();
        scope.forget_since(&mark);
        assert_eq!(scope.eval_expect(&named("before"), &one).unwrap(), b"1");
        assert!(scope.eval_expect(&named("after"), &one).is_err());
        assert!(scope.eval_expect(&named("before"), &two).is_err());
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
    fn fields_are_those_of_the_user() {
        let conn = ConnName::new("alice", "ns");
        let mut scope = scope();
        for (field, value) in [
            (Field::Handle, "Alice@hotmail.com"),
            (Field::Domain, "hotmail.com"),
            (Field::Password, "secret"),
            (Field::Name, "Al%20ice"),
        ] {
            let text = text(vec![Part::Expr(Expr::Field("alice".into(), field))]);
            assert_eq!(scope.eval_send(&text, &conn).unwrap(), value.as_bytes());
        }
        let text = text(vec![Part::Expr(Expr::Field("bob".into(), Field::Name))]);
        let unknown = EvalError::UnknownUser("bob".into());
        assert_eq!(scope.eval_send(&text, &conn), Err(unknown));
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
