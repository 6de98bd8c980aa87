//! Steps: the key that says who does what, and the modifiers beside it.

use std::rc::Rc;

use super::line::words;
use super::reader::{Chain, Env, Part, Reader, Str, key_text};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::scenario::ast::{
    Action, Expect, Expected, LinePattern, Part as TextPart, Send, SendItem, Step, Varies,
    WordKind, WordPattern,
};
use crate::scenario::tree::{self, Node, Value};
use crate::spec::{Clause, ClauseId, Command, Direction, PayloadForm};
use crate::transcript::ConnName;

/// The deepest nesting of parts.
const MAX_PARTS: usize = 16;
/// The most rounds of a `repeat`.
const MAX_ROUNDS: u64 = 1_000_000;
/// The largest segment that can be asked for, in bytes.
pub(super) const MAX_SEGMENT: u64 = 1024 * 1024;

const MODIFIERS: [&str; 12] = [
    "clause",
    "varies",
    "seen",
    "optional",
    "strict",
    "exact",
    "within",
    "payload",
    "segments",
    "except",
    "with",
    "precondition",
];
const GROUPS: [&str; 7] = [
    "any order",
    "one of",
    "repeat",
    "settle",
    "use",
    "server",
    "steps",
];

/// What the main key of a step says.
enum Head {
    Send(ConnName),
    Expect(ConnName),
    Open(ConnName),
    AnyOrder,
    OneOf,
    Repeat,
    Settle,
    Use,
    Server,
}

/// A step's map, its keys told apart.
struct Parsed<'n> {
    head: Head,
    /// The main key as it is written, for messages.
    name: String,
    at: Span,
    value: &'n Node,
    modifiers: Vec<(&'n str, &'n Node, &'n Node)>,
}

impl<'n> Parsed<'n> {
    fn get(&self, name: &str) -> Option<&'n Node> {
        let found = self.modifiers.iter().find(|(key, ..)| *key == name);
        found.map(|(_, _, value)| *value)
    }
}

impl Reader<'_> {
    /// A list of steps, parts put in.
    pub(super) fn steps(&self, node: &Node, what: &str) -> Vec<Step> {
        let Some(items) = self.list(node, what) else {
            return Vec::new();
        };
        if items.is_empty() {
            self.error(node.span, format!("{what} has no step"));
        }
        items
            .iter()
            .flat_map(|item| self.step(item, false))
            .collect()
    }

    fn step(&self, node: &Node, branch: bool) -> Vec<Step> {
        if !self.count_step(node.span) {
            return Vec::new();
        }
        let Some(parsed) = self.keys(node, branch) else {
            return Vec::new();
        };
        if let Head::Use = parsed.head {
            return self.part(&parsed);
        }
        let Some(action) = self.action(&parsed) else {
            return Vec::new();
        };
        let flag = |name: &str| {
            let node = parsed.get(name);
            node.and_then(|node| self.boolean(node, &format!("`{name}`")))
                .unwrap_or_default()
        };
        let mut step = Step {
            source: self.source.clone(),
            at: parsed.at,
            action,
            clause: parsed.get("clause").and_then(|node| self.clause(node)),
            varies: self.varies(parsed.get("varies"), parsed.get("seen")),
            optional: flag("optional"),
            precondition: self.precondition || flag("precondition"),
        };
        inherit(&mut step);
        vec![step]
    }

    /// Finds the main key and checks the others against it.
    fn keys<'n>(&self, node: &'n Node, branch: bool) -> Option<Parsed<'n>> {
        let entries = self.map(node, "a step")?;
        let mut head: Option<Parsed<'n>> = None;
        let mut modifiers = Vec::new();
        let mut failed = false;
        for (key, value) in entries {
            let raw = key_text(key);
            if MODIFIERS.contains(&raw) || raw == "steps" {
                modifiers.push((raw, key, value));
                continue;
            }
            let str = self.text(key, "a key")?;
            match self.head(&str) {
                None => failed = true,
                Some(found) => {
                    if let Some(first) = &head {
                        let message =
                            format!("a step does one thing: `{}` and `{}`", first.name, str.text);
                        self.error_help(key.span, message, "begin each step with `- `");
                        return None;
                    }
                    let end = match &value.value {
                        Value::Scalar(_) => value.span.end,
                        _ => key.span.end,
                    };
                    head = Some(Parsed {
                        head: found,
                        name: str.text.to_string(),
                        at: Span::new(key.span.start, end),
                        value,
                        modifiers: Vec::new(),
                    });
                }
            }
        }
        if failed {
            return None;
        }
        let Some(mut parsed) = head else {
            let help = "a step is `alice C: …`, `alice S: …`, `alice@sb open: …`, `any order:`, \
                        `one of:`, `repeat:`, `settle:`, `use:` or `server:`";
            self.error_help(node.span, "the step does not say who does what", help);
            return None;
        };
        parsed.modifiers = modifiers;
        self.check_modifiers(&parsed, branch).then_some(parsed)
    }

    fn head(&self, key: &Str<'_>) -> Option<Head> {
        let text = &*key.text;
        match text {
            "any order" => return Some(Head::AnyOrder),
            "one of" => return Some(Head::OneOf),
            "repeat" => return Some(Head::Repeat),
            "settle" => return Some(Head::Settle),
            "use" => return Some(Head::Use),
            "server" => return Some(Head::Server),
            _ => {}
        }
        let (who, what) = text.rsplit_once(' ').unwrap_or(("", text));
        match what {
            "C" => self.conn(key, who).map(Head::Send),
            "S" => self.conn(key, who).map(Head::Expect),
            "open" => self.conn(key, who).map(Head::Open),
            _ => {
                let known = MODIFIERS.iter().chain(&GROUPS).copied();
                let mut error =
                    Diagnostic::error(self.source, key.all(), format!("unknown key `{text}`"));
                error = if let Some(meant) = did_you_mean(text, known) {
                    error.with_help(format!("did you mean `{meant}`?"))
                } else if matches!(what, "c" | "s") {
                    let meant = format!("{who} {}", what.to_uppercase());
                    error.with_help(format!("did you mean `{}`?", meant.trim()))
                } else {
                    error.with_help("a step is `alice C: …` or `alice S: …`")
                };
                self.loader.push(error);
                None
            }
        }
    }

    /// Whose connection: `alice`, `alice@sb`, `@sb`, or nothing for the first user's.
    fn conn(&self, key: &Str<'_>, who: &str) -> Option<ConnName> {
        let who = who.trim_end();
        let (user, label) = who.split_once('@').unwrap_or((who, ConnName::DEFAULT));
        if !["sb", "ns", "ds"]
            .iter()
            .any(|kind| label.starts_with(kind))
        {
            let at = who.len() - label.len();
            let message = format!("unknown connection `{label}`");
            let help = "a label begins with sb, ns or ds: alice@sb, alice@sb2, alice@ds";
            self.error_help(key.span(at..who.len()), message, help);
            return None;
        }
        let Some(first) = self.users.first() else {
            let help = "declare one: `users: [alice]`";
            self.error_help(key.all(), "the scenario has no user", help);
            return None;
        };
        if user.is_empty() {
            return Some(ConnName::new(first.name.as_str(), label));
        }
        if !self.is_user(user) {
            let span = key.span(0..user.len());
            self.unknown(span, "user", user, self.user_names());
            return None;
        }
        Some(ConnName::new(user, label))
    }

    fn check_modifiers(&self, parsed: &Parsed<'_>, branch: bool) -> bool {
        let allowed: &[&str] = match parsed.head {
            Head::Send(_) => &["clause", "payload", "segments", "precondition"],
            Head::Expect(_) => &[
                "clause",
                "payload",
                "optional",
                "strict",
                "exact",
                "within",
                "except",
                "precondition",
            ],
            Head::Open(_) | Head::AnyOrder | Head::OneOf => &["clause", "precondition"],
            Head::Repeat => &["steps", "clause", "precondition"],
            Head::Settle | Head::Server => &["precondition"],
            Head::Use => &["with"],
        };
        let mut good = true;
        for (name, key, _) in &parsed.modifiers {
            let varies = matches!(*name, "varies" | "seen");
            if allowed.contains(name) || (varies && branch) {
                continue;
            }
            good = false;
            let message = format!("`{name}` does not go with `{}`", parsed.name);
            if varies {
                let help = "it marks a branch of `one of`";
                self.error_help(key.span, message, help);
            } else {
                self.error(key.span, message);
            }
        }
        good
    }

    fn varies(&self, clause: Option<&Node>, seen: Option<&Node>) -> Option<Varies> {
        let Some(node) = clause else {
            if let Some(seen) = seen {
                let message = "`seen` goes with `varies`, which is missing";
                self.error(seen.span, message);
            }
            return None;
        };
        let clause = self.clause(node)?;
        if clause.clause().accept.is_none() {
            let message = format!("{clause} accepts no other behaviour");
            let help = "`varies` names a clause that has an `accept` in the catalogue";
            self.error_help(node.span, message, help);
        }
        let seen = seen.and_then(|node| self.text(node, "`seen`"));
        let seen = seen.map(|str| str.text.into_owned());
        Some(Varies { clause, seen })
    }

    pub(super) fn clause(&self, node: &Node) -> Option<ClauseId> {
        let str = self.text(node, "the clause")?;
        self.clause_of(&str)
    }

    pub(super) fn clause_of(&self, str: &Str<'_>) -> Option<ClauseId> {
        let found = Clause::all().iter().find(|clause| clause.name == str.text);
        if found.is_none() {
            let known = Clause::all().iter().map(|clause| clause.name);
            self.unknown(str.all(), "clause", &str.text, known);
        }
        found.map(|clause| clause.id)
    }

    fn action(&self, parsed: &Parsed<'_>) -> Option<Action> {
        match &parsed.head {
            Head::Send(conn) => self.send(parsed, conn),
            Head::Expect(conn) => {
                let what = self.expected(parsed, conn)?;
                self.expect(parsed, conn, what).map(Action::Expect)
            }
            Head::Open(conn) => {
                let str = self.text(parsed.value, "the address (or `default`)")?;
                let address = match &*str.text {
                    "default" => None,
                    text => Some(self.expressions(&str, 0..text.len())?),
                };
                let conn = conn.clone();
                Some(Action::Open { conn, address })
            }
            Head::AnyOrder => self.any_order(parsed),
            Head::OneOf => self.one_of(parsed),
            Head::Repeat => {
                let rounds = self.number(parsed.value, "`repeat`", 1..MAX_ROUNDS + 1)?;
                let Some(steps) = parsed.get("steps") else {
                    self.error(parsed.at, "`repeat` needs `steps`");
                    return None;
                };
                let steps = self.steps(steps, "`steps`");
                Some(Action::Repeat(u32::try_from(rounds).ok()?, steps))
            }
            Head::Settle => {
                if self.boolean(parsed.value, "`settle`")? {
                    return Some(Action::Settle);
                }
                self.error(parsed.value.span, "`settle` is always `true`");
                None
            }
            Head::Server => {
                let str = self.text(parsed.value, "`stop` or `start`")?;
                match &*str.text {
                    "stop" => Some(Action::StopServer),
                    "start" => Some(Action::StartServer),
                    other => {
                        self.unknown(str.all(), "action", other, ["stop", "start"]);
                        None
                    }
                }
            }
            Head::Use => None,
        }
    }

    fn send(&self, parsed: &Parsed<'_>, conn: &ConnName) -> Option<Action> {
        const WORDS: [&str; 4] = ["close", "reset", "pause", "resume"];
        let payload = parsed.get("payload");
        let mut items = Vec::new();
        match &parsed.value.value {
            Value::List(lines) => {
                for line in lines {
                    items.push(self.send_item(line, None)?);
                }
                if items.is_empty() {
                    self.error(parsed.at, "nothing is sent");
                    return None;
                }
                if let Some(payload) = payload {
                    let help = "in a list: { line: MSG {t} N {length}, payload: … }";
                    let message = "`payload` stands beside one line, not beside a list";
                    self.error_help(payload.span, message, help);
                    return None;
                }
            }
            Value::Map(_) => {
                items.push(self.send_item(parsed.value, None)?);
                if let Some(payload) = payload {
                    self.error(payload.span, "`payload` stands beside a line");
                    return None;
                }
            }
            Value::Scalar(_) => {
                let str = self.text(parsed.value, "what is sent")?;
                if WORDS.contains(&&*str.text) {
                    return self.control(parsed, conn, &str);
                }
                let word = str.text.trim();
                if word.bytes().all(|b| b.is_ascii_lowercase())
                    && let Some(meant) = did_you_mean(word, WORDS)
                {
                    let message = format!("unknown action `{word}`");
                    self.error_help(str.all(), message, format!("did you mean `{meant}`?"));
                    return None;
                }
                items.push(self.send_line(&str, payload)?);
            }
        }
        let segments = match parsed.get("segments") {
            Some(node) => Some(self.segment_size(node)?),
            None => None,
        };
        Some(Action::Send(Send {
            conn: conn.clone(),
            items,
            segments,
        }))
    }

    pub(super) fn segment_size(&self, node: &Node) -> Option<usize> {
        let size = self.number(node, "`segments`", 1..MAX_SEGMENT + 1)?;
        usize::try_from(size).ok()
    }

    fn control(&self, parsed: &Parsed<'_>, conn: &ConnName, word: &Str<'_>) -> Option<Action> {
        for name in ["payload", "segments"] {
            if let Some(node) = parsed.get(name) {
                let message = format!("`{name}` does not go with `{}`", word.text);
                self.error(node.span, message);
                return None;
            }
        }
        let conn = conn.clone();
        Some(match &*word.text {
            "close" => Action::Close(conn),
            "reset" => Action::Reset(conn),
            "pause" => Action::Pause(conn),
            _ => Action::Resume(conn),
        })
    }

    fn send_line(&self, str: &Str<'_>, payload: Option<&Node>) -> Option<SendItem> {
        if let Some(at) = str.text.find(['\r', '\n']) {
            let help = "CRLF is added; several lines are a list, other bytes are { raw: … }";
            self.error_help(str.span(at..at + 1), "the line holds a line break", help);
            return None;
        }
        let text = self.expressions(str, 0..str.text.len());
        let payload = match payload {
            Some(node) => Some(self.payload(node)?),
            None => None,
        };
        let text = text?;
        Some(SendItem::Line { text, payload })
    }

    fn send_item(&self, node: &Node, payload: Option<&Node>) -> Option<SendItem> {
        let Value::Map(entries) = &node.value else {
            let str = self.text(node, "a line")?;
            return self.send_line(&str, payload);
        };
        if let [(line, text), (key, payload)] = entries.as_slice()
            && key_text(line) == "line"
            && key_text(key) == "payload"
        {
            let str = self.text(text, "a line")?;
            return self.send_line(&str, Some(payload));
        }
        let known = ["raw", "hex", "file", "bytes"];
        let (key, value) = self.single(node, "what is sent", &known)?;
        self.payload_form(key, value).map(SendItem::Raw)
    }

    fn expected(&self, parsed: &Parsed<'_>, conn: &ConnName) -> Option<Expected> {
        const WORDS: [&str; 4] = ["error", "refused", "closed", "nothing"];
        let str = self.text(parsed.value, "what is expected")?;
        let all = words(&str.text);
        let first = all.first().cloned().unwrap_or_default();
        let word = str.text.get(first.clone()).unwrap_or_default();
        match (word, all.len()) {
            ("error", 1) => return Some(Expected::Error(None)),
            ("error", 2) => {
                let word = self.word_pattern(&str, all.last()?.clone())?;
                return Some(Expected::Error(Some(word)));
            }
            ("refused", 1) => return Some(Expected::Refused),
            ("closed", 1) => return Some(Expected::Closed),
            ("nothing", 1) => {
                let except = self.except(parsed.get("except"))?;
                return Some(Expected::Nothing { except });
            }
            (word, _) if WORDS.contains(&word) => {
                let message = format!("`{word}` takes no more words");
                self.error(str.all(), message);
                return None;
            }
            _ => {}
        }
        let lower = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        if lower {
            self.unknown(str.span(first), "expectation", word, WORDS);
            return None;
        }
        let pattern = self.line_pattern(&str)?;
        let payload = match parsed.get("payload") {
            Some(node) => {
                self.carries_payload(&pattern.words, conn, node)?;
                Some(self.payload_pattern(node)?)
            }
            None => None,
        };
        Some(Expected::Line { pattern, payload })
    }

    fn except(&self, node: Option<&Node>) -> Option<Vec<LinePattern>> {
        let Some(node) = node else {
            return Some(Vec::new());
        };
        let lines = match &node.value {
            Value::List(_) => self.texts(node, "`except`"),
            _ => vec![self.text(node, "`except`")?],
        };
        lines.iter().map(|line| self.line_pattern(line)).collect()
    }

    /// A message where the expected line is of a command that never has a payload.
    fn carries_payload(&self, words: &[WordPattern], conn: &ConnName, node: &Node) -> Option<()> {
        let Some(WordKind::Text(text)) = words.first().map(|word| &word.kind) else {
            return Some(());
        };
        let [TextPart::Literal(verb)] = text.parts.as_slice() else {
            return Some(());
        };
        let row = Command::find(Direction::ToClient, conn.kind(), verb.as_bytes());
        if row.is_some_and(|row| row.payload == PayloadForm::None) {
            self.error(node.span, format!("a {verb} line has no payload"));
            return None;
        }
        Some(())
    }

    fn expect(&self, parsed: &Parsed<'_>, conn: &ConnName, what: Expected) -> Option<Expect> {
        let (name, refused): (&str, &[&str]) = match &what {
            Expected::Line { .. } => ("a line", &["except"]),
            Expected::Error(_) => ("error", &["except", "payload", "exact"]),
            Expected::Refused => ("refused", &["except", "payload", "exact", "optional"]),
            Expected::Closed => ("closed", &["except", "payload", "exact"]),
            Expected::Nothing { .. } => ("nothing", &["payload", "exact", "optional", "strict"]),
        };
        for (modifier, key, _) in &parsed.modifiers {
            if refused.contains(modifier) {
                let message = format!("`{modifier}` does not go with `{name}`");
                self.error(key.span, message);
                return None;
            }
        }
        let flag = |name: &str| {
            let node = parsed.get(name);
            node.and_then(|node| self.boolean(node, &format!("`{name}`")))
        };
        let within = match parsed.get("within") {
            Some(node) => Some(self.duration(node, "`within`")?),
            None => None,
        };
        Some(Expect {
            conn: conn.clone(),
            what,
            strict: flag("strict").unwrap_or_default(),
            exact: flag("exact").unwrap_or_default(),
            within,
        })
    }

    fn any_order(&self, parsed: &Parsed<'_>) -> Option<Action> {
        let steps = self.steps(parsed.value, "`any order`");
        for step in &steps {
            let fits = match &step.action {
                Action::Expect(expect) => !matches!(expect.what, Expected::Nothing { .. }),
                _ => false,
            };
            if !fits {
                let message = "`any order` holds only lines, errors and ends that are expected";
                let error = Diagnostic::error(&step.source, step.at, message);
                self.loader
                    .push(error.with_help("`nothing` and what is sent stand outside of it"));
                return None;
            }
        }
        Some(Action::AnyOrder(steps))
    }

    fn one_of(&self, parsed: &Parsed<'_>) -> Option<Action> {
        let nodes = self.list(parsed.value, "`one of`")?;
        if nodes.len() < 2 {
            self.error(parsed.at, "`one of` needs two branches or more");
            return None;
        }
        let mut branches = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let steps = self.branch(node);
            let Some(first) = steps.first() else {
                continue;
            };
            let Action::Expect(expect) = &first.action else {
                let message = "a branch begins with what is expected";
                let error = Diagnostic::error(&first.source, first.at, message);
                self.loader
                    .push(error.with_help("the first `S:` that is met chooses the branch"));
                return None;
            };
            let nothing = matches!(expect.what, Expected::Nothing { .. });
            if first.optional {
                let message = "a branch cannot begin with what is optional";
                self.error(first.at, message);
                return None;
            }
            if nothing && index + 1 < nodes.len() {
                let message = "`nothing` can only be the last branch";
                let help = "silence is known only when no other branch was met";
                self.error_help(first.at, message, help);
                return None;
            }
            branches.push(steps);
        }
        Some(Action::OneOf(branches))
    }

    /// A step, or a map of `steps` with what marks the branch.
    fn branch(&self, node: &Node) -> Vec<Step> {
        let Value::Map(entries) = &node.value else {
            return self.step(node, true);
        };
        let find = |name: &str| {
            let found = entries.iter().find(|(key, _)| key_text(key) == name);
            found.map(|(_, value)| value)
        };
        let Some(steps) = find("steps").filter(|_| find("repeat").is_none()) else {
            return self.step(node, true);
        };
        for (key, _) in entries {
            let word = key_text(key);
            if !["steps", "varies", "seen", "clause"].contains(&word) {
                self.unknown(key.span, "key", word, ["steps", "varies", "seen", "clause"]);
            }
        }
        let mut steps = self.steps(steps, "`steps`");
        let varies = self.varies(find("varies"), find("seen"));
        if let Some(first) = steps.first_mut()
            && varies.is_some()
        {
            first.varies = varies;
        }
        if let Some(clause) = find("clause").and_then(|node| self.clause(node)) {
            for step in &mut steps {
                step.clause = step.clause.or(Some(clause));
                inherit(step);
            }
        }
        steps
    }

    /// The steps of another file.
    fn part(&self, parsed: &Parsed<'_>) -> Vec<Step> {
        let Some(str) = self.text(parsed.value, "the file") else {
            return Vec::new();
        };
        let Some(path) = self.resolve("", &str) else {
            return Vec::new();
        };
        let mut outer = self.chain;
        while let Some(chain) = outer {
            if chain.path == path {
                self.error(str.all(), format!("`{path}` uses itself"));
                return Vec::new();
            }
            outer = chain.outer;
        }
        let depth = self.chain.map_or(0, |chain| chain.depth) + 1;
        if depth > MAX_PARTS {
            let message = format!("parts are nested more than {MAX_PARTS} levels deep");
            self.error(str.all(), message);
            return Vec::new();
        }
        let Some(part) = self.load_part(&path, &str) else {
            return Vec::new();
        };
        let env = Env::default();
        let folder = path.rfind('/').and_then(|at| path.get(..=at));
        let chain = Chain {
            path: &path,
            depth,
            outer: self.chain,
        };
        let inner = Reader {
            loader: self.loader,
            source: &part.source,
            env: &env,
            users: self.users,
            folder: folder.unwrap_or_default(),
            precondition: true,
            chain: Some(&chain),
        };
        self.part_steps(parsed, &part.root, inner)
    }

    fn load_part(&self, path: &str, str: &Str<'_>) -> Option<Rc<Part>> {
        if let Some(known) = self.loader.parts.0.borrow().get(path) {
            return Some(Rc::clone(known));
        }
        let shown = self.loader.files.display(path);
        let part = match self.loader.files.read(path) {
            Err(error) => {
                self.error(
                    str.all(),
                    format!("cannot read the part `{shown}`: {error}"),
                );
                None
            }
            Ok(bytes) => tree::decode(&shown, &bytes)
                .and_then(|source| {
                    let root = tree::parse(&source)?;
                    Ok(Rc::new(Part { source, root }))
                })
                .map_err(|error| self.loader.push(error))
                .ok(),
        };
        if let Some(part) = &part {
            let mut parts = self.loader.parts.0.borrow_mut();
            parts.insert(path.to_owned(), Rc::clone(part));
        }
        part
    }

    fn part_steps(&self, parsed: &Parsed<'_>, root: &Node, inner: Reader<'_>) -> Vec<Step> {
        let Some(entries) = inner.map(root, "a part") else {
            return Vec::new();
        };
        let known = ["description", "parameters", "steps"];
        for (key, _) in entries {
            if !known.contains(&key_text(key)) {
                inner.unknown(key.span, "key", key_text(key), known);
            }
        }
        let find = |name: &str| {
            let found = entries.iter().find(|(key, _)| key_text(key) == name);
            found.map(|(_, value)| value)
        };
        if find("description").is_none() {
            inner.error(root.span, "`description` is missing");
        }
        let parameters = find("parameters").map(|node| inner.texts(node, "`parameters`"));
        let parameters = parameters.unwrap_or_default();
        let env = self.arguments(parsed, &parameters);
        let Some(steps) = find("steps") else {
            inner.error(root.span, "`steps` is missing");
            return Vec::new();
        };
        let Some(env) = env else {
            return Vec::new();
        };
        let steps = Reader { env: &env, ..inner }.steps(steps, "`steps`");
        for (var, parameter) in env.vars.iter().zip(&parameters) {
            if !var.used.get() {
                let message = format!("the parameter `{}` is used nowhere", var.name);
                inner.error(parameter.all(), message);
            }
        }
        steps
    }

    /// The values of `with:`, in the order of the part's parameters.
    fn arguments(&self, parsed: &Parsed<'_>, parameters: &[Str<'_>]) -> Option<Env> {
        let given = match parsed.get("with") {
            Some(node) => self.map(node, "`with`")?,
            None => &[],
        };
        let mut good = true;
        for (key, _) in given {
            if !parameters.iter().any(|name| name.text == key_text(key)) {
                let known = parameters.iter().map(|name| &*name.text);
                self.unknown(key.span, "parameter", key_text(key), known);
                good = false;
            }
        }
        let mut env = Env::default();
        for name in parameters {
            let Some((_, value)) = given.iter().find(|(key, _)| key_text(key) == name.text) else {
                let message = format!("the parameter `{}` is missing", name.text);
                let help = format!("with: {{ {}: … }}", name.text);
                self.error_help(parsed.at, message, help);
                good = false;
                continue;
            };
            let text = self.text(value, "a parameter")?;
            env.add(&name.text, &text.text);
        }
        good.then_some(env)
    }
}

/// What a group says of itself holds for its steps.
fn inherit(step: &mut Step) {
    let (clause, precondition) = (step.clause, step.precondition);
    let each = |inner: &mut Step| {
        inner.clause = inner.clause.or(clause);
        inner.precondition |= precondition;
        inherit(inner);
    };
    match &mut step.action {
        Action::AnyOrder(steps) | Action::Repeat(_, steps) => steps.iter_mut().for_each(each),
        Action::OneOf(branches) => branches.iter_mut().flatten().for_each(each),
        _ => {}
    }
}
