//! InfiniBand adapters and their ports.

use wire::exposition::Page;

use super::{Host, Rows, number};

const FOLDER: &str = "sys/class/infiniband";

/// The hardware counts some data in words of four bytes.
const WORD: f64 = 4.0;

/// File below a port, rest of the metric's name, factor, help.
const COUNTERS: [(&str, &str, f64, &str); 30] = [
    ("counters/VL15_dropped", "vl15_dropped", 1.0, "Packets of the management lane dropped."),
    ("counters/excessive_buffer_overrun_errors", "excessive_buffer_overrun_errors", 1.0, "Buffers overrun."),
    ("counters/link_downed", "link_downed", 1.0, "Failures of the link."),
    ("counters/link_error_recovery", "link_error_recovery", 1.0, "Recoveries of the link."),
    ("counters/local_link_integrity_errors", "local_link_integrity_errors", 1.0, "Errors of the local link."),
    ("counters/multicast_rcv_packets", "multicast_packets_received", 1.0, "Multicast packets received."),
    ("counters/multicast_xmit_packets", "multicast_packets_transmitted", 1.0, "Multicast packets sent."),
    (
        "counters/port_rcv_constraint_errors",
        "port_constraint_errors_received",
        1.0,
        "Packets refused on receipt.",
    ),
    (
        "counters/port_xmit_constraint_errors",
        "port_constraint_errors_transmitted",
        1.0,
        "Packets refused on sending.",
    ),
    ("counters/port_rcv_data", "port_data_received_bytes", WORD, "Bytes received."),
    ("counters/port_xmit_data", "port_data_transmitted_bytes", WORD, "Bytes sent."),
    ("counters/port_rcv_discards", "port_discards_received", 1.0, "Packets discarded on receipt."),
    ("counters/port_xmit_discards", "port_discards_transmitted", 1.0, "Packets discarded on sending."),
    ("counters/port_rcv_errors", "port_errors_received", 1.0, "Packets with errors received."),
    ("counters/port_rcv_packets", "port_packets_received", 1.0, "Packets received."),
    ("counters/port_xmit_packets", "port_packets_transmitted", 1.0, "Packets sent."),
    ("counters/port_xmit_wait", "port_transmit_wait", 1.0, "Ticks that data waited to be sent."),
    (
        "counters/port_rcv_remote_physical_errors",
        "port_receive_remote_physical_errors",
        1.0,
        "Packets marked bad by the other side.",
    ),
    (
        "counters/port_rcv_switch_relay_errors",
        "port_receive_switch_relay_errors",
        1.0,
        "Packets that a switch could not pass on.",
    ),
    ("counters/symbol_error", "symbol_error", 1.0, "Minor errors of the link."),
    ("counters/unicast_rcv_packets", "unicast_packets_received", 1.0, "Unicast packets received."),
    ("counters/unicast_xmit_packets", "unicast_packets_transmitted", 1.0, "Unicast packets sent."),
    (
        "counters_ext/port_multicast_rcv_packets",
        "legacy_multicast_packets_received",
        1.0,
        "Multicast received.",
    ),
    (
        "counters_ext/port_multicast_xmit_packets",
        "legacy_multicast_packets_transmitted",
        1.0,
        "Multicast sent.",
    ),
    ("counters_ext/port_rcv_data_64", "legacy_data_received_bytes", WORD, "Bytes received."),
    ("counters_ext/port_rcv_packets_64", "legacy_packets_received", 1.0, "Packets received."),
    ("counters_ext/port_unicast_rcv_packets", "legacy_unicast_packets_received", 1.0, "Unicast received."),
    ("counters_ext/port_unicast_xmit_packets", "legacy_unicast_packets_transmitted", 1.0, "Unicast sent."),
    ("counters_ext/port_xmit_data_64", "legacy_data_transmitted_bytes", WORD, "Bytes sent."),
    ("counters_ext/port_xmit_packets_64", "legacy_packets_transmitted", 1.0, "Packets sent."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for device in host.entries(FOLDER)? {
        let text = |file: &str| host.kept(&format!("{FOLDER}/{device}/{file}")).unwrap_or_default();
        let labels = [
            ("board_id", text("board_id")),
            ("device", device.clone()),
            ("firmware_version", text("fw_ver")),
            ("hca_type", text("hca_type")),
        ];
        let labels = labels.each_ref().map(|(name, value)| (*name, value.as_str()));
        rows.gauge("node_infiniband_info", "An adapter; 1.", &labels, 1.0);
        for port in host.names(&format!("{FOLDER}/{device}/ports"), "") {
            ports(host, &mut rows, &device, &port);
        }
    }
    rows.write(page);
    Ok(())
}

fn ports(host: &Host, rows: &mut Rows, device: &str, port: &str) {
    let labels = [("device", device), ("port", port)];
    let text = |file: &str| host.text(&format!("{FOLDER}/{device}/ports/{port}/{file}"));
    // "4: ACTIVE" and "400 Gb/sec (4X NDR)" begin with the number.
    let first = |file: &str, end: char| {
        let text = text(file)?;
        number(text.split(end).next()?.trim()).ok()
    };
    if let Some(state) = first("state", ':') {
        let help = "The port's state: 1 down, 2 initialising, 3 armed, 4 active, 5 active and waiting.";
        rows.gauge("node_infiniband_state_id", help, &labels, state);
    }
    if let Some(state) = first("phys_state", ':') {
        let help = "The link's state: 1 sleeps, 2 polls, 3 disabled, 4 trains, 5 up, 6 recovers, 7 tested.";
        rows.gauge("node_infiniband_physical_state_id", help, &labels, state);
    }
    if let Some(gigabits) = first("rate", ' ') {
        let help = "Bytes a second that the link can carry.";
        rows.gauge("node_infiniband_rate_bytes_per_second", help, &labels, gigabits / 8.0 * 1e9);
    }
    for (file, name, factor, help) in COUNTERS {
        // Some adapters write `N/A (no PMA)`.
        if let Some(value) = text(file).and_then(|text| number(&text).ok()) {
            rows.counter(&format!("node_infiniband_{name}_total"), help, &labels, value * factor);
        }
    }
}
