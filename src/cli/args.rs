//! What was typed. What it means is [`super::options`]' affair.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use msnpspec::diagnostic::did_you_mean;
use msnpspec::protocol::{Dialect, Level};
use msnpspec::report::Format;
use msnpspec::server::{Fault, Persona, faults, personas};
use msnpspec::suite::Shard;

use super::fuzz::FuzzArgs;
use super::merge::MergeArgs;
use super::shrink::ShrinkArgs;
use super::target::TargetArgs;
use super::values::{dialect_parser, format_parser, level_parser, parse_dialects};

/// Everything that was typed.
#[derive(Debug, Parser)]
#[command(
    name = "msnpspec",
    version,
    about = "Says which clauses of the protocol an MSN Messenger server breaks",
    after_help = "Examples:
  msnpspec run                                   the built-in suite against the built-in server
  msnpspec run --target 127.0.0.1:1863 --account alice@hotmail.com:secret \\
                --account bob@hotmail.com:secret   against your own
  msnpspec explain USR-6                         what a clause says, and what tests it

Exit codes: 0 nothing broken, 1 something is, 2 wrong usage or bad file, 3 could not run, 4 nothing ran.",
    max_term_width = 100,
    infer_long_args = false,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// Use colours; `auto` does on a terminal and obeys NO_COLOR
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        display_order = 1000
    )]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<RunArgs>),
    Serve(ServeArgs),
    Fuzz(FuzzArgs),
    Merge(MergeArgs),
    Check(CheckArgs),
    Import(ImportArgs),
    Record(RecordArgs),
    Shrink(ShrinkArgs),
    List(ListArgs),
    Explain(ExplainArgs),
    Coverage(CoverageArgs),
    Schema(SchemaArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Replay scenarios against a server and say which clauses it breaks
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec run                                       the built-in suite against the built-in server
  msnpspec run --target my-server.yaml               against a server described in a file
  msnpspec run --target 127.0.0.1:1863 --account alice@hotmail.com:secret \\
               --account bob@hotmail.com:secret --disposable
  msnpspec run -f 'USR and not tag:hostile'          some scenarios only
  msnpspec run --level practice --strict             everything, by the letter
  msnpspec run --format junit --output report.xml    for CI; people still read the terminal
  msnpspec run my-scenario.yaml other-scenarios/     your own scenarios
  msnpspec run bug.txt --target my-server.yaml       a transcript as it is, or a capture

Exit codes: 0 nothing broken at the level, 1 something is, or a waiver no longer applies, 2 wrong usage
or bad file, 3 could not run, 4 nothing ran. What is flaky alone, waived, or not tested is 0 and never
told as \"conforms\"; --fail-flaky and --require-complete make 1 of it.")]
pub(crate) struct RunArgs {
    /// Scenario files or folders, transcripts, captures; without any, the built-in suite
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) server: TargetArgs,

    /// Only these scenarios: names, folders, clauses, tag:WORD, joined by and, or, not, ( )
    #[arg(short, long, value_name = "EXPR", help_heading = "Which scenarios")]
    pub(crate) filter: Option<String>,

    /// Only this part of them: 2/3 is the second third
    #[arg(long, value_name = "I/N", help_heading = "Which scenarios")]
    pub(crate) shard: Option<Shard>,

    /// List the scenarios that would run, one a line, and stop
    #[arg(long, help_heading = "Which scenarios")]
    pub(crate) list: bool,

    /// Check everything and say what would be done, but connect to nothing
    #[arg(long, help_heading = "Which scenarios")]
    pub(crate) dry_run: bool,

    /// Which clauses can fail the run: must, draft (and must), or practice (and both)
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "must",
        value_parser = level_parser(),
        help_heading = "Judging"
    )]
    pub(crate) level: Level,

    /// The dialect to test, MSNP2 to MSNP7
    #[arg(
        long,
        value_name = "DIALECT",
        default_value = "MSNP2",
        value_parser = dialect_parser(),
        help_heading = "Judging"
    )]
    pub(crate) dialect: &'static Dialect,

    /// Take variations that a clause accepts for failures
    #[arg(long, help_heading = "Judging")]
    pub(crate) strict: bool,

    /// Run what fails up to N times more; what then passes is flaky
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Judging")]
    pub(crate) retries: u32,

    /// Fail the run for flaky scenarios too
    #[arg(long, help_heading = "Judging")]
    pub(crate) fail_flaky: bool,

    /// Fail the run where clauses of the level were not tested that could be
    #[arg(long, help_heading = "Judging")]
    pub(crate) require_complete: bool,

    /// Play what failed, was flaky or inconclusive N times more, alone, and tell how often it fails
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Judging")]
    pub(crate) verify: u32,

    /// Write today's failures to FILE as waivers with empty reasons
    #[arg(long, value_name = "FILE", help_heading = "Judging")]
    pub(crate) bless: Option<PathBuf>,

    /// How many scenarios run at the same time
    #[arg(
        short,
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = "How"
    )]
    pub(crate) jobs: Option<u16>,

    /// Stop at the first failure
    #[arg(long, help_heading = "How")]
    pub(crate) fail_fast: bool,

    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "How")]
    pub(crate) seed: u64,

    /// Cut everything that is sent into segments of N bytes
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "How"
    )]
    pub(crate) chunk: Option<u32>,

    /// A report in this format, to standard output or to the --output that follows; repeatable
    #[arg(
        long = "format",
        value_name = "FORMAT",
        value_parser = format_parser(),
        help_heading = "Reports"
    )]
    pub(crate) formats: Vec<Format>,

    /// The file for the --format before it; repeatable
    #[arg(long = "output", value_name = "FILE", help_heading = "Reports")]
    pub(crate) outputs: Vec<PathBuf>,

    /// Tell everything on the terminal: each failure with its proof, each notice to its end
    #[arg(long, help_heading = "Reports")]
    pub(crate) full: bool,

    /// Write a page to FILE
    #[arg(long, value_name = "FILE.html", help_heading = "Reports")]
    pub(crate) report: Option<PathBuf>,

    /// Write what was on the wire in each scenario to DIR/NAME.txt, without passwords
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub(crate) transcripts: Option<PathBuf>,
}

/// Judge recorded transcripts, offline
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec check session.txt                    what `msnpspec record` wrote
  msnpspec run --transcripts wire; msnpspec check wire
  msnpspec check bug.md --level practice        what somebody has pasted
  msnpspec check --format json --output findings.json captures/
  tcpdump -i lo -w cap.pcap port 1863; msnpspec check cap.pcap

A transcript has a line for each line on the wire: `C: VER 1 MSNP2`, `S: VER 1 MSNP2`, with a name in front
(`alice@sb C:`) where there are several connections. Also understood: arrows (>>> and <<<), time stamps,
`--` between connections, `..` continuations, # comments, payloads as text, escapes or hex dumps, and fenced
code in Markdown. A capture is a pcap or pcapng file: MSNP is found by its port, by what is said, and by the
referrals of servers; the line of a finding is the number of its packet. What began before the transcript does, or is not certain, is accused by nobody.

Exit codes: 0 no finding, 1 findings, 2 wrong usage or a bad file, 4 no transcript.")]
pub(crate) struct CheckArgs {
    /// Transcripts, captures, or folders of them
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Which clauses count as findings: each level includes the ones before it
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "must",
        value_parser = level_parser(),
    )]
    pub(crate) level: Level,

    /// A report in this format, to standard output or to the --output that follows; repeatable
    #[arg(long = "format", value_name = "FORMAT", value_parser = format_parser())]
    pub(crate) formats: Vec<Format>,

    /// The file for the --format before it; repeatable
    #[arg(long = "output", value_name = "FILE")]
    pub(crate) outputs: Vec<PathBuf>,
}

/// Make a scenario of a recorded transcript
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec import bug.txt -o bug.yaml           a scenario that anyone can replay and keep
  msnpspec run bug.yaml --target my-server.yaml
  msnpspec import bug.txt --concise             logins and calls in a line each
  msnpspec import session.txt | less            what `msnpspec record` wrote

What is bound at run time becomes captures: challenges and the responses to them, cookies, sessions,
addresses, serial numbers. Whoever logs in or is added becomes a user, and each line of the server an
expectation. Transcripts and captures are understood as by `msnpspec check`.

Exit codes: 0 written, 2 wrong usage or a bad file.")]
pub(crate) struct ImportArgs {
    /// The transcript
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Write the scenario to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Fold logins, calls and joins into `users:` and `use:`, where that changes nothing
    #[arg(long)]
    pub(crate) concise: bool,

    /// Write over an existing file
    #[arg(long)]
    pub(crate) force: bool,
}

/// Run the bundled reference server
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec serve                                 one port, 127.0.0.1:1863
  msnpspec serve --listen 127.0.0.1:0            one port, chosen by the system
  msnpspec serve --three                         dispatch, notification and switchboard apart
  msnpspec serve --fault message-twice           wrong on purpose, to see what a suite finds
  msnpspec serve --persona talkative             with habits that servers in the world have
  msnpspec serve --accounts accounts.yaml        with accounts of your own; a line of the file:
      - { handle: alice@hotmail.com, password: secret, name: Alice }

Ctrl-C or SIGTERM ends the service in order: every client gets OUT SSD.")]
pub(crate) struct ServeArgs {
    /// One address for everything
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:1863",
        conflicts_with_all = ["three", "dispatch", "notification", "switchboard"]
    )]
    pub(crate) listen: std::net::SocketAddr,

    /// Three ports: 1863, 1864 and 1865 of 127.0.0.1 where nothing else is said
    #[arg(long)]
    pub(crate) three: bool,

    /// The dispatch server's address; implies --three
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) dispatch: Option<std::net::SocketAddr>,

    /// The notification server's address; implies --three
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) notification: Option<std::net::SocketAddr>,

    /// The switchboard's address; implies --three
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) switchboard: Option<std::net::SocketAddr>,

    /// The host that referrals name, where it is not the address listened on
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,

    /// A YAML list of accounts (handle, password, name); without it user1@hotmail.com with the
    /// password pw1, and so on
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts: Option<PathBuf>,

    /// The dialects that it speaks, MSNP2 to MSNP7 where nothing else is said:
    /// MSNP3-MSNP5, or MSNP7 alone
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_dialects)]
    pub(crate) dialects: Option<RangeInclusive<&'static Dialect>>,

    /// The seed of challenges, cookies and session numbers; another one each time where missing
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Deviate from the protocol in this way; repeat it for several (`msnpspec list faults`)
    #[arg(long = "fault", value_name = "NAME", value_parser = fault)]
    pub(crate) faults: Vec<Fault>,

    /// Behave as this server with several habits does (`msnpspec list personas`)
    #[arg(long, value_name = "NAME", value_parser = persona)]
    pub(crate) persona: Option<&'static Persona>,

    /// Listen also on addresses that other machines can reach
    #[arg(long)]
    pub(crate) remote: bool,
}

fn persona(name: &str) -> Result<&'static Persona, String> {
    Persona::find(name).ok_or_else(|| {
        let meant = did_you_mean(name, personas().iter().map(|persona| persona.name));
        meant.map_or_else(
            || "`msnpspec list personas` has them all".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        )
    })
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::find(name).ok_or_else(|| {
        let meant = did_you_mean(name, faults().iter().map(|fault| fault.name()));
        meant.map_or_else(
            || "`msnpspec list faults` has them all".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        )
    })
}

/// Stand between real clients and a server, write down what they say, and judge it at once
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec record --listen 1863 --target 127.0.0.1:1864 -o session.txt
  msnpspec record --listen 127.0.0.1:1863 --target my-server.yaml --level practice > session.txt
  msnpspec check session.txt                    judge it again later

Clients connect to the proxy; referrals to notification servers and switchboards are rewritten so that
the whole conversation goes through it. Each line is written as soon as it was said, each finding told
on standard error. Responses to challenges are written as {md5(challenge, password)}.
Ctrl-C or SIGTERM ends the recording. Exit codes: 0 no finding, 1 findings, 2 wrong usage, 3 could not run.")]
pub(crate) struct RecordArgs {
    /// Where clients connect: a port of 127.0.0.1, or ADDRESS:PORT
    #[arg(long, value_name = "[ADDRESS:]PORT", default_value = "1863", value_parser = listen)]
    pub(crate) listen: std::net::SocketAddr,

    /// The server: HOST:PORT, or a target file
    #[arg(long, env = "MSNPSPEC_TARGET", value_name = "TARGET")]
    pub(crate) target: String,

    /// Write the transcript to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Write over an existing file
    #[arg(long)]
    pub(crate) force: bool,

    /// Which clauses count as findings: each level includes the ones before it
    #[arg(
        long,
        default_value = "must",
        value_name = "LEVEL",
        value_parser = level_parser(),
    )]
    pub(crate) level: Level,

    /// The target may be on another machine, and other machines may connect
    #[arg(long)]
    pub(crate) remote: bool,
}

fn listen(text: &str) -> Result<std::net::SocketAddr, String> {
    let local = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    let port = text.trim_start_matches(':').parse::<u16>();
    port.map(|port| std::net::SocketAddr::new(local, port))
        .or_else(|_| text.parse())
        .map_err(|_| "write a port, or ADDRESS:PORT such as 127.0.0.1:1863".to_owned())
}

/// List scenarios, clauses, error codes, faults or personas, one a line, columns parted by tabs
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec list clauses | grep '^USR'
  msnpspec list scenarios | cut -f1
  msnpspec list codes
  msnpspec list faults | grep MSG")]
pub(crate) struct ListArgs {
    /// What to list
    pub(crate) what: Listed,

    /// Scenario files or folders; without any, the built-in suite
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// name, clauses, tags, description
    Scenarios,
    /// id, level, section, text
    Clauses,
    /// code, origin, name, cause
    Codes,
    /// name, clauses, description: what `serve --fault` can do wrong
    Faults,
    /// name, clauses, habits, description: the servers that `serve --persona` can be
    Personas,
    /// name, clauses: who judges every line
    Oracles,
    /// name, effect, description: what `fuzz` does to commands that were right
    Mutators,
}

/// Explain a clause, a group of clauses, an error code, or a word of the reports
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec explain USR-6        one clause: its text, level, section, and what tests it
  msnpspec explain USR          all clauses of a group
  msnpspec explain 217          an error code
  msnpspec explain blocked      a verdict, or a state of the ladder
  msnpspec explain XFR SB       a rung of the ladder
  msnpspec explain presence     an oracle")]
pub(crate) struct ExplainArgs {
    /// A clause (USR-6), a group (USR), an error code (911) or a word that a report uses (blocked)
    #[arg(required = true, value_name = "ID")]
    pub(crate) id: Vec<String>,
}

/// Show what stands behind each clause: scenarios, oracles, planted faults, lines of the server
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec coverage                     every clause, and the figures of each level
  msnpspec coverage USR-6 MSG           one clause and a group
  msnpspec coverage --format json | jq '.clauses[] | select(.oracles == [])'
  msnpspec coverage --check             in CI: does snapshots/coverage.txt still hold?
  msnpspec coverage --update            write it anew

A test counts for a clause only if a planted fault makes it fail and the failure names that clause.

Exit codes: 0 covered, 1 the file does not hold or a clause is not covered, 2 wrong usage or no
such file.")]
pub(crate) struct CoverageArgs {
    /// Only these clauses (USR-6) or groups (USR)
    #[arg(value_name = "ID", conflicts_with_all = ["check", "update"])]
    pub(crate) ids: Vec<String>,

    /// How to show it
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        conflicts_with_all = ["check", "update"]
    )]
    pub(crate) format: CoverageFormat,

    /// Compare with the committed file, and want each clause covered or untestable with a reason
    #[arg(long, conflicts_with = "update")]
    pub(crate) check: bool,

    /// Write the committed file
    #[arg(long)]
    pub(crate) update: bool,

    /// The committed file of --check and --update
    #[arg(long, value_name = "FILE", default_value = "snapshots/coverage.txt")]
    pub(crate) file: PathBuf,
}

/// How coverage is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// For people
    Human,
    /// One document
    Json,
}

/// Print the JSON Schema of scenario or target files, for editors
#[derive(Debug, Args)]
#[command(after_help = "Example, with the YAML language server of most editors:
  msnpspec schema scenario > scenario.schema.json
  and in the first line of a scenario:
  # yaml-language-server: $schema=scenario.schema.json")]
pub(crate) struct SchemaArgs {
    /// Which files
    pub(crate) of: Schema,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schema {
    /// Scenario files
    Scenario,
    /// Target files
    Target,
}

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  msnpspec completions bash > ~/.local/share/bash-completion/completions/msnpspec")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page, or write one for each command
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  msnpspec man | man -l -
  msnpspec man --dir /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write msnpspec.1, msnpspec-run.1 … into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// Reads the command line; the matches of the subcommand know the order of its options. Ends the
/// program where there is nothing to do but to tell something (help, version, wrong usage).
pub(crate) fn parse() -> (Cli, ArgMatches) {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let below = matches.subcommand().map(|(_, below)| below.clone());
    (cli, below.unwrap_or_default())
}
