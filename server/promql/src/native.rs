//! Arithmetic of native histograms: buckets by index instead of spans, counts that may carry what rounding lost.

mod add;
mod number;
mod resets;
mod text;
mod total;
mod trim;

use std::sync::Arc;

use model::{CUSTOM_BUCKETS, CounterResetHint, Histogram, Span, bucket_bound};

pub(crate) use add::{Incompatible, Remarks};
pub(crate) use number::Number;
pub(crate) use resets::is_reset;
pub(crate) use text::text;
pub(crate) use total::Total;
pub(crate) use trim::{Side, trim};

/// Buckets by rising index, empty ones included.
pub(crate) type Buckets<N> = Vec<(i32, N)>;

/// A native histogram to calculate with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Native<N = f64> {
    pub(crate) hint: CounterResetHint,
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: N,
    pub(crate) count: N,
    pub(crate) sum: N,
    pub(crate) positive: Buckets<N>,
    pub(crate) negative: Buckets<N>,
    /// Upper bounds of custom buckets.
    pub(crate) bounds: Vec<f64>,
}

impl<N: Number> Native<N> {
    pub(crate) fn of(histogram: &Histogram) -> Self {
        Native {
            hint: histogram.reset_hint,
            schema: histogram.schema,
            zero_threshold: histogram.zero_threshold,
            zero_count: N::of(histogram.zero_count),
            count: N::of(histogram.count),
            sum: N::of(histogram.sum),
            positive: histogram.positive().map(|(i, count)| (i, N::of(count))).collect(),
            negative: histogram.negative().map(|(i, count)| (i, N::of(count))).collect(),
            bounds: histogram.custom_bounds.clone(),
        }
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.schema == CUSTOM_BUCKETS
    }

    /// The upper bound of the positive bucket `index`.
    fn bound(&self, index: i32) -> f64 {
        bucket_bound(index, self.schema, &self.bounds)
    }

    /// All numbers, changed one by one; their types may change too.
    pub(crate) fn map<M>(self, f: impl Fn(N) -> M) -> Native<M> {
        let of_buckets = |buckets: Buckets<N>| buckets.into_iter().map(|(i, n)| (i, f(n))).collect();
        Native {
            hint: self.hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count: f(self.zero_count),
            count: f(self.count),
            sum: f(self.sum),
            positive: of_buckets(self.positive),
            negative: of_buckets(self.negative),
            bounds: self.bounds,
        }
    }

    /// Times `factor`; a negative one makes a gauge.
    pub(crate) fn times(self, factor: f64) -> Self {
        let hint = if factor < 0.0 { CounterResetHint::Gauge } else { self.hint };
        Native { hint, ..self.map(|n| n.scaled(|x| x * factor)) }
    }

    /// Divided by `divisor`; a negative one makes a gauge, zero leaves no buckets.
    pub(crate) fn over(self, divisor: f64) -> Self {
        let hint = if divisor < 0.0 { CounterResetHint::Gauge } else { self.hint };
        let mut quotient = Native { hint, ..self.map(|n| n.scaled(|x| x / divisor)) };
        if divisor == 0.0 {
            quotient.positive.clear();
            quotient.negative.clear();
        }
        quotient
    }

    /// Without empty buckets.
    pub(crate) fn compact(mut self) -> Self {
        self.positive.retain(|(_, n)| n.total() != 0.0);
        self.negative.retain(|(_, n)| n.total() != 0.0);
        self
    }

    /// Whether any number is infinite.
    fn has_infinity(&self) -> bool {
        let mut buckets = self.positive.iter().chain(&self.negative).map(|(_, n)| *n);
        [self.zero_count, self.count, self.sum].into_iter().chain(buckets.by_ref()).any(|n| n.is_infinite())
    }
}

impl Native {
    /// Back to spans.
    pub(crate) fn into_histogram(self) -> Arc<Histogram> {
        let (positive_spans, positive_buckets) = spans(self.positive);
        let (negative_spans, negative_buckets) = spans(self.negative);
        Arc::new(Histogram {
            reset_hint: self.hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count,
            count: self.count,
            sum: self.sum,
            positive_spans,
            positive_buckets,
            negative_spans,
            negative_buckets,
            custom_bounds: self.bounds,
        })
    }
}

fn spans(buckets: Buckets<f64>) -> (Vec<Span>, Vec<f64>) {
    let mut spans: Vec<Span> = Vec::new();
    let mut next = 0_i32;
    for (index, _) in &buckets {
        match spans.last_mut() {
            Some(last) if *index == next => last.length += 1,
            // Two indexes may lie further apart than one offset can say: a span without buckets goes half the way.
            _ => {
                let mut gap = i64::from(*index) - i64::from(next);
                while i32::try_from(gap).is_err() {
                    let part = if gap > 0 { i32::MAX } else { i32::MIN };
                    spans.push(Span { offset: part, length: 0 });
                    gap -= i64::from(part);
                }
                spans.push(Span { offset: gap as i32, length: 1 });
            }
        }
        next = index.saturating_add(1);
    }
    (spans, buckets.into_iter().map(|(_, count)| count).collect())
}

/// Whether two histograms are the same to the bit, however their spans are cut; hints do not count.
pub(crate) fn same(a: &Histogram, b: &Histogram) -> bool {
    let numbers = |h: &Histogram| [h.count, h.sum, h.zero_count, h.zero_threshold].map(f64::to_bits);
    let same_buckets = |mut a: Box<dyn Iterator<Item = (i32, f64)> + '_>,
                        mut b: Box<dyn Iterator<Item = (i32, f64)> + '_>| {
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some((i, x)), Some((j, y))) if i == j && x.to_bits() == y.to_bits() => {}
                _ => return false,
            }
        }
    };
    a.schema == b.schema
        && numbers(a) == numbers(b)
        && a.custom_bounds == b.custom_bounds
        && same_buckets(Box::new(a.positive()), Box::new(b.positive()))
        && same_buckets(Box::new(a.negative()), Box::new(b.negative()))
}

/// Heap bytes of a histogram, roughly.
pub(crate) fn histogram_bytes(histogram: &Histogram) -> u64 {
    let buckets = histogram.positive_buckets.len() + histogram.negative_buckets.len();
    let spans = histogram.positive_spans.len() + histogram.negative_spans.len();
    ((buckets + spans + histogram.custom_bounds.len()) * 8 + size_of::<Histogram>()) as u64
}

/// The histogram without a hint about the sample before it; gauges stay gauges.
pub(crate) fn without_hint(histogram: Arc<Histogram>) -> Arc<Histogram> {
    match histogram.reset_hint {
        CounterResetHint::Unknown | CounterResetHint::Gauge => histogram,
        _ => Arc::new(Histogram { reset_hint: CounterResetHint::Unknown, ..(*histogram).clone() }),
    }
}

/// The histogram with a hint whether it is a reset against the one before it, unless it has one.
pub(crate) fn with_found_hint(histogram: &Arc<Histogram>, before: &Histogram) -> Arc<Histogram> {
    if histogram.reset_hint != CounterResetHint::Unknown {
        return histogram.clone();
    }
    let reset_hint =
        if is_reset(histogram, before) { CounterResetHint::Reset } else { CounterResetHint::NotReset };
    Arc::new(Histogram { reset_hint, ..(**histogram).clone() })
}

#[cfg(test)]
mod tests;
