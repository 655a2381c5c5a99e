//! `| regexp "(?P<method>\\w+) …"`: labels from named groups.

use regex::bytes::Regex;

use super::Stage;
use super::line_filter::regex_for_bytes;
use crate::line::Line;
use crate::{Error, Result};

#[derive(Debug)]
pub(super) struct Regexp {
    regex: Regex,
    // (group, label)
    groups: Vec<(usize, String)>,
}

impl Regexp {
    pub(super) fn new(pattern: &str) -> Result<Self> {
        let regex = regex_for_bytes(pattern)?;
        let groups: Vec<(usize, String)> =
            regex.capture_names().enumerate().filter_map(|(i, name)| Some((i, name?.to_owned()))).collect();
        if groups.is_empty() {
            return Err(Error::invalid("at least one named capture must be supplied"));
        }
        for (_, name) in &groups {
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(Error::invalid(format!("invalid extracted label name '{name}'")));
            }
        }
        Ok(Regexp { regex, groups })
    }
}

impl Stage for Regexp {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.rewritten.as_deref().unwrap_or(line.original);
        let labels = &mut line.labels;
        let Some(captures) = self.regex.captures(text) else {
            return true;
        };
        let mark = labels.mark();
        for (group, name) in &self.groups {
            if let Some(value) = captures.get(*group) {
                labels.extract(mark, name, &String::from_utf8_lossy(value.as_bytes()));
            }
        }
        true
    }
}
