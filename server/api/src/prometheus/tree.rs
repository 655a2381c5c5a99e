//! `parse_query`: an expression's tree as JSON.

use axum::response::Response;
use model::Matcher;
use promql::{At, DurationExpr, Expr, ExprKind, Matching, RangeMode, Timing, UnaryOp, ValueType};
use serde_json::{Value, json};

use super::query::{self, query};
use super::reply::{ApiError, success_of};
use crate::params::Params;

/// `GET|POST /api/v1/parse_query`
pub(crate) async fn parse(params: Params) -> Result<Response, ApiError> {
    let parsed = query::parse(query(&params)?)?;
    Ok(success_of(&node(parsed.expr())))
}

fn node(expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Number(number) => {
            json!({"type": "numberLiteral", "val": promql::format_float(number.value)})
        }
        ExprKind::String(text) => json!({"type": "stringLiteral", "val": text}),
        ExprKind::Paren(inner) => json!({"type": "parenExpr", "expr": node(inner)}),
        ExprKind::Unary(op, inner) => {
            let op = if *op == UnaryOp::Minus { "-" } else { "+" };
            json!({"type": "unaryExpr", "op": op, "expr": node(inner)})
        }
        ExprKind::Vector(selector) => {
            let mut object = timed("vectorSelector", &selector.timing);
            put_selector(&mut object, selector);
            object
        }
        ExprKind::Matrix(matrix) => {
            let mut object = timed("matrixSelector", &matrix.selector.timing);
            object["range"] = json!(literal_ms(&matrix.range));
            put_selector(&mut object, &matrix.selector);
            object
        }
        ExprKind::Subquery(subquery) => {
            let mut object = timed("subquery", &subquery.timing);
            object["expr"] = node(&subquery.expr);
            object["range"] = json!(literal_ms(&subquery.range));
            object["step"] = json!(subquery.step.as_ref().map_or(0, literal_ms));
            object
        }
        ExprKind::Aggregate(aggregate) => json!({
            "type": "aggregation",
            "op": aggregate.op.as_str(),
            "expr": node(&aggregate.expr),
            "param": aggregate.param.as_ref().map(|param| node(param)),
            "grouping": aggregate.grouping.labels,
            "without": aggregate.grouping.without,
        }),
        ExprKind::Call(call) => json!({
            "type": "call",
            "func": {
                "name": call.function.name,
                "argTypes": call.function.args.iter().map(|arg| arg.as_str()).collect::<Vec<_>>(),
                "variadic": call.function.variadic,
                "returnType": call.function.returns.as_str(),
            },
            "args": call.args.iter().map(node).collect::<Vec<_>>(),
        }),
        ExprKind::Binary(binary) => {
            let vectors = [&binary.left, &binary.right].map(|side| side.value_type() == ValueType::Vector);
            let plain = Matching::default();
            let matching = (vectors == [true, true])
                .then(|| matching(binary.matching.as_ref().unwrap_or(&plain), binary.op.is_set()));
            json!({
                "type": "binaryExpr",
                "op": binary.op.as_str(),
                "lhs": node(&binary.left),
                "rhs": node(&binary.right),
                "matching": matching,
                "bool": binary.return_bool,
            })
        }
    }
}

fn matching(matching: &Matching, is_set: bool) -> Value {
    let card = match matching.cardinality {
        _ if is_set => "many-to-many",
        promql::Cardinality::OneToOne => "one-to-one",
        promql::Cardinality::ManyToOne => "many-to-one",
        promql::Cardinality::OneToMany => "one-to-many",
        promql::Cardinality::ManyToMany => "many-to-many",
    };
    json!({
        "card": card,
        "labels": matching.labels,
        "on": matching.on,
        "include": matching.include,
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    })
}

/// A node with its `@` and offset.
fn timed(kind: &str, timing: &Timing) -> Value {
    let (timestamp, edge) = match timing.at {
        Some(At::Time(ms)) => (json!(ms), Value::Null),
        Some(At::Start) => (Value::Null, json!("start")),
        Some(At::End) => (Value::Null, json!("end")),
        None => (Value::Null, Value::Null),
    };
    let offset = timing.offset.as_ref().map_or(0, literal_ms);
    json!({"type": kind, "offset": offset, "timestamp": timestamp, "startOrEnd": edge})
}

fn put_selector(object: &mut Value, selector: &promql::VectorSelector) {
    let matcher = |m: &Matcher| json!({"name": m.name(), "type": m.op().as_str(), "value": m.value()});
    object["name"] = json!(selector.name.as_deref().unwrap_or_default());
    object["matchers"] = selector.matchers.iter().map(matcher).collect();
    object["anchored"] = json!(selector.mode == RangeMode::Anchored);
    object["smoothed"] = json!(selector.mode == RangeMode::Smoothed);
}

/// Milliseconds of a duration that does not depend on the query; 0 otherwise.
fn literal_ms(duration: &DurationExpr) -> i64 {
    match duration {
        DurationExpr::Literal(literal) => (literal.value * 1000.0).round() as i64,
        DurationExpr::Unary(UnaryOp::Minus, inner) => -literal_ms(inner),
        DurationExpr::Unary(UnaryOp::Plus, inner) | DurationExpr::Paren(inner) => literal_ms(inner),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees() {
        let check = |text: &str, expected: Value| {
            assert_eq!(node(promql::parse(text).expect("valid").expr()), expected, "{text}");
        };
        check("1.5", json!({"type": "numberLiteral", "val": "1.5"}));
        let matchers = json!([{"name": "__name__", "type": "=", "value": "up"}]);
        let up = json!({"type": "vectorSelector", "name": "up", "offset": 0, "timestamp": null, "startOrEnd": null,
            "matchers": matchers, "anchored": false, "smoothed": false});
        check("-up", json!({"type": "unaryExpr", "op": "-", "expr": up}));
        check(
            "up[5m] offset 1m @ end()",
            json!({"type": "matrixSelector", "name": "up", "offset": 60_000, "range": 300_000, "timestamp": null,
                "startOrEnd": "end", "matchers": matchers, "anchored": false, "smoothed": false}),
        );
        check(
            "sum without (a) (up)",
            json!({"type": "aggregation", "op": "sum", "expr": up, "param": null, "grouping": ["a"],
                "without": true}),
        );
        check(
            "up or up",
            json!({"type": "binaryExpr", "op": "or", "lhs": up, "rhs": up, "bool": false,
                "matching": {"card": "many-to-many", "labels": [], "on": false, "include": [],
                    "fillValues": {"lhs": null, "rhs": null}}}),
        );
        check(
            "abs(up)",
            json!({"type": "call", "args": [up], "func": {"name": "abs", "argTypes": ["vector"],
                "variadic": 0, "returnType": "vector"}}),
        );
    }
}
