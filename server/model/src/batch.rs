//! What writers hand to sinks.

use crate::{Entry, Exemplar, Histogram, Labels, Metadata, Sample};

/// Samples of many series: a scrape, or a remote write request.
#[derive(Debug, Clone, Default)]
pub struct MetricBatch {
    /// The series, each with its run of `samples`.
    pub series: Vec<BatchSeries>,
    /// All float samples, series after series.
    pub samples: Vec<Sample>,
    /// Histogram samples: (index into `series`, time in ms, histogram).
    pub histograms: Vec<(u32, i64, Histogram)>,
    /// Exemplars: (index into `series`, exemplar).
    pub exemplars: Vec<(u32, Exemplar)>,
    /// What metric families say of themselves.
    pub metadata: Vec<Metadata>,
}

/// A series of a [`MetricBatch`].
#[derive(Debug, Clone)]
pub struct BatchSeries {
    /// Its labels, metric name included.
    pub labels: Labels,
    /// Index of its first sample in [`MetricBatch::samples`].
    pub first: u32,
    /// How many samples it has there.
    pub count: u32,
    /// When its counters began, in ms; 0 = not known.
    pub start_ms: i64,
}

impl MetricBatch {
    /// Adds a series with its float samples.
    pub fn push(&mut self, labels: Labels, samples: impl IntoIterator<Item = Sample>) {
        let first = self.samples.len() as u32;
        self.samples.extend(samples);
        let count = self.samples.len() as u32 - first;
        self.series.push(BatchSeries { labels, first, count, start_ms: 0 });
    }

    /// The float samples of a series.
    pub fn samples_of(&self, series: &BatchSeries) -> &[Sample] {
        &self.samples[series.first as usize..][..series.count as usize]
    }

    /// Whether the batch holds nothing.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.metadata.is_empty()
    }
}

/// Entries of many streams, and how far their sources had been read.
#[derive(Debug, Clone, Default)]
pub struct LogBatch {
    /// The streams with their entries.
    pub streams: Vec<StreamEntries>,
    /// Tail positions after these entries.
    pub cursors: Vec<TailCursor>,
}

/// Entries of one stream, in order of arrival.
#[derive(Debug, Clone)]
pub struct StreamEntries {
    /// The stream's labels.
    pub labels: Labels,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// How far a tailed file was read. The newest cursor of a `key` replaces older ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailCursor {
    /// The source: job and path, as the tailer names it.
    pub key: String,
    /// Device and inode of the file.
    pub device: u64,
    /// See `device`.
    pub inode: u64,
    /// Hash of the file's first bytes, so that a reused inode is told apart.
    pub fingerprint: u64,
    /// How many bytes the fingerprint covers.
    pub fingerprint_len: u32,
    /// Bytes read; lines before this offset are stored.
    pub offset: u64,
    /// True once the file is gone for good: the cursor is forgotten.
    pub gone: bool,
}
