//! What a query is asked with and what it answers.

use bytes::Bytes;
use model::{Direction, Labels};

/// The times and bounds of a range query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeParams {
    /// First time, ns: of lines, inclusive; of a metric query, the first step.
    pub start_ns: i64,
    /// Last time, ns: of lines, exclusive; of a metric query, the last step at most.
    pub end_ns: i64,
    /// Distance of a metric query's steps, ns.
    pub step_ns: i64,
    /// How many lines a log query answers with at most.
    pub limit: usize,
    /// Which lines come first.
    pub direction: Direction,
    /// Lines that follow one within this time are left out, ns; 0 = none.
    pub interval_ns: i64,
    /// The time that templates see as `now`.
    pub now_ns: i64,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The value.
    pub value: Value,
    /// What could not be read.
    pub warnings: Vec<String>,
    /// What it took.
    pub stats: Stats,
}

/// Lines or numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of a log query: sorted by labels, the entries of each in the direction asked.
    Streams(Vec<Stream>),
    /// Of a metric query: a scalar, vector or matrix.
    Metric(promql::Value),
}

/// Lines with the same labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// All labels: the stream's, structured metadata, parsed ones.
    pub labels: Labels,
    /// Those of the stream alone, as the pipeline left them.
    pub stream_labels: Labels,
    /// The lines.
    pub entries: Vec<StreamEntry>,
}

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEntry {
    /// Its time, ns.
    pub t_ns: i64,
    /// Its number of arrival, which orders lines of one time.
    pub sequence: u64,
    /// The line, as the pipeline left it.
    pub line: Bytes,
    /// Which of the labels are structured metadata.
    pub metadata: Labels,
    /// Which of the labels come from the pipeline.
    pub parsed: Labels,
}

/// What a query took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Entries that were read from the source (its own filters had passed them).
    pub entries: u64,
    /// Bytes of their lines, where lines were read.
    pub bytes: u64,
    /// Parts of the source that were read.
    pub parts: u64,
    /// Parts that the source offered.
    pub parts_offered: u64,
}
