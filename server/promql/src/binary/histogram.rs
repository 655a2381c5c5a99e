//! Operators with a native histogram on either side, or both.

use std::sync::Arc;

use model::{CounterResetHint, Histogram};

use super::{Context, samples};
use crate::ast::BinaryOp;
use crate::column::{Row, is_absent};
use crate::error::Result;
use crate::histogram_notes::{Operation, Subject};
use crate::native::{Native, Side, histogram_bytes, same, trim};
use crate::value::Point;

fn kind(point: &Point) -> &'static str {
    match point {
        Point::Float(_) => "float",
        Point::Histogram(_) => "histogram",
    }
}

/// The result of two samples, at least one of them a histogram or to be cut; `None`, with a note, where the operator
/// has no meaning.
pub(super) fn points(context: Context<'_>, left: Point, right: Point) -> Option<Point> {
    let node = context.node;
    let value = match (node.op, &left, &right) {
        (BinaryOp::Mul, Point::Histogram(h), Point::Float(x))
        | (BinaryOp::Mul, Point::Float(x), Point::Histogram(h)) => Native::of(h).times(*x),
        (BinaryOp::Div, Point::Histogram(h), Point::Float(x)) => Native::of(h).over(*x),
        (BinaryOp::TrimUpper, Point::Histogram(h), Point::Float(x)) => {
            return Some(Point::Histogram(trim(h, *x, Side::Below)));
        }
        (BinaryOp::TrimLower, Point::Histogram(h), Point::Float(x)) => {
            return Some(Point::Histogram(trim(h, *x, Side::Above)));
        }
        (BinaryOp::Add, Point::Histogram(a), Point::Histogram(b)) => sum(context, a, b, false)?,
        (BinaryOp::Sub, Point::Histogram(a), Point::Histogram(b)) => sum(context, a, b, true)?,
        (BinaryOp::Equal | BinaryOp::NotEqual, Point::Histogram(a), Point::Histogram(b)) => {
            let holds = same(a, b) == (node.op == BinaryOp::Equal);
            return match node.return_bool {
                true => Some(Point::Float(f64::from(u8::from(holds)))),
                false => holds.then_some(left),
            };
        }
        _ => {
            context.incompatible((kind(&left), kind(&right)));
            return None;
        }
    };
    Some(Point::Histogram(value.compact().into_histogram()))
}

fn sum(context: Context<'_>, a: &Histogram, b: &Histogram, subtract: bool) -> Option<Native> {
    let mut value: Native = Native::of(a);
    let outcome = if subtract { value.subtract(b) } else { value.add(b) };
    let operation = if subtract { Operation::Subtraction } else { Operation::Addition };
    match outcome {
        Ok(remarks) => {
            let subject = Subject { evaluator: context.evaluator, span: context.span, metric: "" };
            subject.remark(remarks, operation);
        }
        Err(_) => {
            let op = context.node.op.as_str();
            let message = format!("incompatible bucket layout encountered for binary operator {op}");
            context.evaluator.warn(context.span, &message);
            return None;
        }
    }
    if subtract {
        value.hint = CounterResetHint::Gauge;
    }
    Some(value)
}

/// Between each sample of a row, floats and histograms, and the scalar of its step.
pub(super) fn with_scalar(
    context: Context<'_>,
    row: &mut Row,
    scalars: &[f64],
    scalar_left: bool,
) -> Result<()> {
    let node = context.node;
    for (step, &scalar) in scalars.iter().enumerate().take(row.values.len()) {
        let sample = match row.histogram(step).map(Arc::clone) {
            Some(histogram) => Point::Histogram(histogram),
            None if is_absent(row.values[step]) => continue,
            None if !node.op.is_trim() => {
                let value = row.values[step];
                let (a, b) = if scalar_left { (scalar, value) } else { (value, scalar) };
                row.values[step] = samples(node, a, b, value);
                continue;
            }
            None => Point::Float(row.values[step]),
        };
        row.clear(step);
        let scalar = Point::Float(scalar);
        let (left, right) = if scalar_left { (scalar, sample) } else { (sample, scalar) };
        match points(context, left, right) {
            Some(Point::Float(value)) => row.values[step] = value,
            Some(Point::Histogram(histogram)) => {
                context.evaluator.reserve(histogram_bytes(&histogram))?;
                row.set_histogram(step, histogram);
            }
            None => {}
        }
    }
    Ok(())
}
