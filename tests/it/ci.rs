//! What CI services read: it is YAML, its steps are scripts that a shell takes, and every command line of
//! ours in it is one that the program takes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const WORKFLOWS: [&str; 5] = [
    ".github/workflows/ci.yml",
    ".github/workflows/release.yml",
    "docs/ci/github.yml",
    "docs/ci/forgejo.yml",
    "examples/ci/shards.yml",
];

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn keys(value: &Value) -> Vec<&str> {
    let map = value.as_object().expect("it is a map");
    map.keys().map(String::as_str).collect()
}

/// Whether a shell takes it.
fn shell_takes(script: &str) -> bool {
    // What the service fills in is no word of the shell.
    let parts: Vec<&str> = script.split("${{").collect();
    let filled: Vec<&str> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| match at {
            0 => part,
            _ => part.split_once("}}").map_or("", |(_, rest)| rest),
        })
        .collect();
    let mut shell = Command::new("bash");
    shell.args(["-n", "-c", &filled.join("x")]);
    shell
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
}

#[test]
fn workflows_have_what_the_service_wants() {
    for path in WORKFLOWS {
        let workflow = yaml(path);
        for key in keys(&workflow) {
            let known = ["name", "on", "permissions", "jobs", "env", "defaults"];
            assert!(known.contains(&key), "{path}: {key}");
        }
        let jobs = workflow["jobs"].as_object().expect("there are jobs");
        for (name, job) in jobs {
            let limit = job["timeout-minutes"].as_u64();
            let is_bounded = limit.is_some() || path.contains("forgejo");
            assert!(job["runs-on"].is_string() && is_bounded, "{path}: {name}");
            let needs = job["needs"].as_str();
            assert!(
                needs.is_none_or(|other| jobs.contains_key(other)),
                "{path}: {name}"
            );
            for step in job["steps"].as_array().expect("there are steps") {
                for key in keys(step) {
                    let known = ["name", "id", "if", "uses", "with", "run", "env", "shell"];
                    assert!(known.contains(&key), "{path}: {key}");
                }
                match (step["uses"].as_str(), step["run"].as_str()) {
                    (Some(action), None) => {
                        let (_, version) = action.split_once('@').expect("it has a version");
                        assert!(version.starts_with('v'), "{path}: {action}");
                    }
                    (None, Some(script)) => assert!(shell_takes(script), "{path}: {script}"),
                    both => panic!("{path}: {both:?}"),
                }
            }
        }
    }
    assert!(!shell_takes("if true; then"), "the check bites");
}

#[test]
fn what_the_action_takes_reaches_its_scripts() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("there are steps");
    let mut read = Vec::new();
    for step in steps {
        assert_eq!(step["shell"], "bash", "a composite step says which");
        let script = step["run"].as_str().expect("it runs a script");
        let path = script
            .split("GITHUB_ACTION_PATH/")
            .nth(1)
            .expect("one of ours");
        let script = text(path.trim_end_matches('"'));
        assert!(shell_takes(&script));
        for (name, value) in step["env"].as_object().expect("inputs come by variables") {
            assert!(
                script.contains(&format!("${{{name}:")),
                "{name} is not read"
            );
            let input = value.as_str().unwrap_or_default();
            read.extend(
                input
                    .split("inputs.")
                    .nth(1)
                    .map(|it| it.trim_end_matches(" }}")),
            );
        }
        // Nothing that somebody else writes is put into a script by the service.
        assert!(!step["run"].as_str().unwrap_or_default().contains("${{"));
    }
    let mut declared = keys(&action["inputs"]);
    declared.sort_unstable();
    read.sort_unstable();
    assert_eq!(read, declared);
    let script = text("docs/ci/run.sh");
    for output in keys(&action["outputs"]) {
        assert!(script.contains(&format!("echo \"{output}=")), "{output}");
    }
}

/// Runs the script of the action as the service does.
fn step(folder: &Path, target: &str, level: &str, more: &str) -> (Option<i32>, String) {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_msnpspec"));
    let bin = program.parent().expect("it is in a folder");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let ended = Command::new("bash")
        .arg(root().join("docs/ci/run.sh"))
        .current_dir(folder)
        .env("PATH", path)
        .env("RUNNER_TEMP", folder)
        .env("GITHUB_STEP_SUMMARY", folder.join("summary"))
        .env("GITHUB_OUTPUT", folder.join("output"))
        .env("TARGET", target)
        .env("LEVEL", level)
        .env("MORE", more)
        .output()
        .expect("there is a bash");
    let out = String::from_utf8(ended.stdout).expect("it is UTF-8");
    (ended.status.code(), out)
}

#[cfg(unix)]
#[test]
fn the_action_writes_a_summary_a_badge_and_results() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let (code, out) = step(
        folder.path(),
        "builtin",
        "must",
        "-f version --dialect MSNP2",
    );
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("::notice"), "{out}");
    assert!(
        read("summary").contains("nothing broken"),
        "{}",
        read("summary")
    );
    let badge: Value = serde_json::from_str(&read("msnpspec-results/badge.json")).expect("JSON");
    assert_eq!(
        (&badge["schemaVersion"], &badge["message"]),
        (&1.into(), &"passes".into())
    );
    let output = read("output");
    for name in ["result", "junit", "badge"] {
        let file = output
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")));
        assert!(Path::new(file.expect("it is told")).is_file(), "{name}");
    }
    let (code, _) = step(folder.path(), "127.0.0.1:1", "must", "");
    assert_ne!(code, Some(0));
    assert!(
        read("output").contains("verdict=could not run"),
        "{}",
        read("output")
    );
}

#[test]
fn the_binaries_have_the_names_that_are_asked_for() {
    let release = yaml(".github/workflows/release.yml");
    let rows = &release["jobs"]["build"]["strategy"]["matrix"]["include"];
    let rows = rows.as_array().expect("there is a matrix").iter();
    let built: Vec<&str> = rows
        .map(|row| row["target"].as_str().expect("a target"))
        .collect();
    let install = text("docs/ci/install.sh");
    let asked = install
        .lines()
        .filter_map(|line| line.split("triple=").nth(1));
    let asked: Vec<&str> = asked.filter_map(|rest| rest.split(' ').next()).collect();
    assert_eq!(built, asked);
    let manifest = text("Cargo.toml");
    let urls = manifest.lines().filter(|line| line.starts_with("pkg-url"));
    let mut count = 0;
    for url in urls {
        let name = url.rsplit('/').next().expect("a name");
        let name = name.replace("{ target }", built.first().expect("one"));
        let triple = name
            .trim_start_matches("msnpspec-")
            .trim_end_matches(".tar.gz\"");
        assert!(built.contains(&triple), "{url}");
        count += 1;
    }
    assert_eq!(count, 3);
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(
            text("Dockerfile").contains(file)
                && text(".github/workflows/release.yml").contains(file)
        );
        assert!(text(file).len() > 1000);
    }
}
