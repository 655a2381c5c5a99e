//! Native histograms as Prometheus has them: exponential buckets (schemas -4 to 8) and custom buckets (-53).

/// A run of consecutive buckets: `offset` empty buckets, then `length` present ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Gap to the previous span, or the index of the first bucket.
    pub offset: i32,
    /// Number of buckets in the run.
    pub length: u32,
}

/// Whether a histogram starts anew against the sample before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CounterResetHint {
    /// Not known: compare buckets.
    #[default]
    Unknown,
    /// Certainly a reset.
    Reset,
    /// Certainly none.
    NotReset,
    /// A gauge histogram: resets have no meaning.
    Gauge,
}

/// A native histogram with absolute float bucket counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// See [`CounterResetHint`].
    pub reset_hint: CounterResetHint,
    /// Resolution: -4 to 8 exponential, -53 custom bounds.
    pub schema: i32,
    /// Width of the zero bucket (absolute value).
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// Sum of all observations.
    pub sum: f64,
    /// Where the positive buckets lie.
    pub positive_spans: Vec<Span>,
    /// Absolute count of each positive bucket.
    pub positive_buckets: Vec<f64>,
    /// Where the negative buckets lie.
    pub negative_spans: Vec<Span>,
    /// Absolute count of each negative bucket.
    pub negative_buckets: Vec<f64>,
    /// Upper bounds of custom buckets (schema -53), ascending, without `+Inf`.
    pub custom_bounds: Vec<f64>,
}
