//! Quantiles and fractions of cumulative buckets, by linear interpolation inside a bucket.

/// Differences up to this part of the counts are rounding, not decreases.
const TOLERANCE: f64 = 1e-12;

/// Observations up to and including an upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    pub(super) upper: f64,
    pub(super) count: f64,
}

/// What had to be mended to make counts rise.
#[derive(Debug, Default)]
pub(super) struct Fixes {
    /// Lowest and highest bound of a mended bucket, and the largest decrease.
    forced: Option<(f64, f64, f64)>,
}

impl Fixes {
    pub(super) fn describe(&self) -> Option<String> {
        let (low, high, largest) = self.forced?;
        Some(format!("from buckets {low} to {high}, with a max diff of {largest:.2}"))
    }

    fn add(&mut self, upper: f64, decrease: f64) {
        let (low, high, largest) = self.forced.unwrap_or((upper, upper, decrease));
        self.forced = Some((low.min(upper), high.max(upper), largest.max(decrease)));
    }
}

/// Sorts, adds up buckets with the same bound; false unless the last bucket is `+Inf`.
fn prepare(buckets: &mut Vec<Bucket>) -> bool {
    buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    if buckets.last().is_none_or(|b| b.upper != f64::INFINITY) {
        return false;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.upper == kept.upper;
        if same {
            kept.count += next.count;
        }
        same
    });
    true
}

fn almost_equal(a: f64, b: f64) -> bool {
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

fn make_monotonic(buckets: &mut [Bucket], fixes: &mut Fixes) {
    let mut before = buckets[0].count;
    for bucket in &mut buckets[1..] {
        if bucket.count == before {
            continue;
        }
        if almost_equal(before, bucket.count) {
            bucket.count = before;
        } else if bucket.count < before {
            fixes.add(bucket.upper, before - bucket.count);
            bucket.count = before;
        } else {
            before = bucket.count;
        }
    }
}

pub(super) fn quantile(q: f64, buckets: &mut Vec<Bucket>, fixes: &mut Fixes) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    if !prepare(buckets) {
        return f64::NAN;
    }
    make_monotonic(buckets, fixes);
    let last = buckets.len() - 1;
    if last == 0 || buckets[last].count == 0.0 || buckets[last].count.is_nan() {
        return f64::NAN;
    }
    let mut rank = q * buckets[last].count;
    let found = buckets[..last].partition_point(|b| b.count < rank);
    if found == last {
        return buckets[last - 1].upper;
    }
    if found == 0 && buckets[0].upper <= 0.0 {
        return buckets[0].upper;
    }
    let Bucket { upper, mut count } = buckets[found];
    let mut lower = 0.0;
    if found > 0 {
        lower = buckets[found - 1].upper;
        count -= buckets[found - 1].count;
        rank -= buckets[found - 1].count;
    }
    lower + (upper - lower) * (rank / count)
}

pub(super) fn fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !prepare(buckets) {
        return f64::NAN;
    }
    let total = buckets[buckets.len() - 1].count;
    if total == 0.0 || total.is_nan() || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, buckets) - rank_of(lower, buckets)) / total
}

/// How many observations lie below `value`, evenly spread inside a bucket.
fn rank_of(value: f64, buckets: &[Bucket]) -> f64 {
    let total = buckets[buckets.len() - 1].count;
    let mut below = 0.0;
    for (i, bucket) in buckets.iter().enumerate() {
        // The first bucket begins at zero unless it lies below.
        let start = match i {
            0 if bucket.upper > 0.0 => 0.0,
            0 => f64::NEG_INFINITY,
            i => buckets[i - 1].upper,
        };
        if start >= value {
            return below;
        }
        if bucket.upper > value {
            // Nothing is known of where observations lie in a bucket of infinite width: the one below counts as
            // passed, the one above as not reached.
            let rank = if start.is_infinite() {
                bucket.count
            } else if bucket.upper.is_infinite() {
                below
            } else {
                below + (bucket.count - below) * (value - start) / (bucket.upper - start)
            };
            return rank.min(total);
        }
        below = bucket.count;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<Bucket> {
        pairs.iter().map(|(upper, count)| Bucket { upper: *upper, count: *count }).collect()
    }

    #[test]
    fn quantiles_interpolate() {
        let inf = f64::INFINITY;
        let check = |q, pairs: &[(f64, f64)], expected: f64| {
            let value = quantile(q, &mut buckets(pairs), &mut Fixes::default());
            assert!(value == expected || value.is_nan() && expected.is_nan(), "{q} of {pairs:?}: {value}");
        };
        check(0.5, &[(1.0, 2.0), (2.0, 4.0), (inf, 4.0)], 1.0);
        check(0.75, &[(1.0, 2.0), (2.0, 4.0), (inf, 4.0)], 1.5);
        check(1.0, &[(1.0, 2.0), (inf, 4.0)], 1.0);
        check(0.5, &[(-1.0, 2.0), (inf, 4.0)], -1.0);
        check(0.5, &[(1.0, 2.0), (2.0, 4.0)], f64::NAN);
        check(0.5, &[(inf, 4.0)], f64::NAN);
        check(2.0, &[(inf, 4.0)], inf);
    }

    #[test]
    fn decreases_are_mended_and_told() {
        let mut fixes = Fixes::default();
        let mut falling = buckets(&[(1.0, 4.0), (2.0, 2.0), (f64::INFINITY, 8.0)]);
        assert_eq!(quantile(0.25, &mut falling, &mut fixes), 0.5);
        assert_eq!(fixes.describe().as_deref(), Some("from buckets 2 to 2, with a max diff of 2.00"));
    }

    #[test]
    fn fractions_interpolate() {
        let all = &[(1.0, 2.0), (2.0, 4.0), (f64::INFINITY, 8.0)];
        let check = |low, high, expected: f64| {
            assert_eq!(fraction(low, high, &mut buckets(all)), expected, "{low}..{high}");
        };
        check(0.0, 2.0, 0.5);
        check(0.5, 1.5, 0.25);
        check(f64::NEG_INFINITY, f64::INFINITY, 1.0);
        check(2.0, 1.0, 0.0);
        check(3.0, f64::INFINITY, 0.5);
    }
}
