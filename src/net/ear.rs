//! What a server of ours writes: kept in a file where somebody wants it, and listened to for
//! exceptions that nobody has caught, with the scenarios during which they came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::net::log::ServerLog;
use crate::suite::Exception;
use crate::transcript::Redactor;

/// So many exceptions are told apart.
const MOST: usize = 100;
/// So many scenarios are named.
const NAMED: usize = 5;

/// Listens to all processes of one server.
#[derive(Debug, Clone, Default)]
pub(super) struct Ear {
    pub(super) redactor: Redactor,
    pub(super) log: Option<ServerLog>,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    next: u64,
    /// What runs now.
    running: BTreeMap<u64, String>,
    /// What ran last, where nothing runs now.
    last: Option<String>,
    exceptions: BTreeMap<Exception, Told>,
}

/// How often an exception was seen, and during which scenarios.
#[derive(Debug)]
struct Told {
    count: usize,
    during: BTreeSet<String>,
}

/// A scenario that runs; it has ended when this is dropped.
#[derive(Debug)]
pub(super) struct During<'e>(&'e Ear, u64);

impl Drop for During<'_> {
    fn drop(&mut self) {
        let mut heard = self.0.lock();
        heard.last = heard.running.remove(&self.1);
    }
}

impl Ear {
    pub(super) fn new(redactor: Redactor, log: Option<ServerLog>) -> Self {
        Self {
            redactor,
            log,
            heard: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A scenario begins.
    pub(super) fn during(&self, name: &str) -> During<'_> {
        let mut heard = self.lock();
        heard.next += 1;
        let id = heard.next;
        heard.running.insert(id, name.to_owned());
        During(self, id)
    }

    /// The server has written of an exception. Of several scenarios that ran each time, those are
    /// kept that ran every time.
    pub(super) fn hear(&self, exception: Exception) {
        let mut heard = self.lock();
        let mut now: BTreeSet<String> = heard.running.values().cloned().collect();
        if now.is_empty() {
            now.extend(heard.last.clone());
        }
        let is_room = heard.exceptions.len() < MOST;
        match heard.exceptions.get_mut(&exception) {
            Some(told) => {
                told.count += 1;
                if told.during.intersection(&now).next().is_some() {
                    told.during.retain(|name| now.contains(name));
                } else if told.during.len() <= NAMED {
                    told.during.extend(now);
                }
            }
            None if is_room => {
                let (count, during) = (1, now);
                heard.exceptions.insert(exception, Told { count, during });
            }
            None => {}
        }
    }

    /// Each exception in a line, the most frequent first; those that are told elsewhere are not.
    pub(super) fn told(&self, elsewhere: &[Exception]) -> Vec<String> {
        let heard = self.lock();
        let all = heard.exceptions.iter();
        let mut all: Vec<_> = all.filter(|(one, _)| !elsewhere.contains(one)).collect();
        all.sort_by_key(|(_, told)| std::cmp::Reverse(told.count));
        all.into_iter().map(|(one, told)| line(one, told)).collect()
    }
}

fn line(exception: &Exception, told: &Told) -> String {
    let at = match exception.place.as_str() {
        "" => String::new(),
        place => format!(" at {place}"),
    };
    let times = match told.count {
        1 => String::new(),
        count => format!(", {count} times"),
    };
    let names: Vec<&str> = told.during.iter().take(NAMED).map(String::as_str).collect();
    let more = told.during.len() - names.len();
    let during = match (names.as_slice(), more) {
        ([], _) => String::new(),
        ([one], _) => format!(", while {one} ran"),
        (some, 0) => format!(", while one of these ran: {}", some.join(", ")),
        (some, more) => format!(
            ", while one of these ran: {} and {more} more",
            some.join(", ")
        ),
    };
    let kind = &exception.kind;
    format!("the server wrote of an exception, {kind}{at}{times}{during}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(place: &str) -> Exception {
        Exception {
            kind: "KeyError".to_owned(),
            place: place.to_owned(),
        }
    }

    #[test]
    fn an_exception_is_told_once_with_the_scenarios_that_ran_each_time() {
        let ear = Ear::default();
        let one = ear.during("a/one");
        let two = ear.during("a/two");
        ear.hear(exception("s.py:3"));
        drop(one);
        let three = ear.during("a/three");
        ear.hear(exception("s.py:3"));
        drop((two, three));
        ear.hear(exception("s.py:9"));
        assert_eq!(
            ear.told(&[]),
            [
                "the server wrote of an exception, KeyError at s.py:3, 2 times, while a/two ran",
                "the server wrote of an exception, KeyError at s.py:9, while a/three ran"
            ]
        );
        let rest = ear.told(&[exception("s.py:3")]);
        assert!(rest.len() == 1 && rest[0].contains("s.py:9"), "{rest:?}");
    }

    #[test]
    fn many_are_not_all_named() {
        let ear = Ear::default();
        let names: Vec<String> = (0..9).map(|n| format!("s/{n}")).collect();
        let all: Vec<_> = names.iter().map(|name| ear.during(name)).collect();
        ear.hear(exception(""));
        drop(all);
        let told = ear.told(&[]);
        assert!(
            told[0].ends_with("s/0, s/1, s/2, s/3, s/4 and 4 more"),
            "{told:?}"
        );
        for n in 0..1000 {
            ear.hear(exception(&n.to_string()));
        }
        assert_eq!(ear.told(&[]).len(), MOST);
    }
}
