//! Range aggregations: samples of lines to series over all steps.

mod functions;

use std::sync::atomic::{AtomicU64, Ordering};

use model::{Direction, Labels, LogScan, LogSelect, MatchOp, Need};
use rayon::prelude::*;

use super::accumulate::{Accumulator, Gathered, Keys, Sample};
use super::window::Windows;
use super::{Column, Evaluator, Steps};
use crate::ast::{At, Grouping, LogRange, RangeAggregation, RangeOp};
use crate::line::Line;
use crate::scan::{Env, Plan};
use crate::stages::{Pipeline, Unwrap, Wanted, filter_reads};
use crate::{Error, Result};

/// What a line counts.
#[derive(Debug)]
enum Measure {
    One,
    Bytes,
    Label(Unwrap),
}

/// A range aggregation, ready to read parts.
struct Job<'a> {
    env: &'a Env<'a>,
    op: RangeOp,
    pipeline: Pipeline,
    measure: Measure,
    keys: Keys,
    windows: Windows,
    need: Need,
    /// Bytes reserved for what was gathered.
    reserved: AtomicU64,
}

/// The series of `aggregation`; `pushed` is the grouping of a `sum` around it.
pub(super) fn evaluate(
    aggregation: &RangeAggregation,
    pushed: Option<&Grouping>,
    evaluator: &Evaluator<'_>,
) -> Result<Vec<Column>> {
    let (steps, fixed) = shifted(&aggregation.range, evaluator.steps)?;
    let absent = aggregation.op == RangeOp::AbsentOverTime;
    let everything = Grouping::default();
    let grouping = match absent {
        true => Some(&everything),
        false => aggregation.grouping.as_ref().or(pushed),
    };
    let mut columns = gather(aggregation, grouping, steps, evaluator.env)?;
    if absent {
        columns = vec![absent_column(&aggregation.range, &columns, steps.count)];
    }
    if fixed {
        for column in &mut columns {
            column.values = vec![column.values[0]; evaluator.steps.count];
        }
    }
    Ok(columns)
}

/// The times at which windows end, and whether it is one for all steps.
fn shifted(range: &LogRange, steps: Steps) -> Result<(Steps, bool)> {
    let bounded = |ns: f64| (ns.abs() < super::MAX_TIME_NS as f64).then_some(ns as i64);
    let at = match range.at {
        None => None,
        Some(At::Start) => Some(steps.start_ns),
        Some(At::End) => Some(steps.end_ns()),
        Some(At::Seconds(seconds)) => {
            Some(bounded(seconds * 1e9).ok_or_else(|| Error::evaluation("the time of @ is too far away"))?)
        }
    };
    let too_far = range.offset_ns.abs() > super::MAX_TIME_NS || range.range_ns > super::MAX_TIME_NS;
    if too_far {
        return Err(Error::evaluation("range or offset is too long"));
    }
    Ok(match at {
        None => (Steps { start_ns: steps.start_ns - range.offset_ns, ..steps }, false),
        Some(at) => (Steps { start_ns: at - range.offset_ns, step_ns: 1, count: 1 }, true),
    })
}

/// 1 where `columns` has nothing, with the labels that the selector fixes.
fn absent_column(range: &LogRange, columns: &[Column], steps: usize) -> Column {
    let mut fixed: Vec<(&str, &str)> = Vec::new();
    for matcher in range.log.matchers.iter().filter(|m| m.op() == MatchOp::Equal) {
        let only = range.log.matchers.iter().filter(|m| m.name() == matcher.name()).count() == 1;
        if only {
            fixed.push((matcher.name(), matcher.value()));
        }
    }
    let mut absent = Column::empty(Labels::from_pairs(fixed), steps);
    for (step, value) in absent.values.iter_mut().enumerate() {
        if columns.iter().all(|column| column.get(step).is_none()) {
            *value = 1.0;
        }
    }
    absent
}

fn gather(
    aggregation: &RangeAggregation,
    grouping: Option<&Grouping>,
    steps: Steps,
    env: &Env<'_>,
) -> Result<Vec<Column>> {
    let range = &aggregation.range;
    let plan = Plan::new(&range.log)?;
    let pipeline = Pipeline::compile(&plan.stages, &wanted(range, grouping))?;
    let measure = match (&range.unwrap, aggregation.op) {
        (Some(unwrap), _) => Measure::Label(Unwrap::new(unwrap)?),
        (None, RangeOp::BytesOverTime | RangeOp::BytesRate) => Measure::Bytes,
        (None, _) => Measure::One,
    };
    let least = match (&measure, pipeline.reads_lines()) {
        (Measure::Label(_), _) | (_, true) => Need::Lines,
        (Measure::Bytes, false) => Need::Sizes,
        (Measure::One, false) => Need::Timestamps,
    };
    // Structured metadata makes series, unless the grouping asks only for labels that the streams have.
    let streams_tell =
        grouping.is_some_and(|g| !g.without && g.labels.iter().all(|label| plan.always_has(label)));
    let mut select = LogSelect {
        matchers: plan.matchers,
        start_ns: steps.start_ns - range.range_ns + 1,
        end_ns: steps.end_ns() + 1,
        filters: plan.filters,
        direction: Direction::Forward,
        need: least,
        arrivals: None,
    };
    let mut scan = env.source.scan(&select, env.control)?;
    if least < Need::Lines && !streams_tell && scan.has_metadata() {
        select.need = Need::Lines;
        scan = env.source.scan(&select, env.control)?;
    }
    let windows = Windows::new(steps, range.range_ns);
    let keys = Keys::new(grouping.cloned());
    let (op, need, reserved) = (aggregation.op, select.need, AtomicU64::new(0));
    let job = Job { env, op, pipeline, measure, keys, windows, need, reserved };
    let gathered = job.read_all(scan.as_ref())?;
    env.warn(scan.warnings());
    let columns = finish(aggregation, gathered, &windows, steps, env);
    env.control.release_bytes(job.reserved.into_inner());
    columns
}

/// The labels that the series need.
fn wanted(range: &LogRange, grouping: Option<&Grouping>) -> Wanted {
    let mut wanted = match grouping {
        Some(grouping) if !grouping.without => Wanted::only(grouping.labels.iter().map(String::as_str)),
        _ => return Wanted::All,
    };
    if let Some(unwrap) = &range.unwrap {
        wanted.add(&unwrap.label);
        unwrap.filters.iter().for_each(|filter| filter_reads(filter, &mut wanted));
    }
    wanted
}

impl Job<'_> {
    fn read_all(&self, scan: &dyn LogScan) -> Result<Accumulator> {
        let parts = scan.parts().len();
        self.env.counters.offered(scan.parts());
        (0..parts)
            .into_par_iter()
            .try_fold(Accumulator::default, |mut accumulator, part| {
                self.env.control.check()?;
                self.read(scan, part, &mut accumulator)?;
                Ok(accumulator)
            })
            .try_reduce(Accumulator::default, |a, b| Ok(a.merge(b)))
    }

    fn read(&self, scan: &dyn LogScan, part: usize, accumulator: &mut Accumulator) -> Result<()> {
        let batch = scan.read(part, self.env.control)?;
        self.env.counters.read(&batch);
        accumulator.start(&batch);
        let before = accumulator.held_bytes();
        let mut line = Line { now_ns: self.env.now_ns, ..Line::default() };
        let none = Labels::empty();
        let with_metadata = self.need == Need::Lines && !batch.metadata.is_empty();
        let plain =
            !self.pipeline.reads_lines() && !matches!(self.measure, Measure::Label(_)) && !with_metadata;
        let mut at = 0;
        while at < batch.len() {
            let i = at;
            let (t_ns, stream) = (batch.timestamps[i], batch.stream_of[i]);
            at += 1;
            if plain {
                let series = accumulator.known(stream).unwrap_or_else(|| {
                    line.start(t_ns, &[], &batch.streams[stream as usize], &none);
                    accumulator.series_of(&self.keys, stream, &line.labels)
                });
                let value = match self.measure {
                    Measure::Bytes => match batch.sizes.get(i) {
                        Some(size) => f64::from(*size),
                        None => batch.lines[i].len() as f64,
                    },
                    _ => {
                        at = i + ascending(&batch.timestamps[i..], &batch.stream_of[i..]);
                        accumulator.add_ones(&self.windows, part, series, &batch.timestamps[i..at]);
                        continue;
                    }
                };
                accumulator.add_to_bucket(&self.windows, part, series, (t_ns, value));
                continue;
            }
            let metadata = batch.metadata.get(i).unwrap_or(&none);
            line.start(t_ns, &batch.lines[i], &batch.streams[stream as usize], metadata);
            let Some(value) = self.value(&mut line)? else {
                continue;
            };
            let series = accumulator.series_of(&self.keys, stream, &line.labels);
            if functions::needs_samples(self.op) {
                accumulator.add_sample(series, Sample { t_ns, sequence: batch.sequence[i], value });
            } else {
                accumulator.add_to_bucket(&self.windows, part, series, (t_ns, value));
            }
        }
        let grown = accumulator.held_bytes().saturating_sub(before);
        self.env.control.reserve_bytes(grown)?;
        self.reserved.fetch_add(grown, Ordering::Relaxed);
        Ok(())
    }

    /// What the line counts, if it gets through.
    fn value(&self, line: &mut Line<'_>) -> Result<Option<f64>> {
        if !self.pipeline.apply(line) {
            return Ok(None);
        }
        let value = match &self.measure {
            Measure::One => 1.0,
            Measure::Bytes => line.text().len() as f64,
            Measure::Label(unwrap) => match unwrap.value(line) {
                Some(value) => value,
                None => return Ok(None),
            },
        };
        match line.labels.error() {
            None => Ok(Some(value)),
            Some(error) => Err(Error::Pipeline {
                kind: error.as_str().to_owned(),
                series: line.labels.to_labels().to_string(),
            }),
        }
    }
}

/// How many entries from the first on are of one stream, none older than the one before it.
fn ascending(times: &[i64], streams: &[u32]) -> usize {
    let pairs = times.windows(2).zip(streams.windows(2));
    1 + pairs.take_while(|(times, streams)| times[0] <= times[1] && streams[0] == streams[1]).count()
}

/// The columns of what was gathered.
fn finish(
    aggregation: &RangeAggregation,
    gathered: Accumulator,
    windows: &Windows,
    steps: Steps,
    env: &Env<'_>,
) -> Result<Vec<Column>> {
    let columns_bytes = (gathered.series.len() * (steps.count * 8 + 64)) as u64;
    env.control.reserve_bytes(columns_bytes)?;
    let columns = gathered
        .series
        .into_par_iter()
        .map(|series| {
            let Gathered { labels, buckets, samples, .. } = series;
            let mut column = Column::empty(labels, steps.count);
            match functions::needs_samples(aggregation.op) {
                true => functions::over_samples(aggregation, samples, (windows, steps), &mut column.values),
                false => functions::over_buckets(aggregation, buckets, windows, &mut column.values),
            }
            column
        })
        .collect();
    // The columns live until the answer is out: they stay reserved.
    Ok(columns)
}
