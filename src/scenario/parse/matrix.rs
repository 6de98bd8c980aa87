//! The rows of a matrix.

use std::collections::HashSet;

use super::reader::{Env, Reader, Str, is_name_byte, key_text};
use super::text::RESERVED;
use crate::diagnostic::Span;
use crate::scenario::tree::{Node, Value};

/// The most rows of a matrix.
const MAX_ROWS: usize = 10_000;
/// The column that names a row, in place of all its cells.
const NAMING: &str = "case";

impl Reader<'_> {
    pub(super) fn unused_columns(&self, matrix: &Node, rows: &[Env]) {
        let unused = rows.first().into_iter().flat_map(|row| &row.vars);
        for var in unused.filter(|var| !var.used.get() && var.name != NAMING) {
            let used = |row: &Env| {
                let mut vars = row.vars.iter();
                vars.any(|other| other.name == var.name && other.used.get())
            };
            if !rows.iter().any(used) {
                let message = format!("the column `{}` is used nowhere", var.name);
                let help = format!("a step uses it as `{{{}}}`", var.name);
                self.error_help(matrix.span, message, help);
            }
        }
    }

    /// The rows: all combinations of a map of lists, or a list of maps.
    pub(super) fn matrix(&self, node: &Node) -> Vec<Env> {
        match &node.value {
            Value::Map(columns) => self.combinations(node.span, columns),
            Value::List(rows) => self.rows(rows),
            Value::Scalar(_) => {
                let help = "matrix: { state: [NLN, BSY] }, or a list of maps";
                self.error_help(node.span, "`matrix` must be a map or a list", help);
                Vec::new()
            }
        }
    }

    fn combinations(&self, span: Span, columns: &[(Node, Node)]) -> Vec<Env> {
        let mut rows: Vec<Vec<(&str, String)>> = vec![Vec::new()];
        let mut held = 0_usize;
        for (key, value) in columns {
            self.check_column(key);
            let values = self.texts(value, "a column");
            if values.is_empty() {
                self.error(key.span, "the column has no value");
            }
            self.check_distinct(&values);
            if rows.len().saturating_mul(values.len()) > MAX_ROWS {
                self.error(span, format!("the matrix has more than {MAX_ROWS} rows"));
                return Vec::new();
            }
            // Each row holds all its cells.
            let cells: usize = values.iter().map(|value| value.text.len()).sum();
            held = held.saturating_mul(values.len()) + cells.saturating_mul(rows.len());
            if !self.count_text(span, held) {
                return Vec::new();
            }
            rows = rows
                .iter()
                .flat_map(|row| {
                    values.iter().map(move |value| {
                        let mut row = row.clone();
                        row.push((key_text(key), value.text.to_string()));
                        row
                    })
                })
                .collect();
        }
        rows.iter().map(|row| env_of(row)).collect()
    }

    fn check_distinct(&self, values: &[Str<'_>]) {
        let mut seen = HashSet::new();
        for value in values {
            if !seen.insert(&*value.text) {
                let message = format!("`{}` stands twice in the column", value.text);
                self.error(value.all(), message);
            }
        }
    }

    fn rows(&self, nodes: &[Node]) -> Vec<Env> {
        if nodes.len() > MAX_ROWS {
            let span = nodes.first().map(|node| node.span).unwrap_or_default();
            self.error(span, format!("the matrix has more than {MAX_ROWS} rows"));
            return Vec::new();
        }
        let mut rows: Vec<Env> = Vec::new();
        let mut first: Option<Vec<&str>> = None;
        let mut seen = HashSet::new();
        for node in nodes {
            let mut row = Vec::new();
            for (key, value) in self.map(node, "a row").unwrap_or_default() {
                self.check_column(key);
                if let Some(text) = self.text(value, "a value") {
                    row.push((key_text(key), text.text.to_string()));
                }
            }
            let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
            match &first {
                None => first = Some(names),
                Some(first) if *first != names => {
                    let message = "the row has other columns than the first one";
                    let help = format!("all rows have: {}", first.join(", "));
                    self.error_help(node.span, message, help);
                }
                Some(_) => {}
            }
            let row = env_of(&row);
            let name = row_name(&row);
            rows.push(row);
            if !seen.insert(name.clone()) {
                let message = format!("the row `{name}` stands twice");
                self.error(node.span, message);
            }
        }
        rows
    }

    fn check_column(&self, key: &Node) {
        let name = key_text(key);
        let good = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && name.bytes().all(is_name_byte)
            && !RESERVED.contains(&name);
        if !good {
            let message = format!("`{name}` cannot be a column's name");
            self.error(key.span, message);
        }
    }
}

/// What tells a row from the others in the scenario's name.
pub(super) fn row_name(env: &Env) -> String {
    if let Some(var) = env.vars.iter().find(|var| var.name == NAMING) {
        return var.text.clone();
    }
    let cells = env.vars.iter();
    let cells: Vec<_> = cells
        .map(|var| format!("{}={}", var.name, var.text))
        .collect();
    cells.join(",")
}

fn env_of(row: &[(&str, String)]) -> Env {
    let mut env = Env::default();
    for (name, text) in row {
        env.add(name, text);
    }
    env
}
