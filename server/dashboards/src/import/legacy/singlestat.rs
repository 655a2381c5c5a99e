//! `singlestat`: a stat, or a gauge where it shows one.

use serde_json::{Map, Value, json};

use super::super::json::{flag, number, object, text};
use super::graph::reducer;
use super::values;

pub(super) fn migrate(panel: &mut Map<String, Value>, notes: &mut Vec<String>) -> &'static str {
    let name = text(panel, "valueName").to_owned();
    let calc = match name.as_str() {
        // Grafana's own default for a singlestat that names none.
        "" => "mean",
        "name" | "last_time" => "lastNotNull",
        old => reducer(old),
    };
    if name == "last_time" {
        notes.push("the time of the last point is not shown, its value is".into());
    }
    let sparkline = panel.get("sparkline").cloned().unwrap_or_default();
    let gauge = panel.get("gauge").filter(|g| g["show"] == true).cloned();
    let color_mode = match (flag(panel, "colorBackground"), flag(panel, "colorValue")) {
        (true, _) => "background",
        (_, true) => "value",
        _ => "none",
    };
    let fields = match text(panel, "tableColumn") {
        "" => String::new(),
        column => format!("/^{}$/", values::escape(column)),
    };
    let settings = settings(panel, &sparkline, color_mode);

    let options = object(panel, "options");
    options.insert("reduceOptions".into(), json!({"calcs": [calc], "fields": fields, "values": false}));
    options.insert("orientation".into(), "horizontal".into());
    if gauge.is_none() {
        options.insert("colorMode".into(), color_mode.into());
        options.insert("graphMode".into(), if sparkline["show"] == true { "area" } else { "none" }.into());
        options.insert("textMode".into(), if name == "name" { "name" } else { "auto" }.into());
    }
    let defaults = object(object(panel, "fieldConfig"), "defaults");
    for (key, value) in settings {
        defaults.insert(key.into(), value);
    }
    let Some(gauge) = gauge else { return "stat" };
    defaults.insert("min".into(), json!(number(&gauge["minValue"]).unwrap_or(0.0)));
    defaults.insert("max".into(), json!(number(&gauge["maxValue"]).unwrap_or(100.0)));
    let options = object(panel, "options");
    options.insert("showThresholdMarkers".into(), json!(gauge["thresholdMarkers"].as_bool().unwrap_or(true)));
    options.insert("showThresholdLabels".into(), json!(gauge["thresholdLabels"] == true));
    "gauge"
}

/// What `fieldConfig.defaults` says of the value.
fn settings(panel: &Map<String, Value>, sparkline: &Value, color_mode: &str) -> Vec<(&'static str, Value)> {
    let colors = panel.get("colors");
    let steps = values::steps(text(panel, "thresholds"), colors);
    let mut out = vec![
        ("thresholds", json!({"mode": "absolute", "steps": steps})),
        ("mappings", values::old_maps(panel, number(panel.get("mappingType").unwrap_or(&Value::Null)))),
    ];
    if color_mode == "none"
        && let Some(color) = sparkline["lineColor"].as_str().filter(|_| sparkline["show"] == true)
    {
        out.push(("color", json!({"mode": "fixed", "fixedColor": color})));
    }
    let (unit, prefix, postfix) = (text(panel, "format"), text(panel, "prefix"), text(panel, "postfix"));
    let plain = matches!(unit, "" | "none" | "short");
    let unit = match (prefix.trim(), postfix.trim()) {
        (_, postfix) if plain && !postfix.is_empty() => format!("suffix: {postfix}"),
        (prefix, _) if plain && !prefix.is_empty() => format!("prefix:{prefix} "),
        _ => unit.to_owned(),
    };
    if !unit.is_empty() {
        out.push(("unit", json!(unit)));
    }
    if !text(panel, "nullText").is_empty() {
        out.push(("noValue", json!(text(panel, "nullText"))));
    }
    if let Some(decimals) = panel.get("decimals").filter(|d| d.is_number()) {
        out.push(("decimals", decimals.clone()));
    }
    out
}
