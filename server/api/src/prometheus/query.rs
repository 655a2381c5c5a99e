//! `query`, `query_range`, `format_query`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State as Shared;
use axum::response::Response;

use super::reply::{ApiError, success};
use super::value;
use crate::State;
use crate::json;
use crate::params::{Params, duration_ms, time_ms};

/// Points a series of a range query may have.
const MOST_POINTS: i128 = 11_000;

/// `GET|POST /api/v1/query`
pub(crate) async fn instant(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let t_ms = match params.get("time") {
        Some(text) => time(text, "time")?,
        None => state.clock.now_ms(),
    };
    let (text, options, limits) = common(&state, &params)?;
    let source = state.sources.metrics(None).ok_or_else(|| ApiError::not_found("no metric source"))?;
    let limit = limit(&params)?;
    let timer = params.get("stats").map(|_| Timer::start());
    let work = move |control: &model::Control| {
        let timer = timer.map(Timer::begin);
        let mut answer = promql::instant(&*source, &promql::parse(&text)?, t_ms, &options, control)?;
        let warning = truncate(&mut answer.value, limit);
        answer.warnings.extend(warning);
        Ok::<_, ApiError>(render(&answer, t_ms, timer))
    };
    state.pool.run(limits, work).await
}

/// `GET|POST /api/v1/query_range`
pub(crate) async fn range(Shared(state): Shared<Arc<State>>, params: Params) -> Result<Response, ApiError> {
    let start_ms = time(params.get("start").unwrap_or_default(), "start")?;
    let end_ms = time(params.get("end").unwrap_or_default(), "end")?;
    if end_ms < start_ms {
        return Err(ApiError::parameter("end", "end timestamp must not be before start time"));
    }
    let step = params.get("step").unwrap_or_default();
    let step_ms = duration_ms(step)
        .ok_or_else(|| ApiError::parameter("step", format!("cannot parse {step:?} to a valid duration")))?;
    if step_ms <= 0 {
        let why = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(ApiError::parameter("step", why));
    }
    if (i128::from(end_ms) - i128::from(start_ms)) / i128::from(step_ms) > MOST_POINTS {
        let why = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution \
                   (?step=XX)";
        return Err(ApiError::bad_data(why));
    }
    let (text, options, limits) = common(&state, &params)?;
    let source = state.sources.metrics(None).ok_or_else(|| ApiError::not_found("no metric source"))?;
    let limit = limit(&params)?;
    let timer = params.get("stats").map(|_| Timer::start());
    let work = move |control: &model::Control| {
        let timer = timer.map(Timer::begin);
        let times = promql::TimeRange { start_ms, end_ms, step_ms };
        let mut answer = promql::range(&*source, &promql::parse(&text)?, times, &options, control)?;
        let warning = truncate(&mut answer.value, limit);
        answer.warnings.extend(warning);
        Ok::<_, ApiError>(render(&answer, end_ms, timer))
    };
    state.pool.run(limits, work).await
}

/// `GET|POST /api/v1/format_query`
pub(crate) async fn format(params: Params) -> Result<Response, ApiError> {
    let query = promql::parse(query(&params)?)?;
    let mut data = String::new();
    json::string(&mut data, &promql::pretty(query.expr()));
    Ok(success(&data, &[], &[]))
}

/// When a query came, and when its evaluation began.
#[derive(Clone, Copy)]
struct Timer {
    came: Instant,
    began: Instant,
}

impl Timer {
    fn start() -> Self {
        let now = Instant::now();
        Timer { came: now, began: now }
    }

    fn begin(self) -> Self {
        Timer { began: Instant::now(), ..self }
    }

    /// `"stats":{…}`: evaluation is one pass here, so that its parts take the whole or nothing.
    fn write(self, out: &mut String, stats: promql::Stats) {
        let evaluated = self.began.elapsed().as_secs_f64();
        let queued = (self.began - self.came).as_secs_f64();
        let total = self.came.elapsed().as_secs_f64();
        let (samples, peak) = (stats.samples, stats.samples);
        out.push_str(&format!(
            ",\"stats\":{{\"timings\":{{\"evalTotalTime\":{evaluated},\"resultSortTime\":0,\"queryPreparationTime\":0,\
             \"innerEvalTime\":{evaluated},\"execQueueTime\":{queued},\"execTotalTime\":{total}}},\
             \"samples\":{{\"totalQueryableSamples\":{samples},\"peakSamples\":{peak}}}}}"
        ));
    }
}

fn render(answer: &promql::Answer, t_ms: i64, timer: Option<Timer>) -> Response {
    let mut data = String::with_capacity(4096);
    data.push('{');
    value::write(&mut data, &answer.value, t_ms);
    if let Some(timer) = timer {
        timer.write(&mut data, answer.stats);
    }
    data.push('}');
    success(&data, &answer.warnings, &answer.infos)
}

/// Cuts a value to `limit` series (0 = all) and says so.
fn truncate(value: &mut promql::Value, limit: usize) -> Option<String> {
    let len = match value {
        promql::Value::Vector(samples) => samples.len(),
        promql::Value::Matrix(series) => series.len(),
        _ => 0,
    };
    if limit == 0 || len <= limit {
        return None;
    }
    match value {
        promql::Value::Vector(samples) => samples.truncate(limit),
        promql::Value::Matrix(series) => series.truncate(limit),
        _ => {}
    }
    Some("results truncated due to limit".into())
}

pub(super) fn query(params: &Params) -> Result<&str, ApiError> {
    let missing =
        || ApiError::parameter("query", "unknown position: parse error: no expression found in input");
    params.get("query").ok_or_else(missing)
}

fn limit(params: &Params) -> Result<usize, ApiError> {
    params.get("limit").map_or(Ok(0), |text| {
        text.parse().map_err(|_| ApiError::parameter("limit", format!("{text:?} is not a number of series")))
    })
}

pub(super) fn time(text: &str, name: &str) -> Result<i64, ApiError> {
    time_ms(text)
        .ok_or_else(|| ApiError::parameter(name, format!("cannot parse {text:?} to a valid timestamp")))
}

fn common(state: &State, params: &Params) -> Result<(String, promql::Options, model::Limits), ApiError> {
    let duration = |name: &str| match params.get(name) {
        None => Ok(None),
        Some(text) => duration_ms(text)
            .filter(|ms| *ms > 0)
            .map(Some)
            .ok_or_else(|| ApiError::parameter(name, format!("cannot parse {text:?} to a valid duration"))),
    };
    let lookback_ms = duration("lookback_delta")?.unwrap_or(state.lookback_ms);
    let timeout = duration("timeout")?.map(|ms| Duration::from_millis(ms.unsigned_abs()));
    let options = promql::Options { lookback_ms, ..promql::Options::default() };
    Ok((query(params)?.to_owned(), options, state.limits_with(timeout)))
}
