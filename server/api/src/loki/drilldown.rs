//! What Grafana's Logs Drilldown asks for: patterns, fields and labels found in the lines, and what the server can do.

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use logql::ast::LogExpr;
use logql::{Expr, Field, RangeParams};
use model::{Control, Direction, LogSource};
use serde_json::{Value, json};

use super::labels::range as time_range;
use super::query::{MOST_LINES, step_of};
use super::reply::{ApiError, success};
use super::{index, status};
use crate::State;
use crate::params::Params;

/// Lines that fields are looked for in, where none are named.
const DEFAULT_SAMPLE: usize = 100;
/// Fields (or values) of an answer that names no limit.
const DEFAULT_FIELDS: usize = 1_000;
/// Labels that are kept though each value is an id.
const ALWAYS_SHOWN: [&str; 4] = ["cluster", "instance", "namespace", "pod"];

fn log_query(params: &Params) -> Result<LogExpr, ApiError> {
    match logql::parse(params.get("query").unwrap_or_default())? {
        Expr::Log(log) => Ok(log),
        Expr::Metric(_) => Err(ApiError::bad_request("a log query was expected, not a metric query")),
    }
}

fn count(params: &Params, names: &[&str], default: usize) -> Result<usize, ApiError> {
    let Some(text) = names.iter().find_map(|name| params.get(name)) else { return Ok(default) };
    text.parse()
        .ok()
        .filter(|n| (1..=MOST_LINES).contains(n))
        .ok_or_else(|| ApiError::bad_request(format!("{} must be a positive number", names[0])))
}

/// `GET|POST /loki/api/v1/patterns`: the shapes of the lines, counted by `step`.
pub(crate) async fn patterns(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let (start_ns, end_ns) = time_range(&state, &params, 1)?;
    let step_ns = step_of(&params, start_ns, end_ns)?;
    let query = log_query(&params)?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let params = RangeParams {
            start_ns,
            end_ns,
            step_ns,
            limit: 0,
            direction: Direction::Backward,
            interval_ns: 0,
            now_ns: end_ns,
        };
        let found = logql::patterns(&*source, &query, params, control)?;
        let data: Vec<Value> = found
            .into_iter()
            .map(|pattern| {
                let samples =
                    pattern.samples.iter().map(|(t_ns, n)| json!([t_ns.div_euclid(1_000_000_000), n]));
                json!({"pattern": pattern.pattern, "samples": samples.collect::<Vec<_>>()})
            })
            .collect();
        Ok::<_, ApiError>(success(&Value::from(data).to_string(), &[]))
    };
    state.pool.run(state.limits, work).await
}

/// The fields that a request asks about.
fn fields(
    source: &dyn LogSource,
    (query, sample): (&LogExpr, usize),
    (start_ns, end_ns): (i64, i64),
    control: &Control,
) -> Result<Vec<Field>, ApiError> {
    let params = RangeParams {
        start_ns,
        end_ns,
        step_ns: 1,
        limit: sample,
        direction: Direction::Backward,
        interval_ns: 0,
        now_ns: end_ns,
    };
    Ok(logql::detected_fields(source, query, params, control)?)
}

/// `GET|POST /loki/api/v1/detected_fields`
pub(crate) async fn detected_fields(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let range = time_range(&state, &params, 1)?;
    let query = log_query(&params)?;
    let sample = count(&params, &["line_limit"], DEFAULT_SAMPLE)?;
    let limit = count(&params, &["limit", "field_limit"], DEFAULT_FIELDS)?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let found = fields(&*source, (&query, sample), range, control)?;
        let field = |field: &Field| {
            let parsers = if field.parsers.is_empty() { Value::Null } else { json!(field.parsers) };
            let mut shown = json!({"label": field.label, "type": field.kind, "cardinality": field.values.len(),
                "parsers": parsers});
            if !field.json_path.is_empty() {
                shown["jsonPath"] = json!(field.json_path);
            }
            shown
        };
        let shown: Vec<Value> = found.iter().take(limit).map(field).collect();
        Ok::<_, ApiError>(axum::Json(json!({"fields": shown, "limit": limit})).into_response())
    };
    state.pool.run(state.limits, work).await
}

/// `GET|POST /loki/api/v1/detected_field/<name>/values`
pub(crate) async fn field_values(
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let range = time_range(&state, &params, 1)?;
    let query = log_query(&params)?;
    let sample = count(&params, &["line_limit"], DEFAULT_SAMPLE)?;
    let limit = count(&params, &["limit"], DEFAULT_FIELDS)?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let found = fields(&*source, (&query, sample), range, control)?;
        let field = found.into_iter().find(|field| field.label == name);
        let values: Vec<String> = field.into_iter().flat_map(|field| field.values).take(limit).collect();
        Ok::<_, ApiError>(axum::Json(json!({"values": values, "limit": limit})).into_response())
    };
    state.pool.run(state.limits, work).await
}

/// `GET|POST /loki/api/v1/detected_labels`: labels of the streams with how many values each has; labels whose values are
/// nothing but ids are left out, as Loki does.
pub(crate) async fn detected_labels(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let (start, end) = time_range(&state, &params, 6)?;
    let selector = index::selector(params.get("query").unwrap_or_default())?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let series = source.series(&[selector], start, end, control)?;
        let mut by_name: std::collections::BTreeMap<&str, std::collections::BTreeSet<&str>> =
            Default::default();
        for (name, value) in series.iter().flat_map(|labels| labels.iter()) {
            by_name.entry(name).or_default().insert(value);
        }
        let shown = |(name, values): &(&str, std::collections::BTreeSet<&str>)| {
            ALWAYS_SHOWN.contains(name) || !values.iter().all(|value| is_id(value))
        };
        let labels: Vec<Value> = by_name
            .into_iter()
            .filter(shown)
            .map(|(name, values)| json!({"label": name, "cardinality": values.len()}))
            .collect();
        Ok::<_, ApiError>(axum::Json(json!({"detectedLabels": labels})).into_response())
    };
    state.pool.run(state.limits, work).await
}

/// A number or a UUID.
fn is_id(value: &str) -> bool {
    let is_uuid = value.len() == 36
        && value.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    is_uuid || value.parse::<f64>().is_ok()
}

/// `GET /loki/api/v1/drilldown-limits`: 0 stands for no limit, as in Loki.
pub(crate) async fn limits(Shared(state): Shared<Arc<State>>) -> axum::Json<Value> {
    axum::Json(json!({
        "limits": {
            "discover_log_levels": false,
            "discover_service_name": [],
            "log_level_fields": ["level", "LEVEL", "Level", "severity", "SEVERITY", "lvl"],
            "max_entries_limit_per_query": MOST_LINES,
            "max_line_size_truncate": false,
            "max_query_bytes_read": "0B",
            "max_query_length": "0s",
            "max_query_lookback": "0s",
            "max_query_range": "0s",
            "max_query_series": 0,
            "metric_aggregation_enabled": false,
            "otlp_config": {"resource_attributes": {"attributes_config": []}},
            "pattern_persistence_enabled": false,
            "query_timeout": format!("{}s", state.limits.timeout.as_secs()),
            "retention_period": "0s",
            "retention_stream": [],
            "volume_enabled": true,
            "volume_max_series": MOST_LINES,
        },
        "pattern_ingester_enabled": true,
        "version": status::FOLLOWS,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (value, expect) in [
            ("8c1cd3d4-8a5e-4a5c-9d38-1d2f8f0a9b11", true),
            ("12", true),
            ("1.5", true),
            ("api-12", false),
            ("8c1cd3d4-8a5e-4a5c-9d38-1d2f8f0a9b1", false),
        ] {
            assert_eq!(is_id(value), expect, "{value}");
        }
    }
}
