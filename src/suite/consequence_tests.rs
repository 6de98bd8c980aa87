//! What follows from what an oracle found, and what does not.

use std::time::Duration;

use super::consequence::{drop_life, drop_silence, is_charged, may_lean_on_lists};
use super::omission::Omission;
use crate::engine::test_support::outcome;
use crate::engine::{Ending, Outcome};
use crate::event::test_support::{failure, observed};
use crate::event::{Expectation, Failure, Wanted};
use crate::oracle::Finding;
use crate::protocol::{ClauseId, Dialect, ServerKind};
use crate::transcript::{ConnId, ConnName, Party, What};
use crate::wire::Frame;

/// An outcome in which these lines went over these connections: `C: ` and `S: `.
fn said(lines: &[(usize, &str)]) -> Outcome {
    let mut outcome = outcome(Ending::Failed, Vec::new());
    let text = &mut outcome.transcript;
    let kind = ServerKind::Notification;
    let conns = ["alice", "bob"].map(|user| text.connect(ConnName::new(user, "ns"), kind));
    for (conn, line) in lines {
        let (party, line) = match line.strip_prefix("C: ") {
            Some(line) => (Party::Client, line),
            None => (Party::Server, line.trim_start_matches("S: ")),
        };
        let what = What::Frame(party, Frame::line(line.as_bytes().to_vec()));
        text.record(Duration::ZERO, conns[*conn], what);
    }
    outcome
}

/// What an oracle found on a line.
fn finding(outcome: &Outcome, entry: usize, clause: ClauseId, expected: &str) -> Finding {
    let of = &outcome.transcript.entries()[entry];
    let line = match &of.what {
        What::Frame(_, frame) => frame.line.clone(),
        _ => panic!("no line"),
    };
    Finding {
        clause,
        oracle: "lists",
        entry,
        conn: of.conn,
        message: String::new(),
        expected: expected.into(),
        got: observed(&String::from_utf8_lossy(&line)),
    }
}

/// A step on a connection that waited for a line of this kind after all that was said.
fn waiting(outcome: &Outcome, conn: usize, verb: &str, got: &str) -> Failure {
    Failure {
        expected: Expectation {
            text: verb.into(),
            any: vec![Wanted::Line(verb.into())],
        },
        conn: Some(ConnId(conn)),
        until: outcome.transcript.entries().len(),
        ..failure(Some(ClauseId::PRES_14), verb, got)
    }
}

/// Whether a wait in vain follows from what was found on a line.
fn follows(
    lines: &[(usize, &str)],
    (entry, clause, expected): (usize, ClauseId, &str),
    (conn, verb, got): (usize, &str, &str),
) -> bool {
    let mut outcome = said(lines);
    let found = finding(&outcome, entry, clause, expected);
    outcome.findings.push(found);
    is_charged(&waiting(&outcome, conn, verb, got), &outcome)
}

#[test]
fn a_line_that_was_wrong_before_keeps_none_from_coming() {
    let told = [(0, "C: CHG 1 NLN"), (1, "S: NLN NLN c@x C")];
    let again = [&told[..], &[(0, "C: REA 2 a@x B"), (0, "S: REA 2 3 a@x B")]].concat();
    let found = (1, ClauseId::PRES_6, "");
    assert!(follows(&told, found, (1, "NLN", "nothing")));
    assert!(!follows(&told, found, (0, "NLN", "nothing")), "to another");
    assert!(follows(&told, found, (0, "NLN", "NLN NLN d@x D")));
    // It may be the line that was waited for, unless it is of another kind.
    assert!(follows(&again, found, (1, "NLN", "nothing")));
    assert!(!follows(&again, found, (1, "MSG", "nothing")));
    assert!(follows(&told, found, (1, "MSG", "nothing")));
    let of_stranger = (1, ClauseId::PRES_5, "");
    assert!(!follows(&told, of_stranger, (1, "NLN", "nothing")));
}

#[test]
fn what_is_read_all_the_same_explains_nothing() {
    let lines = [(0, "C: LST 1 FL"), (0, "S: LST 1 FL  3 0 0 ")];
    for clause in [ClauseId::FRAME_1, ClauseId::FRAME_10] {
        assert!(!follows(&lines, (1, clause, ""), (0, "LST", "nothing")));
    }
    let tab = [(0, "C: LST 1 FL"), (0, "S: LST 1 FL 3 1 1 b@x B\tC")];
    let found = (1, ClauseId::FRAME_10, "");
    assert!(follows(&tab, found, (0, "LST", "nothing")));
}

#[test]
fn an_entry_too_many_hides_nobody_unless_it_blocks() {
    for (list, hides) in [("AL", false), ("FL", false), ("BL", true)] {
        let line = format!("S: LST 9 {list} 3 1 1 b@x B");
        let lines = [(0, "C: LST 9 AL"), (0, line.as_str())];
        let found = (1, ClauseId::REM_3, "no b@x");
        assert_eq!(follows(&lines, found, (1, "NLN", "nothing")), hides);
        assert!(!follows(&lines, found, (1, "CAL", "nothing")), "{list}");
    }
}

#[test]
fn an_old_batch_says_nothing_against_the_reply_before_it() {
    for (batch, is_charged) in [("S: GTC 5 1 A", false), ("S: GTC 5 3 A", true)] {
        let mut outcome = said(&[(0, "C: SYN 5 0"), (0, "S: SYN 5 2"), (0, batch)]);
        let found = finding(&outcome, 2, ClauseId::SYN_6, "2");
        outcome.findings.push(found);
        let failure = Failure {
            word: Some(3),
            entry: Some(9),
            conn: Some(ConnId(1)),
            ..waiting(&outcome, 1, "SYN", "SYN 5 2")
        };
        assert_eq!(
            super::consequence::is_charged(&failure, &outcome),
            is_charged
        );
    }
}

#[test]
fn a_list_that_lacks_an_entry_keeps_its_line_from_coming() {
    let lines = [(0, "C: LST 9 FL"), (0, "S: LST 9 FL 3 0 0")];
    let found = (1, ClauseId::SYN_7, "b@x");
    let waits = |text: &str| {
        let mut outcome = said(&lines);
        let found = finding(&outcome, found.0, found.1, found.2);
        outcome.findings.push(found);
        let mut failure = waiting(&outcome, 1, "LST", "nothing");
        failure.expected.text = text.into();
        is_charged(&failure, &outcome)
    };
    assert!(waits("LST 5 FL * * * b@x ..."));
    assert!(!waits("LST 5 AL * * * b@x ..."));
}

#[test]
fn a_change_is_refused_by_what_was_not_kept_whatever_was_asked_behind_it() {
    let lines = [(0, "C: LST 9 AL"), (0, "S: LST 9 AL 3 1 1 b@x B")];
    let found = (1, ClauseId::REM_3, "no b@x");
    assert!(follows(&lines, found, (1, "ADD", "219 4")));
    assert!(!follows(&lines, found, (1, "CHG", "219 4")));
}

#[test]
fn a_list_that_is_shown_otherwise_is_so_by_what_was_not_kept() {
    let lines = [(0, "C: LST 9 AL"), (0, "S: LST 9 AL 3 1 1 b@x B")];
    let found = |list: &'static str| {
        let mut outcome = said(&lines);
        let found = finding(&outcome, 1, ClauseId::SYN_7, "no b@x");
        outcome.findings.push(found);
        let failure = Failure {
            command: Some("LST".into()),
            until: 0,
            ..waiting(&outcome, 1, "LST", list)
        };
        is_charged(&failure, &outcome)
    };
    assert!(found("LST 4 AL 3 1 1 c@x C"));
    assert!(!found("LST 4 RL 3 1 1 c@x C"));
}

/// Alice and bob log in; then this is said.
fn logged_in<'l>(lines: &[(usize, &'l str)]) -> Vec<(usize, &'l str)> {
    let logins = [(0, "C: USR 3 MD5 I a@x"), (1, "C: USR 3 MD5 I b@x")];
    [&logins[..], lines].concat()
}

/// Whether bob's waiting for this line follows from a list that was shown on a connection.
fn hides(lines: &[(usize, &str)], (conn, shown, expected): (usize, &str, &str)) -> bool {
    let shown = format!("S: {shown}");
    let lines = [lines, &[(0, "C: CHG 8 NLN"), (conn, shown.as_str())][..]].concat();
    let mut outcome = said(&logged_in(&lines));
    let entry = outcome.transcript.entries().len() - 1;
    let found = finding(&outcome, entry, ClauseId::SYN_7, expected);
    outcome.findings.push(found);
    let mut failure = waiting(&outcome, 1, "NLN", "nothing");
    failure.expected.text = "NLN NLN a@x ...".into();
    failure.until = entry;
    is_charged(&failure, &outcome)
}

#[test]
fn a_list_hides_those_alone_whom_it_is_about() {
    let blocks = |who: &str| (0, format!("LST 9 BL 3 1 1 {who} X"), format!("no {who}"));
    for (who, is_bob) in [("b@x", true), ("B@x", true), ("c@x", false)] {
        let (conn, line, expected) = blocks(who);
        assert_eq!(hides(&[], (conn, &line, &expected)), is_bob, "{who}");
    }
    // Carol blocks bob: that does not hide alice.
    let (_, line, expected) = blocks("b@x");
    assert!(!hides(&[], (1, &line, &expected)));
    assert!(hides(&[], (1, "LST 9 FL 3 0 0", "a@x")));
    assert!(!hides(&[], (1, "LST 9 FL 3 0 0", "c@x")));
}

#[test]
fn who_was_shown_stood_on_the_list() {
    let lacks = (1, "LST 9 FL 3 0 0", "a@x");
    let seen = (1, "S: ILN 7 NLN a@x A");
    assert!(!hides(&[seen], lacks));
    assert!(!hides(&[(1, "C: ADD 6 FL a@x A"), seen], lacks));
    assert!(hides(&[seen, (1, "C: ADD 6 FL a@x A")], lacks));
    assert!(hides(&[(1, "S: ILN 7 NLN c@x C")], lacks));
    // It may have been shown before it was blocked.
    assert!(hides(&[seen], (0, "LST 9 BL 3 1 1 b@x B", "no b@x")));
}

#[test]
fn a_call_is_refused_by_the_list_of_its_callee() {
    let calls = |who: &str, owner: usize, line: &str, expected: &str| {
        let call = format!("C: CAL 2 {who}");
        let shown = format!("S: {line}");
        let lines = [(1, call.as_str()), (1, "S: 217 2"), (owner, &shown)];
        let mut outcome = said(&logged_in(&lines));
        let found = finding(&outcome, 4, ClauseId::REM_3, expected);
        outcome.findings.push(found);
        let mut failure = waiting(&outcome, 1, "CAL", "217 2");
        failure.until = 4;
        is_charged(&failure, &outcome)
    };
    let block = ("LST 9 BL 3 1 1 b@x B", "no b@x");
    assert!(calls("a@x", 0, block.0, block.1));
    assert!(!calls("c@x", 0, block.0, block.1));
    assert!(!calls("a@x", 0, "LST 9 BL 3 1 1 c@x C", "no c@x"));
}

#[test]
fn a_line_that_never_came_is_not_kept_from_coming_by_its_name() {
    let told = [(0, "S: NLN NLN c@x Carol C"), (0, "C: CHG 1 BSY")];
    let found = (0, ClauseId::FRAME_3, "");
    assert!(!follows(&told, found, (1, "NLN", "nothing")));
    let came = [&told[..], &[(1, "S: NLN BSY a@x Alice A")]].concat();
    assert!(follows(&came, found, (1, "NLN", "nothing")));
    assert!(!follows(&came, found, (1, "MSG", "nothing")));
    assert!(follows(&told, found, (1, "NLN", "NLN BSY a@x")));
}

#[test]
fn a_line_of_another_kind_that_bears_a_trid_stands_for_none() {
    let lines = [(0, "C: MSG 1 U 5"), (1, "S: BYE 0 a@x")];
    for (clause, stands) in [(ClauseId::TRID_9, false), (ClauseId::FRAME_2, true)] {
        let found = (1, clause, "");
        assert_eq!(follows(&lines, found, (1, "MSG", "nothing")), stands);
        assert!(follows(&lines, found, (1, "BYE", "nothing")));
    }
}

#[test]
fn a_wrong_number_keeps_no_line_from_coming() {
    let lines = [(0, "C: ADD 7 FL bob@x b"), (0, "S: ADD 7 FL 2 bob@x b")];
    let mut outcome = said(&lines);
    outcome.findings = vec![finding(&outcome, 1, ClauseId::SER_1, "")];
    let shown = waiting(&outcome, 0, "ILN", "nothing");
    assert!(!is_charged(&shown, &outcome));
    outcome.findings = vec![finding(&outcome, 1, ClauseId::ADD_1, "")];
    let asked = waiting(&outcome, 0, "ADD", "nothing");
    assert!(is_charged(&asked, &outcome));
}

#[test]
fn a_wrong_name_keeps_no_line_from_coming_that_takes_any() {
    let lines = [(0, "C: MSG 1 U 5"), (1, "S: MSG a@x Bob 4")];
    let charged = |clause, text: &str| {
        let mut outcome = said(&lines);
        outcome.findings = vec![finding(&outcome, 1, clause, "")];
        let mut cut = waiting(&outcome, 1, "MSG", "nothing");
        cut.expected.text = text.into();
        is_charged(&cut, &outcome)
    };
    assert!(!charged(ClauseId::USR_4, "NAK 1 | MSG a@x * 5"));
    assert!(charged(ClauseId::USR_4, "NAK 1 | MSG a@x Alice 5"));
    assert!(charged(ClauseId::FRAME_3, "NAK 1 | MSG a@x * 5"));
}

#[test]
fn a_batch_that_lacks_something_answers_for_settings_and_for_no_call() {
    let lines = [(0, "C: SYN 1 0"), (0, "S: LST 1 FL 3 0 0")];
    let mut outcome = said(&lines);
    outcome.findings = vec![finding(&outcome, 1, ClauseId::SYN_3, "")];
    let refused = |command: &str| Failure {
        command: Some(command.into()),
        conn: Some(ConnId(1)),
        until: 2,
        ..failure(Some(ClauseId::FRAME_8), command, "218 7")
    };
    assert!(is_charged(&refused("BLP"), &outcome));
    assert!(!is_charged(&refused("USR"), &outcome));
    assert!(is_charged(&waiting(&outcome, 1, "CAL", "217 3"), &outcome));
    assert!(!is_charged(
        &waiting(&outcome, 1, "CAL", "nothing"),
        &outcome
    ));
}

#[test]
fn how_a_roster_counts_loses_no_message() {
    let lines = [
        (0, "C: ANS 1 a@x 1 2"),
        (0, "S: IRO 1 0 1 b@x B"),
        (0, "C: PNG"),
    ];
    let lost = |oracle| {
        let mut outcome = said(&lines);
        let found = finding(&outcome, 1, ClauseId::ANS_2, "");
        outcome.findings = vec![Finding { oracle, ..found }];
        let lost = Failure {
            command: Some("MSG".into()),
            ..waiting(&outcome, 1, "NAK", "nothing")
        };
        is_charged(&lost, &outcome)
    };
    assert!(!lost("numbering"));
    assert!(lost("roster"));
}

#[test]
fn a_rem_that_is_refused_and_done_is_one_thing() {
    let lines = [
        (0, "C: REM 7 FL bob@x"),
        (0, "S: 205 7"),
        (1, "C: SYN 8 0"),
        (1, "S: LST 8 FL 1 0 0"),
    ];
    let mut outcome = said(&lines);
    outcome.findings = vec![finding(&outcome, 3, ClauseId::REM_1, "bob@x")];
    let refused = Failure {
        command: Some("REM".into()),
        until: 2,
        ..failure(Some(ClauseId::ADD_3), "REM", "205 7")
    };
    assert!(is_charged(&refused, &outcome));
    let other = Failure {
        command: Some("ADD".into()),
        ..refused
    };
    assert!(!is_charged(&other, &outcome));
}

#[test]
fn the_rest_of_a_line_that_ended_too_early_is_accused_of_nothing() {
    let lines = [
        (0, "S: ILN 6 NLN"),
        (1, "S: QNG"),
        (0, "S: PNG bob@x b"),
        (0, "S: QNG"),
    ];
    let mut outcome = said(&lines);
    let accused = |entry: usize| Failure {
        conn: Some(ConnId(0)),
        entry: Some(entry),
        ..failure(Some(ClauseId::REPLY_4), "no reply", "PNG bob@x b")
    };
    assert!(!is_charged(&accused(2), &outcome));
    outcome.findings = vec![finding(&outcome, 0, ClauseId::FRAME_1, "")];
    assert!(is_charged(&accused(2), &outcome) && !is_charged(&accused(3), &outcome));
    let again = finding(&outcome, 2, ClauseId::FRAME_1, "");
    outcome.findings.push(again);
    assert!(!is_charged(&accused(2), &outcome));
}

#[test]
fn only_what_is_about_lists_is_doubted_where_they_were_not_as_wanted() {
    let outcome = said(&[]);
    let leans = |command: &str, verb: &str, got: &str| {
        let lean = |failure: &Failure| may_lean_on_lists(failure, Dialect::first());
        lean(&Failure {
            command: Some(command.into()),
            ..waiting(&outcome, 0, verb, got)
        })
    };
    assert!(leans("CHG", "NLN", "nothing") && leans("SYN", "SYN", "SYN 5 7"));
    assert!(leans("CAL", "CAL", "217 3") && leans("CHG", "QNG", "NLN NLN bob@x b"));
    assert!(!leans("LST", "LST", "nothing") && leans("LST", "LST", "LST 5 FL 1 0 0"));
    assert!(!leans("CHG", "CHG", "nothing") && !leans("ADD", "closed", "nothing"));
    let nothing = Failure {
        expected: Expectation {
            text: "nothing".into(),
            any: vec![Wanted::Nothing],
        },
        ..failure(None, "nothing", "RNG 7 x")
    };
    assert!(may_lean_on_lists(&nothing, Dialect::first()));
}

#[test]
fn that_a_dead_server_is_silent_is_no_breach_of_what_was_asked() {
    let told = |clause, got| {
        let mut failures = vec![failure(Some(clause), "this", got)];
        drop_silence(&mut failures);
        failures.len()
    };
    assert_eq!(told(ClauseId::CHG_1, "nothing"), 0);
    assert_eq!(told(ClauseId::LIVE_1, "nothing"), 1);
    assert_eq!(told(ClauseId::CHG_1, "201 7"), 1);
    assert_eq!(told(ClauseId::CHG_1, "closed"), 1);
}

#[test]
fn who_only_ran_is_accused_of_what_it_saw_itself() {
    let of = |clause| failure(Some(clause), "QNG", "CHG 5 BSY");
    let mut failures = vec![
        of(ClauseId::LIVE_2),
        of(ClauseId::CHG_1),
        of(ClauseId::LIVE_4),
    ];
    drop_life(&mut failures);
    let left: Vec<_> = failures
        .iter()
        .filter_map(|failure| failure.clause)
        .collect();
    assert_eq!(left, [ClauseId::CHG_1]);
}

#[test]
fn what_is_left_undone_is_named_by_the_clauses_of_the_dialect() {
    let silent = Failure {
        command: Some("PRP".into()),
        ..failure(Some(ClauseId::PRP_1), "PRP", "nothing")
    };
    let omission = Omission::of(&silent).unwrap();
    let is_named = |dialect: &[u8]| {
        let dialect = Dialect::named(dialect).unwrap();
        omission.is_named_by(&silent, dialect)
    };
    assert!(is_named(b"MSNP5") && is_named(b"MSNP7"));
    assert!(!is_named(b"MSNP2") && !is_named(b"MSNP4"));
}

#[test]
fn a_client_that_has_the_number_is_brought_no_batch() {
    let change = [(0, "C: ADD 1 AL c@x C"), (0, "S: ADD 1 AL 1 c@x C")];
    for (asked, told, is_of_it) in [("1", "1", true), ("0", "1", false)] {
        let (ask, tell) = (format!("C: SYN 2 {asked}"), format!("S: SYN 2 {told}"));
        let lines = [&change[..], &[(1, &*ask), (1, &*tell)]].concat();
        let mut outcome = said(&lines);
        let found = finding(&outcome, 1, ClauseId::SER_1, "a new number");
        outcome.findings.push(found);
        let vain = Failure {
            command: Some("SYN".into()),
            ..waiting(&outcome, 1, "GTC", "nothing")
        };
        assert_eq!(is_charged(&vain, &outcome), is_of_it, "{asked}");
    }
}
