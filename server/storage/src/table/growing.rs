//! A redb file that stays open for writing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use migrations::Kind;
use parking_lot::RwLock;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use crate::table::backend::DiskBackend;
use crate::table::contain;
use crate::{Disk, Error, Result};

/// A redb file that stays open for writing: commits are two-phase with quick repair, and after an I/O error it is
/// reopened by the next use.
#[derive(Debug)]
pub struct GrowingDb {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    kind: Kind,
    cache_bytes: usize,
    db: RwLock<Option<Database>>,
    broken: AtomicBool,
}

impl GrowingDb {
    /// Opens the file, or makes it, and runs the migrations that it lacks. `Corrupt` if it is damaged, `Refused` if a
    /// newer program wrote it.
    pub fn open(disk: Arc<dyn Disk>, path: &Path, kind: Kind, cache_bytes: usize) -> Result<Self> {
        if !disk.exists(path).map_err(Error::io("look for", path))? {
            create(&*disk, path, kind)?;
        }
        let db = open(&*disk, path, kind, cache_bytes)?;
        let path = path.to_path_buf();
        Ok(GrowingDb {
            disk,
            path,
            kind,
            cache_bytes,
            db: RwLock::new(Some(db)),
            broken: AtomicBool::new(false),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that the file takes up.
    pub fn bytes(&self) -> u64 {
        self.disk.allocated(&self.path).unwrap_or(0)
    }

    /// Reads in one snapshot.
    pub fn read<T>(&self, run: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        self.with(|db| run(&db.begin_read()?))
    }

    /// Writes in one transaction: durable when this returns `Ok`; nothing is changed if `run` fails.
    pub fn write<T>(&self, run: impl FnOnce(&WriteTransaction) -> Result<T>) -> Result<T> {
        self.with(|db| {
            let mut tx = db.begin_write()?;
            tx.set_quick_repair(true);
            let outcome = run(&tx)?;
            tx.commit()?;
            Ok(outcome)
        })
    }

    fn with<T>(&self, run: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        if self.broken.load(Ordering::Acquire) {
            self.reopen()?;
        }
        // Recursive: a closure may read once more while a reopening waits.
        let slot = self.db.read_recursive();
        let Some(db) = slot.as_ref() else {
            return Err(Error::Unavailable(format!("{} could not be reopened", self.path.display())));
        };
        let outcome = contain(&self.path, || run(db));
        if let Err(Error::Io { .. } | Error::Unavailable(_) | Error::Corrupt { .. }) = &outcome {
            self.broken.store(true, Ordering::Release);
        }
        outcome
    }

    fn reopen(&self) -> Result<()> {
        let mut slot = self.db.write();
        if !self.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        // The old one goes first: both must never write.
        drop(slot.take());
        *slot = Some(open(&*self.disk, &self.path, self.kind, self.cache_bytes)?);
        self.broken.store(false, Ordering::Release);
        Ok(())
    }
}

/// Under another name first, so that a crash never leaves half a database under this one.
fn create(disk: &dyn Disk, path: &Path, kind: Kind) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let tmp = path.with_extension("redb.tmp");
    let file = disk.create(&tmp).map_err(Error::io("create", &tmp))?;
    contain(&tmp, || {
        let db = Builder::new().set_cache_size(1 << 20).create_with_backend(DiskBackend(file))?;
        migrate(&db, kind)?;
        Ok(db.close()?)
    })?;
    disk.open(&tmp).and_then(|file| file.sync()).map_err(Error::io("sync", &tmp))?;
    disk.rename(&tmp, path).map_err(Error::io("rename", &tmp))?;
    disk.sync_dir(dir).map_err(Error::io("sync", dir))
}

fn open(disk: &dyn Disk, path: &Path, kind: Kind, cache_bytes: usize) -> Result<Database> {
    let file = disk.open(path).map_err(Error::io("open", path))?;
    if file.is_empty().map_err(Error::io("read", path))? {
        return Err(Error::corrupt(path, "it is empty"));
    }
    contain(path, || {
        // The check reads the whole file: these files are small, and a plain open may panic on a damaged one.
        let db = Builder::new()
            .set_cache_size(cache_bytes)
            .set_check_integrity_on_open(true)
            .create_with_backend(DiskBackend(file))?;
        migrate(&db, kind)?;
        Ok(db)
    })
}

fn migrate(db: &Database, kind: Kind) -> Result<()> {
    match migrations::migrate(db, kind) {
        Ok(_) => Ok(()),
        Err(error @ migrations::Error::Newer { .. }) => Err(Error::Refused(error.to_string())),
        Err(migrations::Error::Database(error)) => Err(Error::from(*error)),
    }
}
