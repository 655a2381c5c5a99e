//! What every handler shares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use access::Guard;
use arc_swap::ArcSwap;
use collect::push_gateway::PushGateway;
use dashboards::Library;
use model::{Clock, Limits, LogEraser, LogSink, LogSource, MetricSink, SeriesSource};
use tokio::sync::Semaphore;

use crate::Program;
use crate::pool::QueryPool;

/// Decodes remote write requests, with the label cache that all requests share.
pub type MetricIngest = wire::remote_write::Decoder;
/// Decodes Loki pushes.
pub type LogIngest = wire::loki_push::Decoder;

/// Sources by name. The first named is the default.
#[derive(Clone)]
pub struct Sources {
    /// Metric sources.
    pub metrics: BTreeMap<String, Arc<dyn SeriesSource>>,
    /// Log sources.
    pub logs: BTreeMap<String, Arc<dyn LogSource>>,
    /// Which one answers when none is named.
    pub default: String,
}

impl Sources {
    /// One metric and one log source, both called `pharos`.
    pub fn own(metrics: Arc<dyn SeriesSource>, logs: Arc<dyn LogSource>) -> Self {
        let name = "pharos".to_owned();
        Sources {
            metrics: BTreeMap::from([(name.clone(), metrics)]),
            logs: BTreeMap::from([(name.clone(), logs)]),
            default: name,
        }
    }

    /// The metric source of that name, or the default one.
    pub(crate) fn metrics(&self, name: Option<&str>) -> Option<Arc<dyn SeriesSource>> {
        self.metrics.get(name.unwrap_or(&self.default)).cloned()
    }

    /// The log source of that name, or the default one.
    pub(crate) fn logs(&self, name: Option<&str>) -> Option<Arc<dyn LogSource>> {
        self.logs.get(name.unwrap_or(&self.default)).cloned()
    }
}

/// What a [`State`] is made of.
pub struct Parts {
    /// Where queries read.
    pub sources: Sources,
    /// Where remote writes go.
    pub metric_sink: Arc<dyn MetricSink>,
    /// Where log pushes go.
    pub log_sink: Arc<dyn LogSink>,
    /// Deletes log lines on request, if anybody can.
    pub log_eraser: Option<Arc<dyn LogEraser>>,
    /// Metrics that jobs push once.
    pub push_gateway: Arc<PushGateway>,
    /// Who may do what.
    pub guard: Guard,
    /// The program around.
    pub program: Arc<dyn Program>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Dashboards, swapped when their files change.
    pub library: Arc<ArcSwap<Library>>,
    /// Bounds of a query.
    pub limits: Limits,
    /// Prometheus' `lookback_delta`, ms.
    pub lookback_ms: i64,
}

/// Shared by all handlers.
pub struct State {
    pub(crate) sources: Sources,
    pub(crate) metric_sink: Arc<dyn MetricSink>,
    pub(crate) log_sink: Arc<dyn LogSink>,
    pub(crate) log_eraser: Option<Arc<dyn LogEraser>>,
    pub(crate) push_gateway: Arc<PushGateway>,
    pub(crate) guard: Guard,
    pub(crate) program: Arc<dyn Program>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) library: Arc<ArcSwap<Library>>,
    pub(crate) limits: Limits,
    pub(crate) lookback_ms: i64,
    pub(crate) pool: QueryPool,
    pub(crate) metric_ingest: MetricIngest,
    pub(crate) log_ingest: LogIngest,
    /// Running totals of senders that push what happened since the last time.
    pub(crate) otlp_totals: wire::otlp::metrics::Accumulator,
    /// Turns of pushes.
    pub(crate) ingesting: Arc<Semaphore>,
    /// Turns of live tails.
    pub(crate) tailing: Arc<Semaphore>,
    /// The turn of the one password that is verified.
    pub(crate) verifying: Semaphore,
}

/// Pushes that are worked on at once.
const MOST_PUSHES: usize = 48;
/// Live tails at once.
const MOST_TAILS: usize = 200;
/// Series whose labels stay decoded between remote writes.
const CACHED_SERIES: usize = 200_000;
/// Streams whose labels stay parsed between pushes.
const CACHED_STREAMS: usize = 20_000;
/// Largest push after decompression.
const MOST_BODY_BYTES: usize = 256 << 20;
/// Largest push as it comes.
pub(crate) const MOST_PUSH_BYTES: usize = 64 << 20;
/// Largest form or batch of queries.
pub(crate) const MOST_QUERY_BYTES: usize = 10 << 20;
/// Queries that may wait for a free thread.
const MOST_WAITING: usize = 2_000;

impl State {
    /// State with its own query threads, one a core.
    pub fn new(parts: Parts) -> std::io::Result<Arc<Self>> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let pool = QueryPool::new(threads, MOST_WAITING)?;
        Ok(Arc::new(State {
            sources: parts.sources,
            metric_sink: parts.metric_sink,
            log_sink: parts.log_sink,
            log_eraser: parts.log_eraser,
            push_gateway: parts.push_gateway,
            guard: parts.guard,
            program: parts.program,
            clock: parts.clock,
            library: parts.library,
            limits: parts.limits,
            lookback_ms: parts.lookback_ms,
            pool,
            metric_ingest: MetricIngest::new(CACHED_SERIES, MOST_BODY_BYTES),
            log_ingest: LogIngest::new(CACHED_STREAMS, MOST_BODY_BYTES),
            otlp_totals: wire::otlp::metrics::Accumulator::default(),
            tailing: Arc::new(Semaphore::new(MOST_TAILS)),
            ingesting: Arc::new(Semaphore::new(MOST_PUSHES)),
            verifying: Semaphore::new(1),
        }))
    }

    /// The bounds of a query that asks for its own timeout.
    pub(crate) fn limits_with(&self, timeout: Option<Duration>) -> Limits {
        let mut limits = self.limits;
        if let Some(timeout) = timeout {
            limits.timeout = limits.timeout.min(timeout);
        }
        limits
    }
}
