//! Which samples of a series each step sees.

use std::borrow::Cow;
use std::sync::Arc;

use model::{Histogram, Series, is_stale};
use rustc_hash::FxHashMap;

use crate::column::Steps;

/// The times at which a selector looks, one a step; all the same under `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct References {
    pub(crate) first_ms: i64,
    /// 0 under `@`.
    pub(crate) step_ms: i64,
    pub(crate) count: usize,
}

impl References {
    pub(crate) fn new(steps: Steps, fixed_ms: Option<i64>, offset_ms: i64) -> Self {
        let (first, step_ms) = match fixed_ms {
            Some(fixed) => (fixed, 0),
            None => (steps.start_ms, steps.step_ms),
        };
        References { first_ms: first.saturating_sub(offset_ms), step_ms, count: steps.count }
    }

    #[inline]
    pub(crate) fn at(&self, i: usize) -> i64 {
        self.first_ms.saturating_add((i as i64).saturating_mul(self.step_ms))
    }

    pub(crate) fn last_ms(&self) -> i64 {
        self.at(self.count.saturating_sub(1))
    }

    /// Whether all steps look at the same time.
    pub(crate) fn is_fixed(&self) -> bool {
        self.step_ms == 0
    }
}

/// No sample in a lookup.
pub(crate) const NONE: u32 = u32::MAX;

/// For each step the index of the newest sample in `(reference - lookback, reference]`.
pub(crate) fn newest(timestamps: &[i64], references: References, lookback_ms: i64) -> Vec<u32> {
    let mut next = timestamps.partition_point(|t| *t <= references.first_ms);
    (0..references.count)
        .map(|i| {
            let reference = references.at(i);
            while next < timestamps.len() && timestamps[next] <= reference {
                next += 1;
            }
            match next.checked_sub(1) {
                Some(newest) if timestamps[newest] > reference.saturating_sub(lookback_ms) => newest as u32,
                _ => NONE,
            }
        })
        .collect()
}

/// For each step the indices of the samples in `(reference - before, reference + after]`.
pub(crate) fn ranges(timestamps: &[i64], references: References, before: i64, after: i64) -> Vec<(u32, u32)> {
    let (mut low, mut high) = (0, 0);
    (0..references.count)
        .map(|i| {
            let reference = references.at(i);
            let (start, end) = (reference.saturating_sub(before), reference.saturating_add(after));
            while high < timestamps.len() && timestamps[high] <= end {
                high += 1;
            }
            while low < high && timestamps[low] <= start {
                low += 1;
            }
            (low as u32, high as u32)
        })
        .collect()
}

/// Work done once a timestamp column: columns are told apart by their allocation.
pub(crate) struct ColumnCache<T> {
    // The column is held so that its address is not reused.
    entries: FxHashMap<usize, (Arc<[i64]>, Arc<T>)>,
}

impl<T> ColumnCache<T> {
    /// Columns kept at once.
    const MAX: usize = 64;

    pub(crate) fn new() -> Self {
        ColumnCache { entries: FxHashMap::default() }
    }

    pub(crate) fn get(&mut self, column: &Arc<[i64]>, make: impl FnOnce(&[i64]) -> T) -> Arc<T> {
        let key = Arc::as_ptr(column).cast::<u8>() as usize;
        if let Some((held, found)) = self.entries.get(&key)
            && held.len() == column.len()
        {
            return found.clone();
        }
        if self.entries.len() >= Self::MAX {
            self.entries.clear();
        }
        let made = Arc::new(make(column));
        self.entries.insert(key, (column.clone(), made.clone()));
        made
    }
}

/// The samples of one series that range functions see: no stale markers, floats and histograms apart.
pub(crate) struct Samples<'a> {
    /// The column of `values`; shared if it is the series' own.
    pub(crate) timestamps: Arc<[i64]>,
    pub(crate) values: Cow<'a, [f64]>,
    pub(crate) histograms: Vec<(i64, Arc<Histogram>)>,
}

impl<'a> Samples<'a> {
    pub(crate) fn of(series: &'a Series) -> Self {
        let stale = series.values.iter().any(|v| is_stale(*v));
        if !stale && series.histograms.is_empty() {
            return Samples {
                timestamps: series.timestamps.clone(),
                values: Cow::Borrowed(&series.values),
                histograms: Vec::new(),
            };
        }
        let mut at = series.histograms.iter().peekable();
        let (mut timestamps, mut values, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
        for (i, (&t, &value)) in series.timestamps.iter().zip(&series.values).enumerate() {
            let histogram = at.next_if(|(index, _)| *index as usize == i);
            if is_stale(value) {
                continue;
            }
            match histogram {
                Some((_, histogram)) => histograms.push((t, histogram.clone())),
                None => {
                    timestamps.push(t);
                    values.push(value);
                }
            }
        }
        Samples { timestamps: timestamps.into(), values: Cow::Owned(values), histograms }
    }

    /// Compares each histogram with the one before it and hints at the outcome.
    pub(crate) fn find_resets(&mut self) {
        for i in (1..self.histograms.len()).rev() {
            let [(_, before), (_, histogram)] = &self.histograms[i - 1..=i] else { continue };
            self.histograms[i].1 = crate::native::with_found_hint(histogram, before);
        }
    }

    /// The indices of the values that are smaller than the one before them.
    pub(crate) fn resets(&self) -> Vec<u32> {
        let pairs = self.values.windows(2).enumerate();
        pairs.filter(|(_, pair)| pair[1] < pair[0]).map(|(i, _)| i as u32 + 1).collect()
    }
}

/// What a range function sees at one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    /// Times of the floats.
    pub(crate) timestamps: &'a [i64],
    /// The floats.
    pub(crate) values: &'a [f64],
    /// The histograms with their times.
    pub(crate) histograms: &'a [(i64, Arc<Histogram>)],
    /// Positions in `values`, plus `base`, of values smaller than the one before.
    pub(crate) resets: &'a [u32],
    /// See `resets`.
    pub(crate) base: u32,
    /// The window is `(start_ms, end_ms]`.
    pub(crate) start_ms: i64,
    /// See `start_ms`.
    pub(crate) end_ms: i64,
    /// The time of the evaluation.
    pub(crate) at_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_open_on_the_left() {
        let times = [0, 10, 20, 30];
        let references = References { first_ms: 0, step_ms: 10, count: 6 };
        assert_eq!(newest(&times, references, 20), [0, 1, 2, 3, 3, NONE]);
        assert_eq!(ranges(&times, references, 20, 0), [(0, 1), (0, 2), (1, 3), (2, 4), (3, 4), (4, 4)]);
        let fixed = References { first_ms: 20, step_ms: 0, count: 2 };
        assert_eq!(newest(&times, fixed, 5), [2, 2]);
        assert_eq!(ranges(&times, fixed, 15, 10), [(1, 4), (1, 4)]);
    }
}
