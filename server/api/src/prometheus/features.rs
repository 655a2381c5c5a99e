//! `features`, `notifications`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use promql::{AggregateOp, SIGNATURES};
use serde_json::json;

use super::reply::success_of;
use crate::State;

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
    let api = on(&[
        "admin",
        "exclude_alerts",
        "label_values_match",
        "lifecycle",
        "query_stats",
        "query_stats_per_step",
        "query_warnings",
        "remote_read",
        "remote_write_receiver",
        "time_range_labels",
        "time_range_series",
    ]);
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

/// `GET /api/v1/notifications/live`: a stream of events that stays open and, as there are none, sends nothing but signs
/// of life.
pub(crate) async fn notifications_live(Shared(state): Shared<Arc<State>>) -> Response {
    let Ok(turn) = state.tailing.clone().try_acquire_owned() else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let mut stopping = state.program.stopping();
    let end = async move {
        // An error means that the program is gone: stop as well.
        let _ = stopping.wait_for(|stop| *stop).await;
        drop(turn);
    };
    let events = futures_util::stream::pending::<Result<Event, Infallible>>().take_until(Box::pin(end));
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (headers, Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE))).into_response()
}

/// How often an open stream says that it is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
