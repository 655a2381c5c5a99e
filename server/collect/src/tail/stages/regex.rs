//! `regex`: named groups of a match are extracted.

use std::sync::Arc;

use regex::Regex;

use super::{Each, Stage, State, compile, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// The expression, and what it is applied to.
#[derive(Debug)]
struct Extract {
    regex: Regex,
    groups: Vec<(usize, Arc<str>)>,
    source: Option<String>,
    labels_from_groups: bool,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let pattern = section.text("expression")?.unwrap_or_default();
    if pattern.is_empty() {
        return Err(section.bad("expression", "regex needs an expression"));
    }
    let regex = compile(section, "expression", &pattern)?;
    let names = regex.capture_names().enumerate();
    let groups: Vec<_> = names.filter_map(|(i, name)| Some((i, Arc::from(name?)))).collect();
    if groups.is_empty() {
        return Err(section.bad("expression", "regex needs a named group, such as (?P<level>[A-Z]+)"));
    }
    let source = section.text("source")?;
    let labels_from_groups = section.bool("labels_from_groups")?.unwrap_or(false);
    each(Extract { regex, groups, source, labels_from_groups })
}

impl Each for Extract {
    fn name(&self) -> &'static str {
        "regex"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let Some(text) = draft.source(self.source.as_deref()) else { return Ok(Verdict::Keep) };
        // No match is no failure: a file may hold lines of many shapes.
        let Some(captures) = self.regex.captures(&text) else { return Ok(Verdict::Keep) };
        let value = |i| captures.get(i).map_or("", |group| group.as_str()).to_owned();
        let found: Vec<_> = self.groups.iter().map(|(i, name)| (name, value(*i))).collect();
        for (name, value) in found {
            if self.labels_from_groups {
                draft.set_label(name, Some(value.clone()));
            }
            draft.extract(name, value);
        }
        Ok(Verdict::Keep)
    }
}
