//! Walks the tree: every node gives its value for all steps at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{Control, Labels, METRIC_NAME, SeriesSource};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::aggregate;
use crate::ast::{At, Binary, Call, Expr, ExprKind, Span, Timing, UnaryOp, ValueType};
use crate::binary;
use crate::column::{Row, Steps, is_absent};
use crate::counted::Counted;
use crate::engine::{Options, TimeRange};
use crate::error::{Error, Result};
use crate::functions;
use crate::native::Native;
use crate::notes::Notes;
use crate::parser::{DurationContext, Query};

/// The value of a node over all steps.
pub(crate) enum Output {
    Scalar(Vec<f64>),
    String(String),
    Rows(Vec<Row>),
}

/// Receives rows batch by batch.
pub(crate) type Sink<'s> = dyn FnMut(Vec<Row>) -> Result<()> + 's;

/// One evaluation of one query.
pub(crate) struct Evaluator<'a> {
    pub(crate) source: &'a dyn SeriesSource,
    pub(crate) control: &'a Control,
    pub(crate) options: &'a Options,
    pub(crate) times: TimeRange,
    text: &'a str,
    /// Selectors of which nothing but counts and sums is asked; see [`Evaluator::finds_resets`].
    summarised: FxHashSet<Span>,
    notes: Mutex<Notes>,
    reserved: AtomicU64,
    /// Where samples are counted, if anybody asks.
    pub(crate) counted: Option<Counted>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(
        source: &'a dyn SeriesSource,
        query: &'a Query,
        times: TimeRange,
        options: &'a Options,
        control: &'a Control,
    ) -> Self {
        let steps = || Steps::range(times.start_ms, times.end_ms, times.step_ms.max(1)).count;
        Evaluator {
            source,
            control,
            options,
            times,
            text: query.text(),
            summarised: summarised(query.expr()),
            notes: Mutex::default(),
            reserved: AtomicU64::new(0),
            counted: options.count_samples.then(|| Counted::new(steps())),
        }
    }

    /// The warnings, the infos, and the samples of each step if they were counted.
    pub(crate) fn finish(mut self) -> (Vec<String>, Vec<String>, Vec<u64>) {
        let (warnings, infos) = std::mem::take(&mut *self.notes()).into_parts();
        let counted = self.counted.take().map(Counted::into_steps);
        (warnings, infos, counted.unwrap_or_default())
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn warn(&self, span: Span, message: &str) {
        self.notes().warn(self.text, span, message);
    }

    pub(crate) fn inform(&self, span: Span, message: &str) {
        self.notes().inform(self.text, span, message);
    }

    pub(crate) fn warn_source(&self, messages: Vec<String>) {
        let mut notes = self.notes();
        messages.into_iter().for_each(|m| notes.source(m));
    }

    /// Reserves memory until the end of the evaluation.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<()> {
        self.control.reserve_bytes(bytes)?;
        self.reserved.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Reserves the memory of `count` values a step for each step.
    pub(crate) fn reserve_steps(&self, steps: Steps, count: u64) -> Result<()> {
        self.reserve((steps.count as u64).saturating_mul(8).saturating_mul(count))
    }

    /// Milliseconds of a duration, which may ask for the query's step and range.
    pub(crate) fn millis(&self, duration: &crate::ast::DurationExpr, span: Span) -> Result<i64> {
        let range_ms = self.times.end_ms - self.times.start_ms;
        let context = DurationContext { step_ms: self.times.step_ms, range_ms };
        duration.millis(context).map_err(|message| self.refuse(span, &message))
    }

    /// A duration that must be longer than nothing.
    pub(crate) fn positive_millis(&self, duration: &crate::ast::DurationExpr, span: Span) -> Result<i64> {
        match self.millis(duration, span)? {
            ms if ms > 0 => Ok(ms),
            _ => Err(self.refuse(span, "duration must be greater than 0")),
        }
    }

    /// Whether the histograms of the selector at `span` are compared with the ones before them as they are read:
    /// Prometheus does so where it skips their buckets, and then knows of resets that contradict each other.
    pub(crate) fn finds_resets(&self, span: Span) -> bool {
        self.summarised.contains(&span)
    }

    fn refuse(&self, span: Span, message: &str) -> Error {
        let (line, column) = crate::parser::position(self.text, span.start);
        Error::Query(format!("{line}:{column}: {message}"))
    }

    /// The fixed time of `@` and the offset.
    pub(crate) fn timing(&self, timing: &Timing, span: Span) -> Result<(Option<i64>, i64)> {
        let fixed = timing.at.map(|at| match at {
            At::Time(ms) => ms,
            At::Start => self.times.start_ms,
            At::End => self.times.end_ms,
        });
        let offset = timing.offset.as_ref().map(|d| self.millis(d, span)).transpose()?.unwrap_or(0);
        Ok((fixed, offset))
    }

    /// The value of `expr` at all of `steps`.
    pub(crate) fn evaluate(&self, expr: &Expr, steps: Steps) -> Result<Output> {
        self.control.check()?;
        match &expr.kind {
            ExprKind::Number(literal) => {
                self.reserve_steps(steps, 1)?;
                Ok(Output::Scalar(vec![literal.value; steps.count]))
            }
            ExprKind::String(text) => Ok(Output::String(text.clone())),
            ExprKind::Paren(inner) => self.evaluate(inner, steps),
            ExprKind::Unary(op, inner) if inner.value_type() == ValueType::Scalar => {
                let mut values = self.scalar(inner, steps)?;
                if *op == UnaryOp::Minus {
                    values.iter_mut().for_each(|v| *v = -*v);
                }
                Ok(Output::Scalar(values))
            }
            ExprKind::Binary(binary) => self.binary(binary, expr, steps),
            ExprKind::Call(call) => match functions::special(call.function.name) {
                Some(special) => special(self, call, expr.span, steps),
                None => self.collect(expr, steps),
            },
            ExprKind::Aggregate(aggregate) => Ok(Output::Rows(aggregate::evaluate(self, aggregate, steps)?)),
            ExprKind::Matrix(_) | ExprKind::Subquery(_) => {
                Err(model::Error::internal("a range vector outside of a function").into())
            }
            ExprKind::Vector(_) | ExprKind::Unary(..) => self.collect(expr, steps),
        }
    }

    /// All rows that [`Evaluator::stream`] gives.
    fn collect(&self, expr: &Expr, steps: Steps) -> Result<Output> {
        let mut rows = Vec::new();
        self.stream(expr, steps, &mut |batch| {
            self.reserve(batch.iter().map(Row::heap_bytes).sum())?;
            rows.extend(batch);
            Ok(())
        })?;
        Ok(Output::Rows(rows))
    }

    /// The rows of a vector, batch by batch where the node and those below it work row by row, so that an
    /// aggregation above need not hold all of them.
    pub(crate) fn stream(&self, expr: &Expr, steps: Steps, sink: &mut Sink<'_>) -> Result<()> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.stream(inner, steps, sink),
            ExprKind::Vector(selector) => self.stream_selector(selector, expr.span, steps, sink),
            ExprKind::Unary(op, inner) => self.stream(inner, steps, &mut |mut rows| {
                if *op == UnaryOp::Minus {
                    rows.iter_mut().for_each(negate);
                }
                sink(rows)
            }),
            ExprKind::Call(call) if functions::special(call.function.name).is_none() => {
                functions::stream(self, call, steps, sink)
            }
            ExprKind::Binary(node) if binary::mixes_scalar(node) => {
                self.stream_mixed(node, expr.span, steps, sink)
            }
            _ => match self.evaluate(expr, steps)? {
                Output::Rows(rows) => sink(rows),
                _ => Err(model::Error::internal("a vector node gave no vector").into()),
            },
        }
    }

    fn stream_mixed(&self, node: &Binary, span: Span, steps: Steps, sink: &mut Sink<'_>) -> Result<()> {
        let scalar_left = node.left.value_type() == ValueType::Scalar;
        let (scalar, vector) =
            if scalar_left { (&node.left, &node.right) } else { (&node.right, &node.left) };
        let scalars = self.scalar(scalar, steps)?;
        let context = binary::Context { evaluator: self, node, span };
        self.stream(vector, steps, &mut |mut rows| {
            rows.iter_mut().try_for_each(|row| binary::with_scalar(context, row, &scalars, scalar_left))?;
            sink(rows)
        })
    }

    fn binary(&self, node: &Binary, expr: &Expr, steps: Steps) -> Result<Output> {
        if binary::mixes_scalar(node) {
            return self.collect(expr, steps);
        }
        if node.left.value_type() == ValueType::Scalar {
            let (left, right) = (self.scalar(&node.left, steps)?, self.scalar(&node.right, steps)?);
            let values = left.into_iter().zip(right).map(|(a, b)| binary::scalars(node.op, a, b));
            return Ok(Output::Scalar(values.collect()));
        }
        let (left, right) = (self.rows(&node.left, steps)?, self.rows(&node.right, steps)?);
        let rows = binary::vectors(
            binary::Context { evaluator: self, node, span: expr.span },
            left,
            right,
            steps.count,
        )?;
        self.reserve(rows.iter().map(Row::heap_bytes).sum())?;
        Ok(Output::Rows(rows))
    }

    /// The value of an expression of type scalar.
    pub(crate) fn scalar(&self, expr: &Expr, steps: Steps) -> Result<Vec<f64>> {
        match self.evaluate(expr, steps)? {
            Output::Scalar(values) => Ok(values),
            _ => Err(model::Error::internal("a scalar node gave no scalar").into()),
        }
    }

    /// The value of an expression of type vector.
    pub(crate) fn rows(&self, expr: &Expr, steps: Steps) -> Result<Vec<Row>> {
        match self.evaluate(expr, steps)? {
            Output::Rows(rows) => Ok(rows),
            _ => Err(model::Error::internal("a vector node gave no vector").into()),
        }
    }

    /// The value of an expression of type string.
    pub(crate) fn string(&self, expr: &Expr, steps: Steps) -> Result<String> {
        match self.evaluate(expr, steps)? {
            Output::String(text) => Ok(text),
            _ => Err(model::Error::internal("a string node gave no string").into()),
        }
    }

    /// The scalar arguments of a call, in order.
    pub(crate) fn scalar_args(&self, call: &Call, steps: Steps) -> Result<Vec<Vec<f64>>> {
        let scalars = call.args.iter().filter(|arg| arg.value_type() == ValueType::Scalar);
        scalars.map(|arg| self.scalar(arg, steps)).collect()
    }
}

/// The selectors below `histogram_count`, `histogram_sum`, `histogram_avg` with nothing above them that needs buckets.
fn summarised(expr: &Expr) -> FxHashSet<Span> {
    let mut found = FxHashSet::default();
    find_summarised(expr, false, &mut found);
    found
}

fn find_summarised(expr: &Expr, counted: bool, found: &mut FxHashSet<Span>) {
    match &expr.kind {
        ExprKind::Vector(_) | ExprKind::Matrix(_) if counted => {
            found.insert(expr.span);
        }
        ExprKind::Call(call) => match call.function.name {
            "histogram_quantile" | "histogram_quantiles" | "histogram_fraction" => {}
            name => {
                let counts = matches!(name, "histogram_count" | "histogram_sum" | "histogram_avg");
                call.args.iter().for_each(|arg| find_summarised(arg, counted || counts, found));
            }
        },
        ExprKind::Binary(node) if !node.op.is_trim() => {
            find_summarised(&node.left, counted, found);
            find_summarised(&node.right, counted, found);
        }
        ExprKind::Aggregate(aggregate) => find_summarised(&aggregate.expr, counted, found),
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => find_summarised(inner, counted, found),
        _ => {}
    }
}

impl Drop for Evaluator<'_> {
    fn drop(&mut self) {
        self.control.release_bytes(self.reserved.load(Ordering::Relaxed));
    }
}

fn negate(row: &mut Row) {
    row.drop_name = true;
    row.values.iter_mut().filter(|v| !is_absent(**v)).for_each(|v| *v = -*v);
    for histogram in row.histograms.iter_mut().flatten() {
        *histogram = Native::<f64>::of(histogram).times(-1.0).into_histogram();
    }
}

/// The labels without the name, type and unit of the metric.
pub(crate) fn without_metadata(labels: &Labels) -> Labels {
    labels.without(&[METRIC_NAME, "__type__", "__unit__"])
}

/// Puts rows with the same labels together.
pub(crate) fn merge_equal(rows: Vec<Row>) -> Result<Vec<Row>> {
    let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
    let mut index: FxHashMap<Labels, usize> = FxHashMap::default();
    for row in rows {
        match index.get(&row.labels) {
            Some(&at) => {
                if !merged[at].merge(&row) {
                    return Err(Error::execution("vector cannot contain metrics with the same labelset"));
                }
            }
            None => {
                index.insert(row.labels.clone(), merged.len());
                merged.push(row);
            }
        }
    }
    Ok(merged)
}

/// Calls `check` with each distinct value of a parameter over the steps.
pub(crate) fn distinct(values: &[f64], mut check: impl FnMut(f64)) {
    let mut last = None;
    for value in values.iter().filter(|v| !is_absent(**v)) {
        if last != Some(value.to_bits()) {
            check(*value);
        }
        last = Some(value.to_bits());
    }
}
