//! What codec and postings cost: `cargo test --release -p metric-store --lib speed -- --ignored --nocapture`.

use std::time::Instant;

use model::{Labels, MatchOp, Matcher};

use crate::head::Postings;
use crate::values::{self, Scratch};
use crate::varint::Reader;

const RUNS: usize = 2_000;
const SAMPLES: usize = 240;

fn column(next: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..SAMPLES).map(next).collect()
}

#[test]
#[ignore = "a benchmark"]
fn codec() {
    let noise = |i: usize| ((i * 7_919 + 13) % 1_009) as f64;
    for (name, values) in [
        ("constant", column(|_| 42.0)),
        ("counter", column(|i| (i * 37) as f64 + noise(i))),
        ("decimal", column(|i| (noise(i) / 10.0 + 20.0) * 1.0)),
        ("seconds", column(|i| ((i * 1_000) as f64 + noise(i)) / 100.0)),
        ("noise", column(|i| (noise(i) / 7.0).sin())),
    ] {
        let (mut scratch, mut bytes, mut back) = (Scratch::default(), Vec::new(), Vec::new());
        let began = Instant::now();
        for _ in 0..RUNS {
            bytes.clear();
            values::encode(&values, &mut scratch, &mut bytes);
        }
        let encoded = began.elapsed().as_secs_f64();
        let began = Instant::now();
        for _ in 0..RUNS {
            back.clear();
            values::decode(&mut Reader::new(&bytes), SAMPLES, &mut scratch, &mut back).expect("encoded here");
        }
        let decoded = began.elapsed().as_secs_f64();
        assert!(values.iter().zip(&back).all(|(a, b)| a.to_bits() == b.to_bits()), "{name}");
        let millions = (RUNS * SAMPLES) as f64 / 1e6;
        println!(
            "{name:>9}: {:.2} B/sample, {:.0} M/s in, {:.0} M/s out",
            bytes.len() as f64 / SAMPLES as f64,
            millions / encoded,
            millions / decoded
        );
    }
}

#[test]
#[ignore = "a benchmark"]
fn postings() {
    const SERIES: u32 = 200_000;
    let labels: Vec<Labels> = (0..SERIES)
        .map(|i| {
            Labels::from_pairs([
                ("__name__", format!("metric_{}", i % 500)),
                ("instance", format!("host-{}:9100", i / 2_000)),
                ("job", format!("job{}", i % 7)),
                ("x", i.to_string()),
            ])
        })
        .collect();
    let mut postings = Postings::default();
    let began = Instant::now();
    labels.iter().enumerate().for_each(|(i, labels)| postings.add(i as u32, labels));
    println!("add: {:.2} µs a series", began.elapsed().as_secs_f64() * 1e6 / f64::from(SERIES));
    let regex = Matcher::new(MatchOp::Regex, "instance", "host-1.*").expect("valid");
    for (name, matchers) in [
        ("one series", vec![Matcher::equal("x", "777")]),
        ("a metric", vec![Matcher::equal("__name__", "metric_7")]),
        ("a metric of a job", vec![Matcher::equal("__name__", "metric_7"), Matcher::equal("job", "job1")]),
        ("a regex", vec![regex, Matcher::equal("job", "job1")]),
    ] {
        const EACH: u32 = 100;
        let began = Instant::now();
        let mut found = 0;
        for _ in 0..EACH {
            found = postings.select(&matchers, |series| &labels[series as usize]).len();
        }
        assert!(found > 0, "{name}");
        println!(
            "select {name}: {:.1} µs, {found} series",
            began.elapsed().as_secs_f64() * 1e6 / f64::from(EACH)
        );
    }
}
