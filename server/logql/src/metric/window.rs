//! The windows of a range aggregation, cut into buckets that every window is made of.
//!
//! Window `k` is `(t_k - range, t_k]`. The bounds of all windows cut time into buckets: one a step where the range
//! is a multiple of the step, two otherwise.

use super::Steps;

#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    /// Where the first window begins.
    origin_ns: i64,
    step_ns: i64,
    /// What is left of the range after whole steps.
    rest_ns: i64,
    whole_steps: u64,
    count: usize,
}

impl Windows {
    pub(super) fn new(steps: Steps, range_ns: i64) -> Self {
        // One window is one bucket.
        let step_ns = if steps.count == 1 { range_ns } else { steps.step_ns };
        Windows {
            origin_ns: steps.start_ns - range_ns,
            step_ns,
            rest_ns: range_ns % step_ns,
            whole_steps: (range_ns / step_ns) as u64,
            count: steps.count,
        }
    }

    /// The bucket of `t_ns`, and the times from which on (exclusive) and until when (inclusive) it lasts. `t_ns`
    /// must lie behind the origin.
    pub(super) fn bucket(&self, t_ns: i64) -> (u64, i64, i64) {
        let distance = t_ns - self.origin_ns - 1;
        let step = distance.div_euclid(self.step_ns);
        let from = self.origin_ns + step * self.step_ns;
        if self.rest_ns == 0 {
            return (step as u64, from, from + self.step_ns);
        }
        let middle = from + self.rest_ns;
        match t_ns <= middle {
            true => (2 * step as u64, from, middle),
            false => (2 * step as u64 + 1, middle, from + self.step_ns),
        }
    }

    /// The first and last bucket of window `k`.
    pub(super) fn buckets_of(&self, k: usize) -> (u64, u64) {
        let k = k as u64;
        match self.rest_ns {
            0 => (k, k + self.whole_steps - 1),
            _ => (2 * k, 2 * (k + self.whole_steps)),
        }
    }

    /// The times of window `k`: from (exclusive) and until (inclusive).
    pub(super) fn times_of(&self, k: usize, steps: Steps, range_ns: i64) -> (i64, i64) {
        let end = steps.start_ns + steps.step_ns * k as i64;
        (end - range_ns, end)
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A time is in a window exactly if its bucket is one of the window's.
        #[test]
        fn buckets_are_windows(start in -50i64..50, step in 1i64..20, count in 1usize..6, range in 1i64..40, t in 0i64..160) {
            let steps = Steps { start_ns: start, step_ns: step, count };
            let windows = Windows::new(steps, range);
            let t = start - range + 1 + t % (steps.end_ns() - start + range);
            let (bucket, from, until) = windows.bucket(t);
            prop_assert!(from < t && t <= until);
            for k in 0..count {
                let (after, end) = windows.times_of(k, steps, range);
                let (first, last) = windows.buckets_of(k);
                prop_assert_eq!(after < t && t <= end, first <= bucket && bucket <= last, "t {} k {}", t, k);
            }
        }
    }
}
