//! `| level="error" and duration > 1s`: keeps lines by their labels.

use memchr::memmem::Finder;
use model::{MatchOp, Matcher};

use super::Stage;
use super::ip::IpMatcher;
use super::unwrap::parse_float;
use crate::Result;
use crate::ast::{self, CompareOp, Quantity};
use crate::line::{ERROR, ERROR_DETAILS, Line, LineError};
use crate::units::{parse_bytes, parse_duration};

/// A compiled condition.
#[derive(Debug)]
pub(crate) enum LabelFilter {
    Text(Matcher),
    Quantity { name: String, op: CompareOp, value: Quantity },
    Ip { name: String, negative: bool, matcher: IpMatcher },
    And(Box<(LabelFilter, LabelFilter)>),
    Or(Box<(LabelFilter, LabelFilter)>),
}

impl LabelFilter {
    pub(crate) fn new(filter: &ast::LabelFilter) -> Result<Self> {
        Ok(match filter {
            ast::LabelFilter::Text(matcher) => LabelFilter::Text(matcher.clone()),
            ast::LabelFilter::Quantity { name, op, value } => {
                LabelFilter::Quantity { name: name.clone(), op: *op, value: *value }
            }
            ast::LabelFilter::Ip { name, op, pattern } => LabelFilter::Ip {
                name: name.clone(),
                negative: *op == MatchOp::NotEqual,
                matcher: IpMatcher::new(pattern)?,
            },
            ast::LabelFilter::And(a, b) => LabelFilter::And(Box::new((Self::new(a)?, Self::new(b)?))),
            ast::LabelFilter::Or(a, b) => LabelFilter::Or(Box::new((Self::new(a)?, Self::new(b)?))),
        })
    }
}

impl Stage for LabelFilter {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        match self {
            LabelFilter::Text(matcher) => matcher.matches(line.labels.value(matcher.name())),
            LabelFilter::Quantity { name, op, value } => quantity(line, name, *op, *value),
            LabelFilter::Ip { name, negative, matcher } => {
                if line.labels.error().is_some() {
                    return true;
                }
                line.labels.get(name).is_some_and(|address| matcher.matches(address) != *negative)
            }
            LabelFilter::And(both) => both.0.apply(line) && both.1.apply(line),
            LabelFilter::Or(either) => either.0.apply(line) || either.1.apply(line),
        }
    }
}

/// A line whose label is not such a quantity passes, with an error; one that had an error before passes too.
fn quantity(line: &mut Line<'_>, name: &str, op: CompareOp, wanted: Quantity) -> bool {
    if line.labels.error().is_some() {
        return true;
    }
    let Some(text) = line.labels.get(name) else {
        return false;
    };
    let (holds, what) = match wanted {
        Quantity::Number(wanted) => (parse_float(text).map(|value| op.holds(value, wanted)), "number"),
        Quantity::Duration(wanted) => (parse_duration(text).map(|ns| op.holds(ns, wanted)), "duration"),
        Quantity::Bytes(wanted) => (parse_bytes(text).map(|bytes| op.holds(bytes, wanted)), "size"),
    };
    match holds {
        Some(holds) => holds,
        None => {
            let details = format!("label {name}: {text:?} is not a valid {what}");
            line.labels.set_error(LineError::LabelFilter, details);
            true
        }
    }
}

/// What a line must contain to get through the label filters behind a parser: `level="ERROR"` can only hold for a
/// line that contains `ERROR`, or an escape that may stand for it. Tells most lines apart without parsing them.
#[derive(Debug)]
pub(super) struct Needles {
    needles: Vec<(String, Finder<'static>)>,
}

impl Needles {
    /// The needles of the filters that directly follow `parser`, if there are any.
    pub(super) fn of(parser: &ast::Stage, behind: &[ast::Stage]) -> Option<Self> {
        // Extraction by expression may give a label text that is not in the line as it stands (`\u0041`), which the
        // test for escapes covers, and nothing else.
        debug_assert!(super::is_parser(parser));
        let mut needles = Vec::new();
        for stage in behind {
            let ast::Stage::LabelFilter(filter) = stage else {
                break;
            };
            collect(filter, &mut needles);
        }
        (!needles.is_empty()).then_some(Needles { needles })
    }
}

fn collect(filter: &ast::LabelFilter, needles: &mut Vec<(String, Finder<'static>)>) {
    match filter {
        ast::LabelFilter::Text(matcher)
            if matcher.op() == MatchOp::Equal
                && !matcher.value().is_empty()
                // A replacement character stands for bytes that were not UTF-8.
                && !matcher.value().contains('\u{fffd}')
                && !matches!(matcher.name(), ERROR | ERROR_DETAILS) =>
        {
            needles.push((matcher.name().to_owned(), Finder::new(matcher.value()).into_owned()));
        }
        ast::LabelFilter::And(a, b) => {
            collect(a, needles);
            collect(b, needles);
        }
        _ => {}
    }
}

impl Stage for Needles {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.text();
        self.needles.iter().all(|(name, finder)| {
            finder.find(text).is_some()
                || memchr::memchr(b'\\', text).is_some()
                || line.labels.get(name).is_some()
        })
    }
}
