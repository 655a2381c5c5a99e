//! Delete requests: `POST`, `GET` and `DELETE /loki/api/v1/delete`.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use logql::{Expr, ast};
use model::{Deletion, LineFilter, LogEraser, Matcher};
use serde_json::json;

use super::reply::ApiError;
use crate::State;
use crate::params::{Params, time_ns};

fn eraser(state: &State) -> Result<Arc<dyn LogEraser>, ApiError> {
    let missing = || ApiError::bad_request("this source's lines cannot be deleted");
    state.log_eraser.clone().ok_or_else(missing)
}

/// `POST|PUT /loki/api/v1/delete`: from now on nobody sees the lines, soon after they are gone from the disk.
pub(crate) async fn create(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<StatusCode, ApiError> {
    let eraser = eraser(&state)?;
    let query = params.get("query").ok_or_else(|| ApiError::bad_request("query not set"))?;
    let (matchers, filters) = selection(query)?;
    let time = |name: &str| -> Result<Option<i64>, ApiError> {
        let Some(text) = params.get(name) else { return Ok(None) };
        let wrong = || ApiError::bad_request(format!("invalid {name} time: {text:?}"));
        time_ns(text).map(Some).ok_or_else(wrong)
    };
    let start_ns = time("start")?.ok_or_else(|| ApiError::bad_request("start time not set"))?;
    let now_ns = state.clock.now_ns();
    let end_ns = time("end")?.unwrap_or(now_ns);
    if end_ns > now_ns {
        return Err(ApiError::bad_request("deletes in the future are not allowed"));
    }
    if start_ns > end_ns {
        return Err(ApiError::bad_request("start time can't be greater than end time"));
    }
    let request = Deletion {
        id: String::new(),
        matchers,
        filters,
        start_ns,
        end_ns,
        query: query.to_owned(),
        created_ms: state.clock.now_ms(),
        done: false,
    };
    blocking(move || eraser.delete(&request)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /loki/api/v1/delete`
pub(crate) async fn list(Shared(state): Shared<Arc<State>>) -> Result<Response, ApiError> {
    let seconds = |ns: i64| ns as f64 / 1e9;
    let all = eraser(&state)?.deletions();
    let shown: Vec<_> = all
        .iter()
        .map(|deletion| {
            json!({
                "request_id": deletion.id,
                "start_time": seconds(deletion.start_ns),
                "end_time": seconds(deletion.end_ns),
                "query": deletion.query,
                "status": if deletion.done { "processed" } else { "received" },
                "created_at": deletion.created_ms as f64 / 1e3,
            })
        })
        .collect();
    Ok(axum::Json(shown).into_response())
}

/// `DELETE /loki/api/v1/delete?request_id=…`
pub(crate) async fn cancel(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<StatusCode, ApiError> {
    let eraser = eraser(&state)?;
    let id = params.get("request_id").ok_or_else(|| ApiError::bad_request("request_id not set"))?.to_owned();
    let found = blocking(move || eraser.cancel_deletion(&id)).await?;
    if found {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(model::Error::new(model::ErrorKind::NotFound, "no delete request that waits has this id").into())
}

/// `POST /flush`: everything in memory goes into its place on disk.
pub(crate) async fn flush(Shared(state): Shared<Arc<State>>) -> Result<StatusCode, ApiError> {
    let eraser = eraser(&state)?;
    blocking(move || eraser.flush()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> model::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let result = tokio::task::spawn_blocking(work).await;
    Ok(result.unwrap_or_else(|_| Err(model::Error::internal("the request failed in a way it should not")))?)
}

/// A selector with line filters: what can be deleted by.
fn selection(query: &str) -> Result<(Vec<Matcher>, Vec<LineFilter>), ApiError> {
    let Expr::Log(log) = logql::parse(query)? else {
        return Err(ApiError::bad_request("a selector was expected, not a metric query"));
    };
    let mut filters = Vec::new();
    for stage in &log.stages {
        let filter = match stage {
            ast::Stage::LineFilter(filter) => logql::source_filter(filter)?,
            _ => None,
        };
        let only = "lines are deleted by a selector and line filters with texts and regexes";
        filters.push(filter.ok_or_else(|| ApiError::bad_request(only))?);
    }
    Ok((log.matchers, filters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections() {
        let parts = |query: &str| selection(query).map(|(m, f)| (m.len(), f.len())).map_err(|_| ());
        assert_eq!(parts(r#"{a="b", c=~"d.*"} |= "x" or "y" !~ "z""#), Ok((2, 2)));
        assert_eq!(parts(r#"{a="b"}"#), Ok((1, 0)));
        for wrong in [r#"{a="b"} | json"#, r#"{a="b"} |= ip("1.2.3.4")"#, r#"rate({a="b"}[1m])"#, "{}"] {
            assert_eq!(parts(wrong), Err(()), "{wrong}");
        }
    }
}
