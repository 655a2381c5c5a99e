//! Whether a counter began anew between two histograms.

use std::borrow::Cow;

use model::{CounterResetHint, Histogram};

use super::add::common;
use super::{Buckets, Native};

/// Whether `current` cannot have grown from `previous`: a smaller count anywhere, a finer resolution, a narrower zero
/// bucket. Sums may fall.
pub(crate) fn is_reset(current: &Histogram, previous: &Histogram) -> bool {
    if current.reset_hint == CounterResetHint::Reset {
        return true;
    }
    // A hint that there was none is about the sample before in the store, which need not be `previous`.
    if current.count < previous.count
        || current.is_custom() != previous.is_custom()
        || current.schema > previous.schema
        || current.zero_threshold < previous.zero_threshold
    {
        return true;
    }
    let (mut current, mut previous): (Native, Native) = (Native::of(current), Native::of(previous));
    if current.is_custom() {
        if current.bounds != previous.bounds {
            let common = common(&current.bounds, &previous.bounds);
            current.rebound(common.clone());
            previous.rebound(common);
        }
        return falls(&current.positive, &previous.positive);
    }
    let (zero_count, threshold) = previous.widened(current.zero_threshold);
    // A zero bucket grows to the end of a bucket, never into one.
    if threshold != current.zero_threshold || current.zero_count < zero_count {
        return true;
    }
    previous.reduce(current.schema);
    let outside = |buckets| outside(&current, buckets);
    falls(&current.positive, &outside(&previous.positive))
        || falls(&current.negative, &outside(&previous.negative))
}

/// The buckets of the one before that do not end inside the current zero bucket.
fn outside<'b>(current: &Native, buckets: &'b Buckets<f64>) -> Cow<'b, Buckets<f64>> {
    let inside = |i: i32| current.bound(i) <= current.zero_threshold;
    match buckets.first() {
        Some((i, _)) if inside(*i) => {
            Cow::Owned(buckets.iter().copied().filter(|(i, _)| !inside(*i)).collect())
        }
        _ => Cow::Borrowed(buckets),
    }
}

/// Whether any bucket holds less than before.
fn falls(current: &Buckets<f64>, previous: &Buckets<f64>) -> bool {
    let mut now = current.iter().peekable();
    previous.iter().any(|(i, before)| {
        while now.next_if(|(j, _)| j < i).is_some() {}
        match now.peek() {
            Some((j, count)) if j == i => count < before,
            _ => *before != 0.0,
        }
    })
}
