//! `</` and `>/`: the part of a histogram on one side of a value. Where the value lies inside a bucket that is cut as
//! quantiles are interpolated; the sum is estimated anew from the middles of the buckets.

use std::sync::Arc;

use model::{Histogram, bucket_bound};

use super::Native;

/// Which part stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What lies below the value.
    Below,
    /// What lies above it.
    Above,
}

/// What is left of a bucket, and the value that its observations are taken for.
type Rest = (f64, f64);

/// The part of `histogram` on one side of `cut`; the histogram itself if that is all of it.
pub(crate) fn trim(histogram: &Arc<Histogram>, cut: f64, side: Side) -> Arc<Histogram> {
    let mut trimmed: Native = Native::of(histogram);
    let schema = trimmed.schema;
    let (mut count, mut sum, mut changed) = (0.0, 0.0, false);
    let mut keep = |old: &mut f64, (rest, middle): Rest| {
        changed |= rest != *old;
        *old = rest;
        count += rest;
        if rest != 0.0 {
            sum += middle * rest;
        }
    };
    for (sign, buckets) in [(1.0, &mut trimmed.positive), (-1.0, &mut trimmed.negative)] {
        for (index, old) in buckets.iter_mut().filter(|(_, count)| *count != 0.0) {
            let (near, far) = (index.saturating_sub(1), *index);
            let [near, far] = [near, far].map(|i| sign * bucket_bound(i, schema, &trimmed.bounds));
            let bounds = if sign > 0.0 { (near, far) } else { (far, near) };
            let cutter = Cutter { bounds, count: *old, linear: histogram.is_custom() };
            keep(old, cutter.cut(cut, side));
        }
    }
    if trimmed.zero_count > 0.0 {
        let mut bounds = (-trimmed.zero_threshold, trimmed.zero_threshold);
        let populated = |buckets: &[f64]| buckets.iter().any(|count| *count != 0.0);
        match (populated(&histogram.negative_buckets), populated(&histogram.positive_buckets)) {
            (true, false) => bounds.1 = 0.0,
            (false, true) => bounds.0 = 0.0,
            _ => {}
        }
        let cutter = Cutter { bounds, count: trimmed.zero_count, linear: true };
        keep(&mut trimmed.zero_count, cutter.cut_zero(cut, side));
    }
    if !changed {
        return histogram.clone();
    }
    Native { count, sum, ..trimmed }.compact().into_histogram()
}

struct Cutter {
    bounds: (f64, f64),
    count: f64,
    /// Observations are evenly spread; otherwise evenly on a logarithmic scale.
    linear: bool,
}

impl Cutter {
    fn cut(&self, cut: f64, side: Side) -> Rest {
        let (lower, upper) = self.bounds;
        let (whole, none) = match side {
            Side::Below => (upper <= cut, lower >= cut),
            Side::Above => (lower >= cut, upper <= cut),
        };
        if whole {
            return (self.count, self.middle(lower, upper));
        }
        if none {
            return (0.0, 0.0);
        }
        if lower.is_infinite() || upper.is_infinite() {
            return self.cut_endless(cut, side);
        }
        let below = self.count * self.fraction(cut);
        match side {
            Side::Below => (below, self.middle(lower, cut)),
            Side::Above => (self.count - below, self.middle(cut, upper)),
        }
    }

    /// Of a bucket without an end nothing is known of where its observations lie: they are taken for the value itself
    /// where they stay. One from `-Inf` to a positive bound begins at zero, as in quantiles.
    fn cut_endless(&self, cut: f64, side: Side) -> Rest {
        let (lower, upper) = self.bounds;
        if lower != f64::NEG_INFINITY {
            return if side == Side::Above { (self.count, cut) } else { (0.0, 0.0) };
        }
        let from_zero = upper > 0.0 && upper != f64::INFINITY;
        match side {
            Side::Below if from_zero && cut > 0.0 => (self.count * cut / upper, cut / 2.0),
            Side::Below if upper <= 0.0 => (self.count, cut),
            Side::Above if from_zero && cut >= 0.0 => (self.count * (1.0 - cut / upper), (cut + upper) / 2.0),
            _ => (0.0, 0.0),
        }
    }

    fn cut_zero(&self, cut: f64, side: Side) -> Rest {
        let (lower, upper) = self.bounds;
        let (whole, none) = match side {
            Side::Below => (cut > lower && cut >= upper, cut <= lower),
            Side::Above => (cut <= lower, cut >= upper),
        };
        if whole {
            return (self.count, (lower + upper) / 2.0);
        }
        if none {
            return (0.0, 0.0);
        }
        let (from, to) = if side == Side::Below { (lower, cut) } else { (cut, upper) };
        (self.count * ((to - from) / (upper - lower)), (from + to) / 2.0)
    }

    /// The part of the observations below a value inside the bucket.
    fn fraction(&self, value: f64) -> f64 {
        let (lower, upper) = self.bounds;
        if self.linear {
            return (value - lower) / (upper - lower);
        }
        let (from, to, at) = (lower.abs().log2(), upper.abs().log2(), value.abs().log2());
        if lower >= 0.0 { (at - from) / (to - from) } else { 1.0 - (at - to) / (from - to) }
    }

    /// The value that observations between two bounds are taken for.
    fn middle(&self, lower: f64, upper: f64) -> f64 {
        match (lower.is_infinite(), upper.is_infinite()) {
            (true, true) => 0.0,
            (true, false) if upper > 0.0 => upper / 2.0,
            (true, false) => upper,
            (false, true) => lower,
            (false, false) if self.linear => (lower + upper) / 2.0,
            (false, false) => (lower * upper).abs().sqrt().copysign(lower + upper),
        }
    }
}
