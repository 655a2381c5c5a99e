//! Where panels stand: `rows[]` of old files, and grid positions that are missing.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::report::{Kind, Report};

/// Turns `rows[]` (schema before 16: rows of 12 columns) into panels on the 24-column grid.
pub(super) fn flatten_rows(dashboard: &mut Map<String, Value>, report: &mut Report) {
    let rows = match dashboard.remove("rows") {
        Some(Value::Array(rows)) if !rows.is_empty() => rows,
        _ => {
            if !dashboard.get("panels").is_some_and(Value::is_array) {
                dashboard.insert("panels".into(), json!([]));
            }
            return;
        }
    };
    report.approximated(Kind::File, "rows[] of an old file brought to the grid");
    let show_rows = rows
        .iter()
        .any(|row| is_true(row, "collapse") || is_true(row, "showTitle") || row["repeat"].is_string());
    let mut panels = match dashboard.remove("panels") {
        Some(Value::Array(panels)) => panels,
        _ => Vec::new(),
    };
    let mut y = panels.iter().map(bottom).max().unwrap_or(0);
    for row in rows {
        y = flatten_row(row, y, show_rows, &mut panels);
    }
    dashboard.insert("panels".into(), Value::Array(panels));
}

/// Places one row's panels from `y` on and says where the next row begins.
fn flatten_row(mut row: Value, y: i64, show_rows: bool, out: &mut Vec<Value>) -> i64 {
    let collapsed = is_true(&row, "collapse");
    let inner = row.get_mut("panels").map(Value::take);
    let Some(Value::Array(inner)) = inner else { return y };
    let height = (pixels(row.get("height")).unwrap_or(250.0) / 38.0).ceil().max(3.0) as i64;
    let mut top = y;
    if show_rows {
        let title = row.get("title").cloned().unwrap_or_else(|| json!("Row"));
        let mut panel = json!({"type": "row", "title": title, "collapsed": collapsed, "panels": [],
            "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}});
        if let Some(repeat) = row.get("repeat").filter(|r| r.is_string()) {
            panel["repeat"] = repeat.clone();
        }
        out.push(panel);
        top += 1;
    }
    let (mut x, mut line, mut tallest) = (0, top, 0);
    let mut placed = Vec::new();
    for mut panel in inner {
        let span = panel.get("span").and_then(Value::as_f64).unwrap_or(4.0);
        let w = ((span * 2.0).round() as i64).clamp(1, 24);
        let h = pixels(panel.get("height")).map_or(height, |p| (p / 38.0).ceil().max(3.0) as i64);
        if x + w > 24 {
            (x, line, tallest) = (0, line + tallest, 0);
        }
        if let Value::Object(object) = &mut panel {
            object.insert("gridPos".into(), json!({"x": x, "y": line, "w": w, "h": h}));
            object.remove("span");
        }
        (x, tallest) = (x + w, tallest.max(h));
        placed.push(panel);
    }
    let end = line + tallest;
    match out.last_mut().filter(|_| show_rows && collapsed) {
        Some(Value::Object(row)) => {
            row.insert("panels".into(), Value::Array(placed));
            top
        }
        _ => {
            out.extend(placed);
            end
        }
    }
}

/// Gives every panel a position: where it is missing, to the right of the one before or below all.
pub(super) fn place(dashboard: &mut Map<String, Value>) {
    let Some(Value::Array(panels)) = dashboard.get_mut("panels") else { return };
    panels.retain(Value::is_object);
    let (mut x, mut y, mut next_y) = (0, 0, 0);
    for panel in panels.iter_mut() {
        let number =
            |key: &str| panel["gridPos"][key].as_f64().map(|v| v.round().clamp(0.0, FARTHEST) as i64);
        let row = panel["type"] == "row";
        let w = number("w").unwrap_or(if row { 24 } else { 12 }).clamp(1, 24);
        let h = number("h").unwrap_or(if row { 1 } else { 8 }).clamp(1, 200);
        let (px, py) = match (number("x"), number("y")) {
            (Some(px), Some(py)) => (px.clamp(0, 24 - w), py.max(0)),
            _ => {
                if x + w > 24 {
                    (x, y) = (0, next_y);
                }
                (x, y)
            }
        };
        (x, y) = (px + w, py);
        next_y = next_y.max(py + h);
        panel["gridPos"] = json!({"x": px, "y": py, "w": w, "h": h});
        if let Some(Value::Array(inner)) = panel.get_mut("panels") {
            inner.retain(Value::is_object);
            for panel in inner {
                if !panel["gridPos"].is_object() {
                    panel["gridPos"] = json!({"x": 0, "y": py + 1, "w": 12, "h": 8});
                }
            }
        }
    }
}

/// Gives panels without an id, and those whose id another has, a free one.
pub(super) fn unique_ids(dashboard: &mut Map<String, Value>) {
    // Beyond, JavaScript's numbers have gaps.
    let usable = |panel: &Value| panel["id"].as_i64().filter(|id| (1..1 << 53).contains(id));
    let Some(Value::Array(panels)) = dashboard.get_mut("panels") else { return };
    let inner = |panel: &Value| panel["panels"].as_array().into_iter().flatten().filter_map(usable).max();
    let highest = panels.iter().flat_map(|panel| [usable(panel), inner(panel)]).flatten().max();
    let (mut next, mut seen) = (highest.unwrap_or(0) + 1, HashSet::new());
    let mut give = |panel: &mut Value| {
        if usable(panel).is_none_or(|id| !seen.insert(id)) {
            panel["id"] = json!(next);
            seen.insert(next);
            next += 1;
        }
    };
    for panel in panels {
        give(panel);
        panel.get_mut("panels").and_then(Value::as_array_mut).into_iter().flatten().for_each(&mut give);
    }
}

/// No grid is longer: positions beyond are mistakes.
const FARTHEST: f64 = 100_000.0;

fn bottom(panel: &Value) -> i64 {
    let number =
        |key: &str, or: f64| panel["gridPos"][key].as_f64().unwrap_or(or).clamp(0.0, FARTHEST) as i64;
    number("y", 0.0) + number("h", 8.0)
}

fn is_true(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// `250`, `"250"` or `"250px"`.
fn pixels(height: Option<&Value>) -> Option<f64> {
    let pixels: Option<f64> = match height? {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.trim_end_matches("px").trim().parse().ok(),
        _ => None,
    };
    pixels.filter(|p| p.is_finite()).map(|p| p.clamp(0.0, FARTHEST))
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use serde_json::{Value, json};

    fn check(input: Value) -> Vec<(String, Value)> {
        let dashboard = import(input.to_string().as_bytes(), "f").expect("a dashboard").dashboard;
        let panels = dashboard["panels"].as_array().expect("panels").clone();
        panels
            .into_iter()
            .map(|p| (p["title"].as_str().unwrap_or("").to_owned(), p["gridPos"].clone()))
            .collect()
    }

    #[test]
    fn rows_become_a_grid() {
        let grid = check(json!({"title": "x", "rows": [
            {"title": "One", "height": "250px", "panels": [
                {"title": "a", "type": "graph", "span": 6}, {"title": "b", "type": "graph", "span": 6},
                {"title": "c", "type": "graph", "span": 12}]},
            {"title": "Two", "showTitle": true, "collapse": true, "panels": [{"title": "d", "type": "graph"}]}]}));
        assert_eq!(
            grid,
            [
                ("One".into(), json!({"x": 0, "y": 0, "w": 24, "h": 1})),
                ("a".into(), json!({"x": 0, "y": 1, "w": 12, "h": 7})),
                ("b".into(), json!({"x": 12, "y": 1, "w": 12, "h": 7})),
                ("c".into(), json!({"x": 0, "y": 8, "w": 24, "h": 7})),
                ("Two".into(), json!({"x": 0, "y": 15, "w": 24, "h": 1})),
            ]
        );
    }

    #[test]
    fn missing_positions_flow() {
        let grid = check(json!({"title": "x", "panels": [
            {"title": "a"}, {"title": "b"}, {"title": "c"}, {"title": "wide", "gridPos": {"x": 20, "y": 30, "w": 40, "h": 4}}]}));
        assert_eq!(grid[2].1, json!({"x": 0, "y": 8, "w": 12, "h": 8}));
        assert_eq!(grid[3].1, json!({"x": 0, "y": 30, "w": 24, "h": 4}));
        let odd = check(json!({"title": "x", "panels": [
            {"title": "a", "id": i64::MAX, "gridPos": {"x": -1, "y": 1e300, "w": 1, "h": 1e300}}, {"title": "b"}]}));
        assert_eq!(odd[0].1, json!({"x": 0, "y": 100_000, "w": 1, "h": 200}));
    }
}
