//! The dashboard list and dashboards.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
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

/// What is read of a pasted or uploaded file, before it is kept.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Upload {
    /// The file as it is.
    text: String,
    /// Its name without an ending: the title and uid of files that have none.
    #[serde(default)]
    name: String,
    /// Whether a dashboard of the same uid may be replaced.
    #[serde(default)]
    replace: bool,
}

/// `POST /api/pharos/v1/dashboards/preview`: what the file would become; nothing is kept.
pub(crate) async fn preview(upload: Result<Json<Upload>, JsonRejection>) -> Result<Json<Value>, ApiError> {
    let Json(upload) = upload.map_err(|e| ApiError::new(ErrorKind::BadInput, e.body_text()))?;
    let read =
        move || read_upload(&upload).map(|read| json!({"dashboard": read.dashboard, "report": read.report}));
    tokio::task::spawn_blocking(read).await.map_err(|_| failed())?.map(Json)
}

/// `POST /api/pharos/v1/dashboards`: keeps the file; answers with the dashboard's `uid` and `slug`.
pub(crate) async fn import(
    Shared(state): Shared<Arc<State>>,
    upload: Result<Json<Upload>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(upload) = upload.map_err(|e| ApiError::new(ErrorKind::BadInput, e.body_text()))?;
    tokio::task::spawn_blocking(move || keep(&state, &upload)).await.map_err(|_| failed())?.map(Json)
}

fn failed() -> ApiError {
    ApiError::new(ErrorKind::Internal, "the file could not be read")
}

fn read_upload(upload: &Upload) -> Result<dashboards::Imported, ApiError> {
    let name = if upload.name.is_empty() { "dashboard" } else { &upload.name };
    dashboards::import(upload.text.as_bytes(), name).map_err(|e| ApiError::new(e.kind(), e.to_string()))
}

fn keep(state: &State, upload: &Upload) -> Result<Value, ApiError> {
    let read = read_upload(upload)?;
    let uid = read.dashboard["uid"].as_str().unwrap_or_default().to_owned();
    if let Some(there) = state.library.load().get(&uid) {
        let source = &there.meta.source;
        if !state.program.is_imported(source, &uid) {
            let message =
                format!("a dashboard with the uid {uid:?} comes from {source}: give this one another uid");
            return Err(ApiError::new(ErrorKind::BadInput, message));
        }
        if !upload.replace {
            let message =
                format!("a dashboard with the uid {uid:?} was imported before: {:?}", there.meta.title);
            return Err(ApiError::new(ErrorKind::Limit, message));
        }
    }
    // A file without a uid gets its name's: the stored file keeps its bytes, and its name gives the same uid again.
    let kept = state.program.import_dashboard(&uid, upload.text.as_bytes());
    kept.map_err(|message| ApiError::new(ErrorKind::Unavailable, message))?;
    let library = state.library.load();
    let slug = library.get(&uid).map(|dashboard| dashboard.meta.slug.clone()).unwrap_or_default();
    Ok(json!({"uid": uid, "slug": slug}))
}

fn find(state: &State, uid: &str) -> Result<Arc<dashboards::Dashboard>, ApiError> {
    let missing =
        || ApiError::new(ErrorKind::NotFound, format!("there is no dashboard with the uid {uid:?}"));
    state.library.load().get(uid).cloned().ok_or_else(missing)
}
