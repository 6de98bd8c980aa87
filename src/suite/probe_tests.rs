//! What the probe finds out about servers of many habits, in virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::engine::{Cause, Ending, Executor, Input, Limit, Outcome, Output};
use crate::event::Rung;
use crate::protocol::{Barrier, ClauseId};
use crate::target::{Account, Barriers, Environment, Learnt, Lists, Timeouts};
use crate::transcript::ConnId;

/// The quiet time of these tests.
const QUIET: Duration = Duration::from_millis(150);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a server does.
#[derive(Debug, Clone)]
struct Habits {
    /// Which commands it answers, of those that it need not.
    answers: Vec<&'static str>,
    /// How late it answers them.
    late: Duration,
    /// How late it answers everything else.
    lag: Duration,
    /// What it says beside QNG.
    aside: &'static str,
    /// How late a change of state is shown; `None`: never.
    presence: Option<Duration>,
    /// The dispatch server refers.
    refers: bool,
    /// The contacts on the forward list of everybody.
    contacts: Vec<&'static str>,
    /// Its first SYN has number 0 and no batch.
    is_new: bool,
    /// It closes nothing that says OUT.
    lingers: bool,
    /// It hears nobody any more once this command has come.
    wedged_by: Option<&'static str>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            answers: vec![
                "PNG", "URL", "CVR", "REM", "GTC", "SYN", "SELF", "BAD", "XFR", "CHG",
            ],
            late: Duration::ZERO,
            lag: Duration::ZERO,
            aside: "",
            presence: Some(Duration::ZERO),
            refers: false,
            contacts: Vec::new(),
            is_new: false,
            lingers: false,
            wedged_by: None,
        }
    }
}

/// A server with these habits.
struct Server {
    habits: Habits,
    /// Address and user of each connection.
    conns: BTreeMap<usize, (String, String)>,
    /// What is on its way to the client.
    due: Vec<(Duration, Input)>,
    lines: Vec<String>,
}

impl Server {
    fn say(&mut self, when: Duration, conn: usize, text: &str) {
        let bytes = Bytes::from(format!("{text}\r\n"));
        self.due.push((when, Input::Data(ConnId(conn), bytes)));
    }

    fn hear(&mut self, now: Duration, conn: usize, line: &str) {
        self.lines.push(format!("{conn} {line}"));
        let wedges = |verb: &str| {
            self.lines
                .iter()
                .any(|it| it.contains(&format!(" {verb} ")))
        };
        if self.habits.wedged_by.is_some_and(wedges) {
            return;
        }
        let words: Vec<&str> = line.trim_end().split(' ').collect();
        let (address, user) = self.conns[&conn].clone();
        let trid = words.get(1).copied().unwrap_or_default();
        let late = now + self.habits.late;
        let does = |what: &str| self.habits.answers.contains(&what);
        let reply = match *words.as_slice() {
            ["VER", ..] => format!("VER {trid} MSNP2"),
            ["INF", ..] => format!("INF {trid} MD5"),
            ["USR", _, "MD5", "I", handle] => {
                self.conns
                    .insert(conn, (address.clone(), handle.to_owned()));
                match address == "ds:3" && self.habits.refers {
                    true => format!("XFR {trid} NS ns:1"),
                    false => format!("USR {trid} MD5 S 1.2"),
                }
            }
            ["USR", _, "MD5", "S", _] => format!("USR {trid} OK {user} Name"),
            ["USR", _, handle, "5"] => format!("USR {trid} OK {handle} Name"),
            ["SYN", _, "0"] if self.habits.is_new => format!("SYN {trid} 0"),
            ["SYN", _, "0"] => self.batch(trid),
            ["SYN", _, number] if does("SYN") => {
                return self.say(late, conn, &format!("SYN {trid} {number}"));
            }
            ["CHG", ..] if !does("CHG") => format!("201 {trid}"),
            ["CHG", _, state] => {
                self.show(now, conn, state);
                format!("CHG {trid} {state}")
            }
            ["ADD", _, list, handle, name] => format!("ADD {trid} {list} 8 {handle} {name}"),
            ["REM", _, "AL", who] if does("REM") && who.starts_with("nobody") => {
                format!("216 {trid}")
            }
            ["REM", _, list, handle] => {
                self.habits.contacts.retain(|contact| *contact != handle);
                format!("REM {trid} {list} 9 {handle}")
            }
            ["PNG"] if does("PNG") => {
                let aside = self.habits.aside;
                if !aside.is_empty() {
                    self.say(late, conn, aside);
                }
                return self.say(late, conn, "QNG");
            }
            ["URL", ..] if does("URL") => format!("URL {trid} /a /b 1"),
            ["CVR", ..] if does("CVR") => format!("CVR {trid} 1 1 1 a b"),
            ["GTC", _, "A"] if does("GTC") => format!("218 {trid}"),
            ["XFR", _, "SB"] if does("XFR") => format!("XFR {trid} SB sb:2 CKI 5"),
            ["CAL", _, "@@"] if does("BAD") => format!("201 {trid}"),
            ["CAL", _, handle] if handle != "@@" && does("SELF") => format!("215 {trid}"),
            ["OUT"] if !self.habits.lingers => {
                return self.due.push((now, Input::Closed(ConnId(conn))));
            }
            _ => return,
        };
        self.say(now + self.habits.lag, conn, &reply);
    }

    fn batch(&self, trid: &str) -> String {
        let total = self.habits.contacts.len();
        let contacts = self.habits.contacts.iter().zip(1..);
        let entry = |(handle, item): (&&str, usize)| {
            format!("LST {trid} FL 7 {item} {total} {handle} x\r\n")
        };
        let mut forward: String = contacts.map(entry).collect();
        if forward.is_empty() {
            forward = format!("LST {trid} FL 7 0 0\r\n");
        }
        format!(
            "SYN {trid} 7\r\nGTC {trid} 7 A\r\nBLP {trid} 7 AL\r\n{forward}\
             LST {trid} AL 7 0 0\r\nLST {trid} BL 7 0 0\r\nLST {trid} RL 7 0 0"
        )
    }

    /// A state reaches everybody else.
    fn show(&mut self, now: Duration, conn: usize, state: &str) {
        let user = self.conns[&conn].1.clone();
        let others: Vec<usize> = self.conns.keys().copied().filter(|o| *o != conn).collect();
        if let Some(late) = self.habits.presence {
            for other in others {
                self.say(now + late, other, &format!("NLN {state} {user} Name"));
            }
        }
    }
}

fn env() -> Environment {
    Environment {
        notification: Some("ns:1".into()),
        timeouts: Timeouts {
            quiet: QUIET,
            ..Timeouts::default()
        },
        ..Environment::default()
    }
}

fn accounts(count: usize) -> Vec<Account> {
    let account = |n| Account::new(format!("u{n}@hotmail.com"), "pw");
    (0..count).map(account).collect()
}

/// What a script came to, and what it said.
fn play(mut executor: Executor, habits: Habits) -> (Outcome, Vec<String>) {
    let mut server = Server {
        habits,
        conns: BTreeMap::new(),
        due: Vec::new(),
        lines: Vec::new(),
    };
    let mut now = Duration::ZERO;
    loop {
        while let Some(output) = executor.poll_output() {
            match output {
                Output::Open { conn, address } => {
                    server.conns.insert(conn.0, (address, String::new()));
                    server.due.push((now, Input::Opened(conn)));
                }
                Output::Send { conn, bytes } => {
                    let text = String::from_utf8(bytes.to_vec()).unwrap();
                    for line in text.lines() {
                        server.hear(now, conn.0, line);
                    }
                }
                Output::Close(conn) | Output::Reset(conn) => {
                    server.conns.remove(&conn.0);
                }
                other => panic!("{other:?}"),
            }
        }
        if let Some(outcome) = executor.outcome() {
            return (outcome, server.lines);
        }
        let first = (0..server.due.len()).min_by_key(|at| server.due[*at].0);
        let timeout = executor.poll_timeout();
        match first.filter(|at| timeout.is_none_or(|t| server.due[*at].0 <= t)) {
            Some(at) => {
                let (when, input) = server.due.remove(at);
                now = now.max(when);
                executor.handle_input(now, input);
            }
            None => {
                now = timeout.expect("something is waited for");
                executor.handle_timeout(now);
            }
        }
    }
}

fn probed(habits: Habits) -> Learnt {
    let (outcome, lines) = play(Executor::probe(accounts(2), Arc::new(env()), 1), habits);
    assert_eq!(outcome.ending, Ending::Passed, "{lines:#?}");
    outcome.learnt.unwrap()
}

fn without(refused: &[&str]) -> Habits {
    let mut habits = Habits::default();
    habits.answers.retain(|what| !refused.contains(what));
    habits
}

#[test]
fn the_first_barrier_that_works_is_taken() {
    use Barrier::{Absent, CallMalformed, CallSelf, Ping, SameMode, SameSerial, Url, Version};
    for (refused, notification, switchboard) in [
        (&[][..], Some(Ping), Some(CallSelf)),
        (&["PNG", "SELF"], Some(Url), Some(CallMalformed)),
        (&["PNG", "URL"], Some(Version), Some(CallSelf)),
        (&["PNG", "URL", "CVR", "SELF", "BAD"], Some(Absent), None),
        (&["PNG", "URL", "CVR", "REM", "XFR"], Some(SameSerial), None),
        (
            &["PNG", "URL", "CVR", "REM", "SYN"],
            Some(SameMode),
            Some(CallSelf),
        ),
        (
            &["PNG", "URL", "CVR", "REM", "SYN", "GTC"],
            None,
            Some(CallSelf),
        ),
    ] {
        let found = probed(without(refused)).barriers;
        let expected = Barriers {
            notification,
            switchboard,
        };
        assert_eq!(found, expected, "{refused:?}");
    }
}

#[test]
fn a_barrier_brings_nothing_but_its_answer_and_that_soon() {
    let ping = |aside, late| {
        let habits = Habits {
            aside,
            late,
            ..Habits::default()
        };
        probed(habits).barriers.notification
    };
    assert_eq!(ping("CHG 0 BSY", Duration::ZERO), Some(Barrier::Url));
    assert_eq!(ping("", QUIET * 4), Some(Barrier::Ping));
    assert_eq!(ping("", QUIET * 4 + ms(1)), Some(Barrier::Url));
}

#[test]
fn presence_is_compared_with_the_barrier() {
    let lags = |refused: &[&str], presence| {
        let habits = Habits {
            presence,
            ..without(refused)
        };
        probed(habits).presence_batched
    };
    assert!(!lags(&[], Some(Duration::ZERO)));
    assert!(lags(&[], Some(ms(1))));
    assert!(!lags(&[], None));
    // Without a barrier: with a third of the quiet time.
    let none = &["PNG", "URL", "CVR", "REM", "GTC", "SYN"];
    assert!(!lags(none, Some(ms(50))));
    assert!(lags(none, Some(ms(51))));
    assert!(!lags(none, None));
}

#[test]
fn whether_the_dispatch_server_refers_is_found_out() {
    for refers in [false, true] {
        let env = Environment {
            dispatch: Some("ds:3".into()),
            ..env()
        };
        for env in [
            env.clone(),
            Environment {
                notification: None,
                ..env
            },
        ] {
            let habits = Habits {
                refers,
                ..Habits::default()
            };
            let named = env.notification.clone();
            let (outcome, _) = play(Executor::probe(accounts(2), Arc::new(env), 1), habits);
            let learnt = outcome.learnt.unwrap();
            assert_eq!(learnt.dispatch_refers, refers, "{named:?}");
            let found = (refers && named.is_none()).then(|| "ns:1".to_owned());
            assert_eq!(learnt.notification, found, "{named:?}");
        }
    }
    assert!(!probed(Habits::default()).dispatch_refers);
}

#[test]
fn a_new_account_may_have_no_batch() {
    let habits = Habits {
        is_new: true,
        ..Habits::default()
    };
    assert_eq!(probed(habits).barriers.notification, Some(Barrier::Ping));
}

#[test]
fn what_goes_wrong_behind_the_login_leaves_habits_unknown_and_no_more() {
    let found = probed(without(&["CHG"]));
    assert_eq!(found.barriers.notification, Some(Barrier::Ping));
    // Who is not online has no right to a switchboard.
    assert_eq!(found.barriers.switchboard, None);
    let habits = Habits {
        contacts: vec!["mum@hotmail.com"],
        ..Habits::default()
    };
    let (outcome, _) = play(Executor::probe(accounts(2), Arc::new(env()), 1), habits);
    assert_eq!(outcome.ending, Ending::Blocked);
    let cause = outcome.cause.unwrap();
    assert!(
        matches!(cause, Cause::NotDisposable { entries: 1, .. }),
        "{cause}"
    );
}

#[test]
fn cleaning_takes_every_entry_off() {
    let env = Environment {
        disposable: true,
        ..env()
    };
    let habits = Habits {
        contacts: vec!["a@hotmail.com", "b@hotmail.com"],
        ..Habits::default()
    };
    let (outcome, lines) = play(Executor::cleanup(accounts(1), Arc::new(env), 1), habits);
    assert_eq!(outcome.ending, Ending::Passed);
    let removed: Vec<&String> = lines.iter().filter(|line| line.contains("REM")).collect();
    assert_eq!(removed.len(), 2, "{lines:?}");
    assert_eq!(outcome.accounts[0].lists, Lists::Clean);
}

#[test]
fn a_server_that_does_not_close_is_left_after_a_while() {
    for (lingers, waited) in [(false, Duration::ZERO), (true, QUIET * 4)] {
        let habits = Habits {
            lingers,
            ..Habits::default()
        };
        let account = accounts(1).remove(0);
        let (outcome, _) = play(Executor::check(account, Arc::new(env()), 1), habits);
        assert_eq!((outcome.ending, outcome.waited), (Ending::Passed, waited));
    }
}

#[test]
fn a_switchboard_that_let_users_in_must_go_on_doing_so() {
    assert!(probed(Habits::default()).has_board);
    assert!(!probed(without(&["XFR"])).has_board);
    let checked = |owns_server, has_board, refused: &[&str]| {
        let env = Environment {
            owns_server,
            has_board,
            ..env()
        };
        let executor = Executor::check(accounts(1).remove(0), Arc::new(env), 1);
        let (outcome, lines) = play(executor, without(refused));
        let asked = lines.iter().any(|line| line.contains("XFR"));
        (asked, outcome.why_blocked().unwrap_or_default())
    };
    let sound = String::new();
    assert_eq!(checked(true, true, &[]), (true, sound.clone()));
    // To be refused is an answer; to be left without one is not.
    assert_eq!(checked(true, true, &["CHG"]), (false, sound.clone()));
    let (_, why) = checked(true, true, &["XFR"]);
    let silence =
        "expected to get into a switchboard (a referral to a switchboard), got nothing within";
    assert!(why.contains(silence), "{why}");
    // Where nobody can start it again, the scenarios say what it does not do.
    for (owned, has_board) in [(false, true), (true, false)] {
        assert_eq!(checked(owned, has_board, &["XFR"]), (false, sound.clone()));
    }
}

#[test]
fn a_server_that_answers_too_late_breaks_nothing() {
    let look = |lag: Duration| {
        let habits = Habits {
            lag,
            ..Habits::default()
        };
        play(Executor::probe(accounts(2), Arc::new(env()), 1), habits).0
    };
    let reply = Timeouts::default().reply;
    let slow = look(reply + ms(200));
    assert_eq!(slow.limit, Some(Limit::Slow(reply)));
    assert!(slow.failures.is_empty() && slow.climbed.is_empty());
    // One whose answers never come is silent, and that is all that is said of it.
    let silent = look(reply * 10);
    assert_eq!(silent.limit, None);
    let out: Vec<_> = silent
        .climbed
        .iter()
        .filter_map(|it| it.failure.as_ref())
        .collect();
    let clauses: Vec<_> = out.iter().filter_map(|failure| failure.clause).collect();
    assert_eq!(clauses, [ClauseId::VER_1]);
}

#[test]
fn a_referral_that_leads_nowhere_is_what_is_broken() {
    let habits = Habits {
        refers: true,
        ..Habits::default()
    };
    let environment = Environment {
        notification: None,
        dispatch: Some("ds:3".into()),
        map: [("ns:1".to_owned(), "ds:3".to_owned())].into(),
        ..env()
    };
    let probe = Executor::probe(accounts(2), Arc::new(environment), 1);
    let outcome = play(probe, habits).0;
    let out = outcome.climbed.iter().find(|it| !it.state.holds()).unwrap();
    let failure = out.failure.as_ref().unwrap();
    assert_eq!(
        (out.rung, failure.clause),
        (Rung::Usr, Some(ClauseId::XFR_3))
    );
}

#[test]
fn one_user_alone_climbs_as_far_as_it_can() {
    let look = |lingers: bool| {
        let habits = Habits {
            lingers,
            ..Habits::default()
        };
        let outcome = play(Executor::probe(accounts(1), Arc::new(env()), 1), habits).0;
        let state = move |rung: Rung| {
            let climbed = outcome.climbed.iter().find(|it| it.rung == rung);
            climbed.map(|it| it.state.holds())
        };
        [Rung::Lists, Rung::SbUsr, Rung::Cal, Rung::Out].map(state)
    };
    assert_eq!(look(false), [Some(true), Some(true), None, Some(true)]);
    assert_eq!(look(true)[3], Some(false));
}

#[test]
fn a_server_that_the_first_look_stops_is_accused_of_that_alone() {
    let habits = Habits {
        wedged_by: Some("ADD"),
        ..Habits::default()
    };
    let outcome = play(Executor::probe(accounts(2), Arc::new(env()), 1), habits).0;
    assert!(outcome.learnt.unwrap().is_wedged);
    let climbed = outcome.climbed.iter();
    let out = climbed.filter_map(|it| Some((it.rung, it.failure.as_ref()?)));
    // It never answers a GTC that changes the setting, and serves others all the same.
    let out: Vec<_> = out
        .map(|(rung, it)| (rung, it.clause, it.command.as_deref()))
        .collect();
    let settings = (Rung::Settings, Some(ClauseId::GTC_1), Some("GTC"));
    let lists = (Rung::Lists, Some(ClauseId::LIVE_1), Some("ADD"));
    assert_eq!(out, [settings, lists]);
    // One that is silent to a command goes on serving.
    let outcome = play(
        Executor::probe(accounts(2), Arc::new(env()), 1),
        without(&["CHG"]),
    )
    .0;
    assert!(!outcome.learnt.unwrap().is_wedged);
}
