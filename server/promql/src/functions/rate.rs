//! `rate`, `increase`, `delta`: the difference over a window, extrapolated to its ends.

use super::{RangeFunction, Whole, histogram_rate};
use crate::ast::Span;
use crate::column::{Row, is_absent};
use crate::evaluate::Evaluator;
use crate::quote::quote;
use crate::window::Window;

pub(super) fn lookup(name: &str) -> Option<RangeFunction> {
    let function = match name {
        "rate" => RangeFunction::new(rate).handling(histogram_rate::rate).by(Whole::Rate),
        "increase" => RangeFunction::new(increase).handling(histogram_rate::increase).by(Whole::Increase),
        "delta" => return Some(RangeFunction::new(delta).handling(histogram_rate::delta).by(Whole::Delta)),
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
    let extent = Extent::of(window.timestamps, (window.start_ms, window.end_ms))?;
    let resets = window.resets.iter().map(|reset| reset - window.base);
    let difference = difference(window.values, resets.filter(|_| is_counter))?;
    Some(difference * extent.factor(to_zero(window.values[0], difference, is_counter), per_seconds))
}

/// The last value less the first one, and what a counter had reached before each reset.
#[inline]
fn difference(values: &[f64], resets: impl Iterator<Item = u32>) -> Option<f64> {
    let [first, .., last] = *values else { return None };
    Some(resets.fold(last - first, |sum, reset| sum + values[reset as usize - 1]))
}

/// How long ago a counter was zero, in parts of the time between the first and the last sample.
#[inline]
fn to_zero(first: f64, difference: f64, is_counter: bool) -> Option<f64> {
    (is_counter && difference > 0.0 && first >= 0.0).then(|| first / difference)
}

/// How the samples of a window lie in it, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// From the first sample to the last.
    sampled: f64,
    /// By how much a rise is drawn out before the first sample, unless the counter was zero since.
    to_start: f64,
    /// And behind the last one.
    to_end: f64,
}

impl Extent {
    /// Of a window with two samples or more that is `(start_ms, end_ms]`: grown to its ends, but where an end is far
    /// from the samples by half the average distance of two.
    pub(super) fn of(timestamps: &[i64], (start_ms, end_ms): (i64, i64)) -> Option<Self> {
        let [first_ms, .., last_ms] = *timestamps else { return None };
        let sampled = (last_ms - first_ms) as f64 / 1000.0;
        let average = sampled / (timestamps.len() - 1) as f64;
        let grown = |distance_ms: i64| match distance_ms as f64 / 1000.0 {
            far if far >= average * 1.1 => average / 2.0,
            near => near,
        };
        Some(Extent { sampled, to_start: grown(first_ms - start_ms), to_end: grown(end_ms - last_ms) })
    }

    /// By what a difference is to be multiplied to be that of the whole window, and that a second.
    #[inline]
    pub(super) fn factor(&self, to_zero: Option<f64>, per_seconds: Option<f64>) -> f64 {
        let to_zero = to_zero.map_or(self.to_start, |part| self.sampled * part);
        let to_start = if to_zero < self.to_start { to_zero } else { self.to_start };
        let factor = (self.sampled + to_start + self.to_end) / self.sampled;
        per_seconds.map_or(factor, |seconds| factor / seconds)
    }
}

/// A window's extent with what its factor is where no counter was zero.
struct Step {
    extent: Extent,
    factor: f64,
}

/// The functions above over all windows of a column of times: what depends on the times alone is known once.
pub(super) struct Steps {
    steps: Vec<Option<Step>>,
    per_seconds: Option<f64>,
}

impl Steps {
    pub(super) fn new(
        timestamps: &[i64],
        windows: &[(u32, u32)],
        (first_end_ms, step_ms, range_ms): (i64, i64, i64),
        a_second: bool,
    ) -> Self {
        let per_seconds = a_second.then_some(range_ms as f64 / 1000.0);
        let of_step = |(step, &(low, high)): (usize, &(u32, u32))| {
            let end_ms = first_end_ms.saturating_add(step_ms.saturating_mul(step as i64));
            let times = &timestamps[low as usize..high as usize];
            let extent = Extent::of(times, (end_ms.saturating_sub(range_ms), end_ms))?;
            Some(Step { extent, factor: extent.factor(None, per_seconds) })
        };
        Steps { steps: windows.iter().enumerate().map(of_step).collect(), per_seconds }
    }

    /// Fills the steps of `out` whose windows have two samples or more.
    pub(super) fn apply(
        &self,
        values: &[f64],
        resets: Option<&[u32]>,
        windows: &[(u32, u32)],
        out: &mut [f64],
    ) {
        let is_counter = resets.is_some();
        let resets = resets.unwrap_or_default();
        for ((step, &(low, high)), out) in self.steps.iter().zip(windows).zip(out) {
            let Some(Step { extent, factor }) = step else { continue };
            let window = &values[low as usize..high as usize];
            let first = resets.partition_point(|i| *i <= low);
            let within = resets[first..].iter().take_while(|i| **i < high).map(|i| i - low);
            let Some(difference) = difference(window, within) else { continue };
            // Seldom was a counter zero within the reach; a product tells so for less than a quotient, with room
            // for what either rounds.
            let first = window[0];
            let long_ago = extent.sampled * first > extent.to_start * difference * (1.0 + 1e-9);
            *out = if !is_counter || (long_ago && difference > 0.0) {
                difference * factor
            } else {
                difference * extent.factor(to_zero(first, difference, is_counter), self.per_seconds)
            };
        }
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::window::{References, ranges};

    proptest! {
        #[test]
        fn windows_together_are_windows_alone(
            samples in prop::collection::vec((1i64..90_000, prop_oneof![0u32..50, any::<u32>()]), 0..60),
            (first_ms, step_ms, range_ms) in (0i64..500_000, 1i64..60_000, 1i64..400_000),
            kind in 0..3,
        ) {
            let mut t = 0;
            let (timestamps, values): (Vec<i64>, Vec<f64>) = samples
                .iter()
                .map(|(distance, value)| {
                    t += distance;
                    (t, f64::from(*value) / 8.0 - 1.0)
                })
                .unzip();
            let pairs = values.windows(2).enumerate();
            let resets: Vec<u32> =
                pairs.filter(|(_, pair)| pair[1] < pair[0]).map(|(i, _)| i as u32 + 1).collect();
            let references = References { first_ms, step_ms, count: 50 };
            let windows = ranges(&timestamps, references, range_ms, 0);
            let steps = Steps::new(&timestamps, &windows, (first_ms, step_ms, range_ms), kind == 0);
            let mut out = vec![f64::NEG_INFINITY; 50];
            steps.apply(&values, (kind < 2).then_some(&resets), &windows, &mut out);
            for (i, (low, high)) in windows.into_iter().enumerate() {
                let within = low as usize..high as usize;
                let inner: Vec<u32> = resets.iter().copied().filter(|r| *r > low && *r < high).collect();
                let end_ms = references.at(i);
                let window = Window {
                    timestamps: &timestamps[within.clone()],
                    values: &values[within],
                    histograms: &[],
                    resets: &inner,
                    base: low,
                    start_ms: end_ms - range_ms,
                    end_ms,
                    at_ms: end_ms,
                };
                let alone = match kind {
                    0 => rate(&window, &[]),
                    1 => increase(&window, &[]),
                    _ => delta(&window, &[]),
                };
                prop_assert_eq!(alone.unwrap_or(f64::NEG_INFINITY).to_bits(), out[i].to_bits());
            }
        }
    }
}
