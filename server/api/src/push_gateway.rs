//! The Pushgateway's API: `/metrics/job/…`, and what its own clients ask. Source: the README of
//! prometheus/pushgateway.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use collect::push_gateway::{PushError, PushFormat, PushGateway, PushMode, PushedGroup, grouping_key};
use serde_json::{Map, Value, json};

use crate::State;
use crate::state::MOST_PUSH_BYTES;

/// `PUT`, `POST` and `DELETE /metrics/job/NAME/LABEL/VALUE/…`: answered once the group is kept.
pub(crate) async fn push(
    Shared(state): Shared<Arc<State>>,
    method: Method,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: header::HeaderName| {
        headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
    };
    // The first part of the route is `job` or `job@base64`, which the rest names again.
    let (format, encoding) = (PushFormat::of(&text(header::CONTENT_TYPE)), text(header::CONTENT_ENCODING));
    let work = move |gateway: &PushGateway| {
        let key = grouping_key(&path).map_err(PushError::Bad)?;
        if method == Method::DELETE {
            return gateway.delete(&key).map(|()| StatusCode::ACCEPTED);
        }
        let mode = if method == Method::PUT { PushMode::Replace } else { PushMode::Update };
        let unpacked = match encoding.as_str() {
            "" | "identity" => Ok(body.to_vec()),
            "gzip" => wire::compression::gzip(&body, MOST_PUSH_BYTES),
            "snappy" => wire::compression::snappy(&body, MOST_PUSH_BYTES),
            other => return Err(PushError::Bad(format!("the content encoding {other:?} is not supported"))),
        };
        let unpacked = unpacked.map_err(|error| PushError::Bad(error.to_string()))?;
        gateway.push(key, mode, (&unpacked, format)).map(|()| StatusCode::OK)
    };
    on_blocking(state, work).await
}

/// `PUT /api/v1/admin/wipe`: deletes all groups.
pub(crate) async fn wipe(Shared(state): Shared<Arc<State>>) -> Response {
    on_blocking(state, |gateway| gateway.wipe().map(|()| StatusCode::ACCEPTED)).await
}

/// `GET /api/v1/metrics`: all groups with their metrics.
pub(crate) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    let groups: Vec<Value> = state.push_gateway.groups().iter().map(group).collect();
    Json(json!({"status": "success", "data": groups})).into_response()
}

async fn on_blocking(
    state: Arc<State>,
    work: impl FnOnce(&PushGateway) -> Result<StatusCode, PushError> + Send + 'static,
) -> Response {
    let done = tokio::task::spawn_blocking(move || work(&state.push_gateway)).await;
    match done
        .unwrap_or_else(|_| Err(PushError::Unavailable("the push failed in a way it should not".into())))
    {
        Ok(status) => status.into_response(),
        Err(PushError::Bad(why)) => (StatusCode::BAD_REQUEST, why).into_response(),
        Err(PushError::Unavailable(why)) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

fn group(group: &PushedGroup) -> Value {
    let mut out = Map::new();
    out.insert("labels".into(), json!(group.labels));
    let good = group.push_ms >= group.failure_ms;
    out.insert("last_push_successful".into(), json!(good));
    for (name, ms) in [("push_time_seconds", group.push_ms), ("push_failure_time_seconds", group.failure_ms)]
    {
        let value = (ms as f64 / 1_000.0).to_string();
        let metrics = json!([{"labels": group.labels, "value": value}]);
        out.insert(name.into(), json!({"type": "GAUGE", "metrics": metrics}));
    }
    for (name, family) in &group.families {
        let metrics: Vec<Value> = family
            .values()
            .map(|(labels, value)| {
                let labels: Map<String, Value> = labels
                    .iter()
                    .filter(|(name, _)| *name != model::METRIC_NAME)
                    .map(|(n, v)| (n.to_owned(), json!(v)))
                    .collect();
                json!({"labels": labels, "value": value})
            })
            .collect();
        let kind = family.about.kind.as_str().to_ascii_uppercase();
        let time = family.pushed_ms;
        out.insert(
            name.clone(),
            json!({"time_stamp": time, "type": kind, "help": family.about.help, "metrics": metrics}),
        );
    }
    Value::Object(out)
}
