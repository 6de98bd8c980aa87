//! One run with every verdict and hostile texts, for the tests of all formats.

use std::sync::Arc;
use std::time::Duration;

use msnpspec::diagnostic::Place;
use msnpspec::event::{
    Cause, ClauseResult, ClauseVerdict, Event, Expectation, Failure, Judge, Notice, NoticeKind,
    Observed, PROBE, RunInfo, Rung, RungResult, RungState, ScenarioResult, Scope, SkipReason,
    Standing, Summary, Totals, Untested, Variation, Verdict, Wanted,
};
use msnpspec::protocol::{Clause, ClauseId, Dialect, Level};
use msnpspec::report::Reporter;

/// What a hostile server says: colours, a C1 control, a change of direction, ends of CDATA, of a
/// workflow command and of a test point, markup, and what stands for bytes that were no UTF-8.
pub(crate) const HOSTILE: &str =
    "9\x1b[31m \u{9b}2J\u{202e}]]> ::error::x\r\n::stop # TODO <b>&amp;\"'</b> %0A \u{fffd}\x07";

/// What must not stand in any output.
pub(crate) fn assert_harmless(text: &str) {
    for char in text.chars() {
        assert!(
            char == '\n' || !is_hidden(char),
            "U+{:04x} in:\n{text}",
            u32::from(char)
        );
    }
}

fn is_hidden(char: char) -> bool {
    let code = u32::from(char);
    code < 0x20 || (0x7f..0xa0).contains(&code) || (0x202a..=0x202e).contains(&code)
}

/// What the reporter writes for the run.
pub(crate) fn written(reporter: &mut dyn Reporter) -> String {
    written_of(reporter, events())
}

/// What the reporter writes for these events.
pub(crate) fn written_of(reporter: &mut dyn Reporter, events: Vec<Event>) -> String {
    let mut out = Vec::new();
    for event in events {
        reporter
            .handle(&event, &mut out)
            .expect("a vector takes all");
    }
    String::from_utf8(out).expect("reports are UTF-8")
}

/// What the reporter writes for a run that was cut short before anything ran.
pub(crate) fn written_aborted(reporter: &mut dyn Reporter) -> String {
    let mut out = Vec::new();
    let summary = Summary {
        totals: Totals::default(),
        dialects: Vec::new(),
        clauses: Vec::new(),
        ladder: Vec::new(),
        causes: Vec::new(),
        took: Duration::from_millis(3),
        waited: Vec::new(),
        aborted: Some("127.0.0.1:9 refuses connections".into()),
    };
    reporter
        .handle(&Event::Finished(summary), &mut out)
        .expect("a vector takes all");
    String::from_utf8(out).expect("reports are UTF-8")
}

fn observed(got: &str) -> Observed {
    match got {
        "closed" => Observed::Closed,
        _ if got.starts_with("nothing within") => Observed::Silence(Duration::from_secs(2)),
        _ => Observed::shown(got.as_bytes(), got.into()),
    }
}

fn failure(id: ClauseId, line: usize, expected: &str, got: &str) -> Failure {
    Failure {
        clause: Some(id),
        level: Some(id.level()),
        judge: Judge::Step,
        place: Place {
            file: "scenarios/auth/wrong-password.yaml".into(),
            line,
            column: 5,
            text: format!("  - S: {expected}"),
        },
        expected: expected.into(),
        got: observed(got),
        word: Some(1),
        command: Some("USR".into()),
        kind: None,
        conn: None,
        entry: None,
        until: 0,
        detail: Some("word 1 is `999`, not `911`".into()),
        transcript: vec![
            "alice C: USR 4 MD5 S [md5]".into(),
            "# accused".into(),
            format!("alice S: {got}"),
        ],
        words: Vec::new(),
    }
}

fn result(name: &str, verdict: Verdict) -> ScenarioResult {
    ScenarioResult {
        name: name.into(),
        dialect: Dialect::first(),
        description: format!("what {name} is about"),
        clauses: vec![ClauseId::USR_6],
        verdict,
        cause: None,
        rung: None,
        is_met: verdict == Verdict::Passed,
        reason: None,
        skipped: None,
        plays: None,
        failures: Vec::new(),
        notes: Vec::new(),
        variations: Vec::new(),
        took: Duration::from_micros(4200),
        waited: Duration::ZERO,
        round_trips: 4,
        transcript: Vec::new(),
    }
}

fn finished(result: ScenarioResult) -> Event {
    Event::ScenarioFinished(Arc::new(result))
}

/// What an oracle has seen, though every step was met.
fn seen(name: &str, id: ClauseId, oracle: &'static str) -> ScenarioResult {
    ScenarioResult {
        is_met: true,
        failures: vec![Failure {
            judge: Judge::of(oracle),
            detail: Some(format!("{oracle} is not kept")),
            ..failure(id, 7, "LST FL", &format!("LST {} RL 5 0 0", name.len()))
        }],
        ..result(name, Verdict::Failed)
    }
}

fn info() -> RunInfo {
    RunInfo {
        target: "my-server".into(),
        dialects: vec![Dialect::first()],
        level: Level::Must,
        strict: false,
        seed: 7,
        scenarios: 16,
        jobs: 4,
        shard: None,
        scope: Scope {
            filter: Some("not x".into()),
            files: false,
        },
        started: Some("2026-12-01T08:30:00Z".into()),
    }
}

fn varied() -> ScenarioResult {
    ScenarioResult {
        variations: vec![Variation {
            clause: ClauseId::JOI_2,
            seen: "no JOI to the newcomer".into(),
            place: failure(ClauseId::JOI_2, 9, "", "").place,
        }],
        notes: vec![failure(ClauseId::ERR_4, 20, "911 {t}", "911 4 sorry")],
        ..result("switchboard/join", Verdict::Passed)
    }
}

fn first_look() -> ScenarioResult {
    ScenarioResult {
        clauses: Vec::new(),
        failures: vec![silence()],
        cause: Some(4),
        ..result(PROBE, Verdict::Failed)
    }
}

/// The run.
pub(crate) fn events() -> Vec<Event> {
    let alike = |name: &str, trid: &str| ScenarioResult {
        failures: vec![failure(
            ClauseId::USR_6,
            13,
            "911 {t}",
            &format!("999 {trid}"),
        )],
        ..result(name, Verdict::Failed)
    };
    let hostile = ScenarioResult {
        failures: vec![failure(ClauseId::FRAME_2, 5, "VER {t} MSNP2", HOSTILE)],
        ..result("hostile/names[name=a/b]", Verdict::Failed)
    };
    let broken = ScenarioResult {
        reason: Some("alice could not log in".into()),
        failures: vec![Failure {
            clause: None,
            level: None,
            ..failure(ClauseId::USR_6, 3, "USR {t} OK *", "closed")
        }],
        ..result("lists/add", Verdict::Blocked)
    };
    let blocked = ScenarioResult {
        cause: Some(4),
        rung: Some(Rung::Chg),
        ..result("presence/busy", Verdict::Blocked)
    };
    let skipped = ScenarioResult {
        reason: Some(SkipReason::Launch.to_string()),
        skipped: Some(SkipReason::Launch),
        ..result("server/shutdown", Verdict::Skipped)
    };
    let because = |name: &str, verdict, reason: &str| ScenarioResult {
        reason: Some(reason.into()),
        ..result(name, verdict)
    };
    vec![
        Event::Started(info()),
        finished(first_look()),
        Event::Climbed(Dialect::first(), ladder()),
        Event::ScenarioStarted(Dialect::first(), "version/hello".into()),
        finished(result("version/hello", Verdict::Passed)),
        finished(varied()),
        finished(alike("auth/wrong-password", "4")),
        finished(alike("auth/twice", "9")),
        finished(hostile),
        finished(seen("hostile/flood", ClauseId::SYN_3, "order")),
        finished(seen("sync/names", ClauseId::SYN_3, "order")),
        finished(seen("sync/numbers", ClauseId::SYN_3, "order")),
        finished(seen("sync/login", ClauseId::USR_6, "authentication")),
        Event::Notice(Notice {
            kind: NoticeKind::Warning,
            text: format!("the server died during lists/add {HOSTILE}"),
            detail: vec!["stderr: panicked".into()],
            of: None,
        }),
        finished(broken),
        finished(because(
            "lists/remove",
            Verdict::Blocked,
            "no account is free",
        )),
        finished(blocked),
        finished(because(
            "hostile/many",
            Verdict::Inconclusive,
            "out of descriptors",
        )),
        finished(skipped),
        finished(because("messages/nak", Verdict::Waived, "issue 12")),
        finished(because(
            "presence/late",
            Verdict::Flaky,
            "passed when run alone",
        )),
        Event::Finished(summary()),
    ]
}

/// What the first look sees of a server that does not know CHG.
fn silence() -> Failure {
    Failure {
        place: Place {
            file: String::new(),
            line: 0,
            column: 0,
            text: String::new(),
        },
        expected: Expectation::new("CHG NLN", Wanted::Line("CHG".into())),
        got: Observed::Silence(Duration::from_secs(2)),
        word: None,
        command: Some("CHG".into()),
        detail: None,
        transcript: vec![
            "# barrier".into(),
            "alice C: URL 5 INBOX".into(),
            "alice S: 200 5".into(),
            "alice C: CHG 6 NLN".into(),
        ],
        ..failure(ClauseId::CHG_1, 0, "", "")
    }
}

fn ladder() -> Vec<RungResult> {
    let rung = |rung, state, cause| RungResult { rung, state, cause };
    vec![
        rung(Rung::Connect, RungState::Works, None),
        rung(Rung::Ver, RungState::Works, None),
        rung(Rung::Usr, RungState::Odd, Some(1)),
        rung(Rung::Chg, RungState::Silent, Some(4)),
        rung(Rung::Presence, RungState::Unreached, Some(4)),
        rung(Rung::Out, RungState::Works, None),
    ]
}

fn causes() -> Vec<Cause> {
    let cause = |id, failure: Failure, shown_by: &[&str]| Cause {
        id,
        clause: failure.clause,
        level: failure.level,
        standing: Standing::Fails,
        dialects: [(Dialect::first(), Standing::Fails)].into(),
        rung: None,
        failure: Arc::new(failure),
        shown_by: shown_by.iter().map(|&name| name.into()).collect(),
        blocks: 0,
    };
    let wrong = |got: &str| failure(ClauseId::USR_6, 13, "911 {t}", got);
    let hostile = failure(ClauseId::FRAME_2, 5, "VER {t} MSNP2", HOSTILE);
    let order = seen("sync/names", ClauseId::SYN_3, "order").failures;
    let hidden = failure(ClauseId::ERR_4, 20, "911 {t}", "911 4 sorry");
    let closed = Failure {
        clause: None,
        level: None,
        ..failure(ClauseId::USR_6, 3, "USR {t} OK *", "closed")
    };
    vec![
        Cause {
            rung: Some(Rung::Chg),
            blocks: 1,
            ..cause(4, silence(), &[PROBE])
        },
        cause(1, wrong("999 4"), &["auth/wrong-password", "auth/twice"]),
        cause(
            3,
            order.first().expect("one").clone(),
            &["hostile/flood", "sync/names"],
        ),
        cause(2, hostile, &["hostile/names[name=a/b]"]),
        Cause {
            blocks: 1,
            ..cause(5, closed, &[])
        },
        Cause {
            standing: Standing::Waived,
            ..cause(7, wrong("closed"), &["messages/nak"])
        },
        Cause {
            standing: Standing::Noted,
            ..cause(6, hidden, &["switchboard/join"])
        },
    ]
}

fn summary() -> Summary {
    let verdict = |id| match id {
        ClauseId::USR_6 | ClauseId::FRAME_2 | ClauseId::SYN_3 | ClauseId::CHG_1 => {
            ClauseVerdict::Failed
        }
        ClauseId::JOI_2 => ClauseVerdict::Varied,
        ClauseId::ERR_4 => ClauseVerdict::Noted,
        ClauseId::VER_1 => ClauseVerdict::Passed,
        _ => ClauseVerdict::Untested,
    };
    let shown = [
        ClauseId::VER_1,
        ClauseId::USR_6,
        ClauseId::FRAME_2,
        ClauseId::SYN_3,
        ClauseId::JOI_2,
        ClauseId::ERR_4,
        ClauseId::USR_7,
        ClauseId::CHG_1,
        ClauseId::OUT_6,
    ];
    let untested = |id| match id {
        ClauseId::USR_7 => Some(Untested::Accounts(4)),
        ClauseId::OUT_6 => Some(Untested::Launch),
        _ => None,
    };
    let clauses = Clause::all()
        .iter()
        .filter(|clause| shown.contains(&clause.id));
    Summary {
        totals: Totals {
            passed: 2,
            failed: 7,
            blocked: 3,
            inconclusive: 1,
            skipped: 1,
            waived: 1,
            flaky: 1,
        },
        clauses: clauses
            .map(|clause| ClauseResult {
                id: clause.id,
                dialect: Dialect::first(),
                level: clause.level,
                verdict: verdict(clause.id),
                seen: (clause.id == ClauseId::JOI_2).then(|| "no JOI to the newcomer".into()),
                untested: untested(clause.id),
                cause: (clause.id == ClauseId::CHG_1).then_some(4),
            })
            .collect(),
        dialects: Vec::new(),
        ladder: ladder(),
        causes: causes(),
        took: Duration::from_millis(1234),
        waited: vec![("replies that did not come".into(), Duration::from_secs(2))],
        aborted: None,
    }
}
