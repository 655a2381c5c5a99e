//! `template`: a Go template makes or changes an extracted value.

use std::borrow::Cow;
use std::sync::Arc;

use template::{Fields, Template};

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// The template, and the extracted value that it is written to.
#[derive(Debug)]
struct Render {
    source: Arc<str>,
    template: Template,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let source = section.text("source")?.filter(|name| !name.is_empty());
    let source = source.ok_or_else(|| section.bad("source", "template needs a source"))?;
    let text = section.text("template")?.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| section.bad("template", "template needs a template"))?;
    let template = Template::parse(&text).map_err(|why| section.bad("template", why))?;
    each(Render { source: Arc::from(source), template })
}

impl Each for Render {
    fn name(&self) -> &'static str {
        "template"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, now_ms: i64) -> Result<Verdict, String> {
        let mut out = String::new();
        let value = draft.extracted(&self.source);
        self.template.render(&Seen { draft, value, now_ms }, &mut out)?;
        // As in Promtail, nothing written is nothing extracted.
        if out.is_empty() {
            draft.extracted.retain(|(name, _)| *name != self.source);
        } else {
            draft.extract(&self.source, out);
        }
        Ok(Verdict::Keep)
    }
}

/// What a template sees of a line: extracted values by name, `.Value` for the source, `.Entry` for the line.
pub(super) struct Seen<'a> {
    pub(super) draft: &'a Draft,
    pub(super) value: Option<&'a str>,
    pub(super) now_ms: i64,
}

impl Seen<'_> {
    /// The line where it is text; a template has no use for other bytes.
    fn entry(&self) -> &str {
        std::str::from_utf8(&self.draft.line).unwrap_or_default()
    }
}

impl Fields for Seen<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        match name {
            "Value" => self.value,
            "Entry" => Some(self.entry()),
            name => self.draft.extracted(name),
        }
    }

    fn each(&self, give: &mut dyn FnMut(&str, &str)) {
        self.draft.base.iter().for_each(|(name, value)| give(name, value));
        self.draft.extracted.iter().for_each(|(name, value)| give(name, value));
        self.value.into_iter().for_each(|value| give("Value", value));
        give("Entry", self.entry());
    }

    fn line(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.draft.line)
    }

    fn t_ns(&self) -> i64 {
        self.draft.t_ns
    }

    fn now_ns(&self) -> i64 {
        self.now_ms.saturating_mul(1_000_000)
    }
}
