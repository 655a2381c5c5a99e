//! Times and durations.

use super::{Call, Called, Function, text};
use crate::gotime::Time;
use crate::units::{parse_bytes, parse_duration};
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "__timestamp__",
        arity: (0, 0),
        body: |c| Ok(Value::Time(Time::from_ns(c.fields.t_ns()))),
    },
    Function { name: "now", arity: (0, 0), body: |c| Ok(Value::Time(Time::from_ns(c.fields.now_ns()))) },
    Function { name: "date", arity: (2, 2), body: date },
    Function { name: "toDate", arity: (2, 2), body: |c| to_date(&c.text(0), "UTC", &c.text(1)) },
    Function { name: "toDateInZone", arity: (3, 3), body: |c| to_date(&c.text(0), &c.text(1), &c.text(2)) },
    Function { name: "unixEpoch", arity: (1, 1), body: |c| epoch(&c, 1_000_000_000) },
    Function { name: "unixEpochMillis", arity: (1, 1), body: |c| epoch(&c, 1_000_000) },
    Function { name: "unixEpochNanos", arity: (1, 1), body: |c| epoch(&c, 1) },
    Function { name: "unixToTime", arity: (1, 1), body: unix_to_time },
    Function { name: "duration", arity: (1, 1), body: duration },
    Function { name: "duration_seconds", arity: (1, 1), body: duration },
    Function { name: "bytes", arity: (1, 1), body: bytes },
];

fn date(call: Call<'_>) -> Called {
    let time = match &call.arguments[1] {
        Value::Time(time) => time.clone(),
        Value::Int(seconds) => Time::from_ns(seconds.saturating_mul(1_000_000_000)),
        other => return Err(format!("date takes a time, not a {}", other.type_name())),
    };
    text(time.format(&call.text(0)))
}

fn to_date(layout: &str, zone: &str, value: &str) -> Called {
    Time::parse(layout, value, zone)
        .map(Value::Time)
        .ok_or_else(|| format!("cannot parse {value:?} as {layout:?} in zone {zone:?}"))
}

fn epoch(call: &Call<'_>, unit_ns: i64) -> Called {
    match &call.arguments[0] {
        Value::Time(time) => text(time.ns().div_euclid(unit_ns).to_string()),
        other => Err(format!("{} takes a time, not a {}", call.name, other.type_name())),
    }
}

/// The number's length tells its unit: days, seconds, milliseconds, microseconds or nanoseconds.
fn unix_to_time(call: Call<'_>) -> Called {
    let number = call.text(0);
    let wrong = || format!("unable to parse time '{number}'");
    let unit_ns = match number.len() {
        5 => 86_400_000_000_000,
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return Err(wrong()),
    };
    let n: i64 = number.parse().map_err(|_| wrong())?;
    n.checked_mul(unit_ns).map(|ns| Value::Time(Time::from_ns(ns))).ok_or_else(wrong)
}

fn duration(call: Call<'_>) -> Called {
    let value = call.text(0);
    let ns = parse_duration(&value).ok_or_else(|| format!("invalid duration {value:?}"))?;
    Ok(Value::Float(ns as f64 / 1e9))
}

fn bytes(call: Call<'_>) -> Called {
    let value = call.text(0);
    let bytes = parse_bytes(&value).ok_or_else(|| format!("invalid size {value:?}"))?;
    Ok(Value::Float(bytes as f64))
}
