//! `docs/tutorial.md`: each command that it shows prints what it shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Told, msnpspec, told};
use crate::loopback::free_port;

/// A command of the page, and what the page shows of what it prints.
struct Shown<'p> {
    command: &'p str,
    lines: Vec<&'p str>,
}

fn shown(page: &str) -> Vec<Shown<'_>> {
    let blocks = page.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let mut all = Vec::<Shown<'_>>::new();
    for line in lines {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push(Shown {
                command,
                lines: Vec::new(),
            }),
            (None, Some(last)) => last.lines.push(line),
            (None, None) => panic!("{line}: which command prints it?"),
        }
    }
    all
}

/// Whether a line of the page shows a printed one: numbers may differ, and `…` leaves out the rest.
fn is_shown(shown: &str, printed: &str) -> bool {
    let mut words = printed.split_whitespace();
    for word in shown.split_whitespace() {
        let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        match words.next() {
            _ if word == "…" => return true,
            Some(other) if word == other || (is_number(word) && is_number(other)) => {}
            _ => return false,
        }
    }
    words.next().is_none()
}

/// Two ports, one behind the other.
fn two_ports() -> u16 {
    let mut first = free_port();
    loop {
        let next = free_port();
        if next == first + 1 {
            return first;
        }
        first = next;
    }
}

/// The folder of the page, with other ports, and one file that is broken as the page says.
fn prepare(folder: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/first-server");
    let port = two_ports().to_string();
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be read");
        if entry.path().is_dir() {
            continue;
        }
        let text = fs::read_to_string(entry.path()).expect("it is text");
        let text = text.replace("1863", &port);
        fs::write(folder.join(entry.file_name()), text).expect("the folder takes files");
    }
}

fn carry_out(command: &str, folder: &Path) -> Told {
    let mut words = command.split(' ').peekable();
    let step = words.next_if(|word| word.starts_with("STEP="));
    assert_eq!(words.next(), Some("msnpspec"), "{command}");
    let mut program = msnpspec();
    program.args(words).current_dir(folder);
    program.envs(step.and_then(|step| step.split_once('=')));
    told(program.output().expect("the program starts"))
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that cannot run says so")]
fn each_command_of_the_tutorial_prints_what_it_shows() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("not run: no python3");
        return;
    }
    let folder = tempfile::tempdir().expect("there is room");
    prepare(folder.path());
    let page = include_str!("../../../docs/tutorial.md");
    let all = shown(page);
    assert!(all.len() > 8, "{}", all.len());
    for Shown { command, lines } in all {
        let told = carry_out(command, folder.path());
        let mut printed = told.out.lines();
        for line in lines.into_iter().filter(|line| *line != "…") {
            let is_there = printed.any(|other| is_shown(line, other));
            assert!(is_there, "{command}\n{line}\n{}\n{}", told.out, told.err);
        }
    }
}

#[test]
fn the_tutorial_shows_the_target_file_that_it_uses() {
    let page = include_str!("../../../docs/tutorial.md");
    let file = include_str!("../../../docs/first-server/my-server.yaml");
    let shown = page.split("```yaml\n# my-server.yaml\n").nth(1);
    let shown = shown.and_then(|rest| rest.split("```").next());
    assert_eq!(shown, Some(file));
}
