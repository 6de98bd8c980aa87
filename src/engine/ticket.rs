//! Tickets of the login server, which a client of MSNP8 or later logs in with.

use std::time::Duration;

use super::limit::Limit;
use super::port::{Output, TicketRequest};
use super::session::Session;
use super::trouble::{Got, Trouble, told_late};

/// How long the login server may take at least.
const LEAST: Duration = Duration::from_secs(5);
/// What a ticket is called in an expectation.
const EXPECTED: &str = "a ticket of the login server";

impl Session {
    /// Has a ticket for a player, by the word that the notification server has given. It is a secret
    /// from then on. That there is none says nothing about the server.
    pub(crate) async fn ticket(&mut self, player: usize, word: &[u8]) -> Result<String, Trouble> {
        let account = &self.player(player).account;
        let request = TicketRequest {
            handle: account.handle.clone(),
            password: account.password.clone(),
            word: String::from_utf8_lossy(word).into_owned(),
        };
        self.links.output(Output::Ticket(request));
        let deadline = self.links.now() + (self.reply * 5).max(LEAST);
        let given = self
            .links
            .until(deadline, "login ticket", |shared| shared.ticket.take());
        let given = given
            .await
            .map_err(|late| Trouble::new(EXPECTED, told_late(&late, self.reply)))?;
        let no_ticket = |error| Trouble::new(EXPECTED, Got::from(Limit::Ticket(error)));
        let ticket = given.map_err(no_ticket)?;
        self.redactor.add(&ticket);
        Ok(ticket)
    }
}
