//! Remote read. Source: Prometheus documentation, "Remote read API".

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::{Control, SeriesSource};
use wire::remote_read::{self, Request, SAMPLED, STREAMED, Sampled};

use super::reply::ApiError;
use super::request::source;
use crate::State;
use crate::state::MOST_QUERY_BYTES;

/// `POST /api/v1/read`: samples, or a stream of chunks where the client prefers them.
pub(crate) async fn read(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Response, ApiError> {
    let request =
        remote_read::decode(&body, MOST_QUERY_BYTES).map_err(|e| ApiError::bad_data(e.to_string()))?;
    let source = source(&state)?;
    state.pool.run(state.limits, move |control: &Control| answer(&*source, &request, control)).await
}

fn answer(source: &dyn SeriesSource, request: &Request, control: &Control) -> Result<Response, ApiError> {
    if request.streamed {
        let frames = streamed(source, request, control)?;
        return Ok(([(header::CONTENT_TYPE, STREAMED)], frames).into_response());
    }
    let body = sampled(source, request, control)?;
    let headers = [(header::CONTENT_TYPE, SAMPLED), (header::CONTENT_ENCODING, "snappy")];
    Ok((headers, body).into_response())
}

/// The series of each query, sorted by labels, handed to `take`; then `None`, once a query.
fn each_series(
    source: &dyn SeriesSource,
    request: &Request,
    control: &Control,
    mut take: impl FnMut(usize, Option<&model::Series>) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    for (number, select) in request.queries.iter().enumerate() {
        let set = source.select(select, control)?;
        let mut all = Vec::new();
        for batch in 0..set.batches() {
            for series in set.read(batch, control)? {
                control.reserve_bytes((series.values.len() * 16 + 128) as u64)?;
                all.push(series);
            }
        }
        all.sort_by(|a, b| a.labels.cmp(&b.labels));
        for series in &all {
            take(number, Some(series))?;
        }
        take(number, None)?;
    }
    Ok(())
}

fn sampled(source: &dyn SeriesSource, request: &Request, control: &Control) -> Result<Vec<u8>, ApiError> {
    let mut answer = Sampled::default();
    each_series(source, request, control, |_, series| {
        match series {
            Some(series) => answer.series(series),
            None => answer.end_query(),
        }
        Ok(())
    })?;
    Ok(answer.finish())
}

fn streamed(source: &dyn SeriesSource, request: &Request, control: &Control) -> Result<Vec<u8>, ApiError> {
    let mut all = Vec::new();
    each_series(source, request, control, |number, series| {
        let Some(series) = series else { return Ok(()) };
        let frames = remote_read::frames(number, series);
        control.reserve_bytes(frames.len() as u64)?;
        all.extend_from_slice(&frames);
        Ok(())
    })?;
    Ok(all)
}
