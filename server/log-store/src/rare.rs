//! Lines that people look for and that are few: those with `ERROR` and its like, kept once more beside a block's
//! filters. A search for such a word then reads some kilobytes instead of the block's text.

use bytes::Bytes;
use memchr::memmem::{self, Finder};
use storage::blob;

use crate::codec::{Reader, put_bytes, put_varint};
use crate::filter::{LineView, find_lines};
use crate::rows::Rows;
use crate::words::Vocabulary;
use crate::{Error, Result};

/// What is looked for: letters alone, so that a block's dictionary tells whether they occur.
const NEEDLES: [&str; 16] = [
    "ERROR",
    "Error",
    "error",
    "WARN",
    "Warn",
    "warn",
    "FATAL",
    "fatal",
    "CRITICAL",
    "critical",
    "panic",
    "Exception",
    "Traceback",
    "FAIL",
    "Fail",
    "fail",
];

/// A word is rare if one in so many lines has it.
const RARE: usize = 32;
/// The copies take this part of the text at most.
const SHARE: usize = 32;
/// What the copies of one block unpack to, at most.
const MAX_TEXT: usize = 64 << 20;

/// Whether blocks may know the lines with this needle.
pub(crate) fn is_known(needle: &[u8]) -> bool {
    NEEDLES.iter().any(|known| known.as_bytes() == needle)
}

/// Appends what is rare among `rows`: for each needle its lines, then these lines themselves. Nothing if there is
/// nothing.
pub(crate) fn build(rows: &Rows, found: &Vocabulary, out: &mut Vec<u8>) {
    let view = LineView { text: &rows.text, starts: &rows.starts, sizes: &rows.sizes };
    let mut of_needles: Vec<(&str, Vec<u32>)> = Vec::new();
    for needle in NEEDLES {
        if found.complete && memmem::find(&found.words, needle.as_bytes()).is_none() {
            continue;
        }
        let mut lines = Vec::new();
        find_lines(&Finder::new(needle), view, 0..rows.len(), &mut lines);
        if !lines.is_empty() && lines.len() <= rows.len() / RARE {
            of_needles.push((needle, lines));
        }
    }
    // The rarest first; what no longer fits is left out.
    of_needles.sort_by_key(|(_, lines)| lines.len());
    let mut copied: Vec<u32> = Vec::new();
    let mut bytes = 0;
    of_needles.retain(|(_, lines)| {
        let new: Vec<u32> = lines.iter().copied().filter(|line| !copied.contains(line)).collect();
        let more: usize = new.iter().map(|line| rows.sizes[*line as usize] as usize + 1).sum();
        let fits = bytes + more <= rows.text.len() / SHARE;
        if fits {
            bytes += more;
            copied.extend(new);
        }
        fits
    });
    if of_needles.is_empty() {
        return;
    }
    copied.sort_unstable();
    put_varint(out, of_needles.len() as u64);
    for (needle, lines) in &of_needles {
        put_bytes(out, needle.as_bytes());
        put_ascending(out, lines);
    }
    put_ascending(out, &copied);
    let mut text = Vec::with_capacity(bytes);
    for line in copied {
        put_varint(out, u64::from(rows.sizes[line as usize]));
        text.extend_from_slice(rows.line(line as usize));
        text.push(b'\n');
    }
    put_bytes(out, &blob::compress(1, &text));
}

fn put_ascending(out: &mut Vec<u8>, numbers: &[u32]) {
    put_varint(out, numbers.len() as u64);
    let mut next = 0;
    for number in numbers {
        put_varint(out, u64::from(number - next));
        next = number + 1;
    }
}

fn ascending(reader: &mut Reader<'_>, below: u32) -> Result<Vec<u32>> {
    let count = reader.count()?;
    let mut numbers = Vec::with_capacity(count);
    let mut next = 0u64;
    for _ in 0..count {
        let number = next.saturating_add(reader.varint()?);
        if number >= u64::from(below) {
            return Err(Error::corrupt("a block's rare lines are beyond its lines"));
        }
        numbers.push(number as u32);
        next = number + 1;
    }
    Ok(numbers)
}

/// The lines of a block that hold one needle.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RareLines {
    /// Their numbers in the block, ascending.
    pub(crate) lines: Vec<u32>,
    /// For each line of the block where it begins in `text` and how long it is; only the block's rare ones are there.
    pub(crate) starts: Vec<u32>,
    pub(crate) sizes: Vec<u32>,
    pub(crate) text: Bytes,
}

/// Reads what [`build`] wrote for a block of `entries` lines; `None` if the block does not know the needle.
pub(crate) fn read(mut reader: Reader<'_>, entries: usize, needle: &[u8]) -> Result<Option<RareLines>> {
    if reader.is_empty() {
        return Ok(None);
    }
    let below = u32::try_from(entries).map_err(|_| Error::corrupt("a block has too many lines"))?;
    let mut found = None;
    for _ in 0..reader.count()? {
        let known = reader.bytes()?;
        let lines = ascending(&mut reader, below)?;
        if known == needle {
            found = Some(lines);
        }
    }
    let Some(lines) = found else { return Ok(None) };
    let mut rare = RareLines { lines, starts: vec![0; entries], sizes: vec![0; entries], text: Bytes::new() };
    let mut at = 0u64;
    for line in ascending(&mut reader, below)? {
        let size = reader.varint()?;
        rare.starts[line as usize] = at as u32;
        rare.sizes[line as usize] = size as u32;
        at = at.saturating_add(size).saturating_add(1);
        if at > MAX_TEXT as u64 {
            return Err(Error::corrupt("a block's rare lines are too long"));
        }
    }
    rare.text = blob::decompress(reader.bytes()?, MAX_TEXT)?.into();
    match rare.text.len() as u64 == at {
        true => Ok(Some(rare)),
        false => Err(Error::corrupt("a block's rare lines are not as long as it says")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words;

    fn check(lines: &[String]) -> usize {
        let mut rows = Rows::default();
        for (i, line) in lines.iter().enumerate() {
            rows.push(i as i64, i as u64, line.as_bytes(), None);
        }
        let mut out = Vec::new();
        build(&rows, &words::vocabulary(&rows.text), &mut out);
        let mut known = 0;
        for needle in NEEDLES {
            let Some(rare) = read(Reader(&out), lines.len(), needle.as_bytes()).expect("own bytes") else {
                continue;
            };
            known += 1;
            let expect: Vec<u32> =
                (0..lines.len() as u32).filter(|i| lines[*i as usize].contains(needle)).collect();
            assert_eq!(rare.lines, expect, "{needle}");
            for line in rare.lines {
                let (start, size) = (rare.starts[line as usize] as usize, rare.sizes[line as usize] as usize);
                assert_eq!(rare.text[start..start + size], *lines[line as usize].as_bytes());
            }
        }
        for cut in 0..out.len() {
            let _ = read(Reader(&out[..cut]), lines.len(), b"ERROR");
            let _ = read(Reader(&out), cut, b"ERROR");
        }
        known
    }

    #[test]
    fn few_lines_are_kept_and_many_are_not() {
        let lines = |every: usize| -> Vec<String> {
            (0..200)
                .map(|i| match i % every {
                    7 => format!("{i} level=ERROR\nan error"),
                    _ => format!("{i} level=INFO all is well and the line is as long as lines are"),
                })
                .collect()
        };
        assert_eq!(check(&lines(100)), 2);
        assert_eq!(check(&lines(10)), 0);
        assert_eq!(check(&[]), 0);
    }

    proptest! {
        #[test]
        fn lines_are_those_that_a_scan_finds(
            lines in prop::collection::vec("(([a-z ]{0,90})|(.{0,9}(error|ERROR|warn|panic|xFailx)[a-f0-9]{0,9}))", 0..120),
        ) {
            check(&lines);
        }

        #[test]
        fn bytes_that_nobody_wrote_are_errors_at_worst(bytes: Vec<u8>, entries in 0usize..40) {
            let _ = read(Reader(&bytes), entries, b"ERROR");
        }
    }
}
