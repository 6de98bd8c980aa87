//! `msnpspec doctor`: a first look at a server by itself.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use msnpspec::event::{Cause, RungState};
use msnpspec::net::{Examination, RunOptions, examine};
use msnpspec::protocol::{DIALECTS, Dialect};
use msnpspec::report::printable;
use msnpspec::target::Target;

use super::args::DoctorArgs;
use super::console::Console;
use super::exit::Exit;
use super::whole_file::WholeFile;

/// A reply is not waited for longer than this unless somebody says so: a first look is short.
const REPLY: Duration = Duration::from_millis(700);
/// A reply that takes a third of the deadline asks for a longer one.
const SLOW: u32 = 3;

/// Looks at a server.
pub(crate) fn doctor(args: &DoctorArgs, console: Console) -> Exit {
    let target = match args.server.read(console) {
        Ok(target) => target,
        Err(exit) => return exit,
    };
    let log = match args.server.log(&target, console) {
        Ok(log) => log,
        Err(exit) => return exit,
    };
    let options = RunOptions {
        timeout: Some(args.server.timeout.unwrap_or(REPLY)),
        remote: args.server.remote,
        disposable: args.server.disposable,
        log,
        ..RunOptions::default()
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.error(&format!("cannot start: {error}"));
            return Exit::NotRun;
        }
    };
    let examination = match runtime.block_on(examine(target.clone(), &options)) {
        Ok(examination) => examination,
        Err(error) => {
            console.error(&error);
            return Exit::Usage;
        }
    };
    let is_well = examination.refused.is_none() && refusals(&examination).next().is_none();
    let mut exit = match is_well {
        true => Exit::Success,
        false => Exit::NotRun,
    };
    let mut text = told(&target, &examination);
    text.push_str(&next(args, &examination, target.accounts.is_empty()));
    exit = exit.max(console.print(&text));
    if let Some(path) = &args.write {
        exit = exit.max(write(path, &target, &examination, console));
    }
    exit
}

/// Why accounts cannot log in that were tried.
fn refusals(examination: &Examination) -> impl Iterator<Item = &str> {
    let all = examination.accounts.iter();
    all.filter_map(|(_, why)| why.as_deref())
}

/// All that was found.
fn told(target: &Target, examination: &Examination) -> String {
    let took = examination.summary.took.as_secs_f64();
    let mut text = format!("{}, looked at for {took:.1} s\n\n", printable(&target.name));
    let mut row = |name: &str, what: String| {
        let _ = writeln!(text, "  {name:<10} {what}");
    };
    if !examination.dialects.is_empty() {
        row("dialects", dialects(target, examination));
    }
    row("accounts", accounts(target, examination));
    for why in refusals(examination) {
        row("", printable(why).into_owned());
    }
    for (verb, address) in &examination.addresses {
        row("address", format!("{} (by {verb})", printable(address)));
    }
    if let Some(delays) = delays(&examination.delays) {
        row("delays", delays);
    }
    if examination.refused.is_none() && !examination.accounts.is_empty() {
        row("silence", silence(examination).to_owned());
        if let Some(late) = examination.environment.lists_late {
            let late = late.as_secs_f64();
            row(
                "lists",
                format!("are seen by a later login only {late:.1} s after a change"),
            );
        }
        for (list, handle) in examination.environment.residents.iter() {
            let (list, handle) = (printable(list), printable(handle));
            row(
                "resident",
                format!("{handle} stands on everybody's {list} for good"),
            );
        }
    }
    if let Some((why, detail)) = &examination.refused {
        let _ = writeln!(text, "\nit cannot be tested: {}", printable(why));
        for line in detail {
            let _ = writeln!(text, "  {}", printable(line));
        }
    }
    text.push_str(&ladder(examination));
    text
}

fn dialects(target: &Target, examination: &Examination) -> String {
    let agreed = Dialect::names(&examination.dialects);
    let highest = examination.dialects.last().map(ToString::to_string);
    let highest = highest.unwrap_or_default();
    let needs = DIALECTS.iter().any(|dialect| dialect.takes_tickets());
    let tickets = match needs && target.tickets.is_none() && !target.builtin {
        true => "; later ones need `ticket:` in a target file",
        false => "",
    };
    format!("{agreed}; `run` takes {highest}{tickets}")
}

fn accounts(target: &Target, examination: &Examination) -> String {
    let all = target.accounts.len();
    if target.builtin {
        return "made as needed".to_owned();
    }
    if all == 0 {
        return "none: give some with --account HANDLE:PASSWORD; login and all behind it was not looked at"
            .to_owned();
    }
    if examination.refused.is_some() {
        return format!("{all}; none was tried");
    }
    let tried = examination.accounts.len();
    let good = examination.accounts.iter().filter(|(_, why)| why.is_none());
    match tried {
        0 => format!("{all}; none was tried, since nobody can log in yet"),
        _ if tried < all => format!(
            "{} of {tried} tried can log in; there are {all}",
            good.count()
        ),
        _ => format!("{} of {all} can log in", good.count()),
    }
}

fn delays(delays: &[Duration]) -> Option<String> {
    let (median, longest) = (delays.get(delays.len() / 2)?, delays.last()?);
    let ms = |time: &Duration| time.as_secs_f64() * 1e3;
    Some(format!(
        "an answer takes {:.1} ms, the longest took {:.1} ms ({} answers)",
        ms(median),
        ms(longest),
        delays.len()
    ))
}

fn silence(examination: &Examination) -> &'static str {
    let environment = &examination.environment;
    match environment.barriers.notification {
        _ if environment.presence_batched => {
            "presence comes late: that nothing comes is shown by waiting"
        }
        Some(_) => "that nothing comes is shown by a request that changes nothing",
        None => "no request was found that changes nothing: that nothing comes is shown by waiting",
    }
}

/// How far the server has come, and what to mend first.
fn ladder(examination: &Examination) -> String {
    let summary = &examination.summary;
    let mut text = String::new();
    for run in summary
        .ladder
        .chunk_by(|one, other| one.state == other.state)
    {
        let Some(first) = run.first() else { continue };
        if text.is_empty() {
            text.push_str("\nhow far the server has come\n");
        }
        let names: Vec<String> = run.iter().map(|rung| rung.rung.to_string()).collect();
        let _ = writeln!(text, "  {:<10} {}", first.state.as_str(), names.join(", "));
    }
    let is_out = |state: RungState| !state.holds() && state != RungState::Unreached;
    let first = summary.ladder.iter().find(|rung| is_out(rung.state));
    let cause = first.and_then(|rung| summary.causes.iter().find(|it| Some(it.id) == rung.cause));
    if let Some(cause) = cause {
        let _ = writeln!(text, "next to build: {}", headline(cause));
    }
    text
}

fn headline(cause: &Cause) -> String {
    let clause = cause.clause.map(|clause| format!("{clause}: "));
    format!(
        "{}{}",
        clause.unwrap_or_default(),
        printable(&cause.breach())
    )
}

/// What a run would do, and how to begin it.
fn next(args: &DoctorArgs, examination: &Examination, has_no_accounts: bool) -> String {
    if examination.refused.is_some() || has_no_accounts && args.server.target != "builtin" {
        return String::new();
    }
    let mut text = "\na run changes the lists, names and states of these accounts, sends messages between them, and \
                    undoes what it did\n"
        .to_owned();
    if !examination.environment.disposable {
        text.push_str(
            "  an account that has entries on its lists is refused before anything is changed; \
             --disposable lets a run empty them\n",
        );
    }
    let target = match &args.write {
        Some(path) => path.display().to_string(),
        None => args.server.target.clone(),
    };
    let _ = writeln!(text, "\n    msnpspec run --target {}", printable(&target));
    text
}

/// Writes the target file.
fn write(path: &Path, target: &Target, examination: &Examination, console: Console) -> Exit {
    if target.builtin {
        console.error(&"--write goes with a server of your own: `builtin` needs no target file");
        return Exit::Usage;
    }
    if examination.refused.is_some() {
        console.error(&format!("{} was not written", path.display()));
        return Exit::NotRun;
    }
    if path.exists() {
        console.error(&format!(
            "{} is there already, and is left as it is",
            path.display()
        ));
        return Exit::Usage;
    }
    let text = target_file(target, examination);
    let written = WholeFile::create(path).and_then(|file| file.finish(&text));
    match written {
        Ok(()) => Exit::Success,
        Err(error) => {
            console.error(&format!("cannot write {}: {error}", path.display()));
            Exit::NotRun
        }
    }
}

/// A target file for the server; passwords are variables.
fn target_file(target: &Target, examination: &Examination) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = format!("name: {}\n", quoted(&target.name));
    if let Some(dispatch) = &target.dispatch {
        let _ = writeln!(text, "dispatch: {}", quoted(dispatch));
    }
    if let Some(notification) = &target.notification {
        let _ = writeln!(text, "notification: {}", quoted(notification));
    }
    text.push_str(
        "# For the harness alone. Set the variables, or write the passwords here.\naccounts:\n",
    );
    for (number, account) in (1..).zip(&target.accounts) {
        let mut tried = examination.accounts.iter();
        let is_refused = tried.any(|(handle, why)| *handle == account.handle && why.is_some());
        let off = if is_refused { "# cannot log in: " } else { "" };
        let name = account.name.as_deref();
        let name = name.map(|name| format!(", name: {}", quoted(name)));
        let _ = writeln!(
            text,
            "  {off}- {{ handle: {}, password: \"${{MSN_PASSWORD_{number}}}\"{} }}",
            quoted(&account.handle),
            name.unwrap_or_default()
        );
    }
    if target.accounts.is_empty() {
        text.push_str("  []\n");
    }
    if let Some(reply) = slow_reply(&examination.delays) {
        let _ = writeln!(text, "timeouts: {{ reply: {}ms }}", reply.as_millis());
    }
    text.push_str(
        "# The lists of these accounts may be emptied:\n# disposable: true\n\
         # The harness starts the server, and starts it again where it dies:\n# launch:\n\
         #   command: [\"./my-server\"]\n#   ready: { tcp: ",
    );
    let ready = target
        .dispatch
        .as_deref()
        .or(target.notification.as_deref());
    let _ = writeln!(
        text,
        "{}, within: 10s }}",
        quoted(ready.unwrap_or_default())
    );
    text
}

/// The deadline for the replies of a server that is slow.
fn slow_reply(delays: &[Duration]) -> Option<Duration> {
    let usual = msnpspec::target::Timeouts::default().reply;
    let longest = *delays.last()?;
    (longest * SLOW > usual).then(|| Duration::from_secs((longest * SLOW).as_secs() + 1))
}
