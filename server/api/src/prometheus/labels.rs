//! `series`, `labels`, `label/<name>/values`, `metadata`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::response::Response;
use model::Selector;

use super::reply::{ApiError, success, success_of};
use super::request::{bounds, selectors, source};
use crate::State;
use crate::json;
use crate::params::Params;

/// What these endpoints have in common: selectors, a time range and a limit.
struct Request {
    selectors: Vec<Selector>,
    start_ms: i64,
    end_ms: i64,
    limit: usize,
}

impl Request {
    fn read(params: &Params) -> Result<Self, ApiError> {
        let selectors = selectors(params)?;
        if selectors.iter().any(|matchers| matchers.iter().all(|m| m.matches_empty())) {
            return Err(ApiError::parameter(
                "match[]",
                "match[] must contain at least one non-empty matcher",
            ));
        }
        let limit = params.get("limit").map_or(Ok(0), |text| {
            text.parse().map_err(|_| ApiError::parameter("limit", format!("{text:?} is not a number")))
        })?;
        let (start_ms, end_ms) = bounds(params)?;
        Ok(Request { selectors, start_ms, end_ms, limit })
    }
}

/// `GET|POST /api/v1/series`
pub(crate) async fn series(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let request = Request::read(&params)?;
    if request.selectors.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    let source = source(&state)?;
    let work = move |control: &model::Control| {
        // One more than asked: tells whether something was left out.
        let wanted = if request.limit == 0 { 0 } else { request.limit.saturating_add(1) };
        let mut all = source.series(&request.selectors, request.start_ms, request.end_ms, wanted, control)?;
        let warnings = truncate(&mut all, request.limit);
        let mut data = String::with_capacity(all.len() * 128 + 2);
        data.push('[');
        for (i, labels) in all.iter().enumerate() {
            if i > 0 {
                data.push(',');
            }
            json::labels(&mut data, labels);
        }
        data.push(']');
        Ok::<_, ApiError>(success(&data, &warnings, &[]))
    };
    state.pool.run_quick(state.limits, work).await
}

/// `GET|POST /api/v1/labels`
pub(crate) async fn names(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let request = Request::read(&params)?;
    let source = source(&state)?;
    let work = move |control: &model::Control| {
        let names = source.label_names(&request.selectors, request.start_ms, request.end_ms, control)?;
        Ok::<_, ApiError>(strings(names, request.limit))
    };
    state.pool.run_quick(state.limits, work).await
}

/// `GET /api/v1/label/<name>/values`
pub(crate) async fn values(
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let name = unescape(&name);
    if name.is_empty() {
        return Err(ApiError::bad_data("invalid label name: \"\""));
    }
    let request = Request::read(&params)?;
    let source = source(&state)?;
    let work = move |control: &model::Control| {
        let values =
            source.label_values(&name, &request.selectors, request.start_ms, request.end_ms, control)?;
        Ok::<_, ApiError>(strings(values, request.limit))
    };
    state.pool.run_quick(state.limits, work).await
}

/// `GET /api/v1/metadata`
pub(crate) async fn metadata(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let source = source(&state)?;
    let family = params.get("metric").map(str::to_owned);
    let number = |name: &str| -> Result<usize, ApiError> {
        let Some(text) = params.get(name) else { return Ok(usize::MAX) };
        // A negative number is no limit, as in Prometheus.
        let n: i64 = text.parse().map_err(|_| ApiError::bad_data(format!("{name} must be a number")))?;
        Ok(usize::try_from(n).unwrap_or(usize::MAX))
    };
    let (limit, per_metric) = (number("limit")?, number("limit_per_metric")?);
    let per_metric = if per_metric == 0 { usize::MAX } else { per_metric };
    let work = move |_: &model::Control| {
        let mut all: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
        for entry in source.metadata(family.as_deref())? {
            if all.len() >= limit && !all.contains_key(&entry.family) {
                break;
            }
            let row =
                serde_json::json!({"type": entry.kind.as_str(), "help": entry.help, "unit": entry.unit});
            let rows = all.entry(entry.family).or_default();
            if rows.len() < per_metric {
                rows.push(row);
            }
        }
        Ok::<_, ApiError>(success_of(&all))
    };
    state.pool.run_quick(state.limits, work).await
}

fn strings(mut all: Vec<String>, limit: usize) -> Response {
    let warnings = truncate(&mut all, limit);
    let mut data = String::new();
    json::strings(&mut data, all.iter().map(String::as_str));
    success(&data, &warnings, &[])
}

fn truncate<T>(all: &mut Vec<T>, limit: usize) -> Vec<String> {
    if limit == 0 || all.len() <= limit {
        return Vec::new();
    }
    all.truncate(limit);
    vec!["results truncated due to limit".into()]
}

/// A UTF-8 label name escaped for a path: `U__` and `_hex_` for what is not a letter, digit or `_`.
fn unescape(name: &str) -> String {
    let Some(escaped) = name.strip_prefix("U__") else { return name.to_owned() };
    let mut out = String::new();
    let mut rest = escaped;
    while let Some(at) = rest.find('_') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('_') {
            out.push('_');
            rest = after;
            continue;
        }
        let Some((hex, after)) = rest.split_once('_') else { return name.to_owned() };
        match u32::from_str_radix(hex, 16).ok().and_then(char::from_u32) {
            Some(c) => out.push(c),
            None => return name.to_owned(),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_names_in_paths() {
        assert_eq!(unescape("job"), "job");
        assert_eq!(unescape("U__http_2e_status__code"), "http.status_code");
        assert_eq!(unescape("U__a_zz_b"), "U__a_zz_b");
    }
}
