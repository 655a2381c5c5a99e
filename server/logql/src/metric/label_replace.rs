//! `label_replace(v, "dst", "$1", "src", "regex")`

use rustc_hash::FxHashSet;

use super::Column;
use crate::ast::LabelReplace;
use crate::{Error, Result};

pub(super) fn apply(replace: &LabelReplace, mut columns: Vec<Column>) -> Result<Vec<Column>> {
    for column in &mut columns {
        if let Some(captures) = replace.regex.captures(column.labels.value(&replace.src)) {
            let mut value = String::new();
            captures.expand(&replace.replacement, &mut value);
            column.labels = column.labels.with(&replace.dst, &value);
        }
    }
    unique(&columns)?;
    Ok(columns)
}

/// Two series may not have the same labels.
pub(super) fn unique(columns: &[Column]) -> Result<()> {
    let mut seen = FxHashSet::default();
    if columns.iter().all(|column| seen.insert(&column.labels)) {
        return Ok(());
    }
    Err(Error::evaluation("vector cannot contain metrics with the same labelset"))
}
