//! Captures on the command line: real ones of tcpdump, kept as data, and made anew where tcpdump
//! may be used.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Serving, Told, msnpspec, told};

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
        .map(|it| [word(&it, "clause"), word(&it, "by"), word(&it, "detail")])
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
