//! `query`, `query_range`, `format_query`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State as Shared;
use axum::response::Response;
use promql::TimeRange;

use super::reply::{ApiError, success};
use super::request::source;
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
    let source = source(&state)?;
    let limit = limit(&params)?;
    let stats = params.get("stats");
    let (timer, each) = (stats.map(|_| Timer::start()), stats == Some("all"));
    let work = move |control: &model::Control| {
        let timer = timer.map(Timer::begin);
        let mut answer = promql::instant(&*source, &parse(&text)?, t_ms, &options, control)?;
        let warning = truncate(&mut answer.value, limit);
        answer.warnings.extend(warning);
        let times = TimeRange { start_ms: t_ms, end_ms: t_ms, step_ms: 0 };
        Ok::<_, ApiError>(render(&answer, t_ms, timer, each.then_some(times)))
    };
    state.pool.run_quick(limits, work).await
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
    let source = source(&state)?;
    let limit = limit(&params)?;
    let stats = params.get("stats");
    let (timer, each) = (stats.map(|_| Timer::start()), stats == Some("all"));
    let work = move |control: &model::Control| {
        let timer = timer.map(Timer::begin);
        let times = TimeRange { start_ms, end_ms, step_ms };
        let mut answer = promql::range(&*source, &parse(&text)?, times, &options, control)?;
        let warning = truncate(&mut answer.value, limit);
        answer.warnings.extend(warning);
        Ok::<_, ApiError>(render(&answer, end_ms, timer, each.then_some(times)))
    };
    state.pool.run(limits, work).await
}

/// `GET|POST /api/v1/format_query`
pub(crate) async fn format(params: Params) -> Result<Response, ApiError> {
    let query = parse(query(&params)?)?;
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

    /// `"stats":{…}`, with the samples of each of `steps` if they are given. Evaluation is one pass here, so that its
    /// parts take the whole or nothing.
    fn write(self, out: &mut String, answer: &promql::Answer, steps: Option<TimeRange>) {
        let evaluated = self.began.elapsed().as_secs_f64();
        let queued = (self.began - self.came).as_secs_f64();
        let total = self.came.elapsed().as_secs_f64();
        let (samples, read) = (answer.queryable.iter().sum::<u64>(), answer.stats.samples);
        out.push_str(&format!(
            ",\"stats\":{{\"timings\":{{\"evalTotalTime\":{evaluated},\"resultSortTime\":0,\"queryPreparationTime\":0,\
             \"innerEvalTime\":{evaluated},\"execQueueTime\":{queued},\"execTotalTime\":{total}}},\
             \"samples\":{{"
        ));
        if let Some(TimeRange { start_ms, step_ms, .. }) = steps {
            for (i, samples) in answer.queryable.iter().enumerate() {
                out.push_str(if i == 0 { "\"totalQueryableSamplesPerStep\":[[" } else { ",[" });
                json::seconds(out, start_ms.saturating_add(step_ms.saturating_mul(i as i64)));
                out.push_str(&format!(",{samples}]"));
            }
            out.push_str("],");
        }
        // Series are read whole where they are looked at: the most that is held is what was read.
        out.push_str(&format!("\"totalQueryableSamples\":{samples},\"peakSamples\":{read}}}}}"));
    }
}

fn render(answer: &promql::Answer, t_ms: i64, timer: Option<Timer>, steps: Option<TimeRange>) -> Response {
    let mut data = String::with_capacity(4096);
    data.push('{');
    value::write(&mut data, &answer.value, t_ms);
    if let Some(timer) = timer {
        timer.write(&mut data, answer, steps);
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

/// The parameter `query` as an expression.
pub(super) fn parse(text: &str) -> Result<promql::Query, ApiError> {
    promql::parse(text).map_err(|error| ApiError::parameter("query", error))
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
    let count_samples = params.get("stats").is_some();
    let options = promql::Options { lookback_ms, count_samples, ..promql::Options::default() };
    Ok((query(params)?.to_owned(), options, state.limits_with(timeout)))
}
