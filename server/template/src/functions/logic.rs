//! Comparisons, and what Go's templates have built in.

use std::cmp::Ordering;

use super::{Call, Called, Function, MANY, text};
use crate::printf::printf;
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "eq", arity: (2, MANY), body: eq },
    Function {
        name: "ne",
        arity: (2, 2),
        body: |c| Ok(Value::Bool(!equal(&c.arguments[0], &c.arguments[1])?)),
    },
    Function { name: "lt", arity: (2, 2), body: |c| compare(&c, |o| o == Ordering::Less) },
    Function { name: "le", arity: (2, 2), body: |c| compare(&c, |o| o != Ordering::Greater) },
    Function { name: "gt", arity: (2, 2), body: |c| compare(&c, |o| o == Ordering::Greater) },
    Function { name: "ge", arity: (2, 2), body: |c| compare(&c, |o| o != Ordering::Less) },
    // The renderer has stopped at the value that decides: here the last one does.
    Function { name: "and", arity: (1, MANY), body: |c| Ok(decided(c.arguments, false)) },
    Function { name: "or", arity: (1, MANY), body: |c| Ok(decided(c.arguments, true)) },
    Function { name: "not", arity: (1, 1), body: |c| Ok(Value::Bool(!c.arguments[0].is_true())) },
    Function { name: "len", arity: (1, 1), body: len },
    Function { name: "index", arity: (1, MANY), body: index },
    Function { name: "print", arity: (0, MANY), body: print },
    Function { name: "println", arity: (0, MANY), body: println },
    Function { name: "printf", arity: (1, MANY), body: |c| text(printf(&c.text(0), &c.arguments[1..])) },
    Function { name: "fromJson", arity: (1, 1), body: from_json },
    Function { name: "__line__", arity: (0, 0), body: |c| text(c.fields.line()) },
];

fn eq(call: Call<'_>) -> Called {
    let (first, others) = call.arguments.split_first().ok_or("missing argument for comparison")?;
    for other in others {
        if equal(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn equal(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Nil, Value::Nil) => Ok(true),
        (Value::Nil, _) | (_, Value::Nil) => Ok(false),
        (Value::Time(a), Value::Time(b)) => Ok(a.ns() == b.ns()),
        (Value::Text(_), Value::Text(_))
        | (Value::Int(_), Value::Int(_))
        | (Value::Float(_), Value::Float(_))
        | (Value::Bool(_), Value::Bool(_)) => Ok(a == b),
        _ => Err("incompatible types for comparison".into()),
    }
}

fn compare(call: &Call<'_>, holds: fn(Ordering) -> bool) -> Called {
    let ordering = match (&call.arguments[0], &call.arguments[1]) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        _ => return Err("incompatible types for comparison".into()),
    };
    Ok(Value::Bool(ordering.is_some_and(holds)))
}

fn decided(mut arguments: Vec<Value>, stops_at: bool) -> Value {
    let at = arguments.iter().position(|v| v.is_true() == stops_at).unwrap_or(arguments.len() - 1);
    arguments.swap_remove(at)
}

fn len(call: Call<'_>) -> Called {
    Ok(Value::Int(match &call.arguments[0] {
        Value::Text(text) => text.len() as i64,
        Value::List(list) => list.len() as i64,
        Value::Map(map) => map.len() as i64,
        other => return Err(format!("len of type {}", other.type_name())),
    }))
}

fn index(call: Call<'_>) -> Called {
    let mut arguments = call.arguments.into_iter();
    let mut value = arguments.next().unwrap_or(Value::Nil);
    for key in arguments {
        value = match (value, key) {
            (Value::List(mut list), key @ (Value::Int(_) | Value::Float(_))) => {
                let at = usize::try_from(key.to_int()).ok().filter(|at| *at < list.len());
                list.swap_remove(at.ok_or_else(|| format!("index out of range: {}", key.to_int()))?)
            }
            (Value::Text(text), Value::Int(at)) => {
                let byte = usize::try_from(at).ok().and_then(|at| text.as_bytes().get(at).copied());
                Value::Int(byte.ok_or_else(|| format!("index out of range: {at}"))?.into())
            }
            (Value::Map(mut map), key) => map.remove(&key.into_text()).unwrap_or(Value::Nil),
            (value, _) => return Err(format!("can't index item of type {}", value.type_name())),
        };
    }
    Ok(value)
}

fn print(call: Call<'_>) -> Called {
    let mut out = String::new();
    let mut last_was_text = true;
    for value in call.arguments {
        let is_text = matches!(value, Value::Text(_));
        if !last_was_text && !is_text {
            out.push(' ');
        }
        last_was_text = is_text;
        value.print_to(&mut out);
    }
    text(out)
}

fn println(call: Call<'_>) -> Called {
    let parts: Vec<String> = call.arguments.into_iter().map(Value::into_text).collect();
    text(parts.join(" ") + "\n")
}

fn from_json(call: Call<'_>) -> Called {
    let json: Result<serde_json::Value, _> = serde_json::from_str(&call.text(0));
    Ok(json.map_or_else(|_| Value::Text(String::new()), Value::from))
}
