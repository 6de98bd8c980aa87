//! Limits of the harness's own, and of the machine that it runs on: they say nothing about a server.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::ticket_error::TicketError;

/// What has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// File descriptors, for a socket.
    Descriptors,
    /// Local ports, for a connection.
    Ports,
    /// Memory, or buffers of the system.
    Memory,
    /// The name of a host could not be looked up.
    Lookup,
    /// The time that a script has.
    Time(Duration),
    /// The lines that a script takes from a server.
    Lines(usize),
    /// The bytes that a script takes from a server.
    Bytes(usize),
    /// Answers come later than a reply may take.
    Slow(Duration),
    /// The server names an address on another machine, which nobody has allowed.
    Remote(SocketAddr),
    /// The server names a host, and nobody has allowed other machines.
    Stranger,
    /// A barrier that should have had no effect had one.
    Effect,
    /// There is no ticket to log in with.
    Ticket(TicketError),
    /// It was cut off before its end: time was over, or somebody wanted it to end.
    CutOff,
}

impl Limit {
    /// What the user can do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Descriptors => "raise `ulimit -n`, or lower --jobs",
            Self::Ports => "wait a minute until ports are free again, or lower --jobs",
            Self::Memory => "free some memory, or lower --jobs",
            Self::Lookup => "write addresses instead of names, or mend the look-up of names",
            Self::Time(_) => "raise --timeout, by which the time of a scenario is measured",
            Self::Remote(_) | Self::Stranger => {
                "allow it with --remote, or rewrite it with `map:` in a target file"
            }
            Self::Slow(_) => "give it more time: --timeout 10, or `timeouts: { reply: 10s }`",
            Self::Lines(_) | Self::Bytes(_) => "see what it sends without end",
            Self::Effect => "run it again: what it changed is put back",
            Self::Ticket(TicketError::Remote) => "allow it with --remote",
            Self::Ticket(_) => "see `ticket:` in the target file, and the account's password",
            Self::CutOff => "give it more time",
        }
    }

    /// Whether fewer scenarios at a time may help.
    #[must_use]
    pub fn is_shared(self) -> bool {
        match self {
            Self::Descriptors | Self::Ports | Self::Memory | Self::Lookup => true,
            Self::Time(_)
            | Self::Slow(_)
            | Self::Remote(_)
            | Self::Stranger
            | Self::Lines(_)
            | Self::Bytes(_)
            | Self::Effect
            | Self::Ticket(_)
            | Self::CutOff => false,
        }
    }

    /// Whether it is the server that never rests: what it has said until then can be judged.
    #[must_use]
    pub fn is_flood(self) -> bool {
        matches!(self, Self::Lines(_) | Self::Bytes(_))
    }

    /// Whether both are of one kind.
    #[must_use]
    pub fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Descriptors => f.write_str("no file descriptor was left for a connection"),
            Self::Ports => f.write_str("no local port was left for a connection"),
            Self::Memory => f.write_str("no memory was left for a connection"),
            Self::Lookup => f.write_str("the name of a host could not be looked up"),
            Self::Time(most) => write!(f, "the script took more than {most:?}"),
            Self::Remote(address) => write!(
                f,
                "the server names {address}, which is not on this machine"
            ),
            Self::Stranger => f.write_str(
                "the server names a host by a name, which may be on another machine: it is not looked up",
            ),
            Self::Slow(reply) => write!(f, "the server answers later than after {reply:?}"),
            Self::Lines(most) => write!(f, "the server sent more than {most} lines"),
            Self::Bytes(most) => write!(f, "the server sent more than {most} bytes"),
            Self::Effect => f.write_str("a request of the harness's own changed something"),
            Self::Ticket(error) => error.fmt(f),
            Self::CutOff => f.write_str("it was cut off before its end"),
        }
    }
}

/// So many lines a server may send of its own accord: more than the longest list has.
const FREE_LINES: usize = 10_000;
/// So many more for each segment that the script sends: the answer, and what others see of it.
const LINES_EACH: usize = 50;
/// So many bytes a server may send of its own accord.
pub(super) const FREE_BYTES: usize = 4 << 20;
/// So many more for each byte that the script sends: it may come back to every participant.
const BYTES_EACH: usize = 16;

/// How much a server may send to one script: what is asked for, and a flood no more.
#[derive(Debug)]
pub(super) struct Allowance {
    lines: usize,
    bytes: usize,
    most_lines: usize,
    most_bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            lines: 0,
            bytes: 0,
            most_lines: FREE_LINES,
            most_bytes: FREE_BYTES,
        }
    }
}

impl Allowance {
    /// The script has sent a segment.
    pub(crate) fn asked(&mut self, bytes: usize) {
        self.most_lines = self.most_lines.saturating_add(LINES_EACH);
        let more = bytes.saturating_mul(BYTES_EACH);
        self.most_bytes = self.most_bytes.saturating_add(more);
    }

    /// The server has sent so many bytes.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Limit> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes <= self.most_bytes {
            true => Ok(()),
            false => Err(Limit::Bytes(self.most_bytes)),
        }
    }

    /// The server has sent a line.
    pub(crate) fn take_line(&mut self) -> Result<(), Limit> {
        self.lines += 1;
        match self.lines <= self.most_lines {
            true => Ok(()),
            false => Err(Limit::Lines(self.most_lines)),
        }
    }
}
