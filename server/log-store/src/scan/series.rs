//! Which streams have an entry in a range of time. Exact: a block that only overlaps the range is looked into.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Control, Labels, Selector, matches_all};
use rustc_hash::FxHashSet;

use super::{Verdict, judge, tail};
use crate::Result;
use crate::block::{BlockHead, Columns, LabelCache, Parts, Run, read_columns, read_times};
use crate::demotion::joined;
use crate::partition::{Partition, Stored};
use crate::rows::Rows;
use crate::store::LogStore;
use crate::tail::Body;

/// The range wanted: start inclusive, end exclusive.
type Range = (i64, i64);

pub(super) fn series(
    store: &LogStore,
    selectors: &[Selector],
    range: Range,
    control: &Control,
) -> model::Result<Vec<Labels>> {
    let mut all: Vec<Labels> = collect(store, selectors, range, control)?.into_iter().collect();
    all.sort();
    Ok(all)
}

pub(super) fn label_names(
    store: &LogStore,
    selectors: &[Selector],
    range: Range,
    control: &Control,
) -> model::Result<Vec<String>> {
    let all = collect(store, selectors, range, control)?;
    let names: BTreeSet<&str> = all.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}

pub(super) fn label_values(
    store: &LogStore,
    name: &str,
    (selectors, start, end): (&[Selector], i64, i64),
    control: &Control,
) -> model::Result<Vec<String>> {
    let all = collect(store, selectors, (start, end), control)?;
    let values: BTreeSet<&str> = all.iter().filter_map(|labels| labels.get(name)).collect();
    Ok(values.into_iter().map(str::to_owned).collect())
}

fn collect(
    store: &LogStore,
    selectors: &[Selector],
    range: Range,
    control: &Control,
) -> model::Result<FxHashSet<Labels>> {
    let mut found = Found { selectors, range, streams: FxHashSet::default() };
    let (memory, partitions) = {
        let state = store.state.read();
        let mut memory = Vec::new();
        for (key, stream) in &state.streams {
            found.add_rows(&key.labels, &stream.chunks);
            for pending in &stream.pending {
                match &*pending.body.read() {
                    Body::Rows(rows) => found.add_rows(&key.labels, rows),
                    Body::Blocks(blocks) => memory.extend(blocks.iter().cloned()),
                }
            }
        }
        (memory, Arc::clone(&state.partitions))
    };
    for block in &memory {
        found.add_block(&block.sealed.head, &block.sealed.streams, &*block.sealed)?;
    }
    for partition in partitions.iter() {
        control.check()?;
        if let Err(error) = found.add_partition(partition) {
            match error.kind() {
                model::ErrorKind::Corrupt => {
                    crate::store::warn("a partition's streams cannot be read", &error)
                }
                _ => return Err(error.into()),
            }
        }
    }
    Ok(found.streams)
}

struct Found<'a> {
    selectors: &'a [Selector],
    range: Range,
    streams: FxHashSet<Labels>,
}

impl Found<'_> {
    fn is_wanted(&self, time: i64) -> bool {
        self.range.0 <= time && time < self.range.1
    }

    /// Whether a stream can match, and is not known to already.
    fn is_open(&self, labels: &Labels, demoted: &[String]) -> bool {
        if demoted.is_empty() && self.streams.contains(labels) {
            return false;
        }
        self.selectors.is_empty() || self.selectors.iter().any(|s| judge(s, labels, demoted) != Verdict::No)
    }

    fn add(&mut self, labels: Labels) {
        if self.selectors.is_empty() || self.selectors.iter().any(|selector| matches_all(selector, &labels)) {
            self.streams.insert(labels);
        }
    }

    fn add_rows(&mut self, labels: &Labels, chunks: &[Arc<Rows>]) {
        for rows in chunks {
            let demoted = tail::demoted_names(rows);
            if !self.is_open(labels, &demoted) || rows.min >= self.range.1 || rows.max < self.range.0 {
                continue;
            }
            if demoted.is_empty() {
                if rows.times.iter().any(|time| self.is_wanted(*time)) {
                    self.add(labels.clone());
                }
                continue;
            }
            let mut known = FxHashSet::default();
            for i in 0..rows.len() {
                let demoted = rows.extra(i).map(|extra| extra.demoted.clone()).unwrap_or_default();
                if self.is_wanted(rows.times[i]) && known.insert(demoted.clone()) {
                    self.add(joined(labels, &demoted));
                }
            }
        }
    }

    fn add_partition(&mut self, partition: &Partition) -> Result<()> {
        if partition.row.start >= self.range.1 || partition.row.end < self.range.0 {
            return Ok(());
        }
        let directory = partition.directory()?;
        for (i, head) in directory.blocks.iter().enumerate() {
            let stored = Stored { partition, directory: &directory, block: i };
            match self.add_block(head, &directory.streams, &stored) {
                Err(error) if error.kind() == model::ErrorKind::Corrupt => {
                    tracing::warn!("{}", crate::partition::damage(partition, i, &error));
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn add_block(&mut self, head: &BlockHead, streams: &[Labels], parts: &impl Parts) -> Result<()> {
        let overlaps = |run: &Run| run.min < self.range.1 && run.max >= self.range.0;
        let open = |run: &Run| overlaps(run) && self.is_open(&streams[run.stream as usize], &head.demoted);
        let runs: Vec<bool> = head.runs.iter().map(open).collect();
        if !runs.contains(&true) {
            return Ok(());
        }
        // A run whose first or last entry is in the range has one for sure.
        let sure = |run: &Run| self.is_wanted(run.min) || self.is_wanted(run.max);
        let has_demoted = !head.demoted.is_empty();
        let is_plain = !has_demoted && head.runs.iter().zip(&runs).all(|(run, open)| !open || sure(run));
        let times = if is_plain { Vec::new() } else { read_times(head, parts)?.times };
        let columns = if has_demoted { read_columns(head, parts)? } else { Columns::default() };
        let mut cache = LabelCache::new(&columns, true);
        let mut from = 0;
        for (run, open) in head.runs.iter().zip(runs) {
            let rows = from..from + run.count as usize;
            from = rows.end;
            let labels = &streams[run.stream as usize];
            if !open {
                continue;
            }
            if is_plain {
                self.add(labels.clone());
                continue;
            }
            let start = rows.start + times[rows.clone()].partition_point(|time| *time < self.range.0);
            let end = rows.start + times[rows].partition_point(|time| *time < self.range.1);
            if start < end && !has_demoted {
                self.add(labels.clone());
            } else if has_demoted {
                let combinations: BTreeSet<u32> = (start..end.max(start)).map(|i| cache.index(i)).collect();
                for index in combinations {
                    self.add(joined(labels, &cache.labels[index as usize]));
                }
            }
        }
        Ok(())
    }
}
