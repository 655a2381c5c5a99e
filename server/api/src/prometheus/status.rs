//! `status/*`, and what stays empty until there are rules and alerts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use model::{Labels, METRIC_NAME};
use serde_json::{Value, json};

use super::reply::{ApiError, success_of};
use super::request::source;
use super::targets::rfc3339;
use crate::params::Params;
use crate::{Block, State};

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

/// How far back from the newest sample the lists of `status/tsdb` look.
const HEAD_MS: i64 = 2 * 3_600_000;

/// `GET /api/v1/status/tsdb`: the series of the last two hours, counted by name, label and pair.
pub(crate) async fn tsdb(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let limit: usize = params
        .get("limit")
        .map_or(Ok(10), str::parse)
        .ok()
        .filter(|limit| (1..=10_000).contains(limit))
        .ok_or_else(|| ApiError::bad_data("limit must be a positive number"))?;
    let source = source(&state)?;
    let work = move |control: &model::Control| {
        let stats = source.stats();
        let last_ms = stats.max_time_ms.unwrap_or(0);
        let all = source.series(&[], last_ms.saturating_sub(HEAD_MS), last_ms, 0, control)?;
        let counts = Counts::of(&all);
        Ok::<_, ApiError>(success_of(&json!({
            "headStats": {"numSeries": stats.active_series, "numLabelPairs": counts.by_pair.len(),
                "chunkCount": stats.active_series, "minTime": stats.min_time_ms.unwrap_or(0), "maxTime": last_ms},
            "seriesCountByMetricName": top(&counts.by_metric, limit),
            "labelValueCountByLabelName": top(&counts.values, limit),
            "memoryInBytesByLabelName": top(&counts.bytes, limit),
            "seriesCountByLabelValuePair": top(&counts.by_pair, limit),
        })))
    };
    state.pool.run(state.limits, work).await
}

#[derive(Default)]
struct Counts {
    by_metric: BTreeMap<String, usize>,
    by_pair: BTreeMap<String, usize>,
    values: BTreeMap<String, usize>,
    bytes: BTreeMap<String, usize>,
}

impl Counts {
    fn of(series: &[Labels]) -> Self {
        let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (name, value) in series.iter().flat_map(Labels::iter) {
            *pairs.entry((name, value)).or_default() += 1;
        }
        let mut counts = Counts::default();
        for ((name, value), count) in pairs {
            if name == METRIC_NAME {
                counts.by_metric.insert(value.to_owned(), count);
            }
            counts.by_pair.insert(format!("{name}={value}"), count);
            *counts.values.entry(name.to_owned()).or_default() += 1;
            *counts.bytes.entry(name.to_owned()).or_default() += value.len() * count;
        }
        counts
    }
}

/// The largest, with their names.
fn top(counts: &BTreeMap<String, usize>, limit: usize) -> Vec<Value> {
    let mut all: Vec<_> = counts.iter().collect();
    all.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    all.truncate(limit);
    all.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// `GET /api/v1/status/tsdb/blocks`: the files that hold samples, under their own names.
pub(crate) async fn blocks(Shared(state): Shared<Arc<State>>) -> Response {
    let block = |block: Block| {
        json!({
            "ulid": block.name, "minTime": block.first_ms, "maxTime": block.last_ms, "version": 1,
            "stats": {"numSamples": block.samples, "numSeries": block.series, "numBytes": block.bytes},
            "compaction": {"level": if block.merged.is_empty() { 1 } else { 2 }, "sources": block.merged},
        })
    };
    let blocks: Vec<Value> = state.program.blocks().into_iter().map(block).collect();
    success_of(&json!({"blocks": blocks}))
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
