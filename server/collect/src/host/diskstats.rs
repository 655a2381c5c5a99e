//! What block devices did.

use std::collections::HashMap;

use model::MetricKind::{self, Counter, Gauge};
use wire::exposition::Page;

use super::{Host, Rows, number};

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

/// Labels of `node_disk_filesystem_info` alike.
const FILE_SYSTEM: [(&str, &str); 4] =
    [("type", "ID_FS_TYPE"), ("usage", "ID_FS_USAGE"), ("uuid", "ID_FS_UUID"), ("version", "ID_FS_VERSION")];

/// Labels of `node_disk_device_mapper_info` alike.
const MAPPER: [(&str, &str); 5] = [
    ("name", "DM_NAME"),
    ("uuid", "DM_UUID"),
    ("vg_name", "DM_VG_NAME"),
    ("lv_name", "DM_LV_NAME"),
    ("lv_layer", "DM_LV_LAYER"),
];

/// udev properties of ATA disks: metric, property, help.
const ATA: [(&str, &str, &str); 3] = [
    ("node_disk_ata_write_cache", "ID_ATA_WRITE_CACHE", "Whether an ATA disk has a write cache."),
    (
        "node_disk_ata_write_cache_enabled",
        "ID_ATA_WRITE_CACHE_ENABLED",
        "Whether an ATA disk's write cache is on.",
    ),
    (
        "node_disk_ata_rotation_rate_rpm",
        "ID_ATA_ROTATION_RATE_RPM",
        "Rotations a minute; 0: does not rotate.",
    ),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/diskstats")?;
    let mut disks = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [major, minor, device, values @ ..] = &words[..] else { continue };
        if host.settings.keeps("diskstats", device) {
            let values = values.iter().map(|word| number(word)).collect::<Result<Vec<_>, _>>()?;
            disks.push(((*major, *minor), *device, values));
        }
    }
    let mut rows = Rows::default();
    for (number, device, _) in &disks {
        properties(host, &mut rows, *number, device);
    }
    rows.write(page);
    for (i, (name, kind, factor, help)) in COLUMNS.into_iter().enumerate() {
        let mut family = page.family(name, kind, help);
        for (_, device, values) in &disks {
            if let Some(value) = values.get(i) {
                // Division gives the nearest fraction of a second, multiplication by 0.001 does not.
                let value = if factor == MS { value / 1_000.0 } else { value * factor };
                family.sample(&[("device", device)], value);
            }
        }
    }
    Ok(())
}

/// What udev knows of a disk.
fn properties(host: &Host, rows: &mut Rows, (major, minor): (&str, &str), device: &str) {
    let udev = host.kept(&format!("udev/b{major}:{minor}")).unwrap_or_default();
    let udev: HashMap<&str, &str> =
        udev.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('=')).collect();
    let value = |property: &str| udev.get(property).copied().unwrap_or_default();
    let rotational = host.kept(&format!("sys/block/{device}/queue/rotational")).unwrap_or_default();
    let mut labels =
        vec![("device", device), ("major", major), ("minor", minor), ("rotational", &rotational)];
    labels.extend(UDEV.map(|(label, property)| (label, value(property))));
    rows.gauge("node_disk_info", "What is known of a block device; 1.", &labels, 1.0);
    let mut info = |metric: &str, help: &str, table: &[(&'static str, &str)]| {
        let labels: Vec<(&'static str, &str)> =
            [("device", device)].into_iter().chain(table.iter().map(|(l, p)| (*l, value(p)))).collect();
        rows.gauge(metric, help, &labels, 1.0);
    };
    if !value("ID_FS_TYPE").is_empty() {
        info("node_disk_filesystem_info", "The file system of a block device; 1.", &FILE_SYSTEM);
    }
    if !value("DM_NAME").is_empty() {
        info("node_disk_device_mapper_info", "What a mapped device is; 1.", &MAPPER);
    }
    if value("ID_ATA").is_empty() {
        return;
    }
    for (metric, property, help) in ATA {
        if let Ok(number) = number(value(property)) {
            rows.gauge(metric, help, &[("device", device)], number);
        }
    }
}
