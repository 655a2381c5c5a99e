//! What the parser and the evaluator cost, without a store: `cargo test --release -p promql --test speed -- --ignored
//! --nocapture`. Prints; asserts only that the answers are there.

use std::time::{Duration, Instant};

use model::{Control, Labels, Limits};
use promql::{Options, TimeRange, Value};
use test_support::MemorySource;

const SERIES: usize = 5_120;
const SAMPLES: i64 = 720;
const INTERVAL_MS: i64 = 10_000;
const RUNS: usize = 7;

fn source() -> MemorySource {
    let mut source = MemorySource::with_batches_of(256);
    for i in 0..SERIES {
        let labels = Labels::from_pairs([
            ("__name__", "x_total".to_owned()),
            ("cpu", (i % 64).to_string()),
            ("instance", format!("h{}", i / 512)),
            ("mode", (i / 64 % 8).to_string()),
        ]);
        source.push(labels, (0..SAMPLES).map(|n| (n * INTERVAL_MS, (n * (1 + i as i64 % 9)) as f64)));
    }
    source
}

/// The median time of some runs.
fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

#[test]
#[ignore = "a benchmark"]
fn parser() {
    const EACH: u32 = 1_000;
    for query in [
        "up",
        "sum by (mode) (rate(node_cpu_seconds_total{mode!=\"idle\",instance=~\"node.*\"}[5m]))",
        "histogram_quantile(0.99, sum by (le, job) (rate(request_seconds_bucket[5m] offset 1h)))",
        "(a + on (x) group_left (y) b * 2 > bool 3) and topk(5, max_over_time(c[30m:1m]))",
    ] {
        let took = median(|| {
            for _ in 0..EACH {
                assert!(promql::parse(query).is_ok());
            }
        });
        println!("parse {:>8.2} µs  {query}", took.as_secs_f64() * 1e6 / f64::from(EACH));
    }
}

#[test]
#[ignore = "a benchmark"]
fn evaluator() {
    let source = source();
    let (start_ms, end_ms) = (0, (SAMPLES - 1) * INTERVAL_MS);
    for query in [
        "sum(x_total)",
        "sum by (mode) (rate(x_total[5m]))",
        "100 - avg by (instance) (rate(x_total{mode=\"0\"}[5m])) * 100",
        "avg_over_time(x_total[30m])",
        "topk(5, rate(x_total[5m]))",
        "x_total / on (cpu, mode, instance) x_total",
    ] {
        let parsed = promql::parse(query).expect("valid");
        let mut rows = 0;
        let took = median(|| {
            let limits =
                Limits { timeout: Duration::from_secs(60), max_samples: u64::MAX, max_bytes: u64::MAX };
            let control = Control::new(limits);
            let times = TimeRange { start_ms, end_ms, step_ms: 15_000 };
            let answer = promql::range(&source, &parsed, times, &Options::default(), &control);
            rows = match answer.expect("answered").value {
                Value::Matrix(rows) => rows.len(),
                _ => 0,
            };
        });
        assert!(rows > 0, "{query}");
        println!("{:>8.1} ms  {rows:>5} rows  {query}", took.as_secs_f64() * 1e3);
    }
}
