//! Text to tokens.

use crate::ast::Quantity;
use template::unescape;

use crate::units::{parse_bytes, parse_duration};
use crate::{Error, Result};

/// Longer queries are refused.
pub(crate) const MAX_QUERY_BYTES: usize = 128 << 10;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A name or keyword: which of them depends on where it stands.
    Word(String),
    Text(String),
    Quantity(Quantity),
    /// Punctuation and operators.
    Mark(&'static str),
    /// `--strict`
    Flag(String),
    End,
}

impl Kind {
    /// The token as Loki's parser calls it in messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Kind::Word(word) if is_keyword(word) => word.clone(),
            Kind::Word(_) => "IDENTIFIER".into(),
            Kind::Text(_) => "STRING".into(),
            Kind::Quantity(Quantity::Number(_)) => "NUMBER".into(),
            Kind::Quantity(Quantity::Duration(_)) => "DURATION".into(),
            Kind::Quantity(Quantity::Bytes(_)) => "BYTES".into(),
            Kind::Mark(mark) => (*mark).into(),
            Kind::Flag(_) => "FUNCTION_FLAG".into(),
            Kind::End => "$end".into(),
        }
    }
}

fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 24] = [
        "and",
        "or",
        "unless",
        "by",
        "without",
        "bool",
        "offset",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "unwrap",
        "json",
        "logfmt",
        "regexp",
        "pattern",
        "unpack",
        "line_format",
        "label_format",
        "decolorize",
        "drop",
        "keep",
        "vector",
        "label_replace",
    ];
    KEYWORDS.contains(&word)
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// An error about bytes `start..end` of `query`.
pub(crate) fn syntax_error(query: &str, start: usize, end: usize, message: String) -> Error {
    let before = &query[..start];
    let line = before.matches('\n').count() + 1;
    let col = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Error::Syntax { line, col, span: (start, end), message }
}

/// All tokens of `query`, [`Kind::End`] last.
pub(crate) fn tokens(query: &str) -> Result<Vec<Token>> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(Error::invalid(format!("input size too long ({} > {MAX_QUERY_BYTES})", query.len())));
    }
    let mut lexer = Lexer { query, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let last = token.kind == Kind::End;
        tokens.push(token);
        if last {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    query: &'a str,
    at: usize,
}

// Longer ones first.
const MARKS: [&str; 27] = [
    "|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=", "=", ">", "<", "|", "{", "}", "(", ")", "[",
    "]", ",", "+", "-", "*", "/", "%", "^",
];

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.query[self.at..]
    }

    fn next(&mut self) -> Result<Token> {
        self.skip_blank();
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token { kind: Kind::End, start, end: start });
        };
        let second_is_digit = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        let kind = match first {
            '"' => self.quoted()?,
            '`' => self.raw()?,
            '0'..='9' => self.quantity()?,
            '.' if second_is_digit => self.quantity()?,
            '@' => {
                self.at += 1;
                Kind::Mark("@")
            }
            c if c.is_alphabetic() || c == '_' => self.word(),
            '-' if rest.starts_with("--") && rest[2..].starts_with(|c: char| c.is_ascii_alphabetic()) => {
                let tail = &rest[2..];
                let len = tail.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(tail.len());
                self.at += 2 + len;
                Kind::Flag(tail[..len].to_owned())
            }
            _ => match MARKS.iter().find(|m| rest.starts_with(**m)) {
                Some(mark) => {
                    self.at += mark.len();
                    Kind::Mark(mark)
                }
                None => {
                    let message = format!("syntax error: unexpected character {first:?}");
                    return Err(syntax_error(self.query, start, start + first.len_utf8(), message));
                }
            },
        };
        Ok(Token { kind, start, end: self.at })
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn word(&mut self) -> Kind {
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(rest.len());
        self.at += len;
        Kind::Word(rest[..len].to_owned())
    }

    fn raw(&mut self) -> Result<Kind> {
        let rest = self.rest();
        match rest[1..].find('`') {
            Some(end) => {
                self.at += end + 2;
                // Go drops carriage returns from raw strings.
                Ok(Kind::Text(rest[1..=end].replace('\r', "")))
            }
            None => Err(self.literal_not_terminated()),
        }
    }

    fn literal_not_terminated(&self) -> Error {
        syntax_error(self.query, self.at, self.query.len(), "literal not terminated".into())
    }

    fn quoted(&mut self) -> Result<Kind> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut i = 1;
        loop {
            match bytes.get(i) {
                None | Some(b'\n') => return Err(self.literal_not_terminated()),
                Some(b'"') => break,
                Some(b'\\') => i += 2,
                Some(_) => i += 1,
            }
        }
        let start = self.at;
        self.at += i + 1;
        match unescape(&rest[1..i]) {
            Some(text) => Ok(Kind::Text(text)),
            None => Err(syntax_error(self.query, start, self.at, "invalid char escape".into())),
        }
    }

    fn quantity(&mut self) -> Result<Kind> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut len = 0;
        while let Some(c) = rest[len..].chars().next() {
            let exponent_sign = (c == '+' || c == '-')
                && matches!(bytes[len - 1], b'e' | b'E')
                && bytes.get(len + 1).is_some_and(u8::is_ascii_digit)
                && rest[..len - 1].parse::<f64>().is_ok();
            if !c.is_alphanumeric() && c != '.' && c != '_' && !exponent_sign {
                break;
            }
            len += c.len_utf8();
        }
        let text = &rest[..len];
        let start = self.at;
        self.at += len;
        if let Some(number) = parse_number(text) {
            return Ok(Kind::Quantity(Quantity::Number(number)));
        }
        if let Some(ns) = parse_duration(text) {
            return Ok(Kind::Quantity(Quantity::Duration(ns)));
        }
        match parse_bytes(text) {
            Some(bytes) => Ok(Kind::Quantity(Quantity::Bytes(bytes))),
            None => Err(syntax_error(
                self.query,
                start,
                self.at,
                format!("not a valid number, duration or size: {text:?}"),
            )),
        }
    }
}

fn parse_number(text: &str) -> Option<f64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(|n| n as f64);
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expect: &[&str]) {
        let got: Vec<String> = tokens(query)
            .expect("tokens")
            .iter()
            .map(|t| match &t.kind {
                Kind::Word(w) => w.clone(),
                Kind::Text(t) => format!("{t:?}"),
                other => other.describe(),
            })
            .collect();
        assert_eq!(got, expect, "{query}");
    }

    #[test]
    fn splits() {
        check(r#"{a="b"} |= "x" # note"#, &["{", "a", "=", "\"b\"", "}", "|=", "\"x\"", "$end"]);
        check(
            "5 5m 5KB 1e-3 0x1F 5-3",
            &["NUMBER", "DURATION", "BYTES", "NUMBER", "NUMBER", "NUMBER", "-", "NUMBER", "$end"],
        );
        check(r"`a\n` --keep-empty", &["\"a\\\\n\"", "FUNCTION_FLAG", "$end"]);
        check(r#""\x41\u00e9\101\t""#, &["\"AéA\\t\"", "$end"]);
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |query: &str, expect: &str| {
            assert_eq!(tokens(query).expect_err("invalid").to_string(), expect, "{query}");
        };
        check("{a=\"b", "parse error at line 1, col 4: literal not terminated");
        check("{a=\n;", "parse error at line 2, col 1: syntax error: unexpected character ';'");
        check("\"\\q\"", "parse error at line 1, col 1: invalid char escape");
        check("5zz", "parse error at line 1, col 1: not a valid number, duration or size: \"5zz\"");
    }
}
