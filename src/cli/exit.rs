//! How the program ends (contract, section 1).

use std::process::ExitCode;

use msnpspec::report::Conclusion;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The server conforms; or simply: done.
    Success,
    /// It does not.
    Failure,
    /// Wrong usage, or a bad file.
    Usage,
    /// Could not run.
    NotRun,
    /// Nothing ran.
    Nothing,
}

impl Exit {
    /// The exit of a run. Where scenarios could not be carried out, the server has not shown that it
    /// conforms, and so it does not.
    pub(crate) fn of(conclusion: &Conclusion) -> Self {
        match conclusion {
            Conclusion::Conforms => Self::Success,
            Conclusion::Breaks(_) | Conclusion::Undecided(_) => Self::Failure,
            Conclusion::Aborted(_) => Self::NotRun,
            Conclusion::Nothing => Self::Nothing,
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
