//! Ways to begin a session that are not the usual one, and requests whose answer is one of a few:
//! negotiations that fail, handles and packages that nobody has, referrals, numbers of lists.

use super::walk::{Told, Walk};
use crate::fuzzer::script::varying;
use crate::model::{Command, Door, ListWord, Offer, TicketId, UserId, Version, Whom};
use crate::protocol::{ClauseId, List};
use crate::scenario::ast::{Action, Expected, Payload, SendItem, Step};
use crate::transcript::ConnName;

/// How far a connection has come before.
#[derive(Debug, Clone, Copy)]
enum After {
    Nothing,
    Packages,
    Challenge,
}

/// A request that a connection without a login sends, and what may come. `WHO` stands for the user.
/// `#` in a name makes it the case's own. A branch goes on with what begins with `>`, which is
/// sent; `~` marks what the clause lets vary; ` | ` parts what may come in one place.
struct Variant {
    after: After,
    line: &'static str,
    clause: ClauseId,
    branches: &'static [&'static [&'static str]],
}

const fn variant(
    after: After,
    clause: ClauseId,
    line: &'static str,
    branches: &'static [&'static [&'static str]],
) -> Variant {
    Variant {
        after,
        line,
        clause,
        branches,
    }
}

/// A refusal at the first step of a login, or at the second.
const NEVER_IN: &[&[&str]] = &[
    &["refused"],
    &[
        "USR {t} MD5 S {c#}",
        "> USR {t} MD5 S {md5(c#, WHO.password)}",
        "refused",
    ],
];
/// Another attempt after one that failed.
const AGAIN: &[&[&str]] = &[
    &["~closed"],
    &[
        "nothing",
        "> USR {t} MD5 I {WHO.handle}",
        "USR {t} MD5 S * | ~refused",
    ],
];
/// What comes of a command that only servers send: it does not come back either.
const NOT_FOR_CLIENTS: &[&[&str]] = &[&["closed"], &["/[0-9]{3}/ ..."], &["~no echo"]];

/// Requests of somebody who is logged in.
const SESSION: [(ClauseId, &str, &[&[&str]]); 5] = [
    (
        ClauseId::FRAME_13,
        "ILN {t} NLN {erin.handle} Erin",
        NOT_FOR_CLIENTS,
    ),
    (
        ClauseId::FRAME_13,
        "RNG 1 127.0.0.1:1865 CKI 1.2 {erin.handle} Erin",
        NOT_FOR_CLIENTS,
    ),
    (
        ClauseId::MSG_12,
        "MSG {t} A 0",
        &[&["refused"], &["~nothing"]],
    ),
    (
        ClauseId::CHG_2,
        "CHG {t} FLN",
        &[
            &["CHG {t} FLN", "> SYN {t} 0", "SYN {t} *"],
            &["~201 {t} ..."],
        ],
    ),
    (
        ClauseId::TRID_6,
        "CHG abc NLN",
        &[&["closed"], &["/[0-9]{3}/ ..."]],
    ),
];
/// More than any line, in bytes.
const ENDLESS: usize = 300_000;

/// What others' presence and lists bring at any time.
const NEWS: [&str; 6] = [
    "NLN ...",
    "FLN ...",
    "ILN ...",
    "ADD 0 ...",
    "REM 0 ...",
    // An invitation, and no echo of ours, whose cookie is shorter.
    "RNG * * CKI /.{4,}/ ...",
];
const VARIANTS: [Variant; 13] = {
    use After::{Challenge, Nothing, Packages};
    use ClauseId as C;
    [
        variant(
            Nothing,
            C::VER_4,
            "VER {t} msnp2 cvr0",
            &[
                &["VER {t} /[Mm][Ss][Nn][Pp]2/ ..."],
                &["~VER {t} 0 ..."],
                &["~refused"],
            ],
        ),
        variant(
            Nothing,
            C::VER_6,
            "VER {t} 0 MSNP2 CVR0",
            &[&["VER {t} !0"], &["VER {t} !0 !0"]],
        ),
        variant(
            Nothing,
            C::VER_6,
            "VER {t} MSNP2 CVR0 0",
            &[&["VER {t} !0"], &["VER {t} !0 !0"]],
        ),
        variant(
            Packages,
            C::USR_11,
            "USR {t} XYZ I {WHO.handle}",
            &[&["refused"]],
        ),
        variant(Packages, C::USR_8, "USR {t} MD5 I {nobody}", NEVER_IN),
        variant(
            Packages,
            C::HANDLE_4,
            "USR {t} MD5 I nodomain",
            &[
                &["206 {t} ..."],
                &["~911 {t} ..."],
                &["~closed"],
                &[
                    "~USR {t} MD5 S {c#}",
                    "> USR {t} MD5 S {md5(c#, WHO.password)}",
                    "refused",
                ],
            ],
        ),
        variant(Packages, C::HANDLE_3, "USR {t} MD5 I nodomain@", NEVER_IN),
        variant(
            Packages,
            C::HANDLE_2,
            "USR {t} MD5 I {repeat('a', 118)}@hotmail.com",
            NEVER_IN,
        ),
        variant(
            Packages,
            C::REPLY_1,
            "USR {t} MD5 I alice@example.com",
            &[&["refused"], &["USR {t} MD5 S *"]],
        ),
        variant(
            Challenge,
            C::USR_5,
            "USR {t} MD5 S {md5('y')}",
            &[&["error"]],
        ),
        variant(
            Challenge,
            C::USR_15,
            "USR {t} MD5 S",
            &[
                &["closed"],
                &["error"],
                &["nothing", "> SYN {t} 0", "refused | nothing"],
            ],
        ),
        variant(
            Challenge,
            C::USR_15,
            "USR {t} MD5 S ",
            &[
                &["closed"],
                &["error"],
                &["nothing", "> SYN {t} 0", "refused | nothing"],
            ],
        ),
        variant(
            Nothing,
            C::TRID_6,
            "VER abc MSNP2 CVR0",
            &[&["closed"], &["/[0-9]{3}/ ..."]],
        ),
    ]
};

impl Walk<'_> {
    /// Something of this kind.
    pub(super) fn vary(&mut self, who: UserId) {
        if self.model.home_of(who).is_some() && self.entropy.below(3) == 0 {
            return match self.entropy.below(4) {
                0 => self.name_too_long(who),
                1 => self.fail_to_add(who),
                _ => self.speak_out_of_turn(who),
            };
        }
        match self.entropy.below(VARIANTS.len() + 8) {
            0 | 1 => self.compare_challenges(who),
            2 if self.is_hostile => self.never_end(who),
            3 => self.compare_handles(who),
            2..5 => self.ask_dispatch(who),
            5..8 => self.fail_version(who),
            at => {
                if let Some(variant) = VARIANTS.get(at - 8) {
                    self.try_variant(who, variant);
                }
            }
        }
    }

    fn try_variant(&mut self, who: UserId, variant: &Variant) {
        let conn = match variant.after {
            After::Nothing => self.aside(who, "ns"),
            After::Packages => self.agree(who, Door::Notification),
            After::Challenge => {
                let conn = self.greet(who);
                self.name(conn)
            }
        };
        self.try_line(who, &conn, variant.clause, variant.line, variant.branches);
        if variant.clause == ClauseId::USR_5 {
            self.may_come(who, &conn, ClauseId::USR_7, AGAIN);
        }
    }

    /// A connection that nothing else uses, past VER and INF.
    fn agree(&mut self, who: UserId, door: Door) -> ConnName {
        let conn = self.open(who, door);
        for command in [Command::Ver(Offer::Own), Command::Inf] {
            self.act(conn, command, Told::default());
        }
        self.name(conn)
    }

    fn try_line(
        &mut self,
        who: UserId,
        conn: &ConnName,
        clause: ClauseId,
        line: &str,
        branches: &[&[&str]],
    ) {
        self.script.disguise(None);
        let line = line.replace("WHO", self.user(who));
        let send = self.script.sending_line(conn, &line);
        self.script.push(send);
        self.may_come(who, conn, clause, branches);
    }

    fn may_come(&mut self, who: UserId, conn: &ConnName, clause: ClauseId, branches: &[&[&str]]) {
        let (user, number) = (self.user(who), self.number().to_string());
        let own = |text: &str| text.replace("WHO", user).replace('#', &number);
        let branches = branches.iter().map(|branch| {
            let steps = branch
                .iter()
                .map(|text| self.read(conn, &own(text), clause));
            steps.collect::<Vec<Step>>()
        });
        let mut branches: Vec<Vec<Step>> = branches.collect();
        match branches.len() {
            1 => {
                for step in branches.swap_remove(0) {
                    self.script.push(step);
                }
            }
            _ => self.script.one_of(branches, clause),
        }
    }

    fn read(&self, conn: &ConnName, text: &str, clause: ClauseId) -> Step {
        if let Some(line) = text.strip_prefix("> ") {
            return self.script.sending_line(conn, line);
        }
        if text.contains(" | ") {
            let each = text.split(" | ");
            let branches = each.map(|text| vec![self.read(conn, text, clause)]);
            let action = Action::OneOf(branches.collect());
            return self.script.step(action, Some(clause));
        }
        if let Some(text) = text.strip_prefix('~') {
            return varying(self.read(conn, text, clause), clause);
        }
        match text {
            "closed" => self.script.closed(conn, clause),
            "error" => self.script.error(conn, clause),
            "refused" => self.script.expecting(conn, Expected::Refused, clause),
            "nothing" => self.nothing_unasked(conn, clause),
            "no echo" => self.nothing_but(conn, &NEWS, clause),
            line => self.script.line(conn, line, clause),
        }
    }

    /// A negotiation that fails, and an attempt to log in all the same.
    fn fail_version(&mut self, who: UserId) {
        let conn = self.aside(who, "ns");
        let line = "VER {t} MSNP99";
        self.try_line(who, &conn, ClauseId::VER_5, line, &[&["VER {t} 0 ..."]]);
        let branches: &[&[&str]] = &[
            &["closed"],
            &[
                "nothing",
                "> USR {t} MD5 I {WHO.handle}",
                "refused | ~USR {t} MD5 S * | nothing",
            ],
        ];
        self.may_come(who, &conn, ClauseId::VER_7, branches);
    }

    /// Two challenges are not the same, and the response to one is none to the other, with a challenge
    /// of its own or without.
    fn compare_challenges(&mut self, who: UserId) {
        let (first, second) = (self.greet(who), self.agree(who, Door::Notification));
        let challenge = format!("challenge{}", self.link(first).challenge);
        if self.entropy.below(2) == 0 {
            let line = format!("USR {{t}} MD5 S {{md5({challenge}, WHO.password)}}");
            let branches: &[&[&str]] = &[&["refused"], &["nothing"]];
            return self.try_line(who, &second, ClauseId::USR_10, &line, branches);
        }
        if let Some(stranger) = self.other(who).filter(|_| self.entropy.below(2) == 0) {
            // One for each account would do, but not one for all.
            let line = format!("USR {{t}} MD5 I {{{}.handle}}", self.user(stranger));
            let other = format!("USR {{t}} MD5 S !{{{challenge}}}");
            return self.try_line(who, &second, ClauseId::USR_9, &line, &[&[&other]]);
        }
        let line = "USR {t} MD5 I {WHO.handle}";
        let other = format!("USR {{t}} MD5 S !{{{challenge}}}");
        let response = format!("> USR {{t}} MD5 S {{md5({challenge}, WHO.password)}}");
        let branches: &[&[&str]] = &[&[&other, &response, "refused"], &["~USR {t} MD5 S *"]];
        self.try_line(who, &second, ClauseId::USR_9, line, branches);
    }

    /// The longest handle that there can be draws what a short one does; nobody has either.
    fn compare_handles(&mut self, who: UserId) {
        let number = self.number();
        for length in [20, 117] {
            let conn = self.agree(who, Door::Notification);
            let line = format!("USR {{t}} MD5 I {{repeat('a', {length})}}@hotmail.com");
            let answer = format!("{{answer{number}}} {{t}} ...");
            self.try_line(who, &conn, ClauseId::HANDLE_1, &line, &[&[&answer]]);
        }
    }

    /// The dispatch server refers to a server that answers, or is one itself.
    fn ask_dispatch(&mut self, who: UserId) {
        if !self.has_dispatch {
            return;
        }
        let conn = self.agree(who, Door::Dispatch);
        let there = self.aside(who, "ns");
        let (user, number) = (self.user(who), self.number());
        self.script.disguise(None);
        let line = format!("USR {{t}} MD5 I {{{user}.handle}}");
        let send = self.script.sending_line(&conn, &line);
        self.script.push(send);
        let referral = format!("XFR {{t}} NS {{address{number}}} ...");
        let opened = Action::Open {
            conn: there.clone(),
            address: Some(self.script.text(&format!("{{address{number}}}"))),
        };
        let referred = vec![
            self.script.line(&conn, &referral, ClauseId::XFR_1),
            self.script.closed(&conn, ClauseId::XFR_2),
            self.script.step(opened, Some(ClauseId::XFR_3)),
            self.script.sending_line(&there, "VER {t} MSNP2 CVR0"),
            self.script
                .line(&there, "VER {t} MSNP2 ...", ClauseId::XFR_3),
        ];
        let served = vec![self.script.line(&conn, "USR {t} MD5 S *", ClauseId::USR_1)];
        self.script.one_of(vec![referred, served], ClauseId::XFR_1);
    }

    /// A request that does not fit where a login stands; what comes of the login is left open.
    fn speak_out_of_turn(&mut self, who: UserId) {
        let conn = self.conn(who);
        let at = self.entropy.below(SESSION.len());
        if let Some((clause, line, branches)) = SESSION.get(at) {
            self.try_line(who, &conn, *clause, line, branches);
            self.lose_track(who);
        }
    }

    /// A command on a switchboard before the entry.
    pub(super) fn speak_before_entry(&mut self, who: UserId, ticket: TicketId) {
        self.spent.push(ticket);
        let conn = self.reach(who, ticket, None);
        self.stray(who, conn);
    }

    /// A line that never ends.
    fn never_end(&mut self, who: UserId) {
        let conn = self.aside(who, "ns");
        self.script.disguise(None);
        let endless = SendItem::Raw(Payload::Filler(ENDLESS));
        let step = self.script.sending(&conn, vec![endless]);
        self.script.push(step);
        self.script.expect_closed(&conn, ClauseId::FRAME_15);
    }

    /// A name that no server takes.
    fn name_too_long(&mut self, who: UserId) {
        let conn = self.conn(who);
        let Some(other) = self.other(who) else {
            return;
        };
        let is_on = [List::Allow, List::Block]
            .iter()
            .any(|list| self.has(who, *list, other));
        if is_on || !self.model.knows_lists(who) {
            return;
        }
        let contact = self.user(other);
        let name = self
            .entropy
            .name(&["{repeat('n', 388)}", "{repeat('%C3%89', 65)}"]);
        let line = format!("ADD {{t}} AL {{{contact}.handle}} {name}");
        let branches: &[&[&str]] = &[&["209 {t} ..."], &["closed"]];
        self.try_line(who, &conn, ClauseId::NAME_3, &line, branches);
        self.taint(who);
    }

    /// An ADD that fails does not raise the number, and who is up to date gets no batch.
    fn fail_to_add(&mut self, who: UserId) {
        let Some(conn) = self.model.home_of(who) else {
            return;
        };
        let number = self.number();
        let capture = format!("{{ser{number}}}");
        if !self.fetch(who, conn, None, &capture, ClauseId::SYN_1) || !self.is_up_to_date(conn) {
            return;
        }
        let latest = |clause| Told {
            number: Some(capture.clone()),
            ..Told::by(clause)
        };
        self.person_mut(who).doubt_number();
        self.person_mut(who).cached = Some(number);
        // To ask alone raises no number either.
        self.act(conn, Command::Syn(Version::Latest), latest(ClauseId::SYN_2));
        let add = Command::Add(ListWord::List(List::Allow), Whom::Nobody);
        self.act(conn, add, Told::default());
        self.act(
            conn,
            Command::Syn(Version::Latest),
            latest(ClauseId::ADD_13),
        );
        let name = self.name(conn);
        let nothing = self.nothing_unasked(&name, ClauseId::SYN_2);
        self.script.push(nothing);
    }
}
