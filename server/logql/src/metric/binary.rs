//! Binary operators over numbers and series.

use model::{Labels, stale_nan};
use rustc_hash::FxHashMap;

use super::{Column, Evaluated};
use crate::ast::{Binary, BinaryOp, Cardinality, CompareOp, Matching};
use crate::{Error, Result};

/// `a op b` of two numbers; comparisons give 1 or 0.
pub(crate) fn apply(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        // Loki answers NaN, not infinity.
        BinaryOp::Div | BinaryOp::Mod if b == 0.0 => f64::NAN,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Compare(op) => f64::from(u8::from(op.holds(a, b))),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => f64::NAN,
    }
}

/// The result of one pair, if there is one: a comparison without `bool` keeps `kept` or nothing.
fn pair(binary: &Binary, a: f64, b: f64, kept: f64) -> Option<f64> {
    match binary.op {
        BinaryOp::Compare(op) if !binary.return_bool => compare(op, a, b).then_some(kept),
        op => Some(apply(op, a, b)),
    }
}

fn compare(op: CompareOp, a: f64, b: f64) -> bool {
    op.holds(a, b)
}

pub(super) fn evaluate(binary: &Binary, lhs: Evaluated, rhs: Evaluated, steps: usize) -> Result<Evaluated> {
    Ok(Evaluated::Series(match (lhs, rhs) {
        (Evaluated::Scalar(a), Evaluated::Scalar(b)) => return Ok(Evaluated::Scalar(apply(binary.op, a, b))),
        (Evaluated::Series(columns), Evaluated::Scalar(b)) => mapped(columns, |a| pair(binary, a, b, a)),
        (Evaluated::Scalar(a), Evaluated::Series(columns)) => mapped(columns, |b| pair(binary, a, b, b)),
        (Evaluated::Series(lhs), Evaluated::Series(rhs)) if binary.op.is_set() => {
            let none = Matching::default();
            set(binary.op, binary.matching.as_ref().unwrap_or(&none), (lhs, rhs), steps)
        }
        (Evaluated::Series(lhs), Evaluated::Series(rhs)) => matched(binary, lhs, rhs, steps)?,
    }))
}

fn mapped(mut columns: Vec<Column>, f: impl Fn(f64) -> Option<f64>) -> Vec<Column> {
    for column in &mut columns {
        for step in 0..column.values.len() {
            if let Some(value) = column.get(step) {
                column.values[step] = f(value).unwrap_or_else(stale_nan);
            }
        }
    }
    columns.retain(|column| !column.is_empty());
    columns
}

/// What must be equal for two series to belong together.
fn signature(matching: &Matching, labels: &Labels) -> Labels {
    match matching.on {
        true => labels.only(&matching.labels),
        false => labels.without(&matching.labels),
    }
}

fn by_signature(matching: &Matching, columns: &[Column]) -> FxHashMap<Labels, Vec<usize>> {
    let mut index: FxHashMap<Labels, Vec<usize>> = FxHashMap::default();
    for (i, column) in columns.iter().enumerate() {
        index.entry(signature(matching, &column.labels)).or_default().push(i);
    }
    index
}

fn set(
    op: BinaryOp,
    matching: &Matching,
    (mut lhs, mut rhs): (Vec<Column>, Vec<Column>),
    steps: usize,
) -> Vec<Column> {
    let keep_if = |columns: &mut Vec<Column>, others: &[Column], wanted: bool| {
        let index = by_signature(matching, others);
        for column in columns.iter_mut() {
            let peers = index.get(&signature(matching, &column.labels)).map_or(&[][..], Vec::as_slice);
            for step in 0..steps {
                if peers.iter().any(|i| others[*i].get(step).is_some()) != wanted {
                    column.values[step] = stale_nan();
                }
            }
        }
        columns.retain(|column| !column.is_empty());
    };
    match op {
        BinaryOp::And => keep_if(&mut lhs, &rhs, true),
        BinaryOp::Unless => keep_if(&mut lhs, &rhs, false),
        _ => {
            keep_if(&mut rhs, &lhs, false);
            // The same series on both sides, at different steps, is one.
            for theirs in rhs {
                match lhs.iter_mut().find(|mine| mine.labels == theirs.labels) {
                    Some(mine) => {
                        for step in 0..steps {
                            if let Some(value) = theirs.get(step) {
                                mine.values[step] = value;
                            }
                        }
                    }
                    None => lhs.push(theirs),
                }
            }
        }
    }
    lhs
}

/// Arithmetic and comparisons between series.
fn matched(binary: &Binary, lhs: Vec<Column>, rhs: Vec<Column>, steps: usize) -> Result<Vec<Column>> {
    let none = Matching::default();
    let matching = binary.matching.as_ref().unwrap_or(&none);
    let flipped = matching.cardinality == Cardinality::OneToMany;
    let (many, one) = if flipped { (rhs, lhs) } else { (lhs, rhs) };
    let index = by_signature(matching, &one);
    let mut results: FxHashMap<Labels, Column> = FxHashMap::default();
    let mut order: Vec<Labels> = Vec::new();
    for column in &many {
        let Some(partners) = index.get(&signature(matching, &column.labels)) else {
            continue;
        };
        // The partner is the same at most steps, and so are the result's labels.
        let mut made: Option<(usize, Labels)> = None;
        for step in 0..steps {
            let Some(mine) = column.get(step) else {
                continue;
            };
            let mut present = partners.iter().filter_map(|i| Some((*i, one[*i].get(step)?)));
            let Some((partner, theirs)) = present.next() else {
                continue;
            };
            if present.next().is_some() {
                let side = if flipped { "left" } else { "right" };
                return Err(Error::evaluation(format!(
                    "found duplicate series for the match group on the {side} hand-side of the operation; many-to-many \
                     matching not allowed: matching labels must be unique on one side"
                )));
            }
            let (a, b) = if flipped { (theirs, mine) } else { (mine, theirs) };
            let value = pair(binary, a, b, a);
            let labels = match &made {
                Some((of, labels)) if *of == partner => labels.clone(),
                _ => result_labels(matching, &column.labels, &one[partner].labels),
            };
            made = Some((partner, labels.clone()));
            let result = results.entry(labels.clone()).or_insert_with(|| {
                order.push(labels.clone());
                Column { labels: Labels::empty(), values: vec![f64::NAN; 0] }
            });
            place(result, labels, (step, steps), value, matching)?;
        }
    }
    let mut columns: Vec<Column> = order.iter().filter_map(|labels| results.remove(labels)).collect();
    columns.iter_mut().for_each(|column| column.values.truncate(steps));
    columns.retain(|column| !column.is_empty());
    Ok(columns)
}

/// Writes a result; two for the same series and step are an error. The second half of `values` tells which steps
/// were written, whatever the outcome of a comparison.
fn place(
    result: &mut Column,
    labels: Labels,
    (step, steps): (usize, usize),
    value: Option<f64>,
    matching: &Matching,
) -> Result<()> {
    if result.values.is_empty() {
        *result = Column::empty(labels, steps * 2);
    }
    if result.get(steps + step).is_some() {
        return Err(Error::evaluation(match matching.cardinality {
            Cardinality::OneToOne => {
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            }
            _ => "multiple matches for labels: grouping labels must ensure unique matches",
        }));
    }
    result.values[steps + step] = 1.0;
    result.values[step] = value.unwrap_or_else(stale_nan);
    Ok(())
}

fn result_labels(matching: &Matching, many: &Labels, one: &Labels) -> Labels {
    if matching.cardinality == Cardinality::OneToOne {
        return signature(matching, many);
    }
    let mut labels = many.to_builder();
    for name in &matching.include {
        labels.set(name.as_str(), one.value(name));
    }
    labels.build()
}
