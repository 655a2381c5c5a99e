//! Pharos' own metrics: the process as Prometheus' client libraries name it, and its stores.

use std::sync::Arc;
use std::time::Instant;

use collect::Gatherer;
use model::{LogSource, MetricKind, SeriesSource};
use wire::exposition::Page;

/// Reads the process and the stores whenever it is asked.
pub(crate) struct OwnMetrics {
    pub(crate) version: &'static str,
    pub(crate) started_ms: i64,
    pub(crate) metrics: Arc<dyn SeriesSource>,
    pub(crate) logs: Arc<dyn LogSource>,
    /// What tailing says: stages make metrics of lines.
    pub(crate) tail: Arc<dyn Gatherer>,
    pub(crate) space: Box<dyn Fn() -> Option<(u64, u64)> + Send + Sync>,
}

impl Gatherer for OwnMetrics {
    fn gather(&self, page: &mut Page) {
        let began = Instant::now();
        self.process(page);
        self.stores(page);
        self.tail.gather(page);
        let labels = [("version", self.version)];
        page.family("pharos_build_info", MetricKind::Gauge, "Version of the program.").sample(&labels, 1.0);
        page.gauge(
            "pharos_gather_seconds",
            "Time it took to write this page.",
            began.elapsed().as_secs_f64(),
        );
    }
}

impl OwnMetrics {
    fn process(&self, page: &mut Page) {
        let started = self.started_ms as f64 / 1000.0;
        page.gauge("process_start_time_seconds", "Start time since the Unix epoch.", started);
        let usage = Usage::read();
        page.counter("process_cpu_seconds_total", "User and system CPU time.", usage.cpu_seconds);
        page.gauge("process_resident_memory_bytes", "Resident memory.", usage.resident_bytes);
        page.gauge("process_virtual_memory_bytes", "Virtual memory.", usage.virtual_bytes);
        page.gauge("process_threads", "Threads.", usage.threads);
        if let Some(open) = std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count) {
            page.gauge("process_open_fds", "Open file descriptors.", open as f64);
        }
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        if let Some(most) = limit.current {
            page.gauge("process_max_fds", "Most file descriptors.", most as f64);
        }
    }

    fn stores(&self, page: &mut Page) {
        let metrics = self.metrics.stats();
        for (name, help, value) in [
            (
                "pharos_metrics_active_series",
                "Series with a sample in the open windows.",
                metrics.active_series,
            ),
            ("pharos_metrics_head_samples", "Samples in memory.", metrics.head_samples),
            ("pharos_metrics_partitions", "Partitions of metrics on disk.", metrics.partitions),
            ("pharos_metrics_disk_bytes", "Bytes of metrics on disk.", metrics.disk_bytes),
        ] {
            page.gauge(name, help, value as f64);
        }
        let help = "Samples appended since the start.";
        page.counter("pharos_metrics_appended_samples_total", help, metrics.appended_samples as f64);
        let logs = self.logs.stats();
        for (name, help, value) in [
            ("pharos_logs_streams", "Log streams.", logs.streams),
            ("pharos_logs_blocks", "Blocks of logs on disk.", logs.blocks),
            ("pharos_logs_entries", "Log lines.", logs.entries),
            ("pharos_logs_bytes", "Bytes of log lines as they came.", logs.bytes),
            ("pharos_logs_disk_bytes", "Bytes of logs on disk.", logs.disk_bytes),
        ] {
            page.gauge(name, help, value as f64);
        }
        page.counter(
            "pharos_logs_appended_entries_total",
            "Log lines appended since the start.",
            logs.appended_entries as f64,
        );
        if let Some((free, total)) = (self.space)() {
            page.gauge("pharos_disk_free_bytes", "Bytes free under the data folder.", free as f64);
            page.gauge("pharos_disk_total_bytes", "Bytes of the disk under the data folder.", total as f64);
        }
    }
}

/// What `/proc/self/stat` says (proc(5)).
#[derive(Default)]
struct Usage {
    cpu_seconds: f64,
    resident_bytes: f64,
    virtual_bytes: f64,
    threads: f64,
}

impl Usage {
    fn read() -> Usage {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        Usage::parse(&stat, ticks, rustix::param::page_size() as f64).unwrap_or_default()
    }

    fn parse(stat: &str, ticks: f64, page_bytes: f64) -> Option<Usage> {
        // The command's name may hold anything, parentheses too: fields are counted from behind it.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<f64> = rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
        Some(Usage {
            cpu_seconds: (fields.get(11)? + fields.get(12)?) / ticks,
            threads: *fields.get(17)?,
            virtual_bytes: *fields.get(20)?,
            resident_bytes: fields.get(21)? * page_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_process() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 12 0 100 8192000 500 0";
        let usage = Usage::parse(stat, 100.0, 4096.0).expect("fields");
        assert_eq!((usage.cpu_seconds, usage.threads), (3.0, 12.0));
        assert_eq!((usage.virtual_bytes, usage.resident_bytes), (8_192_000.0, 2_048_000.0));
        assert!(Usage::read().resident_bytes > 1e6);
    }
}
