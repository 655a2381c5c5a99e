//! Functions of one value: arithmetic, trigonometry, and what histograms say of themselves.

use crate::ast::Call;
use crate::column::{Row, Steps, is_absent};
use crate::error::Result;
use crate::evaluate::{Evaluator, Sink};

fn lookup(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => sign,
        "deg" => |v| v * 180.0 / std::f64::consts::PI,
        "rad" => |v| v * std::f64::consts::PI / 180.0,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        _ => return super::dates::of_seconds(name),
    })
}

fn sign(v: f64) -> f64 {
    if v < 0.0 {
        -1.0
    } else if v > 0.0 {
        1.0
    } else {
        v
    }
}

pub(super) fn stream(
    evaluator: &Evaluator<'_>,
    call: &Call,
    steps: Steps,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let name = call.function.name;
    if let Some(f) = lookup(name) {
        return evaluator.stream(&call.args[0], steps, &mut |mut rows| {
            rows.iter_mut().for_each(|row| floats_alone(row, f));
            sink(rows)
        });
    }
    let Some(f) = super::histogram::summary(name) else {
        return Err(model::Error::internal(format!("function {name:?} has no evaluation")).into());
    };
    evaluator.stream(&call.args[0], steps, &mut |rows| {
        let rows = rows.into_iter().map(|row| super::histogram::summarised(row, f));
        sink(rows.collect())
    })
}

/// Histograms have no such value: they are left out.
fn floats_alone(row: &mut Row, f: fn(f64) -> f64) {
    row.drop_name = true;
    row.histograms.clear();
    for value in &mut row.values {
        if !is_absent(*value) {
            *value = f(*value);
        }
    }
}

/// To the nearest multiple, halves up.
pub(super) fn round(evaluator: &Evaluator<'_>, call: &Call, steps: Steps, sink: &mut Sink<'_>) -> Result<()> {
    let nearest = match call.args.get(1) {
        Some(arg) => evaluator.scalar(arg, steps)?,
        None => vec![1.0; steps.count],
    };
    evaluator.stream(&call.args[0], steps, &mut |mut rows| {
        for row in &mut rows {
            row.drop_name = true;
            row.histograms.clear();
            let mut nearest = nearest.iter();
            for value in &mut row.values {
                let inverse = 1.0 / nearest.next().copied().unwrap_or(1.0);
                if !is_absent(*value) {
                    *value = (*value * inverse + 0.5).floor() / inverse;
                }
            }
        }
        sink(rows)
    })
}
