//! `decolorize`: removes ANSI colour sequences from the line.

use memchr::memchr;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::{Draft, Verdict};

#[derive(Debug)]
struct Decolorize;

pub(super) fn read(_: &Section<'_>) -> Result<Vec<Stage>> {
    each(Decolorize)
}

impl Each for Decolorize {
    fn name(&self) -> &'static str {
        "decolorize"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        if memchr(0x1b, &draft.line).is_some() {
            draft.line = plain(&draft.line).into();
        }
        Ok(Verdict::Keep)
    }
}

/// The text without its sequences; an escape that begins none stays.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(0x1b, rest) {
        plain.extend_from_slice(&rest[..at]);
        let length = sequence(&rest[at + 1..]);
        if length == 0 {
            plain.push(0x1b);
        }
        rest = &rest[at + 1 + length..];
    }
    plain.extend_from_slice(rest);
    plain
}

/// Length of what follows the escape: `[`, digits and `;`, a final letter (ECMA-48, "control sequences").
fn sequence(text: &[u8]) -> usize {
    let Some(parameters) = text.strip_prefix(b"[") else { return 0 };
    let is_parameter = |b: &u8| matches!(b, b'0'..=b'9' | b';' | b'?' | b':');
    let length = parameters.iter().take_while(|b| is_parameter(b)).count();
    let ends = parameters.get(length).is_some_and(u8::is_ascii_alphabetic);
    if ends { length + 2 } else { 0 }
}
