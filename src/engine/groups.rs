//! Groups of expectations: one of several, several in any order.

use std::collections::BTreeSet;
use std::time::Duration;

use super::expect::{is_unasked, wanted};
use super::links::{End, Late};
use super::session::Session;
use super::steps::Stop;
use super::trouble::{Got, Trouble, came, shown, told, told_late};
use crate::event::{Expectation, Observed};
use crate::protocol::ClauseId;
use crate::scenario::ast::{Action, Expect, Expected, Step};
use crate::transcript::ConnId;
use crate::wire::Frame;

/// The first step of a branch, or a member of an any-order group.
struct Head<'s> {
    step: &'s Step,
    expect: &'s Expect,
    slot: usize,
}

impl Session {
    /// Goes the way of the first branch whose first step is met.
    pub(crate) async fn one_of(&mut self, step: &Step, branches: &[Vec<Step>]) -> Result<(), Stop> {
        let firsts: Vec<&Step> = branches.iter().filter_map(|b| b.first()).collect();
        let heads = self.heads(step, &firsts).await?;
        let chosen = self.choose(step, &heads).await?;
        match branches.get(chosen) {
            Some(branch) => self.steps(branch).await,
            None => Ok(()),
        }
    }

    async fn heads<'s>(&mut self, group: &Step, steps: &[&'s Step]) -> Result<Vec<Head<'s>>, Stop> {
        let mut heads = Vec::with_capacity(steps.len());
        for step in steps {
            let Action::Expect(expect) = &step.action else {
                return Err(self.cannot(group, "a branch begins with what is expected"));
            };
            let slot = match self.find_slot(&expect.conn) {
                Some(slot) => slot,
                None => match self.connection(&expect.conn).await {
                    Ok(slot) => slot,
                    Err(trouble) => return Err(self.miss(group, trouble)),
                },
            };
            heads.push(Head { step, expect, slot });
        }
        Ok(heads)
    }

    fn conns(&self, heads: &[Head<'_>]) -> Vec<ConnId> {
        let mut conns: Vec<ConnId> = heads.iter().map(|h| self.slot(h.slot).conn).collect();
        conns.sort_unstable();
        conns.dedup();
        conns
    }

    /// The index of the branch to go. The line that chose it is left to be read.
    async fn choose(&mut self, group: &Step, heads: &[Head<'_>]) -> Result<usize, Stop> {
        for (index, head) in heads.iter().enumerate() {
            for at in 0..self.slot(head.slot).pool.len() {
                let kept = self.slot(head.slot).pool.get(at).cloned();
                if kept.is_some_and(|kept| self.hold(head.slot, head.expect, &kept.frame).is_ok()) {
                    return Ok(index);
                }
            }
        }
        let nothing = |head: &Head<'_>| matches!(head.expect.what, Expected::Nothing { .. });
        let silent = heads.iter().position(nothing);
        let within = heads.iter().filter_map(|head| head.expect.within).max();
        let patience = within.unwrap_or(self.reply);
        let (time, what) = match silent {
            None => (patience, "reply"),
            Some(_) if self.settle_heads(group, heads).await? => (Duration::ZERO, "quiet"),
            // What comes meanwhile chooses at once.
            Some(_) => (self.quiet(), "quiet"),
        };
        let mut deadline = self.links.now() + time;
        let mut conns = self.conns(heads);
        let mut revived = false;
        let mut stray = None;
        loop {
            match self.links.next_of(&conns, deadline, what).await {
                Ok((conn, Ok(frame))) => {
                    if let Some(index) = self.chosen_by(heads, conn, &frame) {
                        self.links.unread(conn, frame);
                        return Ok(index);
                    }
                    if stray.is_some() || self.is_unasked(heads, conn, &frame) {
                        // Where the answer comes all the same, nobody has asked for this line.
                        deadline = deadline.min(self.links.now() + self.quiet());
                        stray.get_or_insert((conn, frame));
                        continue;
                    }
                    self.put_aside(group, heads, conn, frame)?;
                }
                Ok((conn, Err(end))) => {
                    let lost = heads.iter().map(|head| head.slot);
                    let lost = lost.filter(|slot| self.slot(*slot).conn == conn).last();
                    match lost.filter(|slot| !revived && self.may_revive(*slot)) {
                        Some(slot) if self.chosen_by_end(heads, conn, &end).is_none() => {
                            revived = true;
                            self.revive_and_repeat(group, slot).await?;
                            conns = self.conns(heads);
                        }
                        _ => {
                            let chosen = self.chosen_by_end(heads, conn, &end);
                            return chosen.ok_or_else(|| {
                                self.none_met(group, heads, told(&end), None, end.framing())
                            });
                        }
                    }
                }
                Err(Late::Timeout) if silent.is_some() && stray.is_none() => {
                    if !time.is_zero() {
                        self.rest();
                    }
                    return Ok(silent.unwrap_or_default());
                }
                Err(late) => {
                    if let Some((conn, frame)) = stray {
                        self.put_aside(group, heads, conn, frame)?;
                    }
                    let got = told_late(&late, patience);
                    return Err(self.none_met(group, heads, got, None, None));
                }
            }
        }
    }

    /// Whether a line is what is expected, but under the TrID of what nobody asks for.
    fn is_unasked(&mut self, heads: &[Head<'_>], conn: ConnId, frame: &Frame) -> bool {
        let mut heads = heads.iter();
        heads.any(|head| {
            let held = self.hold(head.slot, head.expect, frame).err().flatten();
            let known = self.slot(head.slot);
            known.conn == conn
                && !self.may_come(head.slot, frame)
                && is_unasked(frame, held.as_ref())
        })
    }

    /// Whether silence is proved on all connections; `false` where only time can tell.
    async fn settle_heads(&mut self, group: &Step, heads: &[Head<'_>]) -> Result<bool, Stop> {
        let mut slots: Vec<usize> = heads.iter().map(|head| head.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let mut sure = true;
        for slot in slots {
            match self.settle_at_once(slot).await {
                Ok(proved) => sure &= proved,
                Err(late) => {
                    let got = told_late(&late, self.reply);
                    return Err(self.none_met(group, heads, got, None, None));
                }
            }
        }
        Ok(sure)
    }

    fn chosen_by(&mut self, heads: &[Head<'_>], conn: ConnId, frame: &Frame) -> Option<usize> {
        heads.iter().position(|head| {
            self.slot(head.slot).conn == conn && self.hold(head.slot, head.expect, frame).is_ok()
        })
    }

    fn chosen_by_end(&self, heads: &[Head<'_>], conn: ConnId, end: &End) -> Option<usize> {
        let is_end = |head: &Head<'_>| {
            matches!(head.expect.what, Expected::Closed | Expected::Refused)
                && self.slot(head.slot).conn == conn
        };
        let orderly = !matches!(end, End::Garbage(_) | End::Unreachable(_) | End::Limit(_));
        heads.iter().position(is_end).filter(|_| orderly)
    }

    /// Keeps a line that none of the group takes, or fails the group.
    fn put_aside(
        &mut self,
        group: &Step,
        heads: &[Head<'_>],
        conn: ConnId,
        frame: Frame,
    ) -> Result<(), Stop> {
        let strict = self.strict || heads.iter().any(|head| head.expect.strict);
        let Some(slot) = self.slots.iter().position(|slot| slot.conn == conn) else {
            return Ok(());
        };
        match self.set_aside(slot, frame, strict) {
            Ok(()) => Ok(()),
            Err(frame) => Err(self.none_met(
                group,
                heads,
                came(&frame).into(),
                Some((slot, &frame)),
                None,
            )),
        }
    }

    fn none_met(
        &mut self,
        group: &Step,
        heads: &[Head<'_>],
        got: Got,
        line: Option<(usize, &Frame)>,
        framing: Option<ClauseId>,
    ) -> Stop {
        let told: Vec<String> = heads.iter().map(|h| self.scope.render(h.expect)).collect();
        let expected = Expectation {
            text: told.join(" | "),
            any: heads
                .iter()
                .filter_map(|head| wanted(head.expect))
                .collect(),
        };
        let mut trouble = Trouble::new(expected, got);
        trouble.slot = line
            .map(|(slot, _)| slot)
            .or_else(|| heads.first().map(|head| head.slot));
        let slots: BTreeSet<usize> = heads.iter().map(|head| head.slot).collect();
        let came = slots.iter();
        let came = came.filter_map(|slot| self.slot(*slot).pool.iter().next_back());
        let came: Vec<String> = came
            .map(|kept| format!("`{}`", shown(&kept.frame)))
            .collect();
        if !came.is_empty() && line.is_none() {
            trouble.detail = Some(format!("what came instead: {}", came.join(", ")));
        }
        let expected: Vec<&Expect> = heads.iter().map(|head| head.expect).collect();
        let is_silent = matches!(trouble.got, Got::Server(Observed::Silence(_)));
        let instead = match (line, trouble.slot) {
            (Some((slot, frame)), _) => self.broken_by(group, slot, &expected, frame),
            (None, Some(slot)) if is_silent => {
                let of_slot = heads.iter().filter(|head| head.slot == slot);
                let of_slot: Vec<&Expect> = of_slot.map(|head| head.expect).collect();
                self.deafness(group, slot, &of_slot)
            }
            _ => None,
        };
        let clause = group
            .clause
            .or_else(|| heads.first().and_then(|head| head.step.clause));
        let instead = instead.or(framing).or(clause);
        self.miss_for(group, instead, trouble)
    }

    /// All of the steps, in any order.
    pub(crate) async fn any_order(&mut self, group: &Step, steps: &[Step]) -> Result<(), Stop> {
        let steps: Vec<&Step> = steps.iter().collect();
        let mut heads = self.heads(group, &steps).await?;
        let mut kept = Vec::with_capacity(heads.len());
        for head in heads.drain(..) {
            match self.take_kept(head.slot, head.expect) {
                Some(frame) => self.met(head.step, head.slot, &frame),
                None => kept.push(head),
            }
        }
        heads = kept;
        let within = heads.iter().filter_map(|head| head.expect.within).max();
        let patience = within.unwrap_or(self.reply);
        let deadline = self.links.now() + patience;
        while heads.iter().any(|head| !head.step.optional) {
            let conns = self.conns(&heads);
            match self.links.next_of(&conns, deadline, "reply").await {
                Ok((conn, Ok(frame))) => {
                    let taken = heads.iter().position(|head| {
                        self.slot(head.slot).conn == conn
                            && self.hold(head.slot, head.expect, &frame).is_ok()
                    });
                    match taken {
                        Some(at) => {
                            let head = heads.remove(at);
                            self.met(head.step, head.slot, &frame);
                        }
                        None => self.put_aside(group, &heads, conn, frame)?,
                    }
                }
                Ok((conn, Err(end))) => {
                    let of_conn = |head: &Head<'_>| self.slot(head.slot).conn == conn;
                    let due = |head: &&Head<'_>| of_conn(head) && !head.step.optional;
                    let last = heads.iter().filter(due).count() == 1;
                    let at = heads.iter().position(|head| due(&head)).filter(|_| last);
                    let head = at.map(|at| heads.remove(at));
                    let met = head
                        .as_ref()
                        .and_then(|head| self.ended(head.step, head.slot, head.expect, &end));
                    if met.is_none() {
                        let all: Vec<Head<'_>> = head.into_iter().chain(heads).collect();
                        return Err(self.none_met(group, &all, told(&end), None, end.framing()));
                    }
                }
                Err(late) => {
                    let got = told_late(&late, patience);
                    heads.retain(|head| !head.step.optional);
                    return Err(self.none_met(group, &heads, got, None, None));
                }
            }
        }
        for head in heads {
            self.wait_perhaps(head.step, head.slot, head.expect);
        }
        Ok(())
    }
}
