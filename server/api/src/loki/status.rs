//! What Loki says of itself: version, configuration, services, log level; and the rules that there are not.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::State;

/// The Loki version whose API this server follows.
pub(crate) const FOLLOWS: &str = "3.8.0";

/// `GET /loki/api/v1/status/buildinfo`: Loki's clients read the version from it, without an envelope.
pub(crate) async fn buildinfo(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(json!({"version": FOLLOWS, "revision": state.program.version(), "branch": "pharos", "buildUser": "",
        "buildDate": "", "goVersion": ""}))
}

/// `GET /config`: the settings in use, as YAML; secrets are left out by whoever gives them.
pub(crate) async fn config(Shared(state): Shared<Arc<State>>) -> Response {
    let mut page = String::new();
    for (name, value) in state.program.flags() {
        page.push_str(&format!("{name}: {}\n", Value::from(value)));
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], page).into_response()
}

/// `GET /services`: one process is all of them.
pub(crate) async fn services(Shared(state): Shared<Arc<State>>) -> Response {
    let running = if state.program.ready().is_ok() { "Running" } else { "Failed" };
    let names = ["distributor", "ingester", "querier", "query-frontend", "store", "compactor", "server"];
    let lines: String = names.iter().map(|name| format!("{name} => {running}\n")).collect();
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], lines).into_response()
}

/// `GET /log_level`
pub(crate) async fn log_level(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let flags = state.program.flags();
    let level = flags.iter().find(|(name, _)| name.replace(['_', '.'], "-") == "log-level");
    let level = level.map_or("info", |(_, value)| value.as_str());
    Json(json!({"message": format!("Current log level is {level}")}))
}

/// `GET /loki/api/v1/rules`, `/loki/api/v1/rules/<namespace>`: as Loki answers where there are none.
pub(crate) async fn no_rules() -> Response {
    (StatusCode::NOT_FOUND, "no rule groups found\n").into_response()
}
