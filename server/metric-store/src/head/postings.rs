//! The head's index: for each label name and value the series that have it.

use std::collections::HashMap;

use model::{Labels, MatchOp, Matcher};
use rustc_hash::FxBuildHasher;

use super::Ref;

type Values = HashMap<Box<str>, Vec<Ref>, FxBuildHasher>;

/// Series by label. Refs are added in ascending order, so every list is sorted.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    names: HashMap<Box<str>, Values, FxBuildHasher>,
    series: Ref,
}

impl Postings {
    pub(crate) fn add(&mut self, series: Ref, labels: &Labels) {
        self.series = series + 1;
        for (name, value) in labels.iter() {
            if !self.names.contains_key(name) {
                self.names.insert(name.into(), Values::default());
            }
            let values = self.names.get_mut(name).expect("inserted above");
            match values.get_mut(value) {
                Some(list) => list.push(series),
                None => {
                    values.insert(value.into(), vec![series]);
                }
            }
        }
    }

    /// The values of a label, each with its series, in no order.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = (&str, &[Ref])> {
        self.names.get(name).into_iter().flatten().map(|(value, list)| (&**value, list.as_slice()))
    }

    /// The series that pass `matchers`, ascending. `labels_of` gives the labels of a series.
    pub(crate) fn select<'a>(&self, matchers: &[Matcher], labels_of: impl Fn(Ref) -> &'a Labels) -> Vec<Ref> {
        // The matcher with the fewest candidates leads; the others look at its candidates' labels.
        let leads = matchers.iter().enumerate().filter(|(_, m)| !m.matches_empty());
        let lead = leads.min_by_key(|(_, m)| (self.estimate(m), m.op() != MatchOp::Equal));
        let Some((lead, matcher)) = lead else {
            return (0..self.series).filter(|&s| model::matches_all(matchers, labels_of(s))).collect();
        };
        let mut found: Vec<Ref> = Vec::new();
        let mut lists = 0;
        for list in self.lists(matcher) {
            found.extend_from_slice(list);
            lists += 1;
        }
        if lists > 1 {
            found.sort_unstable();
        }
        let rest: Vec<&Matcher> =
            matchers.iter().enumerate().filter(|(i, _)| *i != lead).map(|(_, m)| m).collect();
        if !rest.is_empty() {
            found.retain(|&s| {
                let labels = labels_of(s);
                rest.iter().all(|m| m.matches(labels.value(m.name())))
            });
        }
        found
    }

    fn lists<'a>(&'a self, matcher: &'a Matcher) -> Box<dyn Iterator<Item = &'a [Ref]> + 'a> {
        let Some(values) = self.names.get(matcher.name()) else { return Box::new(std::iter::empty()) };
        match matcher.literal_values().filter(|_| matcher.is_positive()) {
            Some(literals) => {
                // A regex may name a value twice.
                let mut unique: Vec<&String> = literals.iter().collect();
                unique.sort_unstable();
                unique.dedup();
                Box::new(unique.into_iter().filter_map(|v| values.get(v.as_str()).map(Vec::as_slice)))
            }
            None => Box::new(values.iter().filter(|(v, _)| matcher.matches(v)).map(|(_, l)| l.as_slice())),
        }
    }

    /// How many series a matcher leaves, at most; cheap to tell.
    fn estimate(&self, matcher: &Matcher) -> usize {
        let Some(values) = self.names.get(matcher.name()) else { return 0 };
        match matcher.literal_values().filter(|_| matcher.is_positive()) {
            Some(literals) => literals.iter().filter_map(|v| values.get(v.as_str())).map(Vec::len).sum(),
            None => self.series as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(matchers: &[(MatchOp, &str, &str)], expect: &[Ref]) {
        let all: Vec<Labels> = [
            vec![("__name__", "up"), ("job", "a")],
            vec![("__name__", "up"), ("job", "b"), ("x", "1")],
            vec![("__name__", "down"), ("job", "a")],
            vec![("__name__", "down")],
        ]
        .into_iter()
        .map(Labels::from_pairs)
        .collect();
        let mut postings = Postings::default();
        all.iter().enumerate().for_each(|(i, labels)| postings.add(i as Ref, labels));
        let matchers: Vec<Matcher> =
            matchers.iter().map(|(op, n, v)| Matcher::new(*op, *n, *v).expect("valid")).collect();
        assert_eq!(postings.select(&matchers, |s| &all[s as usize]), expect, "{matchers:?}");
    }

    #[test]
    fn selects_as_prometheus_does() {
        use MatchOp::{Equal, NotEqual, NotRegex, Regex};
        check(&[], &[0, 1, 2, 3]);
        check(&[(Equal, "__name__", "up")], &[0, 1]);
        check(&[(Equal, "__name__", "up"), (Equal, "job", "a")], &[0]);
        check(&[(NotEqual, "job", "a")], &[1, 3]);
        check(&[(NotEqual, "job", "")], &[0, 1, 2]);
        check(&[(Equal, "x", "")], &[0, 2, 3]);
        check(&[(Regex, "job", "a|b|a")], &[0, 1, 2]);
        check(&[(Regex, "job", ".+"), (NotRegex, "__name__", "d.*")], &[0, 1]);
        check(&[(Equal, "nothing", "x")], &[]);
    }
}
