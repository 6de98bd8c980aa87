//! `msnpspec shrink`.

use super::{Serving, call, write};

/// A target file for a server that this test has started.
fn target(folder: &std::path::Path, serving: &Serving) -> String {
    let text = format!(
        "name: t\ndispatch: {}\ndisposable: true\naccount_pattern: {{ handle: \
         \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", name: \"User {{n}}\", from: 1, to: 9 }}\n",
        serving.dispatch
    );
    write(folder, "target.yaml", &text)
}

const LONG: &str = r"description: settings are kept, and asking again for the same one is refused
clauses: [GTC-2, GTC-1, BLP-1]
users:
  alice: { state: NLN, FL: [bob] }
  bob: { state: BSY }
  carol: {}
steps:
  - alice C: BLP 1 BL
  - alice S: BLP 1 * BL
  - bob C: URL 2 INBOX
  - bob S: URL 2 ...
  - repeat: 5
    steps:
      - bob C: CHG {t} AWY
      - bob S: CHG {t} AWY
      - bob C: CHG {t} BSY
      - bob S: CHG {t} BSY
  - alice C: GTC 3 N
  - alice S: GTC 3 * N
  - bob C: BLP 4 BL
  - bob S: BLP 4 * BL
  - alice C: GTC 5 N
  - alice S: error 5
  - bob C: PNG
  - bob S: QNG
";

#[test]
fn a_failing_scenario_becomes_a_small_one_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&["--fault", "gtc-same-taken"]);
    let target = target(folder.path(), &serving);
    let long = write(folder.path(), "long.yaml", LONG);
    let small = folder.path().join("small.yaml").display().to_string();
    // In later dialects nobody is accused of it: what comes out is for this one.
    let words = ["shrink", &long, "--target", &target, "--dialect", "MSNP2"];
    let told = call(&[&words[..], &["-o", &small]].concat());
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(told.err.contains("20 of 20"), "{}", told.err);
    let text = std::fs::read_to_string(&small).unwrap();
    let scenario = text.split_once("description: ").unwrap().1;
    insta::assert_snapshot!(scenario, @r"
    settings are kept, and asking again for the same one is refused
    clauses: [GTC-2]
    dialects: [MSNP2]
    users:
      alice: { state: logged-in, GTC: N }
    steps:
      - alice C: GTC {t} N
      - alice S: error {t}
    ");
    let again = call(&["run", &small, "--target", &target, "--format", "json"]);
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.out.contains("\"GTC-2\""), "{}", again.out);
    // Without -o the scenario alone goes to standard output.
    let words = ["shrink", &small, "--target", &target, "--replays", "1"];
    let told = call(&words);
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert_eq!(told.out.split_once("description: ").unwrap().1, scenario);
}

#[test]
fn what_passes_cannot_be_shrunk_and_what_cannot_run_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.yaml");
    let words = ["shrink", "auth/login", "-o"];
    let told = call(&[&words[..], &[&out.display().to_string()]].concat());
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.err.contains("nothing to shrink"), "{}", told.err);
    assert!(!out.exists());
    let told = call(&["shrink", "auth/logn"]);
    assert_eq!(told.code, Some(2));
    assert!(
        told.err.contains("did you mean `auth/login`?"),
        "{}",
        told.err
    );
    let told = call(&["shrink", "auth/login", "--clause", "USR-66"]);
    assert_eq!(told.code, Some(2), "{}", told.err);
    let gone = "127.0.0.1:1";
    let account = "user1@hotmail.com:pw1";
    let words = [
        "shrink",
        "auth/login",
        "--target",
        gone,
        "--account",
        account,
    ];
    let told = call(&words);
    assert_eq!(told.code, Some(3), "{}", told.err);
    let text = "description: x\nclauses: [VER-1]\nusers: [alice]\nsteps: []\n";
    let told = call(&["shrink", &write(folder.path(), "bad.yaml", text)]);
    assert_eq!(told.code, Some(2), "{}", told.err);
    assert!(told.err.contains("bad.yaml:4"), "{}", told.err);
}

#[test]
fn a_server_that_dies_of_it_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_types, reason = "a port that was free a moment ago")]
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let program = env!("CARGO_BIN_EXE_msnpspec");
    let text = format!(
        "name: t\ndispatch: 127.0.0.1:{port}\ndisposable: true\naccount_pattern: {{ handle: \
         \"user{{n}}@hotmail.com\", password: \"pw{{n}}\", name: \"User {{n}}\", from: 1, to: 9 }}\n\
         launch:\n  command: [{program:?}, serve, --listen, \"127.0.0.1:{port}\", --fault, \
         crash-after-six]\n  ready: {{ tcp: \"127.0.0.1:{port}\", within: 20s }}\n"
    );
    let target = write(folder.path(), "target.yaml", &text);
    let name = "hostile/hiding-after-a-bit-of-everything";
    let told = call(&["shrink", name, "--target", &target, "--replays", "2"]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(
        told.err.contains("it fails in 2 of 2 replays"),
        "{}",
        told.err
    );
    assert!(told.out.contains("bob: {}"), "{}", told.out);
    assert!(!told.out.contains("BSY"), "{}", told.out);
}
