//! Tape drives.

use model::MetricKind::{self, Counter, Gauge};
use wire::exposition::Page;

use super::{Host, Rows};

const FOLDER: &str = "sys/class/scsi_tape";

/// File, metric, kind, divisor, help.
const FILES: [(&str, &str, MetricKind, f64, &str); 10] = [
    ("in_flight", "node_tape_io_now", Gauge, 1.0, "Operations in progress."),
    ("io_ns", "node_tape_io_time_seconds_total", Counter, 1e9, "Seconds spent by all operations."),
    ("other_cnt", "node_tape_io_others_total", Counter, 1.0, "Operations that neither read nor write."),
    ("read_byte_cnt", "node_tape_read_bytes_total", Counter, 1.0, "Bytes read."),
    ("read_cnt", "node_tape_reads_completed_total", Counter, 1.0, "Reads completed."),
    ("read_ns", "node_tape_read_time_seconds_total", Counter, 1e9, "Seconds spent by reads."),
    ("resid_cnt", "node_tape_residual_total", Counter, 1.0, "Operations with a rest left over."),
    ("write_byte_cnt", "node_tape_written_bytes_total", Counter, 1.0, "Bytes written."),
    ("write_cnt", "node_tape_writes_completed_total", Counter, 1.0, "Writes completed."),
    ("write_ns", "node_tape_write_time_seconds_total", Counter, 1e9, "Seconds spent by writes."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    // Each drive has several names; `st0` is the one that counts.
    let is_drive = |name: &&String| {
        name.strip_prefix("st").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    for device in host.entries(FOLDER)?.iter().filter(is_drive) {
        if !host.settings.keeps("tapestats", device) {
            continue;
        }
        for (file, metric, kind, divisor, help) in FILES {
            if let Some(value) = host.value(&format!("{FOLDER}/{device}/stats/{file}")) {
                rows.add((metric, kind, help), &[("device", device)], value / divisor);
            }
        }
    }
    rows.write(page);
    Ok(())
}
