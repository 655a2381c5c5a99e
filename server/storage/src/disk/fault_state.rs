//! What [`FaultDisk`](super::FaultDisk) keeps: names and bytes as the program sees them, and as a crash leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::Survives;

/// What a program can ask of a disk, for counting and for choosing what fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Making a file.
    Create,
    /// Reading bytes or names. Not among [`FaultDisk::operations`](super::FaultDisk::operations): it changes nothing.
    Read,
    /// Writing bytes.
    Write,
    /// Cutting or lengthening a file.
    SetLen,
    /// Making a file's bytes durable.
    Sync,
    /// Making a folder's names durable.
    SyncDir,
    /// Giving a name to what had another.
    Rename,
    /// Taking a name away.
    Remove,
    /// Making a folder.
    CreateDir,
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The medium is full (ENOSPC).
    NoSpace,
    /// The device fails (EIO).
    Io,
    /// The machine stops: this operation and all later ones fail until
    /// [`FaultDisk::restart`](super::FaultDisk::restart).
    Crash,
}

/// A fault that waits for its operation.
#[derive(Debug)]
pub(super) struct Armed {
    pub(super) only: Option<Operation>,
    pub(super) skip: u64,
    pub(super) times: u64,
    pub(super) fault: Fault,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

#[derive(Debug, Default)]
struct Node {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) generation: u64,
    pub(super) crashed: bool,
    pub(super) armed: Vec<Armed>,
    pub(super) counts: BTreeMap<Operation, u64>,
    pub(super) capacity: Option<u64>,
    nodes: BTreeMap<u64, Node>,
    next_node: u64,
    names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    dirs: BTreeSet<PathBuf>,
}

fn not_found() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::SetLen(len) => bytes.resize(*len as usize, 0),
        Change::Write(offset, data) => {
            let (from, to) = (*offset as usize, *offset as usize + data.len());
            if bytes.len() < to {
                bytes.resize(to, 0);
            }
            bytes[from..to].copy_from_slice(data);
        }
    }
}

impl State {
    /// Counts an operation, and fails it if a fault waits for it.
    pub(super) fn step(&mut self, operation: Operation) -> io::Result<()> {
        if self.crashed {
            return Err(io::Error::other("the machine has stopped"));
        }
        *self.counts.entry(operation).or_default() += 1;
        let mut hit = None;
        for armed in &mut self.armed {
            let concerned = match armed.only {
                Some(only) => only == operation,
                None => operation != Operation::Read,
            };
            if !concerned || armed.times == 0 {
                continue;
            }
            if armed.skip > 0 {
                armed.skip -= 1;
            } else {
                armed.times -= 1;
                hit = hit.or(Some(armed.fault));
            }
        }
        match hit {
            None => Ok(()),
            Some(Fault::NoSpace) => Err(io::Error::from(io::ErrorKind::StorageFull)),
            Some(Fault::Io) => Err(io::Error::other("injected I/O error")),
            Some(Fault::Crash) => {
                self.crashed = true;
                Err(io::Error::other("the machine stops"))
            }
        }
    }

    fn parent_exists(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().unwrap_or(Path::new(""));
        let known = parent.as_os_str().is_empty() || parent == Path::new("/") || self.dirs.contains(parent);
        if known { Ok(()) } else { Err(not_found()) }
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<u64> {
        self.parent_exists(path)?;
        if let Some(&id) = self.names.get(path) {
            self.change(id, Change::SetLen(0))?;
            return Ok(id);
        }
        let id = self.next_node;
        self.next_node += 1;
        self.nodes.insert(id, Node::default());
        self.names.insert(path.to_path_buf(), id);
        Ok(id)
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(not_found)
    }

    fn node(&mut self, id: u64) -> io::Result<&mut Node> {
        self.nodes.get_mut(&id).ok_or_else(not_found)
    }

    fn change(&mut self, id: u64, change: Change) -> io::Result<()> {
        let node = self.node(id)?;
        apply(&mut node.live, &change);
        node.unsynced.push(change);
        Ok(())
    }

    pub(super) fn bytes(&self, id: u64) -> io::Result<&[u8]> {
        self.nodes.get(&id).map(|node| node.live.as_slice()).ok_or_else(not_found)
    }

    pub(super) fn write(&mut self, id: u64, offset: u64, data: &[u8]) -> io::Result<()> {
        let old = self.bytes(id)?.len() as u64;
        let grows = (offset + data.len() as u64).saturating_sub(old);
        if self.capacity.is_some_and(|capacity| grows > 0 && self.used() + grows > capacity) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.change(id, Change::Write(offset, data.to_vec()))
    }

    pub(super) fn set_len(&mut self, id: u64, len: u64) -> io::Result<()> {
        let grows = len.saturating_sub(self.bytes(id)?.len() as u64);
        if self.capacity.is_some_and(|capacity| grows > 0 && self.used() + grows > capacity) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.change(id, Change::SetLen(len))
    }

    /// Bytes of all files that have a name.
    pub(super) fn used(&self) -> u64 {
        self.names.values().filter_map(|id| self.nodes.get(id)).map(|node| node.live.len() as u64).sum()
    }

    pub(super) fn sync(&mut self, id: u64) -> io::Result<()> {
        let node = self.node(id)?;
        for change in std::mem::take(&mut node.unsynced) {
            apply(&mut node.durable, &change);
        }
        Ok(())
    }

    /// As Linux does: pages whose write-back failed count as clean, so no later sync writes them.
    pub(super) fn failed_sync(&mut self, id: u64) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.unsynced.clear();
        }
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.parent_exists(to)?;
        if self.dirs.remove(from) {
            self.move_dir(from, to);
            return Ok(());
        }
        let id = self.names.remove(from).ok_or_else(not_found)?;
        self.names.insert(to.to_path_buf(), id);
        Ok(())
    }

    // Folders are durable at once in this model (as `create_dir_all` promises), so a folder's rename is, too.
    fn move_dir(&mut self, from: &Path, to: &Path) {
        let moved = |path: &Path| path.strip_prefix(from).map(|rest| to.join(rest)).ok();
        let rename_all = |names: &BTreeMap<PathBuf, u64>| {
            names.iter().map(|(path, id)| (moved(path).unwrap_or_else(|| path.clone()), *id)).collect()
        };
        self.names = rename_all(&self.names);
        self.durable_names = rename_all(&self.durable_names);
        self.dirs = self.dirs.iter().map(|path| moved(path).unwrap_or_else(|| path.clone())).collect();
        self.dirs.insert(to.to_path_buf());
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.names.remove(path).map(|_| ()).ok_or_else(not_found)
    }

    pub(super) fn remove_dir_all(&mut self, path: &Path) -> io::Result<()> {
        if !self.dirs.contains(path) {
            return Err(not_found());
        }
        self.names.retain(|name, _| !name.starts_with(path));
        self.durable_names.retain(|name, _| !name.starts_with(path));
        self.dirs.retain(|name| !name.starts_with(path));
        Ok(())
    }

    pub(super) fn create_dir_all(&mut self, path: &Path) {
        self.dirs.extend(path.ancestors().filter(|p| !p.as_os_str().is_empty()).map(Path::to_path_buf));
    }

    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        if !self.dirs.contains(path) {
            return Err(not_found());
        }
        self.durable_names.retain(|name, _| name.parent() != Some(path));
        let here = self.names.iter().filter(|(name, _)| name.parent() == Some(path));
        self.durable_names.extend(here.map(|(name, id)| (name.clone(), *id)));
        Ok(())
    }

    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<super::DiskEntry>> {
        if !self.dirs.contains(path) {
            return Err(not_found());
        }
        let files = self.names.iter().map(|(name, id)| (name, false, self.nodes[id].live.len() as u64));
        let dirs = self.dirs.iter().map(|name| (name, true, 0));
        let mut entries: Vec<_> = files
            .chain(dirs)
            .filter(|(name, ..)| name.parent() == Some(path))
            .map(|(name, is_dir, len)| super::DiskEntry { path: name.clone(), is_dir, len })
            .collect();
        entries.sort();
        Ok(entries)
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        self.names.contains_key(path) || self.dirs.contains(path)
    }

    /// Changes a stored byte behind the program's back, durably.
    pub(super) fn flip(&mut self, path: &Path, offset: u64) -> io::Result<()> {
        let id = self.find(path)?;
        let node = self.node(id)?;
        for bytes in [&mut node.live, &mut node.durable] {
            if let Some(byte) = bytes.get_mut(offset as usize) {
                *byte ^= 0xff;
            }
        }
        Ok(())
    }

    /// The machine starts again with what the crash left.
    pub(super) fn restart(&mut self, survives: Survives) {
        self.generation += 1;
        self.crashed = false;
        self.armed.clear();
        let mut random = match survives {
            Survives::Random(seed) => seed | 1,
            _ => 1,
        };
        let mut next = move || {
            // xorshift64: any spread will do.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        match survives {
            Survives::Everything => {}
            Survives::Random(_) if next() % 2 == 0 => {}
            _ => self.names = self.durable_names.clone(),
        }
        self.durable_names = self.names.clone();
        let mut budget = match survives {
            Survives::Torn(bytes) => bytes,
            _ => 0,
        };
        for node in self.nodes.values_mut() {
            let unsynced = std::mem::take(&mut node.unsynced);
            match survives {
                Survives::Synced => {}
                Survives::Everything => unsynced.iter().for_each(|change| apply(&mut node.durable, change)),
                Survives::Torn(_) => {
                    for change in unsynced {
                        let torn = shorten(change, &mut budget);
                        torn.iter().for_each(|change| apply(&mut node.durable, change));
                    }
                }
                Survives::Random(_) => {
                    for change in unsynced {
                        let mut keep = if next() % 3 == 0 { next() % 8192 } else { u64::MAX };
                        if next() % 3 > 0 {
                            shorten(change, &mut keep).iter().for_each(|c| apply(&mut node.durable, c));
                        }
                    }
                }
            }
            node.live = node.durable.clone();
        }
        let named: BTreeSet<u64> = self.names.values().copied().collect();
        self.nodes.retain(|id, _| named.contains(id));
    }
}

/// The part of a change that `budget` bytes allow.
fn shorten(change: Change, budget: &mut u64) -> Option<Change> {
    match change {
        Change::SetLen(len) => (*budget > 0).then_some(Change::SetLen(len)),
        Change::Write(offset, mut data) => {
            let keep = (data.len() as u64).min(*budget);
            *budget -= keep;
            data.truncate(keep as usize);
            (keep > 0).then_some(Change::Write(offset, data))
        }
    }
}
