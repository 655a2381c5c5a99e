//! `LogsService/Export`: `/otlp/v1/logs`, `/v1/logs` and gRPC.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;

use super::exchange::{Dialect, Taken};
use crate::State;

/// `POST /otlp/v1/logs`, `/v1/logs`, `/opentelemetry.proto.collector.logs.v1.LogsService/Export`: answered once the
/// records are durable.
pub(crate) async fn export(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Bytes) -> Response {
    let dialect = match Dialect::of(&headers) {
        Ok(dialect) => dialect,
        Err(refusal) => return *refusal,
    };
    let work = move || {
        let message = dialect.message(&headers, body)?;
        let batch = wire::otlp::logs::decode(dialect.encoding(), &message, state.clock.now_ns())?;
        let appended = state.log_sink.append(&batch)?;
        appended.commit.wait()?;
        let rejected = appended.rejected.iter().map(|row| row.count).sum();
        let first = appended.rejected.first();
        Ok(Taken { rejected, message: first.map(|row| row.reason.to_string()).unwrap_or_default() })
    };
    let result = tokio::task::spawn_blocking(work).await;
    let result =
        result.unwrap_or_else(|_| Err(model::Error::internal("the push failed in a way it should not")));
    dialect.answer(result, "rejectedLogRecords")
}
