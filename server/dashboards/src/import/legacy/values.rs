//! How old panels wrote thresholds, mappings of values, and the options of value panels.

use serde_json::{Map, Value, json};

use super::super::json::{default, number, object};
use super::graph::{add_overrides, reducer};

/// A text as a regular expression that matches it alone.
pub(super) fn escape(text: &str) -> String {
    let special = |c: char| r"\^$.|?*+()[]{}/".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// `"50,80"` with three colours as threshold steps.
pub(super) fn steps(thresholds: &str, colors: Option<&Value>) -> Vec<Value> {
    let color = |i: usize| {
        let fallback = ["#299c46", "rgba(237, 129, 40, 0.89)", "#d44a3a"];
        let own = colors.and_then(|c| c.get(i)).and_then(Value::as_str);
        own.unwrap_or_else(|| fallback.get(i).copied().unwrap_or("#d44a3a")).to_owned()
    };
    let values = thresholds.split(',').filter_map(|text| text.trim().parse::<f64>().ok());
    let first = json!({"color": color(0), "value": null});
    std::iter::once(first)
        .chain(values.enumerate().map(|(i, v)| json!({"color": color(i + 1), "value": v})))
        .collect()
}

/// `valueMaps` and `rangeMaps` as mappings; `kind` 1 reads the former, 2 the latter, none both.
pub(super) fn old_maps(of: &Map<String, Value>, kind: Option<f64>) -> Value {
    let list = |key: &str| of.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut all = Vec::new();
    if kind != Some(2.0) {
        all.extend(
            list("valueMaps")
                .into_iter()
                .map(|map| json!({"type": 1, "value": map["value"], "text": map["text"]})),
        );
    }
    if kind != Some(1.0) {
        let ranges = list("rangeMaps").into_iter();
        all.extend(
            ranges.map(|map| json!({"type": 2, "from": map["from"], "to": map["to"], "text": map["text"]})),
        );
    }
    Value::Array(modern_mappings(all))
}

/// Mappings of before Grafana 8 (`type` 1: a value, 2: a range) in today's form; newer ones stay.
fn modern_mappings(list: Vec<Value>) -> Vec<Value> {
    let (mut values, mut out) = (Map::new(), Vec::new());
    for (index, map) in list.into_iter().enumerate() {
        if map["type"].is_string() {
            out.push(map);
            continue;
        }
        let mut result = json!({"index": index});
        for key in ["text", "color"] {
            if let Some(text) = map[key].as_str() {
                result[key] = json!(text);
            }
        }
        if map["type"] == 2 {
            if map["from"] == "null" && map["to"] == "null" {
                out.push(json!({"type": "special", "options": {"match": "null", "result": result}}));
            } else {
                let (from, to) = (number(&map["from"]), number(&map["to"]));
                out.push(json!({"type": "range", "options": {"from": from, "to": to, "result": result}}));
            }
            continue;
        }
        let value = match &map["value"] {
            Value::String(text) => text.clone(),
            Value::Number(n) => n.to_string(),
            _ => continue,
        };
        if value == "null" {
            out.push(json!({"type": "special", "options": {"match": "null", "result": result}}));
        } else if !value.is_empty() || map["text"].as_str().is_some_and(|text| !text.is_empty()) {
            values.insert(value, result);
        }
    }
    if !values.is_empty() {
        out.insert(0, json!({"type": "value", "options": values}));
    }
    out
}

/// Brings the mappings of a panel's fields to today's form.
pub(super) fn mappings(panel: &mut Map<String, Value>) {
    let Some(Value::Object(config)) = panel.get_mut("fieldConfig") else { return };
    if let Some(mappings) = config.get_mut("defaults").and_then(|d| d.get_mut("mappings")) {
        modernise(mappings);
    }
    for entry in config.get_mut("overrides").and_then(Value::as_array_mut).into_iter().flatten() {
        let properties = entry.get_mut("properties").and_then(Value::as_array_mut);
        for property in properties.into_iter().flatten().filter(|p| p["id"] == "mappings") {
            if let Some(value) = property.get_mut("value") {
                modernise(value);
            }
        }
    }
}

fn modernise(mappings: &mut Value) {
    if let Value::Array(list) = mappings
        && list.iter().any(|map| map["type"].is_number() || map["type"].is_null())
    {
        *mappings = Value::Array(modern_mappings(std::mem::take(list)));
    }
}

/// Options of stat, gauge and bar gauge of Grafana 6 (`fieldOptions`, `valueOptions`, `minValue`, …) as
/// `reduceOptions` and `fieldConfig`. Says whether there were any.
pub(super) fn old_options(panel: &mut Map<String, Value>) -> bool {
    let Some(options) = panel.get_mut("options").and_then(Value::as_object_mut) else { return false };
    let mut take = |key: &str| options.remove(key).filter(|value| !value.is_null());
    let (field, value) = (take("fieldOptions"), take("valueOptions"));
    // Hand-written files put these beside the options that panels read: they mean the fields.
    let mut loose = Map::new();
    for (from, to) in [("minValue", "min"), ("maxValue", "max"), ("unit", "unit"), ("decimals", "decimals")] {
        if let Some(value) = take(from) {
            loose.insert(to.into(), value);
        }
    }
    for key in ["thresholds", "mappings", "valueMappings"] {
        if let Some(value) = take(key) {
            loose.insert(key.trim_start_matches("value").to_ascii_lowercase(), value);
        }
    }
    if field.is_none() && value.is_none() && loose.is_empty() {
        return false;
    }
    let (field, value) = (field.unwrap_or_default(), value.unwrap_or_default());
    let calcs = match (&field["calcs"], value["stat"].as_str()) {
        (calcs @ Value::Array(_), _) => calcs.clone(),
        (_, Some(stat)) => json!([reducer(stat)]),
        _ if field.is_object() => json!(["mean"]),
        _ => Value::Null,
    };
    if !calcs.is_null() {
        let reduce = json!({"calcs": calcs, "values": field["values"] == true, "fields": ""});
        object(panel, "options").entry("reduceOptions").or_insert(reduce);
    }
    let config = object(panel, "fieldConfig");
    if let Some(overrides) = field["overrides"].as_array() {
        add_overrides(config, overrides.clone());
    }
    let defaults = object(config, "defaults");
    for source in [&field["defaults"], &field["override"], &value, &field, &Value::Object(loose)] {
        for (key, value) in source.as_object().into_iter().flatten() {
            field_setting(defaults, key, value);
        }
    }
    true
}

/// One setting of the value, where it is one and the file has none of today's.
fn field_setting(defaults: &mut Map<String, Value>, key: &str, value: &Value) {
    match key {
        "unit" | "decimals" | "min" | "max" | "title" | "noValue" | "color" | "links" | "displayName" => {
            let key = if key == "title" { "displayName" } else { key };
            default(defaults, key, value.clone());
        }
        "mappings" => default(defaults, "mappings", value.clone()),
        "thresholds" if value.is_array() => {
            default(defaults, key, json!({"mode": "absolute", "steps": value}));
        }
        "thresholds" if value.is_object() => default(defaults, key, value.clone()),
        "suffix" | "prefix" => {
            if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
                default(defaults, "unit", json!(format!("{key}:{text}")));
            }
        }
        _ => {}
    }
}
