//! What is under way: a live line on standard error where somebody watches it, and a line every few
//! seconds where it goes to a file or a pipe.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use msnpspec::event::{Event, ScenarioResult, Totals, Verdict};
use msnpspec::protocol::ClauseId;
use msnpspec::report::printable;

use super::console::Console;

/// The newest breaches that are shown where somebody watches.
const NEWEST: usize = 3;
/// Clauses that are named behind the count of failures.
const CLAUSES: usize = 6;
/// Longer lines are cut: they would wrap.
const WIDEST: usize = 76;
/// So many different breaches are kept.
const MOST: usize = 200;
/// How often a line is written where nobody watches.
const EVERY: Duration = Duration::from_secs(5);

/// Who sees standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched {
    /// Somebody at a terminal.
    ByTerminal,
    /// Somebody who reads a file, a pipe or a log.
    InPipe,
    /// It is over at once.
    ByNobody,
}

impl Watched {
    /// Who sees it now.
    pub(crate) fn now() -> Self {
        match Console::is_watched() {
            true => Self::ByTerminal,
            false => Self::InPipe,
        }
    }
}

/// A breach that was seen.
#[derive(Debug, PartialEq, Eq)]
struct Broken {
    clause: Option<ClauseId>,
    breach: String,
}

/// The line.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// What was seen broken, each breach once, as it was seen first.
    broken: Vec<Broken>,
    totals: Totals,
    scenarios: usize,
    watched: Watched,
    ticker: Option<Ticker>,
}

impl Progress {
    /// A line on standard error, or none.
    pub(crate) fn new(watched: Watched) -> Self {
        let target = match watched {
            Watched::ByTerminal => ProgressDrawTarget::stderr_with_hz(15),
            Watched::InPipe | Watched::ByNobody => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{elapsed_precise} {bar:24} {pos}/{len}  {msg}");
        bar.set_style(style.expect("the template is right"));
        Self {
            bar,
            broken: Vec::new(),
            totals: Totals::default(),
            scenarios: 0,
            watched,
            ticker: None,
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
                self.scenarios = run.scenarios;
                self.bar.set_length(run.scenarios as u64);
                self.bar.enable_steady_tick(Duration::from_millis(250));
                if self.watched == Watched::InPipe {
                    self.ticker = Some(Ticker::start(EVERY, self.counts(), |line| {
                        // Where standard error is gone, there is nobody to tell that to.
                        let _ = writeln!(io::stderr(), "{line}");
                    }));
                }
            }
            Event::ScenarioFinished(result) if result.is_first_look() => self.learn(result),
            Event::ScenarioFinished(result) => {
                self.learn(result);
                self.totals.count(result.verdict);
                self.bar.set_position(self.totals.all() as u64);
            }
            Event::Climbed(..) | Event::ScenarioStarted(..) | Event::Notice(_) => {}
            Event::Finished(_) => {
                self.ticker = None;
                return self.bar.finish_and_clear();
            }
        }
        self.bar.set_message(self.message());
        let counts = self.ticker.is_some().then(|| self.counts());
        if let (Some(ticker), Some(counts)) = (&self.ticker, counts) {
            ticker.tell(counts);
        }
    }

    /// Keeps what a failure shows that was not seen before.
    fn learn(&mut self, result: &ScenarioResult) {
        let failures = result.failures.iter();
        for failure in failures.filter(|_| result.verdict == Verdict::Failed) {
            let broken = Broken {
                clause: failure.clause,
                breach: failure.breach(),
            };
            if !self.broken.contains(&broken) && self.broken.len() < MOST {
                self.broken.push(broken);
            }
        }
    }

    /// The counts, and below them what was seen broken last.
    fn message(&self) -> String {
        let mut lines = vec![self.words().join(", ")];
        let newest = self.broken.len().saturating_sub(NEWEST);
        for Broken { clause, breach } in self.broken.iter().skip(newest) {
            let clause = clause.map_or("", |id| id.as_str());
            let line = format!("  failed {clause}: {breach}");
            lines.push(printable(&line).chars().take(WIDEST).collect());
        }
        lines.join("\n")
    }

    /// What did not simply pass.
    fn words(&self) -> Vec<String> {
        let Totals {
            failed,
            blocked,
            inconclusive,
            ..
        } = self.totals;
        let counts = [
            (failed, "failed"),
            (blocked, "blocked"),
            (inconclusive, "inconclusive"),
        ];
        let shown = counts.into_iter().filter(|(count, _)| *count > 0);
        shown
            .map(|(count, word)| format!("{count} {word}"))
            .collect()
    }

    /// The clauses that were seen broken.
    fn clauses(&self) -> String {
        let all = self.broken.iter().filter_map(|broken| broken.clause);
        let mut all: Vec<&str> = all.map(ClauseId::as_str).collect();
        let mut seen = BTreeSet::new();
        all.retain(|clause| seen.insert(*clause));
        let more = all.len().saturating_sub(CLAUSES);
        all.truncate(CLAUSES);
        match (all.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!("; broken: {}", all.join(", ")),
            (false, more) => format!("; broken: {} and {more} more", all.join(", ")),
        }
    }

    fn counts(&self) -> String {
        let (done, all) = (self.totals.all(), self.scenarios);
        let mut words = vec![format!("{done} of {all} scenarios")];
        words.extend(self.words());
        words.join(", ") + &self.clauses()
    }
}

/// Writes the newest counts every so often, until it is dropped.
#[derive(Debug)]
struct Ticker {
    counts: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(every: Duration, first: String, write: impl Fn(&str) + Send + 'static) -> Self {
        let (counts, news) = channel();
        let thread = std::thread::spawn(move || tick(every, first, &news, &write));
        Self {
            counts: Some(counts),
            thread: Some(thread),
        }
    }

    fn tell(&self, counts: String) {
        if let Some(sender) = &self.counts {
            // The thread ends only when this end is dropped.
            let _ = sender.send(counts);
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.counts = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn tick(every: Duration, first: String, news: &Receiver<String>, write: &dyn Fn(&str)) {
    let begun = msnpspec::net::now();
    let (mut newest, mut due) = (first, every);
    loop {
        match news.recv_timeout(due.saturating_sub(begun.elapsed())) {
            Ok(counts) => newest = counts,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if begun.elapsed() >= due {
            write(&format!("{:>4}s  {newest}", begun.elapsed().as_secs()));
            due += every;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_every_so_often_without_news_too_and_none_after_the_end() {
        let (sender, lines) = channel();
        let every = Duration::from_millis(20);
        let ticker = Ticker::start(every, "0 of 9".into(), move |line| {
            let _ = sender.send(line.to_owned());
        });
        assert_eq!(lines.recv().unwrap(), "   0s  0 of 9");
        ticker.tell("4 of 9".into());
        let mut later = lines.iter();
        assert!(later.any(|line| line.ends_with("4 of 9")));
        drop(ticker);
        assert_eq!(
            lines.iter().filter(|line| line.ends_with("0 of 9")).count(),
            0
        );
    }
}
