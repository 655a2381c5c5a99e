//! `/federate`: the newest samples as exposition text, for another Prometheus to scrape.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::{Control, INSTANCE, Labels, METRIC_NAME, Matcher, SeriesSource};
use promql::{Options, Point};

use super::reply::ApiError;
use crate::params::Params;
use crate::{State, json};

/// `GET /federate?match[]=…`
pub(crate) async fn federate(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let selectors = params
        .all("match[]")
        .map(|text| promql::parse_selector(text).map_err(|e| ApiError::parameter("match[]", e)));
    let selectors = selectors.collect::<Result<Vec<_>, _>>()?;
    let source = state.sources.metrics(None).ok_or_else(|| ApiError::not_found("no metric source"))?;
    let options = Options { lookback_ms: state.lookback_ms, ..Options::default() };
    let now_ms = state.clock.now_ms();
    let work = move |control: &Control| {
        let newest = newest(&*source, &selectors, (now_ms, options), control)?;
        let kinds = source.metadata(None)?.into_iter().map(|m| (m.family, m.kind.as_str())).collect();
        Ok::<_, ApiError>(page(&newest, &kinds))
    };
    let page = state.pool.run(state.limits, work).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8; escaping=values")], page)
        .into_response())
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

fn page(newest: &Newest, kinds: &BTreeMap<String, &'static str>) -> String {
    let mut out = String::new();
    let mut family = None;
    for ((name, labels), (t_ms, point)) in newest {
        if family != Some(name) {
            family = Some(name);
            let kind = match point {
                Point::Histogram(_) => "histogram",
                // Parts of histograms and summaries are families of their own here: their kind is not known.
                Point::Float(_) => match kinds.get(name) {
                    Some(&kind @ ("counter" | "gauge")) => kind,
                    _ => "untyped",
                },
            };
            let _ = writeln!(out, "# TYPE {} {kind}", shown(name));
        }
        match point {
            Point::Float(value) => line(&mut out, name, labels, None, (*value, *t_ms)),
            Point::Histogram(histogram) => {
                line(&mut out, &format!("{name}_bucket"), labels, Some("+Inf"), (histogram.count, *t_ms));
                line(&mut out, &format!("{name}_sum"), labels, None, (histogram.sum, *t_ms));
                line(&mut out, &format!("{name}_count"), labels, None, (histogram.count, *t_ms));
            }
        }
    }
    out
}

/// A name that needs quotes has them.
fn shown(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { format!("\"{}\"", escaped(name)) }
}

fn is_plain(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

fn line(out: &mut String, name: &str, labels: &Labels, le: Option<&str>, (value, t_ms): (f64, i64)) {
    let mut pairs: Vec<String> = Vec::new();
    if is_plain(name) {
        out.push_str(name);
    } else {
        pairs.push(format!("\"{}\"", escaped(name)));
    }
    for (label, value) in labels.iter().filter(|(label, _)| *label != METRIC_NAME) {
        pairs.push(format!("{}=\"{}\"", shown(label), escaped(value)));
    }
    // A scraper with honor_labels must not put its own in place of one that is missing.
    if labels.value(INSTANCE).is_empty() {
        pairs.push("instance=\"\"".into());
    }
    pairs.extend(le.map(|le| format!("le=\"{le}\"")));
    let _ = write!(out, "{{{}}} ", pairs.join(","));
    json::float(out, value);
    let _ = writeln!(out, " {t_ms}");
}
