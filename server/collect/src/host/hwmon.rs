//! Sensors: temperatures, fans, voltages, currents, power.
//!
//! Names of files and units: the kernel's `hwmon/sysfs-interface`.

use std::collections::BTreeMap;

use wire::exposition::Page;

use super::{Host, Rows, number};

const FOLDER: &str = "sys/class/hwmon";

/// What a sensor can measure, as files begin.
const TYPES: [&str; 14] = [
    "vrm",
    "beep_enable",
    "update_interval",
    "in",
    "cpu",
    "fan",
    "pwm",
    "temp",
    "curr",
    "power",
    "energy",
    "humidity",
    "intrusion",
    "freq",
];

/// Files of a sensor: `input` of `temp1_input`, `` of `pwm1`.
type Properties = BTreeMap<String, String>;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let mut rows = Rows::default();
    for entry in host.entries(FOLDER)? {
        let folder = format!("{FOLDER}/{entry}");
        let chip = chip(host, &folder, &entry);
        if !host.settings.keeps("hwmon.chip", &chip) {
            continue;
        }
        if let Some(name) = host.kept(&format!("{folder}/name")) {
            let labels = [("chip", chip.as_str()), ("chip_name", &clean(&name))];
            rows.gauge("node_hwmon_chip_names", "What a chip calls itself; 1.", &labels, 1.0);
        }
        let mut sensors: BTreeMap<(&'static str, String), Properties> = BTreeMap::new();
        // Older drivers keep the files with the device.
        for folder in [folder.clone(), format!("{folder}/device")] {
            read(host, &folder, &mut sensors);
        }
        for ((kind, sensor), properties) in &sensors {
            if host.settings.keeps("hwmon.sensor", &format!("{chip};{sensor}")) {
                write(&mut rows, &chip, (kind, sensor), properties);
            }
        }
    }
    rows.write(page);
    Ok(())
}

/// A name of the chip that stays the same over restarts: where its device hangs.
fn chip(host: &Host, folder: &str, entry: &str) -> String {
    if let Ok(device) = host.path(&format!("{folder}/device")).canonicalize() {
        let part = |path: Option<&std::ffi::OsStr>| clean(&path.unwrap_or_default().to_string_lossy());
        let name = part(device.file_name());
        let kind = part(device.parent().and_then(|parent| parent.file_name()));
        match (kind.is_empty(), name.is_empty()) {
            (false, false) => return format!("{kind}_{name}"),
            (true, false) => return name,
            _ => {}
        }
    }
    let name = host.kept(&format!("{folder}/name")).map(|name| clean(&name)).unwrap_or_default();
    if name.is_empty() { clean(entry) } else { name }
}

fn clean(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let plain: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    plain.trim_matches('_').to_owned()
}

fn read(host: &Host, folder: &str, sensors: &mut BTreeMap<(&'static str, String), Properties>) {
    for file in host.names(folder, "") {
        let Some((kind, number, property)) = split(&file) else { continue };
        let path = format!("{folder}/{file}");
        // Names of sensors do not change; what cannot be read is not there.
        let text = if property == "label" { host.kept(&path) } else { host.text(&path) };
        if let Some(text) = text {
            let number = if number.is_empty() { "0" } else { number };
            sensors.entry((kind, format!("{kind}{number}"))).or_default().insert(property.to_owned(), text);
        }
    }
}

/// `temp1_input` is a `temp`, number 1, `input`.
fn split(file: &str) -> Option<(&'static str, &str, &str)> {
    let begins = |kind: &&&str| {
        file.strip_prefix(**kind).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('_') || rest.starts_with(|c: char| c.is_ascii_digit())
        })
    };
    let kind = TYPES.iter().filter(begins).max_by_key(|kind| kind.len())?;
    let rest = &file[kind.len()..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, property) = rest.split_at(digits);
    // `in` without a number is not a sensor but, say, `in_something`.
    if number.is_empty() && !property.is_empty() {
        return None;
    }
    Some((kind, number, property.trim_start_matches('_')))
}

fn write(rows: &mut Rows, chip: &str, (kind, sensor): (&str, &str), properties: &Properties) {
    let label = properties.get("label").map(String::as_str);
    if let Some(label) = label {
        let labels = [("chip", chip), ("label", label), ("sensor", sensor)];
        rows.gauge("node_hwmon_sensor_label", "What a sensor is called; 1.", &labels, 1.0);
    }
    for (property, text) in properties.iter().filter(|(property, _)| *property != "label") {
        let Ok(value) = number(text) else { continue };
        let (metric, divisor) = metric(kind, property, properties.contains_key(""));
        let name = if metric == "node_hwmon_freq_freq_mhz" { label.unwrap_or(sensor) } else { sensor };
        let labels = [("chip", chip), ("sensor", name)];
        let help = if property.is_empty() { kind.to_owned() } else { format!("{kind} {property}") };
        let help = format!("Sensors: {}.", help.replace('_', " "));
        let value = value / divisor;
        if metric.ends_with("_total") {
            rows.counter(&metric, &help, &labels, value);
        } else {
            rows.gauge(&metric, &help, &labels, value);
        }
    }
}

/// The metric of a property, and what its value is divided by.
fn metric(kind: &str, property: &str, has_plain: bool) -> (String, f64) {
    match kind {
        "beep_enable" => return ("node_hwmon_beep_enabled".into(), 1.0),
        "vrm" => return ("node_hwmon_voltage_regulator_version".into(), 1.0),
        "update_interval" => return ("node_hwmon_update_interval_seconds".into(), 1e3),
        _ => {}
    }
    let base = match property {
        "input" if !has_plain => format!("node_hwmon_{kind}"),
        "" => format!("node_hwmon_{kind}"),
        property => format!("node_hwmon_{kind}_{}", clean(property)),
    };
    let (suffix, divisor) = match (kind, property) {
        (_, "fault" | "alarm") => ("", 1.0),
        (_, "beep") => ("_enabled", 1.0),
        ("in" | "cpu", _) => ("_volts", 1e3),
        ("temp", property) if property != "type" => ("_celsius", 1e3),
        ("curr", _) => ("_amps", 1e3),
        ("energy", _) => ("_joule_total", 1e6),
        ("power", "accuracy") => ("", 1e6),
        ("power", "average_interval" | "average_interval_min" | "average_interval_max") => ("_seconds", 1e3),
        ("power", _) => ("_watt", 1e6),
        ("humidity", _) => ("", 1e6),
        ("fan", "input" | "min" | "max" | "target") => ("_rpm", 1.0),
        ("freq", "input") => ("_freq_mhz", 1e6),
        _ => ("", 1.0),
    };
    (format!("{base}{suffix}"), divisor)
}
