//! The table of before Grafana 7: column styles as overrides, its transform as transformations.

use serde_json::{Map, Value, json};

use super::super::json::{flag, number, object, text};
use super::graph::{add_overrides, reducer};
use super::values;

pub(super) fn migrate(panel: &mut Map<String, Value>, notes: &mut Vec<String>) -> &'static str {
    let styles = panel.get("styles").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut overrides = Vec::new();
    let mut defaults = Vec::new();
    for style in styles.iter().filter_map(Value::as_object) {
        let properties = properties(style, notes);
        match text(style, "pattern") {
            "" => {}
            "/.*/" => defaults = properties,
            pattern => {
                let matcher = if pattern.starts_with('/') { "byRegexp" } else { "byName" };
                let properties: Vec<Value> =
                    properties.into_iter().map(|(id, value)| json!({"id": id, "value": value})).collect();
                if !properties.is_empty() {
                    overrides.push(
                        json!({"matcher": {"id": matcher, "options": pattern}, "properties": properties}),
                    );
                }
            }
        }
    }
    let config = object(panel, "fieldConfig");
    // The first style that fits a column won; the last override does.
    overrides.reverse();
    add_overrides(config, overrides);
    let fields = object(config, "defaults");
    for (id, value) in defaults {
        match id.strip_prefix("custom.") {
            Some(key) => drop(object(fields, "custom").insert(key.to_owned(), value)),
            None => drop(fields.insert(id, value)),
        }
    }
    options(panel, notes);
    transform(panel, notes);
    "table"
}

fn options(panel: &mut Map<String, Value>, notes: &mut Vec<String>) {
    let show = panel.get("showHeader").and_then(Value::as_bool).unwrap_or(true);
    let pages = panel.get("pageSize").and_then(number).is_some_and(|size| size > 0.0);
    let sort = panel.get("sort").cloned().unwrap_or_default();
    let options = object(panel, "options");
    options.insert("showHeader".into(), json!(show));
    if pages {
        options.insert("footer".into(), json!({"show": false, "enablePagination": true}));
    }
    match &sort["col"] {
        Value::String(name) => {
            options.insert("sortBy".into(), json!([{"displayName": name, "desc": sort["desc"] == true}]));
        }
        Value::Number(n) if n.as_f64() != Some(0.0) => {
            notes.push("the order of its rows, given by a column's number, is not kept".into());
        }
        _ => {}
    }
}

fn properties(style: &Map<String, Value>, notes: &mut Vec<String>) -> Vec<(String, Value)> {
    let mut out: Vec<(String, Value)> = Vec::new();
    let mut add = |id: &str, value: Value| out.push((id.to_owned(), value));
    if !text(style, "alias").is_empty() {
        add("displayName", json!(text(style, "alias")));
    }
    match text(style, "type") {
        "hidden" => add("custom.hidden", json!(true)),
        "date" => {
            let format = text(style, "dateFormat");
            let format = if format.is_empty() { "YYYY-MM-DD HH:mm:ss" } else { format };
            add("unit", json!(format!("time: {format}")));
        }
        "number" => number_style(style, &mut add),
        "string" => {
            let kind = style.get("mappingType").and_then(number);
            let maps = values::old_maps(style, kind);
            if maps.as_array().is_some_and(|maps| !maps.is_empty()) {
                add("mappings", maps);
            }
        }
        _ => {}
    }
    if matches!(text(style, "align"), "left" | "right" | "center") {
        add("custom.align", json!(text(style, "align")));
    }
    if flag(style, "link") && !text(style, "linkUrl").is_empty() {
        let title = text(style, "linkTooltip");
        let link = json!({"url": cell_names(text(style, "linkUrl")), "title": cell_names(title),
            "targetBlank": flag(style, "linkTargetBlank")});
        add("links", json!([link]));
    }
    if flag(style, "sanitize") {
        notes.push("HTML in cells is shown as text".into());
    }
    out
}

fn number_style(style: &Map<String, Value>, add: &mut impl FnMut(&str, Value)) {
    if !text(style, "unit").is_empty() {
        add("unit", json!(text(style, "unit")));
    }
    if let Some(decimals) = style.get("decimals").and_then(number) {
        add("decimals", json!(decimals));
    }
    let cell = match text(style, "colorMode") {
        "cell" | "row" => {
            json!({"type": "color-background", "mode": "basic", "applyToRow": text(style, "colorMode") == "row"})
        }
        "value" => json!({"type": "color-text"}),
        _ => return,
    };
    add("custom.cellOptions", cell);
    let written = match style.get("thresholds") {
        Some(Value::Array(list)) => {
            let texts: Vec<String> = list.iter().filter_map(number).map(|n| n.to_string()).collect();
            texts.join(",")
        }
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let steps = values::steps(&written, style.get("colors"));
    add("thresholds", json!({"mode": "absolute", "steps": steps}));
    add("color", json!({"mode": "thresholds"}));
}

/// `$__cell` and `${__cell_2}` as today's names.
fn cell_names(url: &str) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some(at) = rest.find("__cell") {
        let braced = rest[..at].ends_with("${");
        let head = if braced {
            at - 2
        } else if rest[..at].ends_with('$') {
            at - 1
        } else {
            at
        };
        out.push_str(&rest[..head]);
        let tail = &rest[at + "__cell".len()..];
        let digits = tail
            .strip_prefix('_')
            .map_or("", |t| &t[..t.find(|c: char| !c.is_ascii_digit()).unwrap_or(t.len())]);
        let mut end = if digits.is_empty() { 0 } else { digits.len() + 1 };
        match digits {
            "" => out.push_str("${__value.raw}"),
            n => out.push_str(&format!("${{__data.fields[{n}]}}")),
        }
        if braced {
            end += tail[end..].find('}').map_or(0, |i| i + 1);
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

fn transform(panel: &mut Map<String, Value>, notes: &mut Vec<String>) {
    let steps = match text(panel, "transform") {
        "timeseries_to_rows" => json!([{"id": "seriesToRows", "options": {}}]),
        "timeseries_to_columns" => {
            json!([{"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}}])
        }
        "timeseries_aggregations" => {
            let columns = panel.get("columns").and_then(Value::as_array).into_iter().flatten();
            let reducers: Vec<&str> = columns.filter_map(|c| c["value"].as_str()).map(reducer).collect();
            json!([{"id": "reduce", "options": {"mode": "seriesToRows", "reducers": reducers}}])
        }
        "table" => json!([{"id": "merge", "options": {}}]),
        "" => return,
        other => return notes.push(format!("its transform {other:?} is not known")),
    };
    if panel.get("transformations").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        panel.insert("transformations".into(), steps);
    }
}
