//! What `msnpspec fuzz` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::TypedValueParser;
use msnpspec::model::Model;
use msnpspec::protocol::{Dialect, Level};
use msnpspec::server::Fault;
use msnpspec::suite::{Choice, Shard};

use super::target::TargetArgs;
use crate::cli::values::{ChoiceParser, level_parser};

/// Play random cases with several users against a server, and save what it does wrong
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec fuzz --cases 20000                        the built-in server, in memory
  msnpspec fuzz --target my-server.yaml --time 10m --save findings
  msnpspec fuzz --target my-server.yaml --jobs 2     two cases at the same time, each with five
                                                     accounts of its own
  msnpspec fuzz --target my-server.yaml --dialect MSNP5
  msnpspec fuzz --target my-server.yaml --replay findings
  msnpspec fuzz --cases 100000 --shard 2/4 --seed 7 --result 2.json
                                                     the second of four parts, to be merged

Case N of a dialect and a seed is the same on every machine. A finding is shrunk and saved as a scenario that
`msnpspec run` replays.

Ctrl-C ends it in order: what was found is saved and summed up.

Exit codes: 0 no finding; 1 a finding; 2 wrong usage or bad file; 3 could not run; 4 nothing was
played.")]
pub(crate) struct FuzzArgs {
    #[command(flatten)]
    pub(crate) server: TargetArgs,

    /// Play N cases, those of other shards counted [default: 10000, or until --time is over]
    #[arg(long, value_name = "N")]
    pub(crate) cases: Option<u64>,

    /// Be done in so long, such as 90s, 10m or 2h, with everything: what was found and could not be
    /// shrunk in time is saved as it is
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(crate) time: Option<Duration>,

    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Only every N-th case: 2/3 is the second third
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,

    /// Play N cases at the same time; on a target each takes five accounts of its own [default: as
    /// many as accounts, max_connections and this machine stand, 8 at most]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,

    /// How to tell it: for people, or one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Telling,

    /// Keep the cases that reached something new in DIR, and begin with those that are there
    #[arg(long, value_name = "DIR")]
    pub(crate) corpus: Option<PathBuf>,

    /// Save findings in DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,

    /// Write what it came to, as JSON, to FILE: for `msnpspec merge`
    #[arg(long, value_name = "FILE")]
    pub(crate) result: Option<PathBuf>,

    /// Play the findings in DIR again, and say which are fixed
    #[arg(long, value_name = "DIR", conflicts_with_all = ["cases", "time", "corpus", "save", "shard", "result"])]
    pub(crate) replay: Option<PathBuf>,

    /// Mutate each case that reached something new N times
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1000))]
    pub(crate) children: u64,

    /// Which clauses can fail: each level includes the ones before it
    #[arg(long, default_value = "must", value_name = "LEVEL", value_parser = level_parser())]
    pub(crate) level: Level,

    /// The dialect that is spoken, or all, one after the other, each with its share of --cases and
    /// --time; without it the highest that the server speaks and that fuzz knows
    #[arg(long, value_name = "DIALECT", value_parser = walked(), conflicts_with = "replay")]
    pub(crate) dialect: Option<Choice>,

    /// Known failures end a case and are findings, as unknown ones are: those of the target's
    /// waivers and, of a server that is launched, what a quick run of the suite finds
    #[arg(long)]
    pub(crate) no_known: bool,

    /// The server offers CVR, REA, URL, SND, FND and PNG
    #[arg(long)]
    pub(crate) extras: bool,

    /// Send nothing that a client may not send
    #[arg(long)]
    pub(crate) friendly: bool,

    /// Plant a fault in the built-in server; repeat it for several
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    pub(crate) faults: Vec<Fault>,
}

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Telling {
    /// For people, on a terminal and in a pipe.
    Human,
    /// One JSON object a line.
    Jsonl,
}

/// A time such as `90s`, `10m`, `2h`, or seconds alone.
fn span(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (text.get(..at), 1),
        Some((at, 'm')) => (text.get(..at), 60),
        Some((at, 'h')) => (text.get(..at), 3600),
        _ => (Some(text), 1),
    };
    let number: Option<u64> = number.and_then(|number| number.parse().ok());
    let seconds = number.and_then(|number| number.checked_mul(unit));
    seconds
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| "write a time such as 90s, 10m or 2h".to_owned())
}

/// A dialect that the model knows, or all of them.
fn walked() -> impl TypedValueParser<Value = Choice> {
    ChoiceParser.try_map(|choice| match choice {
        Choice::One(dialect) if !Model::dialects().any(|known| known == dialect) => {
            let known: Vec<&Dialect> = Model::dialects().collect();
            Err(format!("fuzz knows {}", Dialect::names(&known)))
        }
        choice => Ok(choice),
    })
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::find(name).ok_or_else(|| "no such fault: see `msnpspec list faults`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(span("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(span("7"), Ok(Duration::from_secs(7)));
        for bad in ["", "m", "0", "-1s", "1.5m", "9é", "99999999999999999999h"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
