//! Grafana's dashboard JSON, of any age, brought to its current v1 schema.
//!
//! Takes the bare form, `{"dashboard": {…}}`, the Kubernetes form (`apiVersion`, `spec`), schema v2, and a ConfigMap
//! with one dashboard inside. What is missing gets the default that Grafana fills in; keys that are not known are
//! kept. The stored bytes are never changed.

mod annotations;
mod datasource;
mod json;
mod layout;
mod legacy;
mod options;
mod report;
mod shared;
mod v2;
mod variables;

use serde_json::{Map, Value, json};

pub use self::datasource::DataSource;
use self::json::{default, object, text};
pub use self::options::PANEL_TYPES;
pub use self::report::{Item, Kind, Report};
use crate::{Error, Result};

/// Panels that are shown of a file: real ones stay below 400.
const MOST_PANELS: usize = 2_000;
/// Variables of a file: real ones stay below 40.
const MOST_VARIABLES: usize = 200;
/// Queries of a panel.
const MOST_TARGETS: usize = 100;

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
        report.approximated(Kind::File, "taken out of its \"dashboard\" wrapper");
        let mut inner = std::mem::take(inner);
        // Exports put the inputs beside the dashboard.
        for key in ["__inputs", "__elements"] {
            if let Some(value) = object.remove(key) {
                inner.entry(key).or_insert(value);
            }
        }
        return unwrap_spec(inner, report).or_else(Ok);
    }
    let known = ["panels", "rows", "templating", "schemaVersion", "title"];
    match unwrap_spec(object, report) {
        Ok(spec) => Ok(spec),
        Err(object) if known.iter().any(|key| object.contains_key(*key)) => Ok(object),
        Err(_) => Err(not("it has neither title, panels, rows nor schemaVersion")),
    }
}

/// The dashboard in a resource (`apiVersion`, `metadata`, `spec`) or of schema v2; the object back if it is neither.
fn unwrap_spec(
    mut object: Map<String, Value>,
    report: &mut Report,
) -> std::result::Result<Map<String, Value>, Map<String, Value>> {
    let metadata = object.get("metadata").cloned().unwrap_or_default();
    let mut spec = match object.remove("spec") {
        Some(Value::Object(spec)) => {
            report.approximated(Kind::File, "taken out of its resource wrapper (apiVersion, spec)");
            spec
        }
        _ if v2::is_v2(&object) => object,
        _ => return Err(object),
    };
    if v2::is_v2(&spec) {
        spec = v2::convert(spec, report);
    }
    if metadata["name"].is_string() {
        default(&mut spec, "uid", metadata["name"].clone());
    }
    Ok(spec)
}

fn fill_in(dashboard: &mut Map<String, Value>, (name, known): (&str, &[DataSource]), report: &mut Report) {
    let title = Some(text(dashboard, "title")).filter(|title| !title.trim().is_empty());
    let title = title.unwrap_or(name).to_owned();
    dashboard.insert("title".into(), title.into());
    if text(dashboard, "uid").is_empty() {
        dashboard.insert("uid".into(), uid_of(name).into());
        report.approximated(Kind::File, "no uid: made from the file's name");
    }
    for (key, value) in [
        ("tags", json!([])),
        ("links", json!([])),
        ("refresh", json!("")),
        ("timezone", json!("")),
        ("timepicker", json!({})),
    ] {
        default(dashboard, key, value);
    }
    // Before schema 14 this was a switch of its own.
    let crosshair = dashboard.remove("sharedCrosshair") == Some(json!(true));
    default(dashboard, "graphTooltip", json!(i32::from(crosshair)));
    if dashboard.get("refresh") == Some(&Value::Bool(false)) {
        dashboard.insert("refresh".into(), json!(""));
    }
    let time = object(dashboard, "time");
    default(time, "from", json!("now-6h"));
    default(time, "to", json!("now"));
    links(dashboard, report);

    variables::fill_in(dashboard, report);
    layout::flatten_rows(dashboard, report);
    bound_panels(dashboard, report);
    shared::inline(dashboard, report);
    let sources = datasource::Sources::of(dashboard, known);
    variables::resolve(dashboard, &sources, report);
    annotations::fill_in(dashboard, &sources, report);
    layout::unique_ids(dashboard);
    if let Some(Value::Array(panels)) = dashboard.get_mut("panels") {
        for panel in panels {
            fill_in_panel(panel, &sources, report);
            for panel in panel.get_mut("panels").and_then(Value::as_array_mut).into_iter().flatten() {
                fill_in_panel(panel, &sources, report);
            }
        }
    }
    layout::place(dashboard);
}

/// A file of ten thousand panels would stop the browser that shows it.
fn bound_panels(dashboard: &mut Map<String, Value>, report: &mut Report) {
    let Some(Value::Array(panels)) = dashboard.get_mut("panels") else { return };
    panels.retain(Value::is_object);
    let (mut count, mut dropped) = (0, 0);
    let mut keep = |panels: &mut Vec<Value>| {
        let room = MOST_PANELS.saturating_sub(count);
        dropped += panels.len().saturating_sub(room);
        panels.truncate(room);
        count += panels.len();
    };
    keep(panels);
    for panel in panels {
        match panel.get_mut("panels") {
            Some(Value::Array(inner)) => {
                inner.retain(Value::is_object);
                keep(inner);
            }
            Some(other) => *other = json!([]),
            None => {}
        }
    }
    if dropped > 0 {
        report.unknown(Kind::File, format!("{dropped} panels beyond {MOST_PANELS} are not shown"));
    }
}

fn links(dashboard: &mut Map<String, Value>, report: &mut Report) {
    let Some(Value::Array(links)) = dashboard.get_mut("links") else {
        dashboard.insert("links".into(), json!([]));
        return;
    };
    links.retain(Value::is_object);
    for link in links {
        let Value::Object(link) = link else { continue };
        default(link, "type", json!("link"));
        let shown = [text(link, "title"), text(link, "url")].into_iter().find(|t| !t.is_empty());
        let shown = shown.unwrap_or("link").to_owned();
        match text(link, "type") {
            "link" | "dashboards" | "absolute" => report.used(Kind::Link, shown),
            other => report.unknown(Kind::Link, format!("{shown}: of type {other}")),
        }
        if text(link, "type") == "absolute" {
            link.insert("type".into(), json!("link"));
        }
    }
}

fn fill_in_panel(panel: &mut Value, sources: &datasource::Sources, report: &mut Report) {
    let Value::Object(panel) = panel else { return };
    default(panel, "title", json!(""));
    default(panel, "type", json!("timeseries"));
    legacy::migrate(panel, report);
    let kind = text(panel, "type").to_owned();
    let title = text(panel, "title").to_owned();
    if PANEL_TYPES.contains(&kind.as_str()) {
        report.used(Kind::Panel, format!("{kind}: {title}"));
    } else {
        let instead = "shown as a table of its query results";
        report.unknown(Kind::Panel, format!("\"{title}\" of type {kind}: {instead}"));
    }
    object(panel, "options");
    let config = object(panel, "fieldConfig");
    if !config.get("overrides").is_some_and(Value::is_array) {
        config.insert("overrides".into(), json!([]));
    }
    let defaults = object(config, "defaults");
    object(defaults, "custom");
    default(panel, "targets", json!([]));
    default(panel, "transformations", json!([]));
    if let Some(Value::Array(targets)) = panel.get_mut("targets")
        && targets.len() > MOST_TARGETS
    {
        report.unknown(Kind::Query, format!("\"{title}\": queries beyond {MOST_TARGETS} are not asked"));
        targets.truncate(MOST_TARGETS);
    }
    if kind != "row" {
        datasource::resolve_panel(panel, sources, report);
        options::report(panel, report);
    }
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
        assert_eq!(report.totals()[&Kind::Panel], [2, 0, 0]);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let error = |text: &str| import(text.as_bytes(), "x.json").expect_err("an error").to_string();
        assert!(error("{\"title\": ").contains("line 1 column"), "{}", error("{\"title\": "));
        assert!(error("[]").contains("top level is not an object"));
        assert!(error("{}").contains("neither title"));
    }

    #[test]
    fn unknown_panels_are_reported_by_name() {
        let (_, report) = check(json!({"title": "x", "panels": [{"type": "clock", "title": "Now"}]}));
        let unknown: Vec<_> = report.unknown.iter().map(|item| item.text.as_str()).collect();
        assert_eq!(unknown, ["\"Now\" of type clock: shown as a table of its query results"]);
    }

    #[test]
    fn slugs_and_uids_are_stable() {
        assert_eq!(slug_of("📊 Batch: Jobs / 2"), "batch-jobs-2");
        assert_eq!(slug_of("日本"), "-");
        assert_eq!(uid_of("host"), "host");
        assert_eq!(uid_of("A b"), uid_of("A b"));
        assert_ne!(uid_of("A b"), uid_of("A-b"));
    }

    #[test]
    fn ten_thousand_panels_are_bounded_with_a_message() {
        let panels: Vec<Value> = (0..10_000).map(|i| json!({"id": i, "type": "stat"})).collect();
        let (dashboard, report) = check(json!({"title": "x", "panels": panels}));
        assert_eq!(dashboard["panels"].as_array().map(Vec::len), Some(MOST_PANELS));
        assert!(report.unknown.iter().any(|item| item.text == "8000 panels beyond 2000 are not shown"));
        let deep = format!("{{\"title\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(
            import(deep.as_bytes(), "deep").expect_err("too deep").to_string().contains("recursion limit")
        );
    }

    #[test]
    fn library_panels_come_from_the_file() {
        let (dashboard, report) = check(json!({"title": "x",
            "__elements": {"u1": {"uid": "u1", "name": "CPU", "kind": 1,
                "model": {"type": "gauge", "title": "old", "targets": [{"expr": "cpu"}]}}},
            "panels": [
                {"id": 7, "title": "Mine", "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}, "libraryPanel": {"uid": "u1", "name": "CPU"}},
                {"id": 8, "libraryPanel": {"uid": "gone", "name": "Gone"}}]}));
        let panel = &dashboard["panels"][0];
        assert_eq!(
            (&panel["type"], &panel["title"], &panel["id"]),
            (&json!("gauge"), &json!("Mine"), &json!(7))
        );
        assert_eq!(panel["targets"][0]["expr"], "cpu");
        assert!(report.unknown.iter().any(|item| item.text.starts_with("library panel \"Gone\"")));
    }

    #[test]
    fn annotations_and_links_are_filled_in() {
        let (dashboard, report) = check(json!({"title": "x", "links": [{"title": "a", "url": "/x"}, 3],
            "annotations": {"list": [
                {"builtIn": 1, "name": "Annotations & Alerts", "datasource": "-- Grafana --"},
                {"name": "Restarts", "datasource": "Prometheus", "target": {"expr": "changes(up[1m]) > 0"}},
                {"name": "Deploys", "datasource": {"type": "loki", "uid": "l"}, "expr": "{job=\"deploy\"}"},
                {"name": "SQL", "datasource": {"type": "postgres"}, "rawQuery": "select 1"}]}}));
        let list = &dashboard["annotations"]["list"];
        assert_eq!(
            (&list[1]["expr"], &list[1]["datasource"]["type"]),
            (&json!("changes(up[1m]) > 0"), &json!("prometheus"))
        );
        assert_eq!(list[2]["datasource"]["type"], "loki");
        assert_eq!(report.totals()[&Kind::Annotation], [3, 0, 1]);
        assert_eq!(dashboard["links"], json!([{"title": "a", "url": "/x", "type": "link"}]));
    }
}
