//! Which files a target has by now: new ones, renamed ones, copies of known ones, and those that are gone.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use model::TailCursor;

use super::missed::Age;
use super::{Pass, Target};
use crate::tail::file::TailedFile;
use crate::tail::identity::{
    FINGERPRINT_BYTES, Fingerprint, Identity, find_renamed, is_copy_name, possible_copies,
};
use crate::tail::pattern::{Found, Listing};

/// How often the folders are looked at, ms: often for few files, less often for many.
const FAST_MS: i64 = 1_000;
pub(crate) const SLOW_MS: i64 = 5_000;
const MANY_FILES: usize = 1_000;
/// A file without its name is read on until it was quiet for so long.
const LEAVE_MS: i64 = 10_000;
/// Files remembered after they went away.
const MAX_RETIRED: usize = 10_000;

type ByName<'a> = HashMap<&'a str, &'a Found>;
type ByIdentity<'a> = HashMap<Identity, &'a Found>;
/// An inode may have several: of the file that it was before, and under each name.
type Cursors = HashMap<Identity, Vec<TailCursor>>;

impl Target {
    pub(crate) fn rescan(&mut self, pass: &mut Pass<'_>) {
        let Listing { files, errors } = self.path.pattern.list();
        let wait_ms = if files.len() > MANY_FILES { SLOW_MS } else { FAST_MS };
        self.rescan_at_ms = pass.now_ms + wait_ms;
        self.errors = errors;
        self.hint = if files.is_empty() { self.path.pattern.hint() } else { String::new() };
        let by_name: ByName<'_> = files.iter().map(|found| (found.name.as_str(), found)).collect();
        let mut by_identity = ByIdentity::new();
        for found in &files {
            by_identity.entry(found.identity).or_insert(found);
        }
        let first = !std::mem::replace(&mut self.started, true);
        if first {
            self.recover(&by_name, &by_identity, pass);
        }
        self.follow_names(&by_name, &by_identity, pass);
        self.forget_gone(pass);
        let mut known = self.identities();
        let mut cursors = None;
        // A second name of a file that is read already gives its lines no second time.
        for found in &files {
            if known.contains(&found.identity) {
                continue;
            }
            let cursors = cursors.get_or_insert_with(|| self.cursors_of_job(pass));
            if let Some(mut file) = self.welcome(found, cursors, pass) {
                if first {
                    import(&mut file, found, pass);
                }
                known.insert(file.identity);
                self.files.push(file);
            }
        }
    }

    fn key(&self, name: &str, identity: Identity) -> String {
        format!("{}\t{name}\t{:x}:{:x}", self.scope, identity.device, identity.inode)
    }

    pub(super) fn new_file(&self, name: &str, location: &Path, identity: Identity) -> TailedFile {
        let labels = self.path.file_labels(name);
        let key = self.key(name, identity);
        let mut file = TailedFile::new(key, name.to_owned(), location.to_owned(), identity, labels);
        file.encoding = self.path.encoding;
        file
    }

    /// After a start: files that were renamed or deleted meanwhile are found by their inode and read to their end.
    fn recover(&mut self, by_name: &ByName<'_>, by_identity: &ByIdentity<'_>, pass: &mut Pass<'_>) {
        let prefix = format!("{}\t", self.scope);
        let own: Vec<TailCursor> =
            pass.book.values().filter(|c| c.key.starts_with(&prefix)).cloned().collect();
        for cursor in own {
            let Some((name, _)) = cursor.key[prefix.len()..].rsplit_once('\t') else { continue };
            let identity = Identity { device: cursor.device, inode: cursor.inode };
            let at_home = by_name.get(name).is_some_and(|found| found.identity == identity);
            if at_home || !self.path.pattern.covers(name) {
                continue;
            }
            let print = Fingerprint { hash: cursor.fingerprint, len: cursor.fingerprint_len };
            let listed = by_identity.get(&identity).map(|found| found.path.clone());
            let found = listed.or_else(|| find_renamed(Path::new(name), identity));
            let fits = |path: &Path| File::open(path).and_then(|file| print.fits(&file)).unwrap_or(false);
            match &found {
                Some(path) if fits(path) => {
                    let path = path.clone();
                    let mut file = self.new_file(name, &path, identity);
                    file.resume(print, cursor.offset);
                    file.start_leaving(pass.now_ms);
                    self.files.push(file);
                    self.lost.extend(Age::of_file(None, &path).map(|age| (name.to_owned(), age)));
                }
                // It was copied and written anew, and then renamed: the rest of what it was is in the copy.
                _ if self.resume_copy(name, (print, cursor.offset), pass) => {
                    self.retire(identity, print, cursor.offset);
                    let goes_on = found.is_some_and(|path| self.read_anew(name, &path, identity, pass));
                    if !goes_on {
                        pass.note(TailCursor { gone: true, ..cursor });
                    }
                }
                // A folder that cannot be looked into may come back with its files.
                _ if Path::new(name).parent().is_some_and(|folder| std::fs::read_dir(folder).is_err()) => {}
                _ => {
                    self.retire(identity, print, cursor.offset);
                    pass.note(TailCursor { gone: true, ..cursor });
                }
            }
        }
    }

    /// Goes on in a copy of the file that `name` was; false if there is none.
    fn resume_copy(&mut self, name: &str, (print, offset): (Fingerprint, u64), pass: &mut Pass<'_>) -> bool {
        if print.len == 0 {
            return false;
        }
        let copy = possible_copies(Path::new(name)).into_iter().find_map(|path| {
            let opened = File::open(&path).ok()?;
            let meta = opened.metadata().ok()?;
            let identity = Identity::of(&meta);
            let is_read = self.files.iter().any(|file| file.identity == identity);
            let fits = meta.is_file() && meta.len() >= offset && print.fits(&opened).ok()?;
            (fits && !is_read).then_some((path, identity, meta.len()))
        });
        let Some((path, identity, size)) = copy else { return false };
        let mut file = self.new_file(name, &path, identity);
        file.resume(print, offset);
        file.size = size;
        file.start_leaving(pass.now_ms);
        let cursor = file.cursor(offset);
        pass.note(cursor);
        self.lost.extend(Age::of_file(None, &path).map(|age| (name.to_owned(), age)));
        self.files.push(file);
        true
    }

    /// Reads what a file that was truncated, and then renamed to `path`, has had since; false if a copy has its
    /// inode.
    fn read_anew(&mut self, name: &str, path: &Path, identity: Identity, pass: &mut Pass<'_>) -> bool {
        let named = self.new_file(&path.to_string_lossy(), path, identity);
        let is_other = match File::open(path) {
            Ok(opened) => self.copied_from(&named, &opened).is_some(),
            Err(_) => true,
        };
        if is_other || self.files.iter().any(|known| known.identity == identity) {
            return false;
        }
        let mut file = self.new_file(name, path, identity);
        file.start_leaving(pass.now_ms);
        let cursor = file.cursor(0);
        pass.note(cursor);
        self.lost.extend(Age::of_file(None, path).map(|age| (name.to_owned(), age)));
        self.files.push(file);
        true
    }

    /// Notices files that lost their names or got them back, and ends those that are through.
    fn follow_names(&mut self, by_name: &ByName<'_>, by_identity: &ByIdentity<'_>, pass: &mut Pass<'_>) {
        for i in (0..self.files.len()).rev() {
            let file = &mut self.files[i];
            let at_home = by_name.get(file.name.as_str()).filter(|found| found.identity == file.identity);
            if let Some(found) = at_home {
                file.leaving_since = None;
                file.location.clone_from(&found.path);
                continue;
            }
            if file.leaving_since.is_none() {
                file.start_leaving(pass.now_ms);
                if !file.is_open() {
                    let listed = by_identity.get(&file.identity).map(|found| found.path.clone());
                    let location = listed.or_else(|| find_renamed(&file.location, file.identity));
                    file.location = location.unwrap_or_else(|| file.location.clone());
                }
                let age = Age::of_file(file.handle(), &file.location);
                self.lost.extend(age.map(|age| (file.name.clone(), age)));
            }
            let lost = !file.open().unwrap_or(false);
            let through = file.offset >= file.size && self.pipeline.held(&file.progress).is_none();
            if lost || (through && pass.now_ms - file.last_growth_ms >= LEAVE_MS) {
                self.leave(i, by_identity, pass);
            }
        }
    }

    /// Ends a file that lost its name: it goes on under its new one if that matches, else it is forgotten.
    fn leave(&mut self, i: usize, by_identity: &ByIdentity<'_>, pass: &mut Pass<'_>) {
        let old = self.files.swap_remove(i);
        let gone = TailCursor { gone: true, ..old.cursor(old.offset) };
        match by_identity.get(&old.identity) {
            Some(found) => {
                let mut file = self.new_file(&found.name, &found.path, old.identity);
                file.resume(old.print, old.offset);
                let cursor = file.cursor(old.offset);
                pass.note(cursor);
                self.files.push(file);
            }
            None => {
                self.retire(old.identity, old.print, old.offset);
                if old.exists() {
                    let cursor = old.cursor(old.offset);
                    return pass.note(cursor);
                }
            }
        }
        pass.note(gone);
    }

    fn retire(&mut self, identity: Identity, print: Fingerprint, offset: u64) {
        if self.retired.len() >= MAX_RETIRED {
            self.retired.clear();
        }
        self.retired.insert(identity, (print, offset));
    }

    /// Cursors of this job, whichever of its paths made them: a pattern may have been rewritten.
    fn cursors_of_job(&self, pass: &Pass<'_>) -> Cursors {
        let of_job = |c: &&TailCursor| {
            let scope = c.key.split('\t').next().unwrap_or_default();
            scope.strip_prefix(&*self.job).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
        };
        let mut by_identity = Cursors::new();
        for cursor in pass.book.values().filter(of_job) {
            let identity = Identity { device: cursor.device, inode: cursor.inode };
            by_identity.entry(identity).or_default().push(cursor.clone());
        }
        by_identity
    }

    /// A file that is not read yet: from where it was left, or from the start. Nothing if it must wait or cannot
    /// be opened.
    fn welcome(&mut self, found: &Found, cursors: &Cursors, pass: &mut Pass<'_>) -> Option<TailedFile> {
        let mut file = self.new_file(&found.name, &found.path, found.identity);
        let opened = match File::open(&found.path) {
            Ok(opened) => opened,
            Err(error) => {
                let why = match error.kind() {
                    std::io::ErrorKind::PermissionDenied => format!("no permission to read it ({error})"),
                    _ => error.to_string(),
                };
                self.errors.push(format!("{}: {why}", found.name));
                return None;
            }
        };
        let position = |c: &TailCursor| {
            let print = Fingerprint { hash: c.fingerprint, len: c.fingerprint_len };
            (print, c.offset)
        };
        let holds = |(print, offset): &(Fingerprint, u64)| {
            found.size >= *offset && print.fits(&opened).unwrap_or(false)
        };
        let own = pass.book.get(&file.key).map(position);
        let copied = self.copied_from(&file, &opened);
        // If the content was replaced while nobody looked, the first look at the file shows it; unless it is a
        // copy by now, whose lines are read from the original.
        if let Some(own) = own
            && (copied.is_none() || holds(&own))
        {
            file.resume(own.0, own.1);
            return Some(file);
        }
        let of_inode = cursors.get(&found.identity).into_iter().flatten().map(position);
        let of_inode = of_inode.chain(self.retired.get(&found.identity).copied());
        let noted = of_inode.filter(holds).max_by_key(|(_, offset)| *offset);
        let (print, offset) = match noted.or(copied) {
            None => return Some(file),
            // A copy with more than was read of the original: its turn comes when that is through or truncated.
            Some((_, offset)) if noted.is_none() && offset < found.size => return None,
            Some(position) => position,
        };
        let offset = offset.min(found.size);
        let covered = u64::from(print.len).min(found.size) as u32;
        let print = Fingerprint::of(&opened, covered).unwrap_or(print);
        file.resume(print, offset);
        let cursor = file.cursor(offset);
        pass.note(cursor);
        Some(file)
    }

    /// How far the file was read that this one is a copy of.
    pub(super) fn copied_from(&self, copy: &TailedFile, opened: &File) -> Option<(Fingerprint, u64)> {
        let original = self.files.iter().find(|file| {
            file.identity != copy.identity
                && is_copy_name(&copy.name, &file.name)
                && file.was_copied_to(opened).unwrap_or(false)
        })?;
        Some((original.print, original.offset))
    }

    /// A copy of file `i`, made before it was truncated, which may hold lines that were not read; and the place of
    /// the file that was read under that name until the copy was written over it.
    pub(super) fn find_copy(&self, i: usize, now_ms: i64) -> Option<(TailedFile, Option<usize>)> {
        let file = &self.files[i];
        possible_copies(Path::new(&file.name)).into_iter().find_map(|path| {
            let opened = File::open(&path).ok()?;
            let meta = opened.metadata().ok()?;
            let identity = Identity::of(&meta);
            let fits = meta.is_file() && meta.len() >= file.offset && file.was_copied_to(&opened).ok()?;
            let known = self.files.iter().position(|file| file.identity == identity);
            let read_already = known.is_some_and(|j| self.files[j].holds_what_was_read(&opened));
            if !fits || read_already {
                return None;
            }
            let mut copy = self.new_file(&file.name, &path, identity);
            copy.resume(file.print, file.offset);
            copy.size = meta.len();
            copy.start_leaving(now_ms);
            Some((copy, known))
        })
    }
}

/// A file that this program never read, and a Promtail before it did, goes on where that stopped.
fn import(file: &mut TailedFile, found: &Found, pass: &mut Pass<'_>) {
    if file.offset > 0 || pass.book.contains_key(&file.key) {
        return;
    }
    let Some(offset) =
        pass.imported.get(&found.name).copied().filter(|offset| (1..=found.size).contains(offset))
    else {
        return;
    };
    let Ok(print) = File::open(&found.path).and_then(|opened| {
        let covered = u64::from(FINGERPRINT_BYTES).min(found.size) as u32;
        Fingerprint::of(&opened, covered)
    }) else {
        return;
    };
    // Promtail takes the first byte of a newline for all of it.
    let unit = file.encoding.map_or(1, |encoding| encoding.unit() as u64);
    let offset = offset.next_multiple_of(unit);
    file.resume(print, offset);
    let cursor = file.cursor(offset);
    pass.note(cursor);
}
