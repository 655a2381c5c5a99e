//! `|= "a" or "b"`, `!=`, `|~`, `!~`, `|>`, `!>`: keeps lines by their text.

use memchr::memmem::Finder;
use model::LineFilterOp;
use regex::bytes::Regex;

use super::Stage;
use super::ip::IpMatcher;
use super::pattern::Pattern;
use crate::ast::{self, LineOp, Needle};
use crate::line::Line;
use crate::{Error, Result};

#[derive(Debug)]
pub(super) struct LineFilter {
    negative: bool,
    tests: Vec<Test>,
}

#[derive(Debug)]
enum Test {
    Contains(Box<Finder<'static>>),
    Regex(Regex),
    Pattern(Pattern),
    Ip(IpMatcher),
}

impl LineFilter {
    pub(super) fn new(filter: &ast::LineFilter) -> Result<Self> {
        let test = |needle: &Needle| {
            Ok(match (filter.op, needle) {
                (_, Needle::Ip(pattern)) => Test::Ip(IpMatcher::new(pattern)?),
                (LineOp::Contains | LineOp::NotContains, Needle::Text(text)) => {
                    Test::Contains(Box::new(Finder::new(text).into_owned()))
                }
                (LineOp::Matches | LineOp::NotMatches, Needle::Text(text)) => {
                    Test::Regex(regex_for_bytes(text)?)
                }
                (LineOp::Pattern | LineOp::NotPattern, Needle::Text(text)) => {
                    Test::Pattern(Pattern::for_filter(text)?)
                }
            })
        };
        let tests = filter.needles.iter().map(test).collect::<Result<_>>()?;
        Ok(LineFilter { negative: filter.op.is_negative(), tests })
    }
}

impl Stage for LineFilter {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.text();
        let hit = self.tests.iter().any(|test| match test {
            Test::Contains(finder) => finder.find(text).is_some(),
            Test::Regex(regex) => regex.is_match(text),
            Test::Pattern(pattern) => pattern.fits(text),
            Test::Ip(matcher) => matcher.found_in(text),
        });
        hit != self.negative
    }
}

/// A regex over bytes, unanchored, in which `.` does not match a newline (Go's default).
pub(super) fn regex_for_bytes(pattern: &str) -> Result<Regex> {
    regex::bytes::RegexBuilder::new(pattern).size_limit(16 << 20).build().map_err(|error| {
        let text = error.to_string();
        let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Error::invalid(format!("error parsing regexp: {why}: `{pattern}`"))
    })
}

/// The filter as a source can apply it to raw lines, if it can.
pub(crate) fn pushed_down(filter: &ast::LineFilter) -> Result<Option<model::LineFilter>> {
    let texts: Option<Vec<String>> = filter
        .needles
        .iter()
        .map(|needle| match needle {
            Needle::Text(text) => Some(text.clone()),
            Needle::Ip(_) => None,
        })
        .collect();
    let Some(texts) = texts else {
        return Ok(None);
    };
    let alternation = |texts: &[String]| match texts {
        [one] => regex_for_bytes(one),
        many => {
            let groups: Vec<String> = many.iter().map(|text| format!("(?:{text})")).collect();
            regex_for_bytes(&groups.join("|"))
        }
    };
    Ok(Some(model::LineFilter {
        op: match filter.op {
            LineOp::Contains => LineFilterOp::Contains(texts),
            LineOp::NotContains => LineFilterOp::NotContains(texts),
            LineOp::Matches => LineFilterOp::Matches(alternation(&texts)?),
            LineOp::NotMatches => LineFilterOp::NotMatches(alternation(&texts)?),
            LineOp::Pattern | LineOp::NotPattern => return Ok(None),
        },
    }))
}
