//! Whether a block already holds an entry: late lines and lines that are sent again are kept once.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use model::Labels;
use parking_lot::Mutex;

use crate::Result;
use crate::block::{BlockHead, Columns, Parts, read_columns, read_sizes, read_text, read_times, starts_of};
use crate::partition::{Partition, Stored};
use crate::tail::MemoryBlock;

/// Blocks whose times are kept for the next question. Senders on several connections are apart by many requests, so
/// that each line is asked of every block which the faster one has filled meanwhile: 512 of some 20 KB.
const KEPT_TIMES: NonZeroUsize = NonZeroUsize::new(512).expect("512 is not 0");
/// Blocks whose lines are kept: they are read only where a time is there already.
const KEPT_LINES: NonZeroUsize = NonZeroUsize::new(16).expect("16 is not 0");

/// An entry that may be there already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) time: i64,
    pub(crate) line: &'a [u8],
    pub(crate) demoted: &'a Labels,
}

#[derive(Debug)]
struct Lines {
    starts: Vec<u32>,
    sizes: Vec<u32>,
    text: Bytes,
    columns: Columns,
}

type Kept<T> = Mutex<LruCache<(u64, usize), Arc<T>>>;

/// Looks entries up in blocks, and keeps the blocks that were looked at last.
#[derive(Debug)]
pub(crate) struct Probes {
    times: Kept<Vec<i64>>,
    lines: Kept<Lines>,
}

impl Default for Probes {
    fn default() -> Self {
        Probes { times: Mutex::new(LruCache::new(KEPT_TIMES)), lines: Mutex::new(LruCache::new(KEPT_LINES)) }
    }
}

impl Probes {
    /// Whether a block in memory holds the entry; all its runs are of the entry's stream.
    pub(crate) fn memory_holds(&self, block: &MemoryBlock, wanted: Wanted<'_>) -> Result<bool> {
        let all = |_: u32| true;
        self.holds((block.id, 0), &block.sealed.head, &*block.sealed, (&all, wanted))
    }

    /// Whether a partition holds the entry for the stream of these labels (demoted ones left out).
    pub(crate) fn partition_holds(
        &self,
        partition: &Partition,
        labels: &Labels,
        wanted: Wanted<'_>,
    ) -> Result<bool> {
        if wanted.time < partition.row.start || wanted.time > partition.row.end {
            return Ok(false);
        }
        let directory = partition.directory()?;
        let Some(stream) = directory.stream(labels) else { return Ok(false) };
        let of_stream = |run: u32| run == stream;
        for (i, head) in directory.blocks.iter().enumerate() {
            let stored = Stored { partition, directory: &directory, block: i };
            if self.holds((partition.id, i), head, &stored, (&of_stream, wanted))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds(
        &self,
        key: (u64, usize),
        head: &BlockHead,
        parts: &impl Parts,
        (of_stream, wanted): (&dyn Fn(u32) -> bool, Wanted<'_>),
    ) -> Result<bool> {
        let mut from = 0;
        for run in &head.runs {
            let rows = from..from + run.count as usize;
            from = rows.end;
            if !of_stream(run.stream) || wanted.time < run.min || wanted.time > run.max {
                continue;
            }
            let all = kept(&self.times, key, || Ok(read_times(head, parts)?.times))?;
            let times = &all[rows.clone()];
            let first = times.partition_point(|time| *time < wanted.time);
            let count = times[first..].partition_point(|time| *time == wanted.time);
            if count == 0 {
                continue;
            }
            let lines = kept(&self.lines, key, || {
                let sizes = read_sizes(head, parts)?;
                let starts = starts_of(&sizes);
                Ok(Lines {
                    starts,
                    sizes,
                    text: read_text(head, parts)?,
                    columns: read_columns(head, parts)?,
                })
            })?;
            let same = |i: usize| {
                let start = lines.starts[i] as usize;
                lines.text[start..start + lines.sizes[i] as usize] == *wanted.line
                    && lines.columns.labels(true, i) == *wanted.demoted
            };
            if (rows.start + first..rows.start + first + count).any(same) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn kept<T>(cache: &Kept<T>, key: (u64, usize), read: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
    if let Some(found) = cache.lock().get(&key) {
        return Ok(Arc::clone(found));
    }
    let read = Arc::new(read()?);
    cache.lock().put(key, Arc::clone(&read));
    Ok(read)
}
