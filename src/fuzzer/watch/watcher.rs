//! Goes through a transcript with a model at hand.

use std::time::Duration;

use smallvec::SmallVec;

use super::hear::{describe, is_error, is_line, is_trid};
use super::people::People;
use super::translate::{Said, translate};
use super::{MODEL, Sight as Scope, Watched};
use crate::model::{
    After, Command, ConnId as Conn, Door, Fitness, Line, Model, Phase, Replies, Reply, Sights,
    Target, Truth,
};
use crate::oracle::Finding;
use crate::run::Outcome;
use crate::spec::ClauseId;
use crate::transcript::{ConnId, Entry, Party, Transcript, What, escape};
use crate::wire::Frame;

/// A server may close a connection that has said nothing for so long.
const IDLE: Duration = Duration::from_secs(20);

/// A line that was caused and has not come yet.
#[derive(Debug, Clone, Copy)]
struct Pending<'t> {
    line: Line,
    is_due: bool,
    clause: ClauseId,
    trid: &'t [u8],
    /// The entry that shows that it was caused.
    since: usize,
}

/// A connection.
#[derive(Debug, Default)]
struct Link<'t> {
    conn: Option<Conn>,
    /// Its entries, by place in the transcript.
    entries: Vec<usize>,
    /// The server ended it here.
    end: Option<usize>,
    /// USR or ANS was answered with OK here.
    entered: Option<usize>,
    pool: Vec<Pending<'t>>,
    /// Since this entry any line may come.
    open_since: Option<usize>,
    last: Duration,
}

/// A command that is being judged.
#[derive(Clone, Copy)]
struct Request<'t> {
    at: usize,
    link: usize,
    conn: Conn,
    command: Command,
    trid: &'t [u8],
    is_plain: bool,
}

/// Goes through a transcript with a model at hand.
pub(super) struct Watcher<'t> {
    transcript: &'t Transcript,
    scope: Scope,
    begins: usize,
    people: People<'t>,
    model: Model,
    links: Vec<Link<'t>>,
    /// The link of each connection of the model.
    of_model: Vec<usize>,
    /// By entry: the request that it answers, counted from 1.
    claims: Vec<u32>,
    watched: Watched,
    finding: Option<Finding>,
    is_mute: bool,
}

/// The frames of an answer, by place in the transcript.
type Answer = SmallVec<[usize; 8]>;

impl<'t> Watcher<'t> {
    pub(super) fn new(outcome: &'t Outcome, scope: Scope) -> Self {
        let transcript = &outcome.transcript;
        let mut people = People::new(&outcome.accounts);
        let target = Target {
            extras: true,
            refers: Truth::Maybe,
        };
        let mut model = Model::new(people.count(), target);
        if scope == Scope::Partial {
            model.forget_lists();
        }
        let mut links: Vec<Link<'t>> = Vec::new();
        links.resize_with(transcript.connections().len(), Link::default);
        for (at, entry) in transcript.entries().iter().enumerate() {
            let Some(link) = links.get_mut(entry.conn.0) else {
                continue;
            };
            link.entries.push(at);
            match &entry.what {
                What::Closed(Party::Server) | What::Reset(Party::Server) => link.end = Some(at),
                What::Frame(Party::Server, frame) if frame.line.len() > 6 => {
                    let mut words = frame.words();
                    let is_entry = matches!(words.next(), Some(b"USR" | b"ANS"));
                    if is_entry && words.nth(1) == Some(b"OK") {
                        link.entered = Some(at);
                        if let (Some(handle), Some(name)) = (words.next(), words.next()) {
                            people.meet(handle, name);
                        }
                    }
                }
                _ => {}
            }
        }
        Self {
            transcript,
            scope,
            begins: outcome.prepared,
            people,
            model,
            links,
            of_model: Vec::new(),
            claims: vec![0; transcript.entries().len()],
            watched: Watched::default(),
            finding: None,
            is_mute: false,
        }
    }

    /// What came of it, and the first thing that the model does not allow.
    pub(super) fn run(mut self) -> (Watched, Option<Finding>) {
        let transcript = self.transcript;
        for (at, entry) in transcript.entries().iter().enumerate() {
            if self.is_mute {
                self.count_unwatched(at, entry);
            } else {
                self.entry(at, entry);
            }
        }
        (self.watched, self.finding)
    }

    fn count_unwatched(&mut self, at: usize, entry: &Entry) {
        match entry.what {
            _ if at < self.begins => {}
            What::Frame(Party::Server, _) => self.watched.lines += 1,
            What::Frame(Party::Client, _) | What::Raw(Party::Client, _) => {
                self.watched.unclear += 1;
            }
            _ => {}
        }
    }

    fn entry(&mut self, at: usize, entry: &'t Entry) {
        let place = entry.conn.0;
        if let What::Opened(_) = entry.what {
            self.opened(entry);
            return;
        }
        let Some(conn) = self.links.get(place).and_then(|link| link.conn) else {
            return;
        };
        match &entry.what {
            What::Opened(_) => {}
            What::Frame(Party::Client, frame) => self.said(at, place, conn, frame),
            What::Raw(Party::Client, bytes) => {
                self.count(at, Fitness::Wild);
                self.distrust(at, place, conn, bytes);
            }
            What::Closed(Party::Client) | What::Reset(Party::Client) => {
                let sights = self.model.close(conn);
                self.expect(at, conn, &sights, at, b"");
            }
            What::Frame(Party::Server, frame) => self.heard(at, place, conn, frame),
            What::Raw(Party::Server, _) => self.is_mute = true,
            What::Closed(Party::Server) | What::Reset(Party::Server) => {
                self.ended(at, place, conn, entry.at);
            }
        }
        if let Some(link) = self.links.get_mut(place) {
            link.last = entry.at;
        }
    }

    fn opened(&mut self, entry: &Entry) {
        let Some(kind) = self.transcript.connection(entry.conn).map(|c| c.kind) else {
            return;
        };
        let conn = self.model.open(kind);
        self.of_model.push(entry.conn.0);
        if let Some(link) = self.links.get_mut(entry.conn.0) {
            (link.conn, link.last) = (Some(conn), entry.at);
        }
    }

    fn count(&mut self, at: usize, fitness: Fitness) {
        if at >= self.begins {
            match fitness {
                Fitness::Wild => self.watched.impossible += 1,
                Fitness::Fitting | Fitness::Refused => self.watched.possible += 1,
            }
        }
    }

    /// Bytes of which nobody can say what they are to the server. Without a login, an entry or a
    /// cookie behind them they concern their connection alone.
    fn distrust(&mut self, at: usize, place: usize, conn: Conn, bytes: &[u8]) {
        if self.model.phase(conn) == Phase::Closed {
            return;
        }
        if self.model.user_of(conn).is_some() {
            self.lose_sight(at, conn, Command::Hostile);
            return;
        }
        let link = self.links.get(place);
        let is_entered = link.is_some_and(|link| link.entered.is_some_and(|then| then > at));
        let is_key = self.model.door(conn) == Some(Door::Switchboard)
            && (is_entered || self.people.hold_cookie(bytes));
        if is_key {
            self.lose_sight(at, conn, Command::Hostile);
        } else if is_entered {
            self.is_mute = true;
        } else {
            self.model.distrust(conn);
        }
    }

    fn lose_sight(&mut self, at: usize, conn: Conn, command: Command) {
        let sights = self.model.step(conn, command).sights;
        self.expect(at, conn, &sights, usize::MAX, b"");
    }

    fn said(&mut self, at: usize, place: usize, conn: Conn, frame: &'t Frame) {
        if self.model.phase(conn) == Phase::Closed {
            return;
        }
        let words = frame.words().collect();
        let said = translate(frame, &words, &mut self.people, &self.model, conn);
        let is_clear = self.model.phase(conn) != Phase::Unclear;
        let (command, is_plain) = match said {
            Said::Plainly(command) if is_clear => (command, true),
            Said::Perhaps(command) if is_clear => (command, false),
            _ if is_clear => {
                self.count(at, Fitness::Wild);
                self.distrust(at, place, conn, &frame.line);
                return;
            }
            _ => {
                self.watched.unclear += u64::from(at >= self.begins);
                self.distrust(at, place, conn, &frame.line);
                return;
            }
        };
        let mut request = Request {
            at,
            link: place,
            conn,
            command,
            trid: words.get(1).copied().unwrap_or_default(),
            is_plain,
        };
        let answer = self.answer(&request);
        let first = answer.first().and_then(|first| self.frame(*first));
        let third = first.and_then(|frame| frame.words().nth(2));
        match request.command {
            Command::UsrS { .. } if third == Some(b"OK") => {
                request.command = Command::UsrS { right: true };
            }
            Command::Ver(_) if third.is_some_and(is_other_dialect) => {
                self.is_mute = true;
                return;
            }
            _ => {}
        }
        let replies = self.model.replies(conn, request.command);
        self.count(at, Model::fitness_of(&replies));
        self.judge(&request, &replies, &answer);
    }

    fn frame(&self, at: usize) -> Option<&'t Frame> {
        match &self.transcript.entries().get(at)?.what {
            What::Frame(_, frame) => Some(frame),
            _ => None,
        }
    }

    /// The frames of the server on this connection that answer a request.
    fn answer(&self, request: &Request<'t>) -> Answer {
        let mut answer = Answer::new();
        for at in self.after(request) {
            let Some(entry) = self.transcript.entries().get(at) else {
                break;
            };
            match &entry.what {
                What::Frame(Party::Client, frame) => {
                    let again = frame.words().nth(1);
                    if again.is_some_and(|again| is_trid(again, request.trid))
                        && !request.trid.is_empty()
                    {
                        break;
                    }
                }
                What::Frame(Party::Server, frame) if self.claims.get(at) == Some(&0) => {
                    let is_it = match request.command {
                        Command::Png => frame.verb() == b"QNG",
                        Command::Out => &frame.line[..] == b"OUT",
                        _ => answers(frame, request),
                    };
                    if is_it {
                        answer.push(at);
                    }
                    if is_it && matches!(request.command, Command::Png | Command::Out) {
                        break;
                    }
                }
                _ => {}
            }
        }
        answer
    }

    /// The entries of a request's connection behind it.
    fn after(&self, request: &Request<'_>) -> impl Iterator<Item = usize> + use<'_, 't> {
        let entries = self.links.get(request.link).map(|link| &link.entries[..]);
        let entries = entries.unwrap_or_default();
        let from = entries.partition_point(|at| *at <= request.at);
        entries.iter().skip(from).copied()
    }

    /// Whether something that was asked for later on the same connection was answered.
    fn is_outlived(&self, request: &Request<'t>) -> bool {
        let mut asked: SmallVec<[&[u8]; 8]> = SmallVec::new();
        for at in self.after(request) {
            match self.transcript.entries().get(at).map(|entry| &entry.what) {
                Some(What::Frame(Party::Client, frame)) => {
                    asked.push(match frame.verb() {
                        b"PNG" => b"PNG",
                        _ => frame.words().nth(1).unwrap_or_default(),
                    });
                }
                Some(What::Frame(Party::Server, frame)) => {
                    let key = match frame.verb() {
                        b"QNG" => &b"PNG"[..],
                        b"NLN" | b"FLN" | b"RNG" | b"JOI" | b"BYE" | b"MSG" | b"OUT" => continue,
                        _ => frame.words().nth(1).unwrap_or_default(),
                    };
                    if !key.is_empty() && !is_trid(key, request.trid) && asked.contains(&key) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Whether the server ended the connection before another request on it was sent or answered.
    fn is_end(&self, request: &Request<'t>) -> bool {
        let Some(end) = self.links.get(request.link).and_then(|link| link.end) else {
            return false;
        };
        let mut between = self.after(request).take_while(|at| *at < end);
        let is_other = |at: usize| match self.transcript.entries().get(at).map(|entry| &entry.what) {
            Some(What::Frame(Party::Client, _) | What::Raw(Party::Client, _)) => true,
            Some(What::Frame(Party::Server, frame)) => &frame.line[..] == b"OUT OTH",
            _ => false,
        };
        end > request.at && !between.any(is_other)
    }

    /// Whether the server ended the connection later, and answered nothing in between.
    fn may_be_over(&self, request: &Request<'t>) -> bool {
        let end = self.links.get(request.link).and_then(|link| link.end);
        end.is_some_and(|end| end > request.at) && !self.is_outlived(request)
    }

    fn judge(&mut self, request: &Request<'t>, replies: &Replies, answer: &Answer) {
        let is_end = self.is_end(request);
        let may_close = |reply: &Reply| reply.after != After::Stays;
        let is_open = answer.is_empty()
            && !is_end
            && replies.iter().any(may_close)
            && self.may_be_over(request);
        let is_taken = !is_open && (request.is_plain || !answer.is_empty());
        for reply in replies.iter().filter(|_| is_taken) {
            let mark = self.people.mark();
            if self.is_reply(request, reply, answer, is_end) {
                self.take(request, reply, answer, is_end);
                return;
            }
            self.people.unbind(mark);
        }
        let Some(best) = replies.first() else {
            return;
        };
        let is_over = is_end || self.is_outlived(request);
        if !request.is_plain || (!is_over && self.is_begun(request, replies, answer)) {
            self.claim(request, answer);
            let line = self.frame(request.at).map(|frame| frame.line.clone());
            let line = line.unwrap_or_default();
            self.distrust(request.at, request.link, request.conn, &line);
            return;
        }
        let got = match answer.first().and_then(|first| self.frame(*first)) {
            Some(frame) => escape(&frame.line),
            None if is_end => "closed".to_owned(),
            None => "nothing".to_owned(),
        };
        let at = answer.first().copied();
        let end = self.links.get(request.link).and_then(|link| link.end);
        let at = at.or(end.filter(|_| is_end)).unwrap_or(request.at);
        let expected = self.told(replies, request.trid);
        let name = request.command.name();
        let message = format!("the state does not allow this answer to {name}");
        self.accuse(at, request.link, best.clause, message, expected, got);
    }

    /// Whether an answer is the beginning of one that is allowed, of which no more was seen.
    fn is_begun(&mut self, request: &Request<'t>, replies: &Replies, answer: &Answer) -> bool {
        replies.iter().any(|reply| {
            let mark = self.people.mark();
            let fits = answer.len() <= reply.lines.len() && self.fit(request, reply, answer);
            self.people.unbind(mark);
            fits
        })
    }

    fn fit(&mut self, request: &Request<'t>, reply: &Reply, answer: &Answer) -> bool {
        let mut pairs = reply.lines.iter().zip(answer);
        pairs.all(|(line, at)| {
            self.frame(*at)
                .is_some_and(|frame| is_line(&mut self.people, *line, frame, request.trid))
        })
    }

    fn is_reply(
        &mut self,
        request: &Request<'t>,
        reply: &Reply,
        answer: &Answer,
        is_end: bool,
    ) -> bool {
        if reply.anything {
            return true;
        }
        if reply.lines[..] == [Line::Refused] && answer.is_empty() {
            return is_end;
        }
        let is_answered = reply.lines.len() == answer.len() && self.fit(request, reply, answer);
        let is_silent = reply.lines.is_empty() && reply.after == After::Stays;
        match reply.after {
            After::Closes => is_answered && (is_end || !self.is_outlived(request)),
            After::Stays | After::Unsure => is_answered && !(is_silent && is_end),
        }
    }

    fn claim(&mut self, request: &Request<'_>, answer: &Answer) {
        for at in answer {
            if let Some(claim) = self.claims.get_mut(*at) {
                *claim = u32::try_from(request.at + 1).unwrap_or(u32::MAX);
            }
        }
    }

    fn take(&mut self, request: &Request<'t>, reply: &Reply, answer: &Answer, is_end: bool) {
        self.claim(request, answer);
        let after = match reply.after {
            After::Closes => After::Closes,
            _ if is_end && (reply.anything || reply.after == After::Unsure) => After::Closes,
            After::Unsure if self.may_be_over(request) => After::Unsure,
            After::Stays | After::Unsure => After::Stays,
        };
        for at in answer {
            if let Some(cookie) = self.frame(*at).and_then(cookie_of) {
                self.people.note_cookie(cookie);
            }
        }
        let (conn, command) = (request.conn, request.command);
        let sights = self.model.settle(conn, command, reply, after);
        let since = answer.last().copied().unwrap_or(request.at);
        self.expect(request.at, conn, &sights, since, request.trid);
    }

    /// What a command has caused may come from now on.
    fn expect(&mut self, at: usize, cause: Conn, sights: &Sights, since: usize, trid: &'t [u8]) {
        for sight in &sights.list {
            let link = self.of_model.get(sight.conn.index()).copied();
            if let Some(link) = link.and_then(|link| self.links.get_mut(link)) {
                link.pool.push(Pending {
                    line: sight.line,
                    is_due: sight.duty == crate::model::Duty::Must && !sights.is_open,
                    clause: sight.clause,
                    trid,
                    since,
                });
            }
        }
        // Nobody else hears of a connection that never was anybody's.
        let is_anybody = self.model.user_of(cause).is_some()
            || self.model.door(cause) == Some(Door::Switchboard);
        if sights.is_open && is_anybody {
            for link in &mut self.links {
                link.open_since = Some(since.max(at));
            }
        }
    }

    fn heard(&mut self, at: usize, place: usize, conn: Conn, frame: &'t Frame) {
        let is_counted = at >= self.begins;
        self.watched.lines += u64::from(is_counted);
        let claim = self.claims.get(at).copied().unwrap_or_default();
        if claim > 0 {
            self.watched.judged += u64::from(is_counted && !self.is_unclear(conn));
            self.reach(at, place, claim as usize - 1);
            return;
        }
        if let Some(cookie) = cookie_of(frame) {
            self.people.note_cookie(cookie);
        }
        let is_board = self.model.door(conn) == Some(Door::Switchboard);
        let is_hotmail = !is_board && frame.verb() == b"MSG";
        if self.is_pending(place, frame) || is_hotmail {
            self.watched.judged += u64::from(is_counted);
            return;
        }
        let phase = self.model.phase(conn);
        let is_open = self.links.get(place).is_some_and(|l| l.open_since.is_some());
        let is_silent = is_open || matches!(phase, Phase::Unclear | Phase::Closed);
        if is_silent || self.is_about_others(frame) {
            return;
        }
        let clause = unasked(frame);
        let message = format!("nothing asked for {}", escape(frame.verb()));
        let got = escape(&frame.line);
        self.accuse(at, place, clause, message, "nothing".to_owned(), got);
    }

    fn is_unclear(&self, conn: Conn) -> bool {
        self.model.phase(conn) == Phase::Unclear
    }

    /// Whether a line is one that was caused; it comes once.
    fn is_pending(&mut self, place: usize, frame: &'t Frame) -> bool {
        let (Some(link), people) = (self.links.get_mut(place), &mut self.people) else {
            return false;
        };
        let mut best = None;
        for (index, pending) in link.pool.iter().enumerate() {
            let is_better = best.is_none() || pending.is_due;
            let mark = people.mark();
            if is_better && is_line(people, pending.line, frame, pending.trid) {
                best = Some(index);
                if pending.is_due {
                    break;
                }
                people.unbind(mark);
            }
        }
        let Some(pending) = best.map(|index| link.pool.remove(index)) else {
            return false;
        };
        is_line(people, pending.line, frame, pending.trid)
    }

    /// Whether a line concerns somebody who has no part in the case, or comes unasked by nature.
    fn is_about_others(&self, frame: &Frame) -> bool {
        if self.scope == Scope::Whole {
            return false;
        }
        let handle = frame.words().find(|word| word.contains(&b'@'));
        match frame.verb() {
            b"NLN" | b"FLN" | b"ILN" | b"JOI" | b"BYE" | b"RNG" | b"ADD" | b"REM" => {
                handle.is_none_or(|handle| self.people.user(handle).is_none())
            }
            _ => !is_error(frame),
        }
    }

    /// The answer to this request has come: what was caused before it must be there too.
    fn reach(&mut self, at: usize, place: usize, request: usize) {
        if self.scope == Scope::Partial {
            return;
        }
        let Some(link) = self.links.get_mut(place) else {
            return;
        };
        let late = link.pool.iter();
        let mut late = late.filter(|pending| pending.is_due && pending.since < request);
        let missing = late.next().copied();
        link.pool.retain(|pending| pending.since >= request);
        if link.open_since.is_some_and(|since| since < request) {
            link.open_since = None;
        }
        if let Some(pending) = missing {
            let expected = describe(&self.people, pending.line, pending.trid);
            let message = "a line that had to come did not".to_owned();
            self.accuse(at, place, pending.clause, message, expected, "nothing".to_owned());
        }
    }

    fn ended(&mut self, at: usize, place: usize, conn: Conn, now: Duration) {
        let phase = self.model.phase(conn);
        if phase == Phase::Closed {
            return;
        }
        let Some(link) = self.links.get(place) else {
            return;
        };
        let is_idle = now.saturating_sub(link.last) >= IDLE;
        let is_open = link.open_since.is_some();
        if phase != Phase::Unclear && !is_idle && !is_open && self.scope == Scope::Whole {
            let message = "nothing asked for the end of the connection".to_owned();
            let expected = "a connection that stays".to_owned();
            self.accuse(at, place, ClauseId::REPLY_4, message, expected, "closed".to_owned());
            return;
        }
        let sights = self.model.close(conn);
        self.expect(at, conn, &sights, at, b"");
    }

    fn told(&self, replies: &Replies, trid: &[u8]) -> String {
        let told = replies.iter().map(|reply| match &reply.lines[..] {
            [] if reply.after == After::Closes => "closed".to_owned(),
            [] => "nothing".to_owned(),
            [Line::Refused] => "an error or the end of the connection".to_owned(),
            lines => {
                let lines = lines.iter().map(|line| describe(&self.people, *line, trid));
                lines.collect::<Vec<_>>().join(", ")
            }
        });
        told.collect::<Vec<_>>().join(" | ")
    }

    fn accuse(
        &mut self,
        entry: usize,
        place: usize,
        clause: ClauseId,
        message: String,
        expected: String,
        got: String,
    ) {
        self.is_mute = true;
        self.finding = Some(Finding {
            clause,
            oracle: MODEL,
            entry,
            conn: ConnId(place),
            message,
            expected,
            got,
        });
    }
}

/// Whether a frame is an answer under the request's TrID.
fn answers(frame: &Frame, request: &Request<'_>) -> bool {
    let mut words = frame.words();
    let verb = words.next().unwrap_or_default();
    let trid = words.next().unwrap_or_default();
    if matches!(
        verb,
        b"ILN" | b"NLN" | b"FLN" | b"RNG" | b"JOI" | b"BYE" | b"MSG" | b"OUT" | b"QNG"
    ) || !is_trid(trid, request.trid)
    {
        return false;
    }
    // What others did carries TrID 0.
    let is_unasked = matches!(verb, b"ADD" | b"REM") && words.next() == Some(b"RL");
    trid != b"0" || !is_unasked
}

/// The cookie of a referral or an invitation.
fn cookie_of(frame: &Frame) -> Option<&[u8]> {
    match frame.verb() {
        b"XFR" => frame.words().nth(5),
        b"RNG" => frame.words().nth(4),
        _ => None,
    }
}

fn is_other_dialect(word: &[u8]) -> bool {
    word != b"MSNP2" && word.to_ascii_uppercase().starts_with(b"MSNP")
}

/// The clause that says when such a line comes.
fn unasked(frame: &Frame) -> ClauseId {
    match frame.verb() {
        b"ILN" => ClauseId::PRES_2,
        b"NLN" => ClauseId::PRES_5,
        b"FLN" => ClauseId::PRES_12,
        b"RNG" => ClauseId::RNG_3,
        b"JOI" => ClauseId::JOI_1,
        b"BYE" => ClauseId::BYE_1,
        b"MSG" => ClauseId::MSG_1,
        b"OUT" => ClauseId::OUT_3,
        b"ADD" => ClauseId::ADD_10,
        b"REM" => ClauseId::REM_7,
        _ => ClauseId::REPLY_4,
    }
}
