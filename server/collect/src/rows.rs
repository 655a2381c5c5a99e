//! Samples that are found device by device and written family by family.

use indexmap::IndexMap;
use model::MetricKind;
use wire::exposition::Page;

type Row = (Vec<(&'static str, String)>, f64);

struct RowsOfOne {
    kind: MetricKind,
    help: String,
    rows: Vec<Row>,
}

/// Families in the order in which they first got a sample.
#[derive(Default)]
pub(crate) struct Rows {
    families: IndexMap<String, RowsOfOne>,
}

/// Labels of a sample.
pub(crate) type Pairs<'a> = &'a [(&'static str, &'a str)];

impl Rows {
    /// Adds a sample of a gauge.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, labels: Pairs<'_>, value: f64) {
        self.add((name, MetricKind::Gauge, help), labels, value);
    }

    /// Adds a sample of a counter.
    pub(crate) fn counter(&mut self, name: &str, help: &str, labels: Pairs<'_>, value: f64) {
        self.add((name, MetricKind::Counter, help), labels, value);
    }

    /// Adds a sample of a family: its name, kind and help count the first time.
    pub(crate) fn add(
        &mut self,
        (name, kind, help): (&str, MetricKind, &str),
        labels: Pairs<'_>,
        value: f64,
    ) {
        let row = (labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), value);
        match self.families.get_mut(name) {
            Some(family) => family.rows.push(row),
            None => {
                let family = RowsOfOne { kind, help: help.to_owned(), rows: vec![row] };
                self.families.insert(name.to_owned(), family);
            }
        }
    }

    /// Writes all families.
    pub(crate) fn write(self, page: &mut Page) {
        let mut labels: Vec<(&str, &str)> = Vec::new();
        for (name, family) in &self.families {
            let mut written = page.family(name, family.kind, &family.help);
            for (pairs, value) in &family.rows {
                labels.clear();
                labels.extend(pairs.iter().map(|(name, value)| (*name, value.as_str())));
                written.sample(&labels, *value);
            }
        }
    }
}
