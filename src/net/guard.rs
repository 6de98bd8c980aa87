//! Ends a server of ours where the harness itself is killed and can end nothing any more.

use std::process::Stdio;

use tokio::process::{Child, Command};

/// Waits for the end of its input, which comes with the end of the harness, however it ends.
const SCRIPT: &str = "read -r _; kill -s KILL -- \"-$1\"";

/// A small process beside a server. It kills the server's process group when the harness is gone;
/// dropping it calls it off.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Guards a process group; `None` where the system has no shell for it.
    pub(super) fn over(group: u32) -> Option<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "msnpspec-guard"])
            .arg(group.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        // What ends the harness from the terminal does not end the guard.
        #[cfg(unix)]
        command.process_group(0);
        command.spawn().ok().map(Self)
    }
}

#[cfg(test)]
impl Guard {
    /// Ends its input, as the end of the harness does.
    pub(super) fn let_go(&mut self) {
        drop(self.0.stdin.take());
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before its input ends. It fails where the guard is gone already.
        let _gone = self.0.start_kill();
    }
}
