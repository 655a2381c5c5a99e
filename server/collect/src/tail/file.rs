//! One file that is being read: where reading stands, whether it is still the same file, and its lines.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use bytes::Bytes;
use model::{Labels, TailCursor};

use super::encoding::Encoding;
use super::identity::{FINGERPRINT_BYTES, Fingerprint, Identity, read_full};
use super::pipeline::Progress;

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Most bytes of a line; the rest of a longer one is left out.
pub(crate) const MAX_LINE_BYTES: usize = 4 << 20;
/// A last line without a newline is taken as it is once the file has not grown for so long.
pub(crate) const PARTIAL_MS: i64 = 5_000;
/// Bytes before the offset that must still be there, else the file was written anew.
const TAIL_BYTES: usize = 64;

/// A file and how far it was read.
#[derive(Debug)]
pub(crate) struct TailedFile {
    /// The path as the configuration spells it: the label `filename`.
    pub(crate) name: String,
    pub(crate) key: String,
    /// Where the file is now.
    pub(crate) location: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) print: Fingerprint,
    pub(crate) labels: Labels,
    /// Nothing: UTF-8, or bytes as they are.
    pub(crate) encoding: Option<Encoding>,
    /// Bytes read.
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// Since when another file, or none, has its name.
    pub(crate) leaving_since: Option<i64>,
    pub(crate) last_growth_ms: i64,
    pub(crate) next_poll_ms: i64,
    pub(crate) lines: u64,
    pub(crate) last_line_ms: Option<i64>,
    pub(crate) error: String,
    /// Whether the last try to read it failed.
    pub(crate) failing: bool,
    pub(crate) progress: Progress,
    /// What the newest cursor says.
    pub(crate) noted_offset: u64,
    /// Whether it became a copy of another file that is read: the next look at the folder decides where to go on.
    pub(crate) dropped: bool,
    handle: Option<File>,
    changed: (i64, i64),
    before: Vec<u8>,
    want: usize,
    skipping: bool,
}

/// What a look at a file shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Unchanged,
    /// There is something to read.
    Grown,
    /// Its content was replaced: it is read from the start.
    Truncated,
    /// Another file has its name, or none.
    Moved,
}

/// Lines with the offsets of their first bytes.
pub(crate) type Lines = Vec<(u64, Bytes)>;

impl TailedFile {
    pub(crate) fn new(
        key: String,
        name: String,
        location: PathBuf,
        identity: Identity,
        labels: Labels,
    ) -> Self {
        TailedFile {
            name,
            key,
            location,
            identity,
            labels,
            encoding: None,
            print: Fingerprint::default(),
            offset: 0,
            size: 0,
            leaving_since: None,
            last_growth_ms: 0,
            next_poll_ms: 0,
            lines: 0,
            last_line_ms: None,
            error: String::new(),
            failing: false,
            progress: Progress::default(),
            noted_offset: 0,
            dropped: false,
            handle: None,
            changed: (0, 0),
            before: Vec::new(),
            want: CHUNK_BYTES,
            skipping: false,
        }
    }

    /// Goes on where an earlier reading ended.
    pub(crate) fn resume(&mut self, print: Fingerprint, offset: u64) {
        (self.print, self.offset, self.noted_offset) = (print, offset, offset);
    }

    /// The file lost its name: it is read on until it is quiet.
    pub(crate) fn start_leaving(&mut self, now_ms: i64) {
        self.leaving_since = Some(now_ms);
        (self.last_growth_ms, self.next_poll_ms) = (now_ms, now_ms);
    }

    pub(crate) fn cursor(&self, offset: u64) -> TailCursor {
        TailCursor {
            key: self.key.clone(),
            device: self.identity.device,
            inode: self.identity.inode,
            fingerprint: self.print.hash,
            fingerprint_len: self.print.len,
            offset,
            gone: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.handle.is_some()
    }

    pub(crate) fn close(&mut self) {
        self.handle = None;
    }

    /// Opens the file unless it is open; false if something else is at its place.
    pub(crate) fn open(&mut self) -> io::Result<bool> {
        if self.handle.is_none() {
            let file = open_plain(&self.location)?;
            if Identity::of(&file.metadata()?) != self.identity {
                return Ok(false);
            }
            self.handle = Some(file);
        }
        Ok(true)
    }

    /// Looks for changes. A file that is named otherwise by now is read on through its open handle.
    pub(crate) fn look(&mut self, now_ms: i64) -> io::Result<Look> {
        if self.leaving_since.is_none() {
            match std::fs::metadata(&self.location) {
                Ok(meta) if Identity::of(&meta) == self.identity => {
                    if self.is_as_before(&meta) && self.offset >= self.size {
                        return Ok(Look::Unchanged);
                    }
                }
                Ok(_) => return Ok(Look::Moved),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Look::Moved),
                Err(e) => return Err(e),
            }
        }
        if !self.open()? {
            return Ok(Look::Moved);
        }
        let Some(file) = &self.handle else { return Ok(Look::Moved) };
        let meta = file.metadata()?;
        let as_before = self.is_as_before(&meta);
        let same = as_before || (meta.len() >= self.offset && self.is_same_content(file)?);
        (self.size, self.changed) = (meta.len(), (meta.mtime(), meta.mtime_nsec()));
        if !as_before {
            self.last_growth_ms = now_ms;
        }
        if !same {
            return Ok(Look::Truncated);
        }
        Ok(if self.size > self.offset { Look::Grown } else { Look::Unchanged })
    }

    fn is_as_before(&self, meta: &Metadata) -> bool {
        meta.len() == self.size && (meta.mtime(), meta.mtime_nsec()) == self.changed
    }

    /// Whether the bytes read are still those that stand there, as far as can be told cheaply.
    fn is_same_content(&self, file: &File) -> io::Result<bool> {
        let mut before = vec![0; self.before.len()];
        let n = read_full(file, &mut before, self.offset - self.before.len() as u64)?;
        Ok(before[..n] == self.before && self.print.fits(file)?)
    }

    /// Whether what was read of it still stands in it, opened as `file`.
    pub(crate) fn holds_what_was_read(&self, file: &File) -> bool {
        let long_enough = file.metadata().is_ok_and(|meta| meta.len() >= self.offset);
        long_enough && self.is_same_content(file).unwrap_or(false)
    }

    /// Whether it has a name, any, as far as can be told.
    pub(crate) fn exists(&self) -> bool {
        self.handle.as_ref().is_some_and(|file| file.metadata().is_ok_and(|meta| meta.nlink() > 0))
    }

    pub(crate) fn handle(&self) -> Option<&File> {
        self.handle.as_ref()
    }

    /// Whether `file` holds a copy of what was read here.
    pub(crate) fn was_copied_to(&self, file: &File) -> io::Result<bool> {
        let size = file.metadata()?.len();
        if self.print.len == 0 || !self.print.fits(file)? {
            return Ok(false);
        }
        Ok(size < self.offset || self.is_same_content(file)?)
    }

    /// Forgets the old content.
    pub(crate) fn restart(&mut self) {
        (self.offset, self.print, self.want) = (0, Fingerprint::default(), CHUNK_BYTES);
        self.before.clear();
        self.skipping = false;
    }

    /// Reads the next chunk's lines into `lines`; how many bytes it consumed. 0: nothing more for now.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>, now_ms: i64, lines: &mut Lines) -> io::Result<usize> {
        loop {
            let want = self.want;
            let consumed = self.read_once(buffer, now_ms, lines)?;
            // A longer line was met: it is read again with more room.
            if consumed > 0 || self.want == want {
                return Ok(consumed);
            }
        }
    }

    fn read_once(&mut self, buffer: &mut Vec<u8>, now_ms: i64, lines: &mut Lines) -> io::Result<usize> {
        let Some(file) = &self.handle else { return Ok(0) };
        buffer.resize(buffer.len().max(self.want), 0);
        let n = read_full(file, &mut buffer[..self.want], self.offset)?;
        if self.print.len < FINGERPRINT_BYTES && self.offset + n as u64 > u64::from(self.print.len) {
            self.print = Fingerprint::of(file, FINGERPRINT_BYTES)?;
        }
        if self.offset == 0
            && let Some(what) = unreadable(&buffer[..n], self.unit() > 1)
        {
            return Err(io::Error::other(what));
        }
        if let Some(encoding) = self.encoding.filter(|encoding| encoding.is_open()) {
            let mut first = [0; 2];
            let n = read_full(file, &mut first, 0)?;
            self.encoding = Some(encoding.marked(&first[..n]));
        }
        let consumed = self.split(&buffer[..n], now_ms, lines);
        if consumed > 0 {
            self.offset += consumed as u64;
            self.before = buffer[consumed.saturating_sub(TAIL_BYTES)..consumed].to_vec();
            self.size = self.size.max(self.offset);
        }
        Ok(consumed)
    }

    fn unit(&self) -> usize {
        self.encoding.map_or(1, Encoding::unit)
    }

    /// Takes whole lines off `bytes`, which begin at the offset; how many bytes they are.
    fn split(&mut self, bytes: &[u8], now_ms: i64, lines: &mut Lines) -> usize {
        let encoding = self.encoding;
        let newline = |bytes: &[u8], at| match encoding {
            None => Some((at, at + 1)),
            Some(encoding) => encoding.newline(bytes, at),
        };
        let last = memchr::memrchr_iter(b'\n', bytes).find_map(|at| newline(bytes, at));
        let Some((_, length)) = last else {
            return self.split_partial(bytes, now_ms, lines);
        };
        self.want = CHUNK_BYTES;
        let chunk = Bytes::copy_from_slice(&bytes[..length]);
        let mut start = 0;
        for (end, next) in memchr::memchr_iter(b'\n', &chunk).filter_map(|at| newline(&chunk, at)) {
            if !std::mem::take(&mut self.skipping) {
                self.push(chunk.slice(start..end), start, lines);
            }
            start = next;
        }
        length
    }

    fn split_partial(&mut self, bytes: &[u8], now_ms: i64, lines: &mut Lines) -> usize {
        let bytes = &bytes[..bytes.len() - bytes.len() % self.unit()];
        if bytes.is_empty() {
            return 0;
        }
        // A writer that goes on at its old place after a truncation leaves a hole.
        if bytes[0] == 0 && bytes.iter().all(|b| *b == 0) && bytes.len() == self.want {
            return bytes.len();
        }
        if self.skipping {
            return bytes.len();
        }
        if bytes.len() == self.want {
            if self.want < MAX_LINE_BYTES {
                self.want = (self.want * 4).min(MAX_LINE_BYTES);
                return 0;
            }
            self.error =
                format!("a line is longer than {} MiB: the rest of it is left out", MAX_LINE_BYTES >> 20);
            self.skipping = true;
            self.push(Bytes::copy_from_slice(bytes), 0, lines);
            return bytes.len();
        }
        if now_ms - self.last_growth_ms < PARTIAL_MS {
            return 0;
        }
        self.push(Bytes::copy_from_slice(bytes), 0, lines);
        bytes.len()
    }

    fn push(&self, line: Bytes, start: usize, lines: &mut Lines) {
        let line = match self.encoding {
            None => line,
            Some(encoding) => encoding.decode(&line, self.offset + start as u64 == 0),
        };
        let zeros = line.iter().take_while(|b| **b == 0).count();
        let end = line.len() - usize::from(line.len() > zeros && line.ends_with(b"\r"));
        lines.push((self.offset + start as u64, line.slice(zeros..end)));
    }
}

/// Opens without waiting for a writer, should it be a pipe by now.
fn open_plain(path: &std::path::Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// What a file is that begins with these bytes and holds no lines.
fn unreadable(bytes: &[u8], wide: bool) -> Option<&'static str> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Some("a gzip file: it is read where the job has decompression: {enabled: true, format: gz}");
    }
    if bytes.starts_with(b"BZh") && bytes.get(4..10) == Some(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) {
        return Some(
            "a bzip2 file: it is read where the job has decompression: {enabled: true, format: bz2}",
        );
    }
    // Characters of two bytes may hold zeros.
    if wide {
        return None;
    }
    let head = &bytes[..bytes.len().min(FINGERPRINT_BYTES as usize)];
    let binary = head.first().is_some_and(|b| *b != 0) && head.contains(&0);
    binary.then_some("a binary file (it holds zero bytes): not read")
}
