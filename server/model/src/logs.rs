//! The traits between log stores and those who write and read them.

use std::ops::Range;

use bytes::Bytes;

use crate::{Appended, Control, Labels, LogBatch, Matcher, Result, Selector};

/// One line at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Nanoseconds since the Unix epoch; any value.
    pub t_ns: i64,
    /// The line, byte for byte: it need not be UTF-8.
    pub line: Bytes,
    /// Structured metadata.
    pub metadata: Labels,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Newest first.
    #[default]
    Backward,
    /// Oldest first.
    Forward,
}

/// What a reader needs of each entry: less is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Timestamps (and streams) alone.
    Timestamps,
    /// Timestamps and lengths of lines in bytes.
    Sizes,
    /// Everything.
    Lines,
}

/// A line filter that a store applies to raw bytes before anything is parsed.
#[derive(Debug, Clone)]
pub enum LineFilterOp {
    /// The line contains one of these (`|=`, with `or`).
    Contains(Vec<String>),
    /// The line contains none of these (`!=`).
    NotContains(Vec<String>),
    /// The line matches (`|~`), unanchored.
    Matches(regex::bytes::Regex),
    /// The line does not match (`!~`).
    NotMatches(regex::bytes::Regex),
}

/// One line filter.
#[derive(Debug, Clone)]
pub struct LineFilter {
    /// What is asked of the line.
    pub op: LineFilterOp,
}

impl LineFilter {
    /// Whether `line` passes.
    pub fn passes(&self, line: &[u8]) -> bool {
        let contains = |needle: &String| memchr::memmem::find(line, needle.as_bytes()).is_some();
        match &self.op {
            LineFilterOp::Contains(needles) => needles.iter().any(contains),
            LineFilterOp::NotContains(needles) => !needles.iter().any(contains),
            LineFilterOp::Matches(regex) => regex.is_match(line),
            LineFilterOp::NotMatches(regex) => !regex.is_match(line),
        }
    }
}

/// Which entries a query wants.
#[derive(Debug, Clone)]
pub struct LogSelect {
    /// Stream matchers; all must match.
    pub matchers: Vec<Matcher>,
    /// First time wanted, ns, inclusive.
    pub start_ns: i64,
    /// End of the time wanted, ns, exclusive.
    pub end_ns: i64,
    /// Line filters at the head of the pipeline; the store returns only lines that pass them all.
    pub filters: Vec<LineFilter>,
    /// Which parts come first.
    pub direction: Direction,
    /// How much of each entry is needed.
    pub need: Need,
    /// Only entries with these numbers of arrival, if given: what came since one looked last, whatever its time.
    pub arrivals: Option<Range<u64>>,
}

/// A piece of a scan that can be read alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanPart {
    /// No entry of the part is older (ns).
    pub min_ns: i64,
    /// No entry of the part is newer (ns).
    pub max_ns: i64,
    /// An upper bound of its entries.
    pub entries: u64,
    /// Raw bytes of its lines, about.
    pub bytes: u64,
}

/// Entries by column, in order of (time, arrival) within each stream. A demoted label's values are back in the
/// stream's labels: identity is what the writer sent.
#[derive(Debug, Clone, Default)]
pub struct EntryBatch {
    /// The streams of the batch.
    pub streams: Vec<Labels>,
    /// For each entry its stream's index.
    pub stream_of: Vec<u32>,
    /// For each entry its time, ns.
    pub timestamps: Vec<i64>,
    /// For each entry its number of arrival in the store: breaks ties of time.
    pub sequence: Vec<u64>,
    /// For each entry its line's length in bytes (`Need::Sizes` and more).
    pub sizes: Vec<u32>,
    /// For each entry its line (`Need::Lines`).
    pub lines: Vec<Bytes>,
    /// For each entry its structured metadata (`Need::Lines`); empty if no entry of the batch has any.
    pub metadata: Vec<Labels>,
}

impl EntryBatch {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// The structured metadata of entry `i`.
    pub fn metadata(&self, i: usize) -> Labels {
        self.metadata.get(i).cloned().unwrap_or_default()
    }
}

/// A snapshot of what a [`LogSelect`] matches. Parts may overlap in time; an entry is in exactly one part.
pub trait LogScan: Send + Sync {
    /// The parts that may hold matches: by falling `max_ns` for [`Direction::Backward`], by rising `min_ns` for
    /// [`Direction::Forward`]. A reader with a limit stops when no later part can hold an entry it wants.
    fn parts(&self) -> &[ScanPart];

    /// Reads a part. May be called from several threads.
    fn read(&self, part: usize, control: &Control) -> Result<EntryBatch>;

    /// What could not be read (a corrupt block: partition and key), for the answer's warnings.
    fn warnings(&self) -> Vec<String>;

    /// Whether an entry of the parts may have structured metadata: where none has, counting needs timestamps alone.
    fn has_metadata(&self) -> bool {
        true
    }
}

/// Takes logs in.
pub trait LogSink: Send + Sync {
    /// Appends a batch: any times, any order, lines of any bytes. Lines and the cursors they were read with become
    /// durable together. The same (time, line) twice in one stream is kept once.
    fn append(&self, batch: &LogBatch) -> Result<Appended>;

    /// The cursors as of the last durable append, for tailing to go on after a restart.
    fn cursors(&self) -> Result<Vec<crate::TailCursor>>;
}

/// Numbers about a log store or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogStats {
    /// Streams.
    pub streams: u64,
    /// Blocks on disk.
    pub blocks: u64,
    /// Entries.
    pub entries: u64,
    /// Raw bytes of lines.
    pub bytes: u64,
    /// Bytes on disk, WAL and index included (0 where it cannot be told for a part).
    pub disk_bytes: u64,
    /// Entries appended since the start.
    pub appended_entries: u64,
}

/// Gives logs out. Times in ns; ranges are start inclusive, end exclusive.
pub trait LogSource: Send + Sync {
    /// What matches, as it is now.
    fn scan(&self, select: &LogSelect, control: &Control) -> Result<Box<dyn LogScan>>;

    /// Labels of the streams that match any of `selectors` (all if empty) with an entry in the range, sorted.
    fn series(
        &self,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        control: &Control,
    ) -> Result<Vec<Labels>>;

    /// Label names of those streams, sorted.
    fn label_names(
        &self,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        control: &Control,
    ) -> Result<Vec<String>>;

    /// Values of label `name` among those streams, sorted.
    fn label_values(
        &self,
        name: &str,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        control: &Control,
    ) -> Result<Vec<String>>;

    /// The number of arrival that the next entry gets: everything with a lesser one can be read.
    fn arrivals(&self) -> u64;

    /// Numbers about the store.
    fn stats(&self) -> LogStats;
}

/// A request to delete lines.
#[derive(Debug, Clone)]
pub struct Deletion {
    /// Names it: given by the store.
    pub id: String,
    /// Which streams: all must match.
    pub matchers: Vec<Matcher>,
    /// Which of their lines: all must pass.
    pub filters: Vec<LineFilter>,
    /// First time, ns, inclusive.
    pub start_ns: i64,
    /// Last time, ns, inclusive.
    pub end_ns: i64,
    /// The query as it was asked, for people.
    pub query: String,
    /// When it was asked, ms.
    pub created_ms: i64,
    /// Whether the lines are gone from the disk. Readers do not see them from the beginning.
    pub done: bool,
}

/// Deletes lines on request. What arrives after a request is not concerned by it.
pub trait LogEraser: Send + Sync {
    /// Takes a request (its `id` and `done` do not count); durable, and seen by readers, on return. Gives its id.
    fn delete(&self, request: &Deletion) -> Result<String>;

    /// All requests that are remembered, oldest first.
    fn deletions(&self) -> Vec<Deletion>;

    /// Forgets a request that is not done: its lines, those not erased yet, are there again. Whether there was one.
    fn cancel_deletion(&self, id: &str) -> Result<bool>;

    /// Brings everything in memory into its place on disk.
    fn flush(&self) -> Result<()>;
}
