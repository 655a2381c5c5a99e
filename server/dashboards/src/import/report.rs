//! What became of the parts of a file.

use std::collections::BTreeMap;

/// What kind of part an item speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The file as a whole: its wrapper, its schema, its limits.
    File,
    /// A panel and its type.
    Panel,
    /// An option of a panel, or of its fields.
    Option,
    /// A transformation.
    Transformation,
    /// A query, and the source it asks.
    Query,
    /// A dashboard variable.
    Variable,
    /// An annotation query.
    Annotation,
    /// A link of the dashboard or of a panel.
    Link,
}

/// One part of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// The part, and what became of it.
    pub text: String,
}

/// What became of the parts of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Understood as written.
    pub used: Vec<Item>,
    /// Understood, but changed: what, and how.
    pub approximated: Vec<Item>,
    /// Not understood; shown as well as can be.
    pub unknown: Vec<Item>,
    /// Items beyond the bound of a list.
    pub omitted: usize,
}

/// Items a list holds: a generated file must not make megabytes of report.
const MOST_ITEMS: usize = 5_000;
/// Characters of an item.
const LONGEST_TEXT: usize = 300;

impl Report {
    pub(crate) fn used(&mut self, kind: Kind, text: impl Into<String>) {
        add(&mut self.used, &mut self.omitted, kind, text.into());
    }

    pub(crate) fn approximated(&mut self, kind: Kind, text: impl Into<String>) {
        add(&mut self.approximated, &mut self.omitted, kind, text.into());
    }

    pub(crate) fn unknown(&mut self, kind: Kind, text: impl Into<String>) {
        add(&mut self.unknown, &mut self.omitted, kind, text.into());
    }

    /// How many parts of each kind were used, approximated and unknown.
    pub fn totals(&self) -> BTreeMap<Kind, [usize; 3]> {
        let mut totals = BTreeMap::new();
        for (i, list) in [&self.used, &self.approximated, &self.unknown].into_iter().enumerate() {
            for item in list {
                totals.entry(item.kind).or_insert([0; 3])[i] += 1;
            }
        }
        totals
    }
}

fn add(list: &mut Vec<Item>, omitted: &mut usize, kind: Kind, mut text: String) {
    if list.len() >= MOST_ITEMS {
        *omitted += 1;
        return;
    }
    if let Some((at, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(at);
        text.push('…');
    }
    list.push(Item { kind, text });
}
