//! Carries out steps, one after the other, up to the first that is not met.

use bytes::{Bytes, BytesMut};

use super::links::Late;
use super::port::Output;
use super::session::Session;
use super::trouble::{Got, Trouble, told, told_late};
use crate::diagnostic::Place;
use crate::event::Variation;
use crate::protocol::{ClauseId, Level, ServerKind};
use crate::scenario::Prepared;
use crate::scenario::ast::{Action, Send, Step};
use crate::target::is_nearly_right;
use crate::transcript::{ConnName, Party, What};
use crate::wire::{Frame, words};

/// How long a server's process may take to come back, at least.
const START: std::time::Duration = std::time::Duration::from_secs(10);

/// The steps cannot go on; why was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A step was not met.
    Failed,
    /// A precondition was not met, or the scenario cannot say what it wants.
    Blocked,
    /// A limit of our own was reached.
    Limit,
    /// A step was not met, for a clause beyond the level: it is noted, and play goes on.
    Noted,
}

impl Session {
    /// Carries out the steps.
    pub(crate) async fn steps(&mut self, steps: &[Step]) -> Result<(), Stop> {
        for step in steps {
            if !step.era.has(self.env.dialect) {
                continue;
            }
            self.links.mark(&step.source, step.at);
            let written = step
                .era
                .since
                .map_or(self.written, |it| it.max(self.written));
            let outer = std::mem::replace(&mut self.written, written);
            let result = match &step.action {
                Action::Expect(expect) => self.expect(step, expect).await,
                Action::Send(send) => self.send(step, send).await,
                Action::OneOf(branches) => Box::pin(self.one_of(step, branches)).await,
                Action::AnyOrder(steps) => self.any_order(step, steps).await,
                Action::Repeat(times, steps) => Box::pin(self.repeat(*times, steps)).await,
                _ => self.other(step).await,
            };
            self.written = outer;
            match result {
                Ok(()) | Err(Stop::Noted) => {}
                Err(Stop::Failed) => self.go_on(step)?,
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// A step was not met. Where that is known, it is noted; and where the line is nearly right, or
    /// was accused under a clause that is known to be broken, the step counts as met.
    fn go_on(&mut self, step: &Step) -> Result<(), Stop> {
        let Some(failure) = self.failures.last() else {
            return Err(Stop::Failed);
        };
        let is_accused = || {
            let shared = self.links.lock();
            let mut findings = shared.judge.findings().iter();
            findings.any(|finding| {
                Some(finding.entry) == failure.entry && self.env.known.knows_line(finding.clause)
            })
        };
        if self.env.known.is_empty() || !(self.env.known.knows(failure) || is_accused()) {
            return Err(Stop::Failed);
        }
        let is_right = is_nearly_right(failure);
        self.known.extend(self.failures.pop());
        if !is_right {
            return Err(Stop::Failed);
        }
        if let Action::Expect(expect) = &step.action
            && let Some(slot) = self.find_slot(&expect.conn)
        {
            self.slot_mut(slot).unanswered.clear();
        }
        Ok(())
    }

    async fn other(&mut self, step: &Step) -> Result<(), Stop> {
        let result = match &step.action {
            Action::Open { conn, address } => {
                let address = match address {
                    None => self.door(conn),
                    Some(text) => match self.scope.eval_expect(text, conn) {
                        Ok(address) => Ok(self.env.reach(&String::from_utf8_lossy(&address))),
                        Err(error) => return Err(self.cannot(step, &error.to_string())),
                    },
                };
                match address {
                    Ok(address) => {
                        let opened = self.open_named(conn, &address).await;
                        opened.map(|slot| self.slot_mut(slot).acting = true)
                    }
                    Err(trouble) => Err(trouble),
                }
            }
            Action::Close(conn) => self.end(conn, false).await,
            Action::Reset(conn) => self.end(conn, true).await,
            Action::Pause(conn) => self.reading(conn, Output::Pause).await,
            Action::Resume(conn) => self.reading(conn, Output::Resume).await,
            Action::Ticket { conn, word, into } => {
                let word = match self.scope.eval_expect(word, conn) {
                    Ok(word) => word,
                    Err(error) => return Err(self.cannot(step, &error.to_string())),
                };
                match self.player_of(conn) {
                    Ok(player) => self.ticket(player, &word).await.map(|ticket| {
                        self.scope.bind(into.as_str(), ticket);
                    }),
                    Err(trouble) => Err(trouble),
                }
            }
            Action::Settle => match self.settle_all(step.precondition).await {
                Ok(()) => Ok(()),
                Err(late) => Err(Trouble::new("silence", told_late(&late, self.reply))),
            },
            Action::StopServer => {
                self.links.output(Output::StopServer);
                self.links.lock().server_runs = false;
                Ok(())
            }
            Action::StartServer => self.start_server().await,
            _ => Ok(()),
        };
        result.map_err(|trouble| self.miss(step, trouble))
    }

    /// Starts a server that the steps stopped and, having failed, did not start again: the
    /// scenarios that come next need it.
    pub(crate) async fn leave_it_running(&mut self) {
        if !self.links.lock().server_runs {
            // One that does not come back is found by whoever uses it next.
            let _ = self.start_server().await;
        }
    }

    async fn start_server(&mut self) -> Result<(), Trouble> {
        self.links.output(Output::StartServer);
        let deadline = self.links.now() + (self.reply * 5).max(START);
        let runs = self.links.until(deadline, "server start", |shared| {
            shared.server_runs.then_some(())
        });
        runs.await
            .map_err(|late| Trouble::new("the server started", told_start(&late)))
    }

    async fn end(&mut self, conn: &ConnName, reset: bool) -> Result<(), Trouble> {
        let slot = self.connection(conn).await?;
        self.links.close(self.slot(slot).conn, reset);
        let slot = self.slot_mut(slot);
        slot.acting = true;
        slot.known_closed = true;
        Ok(())
    }

    async fn reading(
        &mut self,
        conn: &ConnName,
        output: fn(crate::transcript::ConnId) -> Output,
    ) -> Result<(), Trouble> {
        let slot = self.connection(conn).await?;
        self.links.output(output(self.slot(slot).conn));
        Ok(())
    }

    async fn send(&mut self, step: &Step, send: &Send) -> Result<(), Stop> {
        if self.slots.iter().any(|slot| slot.in_doubt) {
            self.resolve_doubts(&send.conn).await;
        }
        let slot = match self.connection(&send.conn).await {
            Ok(slot) => slot,
            Err(trouble) => return Err(self.miss(step, trouble)),
        };
        let segments = send.segments.or(self.segments);
        let (bytes, trid, entries) = match send.items.as_slice() {
            [item] => match self.scope.prepare(item, &send.conn) {
                Ok(Prepared::Frame(frame, bytes)) => {
                    let (frame, bytes) = self.completed(slot, frame, bytes);
                    let trid = trid_of(&frame.line);
                    let what = What::Frame(Party::Client, frame);
                    (bytes, trid, Entries::One(what))
                }
                Ok(Prepared::Raw(bytes)) => {
                    let what = What::Raw(Party::Client, bytes.clone());
                    (bytes, None, Entries::One(what))
                }
                Err(error) => return Err(self.cannot(step, &error.to_string())),
            },
            items => {
                let mut all = BytesMut::new();
                let mut entries = Vec::new();
                let mut trid = None;
                for item in items {
                    match self.scope.prepare(item, &send.conn) {
                        Ok(Prepared::Frame(frame, bytes)) => {
                            let (frame, bytes) = self.completed(slot, frame, bytes);
                            all.extend_from_slice(&bytes);
                            trid = trid_of(&frame.line);
                            entries.push(What::Frame(Party::Client, frame));
                        }
                        Ok(Prepared::Raw(bytes)) => {
                            all.extend_from_slice(&bytes);
                            trid = None;
                            entries.push(What::Raw(Party::Client, bytes));
                        }
                        Err(error) => return Err(self.cannot(step, &error.to_string())),
                    }
                }
                (all.freeze(), trid, Entries::Many(entries))
            }
        };
        let slot = self.slot_mut(slot);
        slot.acting = true;
        slot.last_trid = trid;
        slot.unanswered.push(bytes.clone());
        let conn = slot.conn;
        match entries {
            Entries::One(what) => self.links.send(conn, bytes, segments, [what]),
            Entries::Many(what) => self.links.send(conn, bytes, segments, what),
        }
        Ok(())
    }

    /// A line of a step, with what the dialect wants at its end over the one that the step is written
    /// for.
    fn completed(&self, slot: usize, frame: Frame, bytes: Bytes) -> (Frame, Bytes) {
        let missing = match frame.payload {
            None => self.missing(slot, self.written, &frame.line),
            Some(_) => String::new(),
        };
        if missing.is_empty() {
            return (frame, bytes);
        }
        let length = frame.line.len();
        let end = bytes.get(length..).unwrap_or_default();
        let bytes = Bytes::from([&*frame.line, missing.as_bytes(), end].concat());
        let line = bytes.slice(..length + missing.len());
        (Frame { line, ..frame }, bytes)
    }

    async fn repeat(&mut self, times: u32, steps: &[Step]) -> Result<(), Stop> {
        let mark = self.scope.mark();
        let outer = self.scope.set_round(1);
        for round in 1..=times {
            self.scope.set_round(round);
            self.scope.forget_since(&mark);
            self.steps(steps).await?;
        }
        self.scope.set_round(outer);
        Ok(())
    }

    /// The slot of a connection that a step uses. A notification or dispatch connection that no
    /// step has opened opens by itself; one on which a user was logged in and that the server closed
    /// after an error is made again.
    pub(crate) async fn connection(&mut self, conn: &ConnName) -> Result<usize, Trouble> {
        let Some(slot) = self.find_slot(conn) else {
            let address = self.door(conn)?;
            return self.open_named(conn, &address).await;
        };
        let known = self.slot(slot);
        let Some(end) = self.links.link(known.conn, |link| link.end.clone()) else {
            return Ok(slot);
        };
        if known.known_closed && conn.kind() != ServerKind::Switchboard {
            let address = self.door(conn)?;
            return self.open_named(conn, &address).await;
        }
        if known.after_error && self.is_inside(slot) {
            self.revive(slot).await?;
            return Ok(slot);
        }
        if known.after_error && conn.kind() == ServerKind::Switchboard {
            // What the server makes of the request is for the next step to say: nothing.
            return Ok(slot);
        }
        if known.after_error {
            let address = self.door(conn)?;
            return self.open_named(conn, &address).await;
        }
        Err(Trouble::new(
            format!("the connection {conn} open"),
            told(&end),
        ))
    }

    async fn open_named(&mut self, conn: &ConnName, address: &str) -> Result<usize, Trouble> {
        let player = self.player_of(conn)?;
        self.open(player, conn.clone(), address).await
    }

    /// Who plays the user of a connection.
    fn player_of(&self, conn: &ConnName) -> Result<usize, Trouble> {
        let player = self.players.iter().position(|p| p.user == conn.user());
        player.ok_or_else(|| Trouble::new("a user of the scenario", conn.user().as_str()))
    }

    /// Where a client of this kind begins.
    fn door(&self, conn: &ConnName) -> Result<String, Trouble> {
        let env = &self.env;
        let (what, address) = match conn.kind() {
            ServerKind::Dispatch => ("a dispatch server", env.dispatch.as_ref()),
            ServerKind::Notification => (
                "a notification server",
                env.notification.as_ref().or(env.dispatch.as_ref()),
            ),
            ServerKind::Switchboard => ("a switchboard that a step opens", None),
        };
        let address = address.ok_or_else(|| Trouble::new(what, "none"))?;
        Ok(env.reach(address))
    }

    /// Records that a step was not met.
    pub(crate) fn miss(&mut self, step: &Step, trouble: Trouble) -> Stop {
        self.miss_for(step, None, trouble)
    }

    /// The same, for a clause that the step did not mean to test but the server broke.
    pub(super) fn miss_for(
        &mut self,
        step: &Step,
        instead: Option<ClauseId>,
        trouble: Trouble,
    ) -> Stop {
        let (clause, stop) = if matches!(trouble.got, Got::Limit(_)) {
            (None, Stop::Limit)
        } else if step.precondition {
            (None, Stop::Blocked)
        } else {
            let clause = instead.or(step.clause).or(self.clause);
            let dialect = self.env.dialect;
            let beyond =
                |level: Level| clause.is_some_and(|clause| clause.level_in(dialect) > level);
            let stop = match self.env.level.is_some_and(beyond) {
                true => Stop::Noted,
                false => Stop::Failed,
            };
            (clause, stop)
        };
        self.fail(clause, place(step), trouble);
        stop
    }

    /// Records that the scenario cannot say what it wants.
    pub(crate) fn cannot(&mut self, step: &Step, why: &str) -> Stop {
        let trouble = Trouble::new("a step that can be carried out", why);
        self.fail(None, place(step), trouble);
        Stop::Blocked
    }

    /// Tells a variation where the step marks one.
    pub(crate) fn vary(&mut self, step: &Step, seen: &str) {
        let Some(varies) = &step.varies else {
            return;
        };
        let seen = varies.seen.as_deref().unwrap_or(seen);
        self.variations.push(Variation {
            clause: varies.clause,
            seen: self.redactor.apply(seen).into_owned(),
            place: place(step),
        });
    }
}

/// What goes into the transcript: almost always one entry.
enum Entries {
    One(What),
    Many(Vec<What>),
}

/// Where a step stands.
pub(crate) fn place(step: &Step) -> Place {
    step.source.place(step.at)
}

fn told_start(late: &Late) -> Got {
    match late {
        Late::Timeout => "it does not run".into(),
        Late::Halted(limit) => Got::from(*limit),
    }
}

/// The TrID of a request: its second word, if that is a number.
fn trid_of(line: &Bytes) -> Option<Bytes> {
    let word = words(line).nth(1)?;
    word.iter()
        .all(u8::is_ascii_digit)
        .then(|| line.slice_ref(word))
}
