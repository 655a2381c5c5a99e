//! Soft interrupts by CPU and type. Off unless asked for.

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/softirqs")?;
    let help = "Soft interrupts served.";
    let mut family = page.family("node_softirqs_functions_total", MetricKind::Counter, help);
    for line in text.lines().skip(1) {
        let Some((kind, counts)) = line.split_once(':') else { continue };
        for (cpu, count) in counts.split_ascii_whitespace().enumerate() {
            family.sample(&[("cpu", &cpu.to_string()), ("type", kind.trim())], number(count)?);
        }
    }
    Ok(())
}
