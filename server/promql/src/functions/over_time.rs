//! The `…_over_time` functions: one number of all values in a window.

use super::RangeFunction;
use crate::ast::{Call, ValueType};
use crate::error::Result;
use crate::evaluate::{Evaluator, distinct};
use crate::histogram_notes::{Operation, Subject};
use crate::kahan::{Kahan, Mean};
use crate::native::Total;
use crate::quantile::quantile;
use crate::value::Point;
use crate::window::Window;

type Floats = fn(&Window<'_>, &[f64]) -> Option<f64>;

pub(super) fn lookup(name: &str) -> Option<RangeFunction> {
    let floats: Floats = match name {
        "sum_over_time" => return Some(RangeFunction::new(|w, _| some(w, sum)).handling(histogram_sum)),
        "avg_over_time" => return Some(RangeFunction::new(|w, _| some(w, avg)).handling(histogram_mean)),
        "count_over_time" => return Some(RangeFunction::new(|w, _| some(w, count)).handling(count_all)),
        "present_over_time" => return Some(RangeFunction::new(|w, _| some(w, |_| 1.0)).handling(present)),
        "first_over_time" => {
            return Some(RangeFunction::new(|w, _| w.values.first().copied()).handling(first).keeping_name());
        }
        "last_over_time" => {
            return Some(RangeFunction::new(|w, _| w.values.last().copied()).handling(last).keeping_name());
        }
        "ts_of_first_over_time" => {
            let seconds: Floats = |w, _| w.timestamps.first().map(|t| *t as f64 / 1000.0);
            return Some(RangeFunction::new(seconds).handling(|w, _| Some(seconds_of(first_time(w)?))));
        }
        "ts_of_last_over_time" => {
            let seconds: Floats = |w, _| w.timestamps.last().map(|t| *t as f64 / 1000.0);
            return Some(RangeFunction::new(seconds).handling(|w, _| Some(seconds_of(last_time(w)?))));
        }
        "min_over_time" => |w, _| some(w, |v| extreme(v, |a, b| a < b)),
        "max_over_time" => |w, _| some(w, |v| extreme(v, |a, b| a > b)),
        "ts_of_min_over_time" => |w, _| time_of(w, |a, b| a <= b),
        "ts_of_max_over_time" => |w, _| time_of(w, |a, b| a >= b),
        "stdvar_over_time" => |w, _| some(w, variance),
        "stddev_over_time" => |w, _| some(w, |v| variance(v).sqrt()),
        "quantile_over_time" => |w, params| {
            let q = params.first().copied().unwrap_or(f64::NAN);
            (!w.values.is_empty()).then(|| quantile(q, &mut w.values.to_vec()))
        },
        "mad_over_time" => |w, _| some(w, median_deviation),
        _ => return None,
    };
    Some(RangeFunction::new(floats))
}

/// Warns of quantiles that are none.
pub(super) fn check_params(evaluator: &Evaluator<'_>, call: &Call, params: &[Vec<f64>]) -> Result<()> {
    if call.function.name == "quantile_over_time"
        && let (Some(arg), Some(column)) =
            (call.args.iter().find(|a| a.value_type() == ValueType::Scalar), params.first())
    {
        distinct(column, |q| super::histogram::check_quantile(evaluator, q, arg.span));
    }
    Ok(())
}

fn some(window: &Window<'_>, f: impl Fn(&[f64]) -> f64) -> Option<f64> {
    (!window.values.is_empty()).then(|| f(window.values))
}

fn sum(values: &[f64]) -> f64 {
    let acc = values.iter().fold(Kahan::default(), |acc, v| acc.plus(*v));
    if acc.sum.is_infinite() { acc.sum } else { acc.total() }
}

fn avg(values: &[f64]) -> f64 {
    let mut mean = Mean::default();
    values.iter().for_each(|v| mean.add(*v));
    mean.value()
}

fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

/// The value that beats all others; NaN only if there is nothing else.
fn extreme(values: &[f64], beats: impl Fn(f64, f64) -> bool) -> f64 {
    values
        .iter()
        .copied()
        .reduce(|best, v| if beats(v, best) || best.is_nan() { v } else { best })
        .unwrap_or(f64::NAN)
}

fn time_of(window: &Window<'_>, beats: impl Fn(f64, f64) -> bool) -> Option<f64> {
    let (mut best, mut at) = (*window.values.first()?, *window.timestamps.first()?);
    for (&value, &t) in window.values.iter().zip(window.timestamps).skip(1) {
        if beats(value, best) || best.is_nan() {
            (best, at) = (value, t);
        }
    }
    Some(at as f64 / 1000.0)
}

fn variance(values: &[f64]) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, Kahan::default(), Kahan::default());
    for &value in values {
        count += 1.0;
        let delta = value - mean.total();
        mean = mean.plus(delta / count);
        squares = squares.plus(delta * (value - mean.total()));
    }
    squares.total() / count
}

fn median_deviation(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let median = quantile(0.5, &mut values);
    values.iter_mut().for_each(|v| *v = (*v - median).abs());
    quantile(0.5, &mut values)
}

fn histogram_sum(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    total(window, subject, false)
}

fn histogram_mean(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    total(window, subject, true)
}

fn total(window: &Window<'_>, subject: Subject<'_>, mean: bool) -> Option<Point> {
    if !window.values.is_empty() {
        subject.mixed();
        return None;
    }
    let ((_, first), rest) = window.histograms.split_first()?;
    let mut total = Total::new(first, mean);
    if rest.iter().try_for_each(|(_, histogram)| total.add(histogram)).is_err() {
        subject.mixed_schemas();
        return None;
    }
    let (value, remarks) = total.finish();
    subject.remark(remarks, Operation::Aggregation);
    Some(Point::Histogram(value.into_histogram()))
}

fn count_all(window: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    Some(Point::Float((window.values.len() + window.histograms.len()) as f64))
}

fn present(_: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    Some(Point::Float(1.0))
}

fn seconds_of(ms: i64) -> Point {
    Point::Float(ms as f64 / 1000.0)
}

fn first_time(window: &Window<'_>) -> Option<i64> {
    let times = [window.timestamps.first().copied(), window.histograms.first().map(|(t, _)| *t)];
    times.into_iter().flatten().min()
}

fn last_time(window: &Window<'_>) -> Option<i64> {
    window.timestamps.last().copied().max(window.histograms.last().map(|(t, _)| *t))
}

fn first(window: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    match window.histograms.first() {
        Some((t, histogram)) if window.timestamps.first().is_none_or(|float| t < float) => {
            Some(Point::Histogram(histogram.clone()))
        }
        _ => window.values.first().map(|v| Point::Float(*v)),
    }
}

fn last(window: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    match window.histograms.last() {
        Some((t, histogram)) if window.timestamps.last().is_none_or(|float| t > float) => {
            Some(Point::Histogram(histogram.clone()))
        }
        _ => window.values.last().map(|v| Point::Float(*v)),
    }
}
