//! Expressions as text that parses to the same tree.

use std::fmt::{Display, Formatter, Result};

use model::{METRIC_NAME, MatchOp, Matcher};

use crate::ast::{
    Aggregate, At, Binary, Cardinality, DurationExpr, Expr, ExprKind, Matching, NumberLiteral, RangeMode,
    Subquery, Timing, UnaryOp, VectorSelector,
};
use crate::number::{format_duration, format_float};
use crate::quote::quote;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ExprKind::Number(literal) => write!(f, "{literal}"),
            ExprKind::String(text) => f.write_str(&quote(text)),
            ExprKind::Paren(inner) => write!(f, "({inner})"),
            ExprKind::Unary(UnaryOp::Minus, inner) => write!(f, "-{inner}"),
            ExprKind::Unary(UnaryOp::Plus, inner) => write!(f, "+{inner}"),
            ExprKind::Vector(selector) => {
                write_matchers(f, selector)?;
                write_timing(f, &selector.timing, selector.mode)
            }
            ExprKind::Matrix(matrix) => {
                write_matchers(f, &matrix.selector)?;
                write!(f, "[{}]", whole(&matrix.range))?;
                write_timing(f, &matrix.selector.timing, matrix.selector.mode)
            }
            ExprKind::Subquery(subquery) => {
                write!(f, "{}{}", subquery.expr, SubqueryEnd(subquery))
            }
            ExprKind::Aggregate(aggregate) => write_aggregate(f, aggregate),
            ExprKind::Call(call) => {
                write!(f, "{}(", call.function.name)?;
                for (i, arg) in call.args.iter().enumerate() {
                    write!(f, "{}{arg}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            ExprKind::Binary(binary) => write_binary(f, binary),
        }
    }
}

impl Display for NumberLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.is_duration {
            f.write_str(&format_duration((self.value * 1000.0).round() as i64))
        } else {
            f.write_str(&format_float(self.value))
        }
    }
}

impl Display for DurationExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            DurationExpr::Literal(literal) => write!(f, "{literal}"),
            DurationExpr::Step => f.write_str("step()"),
            DurationExpr::Range => f.write_str("range()"),
            DurationExpr::Unary(UnaryOp::Minus, inner) => write!(f, "-{inner}"),
            DurationExpr::Unary(UnaryOp::Plus, inner) => write!(f, "+{inner}"),
            DurationExpr::Binary(op, a, b) => write!(f, "{a} {} {b}", op.as_str()),
            DurationExpr::MinOf(a, b) => write!(f, "min_of({a}, {b})"),
            DurationExpr::MaxOf(a, b) => write!(f, "max_of({a}, {b})"),
            DurationExpr::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

/// A duration that stands alone: seconds that milliseconds can say become `1m30s`.
fn whole(duration: &DurationExpr) -> String {
    match duration {
        DurationExpr::Literal(literal) if (literal.value * 1000.0).fract() == 0.0 => {
            format_duration((literal.value * 1000.0) as i64)
        }
        other => other.to_string(),
    }
}

/// Whether a label can be written without quotes.
fn is_plain_label(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn label(name: &str) -> String {
    if is_plain_label(name) { name.to_owned() } else { quote(name) }
}

fn write_matchers(f: &mut Formatter<'_>, selector: &VectorSelector) -> Result {
    let mut matchers = selector.matchers.as_slice();
    if let Some(name) = &selector.name {
        // The name's matcher is the last one.
        matchers = matchers.split_last().map_or(matchers, |(_, rest)| rest);
        f.write_str(name)?;
        if matchers.is_empty() {
            return Ok(());
        }
    }
    let texts: Vec<String> = matchers.iter().map(matcher).collect();
    write!(f, "{{{}}}", texts.join(","))
}

fn matcher(matcher: &Matcher) -> String {
    let (name, op, value) = (matcher.name(), matcher.op(), quote(matcher.value()));
    if name == METRIC_NAME && op == MatchOp::Equal && !is_plain_label(matcher.value()) {
        return value;
    }
    format!("{}{}{value}", label(name), op.as_str())
}

fn write_timing(f: &mut Formatter<'_>, timing: &Timing, mode: RangeMode) -> Result {
    match timing.at {
        Some(At::Time(ms)) => {
            let (sign, ms) = (if ms < 0 { "-" } else { "" }, ms.unsigned_abs());
            write!(f, " @ {sign}{}.{:03}", ms / 1000, ms % 1000)?;
        }
        Some(At::Start) => f.write_str(" @ start()")?,
        Some(At::End) => f.write_str(" @ end()")?,
        None => {}
    }
    match mode {
        RangeMode::Plain => {}
        RangeMode::Anchored => f.write_str(" anchored")?,
        RangeMode::Smoothed => f.write_str(" smoothed")?,
    }
    match &timing.offset {
        Some(offset) => write!(f, " offset {}", whole(offset)),
        None => Ok(()),
    }
}

fn labels(names: &[String]) -> String {
    names.iter().map(|name| label(name)).collect::<Vec<_>>().join(", ")
}

/// The operator with its groups, up to the parenthesis.
pub(crate) fn aggregate_head(aggregate: &Aggregate) -> String {
    let (op, grouping) = (aggregate.op.as_str(), &aggregate.grouping);
    if grouping.without {
        format!("{op} without ({}) ", labels(&grouping.labels))
    } else if grouping.labels.is_empty() {
        op.to_owned()
    } else {
        format!("{op} by ({}) ", labels(&grouping.labels))
    }
}

fn write_aggregate(f: &mut Formatter<'_>, aggregate: &Aggregate) -> Result {
    f.write_str(&aggregate_head(aggregate))?;
    match &aggregate.param {
        Some(param) => write!(f, "({param}, {})", aggregate.expr),
        None => write!(f, "({})", aggregate.expr),
    }
}

/// The operator with all that stands between it and its right side.
struct Operator<'a>(&'a Binary);

impl Display for Operator<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.0.op.as_str())?;
        if self.0.return_bool {
            f.write_str(" bool")?;
        }
        self.0.matching.as_ref().map_or(Ok(()), |matching| write_matching(f, matching))
    }
}

/// The operator of a binary expression with `bool` and how series match.
pub(crate) fn operator(binary: &Binary) -> String {
    Operator(binary).to_string()
}

fn write_binary(f: &mut Formatter<'_>, binary: &Binary) -> Result {
    write!(f, "{} {} {}", binary.left, Operator(binary), binary.right)
}

/// What follows the expression of a subquery.
struct SubqueryEnd<'a>(&'a Subquery);

impl Display for SubqueryEnd<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "[{}:", whole(&self.0.range))?;
        if let Some(step) = &self.0.step {
            f.write_str(&whole(step))?;
        }
        f.write_str("]")?;
        write_timing(f, &self.0.timing, RangeMode::Plain)
    }
}

/// The brackets and modifiers of a subquery.
pub(crate) fn subquery_end(subquery: &Subquery) -> String {
    SubqueryEnd(subquery).to_string()
}

fn write_matching(f: &mut Formatter<'_>, matching: &Matching) -> Result {
    let group = match matching.cardinality {
        Cardinality::ManyToOne => Some("group_left"),
        Cardinality::OneToMany => Some("group_right"),
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
    };
    if matching.on || !matching.labels.is_empty() || group.is_some() {
        let word = if matching.on { "on" } else { "ignoring" };
        write!(f, " {word} ({})", labels(&matching.labels))?;
    }
    if let Some(group) = group {
        write!(f, " {group} ({})", labels(&matching.include))?;
    }
    match (matching.fill_left, matching.fill_right) {
        (Some(left), Some(right)) if left.to_bits() == right.to_bits() => {
            write!(f, " fill ({})", format_float(left))
        }
        (left, right) => {
            if let Some(left) = left {
                write!(f, " fill_left ({})", format_float(left))?;
            }
            if let Some(right) = right {
                write!(f, " fill_right ({})", format_float(right))?;
            }
            Ok(())
        }
    }
}
