//! Line filters over a whole block's bytes: the first selective one drives a search through the joined text, the
//! others look at the lines it finds.

use std::ops::Range;

use memchr::memmem::Finder;
use model::{LineFilter, LineFilterOp};

use crate::clue::longest_literal;

/// A block's lines: the joined text, each line followed by a newline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineView<'a> {
    pub(crate) text: &'a [u8],
    /// Where each line begins in `text`.
    pub(crate) starts: &'a [u32],
    /// How long each line is, its newline not counted.
    pub(crate) sizes: &'a [u32],
}

impl<'a> LineView<'a> {
    #[inline]
    pub(crate) fn line(&self, i: usize) -> &'a [u8] {
        &self.text[self.starts[i] as usize..][..self.sizes[i] as usize]
    }
}

#[derive(Debug)]
enum Test {
    Contains(Vec<Finder<'static>>),
    NotContains(Vec<Finder<'static>>),
    Matches(regex::bytes::Regex, Option<Box<Finder<'static>>>),
    NotMatches(regex::bytes::Regex),
}

/// The line filters of a query, ready to run.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    tests: Vec<Test>,
}

impl Filters {
    pub(crate) fn new(filters: &[LineFilter]) -> Self {
        let finders = |needles: &[String]| -> Vec<Finder<'static>> {
            needles.iter().map(|needle| Finder::new(needle.as_bytes()).into_owned()).collect()
        };
        let tests = filters.iter().map(|filter| match &filter.op {
            LineFilterOp::Contains(needles) => Test::Contains(finders(needles)),
            LineFilterOp::NotContains(needles) => Test::NotContains(finders(needles)),
            LineFilterOp::Matches(regex) => {
                let literal = longest_literal(regex.as_str()).map(|l| Box::new(Finder::new(&l).into_owned()));
                Test::Matches(regex.clone(), literal)
            }
            LineFilterOp::NotMatches(regex) => Test::NotMatches(regex.clone()),
        });
        Filters { tests: tests.collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// The first filter that asks for one text, and that text.
    pub(crate) fn needle(&self) -> Option<(usize, &[u8])> {
        self.tests.iter().enumerate().find_map(|(n, test)| match test {
            Test::Contains(finders) if finders.len() == 1 => Some((n, finders[0].needle())),
            _ => None,
        })
    }

    /// Whether `line` passes all filters but one.
    pub(crate) fn passes_others(&self, but: usize, line: &[u8]) -> bool {
        self.tests.iter().enumerate().all(|(n, test)| n == but || test.passes(line))
    }

    /// Whether `line` passes all filters.
    pub(crate) fn passes(&self, line: &[u8]) -> bool {
        self.tests.iter().all(|test| test.passes(line))
    }

    /// Appends the lines of `range` that pass, in order.
    pub(crate) fn select(&self, view: LineView<'_>, range: Range<usize>, out: &mut Vec<u32>) {
        let driver = self.tests.iter().position(|test| match test {
            Test::Contains(finders) => finders.iter().all(|finder| !finder.needle().is_empty()),
            Test::Matches(_, literal) => literal.is_some(),
            Test::NotContains(_) | Test::NotMatches(_) => false,
        });
        let Some(driver) = driver else {
            out.extend(range.filter(|i| self.passes(view.line(*i))).map(|i| i as u32));
            return;
        };
        let first = out.len();
        match &self.tests[driver] {
            Test::Contains(finders) => {
                finders.iter().for_each(|finder| find_lines(finder, view, range.clone(), out));
                if finders.len() > 1 {
                    out[first..].sort_unstable();
                    dedup_tail(out, first);
                }
            }
            Test::Matches(_, Some(finder)) => find_lines(finder, view, range, out),
            _ => {}
        }
        // A literal of a regex only finds candidates: its own regex has to look, too.
        let done = matches!(self.tests[driver], Test::Contains(_)).then_some(driver);
        let mut kept = first;
        for i in first..out.len() {
            let line = view.line(out[i] as usize);
            if self.tests.iter().enumerate().all(|(n, test)| Some(n) == done || test.passes(line)) {
                out[kept] = out[i];
                kept += 1;
            }
        }
        out.truncate(kept);
    }
}

impl Test {
    fn passes(&self, line: &[u8]) -> bool {
        match self {
            Test::Contains(finders) => finders.iter().any(|finder| finder.find(line).is_some()),
            Test::NotContains(finders) => finders.iter().all(|finder| finder.find(line).is_none()),
            Test::Matches(regex, _) => regex.is_match(line),
            Test::NotMatches(regex) => !regex.is_match(line),
        }
    }
}

fn dedup_tail(out: &mut Vec<u32>, first: usize) {
    let mut kept = first;
    for i in first..out.len() {
        if kept == first || out[kept - 1] != out[i] {
            out[kept] = out[i];
            kept += 1;
        }
    }
    out.truncate(kept);
}

/// Appends the lines of `range` that hold the finder's needle, by one search over the joined text.
pub(crate) fn find_lines(finder: &Finder<'_>, view: LineView<'_>, range: Range<usize>, out: &mut Vec<u32>) {
    if range.is_empty() {
        return;
    }
    let end = view.starts[range.end - 1] as usize + view.sizes[range.end - 1] as usize;
    let mut line = range.start;
    let mut at = view.starts[range.start] as usize;
    while at < end {
        let Some(hit) = finder.find(&view.text[at..end]).map(|hit| hit + at) else { return };
        // Lines before the hit have none; the hit's line is the last that begins at or before it.
        line += view.starts[line..range.end].partition_point(|start| *start as usize <= hit) - 1;
        if hit + finder.needle().len() <= view.starts[line] as usize + view.sizes[line] as usize {
            out.push(line as u32);
            line += 1;
            if line == range.end {
                return;
            }
            at = view.starts[line] as usize;
        } else {
            // The hit straddles the end of a line.
            at = hit + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn op(kind: u8, needles: &[&str]) -> LineFilter {
        let owned: Vec<String> = needles.iter().map(|n| (*n).to_owned()).collect();
        let regex = || regex::bytes::Regex::new(&owned.join("|")).expect("a valid pattern");
        LineFilter {
            op: match kind {
                0 => LineFilterOp::Contains(owned),
                1 => LineFilterOp::NotContains(owned),
                2 => LineFilterOp::Matches(regex()),
                _ => LineFilterOp::NotMatches(regex()),
            },
        }
    }

    fn check(lines: &[&[u8]], filters: &[LineFilter], range: Range<usize>) {
        let (mut text, mut starts, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            starts.push(text.len() as u32);
            sizes.push(line.len() as u32);
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        let mut found = Vec::new();
        let view = LineView { text: &text, starts: &starts, sizes: &sizes };
        Filters::new(filters).select(view, range.clone(), &mut found);
        let passes = |i: &usize| filters.iter().all(|filter| filter.passes(lines[*i]));
        let expect: Vec<u32> = range.filter(passes).map(|i| i as u32).collect();
        assert_eq!(found, expect, "{filters:?} over {lines:?}");
    }

    #[test]
    fn hits_stay_within_their_lines() {
        let lines: [&[u8]; 6] = [b"ab", b"", b"a\nb", b"b", b"ba", b"\xff\nab"];
        for needle in ["ab", "b\na", "\n", "a\nb", "b", "x", "", "a"] {
            for kind in 0..2 {
                check(&lines, &[op(kind, &[needle])], 0..6);
                check(&lines, &[op(kind, &[needle])], 2..5);
                check(&lines, &[op(kind, &[needle]), op(1, &["ba"])], 0..6);
            }
        }
        check(&lines, &[op(0, &["a", "b"])], 0..6);
        check(&lines, &[op(0, &[])], 0..6);
        check(&lines, &[], 1..3);
        check(&lines, &[op(2, &["b$"])], 0..6);
        check(&lines, &[op(3, &["^a.*b"]), op(2, &["a"])], 0..6);
    }

    proptest! {
        #[test]
        fn as_line_by_line(
            lines in prop::collection::vec("[ab\n]{0,6}", 1..12),
            ops in prop::collection::vec((0u8..4, "[ab]{1,3}", "[ab]{1,2}"), 0..3),
        ) {
            let lines: Vec<&[u8]> = lines.iter().map(|l| l.as_bytes()).collect();
            let filters: Vec<LineFilter> = ops.iter().map(|(k, a, b)| op(*k, &[a, b])).collect();
            check(&lines, &filters, 0..lines.len());
        }
    }
}
