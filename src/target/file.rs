//! Reads a target file: every mistake with its place, and with what was perhaps meant.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::description::{Launch, Signal, Target, checked_address};
use super::environment::{Account, Timeouts};
use super::invocation::Invocation;
use super::shown;
use crate::diagnostic::{Diagnostic, Severity, Source, Span, did_you_mean};
use crate::protocol::MAX_HANDLE;
use crate::scenario::tree::{self, Node, Value};

/// How long a server may take to be ready, and a command to end, unless the file says more.
const WITHIN: Duration = Duration::from_secs(10);
/// No pattern makes more accounts.
const MOST_ACCOUNTS: u64 = 10_000;
/// Accounts that are made with `provision` where the file names none.
const PROVISIONED: u64 = 64;

/// The keys of a target file.
const KEYS: [&str; 17] = [
    "name",
    "dispatch",
    "notification",
    "accounts",
    "account_pattern",
    "provision",
    "launch",
    "reset",
    "disposable",
    "remote",
    "timeouts",
    "max_connections",
    "map",
    "habits",
    "ticket",
    "waivers",
    "description",
];

/// The entries of a map.
pub(crate) type Entries<'n> = &'n [(Node, Node)];

impl Target {
    /// A target file. Relative folders of its commands are meant from the folder of the file.
    ///
    /// # Errors
    ///
    /// Every mistake in it, with its place.
    pub fn from_yaml(source: &Arc<Source>) -> Result<Self, Vec<Diagnostic>> {
        read(source, &|_| None)
    }

    /// The same with variables, which stand as `${NAME}` in any value.
    ///
    /// # Errors
    ///
    /// Every mistake in it, with its place.
    pub fn from_yaml_with(
        source: &Arc<Source>,
        variables: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Diagnostic>> {
        read(source, variables)
    }
}

/// Reads the file.
fn read(
    source: &Arc<Source>,
    variables: &dyn Fn(&str) -> Option<String>,
) -> Result<Target, Vec<Diagnostic>> {
    let mut root = tree::parse(source).map_err(|error| vec![shown::blind(error)])?;
    let source = &shown::shown(source, &root);
    let folder = Path::new(&source.path).parent().map(Path::to_path_buf);
    let reader = Reader {
        source,
        folder: folder.unwrap_or_default(),
        found: RefCell::default(),
    };
    reader.fill_in(&mut root, variables);
    let target = reader.target(&root);
    let found = reader.found.into_inner();
    let (errors, warnings): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|diagnostic| diagnostic.severity == Severity::Error);
    if errors.is_empty() {
        Ok(Target { warnings, ..target })
    } else {
        Err(errors)
    }
}

/// Reads a file, and collects what is wrong with it.
pub(crate) struct Reader<'s> {
    pub(crate) source: &'s Arc<Source>,
    folder: PathBuf,
    found: RefCell<Vec<Diagnostic>>,
}

impl Reader<'_> {
    pub(crate) fn error(&self, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(self.source, span, message));
    }

    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    fn target(&self, root: &Node) -> Target {
        let mut target = Target::empty("target");
        let stem = Path::new(&self.source.path).file_stem();
        if let Some(stem) = stem.and_then(|stem| stem.to_str()) {
            stem.clone_into(&mut target.name);
        }
        let entries = self.map(root, "a target file");
        self.known(entries, &KEYS);
        let get = |key| get(entries, key);
        if let Some(name) = get("name").and_then(|node| self.text(node, "the name")) {
            name.clone_into(&mut target.name);
        }
        target.dispatch = get("dispatch").and_then(|node| self.address(node));
        target.notification = get("notification").and_then(|node| self.address(node));
        if get("dispatch").or_else(|| get("notification")).is_none() {
            let help = "add `dispatch: HOST:PORT`, where a client connects first";
            let message = "the target has no address";
            self.push(Diagnostic::error(self.source, root.span, message).with_help(help));
        }
        target.provision = get("provision").and_then(|node| self.command(node, "provision"));
        target.reset = get("reset").and_then(|node| self.command(node, "reset"));
        target.accounts = self.accounts(root, entries);
        let ready = target.dispatch.as_ref().or(target.notification.as_ref());
        target.launch = get("launch").and_then(|node| self.launch(node, ready));
        let flag = |key| get(key).and_then(|node| self.flag(node)).unwrap_or(false);
        target.disposable = flag("disposable");
        target.remote = flag("remote");
        target.timeouts = get("timeouts").map_or_else(Timeouts::default, |n| self.timeouts(n));
        target.max_connections = get("max_connections")
            .and_then(|node| self.number(node, 1..=1_000_000))
            .and_then(|number| usize::try_from(number).ok());
        target.map = get("map")
            .map(|node| self.addresses(node))
            .unwrap_or_default();
        target.habits = get("habits").map(|n| self.habits(n)).unwrap_or_default();
        target.tickets = get("ticket").and_then(|node| self.tickets(node));
        target.waivers = get("waivers").map(|n| self.waivers(n)).unwrap_or_default();
        target
    }

    fn accounts(&self, root: &Node, entries: Entries<'_>) -> Vec<Account> {
        let mut accounts = Vec::new();
        let mut handles = HashSet::new();
        for node in get(entries, "accounts").map_or(&[][..], |n| self.list(n, "`accounts`")) {
            let entries = self.map(node, "an account");
            self.known(entries, &["handle", "password", "name"]);
            let Some(handle) = self.required(node, entries, "handle") else {
                continue;
            };
            let password = self.required(node, entries, "password");
            let at = get(entries, "handle").map_or(node.span, |handle| handle.span);
            self.handle(at, &handle);
            if !handles.insert(handle.to_ascii_lowercase()) {
                self.error(at, format!("{handle} stands twice"));
            }
            let mut account = Account::new(handle, password.unwrap_or_default());
            account.name = get(entries, "name")
                .and_then(|node| self.text(node, "the name"))
                .map(str::to_owned);
            accounts.push((at, account));
        }
        let mut accounts: Vec<Account> = accounts.into_iter().map(|(_, a)| a).collect();
        if let Some(node) = get(entries, "account_pattern") {
            let counted = self.pattern(node);
            let is_listed = |one: &&Account| handles.contains(&one.handle.to_ascii_lowercase());
            if let Some(Account { handle, .. }) = counted.iter().find(is_listed) {
                self.error(node.span, format!("{handle} stands in `accounts` as well"));
            }
            accounts.extend(counted);
        }
        let provisioned = get(entries, "provision").is_some();
        if accounts.is_empty() && provisioned {
            accounts.extend((1..=PROVISIONED).map(|n| Account {
                name: Some(format!("Spec {n}")),
                ..Account::new(
                    format!("msnpspec{n:02}@hotmail.com"),
                    format!("spec-pw-{n:02}"),
                )
            }));
        } else if accounts.is_empty()
            && get(entries, "accounts").is_none()
            && get(entries, "account_pattern").is_none()
        {
            let help = "add `accounts:`, `account_pattern:` or `provision:`";
            let message = "the target has no accounts";
            self.push(Diagnostic::error(self.source, root.span, message).with_help(help));
        }
        accounts
    }

    fn pattern(&self, node: &Node) -> Vec<Account> {
        let entries = self.map(node, "`account_pattern`");
        if !matches!(node.value, Value::Map(_)) {
            return Vec::new();
        }
        self.known(entries, &["handle", "password", "name", "from", "to"]);
        let template = |key| {
            let node = get(entries, key)?;
            let text = self.text(node, key)?;
            match Template::parse(text) {
                Some(template) => Some(template),
                None => {
                    let message =
                        format!("in `{key}`, the place for the number is not well written");
                    let help = "`{n}` counts, `{n:02}` pads with zeros to two digits";
                    self.push(Diagnostic::error(self.source, node.span, message).with_help(help));
                    None
                }
            }
        };
        let bound = |key, default| {
            get(entries, key).map_or(Some(default), |n| self.number(n, 0..=u32::MAX.into()))
        };
        for key in ["handle", "password", "to"] {
            if get(entries, key).is_none() {
                self.error(node.span, format!("the account pattern lacks `{key}`"));
            }
        }
        let (handle, password, name) = (template("handle"), template("password"), template("name"));
        let (Some(handle), Some(password)) = (handle, password) else {
            return Vec::new();
        };
        let (Some(from), Some(to)) = (bound("from", 1), bound("to", 0)) else {
            return Vec::new();
        };
        let at = |key| get(entries, key).map_or(node.span, |node| node.span);
        if !handle.counts() {
            self.error(
                at("handle"),
                "every account would have the same handle: add `{n}`",
            );
            return Vec::new();
        }
        self.handle(at("handle"), &handle.render(to));
        if to < from || to - from >= MOST_ACCOUNTS {
            let message = format!("`from` to `to` must be 1 to {MOST_ACCOUNTS} accounts");
            self.error(at("to"), message);
            return Vec::new();
        }
        (from..=to)
            .map(|n| Account {
                name: name.as_ref().map(|name| name.render(n)),
                ..Account::new(handle.render(n), password.render(n))
            })
            .collect()
    }

    fn handle(&self, at: Span, handle: &str) {
        if handle.len() > MAX_HANDLE || !handle.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "a handle is a word of up to 129 ASCII characters";
            self.error(at, message);
        } else if !handle.contains('@') {
            self.error(at, "the handle lacks a domain, such as @hotmail.com");
        } else if handle.contains(':') {
            // Not shown: it may be a password.
            let message = "a handle has no colon: the password stands under `password:`";
            self.error(at, message);
        }
    }

    fn command(&self, node: &Node, what: &str) -> Option<Invocation> {
        let entries = self.map(node, &format!("`{what}`"));
        self.known(entries, &["command", "within", "env", "cwd"]);
        self.invocation(node, entries)
    }

    fn invocation(&self, node: &Node, entries: Entries<'_>) -> Option<Invocation> {
        let Some(command) = get(entries, "command") else {
            self.error(node.span, "`command` is missing");
            return None;
        };
        self.invocation_of(command, entries)
    }

    /// A command, with what stands beside it.
    pub(super) fn invocation_of(&self, command: &Node, entries: Entries<'_>) -> Option<Invocation> {
        let words: Vec<String> = self
            .list(command, "a command")
            .iter()
            .filter_map(|word| self.text(word, "a word of a command"))
            .map(str::to_owned)
            .collect();
        if words.first().is_none_or(String::is_empty) {
            let help = "commands run without a shell: write [\"./server\", \"--port\", \"1863\"]";
            let message = "a command is a list of its words";
            self.push(Diagnostic::error(self.source, command.span, message).with_help(help));
            return None;
        }
        let cwd = get(entries, "cwd").and_then(|node| self.text(node, "`cwd`"));
        let folder = cwd.map_or_else(|| self.folder.clone(), |cwd| self.folder.join(cwd));
        let mut env = BTreeMap::new();
        for (key, value) in get(entries, "env").map_or(&[][..], |n| self.map(n, "`env`")) {
            if let Some(value) = self.text(value, "a variable") {
                env.insert(text_of(key).to_owned(), value.to_owned());
            }
        }
        Some(Invocation {
            command: words,
            folder: (!folder.as_os_str().is_empty()).then_some(folder),
            env,
            within: get(entries, "within")
                .and_then(|node| self.duration(node))
                .unwrap_or(WITHIN),
        })
    }

    fn launch(&self, node: &Node, address: Option<&String>) -> Option<Launch> {
        let entries = self.map(node, "`launch`");
        self.known(entries, &["command", "ready", "stop", "env", "cwd"]);
        let mut invocation = self.invocation(node, entries);
        let mut ready: Vec<String> = address.into_iter().cloned().collect();
        if let Some(node) = get(entries, "ready") {
            let entries = self.map(node, "`ready`");
            self.known(entries, &["tcp", "within"]);
            if let Some(node) = get(entries, "tcp") {
                ready = self.one_or_more(node);
            }
            if let Some(within) = get(entries, "within").and_then(|node| self.duration(node))
                && let Some(invocation) = &mut invocation
            {
                invocation.within = within;
            }
        }
        let stop = match get(entries, "stop") {
            None => Signal::default(),
            Some(node) => {
                let word = self.text(node, "`stop`")?;
                let known = Signal::ALL.iter().find(|(name, _)| *name == word);
                if known.is_none() {
                    let names = Signal::ALL.iter().map(|(name, _)| *name);
                    self.unknown(node.span, "signal", word, names);
                }
                known?.1
            }
        };
        Some(Launch {
            invocation: invocation?,
            ready,
            also: Vec::new(),
            stop,
        })
    }

    /// An address, or a list of them.
    fn one_or_more(&self, node: &Node) -> Vec<String> {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.error(node.span, "there is no address in this list");
                Vec::new()
            }
            Value::List(items) => items.iter().filter_map(|node| self.address(node)).collect(),
            Value::Scalar(_) | Value::Map(_) => self.address(node).into_iter().collect(),
        }
    }

    fn timeouts(&self, node: &Node) -> Timeouts {
        let entries = self.map(node, "`timeouts`");
        self.known(entries, &["connect", "reply", "quiet"]);
        let usual = Timeouts::default();
        let time = |key, usual| {
            let node = get(entries, key);
            node.and_then(|node| self.duration(node)).unwrap_or(usual)
        };
        Timeouts {
            connect: time("connect", usual.connect),
            reply: time("reply", usual.reply),
            quiet: time("quiet", usual.quiet),
        }
    }

    fn addresses(&self, node: &Node) -> BTreeMap<String, String> {
        let pair = |(key, value): &(Node, Node)| {
            let from = self.address(key)?;
            Some((from, self.address(value)?))
        };
        self.map(node, "`map`").iter().filter_map(pair).collect()
    }

    pub(crate) fn told<T, E: Display>(&self, node: &Node, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| self.error(node.span, error.to_string()))
            .ok()
    }

    pub(crate) fn map<'n>(&self, node: &'n Node, what: &str) -> Entries<'n> {
        match &node.value {
            Value::Map(entries) => entries,
            _ => {
                let message = format!("{what} must be a map, this is {}", node.kind());
                self.error(node.span, message);
                &[]
            }
        }
    }

    pub(crate) fn list<'n>(&self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                let message = format!("{what} must be a list, this is {}", node.kind());
                self.error(node.span, message);
                &[]
            }
        }
    }

    pub(crate) fn text<'n>(&self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(scalar) if !scalar.missing => Some(&scalar.text),
            _ => {
                let message = format!("{what} must be a text, this is {}", node.kind());
                self.error(node.span, message);
                None
            }
        }
    }

    pub(crate) fn required(&self, node: &Node, entries: Entries<'_>, key: &str) -> Option<String> {
        match get(entries, key) {
            Some(node) => self.text(node, &format!("`{key}`")).map(str::to_owned),
            None => {
                self.error(node.span, format!("`{key}` is missing"));
                None
            }
        }
    }

    fn flag(&self, node: &Node) -> Option<bool> {
        let text = self.text(node, "this")?;
        self.told(
            node,
            text.parse::<bool>()
                .map_err(|_| "this must be `true` or `false`"),
        )
    }

    fn number(&self, node: &Node, bounds: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(node, "this")?;
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        let (least, most) = (bounds.start(), bounds.end());
        let why = || format!("this must be a number from {least} to {most}");
        self.told(node, number.ok_or_else(why))
    }

    fn duration(&self, node: &Node) -> Option<Duration> {
        let text = self.text(node, "a time")?;
        let parsed = parse_duration(text);
        let why = || format!("`{text}` is no time: write `5s` or `300ms`, at most an hour");
        self.told(node, parsed.ok_or_else(why))
    }

    fn address(&self, node: &Node) -> Option<String> {
        let text = self.text(node, "an address")?;
        self.told(node, checked_address(text))
    }

    pub(crate) fn known(&self, entries: Entries<'_>, keys: &[&'static str]) {
        for (key, value) in entries {
            let word = text_of(key);
            if !keys.contains(&word) && value.is_missing() {
                self.error(key.span, "this word has no value: write `key: value`");
            } else if !keys.contains(&word) {
                self.unknown(key.span, "key", word, keys.iter().copied());
            }
        }
    }

    pub(crate) fn unknown(
        &self,
        at: Span,
        what: &str,
        word: &str,
        known: impl Iterator<Item = &'static str> + Clone,
    ) {
        let diagnostic = Diagnostic::error(self.source, at, format!("unknown {what} `{word}`"));
        let help = match did_you_mean(word, known.clone()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.push(diagnostic.with_help(help));
    }
}

/// A time such as `5s` or `300ms`: more than nothing, at most an hour.
fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return None,
    };
    let millis = digits.parse::<u64>().ok()?.checked_mul(scale)?;
    (1..=3_600_000)
        .contains(&millis)
        .then(|| Duration::from_millis(millis))
}

/// The value of a key.
pub(crate) fn get<'n>(entries: Entries<'n>, key: &str) -> Option<&'n Node> {
    let found = entries.iter().find(|(name, _)| text_of(name) == key);
    found.map(|(_, value)| value)
}

fn text_of(node: &Node) -> &str {
    match &node.value {
        Value::Scalar(scalar) => &scalar.text,
        Value::List(_) | Value::Map(_) => "",
    }
}

/// A text with places for a number.
struct Template {
    /// What stands before each number, and its least width.
    parts: Vec<(String, usize)>,
    tail: String,
}

impl Template {
    /// Reads a template; `None` where a placeholder is none.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once("{n") {
            let (width, tail) = tail.split_once('}')?;
            let width = match width.strip_prefix(':') {
                None if width.is_empty() => 0,
                Some(digits) if digits.starts_with('0') => {
                    digits.parse().ok().filter(|width| *width <= 20)?
                }
                _ => return None,
            };
            parts.push((head.to_owned(), width));
            rest = tail;
        }
        Some(Self {
            parts,
            tail: rest.to_owned(),
        })
    }

    fn counts(&self) -> bool {
        !self.parts.is_empty()
    }

    fn render(&self, n: u64) -> String {
        let mut text = String::new();
        for (head, width) in &self.parts {
            text.push_str(head);
            text.push_str(&format!("{n:0width$}"));
        }
        text + &self.tail
    }
}
