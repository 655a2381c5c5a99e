//! Properties that hold for any data: a range query answers at each step what an instant query answers there,
//! whatever the batches in which the source gives its series; and a query keeps to its budget.

use std::collections::BTreeMap;

use model::{Control, ErrorKind, Labels, Limits, stale_nan};
use promql::{Options, Point, TimeRange, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use test_support::MemorySource;

/// Steps of 10 s; samples every 7 s or so, some missing, some stale.
const STEP_MS: i64 = 10_000;
const QUERIES: &[&str] = &[
    "m",
    "m offset 15s",
    "m @ 40",
    "rate(m[30s])",
    "increase(m[25s] @ end())",
    "sum(m)",
    "sum by (a) (rate(m[20s]))",
    "avg without (b) (m)",
    "max(m) - min(m)",
    "count by (b) (m > 2)",
    "stddev(m)",
    "quantile(0.3, m)",
    "count_values(\"v\", m)",
    "m{a=\"0\"} / on (b) m{a=\"1\"}",
    "m * on (a) group_left sum by (a) (m)",
    "m{b=\"0\"} or m",
    "m and on (a) (m > 3)",
    "m unless m > 3",
    "sum by (a) (m) + fill(1) sum by (a) (m > 4)",
    "max_over_time(sum(m)[30s:5s])",
    "changes(m[40s])",
    "label_replace(m, \"c\", \"$1\", \"a\", \"(.*)\")",
    "absent(m > 5)",
    "absent_over_time(m[8s])",
    "scalar(sum(m)) * m",
    "timestamp(m)",
    "clamp_max(-m, 0)",
    "histogram_quantile(0.5, label_replace(m, \"le\", \"$1\", \"a\", \"(.*)\"))",
];

type Rows = BTreeMap<(Labels, i64), u64>;

fn rows(value: &Value, at_ms: i64) -> Rows {
    let bits = |point: &Point| match point {
        // All NaNs are alike.
        Point::Float(value) if value.is_nan() => f64::NAN.to_bits(),
        Point::Float(value) => value.to_bits(),
        Point::Histogram(histogram) => histogram.sum.to_bits(),
    };
    match value {
        Value::Scalar(value) => BTreeMap::from([((Labels::empty(), at_ms), bits(&Point::Float(*value)))]),
        Value::String(_) => BTreeMap::new(),
        Value::Vector(samples) => {
            samples.iter().map(|s| ((s.labels.clone(), at_ms), bits(&s.point))).collect()
        }
        Value::Matrix(series) => series
            .iter()
            .flat_map(|s| s.points().map(|(t, point)| ((s.labels.clone(), t), bits(&point))))
            .collect(),
    }
}

fn source(series: &[Vec<Option<f64>>], batch: usize) -> MemorySource {
    let mut source = MemorySource::with_batches_of(batch);
    for (i, values) in series.iter().enumerate() {
        let labels =
            Labels::from_pairs([("__name__", "m"), ("a", &(i % 2).to_string()), ("b", &(i / 2).to_string())]);
        let times = values.iter().enumerate().filter_map(|(n, v)| Some((n as i64 * 7_000, (*v)?)));
        source.push(labels, times);
    }
    source
}

fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        6 => (0..8).prop_map(|v| Some(f64::from(v))),
        1 => Just(None),
        1 => Just(Some(stale_nan())),
        1 => Just(Some(f64::NAN)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_range_is_its_instants(
        series in vec(vec(value(), 0..16), 1..7),
        text in select(QUERIES),
        batch in 1usize..5,
    ) {
        let source = source(&series, batch);
        let options = Options { lookback_ms: 20_000, ..Options::default() };
        // `@ end()` is another time in each instant query.
        let query = promql::parse(&text.replace("end()", "90")).expect("valid");
        let times = TimeRange { start_ms: 0, end_ms: 120_000, step_ms: STEP_MS };
        let control = Control::default();
        let ranged = promql::range(&source, &query, times, &options, &control);
        let mut instants = Rows::new();
        let mut failed = false;
        for t_ms in (0..=120_000).step_by(STEP_MS as usize) {
            match promql::instant(&source, &query, t_ms, &options, &control) {
                Ok(answer) => instants.extend(rows(&answer.value, t_ms)),
                Err(_) => failed = true,
            }
        }
        match ranged {
            Ok(answer) => {
                prop_assert!(!failed, "{text}: an instant failed, the range did not");
                prop_assert_eq!(rows(&answer.value, 0), instants, "{}", text);
            }
            Err(error) => prop_assert!(failed, "{text}: the range alone failed: {error}"),
        }
        // All memory was given back.
        prop_assert!(control.reserve_bytes(Limits::default().max_bytes).is_ok());
    }
}

#[test]
fn budgets_end_a_query_and_free_its_memory() {
    let series: Vec<Vec<Option<f64>>> = (0..6).map(|_| vec![Some(1.0); 16]).collect();
    let source = source(&series, 2);
    let times = TimeRange { start_ms: 0, end_ms: 1_000_000, step_ms: 10 };
    let check = |limits: Limits, text: &str, kind: ErrorKind| {
        let control = Control::new(limits);
        let query = promql::parse(text).expect("valid");
        let error =
            promql::range(&source, &query, times, &Options::default(), &control).expect_err("over budget");
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(control.reserve_bytes(limits.max_bytes).is_ok(), "{text} holds memory");
    };
    let memory = Limits { max_bytes: 1 << 19, ..Limits::default() };
    for text in ["m", "m + m", "quantile(0.5, m)", "topk(3, m)", "sum by (a, b) (m)", "vector(1)"] {
        check(memory, text, ErrorKind::Limit);
    }
    let samples = Limits { max_samples: 10, ..Limits::default() };
    check(samples, "sum(m)", ErrorKind::Limit);
    let time = Limits { timeout: std::time::Duration::ZERO, ..Limits::default() };
    check(time, "sum(m)", ErrorKind::Timeout);
}
