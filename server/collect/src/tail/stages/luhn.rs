//! `luhn`: numbers that pass the Luhn check, as card numbers do, are replaced.

use std::sync::Arc;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

/// What counts as such a number, and what takes its place.
#[derive(Debug)]
struct Luhn {
    replacement: String,
    source: Option<Arc<str>>,
    min_length: usize,
    /// Characters that may stand between digits.
    delimiters: String,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    each(Luhn {
        replacement: section.text("replacement")?.unwrap_or_else(|| "**REDACTED**".to_owned()),
        source: section.text("source")?.filter(|name| !name.is_empty()).map(Arc::from),
        min_length: section.number("min_length")?.unwrap_or(13).max(1) as usize,
        delimiters: section.text("delimiters")?.unwrap_or_default(),
    })
}

impl Each for Luhn {
    fn name(&self) -> &'static str {
        "luhn"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let Some(text) = draft.source(self.source.as_deref()) else { return Ok(Verdict::Keep) };
        let Some(out) = self.replaced(&text) else { return Ok(Verdict::Keep) };
        drop(text);
        match &self.source {
            Some(name) => draft.extract(name, out),
            None => draft.line = out.into(),
        }
        Ok(Verdict::Keep)
    }
}

impl Luhn {
    /// The text with its numbers replaced, if there are any.
    fn replaced(&self, text: &str) -> Option<String> {
        let (mut out, mut copied) = (String::new(), 0);
        // Digits of the run, its beginning, and the end of its last digit.
        let (mut digits, mut start, mut end) = (Vec::new(), 0, 0);
        for (at, c) in text.char_indices().chain([(text.len(), '\0')]) {
            match c.to_digit(10) {
                Some(digit) => {
                    if digits.is_empty() {
                        start = at;
                    }
                    digits.push(digit);
                    end = at + 1;
                }
                None if !digits.is_empty() && self.delimiters.contains(c) => {}
                None => {
                    if digits.len() >= self.min_length && passes(&digits) {
                        out.push_str(&text[copied..start]);
                        out.push_str(&self.replacement);
                        copied = end;
                    }
                    digits.clear();
                }
            }
        }
        (copied > 0).then(|| out + &text[copied..])
    }
}

/// The Luhn check (ISO/IEC 7812-1, annex B).
fn passes(digits: &[u32]) -> bool {
    let weigh = |(i, digit): (usize, &u32)| match i % 2 {
        0 => *digit,
        _ => digit * 2 - if *digit > 4 { 9 } else { 0 },
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}
