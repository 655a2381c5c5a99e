//! What several endpoints read of a request alike.

use std::sync::Arc;

use model::{Selector, SeriesSource};

use super::query::time;
use super::reply::ApiError;
use crate::State;
use crate::params::Params;

/// The oldest and newest times that are looked for when none are given: 292 million years would overflow in stores.
pub(super) const MIN_MS: i64 = i64::MIN / 4;
/// See [`MIN_MS`].
pub(super) const MAX_MS: i64 = i64::MAX / 4;

/// Where queries read.
pub(super) fn source(state: &State) -> Result<Arc<dyn SeriesSource>, ApiError> {
    state.sources.metrics(None).ok_or_else(|| ApiError::not_found("no metric source"))
}

/// All `match[]`.
pub(super) fn selectors(params: &Params) -> Result<Vec<Selector>, ApiError> {
    let parse = |text| promql::parse_selector(text).map_err(|e| ApiError::parameter("match[]", e));
    params.all("match[]").map(parse).collect()
}

/// `start` and `end`: everything where they are missing.
pub(super) fn bounds(params: &Params) -> Result<(i64, i64), ApiError> {
    let bound = |name: &str, default: i64| match params.get(name) {
        None => Ok(default),
        Some(text) => time(text, name).map(|t_ms| t_ms.clamp(MIN_MS, MAX_MS)),
    };
    let (start_ms, end_ms) = (bound("start", MIN_MS)?, bound("end", MAX_MS)?);
    if end_ms < start_ms {
        return Err(ApiError::bad_data("end timestamp must not be before start timestamp"));
    }
    Ok((start_ms, end_ms))
}
