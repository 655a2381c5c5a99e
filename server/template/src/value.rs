//! What a template computes with.

use std::collections::BTreeMap;

use super::gotime::Time;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Nil,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Time(Time),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Whether `if` takes its first branch.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Text(text) => !text.is_empty(),
            Value::Int(n) => *n != 0,
            Value::Float(n) => *n != 0.0,
            Value::Bool(b) => *b,
            Value::Time(_) => true,
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
        }
    }

    /// The type as Go calls it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Text(_) => "string",
            Value::Int(_) => "int",
            Value::Float(_) => "float64",
            Value::Bool(_) => "bool",
            Value::Time(_) => "time.Time",
            Value::List(_) => "[]interface {}",
            Value::Map(_) => "map[string]interface {}",
        }
    }

    /// Appends what printing it gives (`%v`).
    pub(super) fn print_to(&self, out: &mut String) {
        match self {
            Value::Nil => out.push_str("<no value>"),
            Value::Text(text) => out.push_str(text),
            Value::Int(n) => out.push_str(&n.to_string()),
            Value::Float(n) => out.push_str(&format_float(*n)),
            Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Value::Time(time) => out.push_str(&time.format("2006-01-02 15:04:05.999999999 -0700 MST")),
            Value::List(list) => {
                out.push('[');
                for (i, value) in list.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    value.print_to(out);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push_str("map[");
                for (i, (key, value)) in map.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    out.push_str(key);
                    out.push(':');
                    value.print_to(out);
                }
                out.push(']');
            }
        }
    }

    /// As text, for functions that take one.
    pub(super) fn into_text(self) -> String {
        match self {
            Value::Text(text) => text,
            Value::Nil => String::new(),
            other => {
                let mut out = String::new();
                other.print_to(&mut out);
                out
            }
        }
    }

    /// As an integer; 0 where it is none.
    pub(super) fn to_int(&self) -> i64 {
        match self {
            Value::Int(n) => *n,
            Value::Float(n) => *n as i64,
            Value::Bool(b) => i64::from(*b),
            Value::Text(text) => {
                let text = text.trim();
                text.parse().unwrap_or_else(|_| text.parse::<f64>().map_or(0, |n| n as i64))
            }
            _ => 0,
        }
    }

    /// As a float; 0 where it is none.
    pub(super) fn to_float(&self) -> f64 {
        match self {
            Value::Int(n) => *n as f64,
            Value::Float(n) => *n,
            Value::Bool(b) => f64::from(u8::from(*b)),
            Value::Text(text) => text.trim().parse().unwrap_or(0.0),
            _ => 0.0,
        }
    }

    /// A field of it, as `.name` reads it.
    pub(super) fn field(&self, name: &str) -> Result<Value, String> {
        match self {
            Value::Map(map) => Ok(map.get(name).cloned().unwrap_or(Value::Nil)),
            Value::Nil => Err(format!("nil data; no entry for key {name:?}")),
            other => Err(format!("can't evaluate field {name} in type {}", other.type_name())),
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Nil,
            serde_json::Value::Bool(b) => Value::Bool(b),
            // Go decodes every JSON number to a float64.
            serde_json::Value::Number(n) => Value::Float(n.as_f64().unwrap_or(0.0)),
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(list) => Value::List(list.into_iter().map(Value::from).collect()),
            serde_json::Value::Object(map) => {
                Value::Map(map.into_iter().map(|(key, value)| (key, Value::from(value))).collect())
            }
        }
    }
}

/// A float as Go's `%v` prints it: the shortest digits, an exponent below 1e-4 and from 1e21 on.
pub(super) fn format_float(n: f64) -> String {
    if n.is_nan() {
        return "NaN".into();
    }
    if n.is_infinite() {
        return if n > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    if n == 0.0 || (1e-4..1e21).contains(&n.abs()) {
        return n.to_string();
    }
    let text = format!("{n:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}
