//! Writing a partition: one file, loaded in key order, under its final name only when it is whole and durable.

use std::ops::Bound;
use std::path::{Path, PathBuf};

use redb::{Builder, Key, TableDefinition, Value, WriteTransaction};

use crate::table::backend::DiskBackend;
use crate::table::contain;
use crate::{Disk, Error, Result};

/// Dirty pages of a partition that is being written.
const WRITE_CACHE_BYTES: usize = 32 << 20;

/// Loads the tables of a partition.
pub struct Loader<'a> {
    tx: &'a WriteTransaction,
}

impl Loader<'_> {
    /// Fills a table from entries in ascending order of keys: several times faster and denser than inserting.
    /// Returns how many there were.
    pub fn load<K, V, E>(
        &mut self,
        table: TableDefinition<'_, &'static K, &'static V>,
        entries: impl IntoIterator<Item = Result<(E, Vec<u8>)>>,
    ) -> Result<u64>
    where
        K: ?Sized + 'static,
        V: ?Sized + 'static,
        E: AsRef<[u8]>,
        &'static K: Key + for<'k> Value<SelfType<'k> = &'k [u8]>,
        &'static V: Value + for<'v> Value<SelfType<'v> = &'v [u8]>,
    {
        let mut table = self.tx.open_table(table)?;
        let mut cursor = table.upper_bound_mut(Bound::<&[u8]>::Unbounded)?;
        let mut count = 0;
        for entry in entries {
            let (key, value) = entry?;
            cursor.insert_before(key.as_ref(), value.as_slice())?;
            count += 1;
        }
        cursor.close()?;
        Ok(count)
    }

    /// The transaction, for what is too small to be loaded in order.
    pub fn transaction(&self) -> &WriteTransaction {
        self.tx
    }
}

/// Writes the partition file `path` (its folder exists) by `load`: `.tmp`, commit, close, sync, rename, sync of the
/// folder. Returns what `load` gave and the bytes that the file takes up. After an error or a crash there is no file of that name.
pub fn write_partition<T>(
    disk: &dyn Disk,
    path: &Path,
    load: impl FnOnce(&mut Loader<'_>) -> Result<T>,
) -> Result<(T, u64)> {
    let tmp = tmp_of(path);
    let written = write_tmp(disk, &tmp, load);
    if written.is_err() {
        // Best effort: a start removes it as well.
        let _ = disk.remove(&tmp);
    }
    let (outcome, bytes) = written?;
    disk.rename(&tmp, path).map_err(Error::io("rename", &tmp))?;
    let dir = path.parent().unwrap_or(Path::new("."));
    disk.sync_dir(dir).map_err(Error::io("sync", dir))?;
    Ok((outcome, bytes))
}

fn write_tmp<T>(
    disk: &dyn Disk,
    tmp: &Path,
    load: impl FnOnce(&mut Loader<'_>) -> Result<T>,
) -> Result<(T, u64)> {
    let file = disk.create(tmp).map_err(Error::io("create", tmp))?;
    let outcome = contain(tmp, || {
        let db = Builder::new().set_cache_size(WRITE_CACHE_BYTES).create_with_backend(DiskBackend(file))?;
        let tx = db.begin_write()?;
        let outcome = load(&mut Loader { tx: &tx })?;
        tx.commit()?;
        db.close()?;
        Ok(outcome)
    })?;
    let file = disk.open(tmp).map_err(Error::io("open", tmp))?;
    file.sync().map_err(Error::io("sync", tmp))?;
    let bytes = disk.allocated(tmp).map_err(Error::io("read", tmp))?;
    Ok((outcome, bytes))
}

fn tmp_of(path: &Path) -> PathBuf {
    let mut tmp = path.as_os_str().to_owned();
    tmp.push(".tmp");
    PathBuf::from(tmp)
}
