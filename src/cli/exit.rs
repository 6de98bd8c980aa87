//! How the program ends (contract, section 1).

use std::process::ExitCode;

/// How the program ends. Where two things go wrong, the greater is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// The server conforms; or simply: done.
    Success,
    /// Nothing ran.
    Nothing,
    /// Could not run.
    NotRun,
    /// The server does not conform.
    Failure,
    /// Wrong usage, or a bad file.
    Usage,
}

impl Exit {
    /// The exit of a run that was carried out.
    pub(crate) fn of_run(code: u8) -> Self {
        match code {
            0 => Self::Success,
            1 => Self::Failure,
            4 => Self::Nothing,
            _ => Self::NotRun,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::NotRun => 3,
            Exit::Nothing => 4,
        })
    }
}
