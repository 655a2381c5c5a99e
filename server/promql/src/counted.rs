//! How many samples each step of a query looks at, as Prometheus counts them: one a series of a selector, all of a
//! window, histograms by their size. Of a subquery below a function the windows count, not what made them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use model::Histogram;

use crate::column::{Row, is_absent};

/// Counts of one evaluation; batches are counted in parallel.
#[derive(Debug)]
pub(crate) struct Counted {
    steps: Vec<AtomicU64>,
    /// How many ask that nothing is counted.
    muted: AtomicU32,
}

impl Counted {
    pub(crate) fn new(steps: usize) -> Self {
        Counted { steps: (0..steps).map(|_| AtomicU64::new(0)).collect(), muted: AtomicU32::new(0) }
    }

    /// Steps beyond the last one are those of a subquery that is asked alone, at one time.
    pub(crate) fn add(&self, step: usize, samples: u64) {
        let last = self.steps.len().saturating_sub(1);
        if let Some(counter) = self.steps.get(step.min(last))
            && self.muted.load(Ordering::Relaxed) == 0
        {
            counter.fetch_add(samples, Ordering::Relaxed);
        }
    }

    /// Counts what a selector found.
    pub(crate) fn add_row(&self, row: &Row) {
        for (step, value) in row.values.iter().enumerate() {
            match row.histogram(step) {
                Some(histogram) => self.add(step, size(histogram)),
                None if !is_absent(*value) => self.add(step, 1),
                None => {}
            }
        }
    }

    /// Counts nothing while `work` runs.
    pub(crate) fn mute<T>(&self, work: impl FnOnce() -> T) -> T {
        self.muted.fetch_add(1, Ordering::Relaxed);
        let done = work();
        self.muted.fetch_sub(1, Ordering::Relaxed);
        done
    }

    pub(crate) fn into_steps(self) -> Vec<u64> {
        self.steps.into_iter().map(AtomicU64::into_inner).collect()
    }
}

/// A histogram in samples of 16 bytes: what it and its time take in Prometheus' memory.
pub(crate) fn size(h: &Histogram) -> u64 {
    let spans = h.positive_spans.len() + h.negative_spans.len();
    let buckets = h.positive_buckets.len() + h.negative_buckets.len();
    (168 + 8 * (spans + buckets + h.custom_bounds.len()) as u64 + 8) / 16
}

#[cfg(test)]
mod tests {
    use model::{Control, Labels};
    use test_support::MemorySource;

    use super::*;
    use crate::{Options, TimeRange};

    #[test]
    fn steps_count_as_in_prometheus() {
        let mut source = MemorySource::new();
        source.push(Labels::of_metric("one"), (0..40).map(|n| (n * 10_000, n as f64)));
        for n in 0..40 {
            let histogram = Histogram {
                count: 4.0,
                positive_spans: vec![model::Span { offset: 0, length: 4 }],
                positive_buckets: vec![1.0; 4],
                ..Histogram::default()
            };
            source.push_histogram(Labels::of_metric("native"), n * 10_000, histogram);
        }
        let check = |expr: &str, expected: &[u64]| {
            let options = Options { count_samples: true, ..Options::default() };
            let query = crate::parse(expr).expect("an expression");
            let control = Control::default();
            let answer = match expected.len() {
                1 => crate::instant(&source, &query, 201_000, &options, &control),
                _ => {
                    let times = TimeRange { start_ms: 201_000, end_ms: 220_000, step_ms: 5_000 };
                    crate::range(&source, &query, times, &options, &control)
                }
            };
            assert_eq!(answer.expect("an answer").queryable, expected, "{expr}");
        };
        check("1", &[0]);
        check("one", &[1]);
        check("one + one * 2", &[1, 1, 1, 1].map(|n: u64| n * 2));
        check("max_over_time(one[1m])", &[6]);
        check("max_over_time(one[1m])", &[6; 4]);
        check("sum(max_over_time(one[1m] @ 60)) + one", &[7; 4]);
        check("max_over_time(one[1m:5s])", &[12]);
        check("max_over_time(sum_over_time(one[1m])[1m:5s])", &[12; 4]);
        check("one[1m]", &[6]);
        check("one[1m:5s]", &[12]);
        check("max_over_time(one[1m])[20s:5s]", &[24]);
        check("native", &[13]);
        check("rate(native[1m])", &[78; 4]);
        check("absent_over_time(one[1m])", &[6; 4]);
    }
}
