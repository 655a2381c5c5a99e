//! `meta.redb` of a store: which partitions there are, up to which log segment they hold everything, the greatest id
//! that was given out, and what the owner keeps beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use migrations::Kind;
use parking_lot::{Mutex, RwLock};

use crate::table::{GrowingDb, ReadableTable};
use crate::{Disk, Error, Result};

mod codec;
mod schema;
mod start;

pub use start::{Rebuilt, StartReport};

/// The manifest's file in its store's folder.
pub const META_FILE: &str = "meta.redb";
const CACHE_BYTES: usize = 4 << 20;
const SEALED: &[u8] = b"sealed_segment";
const HIGH_WATER: &[u8] = b"id_high_water";

/// A partition: one file, named relative to the store's folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partition {
    /// `<class>/<name>.redb`. What is named `<class>/<name>.…` belongs to it (an index folder, say).
    pub path: String,
    /// The retention class; neither `wal` nor `rebuild`.
    pub class: String,
    /// First time in it, in the owner's unit.
    pub start: i64,
    /// Last time in it, inclusive.
    pub end: i64,
    /// The owner's format number.
    pub format: u32,
    /// Up to which log segment, inclusive, it holds what belongs into it.
    pub sealed_segment: u64,
    /// Bytes of the file, and of what belongs to it.
    pub bytes: u64,
    /// Series or streams in it.
    pub series: u64,
    /// Samples or lines in it.
    pub items: u64,
    /// The greatest id in it.
    pub max_id: u64,
    /// What else the owner wants to know without opening it.
    pub extra: Vec<u8>,
}

/// Changes that become durable together.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Partitions that are there now; one of the same path is replaced.
    pub add: Vec<Partition>,
    /// Paths of partitions that are no more. Unlink them after the commit.
    pub remove: Vec<String>,
    /// Everything up to this log segment, inclusive, is in partitions.
    pub sealed_segment: Option<u64>,
    /// No id above this was given out.
    pub id_high_water: Option<u64>,
    /// The owner's keys: a value, or `None` to remove it.
    pub put: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    partitions: Arc<BTreeMap<String, Partition>>,
    sealed_segment: u64,
    id_high_water: u64,
}

/// The manifest of a store.
#[derive(Debug)]
pub struct Manifest {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    db: GrowingDb,
    /// What is committed.
    known: RwLock<Known>,
    /// One change at a time, so that `known` follows the order of commits.
    changing: Mutex<()>,
}

impl Manifest {
    /// Opens the manifest of the store in `folder` (made if missing), rebuilds it from the partition files with
    /// `describe` if it is damaged or missing, and removes the files that it does not know.
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        describe: &mut dyn FnMut(&Path) -> Result<Rebuilt>,
    ) -> Result<(Manifest, StartReport)> {
        start::open(disk, folder, describe)
    }

    /// The partitions by path, as they are now.
    pub fn partitions(&self) -> Arc<BTreeMap<String, Partition>> {
        Arc::clone(&self.known.read().partitions)
    }

    /// Everything up to this log segment, inclusive, is in partitions.
    pub fn sealed_segment(&self) -> u64 {
        self.known.read().sealed_segment
    }

    /// No id above this was given out, as far as the manifest knows (the log may know better).
    pub fn id_high_water(&self) -> u64 {
        self.known.read().id_high_water
    }

    /// The store's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a partition.
    pub fn file_of(&self, partition: &Partition) -> PathBuf {
        self.folder.join(&partition.path)
    }

    /// Bytes of the manifest's own file.
    pub fn bytes(&self) -> u64 {
        self.db.bytes()
    }

    /// A value of the owner.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.db.read(|tx| {
            let table = tx.open_table(schema::OWNER)?;
            let value = table.get(key)?;
            value.map(|value| Ok(crate::blob::open(value.value())?.into_owned())).transpose()
        })
    }

    /// The owner's keys that begin with `prefix`, in order, with their values.
    pub fn scan(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.db.read(|tx| {
            let table = tx.open_table(schema::OWNER)?;
            let mut found = Vec::new();
            for entry in table.range(prefix..)? {
                let (key, value) = entry?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                found.push((key.value().to_vec(), crate::blob::open(value.value())?.into_owned()));
            }
            Ok(found)
        })
    }

    /// Makes a change durable. Nothing is changed if it fails.
    pub fn commit(&self, change: &Change) -> Result<()> {
        let _one = self.changing.lock();
        let mut next = self.known.read().clone();
        let partitions = Arc::make_mut(&mut next.partitions);
        for path in &change.remove {
            partitions.remove(path);
        }
        for partition in &change.add {
            partitions.insert(partition.path.clone(), partition.clone());
        }
        // Neither ever goes back.
        next.sealed_segment = next.sealed_segment.max(change.sealed_segment.unwrap_or(0));
        next.id_high_water = next.id_high_water.max(change.id_high_water.unwrap_or(0));
        self.db.write(|tx| {
            let mut table = tx.open_table(schema::PARTITIONS)?;
            for path in &change.remove {
                table.remove(path.as_bytes())?;
            }
            for partition in &change.add {
                table.insert(partition.path.as_bytes(), codec::encode(partition).as_slice())?;
            }
            let mut table = tx.open_table(schema::COUNTERS)?;
            table.insert(SEALED, next.sealed_segment)?;
            table.insert(HIGH_WATER, next.id_high_water)?;
            let mut table = tx.open_table(schema::OWNER)?;
            for (key, value) in &change.put {
                match value {
                    Some(value) => {
                        let sealed = crate::blob::seal(value, crate::blob::Codec::Zstd(1));
                        table.insert(key.as_slice(), sealed.as_slice())?
                    }
                    None => table.remove(key.as_slice())?,
                };
            }
            Ok(())
        })?;
        *self.known.write() = next;
        Ok(())
    }

    /// Unlinks a partition's file and what belongs to it; one that is not there is fine. Commit its removal before.
    pub fn unlink(&self, partition_path: &str) -> Result<()> {
        if self.partitions().contains_key(partition_path) {
            return Err(Error::Unavailable(format!("partition {partition_path} is in use")));
        }
        let file = self.folder.join(partition_path);
        let Some(dir) = file.parent() else { return Ok(()) };
        for entry in self.disk.list(dir).map_err(Error::io("list", dir))? {
            if start::stem(&entry.path) == start::stem(&file) {
                start::remove(&*self.disk, &entry)?;
            }
        }
        self.disk.sync_dir(dir).map_err(Error::io("sync", dir))
    }

    fn load(disk: Arc<dyn Disk>, folder: &Path) -> Result<Manifest> {
        let db = GrowingDb::open(Arc::clone(&disk), &folder.join(META_FILE), Kind::Meta, CACHE_BYTES)?;
        let known = db.read(|tx| {
            let mut partitions = BTreeMap::new();
            for entry in tx.open_table(schema::PARTITIONS)?.iter()? {
                let (_, value) = entry?;
                let partition = codec::decode(value.value())?;
                partitions.insert(partition.path.clone(), partition);
            }
            let counters = tx.open_table(schema::COUNTERS)?;
            let counter =
                |key: &[u8]| -> Result<u64> { Ok(counters.get(key)?.map_or(0, |value| value.value())) };
            Ok(Known {
                partitions: Arc::new(partitions),
                sealed_segment: counter(SEALED)?,
                id_high_water: counter(HIGH_WATER)?,
            })
        })?;
        let folder = folder.to_path_buf();
        Ok(Manifest { disk, folder, db, known: RwLock::new(known), changing: Mutex::new(()) })
    }
}

#[cfg(test)]
mod tests;
