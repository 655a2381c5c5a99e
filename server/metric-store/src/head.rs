//! The head: series that got samples lately, with the samples that are in no partition yet.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use model::{Histogram, Labels, METRIC_NAME, Matcher};

use crate::partition::compare;
use crate::values::Scratch;

mod columns;
mod exemplars;
mod postings;
mod samples;

pub(crate) use columns::Columns;
pub(crate) use exemplars::Exemplars;
pub(crate) use postings::Postings;
pub(crate) use samples::{Inserted, Samples, Split};

/// Index of a series in the head. It grows with the order of appearance and changes only when the head is tidied.
pub(crate) type Ref = u32;

/// Labels carry their hash.
#[derive(Debug, Default)]
pub(crate) struct CarriedHash(u64);

impl Hasher for CarriedHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A map by labels that does not hash them again.
pub(crate) type LabelsMap<V> = HashMap<Labels, V, BuildHasherDefault<CarriedHash>>;

/// A series and what memory holds of it.
#[derive(Debug)]
pub(crate) struct HeadSeries {
    pub(crate) labels: Labels,
    /// Given out once in the life of the store.
    pub(crate) id: u64,
    /// Its retention class.
    pub(crate) class: u16,
    /// The newest sample that came in order of time: its time and the bits of its value.
    pub(crate) last: Option<(i64, u64)>,
    /// Samples since the last seal began.
    pub(crate) live: Samples,
    /// Samples that a seal is writing; older than `live` in order of arrival.
    pub(crate) frozen: Option<Box<Samples>>,
    /// The series that followed this one in the last batch that had both.
    next: Ref,
    /// Its labels came back under another id: that one takes their samples from then on.
    superseded: bool,
}

/// One sample on its way into the head.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) series: Ref,
    pub(crate) t_ms: i64,
    pub(crate) value: f64,
    pub(crate) histogram: Option<Arc<Histogram>>,
    /// Start timestamp, 0 = not known.
    pub(crate) start_ms: i64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Head {
    by_labels: LabelsMap<Ref>,
    series: Vec<HeadSeries>,
    postings: Postings,
    columns: Columns,
    scratch: Scratch,
    /// The next id to give out.
    pub(crate) next_id: u64,
    /// Samples in `live`.
    pub(crate) live_samples: u64,
    /// Of these, those that came late: they cost more memory.
    pub(crate) late_samples: u64,
    /// Samples in `frozen`.
    pub(crate) frozen_samples: u64,
    /// Times of the first and last sample, frozen ones included.
    pub(crate) bounds: Option<(i64, i64)>,
    pub(crate) exemplars: Exemplars,
}

impl Head {
    /// The series with these labels.
    pub(crate) fn find(&self, labels: &Labels) -> Option<Ref> {
        self.by_labels.get(labels).copied()
    }

    /// The series with these labels, looked for first where it was last time: behind `before`. Senders repeat
    /// themselves, and the index by labels costs two misses of the cache.
    pub(crate) fn find_after(&mut self, before: Option<Ref>, labels: &Labels) -> Option<Ref> {
        let next = before.and_then(|before| self.series.get(before as usize)).map(|series| series.next);
        let expected = next.and_then(|next| self.series.get(next as usize));
        if expected.is_some_and(|series| !series.superseded && series.labels == *labels) {
            return next;
        }
        let found = self.find(labels)?;
        if let Some(before) = before.and_then(|before| self.series.get_mut(before as usize)) {
            before.next = found;
        }
        Some(found)
    }

    /// Adds a series. Where its labels are known already (a replayed log may define them under two ids), the new
    /// one is found from now on and the old one keeps its samples.
    pub(crate) fn add(&mut self, labels: Labels, id: u64, class: u16) -> Ref {
        let series = self.series.len() as Ref;
        self.postings.add(series, &labels);
        if let Some(known) = self.by_labels.insert(labels.clone(), series) {
            self.series[known as usize].superseded = true;
        }
        self.next_id = self.next_id.max(id + 1);
        self.series.push(HeadSeries {
            labels,
            id,
            class,
            last: None,
            live: Samples::default(),
            frozen: None,
            next: series + 1,
            superseded: false,
        });
        series
    }

    pub(crate) fn get(&self, series: Ref) -> &HeadSeries {
        &self.series[series as usize]
    }

    pub(crate) fn get_mut(&mut self, series: Ref) -> &mut HeadSeries {
        &mut self.series[series as usize]
    }

    pub(crate) fn series(&self) -> &[HeadSeries] {
        &self.series
    }

    pub(crate) fn postings(&self) -> &Postings {
        &self.postings
    }

    /// Puts a sample in its place.
    pub(crate) fn insert(&mut self, incoming: Incoming) -> Inserted {
        let series = &mut self.series[incoming.series as usize];
        let bits = incoming.value.to_bits();
        let late = match series.last {
            None => false,
            Some((last_t, last_bits)) if last_t == incoming.t_ms => {
                return Inserted::known(last_bits == bits);
            }
            Some((last_t, _)) => incoming.t_ms < last_t,
        };
        if late {
            if let Some(known) = series.find_sample(incoming.t_ms, &mut self.scratch) {
                return Inserted::known(known == bits);
            }
            series.live.insert_late(incoming.t_ms, incoming.value);
            self.late_samples += 1;
        } else {
            series.last = Some((incoming.t_ms, bits));
            series.live.push(incoming.t_ms, incoming.value, &mut self.columns, &mut self.scratch);
        }
        if incoming.histogram.is_some() || incoming.start_ms != 0 || series.live.is_attached() {
            series.live.attach(incoming.t_ms, incoming.histogram, incoming.start_ms);
        }
        self.live_samples += 1;
        let t = incoming.t_ms;
        self.bounds = Some(self.bounds.map_or((t, t), |(first, last)| (first.min(t), last.max(t))));
        Inserted::New
    }

    /// Moves samples before `cut` (all if `None`) to where a seal reads them.
    pub(crate) fn freeze(&mut self, cut: Option<i64>) {
        let (mut live, mut late, mut frozen) = (0, 0, 0);
        for series in &mut self.series {
            let Split { before, after } = series.live.split(cut, &mut self.scratch);
            live += after.len() as u64;
            late += after.late_len() as u64;
            frozen += before.len() as u64;
            series.live = after;
            if !before.is_empty() {
                series.frozen = Some(Box::new(before));
            }
        }
        (self.live_samples, self.late_samples, self.frozen_samples) = (live, late, frozen);
        self.columns.clear();
    }

    /// After a deletion: samples of these series are new, whatever was there. Only while they have none.
    pub(crate) fn forget_last(&mut self, refs: &[Ref]) {
        for &series in refs {
            let series = self.get_mut(series);
            if series.live.is_empty() {
                series.last = None;
            }
        }
    }

    /// The series that pass `matchers`.
    pub(crate) fn select(&self, matchers: &[Matcher]) -> Vec<Ref> {
        self.postings.select(matchers, |series| &self.get(series).labels)
    }

    /// Series with frozen samples in the order of partitions.
    pub(crate) fn frozen_sorted(&self) -> Vec<Ref> {
        let frozen = |series: &Ref| self.get(*series).frozen.is_some();
        let mut metrics: Vec<(&str, &[Ref])> = self.postings.values(METRIC_NAME).collect();
        metrics.sort_unstable_by_key(|(name, _)| *name);
        let nameless = (0..self.series.len() as Ref).filter(|s| self.get(*s).labels.metric_name().is_empty());
        let mut sorted: Vec<Ref> = nameless.filter(frozen).collect();
        let by_labels = |a: &Ref, b: &Ref| compare(&self.get(*a).labels, &self.get(*b).labels).then(a.cmp(b));
        sorted.sort_unstable_by(by_labels);
        for (_, refs) in metrics {
            let from = sorted.len();
            sorted.extend(refs.iter().copied().filter(frozen));
            sorted[from..].sort_unstable_by(by_labels);
        }
        sorted
    }

    /// Forgets what a seal wrote.
    pub(crate) fn thaw(&mut self) {
        self.bounds = None;
        for series in &mut self.series {
            series.frozen = None;
            if let Some((first, last)) = series.live.bounds() {
                let known = self.bounds.unwrap_or((first, last));
                self.bounds = Some((known.0.min(first), known.1.max(last)));
            }
        }
        self.frozen_samples = 0;
    }

    /// Forgets series without samples whose last one is before `idle_before_ms`. True if that changed the refs.
    pub(crate) fn tidy_if_idle(&mut self, idle_before_ms: i64) -> bool {
        let idle = self.series.iter().filter(|series| series.is_idle(idle_before_ms)).count();
        // Building the index anew is worth it for more than a few.
        let tidy = idle * 8 > self.series.len();
        if tidy {
            self.tidy(idle_before_ms);
        }
        tidy
    }

    fn tidy(&mut self, idle_before_ms: i64) {
        let all = std::mem::take(&mut self.series);
        self.by_labels.clear();
        self.postings = Postings::default();
        for series in all {
            if series.is_idle(idle_before_ms) {
                continue;
            }
            let index = self.series.len() as Ref;
            self.postings.add(index, &series.labels);
            self.by_labels.insert(series.labels.clone(), index);
            self.series.push(series);
        }
        self.by_labels.shrink_to_fit();
        self.series.shrink_to_fit();
    }
}

impl HeadSeries {
    fn is_idle(&self, before_ms: i64) -> bool {
        self.frozen.is_none() && self.live.is_empty() && self.last.is_none_or(|(t, _)| t < before_ms)
    }

    /// The bits of the value at `t_ms`, if memory holds it.
    fn find_sample(&self, t_ms: i64, scratch: &mut Scratch) -> Option<u64> {
        let frozen = self.frozen.as_ref().and_then(|frozen| frozen.find(t_ms, scratch));
        frozen.or_else(|| self.live.find(t_ms, scratch))
    }
}
