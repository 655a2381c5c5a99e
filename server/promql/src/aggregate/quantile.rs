//! `quantile`: all values of a group are held until the end.

use super::{Accumulator, Groups};
use crate::column::{ABSENT, Row, is_absent};
use crate::error::Result;
use crate::evaluate::Evaluator;

pub(super) struct Quantile<'e> {
    evaluator: &'e Evaluator<'e>,
    qs: Vec<f64>,
    groups: Vec<Vec<Vec<f64>>>,
}

impl<'e> Quantile<'e> {
    pub(super) fn new(evaluator: &'e Evaluator<'e>, qs: Vec<f64>) -> Self {
        Quantile { evaluator, qs, groups: Vec::new() }
    }
}

impl Accumulator for Quantile<'_> {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        if group == self.groups.len() {
            self.groups.push(Vec::new());
        }
        self.evaluator.reserve(row.heap_bytes())?;
        self.groups[group].push(row.values);
        Ok(())
    }

    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(self.groups.len());
        let mut at_step = Vec::new();
        for (i, columns) in self.groups.into_iter().enumerate() {
            self.evaluator.control.check()?;
            let values = self.qs.iter().enumerate().map(|(step, q)| {
                at_step.clear();
                at_step.extend(columns.iter().map(|column| column[step]).filter(|v| !is_absent(*v)));
                if at_step.is_empty() { ABSENT } else { crate::quantile::quantile(*q, &mut at_step) }
            });
            rows.push(groups.row(i, values.collect()));
        }
        Ok(rows)
    }

    fn group_bytes(&self) -> u64 {
        self.qs.len() as u64 * 8
    }
}
