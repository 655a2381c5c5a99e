//! Reads series from the source, several batches at a time, and turns each into a row.

use std::sync::Arc;

use model::{Histogram, Select, Series, is_stale};
use rayon::prelude::*;

use crate::ast::{MatrixSelector, RangeMode, Span, Subquery, VectorSelector};
use crate::column::{ABSENT, Row, Steps, is_absent};
use crate::counted::size;
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, Output, Sink};
use crate::functions::{smoothed_at, smoothed_points};
use crate::histogram_notes::Subject;
use crate::native::with_found_hint;
use crate::value::MatrixSeries;
use crate::window::{ColumnCache, NONE, References, Samples, newest};

/// Series between two looks at the deadline.
const CHECK_EVERY: usize = 256;

/// Samples of a single batch from which on waking other threads pays.
const WORTH_SHARING: usize = 16_384;

impl Evaluator<'_> {
    /// Selects `matchers` between two times and hands each batch, turned into rows, to `sink` in order.
    pub(crate) fn stream_series<F>(&self, select: &Select, make: F, sink: &mut Sink<'_>) -> Result<()>
    where
        F: Fn(Vec<Series>) -> Result<Vec<Row>> + Sync,
    {
        let set = self.source.select(select, self.control)?;
        let batches = set.batches();
        let width = if batches > 1 { rayon::current_num_threads() * 2 } else { 1 };
        let one = |batch: usize| -> Result<Vec<Row>> {
            self.control.check()?;
            make(set.read(batch, self.control)?)
        };
        for first in (0..batches).step_by(width.max(1)) {
            let last = (first + width).min(batches);
            if last - first == 1 {
                sink(self.of_one_batch(set.read(first, self.control)?, &make)?)?;
                continue;
            }
            let done: Vec<Result<Vec<Row>>> = (first..last).into_par_iter().map(one).collect();
            for rows in done {
                sink(rows?)?;
            }
        }
        self.warn_source(set.warnings());
        Ok(())
    }

    /// The rows of a batch that is alone: its series are shared out, for nothing else keeps the threads busy.
    fn of_one_batch<F>(&self, mut series: Vec<Series>, make: &F) -> Result<Vec<Row>>
    where
        F: Fn(Vec<Series>) -> Result<Vec<Row>> + Sync,
    {
        self.control.check()?;
        let samples: usize = series.iter().map(|s| s.values.len()).sum();
        let share = series.len().div_ceil(rayon::current_num_threads()).max(1);
        if samples < WORTH_SHARING || share == series.len() {
            return make(series);
        }
        let mut shares = Vec::new();
        while !series.is_empty() {
            let rest = series.split_off(share.min(series.len()));
            shares.push(std::mem::replace(&mut series, rest));
        }
        let done: Vec<Result<Vec<Row>>> = shares.into_par_iter().map(make).collect();
        let mut rows = Vec::new();
        for part in done {
            rows.append(&mut part?);
        }
        Ok(rows)
    }

    /// The value of a selector at each step: its newest sample, unless that is stale or too old.
    pub(crate) fn stream_selector(
        &self,
        selector: &VectorSelector,
        span: Span,
        steps: Steps,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        match selector.mode {
            RangeMode::Plain => {}
            RangeMode::Anchored => {
                return Err(Error::Query("anchored modifier can only be used with range vectors".into()));
            }
            RangeMode::Smoothed => return self.stream_smoothed(selector, span, steps, sink),
        }
        let find =
            Find { finds_resets: self.finds_resets(span), ..self.find(selector, span, steps, Pick::Value)? };
        self.stream_newest(selector, find, sink)
    }

    /// What to find at which times.
    pub(crate) fn find(
        &self,
        selector: &VectorSelector,
        span: Span,
        steps: Steps,
        pick: Pick,
    ) -> Result<Find> {
        Ok(self.find_at(self.timing(&selector.timing, span)?, steps, pick))
    }

    /// What to find at which times, given `@` and offset.
    pub(crate) fn find_at(&self, (fixed, offset): (Option<i64>, i64), steps: Steps, pick: Pick) -> Find {
        Find { references: References::new(steps, fixed, offset), pick, finds_resets: false }
    }

    /// For each step what is picked of the newest sample there.
    pub(crate) fn stream_newest(
        &self,
        selector: &VectorSelector,
        find: Find,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let references = find.references;
        let lookback = self.options.lookback_ms;
        let select = Select {
            matchers: selector.matchers.clone(),
            start_ms: references.first_ms.saturating_sub(lookback).saturating_add(1),
            end_ms: references.last_ms(),
        };
        let make = |series: Vec<Series>| {
            let mut columns = ColumnCache::new();
            let mut rows = Vec::with_capacity(series.len());
            for (n, series) in series.into_iter().enumerate() {
                if n % CHECK_EVERY == 0 {
                    self.control.check()?;
                }
                let indices = columns.get(&series.timestamps, |times| newest(times, references, lookback));
                let row = row_of_newest(&series, &indices, find);
                if let (Some(counted), Some(row)) = (&self.counted, &row) {
                    counted.add_row(row);
                }
                rows.extend(row);
            }
            Ok(rows)
        };
        self.stream_series(&select, make, sink)
    }

    /// `smoothed`: between two samples, the value on the line between them.
    fn stream_smoothed(
        &self,
        selector: &VectorSelector,
        span: Span,
        steps: Steps,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let (fixed, offset) = self.timing(&selector.timing, span)?;
        let references = References::new(steps, fixed, offset);
        let lookback = self.options.lookback_ms;
        let select = Select {
            matchers: selector.matchers.clone(),
            start_ms: references.first_ms.saturating_sub(lookback).saturating_add(1),
            end_ms: references.last_ms().saturating_add(lookback),
        };
        let make = |series: Vec<Series>| {
            let rows = series.iter().map(|series| {
                let samples = Samples::of(series);
                if !samples.histograms.is_empty() {
                    let subject = Subject { evaluator: self, span, metric: series.labels.metric_name() };
                    return smoothed_points(series.labels.clone(), &samples, (references, lookback), subject);
                }
                let values = (0..references.count).map(|i| smoothed_at(&samples, references.at(i), lookback));
                Row::new(series.labels.clone(), values.collect())
            });
            let rows: Vec<Row> = rows.filter(Row::has_samples).collect();
            if let Some(counted) = &self.counted {
                rows.iter().for_each(|row| counted.add_row(row));
            }
            Ok(rows)
        };
        self.stream_series(&select, make, sink)
    }

    /// The rows of a subquery's expression, the grid they stand on, and when each outer step looks at them.
    pub(crate) fn subquery_rows(
        &self,
        subquery: &Subquery,
        span: Span,
        steps: Steps,
    ) -> Result<(Vec<Row>, Steps, (References, i64))> {
        let (fixed, offset) = self.timing(&subquery.timing, span)?;
        let references = References::new(steps, fixed, offset);
        let range = self.positive_millis(&subquery.range, span)?;
        let step = match &subquery.step {
            Some(step) => self.positive_millis(step, span)?,
            None => self.options.default_step_ms.max(1),
        };
        let open = references.first_ms.saturating_sub(range);
        // Steps are multiples of the resolution, whatever the query's times; the window is open on the left.
        let mut start = step.saturating_mul(open / step);
        if start <= open {
            start = start.saturating_add(step);
        }
        let end = references.last_ms();
        if start > end {
            return Ok((Vec::new(), Steps::instant(start), (references, range)));
        }
        let grid = Steps::range(start, end, step);
        if grid.count > crate::engine::MAX_STEPS * 10 {
            let most = crate::engine::MAX_STEPS * 10;
            return Err(Error::execution(format!(
                "subquery of {} steps exceeds the bound of {most}: use a longer resolution or a shorter range",
                grid.count
            )));
        }
        match self.evaluate(&subquery.expr, grid)? {
            Output::Rows(rows) => Ok((rows, grid, (references, range))),
            _ => Err(model::Error::internal("a subquery over no vector").into()),
        }
    }

    /// The same below a function, which counts the samples of its windows.
    pub(crate) fn subquery_argument(
        &self,
        subquery: &Subquery,
        span: Span,
        steps: Steps,
    ) -> Result<(Vec<Row>, Steps, (References, i64))> {
        match &self.counted {
            Some(counted) => counted.mute(|| self.subquery_rows(subquery, span, steps)),
            None => self.subquery_rows(subquery, span, steps),
        }
    }

    /// The samples of a range selector at one time, as they are.
    pub(crate) fn raw_samples(
        &self,
        matrix: &MatrixSelector,
        span: Span,
        at_ms: i64,
    ) -> Result<Vec<MatrixSeries>> {
        let (fixed, offset) = self.timing(&matrix.selector.timing, span)?;
        let end_ms = fixed.unwrap_or(at_ms).saturating_sub(offset);
        let range = self.positive_millis(&matrix.range, span)?;
        let select = Select {
            matchers: matrix.selector.matchers.clone(),
            start_ms: end_ms.saturating_sub(range).saturating_add(1),
            end_ms,
        };
        let set = self.source.select(&select, self.control)?;
        let mut out = Vec::new();
        for batch in 0..set.batches() {
            for series in set.read(batch, self.control)? {
                self.reserve((series.values.len() * 16) as u64)?;
                let series = raw(&series, select.start_ms, end_ms);
                if let (Some(counted), Some(series)) = (&self.counted, &series) {
                    let floats = series.values.len() - series.histograms.len();
                    let histograms: u64 = series.histograms.iter().map(|(_, h)| size(h)).sum();
                    counted.add(0, floats as u64 + histograms);
                }
                out.extend(series);
            }
        }
        self.warn_source(set.warnings());
        Ok(out)
    }
}

/// What of a sample becomes a step's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The value itself.
    Value,
    /// Its time in seconds.
    Timestamp,
    /// When its counter began, in seconds.
    Start,
}

/// A [`Pick`] and the times at which to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Find {
    references: References,
    pick: Pick,
    /// See [`Evaluator::finds_resets`].
    finds_resets: bool,
}

fn row_of_newest(series: &Series, indices: &[u32], find: Find) -> Option<Row> {
    let pick = find.pick;
    let value = |index: usize| match pick {
        Pick::Value => series.values[index],
        Pick::Timestamp => series.timestamps[index] as f64 / 1000.0,
        Pick::Start => {
            let change = series.starts.partition_point(|(at, _)| *at as usize <= index).checked_sub(1);
            change.map_or(ABSENT, |at| series.starts[at].1 as f64 / 1000.0)
        }
    };
    let at = |index: u32| match index {
        NONE => ABSENT,
        index if is_stale(series.values[index as usize]) => ABSENT,
        index => value(index as usize),
    };
    let mut row = Row::new(series.labels.clone(), indices.iter().map(|i| at(*i)).collect());
    if pick == Pick::Value && !series.histograms.is_empty() {
        for (step, index) in indices.iter().enumerate() {
            let found = histogram_at(series, *index, find.finds_resets);
            if let Some(histogram) = found.filter(|_| !is_absent(row.values[step])) {
                row.set_histogram(step, histogram);
            }
        }
    }
    row.has_samples().then_some(row)
}

fn histogram_at(series: &Series, index: u32, find_reset: bool) -> Option<Arc<Histogram>> {
    let found = series.histograms.binary_search_by_key(&index, |(i, _)| *i).ok()?;
    let histogram = &series.histograms[found].1;
    match found.checked_sub(1).filter(|_| find_reset) {
        Some(before) => Some(with_found_hint(histogram, &series.histograms[before].1)),
        None => Some(histogram.clone()),
    }
}

/// The samples between two times, both included, without stale markers.
fn raw(series: &Series, start_ms: i64, end_ms: i64) -> Option<MatrixSeries> {
    let (mut timestamps, mut values, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (&t, &value)) in series.timestamps.iter().zip(&series.values).enumerate() {
        if t < start_ms || t > end_ms || is_stale(value) {
            continue;
        }
        match histogram_at(series, i as u32, false) {
            Some(histogram) => {
                histograms.push((timestamps.len() as u32, histogram));
                values.push(ABSENT);
            }
            None => values.push(value),
        }
        timestamps.push(t);
    }
    (!timestamps.is_empty()).then(|| MatrixSeries {
        labels: series.labels.clone(),
        timestamps: timestamps.into(),
        values,
        histograms,
    })
}
