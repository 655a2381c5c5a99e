//! Durations in brackets and after `offset`, and what they come to.

use super::{Parsed, Parser};
use crate::ast::{BinaryOp, DurationExpr, NumberLiteral, UnaryOp};
use crate::lexer::{Keyword, Kind};

/// Seconds that Prometheus' nanoseconds can hold.
const MAX_SECONDS: f64 = 9_223_372_036.0;

impl Parser<'_> {
    /// `5m * 2 + step()`, as it stands in brackets.
    pub(super) fn duration_expr(&mut self, context: &str, least: u8) -> Parsed<DurationExpr> {
        let outside = self.depth;
        self.deeper()?;
        let mut left = self.loosely_signed(context)?;
        while let Kind::Operator(op) = self.peek().kind {
            use BinaryOp::{Add, Div, Mod, Mul, Pow, Sub};
            let precedence = op.precedence();
            if !matches!(op, Add | Sub | Mul | Div | Mod | Pow) || precedence < least {
                break;
            }
            self.advance();
            let right = self.duration_expr(context, if op == Pow { precedence } else { precedence + 1 })?;
            left = DurationExpr::Binary(op, Box::new(left), Box::new(right));
            self.deeper()?;
        }
        self.depth = outside;
        Ok(left)
    }

    /// A sign inside of brackets or parentheses: it binds like `*`, looser than `^`.
    fn loosely_signed(&mut self, context: &str) -> Parsed<DurationExpr> {
        let op = match self.peek().kind {
            Kind::Operator(BinaryOp::Add) => UnaryOp::Plus,
            Kind::Operator(BinaryOp::Sub) => UnaryOp::Minus,
            _ => return self.duration_primary(context),
        };
        self.advance();
        let inner = self.duration_expr(context, BinaryOp::Pow.precedence())?;
        Ok(signed(op, inner))
    }

    /// A duration with its signs: all that may follow `offset` without parentheses.
    pub(super) fn signed_duration(&mut self, context: &str) -> Parsed<DurationExpr> {
        let op = match self.peek().kind {
            Kind::Operator(BinaryOp::Add) => UnaryOp::Plus,
            Kind::Operator(BinaryOp::Sub) => UnaryOp::Minus,
            _ => return self.duration_primary(context),
        };
        self.advance();
        self.deeper()?;
        let inner = self.signed_duration(context)?;
        self.depth -= 1;
        Ok(signed(op, inner))
    }

    fn duration_primary(&mut self, context: &str) -> Parsed<DurationExpr> {
        let token = self.peek();
        match token.kind {
            Kind::Number | Kind::Duration => {
                let literal = self.number_or_duration()?;
                if literal.value.abs() > MAX_SECONDS || literal.value.is_nan() {
                    return Err((token.span.start, "duration out of range".into()));
                }
                Ok(DurationExpr::Literal(literal))
            }
            Kind::LeftParen => {
                self.advance();
                let inner = self.duration_expr(context, 0)?;
                self.expect(Kind::RightParen, context, "\")\"")?;
                Ok(DurationExpr::Paren(Box::new(inner)))
            }
            Kind::Keyword(keyword @ (Keyword::Step | Keyword::Range)) => {
                self.advance();
                self.expect(Kind::LeftParen, context, "\"(\"")?;
                self.expect(Kind::RightParen, context, "\")\"")?;
                Ok(if keyword == Keyword::Step { DurationExpr::Step } else { DurationExpr::Range })
            }
            Kind::Keyword(keyword @ (Keyword::MinOf | Keyword::MaxOf)) => {
                self.advance();
                self.expect(Kind::LeftParen, context, "\"(\"")?;
                let a = Box::new(self.duration_expr(context, 0)?);
                self.expect(Kind::Comma, context, "\",\"")?;
                let b = Box::new(self.duration_expr(context, 0)?);
                self.expect(Kind::RightParen, context, "\")\"")?;
                Ok(if keyword == Keyword::MinOf {
                    DurationExpr::MinOf(a, b)
                } else {
                    DurationExpr::MaxOf(a, b)
                })
            }
            _ => self.unexpected(context, "number, duration, step(), or range()"),
        }
    }
}

fn signed(op: UnaryOp, inner: DurationExpr) -> DurationExpr {
    match (inner, op) {
        (DurationExpr::Literal(literal), UnaryOp::Minus) => {
            DurationExpr::Literal(NumberLiteral { value: -literal.value, ..literal })
        }
        (inner @ DurationExpr::Literal(_), UnaryOp::Plus) => inner,
        (inner, op) => DurationExpr::Unary(op, Box::new(inner)),
    }
}

/// The step and range of the query, which durations may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct DurationContext {
    pub(crate) step_ms: i64,
    pub(crate) range_ms: i64,
}

impl DurationExpr {
    /// The duration in milliseconds.
    pub(crate) fn millis(&self, context: DurationContext) -> Result<i64, String> {
        let seconds = self.seconds(context)?;
        if seconds.is_nan() || seconds.abs() > MAX_SECONDS {
            return Err("duration is out of range".into());
        }
        Ok((seconds * 1000.0).round() as i64)
    }

    fn seconds(&self, context: DurationContext) -> Result<f64, String> {
        Ok(match self {
            DurationExpr::Literal(literal) => literal.value,
            DurationExpr::Step => context.step_ms as f64 / 1000.0,
            DurationExpr::Range => context.range_ms as f64 / 1000.0,
            DurationExpr::Unary(UnaryOp::Minus, inner) => -inner.seconds(context)?,
            DurationExpr::Unary(UnaryOp::Plus, inner) | DurationExpr::Paren(inner) => {
                inner.seconds(context)?
            }
            DurationExpr::MinOf(a, b) => a.seconds(context)?.min(b.seconds(context)?),
            DurationExpr::MaxOf(a, b) => a.seconds(context)?.max(b.seconds(context)?),
            DurationExpr::Binary(op, a, b) => {
                let (a, b) = (a.seconds(context)?, b.seconds(context)?);
                match op {
                    BinaryOp::Add => a + b,
                    BinaryOp::Sub => a - b,
                    BinaryOp::Mul => a * b,
                    BinaryOp::Div if b == 0.0 => return Err("division by zero".into()),
                    BinaryOp::Div => a / b,
                    BinaryOp::Mod if b == 0.0 => return Err("modulo by zero".into()),
                    BinaryOp::Mod => a % b,
                    _ => a.powf(b),
                }
            }
        })
    }

    /// Whether it is a literal, known without a query.
    pub(crate) fn literal(&self) -> Option<NumberLiteral> {
        match self {
            DurationExpr::Literal(literal) => Some(*literal),
            _ => None,
        }
    }
}
