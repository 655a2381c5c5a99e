//! tantivy's files on a [`Disk`]. Nothing is synced: an index that a crash tears fails its checksums and is rebuilt.

use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::{Disk, DiskFile};
use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

#[derive(Debug, Clone)]
pub(super) struct DiskDirectory {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl DiskDirectory {
    pub(super) fn new(disk: Arc<dyn Disk>, dir: &Path) -> Self {
        DiskDirectory { disk, dir: dir.to_path_buf() }
    }
}

fn read_error(path: &Path) -> impl FnOnce(io::Error) -> OpenReadError + '_ {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => OpenReadError::FileDoesNotExist(path.to_path_buf()),
        _ => OpenReadError::wrap_io_error(error, path.to_path_buf()),
    }
}

impl Directory for DiskDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let file = self.disk.open_read(&self.dir.join(path)).map_err(read_error(path))?;
        let len = file.len().map_err(read_error(path))?;
        Ok(Arc::new(Reading { file, len: len as usize }))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.disk.remove(&self.dir.join(path)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => DeleteError::FileDoesNotExist(path.to_path_buf()),
            _ => DeleteError::IoError { io_error: Arc::new(error), filepath: path.to_path_buf() },
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.disk.exists(&self.dir.join(path)).map_err(read_error(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let failed = |error| OpenWriteError::wrap_io_error(error, path.to_path_buf());
        let whole = self.dir.join(path);
        if self.disk.exists(&whole).map_err(failed)? {
            return Err(OpenWriteError::FileAlreadyExists(path.to_path_buf()));
        }
        let file = self.disk.create(&whole).map_err(failed)?;
        Ok(BufWriter::new(Box::new(Writing { file, at: 0 })))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.disk.read(&self.dir.join(path)).map_err(read_error(path))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let whole = self.dir.join(path);
        let tmp = self.dir.join(".tmp");
        self.disk.create(&tmp)?.write_at(0, data)?;
        self.disk.rename(&tmp, &whole)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        // The store has one process (its folder is locked), and one thread writes an index once.
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

#[derive(Debug)]
struct Reading {
    file: Box<dyn DiskFile>,
    len: usize,
}

impl HasLen for Reading {
    fn len(&self) -> usize {
        self.len
    }
}

impl FileHandle for Reading {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let mut bytes = vec![0; range.len()];
        self.file.read_at(range.start as u64, &mut bytes)?;
        Ok(OwnedBytes::new(bytes))
    }
}

#[derive(Debug)]
struct Writing {
    file: Box<dyn DiskFile>,
    at: u64,
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.at, bytes)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Writing {
    fn terminate_ref(&mut self, _token: AntiCallToken) -> io::Result<()> {
        Ok(())
    }
}
