//! Who is put on somebody's FL while online is told of it, sooner or later.
//!
//! A server may be slow to tell, so only the end of the connection can show that it never did, and
//! only where it lived on for long after the ADD.

use std::collections::VecDeque;
use std::time::Duration;

use super::Oracle;
use super::finding::{Charge, Findings, Place};
use super::line::Verb;
use super::liveness::PATIENCE;
use super::world::{Role, Seen, Sight, UserId, World};
use crate::protocol::{ClauseId, List};
use crate::rules::Outcome;
use crate::transcript::{ConnId, Party};

/// The most ADDs of which the news is waited for.
const MOST: usize = 256;

/// The judge of news that never comes.
#[derive(Debug, Default)]
pub(super) struct Notices {
    due: Vec<Due>,
    /// News that came: to whom, of whom, and its entry. It may come before the ADD is answered.
    told: VecDeque<(ConnId, UserId, usize)>,
}

/// An ADD that was carried out, and who must hear of it.
#[derive(Debug)]
struct Due {
    place: Place,
    line: Vec<u8>,
    adder: UserId,
    to: ConnId,
    /// The entry of the ADD.
    asked: usize,
    at: Duration,
}

impl Oracle for Notices {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[ClauseId::ADD_10]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let conn = seen.place.conn;
        match &seen.sight {
            Sight::Told(told) if told.line.verb == Verb::Add => {
                if told.role == Role::Answer {
                    self.due
                        .extend(news(world, seen).filter(|due| !self.is_told(due)));
                    let excess = self.due.len().saturating_sub(MOST);
                    self.due.drain(..excess);
                } else {
                    let Some(adder) = world.users().find(told.line.word(4)) else {
                        return;
                    };
                    self.due.retain(|due| due.to != conn || due.adder != adder);
                    self.told.push_back((conn, adder, seen.place.entry));
                    let excess = self.told.len().saturating_sub(MOST);
                    self.told.drain(..excess);
                }
            }
            Sight::Ended(Party::Client) => {
                let at = seen.entry.at;
                let is_certain = seen.conn.is_clear() && seen.conn.is_alive() && !seen.conn.was_fln;
                let due = self.due.extract_if(.., |due| due.to == conn);
                for due in due.filter(|_| is_certain) {
                    let is_heard = seen.conn.floor > due.place.entry;
                    if is_heard && at.saturating_sub(due.at) >= PATIENCE {
                        let charge = Charge {
                            message: "whoever was added was online and is never told",
                            expected: format!(
                                "{} 0 {} on the other's connection",
                                Verb::Add.as_str(),
                                List::Reverse.as_str()
                            ),
                            got: &due.line,
                        };
                        out.accuse(due.place, ClauseId::ADD_10, charge);
                    }
                }
            }
            Sight::Ended(Party::Server) => self.due.retain(|due| due.to != conn),
            _ => {}
        }
    }
}

impl Notices {
    fn is_told(&self, due: &Due) -> bool {
        let mut told = self.told.iter();
        told.any(|(to, of, entry)| *to == due.to && *of == due.adder && *entry > due.asked)
    }
}

/// What must be told because of an ADD that was just answered.
fn news(world: &World, seen: &Seen<'_, '_>) -> Option<Due> {
    let told = seen.told()?;
    let request = told.request.filter(|request| request.is_sound)?;
    let asked = request.words();
    let (me, contact) = (seen.conn.user?, world.users().find(asked.word(3))?);
    let user = world.user(contact);
    let is_echo = told.line.word(2) == b"FL"
        && asked.word(2) == b"FL"
        && told.line.word(4).eq_ignore_ascii_case(asked.word(3));
    let to = user.login?;
    let other = world.conn(to)?;
    let was_in = other.is_clear() && other.is_alive() && other.entered < request.index;
    let adder = world.user(me);
    let is_certain = adder.is_sure() && adder.login == Some(seen.place.conn) && user.is_sure();
    let is_new = world.outcomes_of(me, request)[..] == [Outcome::Done];
    (is_echo && was_in && is_certain && is_new && contact != me).then(|| Due {
        place: seen.place,
        line: told.frame.line.to_vec(),
        adder: me,
        to,
        asked: request.index,
        at: seen.entry.at,
    })
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    #[test]
    fn news_that_never_comes() {
        let on = "alice on NLN\nbob on NLN\n";
        let add = "bob C: ADD 9 FL alice@hotmail.com a\nbob S: ADD 9 FL 4 alice@hotmail.com a\n";
        let lives = "alice C: CHG 9 BSY\nalice S: CHG 9 BSY\n+2s\n";
        let (news, end) = (
            "alice S: ADD 0 RL 4 bob@hotmail.com bob\n",
            "alice C: <closed>",
        );
        accuses("ADD-10", &format!("{on}{add}{lives}{end}"));
        silent(&format!("{on}{add}{lives}{news}{end}"));
        silent(&format!("{on}{add}{news}{lives}{end}"));
        let (ask, answer) = add.split_once('\n').unwrap();
        silent(&format!("{on}{ask}\n{news}{answer}{lives}{end}"));
        silent(&format!("{on}{add}+2s\n{end}"));
        silent(&format!("{on}{add}{}{end}", lives.replace("+2s\n", "")));
        silent(&format!("{on}{add}{lives}alice S: <closed>"));
        silent(&format!("{on}{add}{lives}alice C: OUT\n{end}"));
        silent(&format!(
            "bob on NLN\n{add}alice on NLN RL=bob\n{lives}{end}"
        ));
        silent(&format!("alice on NLN\nbob on NLN FL=alice\n{lives}{end}"));
        let hidden = "alice on NLN\nalice C: CHG 8 FLN\nalice S: CHG 8 FLN\nbob on NLN\n";
        silent(&format!("{hidden}{add}{lives}{end}"));
    }
}
