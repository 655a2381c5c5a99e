//! What is to be done now and then.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use storage::Change;

use super::{LogStore, warn};
use crate::Result;
use crate::partition::Partition;
use crate::tail::{Body, Pending};

/// Merges in one call of [`LogStore::maintain`].
const MAX_MERGES: usize = 4;

impl LogStore {
    /// Compresses, flushes what is old, removes what is past its retention, merges, rebuilds lost word indexes, gives
    /// memory back. To be called every few seconds; cheap when there is nothing to do.
    pub fn maintain(&self) -> model::Result<()> {
        self.make_ready(&mut self.appender.lock())?;
        self.compress_waiting();
        if self.is_flush_due() {
            self.flush()?;
        }
        self.expire()?;
        self.erase_waiting()?;
        for _ in 0..MAX_MERGES {
            if !self.merge_once()? {
                break;
            }
        }
        self.mend_indexes();
        self.cool();
        Ok(())
    }

    /// What a replay left uncompressed.
    fn compress_waiting(&self) {
        let waiting: Vec<Arc<Pending>> = {
            let state = self.state.read();
            let pending = state.streams.values().flat_map(|stream| &stream.pending);
            pending.filter(|pending| matches!(&*pending.body.read(), Body::Rows(_))).cloned().collect()
        };
        for pending in waiting.iter().filter(|pending| pending.bytes >= self.config.block_bytes / 2) {
            self.compress(pending);
        }
    }

    fn is_flush_due(&self) -> bool {
        let now = self.clock.now_ms();
        let old = |since: i64| now.saturating_sub(since) >= self.config.seal_after_ms;
        let state = self.state.read();
        let due = state.streams.values().any(|stream| {
            (!stream.chunks.is_empty() && old(stream.since_ms))
                || stream.pending.iter().any(|p| old(p.since_ms))
        });
        due || self.raw_in_log.load(Ordering::Relaxed) >= self.config.flush_bytes
    }

    /// Unlinks partitions whose newest line is past the retention of their class.
    fn expire(&self) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let is_past = |partition: &Partition| {
            let keep = self.config.retention_of(&partition.row.class);
            keep.is_some_and(|keep| partition.row.end.div_euclid(1_000_000) < now_ms.saturating_sub(keep))
        };
        let _one = self.flushing.lock();
        let partitions = Arc::clone(&self.state.read().partitions);
        let mut gone: Vec<Arc<Partition>> = partitions.iter().filter(|p| is_past(p)).cloned().collect();
        if gone.is_empty() {
            gone = self.beyond_budget(&partitions);
        }
        if gone.is_empty() {
            return Ok(());
        }
        let remove = gone.iter().map(|partition| partition.row.path.clone()).collect();
        self.manifest.commit(&Change { remove, ..Change::default() })?;
        self.replace(&gone, Vec::new());
        gone.iter().for_each(|partition| self.discard(&partition.row));
        Ok(())
    }

    /// The oldest partitions, so many that the rest fits the budget.
    fn beyond_budget(&self, partitions: &[Arc<Partition>]) -> Vec<Arc<Partition>> {
        let Some(budget) = self.config.max_disk_bytes else { return Vec::new() };
        let mut bytes = self.disk_bytes();
        let mut by_age: Vec<&Arc<Partition>> = partitions.iter().collect();
        by_age.sort_by_key(|partition| (partition.row.end, partition.id));
        let over = by_age.into_iter().take_while(|partition| {
            let over = bytes > budget;
            bytes = bytes.saturating_sub(partition.row.bytes + self.index_bytes(partition));
            over
        });
        let gone: Vec<_> = over.cloned().collect();
        if !gone.is_empty() {
            let newest = gone.iter().map(|partition| partition.row.end).max().unwrap_or(0);
            tracing::info!(
                partitions = gone.len(),
                budget,
                newest_ns = newest,
                "logs take more disk than their budget: the oldest go"
            );
        }
        gone
    }

    fn mend_indexes(&self) {
        let partitions = Arc::clone(&self.state.read().partitions);
        for partition in partitions.iter().filter(|p| !p.is_troubled.load(Ordering::Relaxed)) {
            // A read of the index is kept, so this looks at the disk once a partition.
            if let Err(error) = partition.ensure_index() {
                warn("cannot build a word index: all blocks of its partition are searched", &error);
                partition.is_troubled.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Lets the oldest partitions forget their directories and word lists until the rest fits.
    fn cool(&self) {
        let partitions = Arc::clone(&self.state.read().partitions);
        let mut by_age: Vec<&Arc<Partition>> = partitions.iter().collect();
        by_age.sort_by_key(|partition| std::cmp::Reverse(partition.row.end));
        let mut bytes = 0;
        for partition in by_age {
            bytes += partition.warm_bytes();
            if bytes > self.config.cache_bytes {
                partition.cool();
            }
        }
    }
}
