//! Binary operators: between scalars, a vector and a scalar, two vectors.

mod histogram;
mod matching;
mod set;

pub(crate) use matching::vectors;

use crate::ast::{Binary, BinaryOp, Span, ValueType};
use crate::column::{ABSENT, Row, is_absent};
use crate::error::Result;
use crate::evaluate::Evaluator;

/// An operation and where its notes go.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) evaluator: &'a Evaluator<'a>,
    pub(crate) node: &'a Binary,
    pub(crate) span: Span,
}

impl Context<'_> {
    /// Tells that samples of two kinds were left out.
    fn incompatible(&self, (left, right): (&str, &str)) {
        let op = self.node.op.as_str();
        let message = format!(
            "incompatible sample types encountered for binary operator \"{op}\": {left} {op} {right}"
        );
        self.evaluator.inform(self.span, &message);
    }
}

/// Whether one side is a scalar and the other a vector.
pub(crate) fn mixes_scalar(node: &Binary) -> bool {
    (node.left.value_type() == ValueType::Scalar) != (node.right.value_type() == ValueType::Scalar)
}

/// Whether the result is a new number, not one of the old samples.
fn makes_new_value(node: &Binary) -> bool {
    !node.op.is_comparison() && !node.op.is_trim() || node.return_bool
}

/// The value of arithmetic.
fn arithmetic(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Atan2 => a.atan2(b),
        _ => f64::NAN,
    }
}

/// The truth of a comparison.
fn compare(op: BinaryOp, a: f64, b: f64) -> bool {
    match op {
        BinaryOp::Equal => a == b,
        BinaryOp::NotEqual => a != b,
        BinaryOp::Greater => a > b,
        BinaryOp::Less => a < b,
        BinaryOp::GreaterEqual => a >= b,
        BinaryOp::LessEqual => a <= b,
        _ => false,
    }
}

/// Between two scalars: comparisons give 0 or 1.
pub(crate) fn scalars(op: BinaryOp, a: f64, b: f64) -> f64 {
    if op.is_comparison() { f64::from(u8::from(compare(op, a, b))) } else { arithmetic(op, a, b) }
}

/// Between two samples: a comparison without `bool` keeps `kept` or nothing.
#[inline]
fn samples(node: &Binary, a: f64, b: f64, kept: f64) -> f64 {
    if !node.op.is_comparison() {
        arithmetic(node.op, a, b)
    } else if node.return_bool {
        f64::from(u8::from(compare(node.op, a, b)))
    } else if compare(node.op, a, b) {
        kept
    } else {
        ABSENT
    }
}

/// Between each sample of a row and the scalar of its step.
pub(crate) fn with_scalar(
    context: Context<'_>,
    row: &mut Row,
    scalars: &[f64],
    scalar_left: bool,
) -> Result<()> {
    let node = context.node;
    row.drop_name |= makes_new_value(node);
    if node.op.is_trim() || !row.histograms.is_empty() {
        return histogram::with_scalar(context, row, scalars, scalar_left);
    }
    for (value, &scalar) in row.values.iter_mut().zip(scalars) {
        if !is_absent(*value) {
            let (a, b) = if scalar_left { (scalar, *value) } else { (*value, scalar) };
            *value = samples(node, a, b, *value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_compare_to_numbers() {
        assert_eq!(scalars(BinaryOp::Less, 1.0, 2.0), 1.0);
        assert_eq!(scalars(BinaryOp::Equal, f64::NAN, f64::NAN), 0.0);
        assert_eq!(scalars(BinaryOp::Pow, 2.0, 10.0), 1024.0);
        assert_eq!(scalars(BinaryOp::Mod, -5.0, 3.0), -2.0);
        assert!(scalars(BinaryOp::Mod, 1.0, 0.0).is_nan());
    }
}
