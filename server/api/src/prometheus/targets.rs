//! `targets`, `scrape_pools`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use collect::relabel::{Rule, Step};
use model::{METRIC_NAME, Matcher};
use serde_json::{Value, json};

use super::reply::{ApiError, success_of};
use super::request::{MAX_MS, MIN_MS, source};
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
    let mut pools: BTreeSet<String> = state.program.scrape_pools().into_iter().collect();
    pools.extend(state.program.targets().into_iter().map(|target| target.job));
    success_of(&json!({"scrapePools": pools}))
}

/// `GET /api/v1/targets/relabel_steps` (`scrapePool`, `labels` as JSON): what each rule makes of a target's labels.
pub(crate) async fn relabel_steps(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let pool =
        params.get("scrapePool").ok_or_else(|| ApiError::bad_data("no scrapePool parameter provided"))?;
    let labels: BTreeMap<String, String> = serde_json::from_str(params.get("labels").unwrap_or("null"))
        .map_err(|why| ApiError::parameter("labels", why))?;
    let labels = model::Labels::from_pairs(labels.iter().map(pair));
    let steps = state.program.relabel_steps(pool, &labels);
    let steps = steps.ok_or_else(|| ApiError::not_found(format!("there is no scrape pool {pool:?}")))?;
    let step = |step: &Step| {
        json!({
            "rule": rule(&step.rule),
            "output": step.output.iter().collect::<BTreeMap<_, _>>(),
            "keep": step.keep,
        })
    };
    Ok(success_of(&json!({"steps": steps.iter().map(step).collect::<Vec<_>>()})))
}

/// A rule with its keys of `prometheus.yml`, those that are empty left out.
fn rule(rule: &Rule) -> Value {
    let mut keys = json!({
        "source_labels": rule.source_labels, "separator": rule.separator, "regex": rule.pattern,
        "modulus": rule.modulus, "target_label": rule.target_label, "replacement": rule.replacement,
        "action": rule.action.as_str(),
    });
    if let Some(keys) = keys.as_object_mut() {
        keys.retain(|_, value| {
            !matches!(value.as_str(), Some("")) && *value != json!(0) && *value != json!([])
        });
    }
    keys
}

/// `GET /api/v1/targets/metadata`: what the metrics of each target say of themselves.
pub(crate) async fn metadata(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let matchers = params.get("match_target").map(promql::parse_selector).transpose();
    let matchers = matchers.map_err(|e| ApiError::parameter("match_target", e))?.unwrap_or_default();
    let wanted = params.get("metric").map(str::to_owned);
    let limit: i64 = params
        .get("limit")
        .map_or(Ok(-1), str::parse)
        .map_err(|_| ApiError::bad_data("limit must be a number"))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut targets = state.program.targets();
    targets.retain(|target| {
        model::matches_all(&matchers, &model::Labels::from_pairs(target.labels.iter().map(pair)))
    });
    let source = source(&state)?;
    let work = move |control: &model::Control| {
        let all = source.metadata(wanted.as_deref())?;
        let mut rows = Vec::new();
        for target in &targets {
            let of_target =
                target.labels.iter().filter(|(name, _)| matches!(name.as_str(), "job" | "instance"));
            let of_target = vec![of_target.map(|(name, value)| Matcher::equal(name, value)).collect()];
            let names = source.label_values(METRIC_NAME, &of_target, MIN_MS, MAX_MS, control)?;
            for entry in all.iter().filter(|entry| names.iter().any(|name| is_of(name, &entry.family))) {
                if rows.len() >= limit {
                    return Ok(success_of(&rows));
                }
                let mut row = json!({"target": target.labels, "type": entry.kind.as_str(), "help": entry.help,
                    "unit": entry.unit});
                if wanted.is_none() {
                    row["metric"] = json!(entry.family);
                }
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Err(ApiError::not_found("specified metadata not found"));
        }
        Ok(success_of(&rows))
    };
    state.pool.run_quick(state.limits, work).await
}

fn pair<'a>((name, value): (&'a String, &'a String)) -> (&'a str, &'a str) {
    (name, value)
}

/// Whether a series of that name belongs to the family.
fn is_of(name: &str, family: &str) -> bool {
    let endings = ["", "_total", "_bucket", "_sum", "_count", "_created", "_info"];
    name.strip_prefix(family).is_some_and(|ending| endings.contains(&ending))
}

/// A time in RFC 3339; Go's zero time for "never".
pub(crate) fn rfc3339(t_ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(t_ms) {
        Ok(t) if t_ms != 0 => format!("{t:.3}"),
        _ => "0001-01-01T00:00:00Z".into(),
    }
}
