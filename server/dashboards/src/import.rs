//! Grafana's dashboard JSON, of any age, brought to its current v1 schema.
//!
//! Takes the bare form, `{"dashboard": {…}}`, and the Kubernetes form (`apiVersion`, `spec`) of v1. What is missing
//! gets the default that Grafana fills in; keys that are not known are kept. The stored bytes are never changed.

mod datasource;
mod layout;
mod legacy;
mod options;
mod variables;

use serde_json::{Map, Value, json};

use crate::{Error, Result};

/// Panel types the UI draws.
pub const PANEL_TYPES: &[&str] = &[
    "timeseries",
    "stat",
    "gauge",
    "bargauge",
    "table",
    "text",
    "logs",
    "row",
    "piechart",
    "heatmap",
    "state-timeline",
    "status-history",
    "barchart",
    "histogram",
    "xychart",
    "trend",
    "candlestick",
    "dashlist",
    "annolist",
    "alertlist",
];

/// What became of the parts of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Understood as written.
    pub used: Vec<String>,
    /// Understood, but changed: what, and how.
    pub approximated: Vec<String>,
    /// Not understood; shown as well as can be.
    pub unknown: Vec<String>,
}

/// A dashboard in the current schema.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The JSON the UI reads.
    pub dashboard: Value,
    /// What became of its parts.
    pub report: Report,
}

/// Reads dashboard JSON. `name` (a file name without its ending) serves as title and, hashed, as uid where there is
/// none.
///
/// Errors: not JSON (with line and column), or JSON that is no dashboard.
pub fn import(bytes: &[u8], name: &str) -> Result<Imported> {
    import_with(bytes, name, &[])
}

/// A data source that provisioning files define: dashboards name it by `name` or `uid`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataSource {
    /// Its name.
    pub name: String,
    /// Its uid; may be empty.
    pub uid: String,
    /// Its type: `prometheus`, `loki`, …
    pub kind: String,
    /// Whether panels that name none mean this one.
    pub is_default: bool,
}

/// The same, where data sources are known by name.
pub fn import_with(bytes: &[u8], name: &str, known: &[DataSource]) -> Result<Imported> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(text)
        .map_err(|e| Error::Syntax { what: name.to_owned(), message: e.to_string() })?;
    let mut report = Report::default();
    let mut dashboard = unwrap(value, &mut report)?;
    fill_in(&mut dashboard, (name, known), &mut report);
    Ok(Imported { dashboard: Value::Object(dashboard), report })
}

/// Takes the dashboard out of what it is wrapped in.
fn unwrap(value: Value, report: &mut Report) -> Result<Map<String, Value>> {
    let not = |why: &str| Error::NotADashboard(format!("not a Grafana dashboard: {why}"));
    let Value::Object(mut object) = value else {
        return Err(not("the file's top level is not an object"));
    };
    if let Some(Value::Object(inner)) = object.get_mut("dashboard") {
        report.approximated.push("taken out of its \"dashboard\" wrapper".into());
        return Ok(std::mem::take(inner));
    }
    let elements = |spec: &Map<String, Value>| spec.contains_key("elements") && spec.contains_key("layout");
    let v2 = "schema v2 (elements and layout) is not available in this version: export it as \"classic\" (v1) JSON";
    if elements(&object) {
        return Err(not(v2));
    }
    let name = object.get("metadata").map(|metadata| metadata["name"].clone()).filter(Value::is_string);
    if let Some(Value::Object(spec)) = object.get_mut("spec") {
        if elements(spec) {
            return Err(not(v2));
        }
        report.approximated.push("taken out of its resource wrapper (apiVersion, spec)".into());
        let mut spec = std::mem::take(spec);
        if let Some(name) = name {
            spec.entry("uid").or_insert(name);
        }
        return Ok(spec);
    }
    let known = ["panels", "rows", "templating", "schemaVersion", "title"];
    if !known.iter().any(|key| object.contains_key(*key)) {
        return Err(not("it has neither title, panels, rows nor schemaVersion"));
    }
    Ok(object)
}

fn fill_in(dashboard: &mut Map<String, Value>, (name, known): (&str, &[DataSource]), report: &mut Report) {
    let title = dashboard.get("title").and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    let title = title.unwrap_or(name).to_owned();
    dashboard.insert("title".into(), title.into());
    if dashboard.get("uid").and_then(Value::as_str).is_none_or(str::is_empty) {
        dashboard.insert("uid".into(), uid_of(name).into());
        report.approximated.push("no uid: made from the file's name".into());
    }
    default(dashboard, "tags", json!([]));
    default(dashboard, "links", json!([]));
    default(dashboard, "refresh", json!(""));
    default(dashboard, "timezone", json!(""));
    default(dashboard, "graphTooltip", json!(0));
    default(dashboard, "timepicker", json!({}));
    if dashboard.get("refresh") == Some(&Value::Bool(false)) {
        dashboard.insert("refresh".into(), json!(""));
    }
    let time = object(dashboard, "time");
    default(time, "from", json!("now-6h"));
    default(time, "to", json!("now"));
    let annotations = object(dashboard, "annotations");
    default(annotations, "list", json!([]));

    variables::fill_in(dashboard, report);
    layout::flatten_rows(dashboard, report);
    let sources = datasource::Sources::of(dashboard, known);
    let mut next_id = 1 + layout::highest_id(dashboard);
    if let Some(Value::Array(panels)) = dashboard.get_mut("panels") {
        for panel in panels {
            fill_in_panel(panel, &sources, &mut next_id, report);
            let inner = panel.get_mut("panels").and_then(Value::as_array_mut);
            for panel in inner.into_iter().flatten() {
                fill_in_panel(panel, &sources, &mut next_id, report);
            }
        }
    }
    layout::place(dashboard);
    report.approximated.dedup();
    report.unknown.dedup();
}

fn fill_in_panel(panel: &mut Value, sources: &datasource::Sources, next_id: &mut i64, report: &mut Report) {
    let Value::Object(panel) = panel else { return };
    if panel.get("id").and_then(Value::as_i64).is_none_or(|id| id.unsigned_abs() >= 1 << 53) {
        panel.insert("id".into(), json!(*next_id));
        *next_id += 1;
    }
    default(panel, "title", json!(""));
    default(panel, "type", json!("timeseries"));
    legacy::migrate(panel, report);
    let kind = panel["type"].as_str().unwrap_or_default().to_owned();
    let title = panel["title"].as_str().unwrap_or_default();
    if PANEL_TYPES.contains(&kind.as_str()) {
        report.used.push(format!("{kind}: {title}"));
    } else {
        report
            .unknown
            .push(format!("panel \"{title}\" of type {kind}: shown as a table of its query results"));
    }
    object(panel, "options");
    let config = object(panel, "fieldConfig");
    default(config, "overrides", json!([]));
    let defaults = object(config, "defaults");
    object(defaults, "custom");
    default(panel, "targets", json!([]));
    default(panel, "transformations", json!([]));
    if kind != "row" {
        datasource::resolve_panel(panel, sources, report);
        options::report_unknown(panel, report);
    }
}

/// Sets `key` where it is missing or null.
fn default(object: &mut Map<String, Value>, key: &str, value: Value) {
    match object.get(key) {
        None | Some(Value::Null) => {
            object.insert(key.into(), value);
        }
        Some(_) => {}
    }
}

/// The object at `key`, made where there is none.
fn object<'a>(parent: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = parent.entry(key).or_insert_with(|| json!({}));
    if !slot.is_object() {
        *slot = json!({});
    }
    slot.as_object_mut().expect("made an object above")
}

/// A stable uid from a name: its letters and digits, and a hash where something was lost.
pub(crate) fn uid_of(name: &str) -> String {
    let slug = slug_of(name);
    if slug == name && slug.len() <= 40 {
        return slug;
    }
    // FNV-1a: short, stable across versions and machines.
    let hash =
        name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let head: String = slug.chars().take(28).collect();
    format!("{}-{:08x}", head.trim_end_matches('-'), hash as u32)
}

/// A title as it stands in a URL: lower case, runs of anything else as one `-`.
pub fn slug_of(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "-".into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: Value) -> (Value, Report) {
        let imported = import(input.to_string().as_bytes(), "a file").expect("a dashboard");
        (imported.dashboard, imported.report)
    }

    #[test]
    fn fills_in_what_hand_written_files_leave_out() {
        let (dashboard, report) = check(json!({"dashboard": {"title": "GPU", "panels": [
            {"title": "Temp", "type": "gauge", "targets": [{"expr": "gpu_temp"}]},
            {"title": "Logs", "type": "logs", "targets": [{"expr": "{job=\"a\"}"}]},
        ]}}));
        assert_eq!(dashboard["time"], json!({"from": "now-6h", "to": "now"}));
        let panel = &dashboard["panels"][0];
        assert_eq!(panel["id"], 1);
        assert_eq!(panel["targets"][0]["refId"], "A");
        assert_eq!(panel["targets"][0]["datasource"]["type"], "prometheus");
        assert_eq!(panel["fieldConfig"], json!({"defaults": {"custom": {}}, "overrides": []}));
        assert_eq!(dashboard["panels"][1]["targets"][0]["datasource"]["type"], "loki");
        assert_eq!(dashboard["panels"][1]["gridPos"], json!({"x": 12, "y": 0, "w": 12, "h": 8}));
        assert!(dashboard["uid"].as_str().is_some_and(|uid| uid.starts_with("a-file-")));
        assert_eq!(report.used.len(), 2);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let error = |text: &str| import(text.as_bytes(), "x.json").expect_err("an error").to_string();
        assert!(error("{\"title\": ").contains("line 1 column"), "{}", error("{\"title\": "));
        assert!(error("[]").contains("top level is not an object"));
        assert!(error("{}").contains("neither title"));
        assert!(
            error(r#"{"apiVersion":"dashboard.grafana.app/v2","spec":{"elements":{},"layout":{}}}"#)
                .contains("v2")
        );
    }

    #[test]
    fn unknown_panels_are_reported_by_name() {
        let (_, report) = check(json!({"title": "x", "panels": [{"type": "clock", "title": "Now"}]}));
        assert_eq!(report.unknown, ["panel \"Now\" of type clock: shown as a table of its query results"]);
    }

    #[test]
    fn slugs_and_uids_are_stable() {
        assert_eq!(slug_of("📊 Batch: Jobs / 2"), "batch-jobs-2");
        assert_eq!(slug_of("日本"), "-");
        assert_eq!(uid_of("host"), "host");
        assert_eq!(uid_of("A b"), uid_of("A b"));
        assert_ne!(uid_of("A b"), uid_of("A-b"));
    }

    /// Real files from public repositories, where the folder with them is given.
    #[test]
    fn real_files_load() {
        let Some(root) = std::env::var_os("PHAROS_TEST_DATA") else {
            return println!("skipped: PHAROS_TEST_DATA is not set");
        };
        let corpus = std::path::Path::new(&root).join("dashboards/corpus");
        let (mut loaded, mut v2) = (0, 0);
        for entry in std::fs::read_dir(corpus).expect("the corpus").flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "json") || path.ends_with("index.json") {
                continue;
            }
            match import(&std::fs::read(&path).expect("read"), "file") {
                Ok(imported) => {
                    let panels = imported.dashboard["panels"].as_array().expect("panels");
                    assert!(panels.iter().all(|p| p["gridPos"].is_object() && p["id"].is_i64()), "{path:?}");
                    loaded += 1;
                }
                Err(error) if error.to_string().contains("schema v2") => v2 += 1,
                Err(error) => panic!("{path:?}: {error}"),
            }
        }
        println!("{loaded} files load, {v2} are of schema v2");
        assert!(loaded >= 100, "{loaded} files load");
    }
}
