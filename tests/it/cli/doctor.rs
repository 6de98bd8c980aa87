//! `msnpspec doctor`: what it tells of servers that are whole, half built and not there.

use super::{Serving, Told, call, msnpspec, told};

fn looked(address: &str, more: &[&str]) -> Told {
    call(&[&["doctor", "--target", address][..], more].concat())
}

#[test]
fn a_server_is_told_with_its_accounts_and_a_target_file_is_written() {
    let serving = Serving::start(&[]);
    let address = serving.dispatch.clone();
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("my-server.yaml");
    let path = path.to_str().expect("it is text");
    let accounts = [
        "user1@hotmail.com:pw1",
        "user2@hotmail.com:pw2",
        "user3@hotmail.com:wrong",
    ];
    let accounts = accounts.map(|account| ["--account", account]).concat();
    let seen = looked(&address, &[&accounts[..], &["--write", path]].concat());
    assert_eq!(seen.code, Some(3), "an account cannot log in: {}", seen.out);
    for part in [
        "dialects   MSNP2 to MSNP7; `run` takes MSNP7",
        "accounts   2 of 3 can log in",
        "user3@hotmail.com cannot log in: expected USR OK, got 911",
        "works      connect, VER, INF, USR, SYN",
        "(by XFR)",
        "an answer takes",
    ] {
        assert!(seen.out.contains(part), "{part}\n{}", seen.out);
    }
    let text = std::fs::read_to_string(path).expect("it was written");
    assert!(!text.contains("pw1") && !text.contains("wrong"), "{text}");
    let again = looked(&address, &[&accounts[..4], &["--write", path]].concat());
    assert_eq!(again.code, Some(2), "a file is not replaced: {}", again.err);
    // The account that cannot log in is left out of it.
    let mut run = msnpspec();
    run.args(["run", "--target", path, "-f", "version"]);
    run.env("MSN_PASSWORD_1", "pw1")
        .env("MSN_PASSWORD_2", "pw2");
    let ran = told(run.output().expect("the program starts"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[test]
fn without_accounts_the_dialects_are_told_and_what_is_missing() {
    let serving = Serving::start(&[]);
    let address = serving.dispatch.clone();
    let seen = looked(&address, &[]);
    assert_eq!(seen.code, Some(0), "{}", seen.err);
    assert!(
        seen.out.contains("MSNP2 to MSNP7") && seen.out.contains("--account"),
        "{}",
        seen.out
    );
}

#[test]
fn a_server_that_says_nothing_is_told_as_far_as_it_came() {
    #[expect(clippy::disallowed_types, reason = "a server that says nothing")]
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has one").to_string();
    let seen = looked(
        &address,
        &["--timeout", "0.05", "--account", "a@hotmail.com:secret-a"],
    );
    assert_eq!(seen.code, Some(0), "{}", seen.err);
    assert!(seen.out.contains("silent     VER"), "{}", seen.out);
    assert!(seen.out.contains("next to build: VER-1"), "{}", seen.out);
    drop(listener);
    let seen = looked(&address, &["--account", "a@hotmail.com:secret-a"]);
    assert_eq!(seen.code, Some(3), "{}", seen.out);
    assert!(seen.out.contains("connection refused"), "{}", seen.out);
}
