//! Login tickets: where the harness has them from, and the login server that `serve` offers.

mod client;
mod passport;
mod server;

pub use server::LoginServer;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use crate::engine::{TicketError, TicketRequest};
use crate::net::target_process::TargetProcess;
use crate::target::{Invocation, PASSWORD, Target, Tickets};

/// How long a login server may take.
const WITHIN: Duration = Duration::from_secs(5);
/// No ticket is longer.
const LONGEST: usize = 8 * 1024;

/// Who gives the tickets of a target.
#[derive(Debug)]
pub(super) struct Office {
    source: Option<Tickets>,
    process: Arc<TargetProcess>,
    remote: bool,
    is_builtin: bool,
}

impl Office {
    /// The office of a target; `remote`: it may be on another machine.
    pub(super) fn new(target: &Target, process: Arc<TargetProcess>, remote: bool) -> Self {
        Self {
            source: target.tickets.clone(),
            process,
            remote: target.remote || remote,
            is_builtin: target.builtin,
        }
    }

    /// Whether the target says how tickets are had.
    pub(super) fn has_source(&self) -> bool {
        self.source.is_some() || self.is_builtin
    }

    /// A ticket for a login.
    pub(super) async fn ticket(&self, request: TicketRequest) -> Result<String, TicketError> {
        let (handle, password) = (&request.handle, &request.password);
        let given = match &self.source {
            None => self.process.ticket(handle, password).await?,
            Some(Tickets::Anything) => "t=x".to_owned(),
            Some(Tickets::Fixed(text)) => Tickets::filled(text, handle, password),
            Some(Tickets::Exec(invocation)) => print_ticket(invocation, &request).await?,
            Some(Tickets::Passport(url)) => {
                in_time(client::passport(url, &request, self.remote)).await?
            }
            Some(Tickets::Header(url)) => {
                in_time(client::header(url, &request, self.remote)).await?
            }
        };
        let is_word = (1..=LONGEST).contains(&given.len())
            && given.bytes().all(|byte| byte.is_ascii_graphic());
        is_word.then_some(given).ok_or(TicketError::NoWord)
    }
}

async fn in_time(
    asking: impl Future<Output = Result<String, TicketError>>,
) -> Result<String, TicketError> {
    let given = tokio::time::timeout(WITHIN, asking).await;
    given.unwrap_or(Err(TicketError::Late))
}

/// Runs a command, without a shell, and takes the first line that it prints.
async fn print_ticket(
    invocation: &Invocation,
    request: &TicketRequest,
) -> Result<String, TicketError> {
    let TicketRequest {
        handle,
        password,
        word,
    } = request;
    let words = Tickets::words(&invocation.command, handle, password, word);
    let (program, arguments) = words.split_first().ok_or(TicketError::Command)?;
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .envs(&invocation.env)
        .env(PASSWORD, password)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if let Some(folder) = &invocation.folder {
        command.current_dir(folder);
    }
    let mut child = command.spawn().map_err(|_| TicketError::Command)?;
    let stdout = child.stdout.take().ok_or(TicketError::Command)?;
    let running = async {
        let mut printed = Vec::new();
        let most = u64::try_from(LONGEST + 2).unwrap_or(u64::MAX);
        let mut limited = stdout.take(most);
        let read = limited.read_to_end(&mut printed).await;
        read.map_err(|_| TicketError::Command)?;
        drop(limited);
        let status = child.wait().await.map_err(|_| TicketError::Command)?;
        let text = String::from_utf8(printed).map_err(|_| TicketError::NoWord)?;
        let line = text.lines().next().unwrap_or_default().trim().to_owned();
        status.success().then_some(line).ok_or(TicketError::Command)
    };
    let ended = tokio::time::timeout(invocation.within, running).await;
    ended.unwrap_or(Err(TicketError::Late))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office(source: Tickets) -> Office {
        let ear = crate::net::ear::Ear::new(crate::transcript::Redactor::default(), None);
        let target = Target::empty("t");
        let process = Arc::new(TargetProcess::new(&target, ear, 0));
        let target = Target {
            tickets: Some(source),
            ..target
        };
        Office::new(&target, process, false)
    }

    fn request() -> TicketRequest {
        TicketRequest {
            handle: "a@b".to_owned(),
            password: "p w".to_owned(),
            word: "ct=1".to_owned(),
        }
    }

    fn command(words: &[&str]) -> Tickets {
        Tickets::Exec(Invocation {
            command: words.iter().map(|&word| word.to_owned()).collect(),
            folder: None,
            env: std::collections::BTreeMap::new(),
            within: Duration::from_secs(10),
        })
    }

    #[tokio::test]
    async fn fixed_and_printed() {
        let fixed = office(Tickets::Fixed("t={handle}".to_owned()));
        assert_eq!(fixed.ticket(request()).await, Ok("t=a@b".to_owned()));
        let any = office(Tickets::Anything).ticket(request()).await;
        assert_eq!(any, Ok("t=x".to_owned()));
        let printed = office(command(&["echo", "{handle},{challenge}"]));
        assert_eq!(printed.ticket(request()).await, Ok("a@b,ct=1".to_owned()));
    }

    #[tokio::test]
    async fn what_is_no_ticket_is_told() {
        for (source, error) in [
            (command(&["false"]), TicketError::Command),
            (command(&["echo", "two words"]), TicketError::NoWord),
            (command(&["true"]), TicketError::NoWord),
            (command(&["/nowhere/at/all"]), TicketError::Command),
            (Tickets::Fixed(String::new()), TicketError::NoWord),
            (
                Tickets::Passport("http://192.0.2.1:1/login".to_owned()),
                TicketError::Remote,
            ),
            (
                Tickets::Passport("http://127.0.0.1:1/login".to_owned()),
                TicketError::Unreachable,
            ),
        ] {
            let given = office(source).ticket(request()).await;
            assert_eq!(given, Err(error));
        }
    }
}
