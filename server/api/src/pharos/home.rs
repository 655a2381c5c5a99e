//! What the home page shows.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;

use super::reply::ApiError;
use crate::{Home, State};

/// `GET /api/pharos/v1/home`
pub(crate) async fn home(Shared(state): Shared<Arc<State>>) -> Result<Json<Home>, ApiError> {
    // It asks disks.
    let gathered = tokio::task::spawn_blocking(move || gather(&state)).await;
    gathered
        .map(Json)
        .map_err(|_| ApiError::new(model::ErrorKind::Internal, "the page could not be gathered"))
}

fn gather(state: &State) -> Home {
    let mut home = state.program.home();
    if let Some(source) = state.sources.metrics(None) {
        home.metrics = source.stats().into();
    }
    if let Some(source) = state.sources.logs(None) {
        home.logs = source.stats().into();
    }
    home.targets = state.program.targets();
    let dashboards = state.library.load();
    home.notices.extend(dashboards.notices().iter().map(|message| crate::Notice {
        level: "warn".into(),
        source: "dashboards".into(),
        message: message.clone(),
    }));
    home
}
