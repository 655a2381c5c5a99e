//! Packets as each CPU takes them in.

use model::MetricKind::{self, Counter, Gauge};
use wire::exposition::Page;

use super::Host;

/// Place in a line, metric, kind, help.
const COLUMNS: [(usize, &str, MetricKind, &str); 7] = [
    (0, "node_softnet_processed_total", Counter, "Packets taken in."),
    (1, "node_softnet_dropped_total", Counter, "Packets dropped."),
    (2, "node_softnet_times_squeezed_total", Counter, "Times that work was left for later."),
    (8, "node_softnet_cpu_collision_total", Counter, "Collisions over a device's lock."),
    (9, "node_softnet_received_rps_total", Counter, "Wake-ups by other CPUs."),
    (10, "node_softnet_flow_limit_count_total", Counter, "Times that a flow's limit was met."),
    (11, "node_softnet_backlog_len", Gauge, "Packets that wait."),
];

/// Where the CPU's number stands, on kernels that give it.
const CPU: usize = 12;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/net/softnet_stat")?;
    let mut cpus = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let values = line.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16));
        let values =
            values.collect::<Result<Vec<_>, _>>().map_err(|e| format!("proc/net/softnet_stat: {e}"))?;
        cpus.push((values.get(CPU).copied().unwrap_or(i as u64).to_string(), values));
    }
    for (i, metric, kind, help) in COLUMNS {
        let mut family = page.family(metric, kind, help);
        for (cpu, values) in &cpus {
            // Older kernels give fewer columns.
            family.sample(&[("cpu", cpu)], values.get(i).copied().unwrap_or_default() as f64);
        }
    }
    Ok(())
}
