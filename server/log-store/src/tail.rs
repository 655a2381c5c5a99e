//! What is in memory: for each stream the rows that arrived last, and blocks that wait for their partition.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::Labels;
use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use twox_hash::XxHash3_64;

use crate::block::Sealed;
use crate::eraser::Eraser;
use crate::index::Dictionary;
use crate::partition::Partition;
use crate::rows::Rows;

/// Rows up to this size are joined to those before them, so that lines that come one by one do not make a chunk each.
const MAX_JOINED: usize = 64 << 10;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A number that nothing else in this process has.
pub(crate) fn unique_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// A block in memory with what a search asks first.
#[derive(Debug)]
pub(crate) struct MemoryBlock {
    pub(crate) id: u64,
    pub(crate) sealed: Arc<Sealed>,
    pub(crate) dictionary: Dictionary,
}

impl MemoryBlock {
    pub(crate) fn new(sealed: Sealed) -> Self {
        let words = crate::block::read_words(&sealed).unwrap_or_default();
        MemoryBlock { id: unique_id(), dictionary: Dictionary::of_words(&words), sealed: Arc::new(sealed) }
    }
}

/// What a pending piece of a stream is at the moment.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Not compressed yet.
    Rows(Vec<Arc<Rows>>),
    /// Compressed.
    Blocks(Vec<Arc<MemoryBlock>>),
}

/// A piece of a stream that takes no more rows and waits for its partition.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) key: StreamKey,
    pub(crate) bytes: usize,
    /// When its oldest row arrived, ms.
    pub(crate) since_ms: i64,
    /// Its newest row's number of arrival.
    pub(crate) last_sequence: u64,
    pub(crate) body: RwLock<Body>,
}

/// A stream inside the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StreamKey {
    pub(crate) class: Arc<str>,
    /// Demoted labels left out.
    pub(crate) labels: Labels,
}

/// A stream in memory.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) chunks: Vec<Arc<Rows>>,
    pub(crate) bytes: usize,
    /// When its oldest row arrived, ms.
    pub(crate) since_ms: i64,
    pub(crate) pending: Vec<Arc<Pending>>,
    /// No entry that came through memory is newer.
    pub(crate) max: i64,
    /// No entry of it in a partition is newer; `None` = not known yet.
    pub(crate) stored_max: Option<i64>,
    /// Hashes of the entries in memory that are not compressed; `None` = not needed yet.
    seen: Option<FxHashSet<u64>>,
    /// Whether rows came since the last flush.
    pub(crate) is_active: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Stream {
            chunks: Vec::new(),
            bytes: 0,
            since_ms: 0,
            pending: Vec::new(),
            max: i64::MIN,
            stored_max: None,
            seen: None,
            is_active: false,
        }
    }
}

/// What tells entries of a stream apart.
pub(crate) fn entry_hash(time: i64, line: &[u8], demoted: &Labels) -> u64 {
    let demoted = if demoted.is_empty() { 0 } else { demoted.hash64() };
    XxHash3_64::oneshot(line) ^ (time as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) ^ demoted
}

fn demoted_of(rows: &Rows, i: usize) -> Labels {
    rows.extra(i).map(|extra| extra.demoted.clone()).unwrap_or_default()
}

/// Adds the hashes of all entries of `rows`.
pub(crate) fn hash_rows(rows: &Rows, into: &mut FxHashSet<u64>) {
    into.extend((0..rows.len()).map(|i| entry_hash(rows.times[i], rows.line(i), &demoted_of(rows, i))));
}

/// Whether `rows` hold the entry.
pub(crate) fn rows_hold(rows: &Rows, time: i64, line: &[u8], demoted: &Labels) -> bool {
    rows.min <= time
        && time <= rows.max
        && (0..rows.len())
            .any(|i| rows.times[i] == time && rows.line(i) == line && demoted_of(rows, i) == *demoted)
}

impl Stream {
    /// All rows that are not compressed.
    fn raw_rows(&self) -> Vec<Arc<Rows>> {
        let mut all = self.chunks.clone();
        for pending in &self.pending {
            if let Body::Rows(rows) = &*pending.body.read() {
                all.extend(rows.iter().cloned());
            }
        }
        all
    }

    /// Makes [`Stream::holds_raw`] quick.
    pub(crate) fn prepare(&mut self) {
        if self.seen.is_none() {
            let mut seen = FxHashSet::default();
            self.raw_rows().iter().for_each(|rows| hash_rows(rows, &mut seen));
            self.seen = Some(seen);
        }
    }

    /// Whether an entry is among the rows that are not compressed.
    pub(crate) fn holds_raw(&mut self, time: i64, line: &[u8], demoted: &Labels) -> bool {
        self.prepare();
        let hash = entry_hash(time, line, demoted);
        self.seen.as_ref().is_some_and(|seen| seen.contains(&hash))
            && self.raw_rows().iter().any(|rows| rows_hold(rows, time, line, demoted))
    }

    /// Adds rows that arrived now.
    pub(crate) fn push(&mut self, rows: Rows, now_ms: i64) {
        if self.chunks.is_empty() {
            self.since_ms = now_ms;
        }
        self.is_active = true;
        self.max = self.max.max(rows.max);
        self.bytes += rows.bytes();
        if let Some(seen) = &mut self.seen {
            hash_rows(&rows, seen);
        }
        if let Some(last) = self.chunks.last_mut()
            && last.text.len() + rows.text.len() <= MAX_JOINED
            && let Some(last) = Arc::get_mut(last)
        {
            last.append(&rows);
            return;
        }
        self.chunks.push(Arc::new(rows));
    }

    /// Closes what is in memory: it waits for its partition from now on.
    pub(crate) fn close(&mut self, key: &StreamKey) -> Option<Arc<Pending>> {
        if self.chunks.is_empty() {
            return None;
        }
        let rows = std::mem::take(&mut self.chunks);
        let bytes = std::mem::take(&mut self.bytes);
        self.seen = None;
        let last_sequence = rows.iter().filter_map(|rows| rows.sequence.last()).max().copied().unwrap_or(0);
        let body = RwLock::new(Body::Rows(rows));
        let pending =
            Arc::new(Pending { key: key.clone(), bytes, since_ms: self.since_ms, last_sequence, body });
        self.pending.push(Arc::clone(&pending));
        Some(pending)
    }
}

/// All that queries see, changed at once.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) streams: FxHashMap<StreamKey, Stream>,
    pub(crate) partitions: Arc<Vec<Arc<Partition>>>,
    /// Requests to delete, oldest first.
    pub(crate) erasers: Arc<Vec<Arc<Eraser>>>,
    /// The number that the next entry gets: all with lesser ones are here.
    pub(crate) next_sequence: u64,
}

impl State {
    /// Adds rows to a stream. Returns what is full and should be compressed.
    pub(crate) fn push(
        &mut self,
        key: StreamKey,
        rows: Rows,
        now_ms: i64,
        block_bytes: usize,
    ) -> Option<Arc<Pending>> {
        let stream = self.streams.entry(key.clone()).or_default();
        stream.push(rows, now_ms);
        if stream.bytes >= block_bytes { stream.close(&key) } else { None }
    }
}
