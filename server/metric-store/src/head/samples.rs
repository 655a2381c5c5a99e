//! The samples of one series in memory: encoded chunks, a short raw tail, and what came late.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Histogram;

use super::Columns;
use crate::chunk::Run;
use crate::merge_runs::push_start;
use crate::values::{self, Scratch};
use crate::varint::Reader;

/// Samples that are kept raw before they are encoded.
const RAW: usize = 32;

/// What became of an inserted sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// It is kept.
    New,
    /// It was there already, with the same value.
    Equal,
    /// Another value was there first.
    Conflict,
}

impl Inserted {
    pub(super) fn known(equal: bool) -> Self {
        if equal { Inserted::Equal } else { Inserted::Conflict }
    }
}

/// Encoded samples with a column of times that other series share.
#[derive(Debug)]
pub(crate) struct HeadChunk {
    pub(crate) times: Arc<[i64]>,
    values: Box<[u8]>,
}

impl HeadChunk {
    fn new(times: Arc<[i64]>, values: &[f64], scratch: &mut Scratch) -> Self {
        let mut bytes = Vec::with_capacity(values.len() * 2);
        values::encode(values, scratch, &mut bytes);
        HeadChunk { times, values: bytes.into() }
    }

    /// Appends its values.
    pub(crate) fn values(&self, scratch: &mut Scratch, out: &mut Vec<f64>) {
        values::decode(&mut Reader::new(&self.values), self.times.len(), scratch, out)
            .expect("these bytes were encoded by this process");
    }
}

/// What is not a float at a time.
#[derive(Debug, Clone, Default)]
struct Attached {
    histograms: BTreeMap<i64, Arc<Histogram>>,
    /// Where the start timestamp changes, by the time of the sample; 0 = not known.
    starts: BTreeMap<i64, i64>,
}

/// See the module. Chunks, then the raw tail, ascend in time; `late` ascends on its own and shares no time with them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples {
    chunks: Vec<Arc<HeadChunk>>,
    times: Vec<i64>,
    values: Vec<f64>,
    late: Vec<(i64, f64)>,
    attached: Option<Box<Attached>>,
}

/// [`Samples`] in two.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) before: Samples,
    pub(crate) after: Samples,
}

impl Samples {
    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty() && self.chunks.is_empty() && self.late.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(|c| c.times.len()).sum::<usize>() + self.times.len() + self.late.len()
    }

    pub(crate) fn late_len(&self) -> usize {
        self.late.len()
    }

    /// First and last time, of all samples.
    pub(crate) fn bounds(&self) -> Option<(i64, i64)> {
        let firsts = [
            self.chunks.first().map(|c| c.times[0]),
            self.times.first().copied(),
            self.late.first().map(|s| s.0),
        ];
        let lasts = [
            self.chunks.last().map(|c| c.times[c.times.len() - 1]),
            self.times.last().copied(),
            self.late.last().map(|s| s.0),
        ];
        Some((firsts.into_iter().flatten().min()?, lasts.into_iter().flatten().max()?))
    }

    /// Whether a sample lies in `start..=end`; exact.
    pub(crate) fn touches(&self, start: i64, end: i64) -> bool {
        let within = |times: &[i64]| {
            let at = times.partition_point(|t| *t < start);
            times.get(at).is_some_and(|t| *t <= end)
        };
        within(&self.times)
            || self.chunks.iter().any(|c| within(&c.times))
            || self.late.get(self.late.partition_point(|s| s.0 < start)).is_some_and(|s| s.0 <= end)
    }

    #[inline]
    pub(super) fn push(&mut self, t_ms: i64, value: f64, columns: &mut Columns, scratch: &mut Scratch) {
        self.times.push(t_ms);
        self.values.push(value);
        if self.times.len() >= RAW {
            let times = columns.intern(&self.times);
            self.chunks.push(Arc::new(HeadChunk::new(times, &self.values, scratch)));
            self.times.clear();
            self.values.clear();
        }
    }

    pub(super) fn insert_late(&mut self, t_ms: i64, value: f64) {
        let at = self.late.partition_point(|s| s.0 < t_ms);
        self.late.insert(at, (t_ms, value));
    }

    /// Whether samples without histogram and start have to be told of too: others have them.
    pub(super) fn is_attached(&self) -> bool {
        self.attached.is_some()
    }

    /// Notes what the sample at `t_ms`, which is there, has beside its value.
    pub(super) fn attach(&mut self, t_ms: i64, histogram: Option<Arc<Histogram>>, start_ms: i64) {
        let next = self.next_after(t_ms);
        let attached = self.attached.get_or_insert_default();
        if let Some(histogram) = histogram {
            attached.histograms.insert(t_ms, histogram);
        }
        let before = attached.starts.range(..=t_ms).next_back().map_or(0, |(_, start)| *start);
        if before == start_ms {
            return;
        }
        attached.starts.insert(t_ms, start_ms);
        // The samples after a late one keep theirs.
        if let Some(next) = next
            && attached.starts.range(t_ms + 1..=next).next().is_none()
        {
            attached.starts.insert(next, before);
        }
    }

    /// The time of the first sample after `t_ms`.
    fn next_after(&self, t_ms: i64) -> Option<i64> {
        let of_times = |times: &[i64]| times.get(times.partition_point(|t| *t <= t_ms)).copied();
        let chunk = self.chunks.get(self.chunks.partition_point(|c| c.times[c.times.len() - 1] <= t_ms));
        let late = self.late.get(self.late.partition_point(|s| s.0 <= t_ms)).map(|s| s.0);
        [chunk.and_then(|chunk| of_times(&chunk.times)), of_times(&self.times), late]
            .into_iter()
            .flatten()
            .min()
    }

    /// The bits of the value at `t_ms`.
    pub(super) fn find(&self, t_ms: i64, scratch: &mut Scratch) -> Option<u64> {
        if let Ok(i) = self.late.binary_search_by_key(&t_ms, |s| s.0) {
            return Some(self.late[i].1.to_bits());
        }
        if let Ok(i) = self.times.binary_search(&t_ms) {
            return Some(self.values[i].to_bits());
        }
        let chunk = self.chunks.get(self.chunks.partition_point(|c| c.times[c.times.len() - 1] < t_ms))?;
        let i = chunk.times.binary_search(&t_ms).ok()?;
        let mut values = Vec::new();
        chunk.values(scratch, &mut values);
        Some(values[i].to_bits())
    }

    /// Takes the samples apart at `cut`; `None` puts all of them before it.
    pub(super) fn split(&mut self, cut: Option<i64>, scratch: &mut Scratch) -> Split {
        let mut before = std::mem::take(self);
        let mut after = Samples::default();
        let Some(cut) = cut else { return Split { before, after } };
        let first = before.chunks.partition_point(|c| c.times[c.times.len() - 1] < cut);
        after.chunks = before.chunks.split_off(first);
        if let Some(chunk) = after.chunks.first().cloned().filter(|c| c.times[0] < cut) {
            let middle = chunk.times.partition_point(|t| *t < cut);
            let mut values = Vec::new();
            chunk.values(scratch, &mut values);
            let part = |times: &[i64], values: &[f64], scratch: &mut Scratch| {
                Arc::new(HeadChunk::new(times.into(), values, scratch))
            };
            before.chunks.push(part(&chunk.times[..middle], &values[..middle], scratch));
            after.chunks[0] = part(&chunk.times[middle..], &values[middle..], scratch);
        }
        let raw = before.times.partition_point(|t| *t < cut);
        after.times = before.times.split_off(raw);
        after.values = before.values.split_off(raw);
        after.late = before.late.split_off(before.late.partition_point(|s| s.0 < cut));
        if let Some(attached) = &mut before.attached {
            let start = attached.starts.range(..cut).next_back().map(|(_, start)| *start);
            let mut rest = Attached {
                histograms: attached.histograms.split_off(&cut),
                starts: attached.starts.split_off(&cut),
            };
            if let (Some(start), Some((first, _))) = (start, after.bounds()) {
                rest.starts.entry(first).or_insert(start);
            }
            after.attached = Some(Box::new(rest));
        }
        Split { before, after }
    }

    /// The part within `start..=end`, as cheap to take as it can be: chunks are shared.
    pub(crate) fn clip(&self, start: i64, end: i64) -> Samples {
        let within = |c: &&Arc<HeadChunk>| c.times[0] <= end && c.times[c.times.len() - 1] >= start;
        let from = self.times.partition_point(|t| *t < start);
        let to = self.times.partition_point(|t| *t <= end).max(from);
        let late_from = self.late.partition_point(|s| s.0 < start);
        let late_to = self.late.partition_point(|s| s.0 <= end).max(late_from);
        Samples {
            chunks: self.chunks.iter().filter(within).cloned().collect(),
            times: self.times[from..to].to_vec(),
            values: self.values[from..to].to_vec(),
            late: self.late[late_from..late_to].to_vec(),
            attached: self.attached.clone(),
        }
    }

    pub(crate) fn chunks(&self) -> &[Arc<HeadChunk>] {
        &self.chunks
    }

    pub(crate) fn raw(&self) -> (&[i64], &[f64]) {
        (&self.times, &self.values)
    }

    pub(crate) fn late(&self) -> &[(i64, f64)] {
        &self.late
    }

    /// Whether every sample came in order and is a plain float.
    pub(crate) fn is_plain(&self) -> bool {
        self.late.is_empty() && self.attached.is_none()
    }

    /// All samples within `start..=end` in order of time.
    pub(crate) fn run(&self, start: i64, end: i64, scratch: &mut Scratch) -> Run {
        let mut run = Run::default();
        for chunk in &self.chunks {
            let from = chunk.times.partition_point(|t| *t < start);
            let to = chunk.times.partition_point(|t| *t <= end);
            if from >= to {
                continue;
            }
            let base = run.values.len();
            chunk.values(scratch, &mut run.values);
            run.values.truncate(base + to);
            run.values.drain(base..base + from);
            run.times.extend_from_slice(&chunk.times[from..to]);
        }
        let from = self.times.partition_point(|t| *t < start);
        let to = self.times.partition_point(|t| *t <= end).max(from);
        run.times.extend_from_slice(&self.times[from..to]);
        run.values.extend_from_slice(&self.values[from..to]);
        self.weave_late(start, end, &mut run);
        self.index_attached(&mut run);
        run
    }

    fn weave_late(&self, start: i64, end: i64, run: &mut Run) {
        let from = self.late.partition_point(|s| s.0 < start);
        let to = self.late.partition_point(|s| s.0 <= end).max(from);
        if from == to {
            return;
        }
        let mut all: Vec<(i64, f64)> = run.times.iter().copied().zip(run.values.iter().copied()).collect();
        all.extend_from_slice(&self.late[from..to]);
        all.sort_by_key(|s| s.0);
        run.times = all.iter().map(|s| s.0).collect();
        run.values = all.iter().map(|s| s.1).collect();
    }

    fn index_attached(&self, run: &mut Run) {
        let (Some(attached), Some(&first), Some(&last)) =
            (&self.attached, run.times.first(), run.times.last())
        else {
            return;
        };
        for (t, histogram) in attached.histograms.range(first..=last) {
            if let Ok(i) = run.times.binary_search(t) {
                run.histograms.push((i as u32, Arc::clone(histogram)));
            }
        }
        if let Some((_, start)) = attached.starts.range(..=first).next_back() {
            push_start(&mut run.starts, 0, *start);
        }
        for (t, start) in attached.starts.range(first..=last).filter(|(t, _)| **t > first) {
            // A change at a sample that is gone counts from the next one on.
            let (Ok(i) | Err(i)) = run.times.binary_search(t);
            push_start(&mut run.starts, i as u32, *start);
        }
    }
}
