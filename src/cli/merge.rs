//! `msnpspec merge`.

use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use msnpspec::diagnostic::Source;
use msnpspec::event::{Conclusion, Event, Gates};
use msnpspec::fuzzer::CampaignResult;
use msnpspec::report::{Human, Part, Reporter, merge as join, read_result};
use msnpspec::suite::summed_up;

use super::args::MergeArgs;
use super::console::Console;
use super::exit::Exit;
use super::outputs::Outputs;
use super::progress::{Progress, Watched};
use super::{files, fuzz_report, options};

/// The longest result that is read, in bytes.
const LONGEST: u64 = 256 * 1024 * 1024;

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
    let mut outputs = match Outputs::open(&reports, console.palette(), &human, "msnpspec run") {
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
        whole.ladders.clone(),
        is_part,
        whole.took,
    );
    (summary.waited, summary.aborted) = (whole.waited, whole.aborted);
    let mut events = vec![Event::Started(whole.info)];
    let ladders = whole.ladders.into_iter();
    events.extend(ladders.map(|(dialect, ladder)| Event::Climbed(dialect, ladder)));
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
