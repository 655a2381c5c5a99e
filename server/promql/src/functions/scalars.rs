//! Functions to and from scalars: `scalar`, `vector`, `time`, `pi`, `start`, `end`, `step`, `range`.

use model::Labels;

use crate::ast::{Call, Span};
use crate::column::{Row, Steps, is_absent};
use crate::error::Result;
use crate::evaluate::{Evaluator, Output};

pub(super) fn constant(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    evaluator.reserve_steps(steps, 1)?;
    let times = evaluator.times;
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let value = match call.function.name {
        "time" => return Ok(Output::Scalar(steps.times().map(seconds).collect())),
        "start" => seconds(times.start_ms),
        "end" => seconds(times.end_ms),
        "step" => seconds(times.step_ms),
        "range" => seconds(times.end_ms - times.start_ms),
        _ => std::f64::consts::PI,
    };
    Ok(Output::Scalar(vec![value; steps.count]))
}

/// The value of the only series, NaN if there is none or more than one.
pub(super) fn scalar(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    evaluator.reserve_steps(steps, 1)?;
    let mut values = vec![f64::NAN; steps.count];
    let mut seen = vec![0u8; steps.count];
    evaluator.stream(&call.args[0], steps, &mut |rows| {
        for row in rows {
            for (i, value) in row.values.iter().enumerate().filter(|(_, v)| !is_absent(**v)) {
                seen[i] = seen[i].saturating_add(1);
                values[i] = if seen[i] == 1 { *value } else { f64::NAN };
            }
        }
        Ok(())
    })?;
    Ok(Output::Scalar(values))
}

pub(super) fn vector(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let values = evaluator.scalar(&call.args[0], steps)?;
    Ok(Output::Rows(vec![Row::new(Labels::empty(), values)]))
}
