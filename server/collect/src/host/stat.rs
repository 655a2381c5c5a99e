//! Counters of the whole kernel: interrupts, context switches, forks; processes that run or wait; when it began.

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, number};

/// Soft interrupts in the kernel's order.
const VECTORS: [&str; 10] =
    ["hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu"];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for line in host.read("proc/stat")?.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
        match name {
            "intr" => page.counter("node_intr_total", "Interrupts served.", number(value)?),
            "ctxt" => page.counter("node_context_switches_total", "Context switches.", number(value)?),
            "processes" => page.counter("node_forks_total", "Forks.", number(value)?),
            "btime" => {
                let help = "When the host was started, in seconds since 1970.";
                page.gauge("node_boot_time_seconds", help, number(value)?);
            }
            "procs_running" => page.gauge("node_procs_running", "Processes that can run.", number(value)?),
            "procs_blocked" => {
                page.gauge("node_procs_blocked", "Processes that wait for I/O.", number(value)?)
            }
            "softirq" if host.settings.option("stat.softirq") => {
                let help = "Soft interrupts served.";
                let mut family = page.family("node_softirqs_total", MetricKind::Counter, help);
                for (vector, count) in VECTORS.iter().zip(words) {
                    family.sample(&[("vector", vector)], number(count)?);
                }
            }
            _ => {}
        }
    }
    Ok(())
}
