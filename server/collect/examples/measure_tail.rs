//! What tailing costs: `measure_tail` prints CPU time for 100 MB through json, labels and timestamp, and memory and
//! CPU with 10,000 files under one pattern. Lines go to a store that only counts them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use collect::tail::{TailConfig, Tailer};
use model::{Appended, CommitTicket, LogBatch, LogSink, Result, SystemClock, TailCursor};

/// Counts lines.
#[derive(Default)]
struct Counting {
    lines: AtomicU64,
}

impl LogSink for Counting {
    fn append(&self, batch: &LogBatch) -> Result<Appended> {
        let lines: usize = batch.streams.iter().map(|stream| stream.entries.len()).sum();
        self.lines.fetch_add(lines as u64, Ordering::Relaxed);
        Ok(Appended { accepted: lines as u64, rejected: Vec::new(), commit: CommitTicket::done() })
    }

    fn cursors(&self) -> Result<Vec<TailCursor>> {
        Ok(Vec::new())
    }
}

fn main() -> std::io::Result<()> {
    cpu()?;
    files(10_000)
}

fn tailer(config: &str, sink: &Arc<Counting>) -> std::io::Result<Tailer> {
    let (config, _) = TailConfig::parse(config, &|_| Err("no selector is expected".to_owned()))
        .map_err(std::io::Error::other)?;
    Tailer::start(config, sink.clone(), Arc::new(SystemClock))
}

fn wait_for(sink: &Counting, lines: u64) {
    while sink.lines.load(Ordering::Relaxed) < lines {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn cpu() -> std::io::Result<()> {
    const BYTES: usize = 100_000_000;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("app.log");
    let (mut text, mut lines) = (String::with_capacity(BYTES + 1_000), 0_u64);
    while text.len() < BYTES {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{{\"timestamp\": \"2026-01-01T00:{:02}:{:02}.{:06}Z\", \"level\": \"{}\", \"logger\": \"vllm.engine\", \
             \"message\": \"request {lines} took {} ms for {} tokens\", \"request_id\": \"req-{:016x}\"}}",
            lines / 60 % 60,
            lines % 60,
            lines % 1_000_000,
            ["INFO", "INFO", "INFO", "WARNING"][lines as usize % 4],
            lines * 7 % 900,
            lines * 31 % 4_000,
            lines.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        );
        lines += 1;
    }
    std::fs::File::create(&path)?.write_all(text.as_bytes())?;
    drop(text);
    let config = format!(
        "scrape_configs: [{{job_name: app, static_configs: [{{labels: {{__path__: '{}'}}}}], pipeline_stages: [\
         {{json: {{expressions: {{timestamp: , level: , request_id: }}}}}}, {{labels: {{level: }}}}, \
         {{timestamp: {{source: timestamp, format: RFC3339Nano}}}}]}}]",
        path.display()
    );
    let sink = Arc::new(Counting::default());
    let (before, began) = (cpu_seconds(), Instant::now());
    let tailer = tailer(&config, &sink)?;
    wait_for(&sink, lines);
    println!(
        "100 MB, {lines} lines through json, labels, timestamp: {:.2} s CPU, {:.2} s",
        cpu_seconds() - before,
        began.elapsed().as_secs_f64()
    );
    tailer.stop();
    Ok(())
}

fn files(count: u64) -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    for n in 0..count {
        let text = format!("line 1 of {n}\nline 2 of {n}\nline 3 of {n}\n");
        std::fs::write(folder.path().join(format!("job-{n}.out")), text)?;
    }
    let config = format!(
        "scrape_configs: [{{job_name: many, static_configs: [{{labels: {{__path__: '{}/*.out'}}}}]}}]",
        folder.path().display()
    );
    let sink = Arc::new(Counting::default());
    let before_kib = resident_kib();
    let (cpu, began) = (cpu_seconds(), Instant::now());
    let tailer = tailer(&config, &sink)?;
    wait_for(&sink, 3 * count);
    println!(
        "{count} files: all lines after {:.2} s and {:.2} s CPU; {:.1} MB above idle",
        began.elapsed().as_secs_f64(),
        cpu_seconds() - cpu,
        (resident_kib() - before_kib) as f64 / 1_000.0
    );
    let (cpu, began) = (cpu_seconds(), Instant::now());
    std::thread::sleep(Duration::from_secs(20));
    println!(
        "{count} quiet files: {:.1} % of a core; {:.1} MB above idle",
        (cpu_seconds() - cpu) * 100.0 / began.elapsed().as_secs_f64(),
        (resident_kib() - before_kib) as f64 / 1_000.0
    );
    let began = Instant::now();
    append(&folder.path().join("job-77.out"))?;
    wait_for(&sink, 3 * count + 1);
    println!("a line in one of them: seen after {:.2} s", began.elapsed().as_secs_f64());
    tailer.stop();
    Ok(())
}

fn append(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new().append(true).open(path)?.write_all(b"one more\n")
}

/// User and system time of the process (proc(5)).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / rustix::param::clock_ticks_per_second() as f64
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
