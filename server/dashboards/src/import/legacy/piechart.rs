//! The pie chart plugin of before Grafana 8.

use serde_json::{Map, Value, json};

use super::super::json::{object, text};
use super::graph::{add_overrides, reducer};

pub(super) fn migrate(panel: &mut Map<String, Value>) -> &'static str {
    let of = |key: &str| panel.get(key).cloned().unwrap_or_default();
    let legend = of("legend");
    let pie = if text(panel, "pieType") == "donut" { "donut" } else { "pie" };
    let calc = reducer(text(panel, "valueName")).to_owned();
    let calc = if calc.is_empty() { "lastNotNull".into() } else { calc };
    let kind = text(panel, "legendType").to_owned();
    let values: Vec<&str> = [("values", "value"), ("percentage", "percent")]
        .into_iter()
        .filter(|(old, _)| legend[*old] == true)
        .map(|(_, new)| new)
        .collect();
    let labels = if kind == "On graph" { json!(["name"]) } else { json!([]) };
    let (unit, decimals) = (text(panel, "format").to_owned(), of("decimals"));
    let colors = of("aliasColors");

    let options = object(panel, "options");
    options.insert("pieType".into(), json!(pie));
    options.insert("displayLabels".into(), labels);
    options.insert("reduceOptions".into(), json!({"calcs": [calc], "fields": "", "values": false}));
    options.insert(
        "legend".into(),
        json!({"showLegend": legend["show"].as_bool().unwrap_or(true) && kind != "On graph",
            "displayMode": if values.is_empty() { "list" } else { "table" },
            "placement": if kind == "Right side" { "right" } else { "bottom" }, "values": values}),
    );
    let config = object(panel, "fieldConfig");
    let fixed = |color: &Value| json!([{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]);
    let overrides = colors.as_object().into_iter().flatten().map(
        |(name, color)| json!({"matcher": {"id": "byName", "options": name}, "properties": fixed(color)}),
    );
    add_overrides(config, overrides.collect());
    let defaults = object(config, "defaults");
    if !unit.is_empty() {
        defaults.insert("unit".into(), json!(unit));
    }
    if decimals.is_number() {
        defaults.insert("decimals".into(), decimals);
    }
    "piechart"
}
