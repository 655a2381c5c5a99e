//! Selecting series and reading their samples, from the head and all partitions at once.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use model::{Control, Labels, Select, Series, SeriesSet};
use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::head::{LabelsMap, Samples};
use crate::partition::{Opened, PartitionFile};
use crate::store::State;
use crate::tombstones::Tombstone;

mod batch;

/// Series of one batch.
const BATCH: usize = 256;

/// Where samples of a series are.
#[derive(Debug, Clone, Copy)]
enum Part {
    Disk { opened: u16, series: u16, group: u32 },
    Head(u32),
}

/// A series and its parts in order of acknowledgement.
#[derive(Debug)]
struct Entry {
    labels: Labels,
    parts: SmallVec<[Part; 2]>,
}

/// A partition that takes part, with the tombstones that concern it.
#[derive(Debug)]
struct Source {
    opened: Opened,
    tombstones: Vec<Tombstone>,
}

/// A snapshot of selected series.
#[derive(Debug)]
pub(crate) struct Selected {
    start_ms: i64,
    end_ms: i64,
    entries: Vec<Entry>,
    batches: Vec<Range<usize>>,
    sources: Vec<Source>,
    head: Vec<Samples>,
    warnings: Mutex<Vec<String>>,
}

/// What the head has, taken under its lock.
pub(crate) struct Snapshot {
    partitions: Vec<Arc<PartitionFile>>,
    tombstones: Arc<Vec<Tombstone>>,
    /// Labels, id and samples, in order of acknowledgement where labels are equal.
    head: Vec<(Labels, u64, Samples)>,
}

impl Snapshot {
    /// Takes what a selection needs out of the state.
    pub(crate) fn take(state: &State, select: &Select) -> Self {
        let (start, end) = (select.start_ms, select.end_ms);
        let touching = state.partitions.iter().filter(|p| p.touches(start, end));
        let mut head = Vec::new();
        if state.head.bounds.is_some_and(|(first, last)| first <= end && last >= start) {
            for series in state.head.select(&select.matchers) {
                let series = state.head.get(series);
                for samples in series.frozen.as_deref().into_iter().chain([&series.live]) {
                    if samples.touches(start, end) {
                        head.push((series.labels.clone(), series.id, samples.clip(start, end)));
                    }
                }
            }
        }
        Snapshot { partitions: touching.cloned().collect(), tombstones: Arc::clone(&state.tombstones), head }
    }
}

/// Series by id and by labels while a selection is put together.
#[derive(Default)]
struct Known {
    by_id: HashMap<u64, u32, FxBuildHasher>,
    by_labels: LabelsMap<u32>,
}

impl Selected {
    /// Finds the series of a snapshot that match.
    pub(crate) fn new(snapshot: Snapshot, select: &Select, control: &Control) -> model::Result<Self> {
        let mut selected = Selected {
            start_ms: select.start_ms,
            end_ms: select.end_ms,
            entries: Vec::new(),
            batches: Vec::new(),
            sources: Vec::new(),
            head: Vec::with_capacity(snapshot.head.len()),
            warnings: Mutex::default(),
        };
        let mut known = Known::default();
        for partition in &snapshot.partitions {
            control.check()?;
            let opened = match partition.open() {
                Ok(opened) => opened,
                Err(error) => {
                    selected.warn(error.to_string());
                    continue;
                }
            };
            let order = partition.summary.order;
            let bounds = (select.start_ms, select.end_ms);
            let tombstones = snapshot.tombstones.iter().filter(|t| t.concerns(order, bounds)).cloned();
            let source = Source { opened, tombstones: tombstones.collect() };
            selected.add_partition(&source, select, &mut known, control)?;
            selected.sources.push(source);
        }
        for (labels, id, samples) in snapshot.head {
            let part = Part::Head(selected.head.len() as u32);
            selected.head.push(samples);
            selected.add(&mut known, id, part, || labels);
        }
        selected.cut_batches();
        Ok(selected)
    }

    fn add_partition(
        &mut self,
        source: &Source,
        select: &Select,
        known: &mut Known,
        control: &Control,
    ) -> model::Result<()> {
        let opened = self.sources.len() as u16;
        let groups = match source.opened.groups(&select.matchers) {
            Ok(groups) => groups,
            Err(error) => {
                // Without postings every group is a candidate: slower, and complete.
                self.warn(error.to_string());
                (0..source.opened.root.groups).collect()
            }
        };
        let mut skip_to = 0;
        for (n, number) in groups.into_iter().enumerate() {
            if n % 64 == 63 {
                control.check()?;
            }
            if number < skip_to {
                continue;
            }
            let block = match source.opened.block_of(number) {
                Ok(block) => block,
                Err(error) => {
                    self.warn(error.to_string());
                    skip_to = source.opened.next_block(number);
                    continue;
                }
            };
            let Some(group) = block.group(number).filter(|g| g.touches(select.start_ms, select.end_ms))
            else {
                continue;
            };
            let Some(pass) = group.select(&select.matchers) else { continue };
            for index in (0..group.len()).filter(|i| pass[*i]) {
                let (first, last) = group.bounds(index);
                if first <= select.end_ms && last >= select.start_ms {
                    let part = Part::Disk { opened, series: index as u16, group: number };
                    self.add(known, group.ids[index], part, || group.labels(index));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, known: &mut Known, id: u64, part: Part, labels: impl FnOnce() -> Labels) {
        let entries = &mut self.entries;
        // An id stands for the same labels for ever; labels may have had several ids.
        let at = *known.by_id.entry(id).or_insert_with(|| {
            let labels = labels();
            *known.by_labels.entry(labels.clone()).or_insert_with(|| {
                entries.push(Entry { labels, parts: SmallVec::new() });
                (entries.len() - 1) as u32
            })
        });
        entries[at as usize].parts.push(part);
    }

    /// Batches of up to [`BATCH`] series that end, where they can, where a group ends.
    fn cut_batches(&mut self) {
        let group_of = |entry: &Entry| match entry.parts.first() {
            Some(Part::Disk { opened, group, .. }) => Some((*opened, *group)),
            _ => None,
        };
        let mut from = 0;
        while from < self.entries.len() {
            let mut to = (from + BATCH).min(self.entries.len());
            if to < self.entries.len() {
                let split = group_of(&self.entries[to]);
                let whole = self.entries[from..to].iter().rposition(|e| group_of(e) != split);
                if let Some(whole) = whole.filter(|_| split.is_some()) {
                    to = from + whole + 1;
                }
            }
            self.batches.push(from..to);
            from = to;
        }
    }

    fn warn(&self, warning: String) {
        tracing::warn!("{warning}");
        let mut warnings = self.warnings.lock();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
}

impl SeriesSet for Selected {
    fn batches(&self) -> usize {
        self.batches.len()
    }

    fn read(&self, batch: usize, control: &Control) -> model::Result<Vec<Series>> {
        match self.batches.get(batch) {
            Some(range) => batch::read(self, &self.entries[range.clone()], control),
            None => Err(model::Error::internal(format!("there is no batch {batch}"))),
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.lock().clone()
    }
}
