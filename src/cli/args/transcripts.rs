//! What the commands about transcripts can be told: check, import, record.

use std::path::PathBuf;

use clap::Args;
use msnpspec::protocol::Level;
use msnpspec::report::Format;

use crate::cli::values::format_parser;
use crate::cli::values::level_parser;

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

    /// The most that the transcript may hold; behind that, the conversation goes on unrecorded
    #[arg(long, value_name = "MIB", default_value = "1024")]
    pub(crate) max_size: std::num::NonZeroU32,

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
