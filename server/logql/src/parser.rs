//! Tokens to a tree.

mod label_filter;
mod log;
mod metric;

use model::Matcher;

use crate::ast::{Expr, LogExpr};
use crate::lexer::{Kind, Token, syntax_error, tokens};
use crate::{Error, Result};

/// Parentheses and the like may be nested this deep.
pub(crate) const MAX_DEPTH: usize = 100;
/// Operators a query may have: a chain of them is a tree as deep as it is long.
pub(crate) const MAX_OPERATORS: usize = 1_000;

/// Parses a query.
pub fn parse(query: &str) -> Result<Expr> {
    let mut parser = Parser { query, tokens: tokens(query)?, at: 0, depth: 0, operators: 0 };
    let expr = parser.expression(0)?;
    parser.expect_end()?;
    Ok(expr)
}

/// Parses a stream selector alone, as `match[]` has it: `{a="b"}`.
pub fn parse_selector(query: &str) -> Result<Vec<Matcher>> {
    let mut parser = Parser { query, tokens: tokens(query)?, at: 0, depth: 0, operators: 0 };
    let matchers = parser.selector()?;
    parser.expect_end()?;
    Ok(matchers)
}

/// Parses a selector with its pipeline that need not select anything: `{} | json`.
pub(crate) fn parse_log(query: &str) -> Result<LogExpr> {
    let mut parser = Parser { query, tokens: tokens(query)?, at: 0, depth: 0, operators: 0 };
    let log = parser.any_log_expr()?;
    parser.expect_end()?;
    Ok(log)
}

pub(crate) struct Parser<'a> {
    query: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    operators: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Kind {
        &self.tokens[self.at].kind
    }

    fn peek_at(&self, ahead: usize) -> &Kind {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].kind
    }

    fn advance(&mut self) -> Kind {
        let kind = self.tokens[self.at].kind.clone();
        // The last token is End: it stays.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        kind
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Kind::Mark(m) if *m == mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(w) if w == word)
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let hit = self.is_mark(mark);
        if hit {
            self.advance();
        }
        hit
    }

    fn take_word(&mut self, word: &str) -> bool {
        let hit = self.is_word(word);
        if hit {
            self.advance();
        }
        hit
    }

    /// The error for the token that comes next.
    fn unexpected(&self, expecting: &[&str]) -> Error {
        let mut message = format!("syntax error: unexpected {}", self.peek().describe());
        if !expecting.is_empty() {
            message.push_str(", expecting ");
            message.push_str(&expecting.join(" or "));
        }
        self.error_here(message)
    }

    fn error_here(&self, message: String) -> Error {
        let token = &self.tokens[self.at];
        syntax_error(self.query, token.start, token.end, message)
    }

    fn expect_mark(&mut self, mark: &'static str) -> Result<()> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&[mark])) }
    }

    fn expect_text(&mut self) -> Result<String> {
        match self.peek() {
            Kind::Text(_) => match self.advance() {
                Kind::Text(text) => Ok(text),
                _ => unreachable!("peeked"),
            },
            _ => Err(self.unexpected(&["STRING"])),
        }
    }

    fn expect_name(&mut self) -> Result<String> {
        match self.peek() {
            Kind::Word(_) => match self.advance() {
                Kind::Word(word) => Ok(word),
                _ => unreachable!("peeked"),
            },
            _ => Err(self.unexpected(&["IDENTIFIER"])),
        }
    }

    fn expect_end(&self) -> Result<()> {
        match self.peek() {
            Kind::End => Ok(()),
            _ => Err(self.unexpected(&[])),
        }
    }

    /// Counts an operator of a chain.
    fn count_operator(&mut self) -> Result<()> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return Err(self.error_here(format!("more than {MAX_OPERATORS} operators")));
        }
        Ok(())
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error_here(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// `( names )`
    fn names_in_parentheses(&mut self) -> Result<Vec<String>> {
        self.expect_mark("(")?;
        let mut names = Vec::new();
        if self.take_mark(")") {
            return Ok(names);
        }
        loop {
            names.push(self.expect_name()?);
            if self.take_mark(")") {
                return Ok(names);
            }
            if !self.take_mark(",") {
                return Err(self.unexpected(&[",", ")"]));
            }
        }
    }
}

/// A log query must select something: at least one matcher that does not match the empty string.
fn require_matcher(log: &LogExpr) -> Result<()> {
    if log.matchers.iter().any(|m| !m.matches_empty()) {
        return Ok(());
    }
    Err(Error::invalid(
        "queries require at least one regexp or equality matcher that does not have an empty-compatible value. \
         For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will",
    ))
}

#[cfg(test)]
mod tests;
