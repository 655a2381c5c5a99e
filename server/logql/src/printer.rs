//! Trees back to text that parses to the same tree.

use std::fmt::{self, Display, Formatter};

use model::Matcher;
use template::quote;

use crate::ast::*;
use crate::units::{write_bytes, write_duration};

fn comma<T>(
    f: &mut Formatter<'_>,
    items: &[T],
    each: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        each(f, item)?;
    }
    Ok(())
}

fn matcher(f: &mut Formatter<'_>, matcher: &Matcher) -> fmt::Result {
    write!(f, "{}{}{}", matcher.name(), matcher.op().as_str(), quote(matcher.value()))
}

/// A selector as it is written.
pub(crate) struct Selector<'a>(pub(crate) &'a [Matcher]);

impl Display for Selector<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        comma(f, self.0, matcher)?;
        f.write_str("}")
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Log(log) => log.fmt(f),
            Expr::Metric(metric) => metric.fmt(f),
        }
    }
}

impl Display for LogExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Selector(&self.matchers).fmt(f)?;
        self.stages.iter().try_for_each(|stage| write!(f, " {stage}"))
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Stage::LineFilter(filter) => filter.fmt(f),
            Stage::Json(fields) => {
                f.write_str("| json")?;
                extractions(f, fields)
            }
            Stage::Logfmt(logfmt) => {
                f.write_str("| logfmt")?;
                if logfmt.strict {
                    f.write_str(" --strict")?;
                }
                if logfmt.keep_empty {
                    f.write_str(" --keep-empty")?;
                }
                extractions(f, &logfmt.fields)
            }
            Stage::Regexp(pattern) => write!(f, "| regexp {}", quote(pattern)),
            Stage::Pattern(pattern) => write!(f, "| pattern {}", quote(pattern)),
            Stage::Unpack => f.write_str("| unpack"),
            Stage::LineFormat(template) => write!(f, "| line_format {}", quote(template)),
            Stage::LabelFormat(formats) => {
                f.write_str("| label_format ")?;
                comma(f, formats, |f, format| match &format.value {
                    FormatValue::Rename(src) => write!(f, "{}={src}", format.label),
                    FormatValue::Template(template) => write!(f, "{}={}", format.label, quote(template)),
                })
            }
            Stage::LabelFilter(filter) => write!(f, "| {filter}"),
            Stage::Decolorize => f.write_str("| decolorize"),
            Stage::Drop(picks) => {
                f.write_str("| drop ")?;
                comma(f, picks, pick)
            }
            Stage::Keep(picks) => {
                f.write_str("| keep ")?;
                comma(f, picks, pick)
            }
        }
    }
}

fn extractions(f: &mut Formatter<'_>, fields: &[Extraction]) -> fmt::Result {
    if !fields.is_empty() {
        f.write_str(" ")?;
    }
    comma(f, fields, |f, field| write!(f, "{}={}", field.label, quote(&field.expression)))
}

fn pick(f: &mut Formatter<'_>, pick: &LabelPick) -> fmt::Result {
    match pick {
        LabelPick::Name(name) => f.write_str(name),
        LabelPick::Matcher(m) => matcher(f, m),
    }
}

impl Display for LineFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.as_str())?;
        for (i, needle) in self.needles.iter().enumerate() {
            f.write_str(if i > 0 { " or " } else { " " })?;
            match needle {
                Needle::Text(text) => f.write_str(&quote(text))?,
                Needle::Ip(pattern) => write!(f, "ip({})", quote(pattern))?,
            }
        }
        Ok(())
    }
}

impl Display for Quantity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Number(n) => write!(f, "{n}"),
            Quantity::Duration(ns) => f.write_str(&write_duration(*ns)),
            Quantity::Bytes(bytes) => f.write_str(&write_bytes(*bytes)),
        }
    }
}

impl Display for LabelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Evaluation is from left to right: only a compound right side needs parentheses.
        let right = |f: &mut Formatter<'_>, side: &LabelFilter| match side {
            LabelFilter::And(..) | LabelFilter::Or(..) => write!(f, "({side})"),
            _ => write!(f, "{side}"),
        };
        match self {
            LabelFilter::Text(m) => matcher(f, m),
            LabelFilter::Quantity { name, op, value } => write!(f, "{name} {} {value}", op.as_str()),
            LabelFilter::Ip { name, op, pattern } => write!(f, "{name}{}ip({})", op.as_str(), quote(pattern)),
            LabelFilter::And(a, b) => {
                write!(f, "{a} and ")?;
                right(f, b)
            }
            LabelFilter::Or(a, b) => {
                write!(f, "{a} or ")?;
                right(f, b)
            }
        }
    }
}

impl Display for LogRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.log.fmt(f)?;
        if let Some(unwrap) = &self.unwrap {
            match unwrap.conversion {
                Conversion::Number => write!(f, " | unwrap {}", unwrap.label)?,
                Conversion::Duration { long: false } => write!(f, " | unwrap duration({})", unwrap.label)?,
                Conversion::Duration { long: true } => {
                    write!(f, " | unwrap duration_seconds({})", unwrap.label)?
                }
                Conversion::Bytes => write!(f, " | unwrap bytes({})", unwrap.label)?,
            }
            unwrap.filters.iter().try_for_each(|filter| write!(f, " | {filter}"))?;
        }
        write!(f, " [{}]", write_duration(self.range_ns))?;
        match self.at {
            Some(At::Seconds(seconds)) => write!(f, " @ {seconds}")?,
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            None => {}
        }
        match self.offset_ns {
            0 => Ok(()),
            ns => write!(f, " offset {}", write_duration(ns)),
        }
    }
}

impl Display for Grouping {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.without { "without (" } else { "by (" })?;
        comma(f, &self.labels, |f, label| f.write_str(label))?;
        f.write_str(")")
    }
}

impl Display for MetricExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            MetricExpr::Range(range) => range.fmt(f),
            MetricExpr::Vector(vector) => vector.fmt(f),
            MetricExpr::Binary(binary) => binary.fmt(f),
            MetricExpr::Literal(value) => number(f, *value),
            MetricExpr::VectorLiteral(value) => write!(f, "vector({value})"),
            MetricExpr::LabelReplace(replace) => {
                write!(f, "label_replace({}", replace.inner)?;
                for text in [&replace.dst, &replace.replacement, &replace.src, &replace.pattern] {
                    write!(f, ", {}", quote(text))?;
                }
                f.write_str(")")
            }
            MetricExpr::Variants(variants) => {
                f.write_str("variants(")?;
                comma(f, &variants.variants, |f, v| v.fmt(f))?;
                write!(f, ") of ({})", variants.of)
            }
        }
    }
}

fn number(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    // What has no literal is written as what makes it.
    if value.is_nan() {
        f.write_str("(0 / 0)")
    } else if value.is_infinite() {
        f.write_str(if value > 0.0 { "(1 / 0)" } else { "(-1 / 0)" })
    } else {
        write!(f, "{value}")
    }
}

impl Display for RangeAggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.op.as_str())?;
        if let Some(param) = self.param {
            write!(f, "{param}, ")?;
        }
        write!(f, "{})", self.range)?;
        self.grouping.as_ref().map_or(Ok(()), |grouping| write!(f, " {grouping}"))
    }
}

impl Display for VectorAggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.as_str())?;
        if let Some(grouping) = &self.grouping {
            write!(f, " {grouping} ")?;
        }
        match self.k {
            Some(k) => write!(f, "({k}, {})", self.inner),
            None => write!(f, "({})", self.inner),
        }
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let side = |f: &mut Formatter<'_>, side: &MetricExpr| match side {
            MetricExpr::Binary(_) => write!(f, "({side})"),
            _ => write!(f, "{side}"),
        };
        side(f, &self.lhs)?;
        write!(f, " {}", self.op.as_str())?;
        if self.return_bool {
            f.write_str(" bool")?;
        }
        if let Some(matching) = &self.matching {
            f.write_str(if matching.on { " on (" } else { " ignoring (" })?;
            comma(f, &matching.labels, |f, label| f.write_str(label))?;
            f.write_str(")")?;
            match matching.cardinality {
                Cardinality::OneToOne => {}
                Cardinality::ManyToOne => f.write_str(" group_left (")?,
                Cardinality::OneToMany => f.write_str(" group_right (")?,
            }
            if matching.cardinality != Cardinality::OneToOne {
                comma(f, &matching.include, |f, label| f.write_str(label))?;
                f.write_str(")")?;
            }
        }
        f.write_str(" ")?;
        side(f, &self.rhs)
    }
}
