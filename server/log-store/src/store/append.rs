//! Taking lines in.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{Appended, Entry, Labels, LogBatch, LogSink, StreamEntries, TailCursor};
use rustc_hash::{FxHashMap, FxHashSet};
use storage::wal::Ticket;

use super::{Appender, LogStore, warn};
use crate::partition::Partition;
use crate::probe::{Late, Wanted};
use crate::record::{Record, Section};
use crate::rows::{Extra, Rows};
use crate::tail::{Body, Pending, StreamKey, entry_hash, hash_rows, rows_hold};
use crate::{Error, Result};

impl LogSink for LogStore {
    fn append(&self, batch: &LogBatch) -> model::Result<Appended> {
        let lines = batch.streams.iter().flat_map(|stream| &stream.entries);
        let bytes: u64 = lines.map(|entry| entry.line.len() as u64 + 16).sum();
        let max = self.config.max_batch_bytes;
        if bytes > max {
            return Err(model::Error::new(
                model::ErrorKind::Limit,
                format!("a batch has {bytes} bytes of lines, the bound is {max}: send it in smaller ones"),
            ));
        }
        self.make_room_for(batch)?;
        let (ticket, full) = self.append_ordered(batch)?;
        full.iter().for_each(|pending| self.compress(pending));
        self.flush_if_big();
        let accepted = batch.streams.iter().map(|stream| stream.entries.len() as u64).sum();
        Ok(Appended { accepted, rejected: Vec::new(), commit: ticket.into() })
    }

    fn cursors(&self) -> model::Result<Vec<TailCursor>> {
        Ok(self.appender.lock().cursors.values().cloned().collect())
    }
}

impl LogStore {
    /// Erases first what a request to delete covers and this batch brings again: it would be taken for kept already.
    fn make_room_for(&self, batch: &LogBatch) -> Result<()> {
        let erasers = self.waiting_erasers();
        let is_covered = |stream: &StreamEntries, entry: &Entry| {
            let covers =
                |e: &Arc<crate::eraser::Eraser>| e.covers(&stream.labels, entry.t_ns, 0, &entry.line);
            erasers.iter().any(covers)
        };
        let comes_again = !erasers.is_empty()
            && batch
                .streams
                .iter()
                .any(|stream| stream.entries.iter().any(|entry| is_covered(stream, entry)));
        if comes_again { self.erase_waiting() } else { Ok(()) }
    }

    /// The part of an append that has an order: log, then memory.
    fn append_ordered(&self, batch: &LogBatch) -> Result<(Ticket, Vec<Arc<Pending>>)> {
        let mut appender = self.appender.lock();
        self.make_ready(&mut appender)?;
        let before = appender.demotion.names().len();
        for stream in &batch.streams {
            appender.demotion.observe(&stream.labels);
        }
        let mut building = Building { next_sequence: appender.next_sequence, ..Building::default() };
        for stream in &batch.streams {
            self.collect(&appender, stream, &mut building)?;
        }
        let demoted = appender.demotion.names();
        let mut record = Record {
            is_state: false,
            next_sequence: building.next_sequence,
            demoted: if demoted.len() > before { demoted.to_vec() } else { Vec::new() },
            cursors: batch.cursors.clone(),
            sections: building.sections,
        };
        record.sections.retain(|section| section.rows.len() > 0);
        let ticket = match self.wal.append(&record.encode()) {
            Ok(ticket) => ticket,
            Err(error) => {
                if demoted.len() > before {
                    // The names are in no record yet: the next segment's state has them.
                    appender.wants_state = true;
                }
                return Err(error.into());
            }
        };
        appender.next_sequence = record.next_sequence;
        record.cursors.iter().for_each(|cursor| appender.keep_cursor(cursor));
        Ok((ticket, self.show(record.sections, record.next_sequence)))
    }

    /// Makes rows visible. Returns what is full.
    fn show(&self, sections: Vec<Section>, next_sequence: u64) -> Vec<Arc<Pending>> {
        let now_ms = self.clock.now_ms();
        let (mut full, mut raw, mut count) = (Vec::new(), 0, 0);
        let mut state = self.state.write();
        for section in sections {
            raw += section.rows.bytes() as u64;
            count += section.rows.len() as u64;
            let key = StreamKey { class: section.class.into(), labels: section.labels };
            full.extend(state.push(key, section.rows, now_ms, self.config.block_bytes));
        }
        state.next_sequence = next_sequence;
        drop(state);
        self.raw_in_log.fetch_add(raw, Ordering::Relaxed);
        self.appended.fetch_add(count, Ordering::Relaxed);
        full
    }

    /// Begins a log segment where one is due. After a failure of the log everything in memory goes to partitions
    /// first: a line that is sent again must not be taken for durable because it is in memory.
    pub(super) fn make_ready(&self, appender: &mut Appender) -> Result<()> {
        if appender.wants_state || self.wal.wants_segment() {
            self.begin_segment(appender)?;
        }
        if appender.failures > appender.mended {
            let Some(_one) = self.flushing.try_lock() else {
                return Err(Error::Unavailable("the log recovers from a failure of the disk".into()));
            };
            let cut = self.cut(appender)?;
            let failures = cut.failures;
            self.write_out(cut)?;
            appender.mended = failures;
        }
        Ok(())
    }

    pub(super) fn begin_segment(&self, appender: &mut Appender) -> Result<()> {
        let is_expected = self.wal.open_segment() == appender.segment;
        appender.segment = self.wal.begin_segment([appender.state_record()])?;
        appender.wants_state = false;
        if !is_expected {
            appender.failures += 1;
        }
        Ok(())
    }

    /// Sorts the entries of a stream into sections, leaving out what is there already.
    fn collect(&self, appender: &Appender, stream: &StreamEntries, building: &mut Building) -> Result<()> {
        let (labels, demoted) = appender.demotion.split(&stream.labels);
        let forms = match demoted.is_empty() {
            true => Vec::new(),
            false => appender.demotion.forms(&stream.labels),
        };
        let class = self.config.class_of(&stream.labels);
        let key = StreamKey { class: class.into(), labels };
        let at = building.section(&key);
        let kept = self.kept_among(&key, &stream.entries, (&demoted, &forms))?;
        for (i, entry) in stream.entries.iter().enumerate() {
            let wanted = Wanted { time: entry.t_ns, line: &entry.line, demoted: &demoted };
            if kept.get(i).is_some_and(|kept| *kept) || building.holds(at, wanted) {
                continue;
            }
            building.push(at, entry, &demoted);
        }
        Ok(())
    }

    /// Which of the entries are kept already; empty if none is. Nobody is asked about those whose time is newer than
    /// all that is there.
    fn kept_among(
        &self,
        key: &StreamKey,
        entries: &[Entry],
        (demoted, forms): (&Labels, &[(Labels, Labels)]),
    ) -> Result<Vec<bool>> {
        let mut bounds = self.bounds(key);
        let everything = if forms.is_empty() { bounds.stored.max(bounds.memory) } else { i64::MAX };
        let mut late: Vec<(usize, Late<'_>)> = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.t_ns <= everything)
            .map(|(i, entry)| (i, Wanted { time: entry.t_ns, line: &entry.line, demoted }))
            .map(|(i, wanted)| (i, Late { wanted, found: false }))
            .collect();
        if late.is_empty() {
            return Ok(Vec::new());
        }
        late.sort_by_key(|(_, late)| late.wanted.time);
        let (places, mut late): (Vec<usize>, Vec<Late<'_>>) = late.into_iter().unzip();
        let reaching = |late: &[Late<'_>], bound: i64| late.partition_point(|late| late.wanted.time <= bound);
        let of_memory = reaching(&late, bounds.memory);
        self.find_in_memory(key, &mut late[..of_memory])?;
        if !bounds.is_exact && late.iter().any(|late| !late.found && late.wanted.time <= everything) {
            bounds.stored = self.refine_bound(key, late[0].wanted.time)?;
        }
        let of_partitions = reaching(&late, bounds.stored.max(bounds.memory));
        self.find_stored(&key.labels, &mut late[..of_partitions])?;
        self.find_otherwise(key, forms, &mut late)?;
        let mut kept = vec![false; entries.len()];
        for (place, late) in places.into_iter().zip(late) {
            kept[place] = late.found;
        }
        Ok(kept)
    }

    fn bounds(&self, key: &StreamKey) -> Bounds {
        let state = self.state.read();
        let newest = || state.partitions.iter().map(|partition| partition.row.end).max().unwrap_or(i64::MIN);
        let stream = state.streams.get(key);
        let exact = stream.and_then(|stream| stream.stored_max);
        Bounds {
            memory: stream.map_or(i64::MIN, |stream| stream.max),
            stored: exact.unwrap_or_else(newest),
            is_exact: exact.is_some(),
        }
    }

    fn refine_bound(&self, key: &StreamKey, time: i64) -> Result<i64> {
        let partitions = Arc::clone(&self.state.read().partitions);
        let bound = stored_bound(&partitions, &key.labels, time)?;
        if let Some(stream) = self.state.write().streams.get_mut(key) {
            stream.stored_max = Some(bound);
        }
        Ok(bound)
    }

    /// Finds those that were kept before one of their labels was demoted.
    fn find_otherwise(
        &self,
        key: &StreamKey,
        forms: &[(Labels, Labels)],
        late: &mut [Late<'_>],
    ) -> Result<()> {
        for (labels, demoted) in forms.iter().filter(|(labels, _)| *labels != key.labels) {
            let key = StreamKey { class: Arc::clone(&key.class), labels: labels.clone() };
            let wanted = late.iter().map(|late| Wanted { demoted, ..late.wanted });
            let mut otherwise: Vec<Late<'_>> = wanted.map(|wanted| Late { wanted, found: false }).collect();
            self.find_in_memory(&key, &mut otherwise)?;
            self.find_stored(labels, &mut otherwise)?;
            for (late, otherwise) in late.iter_mut().zip(otherwise) {
                late.found |= otherwise.found;
            }
        }
        Ok(())
    }

    /// Finds those of one stream, sorted by time, that are in memory.
    fn find_in_memory(&self, key: &StreamKey, late: &mut [Late<'_>]) -> Result<()> {
        if late.is_empty() {
            return Ok(());
        }
        let mut state = self.state.write();
        let Some(stream) = state.streams.get_mut(key) else { return Ok(()) };
        for late in late.iter_mut() {
            let Wanted { time, line, demoted } = late.wanted;
            late.found = time <= stream.max && stream.holds_raw(time, line, demoted);
        }
        let pending = stream.pending.clone();
        drop(state);
        for pending in pending {
            let Body::Blocks(blocks) = pending.body.read().clone() else { continue };
            for block in &blocks {
                self.probes.find_in_memory(block, late)?;
            }
        }
        Ok(())
    }

    /// Finds those of one stream, sorted by time, that are in partitions.
    fn find_stored(&self, labels: &Labels, late: &mut [Late<'_>]) -> Result<()> {
        if late.iter().all(|late| late.found) {
            return Ok(());
        }
        let partitions = Arc::clone(&self.state.read().partitions);
        for partition in partitions.iter() {
            match self.probes.find_in_partition(partition, labels, late) {
                Ok(()) => {}
                // A damaged block cannot say: keeping a line twice is better than refusing it for ever.
                Err(error) if error.kind() == model::ErrorKind::Corrupt => {
                    warn("cannot look for a line", &error)
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The new rows of a batch.
#[derive(Debug, Default)]
struct Building {
    sections: Vec<Section>,
    seen: Vec<Option<FxHashSet<u64>>>,
    by_key: FxHashMap<StreamKey, usize>,
    next_sequence: u64,
}

impl Building {
    fn section(&mut self, key: &StreamKey) -> usize {
        *self.by_key.entry(key.clone()).or_insert_with(|| {
            let (class, labels) = (key.class.to_string(), key.labels.clone());
            self.sections.push(Section { class, labels, rows: Rows::default() });
            self.seen.push(None);
            self.sections.len() - 1
        })
    }

    fn holds(&mut self, at: usize, wanted: Wanted<'_>) -> bool {
        let rows = &self.sections[at].rows;
        if wanted.time > rows.max || rows.len() == 0 {
            return false;
        }
        let seen = self.seen[at].get_or_insert_with(|| {
            let mut seen = FxHashSet::default();
            hash_rows(rows, &mut seen);
            seen
        });
        seen.contains(&entry_hash(wanted.time, wanted.line, wanted.demoted))
            && rows_hold(rows, wanted.time, wanted.line, wanted.demoted)
    }

    fn push(&mut self, at: usize, entry: &Entry, demoted: &Labels) {
        if let Some(seen) = &mut self.seen[at] {
            seen.insert(entry_hash(entry.t_ns, &entry.line, demoted));
        }
        let rows = &mut self.sections[at].rows;
        if demoted.is_empty() && entry.metadata.is_empty() {
            rows.push(entry.t_ns, self.next_sequence, &entry.line, None);
        } else {
            let extra = Extra { demoted: demoted.clone(), metadata: entry.metadata.clone() };
            rows.push(entry.t_ns, self.next_sequence, &entry.line, Some(&extra));
        }
        self.next_sequence += 1;
    }
}

/// Up to which times a stream's entries have to be looked for.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// The newest that came through memory.
    memory: i64,
    /// The newest that partitions had when the bound was made.
    stored: i64,
    is_exact: bool,
}

/// The newest time that partitions have of a stream, or a bound of it below `time`.
fn stored_bound(partitions: &[Arc<Partition>], labels: &Labels, time: i64) -> Result<i64> {
    let mut bound = i64::MIN;
    for partition in partitions {
        if partition.row.end < time {
            bound = bound.max(partition.row.end);
            continue;
        }
        let directory = match partition.directory() {
            Ok(directory) => directory,
            Err(error) if error.kind() == model::ErrorKind::Corrupt => {
                bound = bound.max(partition.row.end);
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some(stream) = directory.stream(labels) else { continue };
        let runs = directory.blocks.iter().flat_map(|block| &block.runs);
        bound = runs.filter(|run| run.stream == stream).map(|run| run.max).fold(bound, i64::max);
    }
    Ok(bound)
}
