//! Recorded transcripts among the files of `msnpspec run`: replayed as they are, and where a server
//! first says something else both are shown side by side.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use msnpspec::diagnostic::Source;
use msnpspec::event::{Failure, Judge, Observed, ScenarioResult};
use msnpspec::protocol::{ClauseId, Direction, Param, Saying};
use msnpspec::report::printable;
use msnpspec::scenario::ast::{
    Action, Expect, Expected, LinePattern, Part, Scenario, Step, Text, WordKind, WordPattern,
};
use msnpspec::scenario::{Accused, import_from};
use msnpspec::suite::accused;
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
    /// Lines of the transcript that break a clause.
    accused: Accused,
}

/// Where a server says something else than a transcript.
pub(crate) struct Divergence {
    /// It is told so.
    pub(crate) text: String,
    /// It is the transcript that is wrong there.
    pub(crate) is_mended: bool,
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
        let accused = accused(&reading.transcript);
        let scenario = import_from(&reading.transcript, &source, &reading.places, &accused);
        Some(Replay {
            scenario: Arc::new(scenario),
            reading,
            source,
            accused,
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
    pub(crate) fn divergence(&self, result: &ScenarioResult, target: &str) -> Option<Divergence> {
        let mut all = result.failures.iter().chain(&result.notes);
        let failure = all.find(|failure| failure.judge == Judge::Step);
        let mut live = said(&result.transcript);
        let players = players(&live);
        let (mut rows, mut bound) = (Vec::new(), Vec::new());
        let file = printable(&self.source.path);
        let mut text = String::new();
        let mut is_mended = false;
        for step in &self.scenario.steps {
            let line = step.source.place(step.at).line;
            let failure = failure.filter(|it| line == it.place.line && is_expectation(step));
            if let Some(failure) = failure {
                text = format!("{file}: first divergence at line {line}\n");
                rows.push(self.divergent(step, line, failure, &mut live));
                break;
            }
            let row = self.row(step, line, &mut live, &mut bound);
            let mended = row.as_ref().and_then(|row| self.mended(step, row));
            rows.extend(row);
            if let Some(clause) = mended {
                text = format!(
                    "{file}: first divergence at line {line}, where the transcript breaks {clause}\n"
                );
                is_mended = true;
                break;
            }
        }
        if text.is_empty() {
            return None;
        }
        table(&mut text, &rows, &file, &printable(target));
        for (name, value) in players.into_iter().chain(bound) {
            let _ = writeln!(text, "  bound  {name} = {value}");
        }
        Some(Divergence { text, is_mended })
    }

    /// The clause that the transcript breaks in this step, where the server did otherwise.
    fn mended(&self, step: &Step, row: &Row) -> Option<ClauseId> {
        let clause = self.accused.get(&self.entry_of(step)?)?;
        let told = pattern_of(step)?;
        let words = |text: &str| -> Vec<String> {
            let said = text.split_once(": ").map_or("", |(_, said)| said);
            said.split(' ').map(str::to_owned).collect()
        };
        let (recorded, live) = (words(&row.recorded), words(&row.live));
        let is_other = |(at, word): (usize, &WordPattern)| {
            let is_own = matches!(&word.kind, WordKind::Text(text) if is_literal(text));
            is_own && recorded.get(at) != live.get(at)
        };
        let differs = recorded.len() != live.len() || told.words.iter().enumerate().any(is_other);
        differs.then_some(*clause)
    }

    /// The entry of the transcript that a step was made of.
    fn entry_of(&self, step: &Step) -> Option<usize> {
        let place = (step.at.start, step.at.end);
        self.reading.places.iter().position(|it| *it == place)
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
        let mut words = recorded.split(' ').skip(2);
        let (verb, trid) = (words.next(), words.next());
        let queue = live.entry(conn.to_string()).or_default();
        let is_it = |line: &str| {
            let mut words = line.split(' ');
            // Another answer to the same request.
            words.next() == verb || (is_choice(step) && words.next() == trid)
        };
        let is_said = |said: &Said| said.party == party && is_it(&said.line);
        let at = queue.iter().position(is_said);
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
        let entry = self.entry_of(step);
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
    matches!(step.action, Action::Expect(_) | Action::OneOf(_))
}

/// Whether the server may say something else in this place.
fn is_choice(step: &Step) -> bool {
    matches!(step.action, Action::OneOf(_))
}

fn is_literal(text: &Text) -> bool {
    text.parts
        .iter()
        .all(|part| matches!(part, Part::Literal(_)))
}

/// The line that a step was made of.
fn pattern_of(step: &Step) -> Option<&LinePattern> {
    match &step.action {
        Action::Expect(Expect {
            what: Expected::Line { pattern, .. },
            ..
        }) => Some(pattern),
        Action::OneOf(branches) => branches.first()?.first().and_then(pattern_of),
        _ => None,
    }
}

fn conn_of(step: &Step) -> Option<&ConnName> {
    match &step.action {
        Action::Send(send) => Some(&send.conn),
        Action::Expect(expect) => Some(&expect.conn),
        Action::OneOf(branches) => branches.first()?.first().and_then(conn_of),
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
            let told = Saying::of(Direction::ToClient, &words);
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
