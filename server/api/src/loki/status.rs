//! `status/buildinfo`: Loki's clients read the version from it, without an envelope.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use serde_json::{Value, json};

use crate::State;

/// The Loki version whose API this server follows.
const FOLLOWS: &str = "3.8.0";

/// `GET /loki/api/v1/status/buildinfo`
pub(crate) async fn buildinfo(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(json!({"version": FOLLOWS, "revision": state.program.version(), "branch": "pharos", "buildUser": "",
        "buildDate": "", "goVersion": ""}))
}
