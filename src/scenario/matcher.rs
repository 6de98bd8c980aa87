//! A line that came, held against a line that is expected.

use std::borrow::Cow;

use bytes::Bytes;

use super::ast::{Expr, Field, LinePattern, Part, PayloadPattern, Text, WordKind, WordPattern};
use super::eval::Scope;
use super::maker::{Maker, TridSource, shown};
use super::trids::Trids;
use super::values::EvalError;
use crate::protocol::{ErrorCode, decode_name};
use crate::transcript::ConnName;
use crate::wire::{Frame, UNKNOWN};

/// How many bytes around the first difference of two payloads are shown.
const AROUND: usize = 16;

/// A line that is expected on a connection.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The words.
    pub pattern: &'w LinePattern,
    /// The payload, where it matters.
    pub payload: Option<&'w PayloadPattern>,
    /// Handles and names must be equal byte for byte.
    pub exact: bool,
    /// How many words may follow that the line was not written for: a later dialect adds them.
    pub added: usize,
    /// The connection; its last TrID is `{t}`.
    pub conn: &'w ConnName,
}

/// Why a line is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// A word differs; words count from 0.
    Word(usize),
    /// The line ends before this word.
    Missing(usize),
    /// The line goes on with this word.
    Extra(usize),
    /// The first word is no error code of the table.
    NoError,
    /// The line carries no payload.
    NoPayload,
    /// The payload has another length: expected, got.
    Length(u64, u64),
    /// The payload differs from the expected bytes, at this byte first.
    Bytes(Bytes, usize),
    /// The regular expression finds nothing in the payload.
    NoMatch,
    /// What is expected cannot be told.
    Unknown(EvalError),
}

impl From<EvalError> for Mismatch {
    fn from(error: EvalError) -> Self {
        Self::Unknown(error)
    }
}

impl Mismatch {
    /// The first word that differs, counted from one.
    #[must_use]
    pub fn word(&self) -> Option<usize> {
        match self {
            Self::Word(at) | Self::Missing(at) | Self::Extra(at) => Some(at + 1),
            _ => None,
        }
    }

    /// The difference in words, for a report.
    #[must_use]
    pub fn describe(&self, wanted: &Wanted<'_>, frame: &Frame, scope: &Scope) -> String {
        let got = |index: usize| shown(frame.words().nth(index).unwrap_or_default());
        let expected = |index: usize| match wanted.pattern.words.get(index) {
            Some(word) => scope.render_word(word, wanted.conn, None),
            None => "the end of the line".to_owned(),
        };
        match self {
            Self::Word(index) => format!(
                "word {} is `{}`, expected `{}`",
                index + 1,
                got(*index),
                expected(*index)
            ),
            Self::Missing(index) => format!("the line ends before `{}`", expected(*index)),
            Self::Extra(index) => {
                format!("the line goes on with `{}`, expected its end", got(*index))
            }
            Self::NoError => format!("`{}` is no error code", got(0)),
            Self::NoPayload => "the line carries no payload".to_owned(),
            Self::Length(expected, got) => {
                format!("the payload has {got} bytes, expected {expected}")
            }
            Self::Bytes(expected, at) => {
                let payload = frame.payload.as_deref().unwrap_or_default();
                describe_bytes(expected, payload, *at)
            }
            Self::NoMatch => "the expression finds nothing in the payload".to_owned(),
            Self::Unknown(error) => format!("what is expected is not known: {error}"),
        }
    }
}

fn describe_bytes(expected: &[u8], got: &[u8], at: usize) -> String {
    let around = |bytes: &[u8]| {
        let end = bytes.len().min(at.saturating_add(AROUND));
        let tail = bytes.get(at..end).unwrap_or_default();
        if tail.is_empty() {
            "its end".to_owned()
        } else {
            format!("`{}`", shown(tail))
        }
    };
    let lengths = if expected.len() == got.len() {
        String::new()
    } else {
        format!(" ({} bytes, expected {})", got.len(), expected.len())
    };
    format!(
        "the payload differs at byte {at}: {}, expected {}{lengths}",
        around(got),
        around(expected)
    )
}

/// Captures that a line has bound.
type Bound<'b> = Vec<(&'b str, &'b [u8])>;

impl Scope {
    /// Holds a line against the expected one. Captures are bound only if all of it fits.
    ///
    /// # Errors
    ///
    /// When it is not that line; says why.
    pub fn match_line(&mut self, wanted: &Wanted<'_>, frame: &Frame) -> Result<(), Mismatch> {
        for (name, value) in self.compare(wanted, frame)? {
            self.bind(name, value);
        }
        Ok(())
    }

    /// The same without binding anything.
    ///
    /// # Errors
    ///
    /// When it is not that line; says why.
    pub fn check_line(&self, wanted: &Wanted<'_>, frame: &Frame) -> Result<(), Mismatch> {
        self.compare(wanted, frame).map(|_| ())
    }

    /// Holds a line against `error` with an optional TrID.
    ///
    /// # Errors
    ///
    /// When it is no error line of the table, or one for another TrID.
    pub fn match_error(
        &mut self,
        trid: Option<&WordPattern>,
        conn: &ConnName,
        frame: &Frame,
    ) -> Result<(), Mismatch> {
        let mut words = frame.words();
        let code = words.next().and_then(ErrorCode::parse_word);
        if code.and_then(ErrorCode::find).is_none() {
            return Err(Mismatch::NoError);
        }
        let Some(pattern) = trid else {
            return Ok(());
        };
        let mut bound = Vec::new();
        let word = words.next().ok_or(Mismatch::Missing(1))?;
        let line = Line::new(self, conn, None);
        if !line.word(&pattern.kind, word, true, &mut bound)? {
            return Err(Mismatch::Word(1));
        }
        for (name, value) in bound {
            self.bind(name, value);
        }
        Ok(())
    }

    fn compare<'m>(&self, wanted: &Wanted<'m>, frame: &'m Frame) -> Result<Bound<'m>, Mismatch> {
        let length = frame.payload.as_ref().map(Bytes::len);
        let line = Line::new(self, wanted.conn, length);
        let mut bound = Vec::new();
        let mut words = frame.words();
        for (index, pattern) in wanted.pattern.words.iter().enumerate() {
            let word = words.next().ok_or(Mismatch::Missing(index))?;
            if !line.word(&pattern.kind, word, wanted.exact || index == 0, &mut bound)? {
                return Err(Mismatch::Word(index));
            }
        }
        // Text may follow the TrID of an error (ERR-1), unless that is what is looked at (ERR-4).
        let goes_on = !wanted.pattern.rest && words.count() > wanted.added;
        let is_error = || ErrorCode::parse_word(frame.verb()).is_some();
        if goes_on && (wanted.exact || !is_error()) {
            return Err(Mismatch::Extra(wanted.pattern.words.len()));
        }
        if let Some(pattern) = wanted.payload {
            line.payload(pattern, frame, &bound)?;
        }
        Ok(bound)
    }
}

/// A line that is being compared.
struct Line<'l> {
    scope: &'l Scope,
    conn: &'l ConnName,
    trids: Option<&'l Trids>,
    length: Option<usize>,
}

impl<'l> Line<'l> {
    fn new(scope: &'l Scope, conn: &'l ConnName, length: Option<usize>) -> Self {
        Self {
            scope,
            conn,
            trids: scope.trids(conn),
            length,
        }
    }

    fn maker<'m>(&'m self, bound: &'m [(&'m str, &'m [u8])]) -> Maker<'m> {
        Maker {
            values: &self.scope.values,
            bound,
            length: self.length,
            trids: TridSource::Last(self.trids),
            conn: self.conn,
        }
    }

    fn word<'m>(
        &self,
        kind: &'m WordKind,
        word: &'m [u8],
        exact: bool,
        bound: &mut Bound<'m>,
    ) -> Result<bool, EvalError> {
        match kind {
            WordKind::Any => Ok(true),
            // A number that the server has left out is any number, to be compared with none.
            WordKind::Range(..) | WordKind::Above(_) if word == UNKNOWN => Ok(true),
            WordKind::Text(text) => self.text(text, word, exact, bound),
            WordKind::Capture(name) => {
                let maker = self.maker(bound);
                if let Some(value) = maker.capture(name) {
                    return Ok(same(value, word, exact));
                }
                bound.push((name, word));
                Ok(true)
            }
            WordKind::OneOf(kinds) => {
                for kind in kinds {
                    if self.word(kind, word, exact, bound)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            WordKind::Range(least, most) => {
                Ok(decimal(word).is_some_and(|number| (*least..=*most).contains(&number)))
            }
            WordKind::Not(kind) => {
                let mut binds: Bound<'m> = bound.clone();
                let before = binds.len();
                let matched = self.word(kind, word, exact, &mut binds)?;
                match binds.get(before) {
                    Some((name, _)) => Err(EvalError::Unbound((*name).to_owned())),
                    None => Ok(!matched),
                }
            }
            WordKind::Above(text) => {
                let floor = self.maker(bound).text(text)?;
                Ok(decimal(word)
                    .zip(decimal(&floor))
                    .is_some_and(|(word, floor)| word > floor))
            }
            WordKind::Matches(regex) => Ok(match std::str::from_utf8(word) {
                Ok(text) => regex.0.is_match(text),
                Err(_) => regex.0.is_match(&String::from_utf8_lossy(word)),
            }),
        }
    }

    fn text(
        &self,
        text: &Text,
        word: &[u8],
        exact: bool,
        bound: &[(&str, &[u8])],
    ) -> Result<bool, EvalError> {
        let mut maker = self.maker(bound);
        match text.parts.as_slice() {
            [Part::Literal(literal)] => Ok(same(literal.as_bytes(), word, exact)),
            [Part::Expr(Expr::Trid(name))] => {
                let trid = maker.trid(name.as_deref())?;
                Ok(is_number(trid.into(), word))
            }
            [Part::Expr(Expr::Number(number))] => Ok(is_number(*number, word)),
            [Part::Expr(Expr::Length)] => {
                let length = self.length.map(|length| is_number(length as u64, word));
                Ok(length.unwrap_or_default())
            }
            [Part::Expr(Expr::Field(user, Field::Handle))] if !exact => {
                let handle = maker.field(user, Field::Handle)?;
                Ok(handle.as_bytes().eq_ignore_ascii_case(word))
            }
            _ => Ok(same(&maker.text(text)?, word, exact)),
        }
    }

    fn payload(
        &self,
        pattern: &PayloadPattern,
        frame: &Frame,
        bound: &[(&str, &[u8])],
    ) -> Result<(), Mismatch> {
        let payload = frame.payload.as_ref().ok_or(Mismatch::NoPayload)?;
        let expected = match pattern {
            PayloadPattern::Same => self
                .scope
                .last_payload()
                .cloned()
                .ok_or(EvalError::NoPayload)?,
            PayloadPattern::Exactly(expected) => self.maker(bound).payload(expected)?,
            PayloadPattern::Length(length) => {
                let got = payload.len() as u64;
                if got == *length {
                    return Ok(());
                }
                return Err(Mismatch::Length(*length, got));
            }
            PayloadPattern::Matches(regex) => {
                let text: Cow<'_, str> = String::from_utf8_lossy(payload);
                if regex.0.is_match(&text) {
                    return Ok(());
                }
                return Err(Mismatch::NoMatch);
            }
        };
        if expected == *payload {
            return Ok(());
        }
        let same = expected.iter().zip(payload).take_while(|(a, b)| a == b);
        let at = same.count();
        Err(Mismatch::Bytes(expected, at))
    }
}

/// Whether two words are equal: byte for byte, or (unless `exact`) once decoded.
fn same(expected: &[u8], got: &[u8], exact: bool) -> bool {
    if expected == got {
        return true;
    }
    if exact || !(expected.contains(&b'%') || got.contains(&b'%')) {
        return false;
    }
    decode_name(expected) == decode_name(got)
}

/// The number that a word of digits stands for.
fn decimal(word: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(word).ok();
    digits.filter(|_| is_decimal(word))?.parse().ok()
}

fn is_decimal(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

/// Whether a word is a number in its plain decimal form.
fn is_number(number: u64, word: &[u8]) -> bool {
    itoa::Buffer::new().format(number).as_bytes() == word
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Source;
    use crate::protocol::Dialect;
    use crate::scenario::ast::{Action, Expected};
    use crate::scenario::{Identity, NoFiles, load};

    fn scope() -> Scope {
        let identity = |handle: &str, name: &str| Identity {
            handle: handle.into(),
            password: "secret".into(),
            name: name.into(),
        };
        let alice = identity("alice@hotmail.com", "Al%20ice");
        let bob = identity("bob@hotmail.com", "Bob");
        let users = [("alice".to_owned(), alice), ("bob".to_owned(), bob)];
        Scope::new(users.into(), "nobody@hotmail.com", Dialect::first())
    }

    /// Holds `line` against an expectation and gives the difference in words.
    fn hold(scope: &mut Scope, step: &str, frame: &Frame) -> Result<(), String> {
        let text = format!(
            "description: x\nclauses: [VER-1]\nusers: {{ alice: {{ state: NLN }}, bob: {{}} }}\n\
             steps:\n  - S: B {{a}}\n  - C: PNG {{t}}\n  - C: PNG {{length}}\n    payload: abc\n  - {step}\n"
        );
        let source: Arc<Source> = Source::new("x.yaml", text);
        let scenario = load("x", &source, &NoFiles)
            .unwrap_or_else(|errors| panic!("{}", errors[0]))
            .remove(0);
        let Action::Expect(expect) = &scenario.steps[3].action else {
            panic!()
        };
        let wanted = match &expect.what {
            Expected::Line { pattern, payload } => Wanted {
                pattern,
                payload: payload.as_ref(),
                exact: expect.exact,
                added: 0,
                conn: &expect.conn,
            },
            Expected::Error(word) => {
                return scope
                    .match_error(word.as_ref(), &expect.conn, frame)
                    .map_err(|mismatch| format!("{mismatch:?}"));
            }
            other => panic!("{other:?}"),
        };
        scope
            .match_line(&wanted, frame)
            .map_err(|mismatch| mismatch.describe(&wanted, frame, scope))
    }

    #[test]
    fn words_are_held_against_words() {
        let mut scope = scope();
        let mut says = |step: &str, line: &str| {
            let result = hold(&mut scope, step, &Frame::line(line.to_owned()));
            result.err().unwrap_or_default()
        };
        let same = "";
        assert_eq!(says("S: NLN NLN|BSY * ...", "NLN BSY x"), same);
        assert_eq!(
            says("S: NLN NLN|BSY *", "NLN AWY x"),
            "word 2 is `AWY`, expected `NLN|BSY`"
        );
        assert_eq!(says("S: NLN *", "NLN"), "the line ends before `*`");
        assert_eq!(
            says("S: NLN *", "NLN a b"),
            "the line goes on with `b`, expected its end"
        );
        assert_eq!(says("S: LST 1..5", "LST 5"), same);
        assert_ne!(says("S: LST 1..5", "LST 6"), same);
        assert_ne!(says("S: LST 1..5", "LST +1"), same);
        assert_eq!(says("S: LST /a|ab/", "LST ab"), same);
        assert_ne!(says("S: LST /a/", "LST ab"), same);
        assert_eq!(
            says(
                "S: JOI {bob.handle} {alice.name}",
                "JOI BOB@hotmail.com Al%20ice"
            ),
            same
        );
        assert_eq!(says("S: JOI {alice.name}", "JOI %41l%20ice"), same);
        assert_eq!(says("S: JOI %41b", "JOI Ab"), same);
        assert_eq!(says("S: JOI Ab", "JOI %41b"), same);
        assert_ne!(says("S: JOI {bob.domain}", "JOI HOTMAIL.COM"), same);
        let exact = "{ S: \"JOI {bob.handle}\", exact: true }";
        assert_ne!(says(exact, "JOI BOB@hotmail.com"), same);
        assert_eq!(says(exact, "JOI bob@hotmail.com"), same);
        assert_eq!(
            says("S: PNG {t}", "PNG 1"),
            "what is expected is not known: no request with `{t}` was sent on alice"
        );
        assert_ne!(says("S: JOI x", "%4aOI x"), same);
        assert_eq!(says("S: 217 7", "217 7 (offline) bob"), same);
        assert_eq!(says("S: error 7", "217 7 (offline) bob"), same);
        assert_ne!(says("S: 217 7", "217 8 7"), same);
        assert_ne!(says("{ S: 217 7, exact: true }", "217 7 bob"), same);
        assert_eq!(says("S: JOI !x", "JOI y"), same);
        assert_eq!(says("S: JOI !x", "JOI x"), "word 2 is `x`, expected `!x`");
        assert_eq!(says("S: JOI !1..3", "JOI 4"), same);
        let exact = "{ S: \"JOI {alice.name}\", exact: true }";
        assert_ne!(says(exact, "JOI %41l%20ice"), same);
    }

    #[test]
    fn a_trid_and_a_length_are_plain_digits() {
        let mut scope = scope();
        let alice = ConnName::new("alice", "ns");
        let at = crate::diagnostic::Span::default();
        let trid = Text {
            at,
            parts: [Part::Expr(Expr::Trid(None))].into(),
        };
        assert_eq!(scope.eval_send(&trid, &alice).unwrap(), b"1");
        let mut fits = |step: &str, frame: Frame| hold(&mut scope, step, &frame).is_ok();
        assert!(fits("S: PNG {t}", Frame::line("PNG 1")));
        for other in ["PNG 2", "PNG 01", "PNG %31"] {
            assert!(!fits("S: PNG {t}", Frame::line(other)), "{other}");
        }
        let length = "{ S: \"MSG x {length}\", payload: { text: abc } }";
        for (word, is_right) in [("3", true), ("4", false), ("03", false), ("%33", false)] {
            let frame = Frame::with_payload(format!("MSG x {word}"), "abc");
            assert_eq!(fits(length, frame), is_right, "{word}");
        }
    }

    #[test]
    fn what_is_only_looked_at_binds_nothing() {
        let mut scope = scope();
        let conn = ConnName::new("alice", "ns");
        let source = Source::new(
            "x.yaml",
            "description: x\nclauses: [VER-1]\nusers: { alice: { state: NLN } }\nsteps: [{ S: \"A {a} x\" }]\n",
        );
        let scenario = load("x", &source, &NoFiles).unwrap().remove(0);
        let Action::Expect(expect) = &scenario.steps[0].action else {
            panic!()
        };
        let Expected::Line { pattern, .. } = &expect.what else {
            panic!()
        };
        let wanted = Wanted {
            pattern,
            payload: None,
            exact: false,
            added: 0,
            conn: &conn,
        };
        let looks = |line: &'static str| scope.check_line(&wanted, &Frame::line(line));
        assert_eq!(looks("A 1 x"), Ok(()));
        assert_eq!(looks("A 1 y"), Err(Mismatch::Word(2)));
        assert_eq!(scope.capture("a"), None);
        assert_eq!(scope.match_line(&wanted, &Frame::line("A 1 x")), Ok(()));
        assert_eq!(scope.capture("a"), Some(&b"1"[..]));
    }

    #[test]
    fn captures_are_bound_by_whole_lines_only() {
        let mut scope = scope();
        let line = |text: &str| Frame::line(text.to_owned());
        hold(&mut scope, "S: A {a} {a} x", &line("A 1 1 y")).unwrap_err();
        assert_eq!(scope.capture("a"), None);
        hold(&mut scope, "S: A {a} {a}", &line("A 1 2")).unwrap_err();
        hold(&mut scope, "S: A {a} {a}", &line("A 1 1")).unwrap();
        assert_eq!(scope.capture("a"), Some(&b"1"[..]));
        hold(&mut scope, "S: A !{a}", &line("A 2")).unwrap();
        hold(&mut scope, "S: A !{a}", &line("A 1")).unwrap_err();
        hold(&mut scope, "S: A >{a}", &line("A 2")).unwrap();
        for not_above in ["A 1", "A 0", "A x"] {
            hold(&mut scope, "S: A >{a}", &line(not_above)).unwrap_err();
        }
        let told = hold(&mut scope, "S: A {a}", &line("A 2")).unwrap_err();
        assert_eq!(told, "word 2 is `2`, expected `1`");
    }

    #[test]
    fn errors_are_those_of_the_table() {
        let mut scope = scope();
        hold(&mut scope, "S: error 4", &Frame::line("911 4")).unwrap();
        let told = hold(&mut scope, "S: error 4", &Frame::line("999 4")).unwrap_err();
        assert_eq!(told, "NoError");
        hold(&mut scope, "S: error 4", &Frame::line("911 5")).unwrap_err();
        hold(&mut scope, "S: error", &Frame::line("911 5")).unwrap();
    }

    #[test]
    fn payloads_are_compared_byte_for_byte() {
        let mut scope = scope();
        scope.values.payload = Some(Bytes::from_static(b"a\r\nbc"));
        let frame = |payload: &'static str| {
            Frame::with_payload(format!("MSG x {}", payload.len()), payload)
        };
        let step = "{ alice@sb S: \"MSG x {length}\", payload: same }";
        // The switchboard must be open for the scenario to be right.
        let step = step.replace("alice@sb", "alice");
        hold(&mut scope, &step, &frame("a\r\nbc")).unwrap();
        assert_eq!(
            hold(&mut scope, &step, &frame("a\r\nbd")).unwrap_err(),
            "the payload differs at byte 4: `d`, expected `c`"
        );
        assert_eq!(
            hold(&mut scope, &step, &frame("a\r\n")).unwrap_err(),
            "the payload differs at byte 3: its end, expected `bc` (3 bytes, expected 5)"
        );
        let matches = "{ S: MSG ..., payload: { matches: \"b.$\" } }";
        hold(&mut scope, matches, &frame("a\r\nbd")).unwrap();
        hold(&mut scope, matches, &frame("x")).unwrap_err();
        let length = "{ S: MSG ..., payload: { length: 1 } }";
        hold(&mut scope, length, &frame("x")).unwrap();
    }
}
