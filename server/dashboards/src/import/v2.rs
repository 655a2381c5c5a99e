//! Grafana's schema v2 (`elements` and `layout`) brought to v1, which the UI reads.
//!
//! Takes v2, v2beta1 and v2alpha1. Rows stay rows; tabs become a `tab` key on each panel and row, which the UI shows
//! as tabs; a row without a header keeps `hideHeader`. Shapes: the Apache-2.0 package `@grafana/schema`.

mod layout;
mod variables;

use serde_json::{Map, Value, json};

use super::json::{default, flag, text};
use super::report::{Kind, Report};

/// Whether this is the `spec` of a dashboard of schema v2.
pub(super) fn is_v2(spec: &Map<String, Value>) -> bool {
    spec.get("elements").is_some_and(Value::is_object) && spec.get("layout").is_some_and(Value::is_object)
}

/// The same dashboard in schema v1.
pub(super) fn convert(mut spec: Map<String, Value>, report: &mut Report) -> Map<String, Value> {
    report.approximated(Kind::File, "schema v2 brought to the one that is shown here");
    let mut out = Map::new();
    for key in ["title", "description", "tags", "links", "editable", "liveNow", "preload", "uid"] {
        if let Some(value) = spec.remove(key) {
            out.insert(key.into(), value);
        }
    }
    out.insert("schemaVersion".into(), json!(42));
    out.insert(
        "graphTooltip".into(),
        match text(&spec, "cursorSync") {
            "Crosshair" => json!(1),
            "Tooltip" => json!(2),
            _ => json!(0),
        },
    );
    time_settings(&spec, &mut out);
    let variables = spec.get("variables").and_then(Value::as_array).into_iter().flatten();
    let variables: Vec<Value> = variables.filter_map(variables::convert).collect();
    out.insert("templating".into(), json!({"list": variables}));
    let annotations = spec.get("annotations").and_then(Value::as_array).into_iter().flatten();
    let annotations: Vec<Value> = annotations.map(annotation).collect();
    out.insert("annotations".into(), json!({"list": annotations}));
    let elements = spec.get("elements").and_then(Value::as_object).cloned().unwrap_or_default();
    let layout = spec.get("layout").cloned().unwrap_or_default();
    out.insert("panels".into(), layout::flatten(&layout, &elements, report));
    out
}

fn time_settings(spec: &Map<String, Value>, out: &mut Map<String, Value>) {
    let Some(settings) = spec.get("timeSettings").and_then(Value::as_object) else { return };
    let get = |key: &str| settings.get(key).cloned().unwrap_or_default();
    out.insert("time".into(), json!({"from": get("from"), "to": get("to")}));
    for (from, to) in [("timezone", "timezone"), ("autoRefresh", "refresh"), ("weekStart", "weekStart")] {
        if settings.get(from).is_some_and(Value::is_string) {
            out.insert(to.into(), get(from));
        }
    }
    let mut picker = json!({"hidden": flag(settings, "hideTimepicker")});
    for (from, to) in [
        ("autoRefreshIntervals", "refresh_intervals"),
        ("quickRanges", "quick_ranges"),
        ("nowDelay", "nowDelay"),
    ] {
        if !get(from).is_null() {
            picker[to] = get(from);
        }
    }
    out.insert("timepicker".into(), picker);
}

/// The type and uid of the source that a query (`DataQuery`, or its v2alpha1 form) asks.
fn source_of(query: &Value, spec: &Value) -> Value {
    if spec["datasource"].is_object() {
        return spec["datasource"].clone();
    }
    let group = query["group"].as_str().unwrap_or_else(|| match query["kind"].as_str() {
        Some("DataQuery") | None => "",
        Some(kind) => kind,
    });
    let name = query["datasource"]["name"].as_str().unwrap_or_default();
    if group.is_empty() && name.is_empty() {
        return Value::Null;
    }
    let uid = if name.is_empty() { group } else { name };
    json!({"type": group, "uid": uid})
}

fn annotation(entry: &Value) -> Value {
    let spec = &entry["spec"];
    let query = &spec["query"];
    let mut out = query["spec"].as_object().cloned().unwrap_or_default();
    for (key, value) in spec["legacyOptions"].as_object().into_iter().flatten() {
        default(&mut out, key, value.clone());
    }
    for key in ["name", "enable", "hide", "iconColor", "filter", "mappings"] {
        if !spec[key].is_null() {
            out.insert(key.into(), spec[key].clone());
        }
    }
    out.insert("builtIn".into(), json!(i32::from(spec["builtIn"] == true)));
    out.insert("datasource".into(), source_of(query, spec));
    Value::Object(out)
}

/// An element (a panel) in schema v1, without its place.
fn panel(element: &Value) -> Map<String, Value> {
    let spec = &element["spec"];
    let mut out = Map::new();
    for key in ["id", "title", "description", "links", "transparent"] {
        if !spec[key].is_null() {
            out.insert(key.into(), spec[key].clone());
        }
    }
    if element["kind"] == "LibraryPanel" {
        out.insert("libraryPanel".into(), spec["libraryPanel"].clone());
        return out;
    }
    let viz = &spec["vizConfig"];
    let kind = viz["group"].as_str().or_else(|| viz["kind"].as_str()).unwrap_or("timeseries");
    out.insert("type".into(), kind.into());
    for key in ["options", "fieldConfig"] {
        if viz["spec"][key].is_object() {
            out.insert(key.into(), viz["spec"][key].clone());
        }
    }
    let data = &spec["data"]["spec"];
    let queries = data["queries"].as_array().into_iter().flatten();
    out.insert("targets".into(), queries.map(target).collect());
    let transformations = data["transformations"].as_array().into_iter().flatten();
    out.insert("transformations".into(), transformations.map(transformation).collect());
    for (key, value) in data["queryOptions"].as_object().into_iter().flatten() {
        out.insert(key.clone(), value.clone());
    }
    out
}

fn target(entry: &Value) -> Value {
    let spec = &entry["spec"];
    let query = &spec["query"];
    let mut out = query["spec"].as_object().cloned().unwrap_or_default();
    out.insert("refId".into(), spec["refId"].clone());
    if spec["hidden"] == true {
        out.insert("hide".into(), json!(true));
    }
    let source = source_of(query, spec);
    if !source.is_null() {
        out.insert("datasource".into(), source);
    }
    Value::Object(out)
}

fn transformation(entry: &Value) -> Value {
    let spec = &entry["spec"];
    let id = [&entry["group"], &spec["id"], &entry["kind"]].into_iter().find(|id| id.is_string());
    let mut out = json!({"id": id.cloned().unwrap_or_default(), "options": spec["options"].clone()});
    for key in ["disabled", "filter", "topic"] {
        if !spec[key].is_null() {
            out[key] = spec[key].clone();
        }
    }
    out
}

#[cfg(test)]
mod tests;
