//! What is said about mistakes in scenarios: one message each, at the right place.

use std::sync::Arc;

use msnpspec::diagnostic::{Diagnostic, Source};
use msnpspec::scenario::{FileError, Files, NoFiles, load};

use crate::snapshot;

/// Parts that scenarios of this test use.
struct Parts;

impl Files for Parts {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let text: &[u8] = match path {
            "shared/ok.yaml" => {
                b"description: x\nparameters: [who]\nsteps:\n  - \"{who} C\": PNG {who.handle}\n"
            }
            "shared/loop.yaml" => b"description: x\nsteps:\n  - use: shared/loop.yaml\n",
            "shared/bad.yaml" => b"description: x\nsteps:\n  - C: PNG {x\n  - S: QNG {zz(1)}\n",
            "shared/latin.yaml" => b"description: caf\xe9\n",
            "shared/unused.yaml" => b"description: x\nparameters: [p]\nsteps:\n  - C: PNG\n",
            _ => return Err(FileError::Missing),
        };
        Ok(text.into())
    }
}

fn told(errors: &[Diagnostic]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("\n") + "\n"
}

/// Loads `text` and gives what is said about it.
fn mistakes(text: &str) -> String {
    let source = Source::new("a.yaml", text);
    match load("a", &source, &Parts) {
        Ok(scenarios) => format!("no mistake, {} scenarios\n", scenarios.len()),
        Err(errors) => told(&errors),
    }
}

/// The same for steps of a scenario that is right else.
fn in_steps(steps: &str) -> String {
    mistakes(&format!(
        "description: x\nclauses: [USR-6]\nusers:\n  alice: {{ state: NLN }}\n  bob: {{}}\nsteps:\n{steps}\n"
    ))
}

/// Says of each case what was said about it.
fn all(cases: &[&str], mistakes: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for case in cases {
        out.push_str(&mistakes(case));
        out.push('\n');
    }
    out
}

#[test]
fn of_files() {
    let cases = [
        "",
        "- a\n",
        "description: x\n",
        "descripton: x\nclauses: [USR-66]\nsteps: []\n",
        "description: x\nclauses: [USR-6, USR-6]\nusers: [alice, alice]\nsteps: [{ C: PNG }]\n",
        "description: x\nclauses: [USR-6]\nsteps: [{ C: PNG }]\n",
        "description: x\nclauses: [USR-6]\nusers: { alice: { stat: NLN, FL: [bobb], RL: [bob], BLP: X }, \
         bob: { state: NNL } }\nsteps: [{ C: PNG }]\n",
        "description: x\nclauses: [USR-6]\nusers: { t: {}, alice: }\nsteps: [{ C: PNG }]\n",
        "description: x\nclauses: [USR-6]\nusers: [alice]\nneeds: [lanch, accounts: 0]\n\
         timeout: 5\nsegments: none\nstrict: yes\ndialects: [MSN2]\nsteps: [{ C: PNG }]\n",
        "description: x\nclauses: [USR-6]\nusers: [alice]\nsteps:\n  - C: PNG\n    C: PNG\n",
        "description: x\nclauses: [USR-6]\nusers: [alice]\nsteps:\n  - S: *\n",
        "description: x\nclauses: [USR-6]\nusers: [alice]\nsteps:\n  - C: !x y\n",
        "description: x\nclauses: [USR-6]\nusers: [alice]\nsteps:\n\t- C: y\n",
        "description: x\nclauses: [USR-6]\nusers: [alice]\nsteps:\n  - {who} C: y\n",
        "description: \"x\nclauses: [USR-6]\n",
        "description: x\n---\ndescription: y\n",
    ];
    snapshot("scenario_errors_files", &all(&cases, mistakes));
}

#[test]
fn of_matrices_and_parts() {
    let with = |matrix: &str, step: &str| {
        format!(
            "description: x\nclauses: [USR-6]\nusers: [alice]\nmatrix: {matrix}\nsteps:\n  - {step}\n"
        )
    };
    let cases = [
        with("{ a: [1, 1], t: [2] }", "C: PNG {a}"),
        with("{ a: [1], b: [] }", "C: PNG {a}"),
        with("[{ a: 1 }, { b: 1 }, { a: 1 }]", "C: PNG {a}"),
        with("{ a: [1, 2] }", "C: PNG"),
        with("[{ case: x, a: 1 }, { case: x, a: 2 }]", "C: PNG {a}"),
        with("x", "C: PNG"),
        with("{ n: [5, x] }", "{ repeat: \"{n}\", steps: [{ C: PNG }] }"),
        with("{ w: [ok, \"{zz.handle}\"] }", "C: PNG {w} {qq.handle}"),
    ];
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let mut text = all(&cases, mistakes);
    let parts = [
        "  - use: shared/none.yaml",
        "  - use: ../secret.yaml",
        "  - use: /etc/passwd",
        "  - use: shared/loop.yaml",
        "  - use: shared/latin.yaml",
        "  - use: shared/bad.yaml",
        "  - use: shared/unused.yaml\n    with: { p: 1 }",
        "  - use: shared/ok.yaml",
        "  - use: shared/ok.yaml\n    with: { woh: alice }",
        "  - use: shared/ok.yaml\n    with: { who: carol }",
        "  - use: shared/ok.yaml\n    with: { who: alice }\n    clause: USR-6",
    ];
    text.push_str(&all(&parts, in_steps));
    snapshot("scenario_errors_parts", &text);
}

#[test]
fn of_steps() {
    let cases = [
        "  - C PNG",
        "  - clause: USR-6",
        "  - c: PNG",
        "  - alise C: PNG",
        "  - alice@xb C: PNG",
        "  - C: PNG\n    S: QNG",
        "  - S: QNG\n    claus: USR-6",
        "  - S: QNG\n    clause: USR-99",
        "  - C: PNG\n    optional: true",
        "  - S: QNG\n    optional: maybe",
        "  - S: QNG\n    within: soon",
        "  - S: QNG\n    varies: CAL-7",
        "  - S:",
        "  - C: clsoe",
        "  - C: [PNG, {x}]",
        "  - C: {name}",
        "  - C: { rwa: x }",
        "  - C: { hex: 0g }",
        "  - C: { hex: abc }",
        "  - C: { file: ../../x }",
        "  - C: { file: none.bin }",
        "  - C: { bytes: 99999999999 }",
        "  - C: \"PNG\\r\\nPNG\"",
        "  - C: [PNG]\n    payload: x",
        "  - C: close\n    payload: x",
        "  - C: PNG\n    segments: 0",
        "  - repeat: 5",
        "  - repeat: 0\n    steps: [{ C: PNG }]",
        "  - settle: false",
        "  - server: restart",
        "  - server: stop",
    ];
    snapshot("scenario_errors_steps", &all(&cases, in_steps));
}

#[test]
fn of_expectations() {
    let cases = [
        "  - S: clsed",
        "  - S: closed now",
        "  - S: error 1 2",
        "  - S: NLN ... NLN",
        "  - S: \"\"",
        "  - S: LST 5..2",
        "  - S: LST 5..x",
        "  - S: LST /[/",
        "  - S: LST /[a b]/",
        "  - S: NLN A||B",
        "  - S: NLN !",
        "  - S: NLN x\n    payload: y",
        "  - S: closed\n    payload: y",
        "  - S: MSG ...\n    payload: { matches: \"[\" }",
        "  - S: MSG ...\n    payload: { lenght: 5 }",
        "  - S: MSG ...\n    payload: x {t}",
        "  - S: nothing\n    optional: true",
        "  - S: nothing\n    except: [NLN {x}]",
        "  - S: nothing\n    except: NLN {x}",
        "  - S: QNG\n    except: [NLN]",
        "  - any order: [{ S: QNG }, { C: PNG }]",
        "  - any order: [{ S: QNG }, { S: nothing }]",
        "  - one of: [{ S: QNG }]",
        "  - one of: [{ C: PNG }, { S: QNG }]",
        "  - one of: [{ S: nothing }, { S: QNG }]",
        "  - one of: [{ S: QNG }, { S: closed, varies: USR-6 }]",
        "  - one of: [{ S: QNG }, { S: closed, seen: x }]",
        "  - one of: [{ S: QNG }, { steps: [{ S: closed }], foo: x }]",
    ];
    snapshot("scenario_errors_expectations", &all(&cases, in_steps));
}

#[test]
fn of_expressions() {
    let cases = [
        "  - C: PNG {",
        "  - C: PNG }",
        "  - C: PNG {}",
        "  - C: PNG {alice}",
        "  - C: PNG {alice.handel}",
        "  - C: PNG {alise.handle}",
        "  - C: PNG {md4('x')}",
        "  - C: PNG {upper('x', 'y')}",
        "  - C: PNG {upper('x'",
        "  - C: PNG {upper('x}",
        "  - C: PNG {upper('x' 'y')}",
        "  - C: PNG {a b}",
        "  - C: PNG {repeat('x', 99999999)}",
        "  - C: PNG {99999999999999999999999}",
        "  - C: PNG {t.}",
        "  - C: PNG {5D3E02AB-6190-11d3}",
        "  - C: PNG {+}",
    ];
    snapshot("scenario_errors_expressions", &all(&cases, in_steps));
}

#[test]
fn of_order() {
    let cases = [
        "  - C: USR {challenge}",
        "  - S: A {challenge}\n  - C: USR {t} {md5(challange, 'x')}",
        "  - one of:\n      - S: A {x}\n      - S: B {md5(x)}\n  - C: PNG {x}",
        "  - S: VER {t}",
        "  - C: VER {t.a}\n  - S: VER {t.b}",
        "  - C: MSG {t} N {length}",
        "  - C: PNG {i}",
        "  - S: MSG ...\n    payload: same",
        "  - alice@sb C: USR",
        "  - alice@sb S: USR",
        "  - bob S: nothing",
        "  - C: close\n  - C: PNG",
        "  - S: closed\n  - C: PNG",
        "  - S: closed\n  - open: default\n  - C: PNG",
        "  - S: closed\n  - C: close",
        "  - open: default",
        "  - alice@sb open: default",
        "  - alice@ns2 open: \"{board}\"",
        "  - repeat: 2\n    steps: [{ C: PNG }, { C: close }]",
    ];
    snapshot("scenario_errors_order", &all(&cases, in_steps));
}

#[test]
fn several_mistakes_are_told_at_once() {
    let text = in_steps("  - C: PNG {x\n  - S: QNG\n    claus: 1\n  - dave C: PNG");
    assert_eq!(text.matches("a.yaml:").count(), 3, "{text}");
}

#[test]
fn what_grows_is_refused() {
    let values: Vec<String> = (0..200).map(|n| format!("v{n}")).collect();
    let values = values.join(", ");
    let rows = format!(
        "description: x\nclauses: [USR-6]\nusers: [alice]\n\
         matrix: {{ a: [{values}], b: [{values}] }}\nsteps: [{{ C: \"PNG {{a}} {{b}}\" }}]\n"
    );
    assert!(mistakes(&rows).contains("more than 10000 rows"));
    let huge = "x".repeat(1024 * 1024 + 1);
    assert!(mistakes(&huge).contains("larger than 1 MiB"));
    let deep = format!("  - C: PNG {{{}1{}}}", "upper(".repeat(50), ")".repeat(50));
    assert!(in_steps(&deep).contains("16 levels deep"));
    let deep = format!("{}[", "  - any order: ".repeat(90));
    assert!(!in_steps(&deep).contains("no mistake"));
}

const SAMPLE: &str = r#"description: "caf\u00e9"
clauses: [USR-6]
users:
  alice: { state: NLN, FL: [bob] }
  bob: {}
matrix: { n: [1, 2] }
needs: [accounts: 3]
timeout: 5s
steps:
  - use: shared/ok.yaml
    with: { who: alice }
  - C: MSG {t.a} {n} {length}
    payload: { hex: "00 ff" }
  - S: MSG {t.a}|* /[a-z]+/ 1..5 !x {cap} {alice.name} ...
    payload: same
    clause: USR-6
  - one of:
      - S: error {t.a}
      - steps: [{ S: closed }]
        varies: USR-7
  - repeat: 2
    steps: [{ alice@ns2 C: "PNG {md5(cap, 'it''s', repeat('x', n))} {{ {i}" }]
  - &a bob S: nothing
    except: [*a]
"#;

#[test]
fn no_byte_makes_it_panic() {
    let bytes = SAMPLE.as_bytes();
    for at in 0..bytes.len() {
        for new in b"\0\t\n \"'#&*:[]{|}\xff0" {
            let mut changed = bytes.to_vec();
            if let Some(byte) = changed.get_mut(at) {
                *byte = *new;
            }
            let source = Source::new("a.yaml", String::from_utf8_lossy(&changed));
            if let Err(errors) = load("a", &source, &Parts) {
                assert!(!errors.is_empty());
                told(&errors);
            }
        }
        let cut = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default());
        let source = Source::new("a.yaml", cut);
        let _ = load("a", &source, &NoFiles);
    }
}
