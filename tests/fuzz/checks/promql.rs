//! What holds for any text as a PromQL query: no panic, neither in parsing nor in evaluating; what parses is printed, on
//! one line and on many, so that it parses to the same tree. Shared by the fuzz target and by `server/promql/tests/fuzz.rs`.

use std::sync::LazyLock;
use std::time::Duration;

use model::{CUSTOM_BUCKETS, Control, CounterResetHint, Histogram, Labels, Limits, Span};
use promql::{Options, TimeRange};
use test_support::MemorySource;

/// Floats, classic and native histograms of both kinds, a series of both; 20 minutes.
static SOURCE: LazyLock<MemorySource> = LazyLock::new(|| {
    let mut source = MemorySource::new();
    let labels = |name: &str, job: &str| Labels::from_pairs([("__name__", name), ("job", job)]);
    for (name, job, factor) in
        [("up", "a", 1.0), ("up", "b", -0.5), ("x", "a", 3.0), ("testmetric", "b", 1e308)]
    {
        let samples = (0..20).filter(|n| n % 7 != 3).map(|n| (n * 60_000, (n % 5) as f64 * factor));
        source.push(labels(name, job), samples);
    }
    source.push(
        labels("odd", "a"),
        [(0, f64::NAN), (60_000, f64::INFINITY), (120_000, -0.0), (180_000, 5e-324)],
    );
    for (le, count) in [("0.1", 1.0), ("1", 3.0), ("+Inf", 4.0)] {
        let pairs = [("__name__", "latency_bucket"), ("job", "a"), ("le", le)];
        source.push(Labels::from_pairs(pairs), (0..20).map(|n| (n * 60_000, count * n as f64)));
    }
    for n in 0..20 {
        let histogram = Histogram {
            reset_hint: if n % 6 == 5 { CounterResetHint::Gauge } else { CounterResetHint::Unknown },
            schema: (n % 3) as i32,
            count: 7.0,
            sum: 4.5,
            zero_count: 1.0,
            zero_threshold: 0.001,
            positive_spans: vec![Span { offset: -1, length: 2 }, Span { offset: 1, length: 1 }],
            positive_buckets: vec![1.0, 2.0, (n % 4) as f64],
            negative_spans: vec![Span { offset: 0, length: 1 }],
            negative_buckets: vec![2.0],
            ..Histogram::default()
        };
        let custom = Histogram {
            schema: CUSTOM_BUCKETS,
            count: 3.0,
            sum: 4.5,
            positive_spans: vec![Span { offset: 0, length: 2 }],
            positive_buckets: vec![1.0, 2.0],
            custom_bounds: if n % 5 == 0 { vec![1.0] } else { vec![0.5, 2.0] },
            ..Histogram::default()
        };
        source.push_histogram(labels("took", "a"), n * 60_000, histogram.clone());
        source.push_histogram(labels("took", "b"), n * 60_000, custom);
        if n % 2 == 0 {
            source.push_histogram(labels("mixed", "a"), n * 60_000, histogram);
        } else {
            source.push(labels("mixed", "a"), [(n * 60_000, n as f64)]);
        }
    }
    source
});

/// Checks one input; true if it is an expression.
pub(crate) fn check(text: &str) -> bool {
    let _ = promql::parse_selector(text);
    let Ok(query) = promql::parse(text) else { return false };
    let printed = query.expr().to_string();
    for form in [printed.clone(), promql::pretty(query.expr())] {
        let again = promql::parse(&form).unwrap_or_else(|error| panic!("{text:?} became {form:?}: {error}"));
        assert_eq!(again.expr().to_string(), printed, "{text:?} became {form:?}");
    }
    let limits = Limits { timeout: Duration::from_secs(10), max_samples: 50_000, max_bytes: 4 << 20 };
    let options = Options::default();
    let _ = promql::instant(&*SOURCE, &query, 600_500, &options, &Control::new(limits));
    let times = TimeRange { start_ms: 0, end_ms: 900_000, step_ms: 130_000 };
    let _ = promql::range(&*SOURCE, &query, times, &options, &Control::new(limits));
    true
}
