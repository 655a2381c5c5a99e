//! The `…_over_time` functions: one number of all values in a window.

use super::{RangeFunction, Whole};
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
        "sum_over_time" => {
            return Some(RangeFunction::new(|w, _| some(w, sum)).handling(histogram_sum).by(Whole::Sum));
        }
        "avg_over_time" => {
            return Some(RangeFunction::new(|w, _| some(w, avg)).handling(histogram_mean).by(Whole::Mean));
        }
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

/// Windows whose sums are made side by side.
const SIDE_BY_SIDE: usize = 8;

/// `sum` (or `avg`) of all windows that are not empty.
pub(super) fn sums(values: &[f64], windows: &[(u32, u32)], mean: bool, out: &mut [f64]) {
    let within = |&(low, high): &(u32, u32)| &values[low as usize..high as usize];
    let one = if mean { avg } else { sum };
    for (windows, out) in windows.chunks(SIDE_BY_SIDE).zip(out.chunks_mut(SIDE_BY_SIDE)) {
        let shortest = windows.iter().map(|(low, high)| high - low).min().unwrap_or_default() as usize;
        let together = <&[_; SIDE_BY_SIDE]>::try_from(windows).ok().filter(|_| shortest > 0);
        let Some(together) = together else {
            let filled = windows.iter().map(within).zip(out).filter(|(window, _)| !window.is_empty());
            filled.for_each(|(window, out)| *out = one(window));
            continue;
        };
        let together = together.each_ref().map(within);
        for ((window, out), acc) in together.iter().zip(out).zip(side_by_side(&together, shortest, mean)) {
            let acc = window[shortest..].iter().fold(acc, |acc, v| acc.plus(*v));
            let count = window.len() as f64;
            *out = match (acc.sum.is_finite(), mean) {
                (true, false) => acc.total(),
                (true, true) => acc.sum / count + acc.compensation / count,
                // Infinities, NaN and what overflows have rules of their own.
                (false, _) => one(window),
            };
        }
    }
}

/// The sums of the first `len` values of each window: an addition waits for the one before, so that one sum alone
/// leaves the processor idle. What rounding took is found without a branch (Knuth's TwoSum), to the same bits.
fn side_by_side(windows: &[&[f64]; SIDE_BY_SIDE], len: usize, mean: bool) -> [Kahan; SIDE_BY_SIDE] {
    // A mean of negative zeros is one, a sum of them is not.
    let mut sums = windows.map(|window| if mean { window[0] } else { 0.0 + window[0] });
    let mut lost = [0.0; SIDE_BY_SIDE];
    let windows = windows.map(|window| &window[..len]);
    for i in 1..len {
        for ((window, sum), lost) in windows.iter().zip(&mut sums).zip(&mut lost) {
            let value = window[i];
            let next = *sum + value;
            let added = next - *sum;
            *lost += (*sum - (next - added)) + (value - added);
            *sum = next;
        }
    }
    std::array::from_fn(|i| Kahan::new(sums[i], lost[i]))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => any::<i32>().prop_map(|n| f64::from(n) / 1000.0),
            4 => any::<f64>(),
            1 => Just(-0.0),
            1 => Just(f64::MAX),
            1 => Just(f64::INFINITY),
            1 => Just(f64::NAN),
        ]
    }

    proptest! {
        #[test]
        fn windows_side_by_side_are_windows_alone(
            values in prop::collection::vec(any_value(), 1..60),
            windows in prop::collection::vec((0usize..60, 0usize..40), 0..40),
            mean: bool,
        ) {
            let at = |i: usize| i.min(values.len()) as u32;
            let windows: Vec<(u32, u32)> = windows.iter().map(|(low, len)| (at(*low), at(low + len))).collect();
            let mut out = vec![f64::NEG_INFINITY; windows.len()];
            sums(&values, &windows, mean, &mut out);
            for ((low, high), value) in windows.into_iter().zip(out) {
                let window = &values[low as usize..high as usize];
                let alone = match (window.is_empty(), mean) {
                    (true, _) => f64::NEG_INFINITY,
                    (false, true) => avg(window),
                    (false, false) => sum(window),
                };
                prop_assert!(alone.to_bits() == value.to_bits() || alone.is_nan() && value.is_nan());
            }
        }
    }
}
