//! Native histograms in `sum` and `avg`: one total a group and step, made where there is any.

use rustc_hash::FxHashMap;

use crate::ast::Span;
use crate::column::{Row, is_absent};
use crate::error::Result;
use crate::evaluate::Evaluator;
use crate::histogram_notes::{Operation, Subject};
use crate::native::{Total, histogram_bytes};

/// The histograms of all groups.
pub(super) struct Histograms<'e> {
    evaluator: &'e Evaluator<'e>,
    /// The aggregated expression, for notes.
    span: Span,
    mean: bool,
    /// `None` where histograms of different kinds met: there is no total.
    totals: FxHashMap<(usize, usize), Option<Total>>,
}

impl<'e> Histograms<'e> {
    pub(super) fn new(evaluator: &'e Evaluator<'e>, span: Span, mean: bool) -> Self {
        Histograms { evaluator, span, mean, totals: FxHashMap::default() }
    }

    fn subject<'a>(&self, metric: &'a str) -> Subject<'a>
    where
        'e: 'a,
    {
        Subject { evaluator: self.evaluator, span: self.span, metric }
    }

    /// Adds the histograms of a row.
    pub(super) fn add(&mut self, group: usize, row: &Row) -> Result<()> {
        for (step, histogram) in row.histograms.iter().enumerate() {
            let Some(histogram) = histogram else { continue };
            match self.totals.get_mut(&(group, step)) {
                None => {
                    self.evaluator.reserve(histogram_bytes(histogram) * 2)?;
                    self.totals.insert((group, step), Some(Total::new(histogram, self.mean)));
                }
                Some(slot) => {
                    if let Some(total) = slot
                        && total.add(histogram).is_err()
                    {
                        *slot = None;
                        self.subject(row.labels.metric_name()).mixed_schemas();
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts the totals into the rows of the groups; where floats are too, there is no value at all.
    pub(super) fn put_into(mut self, mut rows: Vec<Row>) -> Vec<Row> {
        let totals = std::mem::take(&mut self.totals);
        for ((group, step), total) in totals {
            let Some(row) = rows.get_mut(group) else { continue };
            if !is_absent(row.values[step]) {
                row.clear(step);
                self.subject("").mixed_aggregation();
                continue;
            }
            if let Some(total) = total {
                let (value, remarks) = total.finish();
                self.subject("").remark(remarks, Operation::Aggregation);
                row.set_histogram(step, value.into_histogram());
            }
        }
        rows
    }
}
