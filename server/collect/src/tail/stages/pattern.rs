//! `pattern`: parts of the line are extracted by what stands between them: `<ip> - <_> "<method> <path>"`.

use std::sync::Arc;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// Captures and the literals between them, in turn.
#[derive(Debug)]
struct Pattern {
    parts: Vec<Part>,
    source: Option<String>,
    labels_from_groups: bool,
}

#[derive(Debug, PartialEq)]
enum Part {
    Literal(String),
    /// `None` for `<_>`.
    Capture(Option<Arc<str>>),
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    // Promtail says `expression`, Alloy `pattern`.
    let text = section.text("expression")?.or(section.text("pattern")?).unwrap_or_default();
    let parts = parse(&text).map_err(|why| section.bad("expression", why))?;
    let source = section.text("source")?;
    let labels_from_groups = section.bool("labels_from_groups")?.unwrap_or(false);
    each(Pattern { parts, source, labels_from_groups })
}

fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((name, tail)) = capture(rest) {
            if matches!(parts.last(), Some(Part::Capture(_))) {
                return Err(format!("<{name}> follows another capture: a text between them is needed"));
            }
            let name = (name != "_").then(|| Arc::from(name));
            if name.is_some() && parts.contains(&Part::Capture(name.clone())) {
                return Err(format!("<{}> occurs twice", name.as_deref().unwrap_or_default()));
            }
            parts.push(Part::Capture(name));
            rest = tail;
            continue;
        }
        match parts.last_mut() {
            Some(Part::Literal(literal)) => literal.push(first),
            _ => parts.push(Part::Literal(first.to_string())),
        }
        rest = &rest[first.len_utf8()..];
    }
    match parts.iter().any(|part| matches!(part, Part::Capture(Some(_)))) {
        true => Ok(parts),
        false => Err("pattern needs a capture with a name, such as <level>".to_owned()),
    }
}

/// `<name>` at the beginning of `text`, and what follows.
fn capture(text: &str) -> Option<(&str, &str)> {
    let (name, tail) = text.strip_prefix('<')?.split_once('>')?;
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some((name, tail))
}

impl Each for Pattern {
    fn name(&self) -> &'static str {
        "pattern"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        // No source and no match are no failures: a file may hold lines of many shapes.
        let Some(text) = draft.source(self.source.as_deref()) else { return Ok(Verdict::Keep) };
        for (name, value) in found(&self.parts, &text) {
            if self.labels_from_groups {
                draft.set_label(&name, Some(value.clone()));
            }
            draft.extract(&name, value);
        }
        Ok(Verdict::Keep)
    }
}

/// The captures, up to where the text fits.
fn found(parts: &[Part], text: &str) -> Vec<(Arc<str>, String)> {
    let mut found = Vec::new();
    let (mut rest, mut open) = (text, None);
    for part in parts {
        match part {
            Part::Capture(name) => open = Some(name),
            Part::Literal(literal) => {
                let at = rest.find(literal.as_str());
                match open.take() {
                    None if at != Some(0) => return found,
                    None => {}
                    Some(name) => {
                        let value = &rest[..at.unwrap_or(rest.len())];
                        found.extend(name.iter().map(|name| (name.clone(), value.to_owned())));
                    }
                }
                let Some(at) = at else { return found };
                rest = &rest[at + literal.len()..];
            }
        }
    }
    if let Some(Some(name)) = open {
        found.push((name.clone(), rest.to_owned()));
    }
    found
}
