//! Proves silence: by a barrier where there is one, by the quiet time where there is none.
//!
//! A barrier is a request whose answer shows that all is there which the server sent before it.
//! First the connections that acted are brought to such a point, then the one that is to be silent.

use std::time::Duration;

use super::limit::Limit;
use super::links::{End, Late};
use super::session::Session;
use super::slot::Kept;
use crate::protocol::{Barrier, Filling, Knowledge, ServerKind};
use crate::transcript::Mark;
use crate::wire::{Frame, Words};

/// The number of somebody whom nobody has on a list: scenarios use smaller ones.
const NOBODY: u32 = 1_900_000_000;

/// What became of a barrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It was answered.
    Answered,
    /// There is none for this connection as it stands.
    NoBarrier,
    /// The connection has ended.
    Ended(End),
    /// No answer came in time.
    Unanswered,
    /// It was answered, and the answer shows that it changed something.
    Changed,
    /// The script may not go on.
    Halted(Limit),
}

/// A handle of the same domain that nobody has on a list.
pub(crate) fn absent(handle: &str) -> String {
    let domain = handle
        .rsplit_once('@')
        .map_or("hotmail.com", |(_, domain)| domain);
    format!("nobody{NOBODY}@{domain}")
}

impl Session {
    /// The barrier that works on this connection as it stands.
    fn barrier_for(&self, slot: usize) -> Option<Barrier> {
        let slot = self.slot(slot);
        let barriers = self.env.barriers;
        let barrier = match slot.name.kind() {
            ServerKind::Notification => barriers.notification,
            ServerKind::Switchboard => barriers.switchboard,
            ServerKind::Dispatch => None,
        }?;
        let unanswered = &slot.unanswered;
        self.links.link(slot.conn, |link| {
            let is_ready = link.end.is_none() && link.entered && link.at_line_start();
            let row = barrier.row();
            let is_known = match row.needs {
                Knowledge::Nothing => true,
                Knowledge::NoOther => {
                    let verb = row.verb.as_bytes();
                    !unanswered.iter().any(|sent| sent.starts_with(verb))
                }
                Knowledge::Serial => link.synchronised,
                Knowledge::Value => link.prompt.is_some() && unanswered.is_empty(),
            };
            (is_ready && is_known).then_some(barrier)
        })
    }

    /// Sends the connection's barrier and waits for its answer. What else comes stays to be read.
    pub(crate) async fn barrier(&mut self, slot: usize) -> Settled {
        let conn = self.slot(slot).conn;
        if let Some(end) = self.links.link(conn, |link| link.end.clone()) {
            return Settled::Ended(end);
        }
        let Some(barrier) = self.barrier_for(slot) else {
            return Settled::NoBarrier;
        };
        let before = self.heard();
        match self.raise(slot, barrier, self.reply).await {
            // What comes from now on may follow from it: nobody is accused of that.
            Settled::Changed => {
                let player = self.slot(slot).player;
                self.player_mut(player).touched = true;
                Settled::Halted(self.links.void_since(before))
            }
            settled => settled,
        }
    }

    /// Sends one barrier and waits so long for its answer.
    pub(crate) async fn raise(
        &mut self,
        slot: usize,
        barrier: Barrier,
        patience: Duration,
    ) -> Settled {
        let trid = self.barrier_trid();
        self.raise_as(slot, barrier, trid, patience).await
    }

    /// The same with a TrID of the caller's.
    pub(crate) async fn raise_as(
        &mut self,
        slot: usize,
        barrier: Barrier,
        trid: u32,
        patience: Duration,
    ) -> Settled {
        let conn = self.slot(slot).conn;
        let trid = trid.to_string();
        let (row, bare) = (barrier.row(), barrier.row().bare_answer());
        let was_at_rest = self.is_at_rest();
        let line = self.line_of(slot, barrier, &trid);
        // An answer without a TrID may be one that was asked for before.
        let earlier = self.links.link(conn, |link| {
            let is_one = |frame: &&Frame| bare.is_some_and(|it| frame.verb() == it.as_bytes());
            link.inbox.iter().filter(is_one).count()
        });
        let mark = self.links.set_mark(Some(Mark::Barrier));
        self.say(slot, &line);
        self.links.set_mark(mark);
        self.slot_mut(slot).acting = false;
        let deadline = self.links.now() + patience;
        let is_answer = |frame: &Frame| match bare {
            Some(verb) => frame.verb() == verb.as_bytes(),
            None => frame.words().nth(1) == Some(trid.as_bytes()),
        };
        let wanted = 1 + earlier;
        let links = self.links.clone();
        let answered = links.until(deadline, "barrier", |shared| {
            let link = shared.link_mut(conn)?;
            let answers = link.inbox.iter().filter(|frame| is_answer(frame)).count();
            if answers >= wanted {
                let at = link.inbox.iter().rposition(is_answer)?;
                return link.inbox.remove(at).map(Ok);
            }
            link.end.clone().map(Err)
        });
        match answered.await {
            Ok(Ok(answer)) => {
                self.round_trips += 1;
                let words: Words<'_> = answer.words().collect();
                if row.has_changed(&words) {
                    return Settled::Changed;
                }
                if was_at_rest {
                    // Nothing else was done, so all is as quiet as it was.
                    self.rest();
                }
                Settled::Answered
            }
            Ok(Err(end)) => Settled::Ended(end),
            Err(Late::Timeout) => Settled::Unanswered,
            Err(Late::Halted(reason)) => Settled::Halted(reason),
        }
    }

    /// What a barrier says on this connection.
    fn line_of(&self, slot: usize, barrier: Barrier, trid: &str) -> String {
        let slot = self.slot(slot);
        let handle = &self.player(slot.player).account.handle;
        let known = |bytes: &Option<bytes::Bytes>, default: &str| {
            let bytes = bytes.as_deref().unwrap_or(default.as_bytes());
            String::from_utf8_lossy(bytes).into_owned()
        };
        let (serial, prompt) = self.links.link(slot.conn, |link| {
            (known(&link.serial, "0"), known(&link.prompt, "A"))
        });
        let row = barrier.row();
        let mut line = row.verb.as_str().to_owned();
        if row.bare_answer().is_none() {
            line += &format!(" {trid}");
        }
        for word in row.words {
            line.push(' ');
            match word {
                Filling::Text(text) => line += text,
                Filling::Own => line += handle,
                Filling::Nobody => line += &absent(handle),
                Filling::Serial => line += &serial,
                Filling::Prompt => line += &prompt,
            }
        }
        line
    }

    /// Brings all connections that acted, but for `but`, to a point where the server has done what
    /// they asked. `false` where only time can tell.
    pub(super) async fn settle_acting(&mut self, but: Option<usize>) -> bool {
        let mut sure = true;
        for slot in 0..self.slots.len() {
            if Some(slot) == but || !self.slot(slot).acting {
                continue;
            }
            sure &= match self.barrier_or_answered(slot).await {
                Settled::Answered | Settled::Unanswered => true,
                // The server has seen to a connection before it closes it.
                Settled::Ended(End::Ours) => self.leaves(slot).await,
                Settled::Ended(_) => true,
                Settled::NoBarrier | Settled::Changed | Settled::Halted(_) => false,
            };
            self.slot_mut(slot).acting = false;
        }
        sure
    }

    /// The same as [`Self::barrier`]; nothing is sent where all was answered and can have no effect
    /// on anybody.
    async fn barrier_or_answered(&mut self, slot: usize) -> Settled {
        let conn = self.slot(slot).conn;
        if self.links.link(conn, |link| link.is_harmless()) {
            return Settled::Answered;
        }
        self.barrier(slot).await
    }

    /// Whether the server sees to the end of a connection that the script has ended. It is given the
    /// quiet time, after which everything is quiet.
    async fn leaves(&mut self, slot: usize) -> bool {
        let conn = self.slot(slot).conn;
        let handle = self.player(self.slot(slot).player).account.handle.clone();
        let deadline = self.links.now() + self.quiet();
        let left = self.links.until(deadline, "quiet", |shared| {
            shared.has_left(conn, &handle).then_some(())
        });
        match left.await {
            Ok(()) => true,
            Err(Late::Timeout) => {
                self.rest();
                true
            }
            Err(Late::Halted(_)) => false,
        }
    }

    /// Waits until all that the server has to say on this connection has come.
    pub(crate) async fn settle(&mut self, slot: usize) -> Result<(), Late> {
        if !self.settle_at_once(slot).await? {
            self.be_quiet(slot).await?;
        }
        self.settled = Some(self.here(slot));
        Ok(())
    }

    /// The same, as far as it takes no quiet time; `false` where only that can tell.
    pub(super) async fn settle_at_once(&mut self, slot: usize) -> Result<bool, Late> {
        if self.is_at_rest() || self.settled == Some(self.here(slot)) {
            return Ok(true);
        }
        let mut sure = self.settle_acting(Some(slot)).await;
        if self.is_at_rest() {
            return Ok(true);
        }
        let is_presence = self.slot(slot).name.kind() == ServerKind::Notification;
        sure &= !(is_presence && self.env.presence_batched);
        if !sure {
            return Ok(false);
        }
        match self.barrier(slot).await {
            Settled::Answered | Settled::Unanswered | Settled::Ended(_) => Ok(true),
            Settled::Halted(reason) => Err(Late::Halted(reason)),
            Settled::NoBarrier | Settled::Changed => Ok(false),
        }
    }

    fn here(&self, slot: usize) -> (usize, Duration, usize) {
        (slot, self.links.now(), self.heard())
    }

    /// Whether everything was quiet for long enough since the script did something.
    fn is_at_rest(&self) -> bool {
        self.links.lock().is_at_rest()
    }

    /// The quiet time has passed since the script did something.
    pub(crate) fn rest(&self) {
        let mut shared = self.links.lock();
        shared.rested = shared.acts;
    }

    /// Waits for the quiet time, or until this connection has ended. A server that was silent so
    /// long on one connection was silent on all.
    async fn be_quiet(&mut self, slot: usize) -> Result<(), Late> {
        let conn = self.slot(slot).conn;
        let deadline = self.links.now() + self.quiet();
        let ended = self.links.until(deadline, "quiet", |shared| {
            shared.link_mut(conn)?.end.as_ref().map(|_| ())
        });
        match ended.await {
            Err(Late::Halted(reason)) => return Err(Late::Halted(reason)),
            Err(Late::Timeout) => self.rest(),
            Ok(()) => {}
        }
        Ok(())
    }

    /// Waits until all connections are quiet. What came is kept for later steps; `nothing` does not
    /// accuse it if it is `explained`.
    pub(super) async fn settle_all(&mut self, explained: bool) -> Result<(), Late> {
        let mut sure = self.settle_acting(None).await && !self.env.presence_batched;
        for slot in 0..self.slots.len() {
            sure &= match self.barrier_or_answered(slot).await {
                Settled::Answered | Settled::Unanswered | Settled::Ended(_) => true,
                Settled::NoBarrier => self.links.lock().is_resting(self.slot(slot).conn),
                Settled::Changed => false,
                Settled::Halted(reason) => return Err(Late::Halted(reason)),
            };
        }
        sure |= self.is_at_rest();
        let mut heard = self.heard();
        while !sure {
            let deadline = self.links.now() + self.quiet();
            let more = self.links.until(deadline, "quiet", |shared| {
                let now = shared.heard();
                (now > heard).then_some(now)
            });
            match more.await {
                Ok(now) => heard = now,
                Err(Late::Timeout) => {
                    sure = true;
                    self.rest();
                }
                Err(halted) => return Err(halted),
            }
        }
        for slot in &mut self.slots {
            let came = self
                .links
                .link(slot.conn, |link| std::mem::take(&mut link.inbox));
            slot.pool.extend(came.into_iter().map(|frame| Kept {
                frame,
                explained: false,
            }));
            for kept in &mut slot.pool {
                kept.explained |= explained;
            }
        }
        Ok(())
    }

    fn heard(&self) -> usize {
        self.links.lock().heard()
    }
}
