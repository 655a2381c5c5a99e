//! Applies a range function to each window of each series, be it selected or the result of a subquery.

use std::sync::Arc;

use model::{Select, Series};

use super::{Histograms, RangeFunction, Whole, extended, over_time, rate};
use crate::ast::{Call, ExprKind, MatrixSelector, RangeMode, Span, ValueType};
use crate::column::{ABSENT, Row, Steps, is_absent};
use crate::counted::size;
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, Sink};
use crate::histogram_notes::Subject;
use crate::native::{histogram_bytes, without_hint};
use crate::value::Point;
use crate::window::{ColumnCache, References, Samples, Window, ranges};

/// Series, and steps of one series, between two looks at the deadline.
const CHECK_EVERY: usize = 64;

/// All that the windows of one call have in common.
struct Plan<'a> {
    name: &'static str,
    function: RangeFunction,
    steps: Steps,
    references: References,
    range_ms: i64,
    /// How far the window reaches beyond its ends, for `anchored` and `smoothed`.
    before_ms: i64,
    after_ms: i64,
    /// The scalar parameters, one column each.
    params: &'a [Vec<f64>],
    /// Whether each histogram is compared with the one before it; see [`Evaluator::finds_resets`].
    finds_resets: bool,
    evaluator: &'a Evaluator<'a>,
    /// The argument, for notes.
    span: Span,
}

impl Plan<'_> {
    /// How the function works for all windows at once. Under `@` there is only one.
    fn whole(&self) -> Option<Whole> {
        self.function.whole.filter(|_| !self.references.is_fixed())
    }
}

pub(super) fn stream(
    evaluator: &Evaluator<'_>,
    call: &Call,
    function: RangeFunction,
    steps: Steps,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let name = call.function.name;
    let params = evaluator.scalar_args(call, steps)?;
    over_time::check_params(evaluator, call, &params)?;
    super::smoothing::check_params(name, &params)?;
    let Some(arg) = call.args.iter().find(|arg| arg.value_type() == ValueType::Matrix) else {
        return Err(model::Error::internal("a range function without a range").into());
    };
    let arg = arg.unwrap_parens();
    match &arg.kind {
        ExprKind::Matrix(matrix) => {
            let plan = plan_of_selector(evaluator, matrix, arg.span, (name, function), steps)?;
            selected(Plan { params: &params, ..plan }, matrix, sink)
        }
        ExprKind::Subquery(subquery) => {
            let (rows, grid, (references, range_ms)) =
                evaluator.subquery_argument(subquery, arg.span, steps)?;
            let plan = Plan {
                name,
                function,
                steps,
                references,
                range_ms,
                before_ms: range_ms,
                after_ms: 0,
                params: &params,
                finds_resets: false,
                evaluator,
                span: arg.span,
            };
            sink(of_subquery(&plan, rows, grid)?)
        }
        _ => Err(model::Error::internal("a range that is neither selector nor subquery").into()),
    }
}

fn plan_of_selector<'a>(
    evaluator: &'a Evaluator<'a>,
    matrix: &MatrixSelector,
    span: Span,
    (name, function): (&'static str, RangeFunction),
    steps: Steps,
) -> Result<Plan<'a>> {
    let selector = &matrix.selector;
    let function = extended::of_mode(selector.mode, name, function)?;
    let (fixed, offset) = evaluator.timing(&selector.timing, span)?;
    let references = References::new(steps, fixed, offset);
    let range_ms = evaluator.positive_millis(&matrix.range, span)?;
    let lookback = evaluator.options.lookback_ms;
    let (before_ms, after_ms) = match selector.mode {
        RangeMode::Plain => (range_ms, 0),
        RangeMode::Anchored => (range_ms.saturating_add(lookback), 0),
        RangeMode::Smoothed => (range_ms.saturating_add(lookback), lookback),
    };
    Ok(Plan {
        name,
        function,
        steps,
        references,
        range_ms,
        before_ms,
        after_ms,
        params: &[],
        finds_resets: evaluator.finds_resets(span),
        evaluator,
        span,
    })
}

fn selected(plan: Plan<'_>, matrix: &MatrixSelector, sink: &mut Sink<'_>) -> Result<()> {
    // The histogram before the first window says whether its first one is a reset.
    let earlier = if plan.finds_resets { plan.evaluator.options.lookback_ms } else { 0 };
    let before_ms = plan.before_ms.saturating_add(earlier);
    let select = Select {
        matchers: matrix.selector.matchers.clone(),
        start_ms: plan.references.first_ms.saturating_sub(before_ms).saturating_add(1),
        end_ms: plan.references.last_ms().saturating_add(plan.after_ms),
    };
    plan.evaluator.stream_series(&select, |series| of_series(&plan, series), sink)
}

/// The windows of a column of times: which samples each step sees, and what of the function's values depends on the
/// times alone.
struct Windows {
    bounds: Vec<(u32, u32)>,
    rates: Option<rate::Steps>,
}

fn windows(plan: &Plan<'_>, timestamps: &[i64]) -> Windows {
    let bounds = ranges(timestamps, plan.references, plan.before_ms, plan.after_ms);
    let a_second = match plan.whole() {
        Some(Whole::Rate) => true,
        Some(Whole::Increase | Whole::Delta) => false,
        _ => return Windows { bounds, rates: None },
    };
    let ends = (plan.references.first_ms, plan.references.step_ms, plan.range_ms);
    let rates = Some(rate::Steps::new(timestamps, &bounds, ends, a_second));
    Windows { bounds, rates }
}

fn of_series(plan: &Plan<'_>, series: Vec<Series>) -> Result<Vec<Row>> {
    let mut columns = ColumnCache::new();
    let mut rows = Vec::with_capacity(series.len());
    for (n, series) in series.into_iter().enumerate() {
        if n % CHECK_EVERY == 0 {
            plan.evaluator.control.check()?;
        }
        let mut samples = Samples::of(&series);
        if plan.finds_resets {
            samples.find_resets();
        }
        let windows = columns.get(&samples.timestamps, |times| windows(plan, times));
        let mut row = Row::absent(series.labels.clone(), plan.steps.count);
        row.drop_name = !plan.function.keeps_name;
        apply(plan, &samples, &windows, &mut row)?;
        if row.has_samples() {
            rows.push(row);
        }
    }
    Ok(rows)
}

fn of_subquery(plan: &Plan<'_>, rows: Vec<Row>, grid: Steps) -> Result<Vec<Row>> {
    let times: Arc<[i64]> = grid.times().collect();
    let mut columns = ColumnCache::new();
    let mut out = Vec::with_capacity(rows.len());
    for (n, input) in rows.into_iter().enumerate() {
        if n % CHECK_EVERY == 0 {
            plan.evaluator.control.check()?;
        }
        let samples = of_row(&input, &times);
        let windows = columns.get(&samples.timestamps, |times| windows(plan, times));
        let mut row = Row::absent(input.labels.clone(), plan.steps.count);
        row.drop_name = !plan.function.keeps_name || input.drop_name;
        apply(plan, &samples, &windows, &mut row)?;
        if row.has_samples() {
            out.push(row);
        }
    }
    Ok(out)
}

/// The steps of a row at which it has samples.
fn of_row<'a>(row: &'a Row, times: &Arc<[i64]>) -> Samples<'a> {
    if row.histograms.is_empty() && !row.values.iter().any(|v| is_absent(*v)) {
        let (timestamps, values) = (times.clone(), row.values.as_slice().into());
        return Samples { timestamps, values, histograms: Vec::new() };
    }
    let floats = || times.iter().zip(&row.values).filter(|(_, v)| !is_absent(**v));
    let histograms = times.iter().zip(&row.histograms).filter_map(|(t, h)| Some((*t, h.clone()?)));
    // A step need not follow the sample that a hint was about.
    let histograms = histograms.map(|(t, histogram)| (t, without_hint(histogram)));
    Samples {
        timestamps: floats().map(|(t, _)| *t).collect(),
        values: floats().map(|(_, v)| *v).collect(),
        histograms: histograms.collect(),
    }
}

/// Fills `row` with the function's value at each step.
fn apply(plan: &Plan<'_>, samples: &Samples<'_>, windows: &Windows, row: &mut Row) -> Result<()> {
    if let Some(counted) = &plan.evaluator.counted {
        let found = windows.bounds.iter().enumerate().filter(|(_, (low, high))| low < high);
        found.for_each(|(step, (low, high))| counted.add(step, u64::from(high - low)));
    }
    if !samples.histograms.is_empty() {
        return apply_mixed(plan, samples, windows, row);
    }
    let resets = if plan.function.needs_resets { samples.resets() } else { Vec::new() };
    if plan.whole().is_some() {
        whole(plan, samples, (windows, &resets), row)?;
        if plan.function.needs_resets {
            rate::note_non_counter(plan.evaluator, plan.name, row, plan.span);
        }
        return Ok(());
    }
    // Under `@` all windows are the same: without parameters, so are all values.
    let once = plan.references.is_fixed() && plan.params.is_empty();
    let mut params = [0.0; 2];
    for step in 0..if once { 1 } else { plan.steps.count } {
        if step % CHECK_EVERY == CHECK_EVERY - 1 {
            plan.evaluator.control.check()?;
        }
        let (low, high) = windows.bounds[step];
        if low == high {
            continue;
        }
        for (slot, column) in params.iter_mut().zip(plan.params) {
            *slot = column[step];
        }
        let window = window(plan, samples, (low, high), &resets, step);
        row.values[step] = (plan.function.floats)(&window, &params[..plan.params.len()]).unwrap_or(ABSENT);
    }
    if once {
        let value = row.values[0];
        row.values.fill(value);
    }
    if plan.function.needs_resets {
        rate::note_non_counter(plan.evaluator, plan.name, row, plan.span);
    }
    Ok(())
}

/// Steps between two looks at the deadline where all windows are done together.
const TOGETHER: usize = 512;

/// Fills `row` for all windows at once.
fn whole(
    plan: &Plan<'_>,
    samples: &Samples<'_>,
    (windows, resets): (&Windows, &[u32]),
    row: &mut Row,
) -> Result<()> {
    if let Some(rates) = &windows.rates {
        let resets = plan.function.needs_resets.then_some(resets);
        rates.apply(&samples.values, resets, &windows.bounds, &mut row.values);
        return Ok(());
    }
    let mean = plan.whole() == Some(Whole::Mean);
    for (bounds, values) in windows.bounds.chunks(TOGETHER).zip(row.values.chunks_mut(TOGETHER)) {
        plan.evaluator.control.check()?;
        over_time::sums(&samples.values, bounds, mean, values);
    }
    Ok(())
}

fn window<'s>(
    plan: &Plan<'_>,
    samples: &'s Samples<'_>,
    (low, high): (u32, u32),
    resets: &'s [u32],
    step: usize,
) -> Window<'s> {
    let range = low as usize..high as usize;
    let first = resets.partition_point(|i| *i <= low);
    let last = first + resets[first..].partition_point(|i| *i < high);
    let end_ms = plan.references.at(step);
    Window {
        timestamps: &samples.timestamps[range.clone()],
        values: &samples.values[range],
        histograms: &[],
        resets: &resets[first..last],
        base: low,
        start_ms: end_ms.saturating_sub(plan.range_ms),
        end_ms,
        at_ms: plan.steps.at(step),
    }
}

fn apply_mixed(plan: &Plan<'_>, samples: &Samples<'_>, windows: &Windows, row: &mut Row) -> Result<()> {
    let times: Vec<i64> = samples.histograms.iter().map(|(t, _)| *t).collect();
    let of_histograms = self::windows(plan, &times).bounds;
    let resets = samples.resets();
    let labels = row.labels.clone();
    let subject = Subject { evaluator: plan.evaluator, span: plan.span, metric: labels.metric_name() };
    let mut ignored = false;
    for step in 0..plan.steps.count {
        if step % CHECK_EVERY == CHECK_EVERY - 1 {
            plan.evaluator.control.check()?;
        }
        let params: Vec<f64> = plan.params.iter().map(|column| column[step]).collect();
        let mut window = window(plan, samples, windows.bounds[step], &resets, step);
        let (low, high) = of_histograms[step];
        window.histograms = &samples.histograms[low as usize..high as usize];
        if let Some(counted) = &plan.evaluator.counted {
            counted.add(step, window.histograms.iter().map(|(_, h)| size(h)).sum());
        }
        match plan.function.histograms {
            Histograms::Handled(handle) if !window.histograms.is_empty() => match handle(&window, subject) {
                Some(Point::Float(value)) => row.values[step] = value,
                Some(Point::Histogram(histogram)) => {
                    plan.evaluator.reserve(histogram_bytes(&histogram))?;
                    row.set_histogram(step, histogram);
                }
                None => {}
            },
            _ if !window.values.is_empty() => {
                ignored |= !window.histograms.is_empty();
                row.values[step] = (plan.function.floats)(&window, &params).unwrap_or(ABSENT);
            }
            _ => {}
        }
    }
    if ignored {
        subject.ignored_in_range();
    }
    rate::note_non_counter(plan.evaluator, plan.name, row, plan.span);
    Ok(())
}

/// The error of a modifier that does not go with a function.
pub(super) fn mode_error(mode: &str, allowed: &str, name: &str) -> Error {
    Error::Query(format!("{mode} modifier can only be used with: {allowed} - not with {name}"))
}
