//! Temperatures that the kernel watches, and what cools.

use wire::exposition::Page;

use super::{Host, Rows};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let folder = "sys/class/thermal";
    let mut rows = Rows::default();
    for name in host.names(folder, "") {
        let file = |file: &str| format!("{folder}/{name}/{file}");
        let kind = || host.kept(&file("type")).unwrap_or_default();
        if let Some(zone) = name.strip_prefix("thermal_zone") {
            if let Some(milli) = host.value(&file("temp")) {
                let labels = [("type", &*kind()), ("zone", zone)];
                rows.gauge("node_thermal_zone_temp", "Temperature of a zone, °C.", &labels, milli / 1e3);
            }
        } else if let Some(number) = name.strip_prefix("cooling_device") {
            let kind = kind();
            let labels = [("name", number), ("type", kind.as_str())];
            for (state, metric, help) in [
                ("cur_state", "node_cooling_device_cur_state", "How much a device cools."),
                ("max_state", "node_cooling_device_max_state", "How much it can cool."),
            ] {
                if let Some(value) = host.value(&file(state)) {
                    rows.gauge(metric, help, &labels, value);
                }
            }
        }
    }
    rows.write(page);
    Ok(())
}
