//! Sums and differences of two histograms: first they are brought to the same buckets.

use model::{CounterResetHint, Histogram, bucket_bound};

use super::{Buckets, Native, Number};

/// One histogram has exponential buckets, the other one custom ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incompatible;

/// What is to be said of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Remarks {
    /// The bounds of custom buckets differed: only the common ones are left.
    pub(crate) reconciled: bool,
    /// One side is certainly a reset, the other one certainly none.
    pub(crate) collision: bool,
}

impl<N: Number> Native<N> {
    /// Adds `other`. Resolution, zero bucket and bounds become those that both can have.
    pub(crate) fn add(&mut self, other: &Histogram) -> Result<Remarks, Incompatible> {
        self.add_native(Native::of(other))
    }

    /// Subtracts `other`.
    pub(crate) fn subtract(&mut self, other: &Histogram) -> Result<Remarks, Incompatible> {
        self.add_native(Native::of(other).map(|n: f64| -n))
    }

    /// Adds `other`, which is consumed.
    pub(crate) fn add_native(&mut self, mut other: Native) -> Result<Remarks, Incompatible> {
        if self.is_custom() != other.is_custom() {
            return Err(Incompatible);
        }
        let mut remarks = Remarks { collision: self.join_hint(other.hint), ..Remarks::default() };
        if self.is_custom() {
            remarks.reconciled = self.bounds != other.bounds;
            if remarks.reconciled {
                let common = common(&self.bounds, &other.bounds);
                self.rebound(common.clone());
                other.rebound(common);
            }
        } else {
            self.share_zero_bucket(&mut other);
            let schema = self.schema.min(other.schema);
            self.reduce(schema);
            other.reduce(schema);
        }
        self.zero_count = self.zero_count.plus(other.zero_count);
        self.count = self.count.plus(other.count);
        self.sum = self.sum.plus(other.sum);
        merge(&mut self.positive, other.positive);
        merge(&mut self.negative, other.negative);
        Ok(remarks)
    }

    /// The hint of a sum: gauges win, then doubt. True if the hints contradict each other.
    fn join_hint(&mut self, other: CounterResetHint) -> bool {
        use CounterResetHint::{Gauge, NotReset, Reset, Unknown};
        let collision = matches!((self.hint, other), (Reset, NotReset) | (NotReset, Reset));
        self.hint = match (self.hint, other) {
            (a, b) if a == b => a,
            (Gauge, _) | (_, Gauge) => Gauge,
            _ => Unknown,
        };
        collision
    }

    /// Lowers the resolution.
    pub(crate) fn reduce(&mut self, schema: i32) {
        if schema < self.schema {
            let shift = (self.schema - schema).min(31) as u32;
            // Bucket i ends at 2^(i * 2^-schema), so the last of those that become one keeps its bound.
            let index = |i: i32| (i.wrapping_sub(1) >> shift) + 1;
            regroup(&mut self.positive, index);
            regroup(&mut self.negative, index);
            self.schema = schema;
        }
    }

    /// Gives custom buckets fewer bounds; each must have been one before.
    pub(crate) fn rebound(&mut self, bounds: Vec<f64>) {
        let index = |i: i32| {
            let upper = bucket_bound(i, model::CUSTOM_BUCKETS, &self.bounds);
            i32::try_from(bounds.partition_point(|bound| *bound < upper)).unwrap_or(i32::MAX)
        };
        regroup(&mut self.positive, index);
        self.bounds = bounds;
    }

    /// Makes the zero buckets of both equally wide, so that neither ends inside a populated bucket.
    fn share_zero_bucket<M: Number>(&mut self, other: &mut Native<M>) {
        while self.zero_threshold != other.zero_threshold {
            if self.zero_threshold < other.zero_threshold {
                self.widen_zero_bucket(other.zero_threshold);
            } else if other.zero_threshold < self.zero_threshold {
                other.widen_zero_bucket(self.zero_threshold);
            } else {
                // A width that is no number matches nothing.
                return;
            }
        }
    }

    fn widen_zero_bucket(&mut self, threshold: f64) {
        (self.zero_count, self.zero_threshold) = self.widened(threshold);
        let (schema, width) = (self.schema, self.zero_threshold);
        let outside = |i: i32| bucket_bound(i.saturating_sub(1), schema, &[]) >= width;
        self.positive.retain(|(i, _)| outside(*i));
        self.negative.retain(|(i, _)| outside(*i));
    }

    /// The count and the width of the zero bucket if it were at least `threshold` wide; wider where that lies inside
    /// a populated bucket.
    pub(super) fn widened(&self, mut threshold: f64) -> (N, f64) {
        if threshold == self.zero_threshold {
            return (self.zero_count, threshold);
        }
        let buckets = || self.positive.iter().chain(&self.negative);
        loop {
            let split = buckets().find(|(i, count)| {
                let (lower, upper) = (self.bound(i.saturating_sub(1)), self.bound(*i));
                count.total() != 0.0 && lower < threshold && threshold < upper
            });
            match split {
                Some((i, _)) => threshold = self.bound(*i),
                None => break,
            }
        }
        let inside = buckets().filter(|(i, _)| self.bound(i.saturating_sub(1)) < threshold);
        let count = inside.fold(self.zero_count, |sum, (_, count)| sum.join(*count));
        (count, threshold)
    }
}

/// The bounds that both have.
pub(super) fn common(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().copied().filter(|bound| b.contains(bound)).collect()
}

/// Gives each bucket a new index; the order stays, equal ones become one.
fn regroup<N: Number>(buckets: &mut Buckets<N>, index: impl Fn(i32) -> i32) {
    let mut out: Buckets<N> = Vec::with_capacity(buckets.len());
    for (i, count) in buckets.drain(..) {
        let i = index(i);
        match out.last_mut() {
            Some((last, sum)) if *last == i => *sum = sum.join(count),
            _ => out.push((i, count)),
        }
    }
    *buckets = out;
}

/// Adds the buckets of `other`, making those that are missing.
fn merge<N: Number>(buckets: &mut Buckets<N>, other: Buckets<f64>) {
    let same = buckets.len() == other.len() && buckets.iter().zip(&other).all(|((i, _), (j, _))| i == j);
    if same {
        for ((_, sum), (_, count)) in buckets.iter_mut().zip(other) {
            *sum = sum.plus(count);
        }
        return;
    }
    let mut out = Vec::with_capacity(buckets.len().max(other.len()));
    let mut mine = std::mem::take(buckets).into_iter().peekable();
    for (i, count) in other {
        while let Some(before) = mine.next_if(|(j, _)| *j < i) {
            out.push(before);
        }
        let old = mine.next_if(|(j, _)| *j == i).map(|(_, old)| old);
        out.push((i, old.map_or(N::of(count), |old| old.plus(count))));
    }
    out.extend(mine);
    *buckets = out;
}
