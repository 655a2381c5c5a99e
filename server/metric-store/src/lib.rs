//! Metrics on disk and in memory: a write-ahead log, a head that answers at once, and immutable partitions of
//! grouped, column-coded chunks. It knows series and samples; of HTTP, query languages and other stores it knows
//! nothing.

mod chunk;
mod histograms;
mod ints;
mod values;
mod varint;
