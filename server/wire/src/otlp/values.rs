//! `AnyValue`, `KeyValue`, `Resource`, `InstrumentationScope`.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::names::label_name;

/// OTLP's `AnyValue`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing was said.
    #[default]
    Empty,
    /// A text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number.
    Double(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
    Map(Vec<Attribute>),
}

/// OTLP's `KeyValue`.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name, as sent: `service.name`.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// What the signals of one sender have in common.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resource {
    /// Its attributes, in the order they came.
    pub attributes: Vec<Attribute>,
    /// How many more the sender left out.
    pub dropped_attributes: u32,
}

/// The library that made the signals.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its attributes, in the order they came.
    pub attributes: Vec<Attribute>,
    /// How many more the sender left out.
    pub dropped_attributes: u32,
}

impl Value {
    /// The value as text: a text as it is, bytes in base64, lists and maps as JSON.
    pub fn into_text(self) -> String {
        match self {
            Value::Text(text) => text,
            Value::Empty => String::new(),
            Value::Bytes(bytes) => STANDARD.encode(bytes),
            other => other.to_json(),
        }
    }

    fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Value::Empty => write!(out, "null"),
            Value::Text(text) => write!(out, "{}", serde_json::Value::from(text.as_str())),
            Value::Bool(is) => write!(out, "{is}"),
            Value::Int(n) => write!(out, "{n}"),
            Value::Double(n) if n.is_finite() => write!(out, "{n}"),
            Value::Double(n) => write!(out, "\"{n}\""),
            Value::Bytes(bytes) => write!(out, "\"{}\"", STANDARD.encode(bytes)),
            Value::List(values) => {
                out.push('[');
                for (i, value) in values.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    value.write_json(out);
                }
                write!(out, "]")
            }
            Value::Map(attributes) => {
                out.push('{');
                for (i, attribute) in attributes.iter().enumerate() {
                    let comma = if i > 0 { "," } else { "" };
                    let _ = write!(out, "{comma}{}:", serde_json::Value::from(attribute.key.as_str()));
                    attribute.value.write_json(out);
                }
                write!(out, "}}")
            }
        };
    }
}

/// Appends attributes as labels: names as label names, maps flattened with `_`, empty values left out.
pub(crate) fn flatten(attributes: Vec<Attribute>, into: &mut Vec<(String, String)>) {
    for attribute in attributes {
        flatten_one(label_name(&attribute.key), attribute.value, into);
    }
}

fn flatten_one(name: String, value: Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Map(attributes) => attributes
            .into_iter()
            .for_each(|a| flatten_one(format!("{name}_{}", label_name(&a.key)), a.value, into)),
        Value::Empty => {}
        value => into.push((name, value.into_text())),
    }
}
