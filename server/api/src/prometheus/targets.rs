//! `targets`, `scrape_pools`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use serde_json::{Value, json};

use super::reply::{ApiError, success_of};
use crate::params::Params;
use crate::{State, TargetStatus};

/// `GET /api/v1/targets`
pub(crate) async fn targets(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let wanted = params.get("state").unwrap_or("any").to_owned();
    let pool = params.get("scrapePool").map(str::to_owned);
    let in_pool = |target: &TargetStatus| pool.as_ref().is_none_or(|pool| *pool == target.job);
    let active: Vec<Value> = match wanted.as_str() {
        "dropped" => Vec::new(),
        _ => state.program.targets().iter().filter(|t| in_pool(t)).map(active).collect(),
    };
    let dropped: Vec<Value> = match wanted.as_str() {
        "active" => Vec::new(),
        _ => state
            .program
            .dropped_targets()
            .into_iter()
            .map(|labels| json!({"discoveredLabels": labels.into_iter().collect::<BTreeMap<_, _>>()}))
            .collect(),
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for labels in state.program.dropped_targets() {
        let job = labels.into_iter().find(|(name, _)| name == "job").map(|(_, value)| value);
        *counts.entry(job.unwrap_or_default()).or_default() += 1;
    }
    Ok(success_of(
        &json!({"activeTargets": active, "droppedTargets": dropped, "droppedTargetCounts": counts}),
    ))
}

fn active(target: &TargetStatus) -> Value {
    json!({
        "discoveredLabels": target.discovered_labels,
        "labels": target.labels,
        "scrapePool": target.job,
        "scrapeUrl": target.url,
        "globalUrl": target.url,
        "lastError": target.last_error,
        "lastScrape": rfc3339(target.last_scrape_ms),
        "lastScrapeDuration": target.duration_ms / 1000.0,
        "health": target.health,
        "scrapeInterval": collect::format_duration_ms(target.interval_ms),
        "scrapeTimeout": collect::format_duration_ms(target.timeout_ms),
    })
}

/// `GET /api/v1/scrape_pools`
pub(crate) async fn pools(Shared(state): Shared<Arc<State>>) -> Response {
    let pools: BTreeSet<String> = state.program.targets().into_iter().map(|target| target.job).collect();
    success_of(&json!({"scrapePools": pools}))
}

/// A time in RFC 3339; Go's zero time for "never".
pub(crate) fn rfc3339(t_ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(t_ms) {
        Ok(t) if t_ms != 0 => format!("{t:.3}"),
        _ => "0001-01-01T00:00:00Z".into(),
    }
}
