//! Panels of Grafana's Angular years brought to their successors, as Grafana itself migrates them.

use serde_json::{Map, Value, json};

use super::{Report, object};

/// Brings an old panel type to its successor; others stay as they are.
pub(super) fn migrate(panel: &mut Map<String, Value>, report: &mut Report) {
    let kind = panel["type"].as_str().unwrap_or_default().to_owned();
    if matches!(kind.as_str(), "stat" | "gauge" | "bargauge") {
        field_options(panel, report);
    }
    let successor = match kind.as_str() {
        "graph" | "grafana-graph-panel" => graph(panel),
        "singlestat" | "grafana-singlestat-panel" => singlestat(panel),
        "table-old" => table(panel),
        "table" if panel.contains_key("styles") && !panel.contains_key("options") => table(panel),
        "grafana-piechart-panel" => "piechart",
        "text" if panel.contains_key("content") => text(panel),
        _ => return,
    };
    if successor != kind {
        let title = panel["title"].as_str().unwrap_or_default();
        report.approximated.push(format!("panel \"{title}\": {kind} shown as {successor}"));
    }
    panel.insert("type".into(), successor.into());
}

fn flag(panel: &Map<String, Value>, key: &str) -> bool {
    panel.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn graph(panel: &mut Map<String, Value>) -> &'static str {
    let lines = panel.get("lines").and_then(Value::as_bool).unwrap_or(true);
    let style = match (flag(panel, "bars"), lines, flag(panel, "points")) {
        (true, _, _) => "bars",
        (_, false, true) => "points",
        _ => "line",
    };
    let number = |key: &str, or: f64| panel.get(key).and_then(Value::as_f64).unwrap_or(or);
    let stacking = match (flag(panel, "stack"), flag(panel, "percentage")) {
        (true, true) => "percent",
        (true, false) => "normal",
        _ => "none",
    };
    let custom = json!({
        "drawStyle": style,
        "lineInterpolation": if flag(panel, "steppedLine") { "stepAfter" } else { "linear" },
        "lineWidth": number("linewidth", 1.0),
        "fillOpacity": number("fill", 1.0) * 10.0,
        "showPoints": if flag(panel, "points") { "always" } else { "never" },
        "pointSize": number("pointradius", 2.0) * 2.0,
        "stacking": {"mode": stacking, "group": "A"},
        "spanNulls": panel.get("nullPointMode").and_then(Value::as_str) == Some("connected"),
    });
    let axis = panel.get("yaxes").and_then(|axes| axes.get(0)).cloned().unwrap_or(Value::Null);
    let legend = panel.get("legend").cloned().unwrap_or(Value::Null);
    let shared = panel.get("tooltip").and_then(|t| t["shared"].as_bool()).unwrap_or(true);
    let overrides = graph_overrides(panel);

    let options = object(panel, "options");
    options.insert("legend".into(), graph_legend(&legend));
    options
        .insert("tooltip".into(), json!({"mode": if shared { "multi" } else { "single" }, "sort": "none"}));
    let config = object(panel, "fieldConfig");
    add_overrides(config, overrides);
    let defaults = object(config, "defaults");
    defaults.insert("custom".into(), custom);
    for (from, to) in [("format", "unit"), ("min", "min"), ("max", "max"), ("decimals", "decimals")] {
        let value = match &axis[from] {
            Value::String(text) if to != "unit" => text.parse::<f64>().map_or(Value::Null, |n| json!(n)),
            value => value.clone(),
        };
        if !value.is_null() {
            defaults.insert(to.into(), value);
        }
    }
    if let Some(base) = axis["logBase"].as_i64().filter(|base| *base > 1) {
        defaults["custom"]["scaleDistribution"] = json!({"type": "log", "log": base});
    }
    "timeseries"
}

/// Adds overrides behind those that the file has already.
fn add_overrides(config: &mut Map<String, Value>, more: Value) {
    let all = config.entry("overrides").or_insert_with(|| json!([]));
    if let (Some(all), Value::Array(more)) = (all.as_array_mut(), more) {
        all.extend(more);
    }
}

/// Grafana 6's `options.fieldOptions` (stat, gauge, bargauge) as `reduceOptions` and `fieldConfig`.
fn field_options(panel: &mut Map<String, Value>, report: &mut Report) {
    let Some(Value::Object(old)) =
        panel.get_mut("options").and_then(|o| o.as_object_mut()?.remove("fieldOptions"))
    else {
        return;
    };
    let title = panel["title"].as_str().unwrap_or_default();
    report.approximated.push(format!("panel \"{title}\": fieldOptions of an old file"));
    let get = |key: &str, or: Value| old.get(key).filter(|v| !v.is_null()).cloned().unwrap_or(or);
    let reduce =
        json!({"calcs": get("calcs", json!(["mean"])), "values": get("values", json!(false)), "fields": ""});
    object(panel, "options").entry("reduceOptions").or_insert(reduce);
    let config = object(panel, "fieldConfig");
    add_overrides(config, get("overrides", json!([])));
    let defaults = object(config, "defaults");
    for (key, value) in get("defaults", json!({})).as_object().into_iter().flatten() {
        defaults.entry(key.clone()).or_insert(value.clone());
    }
    for key in ["thresholds", "mappings"] {
        if let Some(value) = old.get(key).filter(|value| value.is_object() || value.is_array()) {
            let value = if key == "thresholds" && value.is_array() {
                json!({"mode": "absolute", "steps": value})
            } else {
                value.clone()
            };
            defaults.entry(key).or_insert(value);
        }
    }
}

fn graph_legend(legend: &Value) -> Value {
    let calcs: Vec<&str> =
        [("min", "min"), ("max", "max"), ("avg", "mean"), ("current", "lastNotNull"), ("total", "sum")]
            .into_iter()
            .filter(|(old, _)| legend[*old].as_bool().unwrap_or(false))
            .map(|(_, new)| new)
            .collect();
    let table = legend["alignAsTable"].as_bool().unwrap_or(false);
    json!({
        "showLegend": legend["show"].as_bool().unwrap_or(true),
        "displayMode": if table { "table" } else { "list" },
        "placement": if legend["rightSide"].as_bool().unwrap_or(false) { "right" } else { "bottom" },
        "calcs": if legend["values"].as_bool().unwrap_or(false) || table { calcs } else { Vec::new() },
    })
}

/// `aliasColors` and `seriesOverrides` as overrides by name.
fn graph_overrides(panel: &Map<String, Value>) -> Value {
    let mut overrides = Vec::new();
    for (name, color) in panel.get("aliasColors").and_then(Value::as_object).into_iter().flatten() {
        overrides.push(json!({"matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]}));
    }
    for old in panel.get("seriesOverrides").and_then(Value::as_array).into_iter().flatten() {
        let Some(alias) = old["alias"].as_str() else { continue };
        let matcher = if alias.starts_with('/') { "byRegexp" } else { "byName" };
        let mut properties = Vec::new();
        let mut add = |id: &str, value: Value| properties.push(json!({"id": id, "value": value}));
        if old["yaxis"].as_i64() == Some(2) {
            add("custom.axisPlacement", json!("right"));
            let right = panel.get("yaxes").and_then(|axes| axes.get(1)).map(|axis| axis["format"].clone());
            if let Some(unit) = right.filter(|unit| unit.is_string()) {
                add("unit", unit);
            }
        }
        if let Some(color) = old["color"].as_str() {
            add("color", json!({"mode": "fixed", "fixedColor": color}));
        }
        if let Some(fill) = old["fill"].as_f64() {
            add("custom.fillOpacity", json!(fill * 10.0));
        }
        if let Some(width) = old["linewidth"].as_f64() {
            add("custom.lineWidth", json!(width));
        }
        if old["transform"] == "negative-Y" {
            add("custom.transform", json!("negative-Y"));
        }
        if let Some(stack) = old["stack"].as_bool() {
            add("custom.stacking", json!({"mode": if stack { "normal" } else { "none" }, "group": "A"}));
        }
        if !properties.is_empty() {
            overrides.push(json!({"matcher": {"id": matcher, "options": alias}, "properties": properties}));
        }
    }
    Value::Array(overrides)
}

fn singlestat(panel: &mut Map<String, Value>) -> &'static str {
    let text = |key: &str| panel.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let calc = match text("valueName").as_str() {
        name @ ("min" | "max" | "diff" | "range" | "delta") => name,
        // Grafana's own default for a singlestat that names none.
        "" | "avg" => "mean",
        "total" => "sum",
        "first" => "firstNotNull",
        _ => "lastNotNull",
    }
    .to_owned();
    let sparkline = panel.get("sparkline").is_some_and(|s| s["show"].as_bool().unwrap_or(false));
    let gauge = panel.get("gauge").filter(|g| g["show"].as_bool().unwrap_or(false)).cloned();
    let color_mode = match (flag(panel, "colorBackground"), flag(panel, "colorValue")) {
        (true, _) => "background",
        (_, true) => "value",
        _ => "none",
    };
    let steps = threshold_steps(&text("thresholds"), panel.get("colors"));
    let (unit, no_value) = (text("format"), text("nullText"));
    let mappings = value_maps(panel.get("valueMaps"));
    let decimals = panel.get("decimals").filter(|d| d.is_number()).cloned();

    let options = object(panel, "options");
    options.insert("reduceOptions".into(), json!({"calcs": [calc], "fields": "", "values": false}));
    options.insert("colorMode".into(), color_mode.into());
    options.insert("graphMode".into(), if sparkline { "area" } else { "none" }.into());
    options.insert("textMode".into(), "auto".into());
    options.insert("orientation".into(), "horizontal".into());
    let defaults = object(object(panel, "fieldConfig"), "defaults");
    defaults.insert("thresholds".into(), json!({"mode": "absolute", "steps": steps}));
    defaults.insert("mappings".into(), mappings);
    if !unit.is_empty() {
        defaults.insert("unit".into(), unit.into());
    }
    if !no_value.is_empty() {
        defaults.insert("noValue".into(), no_value.into());
    }
    if let Some(decimals) = decimals {
        defaults.insert("decimals".into(), decimals);
    }
    match gauge {
        None => "stat",
        Some(gauge) => {
            defaults.insert("min".into(), gauge.get("minValue").cloned().unwrap_or_else(|| json!(0)));
            defaults.insert("max".into(), gauge.get("maxValue").cloned().unwrap_or_else(|| json!(100)));
            "gauge"
        }
    }
}

/// `"50,80"` with three colours as threshold steps.
fn threshold_steps(thresholds: &str, colors: Option<&Value>) -> Vec<Value> {
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

fn value_maps(maps: Option<&Value>) -> Value {
    let mut options = Map::new();
    let mut special = Vec::new();
    for map in maps.and_then(Value::as_array).into_iter().flatten() {
        let (Some(value), Some(text)) = (map["value"].as_str(), map["text"].as_str()) else { continue };
        if value == "null" {
            special.push(json!({"type": "special", "options": {"match": "null", "result": {"text": text}}}));
        } else {
            options.insert(value.into(), json!({"text": text}));
        }
    }
    if !options.is_empty() {
        special.insert(0, json!({"type": "value", "options": options}));
    }
    Value::Array(special)
}

fn table(panel: &mut Map<String, Value>) -> &'static str {
    let mut overrides = Vec::new();
    for style in panel.get("styles").and_then(Value::as_array).into_iter().flatten() {
        let Some(pattern) = style["pattern"].as_str().filter(|p| *p != "/.*/") else { continue };
        let matcher = if pattern.starts_with('/') { "byRegexp" } else { "byName" };
        let mut properties = Vec::new();
        let mut add = |id: &str, value: &Value| properties.push(json!({"id": id, "value": value}));
        if style["alias"].as_str().is_some_and(|alias| !alias.is_empty()) {
            add("displayName", &style["alias"]);
        }
        for (from, to) in [("unit", "unit"), ("decimals", "decimals")] {
            if !style[from].is_null() {
                add(to, &style[from]);
            }
        }
        if style["type"] == "hidden" {
            add("custom.hidden", &json!(true));
        }
        if !properties.is_empty() {
            overrides.push(json!({"matcher": {"id": matcher, "options": pattern}, "properties": properties}));
        }
    }
    let rows = panel.get("transform").and_then(Value::as_str) == Some("timeseries_to_rows");
    object(panel, "fieldConfig").insert("overrides".into(), Value::Array(overrides));
    if !rows && panel.get("transform").and_then(Value::as_str) == Some("table") {
        panel.insert("transformations".into(), json!([{"id": "merge", "options": {}}]));
    }
    "table"
}

fn text(panel: &mut Map<String, Value>) -> &'static str {
    let content = panel.get("content").cloned().unwrap_or_default();
    let mode = panel.get("mode").cloned().unwrap_or_else(|| json!("markdown"));
    let options = object(panel, "options");
    options.entry("content").or_insert(content);
    options.entry("mode").or_insert(mode);
    "text"
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use serde_json::{Value, json};

    fn check(panel: Value) -> Value {
        let file = json!({"title": "x", "panels": [panel]});
        import(file.to_string().as_bytes(), "f").expect("a dashboard").dashboard["panels"][0].clone()
    }

    #[test]
    fn graph_becomes_timeseries() {
        let panel = check(json!({"type": "graph", "title": "g", "stack": true, "fill": 3, "linewidth": 2,
            "legend": {"show": true, "alignAsTable": true, "avg": true, "values": true},
            "yaxes": [{"format": "bytes", "min": "0", "logBase": 1}, {"format": "percent"}],
            "seriesOverrides": [{"alias": "/rx/", "yaxis": 2, "transform": "negative-Y"}],
            "aliasColors": {"a": "#ff0000"}}));
        assert_eq!(panel["type"], "timeseries");
        let defaults = &panel["fieldConfig"]["defaults"];
        assert_eq!((&defaults["unit"], &defaults["min"]), (&json!("bytes"), &json!(0.0)));
        assert_eq!(defaults["custom"]["stacking"]["mode"], "normal");
        assert_eq!(defaults["custom"]["fillOpacity"], 30.0);
        assert_eq!(panel["options"]["legend"]["calcs"], json!(["mean"]));
        let overrides = &panel["fieldConfig"]["overrides"];
        assert_eq!(overrides[0]["properties"][0]["value"]["fixedColor"], "#ff0000");
        assert_eq!(overrides[1]["matcher"]["id"], "byRegexp");
        assert_eq!(overrides[1]["properties"][1], json!({"id": "unit", "value": "percent"}));
    }

    #[test]
    fn singlestat_becomes_stat_or_gauge() {
        let mut old = json!({"type": "singlestat", "format": "percent", "valueName": "avg", "thresholds": "50,80",
            "colors": ["g", "o", "r"], "colorValue": true, "sparkline": {"show": true},
            "valueMaps": [{"value": "null", "text": "N/A"}, {"value": "1", "text": "up"}]});
        let panel = check(old.clone());
        assert_eq!(panel["type"], "stat");
        assert_eq!(panel["options"]["reduceOptions"]["calcs"], json!(["mean"]));
        assert_eq!(panel["options"]["colorMode"], "value");
        let defaults = &panel["fieldConfig"]["defaults"];
        assert_eq!(defaults["thresholds"]["steps"][2], json!({"color": "r", "value": 80.0}));
        assert_eq!(defaults["mappings"][0]["options"]["1"]["text"], "up");
        old["gauge"] = json!({"show": true, "maxValue": 10});
        assert_eq!(check(old)["type"], "gauge");
    }

    #[test]
    fn field_options_of_grafana_6_are_kept() {
        let panel = check(
            json!({"type": "gauge", "title": "g", "options": {"fieldOptions": {"calcs": ["max"],
            "defaults": {"unit": "percent", "max": 100}, "thresholds": [{"color": "green", "value": null}]}}}),
        );
        assert_eq!(panel["options"]["reduceOptions"]["calcs"], json!(["max"]));
        assert_eq!(panel["fieldConfig"]["defaults"]["unit"], "percent");
        assert_eq!(panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"], "green");
    }

    #[test]
    fn old_text_and_table() {
        let panel = check(json!({"type": "text", "content": "# hi", "mode": "markdown"}));
        assert_eq!(panel["options"], json!({"content": "# hi", "mode": "markdown"}));
        let panel = check(json!({"type": "table-old", "styles": [{"pattern": "Time", "type": "hidden"}]}));
        assert_eq!(panel["fieldConfig"]["overrides"][0]["properties"][0]["id"], "custom.hidden");
    }
}
