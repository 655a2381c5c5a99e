//! `replace`: what an expression's groups match is replaced.

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;
use template::Template;

use super::template::Seen;
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
    by: By,
}

/// A plain text, or a template that sees what was matched as `.Value`.
#[derive(Debug)]
enum By {
    Text(String),
    Template(Template),
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let pattern = section.text("expression")?.unwrap_or_default();
    if pattern.is_empty() {
        return Err(section.bad("expression", "replace needs an expression"));
    }
    let regex = compile(section, "expression", &pattern)?;
    let by = section.text("replace")?.unwrap_or_default();
    let by = match by.contains("{{") {
        false => By::Text(by),
        true => By::Template(Template::parse(&by).map_err(|why| section.bad("replace", why))?),
    };
    let groups = regex.capture_names().map(|name| name.map(Arc::from)).collect();
    each(Replace { regex, groups, source: section.text("source")?.map(Arc::from), by })
}

impl Each for Replace {
    fn name(&self) -> &'static str {
        "replace"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, now_ms: i64) -> Result<Verdict, String> {
        let Some(text) = draft.source(self.source.as_deref()) else { return Ok(Verdict::Keep) };
        let (mut out, mut copied, mut named) = (String::with_capacity(text.len()), 0, Vec::new());
        for captures in self.regex.captures_iter(&text) {
            let first = usize::from(captures.len() > 1);
            for (i, group) in captures.iter().enumerate().skip(first) {
                let Some(group) = group else { continue };
                let by = self.by.text(draft, group.as_str(), now_ms)?;
                if let Some(Some(name)) = self.groups.get(i) {
                    named.push((name, by.clone().into_owned()));
                }
                // A group within one that was replaced is gone already.
                if group.start() >= copied {
                    out.push_str(&text[copied..group.start()]);
                    out.push_str(&by);
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

impl By {
    fn text(&self, draft: &Draft, matched: &str, now_ms: i64) -> Result<Cow<'_, str>, String> {
        match self {
            By::Text(text) => Ok(text.into()),
            By::Template(template) => {
                let mut out = String::new();
                template.render(&Seen { draft, value: Some(matched), now_ms }, &mut out)?;
                Ok(out.into())
            }
        }
    }
}
