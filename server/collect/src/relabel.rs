//! Relabelling: rules that rewrite label sets, with Prometheus' eleven actions.

mod md5;
mod read;

use model::{Labels, LabelsBuilder};
use regex::Regex;

pub(crate) use read::read_rules;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Sets the target label to the expanded replacement if the regex matches.
    Replace,
    /// Keeps label sets that match.
    Keep,
    /// Drops label sets that match.
    Drop,
    /// Keeps label sets whose source equals the target label.
    KeepEqual,
    /// Drops label sets whose source equals the target label.
    DropEqual,
    /// Sets the target label to the source's hash modulo `modulus`.
    HashMod,
    /// Copies labels whose names match to the expanded replacement.
    LabelMap,
    /// Removes labels whose names match.
    LabelDrop,
    /// Removes labels whose names do not match.
    LabelKeep,
    /// Sets the target label to the source in lower case.
    Lowercase,
    /// Sets the target label to the source in upper case.
    Uppercase,
}

/// One relabelling rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// Labels whose values are joined to the source.
    pub source_labels: Vec<String>,
    /// Between them.
    pub separator: String,
    /// Compiled from `pattern`, anchored at both ends.
    pub regex: Regex,
    /// The regex as written.
    pub pattern: String,
    /// Of [`Action::HashMod`].
    pub modulus: u64,
    /// The label that is set; may hold `$1`.
    pub target_label: String,
    /// The value it is set to; may hold `$1`.
    pub replacement: String,
}

/// The regex of rules that name none.
pub(crate) const ANY: &str = "(.*)";

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.action == other.action
            && self.source_labels == other.source_labels
            && self.separator == other.separator
            && self.pattern == other.pattern
            && self.modulus == other.modulus
            && self.target_label == other.target_label
            && self.replacement == other.replacement
    }
}

/// Compiles a pattern as relabelling uses it.
pub(crate) fn anchored(pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .dot_matches_new_line(true)
        .size_limit(16 << 20)
        .build()
        .map_err(|e| {
            let why = e.to_string();
            format!("invalid regular expression {pattern:?}: {}", why.lines().last().unwrap_or_default())
        })
}

/// Applies `rules` in order. `None` if one of them drops the label set.
pub fn relabel(labels: &Labels, rules: &[Rule]) -> Option<Labels> {
    if rules.is_empty() {
        return Some(labels.clone());
    }
    let mut builder = labels.to_builder();
    relabel_builder(&mut builder, rules).then(|| builder.build())
}

/// What one rule made of a label set.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// The labels after it.
    pub output: Labels,
    /// False if the rule drops the label set: no step follows.
    pub keep: bool,
}

/// Applies `rules` in order and keeps what each makes of the labels.
pub fn relabel_steps(labels: &Labels, rules: &[Rule]) -> Vec<Step> {
    let mut builder = labels.to_builder();
    let mut steps = Vec::with_capacity(rules.len());
    for rule in rules {
        let keep = rule.apply(&mut builder);
        let output = if keep { builder.clone().build() } else { Labels::empty() };
        steps.push(Step { rule: rule.clone(), output, keep });
        if !keep {
            break;
        }
    }
    steps
}

/// Applies `rules` to a builder. False if one of them drops the label set.
pub fn relabel_builder(labels: &mut LabelsBuilder, rules: &[Rule]) -> bool {
    rules.iter().all(|rule| rule.apply(labels))
}

impl Rule {
    /// Applies the rule; false drops the label set.
    fn apply(&self, labels: &mut LabelsBuilder) -> bool {
        let values: Vec<&str> = self.source_labels.iter().map(|name| labels.value(name)).collect();
        let source = values.join(&self.separator);
        match self.action {
            Action::Keep => return self.regex.is_match(&source),
            Action::Drop => return !self.regex.is_match(&source),
            Action::KeepEqual => return labels.value(&self.target_label) == source,
            Action::DropEqual => return labels.value(&self.target_label) != source,
            Action::Replace => self.replace(labels, &source),
            Action::HashMod => {
                let value = md5::last_half(source.as_bytes()) % self.modulus.max(1);
                labels.set(self.target_label.as_str(), value.to_string());
            }
            Action::Lowercase => set(labels, &self.target_label, &source.to_lowercase()),
            Action::Uppercase => set(labels, &self.target_label, &source.to_uppercase()),
            Action::LabelMap => self.label_map(labels),
            Action::LabelDrop => labels.retain(|name, _| !self.regex.is_match(name)),
            Action::LabelKeep => labels.retain(|name, _| self.regex.is_match(name)),
        }
        true
    }

    fn replace(&self, labels: &mut LabelsBuilder, source: &str) {
        // The commonest rule, a label set to a fixed value, needs no regex.
        if self.pattern == ANY && !self.target_label.contains('$') && !self.replacement.contains('$') {
            return set(labels, &self.target_label, &self.replacement);
        }
        let Some(captures) = self.regex.captures(source) else { return };
        let (mut target, mut value) = (String::new(), String::new());
        captures.expand(&self.target_label, &mut target);
        captures.expand(&self.replacement, &mut value);
        if !target.is_empty() {
            set(labels, &target, &value);
        }
    }

    fn label_map(&self, labels: &mut LabelsBuilder) {
        let mapped: Vec<(String, String)> = labels
            .iter()
            .filter_map(|(name, value)| {
                let captures = self.regex.captures(name)?;
                let mut to = String::new();
                captures.expand(&self.replacement, &mut to);
                (!to.is_empty()).then(|| (to, value.to_owned()))
            })
            .collect();
        for (name, value) in mapped {
            labels.set(name, value);
        }
    }
}

fn set(labels: &mut LabelsBuilder, name: &str, value: &str) {
    if value.is_empty() {
        labels.remove(name);
    } else {
        labels.set(name, value);
    }
}

#[cfg(test)]
mod tests;
