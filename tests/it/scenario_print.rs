//! What is printed loads back to the same scenario.

use std::sync::Arc;
use std::time::Duration;

use msnpspec::diagnostic::{Source, Span};
use msnpspec::protocol::ClauseId;
use msnpspec::scenario::ast::{
    Action, Era, Expect, Expected, Expr, Field, Function, LinePattern, Part, Payload,
    PayloadPattern, Regex, Scenario, Send, SendItem, Step, Text, Varies, WordKind, WordPattern,
};
use msnpspec::scenario::{Library, NoFiles, load, print};
use msnpspec::transcript::ConnName;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Takes the places out, which printing changes.
fn strip(mut scenario: Scenario) -> String {
    let source = Source::new("", "");
    scenario.source = Arc::clone(&source);
    for user in &mut scenario.users {
        user.at = Span::default();
    }
    strip_steps(&mut scenario.setup, &source);
    strip_steps(&mut scenario.steps, &source);
    format!("{scenario:#?}")
}

fn strip_steps(steps: &mut [Step], source: &Arc<Source>) {
    for step in steps {
        step.at = Span::default();
        step.source = Arc::clone(source);
        match &mut step.action {
            Action::Ticket { word, .. } => strip_text(word),
            Action::Open { address, .. } => address.iter_mut().for_each(strip_text),
            Action::Send(send) => send.items.iter_mut().for_each(strip_item),
            Action::Expect(expect) => strip_expected(&mut expect.what),
            Action::AnyOrder(steps) | Action::Repeat(_, steps) => strip_steps(steps, source),
            Action::OneOf(branches) => {
                for branch in branches {
                    strip_steps(branch, source);
                }
            }
            _ => {}
        }
    }
}

fn strip_item(item: &mut SendItem) {
    match item {
        SendItem::Line { text, payload } => {
            strip_text(text);
            payload.iter_mut().for_each(strip_payload);
        }
        SendItem::Raw(payload) => strip_payload(payload),
    }
}

fn strip_expected(what: &mut Expected) {
    match what {
        Expected::Line { pattern, payload } => {
            strip_line(pattern);
            if let Some(PayloadPattern::Exactly(payload)) = payload {
                strip_payload(payload);
            }
        }
        Expected::Error(Some(word)) => strip_word(word),
        Expected::Nothing { except } => except.iter_mut().for_each(strip_line),
        _ => {}
    }
}

fn strip_line(line: &mut LinePattern) {
    line.text = String::new();
    line.at = Span::default();
    line.words.iter_mut().for_each(strip_word);
}

fn strip_word(word: &mut WordPattern) {
    word.at = Span::default();
    strip_kind(&mut word.kind);
}

fn strip_kind(kind: &mut WordKind) {
    match kind {
        WordKind::Text(text) | WordKind::Above(text) => strip_text(text),
        WordKind::OneOf(kinds) => kinds.iter_mut().for_each(strip_kind),
        WordKind::Not(kind) => strip_kind(kind),
        _ => {}
    }
}

fn strip_payload(payload: &mut Payload) {
    if let Payload::Text(text) = payload {
        strip_text(text);
    }
}

fn strip_text(text: &mut Text) {
    text.at = Span::default();
}

fn reload(scenario: &Scenario) -> Result<Scenario, String> {
    let text = print(scenario);
    let source = Source::new("printed.yaml", text.clone());
    let mut all =
        load(&scenario.name, &source, &NoFiles).map_err(|errors| format!("{errors:?}\n{text}"))?;
    Ok(all.remove(0))
}

#[test]
fn the_suite_survives_printing() {
    for scenario in Library::builtin().unwrap().into_scenarios() {
        let loaded = reload(&scenario).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        assert_eq!(strip(loaded), strip(scenario));
    }
}

fn text_of(parts: Vec<Part>) -> Text {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (_, Part::Literal(text)) if text.is_empty() => {}
            (Some(Part::Literal(last)), Part::Literal(text)) => last.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    Text {
        at: Span::default(),
        parts: joined.into(),
    }
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9@._%-]{1,8}",
        "\\PC{1,6}",
        "[ {}'|*/.!>\"\\\\\t]{1,5}",
        Just("close".to_owned()),
        Just("same".to_owned()),
        Just("1..5".to_owned()),
        Just("...".to_owned()),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        Just(Expr::Capture("a".into())),
        Just(Expr::Field("alice".into(), Field::Handle)),
        Just(Expr::Field("bob".into(), Field::Name)),
        Just(Expr::Nobody),
        any::<u64>().prop_map(Expr::Number),
    ];
    let argument = prop_oneof![leaf.clone(), literal().prop_map(Expr::Quoted)];
    let call = (vec(argument, 1..3)).prop_map(|arguments| Expr::Call(Function::Md5, arguments));
    prop_oneof![3 => leaf, 1 => call]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        literal().prop_map(|text| Part::Literal(text.into())),
        expr().prop_map(Part::Expr),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    vec(part(), 0..4).prop_map(text_of)
}

fn payload() -> impl Strategy<Value = Payload> {
    let any_literal = any::<String>().prop_map(|text| Part::Literal(text.into()));
    prop_oneof![
        vec(prop_oneof![any_literal, part()], 0..4).prop_map(|parts| Payload::Text(text_of(parts))),
        vec(any::<u8>(), 0..8).prop_map(|bytes| Payload::Bytes(bytes.into())),
        (0usize..100_000).prop_map(Payload::Filler),
    ]
}

fn word_kind() -> impl Strategy<Value = WordKind> {
    let text = text().prop_filter("a capture alone is a word of its own", |text| {
        !matches!(text.parts[..], [Part::Expr(Expr::Capture(_))])
    });
    let simple = prop_oneof![
        4 => text.prop_map(WordKind::Text),
        1 => expr().prop_map(|expr| WordKind::Above(text_of(vec![Part::Expr(expr)]))),
        1 => Just(WordKind::Any),
        1 => Just(WordKind::Capture("a".into())),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(a, b)| {
            WordKind::Range(u64::from(a), u64::from(a) + u64::from(b))
        }),
    ];
    let not = simple
        .clone()
        .prop_filter("no word is not any word", |kind| {
            !matches!(kind, WordKind::Any)
        })
        .prop_map(|kind| WordKind::Not(Box::new(kind)));
    prop_oneof![
        5 => simple.clone(),
        1 => not,
        1 => vec(simple, 2..4).prop_map(WordKind::OneOf),
        1 => Just(WordKind::Matches(Regex::whole("a{2}|[{}|]*").expect("the pattern is right"))),
    ]
}

fn word() -> impl Strategy<Value = WordPattern> {
    let at = Span::default();
    word_kind().prop_map(move |kind| WordPattern { at, kind })
}

fn line() -> impl Strategy<Value = LinePattern> {
    (vec(word(), 1..4), any::<bool>()).prop_map(|(words, rest)| LinePattern {
        text: String::new(),
        at: Span::default(),
        words,
        rest,
    })
}

fn expected() -> impl Strategy<Value = Expected> {
    let pattern = prop_oneof![
        Just(PayloadPattern::Same),
        payload().prop_map(PayloadPattern::Exactly),
        any::<u32>().prop_map(|length| PayloadPattern::Length(length.into())),
        Just(PayloadPattern::Matches(
            Regex::anywhere("\\s\"x").expect("the pattern is right")
        )),
    ];
    let message = WordPattern {
        at: Span::default(),
        kind: WordKind::Text(text_of(vec![Part::Literal("MSG".into())])),
    };
    prop_oneof![
        4 => line().prop_map(|pattern| Expected::Line { pattern, payload: None }),
        1 => pattern.prop_map(move |payload| Expected::Line {
            pattern: LinePattern {
                text: String::new(),
                at: Span::default(),
                words: vec![message.clone()],
                rest: true,
            },
            payload: Some(payload),
        }),
        1 => option::of(word()).prop_map(Expected::Error),
        1 => Just(Expected::Refused),
    ]
}

fn step(action: Action) -> Step {
    Step {
        source: Source::new("", ""),
        at: Span::default(),
        action,
        clause: None,
        varies: None,
        optional: false,
        precondition: false,
        era: Era::default(),
    }
}

fn alice() -> ConnName {
    ConnName::new("alice", "ns")
}

fn expectation() -> impl Strategy<Value = Step> {
    (
        expected(),
        any::<bool>(),
        any::<bool>(),
        option::of(1u64..9999),
    )
        .prop_map(|(what, strict, flag, within)| {
            let is_line = matches!(what, Expected::Line { .. });
            let mut step = step(Action::Expect(Expect {
                conn: alice(),
                what,
                strict,
                exact: flag && is_line,
                within: within.map(Duration::from_millis),
            }));
            step.clause = flag.then_some(ClauseId::USR_6);
            step.precondition = strict && flag;
            step
        })
}

fn item() -> impl Strategy<Value = SendItem> {
    prop_oneof![
        (text(), option::of(payload()))
            .prop_map(|(text, payload)| SendItem::Line { text, payload }),
        payload().prop_map(SendItem::Raw),
    ]
}

fn send() -> impl Strategy<Value = Step> {
    (vec(item(), 1..3), option::of(1usize..9)).prop_map(|(items, segments)| {
        let conn = alice();
        step(Action::Send(Send {
            conn,
            items,
            segments,
        }))
    })
}

fn group() -> impl Strategy<Value = Step> {
    let nothing = vec(line(), 0..2).prop_map(|except| {
        let (conn, what) = (alice(), Expected::Nothing { except });
        step(Action::Expect(Expect {
            conn,
            what,
            strict: false,
            exact: false,
            within: None,
        }))
    });
    let branch = (vec(expectation(), 1..3), option::of(option::of(literal()))).prop_map(
        |(mut steps, seen)| {
            let clause = ClauseId::USR_7;
            for first in steps.iter_mut().take(1) {
                let seen = seen.clone();
                first.varies = seen.map(|seen| Varies { clause, seen });
            }
            steps
        },
    );
    prop_oneof![
        vec(expectation(), 1..3).prop_map(|steps| step(Action::AnyOrder(steps))),
        vec(branch, 2..4).prop_map(|branches| step(Action::OneOf(branches))),
        (1u32..9, vec(send(), 1..3)).prop_map(|(n, steps)| step(Action::Repeat(n, steps))),
        nothing,
        Just(step(Action::Settle)),
    ]
}

const BEGINNING: &str = r"
description: x
clauses: [USR-1]
users:
  alice: { state: NLN, FL: [bob], BLP: BL }
  bob: {}
needs: [accounts: 4]
timeout: 1500ms
steps:
  - alice C: MSG {t} {length}
    payload: x
  - alice S: A {a}
";

proptest! {
    #![proptest_config(crate::tried(300))]

    #[test]
    fn what_is_printed_loads_back(
        steps in vec(prop_oneof![expectation(), send(), group()], 1..5),
        description in "\\PC{1,20}",
    ) {
        let source = Source::new("x.yaml", BEGINNING);
        let mut scenario = load("x", &source, &NoFiles).unwrap().remove(0);
        scenario.description = description;
        scenario.steps.extend(steps);
        let loaded = reload(&scenario);
        prop_assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
        prop_assert_eq!(strip(loaded.unwrap()), strip(scenario));
    }
}
