//! Numbers.

use super::{Call, Called, Function, MANY};
use crate::value::Value;

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "add", arity: (0, MANY), body: |c| fold_ints(&c, 0, |a, b| Ok(a.wrapping_add(b))) },
    Function { name: "sub", arity: (2, 2), body: |c| Ok(Value::Int(c.int(0).wrapping_sub(c.int(1)))) },
    Function { name: "mul", arity: (1, MANY), body: |c| fold_ints(&c, 1, |a, b| Ok(a.wrapping_mul(b))) },
    Function { name: "div", arity: (2, 2), body: |c| divided(&c, i64::checked_div) },
    Function { name: "mod", arity: (2, 2), body: |c| divided(&c, i64::checked_rem) },
    Function { name: "addf", arity: (0, MANY), body: |c| floats(&c, |a, b| a + b) },
    Function { name: "subf", arity: (1, MANY), body: |c| floats(&c, |a, b| a - b) },
    Function { name: "mulf", arity: (1, MANY), body: |c| floats(&c, |a, b| a * b) },
    Function { name: "divf", arity: (1, MANY), body: |c| floats(&c, |a, b| a / b) },
    Function { name: "max", arity: (1, MANY), body: |c| fold_ints(&c, i64::MIN, |a, b| Ok(a.max(b))) },
    Function { name: "min", arity: (1, MANY), body: |c| fold_ints(&c, i64::MAX, |a, b| Ok(a.min(b))) },
    Function { name: "maxf", arity: (1, MANY), body: |c| floats(&c, f64::max) },
    Function { name: "minf", arity: (1, MANY), body: |c| floats(&c, f64::min) },
    Function { name: "ceil", arity: (1, 1), body: |c| Ok(Value::Float(c.arguments[0].to_float().ceil())) },
    Function { name: "floor", arity: (1, 1), body: |c| Ok(Value::Float(c.arguments[0].to_float().floor())) },
    Function { name: "round", arity: (2, 3), body: round },
    Function { name: "int", arity: (1, 1), body: |c| Ok(Value::Int(c.int(0))) },
    Function { name: "float64", arity: (1, 1), body: |c| Ok(Value::Float(c.arguments[0].to_float())) },
];

fn fold_ints(call: &Call<'_>, first: i64, f: fn(i64, i64) -> Result<i64, String>) -> Called {
    call.arguments.iter().try_fold(first, |a, b| f(a, b.to_int())).map(Value::Int)
}

fn divided(call: &Call<'_>, f: fn(i64, i64) -> Option<i64>) -> Called {
    f(call.int(0), call.int(1)).map(Value::Int).ok_or_else(|| "integer divide by zero".to_owned())
}

fn floats(call: &Call<'_>, f: fn(f64, f64) -> f64) -> Called {
    let result = call.arguments.iter().map(Value::to_float).reduce(f);
    Ok(Value::Float(result.unwrap_or(0.0)))
}

/// Rounds to so many decimals; a third argument says from which fraction on it goes up.
fn round(call: Call<'_>) -> Called {
    let scale = 10f64.powi(call.int(1).clamp(-300, 300) as i32);
    let up_from = call.arguments.get(2).map_or(0.5, Value::to_float);
    let scaled = call.arguments[0].to_float() * scale;
    let fraction = scaled - scaled.trunc();
    let rounded = if fraction >= up_from { scaled.ceil() } else { scaled.floor() };
    Ok(Value::Float(rounded / scale))
}
