//! Template text to nodes.

use super::functions::function;
use super::value::Value;
use super::{Node, Operand, Pipe};
use crate::literal::unescape;

type Parsed<T> = Result<T, String>;

/// Blocks and parentheses may be nested this deep.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    /// `.name`
    Field(String),
    Dot,
    /// `$name`
    Variable(String),
    Constant(Value),
    Mark(&'static str),
    /// Blanks end an operand: `.a .b` are two, `.a.b` is one.
    Space,
}

enum Piece {
    Text(String),
    Action(Vec<Token>),
}

pub(super) fn parse(text: &str) -> Parsed<Vec<Node>> {
    let pieces = pieces(text)?;
    let mut parser = Blocks { pieces: pieces.into_iter(), depth: 0 };
    let (nodes, end) = parser.block()?;
    match end {
        End::Text => Ok(nodes),
        End::Closed => Err("unexpected {{end}}".into()),
        End::Else(_) => Err("unexpected {{else}}".into()),
    }
}

/// Splits text and actions; `{{-` and `-}}` trim the text beside them.
fn pieces(text: &str) -> Parsed<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut trim_next = false;
    loop {
        let start = rest.find("{{");
        let mut before = &rest[..start.unwrap_or(rest.len())];
        if trim_next {
            before = before.trim_start();
        }
        let Some(start) = start else {
            pieces.push(Piece::Text(before.to_owned()));
            return Ok(pieces);
        };
        let mut action = &rest[start + 2..];
        if let Some(tail) = action.strip_prefix('-').filter(|t| t.starts_with(char::is_whitespace)) {
            before = before.trim_end();
            action = tail;
        }
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let comment = action.trim_start().strip_prefix("/*");
        let (tokens, tail) = match comment {
            Some(comment) => {
                let (_, tail) = comment.split_once("*/").ok_or("unclosed comment")?;
                let (blank, tail) = tail.split_once("}}").ok_or("comment ends before closing delimiter")?;
                trim_next = match blank.trim() {
                    "" => false,
                    "-" => true,
                    _ => return Err("comment ends before closing delimiter".into()),
                };
                (None, tail)
            }
            None => {
                let (tokens, trim, tail) = action_tokens(action)?;
                trim_next = trim;
                (Some(tokens), tail)
            }
        };
        pieces.extend(tokens.map(Piece::Action));
        rest = tail;
    }
}

/// The tokens up to `}}`, whether it trims what follows, and what follows.
fn action_tokens(text: &str) -> Parsed<(Vec<Token>, bool, &str)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        if trimmed.len() < rest.len() {
            tokens.push(Token::Space);
            if let Some(tail) = trimmed.strip_prefix("-}}") {
                return Ok((tokens, true, tail));
            }
        }
        rest = trimmed;
        if let Some(tail) = rest.strip_prefix("}}") {
            return Ok((tokens, false, tail));
        }
        let (token, tail) = token(rest)?;
        tokens.push(token);
        rest = tail;
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

fn token(text: &str) -> Parsed<(Token, &str)> {
    const MARKS: [&str; 6] = [":=", "=", "|", "(", ")", ","];
    let Some(first) = text.chars().next() else {
        return Err("unclosed action".into());
    };
    let tail = &text[first.len_utf8()..];
    if let Some(mark) = MARKS.iter().find(|mark| text.starts_with(**mark)) {
        return Ok((Token::Mark(mark), &text[mark.len()..]));
    }
    match first {
        '"' => quoted(text),
        '`' => {
            let (raw, tail) = tail.split_once('`').ok_or("unterminated raw quoted string")?;
            Ok((Token::Constant(Value::Text(raw.to_owned())), tail))
        }
        '\'' => {
            let end = tail.char_indices().skip(1).find(|(i, c)| *c == '\'' && !tail[..*i].ends_with('\\'));
            let (end, _) = end.ok_or("unterminated character constant")?;
            let c = unescape(&tail[..end])
                .and_then(|t| t.chars().next())
                .ok_or("malformed character constant")?;
            Ok((Token::Constant(Value::Int(c as i64)), &tail[end + 1..]))
        }
        '.' if tail.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
            let length = word_length(tail);
            Ok((Token::Field(tail[..length].to_owned()), &tail[length..]))
        }
        '.' if !tail.starts_with(|c: char| c.is_ascii_digit()) => Ok((Token::Dot, tail)),
        '$' => {
            let length = word_length(tail);
            Ok((Token::Variable(tail[..length].to_owned()), &tail[length..]))
        }
        c if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => number(text),
        c if c.is_alphabetic() || c == '_' => {
            let length = word_length(text);
            Ok((Token::Word(text[..length].to_owned()), &text[length..]))
        }
        c => Err(format!("unexpected {c:?} in command")),
    }
}

fn quoted(text: &str) -> Parsed<(Token, &str)> {
    let bytes = text.as_bytes();
    let mut end = 1;
    while bytes.get(end).is_some_and(|b| *b != b'"') {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    if end >= bytes.len() {
        return Err("unterminated quoted string".into());
    }
    let value = unescape(&text[1..end]).ok_or("invalid escape in string")?;
    Ok((Token::Constant(Value::Text(value)), &text[end + 1..]))
}

fn number(text: &str) -> Parsed<(Token, &str)> {
    let mut length = 1;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(length) {
        let sign = matches!(byte, b'+' | b'-') && matches!(bytes[length - 1], b'e' | b'E');
        if !byte.is_ascii_alphanumeric() && byte != b'.' && byte != b'_' && !sign {
            break;
        }
        length += 1;
    }
    let digits = text[..length].replace('_', "");
    let value = if let Ok(n) = digits.parse::<i64>() {
        Value::Int(n)
    } else if let Some(n) = digits.strip_prefix("0x").and_then(|hex| i64::from_str_radix(hex, 16).ok()) {
        Value::Int(n)
    } else if let Some(n) = digits.parse::<f64>().ok().filter(|n| n.is_finite()) {
        Value::Float(n)
    } else {
        return Err(format!("bad number syntax: {:?}", &text[..length]));
    };
    Ok((Token::Constant(value), &text[length..]))
}

/// What ended a block.
enum End {
    Text,
    Closed,
    /// The tokens behind `else`.
    Else(Vec<Token>),
}

struct Blocks {
    pieces: std::vec::IntoIter<Piece>,
    depth: usize,
}

impl Blocks {
    fn block(&mut self) -> Parsed<(Vec<Node>, End)> {
        if self.depth > MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        self.depth += 1;
        let result = self.nodes();
        self.depth -= 1;
        result
    }

    fn nodes(&mut self) -> Parsed<(Vec<Node>, End)> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens) => tokens,
            };
            let mut tokens: std::collections::VecDeque<Token> = tokens.into();
            while tokens.front() == Some(&Token::Space) {
                tokens.pop_front();
            }
            let keyword = match tokens.front() {
                Some(Token::Word(word)) => word.clone(),
                _ => String::new(),
            };
            let rest = || Vec::from_iter(tokens.iter().skip(1).cloned());
            match keyword.as_str() {
                "if" => nodes.push(self.if_block(&rest())?),
                "with" => {
                    let (pipe, body, otherwise) = self.body(&rest())?;
                    nodes.push(Node::With { pipe, body, otherwise });
                }
                "range" => {
                    let (pipe, body, otherwise) = self.body(&rest())?;
                    nodes.push(Node::Range { pipe, body, otherwise });
                }
                "end" => return Ok((nodes, End::Closed)),
                "else" => return Ok((nodes, End::Else(rest()))),
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                "define" | "template" | "block" => return Err(format!("{{{{{keyword}}}}} is not supported")),
                _ => nodes.push(Node::Action(pipe(&Vec::from(tokens))?)),
            }
        }
        Ok((nodes, End::Text))
    }

    fn if_block(&mut self, tokens: &[Token]) -> Parsed<Node> {
        let mut arms = Vec::new();
        let mut condition = pipe(tokens)?;
        loop {
            let (body, end) = self.block()?;
            arms.push((condition, body));
            match end {
                End::Text => return Err("unexpected EOF: {{if}} without {{end}}".into()),
                End::Closed => return Ok(Node::If { arms, otherwise: Vec::new() }),
                End::Else(tokens) => {
                    let tokens: Vec<Token> = tokens.into_iter().skip_while(|t| *t == Token::Space).collect();
                    match tokens.split_first() {
                        Some((Token::Word(word), tail)) if word == "if" => condition = pipe(tail)?,
                        Some(_) => return Err("unexpected text behind {{else}}".into()),
                        None => {
                            let otherwise = self.last_block()?;
                            return Ok(Node::If { arms, otherwise });
                        }
                    }
                }
            }
        }
    }

    fn last_block(&mut self) -> Parsed<Vec<Node>> {
        match self.block()? {
            (nodes, End::Closed) => Ok(nodes),
            (_, End::Text) => Err("unexpected EOF: {{else}} without {{end}}".into()),
            (_, End::Else(_)) => Err("expected end; found {{else}}".into()),
        }
    }

    fn body(&mut self, tokens: &[Token]) -> Parsed<(Pipe, Vec<Node>, Vec<Node>)> {
        let pipe = pipe(tokens)?;
        match self.block()? {
            (body, End::Closed) => Ok((pipe, body, Vec::new())),
            (body, End::Else(_)) => Ok((pipe, body, self.last_block()?)),
            (_, End::Text) => Err("unexpected EOF: a block without {{end}}".into()),
        }
    }
}

fn pipe(tokens: &[Token]) -> Parsed<Pipe> {
    let mut pipes = Pipes { tokens, at: 0, depth: 0 };
    let pipe = pipes.pipe()?;
    if pipes.at < tokens.len() {
        return Err("unexpected text in action".into());
    }
    Ok(pipe)
}

struct Pipes<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Pipes<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(&Token::Space) {
            self.at += 1;
        }
    }

    /// `$a, $b :=`, if it comes next.
    fn variables(&mut self) -> (Vec<String>, bool) {
        let start = self.at;
        let mut names = Vec::new();
        loop {
            self.skip_space();
            let Some(Token::Variable(name)) = self.peek() else {
                break;
            };
            names.push(name.clone());
            self.at += 1;
            self.skip_space();
            match self.peek() {
                Some(Token::Mark(",")) => self.at += 1,
                Some(Token::Mark(":=")) => {
                    self.at += 1;
                    return (names, true);
                }
                Some(Token::Mark("=")) => {
                    self.at += 1;
                    return (names, false);
                }
                _ => break,
            }
        }
        self.at = start;
        (Vec::new(), false)
    }

    fn pipe(&mut self) -> Parsed<Pipe> {
        if self.depth > MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        let (variables, declares) = self.variables();
        if variables.len() > 2 {
            return Err("too many declarations".into());
        }
        let mut commands = vec![self.command()?];
        while self.peek() == Some(&Token::Mark("|")) {
            self.at += 1;
            let command = self.command()?;
            if !matches!(command.first(), Some(Operand::Call(_))) {
                return Err("non executable command in pipeline".into());
            }
            commands.push(command);
        }
        Ok(Pipe { variables, declares, commands })
    }

    fn command(&mut self) -> Parsed<Vec<Operand>> {
        let mut operands = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None | Some(Token::Mark("|" | ")")) => break,
                _ => operands.push(self.operand()?),
            }
        }
        match operands.as_slice() {
            [] => Err("missing value for command".into()),
            [Operand::Call(_), ..] | [_] => Ok(operands),
            _ => Err("can't give argument to non-function".into()),
        }
    }

    fn fields(&mut self) -> Vec<String> {
        let mut path = Vec::new();
        while let Some(Token::Field(name)) = self.peek() {
            path.push(name.clone());
            self.at += 1;
        }
        path
    }

    fn operand(&mut self) -> Parsed<Operand> {
        let token = self.peek().cloned();
        match token {
            Some(Token::Field(_)) => Ok(Operand::Field(self.fields())),
            Some(Token::Mark("(")) => {
                self.at += 1;
                self.depth += 1;
                let inner = self.pipe()?;
                self.depth -= 1;
                if self.peek() != Some(&Token::Mark(")")) {
                    return Err("unclosed left paren".into());
                }
                self.at += 1;
                Ok(Operand::Pipe(Box::new(inner), self.fields()))
            }
            other => {
                self.at += 1;
                match other {
                    Some(Token::Dot) => Ok(Operand::Dot),
                    Some(Token::Variable(name)) => Ok(Operand::Variable(name, self.fields())),
                    Some(Token::Constant(value)) => Ok(Operand::Constant(value)),
                    Some(Token::Word(word)) => match word.as_str() {
                        "true" => Ok(Operand::Constant(Value::Bool(true))),
                        "false" => Ok(Operand::Constant(Value::Bool(false))),
                        "nil" => Ok(Operand::Constant(Value::Nil)),
                        name => match function(name) {
                            Some(function) => Ok(Operand::Call(function)),
                            None => Err(format!("function {name:?} not defined")),
                        },
                    },
                    _ => Err("unexpected text in operand".into()),
                }
            }
        }
    }
}
