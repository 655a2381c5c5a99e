//! What old panels become.

use super::super::import;
use serde_json::{Value, json};

fn check(panel: Value) -> Value {
    let file = json!({"title": "x", "panels": [panel]});
    import(file.to_string().as_bytes(), "f").expect("a dashboard").dashboard["panels"][0].clone()
}

#[test]
fn graph_becomes_timeseries() {
    let panel = check(json!({"type": "graph", "title": "g", "stack": true, "fill": 3, "linewidth": 2,
        "legend": {"show": true, "alignAsTable": true, "avg": true, "values": true},
        "yaxes": [{"format": "bytes", "min": "0", "logBase": 1}, {"format": "percent"}],
        "seriesOverrides": [{"alias": "/rx/", "yaxis": 2, "transform": "negative-Y"}],
        "aliasColors": {"a": "#ff0000"}}));
    assert_eq!(panel["type"], "timeseries");
    let defaults = &panel["fieldConfig"]["defaults"];
    assert_eq!((&defaults["unit"], &defaults["min"]), (&json!("bytes"), &json!(0.0)));
    assert_eq!(defaults["custom"]["stacking"]["mode"], "normal");
    assert_eq!(defaults["custom"]["fillOpacity"], 30.0);
    assert_eq!(panel["options"]["legend"]["calcs"], json!(["mean"]));
    let overrides = &panel["fieldConfig"]["overrides"];
    assert_eq!(overrides[0]["properties"][0]["value"]["fixedColor"], "#ff0000");
    assert_eq!(overrides[1]["matcher"]["id"], "byRegexp");
    assert_eq!(overrides[1]["properties"][1], json!({"id": "unit", "value": "percent"}));
}

#[test]
fn singlestat_becomes_stat_or_gauge() {
    let mut old = json!({"type": "singlestat", "format": "percent", "valueName": "avg", "thresholds": "50,80",
        "colors": ["g", "o", "r"], "colorValue": true, "sparkline": {"show": true},
        "valueMaps": [{"value": "null", "text": "N/A"}, {"value": "1", "text": "up"}]});
    let panel = check(old.clone());
    assert_eq!(panel["type"], "stat");
    assert_eq!(panel["options"]["reduceOptions"]["calcs"], json!(["mean"]));
    assert_eq!(panel["options"]["colorMode"], "value");
    let defaults = &panel["fieldConfig"]["defaults"];
    assert_eq!(defaults["thresholds"]["steps"][2], json!({"color": "r", "value": 80.0}));
    assert_eq!(defaults["mappings"][0]["options"]["1"]["text"], "up");
    old["gauge"] = json!({"show": true, "maxValue": 10});
    assert_eq!(check(old)["type"], "gauge");
}

#[test]
fn field_options_of_grafana_6_are_kept() {
    let panel = check(json!({"type": "gauge", "title": "g", "options": {"fieldOptions": {"calcs": ["max"],
        "defaults": {"unit": "percent", "max": 100}, "thresholds": [{"color": "green", "value": null}]}}}));
    assert_eq!(panel["options"]["reduceOptions"]["calcs"], json!(["max"]));
    assert_eq!(panel["fieldConfig"]["defaults"]["unit"], "percent");
    assert_eq!(panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"], "green");
}

#[test]
fn old_text_and_table() {
    let panel = check(json!({"type": "text", "content": "# hi", "mode": "markdown"}));
    assert_eq!(panel["options"], json!({"content": "# hi", "mode": "markdown"}));
}

#[test]
fn graph_keeps_thresholds_and_the_right_axis() {
    let panel = check(json!({"type": "graph", "fill": 0, "dashes": true, "dashLength": 4, "spaceLength": 2,
        "thresholds": [{"value": 80, "op": "gt", "colorMode": "critical", "line": true, "fill": true},
            {"value": 10, "op": "lt", "colorMode": "warning", "line": true}],
        "yaxes": [{"format": "s", "label": "left", "logBase": 10}, {"format": "bytes", "min": 0, "max": "9", "label": "right"}],
        "seriesOverrides": [{"alias": "b", "yaxis": 2, "stack": "B", "fillBelowTo": "a", "legend": false, "bars": true}],
        "legend": {"alignAsTable": true, "current": true, "sort": "current", "sortDesc": true, "sideWidth": 200},
        "tooltip": {"shared": false, "sort": 2}, "nullPointMode": "connected"}));
    let defaults = &panel["fieldConfig"]["defaults"];
    assert_eq!(
        defaults["thresholds"]["steps"],
        json!([{"color": "orange", "value": null}, {"color": "transparent", "value": 10}, {"color": "red", "value": 80}])
    );
    assert_eq!(defaults["custom"]["thresholdsStyle"]["mode"], "line+area");
    assert_eq!(defaults["custom"]["lineStyle"], json!({"fill": "dash", "dash": [4.0, 2.0]}));
    assert_eq!(defaults["custom"]["scaleDistribution"], json!({"type": "log", "log": 10}));
    assert_eq!(defaults["custom"]["axisLabel"], "left");
    let ids: Vec<_> = panel["fieldConfig"]["overrides"][0]["properties"]
        .as_array()
        .expect("properties")
        .iter()
        .map(|p| format!("{}={}", p["id"].as_str().unwrap_or_default(), p["value"]))
        .collect();
    assert_eq!(
        ids,
        [
            "custom.axisPlacement=\"right\"",
            "unit=\"bytes\"",
            "min=0.0",
            "max=9.0",
            "custom.axisLabel=\"right\"",
            "custom.drawStyle=\"bars\"",
            "custom.stacking={\"mode\":\"normal\",\"group\":\"B\"}",
            "custom.fillBelowTo=\"a\"",
            "custom.hideFrom={\"viz\":false,\"legend\":true,\"tooltip\":false}",
        ]
    );
    assert_eq!(panel["options"]["legend"]["sortBy"], "Last *");
    assert_eq!(panel["options"]["tooltip"], json!({"mode": "single", "sort": "desc"}));
}

#[test]
fn graph_follows_its_x_axis() {
    assert_eq!(check(json!({"type": "graph", "xaxis": {"mode": "histogram"}}))["type"], "histogram");
    let panel = check(json!({"type": "graph", "xaxis": {"mode": "series", "values": ["total"]}}));
    assert_eq!(panel["type"], "bargauge");
    assert_eq!(panel["options"]["reduceOptions"]["calcs"], json!(["sum"]));
}

#[test]
fn the_oldest_graphs_keep_their_axes() {
    let panel = check(json!({"type": "graph", "y_formats": ["percent", "short"],
        "grid": {"leftMin": 0, "leftMax": 100, "threshold1": 90, "threshold1Color": "rgba(1,2,3,0.2)", "thresholdLine": false}}));
    let defaults = &panel["fieldConfig"]["defaults"];
    assert_eq!((&defaults["unit"], &defaults["max"]), (&json!("percent"), &json!(100.0)));
    assert_eq!(defaults["thresholds"]["steps"][1], json!({"color": "rgba(1,2,3,0.2)", "value": 90.0}));
    assert_eq!(defaults["custom"]["thresholdsStyle"]["mode"], "area");
}

#[test]
fn singlestat_keeps_ranges_affixes_and_its_column() {
    let panel = check(
        json!({"type": "singlestat", "format": "none", "postfix": "req/s", "tableColumn": "a.b",
        "mappingType": 2, "rangeMaps": [{"from": "1", "to": "2", "text": "low"}, {"from": "null", "to": "null", "text": "N/A"}],
        "valueMaps": [{"value": "3", "text": "not read"}]}),
    );
    let defaults = &panel["fieldConfig"]["defaults"];
    assert_eq!(defaults["unit"], "suffix: req/s");
    assert_eq!(panel["options"]["reduceOptions"]["fields"], r"/^a\.b$/");
    assert_eq!(
        defaults["mappings"][0]["options"],
        json!({"from": 1.0, "to": 2.0, "result": {"text": "low", "index": 0}})
    );
    assert_eq!(defaults["mappings"][1]["options"]["match"], "null");
    assert_eq!(defaults["mappings"].as_array().map(Vec::len), Some(2));
}

#[test]
fn table_styles_become_overrides() {
    let panel = check(json!({"type": "table-old", "transform": "timeseries_aggregations",
        "columns": [{"text": "Avg", "value": "avg"}, {"text": "Current", "value": "current"}], "pageSize": 5,
        "styles": [
            {"pattern": "Time", "type": "date", "dateFormat": "HH:mm"},
            {"pattern": "/.*cpu/", "type": "number", "unit": "percent", "colorMode": "cell", "thresholds": ["50", "80"],
             "colors": ["a", "b", "c"], "decimals": 1, "alias": "CPU", "link": true, "linkUrl": "/d/x?v=${__cell_2:raw}&w=$__cell"},
            {"pattern": "/.*/", "type": "number", "unit": "short"}]}));
    assert_eq!(panel["fieldConfig"]["defaults"]["unit"], "short");
    let overrides = &panel["fieldConfig"]["overrides"];
    assert_eq!(overrides[1]["properties"][0], json!({"id": "unit", "value": "time: HH:mm"}));
    let cpu = overrides[0]["properties"].as_array().expect("properties");
    let of = |id: &str| cpu.iter().find(|p| p["id"] == id).map(|p| p["value"].clone()).unwrap_or_default();
    assert_eq!(of("thresholds")["steps"][2], json!({"color": "c", "value": 80.0}));
    assert_eq!(of("custom.cellOptions")["type"], "color-background");
    assert_eq!(of("links")[0]["url"], "/d/x?v=${__data.fields[2]}&w=${__value.raw}");
    assert_eq!(
        panel["transformations"],
        json!([{"id": "reduce", "options": {"mode": "seriesToRows", "reducers": ["mean", "lastNotNull"]}}])
    );
    assert_eq!(panel["options"]["footer"]["enablePagination"], true);
}

#[test]
fn an_old_heatmap_moves_its_settings() {
    let panel = check(
        json!({"type": "heatmap", "dataFormat": "tsbuckets", "hideZeroBuckets": true, "yBucketBound": "upper",
        "color": {"mode": "spectrum", "colorScheme": "interpolateSpectral", "exponent": 0.4}, "cards": {"cardPadding": 1},
        "yAxis": {"format": "s", "show": true, "min": "0"}, "reverseYBuckets": true}),
    );
    let options = &panel["options"];
    assert_eq!((&options["calculate"], &options["rowsFrame"]["layout"]), (&json!(false), &json!("le")));
    assert_eq!(
        (&options["color"]["scheme"], &options["color"]["exponent"]),
        (&json!("Spectral"), &json!(0.4))
    );
    assert_eq!(options["yAxis"], json!({"reverse": true, "axisPlacement": "left", "unit": "s", "min": 0.0}));
    assert_eq!(options["filterValues"]["le"], 1e-9);
    let panel = check(
        json!({"type": "heatmap", "dataFormat": "timeseries", "xBucketSize": "5m", "yAxis": {"logBase": 2}}),
    );
    assert_eq!(
        panel["options"]["calculation"],
        json!({"xBuckets": {"mode": "size", "value": "5m"}, "yBuckets": {"scale": {"type": "log", "log": 2}}})
    );
}

#[test]
fn old_links_and_mappings() {
    let panel = check(json!({"type": "stat", "links": [
            {"type": "dashboard", "dashboard": "Host & more", "keepTime": true, "includeVars": true, "params": "a=b"},
            {"type": "absolute", "url": "https://x/y?z=1", "title": "X", "params": "p=1"}, "broken"],
        "fieldConfig": {"defaults": {"mappings": [{"type": 1, "value": "0", "text": "down"}, {"type": 2, "from": "1", "to": "5", "text": "up"}],
            "links": [{"url": "/x?s=$__series_name&t=${__value_time}"}]}}}));
    assert_eq!(
        panel["links"][0],
        json!({"title": "Host & more", "url": "/dashboards?q=Host+%26+more&$__url_time_range&$__all_variables&a=b", "targetBlank": false})
    );
    assert_eq!(panel["links"][1]["url"], "https://x/y?z=1&p=1");
    assert_eq!(panel["links"].as_array().map(Vec::len), Some(2));
    let defaults = &panel["fieldConfig"]["defaults"];
    assert_eq!(
        defaults["mappings"][0],
        json!({"type": "value", "options": {"0": {"text": "down", "index": 0}}})
    );
    assert_eq!(defaults["mappings"][1]["options"]["to"], 5.0);
    assert_eq!(defaults["links"][0]["url"], "/x?s=${__series.name}&t=${__value.time}");
}

#[test]
fn hand_written_value_panels_say_what_they_mean() {
    let panel = check(json!({"type": "gauge", "options": {"minValue": 0, "maxValue": 10, "unit": "celsius",
        "thresholds": [{"value": 0, "color": "green"}, {"value": 8, "color": "red"}]}}));
    let defaults = &panel["fieldConfig"]["defaults"];
    assert_eq!((&defaults["max"], &defaults["unit"]), (&json!(10), &json!("celsius")));
    assert_eq!(defaults["thresholds"]["steps"][1]["color"], "red");
}
