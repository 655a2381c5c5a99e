//! `split_json`: an array of JSON becomes a line for each of its elements. What is no array passes on as it is; an
//! empty one gives no line.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{Gather, Stage, State};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::Draft;

/// Where the array is: in an extracted value, or the line itself.
#[derive(Debug)]
struct SplitJson {
    source: Option<String>,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let source = section.text("source")?;
    if source.as_deref() == Some("") {
        return Err(section.bad("source", "it cannot be empty"));
    }
    Ok(vec![Stage::Gather(Arc::new(SplitJson { source }))])
}

impl Gather for SplitJson {
    fn name(&self) -> &'static str {
        "split_json"
    }

    fn state(&self) -> State {
        State::None
    }

    fn push(&self, draft: Draft, _: &mut State, _: i64, out: &mut Vec<Draft>) {
        let elements = draft.source(self.source.as_deref()).and_then(|text| elements(&text));
        let Some(elements) = elements else { return out.push(draft) };
        for (element, line) in elements.into_iter().enumerate() {
            // A nanosecond apart, so that equal ones are told apart and their order stays.
            let later = |ns: i64| ns.saturating_add(element as i64);
            let (t_ns, read_ns) = (later(draft.t_ns), later(draft.read_ns));
            out.push(Draft { line, t_ns, read_ns, ..draft.clone() });
        }
    }

    fn release(&self, _: &mut State, _: i64, _: &mut Vec<Draft>) {}

    fn held(&self, _: &State) -> Option<u64> {
        None
    }
}

/// The elements of an array as they are spelled.
fn elements(text: &str) -> Option<Vec<Bytes>> {
    if !text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('[') {
        return None;
    }
    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(elements.into_iter().map(|element| Bytes::copy_from_slice(element.get().as_bytes())).collect())
}
