//! The connections of one script, shared between the executor and the script that it drives.
//!
//! The executor puts in what happened and takes out what is to be done; the script waits here.
//! Whatever a script waits for, it names a deadline, and all its waiting ends at the script's own.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;

use super::accusations::Course;
use super::effect::{may_change_lists, may_set_prompt};
use super::limit::{Allowance, Limit};
pub(crate) use super::link::{End, Late, Link};
use super::port::{Input, Output, Refusal};
use super::reflex::{Reflex, Reflexed};
use super::ticket_error::TicketError;
use super::trouble::shown;
use crate::diagnostic::{Source, Span};
use crate::oracle::Judge;
use crate::protocol::{ClauseId, ServerKind};
use crate::target::Residents;
use crate::transcript::{ConnId, ConnName, Mark, Party, Transcript, What};
use crate::wire::{DecodeError, Frame};

/// As much as most scripts record.
const USUAL_ENTRIES: usize = 384;
/// More connections than most scripts open.
const USUAL_LINKS: usize = 12;
/// The most that one script records.
const MAX_ENTRIES: usize = 100_000;
/// The most bytes of an unreadable stream that are kept for the transcript.
const MAX_RAW: usize = 256;

/// What executor and script share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) now: Duration,
    /// When the script must be woken.
    pub(super) wake_at: Option<Duration>,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) transcript: Transcript,
    /// Judges every line as it comes.
    pub(crate) judge: Judge,
    /// Where the script was when it came.
    pub(crate) course: Course,
    /// The server's process runs, as far as is known.
    pub(super) server_runs: bool,
    /// What the login server has given, until the script takes it.
    pub(super) ticket: Option<Result<String, TicketError>>,
    pub(crate) waited_for: Vec<(&'static str, Duration)>,
    /// When the whole script must be over.
    end: Duration,
    pub(crate) links: Vec<Link>,
    /// Rises with whatever the script does.
    pub(crate) acts: usize,
    /// After how many acts all connections were seen to be quiet.
    pub(crate) rested: usize,
    allowance: Allowance,
    entries_left: usize,
    pub(crate) halted: Option<Limit>,
    /// It is cut off, its clean-up too.
    is_cut: bool,
    /// Why the harness says what it says now, where no step asks for it.
    pub(crate) mark: Option<Mark>,
    /// What answers the server whatever the script is doing.
    pub(crate) reflex: Option<Box<dyn Reflex>>,
    /// The clauses that the script is about.
    pub(crate) about: Vec<ClauseId>,
    /// Who stands on everybody's lists for good.
    pub(crate) residents: Arc<Residents>,
    /// When something was last sent that may change lists or settings.
    pub(crate) changed_at: Option<Duration>,
}

impl Shared {
    /// Whether the reflex has taken a line.
    pub(crate) fn is_taken(&mut self, conn: ConnId, frame: &Frame) -> bool {
        let Some(reflex) = &mut self.reflex else {
            return false;
        };
        let answer = match reflex.take(frame) {
            Reflexed::No => return false,
            Reflexed::Taken => return true,
            Reflexed::Answer(answer) => answer,
        };
        // In the middle of a line it would be a part of that.
        if !self.links.get(conn.0).is_some_and(Link::at_line_start) {
            return true;
        }
        let bytes = answer.to_bytes();
        let before = self.mark.replace(Mark::Barrier);
        self.record(conn, What::Frame(Party::Client, answer));
        self.mark = before;
        self.outputs.push_back(Output::Send { conn, bytes });
        true
    }

    /// Takes in what happened.
    pub(crate) fn take_in(&mut self, now: Duration, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Opened(conn) => {
                if let Some(link) = self.links.get_mut(conn.0).filter(|link| link.end.is_none()) {
                    link.opened = true;
                    let address = link.address.clone();
                    self.record(conn, What::Opened(address));
                }
            }
            Input::OpenFailed(
                conn,
                Refusal {
                    limit: Some(limit), ..
                },
            ) => {
                self.ended(conn, End::Limit(limit));
            }
            Input::OpenFailed(conn, Refusal { reason, .. }) => {
                self.ended(conn, End::Unreachable(reason));
            }
            Input::Data(conn, bytes) => self.data(conn, bytes),
            Input::Closed(conn) => self.ended(conn, End::Closed),
            Input::Reset(conn) => self.ended(conn, End::Reset),
            Input::ServerStopped => self.server_runs = false,
            Input::ServerStarted => self.server_runs = true,
            Input::Ticket(given) => self.ticket = Some(given),
        }
    }

    pub(crate) fn record(&mut self, conn: ConnId, what: What) {
        if self.entries_left == 0 {
            self.halted.get_or_insert(Limit::Lines(MAX_ENTRIES));
            return;
        }
        self.entries_left -= 1;
        let is_ours = matches!(
            what,
            What::Frame(Party::Client, _) | What::Raw(Party::Client, _)
        );
        let mark = self.mark.filter(|_| is_ours);
        self.transcript.record_marked(self.now, conn, what, mark);
        if let Some(entry) = self.transcript.entries().last() {
            self.judge.entry(&self.transcript, entry);
        }
    }

    fn ended(&mut self, conn: ConnId, end: End) {
        if let Some(link) = self.links.get_mut(conn.0).filter(|link| link.end.is_some()) {
            link.left = true;
            return;
        }
        let Some(link) = self.links.get_mut(conn.0).filter(|link| link.end.is_none()) else {
            return;
        };
        let rest = Bytes::copy_from_slice(head(link.incoming.rest()));
        let waiting = link.incoming.waiting_line().map(Bytes::copy_from_slice);
        let what = match &end {
            End::Reset => Some(What::Reset(Party::Server)),
            // The server has done nothing.
            End::Limit(_) => None,
            _ => Some(What::Closed(Party::Server)),
        };
        link.end = Some(end);
        for left in waiting.into_iter().chain([rest]) {
            if !left.is_empty() {
                self.record(conn, What::Raw(Party::Server, left));
            }
        }
        if let Some(what) = what {
            self.record(conn, what);
        }
    }

    fn data(&mut self, conn: ConnId, bytes: Bytes) {
        let Some(link) = self.links.get_mut(conn.0).filter(|link| link.end.is_none()) else {
            return;
        };
        if let Err(limit) = self.allowance.take(bytes.len()) {
            self.halted.get_or_insert(limit);
            return;
        }
        link.incoming.push_shared(bytes.clone());
        while self.halted.is_none() {
            let Some(link) = self.links.get_mut(conn.0) else {
                return;
            };
            match link.incoming.next_frame() {
                Ok(Some(frame)) => {
                    if let Err(limit) = self.allowance.take_line() {
                        self.halted.get_or_insert(limit);
                        return;
                    }
                    link.told += 1;
                    self.record(conn, What::Frame(Party::Server, frame.clone()));
                    self.deliver(conn, frame);
                }
                Ok(None) => return,
                Err(error) => {
                    let raw = match &error {
                        DecodeError::LineTooLong { .. } => Bytes::copy_from_slice(head(&bytes)),
                        DecodeError::BadLength { line, .. }
                        | DecodeError::PayloadTooLong { line, .. } => line.clone(),
                    };
                    link.end = Some(End::Garbage(error));
                    self.record(conn, What::Raw(Party::Server, raw));
                    self.outputs.push_back(Output::Close(conn));
                    return;
                }
            }
        }
    }
}

impl Shared {
    /// Hands the line that came last to the script: as it should read, where the judge could tell
    /// and the script is not about just that.
    fn deliver(&mut self, conn: ConnId, frame: Frame) {
        let entry = self.transcript.entries().len().saturating_sub(1);
        let findings = self.judge.findings().iter().rev();
        let mut of_line = findings.take_while(|finding| finding.entry >= entry);
        let is_asked = of_line.any(|finding| self.about.contains(&finding.clause));
        if !is_asked && self.judge.is_of_another_dialect(entry) {
            return;
        }
        let mended = self.judge.mended(entry).filter(|_| !is_asked).cloned();
        let Some(link) = self.links.get_mut(conn.0) else {
            return;
        };
        if let Some(mended) = &mended {
            link.mended.push((shown(mended), entry));
        }
        let frame = mended.unwrap_or(frame);
        link.observe(&frame);
        if self.is_taken(conn, &frame) {
            return;
        }
        let Some(link) = self.links.get_mut(conn.0) else {
            return;
        };
        let grammar = link.grammar;
        link.sieve
            .pass(frame, grammar, &self.residents, &mut link.inbox);
    }
}

fn head(bytes: &[u8]) -> &[u8] {
    bytes.get(..MAX_RAW).unwrap_or(bytes)
}

/// The script's end of what is shared.
#[derive(Debug, Clone)]
pub(crate) struct Links(Arc<Mutex<Shared>>);

impl Links {
    /// No connection yet; the script may take until `end`.
    pub(crate) fn new(end: Duration) -> Self {
        Self(Arc::new(Mutex::new(Shared {
            now: Duration::ZERO,
            wake_at: None,
            outputs: VecDeque::new(),
            transcript: Transcript::with_capacity(USUAL_ENTRIES),
            judge: Judge::new(),
            course: Course::default(),
            server_runs: true,
            ticket: None,
            waited_for: Vec::new(),
            end,
            links: Vec::with_capacity(USUAL_LINKS),
            acts: 0,
            rested: 0,
            allowance: Allowance::default(),
            entries_left: MAX_ENTRIES,
            halted: None,
            is_cut: false,
            mark: None,
            about: Vec::new(),
            reflex: None,
            residents: Arc::default(),
            changed_at: None,
        })))
    }

    /// What is shared. Nobody holds it while waiting.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the script is here.
    pub(crate) fn mark(&self, source: &Arc<Source>, at: Span) {
        let mut shared = self.lock();
        let entry = shared.heard();
        shared.course.mark(entry, source, at);
    }

    /// From now on the harness says things for this reason; gives the one before.
    pub(crate) fn set_mark(&self, mark: Option<Mark>) -> Option<Mark> {
        std::mem::replace(&mut self.lock().mark, mark)
    }

    /// The present time.
    pub(crate) fn now(&self) -> Duration {
        self.lock().now
    }

    /// Ends the script as soon as may be, whatever it waits for: nobody will answer.
    pub(crate) fn cut_off(&self) {
        let mut shared = self.lock();
        shared.halted.get_or_insert(Limit::CutOff);
        shared.is_cut = true;
    }

    pub(crate) fn is_cut_off(&self) -> bool {
        self.lock().is_cut
    }

    /// Lets a script that was halted go on for its clean-up, for so long. One that is cut off stays so.
    pub(crate) fn grant(&self, time: Duration) {
        let mut shared = self.lock();
        if shared.is_cut {
            return;
        }
        shared.halted = None;
        shared.allowance = Allowance::default();
        shared.entries_left = MAX_ENTRIES;
        shared.end = shared.now + time;
    }

    /// Asks for a connection; `opened` tells what became of it.
    pub(crate) fn open(&self, name: ConnName, kind: ServerKind, address: &str) -> ConnId {
        let mut shared = self.lock();
        let conn = shared.transcript.connect(name, kind);
        shared.links.push(Link::new(kind, address.to_owned()));
        shared.act(conn);
        shared.outputs.push_back(Output::Open {
            conn,
            address: address.to_owned(),
        });
        conn
    }

    /// Sends `bytes`, cut into segments; `what` is recorded.
    pub(crate) fn send(
        &self,
        conn: ConnId,
        bytes: Bytes,
        segments: Option<usize>,
        what: impl IntoIterator<Item = What>,
    ) {
        let mut shared = self.lock();
        shared.allowance.asked(bytes.len());
        let dialect = shared.links.get(conn.0).map(|link| link.grammar.dialect);
        let dialect = dialect.unwrap_or_default();
        for entry in what {
            if may_set_prompt(&entry, dialect) {
                shared.forget_prompt(conn);
            }
            if may_change_lists(&entry, dialect) {
                shared.changed_at = Some(shared.now);
            }
            shared.record(conn, entry);
        }
        shared.act(conn);
        let Some(link) = shared
            .links
            .get_mut(conn.0)
            .filter(|link| link.end.is_none())
        else {
            return;
        };
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        link.asked += lines.max(1);
        link.read_along(bytes.clone());
        match segments {
            None => shared.outputs.push_back(Output::Send { conn, bytes }),
            Some(size) => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let bytes = rest.split_to(size.clamp(1, rest.len()));
                    shared.outputs.push_back(Output::Send { conn, bytes });
                }
            }
        }
    }

    /// Ends a connection from our side.
    pub(crate) fn close(&self, conn: ConnId, reset: bool) {
        let mut shared = self.lock();
        let heard = shared.heard();
        let Some(link) = shared
            .links
            .get_mut(conn.0)
            .filter(|link| link.end.is_none())
        else {
            return;
        };
        link.end = Some(End::Ours);
        link.end_at = heard;
        shared.act(conn);
        let (what, output) = if reset {
            (What::Reset(Party::Client), Output::Reset(conn))
        } else {
            (What::Closed(Party::Client), Output::Close(conn))
        };
        shared.record(conn, what);
        shared.outputs.push_back(output);
    }

    /// Ends all connections from our side.
    pub(crate) fn close_all(&self) {
        let count = self.lock().links.len();
        for conn in 0..count {
            self.close(ConnId(conn), false);
        }
    }

    /// Asks for something else to be done outside.
    pub(crate) fn output(&self, output: Output) {
        self.lock().outputs.push_back(output);
    }

    /// Looks at one connection.
    pub(crate) fn link<R>(&self, conn: ConnId, look: impl FnOnce(&mut Link) -> R) -> R {
        let mut shared = self.lock();
        let link = shared.links.get_mut(conn.0);
        look(link.expect("an id is made only by `open`, with its link"))
    }

    /// Waits until `ready` gives something. `what` names the wait where it was in vain.
    pub(crate) async fn until<R>(
        &self,
        deadline: Duration,
        what: &'static str,
        mut ready: impl FnMut(&mut Shared) -> Option<R>,
    ) -> Result<R, Late> {
        let mut since = None;
        poll_fn(|_| {
            let mut shared = self.lock();
            let since = *since.get_or_insert(shared.now);
            if let Some(limit) = shared.halted {
                return Poll::Ready(Err(Late::Halted(limit)));
            }
            if let Some(found) = ready(&mut shared) {
                shared.wake_at = None;
                return Poll::Ready(Ok(found));
            }
            let due = deadline.min(shared.end);
            if shared.now < due {
                shared.wake_at = Some(due);
                return Poll::Pending;
            }
            shared.wake_at = None;
            let spent = shared.now.saturating_sub(since);
            shared.waited(what, spent);
            if deadline <= shared.end {
                return Poll::Ready(Err(Late::Timeout));
            }
            let limit = Limit::Time(shared.end);
            shared.halted = Some(limit);
            Poll::Ready(Err(Late::Halted(limit)))
        })
        .await
    }

    /// Waits for the connection to be made.
    pub(crate) async fn opened(&self, conn: ConnId, deadline: Duration) -> Result<(), End> {
        let ready = |shared: &mut Shared| {
            let link = shared.links.get(conn.0)?;
            match &link.end {
                Some(end) => Some(Err(end.clone())),
                None => link.opened.then_some(Ok(())),
            }
        };
        match self.until(deadline, "connect", ready).await {
            Ok(result) => result,
            Err(Late::Timeout) => {
                self.close(conn, true);
                Err(End::Unreachable("no answer in time".into()))
            }
            Err(Late::Halted(limit)) => Err(End::Limit(limit)),
        }
    }

    /// The next line of any of these connections, or the end of one of them.
    pub(crate) async fn next_of(
        &self,
        conns: &[ConnId],
        deadline: Duration,
        what: &'static str,
    ) -> Result<(ConnId, Result<Frame, End>), Late> {
        self.until(deadline, what, |shared| {
            conns
                .iter()
                .find_map(|conn| Some((*conn, shared.links.get_mut(conn.0)?.take_next()?)))
        })
        .await
    }

    /// The next line of a connection, or its end.
    pub(crate) async fn next(
        &self,
        conn: ConnId,
        deadline: Duration,
        what: &'static str,
    ) -> Result<Result<Frame, End>, Late> {
        let next = self.next_of(&[conn], deadline, what).await?;
        Ok(next.1)
    }

    /// Puts a line back, to be the next again.
    pub(crate) fn unread(&self, conn: ConnId, frame: Frame) {
        self.link(conn, |link| link.inbox.push_front(frame));
    }
}

impl Shared {
    pub(crate) fn link_mut(&mut self, conn: ConnId) -> Option<&mut Link> {
        self.links.get_mut(conn.0)
    }

    /// How much has come so far: rises with every line and every end.
    pub(crate) fn heard(&self) -> usize {
        self.transcript.entries().len()
    }

    fn waited(&mut self, what: &'static str, spent: Duration) {
        if spent.is_zero() {
            return;
        }
        match self.waited_for.iter_mut().find(|(known, _)| *known == what) {
            Some((_, sum)) => *sum += spent,
            None => self.waited_for.push((what, spent)),
        }
    }
}
