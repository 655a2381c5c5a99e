//! A few names under which serving programs and their dashboards know GPUs.

use wire::exposition::Page;

use super::snapshot::Snapshot;
use crate::rows::Rows;

/// Metric, value, help.
const NAMES: [(&str, &str, &str); 5] = [
    ("vllm_gpu_utilization_percent", "utilization.gpu", "Share of time that the GPU worked, in percent."),
    ("vllm_gpu_memory_used_bytes", "memory.used", "Memory in use."),
    ("vllm_gpu_memory_total_bytes", "memory.total", "Memory in all."),
    ("vllm_gpu_temperature_celsius", "temperature.gpu", "Temperature."),
    ("vllm_gpu_power_watts", "power.draw", "Power drawn."),
];

pub(super) fn write(snapshot: &Snapshot, page: &mut Page) {
    let mut rows = Rows::default();
    for (metric, value, help) in NAMES {
        for gpu in &snapshot.gpus {
            if let Some(number) = gpu.values.get(value) {
                rows.gauge(metric, help, &[("gpu_id", &gpu.identity.index.to_string())], *number);
            }
        }
    }
    rows.write(page);
}
