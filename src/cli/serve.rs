//! `msnpspec serve`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use msnpspec::diagnostic::{Diagnostic, Source, Span};
use msnpspec::net::{Doors, LoginServer, ServeOptions, Serving, Signals};
use msnpspec::server::{Account, Accounts, Config, Pattern};
use msnpspec::target::blind;
use serde::Deserialize;

use super::args::ServeArgs;
use super::console::Console;
use super::exit::Exit;
use super::{clock, files, snippet};

/// Serves until a signal ends it.
pub(crate) fn serve(args: &ServeArgs, console: Console) -> Exit {
    let doors = doors(args);
    let strangers = |address: &SocketAddr| !address.ip().is_loopback();
    let addresses = [
        doors.dispatch(),
        doors.notification(),
        doors.switchboard(),
        args.tickets,
    ];
    if let Some(address) = addresses.iter().find(|address| strangers(address))
        && !args.remote
    {
        console.error(&format!(
            "{address} can be reached from other machines\nsay --remote if that is meant"
        ));
        return Exit::Usage;
    }
    let accounts = match args.accounts.as_deref().map(read_accounts) {
        None => Accounts::default(),
        Some(Ok(listed)) => Accounts {
            pattern: None,
            listed,
        },
        Some(Err(AccountsError::Unreadable(message))) => {
            console.error(&message);
            return Exit::Usage;
        }
        Some(Err(AccountsError::Wrong(diagnostic))) => {
            snippet::tell(&[*diagnostic], console);
            return Exit::Usage;
        }
    };
    let sample = sample(&accounts);
    let habits = args.persona.map_or(&[][..], |persona| persona.quirks);
    let quirks = args.faults.iter().chain(habits).copied();
    let known = Config::default();
    let config = Config {
        accounts,
        dialects: args.dialects.clone().unwrap_or(known.dialects.clone()),
        seed: args.seed.unwrap_or_else(clock::seed),
        epoch: clock::unix_seconds(),
        faults: quirks.collect(),
        ..known
    };
    let options = ServeOptions {
        doors,
        host: args.host.clone(),
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.error(&format!("cannot start: {error}"));
            return Exit::NotRun;
        }
    };
    runtime.block_on(until_signal(
        config,
        options,
        args.tickets,
        &sample,
        console,
    ))
}

async fn until_signal(
    config: Config,
    options: ServeOptions,
    tickets: SocketAddr,
    sample: &str,
    console: Console,
) -> Exit {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            console.error(&format!("cannot listen for signals: {error}"));
            return Exit::NotRun;
        }
    };
    let serving = match Serving::start(config, options).await {
        Ok(serving) => serving,
        Err(error) => {
            console.error(&error);
            return Exit::NotRun;
        }
    };
    let doors = serving.doors();
    let login = match LoginServer::start(serving.ticket_desk(), tickets).await {
        Ok(login) => login,
        Err(error) => {
            console.error(&error);
            return Exit::NotRun;
        }
    };
    console.print(&format!(
        "dispatch {}\nnotification {}\nswitchboard {}\ntickets {}\n{sample}ready\n",
        doors.dispatch(),
        doors.notification(),
        doors.switchboard(),
        login.url()
    ));
    tokio::select! {
        () = signals.next() => {}
        () = serving.crashed() => {
            console.error(&"a planted fault ends the process");
            std::process::abort();
        }
    }
    tokio::select! {
        () = serving.shutdown() => {
            console.print("stopped\n");
        }
        // Whoever asks twice does not want to wait for the clients.
        () = signals.next() => {}
    }
    Exit::Success
}

fn doors(args: &ServeArgs) -> Doors {
    let apart = [args.dispatch, args.notification, args.switchboard];
    if !args.three && apart.iter().all(Option::is_none) {
        return Doors::Single(args.listen);
    }
    let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    Doors::Three {
        dispatch: args.dispatch.unwrap_or(local(1863)),
        notification: args.notification.unwrap_or(local(1864)),
        switchboard: args.switchboard.unwrap_or(local(1865)),
    }
}

/// The line that names an account to log in with. Only the passwords that the program itself
/// gives out are shown.
fn sample(accounts: &Accounts) -> String {
    let default = Pattern::default();
    match (&accounts.pattern, accounts.listed.first()) {
        (_, Some(first)) => format!("account {}\n", first.handle),
        (Some(_), None) => {
            let filled = |text: &str| text.replace("{n}", "1");
            format!(
                "account {} {}\n",
                filled(&default.handle),
                filled(&default.password)
            )
        }
        (None, None) => String::new(),
    }
}

enum AccountsError {
    Unreadable(String),
    Wrong(Box<Diagnostic>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    handle: String,
    password: String,
    name: Option<String>,
}

fn read_accounts(path: &Path) -> Result<Vec<Account>, AccountsError> {
    let source = files::read(path).map_err(AccountsError::Unreadable)?;
    let rows: Vec<Row> =
        serde_yaml::from_str(&source.text).map_err(|error| wrong(&source, &error))?;
    let account = |row: Row| Account {
        name: row.name.unwrap_or_else(|| row.handle.clone()),
        handle: row.handle,
        password: row.password,
    };
    Ok(rows.into_iter().map(account).collect())
}

fn wrong(source: &Arc<Source>, error: &serde_yaml::Error) -> AccountsError {
    let location = error.location();
    let start = location.map_or(0, |at| {
        let lines = source.text.split_inclusive('\n');
        let before: usize = lines
            .take(
                usize::try_from(at.line())
                    .unwrap_or_default()
                    .saturating_sub(1),
            )
            .map(str::len)
            .sum();
        before
            + usize::try_from(at.column())
                .unwrap_or_default()
                .saturating_sub(1)
    });
    let message = error.without_snippet().to_string();
    let message = message.lines().next().unwrap_or("bad YAML");
    // The place stands in the message too, but the snippet shows it better.
    let message = message
        .split(" at line ")
        .next()
        .unwrap_or(message)
        .to_owned();
    // Where it is not about a key, it may repeat what stands there: a password, perhaps.
    let message = match message.split(' ').next() {
        Some("missing" | "duplicate") => message,
        Some("unknown") => "an account has `handle`, `password` and `name`, no more".to_owned(),
        _ => "this is no list of accounts".to_owned(),
    };
    let diagnostic = blind(Diagnostic::error(source, Span::new(start, start), message));
    let help = "a list of accounts: - { handle: alice@hotmail.com, password: secret, name: Alice }";
    AccountsError::Wrong(Box::new(diagnostic.with_help(help)))
}
