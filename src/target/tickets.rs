//! How a login ticket is had, for MSNP8 and later.

use super::invocation::{Invocation, fill};

/// Where a ticket comes from. One is had for each login, after the server's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tickets {
    /// A login server of Passport 1.4 at this address: the account and the word stand in a header of
    /// the request, the ticket in one of the answer.
    Passport(String),
    /// One that reads `X-User` and `X-Password`, and answers with `X-Token`.
    Header(String),
    /// A command that prints it. `{handle}` and `{challenge}` are filled in; the password stands in
    /// `MSNPSPEC_PASSWORD` of its environment.
    Exec(Invocation),
    /// This text, with `{handle}` and `{password}` filled in.
    Fixed(String),
    /// Any word will do.
    Anything,
}

/// The variable in which a command finds the password.
pub const PASSWORD: &str = "MSNPSPEC_PASSWORD";

impl Tickets {
    /// The words of a command that prints a ticket.
    #[must_use]
    pub fn words(command: &[String], handle: &str, password: &str, challenge: &str) -> Vec<String> {
        let values = [
            ("{handle}", handle),
            ("{password}", password),
            ("{challenge}", challenge),
        ];
        command.iter().map(|word| fill(word, &values)).collect()
    }

    /// A fixed ticket of a user.
    #[must_use]
    pub fn filled(template: &str, handle: &str, password: &str) -> String {
        fill(template, &[("{handle}", handle), ("{password}", password)])
    }
}
