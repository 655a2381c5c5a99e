//! `labels`, `label/<name>/values`, `series`.

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::response::Response;
use model::{Control, Selector};

use super::reply::{ApiError, success};
use crate::State;
use crate::json;
use crate::params::{Params, duration_ms, time_ns};

const HOUR_NS: i64 = 3_600_000_000_000;

/// The range asked for: `start` and `end`, or `since` before `end`; the last six hours where nothing is said.
pub(super) fn range(state: &State, params: &Params, default_hours: i64) -> Result<(i64, i64), ApiError> {
    let time = |name: &str| {
        params.get(name).map_or(Ok(None), |text| {
            let wrong = || {
                ApiError::bad_request(format!("could not parse '{name}' parameter: {text:?} is not a time"))
            };
            time_ns(text).map(Some).ok_or_else(wrong)
        })
    };
    let end = time("end")?.unwrap_or_else(|| state.clock.now_ns());
    let since = match params.get("since") {
        None => default_hours.saturating_mul(HOUR_NS),
        Some(text) => duration_ms(text).map(|ms| ms.saturating_mul(1_000_000)).ok_or_else(|| {
            ApiError::bad_request(format!("could not parse 'since' parameter: {text:?} is not a duration"))
        })?,
    };
    let start = time("start")?.unwrap_or_else(|| end.saturating_sub(since));
    if end < start {
        return Err(ApiError::bad_request("end timestamp must not be before or equal to start time"));
    }
    Ok((start, end))
}

fn selectors(params: &Params, names: [&str; 2]) -> Result<Vec<Selector>, ApiError> {
    let texts = names.iter().flat_map(|name| params.all(name)).filter(|text| !text.is_empty());
    texts.map(|text| logql::parse_selector(text).map_err(ApiError::from)).collect()
}

/// `GET|POST /loki/api/v1/labels`
pub(crate) async fn names(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let (start, end) = range(&state, &params, 6)?;
    let selectors = selectors(&params, ["query", "match[]"])?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let names = source.label_names(&selectors, start, end, control)?;
        Ok::<_, ApiError>(strings(&names))
    };
    state.pool.run(state.limits, work).await
}

/// `GET|POST /loki/api/v1/label/<name>/values`
pub(crate) async fn values(
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let (start, end) = range(&state, &params, 6)?;
    let selectors = selectors(&params, ["query", "match[]"])?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let values = source.label_values(&name, &selectors, start, end, control)?;
        Ok::<_, ApiError>(strings(&values))
    };
    state.pool.run(state.limits, work).await
}

/// `GET|POST /loki/api/v1/series`
pub(crate) async fn series(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let (start, end) = range(&state, &params, 6)?;
    let selectors = selectors(&params, ["match", "match[]"])?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let all = source.series(&selectors, start, end, control)?;
        let mut data = String::from("[");
        for (i, labels) in all.iter().enumerate() {
            if i > 0 {
                data.push(',');
            }
            json::labels(&mut data, labels);
        }
        data.push(']');
        Ok::<_, ApiError>(success(&data, &[]))
    };
    state.pool.run(state.limits, work).await
}

fn strings(all: &[String]) -> Response {
    let mut data = String::new();
    json::strings(&mut data, all.iter().map(String::as_str));
    success(&data, &[])
}
