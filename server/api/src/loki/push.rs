//! Pushes of log lines: JSON or snappy protobuf, gzip.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};

use super::reply::ApiError;
use crate::State;

/// `POST /loki/api/v1/push`: answered once the lines are durable.
pub(crate) async fn push(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let text = |name: header::HeaderName| {
        headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (content_type, encoding) = (text(header::CONTENT_TYPE), text(header::CONTENT_ENCODING));
    let work = move || {
        let batch = state.log_ingest.decode(&content_type, &encoding, body);
        let batch = batch.map_err(|e| model::Error::new(e.kind(), e.to_string()))?;
        let appended = state.log_sink.append(&batch)?;
        let rejected = appended.rejected;
        appended.commit.wait()?;
        match rejected.first() {
            None => Ok(()),
            Some(first) => {
                let all: u64 = rejected.iter().map(|row| row.count).sum();
                let message =
                    format!("{all} lines rejected, the first of {}: {}", first.labels, first.reason);
                Err(model::Error::bad_input(message))
            }
        }
    };
    let result = tokio::task::spawn_blocking(work).await;
    result.unwrap_or_else(|_| Err(model::Error::internal("the push failed in a way it should not")))?;
    Ok(StatusCode::NO_CONTENT)
}
