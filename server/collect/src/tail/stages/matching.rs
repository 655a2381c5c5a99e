//! `match`: stages for lines whose labels and text a selector describes.

use std::sync::Arc;

use super::{Reading, Stage, read_stages};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::Draft;
use crate::tail::selector::LineSelector;

/// The selector, and what is done with lines it describes.
#[derive(Debug)]
pub(crate) struct Match {
    selector: LineSelector,
    /// Lines end here.
    pub(crate) drops: bool,
    pub(crate) stages: Vec<Stage>,
}

impl Match {
    pub(crate) fn matches(&self, draft: &Draft) -> bool {
        self.selector.matches(draft)
    }
}

pub(super) fn read(section: &Section<'_>, reading: Reading<'_>) -> Result<Vec<Stage>> {
    let text = section.text("selector")?.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| section.bad("selector", "match needs a selector"))?;
    let selector = (reading.selectors)(&text).map_err(|why| section.bad("selector", why))?;
    let drops = match section.text("action")?.as_deref() {
        None | Some("" | "keep") => false,
        Some("drop") => true,
        Some(other) => return Err(section.bad("action", format!("{other:?} is neither keep nor drop"))),
    };
    section.ignored(&["pipeline_name"], "it names a metric of Promtail");
    section.ignored(&["drop_counter_reason"], "dropped lines are counted for the whole job");
    let stages = read_stages(section, "stages", reading);
    section.finish();
    Ok(vec![Stage::Match(Arc::new(Match { selector, drops, stages }))])
}
