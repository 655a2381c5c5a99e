//! `a="b" and (c > 5 or d < 20ms)`: evaluated from left to right unless parentheses say otherwise.

use model::{MatchOp, Matcher};

use super::Parser;
use crate::Result;
use crate::ast::{CompareOp, LabelFilter, Quantity};
use crate::lexer::{Kind, syntax_error};

impl Parser<'_> {
    pub(super) fn label_filter(&mut self) -> Result<LabelFilter> {
        let mut left = self.label_condition()?;
        loop {
            let or = self.is_word("or");
            if or || self.is_word("and") || self.is_mark(",") {
                self.advance();
            } else if !matches!(self.peek(), Kind::Word(_)) && !self.is_mark("(") || self.is_word("offset") {
                return Ok(left);
            }
            self.count_operator()?;
            let right = self.label_condition()?;
            left = match or {
                true => LabelFilter::Or(Box::new(left), Box::new(right)),
                false => LabelFilter::And(Box::new(left), Box::new(right)),
            };
        }
    }

    fn label_condition(&mut self) -> Result<LabelFilter> {
        if self.take_mark("(") {
            let inner = self.nested(Self::label_filter)?;
            self.expect_mark(")")?;
            return Ok(inner);
        }
        let name = self.expect_name()?;
        let match_op = self.match_op();
        let compare = match self.peek() {
            Kind::Mark("=" | "==") => Some(CompareOp::Equal),
            Kind::Mark("!=") => Some(CompareOp::NotEqual),
            Kind::Mark(">") => Some(CompareOp::Greater),
            Kind::Mark(">=") => Some(CompareOp::GreaterOrEqual),
            Kind::Mark("<") => Some(CompareOp::Less),
            Kind::Mark("<=") => Some(CompareOp::LessOrEqual),
            _ => None,
        };
        if match_op.is_none() && compare.is_none() {
            return Err(self.unexpected(&[]));
        }
        self.advance();
        let negative = compare.is_some() && self.take_mark("-");
        match (self.peek().clone(), match_op, compare) {
            (Kind::Text(value), Some(op), _) if !negative => self.text_condition(name, op, value),
            (Kind::Word(word), Some(op @ (MatchOp::Equal | MatchOp::NotEqual)), _) if word == "ip" => {
                self.advance();
                self.expect_mark("(")?;
                let pattern = self.expect_text()?;
                self.expect_mark(")")?;
                Ok(LabelFilter::Ip { name, op, pattern })
            }
            (Kind::Quantity(value), _, Some(op)) => {
                let value = match value {
                    Quantity::Number(n) if negative => Quantity::Number(-n),
                    Quantity::Duration(n) if negative => Quantity::Duration(-n),
                    Quantity::Bytes(_) if negative => return Err(self.unexpected(&["NUMBER", "DURATION"])),
                    value => value,
                };
                self.advance();
                Ok(LabelFilter::Quantity { name, op, value })
            }
            (_, None, _) => Err(self.unexpected(&["BYTES", "NUMBER", "DURATION"])),
            (_, Some(_), None) => Err(self.unexpected(&["STRING"])),
            _ => Err(self.unexpected(&["STRING", "BYTES", "NUMBER", "DURATION"])),
        }
    }

    fn text_condition(&mut self, name: String, op: MatchOp, value: String) -> Result<LabelFilter> {
        let token = &self.tokens[self.at];
        let matcher = Matcher::new(op, name, value)
            .map_err(|e| syntax_error(self.query, token.start, token.end, e.message().to_owned()))?;
        self.advance();
        Ok(LabelFilter::Text(matcher))
    }
}
