//! Sealing: the head's samples become partitions, in steps that a crash may part anywhere.
//!
//! 1. Samples are frozen: still seen by queries, no more touched by appends. A new segment of the log begins, with a
//!    state that repeats only samples which are not frozen. 2. Partitions are written, each whole or not at all.
//! 3. One commit makes them known and the older segments obsolete. 4. The frozen samples are let go, in the same
//!    moment in which queries see the partitions. 5. Older segments are unlinked.
//!
//! A step that fails is tried again at the next call.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use model::{Metadata, Selector};
use rustc_hash::FxBuildHasher;
use storage::Change;

use super::{MetricStore, Sealing, State, Upkeep};
use crate::Result;
use crate::chunk::Run;
use crate::config::millis;
use crate::head::{Head, Ref, Samples};
use crate::merge_runs::merge_runs;
use crate::partition::{self, PartitionFile, SealedSeries, SeriesStream, Summary};
use crate::record::{Repeat, put_metadata};
use crate::schema::METADATA;
use crate::values::Scratch;

/// Series that are copied out of the head under one lock.
const BLOCK: usize = 256;
/// Partitions that one seal may write for a class; beyond it they get wider.
const MAX_WINDOWS: usize = 64;
/// Days per wide window, where days are too many.
const WIDE_DAYS: i64 = 32;

/// A day in ms.
pub(super) const DAY_MS: i64 = 86_400_000;

/// A span of time, inclusive.
pub(super) type Window = (i64, i64);

impl MetricStore {
    /// Samples in the head at which it is sealed whatever the time.
    pub(super) fn seal_threshold(&self, state: &State) -> u64 {
        let active = state.head.series().len() as u64;
        self.config.max_head_samples.max(active.saturating_mul(self.config.min_samples_per_series))
    }

    /// Whether memory or the log want a seal.
    pub(super) fn is_seal_due(&self, state: &State) -> bool {
        // A late sample takes some four times the memory of one that came in order.
        let cost = state.head.live_samples + 3 * state.head.late_samples;
        cost >= self.seal_threshold(state)
            || self.wal.open_bytes().saturating_sub(state.state_bytes) >= self.config.max_wal_bytes
    }

    pub(super) fn seal_if_due(&self, upkeep: &mut Upkeep, now: i64) -> Result<()> {
        let window = millis(self.config.window).max(1);
        let closed = now.saturating_sub(millis(self.config.grace)).div_euclid(window).saturating_mul(window);
        let (due, ripe) = {
            let state = self.state.read();
            let ripe =
                closed > upkeep.sealed_before && state.head.bounds.is_some_and(|(first, _)| first < closed);
            (self.is_seal_due(&state), ripe)
        };
        if due {
            self.seal(upkeep, None, &[])?;
        } else if ripe {
            self.seal(upkeep, Some(closed), &[])?;
        } else if upkeep.sealing.is_some() {
            self.finish_seal(upkeep)?;
        }
        if ripe {
            upkeep.sealed_before = closed;
        }
        Ok(())
    }

    /// Seals samples before `cut`, or all. Series that pass one of `forget` are new afterwards.
    pub(super) fn seal(&self, upkeep: &mut Upkeep, cut: Option<i64>, forget: &[Selector]) -> Result<()> {
        if upkeep.sealing.is_some() {
            self.finish_seal(upkeep)?;
        }
        self.check_open()?;
        self.wal.health()?;
        {
            let mut guard = self.state.write();
            let state = &mut *guard;
            state.head.freeze(cut);
            for selector in forget {
                let refs = state.head.select(selector);
                state.head.forget_last(&refs);
            }
            upkeep.sealing = Some(Sealing { segment: None });
            self.begin_sealed_segment(state, upkeep)?;
        }
        self.finish_seal(upkeep)
    }

    fn begin_sealed_segment(&self, state: &mut State, upkeep: &mut Upkeep) -> Result<()> {
        let segment = self.begin_segment(state, Repeat::Live)?;
        upkeep.sealing = Some(Sealing { segment: Some(segment) });
        Ok(())
    }

    fn finish_seal(&self, upkeep: &mut Upkeep) -> Result<()> {
        if upkeep.sealing.as_ref().is_some_and(|sealing| sealing.segment.is_none()) {
            self.begin_sealed_segment(&mut self.state.write(), upkeep)?;
        }
        let Some(segment) = upkeep.sealing.as_ref().and_then(|sealing| sealing.segment) else {
            return Ok(());
        };
        // The state of the new segment must be durable before the old one is obsolete.
        self.wal.flush()?;
        let sealed_segment = segment.saturating_sub(1);
        let (sorted, high_water, metadata) = {
            let state = self.state.read();
            let dirty = state.dirty_metadata.iter().filter_map(|family| state.metadata.get(family)).cloned();
            (state.head.frozen_sorted(), state.head.next_id.saturating_sub(1), dirty.collect::<Vec<_>>())
        };
        let mut rows = Vec::new();
        for (class, window) in self.windows(&sorted) {
            let number = upkeep.next_number;
            upkeep.next_number += 1;
            let name = self.classes.name(class).to_owned();
            let path = format!("{name}/{}-{number}.redb", window.0);
            let summary =
                Summary { class: name, window, order: number, sealed_segment, ..Summary::default() };
            let series = self.frozen_series(&sorted, class, window);
            if let Some((summary, bytes)) = self.write_partition(&path, summary, series)? {
                rows.push(summary.to_row(path, bytes));
            }
        }
        let change = Change {
            add: rows.clone(),
            sealed_segment: Some(sealed_segment),
            id_high_water: Some(high_water),
            put: metadata.iter().map(metadata_row).collect(),
            ..Change::default()
        };
        self.manifest.commit(&change)?;
        self.publish_sealed(&rows, &metadata)?;
        upkeep.sealing = None;
        self.wal.drop_through(sealed_segment)?;
        Ok(())
    }

    pub(super) fn write_partition(
        &self,
        path: &str,
        summary: Summary,
        series: SeriesStream<'_>,
    ) -> Result<Option<(Summary, u64)>> {
        let file = self.manifest.folder().join(path);
        if let Some(dir) = file.parent() {
            self.disk.create_dir_all(dir).map_err(storage::Error::io("create", dir))?;
        }
        partition::write(&self.disk, &file, summary, series)
    }

    fn publish_sealed(&self, rows: &[storage::Partition], metadata: &[Metadata]) -> Result<()> {
        let mut files = Vec::new();
        for row in rows {
            files.push(Arc::new(PartitionFile::new(row, &self.manifest, &self.pool, &self.cache)?));
        }
        let idle_before = self.clock.now_ms().saturating_sub(millis(self.config.window));
        let mut guard = self.state.write();
        let state = &mut *guard;
        Arc::make_mut(&mut state.partitions).extend(files);
        state.head.thaw();
        // Refs must not change while some wait for their definition.
        if state.undefined.is_empty() && state.head.tidy_if_idle(idle_before) {
            state.shapes.clear();
        }
        for family in metadata {
            if state.metadata.get(&family.family) == Some(family) {
                state.dirty_metadata.remove(&family.family);
            }
        }
        Ok(())
    }

    /// The (class, window) pairs that frozen samples fall into, the latter as narrow as their number allows.
    fn windows(&self, sorted: &[Ref]) -> Vec<(u16, Window)> {
        let state = self.state.read();
        let narrow = millis(self.config.window).max(1);
        for width in [narrow, DAY_MS.max(narrow), DAY_MS.saturating_mul(WIDE_DAYS).max(narrow)] {
            let found = touched(&state.head, sorted, width);
            if found.len() <= MAX_WINDOWS {
                return found.into_iter().map(|(class, start)| (class, span(start, width))).collect();
            }
        }
        let classes: BTreeSet<u16> = sorted.iter().map(|series| state.head.get(*series).class).collect();
        classes.into_iter().map(|class| (class, (i64::MIN, i64::MAX))).collect()
    }

    /// The frozen series of a class with their samples in a window, sorted, each labels once.
    fn frozen_series<'a>(&'a self, sorted: &'a [Ref], class: u16, window: Window) -> SeriesStream<'a> {
        let mut scratch = Scratch::default();
        let blocks = sorted.chunks(BLOCK).flat_map(move |block| self.copy_block(block, class, window));
        let mut series = blocks.peekable();
        Box::new(std::iter::from_fn(move || {
            loop {
                let (labels, id, samples) = series.next()?;
                let mut runs: Vec<Run> = vec![samples.run(window.0, window.1, &mut scratch)];
                while let Some((_, _, more)) = series.next_if(|(next, ..)| *next == labels) {
                    runs.push(more.run(window.0, window.1, &mut scratch));
                }
                let (run, _) = merge_runs(runs);
                if !run.times.is_empty() {
                    return Some(Ok(SealedSeries { labels, id, run }));
                }
            }
        }))
    }

    fn copy_block(&self, block: &[Ref], class: u16, window: Window) -> Vec<(model::Labels, u64, Samples)> {
        let state = self.state.read();
        let of_class = block.iter().map(|series| state.head.get(*series)).filter(|s| s.class == class);
        of_class
            .filter_map(|series| {
                let frozen = series.frozen.as_deref()?;
                let part = frozen.clip(window.0, window.1);
                (!part.is_empty()).then(|| (series.labels.clone(), series.id, part))
            })
            .collect()
    }
}

/// The key and value that keep a family's metadata.
fn metadata_row(family: &Metadata) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut value = Vec::new();
    put_metadata(&mut value, std::slice::from_ref(family));
    ([METADATA, family.family.as_bytes()].concat(), Some(value))
}

/// The window of `width` that starts at `start`.
pub(super) fn span(start: i64, width: i64) -> Window {
    (start, start.saturating_add(width - 1))
}

/// Starts of the windows of `width` that samples fall into, by class; stops soon after there are too many.
fn touched(head: &Head, sorted: &[Ref], width: i64) -> BTreeSet<(u16, i64)> {
    let mut found = BTreeSet::new();
    let mut columns: HashSet<(u16, *const i64), FxBuildHasher> = HashSet::default();
    for series in sorted.iter().map(|series| head.get(*series)) {
        let Some(frozen) = series.frozen.as_deref() else { continue };
        let mut last: Option<i64> = None;
        let mut note = |t: i64| {
            let start = t.div_euclid(width).saturating_mul(width);
            if last.replace(start) != Some(start) {
                found.insert((series.class, start));
            }
        };
        for chunk in frozen.chunks() {
            if columns.insert((series.class, chunk.times.as_ptr())) {
                chunk.times.iter().copied().for_each(&mut note);
            }
        }
        frozen.raw().0.iter().copied().for_each(&mut note);
        frozen.late().iter().for_each(|sample| note(sample.0));
        if found.len() > MAX_WINDOWS * 16 {
            break;
        }
    }
    found
}
