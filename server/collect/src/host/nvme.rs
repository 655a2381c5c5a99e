//! NVMe drives.

use model::MetricKind;
use wire::exposition::Page;

use super::Host;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let folder = "sys/class/nvme";
    let drives = host.entries(folder)?;
    let mut family = page.family("node_nvme_info", MetricKind::Gauge, "A drive; 1.");
    for drive in &drives {
        let kept = |file: &str| host.kept(&format!("{folder}/{drive}/{file}")).unwrap_or_default();
        let state = host.text(&format!("{folder}/{drive}/state")).unwrap_or_default();
        family.sample(
            &[
                ("device", drive),
                ("firmware_revision", &kept("firmware_rev")),
                ("model", &kept("model")),
                ("serial", &kept("serial")),
                ("state", &state),
            ],
            1.0,
        );
    }
    Ok(())
}
