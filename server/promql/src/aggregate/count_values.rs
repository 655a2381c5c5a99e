//! `count_values`: how often each value occurs, the value in a label.

use std::collections::BTreeMap;

use model::Labels;

use super::{Accumulator, Groups};
use crate::column::{ABSENT, Row, is_absent};
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::functions::no_histograms;
use crate::number::format_float;
use crate::quote::{is_label_name, quote};

pub(super) struct CountValues<'e> {
    evaluator: &'e Evaluator<'e>,
    label: String,
    steps: usize,
    // By group and by the value's text, so that all NaNs are one.
    counts: BTreeMap<(usize, String), Vec<f64>>,
}

impl<'e> CountValues<'e> {
    pub(super) fn new(evaluator: &'e Evaluator<'e>, label: String, steps: usize) -> Result<Self> {
        if !is_label_name(&label) {
            return Err(Error::execution(format!("invalid label name {}", quote(&label))));
        }
        Ok(CountValues { evaluator, label, steps, counts: BTreeMap::new() })
    }
}

impl Accumulator for CountValues<'_> {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        if row.histograms.iter().any(Option::is_some) {
            return Err(no_histograms("count_values aggregation"));
        }
        let mut last: Option<(f64, String)> = None;
        for (i, value) in row.values.iter().copied().enumerate().filter(|(_, v)| !is_absent(*v)) {
            let text = match &last {
                Some((same, text)) if same.to_bits() == value.to_bits() => text.clone(),
                _ => format_float(value),
            };
            last = Some((value, text.clone()));
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
        let rows = self.counts.into_iter().map(|((group, text), counts)| {
            let row = groups.row(group, counts);
            let labels: Labels = row.labels.with(&self.label, &text);
            Row { labels, ..row }
        });
        crate::evaluate::merge_equal(rows.collect())
    }

    fn group_bytes(&self) -> u64 {
        0
    }
}
