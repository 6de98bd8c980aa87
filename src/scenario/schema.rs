//! The JSON Schema of scenarios and of the parts that they `use`, for editors.
//!
//! Says which keys there are and what kind of value each takes; what stands inside of a line, and
//! what needs the whole file (captures, users), is told when the file is read.

use serde_json::{Value, json};

use crate::protocol::{Clause, DIALECTS, ONLINE_STATES, Setting};

/// The schema (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "msnpspec scenario",
        "anyOf": [scenario(), part()],
        "$defs": {
            "clause": clause(),
            "step": step(&json!({})),
            "branch": branch(),
            "steps": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/step" } },
            "payload": payload(),
            "expectedPayload": expected_payload(),
            "send": send(),
            "texts": { "type": "array", "items": scalar("") },
        },
    })
}

fn scenario() -> Value {
    closed(
        "a scenario",
        &["description", "clauses", "steps"],
        json!({
            "description": scalar("one sentence: what the server is to do"),
            "clauses": {
                "type": "array",
                "minItems": 1,
                "uniqueItems": true,
                "items": { "$ref": "#/$defs/clause" },
                "description": "what it tests; a failing step that names none speaks for the first",
            },
            "users": users(),
            "setup": described("what the scenario needs; a failure makes it broken"),
            "steps": described("the steps that judge"),
            "matrix": matrix(),
            "tags": texts("words to filter by; `alone`, `hostile`, `new`"),
            "needs": needs(),
            "dialects": texts("the dialects that it is for, all where missing"),
            "aliases": texts("former names"),
            "strict": flag("no asynchronous line between expected ones"),
            "segments": number(1, 1 << 20, "everything sent is cut into segments of n bytes"),
            "timeout": duration("the deadline of a reply"),
        }),
    )
}

fn part() -> Value {
    closed(
        "a part, for `use:`",
        &["description", "steps"],
        json!({
            "description": scalar("one sentence: what it brings about"),
            "parameters": texts("names that `with:` gives values to"),
            "steps": described("the steps"),
        }),
    )
}

fn described(description: &str) -> Value {
    json!({ "$ref": "#/$defs/steps", "description": description })
}

fn texts(description: &str) -> Value {
    json!({ "$ref": "#/$defs/texts", "description": description })
}

fn clause() -> Value {
    let clauses = Clause::all()
        .iter()
        .map(|clause| json!({ "const": clause.name, "description": clause.text }));
    or_column(&json!({ "oneOf": clauses.collect::<Vec<_>>() }), "a clause")
}

fn users() -> Value {
    let mut states = vec!["offline", "logged-in", "synchronised", "HDN"];
    states.extend(ONLINE_STATES);
    let state = or_column(&json!({ "enum": states }), "how far the user has come");
    let list = |what: &str| json!({ "$ref": "#/$defs/texts", "description": what });
    let name = |setting: Setting| setting.verb().as_str();
    let either = |setting: Setting| {
        let words = [true, false].map(|value| setting.as_str(value));
        or_column(&json!({ "enum": words }), "a setting")
    };
    let fixture = closed(
        "what is true of the user before the first step",
        &[],
        json!({
            "state": state,
            "FL": list("forward list"),
            "AL": list("allow list"),
            "BL": list("block list"),
            (name(Setting::Privacy)): either(Setting::Privacy),
            (name(Setting::Prompt)): either(Setting::Prompt),
        }),
    );
    json!({
        "description": "who takes part; the first is meant where a step names none",
        "anyOf": [
            { "$ref": "#/$defs/texts" },
            { "type": "object", "additionalProperties": fixture },
        ],
    })
}

fn matrix() -> Value {
    let row = json!({ "type": "object", "additionalProperties": scalar("") });
    json!({
        "description": "once for each row; `{column}` is replaced everywhere",
        "anyOf": [
            { "type": "object", "additionalProperties": { "$ref": "#/$defs/texts" } },
            { "type": "array", "items": row },
        ],
    })
}

fn needs() -> Value {
    let accounts = closed(
        "",
        &["accounts"],
        json!({ "accounts": number(1, 10_000, "") }),
    );
    let need = json!({ "anyOf": [{ "enum": ["launch", "dispatch", "challenges"] }, accounts] });
    json!({
        "description": "what it needs beyond a server",
        "anyOf": [need, { "type": "array", "items": need }],
    })
}

/// A step with more keys than all have.
fn step(more: &Value) -> Value {
    let mut properties = json!({
        "any order": described("all of these, in any order"),
        "one of": {
            "type": "array",
            "minItems": 1,
            "items": { "$ref": "#/$defs/branch" },
            "description": "the first branch whose first step is met",
        },
        "repeat": number(1, 1_000_000, "do `steps` so often; `{i}` counts from 1"),
        "steps": described("the steps of `repeat`"),
        "settle": { "const": true, "description": "wait until all connections are quiet" },
        "use": scalar("a part, relative to the suite's root"),
        "with": { "type": "object", "additionalProperties": scalar("") },
        "server": { "enum": ["stop", "start"] },
        "clause": { "$ref": "#/$defs/clause" },
        "optional": flag("the expectation may go unmet"),
        "strict": flag("no asynchronous line may come before it"),
        "exact": flag("names and handles byte for byte"),
        "precondition": flag("a failure makes the scenario broken"),
        "within": duration("a deadline of its own"),
        "segments": number(1, 1 << 20, "cut into segments of n bytes"),
        "payload": {
            "anyOf": [{ "$ref": "#/$defs/payload" }, { "$ref": "#/$defs/expectedPayload" }],
        },
        "since": dialect("the first dialect that it is for"),
        "until": dialect("the last dialect that it is for"),
        "as": scalar("the name that the ticket is bound to"),
        "except": texts("lines that may come although `nothing` is expected"),
    });
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {
            "^([^ ]+ )?C$": { "$ref": "#/$defs/send" },
            "^([^ ]+ )?S$": scalar("a line by words, error, refused, closed or nothing"),
            "^([^ ]+ )?open$": scalar("an address, or default"),
            "^([^ ]+ )?ticket$": scalar("the word that the server gave for a login ticket"),
        },
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// A branch of `one of`: a step, or several, perhaps marked as a variation.
fn branch() -> Value {
    step(&json!({
        "varies": { "$ref": "#/$defs/clause" },
        "seen": scalar("what was seen, in words"),
    }))
}

fn send() -> Value {
    let line = closed(
        "a line with its payload",
        &["line"],
        json!({ "line": scalar(""), "payload": { "$ref": "#/$defs/payload" } }),
    );
    let one = |key: &str, value: Value| closed("", &[key], json!({ key: value }));
    let item = json!([
        scalar("a line; CRLF is added"),
        line,
        one("raw", scalar("bytes as they are")),
        one("hex", scalar("")),
        one("file", scalar("")),
        one("bytes", number(0, 16 << 20, "this many bytes")),
    ]);
    let list = json!({ "type": "array", "minItems": 1, "items": { "anyOf": item } });
    json!({ "anyOf": [{ "anyOf": item }, list] })
}

fn payload() -> Value {
    let one = |key: &str, value: Value| closed("", &[key], json!({ key: value }));
    json!({ "anyOf": [
        scalar("a text"),
        one("text", scalar("")),
        one("hex", scalar("")),
        one("file", scalar("a file beside the scenario")),
        one("bytes", number(0, 16 << 20, "this many bytes of a fixed pattern")),
    ] })
}

fn expected_payload() -> Value {
    let one = |key: &str, value: Value| closed("", &[key], json!({ key: value }));
    json!({ "anyOf": [
        scalar("a text, or `same` as last sent"),
        one("text", scalar("")),
        one("hex", scalar("")),
        one("file", scalar("")),
        one("bytes", number(0, 16 << 20, "")),
        one("length", number(0, u64::from(u32::MAX), "any bytes, this many")),
        one("matches", scalar("a regular expression")),
    ] })
}

fn dialect(description: &str) -> Value {
    let names = DIALECTS.map(|dialect| dialect.name);
    json!({ "enum": names, "description": description })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that the schema knows are keys that the parser knows, and the reverse.
    #[test]
    fn the_schema_has_the_parsers_keys() {
        let schema = schema();
        let keys = |value: &Value| -> Vec<String> {
            let map = value.as_object().unwrap();
            let mut keys: Vec<String> = map.keys().cloned().collect();
            keys.sort();
            keys
        };
        let mut known: Vec<&str> = crate::scenario::parse::FILE_KEYS.to_vec();
        known.sort_unstable();
        assert_eq!(keys(&schema["anyOf"][0]["properties"]), known);
        let mut known: Vec<&str> = crate::scenario::parse::step_keys().collect();
        known.sort_unstable();
        assert_eq!(keys(&schema["$defs"]["branch"]["properties"]), known);
    }
}
