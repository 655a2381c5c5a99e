//! How long tasks ran and waited, by CPU.

use wire::exposition::Page;

use super::{Host, Rows, number};

/// Place behind a CPU's name, metric, divisor, help.
const COLUMNS: [(usize, &str, f64, &str); 3] = [
    (6, "node_schedstat_running_seconds_total", 1e9, "Seconds that tasks ran."),
    (7, "node_schedstat_waiting_seconds_total", 1e9, "Seconds that tasks waited."),
    (8, "node_schedstat_timeslices_total", 1.0, "Time slices run."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/schedstat")?;
    let mut rows = Rows::default();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(cpu) = words.next().and_then(|word| word.strip_prefix("cpu")) else { continue };
        let values: Vec<&str> = words.collect();
        for (i, metric, divisor, help) in COLUMNS {
            if let Some(value) = values.get(i) {
                rows.counter(metric, help, &[("cpu", cpu)], number(value)? / divisor);
            }
        }
    }
    rows.write(page);
    Ok(())
}
