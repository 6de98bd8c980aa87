//! What the server has said and nobody has fetched yet.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::time::Duration;

use bytes::Bytes;

use super::faults::Tamper;
use super::id::ConnId;

/// What the server wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send one frame: a line, with its payload where it has one.
    Send(ConnId, Bytes),
    /// Close the connection, after all that was sent to it before.
    Close(ConnId),
}

/// A word more at the end of a line, or none.
pub(super) struct More<W>(pub(super) Option<W>);

impl<W: fmt::Display> fmt::Display for More<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(word) => write!(f, " {word}"),
            None => Ok(()),
        }
    }
}

/// From how many waiting bytes on the server reads no further commands.
const FULL: usize = 256 * 1024;

/// Waiting outputs, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Output>,
    bytes: usize,
    /// The line that is being written.
    line: String,
    /// What stands between the server and the world, where it has quirks.
    pub(super) tamper: Option<Box<Tamper>>,
}

impl Outbox {
    pub(super) fn new(tamper: Option<Box<Tamper>>) -> Self {
        Self {
            tamper,
            ..Self::default()
        }
    }

    /// Sends a line; the terminator is added.
    //= FRAME-1
    //= FRAME-2
    //= FRAME-10
    pub(super) fn line(&mut self, conn: ConnId, line: fmt::Arguments<'_>) {
        self.frame(conn, line, &[]);
    }

    /// Sends a line and its payload; the terminator is added.
    //= FRAME-6
    pub(super) fn frame(&mut self, conn: ConnId, line: fmt::Arguments<'_>, payload: &[u8]) {
        self.line.clear();
        self.line
            .write_fmt(line)
            .expect("a text takes as much as memory holds");
        let frame = [self.line.as_bytes(), b"\r\n", payload].concat();
        self.say(Output::Send(conn, frame.into()));
    }

    pub(super) fn close(&mut self, conn: ConnId) {
        self.say(Output::Close(conn));
    }

    fn say(&mut self, output: Output) {
        match &mut self.tamper {
            None => self.put(output),
            Some(tamper) => {
                for output in tamper.output(output) {
                    self.put(output);
                }
            }
        }
    }

    /// Puts something into the queue as it is.
    pub(super) fn put(&mut self, output: Output) {
        if let Output::Send(_, frame) = &output {
            self.bytes += frame.len();
        }
        self.waiting.push_back(output);
    }

    /// It is so late now.
    pub(super) fn tick(&mut self, now: Duration) {
        if let Some(tamper) = &mut self.tamper {
            for output in tamper.tick(now) {
                self.put(output);
            }
        }
    }

    /// What goes out now is no answer to a command.
    pub(super) fn client_left(&mut self) {
        if let Some(tamper) = &mut self.tamper {
            tamper.client_left();
        }
    }

    /// A connection has gone.
    pub(super) fn gone(&mut self, conn: ConnId) {
        if let Some(tamper) = &mut self.tamper {
            tamper.gone(conn);
        }
    }

    /// From now on nothing goes out.
    pub(super) fn get_stuck(&mut self) {
        if let Some(tamper) = &mut self.tamper {
            tamper.get_stuck();
        }
    }

    /// When [`Outbox::tick`] has something to do.
    pub(super) fn next_alarm(&self) -> Option<Duration> {
        self.tamper.as_ref()?.next_alarm()
    }

    pub(super) fn pop(&mut self) -> Option<Output> {
        let output = self.waiting.pop_front()?;
        if let Output::Send(_, frame) = &output {
            self.bytes -= frame.len();
        }
        Some(output)
    }

    /// How many bytes wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes > FULL
    }
}
