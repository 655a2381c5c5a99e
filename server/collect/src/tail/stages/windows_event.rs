//! `windowsevent`: a Windows event's message is taken apart. Its first section is a description; those behind it hold
//! `Key: value`, and a heading such as `Subject:` goes before the keys of its section.

use std::sync::Arc;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// Where the message is, and what becomes of its keys.
#[derive(Debug)]
struct WindowsEvent {
    source: String,
    drop_invalid_labels: bool,
    overwrite_existing: bool,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    each(WindowsEvent {
        source: section.text("source")?.unwrap_or_else(|| "message".to_owned()),
        drop_invalid_labels: section.bool("drop_invalid_labels")?.unwrap_or(false),
        overwrite_existing: section.bool("overwrite_existing")?.unwrap_or(false),
    })
}

impl Each for WindowsEvent {
    fn name(&self) -> &'static str {
        "windowsevent"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let Some(message) = draft.extracted(&self.source).map(str::to_owned) else {
            return Err(format!("nothing was extracted as {:?}", self.source));
        };
        for (key, value) in pairs(&message) {
            let name = super::event_log_message::label_name(&key);
            if name != key && self.drop_invalid_labels {
                continue;
            }
            let taken = draft.extracted(&name).is_some() && !self.overwrite_existing;
            let name: Arc<str> = if taken { format!("{name}_extracted").into() } else { name.into() };
            draft.extract(&name, value);
        }
        Ok(Verdict::Keep)
    }
}

fn pairs(message: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    let mut sections = lines.split(|line| line.is_empty()).filter(|section| !section.is_empty());
    let mut pairs = Vec::new();
    if let Some(first) = sections.next() {
        pairs.push(("Description".to_owned(), first.join("\n")));
    }
    for section in sections {
        let (mut heading, mut current) = (String::new(), None::<usize>);
        for (i, line) in section.iter().enumerate() {
            let Some((key, value)) = line.split_once(':') else {
                // More of the value before it; without one it is prose.
                if let Some(at) = current {
                    let (_, value): &mut (String, String) = &mut pairs[at];
                    value.push(',');
                    value.push_str(line);
                }
                continue;
            };
            let (key, value) = (key.replace([' ', '\t'], ""), value.trim());
            if i == 0 && value.is_empty() {
                heading = format!("{key}_");
                continue;
            }
            current = Some(pairs.len());
            pairs.push((format!("{heading}{key}"), value.to_owned()));
        }
    }
    pairs
}
