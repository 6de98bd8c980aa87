//! Logs users in and reads their lists, as the harness's own business.

use std::time::Duration;

use md5::{Digest, Md5};

use super::batch::Batch;
use crate::engine::{Cause, Session, Settled, Trouble, came};
use crate::event::{Observed, Rung};
use crate::protocol::{ClauseId, Dialect, ServerKind, Verb};
use crate::rules::refusals;
use crate::transcript::ConnName;
use crate::wire::{Frame, Words};

/// What a client says of itself and of its system, before the handle.
const SYSTEM: &str = "0x0409 winnt 5.1 i386 MSNMSGR 6.0.0602 MSMSGS";
/// What is expected of the first USR with TWN.
const TICKET_WORD: &str = "a word for the login server, or a referral";
/// No batch has more lines of one kind.
const MOST_COUNTED: usize = 100_000;
/// How many referrals a login follows.
const MAX_REFERRALS: usize = 4;

/// What is known after a login.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) slot: usize,
    /// A dispatch server referred to here.
    pub(crate) referred_to: Option<String>,
}

impl Session {
    /// Logs a player in under the name `user@label`, following referrals.
    pub(crate) async fn login(&mut self, player: usize, label: &str) -> Result<LoggedIn, Trouble> {
        let result = self.try_login(player, label).await;
        result.map_err(|mut trouble| {
            if let (None, Some(got)) = (&trouble.cause, trouble.observed()) {
                trouble.cause = Some(Box::new(Cause::LoginRefused {
                    handle: self.player(player).account.handle.clone(),
                    rung: trouble.rung.unwrap_or(Rung::Connect),
                    got: got.clone(),
                    reason: format!("expected {}, got {got}", trouble.expected),
                }));
            }
            trouble
        })
    }

    async fn try_login(&mut self, player: usize, label: &str) -> Result<LoggedIn, Trouble> {
        let env = &self.env;
        let Some(first) = env.notification.as_ref().or(env.dispatch.as_ref()) else {
            return Err(Trouble::new("the target's address", "none"));
        };
        let mut address = self.env.reach(first);
        let mut referred_to = None;
        for _ in 0..=MAX_REFERRALS {
            let name = ConnName::new(self.player(player).user.clone(), label);
            let slot = self.open(player, name, &address).await;
            let slot = slot.map_err(|trouble| match referred_to {
                Some(_) if trouble.observed().is_some() => leads_nowhere(trouble),
                _ => trouble,
            })?;
            let frame = self.greet(slot, player).await;
            // Who refers has agreed on the dialect.
            let frame = frame.map_err(|trouble| match trouble.rung {
                Some(Rung::Ver) if referred_to.is_some() => trouble.breaks(ClauseId::VER_10),
                _ => trouble,
            })?;
            if let Some(next) = referral(&frame) {
                self.links.close(self.slot(slot).conn, false);
                address = self.env.reach(&next);
                referred_to = Some(address.clone());
                continue;
            }
            self.authenticate(slot, player, &frame).await?;
            return Ok(LoggedIn { slot, referred_to });
        }
        let trouble = Trouble::new("a challenge", "one referral after the other");
        Err(leads_nowhere(trouble))
    }

    /// Goes up to USR I and says whether a referral comes, be it a wrong one: what is wrong with it
    /// is for scenarios to say.
    pub(crate) async fn greet_only(&mut self, player: usize) -> Result<bool, Trouble> {
        let Some(address) = self.env.dispatch.as_ref() else {
            return Ok(false);
        };
        let address = self.env.reach(address);
        let name = ConnName::new(self.player(player).user.clone(), "ds");
        let slot = self.open(player, name, &address).await?;
        let answer = self.greet(slot, player).await;
        self.links.close(self.slot(slot).conn, false);
        let is_referral = |frame: &Frame| frame.verb() == b"XFR";
        let mut stray = self.slot(slot).pool.iter();
        Ok(answer.is_ok_and(|frame| is_referral(&frame))
            || stray.any(|kept| is_referral(&kept.frame)))
    }

    /// Whether the dispatch server, where it is another than the notification server, agrees on the
    /// dialect.
    pub(crate) async fn dispatch_agrees(&mut self) -> bool {
        let other = self.env.notification.as_ref();
        let dispatch = self.env.dispatch.as_ref();
        let Some(address) = dispatch.filter(|it| other.is_some_and(|other| other != *it)) else {
            return false;
        };
        let address = self.env.reach(address);
        let name = ConnName::new(self.player(0).user.clone(), "ds");
        let Ok(slot) = self.open(0, name, &address).await else {
            return false;
        };
        let agreed = self.offer(slot, &[self.env.dialect]).await;
        self.links.close(self.slot(slot).conn, false);
        agreed.is_ok()
    }

    /// VER, with these dialects, the one that is liked best first; which the server agrees on.
    pub(super) async fn offer(
        &mut self,
        slot: usize,
        offered: &[&'static Dialect],
    ) -> Result<&'static Dialect, Trouble> {
        let names: Vec<&str> = offered.iter().map(|dialect| dialect.name).collect();
        let offer = format!("{} CVR0", names.join(" "));
        let expected = format!("VER with {}", names.join(" or "));
        let frame = self.ask(slot, "VER", &offer, &expected).await;
        let frame = frame.map_err(|trouble| trouble.at(Rung::Ver))?;
        let dialect = Dialect::named(frame.words().nth(2).unwrap_or_default());
        let agreed = dialect.filter(|dialect| offered.contains(dialect));
        match agreed.filter(|_| frame.verb() == b"VER") {
            Some(agreed) => Ok(agreed),
            None => Err(Trouble::new(expected, came(&frame)).on(slot).at(Rung::Ver)),
        }
    }

    /// VER, INF or CVR, USR I; gives the answer to the latter.
    async fn greet(&mut self, slot: usize, player: usize) -> Result<Frame, Trouble> {
        self.offer(slot, &[self.env.dialect]).await?;
        if self.env.dialect.takes_tickets() {
            return self.greet_for_ticket(slot, player).await;
        }
        let expected = "INF with MD5";
        let frame = self.ask(slot, "INF", "", expected).await;
        let frame = frame.map_err(|trouble| trouble.at(Rung::Inf))?;
        if frame.verb() != b"INF" || !frame.words().any(|word| word == b"MD5") {
            return Err(Trouble::new(expected, came(&frame)).on(slot).at(Rung::Inf));
        }
        let handle = self.player(player).account.handle.clone();
        let params = format!("MD5 I {handle}");
        let answer = self.ask(slot, "USR", &params, "a challenge or a referral");
        answer.await.map_err(|trouble| trouble.at(Rung::Usr))
    }

    /// CVR, and USR I that asks for a ticket.
    async fn greet_for_ticket(&mut self, slot: usize, player: usize) -> Result<Frame, Trouble> {
        let at = |trouble: Trouble| trouble.at(Rung::Usr);
        let expected = "CVR with versions of the client";
        let handle = self.player(player).account.handle.clone();
        let system = format!("{SYSTEM} {handle}");
        let frame = self.ask(slot, "CVR", &system, expected).await;
        let frame = frame.map_err(|trouble| at(trouble).breaks(ClauseId::CVER_2))?;
        if frame.verb() != b"CVR" {
            let trouble = Trouble::new(expected, came(&frame)).on(slot);
            return Err(at(trouble).breaks(ClauseId::CVER_2));
        }
        let params = format!("TWN I {handle}");
        let answer = self.ask(slot, "USR", &params, TICKET_WORD);
        answer.await.map_err(at)
    }

    /// USR S with a ticket by the word in `frame`.
    async fn bring_ticket(
        &mut self,
        slot: usize,
        player: usize,
        frame: &Frame,
    ) -> Result<Frame, Trouble> {
        let words: Words<'_> = frame.words().collect();
        let [b"USR", _, b"TWN", b"S", word, ..] = *words.as_slice() else {
            let trouble = Trouble::new(TICKET_WORD, came(frame)).on(slot);
            return Err(trouble.at(Rung::Usr).breaks(ClauseId::TWN_1));
        };
        let ticket = self.ticket(player, word).await?;
        let params = format!("TWN S {ticket}");
        let frame = self.ask(slot, "USR", &params, "USR OK").await;
        frame.map_err(|trouble| trouble.at(Rung::Usr).breaks(ClauseId::TWN_2))
    }

    /// USR S with the response to the challenge in `frame`.
    async fn authenticate(
        &mut self,
        slot: usize,
        player: usize,
        frame: &Frame,
    ) -> Result<(), Trouble> {
        if self.env.dialect.takes_tickets() {
            let frame = self.bring_ticket(slot, player, frame).await?;
            return self.welcome(slot, player, &frame, ClauseId::TWN_2);
        }
        let words: Words<'_> = frame.words().collect();
        let [b"USR", _, b"MD5", b"S", challenge] = *words.as_slice() else {
            let expected = "a challenge or a referral";
            return Err(Trouble::new(expected, came(frame)).on(slot).at(Rung::Usr));
        };
        let response = Md5::new()
            .chain_update(challenge)
            .chain_update(&self.player(player).account.password)
            .finalize();
        let params = format!("MD5 S {}", hex::encode(response));
        let frame = self.ask(slot, "USR", &params, "USR OK").await;
        let refused = |trouble: Trouble| trouble.at(Rung::Usr).breaks(ClauseId::USR_2);
        let frame = frame.map_err(refused)?;
        self.welcome(slot, player, &frame, ClauseId::USR_2)
    }

    /// Learns the user's name from USR OK.
    fn welcome(
        &mut self,
        slot: usize,
        player: usize,
        frame: &Frame,
        clause: ClauseId,
    ) -> Result<(), Trouble> {
        let words: Words<'_> = frame.words().collect();
        let [b"USR", _, b"OK", _, name, ..] = *words.as_slice() else {
            let trouble = Trouble::new("USR OK", came(frame)).on(slot).at(Rung::Usr);
            return Err(trouble.breaks(clause));
        };
        let name = String::from_utf8_lossy(name).into_owned();
        let player = self.player_mut(player);
        player.first_name.get_or_insert_with(|| name.clone());
        player.name = Some(name);
        Ok(())
    }

    /// SYN 0 and the batch that follows. A new account may stand at 0, and then nothing follows.
    pub(crate) async fn synchronise(&mut self, slot: usize) -> Result<Batch, Trouble> {
        let batch = self.read_batch(slot).await;
        let batch = batch.map_err(|trouble| trouble.at(Rung::Syn))?;
        let player = self.slot(slot).player;
        let had = &mut self.player_mut(player).properties;
        had.get_or_insert_with(|| batch.properties.clone());
        Ok(batch)
    }

    async fn read_batch(&mut self, slot: usize) -> Result<Batch, Trouble> {
        let expected = "SYN with a number";
        let frame = self.ask(slot, "SYN", "0", expected).await?;
        let words: Words<'_> = frame.words().collect();
        if self.env.dialect.has_bare_batch_of(Verb::Syn) {
            let counts = match *words.as_slice() {
                [b"SYN", _, _, contacts, groups] => count(contacts).zip(count(groups)),
                _ => None,
            };
            let Some((contacts, groups)) = counts else {
                let expected = "SYN with a number and the counts of LST and LSG";
                return Err(Trouble::new(expected, came(&frame)).on(slot));
            };
            return self.read_counted_batch(slot, contacts, groups).await;
        }
        let [b"SYN", trid, number] = *words.as_slice() else {
            return Err(Trouble::new(expected, came(&frame)).on(slot));
        };
        let trid = std::str::from_utf8(trid).ok().and_then(|t| t.parse().ok());
        let trid: u32 = trid.unwrap_or_default();
        let mut batch = Batch::default();
        if number == b"0" && self.stays_quiet(slot).await {
            return Ok(batch);
        }
        while !batch.is_whole() {
            let expected = "GTC, BLP and all of LST FL, AL, BL, RL";
            let frame = match self.rest_of_batch(slot, trid, &batch).await {
                Ok(Some(frame)) => frame,
                Ok(None) => {
                    self.strays_of_batch(slot, &mut batch);
                    break;
                }
                Err(trouble) => return Err(trouble.breaks(ClauseId::SYN_3)),
            };
            if !batch.take(&frame) {
                let trouble = Trouble::new(expected, came(&frame)).on(slot);
                return Err(trouble.breaks(ClauseId::SYN_3));
            }
        }
        Ok(batch)
    }

    /// A batch that has said how long it is. What the server sends of itself meanwhile is kept.
    async fn read_counted_batch(
        &mut self,
        slot: usize,
        contacts: usize,
        groups: usize,
    ) -> Result<Batch, Trouble> {
        let mut batch = Batch::of(contacts, groups);
        let mut patience = self.login_patience();
        let mut is_fenced = false;
        while !batch.is_whole() {
            let expected = batch.missing();
            let deadline = self.links.now() + patience;
            match self.next_line(slot, deadline, patience, &expected).await {
                Ok(frame) if batch.take(&frame) => patience = self.quiet(),
                Ok(frame) => self.slot_mut(slot).keep(frame),
                // What the batch lacks is for oracles to say.
                Err(_) if is_fenced || batch.has_all_counted() => break,
                Err(_) if !batch.is_empty() => {
                    let settled = self.barrier(slot).await;
                    patience = match settled {
                        Settled::Answered => Duration::ZERO,
                        _ => self.login_patience(),
                    };
                    is_fenced = true;
                }
                Err(trouble) => return Err(trouble.breaks(ClauseId::BATCH_4)),
            }
        }
        Ok(batch)
    }

    /// The next line of a batch; `None` where a fence shows that no more will come. The end of a
    /// batch is not known by its last line: a server may lack one.
    async fn rest_of_batch(
        &mut self,
        slot: usize,
        trid: u32,
        batch: &Batch,
    ) -> Result<Option<Frame>, Trouble> {
        let expected = "GTC, BLP and all of LST FL, AL, BL, RL";
        if batch.is_empty() && !self.env.batch_is_prompt && self.slot(slot).pool.is_empty() {
            let answer = self.answer(slot, trid, expected).await;
            return match answer {
                Err(_) if !self.slot(slot).pool.is_empty() => Ok(None),
                other => other.map(Some),
            };
        }
        let quiet = self.quiet();
        let patience = self.patience.replace(quiet);
        let answer = self.answer(slot, trid, expected).await;
        self.patience = patience;
        match answer {
            Err(trouble) if matches!(trouble.observed(), Some(Observed::Silence(_))) => {}
            other => return other.map(Some),
        }
        let is_fenced = matches!(self.barrier(slot).await, Settled::Answered);
        let patience = match is_fenced {
            true => Duration::ZERO,
            false => self.login_patience(),
        };
        let usual = self.patience.replace(patience);
        let answer = self.answer(slot, trid, expected).await;
        self.patience = usual;
        match answer {
            Err(trouble) if matches!(trouble.observed(), Some(Observed::Silence(_))) => Ok(None),
            other => other.map(Some),
        }
    }

    /// The lines of a batch that came under another TrID.
    fn strays_of_batch(&mut self, slot: usize, batch: &mut Batch) {
        self.slot_mut(slot)
            .pool
            .retain(|kept| !batch.take(&kept.frame));
    }

    /// Whether nothing comes for the quiet time.
    async fn stays_quiet(&mut self, slot: usize) -> bool {
        let conn = self.slot(slot).conn;
        let deadline = self.links.now() + self.quiet();
        match self.links.next(conn, deadline, "quiet").await {
            Ok(Ok(frame)) => {
                self.links.unread(conn, frame);
                false
            }
            Ok(Err(_)) => false,
            Err(_) => true,
        }
    }

    /// Makes one change of a list or setting; what is so already is no trouble.
    pub(crate) async fn change(
        &mut self,
        slot: usize,
        verb: &str,
        params: &str,
    ) -> Result<(), Trouble> {
        let expected = format!("{verb} {params} accepted");
        let row = self.env.dialect.request(ServerKind::Notification, verb);
        let clause = row.map_or(ClauseId::REPLY_1, |row| row.clause);
        match self.request(slot, verb, params, &expected).await {
            Ok(()) => Ok(()),
            Err(trouble) => match trouble.observed().and_then(Observed::code) {
                Some(code) if refusals::is_so_already(code) => Ok(()),
                _ => Err(trouble.breaks(clause)),
            },
        }
    }

    /// Asks for something that a sound server grants. Where it does not, the rung of the request is
    /// out.
    pub(crate) async fn request(
        &mut self,
        slot: usize,
        verb: &str,
        params: &str,
        expected: &str,
    ) -> Result<(), Trouble> {
        let row = self.env.dialect.request(self.slot(slot).name.kind(), verb);
        let at = |trouble: Trouble| match row.and_then(|row| row.rung) {
            Some(rung) => trouble.at(rung),
            None => trouble,
        };
        let frame = self.ask(slot, verb, params, expected).await.map_err(at)?;
        let words: Words<'_> = frame.words().collect();
        if row.is_some_and(|row| row.is_granted(&words)) {
            return Ok(());
        }
        Err(at(Trouble::new(expected, came(&frame)).on(slot)))
    }

    /// Logs out and waits until the server has noticed; one that does not close in good time is
    /// left.
    pub(crate) async fn logout(&mut self, slot: usize) {
        let conn = self.slot(slot).conn;
        if !self.env.is_out(Rung::Out) {
            self.say(slot, "OUT");
            let patience = (self.quiet() * 4).min(self.reply);
            let deadline = self.links.now() + patience;
            while let Ok(Ok(_)) = self.links.next(conn, deadline, "logout").await {}
        }
        self.links.close(conn, false);
        self.slot_mut(slot).known_closed = true;
    }
}

/// The number of lines that a word says; none that a batch cannot have.
fn count(word: &[u8]) -> Option<usize> {
    let number: usize = std::str::from_utf8(word).ok()?.parse().ok()?;
    (number <= MOST_COUNTED).then_some(number)
}

/// A referral that leads to no login: that is what is broken, not the connection.
fn leads_nowhere(mut trouble: Trouble) -> Trouble {
    trouble.cause = None;
    trouble.rung = Some(Rung::Usr);
    trouble.clause = Some(ClauseId::XFR_3);
    trouble
}

/// The address of `XFR n NS address`.
fn referral(frame: &Frame) -> Option<String> {
    let words: Words<'_> = frame.words().collect();
    match *words.as_slice() {
        [b"XFR", _, b"NS", address, ..] => std::str::from_utf8(address).ok().map(str::to_owned),
        _ => None,
    }
}
