//! Proves silence: by a barrier where there is one, by the quiet time where there is none.
//!
//! A barrier is a request whose answer shows that all is there which the server sent before it.
//! First the connections that acted are brought to such a point, then the one that is to be silent.

use std::time::Duration;

use super::environment::Barrier;
use super::limit::Limit;
use super::links::{End, Late};
use super::session::{Kept, Session};
use crate::spec::ServerKind;
use crate::wire::Frame;

/// What became of a barrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was answered.
    Answered,
    /// There is none for this connection as it stands.
    NoBarrier,
    /// The connection has ended.
    Ended(End),
    /// No answer came in time.
    Unanswered,
    /// The script may not go on.
    Halted(Limit),
}

impl Session {
    /// The barrier that works on this connection as it stands.
    fn barrier_for(&self, slot: usize) -> Option<Barrier> {
        let slot = self.slot(slot);
        let barriers = self.env.barriers;
        // An answer to a ping does not say which ping it answers.
        let pinged = slot.unanswered.iter().any(|sent| sent.starts_with(b"PNG"));
        let barrier = match slot.name.kind() {
            ServerKind::Notification => barriers
                .notification
                .filter(|barrier| !(pinged && *barrier == Barrier::Ping)),
            ServerKind::Switchboard => barriers.switchboard,
            ServerKind::Dispatch => None,
        };
        barrier.filter(|_| {
            self.links.link(slot.conn, |link| {
                link.end.is_none() && link.entered && link.at_line_start()
            })
        })
    }

    /// Sends the connection's barrier and waits for its answer. What else comes stays to be read.
    pub(super) async fn barrier(&mut self, slot: usize) -> Settled {
        let conn = self.slot(slot).conn;
        if let Some(end) = self.links.link(conn, |link| link.end.clone()) {
            return Settled::Ended(end);
        }
        match self.barrier_for(slot) {
            None => Settled::NoBarrier,
            Some(barrier) => self.raise(slot, barrier, self.reply).await,
        }
    }

    /// Sends one barrier and waits so long for its answer.
    pub(super) async fn raise(
        &mut self,
        slot: usize,
        barrier: Barrier,
        patience: Duration,
    ) -> Settled {
        let conn = self.slot(slot).conn;
        let trid = self.barrier_trid().to_string();
        let handle = self.player(self.slot(slot).player).account.handle.clone();
        let (serial, prompt, pongs) = self.links.link(conn, |link| {
            let text = |bytes: &Option<bytes::Bytes>, default: &str| {
                let bytes = bytes.as_deref().unwrap_or(default.as_bytes());
                String::from_utf8_lossy(bytes).into_owned()
            };
            let pongs = link.inbox.iter().filter(|f| f.verb() == b"QNG").count();
            (text(&link.serial, "0"), text(&link.prompt, "A"), pongs)
        });
        let line = match barrier {
            Barrier::Ping => "PNG".to_owned(),
            Barrier::Url => format!("URL {trid} INBOX"),
            Barrier::Version => {
                format!("CVR {trid} 0x0409 win 4.10 i386 MSMSGS 1.0.0863")
            }
            Barrier::SameMode => format!("GTC {trid} {prompt}"),
            Barrier::SameSerial => format!("SYN {trid} {serial}"),
            Barrier::CallSelf => format!("CAL {trid} {handle}"),
            Barrier::CallMalformed => format!("CAL {trid} @@"),
        };
        self.say(slot, &line);
        self.slot_mut(slot).acting = false;
        let deadline = self.links.now() + patience;
        let is_answer = |frame: &Frame| match barrier {
            Barrier::Ping => frame.verb() == b"QNG",
            _ => frame.words().nth(1) == Some(trid.as_bytes()),
        };
        let wanted = if barrier == Barrier::Ping {
            pongs + 1
        } else {
            1
        };
        let links = self.links.clone();
        let answered = links.until(deadline, "barrier", |shared| {
            let link = shared.link_mut(conn)?;
            let answers = link.inbox.iter().filter(|frame| is_answer(frame)).count();
            if answers >= wanted {
                let at = link.inbox.iter().rposition(is_answer)?;
                link.inbox.remove(at);
                return Some(None);
            }
            link.end.clone().map(Some)
        });
        match answered.await {
            Ok(None) => {
                self.round_trips += 1;
                Settled::Answered
            }
            Ok(Some(end)) => Settled::Ended(end),
            Err(Late::Timeout) => Settled::Unanswered,
            Err(Late::Halted(reason)) => Settled::Halted(reason),
        }
    }

    /// Brings all connections that acted, but for `but`, to a point where the server has done what
    /// they asked. `false` where only time can tell.
    pub(super) async fn settle_acting(&mut self, but: Option<usize>) -> bool {
        let mut sure = true;
        for slot in 0..self.slots.len() {
            if Some(slot) == but || !self.slot(slot).acting {
                continue;
            }
            sure &= match self.barrier(slot).await {
                Settled::Answered | Settled::Unanswered => true,
                // The server has seen to a connection before it closes it.
                Settled::Ended(end) => end != End::Ours,
                Settled::NoBarrier | Settled::Halted(_) => false,
            };
            self.slot_mut(slot).acting = false;
        }
        sure
    }

    /// Waits until all that the server has to say on this connection has come.
    pub(super) async fn settle(&mut self, slot: usize) -> Result<(), Late> {
        let here = |session: &Self| Some((slot, session.links.now(), session.heard()));
        if self.settled.is_some() && self.settled == here(self) {
            return Ok(());
        }
        let mut sure = self.settle_acting(Some(slot)).await;
        let is_presence = self.slot(slot).name.kind() == ServerKind::Notification;
        sure &= !(is_presence && self.env.presence_batched);
        let settled = if sure {
            self.barrier(slot).await
        } else {
            Settled::NoBarrier
        };
        match settled {
            Settled::Answered | Settled::Unanswered | Settled::Ended(_) => {}
            Settled::Halted(reason) => return Err(Late::Halted(reason)),
            Settled::NoBarrier => {
                let conn = self.slot(slot).conn;
                let deadline = self.links.now() + self.quiet();
                let ended = self.links.until(deadline, "quiet", |shared| {
                    shared.link_mut(conn)?.end.as_ref().map(|_| ())
                });
                if let Err(Late::Halted(reason)) = ended.await {
                    return Err(Late::Halted(reason));
                }
            }
        }
        self.settled = here(self);
        Ok(())
    }

    /// Waits until all connections are quiet. What came is kept for later steps; `nothing` does not
    /// accuse it if it is `explained`.
    pub(super) async fn settle_all(&mut self, explained: bool) -> Result<(), Late> {
        let mut sure = self.settle_acting(None).await && !self.env.presence_batched;
        for slot in 0..self.slots.len() {
            sure &= match self.barrier(slot).await {
                Settled::Answered | Settled::Unanswered | Settled::Ended(_) => true,
                Settled::NoBarrier => false,
                Settled::Halted(reason) => return Err(Late::Halted(reason)),
            };
        }
        let mut heard = self.heard();
        while !sure {
            let deadline = self.links.now() + self.quiet();
            let more = self.links.until(deadline, "quiet", |shared| {
                let now = shared.heard();
                (now > heard).then_some(now)
            });
            match more.await {
                Ok(now) => heard = now,
                Err(Late::Timeout) => sure = true,
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
