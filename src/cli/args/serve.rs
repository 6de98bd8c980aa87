//! What `msnpspec serve` can be told.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Args;
use msnpspec::diagnostic::did_you_mean;
use msnpspec::protocol::Dialect;
use msnpspec::server::Fault;
use msnpspec::server::Persona;
use msnpspec::server::faults;
use msnpspec::server::personas;

use crate::cli::values::parse_dialects;

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

    /// Where login tickets are given, for MSNP8 and later; port 0: one that the system chooses
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) tickets: std::net::SocketAddr,

    /// The host that referrals name, where it is not the address listened on
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,

    /// A YAML list of accounts (handle, password, name); without it user1@hotmail.com with the
    /// password pw1, and so on
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts: Option<PathBuf>,

    /// The dialects that it speaks, MSNP2 to MSNP9 where nothing else is said:
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
