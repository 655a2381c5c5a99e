//! Whether a block already holds an entry: late lines and lines that are sent again are kept once.

use std::num::NonZeroUsize;
use std::ops::Range;
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

/// An entry that came late, and whether it was found.
#[derive(Debug)]
pub(crate) struct Late<'a> {
    pub(crate) wanted: Wanted<'a>,
    pub(crate) found: bool,
}

impl Probes {
    /// Finds which of `late`, sorted by time, a block in memory holds; all its runs are of their stream.
    pub(crate) fn find_in_memory(&self, block: &MemoryBlock, late: &mut [Late<'_>]) -> Result<()> {
        self.find((block.id, 0), &block.sealed.head, &*block.sealed, (&|_| true, late))
    }

    /// Finds which of `late`, sorted by time, a partition holds for the stream of these labels (demoted ones left
    /// out).
    pub(crate) fn find_in_partition(
        &self,
        partition: &Partition,
        labels: &Labels,
        late: &mut [Late<'_>],
    ) -> Result<()> {
        if between(late, partition.row.start, partition.row.end).is_empty() {
            return Ok(());
        }
        let directory = partition.directory()?;
        let Some(stream) = directory.stream(labels) else { return Ok(()) };
        let of_stream = |run: u32| run == stream;
        for (i, head) in directory.blocks.iter().enumerate() {
            let stored = Stored { partition, directory: &directory, block: i };
            self.find((partition.id, i), head, &stored, (&of_stream, late))?;
        }
        Ok(())
    }

    fn find(
        &self,
        key: (u64, usize),
        head: &BlockHead,
        parts: &impl Parts,
        (of_stream, late): (&dyn Fn(u32) -> bool, &mut [Late<'_>]),
    ) -> Result<()> {
        let mut from = 0;
        for run in &head.runs {
            let rows = from..from + run.count as usize;
            from = rows.end;
            let within = between(late, run.min, run.max);
            if !of_stream(run.stream) || within.is_empty() {
                continue;
            }
            let all = kept(&self.times, key, || Ok(read_times(head, parts)?.times))?;
            let times = &all[rows.clone()];
            let mut first = 0;
            for late in &mut late[within] {
                first = advance(times, first, late.wanted.time);
                let count = times[first..].iter().take_while(|time| **time == late.wanted.time).count();
                if count == 0 || late.found {
                    continue;
                }
                let lines = kept(&self.lines, key, || read_lines(head, parts))?;
                let mut candidates = rows.start + first..rows.start + first + count;
                late.found = candidates.any(|i| lines.is(i, late.wanted));
            }
        }
        Ok(())
    }
}

/// Which of `late` lie between two times, both included.
fn between(late: &[Late<'_>], min: i64, max: i64) -> Range<usize> {
    let first = late.partition_point(|late| late.wanted.time < min);
    first..first + late[first..].partition_point(|late| late.wanted.time <= max)
}

/// The first place from `from` on whose time is not before `time`: near, as a rule.
fn advance(times: &[i64], from: usize, time: i64) -> usize {
    let (mut low, mut step) = (from, 1);
    while times.get(low + step).is_some_and(|t| *t < time) {
        low += step;
        step *= 2;
    }
    let high = (low + step + 1).min(times.len());
    low + times[low..high].partition_point(|t| *t < time)
}

fn read_lines(head: &BlockHead, parts: &impl Parts) -> Result<Lines> {
    let sizes = read_sizes(head, parts)?;
    let starts = starts_of(&sizes);
    Ok(Lines { starts, sizes, text: read_text(head, parts)?, columns: read_columns(head, parts)? })
}

impl Lines {
    fn is(&self, i: usize, wanted: Wanted<'_>) -> bool {
        let start = self.starts[i] as usize;
        self.text[start..start + self.sizes[i] as usize] == *wanted.line
            && self.columns.labels(true, i) == *wanted.demoted
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn advances_as_a_search_from_the_start(mut times: Vec<i8>, mut wanted: Vec<i8>) {
            times.sort_unstable();
            wanted.sort_unstable();
            let times: Vec<i64> = times.into_iter().map(i64::from).collect();
            let mut at = 0;
            for time in wanted {
                at = advance(&times, at, i64::from(time));
                prop_assert_eq!(at, times.partition_point(|t| *t < i64::from(time)));
            }
        }
    }
}
