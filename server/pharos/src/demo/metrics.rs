//! The demo's metrics, under the names that vLLM, the DCGM exporter, node_exporter and a batch server give theirs.

use model::{Labels, MetricBatch, Sample, stale_nan};

use super::cluster::{GPUS, Health, MODEL, Moment, NODES, Node, noise};

/// Counters go on from step to step; what stands at which place is the same in every step.
#[derive(Default)]
pub(super) struct Metrics {
    series: Vec<Series>,
    next: usize,
}

struct Series {
    labels: Labels,
    value: f64,
    /// Whether this step has it, and whether the one before had it.
    shown: bool,
    before: bool,
    /// Samples that were not taken yet.
    samples: Vec<Sample>,
}

/// Labels of a series beside its name.
type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Metrics {
    /// Moves on to `moment`, `seconds` after the one before.
    pub(super) fn step(&mut self, moment: &Moment, seconds: f64) {
        self.next = 0;
        for (i, node) in moment.nodes.iter().enumerate() {
            self.vllm(moment, (i, node), seconds);
            self.gpus(moment, (i, node));
            self.host(moment, (i, node), seconds);
        }
        self.batches(moment, seconds);
        for series in &mut self.series {
            // What goes away ends at once, as after a scrape that failed.
            let value = if series.shown { series.value } else { stale_nan() };
            if series.shown || series.before {
                series.samples.push(Sample { t_ms: moment.t_ms, value });
            }
            series.before = series.shown;
        }
    }

    /// The samples of the steps since the last time.
    pub(super) fn take(&mut self) -> MetricBatch {
        let mut batch = MetricBatch::default();
        for series in self.series.iter_mut().filter(|series| !series.samples.is_empty()) {
            batch.push(series.labels.clone(), std::mem::take(&mut series.samples));
        }
        batch
    }

    /// The value at the next place; a series that is not `shown` keeps it for later.
    fn place(&mut self, shown: bool, name: &str, pairs: Pairs) -> &mut f64 {
        if self.next == self.series.len() {
            let labels = Labels::from_pairs(pairs.iter().copied().chain([("__name__", name)]));
            self.series.push(Series { labels, value: 0.0, shown, before: false, samples: Vec::new() });
        }
        self.next += 1;
        let series = &mut self.series[self.next - 1];
        series.shown = shown;
        &mut series.value
    }

    fn gauge(&mut self, shown: bool, name: &str, pairs: Pairs, value: f64) {
        *self.place(shown, name, pairs) = value;
    }

    fn count(&mut self, shown: bool, name: &str, pairs: Pairs, more: f64) {
        *self.place(shown, name, pairs) += more.max(0.0);
    }

    /// A classic histogram of `count` observations around `median`, spread over a decade or so.
    fn histogram(
        &mut self,
        shown: bool,
        (name, bounds): (&str, &[f64]),
        pairs: Pairs,
        (count, median): (f64, f64),
    ) {
        let share = |bound: f64| 1.0 / (1.0 + (-(bound.ln() - median.ln()) / 0.32).exp());
        for bound in bounds.iter().copied().chain([f64::INFINITY]) {
            let le = if bound.is_infinite() { "+Inf".to_owned() } else { bound.to_string() };
            let with_le: Vec<_> = pairs.iter().copied().chain([("le", le.as_str())]).collect();
            let more = if bound.is_infinite() { count } else { count * share(bound) };
            self.count(shown, &format!("{name}_bucket"), &with_le, more);
        }
        self.count(shown, &format!("{name}_sum"), pairs, count * median * 1.15);
        self.count(shown, &format!("{name}_count"), pairs, count);
    }

    fn vllm(&mut self, moment: &Moment, (i, node): (usize, &Node), seconds: f64) {
        let instance = format!("{}:8000", NODES[i]);
        let target = [("job", "vllm"), ("instance", instance.as_str())];
        self.gauge(true, "up", &target, f64::from(u8::from(node.is_up())));
        let (up, served) = (node.is_up(), if node.serves() { node.arrivals * seconds } else { 0.0 });
        let at = [target[0], target[1], ("model_name", MODEL), ("engine", "0")];
        let slow = 1.0 + 2.2 * (node.busy - 0.5).max(0.0) + node.waiting / 25.0;
        let slow = if node.health == Health::Hot { slow * 1.9 } else { slow };
        let running = if node.serves() { (node.busy * 180.0).round() } else { 0.0 };
        let cache = if node.serves() {
            (node.busy * 0.9 + 0.05 * noise(moment.t_ms, 20)).clamp(0.02, 1.0)
        } else {
            0.0
        };
        self.gauge(up, "vllm:num_requests_running", &at, running);
        self.gauge(up, "vllm:num_requests_waiting", &at, node.waiting);
        self.gauge(up, "vllm:kv_cache_usage_perc", &at, cache);
        self.gauge(up, "vllm:gpu_cache_usage_perc", &at, cache);
        self.count(up, "vllm:prompt_tokens_total", &at, served * 820.0);
        self.count(up, "vllm:generation_tokens_total", &at, served * 260.0);
        self.count(up, "vllm:prefix_cache_queries_total", &at, served * 820.0);
        self.count(up, "vllm:prefix_cache_hits_total", &at, served * 820.0 * 0.46);
        self.count(up, "vllm:num_preemptions_total", &at, (cache - 0.93).max(0.0) * 30.0 * seconds);
        for (reason, share) in [("stop", 0.9), ("length", 0.085), ("abort", 0.015)] {
            let pairs: Vec<_> = at.iter().copied().chain([("finished_reason", reason)]).collect();
            self.count(up, "vllm:request_success_total", &pairs, served * share);
        }
        let seconds_bounds = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0];
        let token_bounds = [0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0];
        let size_bounds = [10.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0];
        self.histogram(up, ("vllm:time_to_first_token_seconds", &seconds_bounds), &at, (served, 0.16 * slow));
        self.histogram(up, ("vllm:e2e_request_latency_seconds", &seconds_bounds), &at, (served, 3.4 * slow));
        self.histogram(
            up,
            ("vllm:request_queue_time_seconds", &seconds_bounds),
            &at,
            (served, 0.02 * slow * slow),
        );
        let tokens = served * 260.0;
        self.histogram(up, ("vllm:inter_token_latency_seconds", &token_bounds), &at, (tokens, 0.012 * slow));
        self.histogram(
            up,
            ("vllm:time_per_output_token_seconds", &token_bounds),
            &at,
            (tokens, 0.012 * slow),
        );
        self.histogram(up, ("vllm:request_prompt_tokens", &size_bounds), &at, (served, 640.0));
        self.histogram(up, ("vllm:request_generation_tokens", &size_bounds), &at, (served, 210.0));
    }

    fn gpus(&mut self, moment: &Moment, (i, node): (usize, &Node)) {
        let host = NODES[i];
        let instance = format!("{host}:9400");
        self.gauge(true, "up", &[("job", "dcgm"), ("instance", &instance)], 1.0);
        for gpu in 0..GPUS {
            let (n, sick) = (gpu.to_string(), node.is_sick(i, gpu));
            let seed = (i * GPUS + gpu) as u64;
            let jitter = noise(moment.t_ms, 100 + seed);
            let work = if node.serves() { (node.busy * 96.0 + 3.0 * jitter).clamp(0.0, 100.0) } else { 0.0 };
            let gone = sick && node.health == Health::Down;
            let heat = if sick && node.health == Health::Hot { 24.0 } else { 0.0 };
            let temperature = 34.0 + work * 0.34 + heat + jitter + seed as f64 * 0.7;
            let power = 95.0 + work * if heat > 0.0 { 3.1 } else { 5.4 } + 6.0 * jitter;
            let used = if node.serves() {
                71_300.0 + 40.0 * jitter
            } else if node.is_up() {
                38_000.0
            } else {
                620.0
            };
            let uuid = format!("GPU-5f0c{i}{gpu}a1-7c1e-4b52-9d3a-0d6f2e1b{i}{gpu}00");
            let device = format!("nvidia{gpu}");
            let at = [
                ("job", "dcgm"),
                ("instance", &*instance),
                ("gpu", &*n),
                ("UUID", &*uuid),
                ("device", &*device),
                ("modelName", "NVIDIA H100 80GB HBM3"),
                ("Hostname", host),
            ];
            for (name, value) in [
                ("DCGM_FI_DEV_GPU_UTIL", work),
                ("DCGM_FI_DEV_MEM_COPY_UTIL", work * 0.62),
                ("DCGM_FI_DEV_GPU_TEMP", temperature),
                ("DCGM_FI_DEV_MEMORY_TEMP", temperature + 9.0),
                ("DCGM_FI_DEV_POWER_USAGE", power),
                ("DCGM_FI_DEV_SM_CLOCK", if heat > 0.0 { 945.0 } else { 1980.0 - (work * 1.2).round() }),
                ("DCGM_FI_DEV_MEM_CLOCK", 2619.0),
                ("DCGM_FI_DEV_FB_USED", used),
                ("DCGM_FI_DEV_FB_FREE", 81_079.0 - used),
                ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", work / 100.0),
                ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", work / 100.0 * 0.44),
                ("DCGM_FI_PROF_DRAM_ACTIVE", work / 100.0 * 0.58),
                ("DCGM_FI_PROF_SM_ACTIVE", work / 100.0 * 0.83),
                ("DCGM_FI_PROF_PCIE_TX_BYTES", 4.0e8 + work * 9.0e6),
                ("DCGM_FI_PROF_PCIE_RX_BYTES", 6.0e8 + work * 1.2e7),
                ("DCGM_FI_DEV_XID_ERRORS", if sick && node.health != Health::Hot { 79.0 } else { 0.0 }),
            ] {
                self.gauge(!gone, name, &at, value);
            }
        }
    }

    fn host(&mut self, moment: &Moment, (i, node): (usize, &Node), seconds: f64) {
        const CPUS: usize = 8;
        let instance = format!("{}:9100", NODES[i]);
        let at = [("job", "node"), ("instance", instance.as_str())];
        self.gauge(true, "up", &at, 1.0);
        let busy = if node.serves() { 0.12 + node.busy * 0.5 } else { 0.06 };
        for cpu in 0..CPUS {
            let busy = (busy + 0.05 * noise(moment.t_ms, 200 + (i * CPUS + cpu) as u64)).clamp(0.01, 0.99);
            let n = cpu.to_string();
            for (mode, share) in [
                ("idle", 1.0 - busy),
                ("user", busy * 0.72),
                ("system", busy * 0.24),
                ("iowait", busy * 0.04),
            ] {
                let pairs = [at[0], at[1], ("cpu", &*n), ("mode", mode)];
                self.count(true, "node_cpu_seconds_total", &pairs, share * seconds);
            }
        }
        let gib = f64::from(1 << 30);
        let available = gib * (390.0 - 190.0 * node.busy);
        for (name, value) in [
            ("node_load1", CPUS as f64 * busy * 1.1),
            ("node_load5", CPUS as f64 * busy),
            ("node_load15", CPUS as f64 * busy * 0.95),
            ("node_memory_MemTotal_bytes", 512.0 * gib),
            ("node_memory_MemAvailable_bytes", available),
            ("node_memory_MemFree_bytes", available * 0.7),
            ("node_memory_Cached_bytes", 84.0 * gib),
            ("node_memory_Buffers_bytes", 2.0 * gib),
            ("node_memory_SwapTotal_bytes", 0.0),
            ("node_memory_SwapFree_bytes", 0.0),
            ("node_boot_time_seconds", 1.76e9 + i as f64 * 9000.0),
            ("node_time_seconds", moment.t_ms as f64 / 1000.0),
        ] {
            self.gauge(true, name, &at, value);
        }
        let disk = [at[0], at[1], ("device", "/dev/nvme0n1p2"), ("fstype", "ext4"), ("mountpoint", "/")];
        self.gauge(true, "node_filesystem_size_bytes", &disk, 3.5e12);
        self.gauge(
            true,
            "node_filesystem_avail_bytes",
            &disk,
            1.9e12 - (moment.t_ms % 86_400_000) as f64 * 900.0,
        );
        let net = [at[0], at[1], ("device", "eth0")];
        self.count(true, "node_network_receive_bytes_total", &net, node.arrivals * 9.0e4 * seconds);
        self.count(true, "node_network_transmit_bytes_total", &net, node.arrivals * 2.1e5 * seconds);
        let drive = [at[0], at[1], ("device", "nvme0n1")];
        self.count(true, "node_disk_read_bytes_total", &drive, (2.0e5 + loading(node) * 2.4e9) * seconds);
        self.count(true, "node_disk_written_bytes_total", &drive, (9.0e5 + node.arrivals * 2.0e4) * seconds);
    }

    /// A batch server before the cluster: jobs of many requests, on one GPU of its own.
    fn batches(&mut self, moment: &Moment, seconds: f64) {
        let at = [("job", "vllm-batch-api"), ("instance", "batch-01:4080")];
        let sure = moment.nodes[1].serves();
        let load = moment.nodes[0].busy.max(moment.nodes[1].busy);
        let with = |label: &'static str, value: &'static str| [at[0], at[1], (label, value)];
        self.gauge(true, "up", &at, 1.0);
        let queue = (load * 14.0 + if sure { 0.0 } else { 22.0 } + 2.0 * noise(moment.t_ms / 60_000, 300))
            .max(0.0)
            .round();
        self.gauge(true, "vllm_queue_depth", &at, queue);
        let rate = if sure { 1.0 } else { 0.4 };
        for (status, active, done) in [
            ("validating", 1.0, 0.0),
            ("in_progress", 3.0 + load * 4.0, 0.0),
            ("completed", 40.0, 0.012),
            ("failed", 2.0, if sure { 0.0003 } else { 0.004 }),
        ] {
            self.gauge(true, "vllm_batch_jobs_active", &with("status", status), (active * rate).round());
            self.count(true, "vllm_batch_jobs_total", &with("status", status), done * rate * seconds);
        }
        for (status, per_second) in
            [("completed", 21.0 * load * rate), ("failed", if sure { 0.02 } else { 0.9 })]
        {
            self.count(
                true,
                "vllm_batch_requests_processed_total",
                &with("status", status),
                per_second * seconds,
            );
            self.count(
                true,
                "vllm_chunks_processed_total",
                &with("status", status),
                per_second / 50.0 * seconds,
            );
        }
        let (jobs, chunks) = (0.012 * rate * seconds, 0.42 * load * rate * seconds);
        let long = [10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0];
        let short = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];
        let sizes = [5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0];
        let slow = if sure { 1.0 } else { 2.4 };
        self.histogram(true, ("vllm_batch_processing_duration_seconds", &long), &at, (jobs, 240.0 * slow));
        self.histogram(true, ("vllm_chunk_processing_duration_seconds", &short), &at, (chunks, 4.2 * slow));
        self.histogram(true, ("vllm_inference_duration_seconds", &short), &at, (chunks * 50.0, 1.4 * slow));
        self.histogram(true, ("vllm_queue_wait_time_seconds", &long), &at, (jobs, 25.0 * slow));
        self.histogram(true, ("vllm_model_load_duration_seconds", &long), &at, (seconds / 1800.0, 38.0));
        self.histogram(true, ("vllm_chunk_size", &sizes), &at, (chunks, 48.0));
        let gpu = with("gpu_id", "0");
        let work = (load * 94.0 * rate + 3.0 * noise(moment.t_ms, 301)).clamp(0.0, 100.0);
        self.gauge(true, "vllm_gpu_temperature_celsius", &gpu, 41.0 + work * 0.36);
        self.gauge(true, "vllm_gpu_utilization_percent", &gpu, work);
        self.gauge(true, "vllm_gpu_memory_used_bytes", &gpu, 13.9e9 + work * 1.2e7);
        self.gauge(true, "vllm_gpu_memory_total_bytes", &gpu, 16.0 * f64::from(1 << 30));
        let model = with("model", "google/gemma-3-4b-it");
        self.gauge(true, "vllm_model_loaded", &model, 1.0);
        self.gauge(true, "vllm_throughput_tokens_per_second", &model, 1450.0 * load * rate);
        self.count(true, "vllm_tokens_generated_total", &model, 1450.0 * load * rate * seconds);
    }
}

/// 1 while the weights are read.
fn loading(node: &Node) -> f64 {
    f64::from(u8::from(node.health == Health::Loading))
}

#[cfg(test)]
mod tests {
    use super::super::cluster::Story;
    use super::*;

    #[test]
    fn counters_never_fall_and_a_replica_that_is_down_says_nothing() {
        let story = Story { incident_ms: 0 };
        let mut metrics = Metrics::default();
        let mut last = std::collections::HashMap::new();
        for step in -20..80 {
            metrics.step(&story.at(step * 15_000), 15.0);
            let batch = metrics.take();
            let down = story.at(step * 15_000).nodes[1].health == Health::Down;
            let is_stale = |s: &model::BatchSeries| batch.samples_of(s)[0].value.is_nan();
            let own = batch.series.iter().filter(|s| s.labels.value("instance") == "gpu-02:8000");
            assert_eq!(own.filter(|s| !is_stale(s)).count() == 1, down, "step {step}: up alone is left");
            for series in batch.series.iter().filter(|s| !is_stale(s)) {
                let value = batch.samples_of(series)[0].value;
                assert!(value.is_finite(), "{}", series.labels);
                if series.labels.metric_name().ends_with("_total") || series.labels.get("le").is_some() {
                    let before = last.insert(series.labels.clone(), value).unwrap_or(0.0);
                    assert!(value >= before, "{}: {value} after {before}", series.labels);
                }
            }
        }
        assert!(last.len() > 300, "{} counters", last.len());
    }
}
