//! Loads a small cluster's metrics and prints what the store costs: `cargo run --release -p metric-store --example measure_metrics -- FOLDER`.
//!
//! 10 hosts with some 1,000 series each, 80 GPUs and 20 inference servers, every 10 s for two hours.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metric_store::{Config, MetricStore};
use model::{
    Control, Labels, ManualClock, MatchOp, Matcher, MetricBatch, MetricSink, Sample, Select, SeriesSource,
};
use storage::{Disk, RealDisk};

const END: i64 = 1_700_000_000_000;
const SCRAPES: i64 = 720;

struct Moving {
    labels: Labels,
    value: f64,
    step: f64,
    unit: f64,
    random: u64,
}

impl Moving {
    fn next(&mut self) -> f64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let part = (self.random >> 40) as f64 / (1u64 << 24) as f64;
        self.value += part * self.step;
        if self.unit > 0.0 {
            self.value = (self.value * self.unit).round() / self.unit;
        }
        self.value
    }
}

fn target(
    job: &str,
    instance: &str,
    add: impl Fn(&mut dyn FnMut(&str, &[(&str, &str)], f64, f64)),
) -> Vec<Moving> {
    let mut all = Vec::new();
    add(&mut |name, more, step, unit| {
        let pairs = [("__name__", name), ("job", job), ("instance", instance)].into_iter();
        let labels = Labels::from_pairs(pairs.chain(more.iter().copied()));
        all.push(Moving { random: labels.hash64(), labels, value: 1000.0, step, unit });
    });
    all
}

fn targets() -> Vec<Vec<Moving>> {
    let mut all = Vec::new();
    for node in 0..10 {
        all.push(target("node", &format!("node-{node:03}:9100"), |add| {
            for cpu in 0..64 {
                for mode in ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"] {
                    let step = if mode == "steal" { 0.0 } else { 0.4 };
                    let more = [("cpu", &*cpu.to_string()), ("mode", mode)];
                    add("node_cpu_seconds_total", &more, step, 100.0);
                }
            }
            for field in 0..200 {
                let more = [("field", &*format!("f{field:03}"))];
                add("node_netstat_field", &more, f64::from(field * 7), 1.0);
            }
            for metric in 0..23 {
                for device in 0..10 {
                    let step = if metric % 3 == 0 { 0.0 } else { 1e4 * f64::from(metric) };
                    add(
                        &format!("node_device_{metric}_total"),
                        &[("device", &*format!("d{device}"))],
                        step,
                        1.0,
                    );
                }
            }
        }));
        all.push(target("dcgm", &format!("node-{node:03}:9400"), |add| {
            for gpu in 0..8 {
                for metric in 0..12 {
                    let uuid = format!("GPU-{node:08x}-{gpu:04x}");
                    let more = [("gpu", &*gpu.to_string()), ("UUID", &*uuid)];
                    add(&format!("DCGM_FI_DEV_{metric}"), &more, 3.0, [1.0, 1000.0][metric % 2]);
                }
            }
        }));
        for replica in 0..2 {
            all.push(target("vllm", &format!("node-{node:03}:{}", 8000 + replica), |add| {
                for family in 0..6 {
                    for le in 0..18 {
                        add(&format!("vllm:family{family}_bucket"), &[("le", &*le.to_string())], 40.0, 1.0);
                    }
                    add(&format!("vllm:family{family}_sum"), &[], 60.0, 0.0);
                    add(&format!("vllm:family{family}_count"), &[], 72.0, 1.0);
                }
            }));
        }
    }
    all
}

fn status(key: &str) -> String {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .map_or(String::new(), |kb| format!("{} MB", kb.parse().unwrap_or(0) / 1000))
}

fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn query(store: &MetricStore, what: &str, matchers: Vec<Matcher>, range_ms: i64) -> anyhow::Result<()> {
    let mut best = Duration::MAX;
    let mut counted = (0, 0);
    for _ in 0..5 {
        let began = Instant::now();
        let control = Control::default();
        let select = Select { matchers: matchers.clone(), start_ms: END - range_ms, end_ms: END };
        let set = store.select(&select, &control)?;
        counted = (0, 0);
        for batch in 0..set.batches() {
            for series in set.read(batch, &control)? {
                counted = (counted.0 + 1, counted.1 + series.values.len());
            }
        }
        best = best.min(began.elapsed());
    }
    println!("{what}: {best:.2?}, {} series, {} samples", counted.0, counted.1);
    Ok(())
}

fn queries(store: &MetricStore) -> anyhow::Result<()> {
    let all = Matcher::new(MatchOp::Regex, "__name__", ".+")?;
    query(store, "instant, all series", vec![all.clone()], 300_000)?;
    let cpu = Matcher::equal("__name__", "node_cpu_seconds_total");
    query(store, "2 h of 5,120 series", vec![cpu.clone()], 7_200_000)?;
    query(store, "2 h of 640 series", vec![cpu, Matcher::equal("mode", "idle")], 7_200_000)?;
    query(store, "2 h of everything", vec![all], 7_200_000)?;
    let began = Instant::now();
    let control = Control::default();
    let found = store.series(&[vec![Matcher::equal("job", "vllm")]], END - 7_200_000, END, 0, &control)?;
    println!("series: {:.2?}, {}", began.elapsed(), found.len());
    let began = Instant::now();
    let found = store.label_values("__name__", &[], END - 7_200_000, END, &control)?;
    println!("label values: {:.2?}, {}", began.elapsed(), found.len());
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "/tmp/pharos-measure".into());
    let folder = Path::new(&folder);
    let _ = std::fs::remove_dir_all(folder);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let clock = Arc::new(ManualClock::new(END + 1000));
    let open = || MetricStore::open(folder, Config::default(), clock.clone(), Arc::clone(&disk));
    let store = open()?;
    let mut targets = targets();
    println!("{} series; {} before loading", targets.iter().map(Vec::len).sum::<usize>(), status("VmRSS"));
    let (mut samples, mut making) = (0, Duration::ZERO);
    let (began, cpu) = (Instant::now(), cpu_s());
    for n in 0..SCRAPES {
        let t_ms = END - (SCRAPES - 1 - n) * 10_000;
        for target in &mut targets {
            let made = Instant::now();
            let mut batch = MetricBatch::default();
            for series in target.iter_mut() {
                let value = series.next();
                batch.push(series.labels.clone(), [Sample { t_ms, value }]);
            }
            making += made.elapsed();
            samples += store.append(&batch)?.accepted;
        }
        if store.wait_for_maintenance(Duration::ZERO) {
            while store.maintain()? {}
        }
    }
    let took = began.elapsed();
    println!(
        "{samples} samples in {took:.2?} wall, {:.2} s CPU, {making:.2?} of it making them; peak {}",
        cpu_s() - cpu,
        status("VmHWM")
    );
    store.close()?;
    println!("log and partitions: {:.2} MB, {:?}", store.stats().disk_bytes as f64 / 1e6, store.stats());
    queries(&store)?;
    drop(store);
    let began = Instant::now();
    let store = open()?;
    println!("reopened in {:.2?}, {} samples in the head", began.elapsed(), store.stats().head_samples);
    clock.set(END + 4 * 3_600_000);
    let (began, cpu) = (Instant::now(), cpu_s());
    while store.maintain()? {}
    let bytes = store.stats().disk_bytes as f64;
    println!(
        "settled in {:.2?}, {:.2} s CPU: {:.2} MB, {:.3} B a sample, {} partitions; peak {}",
        began.elapsed(),
        cpu_s() - cpu,
        bytes / 1e6,
        bytes / samples as f64,
        store.stats().partitions,
        status("VmHWM")
    );
    queries(&store)?;
    println!("{} now", status("VmRSS"));
    Ok(())
}
