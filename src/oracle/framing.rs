//! Lines end in CRLF, begin with a command or a code, and hold words parted by single spaces.

use std::collections::{BTreeMap, HashSet};

use super::Oracle;
use super::finding::{Charge, Findings, Place};
use super::line::{Line, Verb, is_printable, number};
use super::world::{Role, Seen, Sight, Told, World};
use crate::protocol::{ClauseId, Direction};
use crate::transcript::{ConnId, Party};

/// The judge of lines as such.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// Lines whose payload could not be read; a connection's end may yet explain them.
    unreadable: BTreeMap<ConnId, (Place, Vec<u8>)>,
    /// Lines end in LF alone, whatever they say.
    is_bare: bool,
    /// Connections on which nobody knows any more where a line begins.
    torn: HashSet<ConnId>,
}

impl Oracle for Framing {
    fn name(&self) -> &'static str {
        "framing"
    }

    fn is_for_form(&self) -> bool {
        true
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::FRAME_1,
            ClauseId::FRAME_2,
            ClauseId::FRAME_3,
            ClauseId::FRAME_6,
            ClauseId::FRAME_10,
            ClauseId::NAME_1,
            ClauseId::NAME_4,
            ClauseId::USR_17,
        ]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        match &seen.sight {
            Sight::Told(told) => self.judge_line(world, seen, told, out),
            Sight::Raw(Party::Server, bytes) if is_message_of_no_length(bytes) => {
                let what = (seen.place, bytes.to_vec());
                self.unreadable.insert(seen.place.conn, what);
            }
            Sight::Ended(_) => {
                self.unreadable.remove(&seen.place.conn);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: &World, out: &mut Findings) {
        for (place, line) in std::mem::take(&mut self.unreadable).into_values() {
            let charge = Charge {
                message: "the length of a payload is no number",
                expected: "MSG handle name length".into(),
                got: &line,
            };
            out.accuse(place, ClauseId::FRAME_6, charge);
        }
    }
}

fn is_message_of_no_length(bytes: &[u8]) -> bool {
    let line = Line::read(bytes);
    line.verb == Verb::Msg && number(line.word(line.count() - 1)).is_none()
}

impl Framing {
    fn judge_line(
        &mut self,
        world: &World,
        seen: &Seen<'_, '_>,
        told: &Told<'_, '_>,
        out: &mut Findings,
    ) {
        let bytes = &told.frame.line[..];
        if self.may_go_on(seen, told) {
            return;
        }
        let is_bare = told.frame.terminator != crate::wire::Terminator::CrLf;
        let is_cut = |piece: &Vec<u8>| bytes.ends_with(piece);
        if is_bare && !self.is_bare && world.breaks().iter().any(is_cut) {
            self.torn.insert(seen.place.conn);
            let message = "a line break out of a name ends the line";
            out.accuse_line(
                seen,
                ClauseId::NAME_4,
                message,
                "CR LF at the end of a command",
            );
        } else if is_bare && !self.torn.contains(&seen.place.conn) {
            self.is_bare = true;
            let message = "the line ends in LF without CR";
            out.accuse_line(seen, ClauseId::FRAME_1, message, "CR LF");
        }
        let [first, ..] = bytes else {
            self.judge_beginning(world, seen, out);
            return;
        };
        let verb = told.line.word(0);
        let is_command = verb.len() == 3 && verb.iter().all(u8::is_ascii_uppercase);
        let is_code = matches!(told.line.verb, Verb::Error(_));
        if first.is_ascii_whitespace() || !(is_command || is_code) {
            self.judge_beginning(world, seen, out);
            return;
        }
        if seen.conn.is_foreign {
            return;
        }
        if !is_printable(bytes) && !world.is_strange() && !seen.conn.is_extract {
            let message = "a byte that is no printable 7-bit ASCII stands bare in the line";
            out.accuse_line(seen, ClauseId::FRAME_3, message, "URL encoding");
        }
        let is_loose = matches!(
            told.line.verb,
            Verb::Cvr | Verb::Cvq | Verb::Url | Verb::Fnd
        );
        let is_spaced = !told.line.is_even() || memchr::memchr(b'\t', bytes).is_some();
        if is_spaced && !is_loose && !ends_in_no_group(seen, told) && told.role != Role::Unclear {
            let message = "more than one space, or one at the end";
            out.accuse_line(
                seen,
                ClauseId::FRAME_10,
                message,
                "one space between parameters",
            );
        }
        judge_name(world, seen, told, out);
        judge_profile(seen, told, out);
    }

    /// Whether nobody knows any more where a line of a dialect begins that is not judged: the server
    /// has said what nobody knows here, and a payload may follow.
    fn may_go_on(&mut self, seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> bool {
        let conn = seen.place.conn;
        if !seen.conn.is_foreign || self.torn.contains(&conn) {
            return seen.conn.is_foreign;
        }
        let grammar = seen.conn.grammar(Direction::ToClient);
        let verb = told.line.word(0);
        let is_command = verb.len() == 3 && !verb.iter().any(u8::is_ascii_lowercase);
        let is_known = grammar.find(verb).is_some();
        let is_length = number(told.line.word(told.line.count().saturating_sub(1))).is_some();
        if is_command && !is_known && is_length && told.frame.payload.is_none() {
            self.torn.insert(conn);
        }
        false
    }

    fn judge_beginning(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let line = seen.told().map_or(&b""[..], |told| &told.frame.line);
        let verb = seen.told().map_or(&b""[..], |told| told.line.word(0));
        let plain = crate::protocol::decode_name(line);
        let mut breaks = world.breaks().iter();
        let is_piece = !line.is_empty() && breaks.any(|piece| plain.starts_with(piece));
        let is_word = verb.len() == 3 && verb.iter().all(u8::is_ascii_alphabetic);
        if is_piece {
            self.torn.insert(seen.place.conn);
            let message = "what stood behind a line break in a name has become a line";
            out.accuse_line(seen, ClauseId::NAME_4, message, "the name, encoded");
        } else if seen.conn.after_payload && !is_word {
            self.torn.insert(seen.place.conn);
            let message = "what follows a payload is no line: its length is not what was announced";
            out.accuse_line(
                seen,
                ClauseId::FRAME_6,
                message,
                "a command after Length bytes",
            );
        } else if !self.torn.contains(&seen.place.conn) {
            let message = "the line begins with neither a command nor an error code";
            out.accuse_line(
                seen,
                ClauseId::FRAME_2,
                message,
                "three capitals or three digits",
            );
        }
    }
}

/// Whether it is the line of a contact in no group, which may end in a blank (BATCH-6).
fn ends_in_no_group(seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> bool {
    let bytes = told.frame.line.strip_suffix(b" ");
    let is_entry = told.line.verb == Verb::Lst && told.line.count() == 4 && seen.is_of_batch();
    is_entry && bytes.is_some_and(|line| Line::read(line).is_even() && !line.contains(&b'\t'))
}

fn judge_name(world: &World, seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let name = match told.line.verb {
        Verb::Nln => told.line.word(3),
        Verb::Iln => told.line.word(4),
        Verb::Joi => told.line.word(2),
        Verb::Iro => told.line.word(5),
        Verb::Rng => told.line.word(6),
        Verb::Usr if told.line.word(2) == b"OK" => told.line.word(4),
        Verb::Rea => told.line.word(4),
        _ => return,
    };
    if world.is_strange() || memchr::memchr(b'%', name).is_none() {
        return;
    }
    if std::str::from_utf8(&crate::protocol::decode_name(name)).is_err() {
        let message = "the friendly name does not decode to UTF-8";
        out.accuse_line(seen, ClauseId::NAME_1, message, "URL-encoded UTF-8");
    }
}

/// The message that greets a user who has logged in.
fn judge_profile(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let Some(payload) = told
        .frame
        .payload
        .as_deref()
        .filter(|_| !told.frame.is_hidden)
    else {
        return;
    };
    let grammar = seen.conn.grammar(Direction::ToClient);
    if !grammar.is_of_service(told.frame.words()) {
        return;
    }
    let head = payload
        .split(|byte| *byte == b'\r')
        .next()
        .unwrap_or_default();
    let is_mime = memchr::memchr(b':', head).is_some()
        && memchr::memmem::find(payload, b"\r\n\r\n").is_some();
    if !is_mime {
        let message = "the server's message is no MIME: headers and an empty line";
        out.accuse_line(
            seen,
            ClauseId::USR_17,
            message,
            "Name: value … and an empty line",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    #[test]
    fn names_decode_wherever_they_stand() {
        for line in [
            "NLN NLN b@hotmail.com %FF",
            "RNG 7 1.1.1.1:1 CKI 5 b@hotmail.com %C3%28",
        ] {
            accuses("NAME-1", &format!("alice in\nalice S: {line}"));
        }
        let on = "alice on NLN FL=b\n".replace("alice C: CHG", "x");
        accuses(
            "NAME-1",
            &format!("{on}alice S: ILN 6 NLN b@hotmail.com %FF"),
        );
        let ans = "b@sb C: ANS 1 b@hotmail.com 5 6\n";
        accuses(
            "NAME-1",
            &format!("{ans}b@sb S: IRO 1 1 1 a@hotmail.com %FF"),
        );
        let enter = "a@sb C: USR 1 a@hotmail.com 5\na@sb S: USR 1 OK a@hotmail.com A\n";
        accuses("NAME-1", &format!("{enter}a@sb S: JOI b@hotmail.com %FF"));
        silent(&format!("{enter}a@sb S: JOI b@hotmail.com %C3%A9"));
    }

    #[test]
    fn the_profile_is_mime() {
        let profile = |sender: &str, payload: &str| {
            format!(
                "alice in\nalice S: MSG {sender} {sender} {}\n.. {payload}",
                payload.len()
            )
        };
        accuses("USR-17", &profile("Hotmail", "hello"));
        accuses("USR-17", &profile("Hotmail", r"hello\r\n\r\n"));
        accuses("USR-17", &profile("Hotmail", r"a: b\r\n"));
        silent(&profile("Hotmail", r"a: b\r\n\r\n"));
    }

    #[test]
    fn lines() {
        for (clause, line) in [
            ("FRAME-1", r"alice S: VER 1 MSNP2\n"),
            ("FRAME-2", "alice S: ver 1 MSNP2"),
            ("FRAME-2", "alice S: 21 1"),
            ("FRAME-2", r"alice S: \x20VER 1 MSNP2"),
            ("FRAME-10", "alice S: VER 1  MSNP2"),
            ("FRAME-10", r"alice S: VER 1 MSNP2\x20"),
            ("FRAME-3", r"alice S: VER 1 MSNP2 \xe9"),
        ] {
            accuses(clause, &format!("alice C: VER 1 MSNP2\n{line}"));
        }
        silent("alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2");
        let renamed = "alice in\nalice C: REA 9 alice@hotmail.com x%0D%0AOut\n";
        accuses("NAME-4", &format!("{renamed}alice S: Out"));
        accuses(
            "NAME-4",
            &format!("{renamed}alice S: NLN NLN b@hotmail.com x\\n"),
        );
        accuses(
            "FRAME-1",
            &format!("{renamed}alice S: FLN b@hotmail.com\\n"),
        );
        accuses("FRAME-2", &format!("{renamed}alice S: fln b@hotmail.com"));
        silent("alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2 CVR0");
    }

    #[test]
    fn a_payload_of_another_length() {
        let login = "alice in\nalice S: MSG Hotmail Hotmail 19\n";
        accuses(
            "FRAME-6",
            &format!("{login}.. Name: value\\r\\n\\r\\nxyz\nalice S: z: 1"),
        );
        silent(&format!(
            "{login}.. Name: value\\r\\n\\r\\nxyz1\nalice C: PNG\nalice S: QNG"
        ));
        accuses("USR-17", &format!("{login}.. Name value\\r\\n\\r\\nxyz12"));
        accuses("FRAME-6", "alice in\nalice S: <raw> MSG Hotmail Hotmail x");
        silent("alice in\nalice C: OUT\nalice S: <raw> MSG Hotmail Hot\nalice S: <closed>");
    }

    #[test]
    fn echoes_of_what_a_client_sent() {
        silent(
            "alice in\nalice C: ADD 9 FL b\\xe9@hotmail.com x\nalice S: ADD 9 FL 7 b\\xe9@hotmail.com x",
        );
        let odd = "NLN NLN bob@hotmail.com %ff";
        accuses("NAME-1", &format!("alice in\nalice S: {odd}"));
        silent(&format!(
            "alice in\nbob in\nbob C: CHG 8 NLN\nbob S: CHG 8 NLN\nbob C: REA 9 bob@hotmail.com %ff\nalice S: {odd}"
        ));
    }

    #[test]
    fn bytes_that_are_no_line() {
        silent("alice in\nalice S: <raw> 11 NLN");
        silent("alice in\nalice S: <raw> MSG Hotmail Hotmail 8");
        let renamed = "alice in\nalice C: REA 9 alice@hotmail.com x%0D%0AOut\n";
        silent(&format!("{renamed}alice S: NLN NLN b@hotmail.com Out"));
        let message = "alice in\nalice S: MSG Hotmail Hotmail 19\n.. Name: value\\r\\n\\r\\nxyz\n";
        accuses("FRAME-6", &format!("{message}alice S: Hotmail 1"));
        accuses("FRAME-2", &format!("{message}alice S: fln b@hotmail.com"));
        silent("alice in\nalice S: MSG Other Other 5\n.. hello");
    }
}
