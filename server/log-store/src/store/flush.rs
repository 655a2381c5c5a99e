//! From memory to partitions, in steps that a crash may fall between: cut the log, compress, write the files, commit
//! the manifest, show, drop the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::Labels;
use storage::{Change, Partition as Row};

use super::{Appender, DEMOTED_KEY, LogStore, encode_names, warn};
use crate::Result;
use crate::packing::{self, block_window};
use crate::partition::write::{Plan, Source, write};
use crate::partition::{Header, Partition};
use crate::rows::Rows;
use crate::tail::{Body, Pending};

/// One flush writes at most so many partitions of a class; what is older than the newest windows goes together.
const MAX_WINDOWS: usize = 8;

/// What a flush takes out of memory.
#[derive(Debug)]
pub(super) struct Cut {
    pending: Vec<Arc<Pending>>,
    /// The log segment that begins behind it.
    segment: u64,
    next_sequence: u64,
    demoted: Vec<String>,
    pub(super) failures: u64,
    raw: u64,
}

impl LogStore {
    /// Writes everything in memory to partitions and cuts the log.
    pub fn flush(&self) -> model::Result<()> {
        let _one = self.flushing.lock();
        Ok(self.flush_now()?)
    }

    /// With `flushing` held.
    pub(super) fn flush_now(&self) -> Result<()> {
        let cut = self.cut(&mut self.appender.lock())?;
        let failures = cut.failures;
        self.write_out(cut)?;
        let mut appender = self.appender.lock();
        appender.mended = appender.mended.max(failures);
        Ok(())
    }

    /// Flushes if the log has grown to its bound. Whoever comes while another one flushes goes on, until the log has
    /// twice that size: then the writers wait.
    pub(super) fn flush_if_big(&self) {
        let raw = || self.raw_in_log.load(Ordering::Relaxed);
        if raw() < self.config.flush_bytes {
            return;
        }
        let one = match self.flushing.try_lock() {
            Some(one) => one,
            None if raw() < 2 * self.config.flush_bytes => return,
            None => self.flushing.lock(),
        };
        if raw() >= self.config.flush_bytes
            && let Err(error) = self.flush_now()
        {
            // The lines are in the log; the next append or maintenance tries again.
            warn("cannot write a partition", &error);
        }
        drop(one);
    }

    /// Begins a log segment and closes all streams.
    pub(super) fn cut(&self, appender: &mut Appender) -> Result<Cut> {
        self.begin_segment(appender)?;
        let mut state = self.state.write();
        let mut pending = Vec::new();
        for (key, stream) in &mut state.streams {
            stream.close(key);
            pending.extend(stream.pending.iter().cloned());
        }
        Ok(Cut {
            pending,
            segment: appender.segment,
            next_sequence: appender.next_sequence,
            demoted: appender.demotion.names().to_vec(),
            failures: appender.failures,
            raw: self.raw_in_log.load(Ordering::Relaxed),
        })
    }

    /// The rest of a flush. After an error everything is as it was, but for files that a start removes.
    pub(super) fn write_out(&self, cut: Cut) -> Result<()> {
        let plans = self.plan(&cut);
        let mut rows: Vec<Row> = Vec::new();
        for plan in plans {
            match write(&self.shelf, &self.folder, plan) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    rows.iter().for_each(|row| self.discard(row));
                    return Err(error);
                }
            }
        }
        let new = self.open_new(&rows);
        // The state that the new segment begins with has to be on disk before the old segments are not.
        let committed = self.wal.flush().and_then(|()| {
            self.manifest.commit(&Change {
                add: rows.clone(),
                sealed_segment: Some(cut.segment - 1),
                id_high_water: Some(cut.next_sequence),
                put: vec![(DEMOTED_KEY.to_vec(), Some(encode_names(&cut.demoted)))],
                ..Change::default()
            })
        });
        if let Err(error) = committed {
            rows.iter().for_each(|row| self.discard(row));
            return Err(error.into());
        }
        self.show_partitions(&cut, new);
        self.raw_in_log.fetch_sub(cut.raw, Ordering::Relaxed);
        if let Err(error) = self.wal.drop_through(cut.segment - 1) {
            warn("cannot remove old log segments", &error.into());
        }
        Ok(())
    }

    fn show_partitions(&self, cut: &Cut, new: Vec<Arc<Partition>>) {
        let mut state = self.state.write();
        for stream in state.streams.values_mut() {
            stream.pending.retain(|pending| !cut.pending.iter().any(|done| Arc::ptr_eq(done, pending)));
        }
        state.streams.retain(|_, stream| {
            let keep = stream.is_active || !stream.chunks.is_empty() || !stream.pending.is_empty();
            stream.is_active = !stream.chunks.is_empty();
            keep
        });
        let mut partitions = state.partitions.to_vec();
        partitions.extend(new);
        state.partitions = Arc::new(partitions);
    }

    /// Opens partitions that were just written, with their word indexes.
    pub(super) fn open_new(&self, rows: &[Row]) -> Vec<Arc<Partition>> {
        let open = |row: &Row| {
            let partition = Arc::new(Partition::new(row.clone(), &self.folder, &self.shelf));
            if let Err(error) = partition.ensure_index() {
                warn("cannot build a word index", &error);
            }
            partition
        };
        rows.iter().map(open).collect()
    }

    /// Removes a partition's files that the manifest does not know.
    pub(super) fn discard(&self, row: &Row) {
        self.shelf.pool.forget(&self.folder.join(&row.path));
        if let Err(error) = self.manifest.unlink(&row.path) {
            warn("cannot remove a partition's files; the next start does", &error.into());
        }
    }

    fn plan(&self, cut: &Cut) -> Vec<Plan> {
        let mut tiny: BTreeMap<Arc<str>, BTreeMap<Labels, Vec<Arc<Rows>>>> = BTreeMap::new();
        let mut blocks: BTreeMap<Arc<str>, Vec<Source>> = BTreeMap::new();
        for pending in &cut.pending {
            if pending.bytes >= self.config.block_bytes / 2 {
                self.compress(pending);
            }
            let class = Arc::clone(&pending.key.class);
            match &*pending.body.read() {
                Body::Blocks(done) => {
                    let sources = done.iter().map(|block| Source::Memory(Arc::clone(&block.sealed)));
                    blocks.entry(class).or_default().extend(sources);
                }
                Body::Rows(rows) => {
                    let streams = tiny.entry(class).or_default();
                    streams.entry(pending.key.labels.clone()).or_default().extend(rows.iter().cloned());
                }
            }
        }
        for (class, streams) in tiny {
            let packed = packing::pack(streams.into_iter().collect(), &self.config);
            let sources = packed.into_iter().map(|block| Source::Memory(Arc::new(block)));
            blocks.entry(class).or_default().extend(sources);
        }
        let header = Header {
            sealed_segment: 0,
            max_sequence: cut.next_sequence,
            supersedes: Vec::new(),
            demoted: cut.demoted.clone(),
        };
        let mut plans: Vec<Plan> =
            blocks.into_iter().flat_map(|(class, blocks)| self.plan_class(&class, blocks, &header)).collect();
        // Only the last one may speak for the log: a rebuilt manifest must not believe it before all are there.
        if let Some(last) = plans.last_mut() {
            last.header.sealed_segment = cut.segment - 1;
        }
        plans
    }

    /// One plan for each window that the blocks of a class lie in.
    pub(super) fn plan_class(&self, class: &str, blocks: Vec<Source>, header: &Header) -> Vec<Plan> {
        let window = |block: &Source| block_window(block.head(), &self.config);
        let windows: BTreeSet<i64> = blocks.iter().filter_map(window).collect();
        let oldest = windows.iter().rev().nth(MAX_WINDOWS - 2).copied();
        let mut by_window: BTreeMap<Option<i64>, Vec<Source>> = BTreeMap::new();
        for block in blocks {
            let own = window(&block).filter(|window| oldest.is_none_or(|oldest| *window >= oldest));
            by_window.entry(own).or_default().push(block);
        }
        let plan = |blocks: Vec<Source>| {
            let start = blocks.iter().map(|block| block.head().min()).min().unwrap_or(0);
            let number = self.next_partition.fetch_add(1, Ordering::Relaxed);
            let path = format!("{class}/{}-{number}.redb", start.div_euclid(1_000_000_000));
            Plan { path, class: class.to_owned(), header: header.clone(), blocks }
        };
        by_window.into_values().map(plan).collect()
    }
}
