//! Every format, from one run with every verdict and with hostile texts.

mod browser;
mod dialects;
mod fixture;
mod junit_schema;
mod schema;
mod words;

use msnpspec::protocol::{ClauseId, Dialect, ErrorCode};
use msnpspec::report::{
    Github, Html, Human, Json, Jsonl, Junit, Markdown, Palette, Reporter, Tap, explain, read_result,
};

use crate::snapshot;
use fixture::{assert_harmless, events, written, written_aborted, written_of};

#[test]
fn human() {
    let text = written(&mut Human::default());
    assert_harmless(&text);
    snapshot("report-human", &text);
}

#[test]
fn human_in_full() {
    let text = written(&mut Human::default().full(true));
    assert_harmless(&text);
    snapshot("report-human-full", &text);
}

#[test]
fn a_screen_holds_what_people_read() {
    let mut many = events();
    let Some(msnpspec::event::Event::Finished(summary)) = many.pop() else {
        panic!("the end is the last")
    };
    let mut summary = summary;
    let causes = summary.causes.clone();
    for round in 1..20 {
        let more = causes.iter().cloned().map(|mut cause| {
            cause.id += round * 10;
            cause
        });
        summary.causes.extend(more);
    }
    let notice = many
        .iter()
        .find(|it| matches!(it, msnpspec::event::Event::Notice(_)));
    let notices = vec![notice.unwrap().clone(); 40];
    many.extend(notices);
    many.push(msnpspec::event::Event::Finished(summary));
    let text = written_of(&mut Human::default(), many.clone());
    let lines = text.lines().count();
    assert!((50..=60).contains(&lines), "{lines} lines:\n{text}");
    assert!(text.contains("more: --full"), "{text}");
    let full = written_of(&mut Human::default().full(true), many);
    assert!(
        full.lines().count() > 150 && !full.contains("--full"),
        "{full}"
    );
}

#[test]
fn markdown_holds_no_markup_of_the_server() {
    let text = written(&mut Markdown::default());
    assert_harmless(&text);
    let outside = text.split("```").step_by(2).collect::<String>();
    let outside = outside.split('`').step_by(2).collect::<String>();
    assert!(text.contains("<b>") && !outside.contains("<b>") && !outside.contains('@'));
    snapshot("report-markdown", &text);
}

#[test]
fn human_without_an_end_in_sight() {
    snapshot(
        "report-human-aborted",
        &written_aborted(&mut Human::default()),
    );
}

#[test]
fn human_writes_only_its_own_escapes() {
    let text = written(&mut Human::new(
        Palette::coloured(),
        "msnpspec run --target my.yaml",
    ));
    let mut own = text.clone();
    let palette = Palette::coloured();
    let styles = [
        palette.good,
        palette.bad,
        palette.warn,
        palette.strong,
        palette.faint,
        palette.hint,
    ];
    for style in styles {
        own = own
            .replace(&format!("{style}"), "")
            .replace(&format!("{style:#}"), "");
    }
    assert_ne!(own, text);
    assert_harmless(&own);
    assert!(own.contains("msnpspec run --target my.yaml -f CHG-1"));
}

#[test]
fn json() {
    let text = written(&mut Json::default());
    assert_harmless(&text);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 2);
    assert_eq!(document["totals"]["failed"], 7);
    assert_eq!(document["scenarios"][2]["failures"][0]["clause"], "USR-6");
    assert_eq!(
        document["scenarios"][4]["failures"][0]["got"]["text"],
        fixture::HOSTILE
    );
    assert_eq!(document["scenarios"].as_array().unwrap().len(), 16);
    assert_eq!(document["first_look"]["name"], "probe");
    assert_eq!(document["causes"][0]["title"], "CHG is never answered");
    snapshot("report-json", &text);
    let mut part = read_result("r.json", &text).unwrap();
    let Some(msnpspec::event::Event::Finished(summary)) = events().pop() else {
        panic!("the end is the last")
    };
    let ladder = part.ladders.remove(&Dialect::first()).expect("it is there");
    assert_eq!((ladder, part.info.scenarios), (summary.ladder, 16));
    let kinds = |causes: &[msnpspec::event::Cause]| -> Vec<_> {
        let kind = |it: &msnpspec::event::Cause| (it.id, it.standing, it.breach(), it.blocks);
        causes.iter().map(kind).collect()
    };
    assert_eq!(kinds(&part.causes), kinds(&summary.causes));
}

#[test]
fn jsonl_is_one_object_an_event() {
    let text = written(&mut Jsonl::default());
    assert_harmless(&text);
    assert_eq!(text.lines().count(), events().len());
    for line in text.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(object["event"].is_string());
    }
    snapshot("report-jsonl", &text);
}

#[test]
fn junit() {
    let text = written(&mut Junit::default());
    assert_harmless(&text);
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let cases = |count: fn(&quick_junit::TestSuite) -> usize| -> usize {
        report.test_suites.iter().map(count).sum()
    };
    assert_eq!(cases(|suite| suite.failures), 8);
    assert_eq!(cases(|suite| suite.errors), 3);
    snapshot("report-junit", &text);
}

#[test]
fn tap() {
    let text = written(&mut Tap::default());
    assert_harmless(&text);
    assert!(text.ends_with("\n1..18\n"), "the plan counts the points");
    let points = text
        .lines()
        .filter(|line| line.starts_with("ok") || line.starts_with("not ok"));
    assert_eq!(points.count(), 18);
    snapshot("report-tap", &text);
    assert!(written_aborted(&mut Tap::default()).contains("Bail out!"));
}

#[test]
fn github_has_no_command_but_its_own() {
    let text = written(&mut Github::default());
    assert_harmless(&text);
    for line in text.lines() {
        let known = ["::error ", "::warning ", "::notice "];
        assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
    }
    snapshot("report-github", &text);
}

#[test]
fn html_holds_no_markup_of_the_server() {
    let text = written(&mut Html::default());
    assert_harmless(&text);
    assert!(!text.contains("<b>&amp;\"'"));
    assert_eq!(text.matches("<script").count(), 1, "its own");
    assert!(!text.contains("http:") && !text.contains("https:"));
    // Style and script are files of their own.
    let mut shown = text.replace("<tr", "\n<tr").replace("<p", "\n<p");
    shown = shown
        .replace("<div", "\n<div")
        .replace("<details", "\n<details");
    for end in ["</style>", "</script>"] {
        let (head, tail) = shown.split_once(end).expect("it ends");
        let (head, _) = head.rsplit_once("<s").expect("it begins");
        shown = format!("{head}{tail}");
    }
    snapshot("report-html", &shown);
}

#[test]
fn every_format_says_why_nothing_ran() {
    let reporters: [Box<dyn Reporter + Send>; 6] = [
        Box::new(Markdown::default()),
        Box::new(Human::default()),
        Box::new(Json::default()),
        Box::new(Junit::default()),
        Box::new(Github::default()),
        Box::new(Html::default()),
    ];
    for mut reporter in reporters {
        let text = written_aborted(reporter.as_mut());
        assert!(text.contains("refuses connections"), "{text}");
    }
}

#[test]
fn explained() {
    let palette = Palette::plain();
    let tests = [(
        "auth/wrong-password",
        "a wrong password is refused with 911",
    )];
    let mut text = explain::clause(
        ClauseId::USR_6.clause(),
        &tests,
        &["order", "authentication"],
        &palette,
    );
    text.push_str(&explain::clause(
        ClauseId::JOI_2.clause(),
        &[],
        &[],
        &palette,
    ));
    text.push_str(&explain::code(ErrorCode::find(217).unwrap(), &palette));
    snapshot("report-explain", &text);
}
