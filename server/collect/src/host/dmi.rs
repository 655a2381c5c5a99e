//! What the firmware says of the machine.

use model::MetricKind;
use wire::exposition::Page;

use super::Host;

/// Labels; the file of the same name holds the value but for the last.
const FILES: [&str; 20] = [
    "bios_date",
    "bios_release",
    "bios_vendor",
    "bios_version",
    "board_asset_tag",
    "board_name",
    "board_serial",
    "board_vendor",
    "board_version",
    "chassis_asset_tag",
    "chassis_serial",
    "chassis_vendor",
    "chassis_version",
    "product_family",
    "product_name",
    "product_serial",
    "product_sku",
    "product_uuid",
    "product_version",
    "sys_vendor",
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let folder = "sys/class/dmi/id";
    if !host.path(folder).is_dir() {
        return Err("no DMI here".into());
    }
    // Files that only the superuser may read are left out, as are those that are not there.
    let values = FILES.map(|file| (file, host.kept(&format!("{folder}/{file}"))));
    let labels: Vec<(&str, &str)> = values
        .iter()
        .filter_map(|(file, value)| {
            let label = if *file == "sys_vendor" { "system_vendor" } else { file };
            Some((label, value.as_deref()?))
        })
        .collect();
    page.family("node_dmi_info", MetricKind::Gauge, "What the machine is; 1.").sample(&labels, 1.0);
    Ok(())
}
