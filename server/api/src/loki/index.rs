//! `index/stats`, `index/volume`, `index/volume_range`: how much there is, before anybody reads it.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use logql::ast::{
    Grouping, LogExpr, LogRange, MetricExpr, RangeAggregation, RangeOp, VectorAggregation, VectorOp,
};
use logql::{Expr, RangeParams};
use model::{Control, Direction, Labels, LogSelect, LogSource, Matcher, Need};
use promql::{MatrixSeries, Point, Value, VectorSample};

use super::labels::range as time_range;
use super::query::step_of;
use super::reply::{ApiError, success};
use super::value;
use crate::State;
use crate::params::Params;

/// Series of a volume that names no limit.
const DEFAULT_SERIES: usize = 100;
/// Points of a volume range.
const MOST_POINTS: i64 = 11_000;

/// A selector; `{}` is everything here.
pub(super) fn selector(text: &str) -> Result<Vec<Matcher>, ApiError> {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if matches!(bare.as_str(), "" | "{}") {
        return Ok(Vec::new());
    }
    match logql::parse(text)? {
        Expr::Log(log) => Ok(log.matchers),
        Expr::Metric(_) => Err(ApiError::bad_request("a stream selector was expected, not a metric query")),
    }
}

/// `GET|POST /loki/api/v1/index/stats`: streams, chunks (blocks here), entries and bytes of a selection. Blocks that lie
/// wholly in the range are not opened.
pub(crate) async fn stats(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let (start_ns, end_ns) = time_range(&state, &params, 6)?;
    let matchers = selector(params.get("query").unwrap_or_default())?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let select = LogSelect {
            matchers: matchers.clone(),
            start_ns,
            end_ns,
            filters: Vec::new(),
            direction: Direction::Forward,
            need: Need::Sizes,
            arrivals: None,
        };
        let scan = source.scan(&select, control)?;
        let (mut chunks, mut entries, mut bytes) = (0u64, 0u64, 0u64);
        for (i, part) in scan.parts().iter().enumerate() {
            if start_ns <= part.min_ns && part.max_ns < end_ns {
                (chunks, entries, bytes) = (chunks + 1, entries + part.entries, bytes + part.bytes);
                continue;
            }
            let batch = scan.read(i, control)?;
            chunks += u64::from(!batch.is_empty());
            entries += batch.len() as u64;
            bytes += batch.sizes.iter().map(|n| u64::from(*n)).sum::<u64>();
        }
        let streams = source.series(&[matchers], start_ns, end_ns, control)?.len();
        let body =
            serde_json::json!({"streams": streams, "chunks": chunks, "entries": entries, "bytes": bytes});
        Ok::<_, ApiError>(axum::Json(body).into_response())
    };
    state.pool.run(state.limits, work).await
}

/// What a volume is asked for.
struct Volume {
    matchers: Vec<Matcher>,
    start_ns: i64,
    end_ns: i64,
    limit: usize,
    target_labels: Vec<String>,
    /// Sum by label name instead of by series.
    by_label: bool,
}

impl Volume {
    fn of(state: &State, params: &Params) -> Result<Self, ApiError> {
        let (start_ns, end_ns) = time_range(state, params, 6)?;
        let limit = params.get("limit").map_or(Ok(DEFAULT_SERIES), str::parse).ok().filter(|n| *n > 0);
        let target_labels = params.get("targetLabels").unwrap_or_default().split(',').map(str::trim);
        let by_label = match params.get("aggregateBy") {
            None | Some("series") => false,
            Some("labels") => true,
            Some(other) => {
                let why = format!("invalid aggregation option {other:?}: series or labels");
                return Err(ApiError::bad_request(why));
            }
        };
        Ok(Volume {
            matchers: selector(params.get("query").unwrap_or_default())?,
            start_ns,
            end_ns,
            limit: limit.ok_or_else(|| ApiError::bad_request("limit must be a positive value"))?,
            target_labels: target_labels.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            by_label,
        })
    }

    /// The labels that series of the answer have: those asked for, else those of the selector, else all.
    fn labels(&self, source: &dyn LogSource, control: &Control) -> Result<Vec<String>, ApiError> {
        if !self.target_labels.is_empty() {
            return Ok(self.target_labels.clone());
        }
        let mut named: Vec<String> = self.matchers.iter().map(|m| m.name().to_owned()).collect();
        named.sort();
        named.dedup();
        if !self.by_label && !named.is_empty() {
            return Ok(named);
        }
        Ok(source.label_names(std::slice::from_ref(&self.matchers), self.start_ns, self.end_ns, control)?)
    }

    /// Bytes within each step of `step_ns` that ends at a time from `first` to the end, by label set.
    fn sums(
        &self,
        source: &dyn LogSource,
        (first, step_ns): (i64, i64),
        control: &Control,
    ) -> Result<Vec<Sums>, ApiError> {
        let names = self.labels(source, control)?;
        let groupings: Vec<Vec<String>> = match self.by_label {
            false => vec![names],
            true => names.into_iter().map(|name| vec![name]).collect(),
        };
        let mut all = Vec::new();
        for labels in groupings {
            let query = Expr::Metric(bytes_by(&self.matchers, labels.clone(), step_ns));
            let params = RangeParams {
                // A window reaches from behind its start to its end: one nanosecond earlier it is what Loki counts.
                start_ns: first - 1,
                end_ns: self.end_ns - 1,
                step_ns,
                limit: 0,
                direction: Direction::Forward,
                interval_ns: 0,
                now_ns: self.end_ns,
            };
            let answer = logql::query_range(source, &query, params, control)?;
            let logql::Value::Metric(Value::Matrix(series)) = answer.value else { continue };
            let series = series.into_iter().map(|series| (series.labels, series.values));
            if !self.by_label {
                all.extend(series);
                continue;
            }
            let name = labels.first().map(String::as_str).unwrap_or_default();
            let of_name = series.filter(|(labels, _)| !labels.value(name).is_empty());
            all.extend(
                of_name.map(|(_, values)| values).reduce(added).map(|values| (name_alone(name), values)),
            );
        }
        all.retain(|(_, values)| volume_of(values) > 0.0);
        all.sort_by(|a, b| volume_of(&b.1).total_cmp(&volume_of(&a.1)).then_with(|| a.0.cmp(&b.0)));
        all.truncate(self.limit);
        Ok(all)
    }
}

/// A series' labels and its bytes by step, NaN where there are none.
type Sums = (Labels, Vec<f64>);

fn volume_of(values: &[f64]) -> f64 {
    values.iter().filter(|n| !n.is_nan()).sum()
}

fn added(mut a: Vec<f64>, b: Vec<f64>) -> Vec<f64> {
    for (a, b) in a.iter_mut().zip(b) {
        match (a.is_nan(), b.is_nan()) {
            (true, _) => *a = b,
            (false, true) => {}
            (false, false) => *a += b,
        }
    }
    a
}

/// A label set that says a name: its value is the name itself, since labels without value do not exist.
fn name_alone(name: &str) -> Labels {
    Labels::from_pairs([(name, name)])
}

fn bytes_by(matchers: &[Matcher], labels: Vec<String>, range_ns: i64) -> MetricExpr {
    let log = LogExpr { matchers: matchers.to_vec(), stages: Vec::new() };
    let range = LogRange { log, unwrap: None, range_ns, offset_ns: 0, at: None };
    let bytes = RangeAggregation { op: RangeOp::BytesOverTime, param: None, range, grouping: None };
    MetricExpr::Vector(VectorAggregation {
        op: VectorOp::Sum,
        k: None,
        inner: Box::new(MetricExpr::Range(bytes)),
        grouping: Some(Grouping { without: false, labels }),
    })
}

/// `GET|POST /loki/api/v1/index/volume`: bytes by label set (or by label) over the whole range, greatest first.
pub(crate) async fn volume(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let volume = Volume::of(&state, &params)?;
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let end_ms = volume.end_ns / 1_000_000;
        let whole = volume.end_ns.saturating_sub(volume.start_ns);
        let sums = match whole > 0 {
            true => volume.sums(&*source, (volume.end_ns, whole), control)?,
            false => Vec::new(),
        };
        let samples = sums
            .into_iter()
            .map(|(labels, values)| VectorSample { labels, point: Point::Float(volume_of(&values)) });
        let answer = logql::Answer {
            value: logql::Value::Metric(Value::Vector(samples.collect())),
            warnings: Vec::new(),
            stats: logql::Stats::default(),
        };
        Ok::<_, ApiError>(success(&value::render(&answer, end_ms, Default::default(), false), &[]))
    };
    state.pool.run(state.limits, work).await
}

/// `GET|POST /loki/api/v1/index/volume_range`: the same by steps.
pub(crate) async fn volume_range(
    Shared(state): Shared<Arc<State>>,
    params: Params,
) -> Result<Response, ApiError> {
    let volume = Volume::of(&state, &params)?;
    let step_ns = step_of(&params, volume.start_ns, volume.end_ns)?;
    if volume.end_ns.saturating_sub(volume.start_ns) / step_ns > MOST_POINTS {
        return Err(ApiError::bad_request("more than 11,000 points a series: a longer step is needed"));
    }
    let source = state.sources.logs(None).ok_or_else(|| ApiError::bad_request("no log source"))?;
    let work = move |control: &Control| {
        let end_ms = volume.end_ns / 1_000_000;
        let first = volume.start_ns.saturating_add(step_ns);
        let sums = match first <= volume.end_ns {
            true => volume.sums(&*source, (first, step_ns), control)?,
            false => Vec::new(),
        };
        let steps = sums.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        let time = |i: usize| first.saturating_add(step_ns.saturating_mul(i as i64)) / 1_000_000;
        let timestamps: Arc<[i64]> = (0..steps).map(time).collect();
        let matrix = sums.into_iter().map(|(labels, values)| MatrixSeries {
            labels,
            timestamps: Arc::clone(&timestamps),
            values,
            histograms: Vec::new(),
        });
        let answer = logql::Answer {
            value: logql::Value::Metric(Value::Matrix(matrix.collect())),
            warnings: Vec::new(),
            stats: logql::Stats::default(),
        };
        Ok::<_, ApiError>(success(&value::render(&answer, end_ms, Default::default(), false), &[]))
    };
    state.pool.run(state.limits, work).await
}
