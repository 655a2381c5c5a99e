//! `admin/tsdb/*`: deletions and snapshots. They ask for the administrator, as `/-/reload` does.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::reply::{ApiError, success_of};
use super::request::{bounds, selectors};
use crate::State;
use crate::params::Params;

/// `POST|PUT /api/v1/admin/tsdb/delete_series`
pub(crate) async fn delete_series(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let selectors = selectors(&params)?;
    if selectors.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    let (start_ms, end_ms) = bounds(&params)?;
    let program = state.program.clone();
    on_store(move || program.delete_series(&selectors, start_ms, end_ms)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST|PUT /api/v1/admin/tsdb/clean_tombstones`
pub(crate) async fn clean_tombstones(Shared(state): Shared<Arc<State>>) -> Result<Response, ApiError> {
    let program = state.program.clone();
    on_store(move || program.clean_tombstones()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST|PUT /api/v1/admin/tsdb/snapshot`: a copy of all samples in the data folder; the answer has its name.
pub(crate) async fn snapshot(Shared(state): Shared<Arc<State>>) -> Result<Response, ApiError> {
    let program = state.program.clone();
    let name = on_store(move || program.snapshot()).await?;
    Ok(success_of(&serde_json::json!({"name": name})))
}

/// Runs what may take long away from the threads that serve.
async fn on_store<T: Send + 'static>(
    work: impl FnOnce() -> model::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or_else(|_| Err(model::Error::internal("the work failed in a way it should not")))?)
}
