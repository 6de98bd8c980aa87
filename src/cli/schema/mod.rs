//! `msnpspec schema`: JSON Schema for editors, which complete keys and underline slips with it.
//!
//! The schemas say what the readers of the files take, and a little less: what needs the whole file
//! (captures, users) is told when the file is read.

mod scenario;

use serde_json::{Value, json};

use super::args::{Schema, SchemaArgs};
use super::console::Console;
use super::exit::Exit;

/// Prints a schema.
pub(crate) fn schema(args: &SchemaArgs, console: Console) -> Exit {
    let schema = match args.of {
        Schema::Scenario => scenario::schema(),
        Schema::Target => msnpspec::run::target_schema(),
    };
    console.print(&format!("{schema:#}\n"))
}

/// A text as YAML has it: unquoted numbers and truth values are taken for what they look like.
fn scalar(description: &str) -> Value {
    json!({ "type": ["string", "number", "boolean"], "description": description })
}

fn number(least: u64, most: u64, description: &str) -> Value {
    let number = json!({ "type": "integer", "minimum": least, "maximum": most });
    or_column(&number, description)
}

fn flag(description: &str) -> Value {
    or_column(&json!({ "type": "boolean" }), description)
}

/// A duration such as `150ms`, `2s` or `1m`.
fn duration(description: &str) -> Value {
    let time = json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m)$" });
    or_column(&time, description)
}

/// The value, or a column of the matrix that stands for it.
fn or_column(value: &Value, description: &str) -> Value {
    let column = json!({ "type": "string", "pattern": "^\\{[A-Za-z][A-Za-z0-9_-]*\\}$" });
    json!({ "anyOf": [value, column], "description": description })
}

/// A map with these keys and no others.
fn closed(description: &str, required: &[&str], properties: Value) -> Value {
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
