//! Bytes that wait in UDP sockets.

use wire::exposition::Page;

use super::{Host, Rows};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for (file, ip) in [("proc/net/udp", "v4"), ("proc/net/udp6", "v6")] {
        let text = match host.read(file) {
            // Without IPv6 the second file is not there.
            Err(_) if ip == "v6" => continue,
            text => text?,
        };
        let (mut sent, mut received) = (0u64, 0u64);
        for line in text.lines().skip(1) {
            let queues = line.split_ascii_whitespace().nth(4).and_then(|word| word.split_once(':'));
            let Some((tx, rx)) = queues else { continue };
            let bytes = |hex| u64::from_str_radix(hex, 16).map_err(|e| format!("{file}: {e}"));
            sent += bytes(tx)?;
            received += bytes(rx)?;
        }
        let help = "Bytes that wait in UDP sockets.";
        rows.gauge("node_udp_queues", help, &[("ip", ip), ("queue", "tx")], sent as f64);
        rows.gauge("node_udp_queues", help, &[("ip", ip), ("queue", "rx")], received as f64);
    }
    rows.write(page);
    Ok(())
}
