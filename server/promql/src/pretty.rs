//! Expressions over several lines, as Prometheus' `format_query` and `promtool promql format` lay them out.

use crate::ast::{Expr, ExprKind, UnaryOp};
use crate::printer::{aggregate_head, operator, subquery_end};

/// Longer expressions are split.
const MOST_CHARACTERS: usize = 100;

/// The expression, one part a line where it is longer than 100 characters.
pub fn pretty(expr: &Expr) -> String {
    at(expr, 0)
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

fn at(expr: &Expr, level: usize) -> String {
    let (line, indented, deeper) = (expr.to_string(), indent(level), level + 1);
    let fits = line.len() <= MOST_CHARACTERS;
    match &expr.kind {
        ExprKind::Unary(op, inner) => {
            let sign = if *op == UnaryOp::Minus { '-' } else { '+' };
            format!("{indented}{sign}{}", at(inner, level).trim())
        }
        ExprKind::Subquery(_) if fits => line,
        ExprKind::Subquery(subquery) => format!("{}{}", at(&subquery.expr, level), subquery_end(subquery)),
        _ if fits => format!("{indented}{line}"),
        ExprKind::Aggregate(aggregate) => {
            let param = aggregate.param.as_ref().map(|param| format!("{},\n", at(param, deeper)));
            let (head, param) = (aggregate_head(aggregate), param.unwrap_or_default());
            format!("{indented}{head}(\n{param}{}\n{indented})", at(&aggregate.expr, deeper))
        }
        ExprKind::Binary(binary) => {
            let (left, right) = (at(&binary.left, deeper), at(&binary.right, deeper));
            format!("{left}\n{indented}{}\n{right}", operator(binary))
        }
        ExprKind::Call(call) => {
            let args: Vec<String> = call.args.iter().map(|arg| at(arg, deeper)).collect();
            format!("{indented}{}(\n{}\n{indented})", call.function.name, args.join(",\n"))
        }
        ExprKind::Paren(inner) => format!("{indented}(\n{}\n{indented})", at(inner, deeper)),
        _ => format!("{indented}{line}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_expressions_are_split() {
        let check = |text: &str, expected: &str| {
            let query = crate::parse(text).expect("valid");
            assert_eq!(super::pretty(query.expr()), expected);
        };
        check("sum(a)  by(b)", "sum by (b) (a)");
        let name = "a".repeat(60);
        check(
            &format!("sum by (x) (rate({name}[5m]) / on (y) group_left () rate({name}[1m]))"),
            &format!("sum by (x) (\n    rate({name}[5m])\n  / on (y) group_left ()\n    rate({name}[1m])\n)"),
        );
        check(
            &format!("topk(5, {name} + (-{name} or vector(1)))"),
            &format!("topk(\n  5,\n    {name}\n  +\n    (-{name} or vector(1))\n)"),
        );
        check(
            &format!("max_over_time(label_replace({name}, 'a', \"b\", 'c', '(.*)')[1h:5m] offset 1m)"),
            &format!(
                "max_over_time(\n  label_replace({name}, \"a\", \"b\", \"c\", \"(.*)\")[1h:5m] offset 1m\n)"
            ),
        );
    }
}
