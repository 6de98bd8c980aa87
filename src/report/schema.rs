//! The JSON Schema of a result (`--format json`), for scripts that read one.

use serde_json::{Map, Value, json};

use super::json::VERSION;
use crate::event::{RungState, Verdict};
use crate::protocol::{Level, Rung};

/// The schema. Keys may be added within a version, so keys that it does not know are allowed.
#[must_use]
pub fn result_schema() -> Value {
    let Value::Object(mut schema) = document() else {
        return Value::Null;
    };
    schema.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".into(), json!("a result of msnpspec"));
    schema.insert(
        "$defs".into(),
        json!({
            "totals": totals(),
            "failure": failure(),
            "variation": variation(),
            "scenario": scenario(),
            "rung": rung(),
            "cause": cause(),
            "clause": clause(),
            "dialect": dialect(),
        }),
    );
    Value::Object(schema)
}

/// An object: what must be there, and what may be.
fn object(required: Value, optional: Value) -> Value {
    let (Value::Object(required), Value::Object(optional)) = (required, optional) else {
        return Value::Null;
    };
    let names: Vec<String> = required.keys().cloned().collect();
    let properties: Map<String, Value> = required.into_iter().chain(optional).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn of(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// The value, or null.
fn perhaps(value: Value) -> Value {
    json!({ "anyOf": [value, { "type": "null" }] })
}

fn clause_id() -> Value {
    json!({ "type": "string", "pattern": "^[A-Z]+-[0-9]+$" })
}

fn level() -> Value {
    json!({ "enum": Level::ALL.map(Level::as_str) })
}

fn document() -> Value {
    let notice = object(
        json!({
            "kind": { "enum": ["info", "warning", "error"] },
            "text": text(),
            "detail": list(text()),
        }),
        json!({ "of": text() }),
    );
    let waited = object(json!({ "for": text(), "ms": number() }), json!({}));
    object(
        json!({
            "version": { "const": VERSION },
            "target": text(),
            "dialects": list(text()),
            "level": level(),
            "strict": { "type": "boolean" },
            "seed": number(),
            "msnpspec": text(),
            "ms": number(),
            "totals": of("totals"),
            "conclusion": text(),
            "waited": list(waited),
            "aborted": perhaps(text()),
            "notices": list(notice),
            "ladder": list(of("rung")),
            "causes": list(of("cause")),
            "scenarios": list(of("scenario")),
            "clauses": list(of("clause")),
        }),
        json!({
            "started": perhaps(text()),
            "shard": { "type": "string", "pattern": "^[0-9]+/[0-9]+$" },
            "filter": text(),
            "files": { "type": "boolean" },
            "by_dialect": list(of("dialect")),
            "first_look": of("scenario"),
            "about": about(),
        }),
    )
}

/// What a person writes into a result that is kept.
fn about() -> Value {
    object(
        json!({ "server": text() }),
        json!({
            "source": text(),
            "commit": text(),
            "note": text(),
            "unchecked": list(clause_id()),
        }),
    )
}

fn totals() -> Value {
    let verdicts = Verdict::ALL.iter();
    let counts: Map<String, Value> = verdicts
        .map(|verdict| (verdict.as_str().to_owned(), number()))
        .collect();
    object(Value::Object(counts), json!({}))
}

fn place() -> [(&'static str, Value); 3] {
    [("file", text()), ("line", number()), ("column", number())]
}

/// An object with a place.
fn placed(required: Value, optional: Value) -> Value {
    let Value::Object(mut required) = required else {
        return Value::Null;
    };
    required.extend(place().map(|(key, value)| (key.to_owned(), value)));
    object(Value::Object(required), optional)
}

fn failure() -> Value {
    let expected = object(json!({ "text": text() }), json!({ "any": list(json!({})) }));
    let got = object(
        json!({ "kind": text(), "text": text() }),
        json!({ "code": number(), "ms": number() }),
    );
    placed(
        json!({
            "clause": perhaps(clause_id()),
            "level": perhaps(level()),
            "judge": text(),
            "expected": expected,
            "got": got,
            "transcript": list(text()),
        }),
        json!({
            "detail": text(),
            "command": text(),
            "word": number(),
            "words": list(text()),
        }),
    )
}

fn variation() -> Value {
    placed(json!({ "clause": clause_id(), "seen": text() }), json!({}))
}

fn scenario() -> Value {
    let plays = object(json!({ "of": number(), "failed": number() }), json!({}));
    object(
        json!({
            "name": text(),
            "dialect": text(),
            "verdict": { "enum": Verdict::ALL.map(Verdict::as_str) },
            "clauses": list(clause_id()),
            "ms": number(),
            "failures": list(of("failure")),
        }),
        json!({
            "cause": number(),
            "reason": text(),
            "skipped": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": text(),
                    "needed": number(),
                    "usable": number(),
                    "why": text(),
                    "only": list(text()),
                },
            },
            "plays": plays,
            "notes": list(of("failure")),
            "variations": list(of("variation")),
        }),
    )
}

fn rung() -> Value {
    object(
        json!({
            "rung": { "enum": Rung::ALL.iter().map(|rung| rung.as_str()).collect::<Vec<_>>() },
            "state": { "enum": RungState::ALL.map(RungState::as_str) },
        }),
        json!({ "cause": number() }),
    )
}

fn cause() -> Value {
    object(
        json!({
            "id": number(),
            "clause": perhaps(clause_id()),
            "level": perhaps(level()),
            "title": text(),
            "standing": text(),
            "dialects": { "type": "object", "additionalProperties": text() },
            "shown_by": list(text()),
            "blocks": number(),
            "transcript": list(text()),
            "failure": of("failure"),
        }),
        json!({ "rung": text() }),
    )
}

fn clause() -> Value {
    let why = object(json!({ "kind": text(), "text": text() }), json!({}));
    object(
        json!({
            "id": clause_id(),
            "level": level(),
            "dialect": text(),
            "verdict": { "enum": ["passed", "varied", "failed", "waived", "noted", "untested"] },
        }),
        json!({ "seen": text(), "why": why, "cause": number() }),
    )
}

fn dialect() -> Value {
    object(
        json!({
            "dialect": text(),
            "scenarios": number(),
            "totals": of("totals"),
            "ladder": list(of("rung")),
        }),
        json!({ "first_look": of("scenario"), "aborted": text() }),
    )
}
