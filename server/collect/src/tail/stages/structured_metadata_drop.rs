//! `structured_metadata_drop`: removes structured metadata by name.

use std::sync::Arc;

use serde_yaml_ng::Value;

use super::{Each, Stage, State, each, read_names};
use crate::Result;
use crate::tail::pipeline::{Draft, Verdict};

/// The names to remove.
#[derive(Debug)]
struct MetadataDrop(Vec<Arc<str>>);

pub(super) fn read(value: &Value, path: &str) -> Result<Vec<Stage>> {
    let names = value.get("values").unwrap_or(value);
    each(MetadataDrop(read_names(names, path)?))
}

impl Each for MetadataDrop {
    fn name(&self) -> &'static str {
        "structured_metadata_drop"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        draft.metadata.retain(|(name, _)| !self.0.contains(name));
        Ok(Verdict::Keep)
    }
}
