//! Decides of programs that were found on this machine.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::extract::rejection::JsonRejection;
use model::ErrorKind;
use serde_json::{Value, json};

use super::reply::ApiError;
use crate::State;

/// What is decided.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Decision {
    /// The program: `vllm@127.0.0.1:8000`.
    id: String,
    /// Whether it is watched.
    watch: bool,
}

/// `POST /api/pharos/v1/found`
pub(crate) async fn decide(
    Shared(state): Shared<Arc<State>>,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(Decision { id, watch }) =
        decision.map_err(|e| ApiError::new(ErrorKind::BadInput, e.body_text()))?;
    let program = state.program.clone();
    let decided = json!({"id": id, "watched": watch});
    let outcome = tokio::task::spawn_blocking(move || program.watch_found(&id, watch)).await;
    match outcome {
        Ok(Ok(())) => Ok(Json(decided)),
        Ok(Err(why)) => Err(ApiError::new(ErrorKind::NotFound, why)),
        Err(_) => Err(ApiError::new(ErrorKind::Internal, "the decision could not be kept")),
    }
}
