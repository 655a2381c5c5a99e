//! Library panels: a file's own copies (`__elements`, or the panel's `model`) put in their place.

use serde_json::{Map, Value};

use super::report::{Kind, Report};

/// Copies the models of library panels into the panels that name them.
pub(super) fn inline(dashboard: &mut Map<String, Value>, report: &mut Report) {
    let elements = dashboard.remove("__elements").unwrap_or_default();
    let find = |uid: &str, name: &str| -> Option<Map<String, Value>> {
        let entries: Vec<&Value> = match &elements {
            Value::Object(map) => map.values().collect(),
            Value::Array(list) => list.iter().collect(),
            _ => Vec::new(),
        };
        let fits =
            |e: &&&Value| (!uid.is_empty() && e["uid"] == uid) || (!name.is_empty() && e["name"] == name);
        entries.iter().find(fits)?["model"].as_object().cloned()
    };
    let Some(Value::Array(panels)) = dashboard.get_mut("panels") else { return };
    for panel in panels {
        for inner in panel.get_mut("panels").and_then(Value::as_array_mut).into_iter().flatten() {
            replace(inner, &find, report);
        }
        replace(panel, &find, report);
    }
}

fn replace(panel: &mut Value, find: &impl Fn(&str, &str) -> Option<Map<String, Value>>, report: &mut Report) {
    let reference = &panel["libraryPanel"];
    if !reference.is_object() {
        return;
    }
    let text = |key: &str| reference[key].as_str().unwrap_or_default().to_owned();
    let (uid, name) = (text("uid"), text("name"));
    let own = reference["model"].as_object().cloned();
    let shown = if name.is_empty() { uid.clone() } else { name.clone() };
    let Some(mut model) = own.or_else(|| find(&uid, &name)) else {
        if panel["targets"].is_array() || panel["options"].is_object() {
            return report
                .approximated(Kind::Panel, format!("library panel \"{shown}\": shown as this file has it"));
        }
        if let Value::Object(panel) = panel {
            panel.entry("type").or_insert_with(|| "library panel".into());
            panel.entry("title").or_insert_with(|| shown.as_str().into());
        }
        let why = "the file does not hold it: export the dashboard with its library panels";
        return report.unknown(Kind::Panel, format!("library panel \"{shown}\": {why}"));
    };
    report.used(Kind::Panel, format!("library panel \"{shown}\""));
    let Value::Object(panel) = panel else { return };
    // Its place and its name are the dashboard's.
    for key in ["id", "gridPos", "title", "tab", "repeat", "repeatDirection", "maxPerRow"] {
        if let Some(value) = panel.get(key).filter(|value| !value.is_null() && **value != "") {
            model.insert(key.into(), value.clone());
        }
    }
    model.remove("libraryPanel");
    *panel = model;
}
