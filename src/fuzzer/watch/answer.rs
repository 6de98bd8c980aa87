//! Which lines answer a command, and whether the model allows them.

use bytes::Bytes;
use smallvec::SmallVec;

use super::hear::{TrId, describe, is_error, is_fixed, is_line, is_trid};
use super::lines::{Answer, Words, cookie_of, key_of, row_of, verb};
use super::watcher::{Request, Watcher};
use crate::model::{After, Capture, Command, ConnId, Line, List, Names, Replies, Reply};
use crate::protocol::{
    self, ClauseId, Direction, Grammar, Param, Rung, ServerKind, TridRule, Verb, decode_name,
};
use crate::rules::{Truth, View};
use crate::transcript::{Party, What, escape};
use crate::wire::Frame;

impl<'t> Watcher<'t> {
    /// The frames of the server on this connection that answer a request.
    pub(super) fn answer(&self, request: &Request<'t>) -> Answer {
        let mut answer = Answer::new();
        let trid = TrId::of(request.trid);
        let is_under = |at: usize| self.keys.get(at).copied().flatten() == Some(trid);
        let mut asked = 0;
        for at in self.after(request) {
            let Some(entry) = self.transcript.entries().get(at) else {
                break;
            };
            match &entry.what {
                // What comes so late is no answer to this.
                What::Frame(Party::Client, _)
                    if asked >= if answer.is_empty() { 16 } else { 3 } =>
                {
                    break;
                }
                // Who knows what TrID a server reads in it.
                What::Raw(Party::Client, _) if !answer.is_empty() => break,
                What::Frame(Party::Client, frame)
                    if !answer.is_empty() && !is_sound(frame, self.words(at)) =>
                {
                    break;
                }
                What::Frame(Party::Client, _) => {
                    asked += 1;
                    if is_under(at) && !request.trid.is_empty() {
                        break;
                    }
                }
                What::Frame(Party::Server, frame) if self.claims.get(at) == Some(&0) => {
                    let is_it = match request.command {
                        Command::Png => self.bare_answer(self.words(at)).is_some(),
                        Command::Out => is_fixed(self.people.dialect(), Line::Out, self.words(at)),
                        _ => is_under(at),
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
            let words = self.words(at);
            let second = words.get(1).copied().unwrap_or_default();
            match self.transcript.entries().get(at).map(|entry| &entry.what) {
                Some(What::Frame(Party::Client, _)) => {
                    let asks = self.model.dialect().asks(Verb::parse(verb(words)));
                    let is_bare = asks.is_some_and(|row| row.message.trid == TridRule::Never);
                    asked.push(if is_bare { verb(words) } else { second });
                }
                Some(What::Frame(Party::Server, _)) => {
                    let key = match self.bare_answer(words) {
                        Some(asked) => asked.as_bytes(),
                        None if key_of(self.model.dialect(), words).is_none() => continue,
                        None => second,
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
    pub(super) fn is_end(&self, request: &Request<'t>) -> bool {
        let Some(end) = self.links.get(request.link).and_then(|link| link.end) else {
            return false;
        };
        let mut between = self.after(request).take_while(|at| *at < end);
        let is_other = |at: usize| match self.transcript.entries().get(at).map(|entry| &entry.what)
        {
            Some(What::Frame(Party::Client, _) | What::Raw(Party::Client, _)) => true,
            Some(What::Frame(Party::Server, _)) => {
                is_fixed(self.people.dialect(), Line::OutOth, self.words(at))
            }
            _ => false,
        };
        end > request.at && !between.any(is_other)
    }

    /// Whether the last that the server said on this connection before the request was an error.
    fn is_after_error(&self, request: &Request<'t>) -> bool {
        let entries = self.links.get(request.link).map(|link| &link.entries[..]);
        let entries = entries.unwrap_or_default().iter().rev();
        let mut before = entries.filter(|at| **at < request.at);
        let last = before.find_map(|at| match &self.transcript.entries().get(*at)?.what {
            What::Frame(Party::Server, _) => Some(is_error(self.words(*at))),
            _ => None,
        });
        last.unwrap_or_default()
    }

    /// Whether the server ended the connection later, and answered nothing in between.
    fn may_be_over(&self, request: &Request<'t>) -> bool {
        let end = self.links.get(request.link).and_then(|link| link.end);
        end.is_some_and(|end| end > request.at) && !self.is_outlived(request)
    }

    /// The clause that says when such a line comes.
    pub(super) fn unasked(&self, conn: ConnId, words: Words<'_>) -> ClauseId {
        let whom = words.iter().find_map(|word| self.people.user(word));
        let pair = self.model.user_of(conn).zip(whom);
        let is_off = |(user, whom)| self.model.is_on(user, List::Forward, whom) == Truth::No;
        let is_stranger = pair.is_some_and(is_off);
        match self.model.dialect().line_of(verb(words)) {
            Some(row) if row.rung == Some(Rung::Presence) && is_stranger => ClauseId::PRES_5,
            // A number of a contact.
            Some(row) if row.message.has(Param::Key) => match pair {
                None => ClauseId::BPR_1,
                Some(_) if is_stranger => ClauseId::BPR_5,
                Some((user, whom)) => match self.model.is_on(whom, List::Block, user) {
                    Truth::Yes => ClauseId::BPR_4,
                    Truth::No | Truth::Maybe => ClauseId::BPR_2,
                },
            },
            Some(row) => row.clause_of_stray(),
            None => ClauseId::REPLY_4,
        }
    }

    pub(super) fn judge(&mut self, request: &Request<'t>, replies: &Replies, answer: &Answer) {
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
                self.note(request, answer, reply.is_silence());
                self.take(request, reply, answer, is_end);
                return;
            }
            self.people.unbind(mark);
        }
        let Some(best) = self.nearest(replies, answer) else {
            return;
        };
        if self.is_outrun(request) {
            self.claim(request, answer);
            self.model.distrust(request.conn);
            return;
        }
        let may_be_late = request.is_plain && answer.is_empty() && is_end;
        if may_be_late && self.is_after_error(request) {
            // The end belongs to the error: the request came too late for it.
            self.distrust(request.at, request.link, request.conn, b"");
            return;
        }
        let is_over = is_end || self.is_outlived(request);
        if !request.is_plain || (!is_over && self.is_begun(request, replies, answer)) {
            self.claim(request, answer);
            let command = Command::Hostile;
            self.note(
                &Request {
                    command,
                    ..*request
                },
                answer,
                false,
            );
            let line = self.frame(request.at).map(|frame| frame.line.clone());
            let line = line.unwrap_or_default();
            self.distrust(request.at, request.link, request.conn, &line);
            return;
        }
        self.note(request, answer, false);
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

    /// The way to answer that an answer comes nearest to: an error is a wrong code where some error is
    /// right.
    fn nearest<'r>(&self, replies: &'r Replies, answer: &Answer) -> Option<&'r Reply> {
        let is_error = answer.first().is_some_and(|at| is_error(self.words(*at)));
        let refuses = |reply: &&Reply| {
            let first = reply.lines.first();
            matches!(first, Some(Line::Error(_) | Line::AnyError | Line::Refused))
        };
        let refusal = replies.iter().find(refuses).filter(|_| is_error);
        refusal.or(replies.first())
    }

    /// Whether the same cookie let somebody in on another connection while this request was under
    /// way: which of the two was the first is the server's to say.
    fn is_outrun(&self, request: &Request<'t>) -> bool {
        let Some(cookie) = self.presented(self.words(request.at)) else {
            return false;
        };
        let others = self.links.iter().enumerate();
        let mut rivals = others.filter(|(place, link)| {
            *place != request.link && link.entered.is_some_and(|entered| entered > request.at)
        });
        rivals.any(|(_, link)| {
            let mut entries = link.entries.iter();
            entries.any(|at| self.presented(self.words(*at)) == Some(cookie))
        })
    }

    /// Whether a line may come late, and tell what was so before.
    pub(super) fn is_late(&self, at: usize, place: usize) -> bool {
        self.is_of_who_left(at) || self.is_late_receipt(at, place)
    }

    /// Whether a line shows a contact whose connection the script has ended before: the server may
    /// not have noticed when it answered.
    fn is_of_who_left(&self, at: usize) -> bool {
        let words = self.words(at);
        let row = row_of(self.model.dialect(), words).filter(|row| row.is_initial_state());
        let place = row.and_then(|row| row.place_of(Param::Handle));
        let Some(handle) = place.and_then(|place| words.get(place)) else {
            return false;
        };
        let before = self.transcript.entries().get(..at).unwrap_or_default();
        let mut ends = before.iter().filter(|entry| {
            matches!(
                entry.what,
                What::Closed(Party::Client) | What::Reset(Party::Client)
            )
        });
        ends.any(|entry| {
            let link = self.links.get(entry.conn.0);
            let entered = link.and_then(|link| link.entered);
            let who = entered.and_then(|entered| self.words(entered).get(3));
            who.is_some_and(|who| who.eq_ignore_ascii_case(handle))
        })
    }

    /// Whether a receipt belongs to a message that was sent long before: more was sent meanwhile.
    fn is_late_receipt(&self, at: usize, place: usize) -> bool {
        let words = self.words(at);
        // A message need not have a receipt.
        let dialect = self.model.dialect();
        let may_want = |asked: &&Verb| {
            let row = dialect.asks(**asked);
            row.is_some_and(|row| row.answer == protocol::Answer::Nothing)
        };
        let asked = row_of(dialect, words).and_then(|row| row.answers.iter().find(may_want));
        let (Some(asked), Some(trid)) = (asked, words.get(1)) else {
            return false;
        };
        let entries = self.links.get(place).map(|link| &link.entries[..]);
        let before = entries.unwrap_or_default().iter();
        let mut before = before.take_while(|it| **it < at);
        before.any(|it| {
            let words = self.words(*it);
            verb(words) == asked.as_bytes() && words.get(1) == Some(trid)
        })
    }

    /// Whether an answer is the beginning of one that is allowed, of which no more was seen.
    fn is_begun(&mut self, request: &Request<'t>, replies: &Replies, answer: &Answer) -> bool {
        replies.iter().any(|reply| {
            let mark = self.people.mark();
            let fits = self.fit(request, reply, answer).is_some();
            self.people.unbind(mark);
            fits
        })
    }

    /// How far an answer is this reply: line by line, but for those that need not come. `None` where
    /// it is none.
    fn fit(&mut self, request: &Request<'t>, reply: &Reply, answer: &Answer) -> Option<Fit> {
        let mut lines = reply.lines.iter();
        for at in answer {
            let words = self.lines.words(*at);
            loop {
                let line = lines.next()?;
                let is_it = is_line(&mut self.people, *line, words, request.trid);
                if is_it && (!matches!(line, Line::Group(..)) || self.is_group(request, words)) {
                    break;
                }
                if !line.is_optional() {
                    return None;
                }
            }
        }
        let is_whole = lines.all(|line| line.is_optional());
        Some(if is_whole { Fit::Whole } else { Fit::Begun })
    }

    /// Whether a line names a group that the user has, under the name that it was given.
    fn is_group(&self, request: &Request<'_>, words: Words<'_>) -> bool {
        let Some(user) = self.model.user_of(request.conn) else {
            return true;
        };
        let (number, name) = (words.get(5).copied(), words.get(6).copied());
        let mut groups = self.model.groups(user);
        groups.any(|group| match self.model.label(user, group) {
            None => number == Some(b"0"),
            Some(label) => {
                let is_own = |known: &[u8]| number == Some(known);
                let known = self.people.value(Capture::Group(user, group));
                let label = decode_name(label.text().as_bytes());
                known.is_none_or(is_own) && name.is_some_and(|name| decode_name(name) == label)
            }
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
        let is_answered = self.fit(request, reply, answer) == Some(Fit::Whole);
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
            if let Some(cookie) = cookie_of(self.model.dialect(), self.words(*at)) {
                self.people.note_cookie(cookie);
            }
        }
        let (conn, command) = (request.conn, request.command);
        let sights = self.model.settle(conn, command, reply, after);
        let since = answer.last().copied().unwrap_or(request.at);
        self.expect(request.at, conn, &sights, since, request.trid);
    }

    /// The request that a line of the server answers without a TrID.
    fn bare_answer(&self, words: Words<'_>) -> Option<Verb> {
        let row = row_of(self.model.dialect(), words);
        let row = row.filter(|row| row.trid == TridRule::Never)?;
        row.answers.first().copied()
    }

    /// The cookie with which a client asks to be let in.
    fn presented(&self, words: Words<'t>) -> Option<&'t [u8]> {
        let rows = self.model.dialect().rows_of(Verb::parse(verb(words)));
        let mut ways = rows
            .iter()
            .filter(|row| row.direction == Direction::ToServer && row.has(Param::Cookie));
        ways.find_map(|row| {
            let word = |param| words.get(row.place_of(param)?).copied();
            word(Param::Handle).filter(|handle| Param::Handle.fits(handle))?;
            word(Param::Cookie)
        })
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
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Begun,
    Whole,
}

/// Whether a request has a number for its TrID, and a payload of the length that it says.
fn is_sound(frame: &Frame, words: Words<'_>) -> bool {
    let trid = words.get(1).copied().unwrap_or_default();
    let grammar = Grammar::new(ServerKind::Switchboard, Direction::ToServer);
    let payload = frame.payload.as_ref().map(Bytes::len);
    let is_whole = payload.is_none() || grammar.is_bounded(&frame.line, payload);
    is_whole && trid.len() <= 10 && trid.iter().all(u8::is_ascii_digit)
}
