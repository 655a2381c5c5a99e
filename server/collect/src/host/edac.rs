//! Errors of memory that ECC found.

use wire::exposition::Page;

use super::{Host, Rows};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let folder = "sys/devices/system/edac/mc";
    let mut rows = Rows::default();
    for name in host.names(folder, "mc") {
        let controller = &name[2..];
        if controller.is_empty() || !controller.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let value = |file: &str| host.value(&format!("{folder}/{name}/{file}"));
        for (file, metric, help) in [
            ("ce_count", "node_edac_correctable_errors_total", "Errors put right."),
            ("ue_count", "node_edac_uncorrectable_errors_total", "Errors that could not be put right."),
        ] {
            if let Some(count) = value(file) {
                rows.counter(metric, help, &[("controller", controller)], count);
            }
        }
        let mut row = |row: &str, correctable: &str, uncorrectable: &str| {
            let labels = [("controller", controller), ("csrow", row)];
            for (file, metric, help) in [
                (correctable, "node_edac_csrow_correctable_errors_total", "Errors put right, by row."),
                (
                    uncorrectable,
                    "node_edac_csrow_uncorrectable_errors_total",
                    "Errors that could not be put right, by row.",
                ),
            ] {
                if let Some(count) = value(file) {
                    rows.counter(metric, help, &labels, count);
                }
            }
        };
        row("unknown", "ce_noinfo_count", "ue_noinfo_count");
        for csrow in host.names(&format!("{folder}/{name}"), "csrow") {
            row(&csrow[5..], &format!("{csrow}/ce_count"), &format!("{csrow}/ue_count"));
        }
    }
    rows.write(page);
    Ok(())
}
