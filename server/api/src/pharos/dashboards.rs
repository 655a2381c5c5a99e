//! The dashboard list and dashboards.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::ErrorKind;
use serde_json::{Value, json};

use super::reply::ApiError;
use crate::State;

/// `GET /api/pharos/v1/dashboards`
pub(crate) async fn list(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let library = state.library.load();
    Json(json!(library.list().collect::<Vec<_>>()))
}

/// `GET /api/pharos/v1/dashboards/{uid}`
pub(crate) async fn get(
    Shared(state): Shared<Arc<State>>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let dashboard = find(&state, &uid)?;
    if let Some(error) = &dashboard.meta.error {
        let message = format!("{}: {error}", dashboard.meta.source);
        return Err(ApiError::new(ErrorKind::BadInput, message));
    }
    Ok(Json(json!({"meta": dashboard.meta, "dashboard": dashboard.model, "report": dashboard.report})))
}

/// `GET /api/pharos/v1/dashboards/{uid}/raw`: the bytes of the file.
pub(crate) async fn raw(
    Shared(state): Shared<Arc<State>>,
    Path(uid): Path<String>,
) -> Result<Response, ApiError> {
    let dashboard = find(&state, &uid)?;
    let name = format!("attachment; filename=\"{}.json\"", dashboard.meta.slug);
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, dashboard.raw.to_vec()).into_response())
}

fn find(state: &State, uid: &str) -> Result<Arc<dashboards::Dashboard>, ApiError> {
    let missing =
        || ApiError::new(ErrorKind::NotFound, format!("there is no dashboard with the uid {uid:?}"));
    state.library.load().get(uid).cloned().ok_or_else(missing)
}
