//! `count_values`: how often each value occurs, the value in a label.

use std::collections::BTreeMap;

use model::Labels;
use rustc_hash::FxHashMap;

use super::{Accumulator, Groups};
use crate::ast::Grouping;
use crate::column::{ABSENT, Row, is_absent};
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::number::format_float;
use crate::quote::{is_label_name, quote};

pub(super) struct CountValues<'e> {
    evaluator: &'e Evaluator<'e>,
    label: String,
    /// `without` names the label itself.
    without_label: bool,
    steps: usize,
    // By group and by the value's text, so that all NaNs are one.
    counts: BTreeMap<(usize, String), Vec<f64>>,
}

impl<'e> CountValues<'e> {
    pub(super) fn new(
        evaluator: &'e Evaluator<'e>,
        label: String,
        grouping: &Grouping,
        steps: usize,
    ) -> Result<Self> {
        if !is_label_name(&label) {
            return Err(Error::execution(format!("invalid label name {}", quote(&label))));
        }
        let without_label = grouping.without && grouping.labels.contains(&label);
        Ok(CountValues { evaluator, label, without_label, steps, counts: BTreeMap::new() })
    }
}

impl Accumulator for CountValues<'_> {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        let mut last: Option<(f64, String)> = None;
        for (i, value) in row.values.iter().copied().enumerate().filter(|(i, _)| row.is_present(*i)) {
            let text = match (row.histogram(i), &last) {
                (Some(histogram), _) => crate::native::text(histogram),
                (None, Some((same, text))) if same.to_bits() == value.to_bits() => text.clone(),
                (None, _) => format_float(value),
            };
            last = (!is_absent(value)).then(|| (value, text.clone()));
            let (evaluator, steps) = (self.evaluator, self.steps);
            let column = match self.counts.entry((group, text)) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    evaluator.reserve(steps as u64 * 8 + 64)?;
                    entry.insert(vec![ABSENT; steps])
                }
            };
            column[i] = if is_absent(column[i]) { 1.0 } else { column[i] + 1.0 };
        }
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        // The label may have been one of a group's own: groups that differ in it alone are one.
        let mut rows: Vec<Row> = Vec::new();
        let mut index: FxHashMap<Labels, usize> = FxHashMap::default();
        for ((group, text), counts) in self.counts {
            let row = groups.row(group, counts);
            let labels =
                if self.without_label { row.labels.clone() } else { row.labels.with(&self.label, &text) };
            match index.get(&labels) {
                Some(&at) => add(&mut rows[at].values, &row.values),
                None => {
                    index.insert(labels.clone(), rows.len());
                    rows.push(Row { labels, ..row });
                }
            }
        }
        Ok(rows)
    }

    fn group_bytes(&self) -> u64 {
        0
    }
}

/// Adds counts where there are any.
fn add(sums: &mut [f64], counts: &[f64]) {
    for (sum, count) in sums.iter_mut().zip(counts).filter(|(_, count)| !is_absent(**count)) {
        *sum = if is_absent(*sum) { *count } else { *sum + count };
    }
}
