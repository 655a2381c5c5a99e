//! Samples of lines, gathered by series and bucket of time.

use model::{EntryBatch, Labels};
use rustc_hash::FxHashMap;

use super::window::Windows;
use crate::ast::Grouping;
use crate::line::{Category, LineLabels};

/// What a bucket knows of its samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    pub(super) index: u64,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Bucket {
    pub(super) const EMPTY: Bucket =
        Bucket { index: 0, count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    pub(super) fn of(index: u64, value: f64) -> Self {
        Bucket { index, count: 1, sum: value, min: value, max: value }
    }

    /// Both together; the index is that of `self`.
    pub(super) fn and(&self, other: &Bucket) -> Bucket {
        Bucket {
            index: self.index,
            count: self.count + other.count,
            sum: self.sum + other.sum,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// A sample that is kept by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) t_ns: i64,
    pub(super) sequence: u64,
    pub(super) value: f64,
}

/// A series while its samples come in.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) labels: Labels,
    /// In order of arrival: an index may come several times.
    pub(super) buckets: Vec<Bucket>,
    pub(super) samples: Vec<Sample>,
    /// The part that the last bucket belongs to: sums are made within a part and added up in order of time, so that
    /// an answer does not depend on which thread read what.
    part: usize,
}

/// Which labels make a series.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    grouping: Option<Grouping>,
}

impl Keys {
    pub(super) fn new(grouping: Option<Grouping>) -> Self {
        Keys { grouping }
    }

    fn keeps(&self, name: &str) -> bool {
        match &self.grouping {
            None => true,
            Some(grouping) => grouping.labels.iter().any(|label| label == name) != grouping.without,
        }
    }

    /// Writes what tells the line's series from others to `out`.
    fn encode(&self, labels: &LineLabels, out: &mut Vec<u8>) {
        out.clear();
        let mut push = |text: &str| {
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        };
        if let Some(grouping) = self.grouping.as_ref().filter(|g| !g.without) {
            grouping.labels.iter().for_each(|label| push(labels.value(label)));
            return;
        }
        let kept = labels.iter().filter(|(name, _, _)| self.keeps(name));
        let mut pairs: smallvec::SmallVec<[(&str, &str, Category); 24]> = kept.collect();
        pairs.sort_unstable();
        for (name, value, _) in pairs {
            push(name);
            push(value);
        }
    }

    fn labels(&self, labels: &LineLabels) -> Labels {
        let all = labels.to_labels();
        match &self.grouping {
            None => all,
            Some(_) => all.filter(|name, _| self.keeps(name)),
        }
    }
}

/// All series of the parts that one thread has read.
#[derive(Debug, Default)]
pub(super) struct Accumulator {
    index: FxHashMap<Box<[u8]>, u32>,
    pub(super) series: Vec<Gathered>,
    key: Vec<u8>,
    /// For each stream of the batch its series, where lines have no labels of their own.
    of_stream: Vec<u32>,
    /// The last bucket found, and its times: the next sample is mostly in it.
    bucket: Option<(u64, i64, i64)>,
    held_bytes: u64,
}

const UNKNOWN: u32 = u32::MAX;

impl Accumulator {
    /// Goes on to the next batch.
    pub(super) fn start(&mut self, batch: &EntryBatch) {
        self.of_stream.clear();
        self.of_stream.resize(batch.streams.len(), UNKNOWN);
    }

    /// The series of a line of stream `stream`.
    pub(super) fn series_of(&mut self, keys: &Keys, stream: u32, labels: &LineLabels) -> u32 {
        let plain = labels.is_plain();
        let known = self.of_stream[stream as usize];
        if plain && known != UNKNOWN {
            return known;
        }
        keys.encode(labels, &mut self.key);
        let series = match self.index.get(self.key.as_slice()) {
            Some(series) => *series,
            None => self.add(self.key.as_slice().into(), keys.labels(labels)),
        };
        if plain {
            self.of_stream[stream as usize] = series;
        }
        series
    }

    /// The series of stream `stream` if a line of it was seen before.
    pub(super) fn known(&self, stream: u32) -> Option<u32> {
        Some(self.of_stream[stream as usize]).filter(|series| *series != UNKNOWN)
    }

    fn add(&mut self, key: Box<[u8]>, labels: Labels) -> u32 {
        let series = self.series.len() as u32;
        self.held_bytes += (2 * key.len() + labels.heap_bytes() + 160) as u64;
        self.series.push(Gathered { labels, buckets: Vec::new(), samples: Vec::new(), part: usize::MAX });
        self.index.insert(key, series);
        series
    }

    /// Adds a sample to its bucket.
    #[inline]
    pub(super) fn add_to_bucket(&mut self, windows: &Windows, part: usize, series: u32, sample: (i64, f64)) {
        let (t_ns, value) = sample;
        let index = match self.bucket {
            Some((index, after, until)) if after < t_ns && t_ns <= until => index,
            _ => {
                let found = windows.bucket(t_ns);
                self.bucket = Some(found);
                found.0
            }
        };
        self.put(part, series, Bucket::of(index, value));
    }

    /// Adds a sample of value 1 at each of these times, which ascend.
    pub(super) fn add_ones(&mut self, windows: &Windows, part: usize, series: u32, mut times: &[i64]) {
        while let Some(first) = times.first() {
            let (index, _, until) = windows.bucket(*first);
            let count = times.partition_point(|t_ns| *t_ns <= until);
            let ones = Bucket { count: count as u64, sum: count as f64, ..Bucket::of(index, 1.0) };
            self.put(part, series, ones);
            times = &times[count..];
        }
    }

    #[inline]
    fn put(&mut self, part: usize, series: u32, bucket: Bucket) {
        let series = &mut self.series[series as usize];
        match series.buckets.last_mut() {
            Some(last) if last.index == bucket.index && series.part == part => *last = last.and(&bucket),
            _ => {
                series.part = part;
                series.buckets.push(bucket);
                self.held_bytes += size_of::<Bucket>() as u64;
            }
        }
    }

    /// Keeps a sample by itself.
    pub(super) fn add_sample(&mut self, series: u32, sample: Sample) {
        self.series[series as usize].samples.push(sample);
        self.held_bytes += size_of::<Sample>() as u64;
    }

    /// Takes in what another thread has gathered.
    pub(super) fn merge(mut self, other: Accumulator) -> Accumulator {
        if self.series.len() < other.series.len() {
            return other.merge(self);
        }
        let mut theirs: Vec<Option<Gathered>> = other.series.into_iter().map(Some).collect();
        for (key, series) in other.index {
            let Some(gathered) = theirs[series as usize].take() else {
                continue;
            };
            let mine = match self.index.get(&key) {
                Some(mine) => *mine,
                None => self.add(key, gathered.labels),
            };
            let mine = &mut self.series[mine as usize];
            mine.buckets.extend(gathered.buckets);
            mine.samples.extend(gathered.samples);
            mine.part = usize::MAX;
        }
        self
    }

    /// Bytes that it holds, about.
    pub(super) fn held_bytes(&self) -> u64 {
        self.held_bytes
    }
}
