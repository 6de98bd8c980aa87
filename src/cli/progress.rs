//! A live line on standard error, where somebody watches it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use msnpspec::event::{Event, Totals};
use msnpspec::report::printable;

/// Names of running scenarios shown.
const NAMES: usize = 3;

/// The line; it draws nothing where nobody watches.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    running: BTreeSet<String>,
    totals: Totals,
}

impl Progress {
    /// A line on standard error, or none.
    pub(crate) fn new(is_watched: bool) -> Self {
        let target = if is_watched {
            ProgressDrawTarget::stderr_with_hz(15)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style =
            ProgressStyle::with_template("{elapsed_precise} {bar:24} {pos}/{len} {wide_msg}");
        bar.set_style(style.expect("the template is right"));
        Self {
            bar,
            running: BTreeSet::new(),
            totals: Totals::default(),
        }
    }

    /// Writes to standard output while the line is out of the way.
    pub(crate) fn aside(&self, text: &[u8]) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.bar.suspend(|| {
            let mut out = io::stdout().lock();
            out.write_all(text)?;
            out.flush()
        })
    }

    /// Brings the line up to date.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::Started(run) => {
                self.bar.set_length(run.scenarios as u64);
                self.bar.enable_steady_tick(Duration::from_millis(250));
            }
            Event::ScenarioStarted(name) => {
                self.running.insert(name.clone());
            }
            Event::ScenarioFinished(result) => {
                self.running.remove(&result.name);
                self.totals.count(result.verdict);
                self.bar.set_position(self.totals.all() as u64);
            }
            Event::Climbed(_) | Event::Notice(_) => {}
            Event::Finished(_) => return self.bar.finish_and_clear(),
        }
        self.bar.set_message(self.message());
    }

    fn message(&self) -> String {
        let Totals {
            failed, blocked, ..
        } = self.totals;
        let mut words = Vec::new();
        for (count, word) in [(failed, "failed"), (blocked, "blocked")] {
            if count > 0 {
                words.push(format!("{count} {word}"));
            }
        }
        let names = self.running.iter().take(NAMES);
        words.extend(names.map(|name| printable(name).into_owned()));
        words.join("  ")
    }
}
