//! Log lines in compressed blocks, and an index of their words.
//!
//! The way of a line: [`LogStore`] puts it, with the tail cursors of its batch, into one record of the log and shows it
//! from memory at once. A stream's lines become a block when they are enough; everything in memory becomes partition
//! files (redb) when the log has grown to its bound or the lines have waited long enough; small partitions are merged.
//! A search skips blocks by time, stream, words (tantivy, one document a block) and blooms, and scans what is left.
//!
//! No clock of its own, no threads but the log's, nothing asynchronous.

mod block;
mod bloom;
mod clue;
mod codec;
mod config;
mod demotion;
mod eraser;
mod error;
mod filter;
mod index;
mod packing;
mod partition;
mod probe;
mod rare;
mod record;
mod rows;
mod scan;
mod schema;
mod store;
mod tail;
mod words;

pub use config::{Config, RetentionClass};
pub use error::{Error, Result};
pub use store::LogStore;
