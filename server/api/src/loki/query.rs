//! `query`, `query_range`, `format_query`.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use model::{Control, Direction};

use super::labels::range as time_range;
use super::reply::{ApiError, success};
use super::value;
use crate::State;
use crate::json;
use crate::params::{Params, duration_ms, time_ns};

/// Lines of a query that names no limit.
const DEFAULT_LINES: usize = 100;
/// Lines a query may ask for: they are held in memory.
pub(super) const MOST_LINES: usize = 1_000_000;
/// Points a series of a range query may have, as in Loki.
const MOST_POINTS: i64 = 11_000;

/// `GET|POST /loki/api/v1/query`
pub(crate) async fn instant(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let t_ns = match params.get("time") {
        None => state.clock.now_ns(),
        Some(text) => time_ns(text).ok_or_else(|| {
            ApiError::bad_request(format!("could not parse 'time' parameter: {text:?} is not a time"))
        })?,
    };
    let text = params.get("query").unwrap_or_default().to_owned();
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let began = Instant::now();
        let answer = logql::query(&*source, &logql::parse(&text)?, t_ns, control)?;
        Ok::<_, ApiError>(success(
            &value::render(&answer, t_ns / 1_000_000, began.elapsed(), false),
            &answer.warnings,
        ))
    };
    state.pool.run(state.limits, work).await
}

/// `GET|POST /loki/api/v1/query_range`
pub(crate) async fn range(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    let (start_ns, end_ns) = time_range(&state, &params, 1)?;
    let step_ns = step_of(&params, start_ns, end_ns)?;
    let interval_ns = match params.get("interval") {
        None => 0,
        Some(text) => duration_ns(text).ok_or_else(|| {
            ApiError::bad_request(format!("could not parse 'interval' parameter: {text:?} is not a duration"))
        })?,
    };
    let categories = wants_categories(&headers);
    let points = (i128::from(end_ns) - i128::from(start_ns)) / i128::from(step_ns);
    let (text, limit, direction) = common(&params)?;
    let now_ns = state.clock.now_ns();
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let began = Instant::now();
        let query = logql::parse(&text)?;
        if matches!(query, logql::Expr::Metric(_)) && points > i128::from(MOST_POINTS) {
            let why = "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the \
                       step parameter";
            return Err(ApiError::bad_request(why));
        }
        let params = logql::RangeParams { start_ns, end_ns, step_ns, limit, direction, interval_ns, now_ns };
        let answer = logql::query_range(&*source, &query, params, control)?;
        Ok::<_, ApiError>(success(
            &value::render(&answer, end_ns / 1_000_000, began.elapsed(), categories),
            &answer.warnings,
        ))
    };
    state.pool.run(state.limits, work).await
}

/// `GET|POST /loki/api/v1/format_query`
pub(crate) async fn format(params: Params) -> Result<Response, ApiError> {
    let query = logql::parse(params.get("query").unwrap_or_default())?;
    let mut data = String::new();
    json::string(&mut data, &query.to_string());
    Ok(success(&data, &[]))
}

/// The step asked for; some 250 points and a second at least where none is, as in Loki.
pub(super) fn step_of(params: &Params, start_ns: i64, end_ns: i64) -> Result<i64, ApiError> {
    let Some(text) = params.get("step") else {
        return Ok((end_ns.saturating_sub(start_ns) / 250 / 1_000_000_000).max(1) * 1_000_000_000);
    };
    duration_ns(text).filter(|ns| *ns > 0).ok_or_else(|| {
        ApiError::bad_request(format!(
            "could not parse 'step' parameter: {text:?} is not a positive duration"
        ))
    })
}

fn duration_ns(text: &str) -> Option<i64> {
    duration_ms(text).map(|ms| ms.saturating_mul(1_000_000))
}

/// Whether a client wants to know which labels of a line are what.
pub(super) fn wants_categories(headers: &HeaderMap) -> bool {
    let flags = headers.get_all("x-loki-response-encoding-flags").iter();
    flags
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|flag| flag.trim() == "categorize-labels")
}

fn common(params: &Params) -> Result<(String, usize, Direction), ApiError> {
    let text = params.get("query").unwrap_or_default().to_owned();
    let limit = params.get("limit").map_or(Ok(DEFAULT_LINES), str::parse).ok().filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| ApiError::bad_request("limit must be a positive value"))?;
    if limit > MOST_LINES {
        let why = format!("max entries limit per query exceeded, limit > {MOST_LINES} ({limit})");
        return Err(ApiError::bad_request(why));
    }
    let direction = match params.get("direction").map(str::to_ascii_lowercase).as_deref() {
        None | Some("backward") => Direction::Backward,
        Some("forward") => Direction::Forward,
        Some(other) => return Err(ApiError::bad_request(format!("invalid direction '{other}'"))),
    };
    Ok((text, limit, direction))
}
