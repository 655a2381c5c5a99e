//! `topk` and `bottomk`: the largest or smallest values of each step, with their series.

use std::cmp::Ordering;

use model::Labels;

use super::{Accumulator, Groups};
use crate::column::{Row, is_absent};
use crate::error::Result;
use crate::evaluate::Evaluator;

/// The k best values of each step, best first, with the number of their series.
struct Best {
    steps: Vec<Vec<(f64, u32)>>,
}

pub(super) struct Top<'e> {
    evaluator: &'e Evaluator<'e>,
    ks: Vec<usize>,
    largest: bool,
    groups: Vec<Best>,
    /// The series that ever were among the best.
    series: Vec<(Labels, bool)>,
}

impl<'e> Top<'e> {
    pub(super) fn new(evaluator: &'e Evaluator<'e>, ks: Vec<usize>, largest: bool) -> Self {
        Top { evaluator, ks, largest, groups: Vec::new(), series: Vec::new() }
    }
}

/// The better one first; NaN is worst, whichever way.
fn order(largest: bool, a: f64, b: f64) -> Ordering {
    let by_value = if largest { b.partial_cmp(&a) } else { a.partial_cmp(&b) };
    by_value.unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

impl Accumulator for Top<'_> {
    fn add(&mut self, group: usize, row: Row) -> Result<()> {
        if group == self.groups.len() {
            self.groups.push(Best { steps: vec![Vec::new(); self.ks.len()] });
        }
        let number = self.series.len() as u32;
        let mut grown = 0;
        let mut kept = false;
        for (i, best) in self.groups[group].steps.iter_mut().enumerate() {
            let (value, k) = (row.values[i], self.ks[i]);
            if is_absent(value) || k == 0 {
                continue;
            }
            if best.len() == k {
                // Full: only a better value gets in, so that of equals the first stay.
                let worst = best[k - 1].0;
                if order(self.largest, value, worst) != Ordering::Less {
                    continue;
                }
                best.pop();
            } else {
                grown += 1;
            }
            let at = best.partition_point(|(held, _)| order(self.largest, *held, value) != Ordering::Greater);
            best.insert(at, (value, number));
            kept = true;
        }
        if kept {
            self.series.push((row.labels, row.drop_name));
            self.evaluator.reserve(grown * 16 + 32)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: Groups) -> Result<Vec<Row>> {
        let steps = self.ks.len();
        let mut rows: Vec<Option<Row>> = self.series.iter().map(|_| None).collect();
        let mut sequence = Vec::new();
        for best in &self.groups {
            for (step, entries) in best.steps.iter().enumerate() {
                for (value, number) in entries {
                    let row = rows[*number as usize].get_or_insert_with(|| {
                        sequence.push(*number);
                        let (labels, drop_name) = self.series[*number as usize].clone();
                        Row { drop_name, ..Row::absent(labels, steps) }
                    });
                    row.values[step] = *value;
                }
            }
        }
        // Groups in order, in each the best first: what an instant query shows.
        Ok(sequence.into_iter().filter_map(|number| rows[number as usize].take()).collect())
    }

    fn group_bytes(&self) -> u64 {
        self.ks.len() as u64 * 24
    }
}
