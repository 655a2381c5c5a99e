//! A batch of queries, answered as a stream of frames, each as soon as it is ready.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::extract::rejection::JsonRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::{Control, Direction, ErrorKind};

use super::frame;
use super::reply::ApiError;
use crate::State;

/// Queries a batch may hold.
const MOST_QUERIES: usize = 500;
/// Log lines a query may ask for.
const MOST_LINES: usize = 50_000;
/// Points a series may have: a 4K screen has fewer pixels.
const MOST_POINTS: i64 = 50_000;

/// The body of the request.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Batch {
    queries: Vec<Query>,
    timeout_ms: Option<u64>,
}

#[derive(Debug, Clone, serde::Deserialize)]
struct Query {
    id: String,
    kind: Kind,
    expr: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    instant: bool,
    start_ms: Option<f64>,
    end_ms: Option<f64>,
    step_ms: Option<f64>,
    limit: Option<usize>,
    direction: Option<Order>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    PromQl,
    LogQl,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    Forward,
    Backward,
}

/// A query's times, checked.
#[derive(Debug, Clone, Copy)]
struct Times {
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
}

/// `POST /api/pharos/v1/query`
pub(crate) async fn query(
    Shared(state): Shared<Arc<State>>,
    batch: Result<Json<Batch>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(batch) = batch.map_err(|e| ApiError::new(ErrorKind::BadInput, e.body_text()))?;
    if batch.queries.len() > MOST_QUERIES {
        let message = format!("{} queries in one batch: at most {MOST_QUERIES}", batch.queries.len());
        return Err(ApiError::new(ErrorKind::Limit, message));
    }
    let timeout = batch.timeout_ms.map(Duration::from_millis);
    let running: FuturesUnordered<_> =
        batch.queries.into_iter().map(|query| run(state.clone(), query, timeout)).collect();
    let body = Body::from_stream(running.map(Ok::<Bytes, Infallible>));
    Ok(([(header::CONTENT_TYPE, "application/x-pharos-frames")], body).into_response())
}

async fn run(state: Arc<State>, query: Query, timeout: Option<Duration>) -> Bytes {
    let id = query.id.clone();
    let result = match times(&query, state.clock.now_ms()) {
        Err(error) => Err(error),
        Ok(times) => match query.kind {
            Kind::PromQl => promql_query(&state, query, times, timeout).await,
            Kind::LogQl => logql_query(&state, query, times, timeout).await,
        },
    };
    result.unwrap_or_else(|error| frame::error(&id, &error))
}

fn times(query: &Query, now_ms: i64) -> Result<Times, ApiError> {
    let wrong = |message: String| ApiError::new(ErrorKind::BadInput, message);
    // Far beyond any sample, and far enough from the ends of 64 bits for what queries add to it.
    let bound = (i64::MAX / 4) as f64;
    let time = |value: Option<f64>, name: &str| match value {
        None => Ok(None),
        Some(t) if t.is_finite() => Ok(Some(t.clamp(-bound, bound) as i64)),
        Some(t) => Err(wrong(format!("{name}: {t} is not a time"))),
    };
    let end_ms = time(query.end_ms, "end_ms")?.unwrap_or(now_ms);
    let start_ms = time(query.start_ms, "start_ms")?;
    if query.instant {
        return Ok(Times { start_ms: start_ms.unwrap_or(end_ms), end_ms, step_ms: 0 });
    }
    let start_ms = start_ms.ok_or_else(|| wrong("start_ms is missing".into()))?;
    if end_ms < start_ms {
        return Err(wrong("end_ms is before start_ms".into()));
    }
    let step_ms = time(query.step_ms, "step_ms")?.unwrap_or_else(|| ((end_ms - start_ms) / 1000).max(1000));
    if step_ms <= 0 {
        return Err(wrong("step_ms must be positive".into()));
    }
    if (end_ms - start_ms) / step_ms > MOST_POINTS {
        return Err(wrong(format!("more than {MOST_POINTS} points a series: use a longer step_ms")));
    }
    Ok(Times { start_ms, end_ms, step_ms })
}

async fn promql_query(
    state: &State,
    query: Query,
    times: Times,
    timeout: Option<Duration>,
) -> Result<Bytes, ApiError> {
    let missing = || ApiError::new(ErrorKind::NotFound, format!("no metric source {:?}", query.source));
    let source = state.sources.metrics(query.source.as_deref()).ok_or_else(missing)?;
    let options = promql::Options { lookback_ms: state.lookback_ms, ..promql::Options::default() };
    let work = move |control: &Control| {
        let began = Instant::now();
        let Times { start_ms, end_ms, step_ms } = times;
        let parsed = promql::parse(&query.expr)?;
        let answer = if query.instant {
            promql::instant(&*source, &parsed, end_ms, &options, control)?
        } else {
            let times = promql::TimeRange { start_ms, end_ms, step_ms };
            promql::range(&*source, &parsed, times, &options, control)?
        };
        let notes = frame::Notes {
            warnings: &answer.warnings,
            infos: &answer.infos,
            samples: answer.stats.samples,
            elapsed_ms: began.elapsed().as_secs_f64() * 1e3,
        };
        frame::value(&query.id, &answer.value, end_ms, &notes)
    };
    state.pool.run(state.limits_with(timeout), work).await
}

async fn logql_query(
    state: &State,
    query: Query,
    times: Times,
    timeout: Option<Duration>,
) -> Result<Bytes, ApiError> {
    let missing = || ApiError::new(ErrorKind::NotFound, format!("no log source {:?}", query.source));
    let source = state.sources.logs(query.source.as_deref()).ok_or_else(missing)?;
    let limit = query.limit.unwrap_or(1000).min(MOST_LINES);
    let direction = match query.direction {
        Some(Order::Forward) => Direction::Forward,
        _ => Direction::Backward,
    };
    let now_ns = state.clock.now_ns();
    let work = move |control: &Control| {
        let began = Instant::now();
        let ns = |ms: i64| ms.saturating_mul(1_000_000);
        let parsed = logql::parse(&query.expr)?;
        let answer = if query.instant && matches!(parsed, logql::Expr::Metric(_)) {
            logql::query(&*source, &parsed, ns(times.end_ms), control)?
        } else {
            let (start_ns, end_ns) = (ns(times.start_ms), ns(times.end_ms));
            let step_ns = ns(times.step_ms.max(1));
            let params =
                logql::RangeParams { start_ns, end_ns, step_ns, limit, direction, interval_ns: 0, now_ns };
            logql::query_range(&*source, &parsed, params, control)?
        };
        let elapsed_ms = began.elapsed().as_secs_f64() * 1e3;
        let notes = frame::Notes {
            warnings: &answer.warnings,
            infos: &[],
            samples: answer.stats.entries,
            elapsed_ms,
        };
        match &answer.value {
            logql::Value::Streams(streams) => Ok(frame::streams(&query.id, streams, direction, &notes)),
            logql::Value::Metric(value) => frame::value(&query.id, value, times.end_ms, &notes),
        }
    };
    state.pool.run(state.limits_with(timeout), work).await
}
