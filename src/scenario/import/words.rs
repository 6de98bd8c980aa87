//! The words of a recorded line: which stand for themselves, and which are bound at run time.

use super::Importer;
use crate::scenario::ast::{Expr, Field, Function, Part, WordKind};
use crate::spec::ClauseId;
use crate::transcript::{ConnId, RESPONSE};

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
        if let (["USR", _, "MD5", "S", _], 4) = (words, index) {
            return self.response(conn);
        }
        if let (["SYN", ..], 2) = (words, index) {
            let key = (self.cast.user(conn), word.as_bytes().to_vec());
            return self.serials.get(&key).cloned().map(Expr::Capture);
        }
        if self.cast.is_nobody(word.as_bytes()) {
            return Some(Expr::Nobody);
        }
        if let Some(id) = self.cast.id_of(word.as_bytes()) {
            let handle = Expr::Field(id.to_owned(), Field::Handle);
            let is_as_known = self.cast.spells(id, word.as_bytes());
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
        if let Some(id) = self.cast.id_by_name(before.as_bytes(), word.as_bytes()) {
            return Some(Expr::Field(id.to_owned(), Field::Name));
        }
        // Numbers are bound only where a session stands: elsewhere one may be so by chance.
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        let is_session = matches!(words, ["ANS", ..]) && index == 4;
        if is_number && !is_session {
            return None;
        }
        self.captures
            .get(word.as_bytes())
            .cloned()
            .map(Expr::Capture)
    }

    /// The right response to the challenge, for the connection's user.
    fn response(&self, conn: ConnId) -> Option<Expr> {
        let challenge = self.challenges.get(&conn)?.clone();
        let password = match self.is_refused(conn) {
            true => Expr::Quoted("not the password".to_owned()),
            false => Expr::Field(self.cast.id(conn), Field::Password),
        };
        let words = vec![Expr::Capture(challenge), password];
        Some(Expr::Call(Function::Md5, words))
    }

    /// What the words of a line of the server match.
    pub(super) fn expected_words(&mut self, conn: ConnId, words: &[&str]) -> Vec<WordKind> {
        let kinds = (0..words.len()).map(|index| self.expected_word(conn, words, index));
        let kinds: Vec<WordKind> = kinds.collect();
        if let (["XFR", _, "SB", _, "CKI", cookie] | ["RNG", _, _, "CKI", cookie, ..], kinds) =
            (words, &kinds)
        {
            let at = if words.first() == Some(&"XFR") { 3 } else { 2 };
            if let Some(WordKind::Capture(name)) = kinds.get(at) {
                self.doors.insert(cookie.as_bytes().to_vec(), name.clone());
            }
        }
        kinds
    }

    fn expected_word(&mut self, conn: ConnId, words: &[&str], index: usize) -> WordKind {
        let word = words.get(index).copied().unwrap_or_default();
        let before = index
            .checked_sub(1)
            .and_then(|at| words.get(at))
            .copied()
            .unwrap_or_default();
        match (words, index) {
            (["USR", _, "MD5", "S", _], 4) => {
                // Always a new one: that two are equal in a text proves nothing.
                let name = self.fresh("challenge");
                self.challenges.insert(conn, name.clone());
                return WordKind::Capture(name);
            }
            (["XFR", _, "NS", ..], 3) => return self.capture("server", word),
            (["XFR", _, "SB", ..], 3) | (["RNG", ..], 2) => return self.capture("board", word),
            (["XFR", ..], 5) | (["RNG", ..], 4) => return self.capture("cookie", word),
            (["RNG", ..], 1) | (["CAL", _, "RINGING", _], 3) => {
                return self.capture("session", word);
            }
            (["SYN" | "GTC" | "BLP" | "REA", ..], 2) | (["LST" | "ADD" | "REM", ..], 3) => {
                return self.serial(conn, word);
            }
            _ => {}
        }
        let field = |id: &str, field| {
            let expr = Expr::Field(id.to_owned(), field);
            WordKind::Text(super::text(vec![Part::Expr(expr)]))
        };
        if let Some(id) = self.cast.id_by_name(before.as_bytes(), word.as_bytes()) {
            return field(id, Field::Name);
        }
        if let Some(id) = self.cast.id_of(word.as_bytes()).filter(|_| index > 0) {
            return field(id, Field::Handle);
        }
        WordKind::Text(super::text(vec![Part::Literal(word.into())]))
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect()
}

/// The clause that an expected line speaks for.
pub(super) fn clause(words: &[&str], is_board: bool) -> Option<ClauseId> {
    let clause = match (words.first().copied()?, words.get(2).copied()) {
        ("VER", _) => ClauseId::VER_1,
        ("INF", _) => ClauseId::INF_1,
        ("USR", _) if is_board => ClauseId::SBU_1,
        ("USR", Some("OK")) => ClauseId::USR_2,
        ("USR", _) => ClauseId::USR_1,
        ("XFR", Some("SB")) => ClauseId::SBX_1,
        ("XFR", _) => ClauseId::XFR_1,
        ("SYN", _) => ClauseId::SYN_1,
        ("LST", _) => ClauseId::LST_1,
        ("GTC", _) => ClauseId::GTC_1,
        ("BLP", _) => ClauseId::BLP_1,
        ("CHG", _) => ClauseId::CHG_1,
        ("ADD", _) => ClauseId::ADD_1,
        ("REM", _) => ClauseId::REM_1,
        ("REA", _) => ClauseId::REA_1,
        ("ILN", _) => ClauseId::PRES_1,
        ("NLN", _) => ClauseId::PRES_6,
        ("FLN", _) => ClauseId::PRES_7,
        ("CAL", _) => ClauseId::CAL_1,
        ("RNG", _) => ClauseId::RNG_1,
        ("ANS", _) => ClauseId::ANS_1,
        ("IRO", _) => ClauseId::ANS_2,
        ("JOI", _) => ClauseId::JOI_1,
        ("BYE", _) => ClauseId::BYE_1,
        ("MSG", _) => ClauseId::MSG_1,
        ("OUT", _) => ClauseId::OUT_1,
        ("QNG", _) => ClauseId::PNG_1,
        (code, _) if code.bytes().all(|byte| byte.is_ascii_digit()) => ClauseId::ERR_2,
        _ => return None,
    };
    Some(clause)
}
