//! LST and SYN show what ADD and REM made of the lists, in this session and in the next.

use std::collections::BTreeSet;

use super::Oracle;
use super::finding::{Findings, Place};
use super::line::Verb;
use super::shown::Shown;
use super::world::{Batch, Membership, Request, Role, Seen, Told, User, UserId, World};
use super::world::{ends_list, serial};
use crate::protocol::{ClauseId, List, Setting};
use crate::rules::SettingRule;

/// The judge of lists.
#[derive(Debug)]
pub(super) struct Lists;

impl Oracle for Lists {
    fn name(&self) -> &'static str {
        "lists"
    }

    fn clauses(&self) -> &'static [ClauseId] {
        &[
            ClauseId::LST_5,
            ClauseId::SYN_7,
            ClauseId::ADD_3,
            ClauseId::ADD_9,
            ClauseId::ADD_10,
            ClauseId::ADD_11,
            ClauseId::REM_1,
            ClauseId::REM_3,
            ClauseId::REM_6,
            ClauseId::REM_9,
            ClauseId::ADD_13,
            ClauseId::GTC_5,
            ClauseId::BLP_5,
            ClauseId::SYN_5,
            ClauseId::BATCH_6,
            ClauseId::BATCH_7,
            ClauseId::BATCH_8,
        ]
    }

    fn entry(&mut self, world: &World, seen: &Seen<'_, '_>, out: &mut Findings) {
        let Some(me) = seen.conn.user else {
            return;
        };
        // On the connection before the last, nobody knows what is shown of which time.
        let is_latest = world.user(me).login == Some(seen.place.conn);
        if !seen.conn.is_clear() || !world.user(me).is_sure() || !is_latest {
            return;
        }
        if let Some(batch) = seen.conn.counted.as_ref().filter(|it| !it.is_settled)
            && !seen.is_of_batch()
        {
            judge_batch(world, seen, batch, me, out);
        }
        let Some(told) = seen.told() else {
            return;
        };
        match (told.line.verb, told.role, told.request) {
            (Verb::Lst, Role::Answer, Some(request)) if ends_list(&told.line) => {
                judge_list(world, seen, told, request, me, out);
            }
            (Verb::Gtc | Verb::Blp, Role::Answer, Some(request)) => {
                let is_unchanged = is_unchanged(world.user(me), told);
                let shown = (told.line.word(3), request.index, is_unchanged);
                judge_setting(world.user(me), seen, shown, out);
            }
            (Verb::Gtc | Verb::Blp, Role::Unasked, _) => {
                if let Some(batch) = seen.conn.counted.as_ref().filter(|it| !it.is_void) {
                    let is_unchanged = batch.serial <= world.user(me).serial_before;
                    let shown = (told.line.word(1), batch.asked, is_unchanged);
                    judge_setting(world.user(me), seen, shown, out);
                }
            }
            (Verb::Add, Role::Unasked, _) => judge_notice(world, seen, told, me, out),
            _ => {}
        }
    }
}

/// A setting in a batch: what was set stays so, in this session and the next.
fn judge_setting(
    owner: &User,
    seen: &Seen<'_, '_>,
    (shown, asked, is_unchanged): (&[u8], usize, bool),
    out: &mut Findings,
) {
    let verb = seen.told().map(|told| told.line.verb);
    let Some(setting) = verb.and_then(Setting::of) else {
        return;
    };
    let fact = owner.setting(setting);
    let before = fact.from_before().filter(|_| is_unchanged);
    let expected = fact.steady_since(asked).or(before);
    let expected = expected.map(|value| setting.as_str(value));
    if let Some(expected) = expected.filter(|word| word.as_bytes() != shown) {
        let message = "the setting is another than it was";
        out.accuse_line(seen, SettingRule::of(setting).kept, message, expected);
    }
}

fn judge_list(
    world: &World,
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    request: &Request,
    me: UserId,
    out: &mut Findings,
) {
    let progress = &request.progress;
    let Some(list) = List::parse(told.line.word(2)) else {
        return;
    };
    // A list that was shown whole may be shown anew, and begins anew where it is another.
    let is_garbled = progress.is_garbled || !progress.fits(&told.line);
    if !request.is_sound || is_garbled || progress.has_shown(list) {
        return;
    }
    let owner = world.user(me);
    let mut members = BTreeSet::new();
    let mut double = None;
    if progress.list == Some(list) {
        for member in &progress.members {
            if !members.insert(*member) && !world.user(*member).is_ambiguous {
                double = Some(*member);
            }
        }
    }
    if told.line.count() > 6 {
        match world.users().find(told.line.word(6)) {
            Some(last) => {
                // In another spelling it may be another user.
                let (user, spelled) = (world.user(last), told.line.word(6));
                let is_one = !user.is_ambiguous && *user.handle == *spelled;
                if !members.insert(last) && is_one {
                    double = Some(last);
                }
            }
            // Nobody has named this user yet: so nobody has added it.
            None => judge_unknown(owner, seen, list, out),
        }
    }
    // A reverse list is others' work: what stands there from before they were seen to do it says
    // nothing of how it came there.
    let is_of_now = list != List::Reverse || owner.list(list).is_single();
    if double.is_some() && is_of_now {
        let message = "an entry stands twice in the list";
        out.accuse_line(seen, ClauseId::LST_5, message, "");
    }
    let shown = Shown {
        place: seen.place,
        got: &told.frame.line,
        by_bits: None,
        list,
        me,
        owner,
        asked: request.index,
        in_batch: request.verb == Verb::Syn,
        members,
    };
    if list == List::Reverse {
        shown.judge_reverse(world, out);
    } else if !owner.list(list).is_old() || is_unchanged(owner, told) {
        shown.judge_own(world, out);
    }
}

/// All lists of a batch that shows them by bits, once another matter begins.
fn judge_batch(world: &World, seen: &Seen<'_, '_>, batch: &Batch, me: UserId, out: &mut Findings) {
    if !batch.shows_lists() {
        return;
    }
    let owner = world.user(me);
    for list in List::ALL {
        let on = batch.contacts.iter().filter(|it| it.is_on(list));
        let shown = Shown {
            place: Place {
                entry: batch.last,
                ..seen.place
            },
            got: &batch.last_line,
            by_bits: Some(batch),
            list,
            me,
            owner,
            asked: batch.asked,
            in_batch: true,
            members: on.map(|it| it.user).collect(),
        };
        if list == List::Reverse {
            shown.judge_reverse(world, out);
        } else if !owner.list(list).is_old() || batch.serial <= owner.serial_before {
            shown.judge_own(world, out);
        }
    }
}

/// Whether nobody can have changed the lists since the last session.
fn is_unchanged(owner: &User, told: &Told<'_, '_>) -> bool {
    serial(&told.line).is_some_and(|serial| serial <= owner.serial_before)
}

fn judge_unknown(owner: &User, seen: &Seen<'_, '_>, list: List, out: &mut Findings) {
    let fact = owner.list(list);
    let is_known = fact.is_whole() && !fact.is_old() && list != List::Reverse;
    if is_known && fact.steady_since(seen.place.entry).is_some() {
        let message = "a user whom nobody has added is on the list";
        out.accuse_line(seen, ClauseId::LST_5, message, "");
    }
}

/// `ADD 0 RL …`: somebody has put the receiver on the FL.
fn judge_notice(
    world: &World,
    seen: &Seen<'_, '_>,
    told: &Told<'_, '_>,
    me: UserId,
    out: &mut Findings,
) {
    let Some(adder) = world.users().find(told.line.word(4)) else {
        return;
    };
    let other = world.user(adder);
    let has_added = world.user(me).ever_added_by.contains(&adder);
    if adder == me && !has_added {
        let message = "the user is told of its own ADD";
        out.accuse_line(seen, ClauseId::ADD_10, message, "");
        return;
    }
    if let Some(list) = List::parse(told.line.word(2)).filter(|list| *list != List::Reverse) {
        if other.is_sure() && matches!(other.list(list).membership_ever(me), Membership::On(_)) {
            let message = "being put on AL or BL is told to the other user";
            out.accuse_line(seen, ClauseId::ADD_11, message, "");
        }
        return;
    }
    if !other.is_sure() || world.user(me).ever_added_by.contains(&adder) {
        return;
    }
    let forward = other.list(List::Forward);
    let is_off = matches!(
        forward.membership(me),
        Membership::Off { was_on: false, .. }
    );
    if !is_off || !forward.is_whole() {
        return;
    }
    let is_listed = [List::Allow, List::Block]
        .into_iter()
        .any(|list| matches!(other.list(list).membership(me), Membership::On(_)));
    let (clause, message) = if is_listed {
        (
            ClauseId::ADD_11,
            "being put on AL or BL is told to the other user",
        )
    } else {
        (
            ClauseId::ADD_10,
            "this user has not put the receiver on the FL",
        )
    };
    out.accuse_line(seen, clause, message, "");
}

#[cfg(test)]
mod tests {
    use crate::oracle::dialogue::{accuses, silent};

    fn shown(name: &str, trid: u32, list: &str, users: &[&str]) -> String {
        let ask = format!("{name} C: LST {trid} {list}\n");
        let total = users.len();
        let lines = users.iter().zip(1..).map(|(user, item)| {
            format!("{name} S: LST {trid} {list} 9 {item} {total} {user}@hotmail.com {user}\n")
        });
        let empty = format!("{name} S: LST {trid} {list} 9 0 0\n");
        let lines = if users.is_empty() {
            empty
        } else {
            lines.collect()
        };
        format!("{ask}{lines}")
    }

    #[test]
    fn own_lists() {
        let on = "alice on NLN FL=bob,carol\n";
        silent(&format!(
            "{on}{}",
            shown("alice", 9, "FL", &["carol", "bob"])
        ));
        accuses(
            "LST-5",
            &format!("{on}{}", shown("alice", 9, "FL", &["carol"])),
        );
        accuses(
            "LST-5",
            &format!("{on}{}", shown("alice", 9, "FL", &["bob", "carol", "dave"])),
        );
        accuses(
            "LST-5",
            &format!("{on}{}", shown("alice", 9, "FL", &["bob", "carol", "bob"])),
        );
        let kept = "alice C: REM 8 FL bob@hotmail.com\nalice S: 205 8\n";
        let without = shown("alice", 9, "FL", &["carol"]);
        accuses("REM-1", &format!("{on}{kept}{without}"));
        // What is refused is not believed to be undone, nor to be done.
        silent(&format!(
            "{on}{kept}alice C: REM 9 FL bob@hotmail.com\nalice S: 216 9"
        ));
        let refused = "alice C: ADD 8 FL dave@hotmail.com d\nalice S: 205 8\n";
        let with = shown("alice", 9, "FL", &["bob", "carol", "dave"]);
        let told = "alice S: NLN NLN dave@hotmail.com dave\n";
        accuses("ADD-13", &format!("{on}{refused}{told}{with}{told}"));
        let again = "alice C: ADD 9 FL dave@hotmail.com d\nalice S: 215 9\n";
        silent(&format!("{on}{refused}{again}{told}"));
        let never = shown("alice", 9, "FL", &["bob", "carol"]);
        accuses("PRES-5", &format!("{on}{refused}{never}{told}"));
        let removed = "alice C: REM 8 FL bob@hotmail.com\nalice S: REM 8 FL 4 bob@hotmail.com\n";
        accuses(
            "REM-3",
            &format!(
                "{on}{removed}{}",
                shown("alice", 9, "FL", &["bob", "carol"])
            ),
        );
        silent(&format!("{on}{removed}{without}"));
    }

    #[test]
    fn changes_under_way() {
        let on = "alice on NLN FL=bob\n";
        let ask = "alice C: ADD 8 FL carol@hotmail.com c\n";
        let both = shown("alice", 9, "FL", &["bob", "carol"]);
        let one = shown("alice", 9, "FL", &["bob"]);
        let done = "alice S: ADD 8 FL 4 carol@hotmail.com c\n";
        silent(&format!("{on}{ask}{both}"));
        silent(&format!("{on}{ask}{one}"));
        silent(&format!(
            "{on}alice C: LST 9 FL\n{ask}{done}{}",
            one.replace("alice C: LST 9 FL\n", "")
        ));
        accuses("ADD-3", &format!("{on}{ask}{done}{one}"));
    }

    #[test]
    fn what_happens_elsewhere_does_not_settle_what_is_under_way() {
        let ask = "C: SYN 5 0\nC: ADD 8 FL alice@hotmail.com a\n";
        let batch = "S: SYN 5 3\nS: GTC 5 3 A\nS: BLP 5 3 AL\nS: LST 5 FL 3 0 0\n";
        let of = |conn: &str, lines: &str| -> String {
            lines
                .lines()
                .map(|line| format!("{conn} {line}\n"))
                .collect()
        };
        let added = shown("alice", 9, "RL", &["bob"]);
        let board = "bob C: XFR 7 SB\nbob S: XFR 7 SB 1.1.1.1:1 CKI 5\n\
             bob@sb C: USR 1 bob@hotmail.com 5\nbob@sb S: USR 1 OK bob@hotmail.com bob\n";
        let refused = "bob@sb C: CAL 2 carol@hotmail.com\nbob@sb S: 217 2\n";
        let pending = [&of("bob", ask), board, refused, &of("bob", batch)].concat();
        silent(&["alice on NLN\nbob in\n", &pending, &added].concat());
        let known = ["alice on NLN\nbob on NLN\n", board, refused, &added];
        accuses("LST-5", &known.concat());
        let renamed = "bob C: REA 5 bob@hotmail.com bob\n";
        let again = "two C: USR 3 MD5 I bob@hotmail.com\ntwo S: USR 3 MD5 S 1.2\n\
             two C: USR 4 MD5 S 00000000000000000000000000000000\ntwo S: USR 4 OK bob@hotmail.com bob\n";
        let late = "bob S: REA 5 2 bob@hotmail.com bob\n";
        let pending = [renamed, again, &of("two", ask), late, &of("two", batch)].concat();
        silent(&["alice on NLN\nbob in\n", &pending, &added].concat());
    }

    #[test]
    fn the_next_session() {
        let first = "alice on NLN FL=bob,carol\nalice C: OUT\nalice S: <closed>\nalice <open>\n";
        accuses("SYN-7", &format!("{first}alice on NLN"));
        accuses("SYN-5", &format!("{first}alice on NLN FL=bob"));
        silent(&format!("{first}alice on NLN FL=bob,carol"));
        let raised = "alice in\nalice C: SYN 5 0\nalice S: SYN 5 9\nalice S: GTC 5 9 A\n\
             alice S: BLP 5 9 AL\nalice S: LST 5 FL 9 1 1 bob@hotmail.com b";
        silent(&format!("{first}{raised}"));
        let restarted = first.replace("alice C: OUT\n", "");
        silent(&format!("{restarted}alice on NLN"));
    }

    #[test]
    fn reverse_list() {
        let alice = "alice on NLN\nbob on NLN FL=alice\n";
        silent(&format!("{alice}{}", shown("alice", 9, "RL", &["bob"])));
        accuses("ADD-9", &format!("{alice}{}", shown("alice", 9, "RL", &[])));
        let by_bob = shown("alice", 9, "RL", &["bob"]);
        accuses("LST-5", &format!("alice on NLN\nbob on NLN\n{by_bob}"));
        let removed = "bob C: REM 9 FL alice@hotmail.com\nbob S: REM 9 FL 4 alice@hotmail.com\n";
        accuses("REM-6", &format!("{alice}{removed}{by_bob}"));
        // What stood there before says nothing of a REM.
        silent("alice on NLN RL=bob\nbob on NLN");
        silent("bob on NLN\nalice on NLN RL=bob");
        silent("bob on NLN\nalice on NLN RL=bob,bob");
        let twice = shown("alice", 9, "RL", &["bob", "bob"]);
        accuses("LST-5", &format!("{alice}{twice}"));
        let again = shown("alice", 10, "RL", &["bob", "bob"]);
        silent(&format!("bob in\nalice on NLN RL=bob,bob\n{again}"));
        silent(&format!(
            "alice on NLN\nbob in\n{}",
            shown("alice", 9, "RL", &["bob"])
        ));
        let left = "bob C: OUT\nbob S: <closed>\n";
        silent(&format!("{alice}{left}{}", shown("alice", 9, "RL", &[])));
    }

    #[test]
    fn named_causes() {
        let again = "alice C: OUT\nalice S: <closed>\nalice <open>\n";
        let on = "alice on NLN AL=bob FL=bob\nalice C: REM 8 FL bob@hotmail.com\n\
             alice S: REM 8 FL 4 bob@hotmail.com\n";
        accuses("REM-9", &format!("{on}{}", shown("alice", 9, "AL", &[])));
        let refused = "alice on NLN\nalice C: ADD 8 FL bob@hotmail.com b\nalice S: 205 8\n";
        accuses(
            "ADD-13",
            &format!("{refused}{}", shown("alice", 9, "FL", &["bob"])),
        );
        accuses("GTC-5", &format!("alice on NLN GTC=N\n{again}alice on NLN"));
        accuses(
            "BLP-5",
            &format!("alice on NLN BLP=BL\n{again}alice on NLN"),
        );
        silent(&format!(
            "alice on NLN BLP=BL GTC=N\n{again}alice on NLN BLP=BL GTC=N"
        ));
    }

    #[test]
    fn notices() {
        let both = "alice on NLN\nbob on NLN BL=alice\n";
        accuses(
            "ADD-11",
            &format!("{both}alice S: ADD 0 RL 4 bob@hotmail.com bob"),
        );
        let both = "alice on NLN\nbob on NLN\n";
        accuses(
            "ADD-10",
            &format!("{both}alice S: ADD 0 RL 4 bob@hotmail.com bob"),
        );
        let ask = "bob C: ADD 8 FL alice@hotmail.com a\n";
        silent(&format!(
            "{both}{ask}alice S: ADD 0 RL 4 bob@hotmail.com bob"
        ));
        let undone = "bob S: ADD 8 FL 4 alice@hotmail.com a\nbob C: REM 9 FL alice@hotmail.com\n\
             bob S: REM 9 FL 5 alice@hotmail.com\n";
        silent(&format!(
            "{both}{ask}{undone}alice S: ADD 0 RL 4 bob@hotmail.com bob"
        ));
    }

    #[test]
    fn whose_lists_are_known() {
        let strange = "alice C: PNG\nbob on NLN FL=alice\nalice on NLN";
        silent(strange);
        let spelled = "alice on NLN FL=bob\ncarol on NLN FL=Alice\n";
        silent(&format!("{spelled}{}", shown("alice", 9, "FL", &[])));
        let twice = "alice on NLN\nalice C: LST 9 FL\n";
        silent(&format!("{twice}{}", shown("alice", 9, "FL", &["bob"])));
        let garbled = "alice C: LST 9 FL\nalice S: LST 9 FL 9 2 3 bob@hotmail.com b\n\
             alice S: LST 9 FL 9 3 3 carol@hotmail.com c";
        accuses("LST-2", &format!("alice on NLN\n{garbled}"));
        let middle = shown("alice", 9, "FL", &["bob", "bob", "carol"]);
        accuses("LST-5", &format!("alice on NLN FL=bob,carol\n{middle}"));
        silent("alice on NLN FL=bob,Bob");
        silent("alice on NLN FL=bob,Bob,bob,carol");
        let again = "alice C: OUT\nalice S: <closed>\nalice <open>\n";
        silent(&format!(
            "alice on NLN FL=bob\n{again}alice on NLN FL=bob,carol"
        ));
        let both = "alice on NLN AL=bob FL=bob\n";
        accuses("LST-5", &format!("{both}{}", shown("alice", 9, "AL", &[])));
    }

    #[test]
    fn one_of_two_that_came_in_the_same_way() {
        let add = |trid: u32, who: &str| {
            let entry = format!("{who}@hotmail.com {who}");
            format!("alice C: ADD {trid} FL {entry}\nalice S: ADD {trid} FL {trid} {entry}\n")
        };
        let batch = "alice C: SYN 30 0\nalice S: SYN 30 9\nalice S: GTC 30 9 A\nalice S: BLP 30 9 AL\n\
             alice S: LST 30 FL 9 1 1 carol@hotmail.com carol\n";
        let both = add(8, "bob") + &add(9, "carol");
        accuses("SYN-5", &format!("alice on NLN\n{both}{batch}"));
        let one = add(9, "bob");
        accuses("ADD-3", &format!("alice on NLN FL=carol\n{one}{batch}"));
    }

    #[test]
    fn whom_the_reverse_list_lacks() {
        let two = "bob on NLN FL=alice\ncarol on NLN FL=alice\n";
        accuses("SYN-5", &format!("{two}alice on NLN RL=bob"));
        let told = "bob C: ADD 9 FL alice@hotmail.com a\nbob S: ADD 9 FL 4 alice@hotmail.com a\n\
             alice S: ADD 0 RL 4 bob@hotmail.com bob\n";
        // Who stands there for no reason does not make it a list that was cut.
        accuses("ADD-9", "bob on NLN FL=alice\nalice on NLN RL=dave");
        let lost = shown("alice", 9, "RL", &[]);
        accuses("LST-5", &format!("alice on NLN\nbob on NLN\n{told}{lost}"));
    }

    #[test]
    fn notices_that_may_be_true() {
        let own = "alice S: ADD 0 RL 5 alice@hotmail.com alice";
        accuses("ADD-10", &format!("alice on NLN\n{own}"));
        let ask =
            "alice C: ADD 9 FL alice@hotmail.com a\nalice S: ADD 9 FL 4 alice@hotmail.com a\n";
        silent(&format!("alice on NLN\n{ask}{own}"));
        let left = "bob C: OUT\nbob S: <closed>\n";
        let bob = "4 bob@hotmail.com bob";
        silent(&format!(
            "bob on NLN AL=alice\n{left}alice on NLN\nalice S: ADD 0 AL {bob}"
        ));
        silent(&format!(
            "alice on NLN\nbob on NLN\n{left}alice S: ADD 0 RL {bob}"
        ));
        silent(&format!(
            "alice on NLN\nbob on NLN FL=alice\nalice S: ADD 0 RL {bob}"
        ));
    }
}
