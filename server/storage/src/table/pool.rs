//! Partitions open for reading: lazily, the least recently used closed first, under one budget of memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use redb::{Builder, ReadOnlyDatabase, ReadTransaction, ReadableDatabase};

use crate::table::backend::DiskBackend;
use crate::table::contain;
use crate::{Disk, Error, Result};

/// A partition open for reading. It stays readable while it is held, even if its file is unlinked.
pub struct OpenPartition {
    path: PathBuf,
    db: ReadOnlyDatabase,
}

impl std::fmt::Debug for OpenPartition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OpenPartition").field(&self.path).finish()
    }
}

impl OpenPartition {
    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads from it.
    pub fn read<T>(&self, run: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        contain(&self.path, || run(&self.db.begin_read()?))
    }
}

/// Opens partitions and keeps the recently used ones open.
#[derive(Debug)]
pub struct PartitionPool {
    disk: Arc<dyn Disk>,
    max_open: usize,
    cache_bytes_each: usize,
    // Most recently used last; a few dozen at most, so a scan beats a map.
    open: Mutex<Vec<Arc<OpenPartition>>>,
}

impl PartitionPool {
    /// Keeps at most `max_open` partitions open, which cache at most `cache_bytes` together. (Pages beyond come from
    /// the operating system's cache.)
    pub fn new(disk: Arc<dyn Disk>, cache_bytes: usize, max_open: usize) -> Self {
        let max_open = max_open.max(1);
        PartitionPool { disk, max_open, cache_bytes_each: cache_bytes / max_open, open: Mutex::default() }
    }

    /// Opens a partition, or takes the one that is open.
    pub fn open(&self, path: &Path) -> Result<Arc<OpenPartition>> {
        if let Some(found) = self.take_open(path) {
            return Ok(found);
        }
        // Not under the lock: opening reads from the disk.
        let file = self.disk.open_read(path).map_err(Error::io("open", path))?;
        let db = contain(path, || {
            let mut builder = Builder::new();
            Ok(builder
                .set_cache_size(self.cache_bytes_each)
                .open_read_only_with_backend(DiskBackend(file))?)
        })?;
        let opened = Arc::new(OpenPartition { path: path.to_path_buf(), db });
        let mut open = self.open.lock();
        open.push(Arc::clone(&opened));
        let surplus = open.len().saturating_sub(self.max_open);
        let closed: Vec<_> = open.drain(..surplus).collect();
        drop(open);
        drop(closed);
        Ok(opened)
    }

    /// Reads from a partition. One that fails is closed, so that the next read opens it anew.
    pub fn read<T>(&self, path: &Path, run: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        let outcome = self.open(path)?.read(run);
        if let Err(Error::Io { .. } | Error::Unavailable(_) | Error::Corrupt { .. }) = &outcome {
            self.forget(path);
        }
        outcome
    }

    /// Closes a partition: before its file is replaced, or because it is gone.
    pub fn forget(&self, path: &Path) {
        self.open.lock().retain(|partition| partition.path != path);
    }

    /// How many partitions are open.
    pub fn open_count(&self) -> usize {
        self.open.lock().len()
    }

    fn take_open(&self, path: &Path) -> Option<Arc<OpenPartition>> {
        let mut open = self.open.lock();
        let at = open.iter().position(|partition| partition.path == path)?;
        let found = open.remove(at);
        open.push(Arc::clone(&found));
        Some(found)
    }
}
