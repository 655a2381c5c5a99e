//! `labels`: extracted values become labels of the line's stream.

use std::sync::Arc;

use serde_yaml_ng::Value;

use super::{Each, Stage, State, each, read_sources};
use crate::Result;
use crate::tail::pipeline::{Draft, Verdict};

/// Labels with the names they were extracted by.
#[derive(Debug)]
struct SetLabels(Vec<(Arc<str>, Arc<str>)>);

pub(super) fn read(value: &Value, path: &str) -> Result<Vec<Stage>> {
    each(SetLabels(read_sources(value, path)?))
}

impl Each for SetLabels {
    fn name(&self) -> &'static str {
        "labels"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        for (label, source) in &self.0 {
            if let Some(value) = draft.extracted(source) {
                let value = value.to_owned();
                draft.set_label(label, Some(value));
            }
        }
        Ok(Verdict::Keep)
    }
}
