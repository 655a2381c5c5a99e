//! Selectors: label matchers, ranges, subqueries, `offset`, `@`, `anchored`, `smoothed`.

use model::{METRIC_NAME, MatchOp, Matcher};

use super::{Parsed, Parser};
use crate::ast::{
    At, BinaryOp, DurationExpr, Expr, ExprKind, MatrixSelector, RangeMode, Span, Subquery, Timing,
    VectorSelector,
};
use crate::lexer::{Keyword, Kind, Token};

impl Parser<'_> {
    pub(super) fn vector_selector(&mut self) -> Parsed<Expr> {
        let token = self.peek();
        let mut selector = VectorSelector::default();
        if token.kind != Kind::LeftBrace {
            use Keyword::{Bool, GroupLeft, GroupRight, Ignoring, On};
            if matches!(token.kind, Kind::Keyword(Bool | GroupLeft | GroupRight | Ignoring | On)) {
                return self.unexpected("", "");
            }
            self.advance();
            selector.name = Some(self.word(token).to_owned());
        }
        if self.peek().kind == Kind::LeftBrace {
            self.matchers(&mut selector)?;
        }
        if let (Some(name), true) = (&selector.name, token.kind != Kind::LeftBrace) {
            selector.matchers.push(Matcher::equal(METRIC_NAME, name.as_str()));
        }
        let span = Span { start: token.span.start, end: self.last_end() };
        Ok(Expr { kind: ExprKind::Vector(selector), span })
    }

    fn matchers(&mut self, selector: &mut VectorSelector) -> Parsed<()> {
        const CONTEXT: &str = "label matching";
        self.advance();
        while self.accept(Kind::RightBrace).is_none() {
            let token = self.peek();
            match token.kind {
                Kind::Identifier => {
                    self.advance();
                    let name = self.word(token).to_owned();
                    selector.matchers.push(self.matcher(token, name)?);
                }
                Kind::String => {
                    self.advance();
                    let name = self.unquoted(token)?;
                    let lone = matches!(self.peek().kind, Kind::Comma | Kind::RightBrace);
                    selector.matchers.push(if lone {
                        Matcher::equal(METRIC_NAME, name)
                    } else {
                        self.matcher(token, name)?
                    });
                }
                _ => return self.unexpected(CONTEXT, "identifier or \"}\""),
            }
            if self.accept(Kind::Comma).is_none() {
                if self.accept(Kind::RightBrace).is_some() {
                    break;
                }
                return self.unexpected(CONTEXT, "\",\" or \"}\"");
            }
        }
        Ok(())
    }

    fn matcher(&mut self, label: Token, name: String) -> Parsed<Matcher> {
        const CONTEXT: &str = "label matching";
        let op = match self.peek().kind {
            Kind::Assign => MatchOp::Equal,
            Kind::Operator(BinaryOp::NotEqual) => MatchOp::NotEqual,
            Kind::Matches => MatchOp::Regex,
            Kind::MatchesNot => MatchOp::NotRegex,
            _ => return self.unexpected(CONTEXT, "label matching operator"),
        };
        self.advance();
        let token = self.expect(Kind::String, CONTEXT, "string")?;
        let value = self.unquoted(token)?;
        Matcher::new(op, name, value).map_err(|e| (label.span.start, e.message().to_owned()))
    }

    /// `[5m]` or `[5m:1m]` after an expression.
    pub(super) fn brackets(&mut self, expr: Expr) -> Parsed<Expr> {
        const CONTEXT: &str = "subquery or range selector";
        let bracket = self.advance();
        let range_at = self.peek().span.start;
        let range = self.duration_expr(CONTEXT, 0)?;
        positive(&range, range_at)?;
        if self.accept(Kind::Colon).is_none() {
            if self.accept(Kind::RightBracket).is_none() {
                return self.unexpected("subquery or range", "\":\" or \"]\"");
            }
            return self.matrix(expr, range, bracket);
        }
        let mut step = None;
        if self.accept(Kind::RightBracket).is_none() {
            let step_at = self.peek().span.start;
            let duration = self.duration_expr("subquery selector", 0)?;
            positive(&duration, step_at)?;
            step = Some(duration);
            self.expect(Kind::RightBracket, "subquery selector", "\"]\"")?;
        }
        self.deeper()?;
        let span = Span { start: expr.span.start, end: self.last_end() };
        let subquery = Subquery { expr: Box::new(expr), range, step, timing: Timing::default() };
        Ok(Expr { kind: ExprKind::Subquery(subquery), span })
    }

    fn matrix(&mut self, expr: Expr, range: DurationExpr, bracket: Token) -> Parsed<Expr> {
        let span = Span { start: expr.span.start, end: self.last_end() };
        let at = bracket.span.start;
        let ExprKind::Vector(selector) = expr.kind else {
            return Err((at, "ranges only allowed for vector selectors".into()));
        };
        if selector.timing.offset.is_some() {
            return Err((at, "no offset modifiers allowed before range".into()));
        }
        if selector.timing.at.is_some() {
            return Err((at, "no @ modifiers allowed before range".into()));
        }
        Ok(Expr { kind: ExprKind::Matrix(MatrixSelector { selector, range }), span })
    }

    pub(super) fn offset(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.advance();
        let duration = self.signed_duration("offset")?;
        let start = expr.span.start;
        let Some(timing) = timing(expr) else {
            return Err((start, misplaced("offset")));
        };
        if timing.offset.is_some() {
            return Err((start, "offset may not be set multiple times".into()));
        }
        timing.offset = Some(duration);
        expr.span.end = self.last_end();
        Ok(())
    }

    pub(super) fn at(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.advance();
        let start = expr.span.start;
        let at = match self.peek().kind {
            Kind::Keyword(keyword @ (Keyword::Start | Keyword::End)) => {
                self.advance();
                self.expect(Kind::LeftParen, "@", "timestamp")?;
                self.expect(Kind::RightParen, "@", "timestamp")?;
                if keyword == Keyword::Start { At::Start } else { At::End }
            }
            _ => At::Time(self.timestamp(start)?),
        };
        let Some(timing) = timing(expr) else {
            return Err((start, misplaced("@")));
        };
        if timing.at.is_some() {
            return Err((start, "@ <timestamp> may not be set multiple times".into()));
        }
        timing.at = Some(at);
        expr.span.end = self.last_end();
        Ok(())
    }

    fn timestamp(&mut self, start: usize) -> Parsed<i64> {
        let negative = self.accept(Kind::Operator(BinaryOp::Sub)).is_some();
        if !negative {
            self.accept(Kind::Operator(BinaryOp::Add));
        }
        if !matches!(self.peek().kind, Kind::Number | Kind::Duration) {
            return self.unexpected("@", "timestamp");
        }
        let value = self.number_or_duration()?.value;
        let seconds = if negative { -value } else { value };
        if !seconds.is_finite() || seconds.abs() >= i64::MAX as f64 {
            let shown = crate::number::format_float(seconds);
            return Err((start, format!("timestamp out of bounds for @ modifier: {shown}")));
        }
        Ok((seconds * 1000.0).round() as i64)
    }

    pub(super) fn mode(&mut self, expr: &mut Expr) -> Parsed<()> {
        let (mode, word) = match self.advance().kind {
            Kind::Keyword(Keyword::Anchored) => (RangeMode::Anchored, "anchored"),
            _ => (RangeMode::Smoothed, "smoothed"),
        };
        let start = expr.span.start;
        let selector = match &mut expr.kind {
            ExprKind::Vector(selector) => selector,
            ExprKind::Matrix(matrix) => &mut matrix.selector,
            ExprKind::Subquery(_) => {
                return Err((start, format!("{word} modifier is not supported for subqueries")));
            }
            _ => return Err((start, format!("{word} modifier not implemented"))),
        };
        if selector.mode != RangeMode::Plain && selector.mode != mode {
            return Err((start, "anchored and smoothed modifiers cannot be used together".into()));
        }
        selector.mode = mode;
        expr.span.end = self.last_end();
        Ok(())
    }
}

fn misplaced(modifier: &str) -> String {
    format!(
        "{modifier} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
    )
}

fn timing(expr: &mut Expr) -> Option<&mut Timing> {
    match &mut expr.kind {
        ExprKind::Vector(selector) => Some(&mut selector.timing),
        ExprKind::Matrix(matrix) => Some(&mut matrix.selector.timing),
        ExprKind::Subquery(subquery) => Some(&mut subquery.timing),
        _ => None,
    }
}

fn positive(duration: &DurationExpr, at: usize) -> Parsed<()> {
    match duration.literal() {
        Some(literal) if literal.value <= 0.0 => Err((at, "duration must be greater than 0".into())),
        _ => Ok(()),
    }
}
