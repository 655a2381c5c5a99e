//! `timestamp` and `start_timestamp`: when the sample of a selector was taken, when its counter began.

use crate::ast::{Call, ExprKind, RangeMode};
use crate::column::Steps;
use crate::error::Result;
use crate::evaluate::{Evaluator, Sink};
use crate::select::Pick;

pub(super) fn stream(
    evaluator: &Evaluator<'_>,
    call: &Call,
    steps: Steps,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let start = call.function.name == "start_timestamp";
    let arg = call.args[0].unwrap_parens();
    if let ExprKind::Vector(selector) = &arg.kind
        && selector.mode == RangeMode::Plain
    {
        let pick = if start { Pick::Start } else { Pick::Timestamp };
        let find = evaluator.find(selector, arg.span, steps, pick)?;
        return evaluator.stream_newest(selector, find, &mut |mut rows| {
            rows.iter_mut().for_each(|row| row.drop_name = true);
            sink(rows)
        });
    }
    // What is no sample of the store is taken at the time of the step, and never began.
    evaluator.stream(arg, steps, &mut |mut rows| {
        if start {
            return Ok(());
        }
        for row in &mut rows {
            row.drop_name = true;
            for i in 0..steps.count {
                if row.is_present(i) {
                    row.clear(i);
                    row.values[i] = steps.at(i) as f64 / 1000.0;
                }
            }
        }
        sink(rows)
    })
}
