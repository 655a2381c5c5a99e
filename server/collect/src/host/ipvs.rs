//! The kernel's load balancer (IPVS).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use wire::exposition::Page;

use super::{Host, Rows, number};

const TOTALS: [(&str, &str); 5] = [
    ("node_ipvs_connections_total", "Connections."),
    ("node_ipvs_incoming_packets_total", "Packets received."),
    ("node_ipvs_outgoing_packets_total", "Packets sent."),
    ("node_ipvs_incoming_bytes_total", "Bytes received."),
    ("node_ipvs_outgoing_bytes_total", "Bytes sent."),
];

/// A service as connections come to it.
#[derive(Default)]
struct Service {
    proto: String,
    address: String,
    port: String,
    mark: String,
}

/// Labels of a backend, in node_exporter's order.
const LABELS: [&str; 6] =
    ["local_address", "local_port", "remote_address", "remote_port", "proto", "local_mark"];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let stats = host.read("proc/net/ip_vs_stats")?;
    let totals = stats.lines().nth(2).ok_or("proc/net/ip_vs_stats is too short")?;
    for ((metric, help), hex) in TOTALS.into_iter().zip(totals.split_ascii_whitespace()) {
        let value = u64::from_str_radix(hex, 16).map_err(|e| format!("proc/net/ip_vs_stats: {e}"))?;
        page.counter(metric, help, value as f64);
    }
    let mut service = Service::default();
    // Backends that differ only in labels that are left out are one.
    let mut backends: BTreeMap<[String; 6], (f64, f64, f64)> = BTreeMap::new();
    for line in host.read("proc/net/ip_vs")?.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[..] {
            [proto @ ("TCP" | "UDP" | "SCTP"), address, ..] => {
                let Some((address, port)) = endpoint(address) else { continue };
                service = Service { proto: proto.to_owned(), address, port, mark: String::new() };
            }
            ["FWM", mark, ..] => {
                service = Service {
                    proto: "FWM".into(),
                    port: "0".into(),
                    mark: mark.into(),
                    ..Service::default()
                };
            }
            ["->", remote, _, weight, active, inactive] => {
                let Some((remote, remote_port)) = endpoint(remote) else { continue };
                let Service { proto, address, port, mark } = &service;
                let values = [address, port, &remote, &remote_port, proto, mark];
                let mut key = LABELS.map(|_| String::new());
                for ((slot, value), label) in key.iter_mut().zip(values).zip(LABELS) {
                    if host.settings.ipvs_label(label) {
                        slot.clone_from(value);
                    }
                }
                let sums = backends.entry(key).or_default();
                sums.0 += number(active)?;
                sums.1 += number(inactive)?;
                sums.2 += number(weight)?;
            }
            _ => {}
        }
    }
    write(host, page, &backends);
    Ok(())
}

fn write(host: &Host, page: &mut Page, backends: &BTreeMap<[String; 6], (f64, f64, f64)>) {
    let mut rows = Rows::default();
    for (values, (active, inactive, weight)) in backends {
        let labels: Vec<(&'static str, &str)> = LABELS
            .into_iter()
            .zip(values.iter().map(String::as_str))
            .filter(|(label, _)| host.settings.ipvs_label(label))
            .collect();
        rows.gauge("node_ipvs_backend_connections_active", "Connections in use.", &labels, *active);
        rows.gauge("node_ipvs_backend_connections_inactive", "Connections not in use.", &labels, *inactive);
        rows.gauge("node_ipvs_backend_weight", "The backend's weight.", &labels, *weight);
    }
    rows.write(page);
}

/// `C0A80016:0CEA` or `[2620:…]:0050` as address and port.
fn endpoint(text: &str) -> Option<(String, String)> {
    let (address, port) = text.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let address = match address.strip_prefix('[') {
        Some(six) => six.trim_end_matches(']').parse::<Ipv6Addr>().ok()?.to_string(),
        None => Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?).to_string(),
    };
    Some((address, port.to_string()))
}
