//! The two ways to ask: at one time, and over a range of times.

use model::{Control, Labels, SeriesSource};

use crate::ast::{ExprKind, ValueType};
use crate::column::{Row, Steps, is_absent};
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, Output};
use crate::parser::Query;
use crate::value::{Answer, MatrixSeries, Point, Stats, Value, VectorSample};

/// Most steps of a range query; Prometheus' API has the same bound, for one series.
pub const MAX_STEPS: usize = 1_000_000;

/// What a query takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How old a sample may be and still be a series' value.
    pub lookback_ms: i64,
    /// The step of subqueries that name none.
    pub default_step_ms: i64,
    /// Whether the samples of each step are counted: [`Answer::queryable`].
    pub count_samples: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { lookback_ms: 300_000, default_step_ms: 60_000, count_samples: false }
    }
}

/// The times of a range query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The first step, ms.
    pub start_ms: i64,
    /// No step lies after it, ms.
    pub end_ms: i64,
    /// Between two steps, ms.
    pub step_ms: i64,
}

/// The value of `query` at one time.
pub fn instant(
    source: &dyn SeriesSource,
    query: &Query,
    at_ms: i64,
    options: &Options,
    control: &Control,
) -> Result<Answer> {
    let times = TimeRange { start_ms: at_ms, end_ms: at_ms, step_ms: 0 };
    crate::deep::run(query.depth(), || {
        let evaluator = Evaluator::new(source, query, times, options, control);
        let value = instant_value(&evaluator, query, at_ms)?;
        Ok(answer(evaluator, value, control))
    })
}

fn instant_value(evaluator: &Evaluator<'_>, query: &Query, at_ms: i64) -> Result<Value> {
    let steps = Steps::instant(at_ms);
    Ok(if query.value_type() == ValueType::Matrix {
        Value::Matrix(matrix_of_windows(evaluator, query, at_ms)?)
    } else {
        match evaluator.evaluate(query.expr(), steps)? {
            Output::Scalar(values) => Value::Scalar(values[0]),
            Output::String(text) => Value::String(text),
            Output::Rows(rows) => Value::Vector(vector(rows)?),
        }
    })
}

/// The value of `query` at all steps of `times`: a matrix.
pub fn range(
    source: &dyn SeriesSource,
    query: &Query,
    times: TimeRange,
    options: &Options,
    control: &Control,
) -> Result<Answer> {
    if times.step_ms <= 0 {
        return Err(Error::Query(
            "zero or negative query resolution step widths are not accepted. Try a positive integer".into(),
        ));
    }
    if times.end_ms < times.start_ms {
        return Err(Error::Query("end timestamp must not be before start time".into()));
    }
    let value_type = query.value_type();
    if !matches!(value_type, ValueType::Scalar | ValueType::Vector) {
        let got = value_type.documented();
        return Err(Error::Query(format!(
            "invalid expression type \"{got}\" for range query, must be Scalar or instant Vector"
        )));
    }
    let steps = Steps::range(times.start_ms, times.end_ms, times.step_ms);
    if steps.count > MAX_STEPS {
        return Err(Error::Query(format!(
            "a range query of {} steps exceeds the bound of {MAX_STEPS}: use a longer step or a shorter range",
            steps.count
        )));
    }
    crate::deep::run(query.depth(), || {
        let evaluator = Evaluator::new(source, query, times, options, control);
        let rows = match evaluator.evaluate(query.expr(), steps)? {
            Output::Scalar(values) => vec![Row::new(Labels::empty(), values)],
            Output::Rows(rows) => rows,
            Output::String(_) => Vec::new(),
        };
        let value = Value::Matrix(matrix(rows, steps)?);
        Ok(answer(evaluator, value, control))
    })
}

fn answer(evaluator: Evaluator<'_>, value: Value, control: &Control) -> Answer {
    let stats = Stats { samples: control.samples(), peak_bytes: control.peak_bytes() };
    let (warnings, infos, queryable) = evaluator.finish();
    Answer { value, warnings, infos, stats, queryable }
}

/// Drops the names that are to go, and puts rows together that then have the same labels.
fn without_names(rows: Vec<Row>) -> Result<Vec<Row>> {
    let rows = rows.into_iter().filter(Row::has_samples).map(|mut row| {
        if row.drop_name {
            row.labels = crate::evaluate::without_metadata(&row.labels);
        }
        row
    });
    crate::evaluate::merge_equal(rows.collect())
}

fn vector(rows: Vec<Row>) -> Result<Vec<VectorSample>> {
    let samples = without_names(rows)?.into_iter().map(|row| {
        let point = match row.histogram(0) {
            Some(histogram) => Point::Histogram(histogram.clone()),
            None => Point::Float(row.values[0]),
        };
        VectorSample { labels: row.labels, point }
    });
    Ok(samples.collect())
}

fn matrix(rows: Vec<Row>, steps: Steps) -> Result<Vec<MatrixSeries>> {
    let timestamps: std::sync::Arc<[i64]> = steps.times().collect();
    let mut series: Vec<MatrixSeries> = without_names(rows)?
        .into_iter()
        .map(|row| {
            let histograms = row.histograms.into_iter().enumerate();
            let histograms = histograms.filter_map(|(i, h)| Some((i as u32, h?))).collect();
            MatrixSeries {
                labels: row.labels,
                timestamps: timestamps.clone(),
                values: row.values,
                histograms,
            }
        })
        .collect();
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(series)
}

/// A range selector or subquery alone: the samples themselves.
fn matrix_of_windows(evaluator: &Evaluator<'_>, query: &Query, at_ms: i64) -> Result<Vec<MatrixSeries>> {
    let expr = query.expr().unwrap_parens();
    if let ExprKind::Subquery(subquery) = &expr.kind {
        let (rows, grid, _) = evaluator.subquery_rows(subquery, expr.span, Steps::instant(at_ms))?;
        let mut series = matrix(rows, grid)?;
        series.retain(|s| s.values.iter().any(|v| !is_absent(*v)) || !s.histograms.is_empty());
        return Ok(series);
    }
    let ExprKind::Matrix(selector) = &expr.kind else {
        return Err(model::Error::internal("a matrix that is neither selector nor subquery").into());
    };
    let mut series = evaluator.raw_samples(selector, expr.span, at_ms)?;
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(series)
}
