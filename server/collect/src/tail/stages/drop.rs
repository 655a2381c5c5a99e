//! `drop`: ends lines that meet all conditions named.

use regex::Regex;

use super::{Each, Stage, State, compile, each};
use crate::section::{Section, text_of};
use crate::tail::pipeline::{Draft, Verdict};
use crate::{Error, Result};

/// The conditions; all of those given must hold.
#[derive(Debug)]
struct Conditions {
    source: Vec<String>,
    separator: String,
    regex: Option<Regex>,
    value: Option<String>,
    older_than_ms: Option<i64>,
    longer_than: Option<u64>,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let source = match section.value("source") {
        None => Vec::new(),
        Some(value) => match (text_of(value), value.as_sequence()) {
            (Some(name), _) => vec![name],
            (None, Some(names)) => names.iter().filter_map(text_of).collect(),
            _ => return Err(section.bad("source", "a name or a list of names was expected")),
        },
    };
    let pattern = section.text("expression")?.filter(|pattern| !pattern.is_empty());
    let regex = pattern.map(|pattern| compile(section, "expression", &pattern)).transpose()?;
    let value = section.text("value")?;
    if regex.is_some() && value.is_some() {
        return Err(section.bad("value", "drop takes an expression or a value, not both"));
    }
    if value.is_some() && source.is_empty() {
        return Err(section.bad("value", "a value needs a source to compare with"));
    }
    let separator = section.text("separator")?.unwrap_or_else(|| ";".to_owned());
    let older_than_ms = section.duration_ms("older_than")?;
    let longer_than = section.size("longer_than")?;
    section.ignored(&["drop_counter_reason"], "dropped lines are counted for the whole job");
    let some = regex.is_some() || older_than_ms.is_some() || longer_than.is_some() || !source.is_empty();
    if !some {
        let why = "drop needs at least one of source, expression, older_than, longer_than";
        return Err(Error::config(section.at("source"), why));
    }
    each(Conditions { source, separator, regex, value, older_than_ms, longer_than })
}

impl Each for Conditions {
    fn name(&self) -> &'static str {
        "drop"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, now_ms: i64) -> Result<Verdict, String> {
        let longer = self.longer_than.is_none_or(|most| draft.line.len() as u64 > most);
        let limit = |age: i64| now_ms.saturating_sub(age).saturating_mul(1_000_000);
        let older = self.older_than_ms.is_none_or(|age| draft.t_ns < limit(age));
        let drops = longer && older && self.source_holds(draft);
        Ok(if drops { Verdict::Drop } else { Verdict::Keep })
    }
}

impl Conditions {
    fn source_holds(&self, draft: &Draft) -> bool {
        if self.source.is_empty() {
            return self
                .regex
                .as_ref()
                .is_none_or(|regex| regex.is_match(&String::from_utf8_lossy(&draft.line)));
        }
        let values: Option<Vec<&str>> = self.source.iter().map(|name| draft.extracted(name)).collect();
        let Some(values) = values else { return false };
        let text = values.join(&self.separator);
        match (&self.regex, &self.value) {
            (Some(regex), _) => regex.is_match(&text),
            (None, Some(value)) => text == *value,
            (None, None) => true,
        }
    }
}
