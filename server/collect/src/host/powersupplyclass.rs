//! Power supplies and batteries.

use wire::exposition::Page;

use super::{Host, Rows, number};

const FOLDER: &str = "sys/class/power_supply";

/// File, rest of the metric's name, divisor. The kernel writes millionths of volts, amperes and watts, tenths of
/// degrees.
const FILES: [(&str, &str, f64); 51] = [
    ("authentic", "authentic", 1.0),
    ("calibrate", "calibrate", 1.0),
    ("capacity", "capacity", 1.0),
    ("capacity_alert_max", "capacity_alert_max", 1.0),
    ("capacity_alert_min", "capacity_alert_min", 1.0),
    ("cycle_count", "cyclecount", 1.0),
    ("online", "online", 1.0),
    ("present", "present", 1.0),
    ("time_to_empty_now", "time_to_empty_seconds", 1.0),
    ("time_to_full_now", "time_to_full_seconds", 1.0),
    ("current_boot", "current_boot", 1e6),
    ("current_max", "current_max", 1e6),
    ("current_now", "current_ampere", 1e6),
    ("energy_empty", "energy_empty", 1e6),
    ("energy_empty_design", "energy_empty_design", 1e6),
    ("energy_full", "energy_full", 1e6),
    ("energy_full_design", "energy_full_design", 1e6),
    ("energy_now", "energy_watthour", 1e6),
    ("voltage_boot", "voltage_boot", 1e6),
    ("voltage_max", "voltage_max", 1e6),
    ("voltage_max_design", "voltage_max_design", 1e6),
    ("voltage_min", "voltage_min", 1e6),
    ("voltage_min_design", "voltage_min_design", 1e6),
    ("voltage_now", "voltage_volt", 1e6),
    ("voltage_ocv", "voltage_ocv", 1e6),
    ("charge_control_limit", "charge_control_limit", 1e6),
    ("charge_control_limit_max", "charge_control_limit_max", 1e6),
    ("charge_counter", "charge_counter", 1e6),
    ("charge_empty", "charge_empty", 1e6),
    ("charge_empty_design", "charge_empty_design", 1e6),
    ("charge_full", "charge_full", 1e6),
    ("charge_full_design", "charge_full_design", 1e6),
    ("charge_now", "charge_ampere", 1e6),
    ("charge_term_current", "charge_term_current", 1e6),
    ("constant_charge_current", "constant_charge_current", 1e6),
    ("constant_charge_current_max", "constant_charge_current_max", 1e6),
    ("constant_charge_voltage", "constant_charge_voltage", 1e6),
    ("constant_charge_voltage_max", "constant_charge_voltage_max", 1e6),
    ("precharge_current", "precharge_current", 1e6),
    ("input_current_limit", "input_current_limit", 1e6),
    ("power_now", "power_watt", 1e6),
    ("temp", "temp_celsius", 10.0),
    ("temp_alert_max", "temp_alert_max_celsius", 10.0),
    ("temp_alert_min", "temp_alert_min_celsius", 10.0),
    ("temp_ambient", "temp_ambient_celsius", 10.0),
    ("temp_ambient_alert_max", "temp_ambient_alert_max_celsius", 10.0),
    ("temp_ambient_alert_min", "temp_ambient_alert_min_celsius", 10.0),
    ("temp_ambient_max", "temp_ambient_max_celsius", 10.0),
    ("temp_ambient_min", "temp_ambient_min_celsius", 10.0),
    ("temp_max", "temp_max_celsius", 10.0),
    ("temp_min", "temp_min_celsius", 10.0),
];

/// Labels of the info series; those without a value are left out.
const INFO: [&str; 11] = [
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for supply in host.entries(FOLDER)?.iter().filter(|name| host.settings.keeps("powersupply", name)) {
        for (file, name, divisor) in FILES {
            let value = host.text(&format!("{FOLDER}/{supply}/{file}")).and_then(|text| number(&text).ok());
            if let Some(value) = value {
                let metric = format!("node_power_supply_{name}");
                let help = format!("{} of a power supply.", file.replace('_', " "));
                rows.gauge(&metric, &help, &[("power_supply", supply)], value / divisor);
            }
        }
        let values =
            INFO.map(|file| (file, host.text(&format!("{FOLDER}/{supply}/{file}")).unwrap_or_default()));
        let mut labels: Vec<(&'static str, &str)> =
            values.iter().map(|(n, v)| (*n, v.as_str())).filter(|(_, value)| !value.is_empty()).collect();
        labels.push(("power_supply", supply));
        rows.gauge("node_power_supply_info", "A power supply; 1.", &labels, 1.0);
    }
    rows.write(page);
    Ok(())
}
