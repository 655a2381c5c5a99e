//! Aggregations, binary operators, functions.

use super::{Parser, require_matcher};
use crate::ast::*;
use crate::lexer::Kind;
use crate::{Error, Result};

impl Parser<'_> {
    /// An expression of operators that bind at least as tightly as `min`.
    pub(super) fn expression(&mut self, min: u8) -> Result<Expr> {
        self.nested(|p| p.operators(min))
    }

    fn operators(&mut self, min: u8) -> Result<Expr> {
        let mut lhs = self.operand()?;
        while let Some(op) = self.binary_op() {
            let precedence = op.precedence();
            if precedence < min {
                break;
            }
            self.count_operator()?;
            let left = metric_side(lhs, "left", op)?;
            self.advance();
            let (return_bool, matching) = self.modifiers(op)?;
            // `^` binds to the right.
            let rhs = self.expression(if op == BinaryOp::Pow { precedence } else { precedence + 1 })?;
            let right = metric_side(rhs, "right", op)?;
            lhs = Expr::Metric(binary(Binary { op, lhs: left, rhs: right, return_bool, matching })?);
        }
        Ok(lhs)
    }

    fn binary_op(&self) -> Option<BinaryOp> {
        Some(match self.peek() {
            Kind::Mark(mark) => match *mark {
                "+" => BinaryOp::Add,
                "-" => BinaryOp::Sub,
                "*" => BinaryOp::Mul,
                "/" => BinaryOp::Div,
                "%" => BinaryOp::Mod,
                "^" => BinaryOp::Pow,
                "==" => BinaryOp::Compare(CompareOp::Equal),
                "!=" => BinaryOp::Compare(CompareOp::NotEqual),
                ">" => BinaryOp::Compare(CompareOp::Greater),
                ">=" => BinaryOp::Compare(CompareOp::GreaterOrEqual),
                "<" => BinaryOp::Compare(CompareOp::Less),
                "<=" => BinaryOp::Compare(CompareOp::LessOrEqual),
                _ => return None,
            },
            Kind::Word(word) => match word.as_str() {
                "and" => BinaryOp::And,
                "or" => BinaryOp::Or,
                "unless" => BinaryOp::Unless,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn modifiers(&mut self, op: BinaryOp) -> Result<(bool, Option<Matching>)> {
        let return_bool = matches!(op, BinaryOp::Compare(_)) && self.take_word("bool");
        let on = self.is_word("on");
        if !on && !self.is_word("ignoring") {
            return Ok((return_bool, None));
        }
        self.advance();
        let mut matching = Matching { on, labels: self.names_in_parentheses()?, ..Matching::default() };
        let left = self.is_word("group_left");
        if left || self.is_word("group_right") {
            if op.is_set() {
                return Err(Error::invalid(format!("no grouping allowed for {} operation", op.as_str())));
            }
            self.advance();
            matching.cardinality = if left { Cardinality::ManyToOne } else { Cardinality::OneToMany };
            if self.is_mark("(") {
                matching.include = self.names_in_parentheses()?;
            }
        }
        Ok((return_bool, Some(matching)))
    }

    fn operand(&mut self) -> Result<Expr> {
        match self.peek().clone() {
            Kind::Mark("{") => self.log_expr().map(Expr::Log),
            Kind::Mark("(") => {
                self.advance();
                let inner = self.expression(0)?;
                self.expect_mark(")")?;
                Ok(inner)
            }
            Kind::Mark(sign @ ("+" | "-")) => {
                self.advance();
                match self.peek() {
                    Kind::Quantity(Quantity::Number(n)) => {
                        let value = if sign == "-" { -n } else { *n };
                        self.advance();
                        Ok(Expr::Metric(MetricExpr::Literal(value)))
                    }
                    _ => Err(self.unexpected(&["NUMBER"])),
                }
            }
            Kind::Quantity(Quantity::Number(value)) => {
                self.advance();
                Ok(Expr::Metric(MetricExpr::Literal(value)))
            }
            Kind::Word(word) => self.call(&word).map(Expr::Metric),
            _ => Err(self.unexpected(&[])),
        }
    }

    fn call(&mut self, word: &str) -> Result<MetricExpr> {
        let op = VectorOp::from_name(word);
        let grouped = matches!(self.peek_at(1), Kind::Word(w) if w == "by" || w == "without");
        let called = matches!(self.peek_at(1), Kind::Mark("("));
        if let Some(op) = op.filter(|_| called || grouped) {
            self.advance();
            return self.vector_aggregation(op);
        }
        if !called {
            return Err(self.unexpected(&[]));
        }
        if let Some(op) = RangeOp::from_name(word) {
            self.advance();
            return self.range_aggregation(op);
        }
        match word {
            "vector" => {
                self.advance();
                self.expect_mark("(")?;
                let value = self.signed_number()?;
                self.expect_mark(")")?;
                Ok(MetricExpr::VectorLiteral(value))
            }
            "label_replace" => {
                self.advance();
                self.label_replace()
            }
            "variants" => {
                self.advance();
                self.variants()
            }
            _ => Err(self.unexpected(&[])),
        }
    }

    fn signed_number(&mut self) -> Result<f64> {
        let negative = self.take_mark("-");
        match *self.peek() {
            Kind::Quantity(Quantity::Number(n)) => {
                self.advance();
                Ok(if negative { -n } else { n })
            }
            _ => Err(self.unexpected(&["NUMBER"])),
        }
    }

    fn grouping(&mut self) -> Result<Option<Grouping>> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.advance();
        Ok(Some(Grouping { without, labels: self.names_in_parentheses()? }))
    }

    fn at_number(&self) -> bool {
        let number = |k: &Kind| matches!(k, Kind::Quantity(Quantity::Number(_)));
        number(self.peek()) || self.is_mark("-") && number(self.peek_at(1))
    }

    fn vector_aggregation(&mut self, op: VectorOp) -> Result<MetricExpr> {
        let mut grouping = self.grouping()?;
        self.expect_mark("(")?;
        let mut k = None;
        // `sum(1)` aggregates a number, `topk(1, …)` takes one.
        if self.at_number() && op.takes_k() {
            let value = self.signed_number()?;
            self.expect_mark(",")?;
            if value.fract() != 0.0 || value.abs() > i64::MAX as f64 {
                return Err(Error::invalid(format!("invalid parameter {}({value},", op.as_str())));
            }
            k = Some(value as i64);
        }
        let inner = self.metric_argument()?;
        self.expect_mark(")")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        match k {
            None if op.takes_k() => {
                return Err(Error::invalid(format!("parameter required for operation {}", op.as_str())));
            }
            Some(k) if k <= 0 => {
                return Err(Error::invalid(format!(
                    "invalid parameter (must be greater than 0) {}({k},",
                    op.as_str()
                )));
            }
            _ => {}
        }
        if op == VectorOp::ApproxTopk && grouping.is_some() {
            return Err(Error::invalid("grouping not allowed for approx_topk aggregation"));
        }
        Ok(MetricExpr::Vector(VectorAggregation { op, k, inner: Box::new(inner), grouping }))
    }

    fn metric_argument(&mut self) -> Result<MetricExpr> {
        let start = self.at;
        match self.expression(0)? {
            Expr::Metric(metric) => Ok(metric),
            Expr::Log(_) => {
                self.at = start;
                Err(self.error_here("syntax error: unexpected log query, expecting a metric query".into()))
            }
        }
    }

    fn range_aggregation(&mut self, op: RangeOp) -> Result<MetricExpr> {
        self.expect_mark("(")?;
        let mut param = None;
        if self.at_number() {
            param = Some(self.signed_number()?);
            self.expect_mark(",")?;
        }
        let range = self.log_range()?;
        self.expect_mark(")")?;
        let grouping = self.grouping()?;
        let aggregation = RangeAggregation { op, param, range, grouping };
        validate_range(&aggregation)?;
        Ok(MetricExpr::Range(aggregation))
    }

    fn label_replace(&mut self) -> Result<MetricExpr> {
        self.expect_mark("(")?;
        let inner = self.metric_argument()?;
        let mut texts = [const { String::new() }; 4];
        for text in &mut texts {
            self.expect_mark(",")?;
            *text = self.expect_text()?;
        }
        self.expect_mark(")")?;
        let [dst, replacement, src, pattern] = texts;
        let regex = regex::RegexBuilder::new(&format!("^(?s:{pattern})$"))
            .size_limit(16 << 20)
            .build()
            .map_err(|_| Error::invalid(format!("invalid regex in label_replace: {pattern}")))?;
        if !is_label_name(&dst) {
            return Err(Error::invalid(format!("invalid destination label name in label_replace: {dst}")));
        }
        Ok(MetricExpr::LabelReplace(Box::new(LabelReplace { inner, dst, replacement, src, pattern, regex })))
    }

    /// `variants(count_over_time({…}[5m]), …) of ({…}[5m])`
    fn variants(&mut self) -> Result<MetricExpr> {
        self.expect_mark("(")?;
        let mut variants = vec![self.metric_argument()?];
        while self.take_mark(",") {
            variants.push(self.metric_argument()?);
        }
        self.expect_mark(")")?;
        if !self.take_word("of") {
            return Err(self.unexpected(&["of"]));
        }
        self.expect_mark("(")?;
        let of = self.log_range()?;
        self.expect_mark(")")?;
        require_matcher(&of.log)?;
        Ok(MetricExpr::Variants(Box::new(Variants { variants, of })))
    }
}

fn is_label_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn metric_side(expr: Expr, side: &str, op: BinaryOp) -> Result<MetricExpr> {
    match expr {
        Expr::Metric(metric) => Ok(metric),
        Expr::Log(_) => Err(Error::invalid(format!(
            "unexpected type for {side} leg of binary operation ({}): log query",
            op.as_str()
        ))),
    }
}

/// Checks a binary operation; one of two literals is computed.
fn binary(binary: Binary) -> Result<MetricExpr> {
    use MetricExpr::Literal;
    if binary.op.is_set() {
        for (side, expr) in [("left", &binary.lhs), ("right", &binary.rhs)] {
            if let Literal(value) = expr {
                return Err(Error::invalid(format!(
                    "unexpected literal for {side} leg of logical/set binary operation ({}): {value}",
                    binary.op.as_str()
                )));
            }
        }
    }
    if let (Literal(a), Literal(b)) = (&binary.lhs, &binary.rhs) {
        return Ok(Literal(crate::metric::binary::apply(binary.op, *a, *b)));
    }
    Ok(MetricExpr::Binary(Box::new(binary)))
}

fn validate_range(aggregation: &RangeAggregation) -> Result<()> {
    use RangeOp::*;
    let (op, name) = (aggregation.op, aggregation.op.as_str());
    match (op, aggregation.param) {
        (QuantileOverTime, None) => {
            return Err(Error::invalid(format!("parameter required for operation {name}")));
        }
        (QuantileOverTime, Some(_)) | (_, None) => {}
        (_, Some(param)) => {
            return Err(Error::invalid(format!("parameter {param} not supported for operation {name}")));
        }
    }
    let takes_grouping = matches!(
        op,
        AvgOverTime
            | StddevOverTime
            | StdvarOverTime
            | QuantileOverTime
            | MaxOverTime
            | MinOverTime
            | FirstOverTime
            | LastOverTime
    );
    if aggregation.grouping.is_some() && !takes_grouping {
        return Err(Error::invalid(format!("grouping not allowed for {name} aggregation")));
    }
    let (with, without) = match op {
        CountOverTime | BytesOverTime | BytesRate => (false, true),
        Rate | AbsentOverTime => (true, true),
        _ => (true, false),
    };
    match &aggregation.range.unwrap {
        Some(_) if !with => Err(Error::invalid(format!("invalid aggregation {name} with unwrap"))),
        None if !without => Err(Error::invalid(format!("invalid aggregation {name} without unwrap"))),
        _ => Ok(()),
    }
}
