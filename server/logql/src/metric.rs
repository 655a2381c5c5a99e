//! Metric queries: series over all steps at once.

mod accumulate;
pub(crate) mod binary;
mod label_replace;
mod range;
mod vector;
mod window;

use std::sync::Arc;

use model::{Labels, is_stale, stale_nan};
use promql::{MatrixSeries, Point, VectorSample};

use crate::ast::{Grouping, MetricExpr, RangeAggregation, RangeOp, VectorAggregation, VectorOp};
use crate::scan::Env;
use crate::{Error, Result};

/// A range query may have so many steps.
pub(crate) const MAX_STEPS: i64 = 11_000;

/// Times beyond are refused: arithmetic on them could overflow.
const MAX_TIME_NS: i64 = i64::MAX / 4;

/// The steps of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) start_ns: i64,
    pub(crate) step_ns: i64,
    pub(crate) count: usize,
}

impl Steps {
    pub(crate) fn range(start_ns: i64, end_ns: i64, step_ns: i64) -> Result<Self> {
        if step_ns <= 0 {
            return Err(Error::evaluation(
                "zero or negative query resolution step widths are not accepted. Try a positive integer",
            ));
        }
        if end_ns < start_ns {
            return Err(Error::evaluation("end timestamp must not be before or equal to start time"));
        }
        if start_ns < -MAX_TIME_NS || end_ns > MAX_TIME_NS {
            return Err(Error::evaluation("start or end is too far away"));
        }
        let count = (end_ns - start_ns) / step_ns + 1;
        if count > MAX_STEPS {
            return Err(Error::evaluation(
                "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step \
                 parameter",
            ));
        }
        Ok(Steps { start_ns, step_ns, count: count as usize })
    }

    pub(crate) fn instant(t_ns: i64) -> Result<Self> {
        Self::range(t_ns, t_ns, 1)
    }

    pub(crate) fn end_ns(&self) -> i64 {
        self.start_ns + self.step_ns * (self.count as i64 - 1)
    }
}

/// A series: one value a step, the stale marker where it has none.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) labels: Labels,
    pub(crate) values: Vec<f64>,
}

impl Column {
    pub(crate) fn empty(labels: Labels, steps: usize) -> Self {
        Column { labels, values: vec![stale_nan(); steps] }
    }

    pub(crate) fn get(&self, step: usize) -> Option<f64> {
        let value = self.values[step];
        (!is_stale(value)).then_some(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.iter().all(|value| is_stale(*value))
    }
}

/// A number at every step, or series.
pub(crate) enum Evaluated {
    Scalar(f64),
    Series(Vec<Column>),
}

impl Evaluated {
    /// The series; a number is one without labels.
    pub(crate) fn into_columns(self, steps: usize) -> Vec<Column> {
        match self {
            Evaluated::Scalar(value) => vec![Column { labels: Labels::empty(), values: vec![value; steps] }],
            Evaluated::Series(columns) => columns,
        }
    }
}

/// What a metric expression is evaluated with.
pub(crate) struct Evaluator<'a> {
    pub(crate) env: &'a Env<'a>,
    pub(crate) steps: Steps,
}

impl Evaluator<'_> {
    pub(crate) fn evaluate(&self, expr: &MetricExpr) -> Result<Evaluated> {
        self.env.control.check()?;
        let steps = self.steps.count;
        Ok(Evaluated::Series(match expr {
            MetricExpr::Literal(value) => return Ok(Evaluated::Scalar(*value)),
            MetricExpr::VectorLiteral(value) => Evaluated::Scalar(*value).into_columns(steps),
            MetricExpr::Range(aggregation) => self.range(aggregation, None)?,
            MetricExpr::Vector(aggregation) => {
                let inner = match (&*aggregation.inner, pushed_grouping(aggregation)) {
                    (MetricExpr::Range(range), Some(grouping)) => self.range(range, Some(&grouping))?,
                    (inner, _) => self.evaluate(inner)?.into_columns(steps),
                };
                vector::aggregate(aggregation, inner, steps)
            }
            MetricExpr::Binary(binary) => {
                let (lhs, rhs) = (self.evaluate(&binary.lhs)?, self.evaluate(&binary.rhs)?);
                return binary::evaluate(binary, lhs, rhs, steps);
            }
            MetricExpr::LabelReplace(replace) => {
                let inner = self.evaluate(&replace.inner)?.into_columns(steps);
                label_replace::apply(replace, inner)?
            }
            MetricExpr::Variants(variants) => {
                let mut all = Vec::new();
                for (i, variant) in variants.variants.iter().enumerate() {
                    for mut column in self.evaluate(variant)?.into_columns(steps) {
                        column.labels = column.labels.with("__variant__", &i.to_string());
                        all.push(column);
                    }
                }
                all
            }
        }))
    }

    fn range(&self, aggregation: &RangeAggregation, pushed: Option<&Grouping>) -> Result<Vec<Column>> {
        range::evaluate(aggregation, pushed, self)
    }

    /// The value of a range query.
    pub(crate) fn matrix(&self, expr: &MetricExpr) -> Result<promql::Value> {
        let mut columns = self.evaluate(expr)?.into_columns(self.steps.count);
        columns.retain(|column| !column.is_empty());
        columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        let times = (0..self.steps.count as i64).map(|k| self.steps.start_ns + k * self.steps.step_ns);
        let timestamps: Arc<[i64]> = times.map(|ns| ns.div_euclid(1_000_000)).collect();
        let series = columns.into_iter().map(|column| MatrixSeries {
            labels: column.labels,
            timestamps: timestamps.clone(),
            values: column.values,
            histograms: Vec::new(),
        });
        Ok(promql::Value::Matrix(series.collect()))
    }

    /// The value of an instant query.
    pub(crate) fn vector(&self, expr: &MetricExpr) -> Result<promql::Value> {
        let mut columns = match self.evaluate(expr)? {
            Evaluated::Scalar(value) => return Ok(promql::Value::Scalar(value)),
            Evaluated::Series(columns) => columns,
        };
        columns.retain(|column| !column.is_empty());
        if !is_sorted_by_value(expr) {
            columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        let samples = columns
            .into_iter()
            .map(|column| VectorSample { point: Point::Float(column.values[0]), labels: column.labels });
        Ok(promql::Value::Vector(samples.collect()))
    }
}

/// Whether the order of an instant query's series is that of their values.
fn is_sorted_by_value(expr: &MetricExpr) -> bool {
    matches!(expr, MetricExpr::Vector(v) if matches!(v.op, VectorOp::Sort | VectorOp::SortDesc))
}

/// The grouping of a `sum` over counts or sums: summing lines by it at once gives the same.
fn pushed_grouping(aggregation: &VectorAggregation) -> Option<Grouping> {
    use RangeOp::*;
    let MetricExpr::Range(range) = &*aggregation.inner else {
        return None;
    };
    let adds = matches!(range.op, CountOverTime | Rate | BytesOverTime | BytesRate | SumOverTime);
    (aggregation.op == VectorOp::Sum && adds && range.grouping.is_none())
        .then(|| aggregation.grouping.clone().unwrap_or_default())
}
