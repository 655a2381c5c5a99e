//! Native histograms as Prometheus has them: exponential buckets (schemas -4 to 8) and custom buckets (-53).

/// A run of consecutive buckets: `offset` empty buckets, then `length` present ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Gap to the previous span, or the index of the first bucket.
    pub offset: i32,
    /// Number of buckets in the run.
    pub length: u32,
}

/// Whether a histogram starts anew against the sample before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CounterResetHint {
    /// Not known: compare buckets.
    #[default]
    Unknown,
    /// Certainly a reset.
    Reset,
    /// Certainly none.
    NotReset,
    /// A gauge histogram: resets have no meaning.
    Gauge,
}

/// A native histogram with absolute float bucket counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// See [`CounterResetHint`].
    pub reset_hint: CounterResetHint,
    /// Resolution: -4 to 8 exponential, -53 custom bounds.
    pub schema: i32,
    /// Width of the zero bucket (absolute value).
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// Sum of all observations.
    pub sum: f64,
    /// Where the positive buckets lie.
    pub positive_spans: Vec<Span>,
    /// Absolute count of each positive bucket.
    pub positive_buckets: Vec<f64>,
    /// Where the negative buckets lie.
    pub negative_spans: Vec<Span>,
    /// Absolute count of each negative bucket.
    pub negative_buckets: Vec<f64>,
    /// Upper bounds of custom buckets (schema -53), ascending, without `+Inf`.
    pub custom_bounds: Vec<f64>,
}

/// Observations between two bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// Whether the lower bound belongs to the bucket.
    pub lower_inclusive: bool,
    /// Whether the upper bound belongs to the bucket.
    pub upper_inclusive: bool,
    /// Observations.
    pub count: f64,
}

/// The schema of custom buckets.
pub const CUSTOM_BUCKETS: i32 = -53;

impl Histogram {
    /// Whether the bounds of the buckets are listed.
    pub fn is_custom(&self) -> bool {
        self.schema == CUSTOM_BUCKETS
    }

    /// Index and count of each positive bucket, by rising index.
    pub fn positive(&self) -> impl Iterator<Item = (i32, f64)> {
        indexes(&self.positive_spans).zip(self.positive_buckets.iter().copied())
    }

    /// Index and count of each negative bucket, by rising index: away from zero.
    pub fn negative(&self) -> impl Iterator<Item = (i32, f64)> {
        indexes(&self.negative_spans).zip(self.negative_buckets.iter().copied())
    }

    /// All buckets from the lowest to the highest, empty ones included; the zero bucket if it holds anything. Those
    /// that overlap the zero bucket begin where it ends.
    pub fn buckets(&self) -> Vec<Bucket> {
        let width = self.zero_threshold;
        let custom = self.is_custom();
        let mut all: Vec<Bucket> = Vec::with_capacity(
            self.negative_buckets.len().saturating_add(self.positive_buckets.len()).saturating_add(1),
        );
        for (index, count) in self.negative() {
            let (lower, upper) = (-self.bound(index), -self.bound(index.saturating_sub(1)));
            let upper_inclusive = upper > 0.0;
            let upper = if upper < 0.0 && upper > -width { -width } else { upper };
            all.push(Bucket { lower, upper, lower_inclusive: lower < 0.0, upper_inclusive, count });
        }
        all.reverse();
        if self.zero_count > 0.0 {
            let (lower, upper) = (-width, width);
            let count = self.zero_count;
            all.push(Bucket { lower, upper, lower_inclusive: true, upper_inclusive: true, count });
        }
        for (index, count) in self.positive() {
            let (lower, upper) = (self.bound(index.saturating_sub(1)), self.bound(index));
            let lower_inclusive = if custom { index == 0 } else { lower < 0.0 };
            let upper_inclusive = custom || upper > 0.0;
            let lower = if lower > 0.0 && lower < width { width } else { lower };
            all.push(Bucket { lower, upper, lower_inclusive, upper_inclusive, count });
        }
        all
    }

    /// Upper bound and cumulative count of each custom bucket, `+Inf` last: the classic histogram that it holds.
    pub fn cumulative(&self) -> Vec<(f64, f64)> {
        let mut buckets = self.positive().peekable();
        let mut sum = 0.0;
        let of_bound = |(i, bound): (usize, &f64)| {
            while let Some((_, count)) = buckets.next_if(|(at, _)| i64::from(*at) <= i as i64) {
                sum += count;
            }
            (*bound, sum)
        };
        let mut all: Vec<(f64, f64)> = self.custom_bounds.iter().enumerate().map(of_bound).collect();
        all.push((f64::INFINITY, self.count));
        all
    }

    /// The upper bound of the positive bucket `index`; see [`bucket_bound`].
    pub fn bound(&self, index: i32) -> f64 {
        bucket_bound(index, self.schema, &self.custom_bounds)
    }
}

/// The bucket indexes that spans cover.
fn indexes(spans: &[Span]) -> impl Iterator<Item = i32> {
    let mut next = 0_i32;
    spans.iter().flat_map(move |span| {
        let first = next.saturating_add(span.offset);
        next = first.saturating_add(i32::try_from(span.length).unwrap_or(i32::MAX));
        first..next
    })
}

/// The upper bound of the positive bucket `index`: `2^(index * 2^-schema)`, or the listed bound of custom buckets,
/// `+Inf` beyond the last. The last exponential bucket before infinity ends at the largest float.
pub fn bucket_bound(index: i32, schema: i32, custom: &[f64]) -> f64 {
    if schema == CUSTOM_BUCKETS {
        return match usize::try_from(index) {
            Err(_) => f64::NEG_INFINITY,
            Ok(index) => custom.get(index).copied().unwrap_or(f64::INFINITY),
        };
    }
    if schema <= 0 {
        let exponent = i64::from(index) << schema.unsigned_abs().min(31);
        return power_of_two(1.0, exponent);
    }
    let parts = 1_i32 << schema.min(30);
    let fraction = f64::from(index.rem_euclid(parts)) / f64::from(parts);
    power_of_two(fraction.exp2(), i64::from(index.div_euclid(parts)))
}

/// `value * 2^exponent` for a value from 1 to 2; exactly 2^1024 is the largest float.
fn power_of_two(value: f64, exponent: i64) -> f64 {
    match exponent {
        1024 if value == 1.0 => f64::MAX,
        1024.. => f64::INFINITY,
        -1022..=1023 => value * f64::from_bits(((exponent + 1023) as u64) << 52),
        -1100..-1022 => value * f64::MIN_POSITIVE * f64::powi(0.5, (-1022 - exponent) as i32),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        let check = |index, schema, expected: f64| assert_eq!(bucket_bound(index, schema, &[]), expected);
        check(0, 0, 1.0);
        check(3, 0, 8.0);
        check(-2, 0, 0.25);
        check(1, 1, std::f64::consts::SQRT_2);
        check(-1, 1, std::f64::consts::FRAC_1_SQRT_2);
        check(2, -2, 256.0);
        check(1024, 0, f64::MAX);
        check(1025, 0, f64::INFINITY);
        check(512 * 4, 1, f64::MAX);
        check(-1074, 0, 5e-324);
        check(i32::MIN, 0, 0.0);
        check(i32::MAX, -4, f64::INFINITY);
        assert_eq!(bucket_bound(1, CUSTOM_BUCKETS, &[1.0, 2.5]), 2.5);
        assert_eq!(bucket_bound(2, CUSTOM_BUCKETS, &[1.0, 2.5]), f64::INFINITY);
        assert_eq!(bucket_bound(-1, CUSTOM_BUCKETS, &[1.0, 2.5]), f64::NEG_INFINITY);
    }

    #[test]
    fn buckets_have_indexes() {
        let histogram = Histogram {
            positive_spans: vec![Span { offset: -1, length: 2 }, Span { offset: 2, length: 1 }],
            positive_buckets: vec![1.0, 2.0, 3.0],
            ..Histogram::default()
        };
        assert_eq!(histogram.positive().collect::<Vec<_>>(), [(-1, 1.0), (0, 2.0), (3, 3.0)]);
        assert_eq!(histogram.negative().count(), 0);
    }
}
