//! Operators between two vectors: which series meet, and what becomes of their labels.

use model::{Labels, METRIC_NAME};
use rustc_hash::FxHashMap;

use super::{Context, histogram, makes_new_value, samples, set};
use crate::ast::{Binary, Cardinality, Matching};
use crate::column::{Row, is_absent};
use crate::error::{Error, Result};
use crate::evaluate::without_metadata;
use crate::native::histogram_bytes;
use crate::value::Point;

/// The labels by which a series is matched.
pub(super) fn key(labels: &Labels, matching: &Matching) -> Labels {
    if matching.on {
        if matching.labels.is_empty() { Labels::empty() } else { labels.only(&matching.labels) }
    } else {
        labels.filter(|name, _| name != METRIC_NAME && !matching.labels.iter().any(|l| l == name))
    }
}

/// The series of both sides that share a key; sides are "many" and "one".
#[derive(Default)]
struct Match {
    key: Labels,
    many: Vec<usize>,
    one: Vec<usize>,
}

/// One operation on its way: results are put together by their labels.
struct Join<'a> {
    context: Context<'a>,
    node: &'a Binary,
    matching: &'a Matching,
    /// The left side is the "one" side.
    swapped: bool,
    steps: usize,
    many: &'a [Row],
    one: &'a [Row],
    out: Vec<Row>,
    index: FxHashMap<Labels, usize>,
    /// Output rows of pairs, so that their labels are made once.
    pairs: FxHashMap<(usize, usize), usize>,
}

/// Steps between two looks at the deadline.
const CHECK_EVERY: usize = 4_096;

/// Stands for a missing side in `Join::pairs`.
const FILLED: usize = usize::MAX;

pub(crate) fn vectors(
    context: Context<'_>,
    left: Vec<Row>,
    right: Vec<Row>,
    steps: usize,
) -> Result<Vec<Row>> {
    let node = context.node;
    let plain = Matching::default();
    let matching = node.matching.as_ref().unwrap_or(&plain);
    if node.op.is_set() {
        return set::evaluate(node.op, matching, left, right);
    }
    let swapped = matching.cardinality == Cardinality::OneToMany;
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let mut join = Join {
        context,
        node,
        matching,
        swapped,
        steps,
        many: &many,
        one: &one,
        out: Vec::new(),
        index: FxHashMap::default(),
        pairs: FxHashMap::default(),
    };
    for group in join.groups() {
        join.group(&group)?;
    }
    join.out.retain(Row::has_samples);
    Ok(join.out)
}

impl Join<'_> {
    fn groups(&self) -> Vec<Match> {
        let mut groups: Vec<Match> = Vec::new();
        let mut index: FxHashMap<Labels, usize> = FxHashMap::default();
        for (is_many, rows) in [(true, self.many), (false, self.one)] {
            for (i, row) in rows.iter().enumerate() {
                let key = key(&row.labels, self.matching);
                let at = *index.entry(key).or_insert_with_key(|key| {
                    groups.push(Match { key: key.clone(), ..Match::default() });
                    groups.len() - 1
                });
                if is_many { groups[at].many.push(i) } else { groups[at].one.push(i) }
            }
        }
        groups
    }

    fn fill_many(&self) -> Option<f64> {
        if self.swapped { self.matching.fill_right } else { self.matching.fill_left }
    }

    fn fill_one(&self) -> Option<f64> {
        if self.swapped { self.matching.fill_left } else { self.matching.fill_right }
    }

    fn group(&mut self, group: &Match) -> Result<()> {
        if group.many.is_empty() && self.fill_many().is_none()
            || group.one.is_empty() && self.fill_one().is_none()
        {
            // Nothing meets; but two of the "one" side are an error where the other side has anything at all.
            return self.check_unmatched(group);
        }
        for (n, step) in (0..self.steps).enumerate() {
            if n % CHECK_EVERY == 0 {
                self.context.evaluator.control.check()?;
            }
            let one = self.only_one(group, step)?;
            let mut matched = false;
            for &many in &group.many {
                if !self.many[many].is_present(step) || one.is_none() && self.fill_one().is_none() {
                    continue;
                }
                // Also where a comparison leaves nothing: the matching is ambiguous all the same.
                if matched && self.matching.cardinality == Cardinality::OneToOne {
                    return Err(Error::execution(
                        "multiple matches for labels: many-to-one matching must be explicit \
                         (group_left/group_right)",
                    ));
                }
                matched = true;
                self.pair(group, Some(many), one, step)?;
            }
            if !matched && one.is_some() && self.fill_many().is_some() {
                self.pair(group, None, one, step)?;
            }
        }
        Ok(())
    }

    /// The series of the "one" side at a step; more than one are an error.
    fn only_one(&self, group: &Match, step: usize) -> Result<Option<usize>> {
        let mut present = group.one.iter().copied().filter(|one| self.one[*one].is_present(step));
        let Some(first) = present.next() else { return Ok(None) };
        match present.next() {
            None => Ok(Some(first)),
            Some(second) => {
                let many_is_empty = !self.many.iter().any(|row| row.is_present(step));
                if many_is_empty && self.fill_many().is_none() {
                    return Ok(Some(first));
                }
                let side = if self.swapped { "left" } else { "right" };
                let mut twins = [&self.one[first].labels, &self.one[second].labels];
                twins.sort();
                Err(Error::execution(format!(
                    "found duplicate series for the match group {} on the {side} hand-side of the operation: \
                     [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
                    group.key, twins[0], twins[1]
                )))
            }
        }
    }

    fn check_unmatched(&self, group: &Match) -> Result<()> {
        if group.one.len() > 1 {
            for step in 0..self.steps {
                self.only_one(group, step)?;
            }
        }
        Ok(())
    }

    /// The result of two samples, `None` if there is none.
    fn result(&self, many: Option<usize>, one: Option<usize>, step: usize) -> Result<Option<Point>> {
        let point = |row: Option<&Row>, fill: Option<f64>| match row {
            Some(row) => match row.histogram(step) {
                Some(histogram) => Point::Histogram(histogram.clone()),
                None => Point::Float(row.values[step]),
            },
            None => Point::Float(fill.unwrap_or(f64::NAN)),
        };
        let a = point(many.map(|i| &self.many[i]), self.fill_many());
        let b = point(one.map(|i| &self.one[i]), self.fill_one());
        let (left, right) = if self.swapped { (b, a) } else { (a, b) };
        match (left, right) {
            (Point::Float(left), Point::Float(right)) if !self.node.op.is_trim() => {
                // A filter keeps the left side, whichever is the many.
                let value = samples(self.node, left, right, left);
                Ok((!is_absent(value)).then_some(Point::Float(value)))
            }
            (left, right) => {
                let result = histogram::points(self.context, left, right);
                if let Some(Point::Histogram(histogram)) = &result {
                    self.context.evaluator.reserve(histogram_bytes(histogram))?;
                }
                Ok(result)
            }
        }
    }

    /// Puts the result of a pair at a step.
    fn pair(&mut self, group: &Match, many: Option<usize>, one: Option<usize>, step: usize) -> Result<()> {
        let Some(point) = self.result(many, one, step)? else { return Ok(()) };
        let key = (many.unwrap_or(FILLED), one.unwrap_or(FILLED));
        let at = match self.pairs.get(&key) {
            Some(at) => *at,
            None => {
                let at = self.output(group, many, one);
                // All filled series of a match group share the missing side: the key tells them apart.
                self.pairs.insert(key, at);
                at
            }
        };
        let row = &mut self.out[at];
        if row.is_present(step) {
            return Err(Error::execution(if self.matching.cardinality == Cardinality::OneToOne {
                "vector cannot contain metrics with the same labelset"
            } else {
                "multiple matches for labels: grouping labels must ensure unique matches"
            }));
        }
        match point {
            Point::Float(value) => row.values[step] = value,
            Point::Histogram(histogram) => row.set_histogram(step, histogram),
        }
        Ok(())
    }

    /// The output row of a pair.
    fn output(&mut self, group: &Match, many: Option<usize>, one: Option<usize>) -> usize {
        let many_labels = many.map_or(&group.key, |i| &self.many[i].labels);
        let one_labels = one.map_or(&group.key, |i| &self.one[i].labels);
        let labels = self.labels(many_labels, one_labels);
        let drop_name = self.node.return_bool
            || !makes_new_value(self.node) && many.is_some_and(|i| self.many[i].drop_name);
        let (steps, out) = (self.steps, &mut self.out);
        let at = *self.index.entry(labels).or_insert_with_key(|labels| {
            out.push(Row::absent(labels.clone(), steps));
            out.len() - 1
        });
        self.out[at].drop_name |= drop_name;
        at
    }

    fn labels(&self, many: &Labels, one: &Labels) -> Labels {
        let keeps_name = self.node.op.is_comparison() || self.node.op.is_trim();
        let mut labels = if keeps_name { many.clone() } else { without_metadata(many) };
        if self.matching.cardinality == Cardinality::OneToOne {
            labels = if self.matching.on {
                labels.only(&self.matching.labels)
            } else if self.matching.labels.is_empty() {
                labels
            } else {
                labels.without(&self.matching.labels)
            };
        }
        for name in &self.matching.include {
            labels = labels.with(name, one.value(name));
        }
        labels
    }
}
