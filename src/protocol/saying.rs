//! What a line says by itself, to somebody who does not know yet what is at the other end.

use std::ops::Range;

use super::dialect::Dialect;
use super::ladder::Rung;
use super::message::{Form, Message, Param};
use super::role::{Direction, Kinds, ServerKind};
use super::verb::Verb;

/// What stands behind the TrID where a server does what was asked.
pub(super) const OK: &[u8] = b"OK";

/// A line in words, and the form that it has.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'w> {
    /// Its row.
    pub row: &'static Message,
    /// Its form.
    pub form: &'static Form,
    /// The kinds of server to which a line of this form may be said, or by which.
    kinds: Kinds,
    words: &'w [&'w [u8]],
}

impl<'w> Saying<'w> {
    /// The word that is this parameter; `None` where the line has none.
    #[must_use]
    pub fn get(&self, param: Param) -> Option<&'w [u8]> {
        let word = self.words.get(self.place(param)?).copied()?;
        let own = self.form.params.get(self.form.place_of(param)?)?;
        Some(own.value(word))
    }

    /// What a line says where nobody knows which dialect is spoken: in the first whose form it has.
    #[must_use]
    pub fn of(direction: Direction, words: &'w [&'w [u8]]) -> Option<Self> {
        let mut sayings = Dialect::all().filter_map(|dialect| dialect.saying(direction, words));
        let mut best = sayings.next()?;
        for saying in sayings {
            if best.rank() < saying.rank() {
                best = saying;
            }
        }
        Some(best)
    }

    /// How much the line has of its form: of two dialects the one whose form begins with the very word
    /// says more than one that takes any.
    fn rank(&self) -> u8 {
        let is_named = matches!(self.form.params.first(), Some(Param::Is(_)));
        match (self.fits(), is_named) {
            (true, true) => 2,
            (true, false) => 1,
            (false, _) => 0,
        }
    }

    /// Whether the line has its form: each word is what the form says.
    #[must_use]
    pub fn fits(&self) -> bool {
        let params = self.words.get(self.row.first_param()..).unwrap_or_default();
        self.form.fits(params.iter().copied())
    }

    /// The place of this parameter among the words.
    #[must_use]
    pub fn place(&self, param: Param) -> Option<usize> {
        let place = self.row.first_param() + self.form.place_of(param)?;
        (place < self.words.len()).then_some(place)
    }

    /// The kind of server, where the line is said to one kind alone.
    #[must_use]
    pub fn kind(&self) -> Option<ServerKind> {
        let mut kinds = ServerKind::ALL
            .into_iter()
            .filter(|kind| self.kinds.contains(*kind));
        kinds.next().filter(|_| kinds.next().is_none())
    }

    /// Whether a line of this form may be said to this kind of server, or by it.
    #[must_use]
    pub fn is_for(&self, kind: ServerKind) -> bool {
        self.kinds.contains(kind)
    }

    /// Whether a client leaves with it.
    #[must_use]
    pub fn is_farewell(&self) -> bool {
        let rung = self.row.asked.and_then(|asked| asked.rung);
        rung == Some(Rung::Out)
    }

    /// Whether the client enters a switchboard with it.
    #[must_use]
    pub fn is_entry(&self) -> bool {
        self.kind() == Some(ServerKind::Switchboard) && self.place(Param::Cookie).is_some()
    }

    /// Whether the client begins to log in with it: it names its handle and a scheme.
    #[must_use]
    pub fn is_login(&self) -> bool {
        self.row.direction == Direction::ToServer && self.form.login_scheme().is_some()
    }

    /// Whether the server lets a client in with it, and says who that is.
    #[must_use]
    pub fn is_welcome(&self) -> bool {
        self.row.direction == Direction::ToClient
            && self.row.answers == [Verb::Usr]
            && self.place(Param::Handle).is_some()
    }
}

impl Form {
    /// Whether a client begins to log in with it: it names its handle and a scheme.
    fn login_scheme(&self) -> Option<&'static str> {
        match (self.params.first(), self.params.last()) {
            (Some(Param::Is(scheme)), Some(Param::Handle)) => Some(scheme),
            _ => None,
        }
    }
}

/// The places of the words of a client's line that nobody else may read: an answer to a challenge, a
/// ticket, whatever a client of an unknown scheme sends with the last step of its login. In whatever
/// case it is spelt: what no server takes is a secret all the same.
#[must_use]
pub fn secrets(words: &[&[u8]]) -> Range<usize> {
    let loud: Vec<Vec<u8>> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let words: &[&[u8]] = &loud.iter().map(Vec::as_slice).collect::<Vec<_>>();
    let direction = Direction::ToServer;
    let sayings = Dialect::with_rows().filter_map(|it| it.saying(direction, words));
    let mut places = sayings.filter_map(|said| said.place(Param::Response));
    if let Some(at) = places.next() {
        return at..at + 1;
    }
    let is_login = words
        .first()
        .is_some_and(|verb| Verb::parse(verb) == Verb::Usr);
    match words.get(3) {
        Some(step) if is_login && matches!(*step, b"S" | b"A") => 4..words.len().max(4),
        _ => 0..0,
    }
}

impl Dialect {
    /// The login scheme: the word before the handle with which a client begins to log in.
    #[must_use]
    pub fn login_scheme(&self) -> Option<&'static str> {
        let mut rows = self.rows_of(Verb::Usr).iter();
        let row =
            rows.find(|row| row.direction == Direction::ToServer && !row.has(Param::Cookie))?;
        row.forms.iter().find_map(Form::login_scheme)
    }

    /// Whether a client comes in with a request of this verb: it logs in, or enters a switchboard.
    fn is_way_in(&self, verb: Verb) -> bool {
        let is_one =
            |form: &Form| form.login_scheme().is_some() || form.place_of(Param::Cookie).is_some();
        let mut rows = self.rows_of(verb).iter();
        rows.any(|row| row.direction == Direction::ToServer && row.forms.iter().any(is_one))
    }

    /// Whether the server lets a client in with a line, on whatever kind of server.
    pub fn lets_in<'w>(&self, mut words: impl Iterator<Item = &'w [u8]>) -> bool {
        let verb = words.next();
        let is_granted = words.nth(1) == Some(OK);
        is_granted && self.is_way_in(verb.map_or(Verb::Other, Verb::parse))
    }

    /// What a line says: the row and the form that it has on any kind of server.
    #[must_use]
    pub fn saying<'w>(
        &'static self,
        direction: Direction,
        words: &'w [&'w [u8]],
    ) -> Option<Saying<'w>> {
        let rows = self.rows_of(Verb::parse(words.first()?));
        let own = rows.iter().filter(|row| row.direction == direction);
        let of = |row: &'static Message| {
            let params = words.iter().skip(row.first_param()).copied();
            let form = row.form(params.clone())?;
            let kinds = row.kinds;
            let saying = Saying {
                row,
                form,
                kinds,
                words,
            };
            Some((saying, form.fits(params)))
        };
        let first = own.clone().next().and_then(of)?.0;
        let fitting = own.filter_map(of).filter(|(_, fits)| *fits);
        let fitting = fitting.map(|(saying, _)| saying);
        let together = |one: Saying<'w>, other: Saying<'w>| Saying {
            kinds: one.kinds.or(other.kinds),
            ..one
        };
        Some(fitting.reduce(together).unwrap_or(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{DIALECTS, MSNP2};
    use crate::wire::words;

    #[test]
    fn what_nobody_else_may_read() {
        let secret = |line: &str| {
            let words: Vec<&[u8]> = words(line.as_bytes()).collect();
            secrets(&words)
        };
        assert_eq!(secret("USR 4 MD5 S abc"), 4..5);
        assert_eq!(secret("USR 4 TWN S t=1"), 4..5);
        assert_eq!(secret("USR 4 SSO S t=1 abc {0}"), 4..7);
        assert_eq!(secret("USR 4 SHA A t=1"), 4..5);
        for line in [
            "USR 3 TWN I a@b",
            "USR 1 a@b 5",
            "USR 4 SSO S",
            "CHG 5 NLN",
            "",
        ] {
            assert!(secret(line).is_empty(), "{line}");
        }
    }

    fn say(direction: Direction, line: &str, check: impl Fn(Saying<'_>) -> bool) -> bool {
        let words: Vec<&[u8]> = words(line.as_bytes()).collect();
        MSNP2.saying(direction, &words).is_some_and(check)
    }

    #[test]
    fn who_comes_in_where() {
        let asked = |line, check: fn(Saying<'_>) -> bool| say(Direction::ToServer, line, check);
        assert!(asked("USR 1 a@b 123.4", |s| s.is_entry()));
        assert!(asked("ANS 1 a@b 123.4 5", |s| s.is_entry()));
        assert!(asked("ANS 1 a@b 123.4", |s| s.is_entry()));
        assert!(!asked("USR 1 MD5 I a@b", |s| s.is_entry()));
        assert!(asked("USR 1 MD5 I a@b", |s| s.is_login()));
        assert!(!asked("USR 1 MD5 S abc", |s| s.is_login()));
        assert!(asked("USR 1 MD5 S abc", |s| s.get(Param::Response)
            == Some(b"abc")));
        assert!(asked("CAL 1 a@b", |s| s.kind() == Some(ServerKind::Switchboard)));
        assert!(asked("VER 1 MSNP2", |s| s.kind().is_none()));
        assert!(asked("OUT", |s| s.kind().is_none()));
    }

    #[test]
    fn who_is_let_in() {
        let lets_in = |line: &str| MSNP2.lets_in(words(line.as_bytes()));
        for line in ["USR 1 OK a@b a", "ANS 1 OK"] {
            assert!(lets_in(line), "{line}");
        }
        for line in ["USR 1 MD5 S 4", "SND 1 OK", "CAL 1 RINGING 7", "911 1", ""] {
            assert!(!lets_in(line), "{line}");
        }
        for dialect in DIALECTS {
            let scheme = if dialect.takes_tickets() {
                "TWN"
            } else {
                "MD5"
            };
            assert_eq!(dialect.login_scheme(), Some(scheme));
        }
    }

    #[test]
    fn what_servers_hand_out() {
        let told = |line, check: fn(Saying<'_>) -> bool| say(Direction::ToClient, line, check);
        assert!(told("XFR 1 SB 1.2.3.4:5 CKI 9", |s| s.get(Param::Cookie)
            == Some(b"9")));
        assert!(told("XFR 1 NS 1.2.3.4:5 0 x", |s| s.get(Param::Address)
            == Some(b"1.2.3.4:5")));
        assert!(told("RNG 7 1.2.3.4:5 CKI 9 a@b a", |s| s
            .get(Param::SessionId)
            == Some(b"7")));
        assert!(told("USR 1 OK a@b a", |s| s.is_welcome()));
        assert!(told("MSG a@b a 7", |s| s.kind().is_none()));
        assert!(!told("USR 1 MD5 S 4", |s| s.is_welcome()));
    }
}
