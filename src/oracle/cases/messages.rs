//! Messages: receipts, and what of a flow is known.

use crate::oracle::dialogue::{accuses, silent};

/// Alice alone in a session.
const ALONE: &str = "alice@sb C: USR 1 alice@hotmail.com 5\n\
     alice@sb S: USR 1 OK alice@hotmail.com alice\n\
     alice@sb C: CAL 2 bob@hotmail.com\nalice@sb S: CAL 2 RINGING 7\n";
const NAK: &str = "alice@sb S: NAK 3\n";

fn joins(name: &str, roster: &[&str]) -> String {
    let total = roster.len();
    let lines = roster
        .iter()
        .zip(1..)
        .map(|(who, item)| format!("{name}@sb S: IRO 1 {item} {total} {who}@hotmail.com {who}\n"));
    let told = roster
        .iter()
        .map(|who| format!("{who}@sb S: JOI {name}@hotmail.com {name}\n"));
    format!(
        "{name}@sb C: ANS 1 {name}@hotmail.com 8 7\n{}{name}@sb S: ANS 1 OK\n{}",
        lines.collect::<String>(),
        told.collect::<String>()
    )
}

fn both() -> String {
    ALONE.to_owned() + &joins("bob", &["alice"])
}

/// Alice says something, a while after what stands before it.
fn say(trid: usize, mode: char, text: &str) -> String {
    format!("+1s\n{}", say_at_once(trid, mode, text))
}

fn say_at_once(trid: usize, mode: char, text: &str) -> String {
    format!("alice@sb C: MSG {trid} {mode} {}\n.. {text}\n", text.len())
}

fn hear(who: &str, text: &str) -> String {
    format!(
        "{who}@sb S: MSG alice@hotmail.com alice {}\n.. {text}\n",
        text.len()
    )
}

#[test]
fn refusals_of_what_everybody_has_received() {
    let (both, one, heard) = (both(), say(3, 'N', "one"), hear("bob", "one"));
    accuses("MSG-5", &[&both[..], &one, &heard, NAK].concat());
    silent(&[ALONE, &one, NAK].concat());
    let carol = joins("carol", &["alice", "bob"]);
    let three = [&both[..], &carol, &one, &heard].concat();
    silent(&[&three[..], NAK].concat());
    accuses("MSG-5", &[&three[..], &hear("carol", "one"), NAK].concat());
    accuses("MSG-5", &[&both[..], &one, &heard, NAK, &carol].concat());
    let gone = "carol@sb C: OUT\ncarol@sb S: <closed>\nalice@sb S: BYE carol@hotmail.com\n\
         bob@sb S: BYE carol@hotmail.com\n";
    accuses(
        "MSG-5",
        &[&both[..], &carol, gone, &one, &heard, NAK].concat(),
    );
    silent(&[&three[..], &hear("carol", "one"), gone, NAK].concat());
    silent(&[&both[..], &one, &heard, "bob@sb C: OUT\n", NAK].concat());
    // Which of two equal messages has come, nobody can tell.
    silent(&[&both[..], &one, NAK, &say(4, 'N', "one"), &heard].concat());
}

#[test]
fn one_receipt_for_each_message() {
    let both = both();
    accuses(
        "REPLY-5",
        &[&both[..], &say(3, 'N', "one"), NAK, NAK].concat(),
    );
    let ack = "alice@sb S: ACK 3\n";
    let (one, heard) = (say(3, 'A', "one"), hear("bob", "one"));
    accuses("REPLY-5", &[&both[..], &one, &heard, ack, NAK].concat());
    silent(&[&both[..], &say(3, 'U', "one"), "alice@sb S: 201 3"].concat());
    let call = "alice@sb C: CAL 3 carol@hotmail.com\nalice@sb S: 217 3\n";
    silent(&[&both[..], call, &say(3, 'N', "one"), NAK].concat());
}

#[test]
fn messages_that_need_not_come() {
    let both = both();
    let (two, heard) = (say(4, 'N', "two"), hear("bob", "two"));
    silent(&[&both[..], &say(3, 'X', "one"), &two, &heard].concat());
    accuses(
        "MSG-8",
        &[&both[..], &say(3, 'N', "one"), &two, &heard].concat(),
    );
    accuses(
        "TRID-3",
        &[&both[..], &say(2, 'N', "one"), &two, &heard].concat(),
    );
    let alike = [say(3, 'N', "one"), say(4, 'N', "one"), say(5, 'N', "two")].concat();
    silent(&[&both[..], &alike, &heard].concat());
    let (early, late) = (say(3, 'N', "one"), say(4, 'N', "one") + &say(5, 'N', "two"));
    let begun = [ALONE, &early, &joins("bob", &["alice"]), &late].concat();
    silent(&[&begun[..], &heard].concat());
    accuses("MSG-8", &[&begun[..], &heard, &hear("bob", "one")].concat());
}

#[test]
fn who_says_what_to_whom_is_not_always_known() {
    let wrong = "bob@sb S: MSG alice@hotmail.com Mallory 3\n.. one\n";
    let rung = "alice in\nalice C: XFR 9 SB\nalice S: XFR 9 SB 1.1.1.1:1 CKI 5\n";
    let said = both() + &say(3, 'N', "one");
    accuses("MSG-2", &[rung, &said, wrong].concat());
    silent(&[rung, "carol@sb C: <raw> x\n", &said, wrong].concat());
    silent(&[rung, "bob@sb C: PNG\n", &said, wrong].concat());
    silent(&[&both()[..], &hear("alice", "one")[..]].concat());
}

/// So many messages, with the TrIDs from here on.
fn many(from: usize, to: usize) -> String {
    (from..to)
        .map(|trid| say(trid, 'U', &format!("m{trid}")))
        .collect()
}

#[test]
fn newcomers_to_long_talks() {
    let late = |count: usize| [ALONE, &many(10, 10 + count), &joins("bob", &["alice"])].concat();
    silent(&[&late(70), &hear("bob", "zzz")[..]].concat());
    accuses("MSG-3", &[&late(60), &hear("bob", "zzz")[..]].concat());
    silent(&[&late(70), &hear("bob", "m10")[..]].concat());
    let two = many(500, 502);
    let heard = [hear("bob", "m339"), hear("bob", "m501")].concat();
    accuses("MSG-8", &[&late(330)[..], &two, &heard].concat());
}

#[test]
fn a_message_is_compared_with_its_neighbours() {
    let (lost, others) = (say(9, 'U', "x"), many(10, 310));
    let heard = (10..310)
        .map(|trid| hear("bob", &format!("m{trid}")))
        .collect::<String>();
    let text = [&both()[..], &lost, &others, &heard].concat();
    accuses("MSG-1", &text);
    silent(&[&both()[..], &lost, &others, &say(310, 'U', "x"), &heard].concat());
}

#[test]
fn who_reads_one_command_of_a_segment_loses_the_rest() {
    let (both, hear) = (both(), |text| hear("bob", text));
    let three = |say: fn(usize, char, &str) -> String| {
        [say(3, 'N', "one"), say(4, 'N', "two"), say(5, 'N', "three")].concat()
    };
    let heard = [hear("one"), hear("three")].concat();
    silent(&[&both[..], &three(say_at_once), &heard].concat());
    silent(&[&both[..], &three(say_at_once), &hear("three")].concat());
    accuses("MSG-8", &[&both[..], &three(say), &heard].concat());
    let late = [hear("two"), hear("one")].concat();
    accuses("MSG-8", &[&both[..], &three(say_at_once), &late].concat());
    let behind = [
        &both[..],
        "+1s\nalice@sb C: CAL 9 carol@hotmail.com\n",
        &say_at_once(3, 'N', "one"),
        "alice@sb S: 217 9\n",
        &say(4, 'N', "two"),
    ];
    silent(&[&behind.concat()[..], &hear("two")].concat());
}
