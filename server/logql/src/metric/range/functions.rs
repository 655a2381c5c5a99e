//! The functions of range aggregations: from a window's samples to its value.

use super::super::Steps;
use super::super::accumulate::{Bucket, Sample};
use super::super::window::Windows;
use crate::ast::{RangeAggregation, RangeOp};

/// Whether the function looks at samples one by one; the others are content with what buckets know.
pub(super) fn needs_samples(op: RangeOp) -> bool {
    use RangeOp::*;
    matches!(
        op,
        QuantileOverTime | StddevOverTime | StdvarOverTime | FirstOverTime | LastOverTime | RateCounter
    )
}

/// Values of a function that is content with buckets.
pub(super) fn over_buckets(
    aggregation: &RangeAggregation,
    mut buckets: Vec<Bucket>,
    windows: &Windows,
    values: &mut [f64],
) {
    // Which thread gathered what must not change a sum.
    buckets
        .sort_unstable_by(|a, b| (a.index, a.count).cmp(&(b.index, b.count)).then(a.sum.total_cmp(&b.sum)));
    buckets.dedup_by(|later, first| {
        let same = later.index == first.index;
        if same {
            *first = first.and(later);
        }
        same
    });
    let seconds = aggregation.range.range_ns as f64 / 1e9;
    let mut sliding = Sliding::new(&buckets);
    for (k, value) in values.iter_mut().enumerate().take(windows.count()) {
        let (first, last) = windows.buckets_of(k);
        let window = sliding.move_to(first, last);
        if window.count > 0 {
            *value = of_bucket(aggregation.op, &window, seconds);
        }
    }
}

fn of_bucket(op: RangeOp, window: &Bucket, seconds: f64) -> f64 {
    match op {
        RangeOp::Rate | RangeOp::BytesRate => window.sum / seconds,
        RangeOp::AvgOverTime => window.sum / window.count as f64,
        RangeOp::MinOverTime => window.min,
        RangeOp::MaxOverTime => window.max,
        // Counts and bytes are sums of ones and of lengths.
        _ => window.sum,
    }
}

/// Buckets of a window that only moves forward, put together in constant time a step: what was there at the last
/// turn is kept as sums from each bucket to the turn, what came since as one sum.
struct Sliding<'a> {
    buckets: &'a [Bucket],
    /// The window is `buckets[from..until]`.
    from: usize,
    until: usize,
    turn: usize,
    to_turn: Vec<Bucket>,
    since: Bucket,
}

impl<'a> Sliding<'a> {
    fn new(buckets: &'a [Bucket]) -> Self {
        Sliding { buckets, from: 0, until: 0, turn: 0, to_turn: Vec::new(), since: Bucket::EMPTY }
    }

    /// All buckets with an index of `first..=last` together.
    fn move_to(&mut self, first: u64, last: u64) -> Bucket {
        while let Some(bucket) = self.buckets.get(self.until).filter(|b| b.index <= last) {
            self.since = self.since.and(bucket);
            self.until += 1;
        }
        while self.from < self.until && self.buckets[self.from].index < first {
            self.from += 1;
        }
        if self.from >= self.turn {
            self.turn = self.until;
            self.to_turn.clear();
            let mut sum = Bucket::EMPTY;
            for bucket in self.buckets[self.from..self.until].iter().rev() {
                sum = bucket.and(&sum);
                self.to_turn.push(sum);
            }
            self.since = Bucket::EMPTY;
        }
        match self.turn - self.from {
            0 => self.since,
            left => self.to_turn[left - 1].and(&self.since),
        }
    }
}

/// Values of a function that looks at samples.
pub(super) fn over_samples(
    aggregation: &RangeAggregation,
    mut samples: Vec<Sample>,
    (windows, steps): (&Windows, Steps),
    values: &mut [f64],
) {
    samples.sort_unstable_by_key(|sample| (sample.t_ns, sample.sequence));
    let range_ns = aggregation.range.range_ns;
    let (mut from, mut until) = (0, 0);
    let mut scratch = Vec::new();
    for (k, value) in values.iter_mut().enumerate() {
        let (after_ns, until_ns) = windows.times_of(k, steps, range_ns);
        until += samples[until..].iter().take_while(|s| s.t_ns <= until_ns).count();
        from += samples[from..until].iter().take_while(|s| s.t_ns <= after_ns).count();
        let window = &samples[from..until];
        if let Some(computed) = of_samples(aggregation, window, (after_ns, until_ns), &mut scratch) {
            *value = computed;
        }
    }
}

fn of_samples(
    aggregation: &RangeAggregation,
    window: &[Sample],
    times: (i64, i64),
    scratch: &mut Vec<f64>,
) -> Option<f64> {
    let (first, last) = (window.first()?, window.last()?);
    match aggregation.op {
        RangeOp::FirstOverTime => Some(first.value),
        RangeOp::LastOverTime => Some(last.value),
        RangeOp::StdvarOverTime => Some(variance(window)),
        RangeOp::StddevOverTime => Some(variance(window).sqrt()),
        RangeOp::RateCounter => counter_rate(window, times),
        _ => {
            scratch.clear();
            scratch.extend(window.iter().map(|sample| sample.value));
            Some(quantile(aggregation.param.unwrap_or(0.0), scratch))
        }
    }
}

fn variance(window: &[Sample]) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for sample in window {
        count += 1.0;
        let delta = sample.value - mean;
        mean += delta / count;
        squares += delta * (sample.value - mean);
    }
    squares / count
}

/// The quantile `q`, between neighbours where it falls between them.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let rank = q * (values.len() - 1) as f64;
    let (lower, weight) = (rank.floor() as usize, rank - rank.floor());
    let (_, &mut below, above) = values.select_nth_unstable_by(lower, f64::total_cmp);
    if weight == 0.0 {
        return below;
    }
    let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(below);
    below * (1.0 - weight) + next * weight
}

/// The rate of a counter, resets seen, drawn out to the window's ends as Prometheus does.
fn counter_rate(window: &[Sample], (after_ns, until_ns): (i64, i64)) -> Option<f64> {
    let ([first, ..], Some(last)) = (window, window.last()) else {
        return None;
    };
    if window.len() < 2 {
        return None;
    }
    let mut increase = last.value - first.value;
    for pair in window.windows(2) {
        if pair[1].value < pair[0].value {
            increase += pair[0].value;
        }
    }
    let seconds = |ns: i64| ns as f64 / 1e9;
    let sampled = seconds(last.t_ns - first.t_ns);
    if sampled <= 0.0 {
        return None;
    }
    let average = sampled / (window.len() - 1) as f64;
    let mut to_start = seconds(first.t_ns - after_ns);
    let to_end = seconds(until_ns - last.t_ns);
    if increase > 0.0 && first.value >= 0.0 {
        // A counter cannot have been below zero.
        to_start = to_start.min(sampled * (first.value / increase));
    }
    let threshold = average * 1.1;
    let drawn = |gap: f64| if gap < threshold { gap } else { average / 2.0 };
    let extended = sampled + drawn(to_start) + drawn(to_end);
    Some(increase * (extended / sampled) / seconds(until_ns - after_ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sliding_is_summing(values in prop::collection::vec((0u64..40, -9i32..9), 0..60), width in 0u64..8) {
            let mut buckets: Vec<Bucket> = values.iter().map(|(i, v)| Bucket::of(*i, f64::from(*v))).collect();
            buckets.sort_by_key(|b| b.index);
            buckets.dedup_by_key(|b| b.index);
            let mut sliding = Sliding::new(&buckets);
            for first in 0..45 {
                let got = sliding.move_to(first, first + width);
                let inside = || buckets.iter().filter(|b| (first..=first + width).contains(&b.index));
                prop_assert_eq!(got.count, inside().count() as u64);
                prop_assert_eq!(got.sum, inside().map(|b| b.sum).sum::<f64>());
                prop_assert_eq!(got.max, inside().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max));
            }
        }
    }

    #[test]
    fn quantiles() {
        let check = |q: f64, values: &[f64], expect: f64| {
            assert_eq!(quantile(q, &mut values.to_vec()), expect, "{q} of {values:?}");
        };
        check(0.5, &[3.0, 1.0, 2.0], 2.0);
        check(0.5, &[4.0, 1.0, 2.0, 3.0], 2.5);
        check(0.0, &[4.0, 1.0], 1.0);
        check(1.0, &[4.0, 1.0], 4.0);
        check(1.5, &[4.0], f64::INFINITY);
        check(-1.0, &[4.0], f64::NEG_INFINITY);
    }
}
