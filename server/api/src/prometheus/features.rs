//! `features`, `notifications`.

use std::collections::BTreeMap;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use promql::{AggregateOp, SIGNATURES};
use serde_json::json;

use super::reply::success_of;

type Features = BTreeMap<&'static str, bool>;

fn on(names: &[&'static str]) -> Features {
    names.iter().map(|name| (*name, true)).collect()
}

/// `GET /api/v1/features`: what of Prometheus is here, by area.
pub(crate) async fn features() -> Response {
    let functions: Features = SIGNATURES.iter().map(|function| (function.name, true)).collect();
    let mut operators = on(&[
        "+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "=~", "!~", "@", "and", "or",
        "unless", "atan2", "</", ">/",
    ]);
    operators.extend(AggregateOp::ALL.map(|op| (op.as_str(), true)));
    let promql = on(&[
        "anchored",
        "at_modifier",
        "bool",
        "by",
        "delayed_name_removal",
        "duration_expr",
        "fill",
        "fill_left",
        "fill_right",
        "group_left",
        "group_right",
        "ignoring",
        "negative_offset",
        "offset",
        "on",
        "smoothed",
        "subqueries",
        "type_and_unit_labels",
        "without",
    ]);
    let mut api = on(&[
        "admin",
        "exclude_alerts",
        "label_values_match",
        "lifecycle",
        "query_stats",
        "query_warnings",
        "remote_read",
        "remote_write_receiver",
        "time_range_labels",
        "time_range_series",
    ]);
    api.insert("query_stats_per_step", false);
    success_of(&json!({
        "api": api,
        "prometheus": on(&["utf8_names"]),
        "promql": promql,
        "promql_functions": functions,
        "promql_operators": operators,
        "tsdb": on(&["exemplar_storage", "native_histograms", "out_of_order_ingestion", "snapshots"]),
    }))
}

/// `GET /api/v1/notifications`: Pharos says what is amiss on its home page, so that there are none here.
pub(crate) async fn notifications() -> Response {
    success_of(&json!([]))
}

/// `GET /api/v1/notifications/live`: a stream of events that has nothing to tell and asks to be called again in a
/// minute.
pub(crate) async fn notifications_live() -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")], "retry: 60000\n\n")
        .into_response()
}
