//! Standard output and standard error: colours, broken pipes, messages.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use msnpspec::report::{Palette, printable};

use super::exit::Exit;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Whether something that should stand on standard output does not.
static IS_LOST: AtomicBool = AtomicBool::new(false);

/// The program's two streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    out_colours: bool,
    err_colours: bool,
}

impl Console {
    /// Decides about colours: what was asked for, else NO_COLOR, CLICOLOR and the terminal.
    pub(crate) fn new(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        choice.write_global();
        let wants = |choice| choice != ColorChoice::Never;
        Self {
            out_colours: wants(anstream::AutoStream::choice(&io::stdout())),
            err_colours: wants(anstream::AutoStream::choice(&io::stderr())),
        }
    }

    /// The colours of standard output.
    pub(crate) fn palette(self) -> Palette {
        if self.out_colours {
            Palette::coloured()
        } else {
            Palette::plain()
        }
    }

    /// Whether standard error shows colours.
    pub(crate) fn err_colours(self) -> bool {
        self.err_colours
    }

    /// Whether somebody watches standard error.
    pub(crate) fn is_watched() -> bool {
        io::stderr().is_terminal()
    }

    /// Writes to standard output. A reader that went away (`| head`) is no error.
    pub(crate) fn print(self, text: &str) -> Exit {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Exit::Success,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
            Err(error) => {
                // Whoever writes a line every second tells it once.
                if !IS_LOST.swap(true, Ordering::Relaxed) {
                    self.error(&format!("cannot write to standard output: {error}"));
                }
                Exit::NotRun
            }
        }
    }

    /// The exit, given what could not be written.
    pub(crate) fn settled(exit: Exit) -> Exit {
        match IS_LOST.load(Ordering::Relaxed) {
            true => exit.max(Exit::NotRun),
            false => exit,
        }
    }

    /// Tells an error, with advice where there is some on further lines.
    pub(crate) fn error(self, message: &dyn Display) {
        self.tell("error", AnsiColor::Red.on_default().bold(), message);
    }

    /// Tells something that does not stop the program.
    pub(crate) fn warning(self, message: &dyn Display) {
        self.tell("warning", AnsiColor::Yellow.on_default().bold(), message);
    }

    /// Tells that a server broke a clause.
    pub(crate) fn finding(self, message: &dyn Display) {
        self.tell("finding", AnsiColor::Red.on_default().bold(), message);
    }

    /// Tells something that is good to know.
    pub(crate) fn notice(self, message: &dyn Display) {
        self.tell("note", AnsiColor::Cyan.on_default().bold(), message);
    }

    fn tell(self, word: &str, style: Style, message: &dyn Display) {
        let style = if self.err_colours {
            style
        } else {
            Style::new()
        };
        let message = message.to_string();
        let lines: Vec<_> = message.lines().map(printable).collect();
        // Where standard error is gone, there is nobody to tell that to.
        let _ = writeln!(io::stderr(), "{style}{word}:{style:#} {}", lines.join("\n"));
    }
}
