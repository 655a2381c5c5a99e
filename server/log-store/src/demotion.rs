//! Labels with too many values: inside the store they are not part of a stream's identity but values of its entries.
//! Outside nothing changes: readers get the labels back.

use model::Labels;
use rustc_hash::{FxHashMap, FxHashSet};
use twox_hash::XxHash3_64;

/// Distinct label sets that are remembered as counted.
const MAX_KNOWN: usize = 100_000;

/// Counts values and knows what was demoted.
#[derive(Debug, Default)]
pub(crate) struct Demotion {
    bound: Option<usize>,
    values: FxHashMap<String, FxHashSet<u64>>,
    /// In order of demotion; never shrinks.
    names: Vec<String>,
    known: FxHashSet<u64>,
}

impl Demotion {
    pub(crate) fn new(bound: Option<usize>) -> Self {
        Demotion { bound, ..Demotion::default() }
    }

    /// The labels that were demoted, in order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Takes over what was demoted before a restart.
    pub(crate) fn restore<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            if !self.is_demoted(name) {
                self.names.push(name.to_owned());
                self.values.remove(name);
            }
        }
    }

    pub(crate) fn is_demoted(&self, name: &str) -> bool {
        self.names.iter().any(|demoted| demoted == name)
    }

    /// Counts the values of a stream's labels. Returns whether a label was demoted by it.
    pub(crate) fn observe(&mut self, labels: &Labels) -> bool {
        let Some(bound) = self.bound else { return false };
        if self.known.contains(&labels.hash64()) {
            return false;
        }
        let before = self.names.len();
        let mut has_demoted = false;
        for (name, value) in labels.iter() {
            if self.is_demoted(name) {
                has_demoted = true;
                continue;
            }
            let values = self.values.entry(name.to_owned()).or_default();
            values.insert(XxHash3_64::oneshot(value.as_bytes()));
            if values.len() > bound {
                self.values.remove(name);
                self.names.push(name.to_owned());
            }
        }
        // Sets with demoted labels come by the million, once each.
        if !has_demoted {
            if self.known.len() >= MAX_KNOWN {
                self.known.clear();
            }
            self.known.insert(labels.hash64());
        }
        self.names.len() > before
    }

    /// A stream's labels as they are kept now: those that stay, and those that were demoted.
    pub(crate) fn split(&self, labels: &Labels) -> (Labels, Labels) {
        split_by(labels, &self.names)
    }

    /// All forms in which a stream may have been kept, the present one last.
    pub(crate) fn forms(&self, labels: &Labels) -> Vec<(Labels, Labels)> {
        let mut forms = vec![(labels.clone(), Labels::empty())];
        for (i, name) in self.names.iter().enumerate() {
            if labels.get(name).is_some() {
                forms.push(split_by(labels, &self.names[..=i]));
            }
        }
        forms
    }
}

fn split_by(labels: &Labels, names: &[String]) -> (Labels, Labels) {
    let demoted = |name: &str| names.iter().any(|n| n == name);
    if names.is_empty() || !labels.iter().any(|(name, _)| demoted(name)) {
        return (labels.clone(), Labels::empty());
    }
    (labels.filter(|name, _| !demoted(name)), labels.filter(|name, _| demoted(name)))
}

/// The labels that the writer sent.
pub(crate) fn joined(base: &Labels, demoted: &Labels) -> Labels {
    if demoted.is_empty() {
        return base.clone();
    }
    Labels::from_pairs(base.iter().chain(demoted.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(id: usize) -> Labels {
        Labels::from_pairs([("id".to_owned(), id.to_string()), ("job".to_owned(), "a".to_owned())])
    }

    fn check(bound: Option<usize>, streams: usize, demoted: &[&str]) {
        let mut demotion = Demotion::new(bound);
        (0..streams).for_each(|id| {
            demotion.observe(&labels(id));
        });
        assert_eq!(demotion.names(), demoted, "bound {bound:?}");
        let full = labels(1);
        for (base, rest) in demotion.forms(&full).into_iter().chain([demotion.split(&full)]) {
            assert_eq!(joined(&base, &rest), full);
        }
        assert_eq!(demotion.forms(&full).last(), Some(&demotion.split(&full)));
    }

    #[test]
    fn a_label_is_demoted_beyond_its_bound() {
        check(None, 100, &[]);
        check(Some(10), 10, &[]);
        check(Some(10), 11, &["id"]);
        check(Some(0), 1, &["id", "job"]);
    }
}
