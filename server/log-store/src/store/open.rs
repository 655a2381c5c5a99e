//! Opening a store: manifest, partitions, then the log.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use model::Clock;
use parking_lot::{Mutex, RwLock};
use storage::manifest::{Rebuilt, StartReport};
use storage::{Change, Disk, Manifest, Partition as Row, PartitionPool, Wal};

use super::{Appender, DELETIONS_KEY, DEMOTED_KEY, LogStore, decode_names, encode_names};
use crate::block::BlockHead;
use crate::codec::put_varint;
use crate::demotion::Demotion;
use crate::partition::{Partition, Shelf, read_directory};
use crate::record::Record;
use crate::schema::FORMAT;
use crate::tail::{State, StreamKey};
use crate::{Config, Error, Result};

pub(super) fn open(
    folder: &Path,
    config: Config,
    clock: Arc<dyn Clock>,
    disk: Arc<dyn Disk>,
) -> model::Result<LogStore> {
    config.check()?;
    let pool = PartitionPool::new(Arc::clone(&disk), config.cache_bytes, config.max_open_partitions);
    let shelf = Arc::new(Shelf { disk: Arc::clone(&disk), pool });
    let mut describe = |path: &Path| describe(&shelf, path);
    let (manifest, report) = Manifest::open(Arc::clone(&disk), folder, &mut describe)?;
    let mut warnings = report_warnings(&report);
    let missing: Vec<String> = report.missing.iter().map(|row| row.path.clone()).collect();
    if !missing.is_empty() {
        manifest.commit(&Change { remove: missing, ..Change::default() })?;
    }
    let rows = manifest.partitions();
    let partitions: Vec<_> =
        rows.values().map(|row| Arc::new(Partition::new(row.clone(), folder, &shelf))).collect();
    let next_partition = rows.keys().filter_map(|path| number_of(path)).max().map_or(1, |last| last + 1);

    let demotion = kept_demotion(&manifest, config.max_label_values)?;
    let erasers = match manifest.get(DELETIONS_KEY)? {
        None => Vec::new(),
        Some(bytes) => crate::eraser::decode(&bytes)?,
    };
    let mut replay = Replay {
        state: State { partitions: Arc::new(partitions), erasers: Arc::new(erasers), ..State::default() },
        appender: Appender {
            demotion,
            cursors: BTreeMap::new(),
            next_sequence: manifest.id_high_water(),
            segment: 0,
            wants_state: false,
            failures: 0,
            mended: 0,
        },
        raw: 0,
        now_ms: clock.now_ms(),
        block_bytes: config.block_bytes,
        warnings: Vec::new(),
    };
    let from = manifest.sealed_segment() + 1;
    let (wal, replayed) = Wal::open(disk, &folder.join("wal"), config.wal, from, &mut |record| {
        replay.apply(record.payload, record.segment);
        Ok(())
    })?;
    warnings.append(&mut replay.warnings);
    warnings.extend(replayed.damage.iter().map(lost_lines));
    let mut appender = replay.appender;
    replay.state.next_sequence = appender.next_sequence;
    appender.segment = wal.begin_segment([appender.state_record()])?;
    Ok(LogStore {
        config,
        clock,
        folder: folder.to_path_buf(),
        shelf,
        manifest,
        wal,
        state: RwLock::new(replay.state),
        appender: Mutex::new(appender),
        flushing: Mutex::new(()),
        erasing: Mutex::new(()),
        probes: Default::default(),
        raw_in_log: AtomicU64::new(replay.raw),
        appended: AtomicU64::new(0),
        next_partition: AtomicU64::new(next_partition),
        warnings,
    })
}

fn lost_lines(damage: &storage::wal::Damage) -> String {
    let (path, offset, bytes) = (damage.path.display(), damage.offset, damage.bytes);
    format!("{path} from byte {offset} on, {bytes} bytes: {}; these lines are lost", damage.what)
}

/// Which labels were demoted before.
fn kept_demotion(manifest: &Manifest, bound: Option<usize>) -> Result<Demotion> {
    let mut demotion = Demotion::new(bound);
    if let Some(names) = manifest.get(DEMOTED_KEY)? {
        demotion.restore(decode_names(&names)?.iter().map(String::as_str));
    }
    Ok(demotion)
}

/// The number in `<class>/<start>-<number>.redb`.
fn number_of(path: &str) -> Option<u64> {
    path.strip_suffix(".redb")?.rsplit('-').next()?.parse().ok()
}

fn report_warnings(report: &StartReport) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(why) = &report.rebuilt {
        warnings.push(format!("the manifest was rebuilt from the partitions: {why}"));
    }
    for row in &report.missing {
        warnings.push(format!("partition {} is missing: {} lines are lost", row.path, row.items));
    }
    for (path, why) in &report.unreadable {
        warnings
            .push(format!("a partition could not be read and was set aside as {}: {why}", path.display()));
    }
    warnings
}

/// The manifest's row of a partition, from the partition itself.
fn describe(shelf: &Shelf, path: &Path) -> storage::Result<Rebuilt> {
    let directory = read_directory(&shelf.pool, path).map_err(|error| match error {
        Error::Storage(error) => error,
        other => storage::Error::corrupt(path, other.to_string()),
    })?;
    let blocks = &directory.blocks;
    let mut extra = Vec::new();
    put_varint(&mut extra, blocks.len() as u64);
    put_varint(&mut extra, blocks.iter().map(|block| block.raw).sum());
    let header = &directory.header;
    let partition = Row {
        start: blocks.iter().map(BlockHead::min).min().unwrap_or(0),
        end: blocks.iter().map(BlockHead::max).max().unwrap_or(0),
        format: FORMAT,
        sealed_segment: header.sealed_segment,
        series: directory.streams.len() as u64,
        items: blocks.iter().map(BlockHead::entries).sum(),
        max_id: header.max_sequence,
        extra,
        ..Row::default()
    };
    let put = vec![(DEMOTED_KEY.to_vec(), encode_names(&header.demoted))];
    Ok(Rebuilt { partition, supersedes: header.supersedes.clone(), put })
}

struct Replay {
    state: State,
    appender: Appender,
    raw: u64,
    now_ms: i64,
    block_bytes: usize,
    warnings: Vec<String>,
}

impl Replay {
    fn apply(&mut self, payload: &[u8], segment: u64) {
        if let Err(error) = self.try_apply(payload) {
            self.warnings.push(format!("a record of log segment {segment} cannot be read: {error}"));
        }
    }

    fn try_apply(&mut self, payload: &[u8]) -> Result<()> {
        let record = Record::decode(payload)?;
        let appender = &mut self.appender;
        if record.is_state {
            appender.cursors.clear();
        }
        record.cursors.iter().for_each(|cursor| appender.keep_cursor(cursor));
        appender.demotion.restore(record.demoted.iter().map(String::as_str));
        appender.next_sequence = appender.next_sequence.max(record.next_sequence);
        for section in record.sections {
            self.raw += section.rows.bytes() as u64;
            appender.demotion.observe(&section.labels);
            let key = StreamKey { class: section.class.into(), labels: section.labels };
            // What is full waits uncompressed: the start is not the time for it.
            self.state.push(key, section.rows, self.now_ms, self.block_bytes);
        }
        Ok(())
    }
}
