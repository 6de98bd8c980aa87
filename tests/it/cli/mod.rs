//! The program as its users meet it.

mod captures;
mod check;
mod compare;
mod dialects;
mod doctor;
mod examples;
mod fuzz;
mod fuzz_target;
mod import;
mod merge;
mod record;
mod replay;
mod run;
mod shrink;
mod tutorial;

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// What a call came to.
struct Told {
    code: Option<i32>,
    out: String,
    err: String,
}

fn msnpspec() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msnpspec"));
    command.env_remove("MSNPSPEC_TARGET").env_remove("NO_COLOR");
    command.stdin(Stdio::null());
    command
}

fn told(output: Output) -> Told {
    Told {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

fn call(words: &[&str]) -> Told {
    told(msnpspec().args(words).output().expect("the program starts"))
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder takes files");
    path.display().to_string()
}

#[test]
fn every_command_has_help_with_an_example() {
    let top = call(&["--help"]);
    assert_eq!(top.code, Some(0));
    let commands = top.out.split("Commands:").nth(1).unwrap();
    let commands = commands.split("Options:").next().unwrap();
    let names: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        let help = call(&[name, "--help"]);
        assert_eq!(help.code, Some(0), "{name}");
        assert!(help.out.contains("Example"), "{name}");
        assert!(help.out.contains(&format!("msnpspec {name}")), "{name}");
    }
}

#[test]
fn slips_are_answered_and_are_wrong_usage() {
    for (words, near) in [
        (&["explian", "USR-6"][..], "explain"),
        (&["explain", "USR-66"], "USR-6"),
        (&["explain", "usrr"], "USR"),
        (&["explain", "912"], "911"),
        (&["coverage", "USR-66"], "USR-6"),
        (&["coverage", "msgg"], "MSG"),
        (&["coverage", "--format", "jsn"], "json"),
        (&["list", "claues"], "clauses"),
        (&["list", "clauses", "--colour", "never"], "--color"),
        (&["schema", "scenari"], "scenario"),
        (&["run", "--format", "junti"], "junit"),
        (&["run", "--filter", "USR-66"], "USR-6"),
        (&["run", "--levl", "must"], "--level"),
        (&["serve", "--fault", "mesage-twice"], "message-twice"),
        (&["serve", "--fault", "qqq"], "list faults"),
        (&["serve", "--persona", "talkativ"], "`talkative`"),
    ] {
        let told = call(words);
        assert_eq!(told.code, Some(2), "{words:?}");
        assert!(told.err.contains(near), "{words:?}: {}", told.err);
        assert!(told.out.is_empty(), "{words:?}");
    }
    assert_eq!(call(&[]).code, Some(2));
}

#[test]
fn clauses_groups_and_codes_are_explained() {
    let clause = call(&["explain", "usr-6"]);
    assert_eq!(clause.code, Some(0), "{}", clause.err);
    assert!(clause.out.starts_with("USR-6  must"), "{}", clause.out);
    let group = call(&["explain", "USR"]);
    assert!(group.out.contains("USR-1 ") && group.out.contains("USR-9 "));
    assert!(!group.out.contains("VER-1 "));
    let code = call(&["explain", "217"]);
    assert!(code.out.starts_with("217"), "{}", code.out);
}

#[test]
fn lists_are_one_thing_a_line() {
    let clauses = call(&["list", "clauses"]);
    assert_eq!(
        clauses.out.lines().count(),
        msnpspec::protocol::Clause::all().len()
    );
    for line in clauses.out.lines() {
        assert_eq!(line.split('\t').count(), 4, "{line}");
    }
    assert!(call(&["list", "codes"]).out.contains("\n217\tpractice\t"));
    let oracles = call(&["list", "oracles"]).out;
    assert!(
        oracles
            .lines()
            .any(|line| line.starts_with("framing\tFRAME-1 "))
    );
    let personas = call(&["list", "personas"]).out;
    assert!(
        personas.contains("\ntalkative\tUSR-2 CHG-1 ADD-1 "),
        "{personas}"
    );
    let faults = call(&["list", "faults"]);
    assert_eq!(faults.out.lines().count(), msnpspec::server::faults().len());
    assert!(
        faults
            .out
            .contains("\nmessage-twice\tMSG-1\tMessages come twice.\n")
    );
    let scenarios = call(&["list", "scenarios"]);
    assert_eq!(scenarios.code, Some(0), "{}", scenarios.err);
    assert!(
        scenarios
            .out
            .lines()
            .all(|line| line.split('\t').count() == 4)
    );
    assert_eq!(call(&["list", "codes", "x"]).code, Some(2));
}

#[test]
fn a_bad_scenario_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = "description: x\ncluases: [VER-1]\nusers: [alice]\nsteps:\n  - C: PNG\n";
    let file = write(folder.path(), "bad.yaml", text);
    let told = call(&["list", "scenarios", &file]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("bad.yaml:2:1"), "{}", told.err);
    assert!(told.err.contains("cluases: [VER-1]"), "{}", told.err);
    assert!(told.err.contains("^^^^^^^"), "{}", told.err);
    assert!(told.err.contains("clauses"), "{}", told.err);
    let told = call(&["list", "scenarios", "no-such-folder"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("no-such-folder"), "{}", told.err);
}

#[test]
fn the_schema_takes_every_scenario_and_no_slip() {
    let told = call(&["schema", "scenario"]);
    let schema: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    // Words such as `N` are no truth values for the reader of scenarios, nor for YAML 1.2.
    let options = serde_yaml::options! { strict_booleans: true };
    let mut count = 0;
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let value: serde_json::Value =
                    serde_yaml::from_str_with_options(&text, options.clone()).unwrap();
                let errors: Vec<String> = validator
                    .iter_errors(&value)
                    .map(|error| error.to_string())
                    .collect();
                assert!(
                    errors.is_empty(),
                    "{}: {}",
                    path.display(),
                    errors.join("\n")
                );
                count += 1;
            }
        }
    }
    assert!(count > 20);
    let good = serde_json::json!({
        "description": "x", "clauses": ["USR-6"], "users": ["alice"],
        "steps": [{ "alice C": "PNG" }],
    });
    assert!(validator.is_valid(&good));
    for slip in [
        ("cluases", "clauses"),
        ("alice c", "alice C"),
        ("USR-66", "USR-6"),
    ] {
        let text = good.to_string().replace(slip.1, slip.0);
        assert!(
            !validator.is_valid(&serde_json::from_str(&text).unwrap()),
            "{slip:?}"
        );
    }
}

#[test]
fn the_schema_takes_every_example_of_a_target() {
    let told = call(&["schema", "target"]);
    let schema: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/targets");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(
            errors.is_empty(),
            "{}: {}",
            path.display(),
            errors.join("\n")
        );
        let slip = text.replace("dispatch:", "dispach:");
        let slip: serde_json::Value = serde_yaml::from_str(&slip).unwrap();
        assert!(!validator.is_valid(&slip), "{}", path.display());
        let name = path.display().to_string();
        let told = call(&["run", "--dry-run", "--remote", "--target", &name]);
        assert_eq!(told.code, Some(0), "{name}: {}", told.err);
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn completions_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        let told = call(&["completions", shell]);
        assert_eq!(told.code, Some(0));
        assert!(told.out.contains("explain"), "{shell}");
    }
    assert!(call(&["man"]).out.contains(".TH msnpspec 1"));
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("new");
    assert_eq!(
        call(&["man", "--dir", &dir.display().to_string()]).code,
        Some(0)
    );
    assert!(dir.join("msnpspec-explain.1").exists());
}

#[test]
fn colours_only_where_wanted() {
    let plain = call(&["explain", "USR-6"]);
    assert!(!plain.out.contains('\x1b'));
    let forced = call(&["explain", "USR-6", "--color", "always"]);
    assert!(forced.out.contains('\x1b'));
    let mut command = msnpspec();
    command
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .args(["explain", "USR-6"]);
    let told = told(command.output().unwrap());
    assert!(!told.out.contains('\x1b'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut command = msnpspec();
    command
        .args(["list", "clauses"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let told = told(child.wait_with_output().unwrap());
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""));
}

#[test]
fn serve_takes_loopback_only_and_tells_bad_accounts() {
    let told = call(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("--remote"), "{}", told.err);
    let folder = tempfile::tempdir().unwrap();
    let text = "- { handle: a@hotmail.com, password: topsecret, nmae: A }\n";
    let file = write(folder.path(), "accounts.yaml", text);
    let told = call(&["serve", "--listen", "127.0.0.1:0", "--accounts", &file]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("accounts.yaml:1:"), "{}", told.err);
    assert!(!told.err.contains("topsecret"), "{}", told.err);
    for accounts in [
        "- { handle: a@b.c, pasword: S3cr3t }\n",
        "- a@b.c:S3cr3t\n",
        "- { a@b.c: S3cr3t }\n",
        "- { handle: a@b.c, S3cr3t }\n",
        "- { handle: a@b.c, password: [S3cr3t] }\n",
        "- { handle: a@b.c, password: S3cr3t\n",
        "S3cr3t\n",
    ] {
        let file = write(folder.path(), "bad.yaml", accounts);
        let told = call(&["serve", "--listen", "127.0.0.1:0", "--accounts", &file]);
        assert_eq!(told.code, Some(2), "{}", told.err);
        assert!(!told.err.contains("S3cr3t"), "{}", told.err);
        assert!(told.err.contains("bad.yaml:"), "{}", told.err);
    }
    let told = call(&["serve", "--accounts", "no-such.yaml"]);
    assert_eq!(told.code, Some(2));
}

/// The bundled server, in a process of its own; it is ended with the test.
struct Serving {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    head: Vec<String>,
    dispatch: String,
}

impl Serving {
    fn start(words: &[&str]) -> Self {
        let mut command = msnpspec();
        let any = "127.0.0.1:0";
        command.args([
            "serve",
            "--dispatch",
            any,
            "--notification",
            any,
            "--switchboard",
            any,
        ]);
        command.args(words);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let head = lines.by_ref().map(|line| line.expect("lines are UTF-8"));
        let head: Vec<String> = head.take_while(|line| line != "ready").collect();
        let dispatch = head.first().and_then(|line| line.strip_prefix("dispatch "));
        let dispatch = dispatch.expect("the first line names the port").to_owned();
        Self {
            child,
            lines,
            head,
            dispatch,
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn serve_tells_its_ports_and_stops_in_order() {
    let mut serving = Serving::start(&[]);
    assert!(serving.head[3].starts_with("tickets http://127.0.0.1:"));
    assert_eq!(serving.head[4], "account user1@hotmail.com pw1");
    #[expect(
        clippy::disallowed_types,
        reason = "a client of the program that is tested"
    )]
    let mut client = std::net::TcpStream::connect(&serving.dispatch).unwrap();
    client.write_all(b"VER 1 MSNP2\r\n").unwrap();
    let mut reply = [0; 13];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"VER 1 MSNP2\r\n");
    let pid = serving.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    assert_eq!(serving.lines.next().unwrap().unwrap(), "stopped");
}

#[test]
fn serve_speaks_the_dialects_that_it_is_told() {
    let serving = Serving::start(&["--dialects", "MSNP3-MSNP4"]);
    #[expect(
        clippy::disallowed_types,
        reason = "a client of the program that is tested"
    )]
    let mut client = std::net::TcpStream::connect(&serving.dispatch).unwrap();
    client
        .write_all(b"VER 1 MSNP5 MSNP4 MSNP3 CVR0\r\n")
        .unwrap();
    let mut reply = [0; 13];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"VER 1 MSNP4\r\n");
}

#[test]
fn serve_plants_the_faults_that_it_is_told() {
    let faults = ["--fault", "other-dialect", "--fault", "trailing-blank"];
    let serving = Serving::start(&faults);
    #[expect(
        clippy::disallowed_types,
        reason = "a client of the program that is tested"
    )]
    let mut client = std::net::TcpStream::connect(&serving.dispatch).unwrap();
    client.write_all(b"VER 1 MSNP2\r\n").unwrap();
    let mut reply = [0; 14];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"VER 1 MSNP3 \r\n");
}
