//! What block devices did.

use std::sync::LazyLock;

use model::MetricKind::{self, Counter, Gauge};
use regex::Regex;
use wire::exposition::Page;

use super::{Host, number};

/// Partitions and devices of no interest, as node_exporter leaves them out.
static EXCLUDED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$").expect("a valid regex")
});

/// Sectors are 512 bytes here, whatever the device's are.
const SECTOR: f64 = 512.0;
const MS: f64 = 0.001;

/// The columns behind a device's name: metric, kind, factor, help.
const COLUMNS: [(&str, MetricKind, f64, &str); 17] = [
    ("node_disk_reads_completed_total", Counter, 1.0, "Reads completed."),
    ("node_disk_reads_merged_total", Counter, 1.0, "Reads merged with neighbours."),
    ("node_disk_read_bytes_total", Counter, SECTOR, "Bytes read."),
    ("node_disk_read_time_seconds_total", Counter, MS, "Seconds spent by all reads."),
    ("node_disk_writes_completed_total", Counter, 1.0, "Writes completed."),
    ("node_disk_writes_merged_total", Counter, 1.0, "Writes merged with neighbours."),
    ("node_disk_written_bytes_total", Counter, SECTOR, "Bytes written."),
    ("node_disk_write_time_seconds_total", Counter, MS, "Seconds spent by all writes."),
    ("node_disk_io_now", Gauge, 1.0, "Operations in progress."),
    ("node_disk_io_time_seconds_total", Counter, MS, "Seconds with operations in progress."),
    ("node_disk_io_time_weighted_seconds_total", Counter, MS, "Seconds weighted by operations in progress."),
    ("node_disk_discards_completed_total", Counter, 1.0, "Discards completed."),
    ("node_disk_discards_merged_total", Counter, 1.0, "Discards merged with neighbours."),
    ("node_disk_discarded_sectors_total", Counter, 1.0, "Sectors discarded."),
    ("node_disk_discard_time_seconds_total", Counter, MS, "Seconds spent by all discards."),
    ("node_disk_flush_requests_total", Counter, 1.0, "Flushes completed."),
    ("node_disk_flush_requests_time_seconds_total", Counter, MS, "Seconds spent by all flushes."),
];

/// Labels of `node_disk_info` and the udev properties they come from.
const UDEV: [(&str, &str); 5] = [
    ("path", "ID_PATH"),
    ("wwn", "ID_WWN"),
    ("model", "ID_MODEL"),
    ("serial", "ID_SERIAL_SHORT"),
    ("revision", "ID_REVISION"),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/diskstats")?;
    let mut disks = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [major, minor, device, values @ ..] = &words[..] else { continue };
        if !EXCLUDED.is_match(device) {
            let values = values.iter().map(|word| number(word)).collect::<Result<Vec<_>, _>>()?;
            disks.push((*major, *minor, *device, values));
        }
    }
    let help = "What is known of a block device; 1.";
    let mut family = page.family("node_disk_info", Gauge, help);
    for (major, minor, device, _) in &disks {
        let udev = host.read(&format!("run/udev/data/b{major}:{minor}")).unwrap_or_default();
        let mut labels = vec![("device", *device), ("major", major), ("minor", minor)];
        for (label, property) in UDEV {
            let mut found = udev.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('='));
            labels.push((label, found.find(|(name, _)| *name == property).map_or("", |(_, value)| value)));
        }
        family.sample(&labels, 1.0);
    }
    for (i, (name, kind, factor, help)) in COLUMNS.into_iter().enumerate() {
        let mut family = page.family(name, kind, help);
        for (_, _, device, values) in &disks {
            if let Some(value) = values.get(i) {
                // Division gives the nearest fraction of a second, multiplication by 0.001 does not.
                let value = if factor == MS { value / 1_000.0 } else { value * factor };
                family.sample(&[("device", device)], value);
            }
        }
    }
    Ok(())
}
