//! Types: what each operator and function may be given.

use model::METRIC_NAME;

use super::{Fault, Parsed};
use crate::ast::{
    Aggregate, AggregateOp, Binary, Call, Cardinality, Expr, ExprKind, Matching, ValueType, VectorSelector,
};
use crate::quote::quote;

pub(super) fn check(text: &str, expr: &Expr) -> Parsed<()> {
    let start = expr.span.start;
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => Ok(()),
        ExprKind::Paren(inner) => check(text, inner),
        ExprKind::Unary(_, inner) => {
            check(text, inner)?;
            match inner.value_type() {
                ValueType::Scalar | ValueType::Vector => Ok(()),
                other => Err((
                    start,
                    format!(
                        "unary expression only allowed on expressions of type scalar or instant vector, got {}",
                        quote(other.documented())
                    ),
                )),
            }
        }
        ExprKind::Vector(selector) => check_selector(selector, start, true),
        ExprKind::Matrix(matrix) => check_selector(&matrix.selector, start, true),
        ExprKind::Subquery(subquery) => {
            check(text, &subquery.expr)?;
            match subquery.expr.value_type() {
                ValueType::Vector => Ok(()),
                other => Err((
                    start,
                    format!("subquery is only allowed on instant vector, got {} instead", other.as_str()),
                )),
            }
        }
        ExprKind::Aggregate(aggregate) => check_aggregate(text, aggregate),
        ExprKind::Call(call) => check_call(text, call, start),
        ExprKind::Binary(binary) => check_binary(text, binary, start),
    }
}

fn expect_type(expr: &Expr, want: ValueType, context: &str) -> Parsed<()> {
    let got = expr.value_type();
    if got == want {
        return Ok(());
    }
    let (want, got) = (want.documented(), got.documented());
    Err((expr.span.start, format!("expected type {want} in {context}, got {got}")))
}

fn check_selector(selector: &VectorSelector, start: usize, needs_matcher: bool) -> Parsed<()> {
    if let Some(name) = &selector.name {
        let (_, others) = selector.matchers.split_last().unwrap_or((&selector.matchers[0], &[]));
        if let Some(twice) = others.iter().find(|m| m.name() == METRIC_NAME) {
            let (name, other) = (quote(name), quote(twice.value()));
            return Err((start, format!("metric name must not be set twice: {name} or {other}")));
        }
        return Ok(());
    }
    if needs_matcher && selector.matchers.iter().all(|m| m.matches_empty()) {
        return Err((start, "vector selector must contain at least one non-empty matcher".into()));
    }
    Ok(())
}

fn check_aggregate(text: &str, aggregate: &Aggregate) -> Parsed<()> {
    check(text, &aggregate.expr)?;
    expect_type(&aggregate.expr, ValueType::Vector, "aggregation expression")?;
    if let Some(param) = &aggregate.param {
        check(text, param)?;
        let string = aggregate.op == AggregateOp::CountValues;
        let want = if string { ValueType::String } else { ValueType::Scalar };
        expect_type(param, want, "aggregation parameter")?;
    }
    Ok(())
}

fn check_call(text: &str, call: &Call, start: usize) -> Parsed<()> {
    let function = call.function;
    let name = quote(function.name);
    let (given, listed) = (call.args.len(), function.args.len());
    if function.variadic == 0 {
        if given != listed {
            return Err((start, format!("expected {listed} argument(s) in call to {name}, got {given}")));
        }
    } else {
        let least = listed - 1;
        if given < least {
            return Err((
                start,
                format!("expected at least {least} argument(s) in call to {name}, got {given}"),
            ));
        }
        let most = least + usize::try_from(function.variadic).unwrap_or(usize::MAX - least);
        if given > most {
            return Err((
                start,
                format!("expected at most {most} argument(s) in call to {name}, got {given}"),
            ));
        }
    }
    for (i, arg) in call.args.iter().enumerate() {
        let want = function.args[i.min(listed - 1)];
        let selects_info = function.name == "info" && i == 1;
        if selects_info {
            expect_type(arg, want, &format!("call to function {name}"))?;
            check_info_selector(arg)?;
        } else {
            check(text, arg)?;
            expect_type(arg, want, &format!("call to function {name}"))?;
        }
    }
    Ok(())
}

/// The second argument of `info` is matchers alone; they may all match the empty string.
fn check_info_selector(arg: &Expr) -> Parsed<()> {
    let start = arg.span.start;
    match &arg.kind {
        ExprKind::Vector(selector) if selector.name.is_some() => {
            Err((start, "expected label selectors only, got vector selector instead".into()))
        }
        ExprKind::Vector(selector) => check_selector(selector, start, false),
        _ => Err((start, "expected label selectors only".into())),
    }
}

fn check_binary(text: &str, binary: &Binary, start: usize) -> Parsed<()> {
    check(text, &binary.left)?;
    check(text, &binary.right)?;
    let types = (binary.left.value_type(), binary.right.value_type());
    let op = binary.op;
    let op_at = {
        let left_end = binary.left.span.end;
        let gap = &text[left_end..];
        left_end + (gap.len() - gap.trim_start().len())
    };
    if binary.return_bool && !op.is_comparison() {
        return Err((op_at, "bool modifier can only be used on comparison operators".into()));
    }
    if op.is_comparison() && !binary.return_bool && types == (ValueType::Scalar, ValueType::Scalar) {
        return Err((op_at, "comparisons between scalars must use BOOL modifier".into()));
    }
    for (operand, value_type) in [(&binary.left, types.0), (&binary.right, types.1)] {
        if !matches!(value_type, ValueType::Scalar | ValueType::Vector) {
            return Err((
                operand.span.start,
                "binary expression must contain only scalar and instant vector types".into(),
            ));
        }
    }
    let scalar = types.0 == ValueType::Scalar || types.1 == ValueType::Scalar;
    if let Some(matching) = &binary.matching {
        check_matching(matching, binary, scalar, op_at, start)?;
    }
    if scalar && op.is_set() {
        let op = quote(op.as_str());
        return Err((start, format!("set operator {op} not allowed in binary scalar expression")));
    }
    Ok(())
}

fn check_matching(
    matching: &Matching,
    binary: &Binary,
    scalar: bool,
    op_at: usize,
    start: usize,
) -> Result<(), Fault> {
    if matching.on
        && let Some(label) = matching.labels.iter().find(|l| matching.include.contains(l))
    {
        let label = quote(label);
        return Err((op_at, format!("label {label} must not occur in ON and GROUP clause at once")));
    }
    let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
    if scalar {
        if !matching.labels.is_empty() {
            return Err((start, "vector matching only allowed between instant vectors".into()));
        }
        if fills {
            return Err((start, "filling in missing series only allowed between instant vectors".into()));
        }
    } else if binary.op.is_set() {
        if matching.cardinality != Cardinality::ManyToMany {
            let op = quote(binary.op.as_str());
            return Err((start, format!("no grouping allowed for {op} operation")));
        }
        if fills {
            return Err((start, "filling in missing series not allowed for set operators".into()));
        }
    }
    Ok(())
}
