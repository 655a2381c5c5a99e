//! Deltas summed up: senders of delta temporality tell what happened since the last time, Prometheus wants totals.

use std::collections::BTreeMap;
use std::sync::Mutex;

use model::Labels;
use rustc_hash::FxHashMap;

/// Series that are summed up at once.
const MAX_SERIES: usize = 1_000_000;
/// A series that was silent for this long begins anew, ns.
const STALE_NS: u64 = 300_000_000_000;

/// Running totals by series. Shared by all requests.
#[derive(Debug, Default)]
pub struct Accumulator {
    totals: Mutex<FxHashMap<Labels, Total>>,
    buckets: Mutex<FxHashMap<(Labels, char), Running>>,
}

/// Exponential buckets since a start, by index.
type Running = (u64, BTreeMap<i32, f64>);

#[derive(Debug, Clone, PartialEq)]
struct Total {
    start_ns: u64,
    end_ns: u64,
    values: Vec<f64>,
    /// What tells whether `values` mean the same as before: bounds, or the first bucket and scale.
    shape: Vec<u64>,
}

/// A delta of a series: its time, numbers that add up, and what they mean.
#[derive(Debug)]
pub(super) struct Delta {
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) values: Vec<f64>,
    pub(super) shape: Vec<u64>,
}

impl Accumulator {
    /// Adds a delta: the totals, and when they began. The error says why it is not added.
    pub(super) fn add(&self, labels: &Labels, delta: Delta) -> Result<(u64, Vec<f64>), &'static str> {
        // A panic while the lock was held cannot leave a half-made entry behind.
        let mut totals = self.totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Delta { start_ns, end_ns, values, shape } = delta;
        if let Some(total) = totals.get_mut(labels) {
            let stale = end_ns.saturating_sub(total.end_ns) > STALE_NS;
            if end_ns <= total.end_ns
                || (start_ns != 0 && start_ns < total.end_ns && start_ns < total.start_ns)
            {
                return Err("a delta is older than what was summed up already");
            }
            if !stale && total.shape == shape && total.values.len() == values.len() {
                total.end_ns = end_ns;
                total.values.iter_mut().zip(&values).for_each(|(sum, value)| *sum += value);
                return Ok((total.start_ns, total.values.clone()));
            }
        } else if totals.len() >= MAX_SERIES {
            totals.retain(|_, total| end_ns.saturating_sub(total.end_ns) <= STALE_NS);
            if totals.len() >= MAX_SERIES {
                return Err("too many series of delta temporality");
            }
        }
        let start_ns = if start_ns == 0 { end_ns } else { start_ns };
        totals.insert(labels.clone(), Total { start_ns, end_ns, values: values.clone(), shape });
        Ok((start_ns, values))
    }

    /// Adds exponential buckets to those since `start_ns`, and returns these. To be called after [`Self::add`],
    /// which knows whether the series begins anew; `side` tells positive from negative ones.
    pub(super) fn add_buckets(
        &self,
        labels: &Labels,
        (start_ns, side): (u64, char),
        buckets: &[(i32, f64)],
    ) -> Vec<(i32, f64)> {
        let mut all = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if all.len() >= MAX_SERIES {
            let newest = all.values().map(|(start, _)| *start).max().unwrap_or(0);
            all.retain(|_, (start, _)| newest.saturating_sub(*start) <= STALE_NS);
        }
        let running = all.entry((labels.clone(), side)).or_insert_with(|| (start_ns, BTreeMap::new()));
        if running.0 != start_ns {
            *running = (start_ns, BTreeMap::new());
        }
        for (index, count) in buckets {
            *running.1.entry(*index).or_insert(0.0) += count;
        }
        running.1.iter().map(|(index, count)| (*index, *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_add_up() {
        let accumulator = Accumulator::default();
        let labels = Labels::of_metric("a");
        let add = |start_ns: u64, end_ns: u64, value: f64| {
            accumulator.add(&labels, Delta { start_ns, end_ns, values: vec![value], shape: vec![] })
        };
        assert_eq!(add(10, 20, 1.0), Ok((10, vec![1.0])));
        assert_eq!(add(20, 30, 2.5), Ok((10, vec![3.5])));
        assert!(add(20, 30, 2.5).is_err(), "the same again");
        assert_eq!(add(35, 40, 1.0), Ok((10, vec![4.5])), "a gap is no reset");
        let late = 40 + STALE_NS + 1;
        assert_eq!(add(late - 5, late, 7.0), Ok((late - 5, vec![7.0])));
    }

    #[test]
    fn other_shapes_begin_anew() {
        let accumulator = Accumulator::default();
        let labels = Labels::of_metric("a");
        let add = |end_ns: u64, shape: Vec<u64>| {
            accumulator.add(&labels, Delta { start_ns: end_ns - 1, end_ns, values: vec![1.0, 2.0], shape })
        };
        assert_eq!(add(10, vec![1]), Ok((9, vec![1.0, 2.0])));
        assert_eq!(add(20, vec![1]), Ok((9, vec![2.0, 4.0])));
        assert_eq!(add(30, vec![2]), Ok((29, vec![1.0, 2.0])));
    }
}
