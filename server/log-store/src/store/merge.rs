//! Small partitions into bigger ones: full blocks are copied as they are, small ones are joined.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::Labels;
use storage::Change;

use super::LogStore;
use crate::block::{BlockHead, read_columns, read_sizes, read_text, read_times, starts_of};
use crate::packing::{self, window_of};
use crate::partition::write::{Plan, Source, write};
use crate::partition::{Directory, Header, Partition, Stored};
use crate::rows::{Extra, Rows};
use crate::{Error, Result};

/// Lines of small blocks that are joined at a time: bounds memory.
const JOIN_BYTES: u64 = 32 << 20;
/// Partitions merged at a time.
const MAX_SOURCES: usize = 16;

impl LogStore {
    /// Merges partitions that are many and small. Returns whether there was something to do.
    pub(super) fn merge_once(&self) -> Result<bool> {
        let Some(group) = self.merge_group() else { return Ok(false) };
        let _one = self.flushing.lock();
        match self.merge(&group) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == model::ErrorKind::Corrupt => {
                for partition in &group {
                    partition.is_troubled.store(true, Ordering::Relaxed);
                }
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Partitions of one class, one window and about one size.
    fn merge_group(&self) -> Option<Vec<Arc<Partition>>> {
        let partitions = Arc::clone(&self.state.read().partitions);
        let mut groups: BTreeMap<(&str, Option<i64>, u32), Vec<_>> = BTreeMap::new();
        for partition in partitions.iter() {
            let row = &partition.row;
            if row.bytes >= self.config.max_partition_bytes || partition.is_troubled.load(Ordering::Relaxed) {
                continue;
            }
            let window = window_of(row.start, &self.config);
            let same = (window == window_of(row.end, &self.config)).then_some(window);
            // A tier spans a factor of four, from 1 MiB on.
            let tier = (row.bytes >> 20).checked_ilog(4).map_or(0, |tier| tier + 1);
            groups.entry((row.class.as_str(), same, tier)).or_default().push(partition);
        }
        let mut group = groups.into_values().find(|group| group.len() >= self.config.merge_at)?;
        group.sort_by_key(|partition| (partition.row.start, partition.id));
        let mut bytes = 0;
        let taken: Vec<_> = group
            .into_iter()
            .take(MAX_SOURCES)
            .take_while(|partition| {
                bytes += partition.row.bytes;
                bytes <= self.config.max_partition_bytes
            })
            .cloned()
            .collect();
        (taken.len() >= 2).then_some(taken)
    }

    fn merge(&self, group: &[Arc<Partition>]) -> Result<()> {
        let is_there = |p: &Arc<Partition>| self.state.read().partitions.iter().any(|known| known.id == p.id);
        if !group.iter().all(is_there) {
            return Ok(());
        }
        let mut header = Header::default();
        let (mut blocks, mut small) = (Vec::new(), Vec::new());
        for partition in group {
            let directory = partition.directory()?;
            header.sealed_segment = header.sealed_segment.max(directory.header.sealed_segment);
            header.max_sequence = header.max_sequence.max(directory.header.max_sequence);
            header.supersedes.push(partition.row.path.clone());
            // Names are only ever added, so the longest list is the newest.
            if directory.header.demoted.len() > header.demoted.len() {
                header.demoted = directory.header.demoted.clone();
            }
            for (i, head) in directory.blocks.iter().enumerate() {
                let source = Source::Copy(Arc::clone(partition), Arc::clone(&directory), i);
                let is_small = head.raw < self.config.block_bytes as u64 / 2;
                if is_small { &mut small } else { &mut blocks }.push(source);
            }
        }
        self.join_small(small, &mut blocks)?;
        let class = group[0].row.class.clone();
        let start = blocks.iter().map(|block| block.head().min()).min().unwrap_or(0);
        let number = self.next_partition.fetch_add(1, Ordering::Relaxed);
        let path = format!("{class}/{}-{number}.redb", start.div_euclid(1_000_000_000));
        let row = write(&self.shelf, &self.folder, Plan { path, class, header, blocks })?;
        let new = self.open_new(std::slice::from_ref(&row));
        let remove: Vec<String> = group.iter().map(|partition| partition.row.path.clone()).collect();
        let change = Change { add: vec![row.clone()], remove, ..Change::default() };
        if let Err(error) = self.manifest.commit(&change) {
            self.discard(&row);
            return Err(error.into());
        }
        self.replace(group, new);
        group.iter().for_each(|partition| self.discard(&partition.row));
        Ok(())
    }

    /// Takes partitions out of the view and puts others in.
    pub(super) fn replace(&self, gone: &[Arc<Partition>], new: Vec<Arc<Partition>>) {
        let mut state = self.state.write();
        let mut partitions = state.partitions.to_vec();
        partitions.retain(|known| !gone.iter().any(|gone| gone.id == known.id));
        partitions.extend(new);
        state.partitions = Arc::new(partitions);
    }

    fn join_small(&self, mut small: Vec<Source>, blocks: &mut Vec<Source>) -> Result<()> {
        let service = |source: &Source| -> (String, i64) {
            let Source::Copy(_, directory, block) = source else { return (String::new(), 0) };
            let head = &directory.blocks[*block];
            let first = head.runs.first().map(|run| &directory.streams[run.stream as usize]);
            (first.map(|labels| self.config.service_of(labels).to_owned()).unwrap_or_default(), head.min())
        };
        small.sort_by_cached_key(service);
        let mut streams: BTreeMap<Labels, Vec<Arc<Rows>>> = BTreeMap::new();
        let mut bytes = 0;
        let mut emit = |streams: BTreeMap<Labels, Vec<Arc<Rows>>>| {
            let packed = packing::pack(streams.into_iter().collect(), &self.config);
            blocks.extend(packed.into_iter().map(|block| Source::Memory(Arc::new(block))));
        };
        let mut damaged = Vec::new();
        for source in small {
            let Source::Copy(partition, directory, block) = &source else { continue };
            match decode(partition, directory, *block) {
                Ok(runs) => runs.into_iter().for_each(|(labels, rows)| {
                    bytes += rows.bytes() as u64;
                    streams.entry(labels).or_default().push(Arc::new(rows));
                }),
                // Copied as it is: whoever reads it is told.
                Err(error) if error.kind() == model::ErrorKind::Corrupt => damaged.push(source),
                Err(error) => return Err(error),
            }
            if bytes >= JOIN_BYTES {
                emit(std::mem::take(&mut streams));
                bytes = 0;
            }
        }
        emit(streams);
        blocks.extend(damaged);
        Ok(())
    }
}

/// The rows of a block, run by run.
pub(super) fn decode(
    partition: &Partition,
    directory: &Directory,
    block: usize,
) -> Result<Vec<(Labels, Rows)>> {
    let stored = Stored { partition, directory, block };
    let head: &BlockHead = &directory.blocks[block];
    let times = read_times(head, &stored)?;
    let sizes = read_sizes(head, &stored)?;
    let starts = starts_of(&sizes);
    let text = read_text(head, &stored)?;
    let columns = read_columns(head, &stored)?;
    let mut runs = Vec::with_capacity(head.runs.len());
    let mut i = 0;
    for run in &head.runs {
        let mut rows = Rows::default();
        for _ in 0..run.count {
            let line = text
                .get(starts[i] as usize..starts[i] as usize + sizes[i] as usize)
                .ok_or_else(|| Error::corrupt("a line ends beyond its block"))?;
            let extra = (!columns.is_empty())
                .then(|| Extra { demoted: columns.labels(true, i), metadata: columns.labels(false, i) });
            rows.push(times.times[i], times.sequence[i], line, extra.as_ref());
            i += 1;
        }
        runs.push((directory.streams[run.stream as usize].clone(), rows));
    }
    Ok(runs)
}
