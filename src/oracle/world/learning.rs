//! What is learnt from an entry, once all oracles have seen it.

use std::time::Duration;

use super::World;
use super::board::Purpose;
use super::connection::{Conn, MOST_WAITING, ODD};
use super::fact::Membership;
use super::id::UserId;
use super::reading::{Asked, Clarity, Role, Told};
use super::request::{Flaw, Request, Step};
use super::user::{ANY, State, User, serial};
use crate::oracle::line::{Line, Verb, number};
use crate::oracle::soundness::is_handle;
use crate::protocol::{self, Dialect, List, ServerKind, Setting, decode_name};
use crate::rules::{self, SettingRule, refusals};
use crate::transcript::{ConnId, Entry, Party, Transcript, What};

/// A state code; one that the draft does not have may be shown as any.
pub(in crate::oracle) fn state(word: &[u8]) -> State {
    let is_known = protocol::State::parse(word).is_some();
    word.try_into().ok().filter(|_| is_known).unwrap_or(ANY)
}

/// Whether a word is the state of one who shows as gone.
pub(in crate::oracle) fn is_offline(word: &[u8]) -> bool {
    protocol::State::parse(word) == Some(protocol::State::Offline)
}

/// What of a [`Told`] is needed to learn from it.
#[derive(Debug, Clone, Copy)]
pub(in crate::oracle) struct Mark {
    role: Role,
    trid: u64,
    at: usize,
    step: Step,
}

impl From<&Told<'_, '_>> for Mark {
    fn from(told: &Told<'_, '_>) -> Self {
        Self {
            role: told.role,
            trid: told.trid,
            at: told.at,
            step: told.step,
        }
    }
}

impl World {
    /// Makes room for the connections of the transcript.
    pub(in crate::oracle) fn meet(&mut self, transcript: &Transcript) {
        let known = self.conns.len();
        let new = transcript.connections().get(known..).unwrap_or_default();
        self.conns
            .extend(new.iter().map(|conn| Conn::new(conn.kind)));
    }

    /// Goes on to the next entry.
    pub(in crate::oracle) fn step(&mut self, from: ConnId) {
        self.index += 1;
        if let Some(conn) = self.conns.get_mut(from.0) {
            conn.has_begun = true;
        }
    }

    pub(super) fn conn_mut(&mut self, id: ConnId) -> &mut Conn {
        let conn = self.conns.get_mut(id.0);
        conn.expect("an entry is read only where its connection is known")
    }

    /// Learns from a client's line.
    pub(in crate::oracle) fn learn_asked(&mut self, id: ConnId, at: Duration, asked: &Asked<'_>) {
        let index = self.index;
        self.settle_batch(id);
        self.note_escapes(&asked.frame.line);
        let conn = self.conn_mut(id);
        conn.is_served_on |= conn.server_out || conn.client_out.is_some();
        if conn.is_fresh() {
            conn.is_whole |= begins(asked);
            conn.kind = conn.kind_behind(asked.verb, &asked.line);
        }
        if asked.clarity == Clarity::Murky {
            self.lose_sight(id);
            return;
        }
        let floor = self.floor;
        let conn = self.conn_mut(id);
        let line = (asked.frame.line.clone(), asked.line.cuts());
        let request = Request::new(asked.verb, line, index, at);
        let mut request = Box::new(request);
        request.dialect = conn.dialect;
        request.floor = floor;
        request.round = conn.round;
        request.is_inside = conn.user.is_some();
        request.is_sound = asked.clarity == Clarity::Sound && conn.is_alive();
        if let Clarity::Unsound(flaw) = asked.clarity {
            request.flaw = Some(flaw).filter(|_| conn.is_alive());
            note_odd_verb(conn, flaw, asked);
        }
        match asked.verb {
            Verb::Out => {
                conn.client_out.get_or_insert(index);
                self.may_leave(id, false);
                return;
            }
            // A lenient server may find a PNG in what is no command.
            Verb::Png | Verb::Other if asked.trid.is_none() => {
                conn.pings += 1;
                return;
            }
            _ => {}
        }
        if asked.trid.is_none_or(|trid| trid > u64::from(u32::MAX)) {
            if conn.odd_trids.len() < ODD {
                conn.odd_trids.push(asked.line.word(1).into());
            }
            self.lose_track(id, asked);
            return;
        }
        let trid = asked.trid.unwrap_or_default();
        conn.highest_trid = conn.highest_trid.max(trid);
        let user = conn.user;
        let slot = conn.requests.entry(trid).or_default();
        let is_shared = !slot.waiting.is_empty();
        match asked.verb {
            Verb::Other => slot.is_wild = true,
            Verb::Msg if conn.kind == ServerKind::Switchboard => slot.message = Some(request),
            _ => {
                // Which of two requests with one TrID is meant, nobody can tell.
                request.is_sound &= !is_shared;
                if let Some(last) = slot.waiting.last_mut().filter(|_| is_shared) {
                    last.is_sound = false;
                }
                slot.wait(request);
                let is_flood = slot.waiting.len() > MOST_WAITING;
                conn.waiting.insert((index, trid));
                if asked.verb == Verb::Syn {
                    conn.batch = Some(trid);
                    let open = conn.counted.as_mut().filter(|it| it.is_open());
                    open.into_iter().for_each(|batch| batch.is_void = true);
                }
                if is_flood {
                    self.lose_sight(id);
                    return;
                }
            }
        }
        if is_shared {
            self.lose_track(id, asked);
        }
        self.note_claim(id, asked);
        if let Some(user) = user.filter(|_| self.conn_mut(id).kind == ServerKind::Notification) {
            self.may_change(user, asked.verb, &asked.line, index);
        }
    }

    /// Bytes of a client that a server may repeat to others.
    fn note_escapes(&mut self, bytes: &[u8]) {
        self.is_strange |= !bytes.is_ascii();
        if memchr::memchr(b'%', bytes).is_some() {
            let plain = decode_name(bytes);
            self.is_strange |= std::str::from_utf8(&plain).is_err();
            let words = bytes.split(u8::is_ascii_whitespace);
            for word in words.filter(|word| word.contains(&b'%')) {
                let plain = decode_name(word);
                let pieces = plain.split(|byte| matches!(byte, b'\r' | b'\n'));
                let pieces = pieces.filter(|piece| !piece.is_empty()).map(<[u8]>::to_vec);
                let is_broken = plain.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
                if is_broken && self.breaks.len() < MOST_WAITING {
                    self.breaks.extend(pieces);
                }
            }
        }
    }

    /// A request that may change what the server keeps of its user.
    pub(super) fn may_change(&mut self, id: UserId, verb: Verb, line: &Line<'_>, index: usize) {
        let whose = (verb == Verb::Rea).then(|| self.users.intern(line.word(2)));
        if let Some(whose) = whose {
            let name = decode_name(line.word(3));
            let user = self.users.get_mut(whose);
            if whose == id {
                user.add_name(&name);
            } else {
                user.add_nickname(&name);
            }
        }
        if matches!(verb, Verb::Add | Verb::Rem) {
            let contact = self.users.intern(line.word(3));
            if verb == Verb::Add && line.word(2).eq_ignore_ascii_case(b"FL") {
                self.users.get_mut(contact).ever_added_by.insert(id);
            }
        }
        let user = self.users.get_mut(id);
        match verb {
            Verb::Gtc => user.setting_mut(Setting::Prompt).asked(),
            Verb::Blp => user.setting_mut(Setting::Privacy).asked(),
            Verb::Chg => user.states.asked(state(line.word(2)), index),
            Verb::Ims => user.calls.asked(),
            Verb::Add | Verb::Rem => {
                if let Some(list) = List::parse(line.word(2)) {
                    user.list_mut(list).asked(index);
                }
            }
            Verb::Rmg => user.list_mut(List::Forward).asked(index),
            _ => {}
        }
    }

    /// A request that cannot be answered by its TrID: whether it was obeyed will not be known.
    fn lose_track(&mut self, id: ConnId, asked: &Asked<'_>) {
        let (index, conn) = (self.index, self.conn_mut(id));
        let may_change = matches!(
            asked.verb,
            Verb::Gtc | Verb::Blp | Verb::Chg | Verb::Add | Verb::Rem | Verb::Rea
        );
        match (conn.user, conn.kind) {
            (Some(user), ServerKind::Notification) if may_change => {
                self.users.get_mut(user).blur(index);
            }
            (_, ServerKind::Switchboard) if asked.verb != Verb::Other => self.lose_sight(id),
            _ => {}
        }
    }

    /// Learns from bytes that are no frame, and from ends.
    pub(in crate::oracle) fn learn_other(&mut self, entry: &Entry) {
        self.settle_batch(entry.conn);
        match &entry.what {
            What::Opened(_) => self.conn_mut(entry.conn).is_whole = true,
            What::Raw(Party::Client, bytes) => {
                self.note_escapes(bytes);
                self.lose_sight(entry.conn);
            }
            What::Raw(Party::Server, _) => self.conn_mut(entry.conn).is_murky = true,
            What::Missing(..) => self.miss(entry.conn),
            What::Closed(party) | What::Reset(party) => self.end(entry.conn, *party),
            What::Frame(..) => {}
        }
    }

    /// Learns from a server's line.
    pub(in crate::oracle) fn learn_told(
        &mut self,
        id: ConnId,
        line: &Line<'_>,
        mark: Mark,
        (at, has_payload): (Duration, bool),
    ) {
        let is_bare = mark.role == Role::Unasked && self.conn_mut(id).is_bare(line);
        if !is_bare {
            self.settle_batch(id);
        }
        let conn = self.conn_mut(id);
        conn.after_payload = has_payload;
        if mark.role == Role::Answer {
            conn.answered_at = at;
        }
        match mark.role {
            Role::Answer if mark.at == usize::MAX => self.acknowledged(id, mark.trid),
            Role::Answer => self.answered(id, line, mark),
            Role::Unasked if is_bare => self.take_bare(id, line),
            Role::Unasked => self.told_unasked(id, line),
            Role::Unclear if self.conn_mut(id).is_murky => self.overheard(id, line),
            Role::Unclear => {}
            Role::Again | Role::Mismatch | Role::Stray | Role::Nonsense => {}
        }
    }

    fn acknowledged(&mut self, id: ConnId, trid: u64) {
        let conn = self.conn_mut(id);
        if let Some(message) = conn.requests.get(&trid).and_then(|s| s.message.as_ref()) {
            let index = message.index;
            conn.floor = conn.floor.max(index);
        }
    }

    fn answered(&mut self, id: ConnId, line: &Line<'_>, mark: Mark) {
        let conn = self.conn_mut(id);
        let Some(slot) = conn.requests.get_mut(&mark.trid) else {
            return;
        };
        if mark.at >= slot.waiting.len() {
            return;
        }
        let mut request = slot.waiting.remove(mark.at);
        conn.floor = conn.floor.max(request.index);
        let floor = conn.floor;
        conn.after_error = matches!(line.verb, Verb::Error(_));
        if mark.step == Step::Last && request.round == conn.round {
            conn.round += 1;
        }
        self.floor = self.floor.max(floor);
        request.progress.advance(line);
        self.carry_out(id, &mut request, line);
        let conn = self.conn_mut(id);
        let Some(slot) = conn.requests.get_mut(&mark.trid) else {
            return;
        };
        match mark.step {
            Step::Last => {
                conn.waiting.remove(&(request.index, mark.trid));
                request.progress.members = Vec::new();
                slot.done = Some(request);
            }
            Step::Part => {
                let at = mark.at.min(slot.waiting.len());
                slot.waiting.insert(at, request);
            }
        }
    }

    /// What follows from an answer.
    fn carry_out(&mut self, id: ConnId, request: &mut Request, line: &Line<'_>) {
        let index = self.index;
        let conn = self.conn_mut(id);
        let (kind, user) = (conn.kind, conn.user);
        match (request.verb, line.verb) {
            (Verb::Ver, Verb::Ver) => {
                let dialect = line.word(2);
                conn.has_dialect |= dialect != b"0";
                match Dialect::heard(line.words_from(0)) {
                    Some(dialect) if dialect.is_judged() => conn.dialect = dialect,
                    Some(dialect) => conn.estrange(dialect),
                    None => conn.is_murky |= dialect != b"0",
                }
            }
            (Verb::Inf, Verb::Inf) => {
                let packages = (2..line.count()).map(|at| line.word(at).into());
                conn.packages = packages.take(ODD).collect();
            }
            (Verb::Usr, Verb::Usr) if kind == ServerKind::Switchboard => {
                self.open_board(id, request, line);
            }
            (Verb::Usr, Verb::Usr) if line.word(2) == b"OK" => self.log_in(id, request, line),
            (Verb::Ans, Verb::Ans) => self.join_board(id, request),
            (Verb::Ans, Verb::Iro) => {
                let member = self.users.intern(line.word(4));
                request.progress.members.push(member);
                let name = decode_name(line.word(5));
                self.users.get_mut(member).add_nickname(&name);
            }
            (Verb::Cal, Verb::Cal) => {
                if let Some(board) = conn.board {
                    for joined in self.boards.number(board, line.word(3)) {
                        self.conn_mut(joined).board = Some(board);
                    }
                }
            }
            _ => {
                if let Some(user) = user.filter(|_| kind != ServerKind::Switchboard) {
                    self.begin_batch(id, request, line);
                    self.carry_out_for(id, user, request, line, index);
                }
            }
        }
    }

    fn carry_out_for(
        &mut self,
        id: ConnId,
        me: UserId,
        request: &mut Request,
        line: &Line<'_>,
        index: usize,
    ) {
        let user = self.users.get_mut(me);
        // The user has logged in anew: what was carried out before that, nobody knows.
        if user.login != Some(id) && request.verb != Verb::Xfr {
            user.forget_settings(index);
            return;
        }
        user.see_serial(line);
        match (request.verb, line.verb) {
            (Verb::Xfr, Verb::Xfr) if line.word(2) == b"SB" => {
                self.boards.issue(line.word(5), me, Purpose::Create);
            }
            (Verb::Gtc | Verb::Syn, Verb::Gtc) | (Verb::Blp | Verb::Syn, Verb::Blp) => {
                learn_setting(user, request, line, index);
            }
            (Verb::Syn | Verb::Lst, Verb::Lst) => self.learn_item(me, request, line),
            (Verb::Chg, Verb::Chg) => {
                user.states.accepted(request.index, index);
                let conn = self.conn_mut(id);
                if conn.first_change.is_none() {
                    conn.first_change = Some(index);
                    conn.first_change_trid = number(line.word(1));
                }
                conn.was_fln |= is_offline(line.word(2));
            }
            (Verb::Chg, Verb::Error(_)) => user.states.refused(request.index),
            (Verb::Ims, answer) => {
                user.calls.settled();
                match (answer, line.word(3)) {
                    (Verb::Ims, value @ (b"ON" | b"OFF")) => {
                        user.calls.learn(value == b"ON", request.index, index, true);
                    }
                    _ => user.calls.forget(),
                }
            }
            (Verb::Gtc | Verb::Blp, Verb::Error(code)) => learn_refusal(user, request, code),
            (Verb::Add | Verb::Rem, Verb::Error(_)) => {
                let asked = request.words();
                if let Some(list) = List::parse(asked.word(2)) {
                    let contact = self.users.intern(asked.word(3));
                    let fact = self.users.get_mut(me).list_mut(list);
                    fact.settled();
                    match (request.verb, line.verb) {
                        _ if request.names_group() => fact.doubt(contact),
                        (Verb::Add, Verb::Error(code)) if refusals::THERE.has(code) => {
                            fact.meet(contact, index);
                        }
                        (Verb::Add, _) => fact.refuse(contact),
                        (_, Verb::Error(code)) if refusals::ABSENT.code == code => {
                            fact.miss(contact);
                        }
                        _ => fact.keep(contact),
                    }
                }
            }
            // Contacts may leave the FL with their group (GRP-14).
            (Verb::Rmg, _) => user.list_mut(List::Forward).forget_all(),
            (Verb::Add | Verb::Rem, Verb::Add | Verb::Rem) => {
                let asked = request.words();
                let list = List::parse(asked.word(2));
                if let Some(list) = list {
                    user.list_mut(list).settled();
                }
                let is_named = line.word(4).eq_ignore_ascii_case(asked.word(3));
                if line.word(2) != asked.word(2) || !is_named {
                    // Which entry was put there or taken off, nobody knows.
                    for list in list.into_iter().chain(List::parse(line.word(2))) {
                        user.list_mut(list).forget();
                    }
                    return;
                }
                if request.names_group() {
                    self.change_groups(me, line);
                    return;
                }
                self.change_list(me, line, request.index);
                if line.verb == Verb::Add {
                    let contact = self.users.intern(line.word(4));
                    let name = decode_name(line.word(5));
                    self.users.get_mut(contact).add_nickname(&name);
                }
            }
            _ => {}
        }
    }

    /// An ADD into a group or a REM out of one that the server has carried out. Whether there is such
    /// a group, and whether it was the contact's last (OUTOF-2), nobody keeps in mind here.
    fn change_groups(&mut self, me: UserId, line: &Line<'_>) {
        let contact = self.users.intern(line.word(4));
        let Some(list) = List::parse(line.word(2)) else {
            return;
        };
        let fact = self.users.get_mut(me).list_mut(list);
        let is_there = matches!(fact.membership(contact), Membership::On(_));
        if line.verb == Verb::Rem || !is_there {
            fact.doubt(contact);
        }
    }

    /// An ADD or REM that the server has carried out.
    pub(super) fn change_list(&mut self, me: UserId, line: &Line<'_>, request: usize) {
        let (index, is_on) = (self.index, line.verb == Verb::Add);
        let Some(list) = List::parse(line.word(2)) else {
            return;
        };
        let contact = self.users.intern(line.word(4));
        let user = self.users.get_mut(me);
        // An entry that should have been refused may be dropped again.
        let is_on_it = |list| matches!(user.list(list).membership(contact), Membership::On(_));
        let is_opposed = rules::opposite(list).is_some_and(is_on_it);
        if is_on && (is_opposed || !is_handle(line.word(4))) {
            user.list_mut(list).forget();
            return;
        }
        user.list_mut(list).set(contact, is_on, request, index);
        if list == List::Forward {
            if is_on {
                user.unwatched.remove(&contact);
            } else {
                user.unwatched.insert(contact);
                user.list_mut(List::Allow).unprove(contact);
                user.list_mut(List::Block).unprove(contact);
            }
        }
        if list == List::Forward {
            let adders = &mut self.users.get_mut(contact).adders;
            if is_on {
                adders.insert(me);
            } else {
                adders.remove(&me);
            }
        }
    }

    fn learn_item(&mut self, me: UserId, request: &mut Request, line: &Line<'_>) {
        if line.count() > 6 {
            let contact = self.users.intern(line.word(6));
            let name = decode_name(line.word(7));
            self.users.get_mut(contact).add_nickname(&name);
            request.progress.members.push(contact);
        }
        let Some(list) = List::parse(line.word(2)) else {
            return;
        };
        if !super::ends_list(line) {
            return;
        }
        let index = self.index;
        let user = self.users.get_mut(me);
        let is_unchanged = serial(line).is_some_and(|serial| serial <= user.serial_before);
        let fact = user.list_mut(list);
        if request.progress.is_garbled {
            fact.forget();
            return;
        }
        let members = &request.progress.members;
        fact.learn(members, request.index, index, is_unchanged);
        if list == List::Forward {
            for contact in &request.progress.members {
                self.users.get_mut(*contact).adders.insert(me);
            }
        }
    }
}

/// Whether a line stands at the beginning of a connection; the response to a challenge that was
/// not seen does not.
fn begins(asked: &Asked<'_>) -> bool {
    let is_response = asked.line.count() == 5 && asked.line.word(3) == b"S";
    match asked.verb {
        Verb::Ver | Verb::Inf | Verb::Ans => true,
        Verb::Usr => !is_response,
        _ => false,
    }
}

/// GTC or BLP, in answer to itself or in a batch.
fn learn_setting(user: &mut User, request: &Request, line: &Line<'_>, index: usize) {
    let Some(setting) = Setting::of(line.verb) else {
        return;
    };
    let is_change = request.verb != Verb::Syn;
    let fact = user.setting_mut(setting);
    if is_change {
        fact.settled();
    }
    // Where a value that does not exist is taken, nobody knows what is set now.
    let value = setting.parse(line.word(3));
    match value.filter(|_| !is_other_value(request, line)) {
        Some(value) => fact.learn(value, request.index, index, is_change),
        None => fact.forget(),
    }
}

/// An error in answer to GTC or BLP may say that the value is set already.
fn learn_refusal(user: &mut User, request: &Request, code: u16) {
    let Some(setting) = Setting::of(request.verb) else {
        return;
    };
    let fact = user.setting_mut(setting);
    fact.settled();
    let value = setting.parse(request.words().word(2));
    if let Some(same) = value.filter(|_| SettingRule::of(setting).refusal.has(code)) {
        fact.confirm(same);
    }
}

/// The answer to GTC or BLP names another value than was asked for: nobody knows which one is set.
fn is_other_value(request: &Request, line: &Line<'_>) -> bool {
    request.verb == line.verb && request.words().word(2) != line.word(3)
}

/// A command that nobody knows; the server may repeat it.
fn note_odd_verb(conn: &mut Conn, flaw: Flaw, asked: &Asked<'_>) {
    let word = asked.line.word(0);
    let is_foreign = conn.dialect.is_request(asked.verb);
    let is_odd = flaw == Flaw::Command && !is_foreign && !conn.has_sent_verb(word);
    if is_odd && conn.odd_verbs.len() < ODD {
        conn.odd_verbs.push(word.into());
    }
}
