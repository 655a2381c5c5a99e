//! `output`: an extracted value becomes the line.

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// The name of the value.
#[derive(Debug)]
pub(super) struct Output(pub(super) String);

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let source = section.text("source")?.filter(|source| !source.is_empty());
    each(Output(source.ok_or_else(|| section.bad("source", "output needs a source"))?))
}

impl Each for Output {
    fn name(&self) -> &'static str {
        "output"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let value =
            draft.extracted(&self.0).ok_or_else(|| format!("nothing was extracted as {:?}", self.0))?;
        draft.line = value.to_owned().into();
        Ok(Verdict::Keep)
    }
}
