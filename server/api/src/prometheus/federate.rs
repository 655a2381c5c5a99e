//! `/federate`: the newest samples as a page of text or protocol buffers, for another Prometheus to scrape.

mod page;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use model::{Control, Labels, Matcher, SeriesSource};
use promql::{Options, Point};

use self::page::Form;
use super::reply::ApiError;
use super::request::{selectors, source};
use crate::State;
use crate::params::Params;

/// `GET /federate?match[]=…`
pub(crate) async fn federate(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    let (selectors, source) = (selectors(&params)?, source(&state)?);
    let options = Options { lookback_ms: state.lookback_ms, ..Options::default() };
    let now_ms = state.clock.now_ms();
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let form = Form::wanted(accept);
    let work = move |control: &Control| {
        let newest = newest(&*source, &selectors, (now_ms, options), control)?;
        let kinds = source.metadata(None)?.into_iter().map(|m| (m.family, m.kind)).collect();
        Ok::<_, ApiError>(page::write(form, &newest, &kinds))
    };
    let page = state.pool.run_quick(state.limits, work).await?;
    Ok(([(header::CONTENT_TYPE, form.content_type())], page).into_response())
}

/// By metric name, then by labels.
type Newest = BTreeMap<(String, Labels), (i64, Point)>;

fn newest(
    source: &dyn SeriesSource,
    selectors: &[Vec<Matcher>],
    (now_ms, options): (i64, Options),
    control: &Control,
) -> Result<Newest, ApiError> {
    let mut all = Newest::new();
    for matchers in selectors {
        let select = model::Select {
            matchers: matchers.clone(),
            start_ms: now_ms.saturating_sub(options.lookback_ms),
            end_ms: now_ms,
        };
        let set = source.select(&select, control)?;
        for batch in 0..set.batches() {
            for series in set.read(batch, control)? {
                let Some(last) = series.values.len().checked_sub(1) else { continue };
                if model::is_stale(series.values[last]) {
                    continue;
                }
                let point = match series.histograms.last() {
                    Some((at, histogram)) if *at as usize == last => Point::Histogram(histogram.clone()),
                    _ => Point::Float(series.values[last]),
                };
                let name = series.labels.metric_name().to_owned();
                control.reserve_bytes(256)?;
                all.insert((name, series.labels), (series.timestamps[last], point));
            }
        }
    }
    Ok(all)
}
