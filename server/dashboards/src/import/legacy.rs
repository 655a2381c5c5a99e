//! Panels of older Grafanas brought to their successors, as Grafana itself migrates them.
//!
//! What is read: the documented behaviour of the old panels and real files; none of Grafana's own code.

mod graph;
mod heatmap;
mod links;
mod piechart;
mod singlestat;
mod table;
#[cfg(test)]
mod tests;
mod values;

use serde_json::{Map, Value, json};

use super::json::{object, text};
use super::report::{Kind, Report};

/// Brings an old panel type to its successor; others stay as they are.
pub(super) fn migrate(panel: &mut Map<String, Value>, report: &mut Report) {
    let kind = text(panel, "type").to_owned();
    let title = text(panel, "title").to_owned();
    let mut notes = Vec::new();
    let successor = successor(&kind, panel, &mut notes);
    if successor != kind {
        report.approximated(Kind::Panel, format!("\"{title}\": {kind} shown as {successor}"));
        panel.insert("type".into(), successor.into());
    }
    if matches!(successor, "stat" | "gauge" | "bargauge") && values::old_options(panel) {
        report.approximated(Kind::Option, format!("\"{title}\": value options of an old file"));
    }
    for note in notes {
        report.unknown(Kind::Option, format!("\"{title}\": {note}"));
    }
    rename_options(panel);
    values::mappings(panel);
    links::panel(panel);
    links::fields(panel);
}

/// The type that a panel has from now on; its options are rewritten on the way.
fn successor<'a>(kind: &'a str, panel: &mut Map<String, Value>, notes: &mut Vec<String>) -> &'a str {
    let has_options = panel.get("options").and_then(Value::as_object).is_some_and(|o| !o.is_empty());
    match kind {
        "graph" | "grafana-graph-panel" | "graph2" | "grafana-graph2-panel" => graph::migrate(panel, notes),
        "singlestat" | "grafana-singlestat-panel" => singlestat::migrate(panel, notes),
        "singlestat2" => "stat",
        "stat" if !has_options && panel.contains_key("valueName") => singlestat::migrate(panel, notes),
        "table-old" | "grafana-table-old-panel" => table::migrate(panel, notes),
        "table" if panel.contains_key("styles") && !has_options => table::migrate(panel, notes),
        "table2" => "table",
        "heatmap" | "grafana-heatmap-panel" if panel.contains_key("dataFormat") => heatmap::migrate(panel),
        "heatmap-new" | "grafana-heatmap-panel" => "heatmap",
        "grafana-piechart-panel" => piechart::migrate(panel),
        "natel-discrete-panel" => "state-timeline",
        "text2" => "text",
        "text" if panel.contains_key("content") => plain_text(panel),
        "dashlist" | "pluginlist" if panel.contains_key("query") || panel.contains_key("search") => {
            dash_list(panel)
        }
        _ => kind,
    }
}

fn plain_text(panel: &mut Map<String, Value>) -> &'static str {
    let content = panel.remove("content").unwrap_or_default();
    let mode = match panel.remove("mode") {
        // Plain text is code without a language.
        Some(Value::String(mode)) if mode == "text" => json!("code"),
        Some(Value::String(mode)) => Value::String(mode),
        _ => json!("markdown"),
    };
    let options = object(panel, "options");
    options.entry("content").or_insert(content);
    options.entry("mode").or_insert(mode);
    "text"
}

/// The list of dashboards kept its options on the panel.
fn dash_list(panel: &mut Map<String, Value>) -> &'static str {
    let moved = [
        ("starred", "showStarred"),
        ("recent", "showRecentlyViewed"),
        ("search", "showSearch"),
        ("headings", "showHeadings"),
        ("limit", "maxItems"),
        ("query", "query"),
        ("tags", "tags"),
    ];
    for (from, to) in moved {
        if let Some(value) = panel.remove(from).filter(|value| !value.is_null()) {
            object(panel, "options").entry(to).or_insert(value);
        }
    }
    "dashlist"
}

/// Options whose names changed while their panel kept its type.
fn rename_options(panel: &mut Map<String, Value>) {
    let Some(Value::Object(options)) = panel.get_mut("options") else { return };
    super::json::rename(options, "tooltipOptions", "tooltip");
    super::json::rename(options, "legendOptions", "legend");
    if let Some(Value::Object(legend)) = options.get_mut("legend") {
        super::json::rename(legend, "isVisible", "showLegend");
        if legend.get("asTable") == Some(&Value::Bool(true)) {
            legend.entry("displayMode").or_insert(json!("table"));
        }
        if legend.get("displayMode") == Some(&json!("hidden")) {
            legend.insert("displayMode".into(), json!("list"));
            legend.insert("showLegend".into(), json!(false));
        }
    }
}
