//! The write-ahead log: append-only segments of checksummed records, made durable in groups by a thread of its own.
//!
//! A segment begins with what its owner needs to read the rest (full shapes, last values): the owner asks
//! [`Wal::wants_segment`] under the lock that orders its records and, if so, calls [`Wal::begin_segment`] with that
//! state before the next [`Wal::append`]. A failed write or sync ends the segment; its unacknowledged records are
//! reported as `Unavailable`, and the next segment's header says how much of it counts.
//!
//! One sync serves all who wait. Where several wait again and again, the log's thread gives those whose records were
//! in the last syncs a moment to come back, so that they share the next one instead of taking turns.

use std::path::PathBuf;
use std::time::Duration;

mod group;
mod log;
mod replay;
mod segment;
mod writer;

pub use group::Ticket;
pub use log::Wal;
pub use replay::{Damage, Record, Replayed, replay};

/// Bounds of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalOptions {
    /// The size at which a new segment is wanted.
    pub segment_bytes: u64,
    /// The longest time that an appended record waits for its sync when nobody waits for it.
    pub group: Duration,
    /// Bytes that may wait for the disk; beyond it `append` answers `Unavailable`.
    pub max_waiting_bytes: usize,
    /// The largest record.
    pub max_record_bytes: usize,
    /// After a failure: how often the disk is tried again.
    pub retry: Duration,
    /// Whether each record can be read without those before it. Then damage in the middle of a segment costs the
    /// records that it lies in, not those behind them.
    pub independent_records: bool,
    /// How far zeros are written ahead of the records of a busy log, at most: a sync that does not lengthen the file
    /// has no inode to write. A segment that is left is cut to what it holds.
    pub ahead_bytes: u64,
}

impl Default for WalOptions {
    fn default() -> Self {
        WalOptions {
            segment_bytes: 16 << 20,
            group: Duration::from_millis(100),
            max_waiting_bytes: 64 << 20,
            max_record_bytes: 256 << 20,
            retry: Duration::from_millis(500),
            independent_records: false,
            ahead_bytes: 1 << 20,
        }
    }
}

/// Where a record ends in the log. Later records have greater positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The segment's sequence number.
    pub segment: u64,
    /// Offset behind the record.
    pub offset: u64,
}

/// A segment's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its sequence number, from 1 on.
    pub sequence: u64,
    /// Its file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

#[cfg(test)]
mod tests;
