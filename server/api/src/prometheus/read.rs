//! Remote read. Source: Prometheus documentation, "Remote read API".

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::{Control, SeriesSource};
use wire::remote_read::{self, Request, SAMPLED, STREAMED, Sampled};

use super::reply::ApiError;
use crate::State;
use crate::state::MOST_QUERY_BYTES;

/// `POST /api/v1/read`: samples, or a stream of XOR chunks where the client prefers them.
pub(crate) async fn read(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Response, ApiError> {
    let request =
        remote_read::decode(&body, MOST_QUERY_BYTES).map_err(|e| ApiError::bad_data(e.to_string()))?;
    let source = state.sources.metrics(None).ok_or_else(|| ApiError::not_found("no metric source"))?;
    state.pool.run(state.limits, move |control: &Control| answer(&*source, &request, control)).await
}

fn answer(source: &dyn SeriesSource, request: &Request, control: &Control) -> Result<Response, ApiError> {
    if request.streamed {
        if let Some(frames) = streamed(source, request, control)? {
            return Ok(([(header::CONTENT_TYPE, STREAMED)], frames).into_response());
        }
        if !request.sampled {
            return Err(ApiError::bad_data(
                "the answer has native histograms: accept SAMPLES beside STREAMED_XOR_CHUNKS",
            ));
        }
    }
    let body = sampled(source, request, control)?;
    let headers = [(header::CONTENT_TYPE, SAMPLED), (header::CONTENT_ENCODING, "snappy")];
    Ok((headers, body).into_response())
}

/// The series of each query, sorted by labels, handed to `take`; false as soon as `take` says so.
fn each_series(
    source: &dyn SeriesSource,
    request: &Request,
    control: &Control,
    mut take: impl FnMut(usize, Option<&model::Series>) -> Result<bool, ApiError>,
) -> Result<bool, ApiError> {
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
            if !take(number, Some(series))? {
                return Ok(false);
            }
        }
        take(number, None)?;
    }
    Ok(true)
}

fn sampled(source: &dyn SeriesSource, request: &Request, control: &Control) -> Result<Vec<u8>, ApiError> {
    let mut answer = Sampled::default();
    each_series(source, request, control, |_, series| {
        match series {
            Some(series) => answer.series(series),
            None => answer.end_query(),
        }
        Ok(true)
    })?;
    Ok(answer.finish())
}

/// All frames; `None` if a series has native histograms.
fn streamed(
    source: &dyn SeriesSource,
    request: &Request,
    control: &Control,
) -> Result<Option<Vec<u8>>, ApiError> {
    let mut frames = Vec::new();
    let whole = each_series(source, request, control, |number, series| {
        let Some(series) = series else { return Ok(true) };
        let Some(frame) = remote_read::frame(number, series) else { return Ok(false) };
        control.reserve_bytes(frame.len() as u64)?;
        frames.extend_from_slice(&frame);
        Ok(true)
    })?;
    Ok(whole.then_some(frames))
}
