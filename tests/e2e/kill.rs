//! `kill -9` while samples and lines flow: what was acknowledged is there, again and again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use model::{Entry, Labels, LogBatch, MetricBatch, Sample, StreamEntries};

use crate::server::{Server, encode, request};

/// Series and streams that writers write to.
const WRITERS: usize = 3;
/// First timestamp, ms; each write goes a second on.
const FIRST_MS: i64 = 1_700_000_000_000;

/// What the server has acknowledged: for each writer, how many writes.
#[derive(Default)]
struct Acknowledged {
    samples: [i64; WRITERS],
    lines: [i64; WRITERS],
}

fn metric_body(writer: usize, n: i64) -> Vec<u8> {
    let mut batch = MetricBatch::default();
    for series in 0..20 {
        let (writer, series) = (writer.to_string(), series.to_string());
        let pairs = [("__name__", "kill_test"), ("writer", writer.as_str()), ("series", series.as_str())];
        batch.push(Labels::from_pairs(pairs), [Sample { t_ms: FIRST_MS + n * 1000, value: n as f64 }]);
    }
    wire::remote_write::encode(&batch)
}

fn log_body(writer: usize, n: i64) -> Vec<u8> {
    let labels = Labels::from_pairs([
        ("job".to_owned(), "kill".to_owned()),
        ("writer".to_owned(), writer.to_string()),
    ]);
    let line = format!("writer {writer} line {n}").into();
    let entry = Entry { t_ns: (FIRST_MS + n * 1000) * 1_000_000, line, metadata: Labels::empty() };
    wire::loki_push::encode(&LogBatch {
        streams: vec![StreamEntries { labels, entries: vec![entry] }],
        cursors: Vec::new(),
    })
}

/// Writes until told to stop or the server is gone.
fn write(url: &str, writer: usize, acknowledged: &Mutex<Acknowledged>, stop: &AtomicBool) {
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];
    while !stop.load(Ordering::Relaxed) {
        let (sample, line) = {
            let acknowledged = acknowledged.lock().expect("not poisoned");
            (acknowledged.samples[writer], acknowledged.lines[writer])
        };
        let post =
            |path: &str, body| request(reqwest::Method::POST, &format!("{url}{path}"), &headers, body).0;
        if post("/api/v1/write", metric_body(writer, sample)) != 204 {
            return;
        }
        acknowledged.lock().expect("not poisoned").samples[writer] += 1;
        let headers = [("content-type", "application/x-protobuf")];
        let url = format!("{url}/loki/api/v1/push");
        if request(reqwest::Method::POST, &url, &headers, log_body(writer, line)).0 != 204 {
            return;
        }
        acknowledged.lock().expect("not poisoned").lines[writer] += 1;
    }
}

/// Every acknowledged sample and line, asked of the server.
fn check(server: &Server, acknowledged: &Acknowledged) {
    for writer in 0..WRITERS {
        let samples = acknowledged.samples[writer];
        let end_s = (FIRST_MS + samples * 1000) / 1000;
        let expr = format!("count_over_time(kill_test{{writer=\"{writer}\"}}[{}s])", samples + 10);
        let answer = server.json(&format!("/api/v1/query?time={end_s}&query={}", encode(&expr)));
        let rows = answer["data"]["result"].as_array().expect("rows");
        assert_eq!(
            rows.len(),
            if samples > 0 { 20 } else { 0 },
            "series of writer {writer} after {samples} writes"
        );
        for row in rows {
            let kept: i64 = row["value"][1].as_str().and_then(|n| n.parse().ok()).expect("a number");
            // One more may have been written whose acknowledgement the kill cut off.
            assert!(kept >= samples, "{samples} samples were acknowledged, {kept} are there: {row}");
        }
        let lines = acknowledged.lines[writer];
        let (start, end) = (FIRST_MS / 1000, FIRST_MS / 1000 + lines + 10);
        let query = encode(&format!("{{job=\"kill\",writer=\"{writer}\"}}"));
        let path = format!("/loki/api/v1/query_range?limit=5000&start={start}&end={end}&query={query}");
        let mut kept: BTreeMap<String, u32> = BTreeMap::new();
        for stream in server.json(&path)["data"]["result"].as_array().into_iter().flatten() {
            for entry in stream["values"].as_array().into_iter().flatten() {
                *kept.entry(entry[1].as_str().expect("a line").to_owned()).or_default() += 1;
            }
        }
        for n in 0..lines.min(5000) {
            let count = kept.get(&format!("writer {writer} line {n}"));
            assert_eq!(count, Some(&1), "line {n} of writer {writer}");
        }
    }
}

fn kills(data: &Path, rounds: usize, write_for: Duration) -> Vec<Duration> {
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let mut ready = Vec::new();
    for round in 0..rounds {
        let began = Instant::now();
        let server = Server::start(data, &["--no-collect", "--retention", "0"]);
        ready.push(began.elapsed());
        check(&server, &acknowledged.lock().expect("not poisoned"));
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (url, acknowledged, stop) = (server.url.clone(), acknowledged.clone(), stop.clone());
                std::thread::spawn(move || write(&url, writer, &acknowledged, &stop))
            })
            .collect();
        // The load runs for a while of different length each round; nothing is awaited here.
        std::thread::sleep(write_for + Duration::from_millis((round as u64 * 37) % 200));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().expect("a writer ended");
        }
    }
    let server = Server::start(data, &["--no-collect", "--retention", "0"]);
    let acknowledged = acknowledged.lock().expect("not poisoned");
    check(&server, &acknowledged);
    let total: i64 = acknowledged.samples.iter().sum();
    assert!(total > rounds as i64, "only {total} writes were acknowledged");
    println!(
        "{rounds} kills, {total} remote writes and {} pushes acknowledged, none missing",
        acknowledged.lines.iter().sum::<i64>()
    );
    ready
}

#[test]
fn twenty_kills_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    kills(folder.path(), 20, Duration::from_millis(150));
}

#[test]
fn soak_a_thousand_kills_lose_nothing() {
    if std::env::var_os("PHAROS_SOAK").is_none() {
        return println!("skipped: set PHAROS_SOAK (make soak)");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut ready = kills(folder.path(), 1000, Duration::from_millis(150));
    ready.sort();
    println!("ready after a kill: median {:?}, slowest {:?}", ready[ready.len() / 2], ready[ready.len() - 1]);
}
