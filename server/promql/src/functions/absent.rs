//! `absent` and `absent_over_time`: 1 where there is nothing.

use std::collections::BTreeSet;

use model::{Labels, LabelsBuilder, METRIC_NAME, MatchOp, Matcher, Select};

use crate::ast::{Call, Expr, ExprKind, MatrixSelector, Span};
use crate::column::{ABSENT, Row, Steps, is_absent};
use crate::error::Result;
use crate::evaluate::{Evaluator, Output};
use crate::window::{References, Samples, ranges};

pub(super) fn absent(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    evaluator.reserve_steps(steps, 1)?;
    let mut row = Row::new(labels_of(&call.args[0]), vec![1.0; steps.count]);
    evaluator.stream(&call.args[0], steps, &mut |rows| {
        rows.iter().for_each(|found| clear_present(&mut row, found));
        Ok(())
    })?;
    Ok(Output::Rows(vec![row]))
}

pub(super) fn absent_over_time(
    evaluator: &Evaluator<'_>,
    call: &Call,
    _: Span,
    steps: Steps,
) -> Result<Output> {
    evaluator.reserve_steps(steps, 1)?;
    let arg = call.args[0].unwrap_parens();
    let mut row = Row::new(labels_of(arg), vec![1.0; steps.count]);
    match &arg.kind {
        ExprKind::Matrix(matrix) => clear_selected(evaluator, matrix, arg.span, steps, &mut row)?,
        ExprKind::Subquery(subquery) => {
            let (rows, grid, (references, range)) = evaluator.subquery_argument(subquery, arg.span, steps)?;
            let times: Vec<i64> = grid.times().collect();
            for (i, (low, high)) in ranges(&times, references, range, 0).into_iter().enumerate() {
                let mut window = low as usize..high as usize;
                if window.any(|step| rows.iter().any(|row| row.is_present(step))) {
                    row.values[i] = ABSENT;
                }
            }
        }
        _ => return Err(model::Error::internal("a range that is neither selector nor subquery").into()),
    }
    Ok(Output::Rows(vec![row]))
}

fn clear_selected(
    evaluator: &Evaluator<'_>,
    matrix: &MatrixSelector,
    span: Span,
    steps: Steps,
    row: &mut Row,
) -> Result<()> {
    let (fixed, offset) = evaluator.timing(&matrix.selector.timing, span)?;
    let references = References::new(steps, fixed, offset);
    let range = evaluator.positive_millis(&matrix.range, span)?;
    let select = Select {
        matchers: matrix.selector.matchers.clone(),
        start_ms: references.first_ms.saturating_sub(range).saturating_add(1),
        end_ms: references.last_ms(),
    };
    let make = |series: Vec<model::Series>| {
        let mut found = Row::absent(Labels::empty(), steps.count);
        for series in &series {
            let samples = Samples::of(series);
            let histograms: Vec<i64> = samples.histograms.iter().map(|(t, _)| *t).collect();
            for times in [&samples.timestamps[..], &histograms] {
                let windows = ranges(times, references, range, 0);
                for (step, (low, high)) in
                    windows.into_iter().enumerate().filter(|(_, (low, high))| low < high)
                {
                    found.values[step] = 1.0;
                    if let Some(counted) = &evaluator.counted {
                        counted.add(step, u64::from(high - low));
                    }
                }
            }
        }
        Ok(vec![found])
    };
    evaluator.stream_series(&select, make, &mut |rows| {
        rows.iter().for_each(|found| clear_present(row, found));
        Ok(())
    })
}

fn clear_present(row: &mut Row, found: &Row) {
    for i in 0..row.values.len() {
        if !is_absent(row.values[i]) && found.is_present(i) {
            row.values[i] = ABSENT;
        }
    }
}

/// The labels that the missing series would surely have.
fn labels_of(arg: &Expr) -> Labels {
    let matchers: &[Matcher] = match &arg.unwrap_parens().kind {
        ExprKind::Vector(selector) => &selector.matchers,
        ExprKind::Matrix(matrix) => &matrix.selector.matchers,
        _ => return Labels::empty(),
    };
    let mut builder = LabelsBuilder::default();
    let mut seen = BTreeSet::new();
    for matcher in matchers.iter().filter(|m| m.name() != METRIC_NAME) {
        if matcher.op() == MatchOp::Equal && seen.insert(matcher.name()) {
            builder.set(matcher.name(), matcher.value());
        } else {
            builder.remove(matcher.name());
        }
    }
    builder.build()
}
