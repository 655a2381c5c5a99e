//! PromQL: parse an expression, evaluate it over a [`model::SeriesSource`], answer as Prometheus does.
//!
//! Pure: no clock, no I/O but the source's, no threads but rayon's pool (and one with a
//! deep stack for a query that nests deep). The time is an argument.

mod aggregate;
mod ast;
mod binary;
mod column;
mod counted;
mod deep;
mod engine;
mod error;
mod evaluate;
mod functions;
mod histogram_notes;
mod kahan;
mod lexer;
mod native;
mod notes;
mod number;
mod parser;
mod pretty;
mod printer;
mod quantile;
mod quote;
mod select;
mod signature;
mod value;
mod window;

pub use ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Cardinality, DurationExpr, Expr, ExprKind, Grouping,
    Matching, MatrixSelector, NumberLiteral, RangeMode, Span, Subquery, Timing, UnaryOp, ValueType,
    VectorSelector,
};
pub use column::{ABSENT, Row, Steps, is_absent};
pub use engine::{MAX_STEPS, Options, TimeRange, instant, range};
pub use error::{Error, Result};
pub use number::{format_duration, format_float};
pub use parser::{Query, parse, parse_selector};
pub use pretty::pretty;
pub use signature::{SIGNATURES, Signature, signature};
pub use value::{Answer, MatrixSeries, Point, Stats, Value, VectorSample};
