//! `histogram_quantile`, `histogram_quantiles`, `histogram_fraction` on classic buckets, and what single native
//! histograms say of themselves.

mod buckets;

use model::{BUCKET_LABEL, Histogram, Labels};
use rustc_hash::FxHashMap;

use super::no_histograms;
use crate::ast::{Call, Expr, Span};
use crate::column::{ABSENT, Row, Steps, is_absent};
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, Output, distinct, merge_equal};
use crate::number::format_float;
use crate::quote::{is_label_name, quote};
use buckets::{Bucket, Fixes};

/// The buckets of one classic histogram: upper bounds with their rows.
struct Group {
    labels: Labels,
    rows: Vec<(f64, Row)>,
    /// Native histograms with the same labels.
    native: Vec<Row>,
}

impl Group {
    /// The buckets at one step; none where a native histogram stands beside them.
    fn at(&self, step: usize, buckets: &mut Vec<Bucket>) {
        buckets.clear();
        if self.native_at(step) {
            return;
        }
        let present = self.rows.iter().filter(|(_, row)| !is_absent(row.values[step]));
        buckets.extend(present.map(|(upper, row)| Bucket { upper: *upper, count: row.values[step] }));
    }

    fn native_at(&self, step: usize) -> bool {
        self.native.iter().any(|row| row.histogram(step).is_some())
    }

    /// Warns of steps with both kinds; native histograms alone are an error.
    fn check(&self, evaluator: &Evaluator<'_>, call: &Call, span: Span, steps: usize) -> Result<()> {
        for step in (0..if self.native.is_empty() { 0 } else { steps }).filter(|step| self.native_at(*step)) {
            if !self.rows.iter().any(|(_, row)| !is_absent(row.values[step])) {
                return Err(no_histograms(&format!("{}()", call.function.name)));
            }
            let name = quote(self.labels.metric_name());
            let message =
                format!("vector contains a mix of classic and native histograms for metric name {name}");
            evaluator.warn(span, &message);
        }
        Ok(())
    }
}

/// Warns of a quantile that is none.
pub(crate) fn check_quantile(evaluator: &Evaluator<'_>, q: f64, span: Span) {
    if q.is_nan() || !(0.0..=1.0).contains(&q) {
        let q = format_float(q);
        evaluator.warn(span, &format!("quantile value should be between 0 and 1, got {q}"));
    }
}

/// Puts the rows of an argument together by histogram; rows without a usable bound are warned of.
fn groups(evaluator: &Evaluator<'_>, call: &Call, arg: &Expr, steps: Steps) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut index: FxHashMap<Labels, usize> = FxHashMap::default();
    for row in evaluator.rows(arg, steps)? {
        let native = row.histograms.iter().any(Option::is_some);
        let bound = row.labels.value(BUCKET_LABEL);
        let upper = parse_bound(bound);
        if upper.is_none() && !native {
            let message = format!(
                "bucket label \"le\" is missing or has a malformed value of {} for metric name {}",
                quote(bound),
                quote(row.labels.metric_name())
            );
            evaluator.warn(arg.span, &message);
            continue;
        }
        let labels = row.labels.without(&[BUCKET_LABEL]);
        let at = *index.entry(labels.clone()).or_insert_with(|| {
            groups.push(Group { labels, rows: Vec::new(), native: Vec::new() });
            groups.len() - 1
        });
        match upper {
            Some(upper) if !native => groups[at].rows.push((upper, row)),
            _ => groups[at].native.push(row),
        }
    }
    for group in &groups {
        group.check(evaluator, call, arg.span, steps.count)?;
    }
    Ok(groups)
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
    let groups = groups(evaluator, call, arg, steps)?;
    let rows = groups.iter().map(|group| quantile_row(evaluator, group, &qs, arg.span));
    Ok(Output::Rows(rows.collect()))
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
    let groups = groups(evaluator, call, arg, steps)?;
    let mut rows = Vec::new();
    for q_arg in &call.args[2..] {
        let qs = evaluator.scalar(q_arg, steps)?;
        distinct(&qs, |q| check_quantile(evaluator, q, q_arg.span));
        for group in &groups {
            let row = quantile_row(evaluator, group, &qs, arg.span);
            // A quantile that changes from step to step changes its label too.
            let mut values: Vec<f64> = Vec::new();
            distinct(&qs, |q| {
                if !values.iter().any(|v| v.to_bits() == q.to_bits()) {
                    values.push(q);
                }
            });
            for value in values {
                let mut part = row.clone();
                part.labels = group.labels.with(&label, &quantile_label(value));
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
    let groups = groups(evaluator, call, &call.args[2], steps)?;
    let mut at_step = Vec::new();
    let rows = groups.into_iter().map(|group| {
        let mut row = Row::absent(group.labels.clone(), steps.count);
        row.drop_name = true;
        for step in 0..steps.count {
            group.at(step, &mut at_step);
            if !at_step.is_empty() {
                row.values[step] = buckets::fraction(lower[step], upper[step], &mut at_step);
            }
        }
        row
    });
    Ok(Output::Rows(rows.collect()))
}

/// What one native histogram says of itself without a look at its buckets.
pub(super) type Summary = Option<fn(&Histogram) -> f64>;

/// The function as one of a histogram: `Some(None)` if it needs the buckets.
pub(super) fn summary(name: &str) -> Option<Summary> {
    Some(match name {
        "histogram_count" => Some(|h| h.count),
        "histogram_sum" => Some(|h| h.sum),
        "histogram_avg" => Some(|h| h.sum / h.count),
        "histogram_stddev" | "histogram_stdvar" => None,
        _ => return None,
    })
}

/// Floats have no such summary: they are left out.
pub(super) fn summarised(row: Row, summary: Summary) -> Result<Row> {
    let values = row.histograms.iter().map(|histogram| match (histogram, summary) {
        (None, _) => Ok(ABSENT),
        (Some(histogram), Some(f)) => Ok(f(histogram)),
        (Some(_), None) => Err(Error::execution(
            "histogram_stddev() and histogram_stdvar() of native histograms are not available",
        )),
    });
    let mut values: Vec<f64> = values.collect::<Result<_>>()?;
    values.resize(row.values.len(), ABSENT);
    Ok(Row { labels: row.labels, drop_name: true, values, histograms: Vec::new() })
}
