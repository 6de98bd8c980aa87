//! Which connections are served, what is read of them, and which of them outlive their end.

use super::Quirks;
use crate::server::Server;
use crate::server::connection::{End, Phase, Requests};
use crate::server::faults::Fault;
use crate::server::id::ConnId;
use crate::wire::{DecodeError, Decoder, Limits};

/// How many connections are served in all where none is ever freed.
const MAX_CONNECTIONS: u64 = 64;

impl Quirks {
    /// Whether a new connection is served.
    pub(in crate::server) fn accepts(&mut self, conn: ConnId) -> bool {
        if self.has(Fault::CONNECTIONS_NEVER_FREED) && conn.0 > MAX_CONNECTIONS {
            return false;
        }
        if self.has(Fault::SILENCE_BLOCKS_ALL) {
            self.silent.push(conn);
        }
        true
    }

    /// The limits of what is read, where these are the server's own.
    pub(in crate::server) fn limits(&self, own: Limits) -> Limits {
        Limits {
            line: if self.has(Fault::ENDLESS_LINE_KEPT) {
                1 << 30
            } else {
                own.line
            },
            payload: if self.has(Fault::OVER_LONG_MESSAGE_CUT) {
                65_536
            } else {
                own.payload
            },
        }
    }

    /// What is read of a segment.
    pub(in crate::server) fn reads<'b>(
        &self,
        decoder: &Decoder<Requests>,
        segment: &'b [u8],
    ) -> &'b [u8] {
        if self.is_empty() {
            return segment;
        }
        let line_end = segment.iter().position(|byte| *byte == b'\n');
        let length = match line_end {
            None if self.has(Fault::SEGMENT_IS_COMMAND) => 0,
            Some(end)
                if self.has(Fault::ONE_COMMAND_A_SEGMENT) && !is_message(decoder, segment) =>
            {
                end + 1
            }
            Some(end) if self.ends_segment(segment) => end + 1,
            Some(end) if self.has(Fault::ANSWER_ENDS_SEGMENT) && segment.starts_with(b"QRY ") => {
                end + 1 + DIGEST
            }
            _ => segment.len(),
        };
        segment.get(..length).unwrap_or(segment)
    }

    /// Whether the first command of a segment is the last that is read of it.
    fn ends_segment(&self, segment: &[u8]) -> bool {
        let begins = |verb: &str| segment.starts_with(verb.as_bytes());
        let is_login = segment.split(|byte| *byte == b' ').nth(2) == Some(b"MD5");
        let is_entry = begins("ANS ") || (begins("USR ") && !is_login);
        (self.has(Fault::ENTRY_ENDS_SEGMENT) && is_entry)
            || (self.has(Fault::CALL_ENDS_SEGMENT) && begins("CAL "))
    }

    /// Whether a connection has to wait for an older one that has not said anything yet.
    pub(in crate::server) fn holds_up(&self, conn: ConnId) -> bool {
        self.silent.first().is_some_and(|oldest| *oldest < conn)
    }

    /// Whether a connection stays where it should end.
    fn keeps(&self, end: End) -> bool {
        match end {
            End::FailedVer => self.has(Fault::FAILED_VER_STAYS_SILENT),
            End::Referral => self.has(Fault::REFERRAL_KEEPS_CONNECTION),
            End::SignedOut => self.has(Fault::OUT_KEEPS_CONNECTION),
            End::Displaced => {
                self.has(Fault::FIRST_LOGIN_STAYS) || self.has(Fault::DISPLACED_STAYS)
            }
            End::LeftSession => self.has(Fault::BOARD_OUT_KEEPS_CONNECTION),
            End::Lost => self.has(Fault::DROP_UNNOTICED),
            End::Refused | End::Idle => false,
        }
    }
}

/// How long the answer to a challenge is.
const DIGEST: usize = 32;

/// Whether a segment holds a message, or goes on with one.
fn is_message(decoder: &Decoder<Requests>, segment: &[u8]) -> bool {
    let begun = decoder.rest().iter().chain(segment);
    decoder.waiting_line().is_some() || begun.take(3).eq(b"MSG")
}

impl Server {
    /// Whether a connection stays where it should end. What follows from the end may come true
    /// nevertheless.
    pub(in crate::server) fn outlives(&mut self, conn: ConnId, end: End) -> bool {
        self.quirks.has_displaced |= end == End::Displaced;
        if !self.quirks.keeps(end) {
            return false;
        }
        match (end, self.connections.get(conn).map(|c| &c.phase)) {
            (End::Displaced, Some(Phase::Online(account)))
                if !self.quirks.has(Fault::FIRST_LOGIN_STAYS) =>
            {
                self.log_out(*account);
            }
            (End::LeftSession, _) => self.forget(conn, end),
            _ => {}
        }
        true
    }

    /// A connection is gone, and had come so far.
    pub(in crate::server) fn after_end(&mut self, conn: ConnId, phase: &Phase) {
        if self.quirks.is_empty() {
            return;
        }
        self.outbox.gone(conn);
        self.is_silent_no_more(conn);
        if let Phase::Seated(seat) = phase {
            self.note_leaving(conn, *seat);
        }
    }

    /// A connection has said something, or is gone: those behind it go on.
    pub(in crate::server) fn is_silent_no_more(&mut self, conn: ConnId) {
        let mut silent = self.quirks.silent.iter();
        let Some(place) = silent.position(|silent| *silent == conn) else {
            return;
        };
        self.quirks.silent.remove(place);
        for waiting in self.connections.ids() {
            if waiting != conn {
                self.work(waiting);
            }
        }
    }

    /// A line or a payload was too long, or a length was none; its connection is about to end.
    pub(in crate::server) fn after_unreadable(&mut self, error: &DecodeError) {
        let is_endless = matches!(error, DecodeError::LineTooLong { .. });
        if self.quirks.has(Fault::BAD_LENGTH_CLOSES_ALL) && !is_endless {
            self.end_all();
        }
        let is_page = matches!(error, DecodeError::BadLength { line, .. }
            if line.starts_with(b"PAG "));
        if self.quirks.has(Fault::PAGE_LENGTH_CLOSES_ALL) && is_page {
            self.end_all();
        }
        let is_loop = matches!(error, DecodeError::BadLength { line, word, .. }
            if **word == *format!("-{}", line.len() + 2).as_bytes());
        let stops = (is_endless && self.quirks.has(Fault::ENDLESS_LINE_STOPS_ALL))
            || (is_loop && self.quirks.has(Fault::NEGATIVE_LENGTH_LOOPS));
        if stops {
            self.outbox.get_stuck();
        }
    }

    /// Ends all connections.
    pub(super) fn end_all(&mut self) {
        for conn in self.connections.ids() {
            self.end(conn, End::Refused);
        }
    }
}
