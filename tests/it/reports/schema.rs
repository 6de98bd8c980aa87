//! The schema of results: it takes what is written, and knows every key of it.

use msnpspec::report::{Json, result_schema};
use serde_json::Value;

use super::dialects::run;
use super::fixture::{written, written_aborted, written_of};

/// The schema without room for keys that it does not know.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(closed);
        }
        Value::Array(items) => items.iter_mut().for_each(closed),
        _ => {}
    }
}

#[test]
fn a_result_is_what_its_schema_says() {
    let open = jsonschema::validator_for(&result_schema()).expect("it is a schema");
    let mut schema = result_schema();
    closed(&mut schema);
    let closed = jsonschema::validator_for(&schema).expect("it is a schema");
    let texts = [
        written(&mut Json::default()),
        written_aborted(&mut Json::default()),
        written_of(&mut Json::default(), run()),
    ];
    for text in texts {
        let mut result: Value = serde_json::from_str(&text).expect("it is JSON");
        for validator in [&open, &closed] {
            let errors: Vec<String> = validator
                .iter_errors(&result)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
        // What may come later is allowed; what breaks the contract is not.
        result["more"] = Value::Bool(true);
        assert!(open.is_valid(&result) && !closed.is_valid(&result));
        for (key, value) in [("version", Value::from(1)), ("totals", Value::Null)] {
            let mut bad = result.clone();
            bad[key] = value;
            assert!(!open.is_valid(&bad), "{key}");
        }
    }
}
