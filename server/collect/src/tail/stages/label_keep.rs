//! `labelallow`: removes all labels but those named.

use std::sync::Arc;

use serde_yaml_ng::Value;

use super::{Each, Stage, State, each, read_names};
use crate::Result;
use crate::tail::pipeline::{Draft, Verdict};

/// The labels to keep.
#[derive(Debug)]
struct LabelKeep(Vec<Arc<str>>);

pub(super) fn read(value: &Value, path: &str) -> Result<Vec<Stage>> {
    each(LabelKeep(read_names(value, path)?))
}

impl Each for LabelKeep {
    fn name(&self) -> &'static str {
        "labelallow"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        for name in draft.label_names() {
            if !self.0.contains(&name) {
                draft.set_label(&name, None);
            }
        }
        Ok(Verdict::Keep)
    }
}
