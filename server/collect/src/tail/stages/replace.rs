//! `replace`: what an expression's groups match is replaced.

use std::sync::Arc;

use regex::Regex;

use super::{Each, Stage, State, compile, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// The expression and the text that takes the place of its groups, or of the whole match if it has none.
#[derive(Debug)]
struct Replace {
    regex: Regex,
    groups: Vec<Option<Arc<str>>>,
    source: Option<Arc<str>>,
    by: String,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let pattern = section.text("expression")?.unwrap_or_default();
    if pattern.is_empty() {
        return Err(section.bad("expression", "replace needs an expression"));
    }
    let regex = compile(section, "expression", &pattern)?;
    let by = section.text("replace")?.unwrap_or_default();
    if by.contains("{{") {
        return Err(section.bad("replace", "templates are not supported yet"));
    }
    let groups = regex.capture_names().map(|name| name.map(Arc::from)).collect();
    each(Replace { regex, groups, source: section.text("source")?.map(Arc::from), by })
}

impl Each for Replace {
    fn name(&self) -> &'static str {
        "replace"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let Some(text) = draft.source(self.source.as_deref()) else { return Ok(Verdict::Keep) };
        let (mut out, mut copied, mut named) = (String::with_capacity(text.len()), 0, Vec::new());
        for captures in self.regex.captures_iter(&text) {
            let first = usize::from(captures.len() > 1);
            for (i, group) in captures.iter().enumerate().skip(first) {
                let Some(group) = group else { continue };
                if let Some(Some(name)) = self.groups.get(i) {
                    named.push((name, self.by.clone()));
                }
                // A group within one that was replaced is gone already.
                if group.start() >= copied {
                    out.push_str(&text[copied..group.start()]);
                    out.push_str(&self.by);
                    copied = group.end();
                }
            }
        }
        if copied == 0 && out.is_empty() {
            return Ok(Verdict::Keep);
        }
        out.push_str(&text[copied..]);
        drop(text);
        for (name, value) in named {
            draft.extract(name, value);
        }
        match &self.source {
            Some(name) => draft.extract(name, out),
            None => draft.line = out.into(),
        }
        Ok(Verdict::Keep)
    }
}
