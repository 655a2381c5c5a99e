//! Series as columns: one value a step, all steps of the query at once.

use std::sync::Arc;

use model::{Histogram, Labels, STALE_NAN_BITS, is_stale, stale_nan};

/// The times at which an expression is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The first, in ms.
    pub start_ms: i64,
    /// The distance between two, in ms; at least 1.
    pub step_ms: i64,
    /// How many; at least 1.
    pub count: usize,
}

impl Steps {
    /// One time.
    pub fn instant(t_ms: i64) -> Self {
        Steps { start_ms: t_ms, step_ms: 1, count: 1 }
    }

    /// From `start_ms` to `end_ms`, both included; one step if the end lies before the start.
    pub fn range(start_ms: i64, end_ms: i64, step_ms: i64) -> Self {
        let step_ms = step_ms.max(1);
        let span = i128::from(end_ms) - i128::from(start_ms);
        let count = usize::try_from(span.max(0) / i128::from(step_ms) + 1).unwrap_or(usize::MAX);
        Steps { start_ms, step_ms, count }
    }

    /// The time of step `i`.
    #[inline]
    pub fn at(&self, i: usize) -> i64 {
        self.start_ms.saturating_add((i as i64).saturating_mul(self.step_ms))
    }

    /// The last time.
    pub fn end_ms(&self) -> i64 {
        self.at(self.count.saturating_sub(1))
    }

    /// All times.
    pub fn times(&self) -> impl Iterator<Item = i64> + use<> {
        let steps = *self;
        (0..steps.count).map(move |i| steps.at(i))
    }
}

/// The value of a step without a sample: the stale marker, which no arithmetic yields and no selector passes on.
pub const ABSENT: f64 = f64::from_bits(STALE_NAN_BITS);

/// Whether there is no float at a step.
#[inline]
pub fn is_absent(value: f64) -> bool {
    is_stale(value)
}

/// A series of a vector over all steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its labels, metric name included until the end of the query.
    pub labels: Labels,
    /// Whether the metric name goes away at the end of the query.
    pub drop_name: bool,
    /// One value a step, [`ABSENT`] where there is none or where there is a histogram.
    pub values: Vec<f64>,
    /// Empty, or one a step: the histogram there.
    pub histograms: Vec<Option<Arc<Histogram>>>,
}

impl Row {
    /// A row of floats.
    pub fn new(labels: Labels, values: Vec<f64>) -> Self {
        Row { labels, drop_name: false, values, histograms: Vec::new() }
    }

    /// A row without any sample yet.
    pub fn absent(labels: Labels, steps: usize) -> Self {
        Row::new(labels, vec![stale_nan(); steps])
    }

    /// Whether there is a sample at step `i`.
    #[inline]
    pub fn is_present(&self, i: usize) -> bool {
        !is_absent(self.values[i]) || self.histogram(i).is_some()
    }

    /// Whether there is a sample at any step.
    pub fn has_samples(&self) -> bool {
        self.values.iter().any(|v| !is_absent(*v)) || self.histograms.iter().any(Option::is_some)
    }

    /// The histogram at step `i`.
    #[inline]
    pub fn histogram(&self, i: usize) -> Option<&Arc<Histogram>> {
        self.histograms.get(i).and_then(Option::as_ref)
    }

    /// Puts a histogram at step `i`.
    pub fn set_histogram(&mut self, i: usize, histogram: Arc<Histogram>) {
        if self.histograms.is_empty() {
            self.histograms = vec![None; self.values.len()];
        }
        self.values[i] = ABSENT;
        self.histograms[i] = Some(histogram);
    }

    /// Removes the sample at step `i`.
    pub fn clear(&mut self, i: usize) {
        self.values[i] = ABSENT;
        if let Some(slot) = self.histograms.get_mut(i) {
            *slot = None;
        }
    }

    /// Takes the sample of `other` at step `i`.
    pub fn copy_step(&mut self, other: &Row, i: usize) {
        self.values[i] = other.values[i];
        if let Some(histogram) = other.histogram(i) {
            self.set_histogram(i, histogram.clone());
        }
    }

    /// Heap bytes, roughly.
    pub fn heap_bytes(&self) -> u64 {
        (self.values.len() * 8 + self.histograms.len() * 8 + 64) as u64
    }

    /// Adds the samples of `other`, a row with the same labels. False if both have one at the same step.
    pub fn merge(&mut self, other: &Row) -> bool {
        for i in 0..self.values.len() {
            if other.is_present(i) {
                if self.is_present(i) {
                    return false;
                }
                self.copy_step(other, i);
            }
        }
        self.drop_name |= other.drop_name;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_steps() {
        let check = |start, end, step, times: &[i64]| {
            assert_eq!(Steps::range(start, end, step).times().collect::<Vec<_>>(), times);
        };
        check(0, 10, 5, &[0, 5, 10]);
        check(0, 9, 5, &[0, 5]);
        check(-5, 0, 5, &[-5, 0]);
        check(5, 0, 5, &[5]);
    }

    #[test]
    fn merges_rows_that_do_not_overlap() {
        let mut a = Row::new(Labels::empty(), vec![1.0, ABSENT, f64::NAN]);
        assert!(a.merge(&Row::new(Labels::empty(), vec![ABSENT, 2.0, ABSENT])));
        assert_eq!(a.values[..2], [1.0, 2.0]);
        assert!(!a.merge(&Row::new(Labels::empty(), vec![ABSENT, ABSENT, 3.0])));
    }
}
