//! `rate`, `increase`, `delta`: the difference over a window, extrapolated to its ends.

use super::{RangeFunction, histogram_rate};
use crate::ast::Span;
use crate::column::{Row, is_absent};
use crate::evaluate::Evaluator;
use crate::quote::quote;
use crate::window::Window;

pub(super) fn lookup(name: &str) -> Option<RangeFunction> {
    let function = match name {
        "rate" => RangeFunction::new(rate).handling(histogram_rate::rate),
        "increase" => RangeFunction::new(increase).handling(histogram_rate::increase),
        "delta" => return Some(RangeFunction::new(delta).handling(histogram_rate::delta)),
        _ => return None,
    };
    Some(function.with_resets())
}

fn rate(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    let range_s = (window.end_ms - window.start_ms) as f64 / 1000.0;
    extrapolated(window, true, Some(range_s))
}

fn increase(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    extrapolated(window, true, None)
}

fn delta(window: &Window<'_>, _: &[f64]) -> Option<f64> {
    extrapolated(window, false, None)
}

/// The difference between the first and the last sample, resets added, scaled up to the whole window.
fn extrapolated(window: &Window<'_>, is_counter: bool, per_seconds: Option<f64>) -> Option<f64> {
    let [first, .., last] = *window.values else { return None };
    let [first_ms, .., last_ms] = *window.timestamps else { return None };
    let mut result = last - first;
    if is_counter {
        for reset in window.resets {
            result += window.values[(reset - window.base) as usize - 1];
        }
    }
    let extent = Extent {
        window,
        first_ms,
        last_ms,
        intervals: window.values.len() - 1,
        to_zero: (is_counter && result > 0.0 && first >= 0.0).then(|| first / result),
    };
    Some(result * factor(&extent, per_seconds))
}

/// How the samples of a window lie in it.
pub(super) struct Extent<'w> {
    pub(super) window: &'w Window<'w>,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    /// Between samples; at least one.
    pub(super) intervals: usize,
    /// How long ago a counter was zero, in parts of the time between the first and the last sample.
    pub(super) to_zero: Option<f64>,
}

/// By what a difference is to be multiplied to be that of the whole window: grown by the average distance of two
/// samples at most, and never to before a counter was zero.
pub(super) fn factor(extent: &Extent<'_>, per_seconds: Option<f64>) -> f64 {
    let mut to_start = (extent.first_ms - extent.window.start_ms) as f64 / 1000.0;
    let mut to_end = (extent.window.end_ms - extent.last_ms) as f64 / 1000.0;
    let sampled = (extent.last_ms - extent.first_ms) as f64 / 1000.0;
    let average = sampled / extent.intervals as f64;
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    let to_zero = extent.to_zero.map_or(to_start, |part| sampled * part);
    if to_zero < to_start {
        to_start = to_zero;
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    let factor = (sampled + to_start + to_end) / sampled;
    per_seconds.map_or(factor, |seconds| factor / seconds)
}

/// Says so where the name of a metric tells that it is no counter.
pub(super) fn note_non_counter(evaluator: &Evaluator<'_>, name: &str, row: &Row, span: Span) {
    if !matches!(name, "rate" | "increase") || row.values.iter().all(|v| is_absent(*v)) {
        return;
    }
    let metric = row.labels.metric_name();
    match row.labels.value("__type__") {
        "counter" | "histogram" => {}
        "" | "unknown" => {
            let counter = ["_total", "_sum", "_count", "_bucket"].iter().any(|end| metric.ends_with(end));
            if !metric.is_empty() && !counter {
                let message = format!(
                    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                    quote(metric)
                );
                evaluator.inform(span, &message);
            }
        }
        kind => {
            let message = format!(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got {}: \
                 {}",
                quote(kind),
                quote(metric)
            );
            evaluator.inform(span, &message);
        }
    }
}
