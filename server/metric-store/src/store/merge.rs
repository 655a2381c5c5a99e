//! Merging: the partitions of a window, and later of a day, become one.

use std::collections::BTreeMap;
use std::sync::Arc;

use storage::Change;

use super::seal::{DAY_MS, Window, span};
use super::{MetricStore, Upkeep};
use crate::Result;
use crate::chunk::{Chunk, Run};
use crate::config::millis;
use crate::merge_runs::{merge_runs, without};
use crate::partition::{IndexBlock, Opened, PartitionFile, SealedSeries, Summary, compare};
use crate::tombstones::{Tombstone, cuts_of_series};
use crate::values::Scratch;

/// Overlays of a merged partition that are merged into it however small they are.
const MAX_OVERLAYS: usize = 8;
/// Overlays are merged once they have this part of the largest partition.
const WORTH: u64 = 10;

impl MetricStore {
    /// Merges one set of partitions if one is due. True if another may be.
    pub(super) fn merge_if_due(&self, upkeep: &mut Upkeep, now: i64) -> Result<bool> {
        let (partitions, tombstones) = {
            let state = self.state.read();
            (Arc::clone(&state.partitions), Arc::clone(&state.tombstones))
        };
        let Some((window, inputs)) = self.next_merge(upkeep, &partitions, now) else { return Ok(false) };
        match self.merge(upkeep, window, &inputs, &tombstones) {
            Err(error) if error.kind() == model::ErrorKind::Corrupt => {
                // Nothing is replaced: what can be read of them can still be read.
                tracing::warn!(%error, "partitions are not merged");
                upkeep.unmergeable.extend(inputs.iter().map(|p| p.path.clone()));
                Ok(true)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(true),
        }
    }

    /// Writes the partitions that have deleted samples anew, without them, and forgets the deletions.
    pub fn clean_tombstones(&self) -> Result<()> {
        let mut upkeep = self.upkeep.lock();
        let (partitions, tombstones) = {
            let state = self.state.read();
            (Arc::clone(&state.partitions), Arc::clone(&state.tombstones))
        };
        for partition in partitions.iter() {
            let summary = &partition.summary;
            if tombstones.iter().any(|t| t.concerns(summary.order, summary.bounds)) {
                self.merge(&mut upkeep, summary.window, std::slice::from_ref(partition), &tombstones)?;
            }
        }
        self.forget_tombstones(&tombstones)
    }

    /// The partitions that should be one, in order, and the window of that one.
    fn next_merge(
        &self,
        upkeep: &Upkeep,
        partitions: &[Arc<PartitionFile>],
        now: i64,
    ) -> Option<(Window, Vec<Arc<PartitionFile>>)> {
        let narrow = millis(self.config.window).max(1);
        let closed = now.saturating_sub(millis(self.config.grace));
        let mut by_window: BTreeMap<(&str, i64, i64), Vec<&Arc<PartitionFile>>> = BTreeMap::new();
        for partition in partitions {
            let window = partition.summary.window;
            if window.1.saturating_sub(window.0) >= DAY_MS.max(narrow) {
                // Wider than a day, for times that are far apart: merged with its like alone.
                let set = by_window.entry((&partition.summary.class, window.0, window.1)).or_default();
                set.push(partition);
                continue;
            }
            for width in [narrow, DAY_MS.max(narrow)] {
                let into = span(window.0.div_euclid(width).saturating_mul(width), width);
                if window.0 >= into.0 && window.1 <= into.1 && into.1 < closed {
                    let set = by_window.entry((&partition.summary.class, into.0, into.1)).or_default();
                    if set.last().is_none_or(|last| last.path != partition.path) {
                        set.push(partition);
                    }
                }
            }
        }
        let worth = |set: &[&Arc<PartitionFile>]| {
            let largest = set.iter().map(|p| p.summary.samples).max().unwrap_or(0);
            let rest = set.iter().map(|p| p.summary.samples).sum::<u64>() - largest;
            set.len() > MAX_OVERLAYS || (set.len() > 1 && rest.saturating_mul(WORTH) >= largest)
        };
        by_window
            .into_iter()
            .filter(|(_, set)| worth(set))
            .filter(|(_, set)| !set.iter().any(|p| upkeep.unmergeable.contains(&p.path)))
            .find(|(_, set)| keeps_order(set, partitions))
            .map(|((_, start, end), set)| ((start, end), set.into_iter().cloned().collect()))
    }

    fn merge(
        &self,
        upkeep: &mut Upkeep,
        window: Window,
        inputs: &[Arc<PartitionFile>],
        tombstones: &[Tombstone],
    ) -> Result<()> {
        let number = upkeep.next_number;
        upkeep.next_number += 1;
        let first = &inputs[0].summary;
        let summary = Summary {
            class: first.class.clone(),
            window,
            order: inputs.iter().map(|p| p.summary.order).max().unwrap_or(number),
            sealed_segment: inputs.iter().map(|p| p.summary.sealed_segment).max().unwrap_or(0),
            supersedes: inputs.iter().map(|p| p.path.clone()).collect(),
            ..Summary::default()
        };
        let path = format!("{}/{}-{number}.redb", first.class, window.0);
        let cursors = inputs.iter().map(|p| Cursor::open(p, tombstones)).collect::<Result<Vec<_>>>()?;
        let series = Box::new(Merged { cursors, failed: false });
        let written = self.write_partition(&path, summary, series)?;
        let row = written.map(|(summary, bytes)| summary.to_row(path, bytes));
        let remove = inputs.iter().map(|p| p.path.clone()).collect();
        self.manifest.commit(&Change {
            add: row.clone().into_iter().collect(),
            remove,
            ..Change::default()
        })?;
        let merged = match &row {
            Some(row) => Some(Arc::new(PartitionFile::new(row, &self.manifest, &self.pool, &self.cache)?)),
            None => None,
        };
        let mut state = self.state.write();
        let all = Arc::make_mut(&mut state.partitions);
        all.retain(|p| !inputs.iter().any(|input| input.path == p.path));
        all.extend(merged);
        all.sort_by_key(|p| (p.summary.order, p.summary.window));
        drop(state);
        inputs.iter().for_each(|input| input.doom());
        Ok(())
    }
}

/// Whether no other partition of these times stands between those of `set` in order: the first acknowledged sample
/// would not be known any more.
fn keeps_order(set: &[&Arc<PartitionFile>], all: &[Arc<PartitionFile>]) -> bool {
    let orders = set.iter().map(|p| p.summary.order);
    let (low, high) = (orders.clone().min().unwrap_or(0), orders.max().unwrap_or(0));
    let member = |p: &Arc<PartitionFile>| set.iter().any(|s| s.path == p.path);
    !all.iter().any(|other| {
        let order = other.summary.order;
        let between = (low..=high).contains(&order) && !member(other);
        between && set.iter().any(|p| other.touches(p.summary.bounds.0, p.summary.bounds.1))
    })
}

/// Several partitions as one stream.
struct Merged {
    cursors: Vec<Cursor>,
    failed: bool,
}

impl Iterator for Merged {
    type Item = Result<SealedSeries>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let outcome = self.next_series();
        self.failed = outcome.is_err();
        outcome.transpose()
    }
}

impl Merged {
    fn next_series(&mut self) -> Result<Option<SealedSeries>> {
        loop {
            for cursor in &mut self.cursors {
                cursor.settle()?;
            }
            let heads = self.cursors.iter().filter_map(Cursor::labels);
            let Some(labels) = heads.min_by(|a, b| compare(a, b)).cloned() else { return Ok(None) };
            let (mut runs, mut id) = (Vec::new(), 0);
            for cursor in &mut self.cursors {
                if cursor.labels() == Some(&labels) {
                    id = id.max(cursor.id());
                    runs.push(cursor.take()?);
                }
            }
            let (run, _) = merge_runs(runs);
            if !run.times.is_empty() {
                return Ok(Some(SealedSeries { labels, id, run }));
            }
        }
    }
}

/// Reads a partition series by series, one group in memory.
struct Cursor {
    opened: Opened,
    tombstones: Vec<Tombstone>,
    group: u32,
    block: Option<Arc<IndexBlock>>,
    labels: Vec<model::Labels>,
    chunks: Vec<(Chunk, Vec<Vec<i64>>)>,
    at: usize,
    scratch: Scratch,
}

impl Cursor {
    fn open(partition: &Arc<PartitionFile>, tombstones: &[Tombstone]) -> Result<Self> {
        let concerns = |t: &&Tombstone| t.concerns(partition.summary.order, partition.summary.bounds);
        Ok(Cursor {
            opened: partition.open()?,
            tombstones: tombstones.iter().filter(concerns).cloned().collect(),
            group: 0,
            block: None,
            labels: Vec::new(),
            chunks: Vec::new(),
            at: 0,
            scratch: Scratch::default(),
        })
    }

    /// Loads the next group once this one is read.
    fn settle(&mut self) -> Result<()> {
        while self.at >= self.labels.len() && self.group < self.opened.root.groups {
            let block = self.opened.block_of(self.group)?;
            let Some(group) = block.group(self.group) else {
                return Err(self.opened.partition.damaged(format!("group {}", self.group), "it is missing"));
            };
            self.labels = (0..group.len()).map(|i| group.labels(i)).collect();
            self.chunks.clear();
            for address in &group.chunks {
                let chunk = self.opened.chunk(*address, self.group)?;
                let columns = (0..chunk.columns() as u32).map(|c| chunk.times(c)).collect::<Option<Vec<_>>>();
                let columns = columns.ok_or_else(|| self.broken("its times do not decode"))?;
                self.chunks.push((chunk, columns));
            }
            self.at = 0;
            self.group += 1;
            self.block = Some(block);
        }
        Ok(())
    }

    fn broken(&self, why: &str) -> crate::Error {
        self.opened.partition.damaged(format!("group {}", self.group), why)
    }

    fn labels(&self) -> Option<&model::Labels> {
        self.labels.get(self.at)
    }

    fn id(&self) -> u64 {
        // `group` is one ahead once a group is loaded.
        let block = self.block.as_ref();
        let group = block.and_then(|block| block.group(self.group.saturating_sub(1)));
        group.and_then(|group| group.ids.get(self.at).copied()).unwrap_or(0)
    }

    fn take(&mut self) -> Result<Run> {
        let mut runs = Vec::new();
        for (chunk, columns) in &self.chunks {
            let Some(column) = chunk.column_of(self.at) else { continue };
            let times = columns[column as usize].clone();
            let mut values = Vec::new();
            let read = chunk.values(self.at, times.len(), &mut self.scratch, &mut values);
            let extras = read.and_then(|()| chunk.extras(self.at, &values, &mut self.scratch));
            let Some((histograms, starts)) = extras else {
                return Err(self.broken("its values do not decode"));
            };
            runs.push(Run { times, values, histograms, starts });
        }
        let labels = &self.labels[self.at];
        let cuts = cuts_of_series(&self.tombstones, labels);
        self.at += 1;
        let (run, _) = merge_runs(runs);
        Ok(if cuts.is_empty() { run } else { without(&run, &cuts) })
    }
}
