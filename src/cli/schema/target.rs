//! The schema of target files (contract, section 2).

use serde_json::{Value, json};

use super::{closed, duration, flag, number, scalar};

/// The schema.
pub(super) fn schema() -> Value {
    let mut schema = closed("a server to be tested", &["dispatch"], properties());
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".into(), json!("msnpspec target"));
        schema.insert(
            "$schema".into(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        schema.insert("anyOf".into(), json!([
            { "required": ["accounts"] },
            { "required": ["account_pattern"] },
        ]));
    }
    schema
}

fn properties() -> Value {
    json!({
        "name": scalar("what the server is called in reports"),
        "dispatch": address("where a client connects first"),
        "notification": address("skip the dispatch server"),
        "accounts": {
            "type": "array",
            "items": account(),
            "description": "users of the server, for the harness alone",
        },
        "account_pattern": pattern(),
        "provision": command("makes an account when it is needed; {handle}, {password}, {name}"),
        "launch": launch(),
        "reset": command("run before each scenario"),
        "disposable": flag("the accounts' lists may be emptied"),
        "remote": flag("the server may be on another machine"),
        "timeouts": closed(
            "how long to wait",
            &[],
            json!({
                "connect": duration("for a connection"),
                "reply": duration("for a reply"),
                "quiet": duration("for silence, where nothing else proves it"),
            }),
        ),
        "max_connections": number(1, 1_000_000, "how many connections the server stands"),
        "map": {
            "type": "object",
            "additionalProperties": address("where it is reached"),
            "description": "addresses that the server hands out and that cannot be reached",
        },
        "waivers": { "type": "array", "items": waiver() },
    })
}

fn address(description: &str) -> Value {
    json!({ "type": "string", "pattern": "^.+:[0-9]+$", "description": description })
}

fn account() -> Value {
    closed(
        "an account",
        &["handle", "password"],
        json!({
            "handle": scalar("user@domain"),
            "password": scalar("in clear"),
            "name": scalar("the friendly name; learnt at login where missing"),
        }),
    )
}

fn pattern() -> Value {
    closed(
        "numbered accounts: {n} counts, {n:02} pads",
        &["handle", "password", "to"],
        json!({
            "handle": scalar("user{n:02}@hotmail.com"),
            "password": scalar("pw{n:02}"),
            "name": scalar("User {n}"),
            "from": number(0, 1_000_000_000, "the first number, 1 where missing"),
            "to": number(0, 1_000_000_000, "the last number"),
        }),
    )
}

fn words() -> Value {
    json!({
        "type": "array",
        "minItems": 1,
        "items": scalar(""),
        "description": "the program and its arguments; no shell",
    })
}

fn command(description: &str) -> Value {
    closed(description, &["command"], json!({ "command": words() }))
}

fn launch() -> Value {
    closed(
        "the harness starts, watches and restarts the server",
        &["command"],
        json!({
            "command": words(),
            "ready": closed(
                "when the server is ready",
                &[],
                json!({
                    "tcp": address("accepts connections"),
                    "within": duration("how long it may take"),
                }),
            ),
            "stop": scalar("the signal of an orderly end, such as SIGTERM"),
        }),
    )
}

fn waiver() -> Value {
    closed(
        "a known failure",
        &["match", "reason"],
        json!({
            "match": scalar("a scenario, a folder, a glob or a clause"),
            "reason": scalar("why it is known"),
            "until": {
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                "description": "the last day on which it waives",
            },
            "message": scalar("which failure: a glob for the line that tells it"),
        }),
    )
}
