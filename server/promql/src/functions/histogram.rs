//! `histogram_quantile`, `histogram_quantiles`, `histogram_fraction` of classic buckets and native histograms, and what
//! single native histograms say of themselves.

mod buckets;
mod native;

use model::{BUCKET_LABEL, Histogram, Labels};
use rustc_hash::FxHashMap;

use crate::ast::{Call, Expr, Span};
use crate::column::{ABSENT, Row, Steps, is_absent};
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, Output, distinct, merge_equal};
use crate::histogram_notes::Subject;
use crate::number::{format_float, format_short};
use crate::quote::{is_label_name, quote};
use buckets::{Bucket, Fixes};

/// The buckets of one classic histogram: upper bounds with their rows.
struct Group {
    labels: Labels,
    rows: Vec<(f64, Row)>,
    /// The steps at which a native histogram has the same labels: neither counts there.
    taken: Vec<bool>,
}

impl Group {
    /// The buckets at one step; none where a native histogram stands beside them.
    fn at(&self, step: usize, buckets: &mut Vec<Bucket>) {
        buckets.clear();
        if self.taken.get(step).copied().unwrap_or(false) {
            return;
        }
        let present = self.rows.iter().filter(|(_, row)| !is_absent(row.values[step]));
        buckets.extend(present.map(|(upper, row)| Bucket { upper: *upper, count: row.values[step] }));
    }
}

/// The histograms of an argument.
struct Argument<'e> {
    evaluator: &'e Evaluator<'e>,
    span: Span,
    classic: Vec<Group>,
    native: Vec<Row>,
}

/// Warns of a quantile that is none.
pub(crate) fn check_quantile(evaluator: &Evaluator<'_>, q: f64, span: Span) {
    if q.is_nan() || !(0.0..=1.0).contains(&q) {
        let q = format_short(q);
        evaluator.warn(span, &format!("quantile value should be between 0 and 1, got {q}"));
    }
}

impl<'e> Argument<'e> {
    /// Puts the rows of an argument together by histogram; floats without a usable bound are warned of.
    fn of(evaluator: &'e Evaluator<'e>, arg: &Expr, steps: Steps) -> Result<Self> {
        let (mut classic, mut native): (Vec<Group>, Vec<Row>) = (Vec::new(), Vec::new());
        let mut index: FxHashMap<Labels, usize> = FxHashMap::default();
        for mut row in evaluator.rows(arg, steps)? {
            let histograms = std::mem::take(&mut row.histograms);
            if histograms.iter().any(Option::is_some) {
                let mut alone = Row::absent(row.labels.clone(), steps.count);
                alone.histograms = histograms;
                native.push(alone);
            }
            if !row.has_samples() {
                continue;
            }
            let bound = row.labels.value(BUCKET_LABEL);
            let Some(upper) = parse_bound(bound) else {
                let metric = row.labels.metric_name();
                Subject { evaluator, span: arg.span, metric }.bad_bound(bound);
                continue;
            };
            let labels = row.labels.without(&[BUCKET_LABEL]);
            let at = *index.entry(labels.clone()).or_insert_with(|| {
                classic.push(Group { labels, rows: Vec::new(), taken: Vec::new() });
                classic.len() - 1
            });
            classic[at].rows.push((upper, row));
        }
        let mut argument = Argument { evaluator, span: arg.span, classic, native };
        argument.part(&index);
        Ok(argument)
    }

    /// Takes out the steps at which a classic and a native histogram have the same labels, and warns of them.
    fn part(&mut self, index: &FxHashMap<Labels, usize>) {
        for row in &mut self.native {
            let Some(group) = index.get(&row.labels).map(|at| &mut self.classic[*at]) else { continue };
            let steps = row.values.len();
            for step in (0..steps).filter(|step| row.histograms[*step].is_some()).collect::<Vec<_>>() {
                if group.rows.iter().any(|(_, row)| !is_absent(row.values[step])) {
                    group.taken.resize(steps, false);
                    group.taken[step] = true;
                    row.histograms[step] = None;
                    let metric = row.labels.metric_name();
                    Subject { evaluator: self.evaluator, span: self.span, metric }.mixed_with_classic();
                }
            }
        }
    }

    fn subject<'a>(&self, row: &'a Row) -> Subject<'a>
    where
        'e: 'a,
    {
        Subject { evaluator: self.evaluator, span: self.span, metric: row.labels.metric_name() }
    }

    /// One quantile a step of each histogram.
    fn quantiles(&self, qs: &[f64]) -> Vec<Row> {
        let native = self.native.iter().map(|row| self.native_quantiles(row, qs));
        let classic = self.classic.iter().map(|group| quantile_row(self.evaluator, group, qs, self.span));
        native.chain(classic).filter(Row::has_samples).collect()
    }

    fn native_quantiles(&self, row: &Row, qs: &[f64]) -> Row {
        let mut out = Row { drop_name: true, ..Row::absent(row.labels.clone(), qs.len()) };
        for (step, q) in qs.iter().enumerate() {
            let Some(histogram) = row.histogram(step) else { continue };
            let (value, effect) = native::quantile(*q, histogram);
            out.values[step] = value;
            match effect {
                Some(native::NanEffect::ResultIsNan) => {
                    self.subject(row).nan("histogram_quantile", "result is NaN");
                }
                Some(native::NanEffect::SkewsHigher) => {
                    self.subject(row).nan("histogram_quantile", "result is skewed higher");
                }
                None => {}
            }
        }
        out
    }
}

/// A bound as Go reads floats.
fn parse_bound(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && !text.starts_with(char::is_whitespace);
    plain.then(|| crate::number::parse_number(text).or_else(|| text.parse().ok())).flatten()
}

pub(super) fn quantile(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let (q_arg, arg) = (&call.args[0], &call.args[1]);
    let qs = evaluator.scalar(q_arg, steps)?;
    distinct(&qs, |q| check_quantile(evaluator, q, q_arg.span));
    Ok(Output::Rows(Argument::of(evaluator, arg, steps)?.quantiles(&qs)))
}

fn quantile_row(evaluator: &Evaluator<'_>, group: &Group, qs: &[f64], span: Span) -> Row {
    let mut row = Row::absent(group.labels.clone(), qs.len());
    row.drop_name = true;
    let mut at_step = Vec::new();
    let mut fixes = Fixes::default();
    for (step, q) in qs.iter().enumerate() {
        group.at(step, &mut at_step);
        if !at_step.is_empty() {
            row.values[step] = buckets::quantile(*q, &mut at_step, &mut fixes);
        }
    }
    if let Some(what) = fixes.describe() {
        let name = quote(group.labels.metric_name());
        let message = format!(
            "input to histogram_quantile needed to be fixed for monotonicity ({what}) for metric name {name}"
        );
        evaluator.inform(span, &message);
    }
    row
}

/// Several quantiles at once, each with its value in a label.
pub(super) fn quantiles(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let arg = &call.args[0];
    let label = evaluator.string(&call.args[1], steps)?;
    if !is_label_name(&label) {
        return Err(Error::execution(format!("invalid label name {}", quote(&label))));
    }
    let histograms = Argument::of(evaluator, arg, steps)?;
    let mut rows = Vec::new();
    for q_arg in &call.args[2..] {
        let qs = evaluator.scalar(q_arg, steps)?;
        distinct(&qs, |q| check_quantile(evaluator, q, q_arg.span));
        for row in histograms.quantiles(&qs) {
            // A quantile that changes from step to step changes its label too.
            let mut values: Vec<f64> = Vec::new();
            distinct(&qs, |q| {
                if !values.iter().any(|v| v.to_bits() == q.to_bits()) {
                    values.push(q);
                }
            });
            for value in values {
                let mut part = row.clone();
                part.labels = row.labels.with(&label, &quantile_label(value));
                for (step, q) in qs.iter().enumerate() {
                    if q.to_bits() != value.to_bits() {
                        part.values[step] = ABSENT;
                    }
                }
                rows.push(part);
            }
        }
    }
    Ok(Output::Rows(merge_equal(rows)?))
}

/// Whole numbers keep their `.0`, as in OpenMetrics.
fn quantile_label(q: f64) -> String {
    let text = format_float(q);
    if q.is_finite() && !text.contains('.') { format!("{text}.0") } else { text }
}

pub(super) fn fraction(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let (lower, upper) = (evaluator.scalar(&call.args[0], steps)?, evaluator.scalar(&call.args[1], steps)?);
    let histograms = Argument::of(evaluator, &call.args[2], steps)?;
    let mut rows = Vec::with_capacity(histograms.native.len() + histograms.classic.len());
    for native in &histograms.native {
        let mut row = Row { drop_name: true, ..Row::absent(native.labels.clone(), steps.count) };
        for step in 0..steps.count {
            let Some(histogram) = native.histogram(step) else { continue };
            let (value, has_nan) = native::fraction(lower[step], upper[step], histogram);
            row.values[step] = value;
            if has_nan {
                histograms.subject(native).nan("histogram_fraction", "which are excluded from all fractions");
            }
        }
        rows.push(row);
    }
    let mut at_step = Vec::new();
    for group in &histograms.classic {
        let mut row = Row { drop_name: true, ..Row::absent(group.labels.clone(), steps.count) };
        for step in 0..steps.count {
            group.at(step, &mut at_step);
            if !at_step.is_empty() {
                row.values[step] = buckets::fraction(lower[step], upper[step], &mut at_step);
            }
        }
        rows.push(row);
    }
    rows.retain(Row::has_samples);
    Ok(Output::Rows(rows))
}

/// What one native histogram says of itself.
pub(super) fn summary(name: &str) -> Option<fn(&Histogram) -> f64> {
    Some(match name {
        "histogram_count" => |h| h.count,
        "histogram_sum" => |h| h.sum,
        "histogram_avg" => |h| h.sum / h.count,
        "histogram_stddev" => |h| native::variance(h).sqrt(),
        "histogram_stdvar" => native::variance,
        _ => return None,
    })
}

/// Floats have no such summary: they are left out.
pub(super) fn summarised(row: Row, summary: fn(&Histogram) -> f64) -> Row {
    let values = row.histograms.iter().map(|histogram| histogram.as_ref().map_or(ABSENT, |h| summary(h)));
    let mut values: Vec<f64> = values.collect();
    values.resize(row.values.len(), ABSENT);
    Row { labels: row.labels, drop_name: true, values, histograms: Vec::new() }
}
