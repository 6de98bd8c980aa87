//! Target files: what they give, and what is said of their mistakes.

use std::time::Duration;

use super::description::{RemoteError, Signal, Target};
use super::environment::{Account, Lists};
use super::waiver::Whose;
use crate::diagnostic::Source;
use crate::protocol::ClauseId;

fn read(text: &str) -> Result<Target, Vec<String>> {
    Target::from_yaml(&Source::new("t/my-server.yaml", text))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

const WHOLE: &str = r#"
name: mine
dispatch: 127.0.0.1:1863
notification: localhost
accounts:
  - { handle: alice@hotmail.com, password: secret-a, name: Alice }
  - { handle: bob@hotmail.com, password: 007 }
account_pattern:
  { handle: "user{n:02}@hotmail.com", password: "pw{n}", name: "User {n:02}", from: 9, to: 10 }
provision: { command: ["./mkuser.sh", "{handle}"], within: 3s }
launch:
  command: ["./my-server", "--port", "1863"]
  ready: { tcp: "127.0.0.1:1863", within: 7s }
  stop: SIGINT
  env: { LEVEL: debug }
  cwd: srv
reset: { command: ["./reset.sh"] }
disposable: true
remote: false
timeouts: { connect: 1s, reply: 300ms, quiet: 10ms }
max_connections: 50
map: { "10.0.0.5:1864": "127.0.0.1:1864" }
waivers:
  - { match: "USR-9", reason: "issue 12" }
  - match: "presence/*"
    reason: ""
    until: 2027-03-01
    breach: "CAL  answered by 217"
    whose: suite
    link: https://example.org/7
  - { match: "lists/*", reason: "now and then", whose: flaky }
habits:
  - { breach: "CHG: word 3 differs", clause: CHG-1, reason: "its way" }
  - { breach: "INF answered by 201", clause: INF-1, reason: " " }
"#;

/// The least that a target file says.
const BASE: &str = "dispatch: 127.0.0.1:1863\naccounts: [{ handle: a@b, password: c }]\n";

#[test]
fn every_key_is_read() {
    let target = read(WHOLE).unwrap();
    assert_eq!(target.name, "mine");
    assert_eq!(target.notification.as_deref(), Some("localhost:1863"));
    let handles: Vec<_> = target.accounts.iter().map(|a| a.handle.as_str()).collect();
    assert_eq!(
        handles,
        [
            "alice@hotmail.com",
            "bob@hotmail.com",
            "user09@hotmail.com",
            "user10@hotmail.com"
        ]
    );
    assert_eq!(target.accounts[1].password, "007");
    assert_eq!(target.accounts[2].password, "pw9");
    let launch = target.launch.unwrap();
    assert_eq!(launch.stop, Signal::Int);
    assert_eq!(launch.ready, ["127.0.0.1:1863"]);
    assert_eq!(launch.invocation.within, Duration::from_secs(7));
    assert_eq!(launch.invocation.folder.unwrap().to_str(), Some("t/srv"));
    assert_eq!(target.timeouts.reply, Duration::from_millis(300));
    let [server, suite, flaky] = target.waivers.as_slice() else {
        panic!("three waivers");
    };
    assert_eq!((server.whose, &server.breach), (Whose::Server, &None));
    assert_eq!(suite.breach.as_deref(), Some("CAL answered by 217"));
    assert_eq!(suite.link.as_deref(), Some("https://example.org/7"));
    assert_eq!((suite.whose, flaky.whose), (Whose::Suite, Whose::Flaky));
    let [habit, _] = target.habits.as_slice() else {
        panic!("two habits");
    };
    assert_eq!(habit.clause, ClauseId::CHG_1);
    assert_eq!(habit.breach, "CHG: word 3 differs");
    assert_eq!(target.warnings.len(), 2, "two have no reason");
    assert!(target.disposable && !target.remote);
}

#[test]
fn a_server_may_have_to_listen_in_several_places() {
    let ready = |ready: &str| {
        let base = "dispatch: 127.0.0.1:1\naccounts: [{ handle: a@b, password: c }]\n";
        let text = format!("{base}launch: {{ command: [x]{ready} }}\n");
        read(&text).map(|target| target.launch.unwrap().ready)
    };
    assert_eq!(ready("").unwrap(), ["127.0.0.1:1"]);
    let two = ready(", ready: { tcp: [localhost:2, \"127.0.0.1:3\"] }");
    assert_eq!(two.unwrap(), ["localhost:2", "127.0.0.1:3"]);
    for bad in ["[]", "[a, \"b:c:d\"]", "{ a: 1 }"] {
        assert!(
            ready(&format!(", ready: {{ tcp: {bad} }}")).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn a_mistake_has_a_place_and_a_help() {
    assert!(read(BASE).is_ok());
    for (more, place, text) in [
        ("dispach: x\n", "3:1", "did you mean `dispatch`?"),
        ("name:\n", "3:", "the name must be a text"),
        ("timeouts: { reply: 5 }\n", "3:20", "`5` is no time"),
        ("timeouts: { repli: 5s }\n", "3:13", "did you mean `reply`?"),
        ("notification: a:b\n", "3:15", "`a:b` is no address"),
        ("disposable: yes\n", "3:13", "`true` or `false`"),
        ("max_connections: 0\n", "3:18", "from 1 to"),
        ("launch: { command: run me }\n", "3:20", "must be a list"),
        (
            "launch: { command: [x], stop: SIGTREM }\n",
            "3:31",
            "did you mean `SIGTERM`?",
        ),
        ("map: [x]\n", "3:6", "must be a map"),
        (
            "account_pattern: { handle: x@y, password: p, to: 2 }\n",
            "3:28",
            "add `{n}`",
        ),
        (
            "account_pattern: { handle: \"{n:x}@y\", password: p, to: 2 }\n",
            "3:28",
            "the place for the number",
        ),
        (
            "account_pattern: { handle: \"{n}@y\", password: p, to: 9999999 }\n",
            "3:54",
            "1 to 10000",
        ),
    ] {
        let errors = read(&format!("{BASE}{more}")).unwrap_err();
        assert!(
            errors[0].starts_with(&format!("t/my-server.yaml:{place}")) && errors[0].contains(text),
            "{more}: {errors:?}"
        );
    }
    assert!(read("name: x\n").unwrap_err()[0].contains("has no address"));
    assert!(read("dispatch: x\n").unwrap_err()[0].contains("has no accounts"));
    let none = read("dispatch: x\naccounts: []\n").unwrap();
    assert!(none.accounts.is_empty(), "none is what the file says");
    assert!(read("- x\n").unwrap_err()[0].contains("must be a map"));
    // A list lacks no key of a map.
    let errors = read("dispatch: 127.0.0.1:1\naccount_pattern: [x]\n").unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(read("a: [\n").is_err());
}

#[test]
fn a_mistake_in_what_is_known_has_a_place_and_a_help() {
    for (more, place, text) in [
        (
            "waivers: [{ match: USR-99, reason: x }]\n",
            "3:20",
            "no clause `USR-99`",
        ),
        (
            "waivers: [{ match: USR-9 }]\n",
            "3:11",
            "`reason` is missing",
        ),
        (
            "waivers: [{ match: a, reason: x, until: soon }]\n",
            "3:41",
            "no date",
        ),
        (
            "waivers: [{ match: a, reason: x, message: \"*217*\" }]\n",
            "3:43",
            "write `breach:`",
        ),
        (
            "waivers: [{ match: a, reason: x, breach: \" \" }]\n",
            "3:42",
            "`breach` is empty",
        ),
        (
            "waivers: [{ match: a, reason: x, whose: suite }]\n",
            "3:41",
            "needs a link",
        ),
        (
            "waivers: [{ match: a, reason: x, whose: sever }]\n",
            "3:41",
            "did you mean `server`?",
        ),
        (
            "habits: [{ breach: a, clause: CHG-1 }]\n",
            "3:10",
            "`reason` is missing",
        ),
        (
            "habits: [{ clause: CHG-1, reason: x }]\n",
            "3:10",
            "`breach` is missing",
        ),
        (
            "habits: [{ breach: a, clause: CHG, reason: x }]\n",
            "3:31",
            "unknown clause `CHG`",
        ),
        (
            "habits: [{ breach: a, claus: CHG-1, reason: x }]\n",
            "3:23",
            "did you mean `clause`?",
        ),
    ] {
        let errors = read(&format!("{BASE}{more}")).unwrap_err();
        assert!(
            errors[0].starts_with(&format!("t/my-server.yaml:{place}")) && errors[0].contains(text),
            "{more}: {errors:?}"
        );
    }
}

#[test]
fn provision_alone_makes_accounts() {
    let text = "dispatch: x\nprovision: { command: [mk, \"{handle}\"] }\n";
    let accounts = read(text).unwrap().accounts;
    assert_eq!(accounts.len(), 64);
    assert_eq!(accounts[6].handle, "msnpspec07@hotmail.com");
    assert_eq!(accounts[6].name.as_deref(), Some("Spec 7"));
}

#[test]
fn the_examples_are_read() {
    for name in ["escargot", "launched", "remote"] {
        let path = format!(
            "{}/examples/targets/{name}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let source = Source::new(path.as_str(), std::fs::read_to_string(&path).unwrap());
        let target = Target::from_yaml(&source).unwrap();
        assert!(!target.accounts.is_empty() && target.warnings.is_empty());
    }
}

#[test]
fn the_schema_knows_every_key() {
    let schema = super::target_schema();
    let target = read(WHOLE).unwrap();
    drop(target);
    for line in WHOLE.lines().filter(|line| !line.starts_with(' ')) {
        let key = line.split(':').next().unwrap_or_default();
        if !key.is_empty() {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
    }
    let keys = &schema["properties"];
    let account = &keys["accounts"]["items"];
    assert_eq!(
        account["required"],
        serde_json::json!(["handle", "password"])
    );
    assert!(account["properties"].get("from").is_none());
    let pattern = &keys["account_pattern"];
    let required = serde_json::json!(["handle", "password", "to"]);
    assert_eq!(pattern["required"], required);
    assert_eq!(pattern["properties"]["from"]["type"], "integer");
    let signals = keys["launch"]["properties"]["stop"]["enum"].as_array();
    assert_eq!(signals.map(Vec::len), Some(Signal::ALL.len()));
    let waiver = &keys["waivers"]["items"];
    assert_eq!(waiver["required"], serde_json::json!(["match", "reason"]));
    let whose = waiver["properties"]["whose"]["enum"].as_array();
    assert_eq!(whose.map(Vec::len), Some(Whose::ALL.len()));
    assert!(waiver["properties"].get("message").is_none());
    let habit = &keys["habits"]["items"]["required"];
    assert_eq!(*habit, serde_json::json!(["breach", "clause", "reason"]));
}

#[test]
fn names_and_commands_are_those_of_the_file() {
    let target = read(WHOLE).unwrap();
    let names: Vec<_> = target.accounts.iter().map(|a| a.name.as_deref()).collect();
    let expected = [Some("Alice"), None, Some("User 09"), Some("User 10")];
    assert_eq!(names, expected);
    let provision = target.provision.unwrap();
    assert_eq!(provision.command, ["./mkuser.sh", "{handle}"]);
    assert!(provision.is_per_account());
    let reset = target.reset.unwrap();
    assert_eq!(reset.command, ["./reset.sh"]);
    assert!(!reset.is_per_account());
}

#[test]
fn what_scripts_see_of_a_target() {
    let target = read(WHOLE).unwrap();
    let env = target.environment();
    assert_eq!(env.dispatch.as_deref(), Some("127.0.0.1:1863"));
    assert_eq!(env.notification.as_deref(), Some("localhost:1863"));
    assert_eq!(env.map, target.map);
    assert_eq!(env.map.len(), 1);
    assert_eq!(env.timeouts, target.timeouts);
    assert!(env.owns_server && env.disposable && !env.cleanup);
    let plain = read("dispatch: a.b:1\naccounts: [{ handle: a@b, password: c }]\n").unwrap();
    let env = plain.environment();
    assert!(!env.owns_server && !env.disposable && env.cleanup);
    assert!(!plain.owns_server());
}

#[test]
fn targets_without_a_file() {
    let builtin = Target::builtin();
    assert_eq!(builtin.to_string(), "builtin");
    assert!(builtin.builtin && builtin.disposable && builtin.owns_server());
    let first = &builtin.accounts[0];
    assert_eq!(first.handle, "user1@hotmail.com");
    assert_eq!(first.name.as_deref(), Some("User 1"));
    assert_eq!(first.lists, Lists::Clean);
    let accounts = vec![Account::new("a@b", "c")];
    let named = Target::address("127.0.0.1", accounts).unwrap();
    assert_eq!(named.to_string(), "127.0.0.1:1863");
    assert_eq!(named.dispatch.as_deref(), Some("127.0.0.1:1863"));
    assert_eq!(named.accounts.len(), 1);
    assert!(!named.builtin && !named.disposable && !named.owns_server());
}

#[test]
fn patterns_have_bounds() {
    let counted = |from: u32, to: u32| {
        let pattern = format!("{{ handle: \"u{{n}}@b\", password: p, from: {from}, to: {to} }}");
        let target = read(&format!("dispatch: a.b:1\naccount_pattern: {pattern}\n"));
        target.map(|target| target.accounts.len()).ok()
    };
    assert_eq!(counted(7, 7), Some(1));
    assert_eq!(counted(5, 4), None);
    assert_eq!(counted(1, 10_000), Some(10_000));
    assert_eq!(counted(1, 10_001), None);
    assert_eq!(counted(10_000, 10_003), Some(4));
    for (handle, is_fine) in [
        ("u{n:02}@b", true),
        ("u{n:2}@b", false),
        ("u{n2}@b", false),
        ("u{n:021}@b", false),
    ] {
        let pattern = format!("{{ handle: \"{handle}\", password: p, to: 3 }}");
        let target = read(&format!("dispatch: a.b:1\naccount_pattern: {pattern}\n"));
        assert_eq!(target.is_ok(), is_fine, "{handle}");
    }
}

#[test]
fn two_accounts_are_never_one_user() {
    let twin = |more: &str| {
        let accounts = format!("accounts: [{{ handle: u1@b, password: c }}{more}\n");
        let errors = read(&format!("dispatch: a.b:1\n{accounts}")).err();
        errors.map(|errors| errors.join("\n")).unwrap_or_default()
    };
    let listed = twin(", { handle: U1@b, password: d }]");
    assert!(listed.contains("U1@b stands twice"), "{listed}");
    let counted = twin("]\naccount_pattern: { handle: \"U{n}@b\", password: p, to: 2 }");
    assert!(
        counted.contains("U1@b stands in `accounts` as well"),
        "{counted}"
    );
    assert_eq!(
        twin("]\naccount_pattern: { handle: \"v{n}@b\", password: p, to: 2 }"),
        ""
    );
}

#[test]
fn handles_and_times_have_bounds() {
    let handle = |handle: &str| {
        let text =
            format!("dispatch: a.b:1\naccounts: [{{ handle: \"{handle}\", password: c }}]\n");
        read(&text).is_ok()
    };
    assert!(handle(&format!("{}@b", "a".repeat(127))));
    assert!(!handle(&format!("{}@b", "a".repeat(128))));
    assert!(!handle("a\u{e9}@b") && !handle("a c@b") && !handle("ab"));
    let reply = |time: &str| {
        let base = "dispatch: a.b:1\naccounts: [{ handle: a@b, password: c }]\n";
        let target = read(&format!("{base}timeouts: {{ reply: {time} }}\n"));
        target.map(|target| target.timeouts.reply.as_millis()).ok()
    };
    assert_eq!(reply("1ms"), Some(1));
    assert_eq!(reply("2s"), Some(2_000));
    assert_eq!(reply("3m"), Some(180_000));
    assert_eq!(reply("60m"), Some(3_600_000));
    for bad in ["0ms", "61m", "5", "5h"] {
        assert_eq!(reply(bad), None, "{bad}");
    }
}

#[test]
fn who_aims_elsewhere_is_told_what_would_be_sent() {
    for (scenarios, sent) in [
        (0, "scenarios again and again, hostile ones among them"),
        (1, "a scenario, perhaps a hostile one"),
        (5, "5 scenarios, hostile ones among them"),
    ] {
        let error = RemoteError {
            address: "192.0.2.1:1863".into(),
            accounts: "u1@hotmail.com".into(),
            scenarios,
        };
        let told = error.to_string();
        assert!(
            told.contains(&format!("sends it {sent}: logins of ")),
            "{told}"
        );
    }
}
