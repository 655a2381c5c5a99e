//! Layouts of schema v2 as panels on the 24-column grid.

use serde_json::{Map, Value, json};

use super::super::report::{Kind, Report};

/// Levels of layouts within layouts; Grafana itself allows fewer.
const MOST_LEVELS: usize = 8;
const COLUMNS: i64 = 24;
/// No grid is longer.
const FARTHEST: i64 = 100_000;

/// Where the next thing goes.
struct Cursor<'a> {
    elements: &'a Map<String, Value>,
    out: Vec<Value>,
    y: i64,
    tab: Option<String>,
    report: &'a mut Report,
}

/// All panels and rows of a layout in their order.
pub(super) fn flatten(layout: &Value, elements: &Map<String, Value>, report: &mut Report) -> Value {
    let mut cursor = Cursor { elements, out: Vec::new(), y: 0, tab: None, report };
    cursor.layout(layout, 0);
    Value::Array(cursor.out)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn whole(value: &Value, or: i64) -> i64 {
    value.as_f64().map_or(or, |n| n.clamp(0.0, FARTHEST as f64) as i64)
}

impl Cursor<'_> {
    fn layout(&mut self, layout: &Value, level: usize) {
        let spec = &layout["spec"];
        if level > MOST_LEVELS {
            return self
                .report
                .unknown(Kind::File, "layouts are nested too deeply: the innermost are left out");
        }
        match layout["kind"].as_str().unwrap_or_default() {
            "GridLayout" => self.grid(list(spec, "items"), level),
            "AutoGridLayout" | "ResponsiveGridLayout" => self.auto_grid(spec),
            "RowsLayout" => list(spec, "rows").iter().for_each(|row| self.row(&row["spec"], level)),
            "TabsLayout" => list(spec, "tabs").iter().for_each(|tab| self.tab(&tab["spec"], level)),
            other => self.report.unknown(Kind::File, format!("layout of kind {other:?}")),
        }
    }

    fn tab(&mut self, spec: &Value, level: usize) {
        let title = spec["title"].as_str().unwrap_or("Tab").to_owned();
        if spec["repeat"].is_object() {
            self.report.approximated(Kind::File, format!("tab \"{title}\": is not repeated"));
        }
        self.condition(spec, &format!("tab \"{title}\""));
        if self.tab.is_some() {
            self.report.approximated(Kind::File, format!("tab \"{title}\" within a tab is shown as a row"));
            return self.row(spec, level);
        }
        self.tab = Some(title);
        self.layout(&spec["layout"], level + 1);
        self.tab = None;
    }

    fn row(&mut self, spec: &Value, level: usize) {
        let title = spec["title"].as_str().unwrap_or_default().to_owned();
        self.condition(spec, &format!("row \"{title}\""));
        let collapsed = spec["collapse"].as_bool().or_else(|| spec["collapsed"].as_bool()).unwrap_or(false);
        let mut row = json!({"type": "row", "title": title, "collapsed": collapsed, "panels": [],
            "gridPos": {"x": 0, "y": self.y, "w": COLUMNS, "h": 1}});
        if spec["hideHeader"] == true {
            row["hideHeader"] = json!(true);
        }
        repeat(&mut row, &spec["repeat"]);
        self.push(row);
        let at = self.out.len() - 1;
        self.y += 1;
        match spec["layout"].is_object() {
            true => self.layout(&spec["layout"], level + 1),
            false => self.grid(list(spec, "elements"), level + 1),
        }
        if collapsed {
            // Rows within this one become rows after it; the panels before them are its own.
            let end = self.out[at + 1..]
                .iter()
                .position(|p| p["type"] == "row")
                .map_or(self.out.len(), |n| at + 1 + n);
            let members: Vec<Value> = self.out.drain(at + 1..end).collect();
            self.out[at]["panels"] = Value::Array(members);
        }
    }

    fn grid(&mut self, items: &[Value], level: usize) {
        let (top, mut bottom) = (self.y, self.y);
        for item in items {
            let spec = &item["spec"];
            if item["kind"] == "GridLayoutRow" {
                self.y = bottom.max(self.y);
                self.row(spec, level);
                bottom = self.y;
                continue;
            }
            let (x, h) = (whole(&spec["x"], 0), whole(&spec["height"], 8).max(1));
            let y = top + whole(&spec["y"], 0);
            self.panel(spec, (x, y, whole(&spec["width"], 12).max(1), h));
            bottom = bottom.max(y + h);
        }
        self.y = bottom.min(FARTHEST);
    }

    /// Columns of equal width: as many as the layout allows, rows as high as it says.
    fn auto_grid(&mut self, spec: &Value) {
        let most = whole(&spec["maxColumnCount"], 3).clamp(1, COLUMNS);
        // Grafana's own heights in pixels; a grid unit is 30 and its gap 8.
        let height = match spec["rowHeightMode"].as_str().or_else(|| spec["rowHeight"].as_str()) {
            Some("short") => 168.0,
            Some("tall") => 512.0,
            Some("custom") => spec["rowHeight"].as_f64().unwrap_or(320.0).clamp(60.0, 4000.0),
            _ => 320.0,
        };
        let h = ((height + 8.0) / 38.0).round().max(2.0) as i64;
        let (w, items) = (COLUMNS / most, list(spec, "items"));
        for (i, item) in items.iter().enumerate() {
            let i = i64::try_from(i).unwrap_or(FARTHEST);
            self.condition(&item["spec"], "a panel");
            self.panel(&item["spec"], ((i % most) * w, self.y + (i / most) * h, w, h));
        }
        let lines = (i64::try_from(items.len()).unwrap_or(FARTHEST) + most - 1) / most;
        self.y = (self.y + lines * h).min(FARTHEST);
    }

    fn panel(&mut self, spec: &Value, (x, y, w, h): (i64, i64, i64, i64)) {
        let name = spec["element"]["name"].as_str().unwrap_or_default();
        let Some(element) = self.elements.get(name) else {
            return self
                .report
                .unknown(Kind::Panel, format!("the layout names {name:?}, which is no element"));
        };
        let mut panel = Value::Object(super::panel(element));
        panel["gridPos"] = json!({"x": x, "y": y, "w": w, "h": h});
        repeat(&mut panel, &spec["repeat"]);
        self.push(panel);
    }

    fn push(&mut self, mut panel: Value) {
        if let Some(tab) = &self.tab {
            panel["tab"] = json!(tab);
        }
        self.out.push(panel);
    }

    fn condition(&mut self, spec: &Value, what: &str) {
        if spec["conditionalRendering"]["spec"]["items"].as_array().is_some_and(|items| !items.is_empty()) {
            self.report
                .approximated(Kind::Option, format!("{what}: shown always, its conditions are not read"));
        }
    }
}

fn repeat(panel: &mut Value, repeat: &Value) {
    if let Some(variable) = repeat["value"].as_str().filter(|name| !name.is_empty()) {
        panel["repeat"] = json!(variable);
        for (from, to) in [("direction", "repeatDirection"), ("maxPerRow", "maxPerRow")] {
            if !repeat[from].is_null() {
                panel[to] = repeat[from].clone();
            }
        }
    }
}
