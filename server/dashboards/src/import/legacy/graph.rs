//! `graph`: time series, and by its x axis also a histogram or bars of reduced values.

use serde_json::{Map, Value, json};

use super::super::json::{flag, number, object, text};

pub(super) fn migrate(panel: &mut Map<String, Value>, notes: &mut Vec<String>) -> &'static str {
    old_axes(panel);
    let custom = custom(panel);
    let (left, overrides) = (axis(panel, 0), overrides(panel));
    let (steps, style) = thresholds(panel);
    let (legend, tooltip) = (legend(panel), tooltip(panel));
    let mode = panel.get("xaxis").map(|x| text_of(&x["mode"])).unwrap_or_default();
    for (key, what) in [("timeRegions", "regions of time"), ("alert", "its alert rule")] {
        let some =
            panel.get(key).is_some_and(|v| v.is_object() || v.as_array().is_some_and(|a| !a.is_empty()));
        if some {
            notes.push(format!("{what} of the old graph are not read"));
        }
    }
    let decimals = panel.get("decimals").filter(|d| d.is_number()).cloned();
    let x = panel.get("xaxis").cloned().unwrap_or_default();

    let options = object(panel, "options");
    options.insert("legend".into(), legend);
    options.insert("tooltip".into(), tooltip);
    let config = object(panel, "fieldConfig");
    add_overrides(config, overrides);
    let defaults = object(config, "defaults");
    defaults.insert("custom".into(), custom);
    for (key, value) in left {
        match key.strip_prefix("custom.") {
            Some(inner) => defaults["custom"][inner] = value,
            None => drop(defaults.insert(key, value)),
        }
    }
    if let Some(decimals) = decimals {
        defaults.insert("decimals".into(), decimals);
    }
    if steps.len() > 1 {
        defaults.insert("thresholds".into(), json!({"mode": "absolute", "steps": steps}));
        defaults["custom"]["thresholdsStyle"] = json!({"mode": style});
    }
    by_x_axis(panel, &mode, &x)
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn by_x_axis(panel: &mut Map<String, Value>, mode: &str, x: &Value) -> &'static str {
    match mode {
        "histogram" => {
            if let Some(count) = number(&x["buckets"]).filter(|n| *n >= 1.0) {
                object(panel, "options").insert("bucketCount".into(), json!(count));
            }
            "histogram"
        }
        "series" => {
            let calc = x["values"][0].as_str().map_or("lastNotNull", reducer);
            let reduce = json!({"calcs": [calc], "fields": "", "values": false});
            object(panel, "options").insert("reduceOptions".into(), reduce);
            object(panel, "options").insert("orientation".into(), json!("vertical"));
            "bargauge"
        }
        _ => "timeseries",
    }
}

/// Today's name of an old statistic.
pub(super) fn reducer(old: &str) -> &str {
    match old {
        "avg" => "mean",
        "current" => "lastNotNull",
        "total" => "sum",
        "first" => "firstNotNull",
        other => other,
    }
}

/// `y_formats` and `grid` of the oldest files as `yaxes` and `thresholds`.
fn old_axes(panel: &mut Map<String, Value>) {
    let formats = panel.remove("y_formats");
    let grid = panel.remove("grid").unwrap_or_default();
    if !panel.contains_key("yaxes") && (formats.is_some() || grid.is_object()) {
        let formats = formats.unwrap_or_default();
        let make = |i: usize, side: &str| {
            json!({"format": formats[i], "min": grid[format!("{side}Min")], "max": grid[format!("{side}Max")],
                "logBase": grid[format!("{side}LogBase")], "show": panel.get("y-axis").cloned().unwrap_or(json!(true)),
                "label": panel.get(&format!("{side}YAxisLabel")).cloned().unwrap_or_default()})
        };
        let axes = json!([make(0, "left"), make(1, "right")]);
        panel.insert("yaxes".into(), axes);
    }
    let mut thresholds = Vec::new();
    for n in ["threshold1", "threshold2"] {
        if let Some(value) = number(&grid[n]) {
            let color = &grid[format!("{n}Color")];
            let line = grid["thresholdLine"] == true;
            thresholds
                .push(json!({"value": value, "op": "gt", "colorMode": "custom", "fill": !line, "line": line,
                "fillColor": color, "lineColor": color}));
        }
    }
    if !thresholds.is_empty() && !panel.contains_key("thresholds") {
        panel.insert("thresholds".into(), Value::Array(thresholds));
    }
}

fn custom(panel: &Map<String, Value>) -> Value {
    let lines = panel.get("lines").and_then(Value::as_bool).unwrap_or(true);
    let (bars, points) = (flag(panel, "bars"), flag(panel, "points"));
    let of = |key: &str, or: f64| panel.get(key).and_then(number).unwrap_or(or);
    let stacking = match (flag(panel, "stack"), flag(panel, "percentage")) {
        (true, true) => "percent",
        (true, false) => "normal",
        _ => "none",
    };
    let mut custom = json!({
        "drawStyle": if bars { "bars" } else if !lines && points { "points" } else { "line" },
        "lineInterpolation": if flag(panel, "steppedLine") { "stepAfter" } else { "linear" },
        "lineWidth": if lines || bars { of("linewidth", 1.0) } else { 0.0 },
        // Bars were always filled.
        "fillOpacity": if bars { 100.0 } else { (of("fill", 1.0) * 10.0).clamp(0.0, 100.0) },
        "gradientMode": if of("fillGradient", 0.0) > 0.0 { "opacity" } else { "none" },
        "showPoints": if points { "always" } else { "never" },
        "pointSize": 2.0 + of("pointradius", 2.0) * 2.0,
        "stacking": {"mode": stacking, "group": "A"},
        "spanNulls": text(panel, "nullPointMode") == "connected",
    });
    if flag(panel, "dashes") {
        custom["lineStyle"] = dashes(panel);
    }
    if flag(panel, "hiddenSeries") {
        custom["hideFrom"] = json!({"viz": true, "legend": false, "tooltip": false});
    }
    custom
}

fn dashes(of: &Map<String, Value>) -> Value {
    let length = |key: &str| of.get(key).and_then(number).unwrap_or(10.0);
    json!({"fill": "dash", "dash": [length("dashLength"), length("spaceLength")]})
}

/// An axis as field settings: key (below `custom.` or not) and value.
fn axis(panel: &Map<String, Value>, i: usize) -> Vec<(String, Value)> {
    let axis = panel.get("yaxes").and_then(|axes| axes.get(i)).cloned().unwrap_or_default();
    let mut out = Vec::new();
    if let Some(unit) = axis["format"].as_str().filter(|unit| !unit.is_empty()) {
        out.push(("unit".into(), json!(unit)));
    }
    for key in ["min", "max", "decimals"] {
        if let Some(value) = number(&axis[key]) {
            out.push((key.into(), json!(value)));
        }
    }
    if let Some(label) = axis["label"].as_str().filter(|label| !label.is_empty()) {
        out.push(("custom.axisLabel".into(), json!(label)));
    }
    if axis["show"] == false {
        out.push(("custom.axisPlacement".into(), json!("hidden")));
    }
    if let Some(base) = number(&axis["logBase"]).filter(|base| *base > 1.0) {
        // Grafana draws 2 and 10; the others of the old list are shown as the nearer one.
        let base = if base < 6.0 { 2 } else { 10 };
        out.push(("custom.scaleDistribution".into(), json!({"type": "log", "log": base})));
    }
    out
}

/// Adds overrides behind those that the file has already.
pub(super) fn add_overrides(config: &mut Map<String, Value>, more: Vec<Value>) {
    let all = config.entry("overrides").or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.extend(more);
    }
}

fn legend(panel: &Map<String, Value>) -> Value {
    let legend = panel.get("legend").cloned().unwrap_or_default();
    let known = ["min", "max", "avg", "current", "total"];
    let calcs: Vec<&str> = known.into_iter().filter(|old| legend[*old] == true).map(reducer).collect();
    let table = legend["alignAsTable"] == true;
    let mut out = json!({
        "showLegend": legend["show"].as_bool().unwrap_or(true),
        "displayMode": if table { "table" } else { "list" },
        "placement": if legend["rightSide"] == true { "right" } else { "bottom" },
        "calcs": if legend["values"] == true || table { calcs } else { Vec::new() },
    });
    if let Some(width) = number(&legend["sideWidth"]).filter(|width| *width > 0.0) {
        out["width"] = json!(width);
    }
    let columns =
        [("min", "Min"), ("max", "Max"), ("avg", "Mean"), ("current", "Last *"), ("total", "Total")];
    if let Some((_, name)) = columns.into_iter().find(|(old, _)| legend["sort"] == *old) {
        out["sortBy"] = json!(name);
        out["sortDesc"] = json!(legend["sortDesc"] == true);
    }
    out
}

fn tooltip(panel: &Map<String, Value>) -> Value {
    let old = panel.get("tooltip").cloned().unwrap_or_default();
    let sort = match number(&old["sort"]) {
        Some(1.0) => "asc",
        Some(2.0) => "desc",
        _ => "none",
    };
    json!({"mode": if old["shared"].as_bool().unwrap_or(true) { "multi" } else { "single" }, "sort": sort})
}

/// Threshold steps and how they are drawn.
fn thresholds(panel: &Map<String, Value>) -> (Vec<Value>, &'static str) {
    let mut list: Vec<&Value> =
        panel.get("thresholds").and_then(Value::as_array).into_iter().flatten().collect();
    list.retain(|t| number(&t["value"]).is_some());
    list.sort_by(|a, b| {
        number(&a["value"]).partial_cmp(&number(&b["value"])).unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut steps = vec![json!({"color": "transparent", "value": null})];
    let (mut line, mut fill) = (false, false);
    for threshold in list {
        let color = match text_of(&threshold["colorMode"]).as_str() {
            "warning" => json!("orange"),
            "ok" => json!("green"),
            "custom" => [&threshold["fillColor"], &threshold["lineColor"]]
                .into_iter()
                .find(|color| color.is_string())
                .cloned()
                .unwrap_or_else(|| json!("red")),
            _ => json!("red"),
        };
        line |= threshold["line"] == true;
        fill |= threshold["fill"].as_bool().unwrap_or(false);
        if threshold["op"] == "lt" {
            // Below: the colour reaches down to the step before.
            if let Some(before) = steps.last_mut() {
                before["color"] = color;
            }
            steps.push(json!({"color": "transparent", "value": threshold["value"]}));
        } else {
            steps.push(json!({"color": color, "value": threshold["value"]}));
        }
    }
    let style = match (line, fill) {
        (true, true) => "line+area",
        (true, false) => "line",
        (false, true) => "area",
        (false, false) => "off",
    };
    (steps, style)
}

/// `aliasColors` and `seriesOverrides` as overrides by name.
fn overrides(panel: &Map<String, Value>) -> Vec<Value> {
    let mut overrides = Vec::new();
    for (name, color) in panel.get("aliasColors").and_then(Value::as_object).into_iter().flatten() {
        overrides.push(json!({"matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]}));
    }
    for old in panel.get("seriesOverrides").and_then(Value::as_array).into_iter().flatten() {
        let (Some(alias), Some(old)) = (old["alias"].as_str(), old.as_object()) else { continue };
        let matcher = if alias.starts_with('/') { "byRegexp" } else { "byName" };
        let properties: Vec<Value> =
            properties(old, panel).into_iter().map(|(id, value)| json!({"id": id, "value": value})).collect();
        if !properties.is_empty() {
            overrides.push(json!({"matcher": {"id": matcher, "options": alias}, "properties": properties}));
        }
    }
    overrides
}

fn properties(old: &Map<String, Value>, panel: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut out: Vec<(String, Value)> = Vec::new();
    let mut add = |id: &str, value: Value| out.push((id.to_owned(), value));
    let of = |key: &str| old.get(key).and_then(number);
    if of("yaxis") == Some(2.0) {
        add("custom.axisPlacement", json!("right"));
        axis(panel, 1).into_iter().for_each(|(id, value)| add(&id, value));
    }
    if let Some(color) = old.get("color").and_then(Value::as_str) {
        add("color", json!({"mode": "fixed", "fixedColor": color}));
    }
    if let Some(fill) = of("fill") {
        add("custom.fillOpacity", json!((fill * 10.0).clamp(0.0, 100.0)));
    }
    if let Some(width) = of("linewidth") {
        add("custom.lineWidth", json!(width));
    }
    if let Some(radius) = of("pointradius") {
        add("custom.pointSize", json!(2.0 + radius * 2.0));
    }
    for (key, style) in [("bars", "bars"), ("lines", "line"), ("points", "points")] {
        match (old.get(key).and_then(Value::as_bool), style) {
            (Some(true), "points") => add("custom.showPoints", json!("always")),
            (Some(true), style) => add("custom.drawStyle", json!(style)),
            (Some(false), "line") => add("custom.lineWidth", json!(0)),
            _ => {}
        }
    }
    if flag(old, "dashes") {
        add("custom.lineStyle", dashes(old));
    }
    if old.get("transform") == Some(&json!("negative-Y")) {
        add("custom.transform", json!("negative-Y"));
    }
    match old.get("stack") {
        Some(Value::Bool(stack)) => {
            add("custom.stacking", json!({"mode": if *stack { "normal" } else { "none" }, "group": "A"}));
        }
        Some(Value::String(group)) => add("custom.stacking", json!({"mode": "normal", "group": group})),
        _ => {}
    }
    if let Some(below) = old.get("fillBelowTo").and_then(Value::as_str) {
        add("custom.fillBelowTo", json!(below));
    }
    if flag(old, "steppedLine") {
        add("custom.lineInterpolation", json!("stepAfter"));
    }
    match text(old, "nullPointMode") {
        "connected" => add("custom.spanNulls", json!(true)),
        "null" => add("custom.spanNulls", json!(false)),
        _ => {}
    }
    let (legend, tooltip) = (old.get("legend") == Some(&json!(false)), flag(old, "hideTooltip"));
    if legend || tooltip || flag(old, "hiddenSeries") {
        add(
            "custom.hideFrom",
            json!({"viz": flag(old, "hiddenSeries"), "legend": legend, "tooltip": tooltip}),
        );
    }
    out
}
