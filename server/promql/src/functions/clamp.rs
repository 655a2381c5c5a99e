//! `clamp`, `clamp_min`, `clamp_max`.

use crate::ast::Call;
use crate::column::{ABSENT, Steps, is_absent};
use crate::error::Result;
use crate::evaluate::{Evaluator, Sink};

pub(super) fn stream(
    evaluator: &Evaluator<'_>,
    call: &Call,
    steps: Steps,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut bounds = evaluator.scalar_args(call, steps)?.into_iter();
    let (low, high) = match call.function.name {
        "clamp_min" => (bounds.next(), None),
        "clamp_max" => (None, bounds.next()),
        _ => (bounds.next(), bounds.next()),
    };
    let low = low.unwrap_or_else(|| vec![f64::NEG_INFINITY; steps.count]);
    let high = high.unwrap_or_else(|| vec![f64::INFINITY; steps.count]);
    evaluator.stream(&call.args[0], steps, &mut |mut rows| {
        for row in &mut rows {
            row.drop_name = true;
            row.histograms.clear();
            for ((value, low), high) in row.values.iter_mut().zip(&low).zip(&high) {
                if !is_absent(*value) {
                    // Bounds that cross leave nothing.
                    *value = if high < low { ABSENT } else { larger(*low, smaller(*high, *value)) };
                }
            }
        }
        sink(rows)
    })
}

/// The larger one; NaN if either is.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// The smaller one; NaN if either is.
fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}
