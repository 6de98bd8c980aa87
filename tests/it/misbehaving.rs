//! Servers that misbehave: each costs a scenario its verdict and nothing else.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may fail"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use msnpspec::diagnostic::Source;
use msnpspec::event::{Event, Rung, Verdict};
use msnpspec::net::{Doors, RunOptions, ServeOptions, Serving};
use msnpspec::scenario::Library;
use msnpspec::scenario::ast::Scenario;
use msnpspec::server::Config;
use msnpspec::target::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::loopback::{Ran, block, carry_out, practice};

/// What a server does once it has seen the trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Close,
    Reset,
    Mute,
    Garbage,
    EndlessLine,
    HugePayload,
    Drip,
    /// All connections end, and no new one is accepted.
    Die,
    /// All connections go silent, new ones too.
    Wedge,
}

const EACH: [Manner; 7] = [
    Manner::Close,
    Manner::Reset,
    Manner::Mute,
    Manner::Garbage,
    Manner::EndlessLine,
    Manner::HugePayload,
    Manner::Drip,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Up,
    Dead,
    Wedged,
}

/// A server that behaves until it sees the trigger: the bundled one behind a proxy.
struct Bad {
    address: SocketAddr,
    _serving: Serving,
}

impl Bad {
    async fn start(trigger: &'static str, manner: Manner) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let options = ServeOptions {
            doors: Doors::Single(any),
            host: None,
        };
        let serving = Serving::start(Config::default(), options).await.unwrap();
        let upstream = serving.doors().dispatch();
        let listener = TcpListener::bind(any).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (life, _) = watch::channel(Life::Up);
        let life = Arc::new(life);
        tokio::spawn(async move {
            let mut seen = life.subscribe();
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap().0,
                    died = seen.wait_for(|life| *life == Life::Dead) => {
                        drop(died);
                        return;
                    }
                };
                let life = Arc::clone(&life);
                tokio::spawn(async move {
                    let _ended = relay(stream, upstream, trigger, manner, &life).await;
                });
            }
        });
        Self {
            address,
            _serving: serving,
        }
    }

    fn target(&self) -> Target {
        let text = format!(
            "name: bad\ndispatch: {}\n\
             account_pattern: {{ handle: \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", to: 9 }}\n\
             disposable: true\n\
             timeouts: {{ connect: 300ms, reply: 300ms, quiet: 20ms }}\n",
            self.address
        );
        Target::from_yaml(&Source::new("bad.yaml", text)).unwrap()
    }
}

/// Waits for the end of the server's good life; whether it is wedged.
async fn ended(state: &mut watch::Receiver<Life>) -> bool {
    let changed = state.wait_for(|life| *life != Life::Up).await;
    changed.is_ok_and(|life| *life == Life::Wedged)
}

async fn relay(
    mut client: TcpStream,
    upstream: SocketAddr,
    trigger: &str,
    manner: Manner,
    life: &watch::Sender<Life>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    let mut state = life.subscribe();
    let (mut from_client, mut from_server) = (vec![0; 4096], vec![0; 4096]);
    loop {
        tokio::select! {
            wedged = ended(&mut state) => {
                if wedged {
                    std::future::pending::<()>().await;
                }
                return Ok(());
            }
            read = client.read(&mut from_client) => {
                let bytes = &from_client[..read?];
                if bytes.is_empty() {
                    return Ok(());
                }
                let trigger = trigger.as_bytes();
                if bytes.windows(trigger.len()).any(|window| window == trigger) {
                    return misbehave(client, manner, life).await;
                }
                server.write_all(bytes).await?;
            }
            read = server.read(&mut from_server) => {
                let bytes = &from_server[..read?];
                if bytes.is_empty() {
                    return Ok(());
                }
                client.write_all(bytes).await?;
            }
        }
    }
}

async fn misbehave(
    mut client: TcpStream,
    manner: Manner,
    life: &watch::Sender<Life>,
) -> std::io::Result<()> {
    match manner {
        Manner::Close => return Ok(()),
        Manner::Reset => return client.set_zero_linger(),
        Manner::Mute => {}
        Manner::Garbage => {
            let bytes = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
            client.write_all(&bytes.collect::<Vec<u8>>()).await?;
        }
        Manner::EndlessLine => loop {
            client.write_all(&[b'A'; 65_536]).await?;
        },
        Manner::HugePayload => {
            client.write_all(b"MSG a b 4294967295\r\n").await?;
            loop {
                client.write_all(&[b'A'; 65_536]).await?;
            }
        }
        Manner::Drip => {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            loop {
                second.tick().await;
                client.write_all(b"F").await?;
            }
        }
        Manner::Die => {
            life.send_replace(Life::Dead);
            return Ok(());
        }
        Manner::Wedge => {
            life.send_replace(Life::Wedged);
        }
    }
    std::future::pending().await
}

/// Scenarios by name and text.
fn scenarios(files: &[(&str, String)]) -> Vec<Arc<Scenario>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(format!("{name}.yaml")), text).unwrap();
    }
    let library = Library::from_paths(&[folder.path().to_path_buf()]).unwrap();
    library.into_scenarios().into_iter().map(Arc::new).collect()
}

fn bystander() -> String {
    "description: pings are answered\nclauses: [PNG-1]\nusers: { alice: { state: NLN } }\n\
     steps:\n  - repeat: 20\n    steps:\n      - C: PNG\n      - S: QNG *|...\n"
        .replace("QNG *|...", "QNG ...")
}

fn victim() -> String {
    "description: somebody is looked for\nclauses: [FND-1]\nusers: { alice: { state: NLN } }\n\
     steps:\n  - C: FND {t} fname=a lname=b city=c state=d country=e\n  - S: FND {t} 0 0\n"
        .to_owned()
}

/// Eight who do nothing special, and one who triggers.
fn crowd() -> Vec<Arc<Scenario>> {
    let mut files: Vec<_> = (0..8).map(|n| (format!("quiet{n}"), bystander())).collect();
    files.push(("victim".to_owned(), victim()));
    let files: Vec<_> = files.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
    scenarios(&files)
}

fn run_against(trigger: &'static str, manner: Manner, options: RunOptions) -> Ran {
    block(async {
        let bad = Bad::start(trigger, manner).await;
        let within = Duration::from_secs(60);
        let ran = carry_out(bad.target(), crowd(), options);
        let ran = tokio::time::timeout(within, ran).await;
        ran.expect("a run ends whatever the server does")
    })
}

/// They wait for time-outs mostly: together they take no longer than one.
fn side_by_side(manners: &[Manner], test: impl Fn(Manner) + Sync) {
    std::thread::scope(|scope| {
        for manner in manners {
            scope.spawn(|| test(*manner));
        }
    });
}

#[test]
fn a_server_that_misbehaves_from_the_start_is_told_once() {
    side_by_side(&EACH, |manner| {
        let ran = run_against("VER", manner, practice());
        assert_eq!(ran.end.exit_code, 1, "{manner:?} {}", ran.complaints());
        assert!(ran.notices().is_empty(), "{manner:?} {}", ran.complaints());
        let summary = ran.summary();
        // Whatever it does instead of answering VER, that is told, and blocks all that follows.
        let mut causes = summary.causes.iter();
        let of_ver = causes.find(|cause| cause.rung == Some(Rung::Ver));
        let blocks = of_ver.map(|cause| cause.blocks);
        assert_eq!(blocks, Some(summary.totals.all()), "{manner:?}");
    });
}

#[test]
fn a_server_that_refuses_is_told_once() {
    let target = block(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let account = msnpspec::target::Account::new("user1@hotmail.com", "pw1");
        Target::address(&address, vec![account]).unwrap()
    });
    let ran = block(carry_out(target, crowd(), practice()));
    assert_eq!((ran.end.exit_code, ran.results().count()), (3, 0));
    let notices = ran.notices();
    assert!(
        notices.len() == 1 && notices[0].contains("connection refused"),
        "{notices:?}"
    );
}

#[test]
fn a_connection_that_misbehaves_costs_its_scenario_and_no_other() {
    side_by_side(&EACH, |manner| {
        let ran = run_against("FND", manner, practice());
        for result in ran.results() {
            let expected = match result.name.as_str() {
                "victim" => Verdict::Failed,
                _ => Verdict::Passed,
            };
            assert_eq!(result.verdict, expected, "{manner:?} {}", ran.complaints());
        }
        assert_eq!(
            (ran.end.exit_code, ran.results().count()),
            (1, 9),
            "{manner:?}"
        );
    });
}

#[test]
fn a_server_that_dies_or_wedges_ends_the_run_with_one_notice_and_whole_reports() {
    side_by_side(&[Manner::Die, Manner::Wedge], |manner| {
        let ran = run_against(
            "FND",
            manner,
            RunOptions {
                jobs: Some(1),
                ..practice()
            },
        );
        assert_eq!(ran.results().count(), 9, "{manner:?} {}", ran.complaints());
        assert_eq!(ran.end.exit_code, 1, "{manner:?} {}", ran.complaints());
        let errors = ran
            .notices()
            .iter()
            .filter(|n| n.contains("did not come back"))
            .count();
        assert_eq!(errors, 1, "{manner:?} {}", ran.complaints());
        let guilty = ran
            .results()
            .find(|result| result.name == "victim")
            .unwrap();
        assert_eq!(
            guilty.verdict,
            Verdict::Failed,
            "{manner:?} {}",
            ran.complaints()
        );
        assert_eq!(guilty.failures[0].clause.unwrap().as_str(), "LIVE-1");
    });
}

#[test]
fn a_wrong_password_is_one_message() {
    let ran = block(async {
        let serving = Serving::start(Config::default(), ServeOptions::default())
            .await
            .unwrap();
        let address = serving.doors().dispatch().to_string();
        let accounts = (1..4)
            .map(|n| msnpspec::target::Account::new(format!("user{n}@hotmail.com"), "wrong"))
            .collect();
        let target = Target::address(&address, accounts).unwrap();
        carry_out(target, crowd(), practice()).await
    });
    assert_eq!((ran.end.exit_code, ran.results().count()), (3, 0));
    let notices = ran.notices();
    let told = "no account is usable: user1@hotmail.com cannot log in";
    assert!(
        notices.len() == 1 && notices[0].starts_with(told) && notices[0].contains("911"),
        "{notices:?}"
    );
}

#[test]
fn a_server_elsewhere_is_refused_before_anything_is_sent() {
    let account = msnpspec::target::Account::new("user1@hotmail.com", "pw1");
    let target = Target::address("192.0.2.1:1863", vec![account]).unwrap();
    let plan = msnpspec::net::Plan {
        target,
        scenarios: crowd(),
        library: Vec::new(),
        options: practice(),
    };
    let mut events: Vec<Event> = Vec::new();
    let refused = block(msnpspec::net::run(plan, &mut |event| events.push(event)));
    assert_eq!(refused.unwrap_err().exit_code(), 2);
    assert!(events.is_empty());
}
