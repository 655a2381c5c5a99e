//! `eventlogmessage`: the lines `Key: value` of a Windows event's message are extracted.

use std::sync::Arc;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// Where the message is, and what becomes of its keys.
#[derive(Debug)]
struct EventLogMessage {
    source: String,
    drop_invalid_labels: bool,
    overwrite_existing: bool,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    each(EventLogMessage {
        source: section.text("source")?.unwrap_or_else(|| "message".to_owned()),
        drop_invalid_labels: section.bool("drop_invalid_labels")?.unwrap_or(false),
        overwrite_existing: section.bool("overwrite_existing")?.unwrap_or(false),
    })
}

impl Each for EventLogMessage {
    fn name(&self) -> &'static str {
        "eventlogmessage"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let Some(message) = draft.extracted(&self.source).map(str::to_owned) else {
            return Err(format!("nothing was extracted as {:?}", self.source));
        };
        for (key, value) in message.lines().filter_map(|line| line.split_once(':')) {
            let (key, value) = (key.trim(), value.trim());
            if value.is_empty() || key.is_empty() {
                continue;
            }
            let name = label_name(key);
            if name != key && self.drop_invalid_labels {
                continue;
            }
            let taken = draft.extracted(&name).is_some() && !self.overwrite_existing;
            let name: Arc<str> = if taken { format!("{name}_extracted").into() } else { name.into() };
            draft.extract(&name, value.to_owned());
        }
        Ok(Verdict::Keep)
    }
}

/// The key with `_` in place of what a label's name may not hold.
pub(super) fn label_name(key: &str) -> String {
    let valid = |(i, c): (usize, char)| {
        let ok = c == '_' || c.is_ascii_alphabetic() || (i > 0 && c.is_ascii_digit());
        if ok { c } else { '_' }
    };
    key.chars().enumerate().map(valid).collect()
}
