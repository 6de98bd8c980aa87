//! The signals by which a user ends the program.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, SIGTERM, and SIGHUP: that the terminal is gone.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    /// `None` where the program was started to outlive its terminal, as `nohup` does.
    #[cfg(unix)]
    hangup: Option<Signal>,
}

impl Signals {
    /// Takes the signals over from now on.
    ///
    /// # Errors
    ///
    /// When the system does not let them be taken over.
    #[cfg(unix)]
    pub fn new() -> io::Result<Self> {
        let hangup = match ignores_hangup() {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
        })
    }

    /// Takes the signals over from now on.
    ///
    /// # Errors
    ///
    /// Never on this system.
    #[cfg(not(unix))]
    pub fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        {
            let hangup = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = hangup => {}
            }
        }
        #[cfg(not(unix))]
        ctrl_c().await;
    }
}

/// Ends when the user wants the program to end: by Ctrl-C, by SIGTERM, or by closing the terminal.
/// The signals are taken over by the call, and not when it is first waited for.
///
/// # Panics
///
/// Outside of a runtime.
pub fn interrupted() -> impl Future<Output = ()> {
    let signals = Signals::new();
    async move {
        match signals {
            Ok(mut signals) => signals.next().await,
            Err(_) => ctrl_c().await,
        }
    }
}

/// Where Ctrl-C cannot be listened for, it ends the process by itself.
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Whether SIGHUP was ignored from the beginning. To listen for it would end that.
#[cfg(target_os = "linux")]
fn ignores_hangup() -> bool {
    const HANGUP: u64 = 1;
    super::proc::ignored_signals().is_some_and(|ignored| ignored & HANGUP != 0)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn ignores_hangup() -> bool {
    false
}
