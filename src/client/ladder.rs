//! The first look climbs the ladder: what does this server do at all?
//!
//! Each rung is tried once, with a sound request in a sound state. A rung that is out costs one
//! time-out; after the first that is silent less is waited for the next, since a server that answers
//! at all was seen to answer faster.

use std::time::Duration;

use super::batch::changes;
use crate::diagnostic::Place;
use crate::engine::{Got, Session, Trouble, absent, came, error_code, told};
use crate::event::{Observed, Rung, RungState};
use crate::protocol::{ClauseId, Dialect};
use crate::target::{Climb, ContactLists};
use crate::transcript::ConnName;
use crate::wire::{Frame, Words};

/// The least that is waited for a rung.
const LEAST: Duration = Duration::from_millis(300);
/// A login may take as long on a server that makes keys.
const LOGIN: Duration = Duration::from_secs(1);
/// What another user is told.
const TEXT: &str = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nhello";

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    pub(crate) climbed: Vec<Climb>,
    /// The slowest answer that came.
    slowest: Duration,
    is_silent: bool,
}

impl Ladder {
    fn state(&self, rung: Rung) -> Option<RungState> {
        let known = self.climbed.iter().find(|known| known.rung == rung);
        known.map(|known| known.state)
    }

    /// Whether a rung was climbed.
    pub(crate) fn holds(&self, rung: Rung) -> bool {
        self.state(rung).is_some_and(RungState::holds)
    }

    pub(crate) fn put(&mut self, climb: Climb) {
        if self.state(climb.rung).is_none() {
            self.climbed.push(climb);
        }
    }

    /// A rung that held holds no more, nor does what lies above it.
    pub(crate) fn falls(&mut self, rung: Rung) {
        self.climbed.retain(|known| known.rung < rung);
    }

    /// Whether all that a rung stands on was climbed; else it is out of reach.
    pub(super) fn may_climb(&mut self, rung: Rung) -> bool {
        let is_open = rung.needs().iter().all(|below| self.holds(*below));
        if !is_open {
            self.unreached(rung);
        }
        is_open
    }

    /// What stands on a rung could not be tried.
    pub(crate) fn give_up(&mut self, rung: Rung) {
        for above in Rung::ALL {
            if above.stands_on(rung) {
                self.unreached(above);
            }
        }
    }

    fn unreached(&mut self, rung: Rung) {
        self.put(Climb {
            rung,
            state: RungState::Unreached,
            failure: None,
        });
    }
}

impl Session {
    /// How long the first look waits for an answer.
    fn climb_patience(&self, ladder: &Ladder) -> Duration {
        let most = self.env.timeouts.reply.max(LOGIN);
        match ladder.is_silent {
            true => (ladder.slowest * 10).clamp(LEAST.min(most), most),
            false => most,
        }
    }

    /// Notes what came of a rung; says whether it was climbed.
    pub(super) fn climbed(
        &mut self,
        ladder: &mut Ladder,
        rung: Rung,
        since: Duration,
        result: Result<(), Trouble>,
    ) -> bool {
        let Err(trouble) = result else {
            let took = self.links.now().saturating_sub(since);
            ladder.slowest = ladder.slowest.max(took);
            ladder.put(Climb {
                rung,
                state: RungState::Works,
                failure: None,
            });
            return true;
        };
        let rung = trouble.rung.unwrap_or(rung);
        let state = match trouble.observed() {
            None => {
                self.fail(None, Place::nowhere(), trouble);
                return false;
            }
            Some(Observed::Silence(_)) => RungState::Silent,
            Some(Observed::Closed | Observed::Reset) => RungState::Closed,
            Some(_) => RungState::Refused,
        };
        ladder.is_silent |= state == RungState::Silent;
        let clause = clause_of(self.env.dialect, rung, &trouble);
        // What another server of the same login takes, no reason excuses.
        let is_reasoned = clause != ClauseId::VER_10 && trouble.observed().is_some_and(is_reasoned);
        self.fail(Some(clause), Place::nowhere(), trouble);
        // The scenarios say whether a reason that the server gives is a right one.
        let failure = self.failures.pop().filter(|_| !is_reasoned);
        ladder.put(Climb {
            rung,
            state,
            failure,
        });
        if !ladder.holds(rung) {
            ladder.give_up(rung);
        }
        false
    }

    /// Changes the settings of a user, and puts them back.
    pub(super) async fn climb_settings(
        &mut self,
        slot: usize,
        ladder: &mut Ladder,
    ) -> Result<usize, Trouble> {
        if !ladder.may_climb(Rung::Settings) {
            return Ok(slot);
        }
        self.patience = Some(self.climb_patience(ladder));
        let player = self.slot(slot).player;
        self.player_mut(player).touched = true;
        let since = self.links.now();
        let result = self.toggle_settings(slot).await;
        self.climbed(ladder, Rung::Settings, since, result);
        self.stand_again(slot, player).await
    }

    /// Brings a user online who is logged in on `slot`.
    pub(super) async fn climb_state(
        &mut self,
        mut slot: usize,
        ladder: &mut Ladder,
    ) -> Result<usize, Trouble> {
        self.patience = Some(self.climb_patience(ladder));
        let since = self.links.now();
        let result = self.go_online(slot).await;
        self.climbed(ladder, Rung::Chg, since, result);
        slot = self.stand_again(slot, 0).await?;
        self.patience = Some(self.climb_patience(ladder));
        Ok(slot)
    }

    /// What one user alone can find out of lists: whether a REM of somebody who is on none of them is
    /// answered.
    pub(super) async fn climb_lists_alone(
        &mut self,
        slot: usize,
        ladder: &mut Ladder,
    ) -> Result<usize, Trouble> {
        if !ladder.may_climb(Rung::Lists) {
            return Ok(slot);
        }
        self.patience = Some(self.climb_patience(ladder));
        let player = self.slot(slot).player;
        let entry = format!("AL {}", absent(&self.player(player).account.handle));
        let since = self.links.now();
        let answer = self.ask(slot, "REM", &entry, "an answer to REM").await;
        let answer = answer.map_err(|trouble| trouble.breaks(ClauseId::REM_1));
        self.climbed(ladder, Rung::Lists, since, answer.map(drop));
        self.stand_again(slot, player).await
    }

    /// Changes both settings, and puts them back.
    async fn toggle_settings(&mut self, slot: usize) -> Result<(), Trouble> {
        let player = self.slot(slot).player;
        let found = self.player(player).found.clone().unwrap_or_default();
        let other = |now: &str, one: &'static str, two: &'static str| match now == one {
            true => two,
            false => one,
        };
        for (verb, now, new) in [
            ("GTC", found.gtc.as_str(), other(&found.gtc, "A", "N")),
            ("BLP", found.blp.as_str(), other(&found.blp, "AL", "BL")),
        ] {
            self.change(slot, verb, new).await?;
            self.change(slot, verb, now).await?;
        }
        Ok(())
    }

    /// Lets a user be seen by everybody, as a new account is.
    async fn privacy_as_new(&mut self, slot: usize) -> Result<(), Trouble> {
        let player = self.slot(slot).player;
        let found = self.player(player).found.clone().unwrap_or_default();
        let wanted = ContactLists {
            blp: ContactLists::default().blp,
            ..found.clone()
        };
        for (verb, params) in changes(&found, &wanted) {
            self.player_mut(player).touched = true;
            self.change(slot, verb, &params).await?;
        }
        Ok(())
    }

    /// The connection, or a new login where the server has ended it.
    pub(super) async fn stand_again(
        &mut self,
        slot: usize,
        player: usize,
    ) -> Result<usize, Trouble> {
        let conn = self.slot(slot).conn;
        if !self.links.link(conn, |link| link.end.is_some()) {
            return Ok(slot);
        }
        let login = self.login(player, ConnName::DEFAULT).await?;
        Ok(login.slot)
    }

    /// Lists and presence: the second user adds the first, and sees its state change.
    pub(super) async fn climb_together(
        &mut self,
        first: usize,
        second: usize,
        ladder: &mut Ladder,
    ) -> Result<usize, Trouble> {
        let handle = self.player(self.slot(first).player).account.handle.clone();
        let watcher = self.slot(second).player;
        if !ladder.may_climb(Rung::Lists) {
            return Ok(second);
        }
        self.player_mut(watcher).touched = true;
        if ladder.holds(Rung::Settings) {
            for slot in [first, second] {
                self.privacy_as_new(slot).await?;
            }
        }
        let since = self.links.now();
        let result = async {
            let entry = format!("AL {handle}");
            self.change(second, "ADD", &format!("{entry} {handle}"))
                .await?;
            self.change(second, "REM", &entry).await?;
            self.change(second, "ADD", &format!("FL {handle} {handle}"))
                .await
        };
        let result = result.await;
        self.climbed(ladder, Rung::Lists, since, result);
        self.stand_again(second, watcher).await
    }

    /// The session: the first user calls the second, who answers and hears a message.
    pub(super) async fn climb_session(&mut self, board: usize, second: usize, ladder: &mut Ladder) {
        self.patience = Some(self.climb_patience(ladder));
        let since = self.links.now();
        let ring = self.call(board, second).await;
        let (ring, called) = match ring {
            Ok(ring) => (Some(ring), Ok(())),
            Err(trouble) => (None, Err(trouble)),
        };
        self.climbed(ladder, Rung::Cal, since, called);
        let Some([session, address, cookie]) = ring else {
            ladder.give_up(Rung::Cal);
            return;
        };
        let since = self.links.now();
        let answered = self
            .join(board, second, [&session, &address, &cookie])
            .await;
        let (other, answered) = match answered {
            Ok(other) => (Some(other), Ok(())),
            Err(trouble) => (None, Err(trouble)),
        };
        self.climbed(ladder, Rung::Ans, since, answered);
        let Some(other) = other else {
            ladder.give_up(Rung::Ans);
            return;
        };
        let since = self.links.now();
        let told = self.pass_message(board, other).await;
        self.climbed(ladder, Rung::Msg, since, told);
    }

    /// CAL, until the other user is rung: session, address and cookie.
    async fn call(&mut self, board: usize, second: usize) -> Result<[String; 3], Trouble> {
        let handle = self.player(self.slot(second).player).account.handle.clone();
        self.request(board, "CAL", &handle, "CAL RINGING").await?;
        let ring = self.hear(second, b"RNG", "RNG").await;
        let ring = ring.map_err(|trouble| trouble.at(Rung::Cal).breaks(ClauseId::RNG_1))?;
        read_ring(&ring).ok_or_else(|| {
            let trouble = Trouble::new("RNG", came(&ring)).on(second).at(Rung::Cal);
            trouble.breaks(ClauseId::RNG_1)
        })
    }

    /// ANS at the address of a ring; the one who called hears who joins.
    async fn join(
        &mut self,
        board: usize,
        second: usize,
        [session, address, cookie]: [&str; 3],
    ) -> Result<usize, Trouble> {
        let player = self.slot(second).player;
        let name = ConnName::new(self.player(player).user.clone(), "sb");
        let address = self.env.reach(address);
        let slot = self.open(player, name, &address).await;
        let slot = slot.map_err(|trouble| {
            Trouble {
                rung: None,
                ..trouble
            }
            .at(Rung::Ans)
        })?;
        let handle = self.player(player).account.handle.clone();
        let params = format!("{handle} {cookie} {session}");
        let expected = "ANS OK";
        // Who is told to be there, and in which place, is for scenarios to say.
        let mut answer = self.ask(slot, "ANS", &params, expected).await;
        while let Ok(frame) = &answer
            && frame.verb() == b"IRO"
        {
            let trid = self.slot(slot).next_trid;
            answer = self.answer(slot, trid, expected).await;
        }
        let frame = answer.map_err(|trouble| trouble.at(Rung::Ans))?;
        if frame.verb() != b"ANS" {
            return Err(Trouble::new(expected, came(&frame)).on(slot).at(Rung::Ans));
        }
        let joined = self.hear(board, b"JOI", "JOI").await;
        joined.map_err(|trouble| trouble.at(Rung::Ans).breaks(ClauseId::JOI_1))?;
        Ok(slot)
    }

    async fn pass_message(&mut self, board: usize, other: usize) -> Result<(), Trouble> {
        let slot = self.slot_mut(board);
        slot.next_trid += 1;
        let line = format!("MSG {} N {}", slot.next_trid, TEXT.len());
        self.say_with(board, &line, TEXT.as_bytes());
        let frame = self.hear(other, b"MSG", "MSG with the same payload").await;
        let frame = match frame {
            Ok(frame) => frame,
            Err(trouble) => return Err(self.as_sender_sees(board, trouble).await.at(Rung::Msg)),
        };
        if frame.payload.as_deref() == Some(TEXT.as_bytes()) {
            return Ok(());
        }
        let expected = "MSG with the same payload";
        Err(Trouble::new(expected, came(&frame)).on(other).at(Rung::Msg))
    }

    /// The next line with this verb; others are kept.
    pub(crate) async fn hear(
        &mut self,
        slot: usize,
        verb: &[u8],
        expected: &str,
    ) -> Result<Frame, Trouble> {
        let kept = &mut self.slot_mut(slot).pool;
        let at = kept.iter().position(|kept| kept.frame.verb() == verb);
        if let Some(kept) = at.and_then(|at| kept.remove(at)) {
            return Ok(kept.frame);
        }
        let patience = self.login_patience();
        let deadline = self.links.now() + patience;
        loop {
            let frame = self.next_line(slot, deadline, patience, expected).await?;
            if frame.verb() == verb {
                return Ok(frame);
            }
            self.slot_mut(slot).keep(frame);
        }
    }

    /// What came of a request that should have reached another user: an error or the end of the
    /// sender's own connection says more than the other's silence.
    async fn as_sender_sees(&mut self, sender: usize, trouble: Trouble) -> Trouble {
        if !matches!(trouble.observed(), Some(Observed::Silence(_))) {
            return trouble;
        }
        let now = self.links.now();
        let conn = self.slot(sender).conn;
        loop {
            match self.links.next(conn, now, "reply").await {
                Ok(Ok(frame)) if error_code(&frame).is_some() => {
                    return Trouble::new(*trouble.expected, came(&frame)).on(sender);
                }
                Ok(Ok(_)) => {}
                Ok(Err(end)) => return Trouble::new(*trouble.expected, told(&end)).on(sender),
                Err(_) => return trouble,
            }
        }
    }

    /// OUT ends the connection.
    pub(super) async fn leave(&mut self, slot: usize, ladder: &mut Ladder) {
        self.patience = Some(self.climb_patience(ladder));
        let since = self.links.now();
        self.say(slot, "OUT");
        let patience = self.login_patience();
        let deadline = since + patience;
        let conn = self.slot(slot).conn;
        let mut error = None;
        let result = loop {
            match self.links.next(conn, deadline, "reply").await {
                Ok(Ok(frame)) => error = error.or(error_code(&frame).map(|_| came(&frame))),
                Ok(Err(_)) => break Ok(()),
                Err(late) => {
                    let got = crate::engine::told_late(&late, patience);
                    let got = error.map_or(got, Got::Server);
                    break Err(Trouble::new("the end of the connection", got).on(slot));
                }
            }
        };
        self.climbed(ladder, Rung::Out, since, result);
        self.links.close(conn, false);
        self.slot_mut(slot).known_closed = true;
    }
}

/// Session, address and cookie of a ring. What stands beside them is for scenarios to judge.
fn read_ring(ring: &Frame) -> Option<[String; 3]> {
    let words: Words<'_> = ring.words().collect();
    let marked = words.iter().position(|word| *word == b"CKI");
    let at = match marked {
        Some(at) => at.checked_sub(1)?,
        None => words.iter().position(|word| is_address(word))?,
    };
    let text = |at: usize| {
        let word = words.get(at)?;
        Some(String::from_utf8_lossy(word).into_owned())
    };
    Some([text(at.checked_sub(1)?)?, text(at)?, text(at + 2)?])
}

/// Whether a word reads like `host:port`.
fn is_address(word: &[u8]) -> bool {
    let text = std::str::from_utf8(word).unwrap_or_default();
    let parts = text.rsplit_once(':');
    parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// Whether it is an error that gives a reason, and not that the command is unknown or failed.
fn is_reasoned(got: &Observed) -> bool {
    const UNBUILT: [u16; 6] = [200, 201, 500, 501, 502, 601];
    got.code()
        .is_some_and(|code| !UNBUILT.contains(&code) && code != 911)
}

/// The clause that is broken where a rung is out.
fn clause_of(dialect: &'static Dialect, rung: Rung, trouble: &Trouble) -> ClauseId {
    let request = dialect.requests().find(|row| row.rung == Some(rung));
    let line = dialect.lines().find(|row| row.rung == Some(rung));
    let request = request.map(|row| row.clause);
    let usual = request.or_else(|| line?.clauses.first().copied());
    trouble.clause.or(usual).unwrap_or(ClauseId::LIVE_1)
}
