//! What `msnpspec fuzz` tells: to people, with a live line where they watch, or as JSON.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use msnpspec::fuzzer::{CampaignOptions, CampaignResult, Found, Report, Verdict, last_lines};
use msnpspec::net::{Gauge, Vitals};
use msnpspec::report::{Format, printable};
use serde_json::json;

use super::console::Console;
use super::exit::Exit;
use super::fuzz_findings::Saved;
use super::fuzz_server::Server;
use super::fuzz_target::Remote;
use super::whole_file::WholeFile;

/// Writes a result to a file.
pub(crate) fn write(result: &CampaignResult, path: &Path) -> Result<(), String> {
    let text = serde_json::to_string_pretty(result).map_err(|error| error.to_string())?;
    WholeFile::create(path)
        .and_then(|file| file.finish(&(text + "\n")))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Tells what several results came to, put together.
pub(crate) fn merged(
    whole: &CampaignResult,
    formats: &[Format],
    outputs: &[PathBuf],
    console: Console,
) -> Exit {
    if formats.iter().any(|format| *format != Format::Json) {
        console.error(&"results of `fuzz` are put together as json alone");
        return Exit::Usage;
    }
    let mut exit = match whole.findings.is_empty() {
        true => Exit::Success,
        false => Exit::Failure,
    };
    let missing = whole.missing();
    if !missing.is_empty() {
        console.error(&format!("missing: shard {}", missing.join(", ")));
        exit = exit.max(Exit::NotRun);
    }
    for path in outputs {
        if let Err(error) = write(whole, path) {
            console.error(&error);
            exit = exit.max(Exit::NotRun);
        }
    }
    if outputs.is_empty() {
        let text = serde_json::to_string_pretty(whole).unwrap_or_default();
        exit = exit.max(console.print(&(text + "\n")));
    }
    exit
}

/// So many commands that were never sent in a state are named to people.
const NAMED: usize = 5;

/// Which commands were never sent in a state that the model knows, in a line.
fn unreached(report: &Report) -> String {
    let (cells, known) = report.unreached();
    let names: Vec<String> = cells.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if cells.len() > NAMED { ", ..." } else { "" };
    let told = match names.is_empty() {
        true => String::new(),
        false => format!(": {}{more}", names.join(", ")),
    };
    format!(
        "{} of {known} commands in a state (`STATE COMMAND`) were not reached{told}",
        cells.len()
    )
}

/// How often a line of progress is told where nobody watches.
const PULSE: Duration = Duration::from_secs(10);

/// Tells how a campaign goes.
pub(crate) struct Teller {
    console: Console,
    line: Option<ProgressBar>,
    told: Duration,
    news: Duration,
    found: usize,
    is_human: bool,
}

impl Teller {
    pub(crate) fn new(console: Console, is_human: bool) -> Self {
        let line = Console::is_watched().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template("{elapsed_precise} {spinner} {wide_msg}");
            bar.set_style(style.expect("the template is right"));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self {
            console,
            line,
            told: Duration::ZERO,
            news: Duration::ZERO,
            found: 0,
            is_human,
        }
    }

    /// It begins.
    pub(crate) fn begins(&self, target: &str, seed: u64, options: &CampaignOptions) {
        let known: Vec<&str> = options
            .known
            .clauses()
            .iter()
            .map(|it| it.as_str())
            .collect();
        if self.is_human {
            let cases = match options.jobs {
                1 => "case",
                _ => "cases",
            };
            let told = match known.as_slice() {
                [] => String::new(),
                _ => format!("; known and no finding (--no-known): {}", known.join(" ")),
            };
            self.print(&format!(
                "fuzzing {} in {}: seed {seed}, {} {cases} at a time{told}\n",
                printable(target),
                options.manner.dialect,
                options.jobs
            ));
        } else if !known.is_empty() {
            let line = json!({ "event": "known", "clauses": known });
            self.print(&format!("{line}\n"));
        }
    }

    fn print(&self, text: &str) {
        // A reader that went away misses nothing: findings are saved.
        let write = || self.console.print(text);
        let _ = match &self.line {
            Some(line) => line.suspend(write),
            None => write(),
        };
    }

    /// A finding that is new.
    pub(crate) fn found(&self, found: &Found, saved: Option<&Saved>) {
        let failure = &found.failure;
        let clause = failure.clause.map_or("-", |clause| clause.as_str());
        let file = saved.map(|saved| saved.path.display().to_string());
        if self.is_human {
            let file = file.map_or(String::new(), |file| format!("\n    {file}"));
            let wrote: String = last_lines(failure)
                .map(|line| format!("\n    | {line}"))
                .collect();
            let text = format!(
                "{clause} ({}) in case {}: expected {}, got {}{wrote}{file}",
                found.verdict, found.name, failure.expected, failure.got
            );
            self.print(&format!(
                "{}\n",
                text.lines().map(printable).collect::<Vec<_>>().join("\n")
            ));
            return;
        }
        let line = json!({
            "event": "finding",
            "case": found.name.to_string(),
            "verdict": found.verdict.as_str(),
            "clause": failure.clause.map(|clause| clause.as_str()),
            "by": failure.judge.as_str(),
            "expected": failure.expected.text,
            "got": failure.got.to_string(),
            "signature": found.signature.to_string(),
            "transcript": failure.transcript,
            "file": file,
        });
        self.print(&format!("{line}\n"));
    }

    /// A finding is made small: that takes a while.
    pub(crate) fn shrinks(&self, found: &Found) {
        if let Some(line) = &self.line {
            line.set_message(format!(
                "case {}: shrinking {}",
                found.name, found.signature
            ));
        }
    }

    /// A finding was made small.
    pub(crate) fn shrunk(&self, found: &Found, saved: Option<&Saved>) {
        let Some((saved, shrunk)) = saved.and_then(|it| Some((it, it.shrunk.as_ref()?))) else {
            return;
        };
        let file = saved.path.display();
        let (steps, failed, replays) = (shrunk.after.steps, shrunk.failed, shrunk.replays);
        if self.is_human {
            self.print(&format!(
                "{file}: {steps} steps, fails in {failed} of {replays} replays\n"
            ));
            return;
        }
        let line = json!({
            "event": "shrunk",
            "signature": found.signature.to_string(),
            "file": file.to_string(),
            "steps": steps, "failed": failed, "replays": replays,
        });
        self.print(&format!("{line}\n"));
    }

    /// How far it has come.
    pub(crate) fn progress(&mut self, report: &Report, server: &Server, elapsed: Duration) {
        if report.found.len() > self.found {
            (self.found, self.news) = (report.found.len(), elapsed);
        }
        if let Some(line) = &self.line {
            line.set_message(self.summary(report, server, elapsed));
        }
        if elapsed < self.told + PULSE {
            return;
        }
        self.told = elapsed;
        if !self.is_human {
            let numbers = Self::numbers("progress", report, server, elapsed);
            self.print(&format!("{numbers}\n"));
        } else if self.line.is_none() {
            let (seconds, summary) = (elapsed.as_secs(), self.summary(report, server, elapsed));
            self.print(&format!("after {seconds} s: {summary}\n"));
        }
    }

    fn summary(&self, report: &Report, server: &Server, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "rates are rounded anyway")]
        let rate = |count: u64| count as f64 / seconds;
        let ((phases, all_phases), (seen, known)) = (report.phases(), report.known_transitions());
        let last = elapsed.saturating_sub(self.news).as_secs();
        let tally = server
            .remote()
            .map(|it| it.cases.tally())
            .unwrap_or_default();
        let count = |verdict| report.verdicts.get(&verdict).copied().unwrap_or_default();
        let more = [
            ("with nothing new", count(Verdict::Known)),
            ("blocked", count(Verdict::Blocked)),
            ("deaths", tally.deaths),
            ("slow", tally.slow),
        ];
        let more = more.iter().filter(|(_, count)| *count > 0);
        let more: String = more
            .map(|(what, count)| format!(", {count} {what}"))
            .collect();
        // A narrow terminal cuts the end off.
        format!(
            "{} cases, {:.0}/s, {} findings, {last} s since the last{more}, {:.0} round trips/s, \
             {phases}/{all_phases} states, {seen}/{known} transitions",
            report.cases,
            rate(report.cases),
            report.found.len(),
            rate(report.round_trips),
        )
    }

    fn numbers(
        event: &str,
        report: &Report,
        server: &Server,
        elapsed: Duration,
    ) -> serde_json::Value {
        let waited = report.waited.iter();
        let waited = waited.map(|(what, spent)| ((*what).to_owned(), json!(spent.as_millis())));
        let tally = server
            .remote()
            .map(|it| it.cases.tally())
            .unwrap_or_default();
        let ((phases, all_phases), (seen, known)) = (report.phases(), report.known_transitions());
        let (codes, all_codes) = report.codes();
        let verdicts = report.verdicts.iter();
        let verdicts = verdicts.map(|(verdict, count)| (verdict.as_str().to_owned(), json!(count)));
        let mutators = report.mutators.iter();
        let mutators = mutators.map(|(name, count)| ((*name).to_owned(), json!(count)));
        json!({
            "event": event,
            "dialect": report.dialect.name,
            "ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            "cases": report.cases,
            "children": report.children,
            "round_trips": report.round_trips,
            "states": phases, "states_known": all_phases,
            "codes": codes.len(), "codes_known": all_codes.len(),
            "codes_unnamed": codes.difference(&all_codes).collect::<Vec<_>>(),
            "possible_percent": report.watched.possible_share(),
            "judged_percent": report.watched.judged_share(),
            "transitions": seen, "transitions_known": known,
            "transitions_unknown": report.covered.len() - seen,
            "findings": report.found.len(),
            "verdicts": verdicts.collect::<serde_json::Map<_, _>>(),
            "mutators": mutators.collect::<serde_json::Map<_, _>>(),
            "deaths": tally.deaths, "slow": tally.slow, "not_isolated": tally.not_isolated,
            "waited_ms": waited.collect::<serde_json::Map<_, _>>(),
            "corpus": report.kept.len(),
            "corpus_hash": report.corpus_hash(),
        })
    }

    /// It is over.
    pub(crate) fn finished(&mut self, report: &Report, server: &Server, elapsed: Duration) {
        if let Some(line) = self.line.take() {
            line.finish_and_clear();
        }
        if let Some(vitals) = server.remote().and_then(Remote::vitals) {
            self.used(&vitals);
        }
        if self.is_human {
            let corpus = report.corpus_hash();
            let (codes, all_codes) = report.codes();
            let named = codes.intersection(&all_codes).count();
            let watched = report.watched;
            self.print(&format!(
                "{}\n{} % of commands possible by the model, which judged {} % of lines; {named} of \
                 its {} error codes seen, and {} others\n{}\ncorpus {corpus}\n",
                self.summary(report, server, elapsed),
                watched.possible_share(),
                watched.judged_share(),
                all_codes.len(),
                codes.len() - named,
                unreached(report),
            ));
        } else {
            let mut numbers = Self::numbers("finished", report, server, elapsed);
            let (cells, known) = report.unreached();
            let names: Vec<String> = cells.iter().map(ToString::to_string).collect();
            if let Some(numbers) = numbers.as_object_mut() {
                numbers.insert("cells_known".to_owned(), json!(known));
                numbers.insert("cells_unreached".to_owned(), json!(names));
            }
            self.print(&format!("{numbers}\n"));
        }
    }

    /// What the server's process used, and a warning where it goes on using more.
    fn used(&self, vitals: &Vitals) {
        let (memory, files) = (&vitals.memory, &vitals.files);
        let mib = |bytes: u64| format!("{}.{}", bytes >> 20, (bytes >> 10) % 1024 * 10 / 1024);
        let told = format!(
            "memory {} MiB first, {} last, {} peak; open files {} first, {} last, {} peak; over {} s",
            mib(memory.first),
            mib(memory.last),
            mib(memory.peak),
            files.first,
            files.last,
            files.peak,
            vitals.lived.as_secs()
        );
        let grows = [
            (vitals.memory_grows(), "memory"),
            (vitals.files_grow(), "open files"),
        ];
        let grows: Vec<&str> = grows
            .iter()
            .filter(|(it, _)| *it)
            .map(|(_, what)| *what)
            .collect();
        if !grows.is_empty() {
            let what = grows.join(" and ");
            self.console
                .warning(&format!("the server's {what} went on growing: {told}"));
        }
        if self.is_human {
            self.print(&format!("server: {told}\n"));
            return;
        }
        let gauge = |gauge: &Gauge, grows: bool| json!({ "first": gauge.first, "last": gauge.last, "peak": gauge.peak, "grows": grows });
        let line = json!({
            "event": "server",
            "memory": gauge(memory, vitals.memory_grows()),
            "files": gauge(files, vitals.files_grow()),
            "ms": u64::try_from(vitals.lived.as_millis()).unwrap_or(u64::MAX),
        });
        self.print(&format!("{line}\n"));
    }
}
