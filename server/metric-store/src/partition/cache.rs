//! Decoded index and postings blocks of all partitions, under one budget.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;

use super::IndexBlock;
use super::read::PostingsBlock;

/// (partition's number in this process, offset of the block)
type Key = (u64, u64);

#[derive(Debug, Clone)]
pub(super) enum Block {
    Index(Arc<IndexBlock>),
    Postings(Arc<PostingsBlock>),
}

#[derive(Debug)]
struct Entry {
    block: Block,
    bytes: usize,
    used: u64,
}

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<Key, Entry, FxBuildHasher>,
    bytes: usize,
    clock: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct IndexCache {
    budget: usize,
    entries: Mutex<Entries>,
}

impl IndexCache {
    pub(crate) fn new(budget: usize) -> Self {
        IndexCache { budget, entries: Mutex::default() }
    }

    pub(super) fn get(&self, key: Key) -> Option<Block> {
        let mut entries = self.entries.lock();
        entries.clock += 1;
        let now = entries.clock;
        let entry = entries.by_key.get_mut(&key)?;
        entry.used = now;
        Some(entry.block.clone())
    }

    pub(super) fn put(&self, key: Key, block: Block, bytes: usize) {
        if bytes > self.budget / 2 {
            return;
        }
        let mut entries = self.entries.lock();
        entries.clock += 1;
        let used = entries.clock;
        if let Some(old) = entries.by_key.insert(key, Entry { block, bytes, used }) {
            entries.bytes -= old.bytes;
        }
        entries.bytes += bytes;
        if entries.bytes > self.budget {
            entries.evict(self.budget / 4 * 3);
        }
    }

    /// Forgets the blocks of a partition that is gone.
    pub(super) fn forget(&self, partition: u64) {
        let mut entries = self.entries.lock();
        entries.by_key.retain(|key, _| key.0 != partition);
        entries.bytes = entries.by_key.values().map(|entry| entry.bytes).sum();
    }
}

impl Entries {
    fn evict(&mut self, down_to: usize) {
        let mut by_age: Vec<(u64, Key)> = self.by_key.iter().map(|(key, entry)| (entry.used, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if self.bytes <= down_to {
                break;
            }
            if let Some(entry) = self.by_key.remove(&key) {
                self.bytes -= entry.bytes;
            }
        }
    }
}
