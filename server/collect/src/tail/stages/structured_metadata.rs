//! `structured_metadata`: extracted values, or labels, become structured metadata of the line.

use std::sync::Arc;

use serde_yaml_ng::Value;

use super::{Each, Stage, State, each, read_sources};
use crate::Result;
use crate::tail::pipeline::{Draft, Verdict};

/// Metadata with the names they were extracted by.
#[derive(Debug)]
struct StructuredMetadata(Vec<(Arc<str>, Arc<str>)>);

pub(super) fn read(value: &Value, path: &str) -> Result<Vec<Stage>> {
    each(StructuredMetadata(read_sources(value, path)?))
}

impl Each for StructuredMetadata {
    fn name(&self) -> &'static str {
        "structured_metadata"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        for (name, source) in &self.0 {
            let label = draft.label(source).map(str::to_owned);
            if label.is_some() {
                draft.set_label(source, None);
            }
            let Some(value) = label.or_else(|| draft.extracted(source).map(str::to_owned)) else { continue };
            match draft.metadata.iter_mut().find(|(n, _)| n == name) {
                Some(pair) => pair.1 = value,
                None => draft.metadata.push((name.clone(), value)),
            }
        }
        Ok(Verdict::Keep)
    }
}
