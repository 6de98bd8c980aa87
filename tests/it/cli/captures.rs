//! Captures on the command line: real ones of tcpdump, kept as data, and made anew where tcpdump
//! may be used.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Serving, Told, call, msnpspec, told};

fn data(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/captures");
    folder.join(name).display().to_string()
}

/// Faults that show in what the twenty users say.
const FAULTS: [&str; 12] = [
    "trailing-blank",
    "two-blanks",
    "trid-off-by-one",
    "answered-twice",
    "unasked-reply",
    "presence-has-trid",
    "session-lines-have-trid",
    "ring-has-trid",
    "message-twice",
    "line-feed-alone",
    "batch-order",
    "iln-trid-zero",
];

/// What oracles say in a JSON report: clause, oracle, in its words.
fn findings(path: &Path) -> BTreeSet<[String; 3]> {
    let text = std::fs::read_to_string(path).expect("the report was written");
    let json: serde_json::Value = serde_json::from_str(&text).expect("a JSON document");
    let list = |of: &serde_json::Value, key| of.get(key).and_then(|it| it.as_array()).cloned();
    let scenarios = list(&json, "scenarios").expect("a list").into_iter();
    let failures = scenarios.flat_map(|it| list(&it, "failures").expect("a list"));
    let word = |it: &serde_json::Value, key| {
        let word = it.get(key).and_then(|it| it.as_str());
        word.unwrap_or_default().to_owned()
    };
    failures
        .map(|it| [word(&it, "clause"), word(&it, "judge"), word(&it, "detail")])
        .filter(|[_, by, _]| by != "step")
        .collect()
}

/// A capture under way.
struct Tcpdump(Child);

impl Tcpdump {
    fn start(ports: &[&str], file: &Path) -> Self {
        let filter: Vec<String> = ports.iter().map(|port| format!("port {port}")).collect();
        let mut command = Command::new("tcpdump");
        command.args(["-i", "lo", "-U", "-B", "65536", "-s", "0", "-w"]);
        command.arg(file).arg(filter.join(" or "));
        let started = command.stderr(Stdio::piped()).spawn();
        let mut child = started.expect("tcpdump starts");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut lines = lines.map(|line| line.expect("lines are UTF-8"));
        assert!(
            lines.any(|line| line.contains("listening on")),
            "no right to capture"
        );
        std::thread::spawn(move || lines.count());
        Self(child)
    }

    fn stop(mut self) {
        let pid = self.0.id().to_string();
        let killed = Command::new("kill").args(["-INT", &pid]).status();
        assert!(killed.expect("kill runs").success());
        self.0.wait().expect("it ends");
    }
}

fn run_twenty(serving: &Serving, report: &Path) -> Told {
    let mut command = msnpspec();
    let scenario = data("twenty-users.yaml");
    command.args(["run", &scenario, "--target", &serving.dispatch]);
    command.args(["--disposable", "--level", "practice", "--timeout", "0.3"]);
    for n in 1..=20 {
        command.args(["--account", &format!("user{n}@hotmail.com:pw{n}")]);
    }
    command.args(["--format", "json", "--output"]).arg(report);
    told(command.output().expect("the program starts"))
}

#[test]
#[expect(clippy::print_stdout, reason = "what was measured")]
#[ignore = "needs tcpdump and the right to capture on loopback"]
fn tcpdump_shows_check_what_the_run_saw() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let place = |name: &str| folder.path().join(name);
    let mut table = String::new();
    for fault in FAULTS {
        let serving = Serving::start(&["--fault", fault, "--seed", "1"]);
        let addresses = serving.head.iter().filter_map(|line| line.split_once(' '));
        let ports = addresses.filter_map(|(_, address)| address.strip_prefix("127.0.0.1:"));
        let ports: Vec<&str> = ports.collect();
        assert_eq!(ports.len(), 3, "{:?}", serving.head);
        let (cap, live, seen) = (place("cap.pcap"), place("live.json"), place("seen.json"));
        let tcpdump = Tcpdump::start(&ports, &cap);
        let run = run_twenty(&serving, &live);
        tcpdump.stop();
        drop(serving);
        let mut check = msnpspec();
        check.arg("check").arg(&cap).args(["--level", "practice"]);
        check.args(["--format", "json", "--output"]).arg(&seen);
        let check = told(check.output().expect("the program starts"));
        let (live, seen) = (findings(&live), findings(&seen));
        assert_eq!(live, seen, "{fault}\n{}\n{}", run.err, check.err);
        assert!(!live.is_empty(), "{fault} does not show");
        let clauses: BTreeSet<&str> = live.iter().map(|[clause, ..]| clause.as_str()).collect();
        assert_eq!(check.err, "", "{fault}");
        table += &format!("{fault}: {} findings, {clauses:?}\n", live.len());
    }
    println!("{table}");
}

#[test]
fn real_captures_are_judged() {
    for name in ["cooked.pcap", "cooked2.pcap", "ipv6.pcapng"] {
        let told = call(&["check", "--level", "practice", &data(name)]);
        assert_eq!(
            (told.code, told.err.as_str()),
            (Some(0), ""),
            "{name}: {}",
            told.out
        );
    }
    let told = call(&["check", &data("ethernet.pcap")]);
    assert_eq!((told.code, told.err.as_str()), (Some(1), ""));
    for part in [
        "finding MSG-1",
        "the oracle messages",
        "user2@sb S: MSG user1",
    ] {
        assert!(told.out.contains(part), "{part} is not in\n{}", told.out);
    }
}

#[test]
fn what_was_not_kept_is_told_and_accuses_nobody() {
    let told = call(&["check", "--level", "practice", &data("short.pcap")]);
    assert_eq!(told.code, Some(0), "{}", told.out);
    for part in [
        "packets were not captured whole",
        "are missing in",
        "not judged",
    ] {
        assert!(told.err.contains(part), "{part} is not in\n{}", told.err);
    }
}

#[test]
fn a_capture_becomes_a_scenario_that_replays() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let made = folder.path().join("made.yaml").display().to_string();
    for name in ["cooked.pcap", "cooked2.pcap", "ipv6.pcapng"] {
        let told = call(&["import", "--force", "-o", &made, &data(name)]);
        assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{name}");
        let yaml = std::fs::read_to_string(&made).expect("it was written");
        assert!(yaml.contains("{md5(challenge, user1.password)}"), "{yaml}");
        let told = call(&["run", &made]);
        assert_eq!(told.code, Some(0), "{name}: {}", told.out);
    }
}

#[test]
fn what_is_no_capture_of_msnp_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder takes files");
        path.display().to_string()
    };
    let capture = std::fs::read(data("cooked.pcap")).expect("it is there");
    let head = capture.get(..24).expect("a header");
    for (name, bytes, said) in [
        ("empty.pcap", &b""[..], "the file is empty"),
        ("head.pcap", head, "no MSNP conversation among 0 packets"),
        (
            "packed.pcap",
            &[0x1f, 0x8b, 8, 0],
            "the compressed file is damaged",
        ),
        (
            "text.pcap",
            b"notes of mine\n",
            "neither a pcap nor a pcapng file",
        ),
        (
            "noise.pcapng",
            &[0, 255, 1],
            "neither a pcap nor a pcapng file",
        ),
    ] {
        for command in ["check", "import"] {
            let told = call(&[command, &write(name, bytes)]);
            assert_eq!(told.code, Some(2), "{name}: {}", told.out);
            assert!(told.err.contains(said), "{name}: {}", told.err);
            assert_eq!(told.err.lines().count(), 1, "{}", told.err);
        }
    }
    let cut = capture.get(..9000).expect("it is longer");
    let told = call(&["check", &write("cut.pcap", cut)]);
    assert_eq!(told.code, Some(0), "{}", told.out);
    assert!(told.err.contains("damaged or cut off behind packet"));
}
