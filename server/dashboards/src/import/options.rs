//! Options and transformations that the UI does not know: named in the report, never a reason to refuse a panel.

use serde_json::{Map, Value};

use super::Report;

/// Longest list of keys that one panel adds to the report.
const MAX_KEYS: usize = 20;

/// Keys of `options` by panel type that the UI reads, or that change nothing it draws.
const OPTIONS: &[(&str, &str)] = &[
    ("timeseries", "legend tooltip timezone annotations alertThreshold dataLinks"),
    (
        "stat",
        "reduceOptions colorMode graphMode justifyMode orientation textMode text wideLayout showPercentChange \
              percentChangeColorMode",
    ),
    (
        "gauge",
        "reduceOptions orientation text showThresholdLabels showThresholdMarkers sizing minVizWidth minVizHeight \
               shape barWidthFactor neutral",
    ),
    (
        "bargauge",
        "reduceOptions displayMode legend maxVizHeight minVizHeight minVizWidth namePlacement orientation \
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

/// Transformations that the UI runs.
const TRANSFORMATIONS: &str = "calculateField concatenate configFromData convertFieldType ensureColumns extractFields \
    filterByRefId filterByValue filterFields filterFieldsByName filterFrames formatString formatTime groupBy \
    groupingToMatrix groupToNestedTable heatmap histogram joinByField joinByLabels labelsToFields limit merge noop order \
    organize partitionByValues prepareTimeSeries reduce regression rename renameByRegex rowsToFields seriesToColumns \
    seriesToRows smoothing sortBy timeSeriesTable transpose";

/// Adds what `panel` has beyond that to the report.
pub(super) fn report_unknown(panel: &Map<String, Value>, report: &mut Report) {
    let text = |key: &str| panel.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, title) = (text("type"), text("title"));
    if let Some((_, known)) = OPTIONS.iter().find(|(name, _)| *name == kind) {
        let given = panel.get("options").and_then(Value::as_object).into_iter().flatten();
        let unknown: Vec<&str> =
            given.map(|(key, _)| key.as_str()).filter(|key| !is_listed(known, key)).take(MAX_KEYS).collect();
        if !unknown.is_empty() {
            report
                .unknown
                .push(format!("panel \"{title}\": options of {kind} without effect: {}", unknown.join(", ")));
        }
    }
    let steps = panel.get("transformations").and_then(Value::as_array).into_iter().flatten();
    for id in steps.filter_map(|step| step.get("id").and_then(Value::as_str)).take(MAX_KEYS) {
        if !is_listed(TRANSFORMATIONS, id) {
            report.unknown.push(format!("panel \"{title}\": transformation {id} is left out"));
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
            let mut report = Report::default();
            report_unknown(panel.as_object().expect("a panel"), &mut report);
            assert_eq!(report.unknown, expect);
        };
        check(json!({"type": "heatmap", "title": "H", "options": {"calculate": true, "yAxis": {}}}), &[]);
        check(
            json!({"type": "heatmap", "title": "H", "options": {"selectionMode": "x", "wat": 1}}),
            &["panel \"H\": options of heatmap without effect: selectionMode, wat"],
        );
        check(
            json!({"type": "stat", "title": "S", "transformations": [{"id": "merge"}, {"id": "spatial"}, {}, 7]}),
            &["panel \"S\": transformation spatial is left out"],
        );
        check(json!({"type": "clock", "title": "C", "options": {"anything": 1}}), &[]);
        check(json!({"type": "stat", "options": [], "transformations": "x"}), &[]);
    }
}
