//! `status/*`, and what stays empty until there are rules and alerts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use serde_json::json;

use super::reply::success_of;
use super::targets::rfc3339;
use crate::State;

/// The Prometheus version whose API and language this server follows: clients switch features by it.
const FOLLOWS: &str = "3.14.0";

/// `GET /api/v1/status/buildinfo`
pub(crate) async fn buildinfo(Shared(state): Shared<Arc<State>>) -> Response {
    success_of(&json!({
        "version": FOLLOWS, "revision": state.program.version(), "branch": "pharos", "buildUser": "", "buildDate": "",
        "goVersion": "", "application": "Pharos",
    }))
}

/// `GET /api/v1/status/runtimeinfo`
pub(crate) async fn runtimeinfo(Shared(state): Shared<Arc<State>>) -> Response {
    let home = state.program.home();
    success_of(&json!({
        "startTime": rfc3339(home.started_ms), "CWD": "", "hostname": home.hostname, "serverTime": rfc3339(home.now_ms),
        "reloadConfigSuccess": true, "lastConfigTime": rfc3339(home.started_ms), "corruptionCount": 0,
        "goroutineCount": 0, "GOMAXPROCS": std::thread::available_parallelism().map_or(1, usize::from),
        "storageRetention": "",
    }))
}

/// `GET /api/v1/status/config`
pub(crate) async fn config(Shared(state): Shared<Arc<State>>) -> Response {
    success_of(&json!({"yaml": state.program.config_yaml()}))
}

/// `GET /api/v1/status/flags`
pub(crate) async fn flags(Shared(state): Shared<Arc<State>>) -> Response {
    success_of(&state.program.flags().into_iter().collect::<BTreeMap<_, _>>())
}

/// `GET /api/v1/status/tsdb`
pub(crate) async fn tsdb(Shared(state): Shared<Arc<State>>) -> Response {
    let stats = state.sources.metrics(None).map(|source| source.stats()).unwrap_or_default();
    success_of(&json!({
        "headStats": {"numSeries": stats.active_series, "numLabelPairs": 0, "chunkCount": 0,
            "minTime": stats.min_time_ms.unwrap_or(0), "maxTime": stats.max_time_ms.unwrap_or(0)},
        "seriesCountByMetricName": [], "labelValueCountByLabelName": [], "memoryInBytesByLabelName": [],
        "seriesCountByLabelValuePair": [],
    }))
}

/// `GET /api/v1/status/walreplay`
pub(crate) async fn walreplay() -> Response {
    success_of(&json!({"min": 0, "max": 0, "current": 0, "state": "done"}))
}

/// `GET /api/v1/rules`: no rules yet.
pub(crate) async fn rules() -> Response {
    success_of(&json!({"groups": []}))
}

/// `GET /api/v1/alerts`: no alerts yet.
pub(crate) async fn alerts() -> Response {
    success_of(&json!({"alerts": []}))
}

/// `GET /api/v1/alertmanagers`: none are configured.
pub(crate) async fn alertmanagers() -> Response {
    success_of(&json!({"activeAlertmanagers": [], "droppedAlertmanagers": []}))
}
