//! `fuzz` on the personas, in memory: what the first look has found is known of them, and no case
//! finds what none of their quirks breaks.

use std::fmt::Write as _;
use std::sync::Arc;

use msnpspec::diagnostic::{Source, Span};
use msnpspec::event::{Event, Verdict};
use msnpspec::fuzzer::{Campaign, CampaignOptions, Manner, Reference, Report, Sight};
use msnpspec::protocol::{ClauseId, DIALECTS, Dialect, Level};
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::{Config, Persona, personas};
use msnpspec::sim::SuiteRun;
use msnpspec::target::{Known, Waiver};

use crate::faults::suite;

/// A run of the suite on a persona.
fn run(persona: &Persona, dialect: &'static Dialect, suite: &[Arc<Scenario>]) -> SuiteRun {
    let config = Config {
        faults: persona.faults(),
        ..Config::default()
    };
    SuiteRun {
        dialect,
        ..SuiteRun::new(suite.to_vec(), config)
    }
}

/// What the suite finds wrong with a persona, as `fuzz` learns it before it begins.
fn learn(run: SuiteRun) -> Known {
    let mut known = Known::default();
    for event in run.play() {
        if let Event::ScenarioFinished(result) = event {
            let failures = result
                .failures
                .iter()
                .filter(|_| result.verdict == Verdict::Failed);
            failures.chain(&result.notes).for_each(|it| known.learn(it));
        }
    }
    known
}

/// The clauses that its quirks break, in whatever way.
fn know_all(persona: &Persona) -> Known {
    let today = "2026-12-01".parse().expect("it is a date");
    let waiver = |clause: ClauseId| {
        let place = Source::new("persona.yaml", "").place(Span::default());
        Waiver::new(clause.as_str(), "its own", place).expect("it is a clause")
    };
    let waivers: Vec<Waiver> = persona.clauses().into_iter().map(waiver).collect();
    Known::of_waivers(&waivers, today)
}

/// What is told of a persona that is not its own, after so many cases. What it breaks is known by the
/// suite, where that is played before, and by its quirks otherwise.
fn foreign(
    persona: &Persona,
    dialect: &'static Dialect,
    suite: Option<&[Arc<Scenario>]>,
    (seed, cases): (u64, u64),
) -> String {
    let run = run(persona, dialect, suite.unwrap_or_default());
    let Some(mut environment) = run.first_look() else {
        return format!("{} in {dialect}: no account can be used\n", persona.name);
    };
    let known = match suite {
        Some(_) => learn(run),
        None => know_all(persona),
    };
    environment.known = known.clone();
    environment.level = None;
    let reference = Reference::with_faults(persona.faults()).known_as(environment);
    let report = campaign(&reference, known, dialect, (seed, cases));
    let own = persona.clauses();
    let mut text = String::new();
    for found in report.found.values() {
        let clause = found.failure.clause;
        if clause.is_some_and(|clause| own.contains(&clause)) {
            continue;
        }
        let _ = writeln!(
            text,
            "{} in {dialect}: {} in case {}, {} times: {:?} expected {}, got {} ({:?})",
            persona.name,
            clause.map_or_else(|| "?".to_owned(), |it| it.to_string()),
            found.name,
            found.count,
            found.failure.judge,
            found.failure.expected.text,
            found.failure.got,
            found.failure.detail,
        );
        for line in &found.failure.transcript {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

fn campaign(
    reference: &Reference,
    known: Known,
    dialect: &'static Dialect,
    (seed, cases): (u64, u64),
) -> Report {
    let execute = |scenario: &Arc<Scenario>| reference.execute_shared(Arc::clone(scenario));
    let options = CampaignOptions {
        seed,
        cases: Some(cases),
        level: Level::Practice,
        sight: Sight::Partial,
        known,
        manner: Manner {
            dialect,
            has_extras: false,
            ..Manner::default()
        },
        ..CampaignOptions::default()
    };
    let mut campaign = Campaign::new(options, &execute);
    campaign.run(|_| false);
    campaign.into_report()
}

/// What was told of each of these once, and was not theirs: residents counted in a batch, numbers and
/// counts of entries with groups, what was lost in a read, silence behind an error.
#[test]
fn what_is_not_theirs_is_not_told() {
    let mended = [
        ("self-promoting", "MSNP5", 60),
        ("self-promoting", "MSNP7", 60),
        ("numberless", "MSNP7", 60),
        ("transposed", "MSNP7", 60),
        ("read-by-read", "MSNP7", 30),
        ("deaf-to-nonsense", "MSNP2", 60),
        ("deaf-to-nonsense", "MSNP7", 60),
    ];
    let mut told = String::new();
    for (name, dialect, cases) in mended {
        let persona = Persona::find(name).expect("there is such a persona");
        let dialect = Dialect::named(dialect.as_bytes()).expect("there is such a dialect");
        told += &foreign(persona, dialect, None, (1, cases));
    }
    assert_eq!(told, "");
}

/// `PERSONA`, `DIALECT`, `SEED` and `CASES` choose; the whole is for the release build.
#[test]
#[ignore = "minutes, in release"]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "who runs it chooses what, and sees what comes while it runs"
)]
fn all_of_them_at_length() {
    let chosen = |name: &str| std::env::var(name).ok();
    let (only, dialect) = (chosen("PERSONA"), chosen("DIALECT"));
    let number =
        |name: &str, usual: u64| chosen(name).map_or(usual, |it| it.parse().unwrap_or(usual));
    let suite = suite();
    let mut told = String::new();
    for persona in personas() {
        if only.as_deref().is_some_and(|only| only != persona.name) {
            continue;
        }
        for it in DIALECTS {
            let is_it = match &dialect {
                Some(dialect) => it.name == dialect,
                None => ["MSNP2", "MSNP5", "MSNP7"].contains(&it.name),
            };
            if is_it {
                let found = foreign(
                    persona,
                    it,
                    Some(&suite),
                    (number("SEED", 1), number("CASES", 2000)),
                );
                print!("{found}");
                told += &found;
            }
        }
    }
    assert_eq!(told, "");
}
