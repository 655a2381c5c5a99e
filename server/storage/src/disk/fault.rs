//! A disk in memory that forgets at a crash what was not synced, and fails when told: for crash tests of stores.

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::fault_state::{Armed, State};
use super::{Disk, DiskEntry, DiskFile, Fault, Operation};

/// What a crash leaves of the bytes and names that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survives {
    /// Nothing: the cruellest power cut.
    Synced,
    /// All of it: the process was killed, the machine lives on.
    Everything,
    /// Names as in `Synced`; of the unsynced writes, in order, so many bytes: the last one is torn there.
    Torn(u64),
    /// A random choice (by seed) of names, of writes, and of where they are torn: reordered write-back.
    Random(u64),
}

/// A disk in memory with injected faults. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct FaultDisk(Arc<Mutex<State>>);

impl FaultDisk {
    /// An empty disk without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many operations other than reads were asked for so far, failed ones included.
    pub fn operations(&self) -> u64 {
        let state = self.0.lock();
        state.counts.iter().filter(|(kind, _)| **kind != Operation::Read).map(|(_, n)| n).sum()
    }

    /// How many operations of one kind were asked for so far.
    pub fn count(&self, operation: Operation) -> u64 {
        self.0.lock().counts.get(&operation).copied().unwrap_or(0)
    }

    /// After `skip` more operations of kind `only` (`None`: any but reads), the next `times` of them fail.
    pub fn fail(&self, only: Option<Operation>, skip: u64, times: u64, fault: Fault) {
        self.0.lock().armed.push(Armed { only, skip, times, fault });
    }

    /// The machine stops at the operation (reads aside) after the next `skip`.
    pub fn crash_after(&self, skip: u64) {
        self.fail(None, skip, 1, Fault::Crash);
    }

    /// Whether the machine has stopped.
    pub fn has_crashed(&self) -> bool {
        self.0.lock().crashed
    }

    /// Takes all waiting faults away.
    pub fn heal(&self) {
        self.0.lock().armed.clear();
    }

    /// Bytes that all files together may have: beyond it the disk is full. `None`: no bound.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.0.lock().capacity = bytes;
    }

    /// Bytes that all files together have.
    pub fn used(&self) -> u64 {
        self.0.lock().used()
    }

    /// Stops the machine now, if it has not stopped, and starts it again: files that were open fail from now on.
    pub fn restart(&self, survives: Survives) {
        self.0.lock().restart(survives);
    }

    /// Changes a stored byte behind the program's back.
    pub fn flip(&self, path: &Path, offset: u64) -> io::Result<()> {
        self.0.lock().flip(path, offset)
    }

    fn handle(&self, id: u64, generation: u64) -> Box<dyn DiskFile> {
        Box::new(FaultFile { disk: self.clone(), id, generation })
    }
}

impl Disk for FaultDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.step(Operation::Create)?;
        let id = state.create(path)?;
        Ok(self.handle(id, state.generation))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open_read(path)
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.step(Operation::Read)?;
        let id = state.find(path)?;
        Ok(self.handle(id, state.generation))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(Operation::Rename)?;
        state.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(Operation::Remove)?;
        state.remove(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(Operation::Remove)?;
        state.remove_dir_all(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.exists(path) {
            return Ok(());
        }
        state.step(Operation::CreateDir)?;
        state.create_dir_all(path);
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step(Operation::SyncDir)?;
        state.sync_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        let mut state = self.0.lock();
        state.step(Operation::Read)?;
        state.list(path)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let mut state = self.0.lock();
        state.step(Operation::Read)?;
        let id = state.find(path)?;
        Ok(state.bytes(id)?.len() as u64)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let mut state = self.0.lock();
        state.step(Operation::Read)?;
        Ok(state.exists(path))
    }
}

#[derive(Debug)]
struct FaultFile {
    disk: FaultDisk,
    id: u64,
    generation: u64,
}

impl FaultFile {
    fn with<T>(&self, operation: Operation, run: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.0.lock();
        if state.generation != self.generation {
            return Err(io::Error::other("opened before the crash"));
        }
        if let Err(error) = state.step(operation) {
            if operation == Operation::Sync && !state.crashed {
                state.failed_sync(self.id);
            }
            return Err(error);
        }
        run(&mut state)
    }
}

impl DiskFile for FaultFile {
    fn len(&self) -> io::Result<u64> {
        self.with(Operation::Read, |state| Ok(state.bytes(self.id)?.len() as u64))
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.with(Operation::Read, |state| {
            let bytes = state.bytes(self.id)?;
            let from = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
            let end = from.checked_add(out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            let found = bytes.get(from..end).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(found);
            Ok(())
        })
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(Operation::Write, |state| state.write(self.id, offset, data))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(Operation::SetLen, |state| state.set_len(self.id, len))
    }

    fn sync(&self) -> io::Result<()> {
        self.with(Operation::Sync, |state| state.sync(self.id))
    }
}
