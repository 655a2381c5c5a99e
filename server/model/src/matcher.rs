//! Label matchers with Prometheus' semantics: regexes are anchored, `.` matches newlines, an absent label is "".

use std::fmt;
use std::sync::Arc;

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::{Error, Labels, Result};

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

impl MatchOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        }
    }
}

/// One condition on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Literal,
    // A regex that is an alternation of literals: a set of values.
    OneOf(Arc<[String]>),
    // `.*` and `.+`
    Anything,
    NotEmpty,
    Regex(Arc<Regex>),
}

impl Matcher {
    /// A matcher; an error if `op` is a regex and `value` is not one.
    pub fn new(op: MatchOp, name: impl Into<String>, value: impl Into<String>) -> Result<Self> {
        let (name, value) = (name.into(), value.into());
        let test = match op {
            MatchOp::Equal | MatchOp::NotEqual => Test::Literal,
            MatchOp::Regex | MatchOp::NotRegex => compile(&value)?,
        };
        Ok(Matcher { name, op, value, test })
    }

    /// `name="value"`
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Matcher { name: name.into(), op: MatchOp::Equal, value: value.into(), test: Test::Literal }
    }

    /// The label's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it compares.
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// The value or pattern as written.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a label with `value` passes.
    #[inline]
    pub fn matches(&self, value: &str) -> bool {
        let hit = match &self.test {
            Test::Literal => self.value == value,
            Test::OneOf(values) => values.iter().any(|v| v == value),
            Test::Anything => true,
            Test::NotEmpty => !value.is_empty(),
            Test::Regex(regex) => regex.is_match(value),
        };
        hit != matches!(self.op, MatchOp::NotEqual | MatchOp::NotRegex)
    }

    /// Whether a series without the label passes.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }

    /// The finite set of values that the positive form (`=`, `=~`) of this matcher accepts, if it is one.
    pub fn literal_values(&self) -> Option<&[String]> {
        match &self.test {
            Test::Literal => Some(std::slice::from_ref(&self.value)),
            Test::OneOf(values) => Some(values),
            _ => None,
        }
    }

    /// Whether this is `=` or `=~`.
    pub fn is_positive(&self) -> bool {
        matches!(self.op, MatchOp::Equal | MatchOp::Regex)
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.op == other.op && self.value == other.value
    }
}

impl Eq for Matcher {}

impl std::hash::Hash for Matcher {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.name, self.op, &self.value).hash(state);
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:?}", self.name, self.op.as_str(), self.value)
    }
}

/// Whether `labels` pass all of `matchers`.
pub fn matches_all(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|m| m.matches(labels.value(m.name())))
}

fn compile(pattern: &str) -> Result<Test> {
    let invalid =
        |why: &dyn fmt::Display| Error::bad_input(format!("invalid regular expression {pattern:?}: {why}"));
    let hir = regex_syntax::ParserBuilder::new()
        .dot_matches_new_line(true)
        .build()
        .parse(pattern)
        .map_err(|e| invalid(&e.to_string().lines().last().unwrap_or_default()))?;
    if let Some(values) = literals(&hir) {
        return Ok(Test::OneOf(values.into()));
    }
    match pattern {
        ".*" => return Ok(Test::Anything),
        ".+" => return Ok(Test::NotEmpty),
        _ => {}
    }
    let regex = regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .dot_matches_new_line(true)
        .size_limit(16 << 20)
        .build()
        .map_err(|e| invalid(&e))?;
    Ok(Test::Regex(Arc::new(regex)))
}

/// The literals of a pattern that is a finite alternation of them, at most 1,000.
fn literals(hir: &Hir) -> Option<Vec<String>> {
    const MOST: usize = 1_000;
    match hir.kind() {
        HirKind::Empty => Some(vec![String::new()]),
        HirKind::Literal(literal) => Some(vec![String::from_utf8(literal.0.to_vec()).ok()?]),
        HirKind::Capture(capture) => literals(&capture.sub),
        // The parser turns `a|b|c` into `[a-c]`.
        HirKind::Class(Class::Unicode(class)) => {
            let size: usize = class.iter().map(|r| r.len()).sum();
            let chars = class.iter().flat_map(|r| r.start()..=r.end());
            (size <= MOST).then(|| chars.map(String::from).collect())
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(literals(part)?);
                if all.len() > MOST {
                    return None;
                }
            }
            Some(all)
        }
        HirKind::Concat(parts) => {
            let mut all = vec![String::new()];
            for part in parts {
                let tails = literals(part)?;
                if all.len() * tails.len() > MOST {
                    return None;
                }
                all = all
                    .iter()
                    .flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}")))
                    .collect();
            }
            Some(all)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(op: MatchOp, pattern: &str, yes: &[&str], no: &[&str]) {
        let matcher = Matcher::new(op, "a", pattern).expect("valid");
        for value in yes {
            assert!(matcher.matches(value), "{matcher} should match {value:?}");
        }
        for value in no {
            assert!(!matcher.matches(value), "{matcher} should not match {value:?}");
        }
    }

    #[test]
    fn compares_as_prometheus_does() {
        check(MatchOp::Equal, "x", &["x"], &["", "xx"]);
        check(MatchOp::NotEqual, "x", &["", "xx"], &["x"]);
        check(MatchOp::Regex, "a|b", &["a", "b"], &["", "ab", "c"]);
        check(MatchOp::Regex, "a.*", &["a", "abc", "a\nb"], &["", "ba"]);
        check(MatchOp::Regex, ".+", &["a", "\n"], &[""]);
        check(MatchOp::Regex, "", &[""], &["a"]);
        check(MatchOp::NotRegex, ".*", &[], &["", "a"]);
        check(MatchOp::Regex, "node-(1|2)", &["node-1", "node-2"], &["node-3", "xnode-1"]);
        check(MatchOp::Regex, "(?i)get", &["GET", "get"], &["gets"]);
    }

    #[test]
    fn knows_finite_sets() {
        let set =
            |p| Matcher::new(MatchOp::Regex, "a", p).expect("valid").literal_values().map(<[_]>::to_vec);
        assert_eq!(set("a|b|c"), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(set("x(1|2)"), Some(vec!["x1".into(), "x2".into()]));
        assert_eq!(set(r"10\.0\.0\.1"), Some(vec!["10.0.0.1".into()]));
        assert_eq!(set("a.*"), None);
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let error = Matcher::new(MatchOp::Regex, "a", "(").expect_err("invalid");
        assert!(error.message().contains("invalid regular expression \"(\""), "{error}");
    }
}
