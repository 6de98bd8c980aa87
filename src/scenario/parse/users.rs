//! The users of a scenario and what is true of them before the first step.

use super::reader::{Reader, key_text};
use super::text::RESERVED;
use crate::protocol::{List, ONLINE_STATES, Setting, Verb};
use crate::scenario::ast::{Fixture, Stage, User};
use crate::scenario::tree::{Node, Value};

/// The most users of a scenario. What needs more accounts says so with `needs:`.
const MAX_USERS: usize = 1000;

/// The keys of a fixture.
fn keys() -> impl Iterator<Item = &'static str> {
    let own = |list: &List| *list != List::Reverse;
    let lists = List::ALL.into_iter().filter(own).map(List::as_str);
    let settings = Setting::ALL.into_iter().rev();
    let settings = settings.map(|setting| setting.verb().as_str());
    ["state"].into_iter().chain(lists).chain(settings)
}

impl Reader<'_> {
    /// The users, as a list of names or as a map from names to fixtures.
    pub(super) fn read_users(&self, node: &Node) -> Vec<User> {
        let mut users: Vec<User> = Vec::new();
        let count = match &node.value {
            Value::List(items) => items.len(),
            Value::Map(entries) => entries.len(),
            Value::Scalar(_) => 0,
        };
        if count > MAX_USERS {
            let message = format!("{count} users; a scenario has {MAX_USERS} at most");
            self.error(node.span, message);
        }
        match &node.value {
            Value::List(items) => {
                for item in items.iter().take(MAX_USERS) {
                    users.extend(self.user(item, &users));
                }
            }
            Value::Map(entries) => {
                for (key, _) in entries.iter().take(MAX_USERS) {
                    users.extend(self.user(key, &users));
                }
                for (key, value) in entries.iter().take(MAX_USERS) {
                    let Some(fixture) = self.fixture(value, key, &users) else {
                        continue;
                    };
                    let name = key_text(key);
                    if let Some(user) = users.iter_mut().find(|user| user.name == name) {
                        user.fixture = fixture;
                    }
                }
            }
            Value::Scalar(_) => {
                let help = "users: [alice, bob], or users: { alice: { state: NLN } }";
                self.error_help(node.span, "`users` must be a list or a map", help);
            }
        }
        users
    }

    fn user(&self, node: &Node, before: &[User]) -> Option<User> {
        let str = self.text(node, "a user's name")?;
        let name = &*str.text;
        let good = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && name.bytes().all(super::reader::is_name_byte);
        if !good {
            let message = format!("`{name}` cannot be a user's name");
            self.error_help(str.all(), message, "names are letters, digits, `_` and `-`");
            return None;
        }
        if RESERVED.contains(&name) {
            let message = format!("`{name}` has a meaning of its own and cannot be a user");
            self.error(str.all(), message);
            return None;
        }
        if before.iter().any(|user| user.name == name) {
            self.error(str.all(), format!("the user `{name}` stands twice"));
            return None;
        }
        Some(User {
            name: name.to_owned(),
            at: str.all(),
            fixture: Fixture::default(),
        })
    }

    fn fixture(&self, node: &Node, user: &Node, users: &[User]) -> Option<Fixture> {
        if node.is_missing() {
            let help = format!("a user without a fixture is `{}: {{}}`", key_text(user));
            self.error_help(user.span, "the fixture is missing", help);
            return None;
        }
        let mut fixture = Fixture::default();
        for (key, value) in self.map(node, "a fixture")? {
            let word = key_text(key);
            let setting = Setting::of(Verb::parse(word.as_bytes()));
            if word == "state" {
                fixture.stage = self.stage(value).unwrap_or_default();
            } else if let Some(list) = List::parse(word.as_bytes()) {
                match fixture.list_mut(list) {
                    Some(own) => *own = self.members(value, users),
                    None => {
                        let help = "the reverse list follows from the others' FL";
                        self.error_help(key.span, format!("`{word}` cannot be set"), help);
                    }
                }
            } else if let Some(setting) = setting {
                *fixture.setting_mut(setting) = self.setting(value, setting);
            } else {
                self.unknown(key.span, "key", word, keys());
            }
        }
        if let Some(both) = fixture.allow.iter().find(|n| fixture.block.contains(n)) {
            let message = format!("`{both}` cannot be on AL and on BL");
            self.error(node.span, message);
        }
        Some(fixture)
    }

    fn stage(&self, node: &Node) -> Option<Stage> {
        let str = self.text(node, "the state")?;
        match &*str.text {
            "offline" => Some(Stage::Offline),
            "logged-in" => Some(Stage::LoggedIn),
            "synchronised" => Some(Stage::Synchronised),
            "HDN" => Some(Stage::State("HDN".to_owned())),
            code if ONLINE_STATES.contains(&code) => Some(Stage::State(code.to_owned())),
            other => {
                let known = ["offline", "logged-in", "synchronised", "HDN"];
                let known = known.into_iter().chain(ONLINE_STATES);
                self.unknown(str.all(), "state", other, known);
                None
            }
        }
    }

    fn members(&self, node: &Node, users: &[User]) -> Vec<String> {
        let mut members: Vec<String> = Vec::new();
        for str in self.texts(node, "the list") {
            let name = str.text.to_string();
            if !users.iter().any(|user| user.name == name) {
                let known = users.iter().map(|user| user.name.as_str());
                self.unknown(str.all(), "user", &name, known);
            } else if members.contains(&name) {
                self.error(str.all(), format!("`{name}` stands twice"));
            } else {
                members.push(name);
            }
        }
        members
    }

    fn setting(&self, node: &Node, setting: Setting) -> Option<String> {
        let what = setting.verb().as_str();
        let str = self.text(node, what)?;
        if setting.parse(str.text.as_bytes()).is_none() {
            let [a, b] = [true, false].map(|value| setting.as_str(value));
            self.error(str.all(), format!("`{what}` is `{a}` or `{b}`"));
            return None;
        }
        Some(str.text.into_owned())
    }
}
