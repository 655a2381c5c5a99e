//! The words of the house: labels, matchers, samples, histograms, log entries, time, and the traits that
//! stores implement and query engines read. No I/O, no clock of its own, no knowledge of any format.

mod batch;
mod clock;
mod control;
mod error;
mod histogram;
mod labels;
mod logs;
mod matcher;
mod metrics;
mod sample;

pub use batch::{BatchSeries, LogBatch, MetricBatch, StreamEntries, TailCursor};
pub use clock::{Clock, ManualClock, SystemClock};
pub use control::{Control, Limits};
pub use error::{Error, ErrorKind, Result, shorten};
pub use histogram::{Bucket, CUSTOM_BUCKETS, CounterResetHint, Histogram, Span, bucket_bound};
pub use labels::{BUCKET_LABEL, INSTANCE, JOB, Labels, LabelsBuilder, METRIC_NAME};
pub use logs::{
    Deletion, Direction, Entry, EntryBatch, LineFilter, LineFilterOp, LogEraser, LogScan, LogSelect, LogSink,
    LogSource, LogStats, Need, ScanPart,
};
pub use matcher::{MatchOp, Matcher, matches_all};
pub use metrics::{
    Appended, Commit, CommitTicket, Exemplar, Metadata, MetricKind, MetricSink, MetricStats, Rejected,
    Select, Selector, Series, SeriesSet, SeriesSource,
};
pub use sample::{STALE_NAN_BITS, Sample, is_stale, stale_nan};
