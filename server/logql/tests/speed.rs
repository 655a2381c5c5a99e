//! How many lines a second the engine handles, apart from any store. Run with
//! `cargo test --release -p logql --test speed -- --ignored --nocapture`.

use std::time::Instant;

use logql::RangeParams;
use model::{
    Control, Direction, EntryBatch, Labels, LogScan, LogSelect, LogSource, LogStats, Need, Result, ScanPart,
    Selector,
};

const LINES: usize = 600_000;
const PART: usize = 1_500;
const SECOND_NS: i64 = 1_000_000_000;

/// Batches that are ready, so that what is measured is the engine.
struct Ready {
    parts: Vec<(ScanPart, EntryBatch)>,
}

struct Scan {
    parts: Vec<ScanPart>,
    batches: Vec<EntryBatch>,
}

impl LogScan for Scan {
    fn parts(&self) -> &[ScanPart] {
        &self.parts
    }

    fn read(&self, part: usize, _control: &Control) -> Result<EntryBatch> {
        Ok(self.batches[part].clone())
    }

    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    fn has_metadata(&self) -> bool {
        false
    }
}

fn made() -> Ready {
    let mut parts = Vec::new();
    let levels = ["INFO", "INFO", "INFO", "DEBUG", "WARNING", "ERROR"];
    for start in (0..LINES).step_by(PART) {
        let mut batch = EntryBatch {
            streams: vec![Labels::from_pairs([("job", "vllm-batch-api"), ("filename", "/var/log/api.log")])],
            ..EntryBatch::default()
        };
        for i in start..start + PART {
            let level = levels[(i * 7919) % levels.len()];
            let line = format!(
                "{{\"timestamp\": \"2026-11-22T00:00:{:02}.{:06}Z\", \"level\": \"{level}\", \"logger\": \"batch.api\", \
                 \"message\": \"request handled with some words\", \"request_id\": \"req-{:016x}\", \"nested\": {{\"a\": 1, \
                 \"b\": [1, 2, 3]}}, \"duration_seconds\": {}.{:03}, \"status\": 200}}",
                i % 60,
                i % 1_000_000,
                i * 0x9e37_79b9,
                i % 30,
                i % 1_000
            );
            batch.stream_of.push(0);
            batch.timestamps.push(i as i64 * 12_000_000);
            batch.sequence.push(i as u64);
            batch.sizes.push(line.len() as u32);
            batch.lines.push(line.into());
        }
        let (min_ns, max_ns) = (batch.timestamps[0], batch.timestamps[PART - 1]);
        let bytes = batch.sizes.iter().map(|n| u64::from(*n)).sum();
        parts.push((ScanPart { min_ns, max_ns, entries: PART as u64, bytes }, batch));
    }
    Ready { parts }
}

impl LogSource for Ready {
    fn scan(&self, select: &LogSelect, _control: &Control) -> Result<Box<dyn LogScan>> {
        let mut parts = Vec::new();
        let mut batches = Vec::new();
        for (part, batch) in &self.parts {
            let mut batch = batch.clone();
            if select.need < Need::Lines {
                batch.lines.clear();
            }
            let overlaps = part.max_ns >= select.start_ns && part.min_ns < select.end_ns;
            if overlaps {
                let inside = |t: i64| (select.start_ns..select.end_ns).contains(&t);
                let kept: Vec<usize> = (0..batch.len()).filter(|i| inside(batch.timestamps[*i])).collect();
                if kept.len() == batch.len() {
                    parts.push(*part);
                    batches.push(batch);
                }
            }
        }
        if select.direction == Direction::Backward {
            parts.reverse();
            batches.reverse();
        }
        Ok(Box::new(Scan { parts, batches }))
    }

    fn series(&self, _: &[Selector], _: i64, _: i64, _: &Control) -> Result<Vec<Labels>> {
        Ok(Vec::new())
    }

    fn label_names(&self, _: &[Selector], _: i64, _: i64, _: &Control) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn label_values(&self, _: &str, _: &[Selector], _: i64, _: i64, _: &Control) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn arrivals(&self) -> u64 {
        LINES as u64
    }

    fn stats(&self) -> LogStats {
        LogStats::default()
    }
}

#[test]
#[ignore = "measures; says nothing in a debug build"]
fn lines_a_second() {
    let source = made();
    let params = RangeParams {
        start_ns: 0,
        end_ns: 7_200 * SECOND_NS,
        step_ns: 60 * SECOND_NS,
        limit: 1_000,
        direction: Direction::Backward,
        interval_ns: 0,
        now_ns: 0,
    };
    for query in [
        "{job=\"x\"}",
        "{job=\"x\"} | json | duration_seconds > 29.99 and level=\"ERROR\"",
        "{job=\"x\"} | json | duration_seconds > 99",
        "{job=\"x\"} | json | level=\"NONE\"",
        "sum by (job) (rate({job=~\".+\"}[5m]))",
        "rate({job=~\".+\"}[5m])",
        "quantile_over_time(0.95, {job=\"x\"} | json | unwrap duration_seconds [5m]) by (level)",
        "sum by (level) (count_over_time({job=\"x\"} | json [1m]))",
        "sum(count_over_time({job=\"x\"} | json | level=\"ERROR\" [1m]))",
    ] {
        let expr = logql::parse(query).expect("valid");
        let mut best = f64::MAX;
        for _ in 0..5 {
            let started = Instant::now();
            let answer = logql::query_range(&source, &expr, params, &Control::default()).expect("answered");
            best = best.min(started.elapsed().as_secs_f64());
            assert!(answer.stats.parts > 0, "{query} read nothing");
        }
        println!("{:8.1} ms {:7.2} M lines/s  {query}", best * 1e3, LINES as f64 / best / 1e6);
    }
}
