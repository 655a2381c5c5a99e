//! The traits between metric stores and those who write and read them.

use std::sync::Arc;

use crate::{Control, Error, Histogram, Labels, Matcher, MetricBatch, Result, Sample};

/// What a metric is, as its exposition says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MetricKind {
    /// Not said.
    #[default]
    Unknown,
    /// Goes up, or starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, sum and count.
    Histogram,
    /// A histogram that may go down.
    GaugeHistogram,
    /// Quantiles, sum and count.
    Summary,
    /// Labels with the value 1.
    Info,
    /// One of several states.
    StateSet,
}

impl MetricKind {
    /// The word that Prometheus' API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            MetricKind::Unknown => "unknown",
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
            MetricKind::GaugeHistogram => "gaugehistogram",
            MetricKind::Summary => "summary",
            MetricKind::Info => "info",
            MetricKind::StateSet => "stateset",
        }
    }
}

/// What a metric family says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The family's name.
    pub family: String,
    /// Its kind.
    pub kind: MetricKind,
    /// Its help text.
    pub help: String,
    /// Its unit, or empty.
    pub unit: String,
}

/// An example of what a sample counts, with a trace id as a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// The exemplar's own labels.
    pub labels: Labels,
    /// The value and its time.
    pub sample: Sample,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Appended {
    /// Samples kept (equal repetitions included: they are what the writer wanted).
    pub accepted: u64,
    /// Samples that could not be kept, the first few of each reason with their series.
    pub rejected: Vec<Rejected>,
    /// Tells when the accepted samples are durable. They are visible to queries at once.
    pub commit: CommitTicket,
}

/// Samples of a series that were not kept, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// The series.
    pub labels: Labels,
    /// Time of the first sample concerned.
    pub t_ms: i64,
    /// Why, for people.
    pub reason: String,
    /// How many samples this row stands for.
    pub count: u64,
}

/// What a [`CommitTicket`] waits for.
pub trait Commit: Send {
    /// Blocks until the commit is on disk, or failed.
    fn wait(self: Box<Self>) -> Result<()>;

    /// Calls `done` with the outcome, on any thread and as soon as it is known. `done` must not block.
    fn notify(self: Box<Self>, done: Box<dyn FnOnce(Result<()>) + Send>) {
        done(self.wait());
    }
}

/// Waits for a group commit.
pub struct CommitTicket(Option<Box<dyn Commit>>);

impl CommitTicket {
    /// A ticket whose `wait` blocks until the commit is on disk, or failed.
    pub fn new(wait: impl FnOnce() -> Result<()> + Send + 'static) -> Self {
        CommitTicket::of(Waiting(wait))
    }

    /// A ticket for a commit that can also tell when it is done.
    pub fn of(commit: impl Commit + 'static) -> Self {
        CommitTicket(Some(Box::new(commit)))
    }

    /// A ticket for what is durable already.
    pub fn done() -> Self {
        CommitTicket(None)
    }

    /// Blocks until the batch is durable. `Unavailable` if it could not be written: it may be sent again.
    pub fn wait(self) -> Result<()> {
        self.0.map_or(Ok(()), Commit::wait)
    }

    /// Calls `done` with what [`CommitTicket::wait`] would return, where the commit can tell without a thread that
    /// waits for it. `done` must not block.
    pub fn notify(self, done: impl FnOnce(Result<()>) + Send + 'static) {
        match self.0 {
            None => done(Ok(())),
            Some(commit) => commit.notify(Box::new(done)),
        }
    }
}

struct Waiting<F>(F);

impl<F: FnOnce() -> Result<()> + Send> Commit for Waiting<F> {
    fn wait(self: Box<Self>) -> Result<()> {
        (self.0)()
    }
}

impl std::fmt::Debug for CommitTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommitTicket")
    }
}

/// Takes metrics in.
pub trait MetricSink: Send + Sync {
    /// Appends a batch: samples of any time and order. The same series and timestamp twice: the first
    /// acknowledged value wins, an equal one is ignored, a different one is rejected and counted.
    ///
    /// `Unavailable` when nothing can be written now; `BadInput` never costs the rest of a batch: see
    /// [`Appended::rejected`].
    fn append(&self, batch: &MetricBatch) -> Result<Appended>;

    /// As `append`, for threads that must not wait long; `None`, and nothing done, where it would.
    fn try_append(&self, _batch: &MetricBatch) -> Option<Result<Appended>> {
        None
    }
}

/// Which series, by their labels.
pub type Selector = Vec<Matcher>;

/// Which samples a query wants.
#[derive(Debug, Clone)]
pub struct Select {
    /// All must match.
    pub matchers: Selector,
    /// First time wanted, in ms, inclusive.
    pub start_ms: i64,
    /// Last time wanted, in ms, inclusive.
    pub end_ms: i64,
}

/// One series with its samples in order of time, stale markers included.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its labels, metric name included.
    pub labels: Labels,
    /// Times in ms, ascending. Series that were scraped together share one allocation: compare by `Arc::ptr_eq`
    /// to do work once a column.
    pub timestamps: Arc<[i64]>,
    /// The float value at each time; where the sample is a histogram, the histogram's sum.
    pub values: Vec<f64>,
    /// (index into `timestamps`, histogram), ascending; empty for a float series.
    pub histograms: Vec<(u32, Arc<Histogram>)>,
    /// (index, start timestamp in ms), at change points only; empty if none are known.
    pub starts: Vec<(u32, i64)>,
}

/// A snapshot of selected series, read batch by batch so that a query need not hold all of them.
///
/// Each series is in exactly one batch, whole. Batches may be read in any order and from several threads.
pub trait SeriesSet: Send + Sync {
    /// How many batches there are.
    fn batches(&self) -> usize;

    /// Decodes a batch; series without a sample in the range are left out.
    fn read(&self, batch: usize, control: &Control) -> Result<Vec<Series>>;

    /// What could not be read (a corrupt blob: partition and key), for the answer's warnings. Complete once all
    /// batches are read.
    fn warnings(&self) -> Vec<String>;
}

/// Numbers about a metric store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MetricStats {
    /// Series that got a sample in the open windows.
    pub active_series: u64,
    /// Samples in the head.
    pub head_samples: u64,
    /// Partitions on disk.
    pub partitions: u64,
    /// Bytes on disk, WAL included.
    pub disk_bytes: u64,
    /// Samples appended since the start.
    pub appended_samples: u64,
    /// Oldest sample kept, ms; `None` if there is none.
    pub min_time_ms: Option<i64>,
    /// Newest sample kept, ms.
    pub max_time_ms: Option<i64>,
}

/// Gives metrics out.
pub trait SeriesSource: Send + Sync {
    /// The series that match, as they are now.
    fn select(&self, select: &Select, control: &Control) -> Result<Box<dyn SeriesSet>>;

    /// Labels of the series that match any of `selectors` (all series if empty) and have a sample in the range.
    /// Sorted, at most `limit` (0 = all).
    fn series(
        &self,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        limit: usize,
        control: &Control,
    ) -> Result<Vec<Labels>>;

    /// Label names of those series, sorted.
    fn label_names(
        &self,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        control: &Control,
    ) -> Result<Vec<String>>;

    /// Values of label `name` among those series, sorted.
    fn label_values(
        &self,
        name: &str,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        control: &Control,
    ) -> Result<Vec<String>>;

    /// Metadata of a family, or of all, sorted by name.
    fn metadata(&self, family: Option<&str>) -> Result<Vec<Metadata>>;

    /// Exemplars of the series that match, with the series' labels.
    fn exemplars(&self, _select: &Select, _control: &Control) -> Result<Vec<(Labels, Vec<Exemplar>)>> {
        Err(Error::new(crate::ErrorKind::NotFound, "this source keeps no exemplars"))
    }

    /// Numbers about the store.
    fn stats(&self) -> MetricStats;
}
