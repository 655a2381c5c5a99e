//! Metrics on disk and in memory: a write-ahead log, a head that answers at once, and immutable partitions of
//! grouped, column-coded chunks. It knows series and samples; of HTTP, query languages and other stores it knows
//! nothing.

mod chunk;
mod config;
mod error;
mod head;
mod histograms;
mod ints;
mod merge_runs;
mod partition;
mod record;
mod schema;
mod select;
mod store;
mod tombstones;
mod values;
mod varint;

#[cfg(test)]
mod speed;

pub use config::{Config, RetentionClass};
pub use error::{Error, Result};
pub use store::{MetricStore, PartitionInfo};
