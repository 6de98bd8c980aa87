//! Nobody gets in who did not ask, and nothing succeeds for who is not in.

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::world::{Request, Role, Seen, Told, World};
use crate::protocol::{ClauseId, Direction, Param, ServerKind, decode_name};
use crate::transcript::is_masked;

pub(super) const OTHER_NAME: &str =
    "the user has another name than the OK of the login said, which is the handle";

/// The judge of logins.
#[derive(Debug)]
pub(super) struct Authentication;

impl Oracle for Authentication {
    fn name(&self) -> &'static str {
        "authentication"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::INF_2,
            ClauseId::USR_3,
            ClauseId::USR_4,
            ClauseId::USR_5,
            ClauseId::USR_10,
            ClauseId::USR_11,
            ClauseId::USR_12,
            ClauseId::HANDLE_3,
            ClauseId::USR_13,
            ClauseId::USR_15,
            ClauseId::SBU_6,
        ]
    }

    fn is_for_lines(&self) -> bool {
        true
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        if let Some(told) = seen.told() {
            judge_called(world, seen, told, out);
        }
        let Some((told, request)) = seen.told().and_then(|told| Some((told, told.request?))) else {
            return;
        };
        let is_success = !matches!(told.line.verb, Verb::Error(_) | Verb::Nak);
        if told.role != Role::Answer || !seen.conn.is_clear() || !is_success {
            return;
        }
        if seen.conn.kind == ServerKind::Switchboard {
            judge_board(seen, told, out);
            return;
        }
        match told.line.verb {
            Verb::Inf if seen.conn.kind == ServerKind::Notification => {
                judge_packages(seen, told, out);
            }
            Verb::Usr if told.line.word(2) == b"OK" => {
                judge_login(world, seen, told, request, out);
            }
            Verb::Usr if is_inside(seen, request) => {
                let message = "USR is answered though somebody is logged in";
                out.accuse_line(seen, ClauseId::USR_12, message, "207");
            }
            Verb::Usr => judge_package(seen, request, out),
            Verb::Syn
            | Verb::Lst
            | Verb::Gtc
            | Verb::Blp
            | Verb::Chg
            | Verb::Add
            | Verb::Rem
            | Verb::Rea
            | Verb::Xfr
                if is_outside(seen) =>
            {
                let message = "a command succeeds before login";
                out.accuse_line(seen, ClauseId::USR_13, message, "an error or a close");
            }
            _ => {}
        }
    }
}

/// Others call a user by a name that the OK of the login did not say: it said the handle, so it is
/// the OK that is wrong.
fn judge_called(world: &World, seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let line = &told.line;
    let is_board = seen.conn.kind == ServerKind::Switchboard;
    let (handle, name, params) = match line.verb {
        Verb::Add if told.role == Role::Unasked => (4, 5, 6),
        Verb::Rng => (5, 6, 7),
        Verb::Joi => (1, 2, 3),
        Verb::Iro => (4, 5, 6),
        Verb::Msg if is_board => (1, 2, 4),
        Verb::Usr if is_board && told.role == Role::Answer => (3, 4, 5),
        _ => return,
    };
    if line.count() != params {
        return;
    }
    let subject = world.users().find(line.word(handle));
    let subject = subject.map(|id| world.user(id));
    let Some(subject) = subject.filter(|user| user.is_sure()) else {
        return;
    };
    let name = decode_name(line.word(name));
    if subject.is_named_as_handle() && !name.eq_ignore_ascii_case(&subject.handle) {
        out.accuse_line(seen, ClauseId::USR_4, OTHER_NAME, "one friendly name");
    }
}

fn judge_board(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let needs_entry = matches!(told.line.verb, Verb::Cal | Verb::Ack);
    if needs_entry && is_outside(seen) {
        let message = "a command succeeds before USR or ANS";
        out.accuse_line(seen, ClauseId::SBU_6, message, "an error or a close");
    }
}

/// Nobody is in, and nobody's entry waits for its answer: replies may come in any order.
fn is_outside(seen: &Seen<'_, '_>) -> bool {
    let conn = seen.conn;
    let is_waiting = |verb| conn.waits_for(verb).is_some();
    conn.user.is_none() && !is_waiting(Verb::Usr) && !is_waiting(Verb::Ans)
}

/// Somebody was in when this was asked.
fn is_inside(seen: &Seen<'_, '_>, request: &Request) -> bool {
    seen.conn.user.is_some() && seen.conn.entered < request.index
}

/// INF names the login scheme of the dialect.
fn judge_packages(seen: &Seen<'_, '_>, told: &Told<'_, '_>, out: &mut Findings) {
    let Some(scheme) = seen.conn.dialect.login_scheme() else {
        return;
    };
    let mut words = told.line.words_from(2);
    if told.line.count() > 2 && !words.any(|word| word == scheme.as_bytes()) {
        let message = format!("{scheme} is not among the packages");
        out.accuse_line(seen, ClauseId::INF_2, &message, scheme);
    }
}

/// Whether a word names the login scheme of the dialect.
fn is_scheme(request: &Request, word: &[u8]) -> bool {
    let scheme = request.dialect.login_scheme();
    scheme.is_some_and(|scheme| scheme.as_bytes() == word)
}

/// Whether a request of a login answers the server's challenge.
fn answers_challenge(request: &Request) -> bool {
    let (direction, kind) = (Direction::ToServer, ServerKind::Notification);
    let row = request.dialect.find(direction, kind, request.verb);
    let words = request.words();
    let form = row.and_then(|row| row.form(words.words_from(row.first_param())));
    form.is_some_and(|form| form.place_of(Param::Response).is_some())
}

fn judge_package(seen: &Seen<'_, '_>, request: &Request, out: &mut Findings) {
    let packages = &seen.conn.packages;
    let asked = request.words();
    let package = asked.word(2);
    // Every client has it; a server that does not name it breaks another clause.
    if is_scheme(request, package) {
        return;
    }
    if !packages.is_empty() && !packages.iter().any(|known| **known == *package) {
        let message = "a security package is taken that INF did not offer";
        out.accuse_line(seen, ClauseId::USR_11, message, "an error or a close");
    }
}

fn judge_login(
    world: &World,
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    request: &Request,
    out: &mut Findings,
) {
    let conn = seen.conn;
    let asked = request.words();
    let response = asked.word(4);
    if is_inside(seen, request) {
        let message = "somebody logs in on a connection that is logged in";
        out.accuse_line(seen, ClauseId::USR_12, message, "207");
    } else if conn.claims.is_empty() {
        let message = "a login without USR I";
        out.accuse_line(seen, ClauseId::USR_10, message, "an error or a close");
    } else if !is_claimed(world, seen, told) {
        let message = "the OK names a user who did not ask";
        out.accuse_line(seen, ClauseId::USR_3, message, "the handle of USR I");
    } else if !told.line.word(3).contains(&b'@') {
        let message = "a handle without a domain logs in";
        out.accuse_line(seen, ClauseId::HANDLE_3, message, "206, 911 or a close");
    } else if response.is_empty() {
        let message = "an empty response logs in";
        out.accuse_line(seen, ClauseId::USR_15, message, "an error or a close");
    } else if is_scheme(request, asked.word(2)) && answers_challenge(request) {
        let is_digest = response.len() == 32 && response.iter().all(u8::is_ascii_hexdigit);
        // A ticket has no form.
        if !request.dialect.takes_tickets() && !is_digest && !is_masked(response) {
            let message = "a response that is no MD5 digest logs in";
            out.accuse_line(seen, ClauseId::USR_5, message, "911");
        }
    }
}

fn is_claimed(world: &World, seen: &Seen<'_, '_>, told: &Told<'_, '_>) -> bool {
    let handle = told.line.word(3);
    let mut claims = seen
        .conn
        .claims
        .iter()
        .map(|user| &world.user(*user).handle);
    claims.any(|claimed| claimed.eq_ignore_ascii_case(handle))
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    const START: &str = "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\n";
    const ASK: &str = "alice C: USR 3 MD5 I alice@hotmail.com\nalice S: USR 3 MD5 S 1.2\n";

    fn login(response: &str, handle: &str) -> String {
        format!("{START}{ASK}alice C: USR 4 MD5 S {response}\nalice S: USR 4 OK {handle} A")
    }

    #[test]
    fn logins() {
        let digest = "0123456789abcdef0123456789ABCDEF";
        silent(&login(digest, "Alice@hotmail.com"));
        accuses("USR-3", &login(digest, "bob@hotmail.com"));
        accuses("USR-5", &login("0123", "alice@hotmail.com"));
        accuses("USR-15", &login("", "alice@hotmail.com"));
        accuses(
            "USR-10",
            &login(digest, "alice@hotmail.com").replace(ASK, ""),
        );
        let twice = format!(
            "alice in\n{}",
            login(digest, "alice@hotmail.com").replace(START, "")
        );
        accuses("USR-12", &twice);
        accuses("USR-12", &format!("alice in\n{ASK}"));
        let other = format!("{START}alice C: INF 2\nalice S: INF 2 MD5\n{ASK}");
        accuses("USR-11", &other.replace("USR 3 MD5", "USR 3 XYZ"));
        let bare = login(digest, "alice").replace("I alice@hotmail.com", "I alice");
        accuses("HANDLE-3", &bare);
        let (murky, ask) = ("alice C: <raw> x\n", "alice C: USR 4");
        silent(&login("0", "bob@hotmail.com").replace(ask, &format!("{murky}{ask}")));
    }

    #[test]
    fn a_name_that_the_login_did_not_say() {
        let digest = "0123456789abcdef0123456789abcdef";
        let ok = login(digest, "alice@hotmail.com");
        let handle_for_name = ok.replace("hotmail.com A", "hotmail.com alice@hotmail.com");
        for line in [
            "ADD 0 RL 5 alice@hotmail.com",
            "RNG 7 1.1.1.1:1 CKI 5 alice@hotmail.com",
        ] {
            let named = |name: &str| format!("{handle_for_name}\nbob in\nbob S: {line} {name}");
            accuses("USR-4", &named("Alice%20L"));
            silent(&named("alice@hotmail.com"));
            silent(&named("alice%40hotmail.com"));
            silent(&format!("{ok}\nbob in\nbob S: {line} Alice%20L"));
        }
        let entry = "alice C: XFR 5 SB\nalice S: XFR 5 SB 1.1.1.1:1 CKI 5\nalice@sb <open>\nalice@sb C: USR 1 alice@hotmail.com 5\n\
             alice@sb S: USR 1 OK alice@hotmail.com";
        accuses("USR-4", &format!("{handle_for_name}\n{entry} Alice"));
        accuses("FRAME-3", &format!("{ok}\n{entry} Alice L"));
        accuses("NAME-1", &format!("{ok}\n{entry} %C9mile"));
        silent(&format!("{ok} 1 0"));
    }

    #[test]
    fn before_login() {
        accuses(
            "USR-13",
            &format!("{START}alice C: CHG 9 NLN\nalice S: CHG 9 NLN"),
        );
        accuses(
            "USR-13",
            &format!("{START}alice C: SYN 9 0\nalice S: SYN 9 0"),
        );
        silent(&format!("{START}alice C: CHG 9 NLN\nalice S: 302 9"));
        let piped = "a@sb C: USR 1 a@hotmail.com 5\na@sb C: CAL 2 b@hotmail.com\n";
        silent(&format!(
            "{piped}a@sb S: CAL 2 RINGING 5\na@sb S: USR 1 OK a@hotmail.com a"
        ));
        silent("alice S: VER 1 MSNP2\nalice C: CHG 9 NLN\nalice S: CHG 9 NLN");
        accuses(
            "SBU-6",
            "a@sb <open>\na@sb C: CAL 1 b@hotmail.com\na@sb S: CAL 1 RINGING 5",
        );
        accuses(
            "INF-2",
            "alice C: VER 1 MSNP2\nalice S: VER 1 MSNP2\nalice C: INF 2\nalice S: INF 2 CTP",
        );
    }

    #[test]
    fn a_pipelined_login() {
        let digest = "0123456789abcdef0123456789abcdef";
        let lines = login(digest, "alice@hotmail.com");
        let (before, ok) = lines.split_once("alice S: USR 4").unwrap();
        silent(&format!(
            "{before}alice C: SYN 5 0\nalice S: USR 4{ok}\nalice S: SYN 5 0"
        ));
    }

    #[test]
    fn packages_and_referrals() {
        let dispatch = START.replace("alice", "alice@ds");
        silent(&format!(
            "{dispatch}alice@ds C: INF 2\nalice@ds S: INF 2 CTP"
        ));
        accuses(
            "USR-13",
            &format!("{START}alice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 5"),
        );
        let ask = "alice C: USR 3 MD5 I alice@hotmail.com\n";
        silent(&format!("{START}{ask}alice S: XFR 3 NS 1.1.1.1:1"));
        silent(&login("secret", "alice@hotmail.com").replace("MD5", "CTP"));
    }
}
