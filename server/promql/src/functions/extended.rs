//! `anchored` and `smoothed` ranges: differences between the values at the very ends of the window.

use super::ranges::mode_error;
use super::{Handle, RangeFunction, counter, extended_histogram, histogram_rate};
use crate::ast::RangeMode;
use crate::column::ABSENT;
use crate::error::Result;
use crate::window::{Samples, Window};

/// The function as it works in that mode.
pub(super) fn of_mode(mode: RangeMode, name: &str, plain: RangeFunction) -> Result<RangeFunction> {
    type Floats = fn(&Window<'_>, &[f64]) -> Option<f64>;
    use {extended_histogram as extended, histogram_rate as plain_histogram};
    let (floats, histograms): (Floats, Handle) = match (mode, name) {
        (RangeMode::Plain, _) => return Ok(plain),
        (RangeMode::Anchored, "rate") => {
            (|w, _| per_second(w, difference(w, true, false)), extended::anchored_rate)
        }
        (RangeMode::Anchored, "increase") => (|w, _| difference(w, true, false), extended::anchored_increase),
        (RangeMode::Anchored, "delta") => (|w, _| difference(w, false, false), extended::anchored_delta),
        (RangeMode::Anchored, "changes") => {
            (|w, _| Some(counter::changes(anchored(w)?)), plain_histogram::anchored_changes)
        }
        (RangeMode::Anchored, "resets") => (
            |w, _| {
                let values = anchored(w)?;
                Some(values.windows(2).filter(|pair| pair[1] < pair[0]).count() as f64)
            },
            plain_histogram::anchored_resets,
        ),
        (RangeMode::Smoothed, "rate") => {
            (|w, _| per_second(w, difference(w, true, true)), extended::smoothed_rate)
        }
        (RangeMode::Smoothed, "increase") => (|w, _| difference(w, true, true), extended::smoothed_increase),
        (RangeMode::Smoothed, "delta") => (|w, _| difference(w, false, true), extended::smoothed_delta),
        (RangeMode::Anchored, _) => {
            return Err(mode_error("anchored", "changes, delta, increase, rate, resets", name));
        }
        (RangeMode::Smoothed, _) => return Err(mode_error("smoothed", "delta, increase, rate", name)),
    };
    Ok(RangeFunction { floats, whole: None, ..plain }.handling(histograms))
}

fn per_second(window: &Window<'_>, difference: Option<f64>) -> Option<f64> {
    Some(difference? / ((window.end_ms - window.start_ms) as f64 / 1000.0))
}

/// The values from the last one at or before the window's start; none if nothing lies inside the window.
fn anchored<'w>(window: &Window<'w>) -> Option<&'w [f64]> {
    if *window.timestamps.last()? <= window.start_ms {
        return None;
    }
    let first = window.timestamps.partition_point(|t| *t <= window.start_ms).saturating_sub(1);
    Some(&window.values[first..])
}

fn difference(window: &Window<'_>, is_counter: bool, smoothed: bool) -> Option<f64> {
    let (times, values) = (window.timestamps, window.values);
    let mut last = times.len().checked_sub(1)?;
    let first = times.partition_point(|t| *t <= window.start_ms).min(last).saturating_sub(1);
    if smoothed {
        last = times.partition_point(|t| *t < window.end_ms).min(last);
    }
    if times[last] <= window.start_ms || smoothed && times[first] > window.end_ms {
        return None;
    }
    let mut left = values[first];
    if smoothed && times[first] < window.start_ms && first < last {
        left = between((times, values), first, window.start_ms, is_counter.then_some(Edge::Left));
    }
    let mut right = values[last];
    if smoothed && last > 0 && times[last] > window.end_ms {
        right = between((times, values), last - 1, window.end_ms, is_counter.then_some(Edge::Right));
    }
    let mut result = right - left;
    if is_counter {
        let mut before = left;
        for &value in values.get(first + 1..last).unwrap_or_default().iter().chain([&right]) {
            if value < before {
                result += before;
            }
            before = value;
        }
    }
    Some(result)
}

#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Left,
    Right,
}

/// The value at `t` on the line from sample `i` to the next. A counter's reset between them counts from zero on
/// the left edge and goes on from the old value on the right edge.
fn between((times, values): (&[i64], &[f64]), i: usize, t: i64, counter: Option<Edge>) -> f64 {
    let (mut from, mut to) = (values[i], values[i + 1]);
    match counter {
        Some(Edge::Left) if to < from => from = 0.0,
        Some(Edge::Right) if to < from => to += from,
        _ => {}
    }
    from + (to - from) * (t - times[i]) as f64 / (times[i + 1] - times[i]) as f64
}

/// The smoothed value of a series of floats at a time; the last one is carried on for the lookback.
pub(crate) fn smoothed_at(samples: &Samples<'_>, t: i64, lookback_ms: i64) -> f64 {
    let (times, values) = (&samples.timestamps, &samples.values);
    let next = times.partition_point(|time| *time < t);
    if times.get(next) == Some(&t) {
        return values[next];
    }
    let Some(before) = next.checked_sub(1).filter(|i| times[*i] > t.saturating_sub(lookback_ms)) else {
        return ABSENT;
    };
    match times.get(next) {
        Some(after) if *after <= t.saturating_add(lookback_ms) => between((times, values), before, t, None),
        _ => values[before],
    }
}
