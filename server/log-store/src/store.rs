//! The log store: a log for what arrived last, partitions for the rest, one view over both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{Clock, TailCursor};
use parking_lot::{Mutex, RwLock};
use storage::{Disk, Manifest, Wal};

use crate::demotion::Demotion;
use crate::partition::{Partition, Shelf};
use crate::probe::Probes;
use crate::record::Record;
use crate::tail::{Body, MemoryBlock, Pending, State};
use crate::{Config, Result, packing};

mod append;
mod erase;
mod flush;
mod maintain;
mod merge;
mod open;

/// Keeps log lines. See the crate's documentation for the way of a line.
pub struct LogStore {
    config: Config,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    shelf: Arc<Shelf>,
    manifest: Manifest,
    wal: Wal,
    pub(crate) state: RwLock<State>,
    /// Orders appends. Taken after `flushing`, before `state`.
    appender: Mutex<Appender>,
    /// One flush or merge at a time.
    flushing: Mutex<()>,
    /// One change of the requests to delete at a time. Taken after `flushing`, before `appender`.
    erasing: Mutex<()>,
    probes: Probes,
    /// Raw bytes of lines that only the log has.
    raw_in_log: AtomicU64,
    appended: AtomicU64,
    next_partition: AtomicU64,
    warnings: Vec<String>,
}

impl std::fmt::Debug for LogStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What orders appends.
#[derive(Debug)]
struct Appender {
    demotion: Demotion,
    cursors: BTreeMap<String, TailCursor>,
    next_sequence: u64,
    /// The segment that records go into.
    segment: u64,
    /// What the appender knows is in no record yet: the next append begins a segment.
    wants_state: bool,
    /// Times that the log lost what it had not acknowledged …
    failures: u64,
    /// … and how many of them are made good: everything in memory was written to partitions since.
    mended: u64,
}

impl Appender {
    /// What a segment begins with.
    fn state_record(&self) -> Vec<u8> {
        let record = Record {
            is_state: true,
            next_sequence: self.next_sequence,
            demoted: self.demotion.names().to_vec(),
            cursors: self.cursors.values().cloned().collect(),
            sections: Vec::new(),
        };
        record.encode()
    }

    fn keep_cursor(&mut self, cursor: &TailCursor) {
        if cursor.gone {
            self.cursors.remove(&cursor.key);
        } else {
            self.cursors.insert(cursor.key.clone(), cursor.clone());
        }
    }
}

impl LogStore {
    /// Opens the store in `folder`, or makes one.
    pub fn open(
        folder: &Path,
        config: Config,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
    ) -> model::Result<Self> {
        open::open(folder, config, clock, disk)
    }

    /// What the start found wrong, for people: damaged log segments, missing partitions.
    pub fn start_warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Makes everything durable.
    pub fn close(&self) -> model::Result<()> {
        Ok(self.wal.flush()?)
    }

    /// Whether lines can be written: the error of the last attempt, if it failed.
    pub fn health(&self) -> model::Result<()> {
        Ok(self.wal.health()?)
    }

    /// Bytes on disk: partitions, their indexes, log, manifest.
    fn disk_bytes(&self) -> u64 {
        let partitions: u64 =
            self.state.read().partitions.iter().map(|p| p.row.bytes + self.index_bytes(p)).sum();
        partitions + self.wal.disk_bytes() + self.manifest.bytes()
    }

    fn index_bytes(&self, partition: &Partition) -> u64 {
        let files = self.shelf.disk.list(&partition.index_dir()).unwrap_or_default();
        files.iter().map(|file| file.len).sum()
    }

    pub(crate) fn numbers(&self) -> model::LogStats {
        let mut stats =
            model::LogStats { appended_entries: self.appended.load(Ordering::Relaxed), ..Default::default() };
        {
            let state = self.state.read();
            let mut streams = rustc_hash::FxHashSet::default();
            for (key, stream) in &state.streams {
                streams.insert(key.labels.clone());
                stats.entries += stream.chunks.iter().map(|rows| rows.len() as u64).sum::<u64>();
                stats.bytes += stream.bytes as u64;
                for pending in &stream.pending {
                    stats.bytes += pending.bytes as u64;
                    stats.entries += match &*pending.body.read() {
                        Body::Rows(rows) => rows.iter().map(|rows| rows.len() as u64).sum(),
                        Body::Blocks(blocks) => blocks.iter().map(|b| b.sealed.head.entries()).sum::<u64>(),
                    };
                }
            }
            for partition in state.partitions.iter() {
                let mut reader = crate::codec::Reader(&partition.row.extra);
                stats.blocks += reader.varint().unwrap_or(0);
                stats.bytes += reader.varint().unwrap_or(0);
                stats.entries += partition.row.items;
                if let Ok(directory) = partition.directory() {
                    streams.extend(directory.streams.iter().cloned());
                }
            }
            stats.streams = streams.len() as u64;
        }
        stats.disk_bytes = self.disk_bytes();
        stats
    }

    /// Compresses what waits, if it is not compressed yet.
    fn compress(&self, pending: &Pending) {
        let Body::Rows(rows) = pending.body.read().clone() else { return };
        let blocks = packing::pack_stream(&pending.key.labels, &rows, &self.config);
        let blocks = blocks.into_iter().map(|block| Arc::new(MemoryBlock::new(block))).collect();
        *pending.body.write() = Body::Blocks(blocks);
    }
}

/// Turns an error into words for the log, with what was tried.
pub(crate) fn warn(what: &str, error: &crate::Error) {
    tracing::warn!(%error, "{what}");
}

/// Puts the names of demoted labels under their key of the manifest.
const DEMOTED_KEY: &[u8] = b"demoted";

/// Puts the requests to delete under their key of the manifest.
const DELETIONS_KEY: &[u8] = b"deletions";

fn encode_names(names: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    names.iter().for_each(|name| crate::codec::put_bytes(&mut out, name.as_bytes()));
    out
}

fn decode_names(bytes: &[u8]) -> Result<Vec<String>> {
    let (mut reader, mut names) = (crate::codec::Reader(bytes), Vec::new());
    while !reader.is_empty() {
        names.push(reader.text()?.to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
