//! `static_labels`: labels with fixed values.

use std::sync::Arc;

use serde_yaml_ng::Value;

use super::{Each, Stage, State, each};
use crate::section::text_of;
use crate::tail::pipeline::{Draft, Verdict};
use crate::{Error, Result};

/// Labels and their values.
#[derive(Debug)]
struct StaticLabels(Vec<(Arc<str>, String)>);

pub(super) fn read(value: &Value, path: &str) -> Result<Vec<Stage>> {
    let bad = || Error::config(path, "a mapping of texts was expected");
    let pairs = value.as_mapping().ok_or_else(bad)?.iter();
    // A label without a value is left alone.
    let pairs = pairs.filter(|(_, value)| !value.is_null());
    let pairs = pairs.map(|(name, value)| Some((Arc::from(text_of(name)?), text_of(value)?)));
    each(StaticLabels(pairs.collect::<Option<_>>().ok_or_else(bad)?))
}

impl Each for StaticLabels {
    fn name(&self) -> &'static str {
        "static_labels"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        for (name, value) in &self.0 {
            draft.set_label(name, Some(value.clone()));
        }
        Ok(Verdict::Keep)
    }
}
