//! `labeldrop`: removes labels.

use std::sync::Arc;

use serde_yaml_ng::Value;

use super::{Each, Stage, State, each, read_names};
use crate::Result;
use crate::tail::pipeline::{Draft, Verdict};

/// The labels to remove.
#[derive(Debug)]
struct LabelDrop(Vec<Arc<str>>);

pub(super) fn read(value: &Value, path: &str) -> Result<Vec<Stage>> {
    each(LabelDrop(read_names(value, path)?))
}

impl Each for LabelDrop {
    fn name(&self) -> &'static str {
        "labeldrop"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        for name in &self.0 {
            draft.set_label(name, None);
        }
        Ok(Verdict::Keep)
    }
}
