//! `pack`: wraps the line and some labels into a JSON object.

use std::sync::Arc;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// Labels, or extracted values, that move into the object.
#[derive(Debug)]
struct Pack {
    labels: Vec<Arc<str>>,
    ingest_timestamp: bool,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let labels = section.texts("labels")?.unwrap_or_default().into_iter().map(Arc::from).collect();
    each(Pack { labels, ingest_timestamp: section.bool("ingest_timestamp")?.unwrap_or(true) })
}

impl Each for Pack {
    fn name(&self) -> &'static str {
        "pack"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let mut object = serde_json::Map::new();
        for name in &self.labels {
            let label = draft.label(name).map(str::to_owned);
            if let Some(value) = label.clone().or_else(|| draft.extracted(name).map(str::to_owned)) {
                object.insert(name.to_string(), value.into());
            }
            if label.is_some() {
                draft.set_label(name, None);
            }
        }
        object.insert("_entry".to_owned(), String::from_utf8_lossy(&draft.line).into());
        draft.line = serde_json::Value::from(object).to_string().into();
        if self.ingest_timestamp {
            draft.t_ns = draft.read_ns;
        }
        Ok(Verdict::Keep)
    }
}
