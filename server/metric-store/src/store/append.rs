//! Taking batches in.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::{Appended, BatchSeries, CommitTicket, Labels, MetricBatch, MetricSink, Rejected};
use parking_lot::RwLockWriteGuard;

use super::{MetricStore, State};
use crate::Result;
use crate::head::{Head, Incoming, Inserted, Ref};
use crate::record::{Batch, encode_batch};

/// Rejections of one reason that are named, at most.
const MAX_NAMED: usize = 10;
/// The head takes this many times the samples at which it is sealed before it refuses.
const MAX_OVERFLOW: u64 = 4;

/// How long [`MetricSink::try_append`] waits for others.
const PATIENCE: Duration = Duration::from_millis(2);

/// Collects rejections: the first few of each reason with their series, the others in the last one's count.
#[derive(Debug, Default)]
struct Rejections {
    rows: Vec<Rejected>,
}

impl Rejections {
    fn add(&mut self, labels: &Labels, t_ms: i64, reason: &str, count: u64) {
        let mut same = self.rows.iter_mut().filter(|row| row.reason == reason);
        let (mut named, mut last) = (0, None);
        for row in same.by_ref() {
            if row.labels == *labels {
                row.count += count;
                return;
            }
            named += 1;
            last = Some(row);
        }
        match last {
            Some(row) if named >= MAX_NAMED => row.count += count,
            _ => self.rows.push(Rejected { labels: labels.clone(), t_ms, reason: reason.into(), count }),
        }
    }
}

impl MetricSink for MetricStore {
    fn append(&self, batch: &MetricBatch) -> model::Result<Appended> {
        Ok(self.append_batch(batch, self.state.write())?)
    }

    fn try_append(&self, batch: &MetricBatch) -> Option<model::Result<Appended>> {
        let state = self.state.try_write_for(PATIENCE)?;
        // A segment begins with the state of all series: that takes longer than such threads may.
        if self.wal.wants_segment() {
            return None;
        }
        Some(self.append_batch(batch, state).map_err(Into::into))
    }
}

impl MetricStore {
    fn append_batch(&self, batch: &MetricBatch, mut guard: RwLockWriteGuard<'_, State>) -> Result<Appended> {
        self.check_open()?;
        let now = self.clock.now_ms();
        let mut rejections = Rejections::default();
        let state = &mut *guard;
        let cost = state.head.live_samples + state.head.frozen_samples;
        let threshold = self.seal_threshold(state);
        if cost >= threshold.saturating_mul(MAX_OVERFLOW) {
            self.announce_due();
            return Err(storage::Error::Unavailable(format!(
                "{cost} samples wait to be written to partitions, the bound is {MAX_OVERFLOW} x {threshold}"
            ))
            .into());
        }
        self.ensure_segment(state)?;
        let mut prepared = std::mem::take(&mut state.batch);
        prepared.clear();
        prepared.new.append(&mut state.undefined);
        self.prepare(state, batch, now, &mut prepared, &mut rejections);
        if prepared.is_empty() {
            state.undefined.append(&mut prepared.new);
            state.batch = prepared;
            return Ok(Appended { accepted: 0, rejected: rejections.rows, commit: CommitTicket::done() });
        }
        let record = encode_batch(&state.head, &mut state.shapes, &prepared);
        let ticket = match self.wal.append(&record) {
            Ok(ticket) => ticket,
            Err(error) => {
                // Nothing was applied; what the record defined is defined again.
                state.shapes.clear();
                state.undefined.append(&mut prepared.new);
                state.batch = prepared;
                return Err(error.into());
            }
        };
        let accepted = self.apply(state, &mut prepared, &mut rejections);
        state.batch = prepared;
        if self.is_seal_due(state) {
            self.announce_due();
        }
        drop(guard);
        self.counters.appended.fetch_add(accepted, Ordering::Relaxed);
        Ok(Appended { accepted, rejected: rejections.rows, commit: ticket.into() })
    }

    /// Finds or makes the batch's series and leaves out what cannot be kept.
    fn prepare(
        &self,
        state: &mut State,
        batch: &MetricBatch,
        now: i64,
        out: &mut Batch,
        rejections: &mut Rejections,
    ) {
        let mut refs: Vec<Option<Ref>> = vec![None; batch.series.len()];
        let needs_refs = !batch.histograms.is_empty() || !batch.exemplars.is_empty();
        let mut before = None;
        for (index, series) in batch.series.iter().enumerate() {
            let samples = batch.samples_of(series);
            if samples.is_empty() && !needs_refs {
                continue;
            }
            let found = match self.find_or_add(&mut state.head, (before, &series.labels), &mut out.new) {
                Ok(found) => found,
                Err(reason) => {
                    let first = samples.first().map_or(0, |s| s.t_ms);
                    rejections.add(&series.labels, first, &reason, samples.len().max(1) as u64);
                    continue;
                }
            };
            refs[index] = Some(found);
            before = Some(found);
            let oldest = self.oldest_ms(state.head.get(found).class, now);
            for sample in samples {
                if sample.t_ms < oldest {
                    rejections.add(&series.labels, sample.t_ms, TOO_OLD, 1);
                    continue;
                }
                let (t_ms, value) = (sample.t_ms, sample.value);
                let start_ms = series.start_ms;
                out.samples.push(Incoming { series: found, t_ms, value, histogram: None, start_ms });
            }
        }
        if needs_refs {
            let oldest = |found: Ref| self.oldest_ms(state.head.get(found).class, now);
            prepare_rest(&state.head, batch, (&refs, &oldest), out, rejections);
        }
        for family in &batch.metadata {
            if state.metadata.get(&family.family) != Some(family) {
                out.metadata.push(family.clone());
            }
        }
    }

    fn find_or_add(
        &self,
        head: &mut Head,
        (before, labels): (Option<Ref>, &Labels),
        new: &mut Vec<Ref>,
    ) -> Result<Ref, String> {
        if let Some(found) = head.find_after(before, labels) {
            return Ok(found);
        }
        if labels.is_empty() {
            return Err("a series needs labels".into());
        }
        if labels.heap_bytes() > self.config.max_label_bytes {
            let (bytes, max) = (labels.heap_bytes(), self.config.max_label_bytes);
            return Err(format!("its labels have {bytes} bytes, the bound is {max}"));
        }
        if head.series().len() >= self.config.max_active_series {
            let max = self.config.max_active_series;
            return Err(format!("there are {max} active series already, which is the bound"));
        }
        let class = self.classes.of(labels);
        let series = head.add(labels.clone(), head.next_id, class);
        new.push(series);
        Ok(series)
    }

    /// Puts the samples in their places; returns how many are there now that the writer wanted there.
    fn apply(&self, state: &mut State, prepared: &mut Batch, rejections: &mut Rejections) -> u64 {
        let (mut accepted, mut conflicts) = (0, 0);
        for incoming in prepared.samples.drain(..) {
            let (series, t_ms) = (incoming.series, incoming.t_ms);
            match state.head.insert(incoming) {
                Inserted::New | Inserted::Equal => accepted += 1,
                Inserted::Conflict => {
                    conflicts += 1;
                    rejections.add(&state.head.get(series).labels, t_ms, CONFLICT, 1);
                }
            }
        }
        for (series, exemplar) in prepared.exemplars.drain(..) {
            let (id, labels) = (state.head.get(series).id, state.head.get(series).labels.clone());
            state.head.exemplars.push(id, &labels, exemplar);
        }
        for family in prepared.metadata.drain(..) {
            state.dirty_metadata.insert(family.family.clone());
            state.metadata.insert(family.family.clone(), family);
        }
        if conflicts > 0 {
            self.counters.conflicts.fetch_add(conflicts, Ordering::Relaxed);
        }
        accepted
    }

    /// The oldest time that is kept of a class.
    fn oldest_ms(&self, class: u16, now: i64) -> i64 {
        match self.classes.retention_ms(class) {
            0 => i64::MIN,
            retention => now.saturating_sub(retention),
        }
    }
}

const TOO_OLD: &str = "older than the retention";
const CONFLICT: &str = "another value of the same time was there first";

/// Histograms and exemplars; `of_series` has the refs and tells the oldest time kept.
fn prepare_rest(
    head: &Head,
    batch: &MetricBatch,
    of_series: (&[Option<Ref>], &dyn Fn(Ref) -> i64),
    out: &mut Batch,
    rejections: &mut Rejections,
) {
    let (refs, oldest) = of_series;
    let series_of = |index: u32| -> Option<(&BatchSeries, Ref)> {
        let index = index as usize;
        Some((batch.series.get(index)?, refs.get(index).copied().flatten()?))
    };
    for (index, t_ms, histogram) in &batch.histograms {
        let Some((series, found)) = series_of(*index) else { continue };
        if *t_ms < oldest(found) {
            rejections.add(&series.labels, *t_ms, TOO_OLD, 1);
            continue;
        }
        out.samples.push(Incoming {
            series: found,
            t_ms: *t_ms,
            value: histogram.sum,
            histogram: Some(Arc::new(histogram.clone())),
            start_ms: series.start_ms,
        });
    }
    for (index, exemplar) in &batch.exemplars {
        if let Some((series, found)) = series_of(*index)
            && head.exemplars.wants(&series.labels, exemplar)
        {
            out.exemplars.push((found, exemplar.clone()));
        }
    }
}
