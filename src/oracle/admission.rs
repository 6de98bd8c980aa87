//! Cookies open switchboards for whom they were given to, and for what.

use super::Oracle;
use super::finding::Findings;
use super::line::Verb;
use super::world::{Purpose, Request, Role, Seen, UserId, World};
use crate::protocol::{ClauseId, ServerKind};

/// The judge of cookies.
#[derive(Debug)]
pub(super) struct Admission;

impl Oracle for Admission {
    fn name(&self) -> &'static str {
        "admission"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::SBU_2,
            ClauseId::SBU_3,
            ClauseId::SBU_4,
            ClauseId::SBX_6,
            ClauseId::ANS_4,
        ]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some((told, request)) = seen.told().and_then(|told| Some((told, told.request?))) else {
            return;
        };
        let is_certain = seen.conn.is_clear() && !world.has_impostors();
        if told.role != Role::Answer || !request.is_sound || !is_certain {
            return;
        }
        let is_board = seen.conn.kind == ServerKind::Switchboard;
        match (request.verb, told.line.verb) {
            (Verb::Usr, Verb::Usr) if is_board => judge_creator(world, seen, request, out),
            (Verb::Ans, Verb::Ans) => judge_newcomer(world, seen, request, out),
            (Verb::Xfr, Verb::Xfr) => {
                let known = world.boards().cookie(told.line.word(5));
                if known.is_some_and(|cookie| cookie.used.is_none()) {
                    let message = "an outstanding cookie is given out again";
                    out.accuse_line(seen, ClauseId::SBX_6, message, "a cookie of its own");
                }
            }
            _ => {}
        }
    }
}

/// Who claims to come, where it is certain who that is.
fn claimant(world: &World, handle: &[u8]) -> Option<UserId> {
    let user = world.users().find(handle)?;
    (!world.user(user).is_ambiguous).then_some(user)
}

/// Whether the server has given nobody a cookie that is not known, and with which a user comes.
fn is_forged(world: &World, user: UserId) -> bool {
    world.user(user).is_sure() && !world.boards().has_forgotten()
}

fn judge_creator(world: &World, seen: &Seen<'_, '_>, request: &Request, out: &mut Findings) {
    let asked = request.words();
    let user = claimant(world, asked.word(2));
    let (clause, message) = match (world.boards().cookie(asked.word(3)), user) {
        (Some(cookie), user) if user.is_none_or(|user| user != cookie.user) => {
            (ClauseId::SBU_3, "the cookie was given to another user")
        }
        (Some(cookie), _) if cookie.used.is_some_and(|used| used < request.index) => {
            (ClauseId::SBU_4, "the cookie has been used")
        }
        (None, Some(user)) if is_forged(world, user) => {
            (ClauseId::SBU_2, "the server gave nobody this cookie")
        }
        _ => return,
    };
    if user.is_some() {
        out.accuse_line(seen, clause, message, "911 or a close");
    }
}

fn judge_newcomer(world: &World, seen: &Seen<'_, '_>, request: &Request, out: &mut Findings) {
    let asked = request.words();
    let Some(user) = claimant(world, asked.word(2)) else {
        return;
    };
    let message = match world.boards().cookie(asked.word(3)) {
        Some(cookie) if cookie.user != user => "the cookie was given to another user",
        Some(cookie) => match &cookie.purpose {
            Purpose::Join(number) if **number == *asked.word(4) => return,
            Purpose::Join(_) => "the cookie belongs to another session",
            Purpose::Create => "the cookie is no invitation",
        },
        None if is_forged(world, user) => "the server gave nobody this cookie",
        None => return,
    };
    out.accuse_line(seen, ClauseId::ANS_4, message, "911 or a close");
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    const XFR: &str = "alice on NLN\nalice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 55\n";

    fn enter(conn: &str, who: &str, cookie: &str) -> String {
        format!(
            "{conn} C: USR 1 {who}@hotmail.com {cookie}\n\
             {conn} S: USR 1 OK {who}@hotmail.com {who}\n"
        )
    }

    #[test]
    fn creators() {
        silent(&format!("{XFR}{}", enter("alice@sb", "alice", "55")));
        accuses(
            "SBU-2",
            &format!("{XFR}{}", enter("alice@sb", "alice", "56")),
        );
        accuses(
            "SBU-3",
            &format!("bob on NLN\n{XFR}{}", enter("bob@sb", "bob", "55")),
        );
        let twice = [
            enter("alice@sb", "alice", "55"),
            enter("alice@sb2", "alice", "55"),
        ];
        accuses("SBU-4", &format!("{XFR}{}", twice.concat()));
        silent(&enter("alice@sb", "alice", "56"));
        let again = "alice C: XFR 10 SB\nalice S: XFR 10 SB 1.1.1.1:1 CKI 55";
        accuses("SBX-6", &format!("{XFR}{again}"));
    }

    #[test]
    fn newcomers() {
        let rng = "bob on NLN\nbob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice\n";
        let ans = |who: &str, cookie: u32, number: u32| {
            format!(
                "{rng}{who}@sb C: ANS 1 {who}@hotmail.com {cookie} {number}\n{who}@sb S: ANS 1 OK"
            )
        };
        silent(&ans("bob", 8, 7));
        accuses("ANS-4", &ans("bob", 8, 6));
        accuses("ANS-4", &ans("bob", 9, 7));
        accuses("ANS-4", &format!("carol on NLN\n{}", ans("carol", 8, 7)));
        silent(&ans("bob", 9, 7).replace(
            "bob on NLN\nbob S: RNG 7 1.1.1.1:1 CKI 8 alice@hotmail.com alice\n",
            "",
        ));
    }

    #[test]
    fn of_what_was_not_seen_or_understood_nothing_is_said() {
        let entry = enter("alice@sb", "alice", "56");
        let late = "alice on NLN\nalice@sb C: CAL 2 bob@hotmail.com\n";
        silent(&format!("{late}{entry}"));
        let odd = enter("alice@sb", "alice", "\\xe9");
        silent(&format!("alice on NLN\n{odd}"));
        // A package may be called as a user is.
        accuses(
            "USR-12",
            "alice in\nalice C: USR 5 alice@hotmail.com I alice@hotmail.com\nalice S: USR 5 MD5 S 1.2",
        );
    }
}
