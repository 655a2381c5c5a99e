//! `| decolorize`: removes ANSI colour sequences from the line.

use memchr::memchr;

use super::Stage;
use crate::line::Line;

#[derive(Debug)]
pub(super) struct Decolorize;

impl Stage for Decolorize {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.text();
        let Some(first) = memchr(0x1b, text) else {
            return true;
        };
        let mut plain = text[..first].to_vec();
        let mut rest = &text[first..];
        while let Some((&byte, tail)) = rest.split_first() {
            let length = if byte == 0x1b { sequence(tail) } else { None };
            match length {
                Some(length) => rest = &tail[length..],
                None => {
                    let next = memchr(0x1b, tail).unwrap_or(tail.len());
                    plain.push(byte);
                    plain.extend_from_slice(&tail[..next]);
                    rest = &tail[next..];
                }
            }
        }
        line.rewritten = Some(plain);
        true
    }
}

/// Length of `[` digits and `;` … final letter.
fn sequence(text: &[u8]) -> Option<usize> {
    let parameters = text.strip_prefix(b"[")?;
    let length = parameters.iter().position(|b| !matches!(b, b'0'..=b'9' | b';' | b'?'))?;
    parameters[length].is_ascii_alphabetic().then_some(length + 2)
}
