//! Counters of the whole kernel: interrupts, context switches, forks; processes that run or wait.

use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for line in host.read("proc/stat")?.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
        match name {
            "intr" => page.counter("node_intr_total", "Interrupts served.", number(value)?),
            "ctxt" => page.counter("node_context_switches_total", "Context switches.", number(value)?),
            "processes" => page.counter("node_forks_total", "Forks.", number(value)?),
            "procs_running" => page.gauge("node_procs_running", "Processes that can run.", number(value)?),
            "procs_blocked" => {
                page.gauge("node_procs_blocked", "Processes that wait for I/O.", number(value)?)
            }
            _ => {}
        }
    }
    Ok(())
}
