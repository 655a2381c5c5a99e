//! Seconds that each CPU spent in each mode.

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, number};

/// The kernel counts CPU time in hundredths of a second for programs, on every architecture.
const USER_HZ: f64 = 100.0;

/// The columns of `/proc/stat` behind a CPU's name.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let stat = host.read("proc/stat")?;
    let mut cpus = Vec::new();
    for line in stat.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(cpu) = words.next().and_then(|word| word.strip_prefix("cpu")) else { continue };
        if !cpu.is_empty() {
            cpus.push((
                cpu,
                words.map(|word| Ok(number(word)? / USER_HZ)).collect::<Result<Vec<_>, String>>()?,
            ));
        }
    }
    let help = "Seconds that each CPU ran guests, contained in user and nice.";
    let mut family = page.family("node_cpu_guest_seconds_total", MetricKind::Counter, help);
    for (cpu, seconds) in &cpus {
        for (mode, seconds) in GUEST_MODES.iter().zip(seconds.iter().skip(MODES.len())) {
            family.sample(&[("cpu", cpu), ("mode", mode)], *seconds);
        }
    }
    let help = "Seconds that each CPU spent in each mode.";
    let mut family = page.family("node_cpu_seconds_total", MetricKind::Counter, help);
    for (cpu, seconds) in &cpus {
        for (mode, seconds) in MODES.iter().zip(seconds) {
            family.sample(&[("cpu", cpu), ("mode", mode)], *seconds);
        }
    }
    Ok(())
}
