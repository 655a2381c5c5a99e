//! Watchdogs: timers that restart a host that hangs.

use wire::exposition::Page;

use super::{Host, Rows, number};

const FOLDER: &str = "sys/class/watchdog";

/// File, metric, help.
const FILES: [(&str, &str, &str); 7] = [
    ("access_cs0", "node_watchdog_access_cs0", "Whether the first chip may be started from again."),
    ("bootstatus", "node_watchdog_bootstatus", "What it said at the last start."),
    ("fw_version", "node_watchdog_fw_version", "Version of its firmware."),
    ("nowayout", "node_watchdog_nowayout", "Whether it cannot be stopped once it runs."),
    ("pretimeout", "node_watchdog_pretimeout_seconds", "How long before the end it warns."),
    ("timeleft", "node_watchdog_timeleft_seconds", "How long until it acts."),
    ("timeout", "node_watchdog_timeout_seconds", "How long it waits."),
];

const INFO: [&str; 5] = ["identity", "options", "pretimeout_governor", "state", "status"];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for name in host.entries(FOLDER)?.iter().filter(|name| name.starts_with("watchdog")) {
        let text = |file: &str| host.text(&format!("{FOLDER}/{name}/{file}"));
        for (file, metric, help) in FILES {
            if let Some(value) = text(file).and_then(|text| number(&text).ok()) {
                rows.gauge(metric, help, &[("name", name)], value);
            }
        }
        let values = INFO.map(|file| (file, text(file).unwrap_or_default()));
        let mut labels: Vec<(&'static str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
        labels.push(("name", name));
        rows.gauge("node_watchdog_info", "A watchdog; 1.", &labels, 1.0);
    }
    rows.write(page);
    Ok(())
}
