//! `truncate`: cuts the line, labels, structured metadata or extracted values to a length.

use std::sync::Arc;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// The rules, in order.
#[derive(Debug)]
struct Truncate(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    limit: usize,
    suffix: String,
    what: What,
    /// One name; all of them if there is none.
    source: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Line,
    Labels,
    Metadata,
    Extracted,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let rules = section.sections("rules")?;
    if rules.is_empty() {
        return each(Truncate(vec![read_rule(section)?]));
    }
    let mut read = Vec::new();
    for rule in &rules {
        read.push(read_rule(rule)?);
        rule.finish();
    }
    each(Truncate(read))
}

fn read_rule(section: &Section<'_>) -> Result<Rule> {
    let limit = section.size("limit")?.filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| section.bad("limit", "truncate needs a limit, such as 1KB"))? as usize;
    let suffix = section.text("suffix")?.unwrap_or_default();
    if suffix.len() >= limit {
        return Err(section.bad("suffix", "the suffix is as long as the limit"));
    }
    let what = match section.text("source_type")?.as_deref() {
        None | Some("" | "line") => What::Line,
        Some("label") => What::Labels,
        Some("structured_metadata") => What::Metadata,
        Some("extracted" | "extracted_map") => What::Extracted,
        Some(other) => {
            let why = format!("{other:?} is none of line, label, structured_metadata, extracted");
            return Err(section.bad("source_type", why));
        }
    };
    Ok(Rule { limit, suffix, what, source: section.text("source")?.filter(|name| !name.is_empty()) })
}

impl Each for Truncate {
    fn name(&self) -> &'static str {
        "truncate"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        self.0.iter().for_each(|rule| rule.apply(draft));
        Ok(Verdict::Keep)
    }
}

impl Rule {
    fn apply(&self, draft: &mut Draft) {
        let named = |name: &str| self.source.as_deref().is_none_or(|source| source == name);
        match self.what {
            What::Line => {
                if draft.line.len() > self.limit {
                    draft.line = self.cut(&draft.line).into();
                }
            }
            What::Labels => {
                for name in draft.label_names().iter().filter(|name| named(name)) {
                    let cut = draft.label(name).and_then(|value| self.shorter(value));
                    if cut.is_some() {
                        draft.set_label(name, cut);
                    }
                }
            }
            What::Metadata => self.cut_pairs(&mut draft.metadata),
            What::Extracted => self.cut_pairs(&mut draft.extracted),
        }
    }

    fn cut_pairs(&self, pairs: &mut [(Arc<str>, String)]) {
        for (name, value) in pairs {
            if self.source.as_deref().is_none_or(|source| source == &**name)
                && let Some(cut) = self.shorter(value)
            {
                *value = cut;
            }
        }
    }

    fn shorter(&self, value: &str) -> Option<String> {
        (value.len() > self.limit).then(|| String::from_utf8_lossy(&self.cut(value.as_bytes())).into_owned())
    }

    /// The first bytes and the suffix, `limit` bytes at most; no character is cut in two.
    fn cut(&self, text: &[u8]) -> Vec<u8> {
        let mut end = self.limit - self.suffix.len();
        while end > 0 && text.get(end).is_some_and(|b| b & 0xc0 == 0x80) {
            end -= 1;
        }
        [&text[..end], self.suffix.as_bytes()].concat()
    }
}
