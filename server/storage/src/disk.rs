//! The file layer under everything that is stored: the real one, and [`FaultDisk`], which forgets at a crash what
//! was not synced and fails when told.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};

mod fault;
mod fault_state;
mod real;

pub use fault::{FaultDisk, Survives};
pub use fault_state::{Fault, Operation};
pub use real::RealDisk;

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiskEntry {
    /// The whole path.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Its size; 0 for a folder.
    pub len: u64,
}

/// A file system. A name (created, renamed or removed) is durable only after [`Disk::sync_dir`] on its folder, bytes
/// only after [`DiskFile::sync`].
pub trait Disk: Debug + Send + Sync + 'static {
    /// Opens `path` for reading and writing, new and empty: what was there is gone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens an existing file for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens an existing file for reading.
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file or folder another name, replacing a file of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Unlinks a file. Whoever has it open can still read it.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder and everything below.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Creates a folder and those above it, durably (their parents are synced). An existing one is fine.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// What is in a folder, sorted by path.
    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>>;

    /// The size of a file.
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// The bytes that a file takes up: less than its size where it has holes, as redb's files do.
    fn allocated(&self, path: &Path) -> io::Result<u64> {
        self.len(path)
    }

    /// Whether there is a file or folder of that name.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// The bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open_read(path)?;
        let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; len];
        file.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Replaces a file by `bytes`, durably and at once: after a crash it has its old or its new content.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut tmp = path.as_os_str().to_owned();
        tmp.push(".tmp");
        let tmp = PathBuf::from(tmp);
        let file = self.create(&tmp)?;
        file.write_at(0, bytes)?;
        file.sync()?;
        self.rename(&tmp, path)?;
        self.sync_dir(path.parent().unwrap_or(Path::new(".")))
    }
}

/// An open file. All methods take `&self`: several threads may use it at once.
pub trait DiskFile: Debug + Send + Sync {
    /// Its size.
    fn len(&self) -> io::Result<u64>;

    /// Whether it has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `out` from `offset`; `UnexpectedEof` if the file ends before.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes all of `data` at `offset`; a gap before it reads as zeros.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Cuts or lengthens (with zeros) the file.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes all bytes durable. If it fails, what was written since the last good sync may be lost for good, even
    /// if a later sync succeeds.
    fn sync(&self) -> io::Result<()>;
}
