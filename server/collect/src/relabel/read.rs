//! Relabelling rules of a configuration file.

use super::{ANY, Action, Rule, anchored};
use crate::Result;
use crate::section::Section;

const ACTIONS: [(&str, Action); 11] = [
    ("replace", Action::Replace),
    ("keep", Action::Keep),
    ("drop", Action::Drop),
    ("keepequal", Action::KeepEqual),
    ("dropequal", Action::DropEqual),
    ("hashmod", Action::HashMod),
    ("labelmap", Action::LabelMap),
    ("labeldrop", Action::LabelDrop),
    ("labelkeep", Action::LabelKeep),
    ("lowercase", Action::Lowercase),
    ("uppercase", Action::Uppercase),
];

impl Action {
    /// The word of `prometheus.yml`.
    pub fn as_str(self) -> &'static str {
        ACTIONS.iter().find(|(_, action)| *action == self).map_or("replace", |(word, _)| *word)
    }
}

/// The list of rules below `key`.
pub(crate) fn read_rules(section: &Section<'_>, key: &'static str) -> Result<Vec<Rule>> {
    section.sections(key)?.into_iter().map(read_rule).collect()
}

fn read_rule(section: Section<'_>) -> Result<Rule> {
    let word = section.text("action")?.unwrap_or_else(|| "replace".to_owned()).to_lowercase();
    let action = ACTIONS.iter().find(|(name, _)| *name == word).map(|(_, action)| *action);
    let action = action.ok_or_else(|| {
        let all: Vec<&str> = ACTIONS.iter().map(|(name, _)| *name).collect();
        section.bad("action", format!("{word:?} is none of {}", all.join(", ")))
    })?;
    let pattern = section.text("regex")?.unwrap_or_else(|| ANY.to_owned());
    let rule = Rule {
        action,
        source_labels: section.texts("source_labels")?.unwrap_or_default(),
        separator: section.text("separator")?.unwrap_or_else(|| ";".to_owned()),
        regex: anchored(&pattern).map_err(|why| section.bad("regex", why))?,
        pattern,
        modulus: section.number("modulus")?.unwrap_or(0),
        target_label: section.text("target_label")?.unwrap_or_default(),
        replacement: section.text("replacement")?.unwrap_or_else(|| "$1".to_owned()),
    };
    let needs_target = matches!(
        action,
        Action::Replace
            | Action::HashMod
            | Action::Lowercase
            | Action::Uppercase
            | Action::KeepEqual
            | Action::DropEqual
    );
    if needs_target && rule.target_label.is_empty() {
        return Err(section.bad("target_label", format!("the action {word} needs a target_label")));
    }
    if action == Action::HashMod && rule.modulus == 0 {
        return Err(section.bad("modulus", "the action hashmod needs a modulus above 0"));
    }
    section.finish();
    Ok(rule)
}
