//! The JSON Schema of the target file, for editors that complete and check it.

use serde_json::{Value, json};

use super::description::Signal;
use super::waiver::Whose;
use crate::protocol::DIALECTS;

/// The schema. What it cannot say (that an address is there, that a clause exists) is said when the
/// file is read.
#[must_use]
pub fn target_schema() -> Value {
    let time = json!({
        "type": "string",
        "pattern": "^[0-9]+(ms|s|m)$",
        "description": "a time, such as 5s or 300ms"
    });
    let address =
        json!({ "type": "string", "description": "HOST:PORT; the port is 1863 if absent" });
    let text = || json!({ "type": ["string", "number"] });
    let command = json!({
        "type": "array",
        "items": { "type": ["string", "number"] },
        "minItems": 1,
        "description": "the program and its arguments; no shell is used"
    });
    let folder = json!({ "type": "string", "description": "from the folder of this file" });
    let env = json!({ "type": "object", "additionalProperties": text() });
    let invocation = |what: &str| {
        json!({
            "type": "object",
            "description": what,
            "properties": {
                "command": command, "within": time, "env": env, "cwd": folder
            },
            "required": ["command"],
            "additionalProperties": false
        })
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "msnpspec target",
        "description": "a server under test",
        "type": "object",
        "additionalProperties": false,
        "anyOf": [{ "required": ["dispatch"] }, { "required": ["notification"] }],
        "properties": {
            "name": { "type": "string", "description": "its name in reports" },
            "description": { "type": "string" },
            "dispatch": address,
            "notification": address,
            "accounts": { "type": "array", "items": account(&text(), &[]) },
            "account_pattern": account(&text(), &["from", "to"]),
            "provision": invocation(
                "makes an account before its first use; {handle}, {password}, {name} are filled in"
            ),
            "launch": launch(&command, &address, &time, &env, &folder),
            "reset": invocation(
                "runs before each scenario; with {handle} for each of its accounts, without it \
                 scenarios run one at a time"
            ),
            "disposable": {
                "type": "boolean",
                "description": "the harness may empty the accounts' lists"
            },
            "remote": { "type": "boolean", "description": "the server may be on another machine" },
            "timeouts": {
                "type": "object",
                "properties": { "connect": time, "reply": time, "quiet": time },
                "additionalProperties": false
            },
            "max_connections": { "type": "integer", "minimum": 1 },
            "map": {
                "type": "object",
                "description": "addresses that the server hands out, and what to use instead",
                "additionalProperties": address
            },
            "habits": { "type": "array", "items": habit() },
            "ticket": ticket(&command, &text()),
            "waivers": { "type": "array", "items": waiver() }
        }
    })
}

fn ticket(command: &Value, text: &Value) -> Value {
    let way = |key: &str, value: &Value| {
        json!({
            "type": "object",
            "properties": { key: value },
            "required": [key]
        })
    };
    let url = json!({ "type": "string", "pattern": "^http://" });
    json!({
        "description": "how a login ticket is had, for MSNP8 and later",
        "anyOf": [
            { "const": "none" },
            way("passport", &url),
            way("header", &url),
            way("exec", command),
            way("fixed", text)
        ]
    })
}

fn launch(command: &Value, address: &Value, time: &Value, env: &Value, folder: &Value) -> Value {
    let signals: Vec<&str> = Signal::ALL.iter().map(|(name, _)| *name).collect();
    json!({
        "type": "object",
        "description": "the harness starts, watches, restarts and stops the server",
        "properties": {
            "command": command,
            "ready": {
                "type": "object",
                "properties": {
                    "tcp": {
                        "description": "ready once this address, or each of them, takes connections",
                        "anyOf": [
                            address,
                            { "type": "array", "items": address, "minItems": 1 }
                        ]
                    },
                    "within": time
                },
                "additionalProperties": false
            },
            "stop": { "enum": signals },
            "env": env,
            "cwd": folder
        },
        "required": ["command"],
        "additionalProperties": false
    })
}

fn account(text: &Value, numbers: &[&str]) -> Value {
    let mut properties = json!({ "handle": text, "password": text, "name": text });
    let mut required = vec!["handle", "password"];
    if let Value::Object(properties) = &mut properties {
        for number in numbers {
            properties.insert(
                (*number).to_owned(),
                json!({ "type": "integer", "minimum": 0 }),
            );
        }
    }
    if numbers.contains(&"to") {
        required.push("to");
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}

fn habit() -> Value {
    json!({
        "type": "object",
        "description": "what the server always does in its own way, and is known",
        "properties": {
            "breach": breach(),
            "clause": { "type": "string", "description": "the clause that it breaks" },
            "reason": { "type": "string" },
            "dialects": dialects()
        },
        "required": ["breach", "clause", "reason"],
        "additionalProperties": false
    })
}

fn dialects() -> Value {
    let names = DIALECTS.map(|dialect| dialect.name);
    json!({
        "type": "array",
        "items": { "enum": names },
        "minItems": 1,
        "description": "the dialects in which it is known, all where nothing is said"
    })
}

fn breach() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "description": "the kind of breach, in the words of reports: CAL answered by 217"
    })
}

fn waiver() -> Value {
    let whose: Vec<&str> = Whose::ALL.iter().map(|(name, _)| *name).collect();
    json!({
        "type": "object",
        "description": "a known failure; it is an error once it no longer applies",
        "properties": {
            "match": { "type": "string", "description": "a clause id, or a glob of scenario names" },
            "breach": breach(),
            "whose": {
                "enum": whose,
                "description": "whose fault it is: the server's, if nothing is said; what is \
                                flaky is never out of date"
            },
            "reason": { "type": "string" },
            "link": { "type": "string", "description": "where more is said of it" },
            "until": { "type": "string", "format": "date" },
            "dialects": dialects()
        },
        "required": ["match", "reason"],
        "if": { "properties": { "whose": { "const": "suite" } }, "required": ["whose"] },
        "then": { "required": ["link"] },
        "additionalProperties": false
    })
}
