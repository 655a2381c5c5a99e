//! Connections over TCP by state. On a host with very many it costs: off unless asked for.

use std::collections::BTreeMap;

use model::MetricKind;
use wire::exposition::Page;

use super::Host;

/// States by the kernel's number, from 1.
const STATES: [&str; 11] = [
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let first = host.read("proc/net/tcp")?;
    // Without IPv6 the second file is not there.
    let second = host.read("proc/net/tcp6").unwrap_or_default();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::from([("rx_queued_bytes", 0), ("tx_queued_bytes", 0)]);
    for line in first.lines().skip(1).chain(second.lines().skip(1)) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (Some(state), Some(queues)) = (words.get(3), words.get(4)) else { continue };
        let number = usize::from_str_radix(state, 16).unwrap_or_default();
        if let Some(state) = number.checked_sub(1).and_then(|i| STATES.get(i)) {
            *counts.entry(state).or_default() += 1;
        }
        if let Some((tx, rx)) = queues.split_once(':') {
            let bytes = |hex| u64::from_str_radix(hex, 16).unwrap_or_default();
            *counts.entry("tx_queued_bytes").or_default() += bytes(tx);
            *counts.entry("rx_queued_bytes").or_default() += bytes(rx);
        }
    }
    let help = "Connections by state, and bytes that they have queued.";
    let mut family = page.family("node_tcp_connection_states", MetricKind::Gauge, help);
    for (state, count) in counts {
        family.sample(&[("state", state)], count as f64);
    }
    Ok(())
}
