//! Which options of panels and fields, and which transformations, are drawn: what is not is named in the report.

use serde_json::{Map, Value};

use super::json::text;
use super::report::{Kind, Report};

/// Panel types that the UI draws.
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

/// Transformations that the UI runs.
const TRANSFORMATIONS: &str = "calculateField concatenate configFromData convertFieldType ensureColumns extractFields \
    filterByRefId filterByValue filterFields filterFieldsByName filterFrames formatString formatTime groupBy \
    groupingToMatrix groupToNestedTable heatmap histogram joinByField joinByLabels labelsToFields limit merge noop order \
    organize partitionByValues prepareTimeSeries reduce regression rename renameByRegex rowsToFields seriesToColumns \
    seriesToRows smoothing sortBy timeSeriesTable transpose";

/// Keys of `options` by panel type that the UI reads, or that change nothing it draws.
const OPTIONS: &[(&str, &str)] = &[
    ("timeseries", "legend tooltip timezone annotations alertThreshold dataLinks"),
    (
        "stat",
        "reduceOptions minValue maxValue unit thresholds colorMode graphMode justifyMode orientation textMode text wideLayout showPercentChange \
              percentChangeColorMode",
    ),
    (
        "gauge",
        "reduceOptions minValue maxValue unit thresholds orientation text showThresholdLabels showThresholdMarkers sizing minVizWidth minVizHeight \
               shape barWidthFactor neutral",
    ),
    (
        "bargauge",
        "reduceOptions minValue maxValue unit thresholds displayMode legend maxVizHeight minVizHeight minVizWidth namePlacement orientation \
                  showUnfilled sizing text valueMode",
    ),
    (
        "table",
        "showHeader cellHeight maxRowHeight footer sortBy frameIndex enablePagination pageSize frozenColumns",
    ),
    ("text", "mode content code"),
    (
        "logs",
        "showTime showLabels showCommonLabels wrapLogMessage prettifyLogMessage sortOrder dedupStrategy \
              enableLogDetails displayedFields timestampResolution enableInfiniteScrolling",
    ),
    ("piechart", "reduceOptions legend tooltip pieType displayLabels sort text combine"),
    (
        "heatmap",
        "calculate calculation color yAxis rowsFrame cellGap cellRadius cellValues showValue filterValues legend \
                 tooltip exemplars annotations",
    ),
    (
        "state-timeline",
        "mergeValues showValue alignValue rowHeight perPage legend tooltip timezone annotations",
    ),
    ("status-history", "showValue rowHeight colWidth perPage legend tooltip timezone annotations"),
    (
        "barchart",
        "orientation stacking showValue groupWidth barWidth barRadius xField colorByField xTickLabelRotation \
                  xTickLabelSpacing xTickLabelMaxLength fullHighlight legend tooltip text",
    ),
    ("histogram", "bucketSize bucketCount bucketOffset combine legend tooltip"),
    ("xychart", "mapping seriesMapping series legend tooltip"),
    ("trend", "xField legend tooltip"),
    ("candlestick", "mode candleStyle colorStrategy colors fields legend tooltip includeAllFields"),
    (
        "dashlist",
        "showRecentlyViewed showStarred showSearch showHeadings showFolderNames maxItems query folderUID \
                  folderId tags includeVars keepTime recent starred search headings limit",
    ),
    (
        "annolist",
        "limit tags showTags showTime showUser onlyFromThisDashboard onlyInTimeRange navigateBefore \
                  navigateAfter navigateToPanel",
    ),
    (
        "alertlist",
        "viewMode stateFilter alertName alertInstanceLabelFilter sortOrder maxItems showInactiveAlerts",
    ),
];

/// Settings of fields that are read, in `defaults`.
const FIELD: &[&str] = &[
    "unit",
    "decimals",
    "min",
    "max",
    "displayName",
    "displayNameFromDS",
    "noValue",
    "color",
    "thresholds",
    "mappings",
    "links",
    "custom",
    "fieldMinMax",
    "description",
    "unitScale",
    "writeable",
    "path",
];

/// Settings of fields that are read, below `custom`.
const CUSTOM: &[&str] = &[
    "drawStyle",
    "lineInterpolation",
    "lineWidth",
    "lineStyle",
    "fillOpacity",
    "fillBelowTo",
    "gradientMode",
    "showPoints",
    "pointSize",
    "pointShape",
    "pointStrokeWidth",
    "spanNulls",
    "insertNulls",
    "stacking",
    "transform",
    "barWidthFactor",
    "barMaxWidth",
    "barAlignment",
    "hideFrom",
    "axisPlacement",
    "axisLabel",
    "axisWidth",
    "axisGridShow",
    "axisCenteredZero",
    "axisSoftMin",
    "axisSoftMax",
    "axisColorMode",
    "axisBorderShow",
    "scaleDistribution",
    "thresholdsStyle",
    "align",
    "width",
    "minWidth",
    "cellOptions",
    "displayMode",
    "filterable",
    "hidden",
    "hideHeader",
    "inspect",
    "footer",
    "wrapText",
    "wrapHeaderText",
    "showUnfilled",
    "fillColor",
    "lineColor",
    "show",
    "pointColor",
    "axisLabelRotation",
    "sort",
    "showValues",
];

/// Puts into the report what of a panel's options, field settings and transformations is drawn.
pub(super) fn report(panel: &Map<String, Value>, report: &mut Report) {
    let (kind, title) = (text(panel, "type"), text(panel, "title"));
    if !PANEL_TYPES.contains(&kind) {
        return transformations(panel, title, report);
    }
    let known = OPTIONS.iter().find(|(name, _)| *name == kind).map_or("", |(_, keys)| keys);
    for key in panel.get("options").and_then(Value::as_object).into_iter().flat_map(|o| o.keys()) {
        let text = format!("\"{title}\": {kind} option {key}");
        match is_listed(known, key) {
            true => report.used(Kind::Option, text),
            false => report.unknown(Kind::Option, text),
        }
    }
    fields(panel, title, report);
    transformations(panel, title, report);
}

fn fields(panel: &Map<String, Value>, title: &str, report: &mut Report) {
    let config = panel.get("fieldConfig").cloned().unwrap_or_default();
    let defaults = config["defaults"].as_object().into_iter().flatten();
    let custom = config["defaults"]["custom"].as_object().into_iter().flatten();
    let keys = defaults.map(|(key, _)| (key.clone(), FIELD.contains(&key.as_str())));
    let inner = custom.map(|(key, _)| (format!("custom.{key}"), CUSTOM.contains(&key.as_str())));
    let overrides = config["overrides"].as_array().into_iter().flatten();
    let properties = overrides
        .flat_map(|entry| entry["properties"].as_array().into_iter().flatten())
        .filter_map(|property| property["id"].as_str())
        .map(|id| (id.to_owned(), is_field(id)));
    for (key, known) in keys.chain(inner).chain(properties) {
        let text = format!("\"{title}\": field setting {key}");
        match known {
            true => report.used(Kind::Option, text),
            false => report.unknown(Kind::Option, text),
        }
    }
}

/// Whether the id of an override's property is read.
fn is_field(id: &str) -> bool {
    match id.strip_prefix("custom.") {
        Some(key) => CUSTOM.contains(&key.split('.').next().unwrap_or(key)),
        None => FIELD.contains(&id.split('.').next().unwrap_or(id)),
    }
}

fn transformations(panel: &Map<String, Value>, title: &str, report: &mut Report) {
    for step in panel.get("transformations").and_then(Value::as_array).into_iter().flatten() {
        let id = step["id"].as_str().unwrap_or_default();
        let text = format!("\"{title}\": transformation {id}");
        if is_listed(TRANSFORMATIONS, id) || step["disabled"] == true {
            report.used(Kind::Transformation, text);
        } else {
            report.unknown(Kind::Transformation, format!("{text}: left out"));
        }
    }
}

fn is_listed(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_what_has_no_effect() {
        let check = |panel: Value, expect: &[&str]| {
            let mut found = Report::default();
            report(panel.as_object().expect("a panel"), &mut found);
            let unknown: Vec<_> = found.unknown.iter().map(|item| item.text.as_str()).collect();
            assert_eq!(unknown, expect);
        };
        check(json!({"type": "heatmap", "title": "H", "options": {"calculate": true, "yAxis": {}}}), &[]);
        check(
            json!({"type": "heatmap", "title": "H", "options": {"wat": 1}}),
            &["\"H\": heatmap option wat"],
        );
        check(
            json!({"type": "stat", "title": "S", "transformations": [{"id": "merge"}, {"id": "spatial"}]}),
            &["\"S\": transformation spatial: left out"],
        );
        check(
            json!({"type": "stat", "title": "S", "fieldConfig": {"defaults": {"unit": "s", "wat": 1, "custom": {"huh": 1}},
                "overrides": [{"properties": [{"id": "custom.hideFrom.viz"}, {"id": "nope"}]}]}}),
            &["\"S\": field setting wat", "\"S\": field setting custom.huh", "\"S\": field setting nope"],
        );
        check(json!({"type": "clock", "title": "C", "options": {"anything": 1}}), &[]);
        check(json!({"type": "stat", "options": [], "transformations": "x"}), &[]);
    }
}
