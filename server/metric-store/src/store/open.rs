//! Opening a store: manifest, partitions, log.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use model::{Clock, Labels, Metadata};
use parking_lot::{Condvar, Mutex, RwLock};
use storage::manifest::Rebuilt;
use storage::{Change, Disk, Manifest, PartitionPool, Wal, WalOptions};

use super::{Counters, MetricStore, State, Upkeep};
use crate::config::{Classes, Config};
use crate::head::{Head, Incoming};
use crate::partition::{self, IndexCache, PartitionFile};
use crate::record::{self, Batch, Ids, Replayed, ReplayedShapes};
use crate::schema::{METADATA, TOMBSTONES};
use crate::tombstones::Tombstone;
use crate::varint::Reader;
use crate::{Error, Result};

/// The log's folder.
const WAL_FOLDER: &str = "wal";

pub(super) fn open(
    folder: &Path,
    config: Config,
    clock: Arc<dyn Clock>,
    disk: Arc<dyn Disk>,
) -> Result<MetricStore> {
    let classes = Classes::new(&config)?;
    let mut notes = Vec::new();
    let manifest = Arc::new(open_manifest(folder, &disk, &mut notes)?);
    let pool = PartitionPool::new(Arc::clone(&disk), config.page_cache_bytes, config.max_open_partitions);
    let (pool, cache) = (Arc::new(pool), Arc::new(IndexCache::new(config.index_cache_bytes)));
    let mut state = State::default();
    let mut partitions = Vec::new();
    for row in manifest.partitions().values() {
        partitions.push(Arc::new(PartitionFile::new(row, &manifest, &pool, &cache)?));
    }
    partitions.sort_by_key(|p| (p.summary.order, p.summary.window));
    let max_id = partitions.iter().map(|p| p.summary.max_id).max().unwrap_or(0);
    state.head.next_id = manifest.id_high_water().max(max_id) + 1;
    read_metadata(&manifest, &mut state)?;
    let tombstones = read_tombstones(&manifest)?;
    let next_number = next_number(&partitions, &tombstones);
    state.tombstones = Arc::new(tombstones);
    state.partitions = Arc::new(partitions);
    let wal = open_wal(folder, (&disk, &manifest), &config, &classes, (&mut state, &mut notes))?;
    for note in &notes {
        tracing::warn!("{note}");
    }
    Ok(MetricStore {
        config,
        classes,
        clock,
        disk,
        manifest,
        pool,
        cache,
        wal,
        state: RwLock::new(state),
        upkeep: Mutex::new(Upkeep {
            next_number,
            sealing: None,
            sealed_before: i64::MIN,
            unmergeable: BTreeSet::new(),
        }),
        due: Mutex::new(false),
        due_changed: Condvar::new(),
        closed: AtomicBool::new(false),
        counters: Counters::default(),
        notes,
    })
}

fn open_manifest(folder: &Path, disk: &Arc<dyn Disk>, notes: &mut Vec<String>) -> Result<Manifest> {
    let describer = PartitionPool::new(Arc::clone(disk), 1 << 20, 1);
    let mut describe = |path: &Path| {
        let opened = describer.open(path)?;
        let summary = partition::describe(&opened)
            .map_err(|why| storage::Error::corrupt(path, format!("its root: {why}")))?;
        let row = summary.to_row(String::new(), 0);
        Ok(Rebuilt { partition: row, supersedes: summary.supersedes, put: Vec::new() })
    };
    let (manifest, report) = Manifest::open(Arc::clone(disk), folder, &mut describe)?;
    if let Some(why) = report.rebuilt {
        notes.push(format!("the manifest of metrics was made anew from the partitions: {why}"));
    }
    for path in report.removed {
        notes.push(format!("removed {}: no partition that is known", path.display()));
    }
    for (path, why) in report.unreadable {
        notes.push(format!("{} is set aside, its samples are missing: {why}", path.display()));
    }
    let mut missing = Vec::new();
    for row in report.missing {
        notes.push(format!(
            "partition {} is missing: {} samples from {} to {} (ms) are gone",
            row.path, row.items, row.start, row.end
        ));
        missing.push(row.path);
    }
    if !missing.is_empty() {
        manifest.commit(&Change { remove: missing, ..Change::default() })?;
    }
    Ok(manifest)
}

/// Above all numbers that name files, order partitions or bound tombstones.
fn next_number(partitions: &[Arc<PartitionFile>], tombstones: &[Tombstone]) -> u64 {
    let of_path =
        |path: &str| -> Option<u64> { path.strip_suffix(".redb")?.rsplit('-').next()?.parse().ok() };
    let numbers = partitions.iter().flat_map(|p| [p.summary.order, of_path(&p.path).unwrap_or(0)]);
    numbers.chain(tombstones.iter().map(|t| t.before_order)).max().unwrap_or(0) + 1
}

fn read_metadata(manifest: &Manifest, state: &mut State) -> Result<()> {
    for (_, value) in manifest.scan(METADATA)? {
        let families = record::metadata(&mut Reader::new(&value))
            .ok_or_else(|| MetricStore::damaged("metadata", "it does not decode"))?;
        state.metadata.extend(families.into_iter().map(|family| (family.family.clone(), family)));
    }
    Ok(())
}

fn read_tombstones(manifest: &Manifest) -> Result<Vec<Tombstone>> {
    manifest.scan(TOMBSTONES)?.iter().map(|(_, value)| Tombstone::decode(value)).collect()
}

fn open_wal(
    folder: &Path,
    (disk, manifest): (&Arc<dyn Disk>, &Manifest),
    config: &Config,
    classes: &Classes,
    (state, notes): (&mut State, &mut Vec<String>),
) -> Result<Wal> {
    let dir = folder.join(WAL_FOLDER);
    // Segments end when the head is sealed, or at a failure.
    let options =
        WalOptions { segment_bytes: u64::MAX, group: config.commit_interval, ..WalOptions::default() };
    let from = manifest.sealed_segment() + 1;
    let mut replay = Replay::default();
    let class_of = |labels: &Labels| classes.of(labels);
    let mut on_record = |record: storage::wal::Record<'_>| {
        if !replay.apply(state, record.payload, &class_of) {
            notes.push(format!(
                "a record of the metrics log makes no sense and is skipped (segment {}, offset {})",
                record.segment, record.offset
            ));
        }
        Ok(())
    };
    let (wal, report) = Wal::open(Arc::clone(disk), &dir, options, from, &mut on_record)?;
    for damage in report.damage {
        notes.push(format!(
            "{}: {} bytes from offset {} on are lost: {}",
            damage.path.display(),
            damage.bytes,
            damage.offset,
            damage.what
        ));
    }
    if from > 1 {
        wal.drop_through(from - 1)?;
    }
    Ok(wal)
}

/// What replaying records needs beyond the head.
#[derive(Debug, Default)]
struct Replay {
    ids: Ids,
    shapes: ReplayedShapes,
}

impl Replay {
    /// False if the record makes no sense.
    fn apply(&mut self, state: &mut State, payload: &[u8], class_of: &dyn Fn(&Labels) -> u16) -> bool {
        match record::decode(payload, &mut state.head, &mut self.ids, &mut self.shapes, class_of) {
            None => return false,
            Some(Replayed::Batch(batch)) => apply_batch(state, batch),
            Some(Replayed::State(part)) => {
                for one in part.series {
                    for run in &one.runs {
                        insert_run(&mut state.head, one.series, run);
                    }
                    state.head.get_mut(one.series).last = one.last;
                }
                push_exemplars(state, part.exemplars);
                push_metadata(state, part.metadata);
            }
        }
        true
    }
}

fn apply_batch(state: &mut State, batch: Batch) {
    for incoming in batch.samples {
        state.head.insert(incoming);
    }
    push_exemplars(state, batch.exemplars);
    push_metadata(state, batch.metadata);
}

fn insert_run(head: &mut Head, series: u32, run: &crate::chunk::Run) {
    let mut histograms = run.histograms.iter().peekable();
    for (i, (&t_ms, &value)) in run.times.iter().zip(&run.values).enumerate() {
        let histogram = histograms.next_if(|(at, _)| *at as usize == i).map(|(_, h)| Arc::clone(h));
        let at = run.starts.partition_point(|(at, _)| *at as usize <= i);
        let start_ms = at.checked_sub(1).map_or(0, |at| run.starts[at].1);
        head.insert(Incoming { series, t_ms, value, histogram, start_ms });
    }
}

fn push_exemplars(state: &mut State, exemplars: Vec<(u32, model::Exemplar)>) {
    for (series, exemplar) in exemplars {
        let (id, labels) = (state.head.get(series).id, state.head.get(series).labels.clone());
        state.head.exemplars.push(id, &labels, exemplar);
    }
}

fn push_metadata(state: &mut State, families: Vec<Metadata>) {
    for family in families {
        state.dirty_metadata.insert(family.family.clone());
        state.metadata.insert(family.family.clone(), family);
    }
}

impl From<Error> for storage::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(error) => error,
            other => storage::Error::Owner(other.into()),
        }
    }
}
