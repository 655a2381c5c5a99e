//! OTLP metrics as Prometheus series: names and labels translated, deltas summed up, exponential histograms native.
//! Source: `opentelemetry/proto/metrics/v1/metrics.proto` and "OTLP metric points to Prometheus" of its specification.

mod cumulate;
mod json;
mod names;
mod proto;
mod translate;

use model::MetricBatch;

use super::{Attribute, Encoding, Resource, Scope};
use crate::{Error, Result};

pub use cumulate::Accumulator;
pub use names::Strategy;

/// What the section `otlp` of a `prometheus.yml` sets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// `translation_strategy`: how names are made.
    pub strategy: Strategy,
    /// `promote_resource_attributes`: attributes of the resource that every series gets as labels.
    pub promote: Vec<String>,
    /// `promote_all_resource_attributes`
    pub promote_all: bool,
    /// `ignore_resource_attributes`: those that `promote_all` leaves out.
    pub ignore: Vec<String>,
    /// `keep_identifying_resource_attributes`: whether `target_info` has `service.name` and its kin too.
    pub keep_identifying: bool,
    /// `convert_histograms_to_nhcb`: histograms with bounds become native ones.
    pub convert_histograms: bool,
    /// `promote_scope_metadata`: labels `otel_scope_…`.
    pub promote_scope: bool,
    /// `label_name_preserve_multiple_underscores: false`
    pub collapse_underscores: bool,
    /// `label_name_underscore_sanitization: false`
    pub plain_underscores: bool,
}

impl Options {
    fn label(&self, name: &str) -> String {
        self.strategy.label(name, (self.collapse_underscores, self.plain_underscores))
    }
}

/// What a request became.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    /// The series.
    pub batch: MetricBatch,
    /// Data points that could not be kept.
    pub rejected: u64,
    /// Why the first of them could not.
    pub reason: String,
}

/// Reads a decompressed `ExportMetricsServiceRequest`. `now_ms` stands in for times that are missing.
pub fn decode(
    encoding: Encoding,
    message: &[u8],
    options: &Options,
    accumulator: &Accumulator,
    now_ms: i64,
) -> Result<Decoded> {
    const WHAT: &str = "OTLP metrics request";
    let resources = match encoding {
        Encoding::Protobuf => proto::request(message).map_err(|why| Error::malformed(WHAT, why))?,
        Encoding::Json => json::request(message).map_err(|why| Error::malformed(WHAT, why))?,
    };
    Ok(translate::translate(resources, options, accumulator, now_ms))
}

/// The metrics of one sender.
#[derive(Debug, Default)]
struct ResourceMetrics {
    resource: Resource,
    scopes: Vec<(Scope, Vec<Metric>)>,
}

#[derive(Debug, Default)]
struct Metric {
    name: String,
    description: String,
    unit: String,
    data: Data,
}

#[derive(Debug, Default)]
enum Data {
    #[default]
    None,
    Gauge(Vec<Number>),
    Sum(Vec<Number>, Temporality, bool),
    Histogram(Vec<Explicit>, Temporality),
    Exponential(Vec<Exponential>, Temporality),
    Summary(Vec<Summary>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Temporality {
    #[default]
    Unspecified,
    Delta,
    Cumulative,
}

impl Temporality {
    fn of(number: u64) -> Self {
        match number {
            1 => Temporality::Delta,
            2 => Temporality::Cumulative,
            _ => Temporality::Unspecified,
        }
    }
}

/// What all data points have.
#[derive(Debug, Default)]
struct Common {
    attributes: Vec<Attribute>,
    start_ns: u64,
    time_ns: u64,
    /// Bit 0: the value is missing on purpose.
    flags: u64,
    exemplars: Vec<Example>,
}

#[derive(Debug, Default)]
struct Number {
    common: Common,
    value: f64,
}

#[derive(Debug, Default)]
struct Explicit {
    common: Common,
    count: u64,
    sum: Option<f64>,
    counts: Vec<u64>,
    bounds: Vec<f64>,
}

#[derive(Debug, Default)]
struct Exponential {
    common: Common,
    count: u64,
    sum: Option<f64>,
    scale: i64,
    zero_count: u64,
    zero_threshold: f64,
    positive: Buckets,
    negative: Buckets,
}

#[derive(Debug, Default)]
struct Buckets {
    offset: i64,
    counts: Vec<u64>,
}

#[derive(Debug, Default)]
struct Summary {
    common: Common,
    count: u64,
    sum: f64,
    quantiles: Vec<(f64, f64)>,
}

/// OTLP's exemplar.
#[derive(Debug, Default)]
struct Example {
    attributes: Vec<Attribute>,
    time_ns: u64,
    value: f64,
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
}

#[cfg(test)]
mod tests;
