//! Small steps on JSON objects whose shape nobody promises.

use serde_json::{Map, Value, json};

/// Sets `key` where it is missing or null.
pub(super) fn default(object: &mut Map<String, Value>, key: &str, value: Value) {
    match object.get(key) {
        None | Some(Value::Null) => {
            object.insert(key.into(), value);
        }
        Some(_) => {}
    }
}

/// The object at `key`, made where there is none.
pub(super) fn object<'a>(parent: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = parent.entry(key).or_insert_with(|| json!({}));
    if !slot.is_object() {
        *slot = json!({});
    }
    slot.as_object_mut().expect("made an object above")
}

/// The text at `key`; empty where there is none.
pub(super) fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether `key` is `true`.
pub(super) fn flag(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A number, or a text that is one: old files write both.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    };
    number.filter(|n| n.is_finite())
}

/// Moves the value at `from` to `to` where `to` is free; null is nothing.
pub(super) fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = object.remove(from).filter(|value| !value.is_null()) {
        object.entry(to).or_insert(value);
    }
}
