//! PromQL: parse an expression, evaluate it over a [`model::SeriesSource`], answer as Prometheus does.
//!
//! Pure: no clock, no I/O but the source's, no threads of its own but rayon's pool. The time is an argument.

mod ast;
mod error;
mod signature;
mod value;

pub use ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Cardinality, DurationExpr, Expr, ExprKind, Grouping,
    Matching, MatrixSelector, NumberLiteral, RangeMode, Span, Subquery, Timing, UnaryOp, ValueType,
    VectorSelector,
};
pub use error::{Error, Result};
pub use signature::{SIGNATURES, Signature, signature};
pub use value::{Answer, MatrixSeries, Point, Stats, Value, VectorSample};
