//! `msnpspec record`: what was said is written down, whatever becomes of the recorder.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};

use super::{Serving, call, msnpspec};

/// A process that is killed with the test, without a word.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[test]
fn what_was_said_outlives_the_recorder_and_a_finding_is_a_line_at_once() {
    let serving = Serving::start(&["--fault", "line-feed-alone"]);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("session.txt");
    let file = file.to_str().expect("a path");
    let mut command = msnpspec();
    let words = ["record", "--listen", "127.0.0.1:0", "-o", file, "--target"];
    command
        .args(words)
        .arg(&serving.dispatch)
        .stderr(Stdio::piped());
    let mut recorder = Ended(command.spawn().expect("the program starts"));
    let mut told = BufReader::new(recorder.0.stderr.take().expect("it is piped")).lines();
    let mut line = || told.next().expect("a line").expect("lines are UTF-8");
    let head = line();
    let at = head.split(' ').find(|word| word.starts_with("127."));
    #[expect(
        clippy::disallowed_types,
        reason = "a client of the program that is tested"
    )]
    let mut client =
        std::net::TcpStream::connect(at.expect("it names the port")).expect("it listens");
    client
        .write_all(b"VER 1 MSNP2\r\n")
        .expect("the connection stands");
    let mut reply = [0; 12];
    client
        .read_exact(&mut reply)
        .expect("the connection stands");
    // The finding stands on the terminal while the conversation goes on.
    let finding = line();
    assert!(finding.contains("FRAME-1"), "{finding}");
    drop(recorder);
    let text = std::fs::read_to_string(file).expect("it was written");
    for part in [" C: VER 1 MSNP2\n", " S: VER 1 MSNP2\\n\n"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let told = call(&["check", file]);
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
}

#[test]
fn a_transcript_has_a_bound_and_the_conversation_goes_on() {
    let serving = Serving::start(&[]);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("session.txt");
    let mut command = msnpspec();
    let words = ["record", "--listen", "127.0.0.1:0", "--max-size", "1", "-o"];
    command.args(words).arg(&file);
    command.args(["--target", &serving.dispatch]);
    let mut recorder = Ended(command.stderr(Stdio::piped()).spawn().expect("it starts"));
    let mut told = BufReader::new(recorder.0.stderr.take().expect("it is piped")).lines();
    let mut line = || told.next().expect("a line").expect("lines are UTF-8");
    let head = line();
    let at = head.split(' ').find(|word| word.starts_with("127."));
    #[expect(
        clippy::disallowed_types,
        reason = "a client of the program that is tested"
    )]
    let mut client =
        std::net::TcpStream::connect(at.expect("it names the port")).expect("it listens");
    // What the server makes of it does not matter: it is the client that is recorded.
    let long = format!("XYZ {}\r\n", "x".repeat(8_000));
    for _ in 0..400 {
        if client.write_all(long.as_bytes()).is_err() {
            break;
        }
    }
    let mut warned = line();
    while !warned.contains("--max-size") {
        warned = line();
    }
    #[expect(clippy::disallowed_types, reason = "another one")]
    let mut more =
        std::net::TcpStream::connect(at.expect("it names the port")).expect("it listens");
    more.write_all(b"VER 1 MSNP2\r\n").expect("it takes that");
    let mut reply = [0; 13];
    more.read_exact(&mut reply)
        .expect("the conversation goes on");
    assert_eq!(&reply, b"VER 1 MSNP2\r\n");
    drop(recorder);
    let text = std::fs::read_to_string(&file).expect("it was written");
    assert!(text.len() < (1 << 20) + 100, "{}", text.len());
    assert!(text.ends_with("what follows is not in it\n"));
    assert_ne!(call(&["check", &file.display().to_string()]).code, Some(2));
}
