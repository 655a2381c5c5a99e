//! Aggregations over series, step by step: `sum by (a) (…)`, `topk(5, …)`, `sort(…)`.

use std::cmp::Ordering;

use model::{Labels, stale_nan};
use rustc_hash::FxHashMap;

use super::Column;
use crate::ast::{Grouping, VectorAggregation, VectorOp};

pub(super) fn aggregate(aggregation: &VectorAggregation, inner: Vec<Column>, steps: usize) -> Vec<Column> {
    match aggregation.op {
        VectorOp::Topk | VectorOp::Bottomk | VectorOp::ApproxTopk => topk(aggregation, inner, steps),
        VectorOp::Sort | VectorOp::SortDesc => sorted(aggregation.op, inner),
        op => {
            let groups = groups(aggregation.grouping.as_ref(), &inner);
            groups
                .into_iter()
                .map(|(labels, members)| combined(op, labels, (&inner, &members), steps))
                .collect()
        }
    }
}

fn group_labels(grouping: Option<&Grouping>, labels: &Labels) -> Labels {
    match grouping {
        None => Labels::empty(),
        Some(grouping) if grouping.without => labels.without(&grouping.labels),
        Some(grouping) => labels.only(&grouping.labels),
    }
}

/// The groups with their members, in order of appearance.
fn groups(grouping: Option<&Grouping>, columns: &[Column]) -> Vec<(Labels, Vec<usize>)> {
    let mut index: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut groups: Vec<(Labels, Vec<usize>)> = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        let labels = group_labels(grouping, &column.labels);
        let group = *index.entry(labels.clone()).or_insert_with(|| {
            groups.push((labels, Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(i);
    }
    groups
}

/// One series of the members of a group.
fn combined(op: VectorOp, labels: Labels, (columns, members): (&[Column], &[usize]), steps: usize) -> Column {
    let mut result = Column::empty(labels, steps);
    let mut counts = vec![0.0; steps];
    // Of stddev and stdvar: the squares of the distances from the mean (Welford).
    let mut squares = vec![0.0; if matches!(op, VectorOp::Stddev | VectorOp::Stdvar) { steps } else { 0 }];
    for member in members {
        for step in 0..steps {
            let Some(value) = columns[*member].get(step) else {
                continue;
            };
            counts[step] += 1.0;
            let so_far = &mut result.values[step];
            if counts[step] == 1.0 {
                *so_far = value;
                continue;
            }
            match op {
                VectorOp::Min if value < *so_far || so_far.is_nan() => *so_far = value,
                VectorOp::Max if value > *so_far || so_far.is_nan() => *so_far = value,
                VectorOp::Sum => *so_far += value,
                VectorOp::Avg => *so_far += value,
                VectorOp::Stddev | VectorOp::Stdvar => {
                    let delta = value - *so_far;
                    *so_far += delta / counts[step];
                    squares[step] += delta * (value - *so_far);
                }
                _ => {}
            }
        }
    }
    for step in (0..steps).filter(|step| counts[*step] > 0.0) {
        let value = &mut result.values[step];
        match op {
            VectorOp::Count => *value = counts[step],
            VectorOp::Avg => *value /= counts[step],
            VectorOp::Stdvar => *value = squares[step] / counts[step],
            VectorOp::Stddev => *value = (squares[step] / counts[step]).sqrt(),
            _ => {}
        }
    }
    result
}

/// Larger values first, NaN last.
fn falling(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.partial_cmp(&a).unwrap_or(Ordering::Equal),
        (a, b) => a.cmp(&b),
    }
}

/// Smaller values first, NaN last.
fn rising(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        (a, b) => a.cmp(&b),
    }
}

/// The series with the largest (or smallest) values; where a series is not among them it has no value.
fn topk(aggregation: &VectorAggregation, mut columns: Vec<Column>, steps: usize) -> Vec<Column> {
    let k = usize::try_from(aggregation.k.unwrap_or(0)).unwrap_or(0);
    let order = if aggregation.op == VectorOp::Bottomk { rising } else { falling };
    columns.sort_by(|a, b| a.labels.cmp(&b.labels));
    let groups = groups(aggregation.grouping.as_ref(), &columns);
    let mut ranked: Vec<(f64, usize)> = Vec::new();
    for step in 0..steps {
        for (_, members) in &groups {
            ranked.clear();
            ranked.extend(members.iter().filter_map(|i| Some((columns[*i].get(step)?, *i))));
            // Stable: of equal values the series that come first by their labels.
            ranked.sort_by(|a, b| order(a.0, b.0));
            for (_, loser) in ranked.iter().skip(k) {
                columns[*loser].values[step] = stale_nan();
            }
        }
    }
    columns.retain(|column| !column.is_empty());
    columns
}

fn sorted(op: VectorOp, mut columns: Vec<Column>) -> Vec<Column> {
    // The order is of use to an instant query alone, which has one step.
    let order = if op == VectorOp::SortDesc { falling } else { rising };
    columns.sort_by(|a, b| a.labels.cmp(&b.labels));
    columns.sort_by(|a, b| order(a.values[0], b.values[0]));
    columns
}
