//! Parts: the steps of other files.

use std::rc::Rc;

use super::reader::{Chain, Env, Part, Reader, Str, key_text};
use super::step::Parsed;
use crate::scenario::ast::Step;
use crate::scenario::tree::{self, Node};

/// The deepest nesting of parts.
const MAX_PARTS: usize = 16;

impl Reader<'_> {
    /// The steps of another file.
    pub(super) fn part(&self, parsed: &Parsed<'_>) -> Vec<Step> {
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
