//! btrfs file systems, from `/sys/fs/btrfs`. What only an ioctl tells (errors of devices) is not read.

use wire::exposition::Page;

use super::{Host, Rows, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for uuid in host.names("sys/fs/btrfs", "").iter().filter(|name| name.contains('-')) {
        file_system(host, &mut rows, uuid);
    }
    rows.write(page);
    Ok(())
}

fn file_system(host: &Host, rows: &mut Rows, uuid: &str) {
    let folder = format!("sys/fs/btrfs/{uuid}");
    let label = host.text(&format!("{folder}/label")).unwrap_or_default();
    rows.gauge("node_btrfs_info", "A file system; 1.", &[("label", &label), ("uuid", uuid)], 1.0);
    if let Some(bytes) = host.value(&format!("{folder}/allocation/global_rsv_size")) {
        rows.gauge("node_btrfs_global_rsv_size_bytes", "The global reserve.", &[("uuid", uuid)], bytes);
    }
    let devices = host.names(&format!("{folder}/devices"), "");
    for device in &devices {
        if let Some(sectors) = host.value(&format!("{folder}/devices/{device}/size")) {
            let labels = [("device", device.as_str()), ("uuid", uuid)];
            rows.gauge("node_btrfs_device_size_bytes", "Size of a device.", &labels, sectors * 512.0);
        }
    }
    for group in ["data", "metadata", "system"] {
        block_group(host, rows, (&folder, group, uuid), devices.len() as f64);
    }
    commits(host, rows, &folder, uuid);
}

fn block_group(host: &Host, rows: &mut Rows, (folder, group, uuid): (&str, &str, &str), devices: f64) {
    let folder = format!("{folder}/allocation/{group}");
    if let Some(bytes) = host.value(&format!("{folder}/bytes_reserved")) {
        let labels = [("block_group_type", group), ("uuid", uuid)];
        rows.gauge("node_btrfs_reserved_bytes", "Space reserved for a type of data.", &labels, bytes);
    }
    for mode in host.names(&folder, "") {
        let labels = [("block_group_type", group), ("mode", mode.as_str()), ("uuid", uuid)];
        let Some(total) = host.value(&format!("{folder}/{mode}/total_bytes")) else { continue };
        rows.gauge("node_btrfs_size_bytes", "Space allocated in a layout.", &labels, total);
        if let Some(used) = host.value(&format!("{folder}/{mode}/used_bytes")) {
            rows.gauge("node_btrfs_used_bytes", "Space used in a layout.", &labels, used);
        }
        let help = "Bytes on devices for a byte of data.";
        rows.gauge("node_btrfs_allocation_ratio", help, &labels, ratio(&mode, devices));
    }
}

fn ratio(mode: &str, devices: f64) -> f64 {
    match mode {
        "dup" | "raid1" | "raid10" => 2.0,
        "raid1c3" => 3.0,
        "raid1c4" => 4.0,
        "raid5" => devices / (devices - 1.0),
        "raid6" => devices / (devices - 2.0),
        _ => 1.0,
    }
}

fn commits(host: &Host, rows: &mut Rows, folder: &str, uuid: &str) {
    let text = host.text(&format!("{folder}/commit_stats")).unwrap_or_default();
    let labels = [("uuid", uuid)];
    for line in text.lines() {
        let Some((field, value)) = line.split_once(' ') else { continue };
        let Ok(value) = number(value.trim()) else { continue };
        match field {
            "commits" => rows.counter("node_btrfs_commits_total", "Commits.", &labels, value),
            "last_commit_ms" => {
                rows.gauge("node_btrfs_last_commit_seconds", "How long the last took.", &labels, value / 1e3);
            }
            "max_commit_ms" => {
                rows.gauge(
                    "node_btrfs_max_commit_seconds",
                    "How long the longest took.",
                    &labels,
                    value / 1e3,
                );
            }
            "total_commit_ms" => {
                rows.counter("node_btrfs_commit_seconds_total", "How long all took.", &labels, value / 1e3);
            }
            _ => {}
        }
    }
}
