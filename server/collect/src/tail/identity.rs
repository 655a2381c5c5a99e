//! Which file it is, whatever it is called: device, inode, and a hash of its first bytes.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use twox_hash::XxHash3_64;

/// Device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl Identity {
    pub(crate) fn of(meta: &Metadata) -> Self {
        Identity { device: meta.dev(), inode: meta.ino() }
    }
}

/// Bytes that a fingerprint covers once a file has them.
pub(crate) const FINGERPRINT_BYTES: u32 = 1_024;

/// Hash of a file's first bytes, so that another file with the same inode, or new content, is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fingerprint {
    pub(crate) hash: u64,
    pub(crate) len: u32,
}

impl Fingerprint {
    /// Of the first `len` bytes, or of as many as there are.
    pub(crate) fn of(file: &File, len: u32) -> io::Result<Self> {
        let mut bytes = vec![0; len as usize];
        let n = read_full(file, &mut bytes, 0)?;
        Ok(Fingerprint { hash: XxHash3_64::oneshot(&bytes[..n]), len: n as u32 })
    }

    /// Whether `file` begins as the file did that this was taken of.
    pub(crate) fn fits(&self, file: &File) -> io::Result<bool> {
        Ok(self.len == 0 || Fingerprint::of(file, self.len)? == *self)
    }
}

/// Reads until `buffer` is full or the file ends.
pub(crate) fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match file.read_at(&mut buffer[n..], offset + n as u64) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

/// Most entries of a folder that are looked at for a renamed file.
const MAX_ENTRIES: usize = 100_000;

/// Where a file is now that was at `path`: in the same folder, under another name.
pub(crate) fn find_renamed(path: &Path, identity: Identity) -> Option<PathBuf> {
    let entries = std::fs::read_dir(path.parent()?).ok()?.take(MAX_ENTRIES).flatten();
    let mut same = entries.filter(|entry| {
        let meta = entry.metadata();
        meta.is_ok_and(|meta| meta.is_file() && Identity::of(&meta) == identity)
    });
    same.next().map(|entry| entry.path())
}

/// The files in a folder, whatever they are called; `None` if it cannot be looked into.
pub(crate) fn identities_in(folder: &Path) -> Option<HashSet<Identity>> {
    let entries = std::fs::read_dir(folder).ok()?.take(MAX_ENTRIES).flatten();
    let files = entries.filter_map(|entry| std::fs::metadata(entry.path()).ok()).filter(Metadata::is_file);
    Some(files.map(|meta| Identity::of(&meta)).collect())
}

/// Files beside `path` that are named like copies of it: `app.log.1`, `app.log-20260101`.
pub(crate) fn possible_copies(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.take(MAX_ENTRIES).flatten();
    let copies =
        entries.filter(|entry| is_copy_name(&entry.file_name().to_string_lossy(), &name.to_string_lossy()));
    copies.map(|entry| entry.path()).collect()
}

/// Whether `name` is that of `original` with a number or a date behind it, as rotations give it.
pub(crate) fn is_rotated_name(name: &str, original: &str) -> bool {
    let Some(suffix) = name.strip_prefix(original) else { return false };
    let number = suffix.trim_start_matches(['.', '-', '_', '~']);
    let separators = suffix.len() - number.len();
    separators == 1
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | '_' | ':' | 'T'))
}

/// Whether a rotation may have given a copy of `original` this name.
pub(crate) fn is_copy_name(name: &str, original: &str) -> bool {
    name.strip_prefix(original).is_some_and(|suffix| suffix.starts_with(['.', '-', '_', '~']))
}
