//! Ways to begin a session that are not the usual one, and requests whose answer is one of a few:
//! negotiations that fail, handles and packages that nobody has, referrals, numbers of lists.

use super::expecting::ANYBODY;
use super::templates::{AGAIN, After, LOGIN, NEXT, Row, SESSION};
use super::walk::{NOWHERE, Told, WITNESS, Walk};
use crate::fuzzer::script::varying;
use crate::model::{
    Capture, Command, Line, ListWord, NameId, Offer, SessionId, State, TicketId, UserId, Version,
    Whom, Word,
};
use crate::protocol::{ClauseId, Dialect, List, NO_DIALECT, PACKAGE, ServerKind, Verb};
use crate::scenario::ast::{Action, Expected, Payload, SendItem, Step};
use crate::transcript::ConnName;

/// More than any line, in bytes.
const ENDLESS: usize = 300_000;

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
        let rows = self.rows_of_login();
        match self.entropy.below(rows.len() + 8) {
            0 | 1 => self.compare_challenges(who),
            2 if self.is_hostile => self.never_end(who),
            3 => self.compare_handles(who),
            2..5 => self.ask_dispatch(who),
            5..8 => self.fail_version(who),
            at => {
                if let Some((after, row)) = rows.get(at - 8) {
                    self.try_variant(who, *after, *row);
                }
            }
        }
    }

    /// The requests without a login that are about clauses of the dialect.
    fn rows_of_login(&self) -> Vec<(After, Row)> {
        let dialect = self.model.dialect();
        let rows = LOGIN.iter().copied();
        rows.filter(|(_, row)| row.clause.clause().holds_in(dialect))
            .collect()
    }

    fn try_variant(&mut self, who: UserId, after: After, row: Row) {
        let conn = match after {
            After::Nothing => self.aside(who, "ns"),
            After::Version => {
                let conn = self.open(who, ServerKind::Notification);
                self.act(conn, Command::Ver(Offer::Own), Told::default());
                self.model.distrust(conn);
                self.name(conn)
            }
            After::Packages => self.agree(who, ServerKind::Notification),
            After::Challenge => {
                let conn = self.greet(who);
                self.name(conn)
            }
        };
        self.try_row(who, &conn, row);
        if row.clause == ClauseId::USR_5 {
            let verb = self.verb_of(row.command);
            self.may_come(who, &conn, (ClauseId::USR_7, verb), AGAIN);
        }
    }

    fn try_row(&mut self, who: UserId, conn: &ConnName, row: Row) {
        let verb = self.verb_of(row.command);
        let line = ["= ", row.rest].concat();
        self.try_line(who, conn, (row.clause, verb), &line, row.branches);
    }

    /// The verb of a request.
    pub(super) fn verb_of(&self, command: Command) -> &'static str {
        let words = command.words(NOWHERE, self.model.dialect());
        match words.unwrap_or_default().first() {
            Some(crate::model::Word::Text(verb)) => verb,
            _ => "",
        }
    }

    /// A template in words; `#` is left.
    fn filled(&self, template: &str, verb: &str, who: UserId) -> String {
        let dialect = self.model.dialect();
        let text = match template.strip_prefix("= ") {
            Some(rest) => format!("{verb} {rest}"),
            None => template.replace("> = ", &format!("> {verb} ")),
        };
        let text = match text.strip_prefix("? ") {
            Some(rest) => format!("{} {rest}", self.verb_of(NEXT)),
            None => text.replace("> ? ", &format!("> {} ", self.verb_of(NEXT))),
        };
        let any_case = |word: &str| -> String {
            let each = word.chars().map(|char| match char.is_ascii_alphabetic() {
                true => format!("[{char}{}]", char.to_ascii_lowercase()),
                false => char.to_string(),
            });
            format!("/{}/", each.collect::<String>())
        };
        text.replace("| = ", &format!("| {verb} "))
            .replace("~= ", &format!("~{verb} "))
            .replace("lower:DIALECT", &dialect.name.to_ascii_lowercase())
            .replace("lower:PACKAGE", &PACKAGE.to_ascii_lowercase())
            .replace("any:DIALECT", &any_case(dialect.name))
            .replace("DIALECT", dialect.name)
            .replace("PACKAGE", PACKAGE)
            .replace("FIRST", Dialect::first().name)
            .replace("SCHEME", dialect.login_scheme().unwrap_or_default())
            .replace("WHO", self.user(who))
    }

    /// A connection that nothing else uses, past VER and INF.
    fn agree(&mut self, who: UserId, door: ServerKind) -> ConnName {
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
        (clause, verb): (ClauseId, &'static str),
        line: &str,
        branches: &[&[&str]],
    ) {
        self.script.disguise(None);
        let line = self.filled(line, verb, who);
        let send = self.script.sending_line(conn, &line);
        self.script.push(send);
        self.may_come(who, conn, (clause, verb), branches);
    }

    fn may_come(
        &mut self,
        who: UserId,
        conn: &ConnName,
        (clause, verb): (ClauseId, &'static str),
        branches: &[&[&str]],
    ) {
        let number = self.number().to_string();
        let own = |text: &str| self.filled(text, verb, who).replace('#', &number);
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
            "no echo" => self.no_echo(conn, clause),
            line => self.script.line(conn, line, clause),
        }
    }

    /// A negotiation that fails, and an attempt to log in all the same.
    fn fail_version(&mut self, who: UserId) {
        let conn = self.aside(who, "ns");
        let verb = self.verb_of(Command::Ver(Offer::Own));
        let line = format!("= {{t}} {NO_DIALECT}");
        self.try_line(
            who,
            &conn,
            (ClauseId::VER_5, verb),
            &line,
            &[&["= {t} 0 ..."]],
        );
        let branches: &[&[&str]] = &[
            &["closed"],
            &[
                "nothing",
                "> = {t} SCHEME I {WHO.handle}",
                "refused | ~= {t} SCHEME S * | nothing",
            ],
        ];
        let verb = self.verb_of(Command::UsrI(Whom::Nobody));
        self.may_come(who, &conn, (ClauseId::VER_7, verb), branches);
    }

    /// Two challenges are not the same, and the response to one is none to the other, with a challenge
    /// of its own or without.
    fn compare_challenges(&mut self, who: UserId) {
        let (first, second) = (self.greet(who), self.agree(who, ServerKind::Notification));
        let challenge = format!("challenge{}", self.link(first).challenge);
        let verb = self.verb_of(Command::UsrI(Whom::Nobody));
        if self.entropy.below(2) == 0 {
            let line = format!("= {{t}} SCHEME S {{md5({challenge}, WHO.password)}}");
            let branches: &[&[&str]] = &[&["refused"], &["nothing"]];
            return self.try_line(who, &second, (ClauseId::USR_10, verb), &line, branches);
        }
        if let Some(stranger) = self.other(who).filter(|_| self.entropy.below(2) == 0) {
            // One for each account would do, but not one for all.
            let line = format!("= {{t}} SCHEME I {{{}.handle}}", self.user(stranger));
            let other = format!("= {{t}} SCHEME S !{{{challenge}}}");
            return self.try_line(who, &second, (ClauseId::USR_9, verb), &line, &[&[&other]]);
        }
        let line = "= {t} SCHEME I {WHO.handle}";
        let other = format!("= {{t}} SCHEME S !{{{challenge}}}");
        let response = format!("> = {{t}} SCHEME S {{md5({challenge}, WHO.password)}}");
        let branches: &[&[&str]] = &[&[&other, &response, "refused"], &["~= {t} SCHEME S *"]];
        self.try_line(who, &second, (ClauseId::USR_9, verb), line, branches);
    }

    /// The longest handle that there can be draws what a short one does; nobody has either.
    fn compare_handles(&mut self, who: UserId) {
        let number = self.number();
        for length in [20, 117] {
            let conn = self.agree(who, ServerKind::Notification);
            let line = format!("= {{t}} SCHEME I {{repeat('a', {length})}}@hotmail.com");
            let answer = format!("{{answer{number}}} {{t}} ...");
            let verb = self.verb_of(Command::UsrI(Whom::Nobody));
            self.try_line(who, &conn, (ClauseId::HANDLE_1, verb), &line, &[&[&answer]]);
        }
    }

    /// The dispatch server refers to a server that answers, or is one itself.
    fn ask_dispatch(&mut self, who: UserId) {
        if !self.has_dispatch {
            return;
        }
        let conn = self.agree(who, ServerKind::Dispatch);
        let there = self.aside(who, "ns");
        let number = self.number();
        self.script.disguise(None);
        let line = self.line_of(NOWHERE, Command::UsrI(Whom::User(who)), None);
        let send = self.script.sending_line(&conn, &line);
        self.script.push(send);
        let told = Told::default();
        let opened = Action::Open {
            conn: there.clone(),
            address: Some(self.script.text(&format!("{{address{number}}}"))),
        };
        let (ask, agreed) = (Command::Ver(Offer::Own), Line::Ver);
        let (ask, agreed) = (
            self.line_of(NOWHERE, ask, None),
            self.text_of(agreed, &told, false),
        );
        let clause = self.referral_clause();
        let mut branches: Vec<Vec<Step>> = Vec::with_capacity(3);
        for referral in self.referrals(&format!("{{address{number}}}")) {
            branches.push(vec![
                self.script.line(&conn, &referral, clause),
                self.script.closed(&conn, ClauseId::XFR_2),
                self.script.step(opened.clone(), Some(ClauseId::XFR_3)),
                self.script.sending_line(&there, &ask),
                self.script.line(&there, &agreed, ClauseId::XFR_3),
            ]);
        }
        let challenge = self.text_of(Line::Challenge(NOWHERE), &told, false);
        branches.push(vec![self.script.line(&conn, &challenge, ClauseId::USR_1)]);
        self.script.one_of(branches, clause);
    }

    /// The forms of a referral to this address: that of the dialect, and that of the first, which
    /// servers of today send.
    fn referrals(&mut self, address: &str) -> Vec<String> {
        let referral = self.text_of(Line::ReferNs(NOWHERE), &Told::default(), false);
        let open = referral.replacen('*', address, 1);
        match self.model.dialect() == Dialect::first() {
            true => vec![open],
            false => {
                let short = open.trim_end_matches(" ...").to_owned();
                vec![open.replace("...", "0 ..."), short]
            }
        }
    }

    /// The clause that says how a dispatch server refers.
    fn referral_clause(&self) -> ClauseId {
        let all = [ClauseId::XFR_1, ClauseId::REFER_1, ClauseId::REFER_2];
        let dialect = self.model.dialect();
        let mut own = all
            .into_iter()
            .filter(|clause| clause.clause().holds_in(dialect));
        own.next().unwrap_or(ClauseId::XFR_3)
    }

    /// A request that does not fit where a login stands; what comes of the login is left open.
    fn speak_out_of_turn(&mut self, who: UserId) {
        let conn = self.conn(who);
        let dialect = self.model.dialect();
        let rows = SESSION.iter().filter(|row| {
            let verb = self.verb_of(row.command);
            let is_taken = dialect.is_request(Verb::parse(verb.as_bytes()));
            let is_of_another = row.clause == ClauseId::OLD_1;
            row.clause.clause().holds_in(dialect) && is_taken != is_of_another
        });
        let rows: Vec<Row> = rows.copied().collect();
        match self.entropy.below(rows.len() + 2).checked_sub(2) {
            None => self.say_what_servers_say(who, &conn),
            Some(at) => {
                if let Some(row) = rows.get(at) {
                    self.try_row(who, &conn, *row);
                }
            }
        }
        self.lose_track(who);
    }

    /// A line that only servers send: it does not come back either.
    fn say_what_servers_say(&mut self, who: UserId, conn: &ConnName) {
        let said = [
            Line::Iln(ANYBODY, State::NLN, NameId::ANY),
            Line::Rng(SessionId(0), TicketId(0), ANYBODY, NameId::ANY),
        ];
        let said = self.entropy.pick(&said).copied();
        let line = said.map(|line| self.server_line(line)).unwrap_or_default();
        let (clause, verb) = (ClauseId::FRAME_13, "");
        let branches: &[&[&str]] = &[&["closed"], &["/[0-9]{3}/ ..."], &["~no echo"]];
        self.try_line(who, conn, (clause, verb), &line, branches);
    }

    /// A line of a server as a client might send it, about the witness.
    fn server_line(&self, line: Line) -> String {
        let words = line.words(self.model.dialect()).unwrap_or_default();
        let words = words.iter().map(|word| match word {
            Word::Text(text) => (*text).to_owned(),
            Word::TrId => "{t}".to_owned(),
            Word::Handle(_) => format!("{{{WITNESS}.handle}}"),
            Word::Capture(Capture::Board(_)) => "127.0.0.1:1865".to_owned(),
            Word::Capture(Capture::Cookie(_)) => "1.2".to_owned(),
            Word::Capture(_) => "1".to_owned(),
            _ => "Erin".to_owned(),
        });
        words.collect::<Vec<String>>().join(" ")
    }

    /// Nothing comes but what others cause: an invitation among it, and no echo of ours, whose cookie
    /// is shorter.
    fn no_echo(&self, conn: &ConnName, clause: ClauseId) -> Step {
        let rings = Line::Rng(SessionId(0), TicketId(0), ANYBODY, NameId::ANY);
        let ring = self.unasked_line(rings);
        let lines = self
            .unasked(conn)
            .into_iter()
            .map(|line| match line == ring {
                true => ring.replace("...", "* * CKI /.{4,}/ ..."),
                false => line,
            });
        let lines: Vec<String> = lines.collect();
        self.nothing_but(conn, &lines, clause)
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
        let list = List::Allow.as_str();
        let line = format!("= {{t}} {list} {{{contact}.handle}} {name}");
        let branches: &[&[&str]] = &[&["209 {t} ..."], &["closed"]];
        let verb = self.verb_of(Command::Add(ListWord::List(List::Allow), Whom::Nobody));
        self.try_line(who, &conn, (ClauseId::NAME_3, verb), &line, branches);
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
