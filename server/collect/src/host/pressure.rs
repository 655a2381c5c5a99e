//! Pressure stall information: time that tasks waited for a resource.

use wire::exposition::Page;

use super::{Host, number};

/// File, line, metric, help.
const ROWS: [(&str, &str, &str, &str); 6] = [
    ("cpu", "some", "node_pressure_cpu_waiting_seconds_total", "Seconds that tasks waited for a CPU."),
    ("io", "some", "node_pressure_io_waiting_seconds_total", "Seconds that some task waited for I/O."),
    ("io", "full", "node_pressure_io_stalled_seconds_total", "Seconds that all tasks waited for I/O."),
    (
        "memory",
        "some",
        "node_pressure_memory_waiting_seconds_total",
        "Seconds that some task waited for memory.",
    ),
    (
        "memory",
        "full",
        "node_pressure_memory_stalled_seconds_total",
        "Seconds that all tasks waited for memory.",
    ),
    (
        "irq",
        "full",
        "node_pressure_irq_stalled_seconds_total",
        "Seconds that all tasks waited for interrupts.",
    ),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for (file, row, metric, help) in ROWS {
        let text = match host.read(&format!("proc/pressure/{file}")) {
            // Not every kernel accounts for interrupts.
            Err(_) if file == "irq" => continue,
            text => text?,
        };
        let line = text.lines().find(|line| line.starts_with(row));
        let total = line.and_then(|line| line.split_once("total=")).map(|(_, total)| total.trim());
        let micros = number(total.ok_or_else(|| format!("proc/pressure/{file} has no total of {row}"))?)?;
        page.counter(metric, help, micros / 1_000_000.0);
    }
    Ok(())
}
