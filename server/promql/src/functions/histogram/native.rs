//! Quantiles, fractions and the spread of native histograms: linear inside custom and zero buckets, on a logarithmic
//! scale inside exponential ones.

use model::{Bucket, Histogram};

use crate::kahan::Kahan;

/// What observations of NaN, which lie in no bucket, do to a quantile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NanEffect {
    /// The quantile lies among them.
    ResultIsNan,
    /// They count as if they were above all others.
    SkewsHigher,
}

/// A zero bucket reaches to one side alone if all other buckets lie there; the first custom bucket begins at zero.
fn one_sided(histogram: &Histogram, mut bucket: Bucket) -> Bucket {
    match (histogram.negative_buckets.is_empty(), histogram.positive_buckets.is_empty()) {
        (true, false) => bucket.lower = 0.0,
        (false, true) => bucket.upper = 0.0,
        _ => {}
    }
    bucket
}

/// The `q` quantile.
pub(super) fn quantile(q: f64, histogram: &Histogram) -> (f64, Option<NanEffect>) {
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    if histogram.count == 0.0 || q.is_nan() {
        return (f64::NAN, None);
    }
    let has_nan = histogram.sum.is_nan();
    // Counted from the nearer end, for precision; with NaN observations always from below.
    let forward = has_nan || q < 0.5;
    let mut rank = if forward { q } else { 1.0 - q } * histogram.count;
    let Some((mut bucket, count)) = reach(histogram, rank, forward) else {
        return (f64::NAN, has_nan.then_some(NanEffect::ResultIsNan));
    };
    if histogram.is_custom() {
        if bucket.lower == f64::NEG_INFINITY {
            if bucket.upper <= 0.0 {
                return (bucket.upper, None);
            }
            bucket.lower = 0.0;
        } else if bucket.upper == f64::INFINITY {
            return (bucket.lower, None);
        }
    } else if bucket.lower < 0.0 && bucket.upper > 0.0 {
        bucket = one_sided(histogram, bucket);
    }
    // Rounding may make more of the buckets than there are observations.
    let count = count.min(histogram.count);
    if count < rank {
        return if has_nan { (f64::NAN, Some(NanEffect::ResultIsNan)) } else { (bucket.upper, None) };
    }
    rank = if forward { rank - (count - bucket.count) } else { count - rank };
    let effect = has_nan.then_some(NanEffect::SkewsHigher);
    (interpolate(histogram, bucket, rank / bucket.count), effect)
}

/// The bucket in which the sum of counts reaches `rank`, the last populated one otherwise, and that sum.
fn reach(histogram: &Histogram, rank: f64, forward: bool) -> Option<(Bucket, f64)> {
    let mut buckets = histogram.buckets();
    if !forward {
        buckets.reverse();
    }
    let mut found = None;
    let mut count = 0.0;
    for bucket in buckets.into_iter().filter(|bucket| bucket.count != 0.0) {
        count += bucket.count;
        found = Some((bucket, count));
        if count >= rank {
            break;
        }
    }
    found
}

/// The value `fraction` of the way through a bucket.
fn interpolate(histogram: &Histogram, bucket: Bucket, fraction: f64) -> f64 {
    let Bucket { lower, upper, .. } = bucket;
    if histogram.is_custom() || lower <= 0.0 && upper >= 0.0 {
        return lower + (upper - lower) * fraction;
    }
    let (from, to) = (lower.abs().log2(), upper.abs().log2());
    if lower > 0.0 {
        (from + (to - from) * fraction).exp2()
    } else {
        -(to + (from - to) * (1.0 - fraction)).exp2()
    }
}

/// The part of the observations between two values, and whether NaNs were left out of it.
pub(super) fn fraction(lower: f64, upper: f64, histogram: &Histogram) -> (f64, bool) {
    if histogram.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return (f64::NAN, false);
    }
    if lower >= upper {
        return (0.0, false);
    }
    let buckets = histogram.buckets();
    let has_nan = histogram.sum.is_nan();
    let most = if has_nan { buckets.iter().map(|b| b.count).sum() } else { histogram.count };
    let below = |value: f64| below(histogram, &buckets, value).filter(|rank| *rank <= most).unwrap_or(most);
    ((below(upper) - below(lower)) / histogram.count, has_nan)
}

/// How many observations lie below `value`; none if it lies beyond all buckets.
fn below(histogram: &Histogram, buckets: &[Bucket], value: f64) -> Option<f64> {
    let mut rank = 0.0;
    for bucket in buckets {
        let around_zero = bucket.lower <= 0.0 && bucket.upper >= 0.0;
        let bucket = if around_zero { one_sided(histogram, *bucket) } else { *bucket };
        if bucket.lower >= value {
            return Some(rank);
        }
        if bucket.upper > value {
            let linear = around_zero || histogram.is_custom();
            return Some(rank + part_below(bucket, value, linear, rank));
        }
        rank += bucket.count;
    }
    None
}

/// The observations of a bucket below a value inside it.
fn part_below(bucket: Bucket, value: f64, linear: bool, rank: f64) -> f64 {
    let Bucket { lower, upper, count, .. } = bucket;
    if linear {
        // Nothing is known of where observations lie in a bucket without a lower end: all count as passed.
        return if lower == f64::NEG_INFINITY {
            count - rank
        } else {
            count * (value - lower) / (upper - lower)
        };
    }
    let (from, to, at) = (lower.abs().log2(), upper.abs().log2(), value.abs().log2());
    let fraction = if value > 0.0 { (at - from) / (to - from) } else { 1.0 - ((at - to) / (from - to)) };
    count * fraction
}

/// The variance, each observation taken for the middle of its bucket: the geometric one of exponential buckets.
pub(super) fn variance(histogram: &Histogram) -> f64 {
    let mean = histogram.sum / histogram.count;
    let buckets = histogram.buckets().into_iter().filter(|bucket| bucket.count != 0.0);
    let squares = buckets.fold(Kahan::default(), |sum, Bucket { lower, upper, count, .. }| {
        let value = if histogram.is_custom() {
            (upper + lower) / 2.0
        } else if lower <= 0.0 && upper >= 0.0 {
            0.0
        } else {
            (upper * lower).sqrt().copysign(upper)
        };
        let delta = value - mean;
        sum.plus(count * delta * delta)
    });
    squares.total() / histogram.count
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CUSTOM_BUCKETS, Span};

    fn exponential(counts: &[f64]) -> Histogram {
        Histogram {
            count: counts.iter().sum(),
            sum: 1.0,
            positive_spans: vec![Span { offset: 0, length: counts.len() as u32 }],
            positive_buckets: counts.to_vec(),
            ..Histogram::default()
        }
    }

    fn custom(bounds: &[f64], counts: &[f64]) -> Histogram {
        Histogram { schema: CUSTOM_BUCKETS, custom_bounds: bounds.to_vec(), ..exponential(counts) }
    }

    #[test]
    fn quantiles() {
        let check = |histogram: &Histogram, q, expected: f64| {
            let (value, _) = quantile(q, histogram);
            let close = (value - expected).abs() < 1e-12 || value == expected;
            assert!(close || value.is_nan() && expected.is_nan(), "{q} of {histogram:?}: {value}");
        };
        let three = exponential(&[1.0, 2.0, 1.0]);
        check(&three, 0.5, std::f64::consts::SQRT_2);
        check(&three, 0.0, 0.5);
        check(&three, 1.0, 4.0);
        check(&three, -0.1, f64::NEG_INFINITY);
        check(&three, f64::NAN, f64::NAN);
        check(&exponential(&[]), 0.5, f64::NAN);
        let listed = custom(&[5.0, 10.0], &[1.0, 2.0, 1.0]);
        check(&listed, 0.5, 7.5);
        check(&listed, 0.125, 2.5);
        check(&listed, 0.9, 10.0);
        check(&custom(&[-5.0], &[2.0, 1.0]), 0.1, -5.0);
    }

    #[test]
    fn observations_of_nan() {
        let with_nan = Histogram { count: 15.0, sum: f64::NAN, ..exponential(&[12.0]) };
        assert_eq!(quantile(0.8, &with_nan), (1.0, Some(NanEffect::SkewsHigher)));
        assert_eq!(quantile(0.81, &with_nan).1, Some(NanEffect::ResultIsNan));
        assert_eq!(fraction(f64::NEG_INFINITY, f64::INFINITY, &with_nan), (0.8, true));
    }

    #[test]
    fn fractions() {
        let check = |histogram: &Histogram, lower, upper, expected: f64| {
            let (value, _) = fraction(lower, upper, histogram);
            assert!((value - expected).abs() < 1e-12, "{lower}..{upper} of {histogram:?}: {value}");
        };
        let three = exponential(&[1.0, 2.0, 1.0]);
        check(&three, 1.0, 2.0, 0.5);
        check(&three, 0.0, std::f64::consts::SQRT_2, 0.5);
        check(&three, 2.0, 1.0, 0.0);
        let listed = custom(&[5.0, 10.0], &[1.0, 2.0, 1.0]);
        check(&listed, 2.5, 7.5, 0.375);
        check(&listed, f64::NEG_INFINITY, 20.0, 0.75);
        check(&custom(&[-5.0], &[2.0, 2.0]), f64::NEG_INFINITY, -7.0, 0.5);
    }
}
