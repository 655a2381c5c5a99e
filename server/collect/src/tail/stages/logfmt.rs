//! `logfmt`: values of `key=value` pairs are extracted.

use std::sync::Arc;

use super::{Each, Stage, State, each, read_sources};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// Names with the keys they come from.
#[derive(Debug)]
struct Logfmt {
    mapping: Vec<(Arc<str>, Arc<str>)>,
    source: Option<String>,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let value = section.value("mapping").ok_or_else(|| section.bad("mapping", "logfmt needs a mapping"))?;
    each(Logfmt { mapping: read_sources(value, &section.at("mapping"))?, source: section.text("source")? })
}

impl Each for Logfmt {
    fn name(&self) -> &'static str {
        "logfmt"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let Some(text) = draft.source(self.source.as_deref()) else { return Ok(Verdict::Keep) };
        let mut found = Vec::new();
        let result = pairs(&text, |key, value| {
            let wanted = self.mapping.iter().filter(|(_, source)| **source == *key);
            found.extend(wanted.map(|(name, _)| (name, value.to_owned())));
        });
        for (name, value) in found {
            draft.extract(name, value);
        }
        result.map(|()| Verdict::Keep)
    }
}

/// Reads `key=value key="quoted \" value" key` pairs.
fn pairs(text: &str, mut found: impl FnMut(&str, &str)) -> Result<(), String> {
    let mut rest = text.trim_start_matches(|c: char| c <= ' ');
    while !rest.is_empty() {
        let end = rest.find(|c: char| c <= ' ' || c == '=' || c == '"').unwrap_or(rest.len());
        let (key, tail) = rest.split_at(end);
        if tail.starts_with('"') || (key.is_empty() && tail.starts_with('=')) {
            let at = text.len() - tail.len();
            return Err(format!("not logfmt: unexpected {:?} at byte {at}", &tail[..1]));
        }
        let Some(tail) = tail.strip_prefix('=') else {
            found(key, "");
            rest = tail.trim_start_matches(|c: char| c <= ' ');
            continue;
        };
        let tail = match tail.strip_prefix('"') {
            Some(quoted) => {
                let (value, tail) = unquote(quoted).ok_or("not logfmt: a quote is not closed")?;
                found(key, &value);
                tail
            }
            None => {
                let end = tail.find(|c: char| c <= ' ').unwrap_or(tail.len());
                found(key, &tail[..end]);
                &tail[end..]
            }
        };
        rest = tail.trim_start_matches(|c: char| c <= ' ');
    }
    Ok(())
}

/// The value of a quoted text, which begins behind its quote, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                'u' => {
                    let start = chars.clone().next()?.0;
                    let digits = text.get(start..start + 4)?;
                    value.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?).unwrap_or('\u{fffd}'));
                    chars.nth(3);
                }
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}
