//! Measures the store on made-up logs of an inference box: `cargo run --release -p log-store --example measure_logs [MB]`.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use log_store::{Config, LogStore};
use model::{
    Clock, Control, Direction, Entry, Labels, LineFilter, LineFilterOp, LogBatch, LogSelect, LogSink,
    LogSource, MatchOp, Matcher, Need, StreamEntries, SystemClock,
};
use storage::{Disk, RealDisk};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 33) % n
    }
}

const STREAMS: [(&str, &str); 4] = [
    ("api", "/var/log/api.log"),
    ("worker", "/var/log/worker.log"),
    ("nginx", "/var/log/access.log"),
    ("engine", "/logs/0.out"),
];

fn line(r: &mut Random, stream: usize, n: u64, ms: i64) -> String {
    let level = match r.below(200) {
        0 => "ERROR",
        1..=5 => "WARNING",
        6..=40 => "DEBUG",
        _ => "INFO",
    };
    let (tokens, took) = (r.below(4096), r.below(30_000) as f64 / 1000.0);
    let mut line = match stream {
        0 | 1 => {
            let message =
                ["Processing batch", "POST /v1/batches 200", "Chunk completed", "Queue depth sampled"];
            let message = message[r.below(4) as usize];
            let (a, b, c) = (r.next(), r.next(), r.next() as u32);
            format!(
                r#"{{"timestamp":"{ms}","level":"{level}","logger":"core.app.worker","message":"{message}","request_id":"req_{a:016x}{b:016x}","batch_id":"batch_{c:08x}","requests":{tokens},"duration_seconds":{took:.3},"model":"gemma-3-4b-it"}}"#
            )
        }
        2 => {
            let status = if level == "ERROR" { 502 } else { 200 };
            let (a, b, c) = (r.below(4), r.below(255), tokens * 17);
            format!(
                r#"10.0.{a}.{b} - - [{ms}] "POST /v1/chat/completions HTTP/1.1" {status} {c} "-" "python-httpx/0.27.2" {took:.3}"#
            )
        }
        _ => format!(
            "{level} {ms} [loggers.py:116] Engine 000: Avg prompt throughput: {:.1} tokens/s, Avg generation throughput: {:.1} tokens/s, Running: {} reqs, Waiting: {} reqs, GPU KV cache usage: {:.1}%, Prefix cache hit rate: {:.1}%",
            took * 300.0,
            took * 90.0,
            tokens % 256,
            tokens % 17,
            took * 3.0,
            took * 2.0
        ),
    };
    if n % 1_000_000 == 500_000 {
        line.push_str(&format!(" needle-{}", n / 1_000_000));
    }
    line
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().filter_map(|f| f.parse().ok()).collect();
    // After the name and state: utime and stime are the 11th and 12th numbers.
    fields.get(10).zip(fields.get(11)).map_or(0.0, |(user, system)| (user + system) / 100.0)
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn load(store: &LogStore, megabytes: u64) -> model::Result<(u64, u64)> {
    let mut random = Random(7);
    let start = SystemClock.now_ns() - 7200 * 1_000_000_000;
    let (total, mut done, mut count) = (megabytes * 1_000_000, 0u64, 0u64);
    let (mut tickets, mut cpu) = (std::collections::VecDeque::new(), 0.0);
    while done < total {
        let mut streams: Vec<StreamEntries> = STREAMS
            .iter()
            .map(|(job, file)| StreamEntries {
                labels: Labels::from_pairs([("job", *job), ("filename", *file)]),
                entries: Vec::new(),
            })
            .collect();
        for i in 0..2000usize {
            let t_ns = start + (done as f64 / total as f64 * 7.2e12) as i64;
            let line = line(&mut random, i % 4, count, t_ns / 1_000_000);
            done += line.len() as u64;
            count += 1;
            streams[i % 4].entries.push(Entry { t_ns, line: Bytes::from(line), metadata: Labels::empty() });
        }
        let before = cpu_seconds();
        tickets.push_back(store.append(&LogBatch { streams, cursors: Vec::new() })?.commit);
        if tickets.len() > 8
            && let Some(ticket) = tickets.pop_front()
        {
            ticket.wait()?;
        }
        cpu += cpu_seconds() - before;
    }
    tickets.into_iter().try_for_each(|ticket| ticket.wait())?;
    println!("append: {cpu:.2} CPU-s (10 ms steps)");
    Ok((count, done))
}

fn query(store: &LogStore, name: &str, select: &LogSelect, limit: usize) -> model::Result<()> {
    let mut best = f64::MAX;
    let (mut hits, mut parts) = (0, 0);
    for _ in 0..5 {
        let (started, control) = (Instant::now(), Control::default());
        let scan = store.scan(select, &control)?;
        (hits, parts) = (0, scan.parts().len());
        for part in 0..parts {
            hits += scan.read(part, &control)?.len();
            if hits >= limit {
                break;
            }
        }
        best = best.min(started.elapsed().as_secs_f64() * 1000.0);
    }
    println!("{name}: {best:.2} ms on one core, {hits} entries, {parts} parts");
    Ok(())
}

fn queries(store: &LogStore) -> model::Result<()> {
    let all = LogSelect {
        matchers: Vec::new(),
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        filters: Vec::new(),
        direction: Direction::Backward,
        need: Need::Lines,
        arrivals: None,
    };
    let contains = |needle: &str| vec![LineFilter { op: LineFilterOp::Contains(vec![needle.to_owned()]) }];
    let job = |op, value: &str| Matcher::new(op, "job", value).map(|matcher| vec![matcher]);
    query(store, "newest 1000", &LogSelect { matchers: job(MatchOp::Equal, "api")?, ..all.clone() }, 1000)?;
    query(
        store,
        "errors 1000",
        &LogSelect { matchers: job(MatchOp::Equal, "api")?, filters: contains("ERROR"), ..all.clone() },
        1000,
    )?;
    query(store, "needle", &LogSelect { filters: contains("needle-1"), ..all.clone() }, usize::MAX)?;
    query(
        store,
        "no match",
        &LogSelect { filters: contains("no such words here"), ..all.clone() },
        usize::MAX,
    )?;
    let regex =
        regex::bytes::Regex::new("\" 502 [0-9]+7 ").map_err(|e| model::Error::bad_input(e.to_string()))?;
    query(
        store,
        "regex",
        &LogSelect {
            matchers: job(MatchOp::Equal, "nginx")?,
            filters: vec![LineFilter { op: LineFilterOp::Matches(regex) }],
            ..all.clone()
        },
        usize::MAX,
    )?;
    query(store, "counts", &LogSelect { need: Need::Timestamps, ..all.clone() }, usize::MAX)?;
    query(
        store,
        "error counts",
        &LogSelect { filters: contains("ERROR"), need: Need::Timestamps, ..all.clone() },
        usize::MAX,
    )?;
    query(store, "all lines", &LogSelect { matchers: job(MatchOp::Equal, "worker")?, ..all }, usize::MAX)?;
    Ok(())
}

fn main() -> model::Result<()> {
    let megabytes = std::env::args().nth(1).and_then(|mb| mb.parse().ok()).unwrap_or(500);
    let folder = std::env::temp_dir().join(format!("log-store-{}", std::process::id()));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let open = || LogStore::open(&folder, Config::default(), Arc::new(SystemClock), Arc::clone(&disk));
    let store = open()?;
    let started = Instant::now();
    let (count, bytes) = load(&store, megabytes)?;
    println!(
        "loaded {count} lines, {bytes} bytes in {:.1} s, {:.2} CPU-s with making them, peak {} MB",
        started.elapsed().as_secs_f64(),
        cpu_seconds(),
        peak_mb()
    );
    drop(store);
    let started = Instant::now();
    let store = open()?;
    println!("opened with its log in {:.0} ms", started.elapsed().as_secs_f64() * 1000.0);
    let cpu = cpu_seconds();
    store.maintain()?;
    store.maintain()?;
    println!("maintained: {:.2} CPU-s; {:?}", cpu_seconds() - cpu, store.stats());
    queries(&store)?;
    println!("peak {} MB", peak_mb());
    store.close()?;
    std::fs::remove_dir_all(&folder).map_err(|error| model::Error::internal(error.to_string()))
}
