//! `MetricsService/Export`: `/api/v1/otlp/v1/metrics`, `/otlp/v1/metrics`, `/v1/metrics` and gRPC.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;

use super::exchange::{Dialect, Taken};
use crate::State;

/// `POST`; `/opentelemetry.proto.collector.metrics.v1.MetricsService/Export`: answered once the samples are durable.
/// Data points that cannot be kept are counted in the answer; the others are kept.
pub(crate) async fn export(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Bytes) -> Response {
    let dialect = match Dialect::of(&headers) {
        Ok(dialect) => dialect,
        Err(refusal) => return *refusal,
    };
    let work = move || {
        let message = dialect.message(&headers, body)?;
        let options = state.program.otlp_options();
        let decoded = wire::otlp::metrics::decode(
            dialect.encoding(),
            &message,
            &options,
            &state.otlp_totals,
            state.clock.now_ms(),
        )?;
        let appended = state.metric_sink.append(&decoded.batch)?;
        appended.commit.wait()?;
        let refused: u64 = appended.rejected.iter().map(|row| row.count).sum();
        let first = appended.rejected.first().map(|row| format!("{}: {}", row.labels, row.reason));
        let message = if decoded.reason.is_empty() { first.unwrap_or_default() } else { decoded.reason };
        Ok(Taken { rejected: decoded.rejected + refused, message })
    };
    let result = tokio::task::spawn_blocking(work).await;
    let result =
        result.unwrap_or_else(|_| Err(model::Error::internal("the push failed in a way it should not")));
    dialect.answer(result, "rejectedDataPoints")
}
