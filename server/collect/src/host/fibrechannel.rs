//! Fibre Channel adapters.

use wire::exposition::Page;

use super::{Host, Rows};

const FOLDER: &str = "sys/class/fc_host";

/// File below `statistics`, rest of the metric's name, help.
const COUNTERS: [(&str, &str, &str); 14] = [
    ("dumped_frames", "dumped_frames", "Frames dumped."),
    ("error_frames", "error_frames", "Frames with errors."),
    ("fcp_packet_aborts", "fcp_packet_aborts", "Packets aborted."),
    ("invalid_crc_count", "invalid_crc", "Frames with a wrong checksum."),
    ("invalid_tx_word_count", "invalid_tx_words", "Invalid words sent."),
    ("link_failure_count", "link_failure", "Failures of the link."),
    ("loss_of_signal_count", "loss_of_signal", "Losses of the signal."),
    ("loss_of_sync_count", "loss_of_sync", "Losses of synchronisation."),
    ("nos_count", "nos", "Primitives that say not operational."),
    ("rx_frames", "rx_frames", "Frames received."),
    ("rx_words", "rx_words", "Words received."),
    ("seconds_since_last_reset", "seconds_since_last_reset", "Seconds since the last reset."),
    ("tx_frames", "tx_frames", "Frames sent."),
    ("tx_words", "tx_words", "Words sent."),
];

const INFO: [&str; 10] = [
    "dev_loss_tmo",
    "fabric_name",
    "port_id",
    "port_name",
    "port_state",
    "port_type",
    "speed",
    "supported_classes",
    "supported_speeds",
    "symbolic_name",
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for adapter in host.entries(FOLDER)? {
        let values = INFO.map(|file| {
            let text = host.text(&format!("{FOLDER}/{adapter}/{file}")).unwrap_or_default();
            (file, text.strip_prefix("0x").map(str::to_owned).unwrap_or(text))
        });
        let mut labels: Vec<(&'static str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
        labels.push(("fc_host", &adapter));
        rows.gauge("node_fibrechannel_info", "An adapter; 1.", &labels, 1.0);
        for (file, name, help) in COUNTERS {
            let text = host.text(&format!("{FOLDER}/{adapter}/statistics/{file}")).unwrap_or_default();
            let count = u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
            // All ones: the adapter does not count this.
            if let Some(count) = count.filter(|count| *count != u64::MAX) {
                let metric = format!("node_fibrechannel_{name}_total");
                rows.counter(&metric, help, &[("fc_host", &adapter)], count as f64);
            }
        }
    }
    rows.write(page);
    Ok(())
}
