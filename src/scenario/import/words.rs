//! The words of a recorded line: which stand for themselves, and which are bound at run time.

use super::Importer;
use crate::protocol::{ClauseId, Direction, ErrorCode, Form, Grammar, Param, ServerKind};
use crate::scenario::ast::{Expr, Field, Function, Part, TICKET, WordKind};
use crate::transcript::{ConnId, RESPONSE, is_redacted};

impl Importer<'_> {
    /// The parts of a line that a client sent.
    pub(super) fn sent_parts(&mut self, conn: ConnId, line: &str, has_payload: bool) -> Vec<Part> {
        // A response that was not kept is one word.
        let line = line.replace(RESPONSE, "[md5]");
        let line = line.as_str();
        let words: Vec<&str> = words(line);
        let last = words.len().saturating_sub(1);
        let mut parts: Vec<Part> = Vec::new();
        let mut literal = String::new();
        let mut rest = line;
        for (index, word) in words.iter().enumerate() {
            let at = rest.find(word).unwrap_or_default();
            let (blank, tail) = rest.split_at(at);
            literal.push_str(blank);
            rest = tail.strip_prefix(word).unwrap_or_default();
            let expr = match index {
                0 => None,
                _ if has_payload && index == last => Some(Expr::Length),
                _ => self.sent_word(conn, &words, index),
            };
            match expr {
                None => literal.push_str(word),
                Some(expr) => {
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal).into()));
                    }
                    parts.push(Part::Expr(expr));
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.into()));
        }
        parts
    }

    fn sent_word(&self, conn: ConnId, words: &[&str], index: usize) -> Option<Expr> {
        let word = words.get(index)?;
        let param = param_at(self.grammar(conn, Direction::ToServer), words, index);
        match param {
            Some(Param::Response) => return self.response(conn, word.len()),
            Some(Param::Serial) => {
                let key = (self.participants.user(conn), word.as_bytes().to_vec());
                return self.serials.get(&key).cloned().map(Expr::Capture);
            }
            _ => {}
        }
        if self.participants.is_nobody(word.as_bytes()) {
            return Some(Expr::Nobody);
        }
        if let Some(id) = self.participants.id_of(word.as_bytes()) {
            let handle = Expr::Field(id.to_owned(), Field::Handle);
            let is_as_known = self.participants.spells(id, word.as_bytes());
            let is_upper = !word.bytes().any(|byte| byte.is_ascii_lowercase());
            return Some(match (is_as_known, is_upper) {
                (true, _) => handle,
                (false, true) => Expr::Call(Function::Upper, vec![handle]),
                (false, false) => Expr::Call(Function::Lower, vec![handle]),
            });
        }
        let before = index
            .checked_sub(1)
            .and_then(|at| words.get(at))
            .copied()
            .unwrap_or_default();
        if let Some(id) = self
            .participants
            .id_by_name(before.as_bytes(), word.as_bytes())
        {
            return Some(Expr::Field(id.to_owned(), Field::Name));
        }
        // Numbers are bound only where a session stands: elsewhere one may be so by chance.
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && param != Some(Param::SessionId) {
            return None;
        }
        self.captures
            .get(word.as_bytes())
            .cloned()
            .map(Expr::Capture)
    }

    /// The right response to the challenge, or a ticket, for the connection's user.
    fn response(&self, conn: ConnId, length: usize) -> Option<Expr> {
        let dialect = self.grammar(conn, Direction::ToServer).dialect;
        if dialect.takes_tickets() {
            return Some(match self.is_refused(conn) {
                // What it was is nobody's business; how long it was may be why it was refused.
                true => Expr::Call(
                    Function::Repeat,
                    vec![Expr::Quoted("x".to_owned()), Expr::Number(length as u64)],
                ),
                false => Expr::Capture(TICKET.to_owned()),
            });
        }
        let challenge = self.challenges.get(&conn)?.clone();
        let password = match self.is_refused(conn) {
            true => Expr::Quoted("not the password".to_owned()),
            false => Expr::Field(self.participants.id(conn), Field::Password),
        };
        let words = vec![Expr::Capture(challenge), password];
        Some(Expr::Call(Function::Md5, words))
    }

    /// What the words of a line of the server match.
    pub(super) fn expected_words(&mut self, conn: ConnId, words: &[&str]) -> Vec<WordKind> {
        let grammar = self.grammar(conn, Direction::ToClient);
        let params: Vec<Option<Param>> = (0..words.len())
            .map(|index| param_at(grammar, words, index))
            .collect();
        let kinds = params.iter().enumerate();
        let kinds: Vec<WordKind> = kinds
            .map(|(index, param)| self.expected_word(conn, words, index, *param))
            .collect();
        let place = |wanted| params.iter().position(|param| *param == Some(wanted));
        let cookie = place(Param::Cookie).and_then(|at| words.get(at));
        let address = place(Param::Address).and_then(|at| kinds.get(at));
        if let (Some(cookie), Some(WordKind::Capture(name))) = (cookie, address) {
            self.doors.insert(cookie.as_bytes().to_vec(), name.clone());
        }
        kinds
    }

    pub(super) fn grammar(&self, conn: ConnId, direction: Direction) -> Grammar {
        let kind = match self.participants.is_board(conn) {
            true => ServerKind::Switchboard,
            false => self
                .transcript
                .connection(conn)
                .map_or(ServerKind::Notification, |conn| conn.kind),
        };
        let spoken = self.transcript.connection(conn).map(|conn| conn.dialect);
        Grammar {
            dialect: spoken.unwrap_or_default(),
            ..Grammar::new(kind, direction)
        }
    }

    fn expected_word(
        &mut self,
        conn: ConnId,
        words: &[&str],
        index: usize,
        param: Option<Param>,
    ) -> WordKind {
        let word = words.get(index).copied().unwrap_or_default();
        let before = index
            .checked_sub(1)
            .and_then(|at| words.get(at))
            .copied()
            .unwrap_or_default();
        match param {
            Some(Param::Challenge) => {
                // Always a new one: that two are equal in a text proves nothing.
                let name = self.fresh("challenge");
                self.challenges.insert(conn, name.clone());
                return WordKind::Capture(name);
            }
            // Who hands out a cookie hands out the address of a switchboard.
            Some(Param::Address)
                if gives_cookie(self.grammar(conn, Direction::ToClient), words) =>
            {
                return self.capture("board", word);
            }
            Some(Param::Address) => return self.capture("server", word),
            Some(Param::Cookie) => return self.capture("cookie", word),
            Some(Param::SessionId) => return self.capture("session", word),
            Some(Param::Serial) => return self.serial(conn, word),
            _ => {}
        }
        let field = |id: &str, field| {
            let expr = Expr::Field(id.to_owned(), field);
            WordKind::Text(super::text(vec![Part::Expr(expr)]))
        };
        if let Some(id) = self
            .participants
            .id_by_name(before.as_bytes(), word.as_bytes())
        {
            return field(id, Field::Name);
        }
        if let Some(id) = self
            .participants
            .id_of(word.as_bytes())
            .filter(|_| index > 0)
        {
            return field(id, Field::Handle);
        }
        if index > 0 && self.transcript.is_redacted() && is_redacted(word.as_bytes()) {
            return WordKind::Any;
        }
        WordKind::Text(super::text(vec![Part::Literal(word.into())]))
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect()
}

/// The form of a line, and the place of its first parameter.
fn form_of(grammar: Grammar, words: &[&str]) -> Option<(&'static Form, usize)> {
    let row = grammar.read(words.iter().map(|word| word.as_bytes()))?;
    let first = row.first_param();
    let params = words.iter().skip(first).map(|word| word.as_bytes());
    Some((row.form(params)?, first))
}

/// What the word at this place is.
fn param_at(grammar: Grammar, words: &[&str], index: usize) -> Option<Param> {
    let (form, first) = form_of(grammar, words)?;
    form.params.get(index.checked_sub(first)?).copied()
}

/// Whether a line hands out what lets a user into a switchboard.
fn gives_cookie(grammar: Grammar, words: &[&str]) -> bool {
    form_of(grammar, words).is_some_and(|(form, _)| form.place_of(Param::Cookie).is_some())
}

/// The clause that an expected line speaks for.
pub(super) fn clause(grammar: Grammar, words: &[&str]) -> Option<ClauseId> {
    let verb = words.first()?.as_bytes();
    if ErrorCode::parse_word(verb).is_some() {
        return Some(ClauseId::ERR_2);
    }
    form_of(grammar, words)?.0.clause
}
