//! `msnpspec merge`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgMatches, Args};
use msnpspec::diagnostic::Source;
use msnpspec::event::{Conclusion, Event, Gates};
use msnpspec::fuzzer::CampaignResult;
use msnpspec::report::{Format, Human, Part, Reporter, merge as join, read_result};
use msnpspec::suite::summed_up;

use super::console::Console;
use super::exit::Exit;
use super::outputs::Outputs;
use super::progress::{Progress, Watched};
use super::values::format_parser;
use super::{files, fuzz_report, options};

/// The longest result that is read, in bytes.
const LONGEST: u64 = 256 * 1024 * 1024;

/// Put the results of shards together
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec run --shard 1/2 --format json --output 1.json        on one machine
  msnpspec run --shard 2/2 --format json --output 2.json        on another
  msnpspec merge 1.json 2.json                                  as if it had been one run
  msnpspec merge *.json --format junit --output report.xml
  msnpspec fuzz --cases 100000 --shard 1/2 --result 1.json      campaigns too
  cp -r findings-1/. findings-2/. findings                      their --save folders: a finding's
                                                                name says what it is

Results of different targets, levels, seeds or numbers of shards are refused, and so is a shard or
a scenario that is there twice. Where a shard is missing the report is made and says so.

Exit codes: those of one run: 0 conforms, 1 does not, 2 wrong usage or a bad file, 3 not whole,
4 nothing ran.")]
pub(crate) struct MergeArgs {
    /// What `run --format json` or `fuzz --result` wrote
    #[arg(value_name = "RESULT", required = true)]
    files: Vec<PathBuf>,

    /// A report in this format, to standard output or to the --output that follows; repeatable
    #[arg(long = "format", value_name = "FORMAT", value_parser = format_parser())]
    formats: Vec<Format>,

    /// The file for the --format before it; repeatable
    #[arg(long = "output", value_name = "FILE")]
    outputs: Vec<PathBuf>,
}

/// Puts results together.
pub(crate) fn merge(args: &MergeArgs, matches: &ArgMatches, console: Console) -> Exit {
    let wrong = |error: &dyn std::fmt::Display| {
        console.error(error);
        Exit::Usage
    };
    let asked = options::Asked {
        formats: &args.formats,
        outputs: &args.outputs,
        page: None,
    };
    let reports = match options::reports(asked, matches) {
        Ok(reports) => reports,
        Err(error) => return wrong(&error),
    };
    let sources: Result<Vec<_>, String> = args.files.iter().map(|path| source(path)).collect();
    let sources = match sources {
        Ok(sources) => sources,
        Err(error) => return wrong(&error),
    };
    if sources
        .iter()
        .all(|source| CampaignResult::is_one(&source.text))
    {
        return match campaigns(&sources) {
            Ok(whole) => fuzz_report::merged(&whole, &args.formats, &args.outputs, console),
            Err(error) => wrong(&error),
        };
    }
    let parts = sources.iter().map(|source| {
        let part = read_result(&source.path, &source.text)?;
        Ok((source.path.clone(), part))
    });
    let whole = parts.collect::<Result<Vec<_>, _>>().and_then(join);
    let whole = match whole {
        Ok(Some(whole)) => whole,
        Ok(None) => return Exit::Nothing,
        Err(error) => return wrong(&error),
    };
    let human =
        |palette| -> Box<dyn Reporter + Send> { Box::new(Human::new(palette, "msnpspec run")) };
    let mut outputs = match Outputs::open(&reports, console.palette(), &human) {
        Ok(outputs) => outputs,
        Err(error) => return wrong(&error),
    };
    let events = events_of(whole);
    let progress = Progress::new(Watched::ByNobody);
    for event in &events {
        outputs.handle(event, &progress);
    }
    let mut exit = exit_of(&events);
    for error in outputs.finish() {
        console.error(&error);
        exit = exit.max(Exit::NotRun);
    }
    exit
}

fn source(path: &Path) -> Result<Arc<Source>, String> {
    files::read_up_to(path, LONGEST)
}

fn campaigns(sources: &[Arc<Source>]) -> Result<CampaignResult, String> {
    let mut whole: Option<CampaignResult> = None;
    for source in sources {
        let part = CampaignResult::read(&source.text)
            .map_err(|error| format!("{}: {error}", source.path))?;
        whole = Some(match whole {
            None => part,
            Some(whole) => whole
                .merge(part)
                .map_err(|error| format!("{}: {error}", source.path))?,
        });
    }
    whole.ok_or_else(|| "no result".to_owned())
}

/// What a run that came to this would have said.
fn events_of(whole: Part) -> Vec<Event> {
    // Shards that are missing are told as what cut the run short.
    let is_part = whole.info.scope.is_part();
    let mut summary = summed_up(
        &whole.results,
        whole.causes,
        whole.ladder.clone(),
        is_part,
        whole.took,
    );
    (summary.waited, summary.aborted) = (whole.waited, whole.aborted);
    let mut events = vec![Event::Started(whole.info), Event::Climbed(whole.ladder)];
    events.extend(whole.results.into_iter().map(Event::ScenarioFinished));
    events.extend(whole.notices.into_iter().map(Event::Notice));
    events.push(Event::Finished(summary));
    events
}

fn exit_of(events: &[Event]) -> Exit {
    let summary = events.iter().find_map(|event| match event {
        Event::Finished(summary) => Some(summary),
        _ => None,
    });
    match (Conclusion::of_events(events), summary) {
        (Some(end), Some(summary)) => Exit::of_run(end.exit_code(summary, Gates::default())),
        _ => Exit::NotRun,
    }
}
