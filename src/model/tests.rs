//! What the model says of plain cases.

use super::*;
use crate::protocol::{ClauseId, Dialect, ServerKind};

const ALICE: UserId = UserId(0);
const BOB: UserId = UserId(1);

/// Alice and bob online, bob with alice on his FL.
fn watched() -> (Model, ConnId, ConnId) {
    let mut model = Model::new(2, Target::default());
    model.set_member(BOB, List::Forward, ALICE);
    let alice = model.set_login(ALICE, Some(State::NLN));
    let bob = model.set_login(BOB, Some(State::NLN));
    model.begin();
    (model, alice, bob)
}

fn must(sights: &Sights) -> Vec<(ConnId, Line, ClauseId)> {
    let sights = sights.list.iter();
    let due = sights.filter(|sight| sight.duty == Duty::Must);
    due.map(|sight| (sight.conn, sight.line, sight.clause))
        .collect()
}

#[test]
fn a_login_is_certain_all_the_way() {
    let mut model = Model::new(1, Target::default());
    let conn = model.open(ServerKind::Notification);
    for (command, line) in [
        (Command::Ver(Offer::Own), Line::Ver),
        (Command::Inf, Line::Inf),
        (Command::UsrI(Whom::User(ALICE)), Line::Challenge(conn)),
        (
            Command::UsrS { right: true },
            Line::UsrOk(ALICE, NameId::default()),
        ),
        (Command::Chg(Some(State::Hidden)), Line::Chg(State::Hidden)),
    ] {
        let prediction = model.step(conn, command);
        assert!(prediction.is_certain(), "{command:?}");
        assert_eq!(prediction.replies[0].lines[..], [line]);
    }
    assert_eq!(model.phase(conn), Phase::NsHidden);
}

#[test]
fn watchers_are_told() {
    let (mut model, alice, bob) = watched();
    let seen = model
        .step(alice, Command::Chg(Some(State::Online(1))))
        .sights;
    let here = Line::Nln(ALICE, State::Online(1), NameId::default());
    assert_eq!(must(&seen), [(bob, here, ClauseId::CHG_3)]);
    let block = Command::Add(ListWord::List(List::Block), Whom::User(BOB));
    let seen = model.step(alice, block).sights;
    assert_eq!(must(&seen), [(bob, Line::Fln(ALICE), ClauseId::PRES_10)]);
    let seen = model.step(alice, Command::Chg(Some(State::NLN))).sights;
    assert_eq!(must(&seen), []);
    assert!(seen.list.iter().all(|sight| sight.line == Line::Fln(ALICE)));
}

#[test]
fn what_is_not_known_is_not_claimed() {
    let (mut model, alice, bob) = watched();
    model.step(alice, Command::Arity);
    assert_eq!(model.phase(alice), Phase::Unclear);
    assert!(model.replies(alice, Command::Png)[0].anything);
    assert!(must(&model.close(alice)).is_empty());
    let again = model.open(ServerKind::Notification);
    for command in [
        Command::Ver(Offer::Own),
        Command::Inf,
        Command::UsrI(Whom::User(ALICE)),
        Command::UsrS { right: true },
    ] {
        model.step(again, command);
    }
    let seen = model.step(again, Command::Chg(Some(State::NLN))).sights;
    assert_eq!(must(&seen).len(), 1);
    assert_eq!(must(&seen)[0].0, bob);
}

#[test]
fn the_table_knows_its_own() {
    let known = Transition {
        phase: Phase::NsOnline,
        command: "GTC",
        reply: ReplyKind::Error(218),
    };
    assert!(known.is_known(Dialect::first()));
    let odd = Transition {
        reply: ReplyKind::Silence,
        ..known
    };
    assert!(!odd.is_known(Dialect::first()));
    let mut keys: Vec<u64> = knows(Dialect::first())
        .keys()
        .map(|transition| transition.key())
        .collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}
