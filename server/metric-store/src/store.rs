//! The store: what is shared by those who append, query and maintain.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use model::{Clock, Metadata};
use parking_lot::{Condvar, Mutex, RwLock};
use storage::{Disk, Manifest, PartitionPool, Wal};

use crate::config::{Classes, Config};
use crate::head::{Head, Ref};
use crate::partition::{IndexCache, PartitionFile};
use crate::record::{Batch, KnownShapes, Repeat, encode_state};
use crate::tombstones::Tombstone;
use crate::{Error, Result};

mod append;
mod labels;
mod merge;
mod open;
mod retain;
mod seal;

/// Metrics of one data folder. Appends and queries go on while one thread maintains.
pub struct MetricStore {
    config: Config,
    classes: Classes,
    clock: Arc<dyn Clock>,
    disk: Arc<dyn Disk>,
    manifest: Arc<Manifest>,
    pool: Arc<PartitionPool>,
    cache: Arc<IndexCache>,
    wal: Wal,
    state: RwLock<State>,
    upkeep: Mutex<Upkeep>,
    /// Something is due: appenders tell who waits in [`MetricStore::wait_for_maintenance`].
    due: Mutex<bool>,
    due_changed: Condvar,
    closed: AtomicBool,
    counters: Counters,
    notes: Vec<String>,
}

impl std::fmt::Debug for MetricStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MetricStore").field(&self.manifest.folder()).finish()
    }
}

/// A partition, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Its path below the store's folder.
    pub path: String,
    /// Time of its first sample, ms.
    pub first_ms: i64,
    /// Time of its last sample, ms.
    pub last_ms: i64,
    /// Its series.
    pub series: u64,
    /// Its samples.
    pub samples: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The partitions that were merged into it.
    pub merged: Vec<String>,
}

#[derive(Debug, Default)]
struct Counters {
    appended: AtomicU64,
    conflicts: AtomicU64,
}

/// What appends change and queries see.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) head: Head,
    shapes: KnownShapes,
    /// Series that the open segment does not define yet.
    undefined: Vec<Ref>,
    /// Whether this process began a segment already.
    segment_begun: bool,
    /// Bytes of state in the open segment.
    state_bytes: u64,
    /// In ascending order.
    pub(crate) partitions: Arc<Vec<Arc<PartitionFile>>>,
    pub(crate) tombstones: Arc<Vec<Tombstone>>,
    metadata: BTreeMap<String, Metadata>,
    /// Families whose metadata is in the log only.
    dirty_metadata: BTreeSet<String>,
    batch: Batch,
}

/// What maintenance alone knows.
#[derive(Debug)]
struct Upkeep {
    /// Names files and orders partitions; never given out twice.
    next_number: u64,
    /// A seal that has begun: its samples are frozen.
    sealing: Option<Sealing>,
    /// Windows before this were sealed.
    sealed_before: i64,
    /// Partitions that cannot be merged: something in them is damaged.
    unmergeable: BTreeSet<String>,
}

#[derive(Debug)]
struct Sealing {
    /// The segment that does not hold the frozen samples, once it has begun.
    segment: Option<u64>,
}

impl MetricStore {
    /// Opens the store in `folder`, or makes it: replays the log, checks the partitions.
    pub fn open(folder: &Path, config: Config, clock: Arc<dyn Clock>, disk: Arc<dyn Disk>) -> Result<Self> {
        open::open(folder, config, clock, disk)
    }

    /// What the start found amiss, for people: a torn log, partitions that are missing.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Does what is due at the clock's time: seals, merges, forgets what is beyond its retention. Returns whether
    /// more is due at once. Call it every few seconds, and when [`MetricStore::wait_for_maintenance`] says so.
    pub fn maintain(&self) -> Result<bool> {
        let mut upkeep = self.upkeep.lock();
        *self.due.lock() = false;
        let now = self.clock.now_ms();
        self.retain(now)?;
        self.seal_if_due(&mut upkeep, now)?;
        self.merge_if_due(&mut upkeep, now)
    }

    /// Blocks until maintenance is due, `timeout` passes or the store closes. True if it is due.
    pub fn wait_for_maintenance(&self, timeout: Duration) -> bool {
        let mut due = self.due.lock();
        if !*due && !self.closed.load(Ordering::Acquire) {
            self.due_changed.wait_for(&mut due, timeout);
        }
        *due
    }

    /// Makes everything durable and takes no more. Everything is there again after the next open.
    pub fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        self.due_changed.notify_all();
        // An append that runs holds the lock: it is part of what is synced.
        drop(self.state.write());
        Ok(self.wal.flush()?)
    }

    /// Whether samples can be written: the error of the last attempt, if it failed.
    pub fn health(&self) -> Result<()> {
        self.check_open()?;
        Ok(self.wal.health()?)
    }

    /// The partitions on disk, in the order of their windows.
    pub fn partitions(&self) -> Vec<PartitionInfo> {
        let partitions = self.state.read().partitions.clone();
        let info = |file: &Arc<PartitionFile>| PartitionInfo {
            path: file.path.clone(),
            first_ms: file.summary.bounds.0,
            last_ms: file.summary.bounds.1,
            series: file.summary.series,
            samples: file.summary.samples,
            bytes: file.bytes,
            merged: file.summary.supersedes.clone(),
        };
        partitions.iter().map(info).collect()
    }

    /// Samples that were rejected because another value of the same time was there first.
    pub fn conflicts(&self) -> u64 {
        self.counters.conflicts.load(Ordering::Relaxed)
    }

    /// Writes the head's samples to partitions, those of open windows too.
    pub fn seal_all(&self) -> Result<()> {
        self.seal(&mut self.upkeep.lock(), None, &[])
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(storage::Error::Unavailable("the metric store is closed".into()).into());
        }
        Ok(())
    }

    /// Begins a segment of the log if it wants one.
    fn ensure_segment(&self, state: &mut State) -> Result<()> {
        if !self.wal.wants_segment() {
            return Ok(());
        }
        // The first segment of a process follows those it replayed; any other follows a failure that lost some.
        let repeat = if state.segment_begun { Repeat::Everything } else { Repeat::Nothing };
        self.begin_segment(state, repeat).map(|_| ())
    }

    fn begin_segment(&self, state: &mut State, repeat: Repeat) -> Result<u64> {
        let dirty: Vec<Metadata> =
            state.dirty_metadata.iter().filter_map(|family| state.metadata.get(family)).cloned().collect();
        let records = encode_state(&state.head, repeat, &dirty);
        state.state_bytes = records.iter().map(|record| record.len() as u64).sum();
        let segment = self.wal.begin_segment(records)?;
        state.segment_begun = true;
        state.shapes.clear();
        state.undefined.clear();
        Ok(segment)
    }

    fn announce_due(&self) {
        let mut due = self.due.lock();
        if !*due {
            *due = true;
            self.due_changed.notify_all();
        }
    }

    fn damaged(what: &str, why: impl ToString) -> Error {
        Error::Damaged { partition: "meta.redb".into(), what: what.into(), why: why.to_string() }
    }
}
