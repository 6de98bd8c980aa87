//! How a target file says where login tickets come from, and what it takes from the environment.

use super::file::{Reader, get};
use super::tickets::Tickets;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::scenario::tree::{Node, Value};

/// The ways in which a ticket is had.
const WAYS: [&str; 4] = ["passport", "header", "exec", "fixed"];

impl Reader<'_> {
    /// `none`, or a map with one way.
    pub(super) fn tickets(&self, node: &Node) -> Option<Tickets> {
        if let Value::Scalar(scalar) = &node.value {
            if scalar.text == "none" {
                return Some(Tickets::Anything);
            }
            let help = "write `ticket: { passport: \"http://127.0.0.1:8081/login\" }`, or `none`";
            let message = "`ticket` says how a login ticket is had";
            self.push(Diagnostic::error(self.source, node.span, message).with_help(help));
            return None;
        }
        let entries = self.map(node, "`ticket`");
        let keys = [&WAYS[..], &["within", "env", "cwd"]].concat();
        self.known(entries, &keys);
        let ways: Vec<&str> = WAYS
            .into_iter()
            .filter(|way| get(entries, way).is_some())
            .collect();
        let [way] = *ways.as_slice() else {
            let message = format!("`ticket` has one of {}", WAYS.join(", "));
            self.error(node.span, message);
            return None;
        };
        let value = get(entries, way)?;
        match way {
            "passport" => Some(Tickets::Passport(self.url(value)?)),
            "header" => Some(Tickets::Header(self.url(value)?)),
            "fixed" => Some(Tickets::Fixed(self.text(value, "a ticket")?.to_owned())),
            _ => {
                let invocation = self.invocation_of(value, entries)?;
                if invocation
                    .command
                    .iter()
                    .any(|word| word.contains("{password}"))
                {
                    let message = "`ps` shows the words of a command to everybody";
                    let help =
                        "the password stands in MSNPSPEC_PASSWORD of the command's environment";
                    let mut warning = Diagnostic::error(self.source, value.span, message);
                    warning.severity = Severity::Warning;
                    self.push(warning.with_help(help));
                }
                Some(Tickets::Exec(invocation))
            }
        }
    }

    fn url(&self, node: &Node) -> Option<String> {
        let url = self.text(node, "an address")?;
        let host = url.strip_prefix("http://").unwrap_or_default();
        if !host.is_empty() && !host.starts_with(['/', ':']) {
            return Some(url.to_owned());
        }
        let message = format!("`{url}` is no address of a login server");
        let help = "write one that begins with `http://`: https is not offered";
        self.push(Diagnostic::error(self.source, node.span, message).with_help(help));
        None
    }

    /// Puts variables where `${NAME}` stands in a value.
    pub(super) fn fill_in(&self, node: &mut Node, variables: &dyn Fn(&str) -> Option<String>) {
        let span = node.span;
        match &mut node.value {
            Value::Scalar(scalar) => {
                if scalar.text.contains("${") {
                    scalar.text = self.filled(&scalar.text, span, variables);
                    scalar.straight = 0;
                }
            }
            Value::List(items) => {
                let all = items.iter_mut();
                all.for_each(|item| self.fill_in(item, variables));
            }
            Value::Map(entries) => {
                let all = entries.iter_mut();
                all.for_each(|(_, value)| self.fill_in(value, variables));
            }
        }
    }

    /// What a variable holds is put in as it is: `${` in it stands for nothing.
    fn filled(&self, text: &str, span: Span, variables: &dyn Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            out += before;
            let Some((name, behind)) = behind.split_once('}') else {
                self.error(span, "`${` has no `}`");
                return text.to_owned();
            };
            match variables(name) {
                Some(value) => out += &value,
                None => self.error(span, format!("the variable {name} is not set")),
            }
            rest = behind;
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Source;
    use crate::target::{Target, Tickets};

    fn read(tickets: &str) -> Result<Target, Vec<String>> {
        let text = format!(
            "dispatch: 127.0.0.1:1863\naccounts: [{{ handle: a@b.c, password: p }}]\n{tickets}\n"
        );
        let target = Target::from_yaml(&Source::new("t.yaml", text));
        target.map_err(|errors| errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn each_way_is_read() {
        let tickets = |text: &str| read(text).unwrap().tickets;
        let url = "http://127.0.0.1:8081/login".to_owned();
        let passport = tickets(&format!("ticket: {{ passport: \"{url}\" }}"));
        assert_eq!(passport, Some(Tickets::Passport(url.clone())));
        let header = tickets(&format!("ticket: {{ header: \"{url}\" }}"));
        assert_eq!(header, Some(Tickets::Header(url)));
        assert_eq!(tickets("ticket: none"), Some(Tickets::Anything));
        let fixed = tickets("ticket: { fixed: \"t={handle}\" }");
        assert_eq!(fixed, Some(Tickets::Fixed("t={handle}".to_owned())));
        assert_eq!(tickets(""), None);
        let exec = tickets("ticket: { exec: [\"./ticket\", \"{handle}\"], within: 2s }");
        assert!(matches!(exec, Some(Tickets::Exec(it)) if it.command.len() == 2));
    }

    #[test]
    fn what_is_no_way_is_told() {
        for (text, message) in [
            ("ticket: yes", "`ticket` says how a login ticket is had"),
            (
                "ticket: { passport: \"https://a/b\" }",
                "`https://a/b` is no address of a login server",
            ),
            (
                "ticket: { fixed: a, header: \"http://a/b\" }",
                "`ticket` has one of passport, header, exec, fixed",
            ),
            (
                "ticket: {}",
                "`ticket` has one of passport, header, exec, fixed",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), [message], "{text}");
        }
    }

    #[test]
    fn a_password_among_the_words_is_warned_of() {
        let target = read("ticket: { exec: [\"./ticket\", \"{password}\"] }").unwrap();
        assert_eq!(target.warnings.len(), 1);
    }

    #[test]
    fn variables_are_put_in() {
        let text = "dispatch: 127.0.0.1:1\nname: \"<${WHO}>\"\nprovision: { command: [x] }\n";
        let source = Source::new("t.yaml", text);
        let variables = |name: &str| (name == "WHO").then(|| "${WHO}".to_owned());
        let target = Target::from_yaml_with(&source, &variables).unwrap();
        assert_eq!(target.name, "<${WHO}>");
        let message = "the variable MSNPSPEC_NOWHERE is not set";
        assert_eq!(read("name: ${MSNPSPEC_NOWHERE}").unwrap_err(), [message]);
    }
}
