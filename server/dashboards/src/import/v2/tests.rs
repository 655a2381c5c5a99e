//! What dashboards of schema v2 become.

use serde_json::{Value, json};

use crate::import::{Kind, Report, import};

fn check(spec: Value) -> (Value, Report) {
    let file = json!({"apiVersion": "dashboard.grafana.app/v2", "kind": "Dashboard", "metadata": {"name": "the-uid"}, "spec": spec});
    let imported = import(file.to_string().as_bytes(), "f").expect("a dashboard");
    (imported.dashboard, imported.report)
}

fn element(id: i64, kind: &str) -> Value {
    json!({"kind": "Panel", "spec": {"id": id, "title": format!("p{id}"), "links": [],
        "data": {"kind": "QueryGroup", "spec": {
            "queries": [{"kind": "PanelQuery", "spec": {"refId": "A", "hidden": id == 2,
                "query": {"kind": "DataQuery", "group": "prometheus", "version": "v0", "datasource": {"name": "prom"},
                    "spec": {"expr": "up", "legendFormat": "x"}}}}],
            "transformations": [{"kind": "Transformation", "group": "merge", "spec": {"options": {"a": 1}}}],
            "queryOptions": {"maxDataPoints": 7, "timeFrom": "1h"}}},
        "vizConfig": {"kind": "VizConfig", "group": kind, "version": "12", "spec": {
            "options": {"colorMode": "value"}, "fieldConfig": {"defaults": {"unit": "s"}, "overrides": []}}}}})
}

fn item(name: &str, x: i64, y: i64) -> Value {
    json!({"kind": "GridLayoutItem", "spec": {"x": x, "y": y, "width": 12, "height": 4,
        "element": {"kind": "ElementReference", "name": name}}})
}

fn auto(name: &str) -> Value {
    json!({"kind": "AutoGridLayoutItem", "spec": {"element": {"kind": "ElementReference", "name": name}}})
}

fn places(dashboard: &Value) -> Vec<String> {
    let place = |p: &Value| {
        let g = &p["gridPos"];
        let inner = p["panels"].as_array().map_or(0, Vec::len);
        format!("{} {},{} {}x{} in={inner} tab={}", p["title"], g["x"], g["y"], g["w"], g["h"], p["tab"])
    };
    dashboard["panels"].as_array().expect("panels").iter().map(place).collect()
}

#[test]
fn rows_hold_grids_and_automatic_grids() {
    let (dashboard, report) = check(json!({"title": "T", "cursorSync": "Tooltip",
        "timeSettings": {"from": "now-1h", "to": "now", "autoRefresh": "10s", "timezone": "utc", "autoRefreshIntervals": ["1s"]},
        "elements": {"a": element(1, "stat"), "b": element(2, "stat"), "c": element(3, "timeseries")},
        "layout": {"kind": "RowsLayout", "spec": {"rows": [
            {"kind": "RowsLayoutRow", "spec": {"title": "One", "collapse": false, "repeat": {"mode": "variable", "value": "host"},
                "layout": {"kind": "GridLayout", "spec": {"items": [item("a", 0, 0), item("b", 12, 0)]}}}},
            {"kind": "RowsLayoutRow", "spec": {"title": "Two", "collapse": true, "hideHeader": true,
                "layout": {"kind": "AutoGridLayout", "spec": {"maxColumnCount": 2, "rowHeightMode": "short", "items": [auto("c"), auto("a"), auto("gone")]}}}}]}}}));
    assert_eq!(
        places(&dashboard),
        [
            "\"One\" 0,0 24x1 in=0 tab=null",
            "\"p1\" 0,1 12x4 in=0 tab=null",
            "\"p2\" 12,1 12x4 in=0 tab=null",
            "\"Two\" 0,5 24x1 in=2 tab=null",
        ]
    );
    assert_eq!((&dashboard["uid"], &dashboard["graphTooltip"]), (&json!("the-uid"), &json!(2)));
    assert_eq!((&dashboard["time"]["from"], &dashboard["refresh"]), (&json!("now-1h"), &json!("10s")));
    assert_eq!(dashboard["panels"][0]["repeat"], "host");
    let panel = &dashboard["panels"][2];
    assert_eq!((&panel["type"], &panel["targets"][0]["hide"]), (&json!("stat"), &json!(true)));
    assert_eq!(panel["targets"][0]["datasource"], json!({"type": "prometheus", "uid": "prom"}));
    assert_eq!(panel["transformations"], json!([{"id": "merge", "options": {"a": 1}}]));
    assert_eq!((&panel["maxDataPoints"], &panel["timeFrom"]), (&json!(7), &json!("1h")));
    assert_eq!(panel["fieldConfig"]["defaults"]["unit"], "s");
    assert_eq!(dashboard["panels"][3]["panels"][1]["gridPos"], json!({"x": 12, "y": 6, "w": 12, "h": 5}));
    assert!(report.unknown.iter().any(|i| i.kind == Kind::Panel && i.text.contains("gone")), "{report:?}");
}

#[test]
fn tabs_mark_their_panels() {
    let (dashboard, _) = check(
        json!({"title": "T", "elements": {"a": element(1, "stat"), "b": element(2, "stat")},
        "layout": {"kind": "TabsLayout", "spec": {"tabs": [
            {"kind": "TabsLayoutTab", "spec": {"title": "First", "layout": {"kind": "GridLayout", "spec": {"items": [item("a", 0, 0)]}}}},
            {"kind": "TabsLayoutTab", "spec": {"title": "Second", "layout": {"kind": "RowsLayout", "spec": {"rows": [
                {"kind": "RowsLayoutRow", "spec": {"title": "R", "layout": {"kind": "GridLayout", "spec": {"items": [item("b", 0, 0)]}}}}]}}}}]}}}),
    );
    assert_eq!(
        places(&dashboard),
        [
            "\"p1\" 0,0 12x4 in=0 tab=\"First\"",
            "\"R\" 0,4 24x1 in=0 tab=\"Second\"",
            "\"p2\" 0,5 12x4 in=0 tab=\"Second\"",
        ]
    );
}

#[test]
fn variables_and_annotations_of_every_kind() {
    let query = json!({"kind": "DataQuery", "group": "loki", "version": "v0", "datasource": {"name": "l"},
        "spec": {"label": "job", "stream": "", "type": 1}});
    let (dashboard, report) = check(
        json!({"title": "T", "elements": {}, "layout": {"kind": "GridLayout", "spec": {"items": []}},
        "variables": [
            {"kind": "QueryVariable", "spec": {"name": "q", "query": query, "hide": "hideLabel", "sort": "naturalAsc"}},
            {"kind": "DatasourceVariable", "spec": {"name": "d", "pluginId": "prometheus"}},
            {"kind": "TextVariable", "spec": {"name": "t", "query": "x"}},
            {"kind": "SwitchVariable", "spec": {"name": "s", "current": "false", "enabledValue": "1", "disabledValue": "0"}},
            {"kind": "AdhocVariable", "group": "prometheus", "datasource": {"name": "p"}, "spec": {"name": "f", "filters": []}},
            {"kind": "GroupByVariable", "group": "prometheus", "datasource": {"name": "p"}, "spec": {"name": "g"}}],
        "annotations": [{"kind": "AnnotationQuery", "spec": {"name": "A", "enable": true, "iconColor": "red",
            "query": {"kind": "DataQuery", "group": "prometheus", "datasource": {"name": "p"}, "spec": {"expr": "up == 0"}}}}]}),
    );
    let list = dashboard["templating"]["list"].as_array().expect("variables");
    let shown: Vec<_> =
        list.iter().map(|v| format!("{} {} {}", v["name"], v["type"], v["datasource"]["type"])).collect();
    assert_eq!(
        shown,
        [
            "\"q\" \"query\" \"loki\"",
            "\"d\" \"datasource\" null",
            "\"t\" \"textbox\" null",
            "\"s\" \"switch\" null",
            "\"f\" \"adhoc\" \"prometheus\"",
            "\"g\" \"groupby\" \"prometheus\"",
        ]
    );
    assert_eq!((&list[0]["query"], &list[1]["query"]), (&json!("label_values(job)"), &json!("prometheus")));
    assert_eq!(dashboard["annotations"]["list"][0]["expr"], "up == 0");
    assert_eq!(report.totals()[&Kind::Variable], [6, 0, 0]);
    assert_eq!(report.totals()[&Kind::Annotation], [1, 0, 0]);
}
