//! Aggregations: rows come batch by batch, each is added to its group's columns and forgotten.

mod accumulate;
mod count_values;
mod histograms;
mod limit;
mod quantile;
mod top;

use model::{Labels, METRIC_NAME};
use rustc_hash::FxHashMap;

use crate::ast::{Aggregate, AggregateOp, Grouping};
use crate::column::{Row, Steps};
use crate::error::Result;
use crate::evaluate::Evaluator;

/// Rows between two looks at the deadline.
const CHECK_EVERY: usize = 1_024;

/// Takes rows, knows the groups of all, gives the answer.
trait Accumulator {
    /// Adds a row to a group; groups are numbered in order of appearance.
    fn add(&mut self, group: usize, row: Row) -> Result<()>;

    /// The rows of the answer.
    fn finish(self: Box<Self>, groups: Groups) -> Result<Vec<Row>>;

    /// Bytes that one group holds.
    fn group_bytes(&self) -> u64;
}

/// The groups in order of appearance.
#[derive(Default)]
struct Groups {
    labels: Vec<Labels>,
    drop_name: Vec<bool>,
    index: FxHashMap<Labels, usize>,
}

impl Groups {
    fn of(&mut self, row: &Row, grouping: &Grouping) -> usize {
        let labels = group_labels(&row.labels, grouping);
        let at = *self.index.entry(labels).or_insert_with_key(|labels| {
            self.labels.push(labels.clone());
            self.drop_name.push(false);
            self.labels.len() - 1
        });
        self.drop_name[at] |= row.drop_name;
        at
    }

    fn row(&self, group: usize, values: Vec<f64>) -> Row {
        Row { drop_name: self.drop_name[group], ..Row::new(self.labels[group].clone(), values) }
    }
}

/// The labels of the group that a series belongs to.
pub(crate) fn group_labels(labels: &Labels, grouping: &Grouping) -> Labels {
    if grouping.without {
        labels.filter(|name, _| name != METRIC_NAME && !grouping.labels.iter().any(|l| l == name))
    } else if grouping.labels.is_empty() {
        Labels::empty()
    } else {
        labels.only(&grouping.labels)
    }
}

pub(crate) fn evaluate(evaluator: &Evaluator<'_>, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
    let mut accumulator = accumulator(evaluator, aggregate, steps)?;
    let mut groups = Groups::default();
    let mut seen = 0usize;
    let mut ignored = false;
    evaluator.stream(&aggregate.expr, steps, &mut |rows| {
        for mut row in rows {
            seen += 1;
            if seen.is_multiple_of(CHECK_EVERY) {
                evaluator.control.check()?;
            }
            if ignores_histograms(aggregate.op) && !row.histograms.is_empty() {
                ignored |= row.histograms.iter().any(Option::is_some);
                row.histograms.clear();
                if !row.has_samples() {
                    continue;
                }
            }
            let before = groups.labels.len();
            let group = groups.of(&row, &aggregate.grouping);
            if groups.labels.len() > before {
                evaluator.reserve(accumulator.group_bytes())?;
            }
            accumulator.add(group, row)?;
        }
        Ok(())
    })?;
    if ignored {
        let message = format!("ignored histogram in {} aggregation", aggregate.op.as_str());
        evaluator.inform(aggregate.expr.span, &message);
    }
    accumulator.finish(groups)
}

/// Whether the operator has no use for native histograms and passes over them.
fn ignores_histograms(op: AggregateOp) -> bool {
    use AggregateOp::{Bottomk, Max, Min, Quantile, Stddev, Stdvar, Topk};
    matches!(op, Min | Max | Stddev | Stdvar | Topk | Bottomk | Quantile)
}

fn accumulator<'e>(
    evaluator: &'e Evaluator<'e>,
    aggregate: &Aggregate,
    steps: Steps,
) -> Result<Box<dyn Accumulator + 'e>> {
    use AggregateOp::{Avg, Bottomk, Count, CountValues, Group, LimitRatio, Limitk, Max, Min};
    use AggregateOp::{Quantile, Stddev, Stdvar, Sum, Topk};
    let count = steps.count;
    let scalar = || -> Result<_> {
        match &aggregate.param {
            Some(param) => Ok((evaluator.scalar(param, steps)?, param.span)),
            None => Err(model::Error::internal("an aggregation without its parameter").into()),
        }
    };
    let histograms = |mean| histograms::Histograms::new(evaluator, aggregate.expr.span, mean);
    Ok(match aggregate.op {
        Sum => Box::new(accumulate::Sum::new(count, histograms(false))),
        Avg => Box::new(accumulate::Avg::new(count, histograms(true))),
        Count => Box::new(accumulate::Count::new(count)),
        Group => Box::new(accumulate::Group::new(count)),
        Min => Box::new(accumulate::Extreme::new(count, |new, old| new < old)),
        Max => Box::new(accumulate::Extreme::new(count, |new, old| new > old)),
        Stddev => Box::new(accumulate::Variance::new(count, true)),
        Stdvar => Box::new(accumulate::Variance::new(count, false)),
        Topk | Bottomk => {
            let (ks, _) = scalar()?;
            Box::new(top::Top::new(evaluator, limit::counts(&ks)?, aggregate.op == Topk))
        }
        Limitk => Box::new(limit::FirstK::new(limit::counts(&scalar()?.0)?)),
        LimitRatio => {
            let (ratios, span) = scalar()?;
            Box::new(limit::Ratio::new(limit::ratios(evaluator, ratios, span)?))
        }
        Quantile => {
            let (qs, span) = scalar()?;
            crate::evaluate::distinct(&qs, |q| crate::functions::check_quantile(evaluator, q, span));
            Box::new(quantile::Quantile::new(evaluator, qs))
        }
        CountValues => {
            let param = aggregate.param.as_ref().map(|param| evaluator.string(param, steps));
            let label = param.transpose()?.unwrap_or_default();
            Box::new(count_values::CountValues::new(evaluator, label, &aggregate.grouping, count)?)
        }
    })
}
