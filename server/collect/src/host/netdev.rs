//! What network devices sent and received.

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, number};

/// The columns of `/proc/net/dev`: metric and help.
const COLUMNS: [(&str, &str); 16] = [
    ("node_network_receive_bytes_total", "Bytes received."),
    ("node_network_receive_packets_total", "Packets received."),
    ("node_network_receive_errs_total", "Errors on receipt."),
    ("node_network_receive_drop_total", "Packets dropped on receipt."),
    ("node_network_receive_fifo_total", "Buffer errors on receipt."),
    ("node_network_receive_frame_total", "Framing errors on receipt."),
    ("node_network_receive_compressed_total", "Compressed packets received."),
    ("node_network_receive_multicast_total", "Multicast packets received."),
    ("node_network_transmit_bytes_total", "Bytes sent."),
    ("node_network_transmit_packets_total", "Packets sent."),
    ("node_network_transmit_errs_total", "Errors on sending."),
    ("node_network_transmit_drop_total", "Packets dropped on sending."),
    ("node_network_transmit_fifo_total", "Buffer errors on sending."),
    ("node_network_transmit_colls_total", "Collisions."),
    ("node_network_transmit_carrier_total", "Losses of carrier on sending."),
    ("node_network_transmit_compressed_total", "Compressed packets sent."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    // The devices of process 1 are the host's, also where this process has a network of its own.
    let text = host.read("proc/1/net/dev").or_else(|_| host.read("proc/net/dev"))?;
    let mut devices = Vec::new();
    for line in text.lines() {
        let Some((device, rest)) = line.split_once(':') else { continue };
        let values = rest.split_ascii_whitespace().map(number).collect::<Result<Vec<_>, _>>()?;
        if host.settings.keeps("netdev", device.trim()) {
            devices.push((device.trim(), values));
        }
    }
    let aliases: Vec<Option<String>> = devices.iter().map(|(device, _)| alias(host, device)).collect();
    let labels: Vec<Vec<(&str, &str)>> = devices
        .iter()
        .zip(&aliases)
        .map(|((device, _), alias)| {
            let alias = alias.as_deref().map(|alias| ("ifalias", alias));
            [("device", *device)].into_iter().chain(alias).collect()
        })
        .collect();
    for (i, (name, help)) in COLUMNS.into_iter().enumerate() {
        let mut family = page.family(name, MetricKind::Counter, help);
        for ((_, values), labels) in devices.iter().zip(&labels) {
            if let Some(value) = values.get(i) {
                family.sample(labels, *value);
            }
        }
    }
    let nohandler: Vec<Option<f64>> = devices
        .iter()
        .map(|(device, _)| host.value(&format!("sys/class/net/{device}/statistics/rx_nohandler")))
        .collect();
    if nohandler.iter().any(Option::is_some) {
        let help = "Packets received that nobody wanted.";
        let mut family = page.family("node_network_receive_nohandler_total", MetricKind::Counter, help);
        for (labels, value) in labels.iter().zip(&nohandler) {
            if let Some(value) = value {
                family.sample(labels, *value);
            }
        }
    }
    Ok(())
}

/// What the device's administrator calls it, where that was asked for.
fn alias(host: &Host, device: &str) -> Option<String> {
    let asked = host.settings.option("netdev.label-ifalias");
    asked.then(|| host.kept(&format!("sys/class/net/{device}/ifalias")).unwrap_or_default())
}
