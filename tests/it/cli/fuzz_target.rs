//! `msnpspec fuzz` against servers that die, for one case or for several, or that are slow once.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail, and has a server of its own"
)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Serving, Told, call, write};

/// How long a server is down that comes back.
const DOWN: Duration = Duration::from_millis(400);

/// What the server before the server does at the trigger.
#[derive(Debug, Clone, Copy)]
enum Whim {
    /// It dies at the trigger's `after`th time, and is back after this time.
    Die { after: usize, back: Duration },
    /// It waits once before it passes the trigger on.
    Wait(Duration),
}

/// A server that behaves until it has seen the trigger: the bundled one behind a relay.
struct Moody {
    _serving: Serving,
    folder: tempfile::TempDir,
    target: String,
    mood: Arc<Mood>,
}

struct Mood {
    trigger: &'static [u8],
    whim: Whim,
    seen: AtomicUsize,
    /// It is back then.
    back: Mutex<Option<Instant>>,
    open: Mutex<Vec<TcpStream>>,
}

impl Moody {
    fn start(trigger: &'static str, whim: Whim) -> Self {
        let serving = Serving::start(&[]);
        let upstream = serving.head[1].strip_prefix("notification ");
        let upstream = upstream.expect("the second line names the port").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mood = Arc::new(Mood {
            trigger: trigger.as_bytes(),
            whim,
            seen: AtomicUsize::new(0),
            back: Mutex::default(),
            open: Mutex::default(),
        });
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "name: moody\ndispatch: {address}\nmap: {{ \"{upstream}\": \"{address}\" }}\n\
             account_pattern: {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", to: 9 }}\n\
             disposable: true\n\
             timeouts: {{ connect: 1s, reply: 1s, quiet: 20ms }}\n"
        );
        let target = write(folder.path(), "moody.yaml", &text);
        let own = Arc::clone(&mood);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let back = *mood.back.lock().unwrap();
                if back.is_some_and(|back| Instant::now() < back) {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(&upstream) {
                    mood.relay(client, server);
                }
            }
        });
        Self {
            _serving: serving,
            folder,
            target,
            mood: own,
        }
    }

    fn fuzz(&self, more: &[&str]) -> (Told, String) {
        let save = self.folder.path().join("findings").display().to_string();
        let jsonl = ["--format", "jsonl"];
        let words = ["fuzz", "--target", &self.target, "--save", &save];
        (call(&[&words[..], &jsonl, more].concat()), save)
    }

    /// Brings the server back at once: the campaign's last death may be fresh.
    fn revive(&self) {
        *self.mood.back.lock().unwrap() = None;
        self.mood.seen.store(0, Ordering::Relaxed);
    }

    fn replay(&self, folder: &str) -> Told {
        call(&["fuzz", "--target", &self.target, "--replay", folder])
    }
}

impl Mood {
    fn relay(self: &Arc<Self>, client: TcpStream, server: TcpStream) {
        let copies = [&client, &server].map(|it| it.try_clone().unwrap());
        let [mut from_client, mut from_server] = copies.map(|it| it.try_clone().unwrap());
        let mut open = self.open.lock().unwrap();
        open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
        drop(open);
        let (mut to_client, mut to_server) = (client, server);
        let mood = Arc::clone(self);
        std::thread::spawn(move || {
            let mut space = [0; 4096];
            while let Ok(read @ 1..) = from_client.read(&mut space) {
                let bytes = space.get(..read).unwrap_or_default();
                mood.look(bytes);
                if to_server.write_all(bytes).is_err() {
                    break;
                }
            }
            let _gone = to_server.shutdown(Shutdown::Both);
        });
        std::thread::spawn(move || {
            let mut space = [0; 4096];
            while let Ok(read @ 1..) = from_server.read(&mut space) {
                let bytes = space.get(..read).unwrap_or_default();
                if to_client.write_all(bytes).is_err() {
                    break;
                }
            }
            let _gone = to_client.shutdown(Shutdown::Both);
        });
    }

    fn look(&self, bytes: &[u8]) {
        let mut windows = bytes.windows(self.trigger.len());
        if !windows.any(|window| window == self.trigger) {
            return;
        }
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        match self.whim {
            Whim::Die { after, back } if seen >= after => {
                self.seen.store(0, Ordering::Relaxed);
                *self.back.lock().unwrap() = Instant::now().checked_add(back);
                for stream in self.open.lock().unwrap().drain(..) {
                    let _gone = stream.shutdown(Shutdown::Both);
                }
            }
            Whim::Wait(time) if seen == 1 => {
                let (_keep, nothing) = mpsc::channel::<()>();
                let _late = nothing.recv_timeout(time);
            }
            Whim::Die { .. } | Whim::Wait(_) => {}
        }
    }
}

fn events(out: &str) -> Vec<Value> {
    let lines = out.lines().map(serde_json::from_str);
    lines.map(|line| line.expect("a line is JSON")).collect()
}

fn findings(out: &str) -> Vec<Value> {
    let mut events = events(out);
    events.retain(|event| event["event"] == "finding");
    events
}

#[test]
fn a_death_belongs_to_the_case_that_caused_it() {
    let moody = Moody::start(
        "AWY",
        Whim::Die {
            after: 1,
            back: DOWN,
        },
    );
    let (told, save) = moody.fuzz(&["--cases", "4", "--friendly", "--no-known"]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let found = findings(&told.out);
    let death = found.iter().find(|found| found["verdict"] == "death");
    let death = death.unwrap_or_else(|| panic!("{}", told.out));
    let last = events(&told.out).pop().unwrap();
    assert_eq!(last["cases"], 4, "the campaign goes on: {last}");
    let text = std::fs::read_to_string(death["file"].as_str().unwrap()).unwrap();
    assert!(text.contains("AWY"), "{text}");
    assert!(text.lines().count() < 32, "{text}");
    assert!(text.contains("failed in 20 of 20 replays"), "{text}");
    moody.revive();
    let told = moody.replay(&save);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.out.contains("still failing"), "{}", told.out);
    let sound = Moody::start(
        "no such thing",
        Whim::Die {
            after: 1,
            back: DOWN,
        },
    );
    let told = sound.replay(&save);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.err.contains(" 0 still failing"), "{}", told.err);
}

#[test]
fn a_death_of_several_cases_is_kept_with_those_it_takes() {
    let moody = Moody::start(
        "AWY",
        Whim::Die {
            after: 6,
            back: DOWN,
        },
    );
    let (told, save) = moody.fuzz(&[
        "--cases",
        "24",
        "--friendly",
        "--no-known",
        "--jobs",
        "1",
        "--seed",
        "2",
    ]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    let found = findings(&told.out);
    assert_eq!(found[0]["verdict"], "death", "{}", told.out);
    let folder = found[0]["file"].as_str().unwrap();
    let count = std::fs::read_dir(folder).unwrap().count();
    assert!((2..17).contains(&count), "{count}");
    moody.revive();
    let told = moody.replay(&save);
    assert!(
        told.out.contains("still failing"),
        "{}{}",
        told.out,
        told.err
    );
}

#[test]
fn a_server_that_stays_dead_leaves_its_last_cases() {
    let back = Duration::from_secs(600);
    let moody = Moody::start("AWY", Whim::Die { after: 1, back });
    let (told, save) = moody.fuzz(&["--cases", "24", "--friendly", "--no-known"]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    assert!(told.err.contains("the server is dead"), "{}", told.err);
    let found = findings(&told.out);
    assert_eq!(found[0]["verdict"], "death", "{}", told.out);
    assert!(std::fs::read_dir(save).unwrap().count() > 0);
    let told = moody.replay("/");
    assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);
}

#[test]
fn slowness_is_no_finding() {
    let moody = Moody::start("LST", Whim::Wait(Duration::from_millis(1500)));
    let dialect = ["--dialect", "MSNP2"];
    let (told, _) =
        moody.fuzz(&[&dialect[..], &["--cases", "24", "--friendly", "--no-known"]].concat());
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let last = events(&told.out).pop().unwrap();
    assert!(last["slow"].as_u64() >= Some(1), "{last}");
    assert_eq!(last["verdicts"]["passed"], 24, "{last}");
}
