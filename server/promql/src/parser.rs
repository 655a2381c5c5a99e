//! Tokens into a tree: precedence climbing over hand-written rules.

mod check;
mod duration;
mod selector;

pub(crate) use duration::DurationContext;

use std::sync::Arc;

use crate::ast::{
    Aggregate, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, Grouping, Matching, NumberLiteral, Span,
    UnaryOp, ValueType,
};
use crate::error::{Error, Result};
use crate::lexer::{Keyword, Kind, LexError, Token, lex};
use crate::number::{parse_duration, parse_number};
use crate::quote::unquote;
use crate::signature::signature;

/// How deep expressions may nest; each operator of a chain is a level.
const MAX_DEPTH: usize = 400;
/// How long a query may be, in bytes.
const MAX_QUERY_BYTES: usize = 1 << 20;

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    text: Arc<str>,
    expr: Expr,
    depth: usize,
}

impl Query {
    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its tree.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// No part of the tree lies deeper than so many levels.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// The type of its value.
    pub fn value_type(&self) -> ValueType {
        self.expr.value_type()
    }
}

/// Parses an expression and checks its types.
pub fn parse(text: &str) -> Result<Query> {
    if text.len() > MAX_QUERY_BYTES {
        let message = format!("query of {} bytes is longer than {MAX_QUERY_BYTES} bytes", text.len());
        return Err(Error::Parse { line: 1, column: 1, message });
    }
    let (tokens, lex_error) = lex(text);
    // Nothing nests deeper than there are tokens that open or join something.
    let joins = |t: &&Token| !matches!(t.kind, Kind::Comma | Kind::String | Kind::Identifier | Kind::Assign);
    let depth = tokens.iter().filter(joins).count().min(MAX_DEPTH);
    crate::deep::run(depth, || {
        let mut parser = Parser { text, tokens: &tokens, lex_error, next: 0, depth: 0, deepest: 0 };
        let expr = parser.query().and_then(|expr| {
            check::check(text, &expr)?;
            Ok(expr)
        });
        match expr {
            Ok(expr) => Ok(Query { text: text.into(), expr, depth: parser.deepest }),
            Err((at, message)) => {
                let (line, column) = position(text, at);
                Err(Error::Parse { line, column, message })
            }
        }
    })
}

/// Parses a selector alone, such as the `match[]` of the HTTP API: its matchers.
pub fn parse_selector(text: &str) -> Result<model::Selector> {
    let query = parse(text)?;
    match query.expr.kind {
        ExprKind::Vector(selector) if selector.timing == Default::default() => Ok(selector.matchers),
        _ => Err(Error::Parse {
            line: 1,
            column: 1,
            message: "expected a label selector and nothing else".into(),
        }),
    }
}

/// Line and column, from 1, of a byte offset.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    (line, before.len() - line_start + 1)
}

/// Where, and what is wrong there.
type Fault = (usize, String);
type Parsed<T> = Result<T, Fault>;

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    lex_error: Option<LexError>,
    next: usize,
    depth: usize,
    deepest: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token {
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn peek_second(&self) -> Kind {
        self.tokens[(self.next + 1).min(self.tokens.len() - 1)].kind
    }

    fn advance(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn word(&self, token: Token) -> &'a str {
        &self.text[token.span.start..token.span.end]
    }

    fn accept(&mut self, kind: Kind) -> Option<Token> {
        (self.peek().kind == kind).then(|| self.advance())
    }

    fn accept_keyword(&mut self, keyword: Keyword) -> bool {
        self.accept(Kind::Keyword(keyword)).is_some()
    }

    /// Where the last token ended.
    fn last_end(&self) -> usize {
        self.tokens[self.next.saturating_sub(1)].span.end
    }

    /// The error for a token that cannot stand where it does; where the lexer stopped, its error.
    fn unexpected<T>(&mut self, context: &str, expected: &str) -> Parsed<T> {
        let token = self.peek();
        if token.kind == Kind::End
            && let Some((at, message)) = self.lex_error.take()
        {
            return Err((at, message));
        }
        let mut message = format!("unexpected {}", token.describe(self.text));
        if !context.is_empty() {
            message.push_str(&format!(" in {context}"));
        }
        if !expected.is_empty() {
            message.push_str(&format!(", expected {expected}"));
        }
        Err((token.span.start, message))
    }

    fn expect(&mut self, kind: Kind, context: &str, expected: &str) -> Parsed<Token> {
        match self.accept(kind) {
            Some(token) => Ok(token),
            None => self.unexpected(context, expected),
        }
    }

    fn query(&mut self) -> Parsed<Expr> {
        if self.peek().kind == Kind::End && self.lex_error.is_none() {
            return Err((0, "no expression found in input".into()));
        }
        let expr = self.expression(0)?;
        if self.peek().kind != Kind::End || self.lex_error.is_some() {
            return self.unexpected("", "");
        }
        Ok(expr)
    }

    /// Goes a level deeper, or refuses to.
    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth > MAX_DEPTH {
            let at = self.peek().span.start;
            return Err((at, format!("expression nests deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }

    /// An expression whose operators all bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Parsed<Expr> {
        let outside = self.depth;
        self.deeper()?;
        let mut left = self.unary()?;
        while let Kind::Operator(op) = self.peek().kind {
            let precedence = op.precedence();
            if precedence < least {
                break;
            }
            self.advance();
            let (matching, return_bool) = self.modifiers()?;
            let right = self.expression(if op == BinaryOp::Pow { precedence } else { precedence + 1 })?;
            let span = Span { start: left.span.start, end: right.span.end };
            let binary = binary(op, left, right, matching, return_bool);
            left = Expr { kind: ExprKind::Binary(binary), span };
            // A long chain makes a deep tree too.
            self.deeper()?;
        }
        self.depth = outside;
        Ok(left)
    }

    /// A sign binds like `*`: `-a ^ 2` is `-(a ^ 2)`, `-a * b` is `(-a) * b`.
    fn unary(&mut self) -> Parsed<Expr> {
        let token = self.peek();
        let op = match token.kind {
            Kind::Operator(BinaryOp::Add) => UnaryOp::Plus,
            Kind::Operator(BinaryOp::Sub) => UnaryOp::Minus,
            _ => return self.postfix(),
        };
        self.advance();
        let inner = self.expression(BinaryOp::Pow.precedence())?;
        let span = Span { start: token.span.start, end: inner.span.end };
        if let ExprKind::Number(literal) = inner.kind {
            let value = if op == UnaryOp::Minus { -literal.value } else { literal.value };
            return Ok(Expr { kind: ExprKind::Number(NumberLiteral { value, ..literal }), span });
        }
        Ok(Expr { kind: ExprKind::Unary(op, Box::new(inner)), span })
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let mut expr = self.primary()?;
        loop {
            match self.peek().kind {
                Kind::LeftBracket => expr = self.brackets(expr)?,
                Kind::Keyword(Keyword::Offset) => self.offset(&mut expr)?,
                Kind::At => self.at(&mut expr)?,
                Kind::Keyword(Keyword::Anchored | Keyword::Smoothed) => self.mode(&mut expr)?,
                _ => return Ok(expr),
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = self.peek();
        let span = token.span;
        match token.kind {
            Kind::Number | Kind::Duration => {
                Ok(Expr { kind: ExprKind::Number(self.number_or_duration()?), span })
            }
            Kind::String => {
                self.advance();
                Ok(Expr { kind: ExprKind::String(self.unquoted(token)?), span })
            }
            Kind::LeftParen => {
                self.advance();
                let inner = self.expression(0)?;
                let end = self.expect(Kind::RightParen, "", "")?.span.end;
                let kind = ExprKind::Paren(Box::new(inner));
                Ok(Expr { kind, span: Span { start: span.start, end } })
            }
            Kind::Aggregator(_)
                if matches!(
                    self.peek_second(),
                    Kind::LeftParen | Kind::Keyword(Keyword::By | Keyword::Without)
                ) =>
            {
                self.aggregation()
            }
            Kind::Identifier | Kind::Keyword(_) if self.peek_second() == Kind::LeftParen => self.call(),
            Kind::Identifier
            | Kind::MetricIdentifier
            | Kind::LeftBrace
            | Kind::Aggregator(_)
            | Kind::Keyword(_) => self.vector_selector(),
            Kind::Operator(BinaryOp::And | BinaryOp::Or | BinaryOp::Unless) => self.vector_selector(),
            _ => self.unexpected("", ""),
        }
    }

    fn unquoted(&self, token: Token) -> Parsed<String> {
        let literal = self.word(token);
        unquote(literal).map_err(|message| (token.span.start, message))
    }

    fn number_or_duration(&mut self) -> Parsed<NumberLiteral> {
        let token = self.advance();
        let word = self.word(token);
        let at = token.span.start;
        if token.kind == Kind::Duration {
            let ms = parse_duration(word).map_err(|message| (at, message))?;
            return Ok(NumberLiteral { value: ms as f64 / 1000.0, is_duration: true });
        }
        match parse_number(word) {
            Some(value) => Ok(NumberLiteral { value, is_duration: false }),
            None => Err((at, format!("error parsing number: {word:?}"))),
        }
    }

    fn call(&mut self) -> Parsed<Expr> {
        let name = self.advance();
        let word = self.word(name);
        let args = self.arguments("function call")?;
        let span = Span { start: name.span.start, end: self.last_end() };
        let Some(function) = signature(word) else {
            return Err((
                name.span.start,
                format!("unknown function with name {}", crate::quote::quote(word)),
            ));
        };
        Ok(Expr { kind: ExprKind::Call(Call { function, args }), span })
    }

    fn arguments(&mut self, context: &str) -> Parsed<Vec<Expr>> {
        self.expect(Kind::LeftParen, context, "\"(\"")?;
        let mut args = Vec::new();
        if self.accept(Kind::RightParen).is_some() {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            match self.accept(Kind::Comma) {
                Some(comma) if self.peek().kind == Kind::RightParen => {
                    return Err((
                        comma.span.start,
                        "trailing commas not allowed in function call args".into(),
                    ));
                }
                Some(_) => {}
                None => break,
            }
        }
        self.expect(Kind::RightParen, "", "")?;
        Ok(args)
    }

    fn aggregation(&mut self) -> Parsed<Expr> {
        let token = self.advance();
        let Kind::Aggregator(op) = token.kind else { return self.unexpected("aggregation", "") };
        let start = token.span.start;
        let mut grouping = self.grouping()?;
        if self.peek().kind != Kind::LeftParen {
            return self.unexpected("aggregation", "");
        }
        let mut args = self.arguments("aggregation")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let span = Span { start, end: self.last_end() };
        if args.is_empty() {
            return Err((start, "no arguments for aggregate expression provided".into()));
        }
        let wanted = if op.has_param() { 2 } else { 1 };
        if args.len() != wanted {
            let got = args.len();
            return Err((
                start,
                format!(
                    "wrong number of arguments for aggregate expression provided, expected {wanted}, got {got}"
                ),
            ));
        }
        let expr = Box::new(args.remove(wanted - 1));
        let param = args.pop().map(Box::new);
        let aggregate = Aggregate { op, param, expr, grouping: grouping.unwrap_or_default() };
        Ok(Expr { kind: ExprKind::Aggregate(aggregate), span })
    }

    fn grouping(&mut self) -> Parsed<Option<Grouping>> {
        let without = match self.peek().kind {
            Kind::Keyword(Keyword::By) => false,
            Kind::Keyword(Keyword::Without) => true,
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(Grouping { labels: self.label_list()?, without }))
    }

    /// `(a, "b c", d)`; keywords are label names here.
    fn label_list(&mut self) -> Parsed<Vec<String>> {
        self.expect(Kind::LeftParen, "grouping opts", "\"(\"")?;
        let mut labels = Vec::new();
        while self.accept(Kind::RightParen).is_none() {
            labels.push(self.grouping_label()?);
            if self.accept(Kind::Comma).is_none() {
                self.expect(Kind::RightParen, "grouping opts", "\",\" or \")\"")?;
                break;
            }
        }
        Ok(labels)
    }

    fn grouping_label(&mut self) -> Parsed<String> {
        let token = self.peek();
        match token.kind {
            Kind::String => {
                self.advance();
                let name = self.unquoted(token)?;
                if !crate::quote::is_label_name(&name) {
                    return Err((
                        token.span.start,
                        format!("invalid label name {}", crate::quote::quote(&name)),
                    ));
                }
                Ok(name)
            }
            Kind::Identifier | Kind::Keyword(_) | Kind::Aggregator(_) | Kind::Operator(_)
                if self.word(token).starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') =>
            {
                self.advance();
                Ok(self.word(token).to_owned())
            }
            _ => self.unexpected("grouping opts", "label"),
        }
    }

    /// `bool on (a) group_left (b) fill (0)` after an operator.
    fn modifiers(&mut self) -> Parsed<(Matching, bool)> {
        let return_bool = self.accept_keyword(Keyword::Bool);
        let mut matching = Matching::default();
        let on = self.accept_keyword(Keyword::On);
        if on || self.accept_keyword(Keyword::Ignoring) {
            matching.on = on;
            matching.labels = self.label_list()?;
            let left = self.accept_keyword(Keyword::GroupLeft);
            if left || self.accept_keyword(Keyword::GroupRight) {
                matching.cardinality = if left { Cardinality::ManyToOne } else { Cardinality::OneToMany };
                if self.peek().kind == Kind::LeftParen {
                    matching.include = self.label_list()?;
                }
            }
        }
        while let Kind::Keyword(side @ (Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)) =
            self.peek().kind
        {
            if self.peek_second() != Kind::LeftParen {
                break;
            }
            self.advance();
            let value = self.fill_value()?;
            if side != Keyword::FillRight {
                matching.fill_left = Some(value);
            }
            if side != Keyword::FillLeft {
                matching.fill_right = Some(value);
            }
        }
        Ok((matching, return_bool))
    }

    fn fill_value(&mut self) -> Parsed<f64> {
        self.expect(Kind::LeftParen, "fill modifier", "\"(\"")?;
        let negative = self.accept(Kind::Operator(BinaryOp::Sub)).is_some();
        if !negative {
            self.accept(Kind::Operator(BinaryOp::Add));
        }
        if !matches!(self.peek().kind, Kind::Number | Kind::Duration) {
            return self.unexpected("fill modifier", "number");
        }
        let value = self.number_or_duration()?.value;
        self.expect(Kind::RightParen, "fill modifier", "\")\"")?;
        Ok(if negative { -value } else { value })
    }
}

/// The operation, with the matching that its operands allow; `check` names what does not fit.
fn binary(op: BinaryOp, left: Expr, right: Expr, matching: Matching, return_bool: bool) -> Binary {
    let vectors = left.value_type() == ValueType::Vector && right.value_type() == ValueType::Vector;
    let used = matching != Matching::default();
    let mut matching = (vectors || used).then_some(matching);
    if let Some(matching) = &mut matching
        && op.is_set()
        && matching.cardinality == Cardinality::OneToOne
    {
        matching.cardinality = Cardinality::ManyToMany;
    }
    Binary { op, left: Box::new(left), right: Box::new(right), matching, return_bool }
}

#[cfg(test)]
mod tests;
