//! `rate`, `increase`, `delta`: the difference over a window, extrapolated to its ends.

use super::RangeFunction;
use crate::ast::Span;
use crate::column::Row;
use crate::evaluate::Evaluator;
use crate::quote::quote;
use crate::window::Window;

pub(super) fn lookup(name: &str) -> Option<RangeFunction> {
    let function = match name {
        "rate" => RangeFunction::new(rate),
        "increase" => RangeFunction::new(increase),
        "delta" => return Some(RangeFunction::new(delta).refusing_histograms()),
        _ => return None,
    };
    Some(function.refusing_histograms().with_resets())
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

/// The difference between the first and the last sample, resets added, scaled up to the whole window: by the
/// average distance of two samples at most, and never to before a counter was zero.
fn extrapolated(window: &Window<'_>, is_counter: bool, per_seconds: Option<f64>) -> Option<f64> {
    let [first, .., last] = *window.values else { return None };
    let [first_ms, .., last_ms] = *window.timestamps else { return None };
    let mut result = last - first;
    if is_counter {
        for reset in window.resets {
            result += window.values[(reset - window.base) as usize - 1];
        }
    }
    let mut to_start = (first_ms - window.start_ms) as f64 / 1000.0;
    let mut to_end = (window.end_ms - last_ms) as f64 / 1000.0;
    let sampled = (last_ms - first_ms) as f64 / 1000.0;
    let average = sampled / (window.values.len() - 1) as f64;
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if is_counter {
        let mut to_zero = to_start;
        if result > 0.0 && first >= 0.0 {
            to_zero = sampled * (first / result);
        }
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    let mut factor = (sampled + to_start + to_end) / sampled;
    if let Some(seconds) = per_seconds {
        factor /= seconds;
    }
    Some(result * factor)
}

/// Says so where the name of a metric tells that it is no counter.
pub(super) fn note_non_counter(evaluator: &Evaluator<'_>, name: &str, row: &Row, span: Span) {
    if !matches!(name, "rate" | "increase") || !row.has_samples() {
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
