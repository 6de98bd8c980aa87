//! Recorded transcripts among the files of `msnpspec run`: replayed as they are, and where a server
//! first says something else both are shown side by side.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use msnpspec::diagnostic::Source;
use msnpspec::event::{Failure, ScenarioResult};
use msnpspec::event::{Judge, Observed};
use msnpspec::protocol::{Direction, MSNP2, Param, Saying};
use msnpspec::report::printable;
use msnpspec::scenario::ast::{Action, Expected, Scenario, Step, WordKind};
use msnpspec::scenario::import_from;
use msnpspec::transcript::read::{Reading, read};
use msnpspec::transcript::{ConnName, Party, Redactor, What};
use msnpspec::wire::words;

use super::check;
use super::console::Console;

/// So many lines before the divergence are shown.
const SHOWN: usize = 10;
/// The widest column, in characters.
const WIDEST: usize = 60;
/// So much is shown of what was bound.
const LONGEST: usize = 40;

/// A transcript, and the scenario that replays it.
pub(crate) struct Replay {
    pub(crate) scenario: Arc<Scenario>,
    reading: Reading,
    source: Arc<Source>,
}

/// Whether a path names a transcript or a capture: a file that is no YAML.
pub(crate) fn is_transcript(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    path.is_file() && !matches!(ending, Some("yaml" | "yml"))
}

/// Reads the transcripts of these files; what is wrong with one is told.
pub(crate) fn load(paths: &[PathBuf], console: Console) -> Option<Vec<Replay>> {
    let replays = paths.iter().map(|path| {
        let (source, reading) = check::recording(path, console)?;
        let scenario = import_from(&reading.transcript, &source, &reading.places);
        Some(Replay {
            scenario: Arc::new(scenario),
            reading,
            source,
        })
    });
    // All mistakes of all files are told.
    let replays: Vec<Option<Replay>> = replays.collect();
    replays.into_iter().collect()
}

/// One line of each side.
struct Row {
    line: usize,
    recorded: String,
    live: String,
}

/// Something that was said on a connection in the run.
struct Said {
    party: Party,
    line: String,
}

impl Replay {
    /// Where the server first said something else; `None` where it did not, by any step.
    pub(crate) fn divergence(&self, result: &ScenarioResult, target: &str) -> Option<String> {
        let all = result.failures.iter().chain(&result.notes);
        let failure = all.clone().find(|failure| failure.judge == Judge::Step)?;
        let mut live = said(&result.transcript);
        let players = players(&live);
        let (mut rows, mut bound) = (Vec::new(), Vec::new());
        let file = printable(&self.source.path);
        let mut text = format!("{file}: first divergence at line {}\n", failure.place.line);
        for step in &self.scenario.steps {
            let line = step.source.place(step.at).line;
            if line == failure.place.line && is_expectation(step) {
                rows.push(self.divergent(step, line, failure, &mut live));
                break;
            }
            rows.extend(self.row(step, line, &mut live, &mut bound));
        }
        table(&mut text, &rows, &file, &printable(target));
        for (name, value) in players.into_iter().chain(bound) {
            let _ = writeln!(text, "  bound  {name} = {value}");
        }
        Some(text)
    }

    /// The step at which they differ.
    fn divergent(
        &self,
        step: &Step,
        line: usize,
        failure: &Failure,
        live: &mut BTreeMap<String, VecDeque<Said>>,
    ) -> Row {
        let conn = conn_of(step).map_or_else(String::new, ToString::to_string);
        // A line that came instead says more than that the right one did not.
        let queue = live.get(&conn).into_iter().flatten();
        let instead = queue.clone().find(|said| said.party == Party::Server);
        let got = match (&failure.got, instead) {
            (Observed::Silence(_), Some(said)) => said.line.clone(),
            (got, _) => got.to_string(),
        };
        Row {
            line,
            recorded: self.recorded(step),
            live: format!("{conn} S: {got}"),
        }
    }

    /// What a step said and what was said in its place.
    fn row(
        &self,
        step: &Step,
        line: usize,
        live: &mut BTreeMap<String, VecDeque<Said>>,
        bound: &mut Vec<(String, String)>,
    ) -> Option<Row> {
        let conn = conn_of(step)?;
        let party = match is_expectation(step) {
            true => Party::Server,
            false => Party::Client,
        };
        let recorded = self.recorded(step);
        let verb = recorded.split(' ').nth(2).unwrap_or_default().to_owned();
        let queue = live.entry(conn.to_string()).or_default();
        let at = queue.iter().position(|said| {
            said.party == party && said.line.split(' ').next() == Some(verb.as_str())
        });
        let said = at.and_then(|at| queue.drain(..=at).next_back());
        if let (Some(said), Action::Expect(expect)) = (&said, &step.action) {
            bind(&expect.what, &said.line, bound);
        }
        let side = if party == Party::Server { 'S' } else { 'C' };
        Some(Row {
            line,
            recorded,
            live: said.map_or_else(String::new, |said| format!("{conn} {side}: {}", said.line)),
        })
    }

    /// The entry of a step as one line, with the names of the scenario.
    fn recorded(&self, step: &Step) -> String {
        let place = (step.at.start, step.at.end);
        let entry = self.reading.places.iter().position(|it| *it == place);
        let entry = entry.and_then(|at| self.reading.transcript.entries().get(at));
        let lines = entry.map(|entry| {
            self.reading
                .transcript
                .render_entry(entry, &Redactor::default())
        });
        let line = lines.and_then(|lines| lines.into_iter().next());
        let line = line.unwrap_or_default();
        let said = line
            .split_once(": ")
            .map_or(line.as_str(), |(_, said)| said);
        let conn = conn_of(step).map_or_else(String::new, ToString::to_string);
        let side = if is_expectation(step) { 'S' } else { 'C' };
        format!("{conn} {side}: {said}")
    }
}

fn is_expectation(step: &Step) -> bool {
    matches!(step.action, Action::Expect(_))
}

fn conn_of(step: &Step) -> Option<&ConnName> {
    match &step.action {
        Action::Send(send) => Some(&send.conn),
        Action::Expect(expect) => Some(&expect.conn),
        _ => None,
    }
}

/// What was said in a run, by connection.
fn said(transcript: &[String]) -> BTreeMap<String, VecDeque<Said>> {
    let mut all: BTreeMap<String, VecDeque<Said>> = BTreeMap::new();
    let Ok(reading) = read(&transcript.join("\n")) else {
        return all;
    };
    for entry in reading.transcript.entries() {
        let (What::Frame(party, frame), Some(conn)) =
            (&entry.what, reading.transcript.connection(entry.conn))
        else {
            continue;
        };
        let line = String::from_utf8_lossy(&frame.line).into_owned();
        let queue = all.entry(conn.name.to_string()).or_default();
        queue.push_back(Said {
            party: *party,
            line,
        });
    }
    all
}

/// Who played whom, by the answers to their logins.
fn players(live: &BTreeMap<String, VecDeque<Said>>) -> Vec<(String, String)> {
    let mut found = BTreeMap::new();
    for (conn, all) in live {
        let user = conn.split('@').next().unwrap_or_default();
        for said in all.iter().filter(|said| said.party == Party::Server) {
            let words: Vec<&[u8]> = words(said.line.as_bytes()).collect();
            let told = MSNP2.saying(Direction::ToClient, &words);
            let welcome = told.filter(Saying::is_welcome);
            if let Some(handle) = welcome.and_then(|told| told.get(Param::Handle)) {
                let handle = String::from_utf8_lossy(handle);
                found.insert(user.to_owned(), short(&handle, LONGEST));
            }
        }
    }
    found.into_iter().collect()
}

/// What a line of the server bound.
fn bind(expected: &Expected, line: &str, bound: &mut Vec<(String, String)>) {
    let Expected::Line { pattern, .. } = expected else {
        return;
    };
    for (word, value) in pattern.words.iter().zip(line.split(' ')) {
        if let WordKind::Capture(name) = &word.kind
            && bound.iter().all(|(known, _)| known != name)
        {
            bound.push((name.clone(), short(value, LONGEST)));
        }
    }
}

/// A text that fits and cannot steer a terminal.
fn short(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.into_owned(),
    }
}

/// Both sides, the last line marked.
fn table(text: &mut String, rows: &[Row], left: &str, right: &str) {
    let skipped = rows.len().saturating_sub(SHOWN + 1);
    let rows = rows.get(skipped..).unwrap_or_default();
    let width = |cell: &String| cell.chars().count().min(WIDEST);
    let widest = rows.iter().map(|row| width(&row.recorded)).max();
    let widest = widest
        .unwrap_or_default()
        .max(left.chars().count().min(WIDEST));
    let left = short(left, WIDEST);
    let _ = writeln!(text, "    line  {left:widest$} | {right}");
    if skipped > 0 {
        let _ = writeln!(text, "          {skipped} steps before");
    }
    for (at, row) in rows.iter().enumerate() {
        let mark = if at + 1 == rows.len() { '>' } else { ' ' };
        let (recorded, live) = (short(&row.recorded, WIDEST), short(&row.live, WIDEST));
        let _ = writeln!(
            text,
            "  {mark} {:>4}  {recorded:widest$} | {live}",
            row.line
        );
    }
}
