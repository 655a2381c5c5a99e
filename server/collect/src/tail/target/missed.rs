//! Files that had the name of a target's file, and lost it, while nobody looked: between two looks, or before a start.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use model::TailCursor;

use super::{Pass, Target};
use crate::tail::identity::{
    FINGERPRINT_BYTES, Fingerprint, Identity, identities_in, is_rotated_name, possible_copies, read_full,
};

impl Target {
    /// Takes up what had the names of files that lost them, once all files were looked at: what is a copy of one is
    /// known as such by then. Of several files with a name the youngest counts. True if there was any.
    pub(super) fn adopt_all_missed(&mut self, pass: &mut Pass<'_>) -> bool {
        let mut last: HashMap<String, Age> = HashMap::new();
        for (name, age) in std::mem::take(&mut self.lost) {
            let youngest = last.entry(name).or_insert(age);
            *youngest = age.max(*youngest);
        }
        let before = self.files.len();
        for (name, age) in last {
            self.adopt_missed(&name, age, pass);
        }
        self.files.len() > before
    }

    /// Takes up what stands beside `name` under the name of a rotation, was never read, and is younger than the last
    /// file that was read under that name.
    fn adopt_missed(&mut self, name: &str, last: Age, pass: &mut Pass<'_>) {
        for path in possible_copies(Path::new(name)) {
            let found = path.to_string_lossy().into_owned();
            // What the pattern matches itself is found without this.
            if !is_rotated_name(&found, name) || self.path.pattern.covers(&found) {
                continue;
            }
            let Ok(opened) = File::open(&path) else { continue };
            let Ok(meta) = opened.metadata() else { continue };
            let identity = Identity::of(&meta);
            let is_younger = Age::of(&meta).is_some_and(|age| age.is_younger_than(last));
            if !meta.is_file() || !is_younger || self.is_known(identity, &opened, pass) {
                continue;
            }
            let copied = self.copied_from(&self.new_file(&found, &path, identity), &opened).is_some();
            if copied || is_copy_of(&opened, Path::new(name)).unwrap_or(false) {
                continue;
            }
            let mut file = self.new_file(name, &path, identity);
            file.size = meta.len();
            file.start_leaving(pass.now_ms);
            self.files.push(file);
        }
    }

    /// Whether it is read, or was. An inode alone tells nothing: it may have been another file's before.
    fn is_known(&self, identity: Identity, opened: &File, pass: &Pass<'_>) -> bool {
        let size = opened.metadata().map_or(0, |meta| meta.len());
        let holds = |print: Fingerprint, offset| size >= offset && print.fits(opened).unwrap_or(false);
        let same = |c: &&TailCursor| (c.device, c.inode) == (identity.device, identity.inode);
        let mut cursors = pass.book.values().filter(same);
        self.files.iter().any(|file| file.identity == identity)
            || self.retired.get(&identity).is_some_and(|(print, offset)| holds(*print, *offset))
            || cursors.any(|c| {
                let print = Fingerprint { hash: c.fingerprint, len: c.fingerprint_len };
                holds(print, c.offset)
            })
    }

    /// Forgets rotated files that are gone by now. Until then they are remembered: after a start, too, none is to be
    /// taken for one that was missed.
    pub(super) fn forget_gone(&mut self, pass: &mut Pass<'_>) {
        if (1..=FORGET_EVERY_MS).contains(&(self.forget_at_ms - pass.now_ms)) {
            return;
        }
        self.forget_at_ms = pass.now_ms + FORGET_EVERY_MS;
        let (prefix, read) = (format!("{}\t", self.scope), self.identities());
        let identity = |c: &TailCursor| Identity { device: c.device, inode: c.inode };
        let idle = |c: &&TailCursor| c.key.starts_with(&prefix) && !read.contains(&identity(c));
        let idle: Vec<TailCursor> = pass.book.values().filter(idle).cloned().collect();
        let mut folders: HashMap<PathBuf, Option<HashSet<Identity>>> = HashMap::new();
        for cursor in idle {
            let Some((name, _)) = cursor.key[prefix.len()..].rsplit_once('\t') else { continue };
            let Some(folder) = Path::new(name).parent() else { continue };
            let found = folders.entry(folder.to_owned()).or_insert_with(|| identities_in(folder));
            // A folder that cannot be looked into may come back with its files.
            if found.as_ref().is_some_and(|found| !found.contains(&identity(&cursor))) {
                pass.note(TailCursor { gone: true, ..cursor });
            }
        }
    }
}

/// How often rotated files are looked for, ms.
const FORGET_EVERY_MS: i64 = 60_000;

/// Whether `copy` is one of the file at `path`, which is to be truncated next.
fn is_copy_of(copy: &File, path: &Path) -> std::io::Result<bool> {
    let original = File::open(path)?;
    let (size, whole) = (copy.metadata()?.len(), original.metadata()?.len());
    // One that has only just been begun may become anything.
    if size == 0 || size > whole {
        return Ok(size == 0);
    }
    let first = size.min(u64::from(FINGERPRINT_BYTES)) as u32;
    let last = |file: &File| -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; first as usize];
        read_full(file, &mut bytes, size - u64::from(first))?;
        Ok(bytes)
    };
    Ok(Fingerprint::of(copy, first)? == Fingerprint::of(&original, first)? && last(copy)? == last(&original)?)
}

/// When a file was made, where the file system tells, and last written to. Clocks of file systems tick slowly: two
/// files may have one of them alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Age {
    made: Option<SystemTime>,
    written: SystemTime,
}

impl Age {
    fn of(meta: &Metadata) -> Option<Self> {
        Some(Age { written: meta.modified().ok()?, made: meta.created().ok() })
    }

    /// Of the file that is open, or the one at `path`.
    pub(super) fn of_file(opened: Option<&File>, path: &Path) -> Option<Self> {
        let meta = match opened {
            Some(file) => file.metadata(),
            None => std::fs::metadata(path),
        };
        Age::of(&meta.ok()?)
    }

    fn is_younger_than(self, other: Age) -> bool {
        let made = match (self.made, other.made) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        };
        let written = self.written.cmp(&other.written);
        made.is_ge() && written.is_ge() && (made.is_gt() || written.is_gt())
    }
}
