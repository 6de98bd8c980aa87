//! The file: its keys, and the rows of its matrix.

use std::sync::Arc;

use super::Files;
use super::matrix::row_name;
use super::reader::{Env, Loader, Parts, Reader, key_text};
use crate::diagnostic::{Diagnostic, Source};
use crate::protocol::ClauseId;
use crate::scenario::ast::{Needs, Scenario, User};
use crate::scenario::lint;
use crate::scenario::tree::{self, Node, Value};

/// The most nodes that are read for all rows together.
const MAX_WORK: usize = 4_000_000;
/// The most accounts that a scenario can ask for.
const MAX_ACCOUNTS: u64 = 10_000;

/// The keys of a file.
pub(in crate::scenario) const FILE_KEYS: [&str; 13] = [
    "description",
    "clauses",
    "users",
    "setup",
    "steps",
    "matrix",
    "tags",
    "needs",
    "dialects",
    "aliases",
    "strict",
    "segments",
    "timeout",
];

/// The scenarios of a file: one, or one for each row of its matrix.
///
/// `name` is the file's path below the suite's root, without `.yaml`; it names the scenario, and
/// its folder is where payload files are looked for.
///
/// # Errors
///
/// All mistakes that were found: those of the file from top to bottom, then those of its parts.
pub fn load(
    name: &str,
    source: &Arc<Source>,
    files: &dyn Files,
) -> Result<Vec<Scenario>, Vec<Diagnostic>> {
    load_with(name, source, files, &Parts::default())
}

/// The same, with parts that other files of the suite have read.
pub(in crate::scenario) fn load_with(
    name: &str,
    source: &Arc<Source>,
    files: &dyn Files,
    parts: &Parts,
) -> Result<Vec<Scenario>, Vec<Diagnostic>> {
    let root = tree::parse(source).map_err(|error| vec![error])?;
    let loader = Loader::new(files, parts);
    let env = Env::default();
    let folder = name.rfind('/').and_then(|at| name.get(..=at));
    let reader = Reader {
        loader: &loader,
        source,
        env: &env,
        users: &[],
        folder: folder.unwrap_or_default(),
        precondition: false,
        chain: None,
    };
    let scenarios = reader.file(name, &root);
    if !loader.has_errors() {
        for scenario in &scenarios {
            for mistake in lint::check(scenario) {
                loader.push(mistake);
            }
        }
    }
    if loader.has_errors() {
        let mut mistakes = loader.into_diagnostics();
        mistakes.sort_by_cached_key(|mistake| {
            let path = &mistake.source.path;
            (*path != source.path, path.clone(), mistake.span.start)
        });
        return Err(mistakes);
    }
    Ok(scenarios)
}

impl Reader<'_> {
    fn file(&self, name: &str, root: &Node) -> Vec<Scenario> {
        let Some(entries) = self.map(root, "a scenario") else {
            return Vec::new();
        };
        for (key, _) in entries {
            if !FILE_KEYS.contains(&key_text(key)) {
                self.unknown(key.span, "key", key_text(key), FILE_KEYS);
            }
        }
        for required in ["description", "clauses", "steps"] {
            if find(entries, required).is_none() {
                self.error(root.span, format!("`{required}` is missing"));
            }
        }
        let Some(matrix) = find(entries, "matrix") else {
            return vec![self.scenario(name.to_owned(), entries)];
        };
        let rows = self.matrix(matrix);
        if rows.len().saturating_mul(root.size()) > MAX_WORK {
            self.error(
                matrix.span,
                "the matrix has too many rows for so long a file",
            );
            return Vec::new();
        }
        let scenarios = rows
            .iter()
            .map(|env| {
                let name = format!("{name}[{}]", row_name(env));
                Reader { env, ..*self }.scenario(name, entries)
            })
            .collect();
        if !self.loader.has_errors() {
            self.unused_columns(matrix, &rows);
        }
        scenarios
    }

    fn scenario(&self, name: String, entries: &[(Node, Node)]) -> Scenario {
        let users: Vec<User> = find(entries, "users")
            .map(|node| self.read_users(node))
            .unwrap_or_default();
        let reader = Reader {
            users: &users,
            ..*self
        };
        let setup = Reader {
            precondition: true,
            ..reader
        };
        let texts = |key: &str| {
            let strs = find(entries, key).map(|node| self.texts(node, &format!("`{key}`")));
            let strs = strs.unwrap_or_default();
            strs.into_iter().map(|str| str.text.into_owned()).collect()
        };
        let get = |key: &str| find(entries, key);
        Scenario {
            aliases: texts("aliases"),
            source: Arc::clone(self.source),
            description: get("description")
                .and_then(|node| self.text(node, "`description`"))
                .map(|str| str.text.into_owned())
                .unwrap_or_default(),
            clauses: get("clauses")
                .map(|node| self.clauses(node))
                .unwrap_or_default(),
            tags: texts("tags"),
            dialects: get("dialects")
                .map(|node| self.dialects(node))
                .unwrap_or_default(),
            needs: self.needs(get("needs"), users.len()),
            strict: get("strict")
                .and_then(|node| self.boolean(node, "`strict`"))
                .unwrap_or_default(),
            segments: get("segments").and_then(|node| self.segment_size(node)),
            timeout: get("timeout").and_then(|node| self.duration(node, "`timeout`")),
            setup: get("setup")
                .map(|node| setup.steps(node, "`setup`"))
                .unwrap_or_default(),
            steps: get("steps")
                .map(|node| reader.steps(node, "`steps`"))
                .unwrap_or_default(),
            name,
            users,
        }
    }

    fn clauses(&self, node: &Node) -> Vec<ClauseId> {
        let strs = self.texts(node, "`clauses`");
        if strs.is_empty() {
            self.error(node.span, "the scenario tests no clause");
        }
        let mut clauses = Vec::new();
        for str in strs {
            if let Some(clause) = self.clause_of(&str) {
                if clauses.contains(&clause) {
                    self.error(str.all(), format!("{clause} stands twice"));
                }
                clauses.push(clause);
            }
        }
        clauses
    }

    fn dialects(&self, node: &Node) -> Vec<String> {
        let mut dialects = Vec::new();
        for str in self.texts(node, "`dialects`") {
            let digits = str.text.strip_prefix("MSNP");
            if digits
                .and_then(|digits| digits.parse::<u8>().ok())
                .is_none()
            {
                let message = format!("`{}` is no dialect", str.text);
                self.error_help(str.all(), message, "dialects are MSNP2, MSNP3 …");
                continue;
            }
            dialects.push(str.text.into_owned());
        }
        dialects
    }

    fn needs(&self, node: Option<&Node>, users: usize) -> Needs {
        let mut needs = Needs {
            accounts: users,
            ..Needs::default()
        };
        let items = match node {
            None => return needs,
            Some(node) => match &node.value {
                Value::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            },
        };
        for item in items {
            if let Value::Map(_) = &item.value {
                if let Some((_, value)) = self.single(item, "a need", &["accounts"])
                    && let Some(n) = self.number(value, "`accounts`", 1..MAX_ACCOUNTS + 1)
                {
                    let accounts = usize::try_from(n).unwrap_or(users);
                    needs.accounts = needs.accounts.max(accounts);
                }
                continue;
            }
            let Some(str) = self.text(item, "a need") else {
                continue;
            };
            match &*str.text {
                "launch" => needs.launch = true,
                "dispatch" => needs.dispatch = true,
                "challenges" => needs.challenges = true,
                other => {
                    let known = ["launch", "dispatch", "challenges", "accounts: n"];
                    self.unknown(str.all(), "need", other, known);
                }
            }
        }
        needs
    }
}

fn find<'n>(entries: &'n [(Node, Node)], name: &str) -> Option<&'n Node> {
    let found = entries.iter().find(|(key, _)| key_text(key) == name);
    found.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ast::{Action, Expected, Expr, Part, SendItem, WordKind};
    use crate::scenario::{FileError, NoFiles};

    const MESSAGE: &str = r#"
description: a message reaches the other participant byte for byte
clauses: [MSG-1, MSG-2, MSG-3]
users:
  alice: { state: NLN, FL: [bob] }
  bob: { state: NLN }
steps:
  - alice C: XFR {t} SB
  - alice S: XFR {t} SB {board} CKI {cookie}
  - alice@sb open: "{board}"
  - alice@sb C: USR 1 {alice.handle} {cookie}
  - alice@sb S: USR 1 OK {alice.handle} {alice.name}
  - alice@sb C: MSG 3 N {length}
    payload: "MIME-Version: 1.0\r\n\r\nh\u00e9\0llo\r\nOUT\r\n"
  - any order:
      - bob S: NLN NLN|BSY 1..5 /[0-9]{2}|x/ * ...
      - S: closed
  - bob S: nothing
    except: ["FLN {alice.handle}"]
"#;

    fn one(text: &str) -> Scenario {
        let source = Source::new("a/b.yaml", text);
        let mut all = load("a/b", &source, &NoFiles).unwrap_or_else(|errors| {
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("{}", texts.join("\n"))
        });
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn the_contracts_example_is_read() {
        let scenario = one(MESSAGE);
        assert_eq!(scenario.steps.len(), 8);
        let Action::Send(send) = &scenario.steps[5].action else {
            panic!()
        };
        assert!(matches!(
            &send.items[..],
            [SendItem::Line {
                payload: Some(_),
                ..
            }]
        ));
        let Action::AnyOrder(steps) = &scenario.steps[6].action else {
            panic!()
        };
        let Action::Expect(expect) = &steps[0].action else {
            panic!()
        };
        let Expected::Line { pattern, .. } = &expect.what else {
            panic!()
        };
        assert!(pattern.rest);
        let kinds: Vec<&WordKind> = pattern.words.iter().map(|word| &word.kind).collect();
        assert!(matches!(
            kinds[1..],
            [
                WordKind::OneOf(_),
                WordKind::Range(1, 5),
                WordKind::Matches(_),
                WordKind::Any
            ]
        ));
        let place = scenario.source.place(pattern.words[2].at);
        assert_eq!((place.line, place.column), (16, 28));
    }

    struct OnePart(&'static str);

    impl Files for OnePart {
        fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
            match path {
                "shared/part.yaml" => Ok(self.0.as_bytes().into()),
                _ => Err(FileError::Missing),
            }
        }
    }

    #[test]
    fn rows_and_parameters_are_put_in() {
        let part = OnePart(
            "description: x\nparameters: [who, word]\nsteps:\n\
             - \"{who} C\": \"USR {t} {who.handle} {md5('a', word)} {word}\"\n",
        );
        let text = "description: x\nclauses: [USR-1]\nusers: [alice, bob]\n\
            matrix: { who: [alice, bob], n: [1, 007] }\nsteps:\n\
            - use: shared/part.yaml\n  with: { who: \"{who}\", word: \"x{n}\" }\n\
            - repeat: \"{n}\"\n  steps:\n    - C: PNG\n";
        let source = Source::new("p/change.yaml", text);
        let all = load("p/change", &source, &part).unwrap();
        let names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names[3], "p/change[who=bob,n=007]");
        assert_eq!(names.len(), 4);
        let step = &all[3].steps[0];
        assert_eq!(step.source.path, "shared/part.yaml");
        assert!(step.precondition);
        let Action::Send(send) = &step.action else {
            panic!()
        };
        assert_eq!(send.conn.user(), "bob");
        let SendItem::Line { text, .. } = &send.items[0] else {
            panic!()
        };
        let quoted = |text: &str| Expr::Quoted(text.to_owned());
        assert_eq!(
            text.parts[5],
            Part::Expr(Expr::Call(
                crate::scenario::ast::Function::Md5,
                vec![quoted("a"), quoted("x007")]
            ))
        );
        assert_eq!(text.parts[6], Part::Literal(" x007".into()));
        assert!(matches!(all[3].steps[1].action, Action::Repeat(7, _)));
    }

    #[test]
    fn what_unfolds_is_bounded_by_its_bytes() {
        let long = "x".repeat(20_000);
        let part = OnePart(format!("description: x\nsteps:\n  - C: \"{long}\"\n").leak());
        let head = "description: x\nclauses: [VER-1]\nusers: [alice]\n";
        let rows: String = (0..100).map(|n| format!("{n}, ")).collect();
        let users: String = (0..2000).map(|n| format!("u{n}, ")).collect();
        for (text, told) in [
            (
                format!(
                    "{head}steps:\n{}",
                    "  - use: shared/part.yaml\n".repeat(100)
                ),
                "bytes of text",
            ),
            (
                format!("{head}matrix: {{ n: [{rows}] }}\nsteps:\n  - C: \"{{n}} {long}\"\n"),
                "bytes of text",
            ),
            (
                format!(
                    "{head}matrix: {{ m: [{long}, y], n: [{rows}] }}\nsteps: [C: \"{{n}}{{m}}\"]"
                ),
                "bytes of text",
            ),
            (
                format!("description: x\nclauses: [VER-1]\nusers: [{users}]\nsteps: [u1 C: PNG]\n"),
                "2000 users; a scenario has 1000 at most",
            ),
        ] {
            let errors = load("x", &Source::new("x.yaml", text), &part).unwrap_err();
            let all: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
            assert!(all.iter().any(|message| message.contains(told)), "{all:?}");
        }
    }

    #[test]
    fn a_column_names_its_rows() {
        let text = "description: x\nclauses: [USR-1]\nusers: [alice]\nmatrix:\n\
            - { case: none, n: \"0\" }\n- { case: one, n: \"1\" }\nsteps:\n\
            - C: SYN {t} {n}\n- S: SYN {t} !{n}|!{t}\n";
        let source = Source::new("p.yaml", text);
        let all = load("sync/p", &source, &NoFiles).unwrap();
        let names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["sync/p[none]", "sync/p[one]"]);
        let Action::Expect(expect) = &all[0].steps[1].action else {
            panic!()
        };
        let Expected::Line { pattern, .. } = &expect.what else {
            panic!()
        };
        let WordKind::OneOf(kinds) = &pattern.words[2].kind else {
            panic!()
        };
        assert!(kinds.iter().all(|kind| matches!(kind, WordKind::Not(_))));
        let bare = Source::new("p.yaml", text.replace("!{n}|!{t}", "!"));
        assert!(load("sync/p", &bare, &NoFiles).is_err());
    }
}
