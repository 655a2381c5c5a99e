//! `and`, `or`, `unless`: which series are there, whatever their values.

use model::Labels;
use rustc_hash::FxHashMap;

use super::matching::key;
use crate::ast::{BinaryOp, Matching};
use crate::column::Row;
use crate::error::Result;
use crate::evaluate::merge_equal;

/// For each key, at which steps any series has a sample.
fn presence(rows: &[Row], matching: &Matching) -> FxHashMap<Labels, Vec<bool>> {
    let mut presence: FxHashMap<Labels, Vec<bool>> = FxHashMap::default();
    for row in rows {
        let steps =
            presence.entry(key(&row.labels, matching)).or_insert_with(|| vec![false; row.values.len()]);
        for (i, step) in steps.iter_mut().enumerate() {
            *step |= row.is_present(i);
        }
    }
    presence
}

pub(super) fn evaluate(
    op: BinaryOp,
    matching: &Matching,
    left: Vec<Row>,
    right: Vec<Row>,
) -> Result<Vec<Row>> {
    if op == BinaryOp::Or {
        let taken = presence(&left, matching);
        let added = right.into_iter().filter_map(|row| keep(row, matching, &taken, false));
        return merge_equal(left.into_iter().chain(added).collect());
    }
    let other = presence(&right, matching);
    let wanted = op == BinaryOp::And;
    Ok(left.into_iter().filter_map(|row| keep(row, matching, &other, wanted)).collect())
}

/// The samples of a row at the steps where its key is there (or not, as `wanted`).
fn keep(
    mut row: Row,
    matching: &Matching,
    there: &FxHashMap<Labels, Vec<bool>>,
    wanted: bool,
) -> Option<Row> {
    let Some(steps) = there.get(&key(&row.labels, matching)) else {
        return (!wanted).then_some(row);
    };
    for (i, there) in steps.iter().enumerate() {
        if *there != wanted {
            row.clear(i);
        }
    }
    row.has_samples().then_some(row)
}
