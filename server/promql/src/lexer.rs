//! Text into tokens. What a `:` or a word means depends on the brackets and braces around it.

use crate::ast::{AggregateOp, BinaryOp, Span};
use crate::quote::quote;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Identifier,
    MetricIdentifier,
    Keyword(Keyword),
    Aggregator(AggregateOp),
    Number,
    Duration,
    String,
    Operator(BinaryOp),
    /// `=`
    Assign,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    End,
}

macro_rules! keywords {
    ($($name:ident = $text:literal,)*) => {
        /// Words with a meaning of their own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Keyword { $($name,)* }

        impl Keyword {
            fn of_word(word: &str) -> Option<Self> {
                match word { $($text => Some(Keyword::$name),)* _ => None }
            }

            fn text(self) -> &'static str {
                match self { $(Keyword::$name => $text,)* }
            }
        }
    };
}

keywords! {
    Offset = "offset",
    By = "by",
    Without = "without",
    On = "on",
    Ignoring = "ignoring",
    GroupLeft = "group_left",
    GroupRight = "group_right",
    Bool = "bool",
    Fill = "fill",
    FillLeft = "fill_left",
    FillRight = "fill_right",
    Anchored = "anchored",
    Smoothed = "smoothed",
    Start = "start",
    End = "end",
    Step = "step",
    Range = "range",
    MinOf = "min_of",
    MaxOf = "max_of",
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

impl Token {
    /// The token as error messages name it.
    pub(crate) fn describe(&self, text: &str) -> String {
        let word = &text[self.span.start..self.span.end];
        match self.kind {
            Kind::End => "end of input".into(),
            Kind::Identifier => format!("identifier {}", quote(word)),
            Kind::MetricIdentifier => format!("metric identifier {}", quote(word)),
            Kind::Number => format!("number {}", shortened(word)),
            Kind::Duration => format!("duration {}", shortened(word)),
            Kind::String => format!("string {}", shortened(word)),
            Kind::Keyword(keyword) => format!("<{}>", keyword.text()),
            Kind::Aggregator(op) => format!("<aggr:{}>", op.as_str()),
            Kind::Operator(op) => format!("<op:{}>", op.as_str()),
            Kind::Matches | Kind::MatchesNot => format!("<op:{word}>"),
            _ => quote(word),
        }
    }
}

fn shortened(word: &str) -> String {
    match word.char_indices().nth(10) {
        Some((end, _)) => format!("{}...", quote(&word[..end])),
        None => quote(word),
    }
}

/// A lexing error: where, and what.
pub(crate) type LexError = (usize, String);

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    parens: usize,
    in_brackets: bool,
    got_colon: bool,
}

/// All tokens, an `End` last, and the error that stopped the lexer; tokens before it may hold an earlier error.
pub(crate) fn lex(text: &str) -> (Vec<Token>, Option<LexError>) {
    let mut lexer =
        Lexer { text, at: 0, tokens: Vec::new(), parens: 0, in_brackets: false, got_colon: false };
    let error = lexer.run().err();
    lexer.push(Kind::End, lexer.at);
    (lexer.tokens, error)
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token { kind, span: Span { start, end: self.at } });
    }

    fn take(&mut self, kind: Kind, bytes: usize) {
        let start = self.at;
        self.at += bytes;
        self.push(kind, start);
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.at += blank;
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn run(&mut self) -> Result<(), LexError> {
        loop {
            self.skip_blank();
            let Some(c) = self.rest().chars().next() else { break };
            match c {
                '{' => {
                    self.take(Kind::LeftBrace, 1);
                    self.braces()?;
                }
                '"' | '\'' | '`' => self.string(c)?,
                '0'..='9' => self.number()?,
                '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number()?,
                c if is_word_start(c) || c == ':' => self.word(c)?,
                _ => self.symbol(c)?,
            }
        }
        if self.parens != 0 {
            return Err((self.at, "unclosed left parenthesis".into()));
        }
        if self.in_brackets {
            return Err((self.at, "unclosed left bracket".into()));
        }
        Ok(())
    }

    fn symbol(&mut self, c: char) -> Result<(), LexError> {
        let next = self.rest()[c.len_utf8()..].chars().next();
        let kind = match (c, next) {
            ('=', Some('=')) => Kind::Operator(BinaryOp::Equal),
            ('=', Some('~')) => return self.fail("unexpected character after '=': '~'"),
            ('!', Some('=')) => Kind::Operator(BinaryOp::NotEqual),
            ('!', next) => {
                let next = next.map_or("'\\uffff'".into(), |c| format!("{c:?}"));
                return self.fail(format!("unexpected character after '!': {next}"));
            }
            ('<', Some('=')) => Kind::Operator(BinaryOp::LessEqual),
            ('<', Some('/')) => Kind::Operator(BinaryOp::TrimUpper),
            ('>', Some('=')) => Kind::Operator(BinaryOp::GreaterEqual),
            ('>', Some('/')) => Kind::Operator(BinaryOp::TrimLower),
            _ => return self.single(c),
        };
        self.take(kind, 2);
        Ok(())
    }

    fn single(&mut self, c: char) -> Result<(), LexError> {
        let kind = match c {
            '+' => Kind::Operator(BinaryOp::Add),
            '-' => Kind::Operator(BinaryOp::Sub),
            '*' => Kind::Operator(BinaryOp::Mul),
            '/' => Kind::Operator(BinaryOp::Div),
            '%' => Kind::Operator(BinaryOp::Mod),
            '^' => Kind::Operator(BinaryOp::Pow),
            '<' => Kind::Operator(BinaryOp::Less),
            '>' => Kind::Operator(BinaryOp::Greater),
            '=' => Kind::Assign,
            ',' => Kind::Comma,
            '@' => Kind::At,
            '(' => {
                self.parens += 1;
                Kind::LeftParen
            }
            ')' if self.parens == 0 => return self.fail("unexpected right parenthesis ')'"),
            ')' => {
                self.parens -= 1;
                Kind::RightParen
            }
            '[' if self.in_brackets => return self.fail("unexpected left bracket '['"),
            '[' => {
                (self.in_brackets, self.got_colon) = (true, false);
                Kind::LeftBracket
            }
            ']' if !self.in_brackets => return self.fail("unexpected right bracket ']'"),
            ']' => {
                self.in_brackets = false;
                Kind::RightBracket
            }
            _ => return self.fail(format!("unexpected character: {c:?}")),
        };
        self.take(kind, 1);
        Ok(())
    }

    fn fail(&self, message: impl Into<String>) -> Result<(), LexError> {
        Err((self.at, message.into()))
    }

    /// The inside of `{…}`: words are label names whatever they say, operators match labels.
    fn braces(&mut self) -> Result<(), LexError> {
        loop {
            self.skip_blank();
            let Some(c) = self.rest().chars().next() else {
                return self.fail("unexpected end of input inside braces");
            };
            let next = self.rest()[c.len_utf8()..].chars().next();
            match (c, next) {
                ('}', _) => {
                    self.take(Kind::RightBrace, 1);
                    return Ok(());
                }
                (',', _) => self.take(Kind::Comma, 1),
                ('"' | '\'' | '`', _) => self.string(c)?,
                ('=', Some('~')) => self.take(Kind::Matches, 2),
                ('=', _) => self.take(Kind::Assign, 1),
                ('!', Some('=')) => self.take(Kind::Operator(BinaryOp::NotEqual), 2),
                ('!', Some('~')) => self.take(Kind::MatchesNot, 2),
                ('!', next) => {
                    let next = next.map_or("'\\uffff'".into(), |c| format!("{c:?}"));
                    return self.fail(format!("unexpected character after '!' inside braces: {next}"));
                }
                ('{', _) => return self.fail("unexpected left brace '{'"),
                (c, _) if is_word_start(c) => {
                    let rest = self.rest();
                    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                    self.take(Kind::Identifier, end);
                }
                _ => return self.fail(format!("unexpected character inside braces: {c:?}")),
            }
        }
    }

    /// A quoted string; its escapes are checked when it is unquoted.
    fn string(&mut self, open: char) -> Result<(), LexError> {
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == open => {
                    self.take(Kind::String, i + 1);
                    return Ok(());
                }
                // The character behind it is part of the string, whatever it is.
                '\\' if open != '`' && chars.next().is_none() => {
                    return self.fail("escape sequence not terminated");
                }
                '\n' if open != '`' => return self.fail("unterminated quoted string"),
                _ => {}
            }
        }
        self.fail(if open == '`' { "unterminated raw string" } else { "unterminated quoted string" })
    }

    fn number(&mut self) -> Result<(), LexError> {
        let bytes = self.rest().as_bytes();
        let hex = bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X');
        let exponent: &[u8] = if hex { b"pP" } else { b"eE" };
        let mut end = 0;
        while let Some(&b) = bytes.get(end) {
            let sign = matches!(b, b'+' | b'-') && end > 0 && exponent.contains(&bytes[end - 1]);
            if !(b.is_ascii_alphanumeric() || b == b'_' || b == b'.' || sign) {
                break;
            }
            end += 1;
        }
        let word = &self.rest()[..end];
        let kind = if is_duration(word) {
            Kind::Duration
        } else if crate::number::parse_number(word).is_some() {
            Kind::Number
        } else {
            return self.fail(format!("bad number or duration syntax: {}", quote(word)));
        };
        self.take(kind, end);
        Ok(())
    }

    fn word(&mut self, first: char) -> Result<(), LexError> {
        if first == ':' && self.in_brackets {
            if self.got_colon {
                return self.fail("unexpected colon ':'");
            }
            self.got_colon = true;
            self.take(Kind::Colon, 1);
            return Ok(());
        }
        let in_brackets = self.in_brackets;
        let rest = self.rest();
        let end = rest.find(|c| !(is_word(c) || c == ':' && !in_brackets)).unwrap_or(rest.len());
        let word = &rest[..end];
        let lower = word.to_ascii_lowercase();
        let kind = if let Some(keyword) = Keyword::of_word(&lower) {
            Kind::Keyword(keyword)
        } else if let Some(op) = AggregateOp::of_name(&lower) {
            Kind::Aggregator(op)
        } else {
            match lower.as_str() {
                "and" => Kind::Operator(BinaryOp::And),
                "or" => Kind::Operator(BinaryOp::Or),
                "unless" => Kind::Operator(BinaryOp::Unless),
                "atan2" => Kind::Operator(BinaryOp::Atan2),
                "inf" | "nan" => Kind::Number,
                _ if word.contains(':') => Kind::MetricIdentifier,
                _ => Kind::Identifier,
            }
        };
        let known = matches!(
            kind,
            Kind::Keyword(Keyword::Step | Keyword::Range | Keyword::MinOf | Keyword::MaxOf) | Kind::Number
        );
        if in_brackets && !known {
            return self.fail(format!("unexpected character: {first:?}, expected ':'"));
        }
        self.take(kind, end);
        Ok(())
    }
}

/// Whether a word looks like `1h30m`.
fn is_duration(word: &str) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if unit.len() == rest.len() {
            return false;
        }
        let Some(unit) = ["ms", "s", "m", "h", "d", "w", "y"].iter().find(|u| unit.starts_with(**u)) else {
            return false;
        };
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        rest = &rest[digits + unit.len()..];
    }
    !word.is_empty()
}
