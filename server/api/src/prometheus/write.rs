//! Remote write 1.0. Source: Prometheus Remote-Write specification 1.0.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::ErrorKind;

use crate::State;

/// `POST /api/v1/write`: answered once the samples are durable. 400 names the first series that could not be kept;
/// the others of the request are kept all the same, so a sender must not send it again.
pub(crate) async fn remote_write(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Response> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if content_type.contains("io.prometheus.write.v2") {
        let why = "remote write 2.0 is not available in this version: send 1.0 (prometheus.WriteRequest)";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, why).into_response());
    }
    let work = move || {
        let batch = state.metric_ingest.decode(&body).map_err(|e| model::Error::bad_input(e.to_string()))?;
        let appended = state.metric_sink.append(&batch)?;
        let rejected = appended.rejected;
        appended.commit.wait()?;
        match rejected.first() {
            None => Ok(()),
            Some(first) => {
                let all: u64 = rejected.iter().map(|row| row.count).sum();
                let message =
                    format!("{all} samples rejected, the first of {}: {}", first.labels, first.reason);
                Err(model::Error::bad_input(message))
            }
        }
    };
    let result = tokio::task::spawn_blocking(work).await;
    match result.unwrap_or_else(|_| Err(model::Error::internal("the write failed in a way it should not"))) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => {
            let status = match error.kind() {
                ErrorKind::BadInput => StatusCode::BAD_REQUEST,
                ErrorKind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
                ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Cancelled => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            Err((status, model::shorten(error.message(), 2_000).into_owned()).into_response())
        }
    }
}
