//! A scanner over JSON text that reads what is asked for and steps over the rest.

use memchr::memchr2;

/// Values may be nested this deep.
const MAX_DEPTH: usize = 128;

/// What is wrong, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) what: &'static str,
    pub(crate) at: usize,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

pub(crate) type Scanned<T> = Result<T, Malformed>;

/// The text between a string's quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawString<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) escaped: bool,
}

impl<'a> RawString<'a> {
    /// The text, if it is a label name as it stands.
    pub(crate) fn as_plain_name(&self) -> Option<&'a str> {
        let plain = self.bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && !self.bytes.first().is_some_and(u8::is_ascii_digit);
        if plain { std::str::from_utf8(self.bytes).ok() } else { None }
    }

    /// Appends the string's value to `out`; bytes that are not UTF-8 become replacement characters.
    pub(crate) fn push_to(&self, out: &mut String) {
        if !self.escaped {
            push_lossy(out, self.bytes);
            return;
        }
        let mut rest = self.bytes;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            push_lossy(out, &rest[..at]);
            let code = rest.get(at + 1).copied().unwrap_or(b'\\');
            rest = rest.get(at + 2..).unwrap_or(&[]);
            match code {
                b'n' => out.push('\n'),
                b't' => out.push('\t'),
                b'r' => out.push('\r'),
                b'b' => out.push('\u{8}'),
                b'f' => out.push('\u{c}'),
                b'u' => rest = push_unicode(out, rest),
                other => push_lossy(out, &[other]),
            }
        }
        push_lossy(out, rest);
    }
}

fn push_lossy(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => out.push_str(text),
        Err(_) => out.push_str(&String::from_utf8_lossy(bytes)),
    }
}

fn hex4(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..4)?;
    digits.iter().try_fold(0, |n, digit| Some(n << 4 | (*digit as char).to_digit(16)?))
}

/// Appends the character of `\u` and gives what follows its digits, of a surrogate pair those of both.
fn push_unicode<'a>(out: &mut String, rest: &'a [u8]) -> &'a [u8] {
    let Some(first) = hex4(rest) else {
        out.push(char::REPLACEMENT_CHARACTER);
        return rest;
    };
    let rest = &rest[4..];
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = rest.strip_prefix(b"\\u").and_then(hex4)
        && (0xdc00..0xe000).contains(&second)
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return &rest[6..];
    }
    out.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    /// Number, boolean or null.
    Bare,
}

#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Scanner { bytes, at: 0 }
    }

    pub(crate) fn wrong<T>(&self, what: &'static str) -> Scanned<T> {
        Err(Malformed { what, at: self.at })
    }

    #[inline]
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    pub(crate) fn kind(&mut self) -> Scanned<Kind> {
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Ok(Kind::Bare),
            Some(_) => self.wrong("unexpected character"),
            None => self.wrong("unexpected end"),
        }
    }

    /// `{`
    pub(crate) fn enter_object(&mut self) -> Scanned<()> {
        if self.take(b'{') { Ok(()) } else { self.wrong("expected a JSON object") }
    }

    /// `[`
    pub(crate) fn enter_array(&mut self) -> Scanned<()> {
        if self.take(b'[') { Ok(()) } else { self.wrong("expected a JSON array") }
    }

    /// The next key, with its value next; `None` behind the object's end. `first` is true for an object's first.
    pub(crate) fn next_key(&mut self, first: bool) -> Scanned<Option<RawString<'a>>> {
        if self.take(b'}') {
            return Ok(None);
        }
        if !first && !self.take(b',') {
            return self.wrong("expected ',' or '}'");
        }
        if self.peek() != Some(b'"') {
            return self.wrong("expected a key");
        }
        let key = self.string()?;
        if !self.take(b':') {
            return self.wrong("expected ':'");
        }
        Ok(Some(key))
    }

    /// Whether another element comes; `false` behind the array's end.
    pub(crate) fn next_element(&mut self, first: bool) -> Scanned<bool> {
        if self.take(b']') {
            return Ok(false);
        }
        if !first && !self.take(b',') {
            return self.wrong("expected ',' or ']'");
        }
        Ok(true)
    }

    pub(crate) fn string(&mut self) -> Scanned<RawString<'a>> {
        if !self.take(b'"') {
            return self.wrong("expected a string");
        }
        let start = self.at;
        let mut escaped = false;
        // Keys and most values are shorter than a vector search is worth.
        let near = &self.bytes[start..(start + 24).min(self.bytes.len())];
        match near.iter().position(|b| matches!(b, b'"' | b'\\')) {
            Some(length) if near[length] == b'"' => {
                self.at = start + length + 1;
                return Ok(RawString { bytes: &near[..length], escaped });
            }
            Some(length) => self.at = start + length,
            None => self.at = start + near.len(),
        }
        loop {
            match memchr2(b'"', b'\\', &self.bytes[self.at..]) {
                None => return self.wrong("string is not terminated"),
                Some(offset) if self.bytes[self.at + offset] == b'"' => {
                    let end = self.at + offset;
                    self.at = end + 1;
                    return Ok(RawString { bytes: &self.bytes[start..end], escaped });
                }
                Some(offset) => {
                    escaped = true;
                    self.at = (self.at + offset + 2).min(self.bytes.len());
                }
            }
        }
    }

    /// A number, boolean or null, as it is written.
    pub(crate) fn bare(&mut self) -> Scanned<&'a [u8]> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let text = &rest[..length];
        let valid = match text.first() {
            Some(b't') => text == b"true",
            Some(b'f') => text == b"false",
            Some(b'n') => text == b"null",
            _ => text.iter().all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')),
        };
        if !valid || text.is_empty() {
            return self.wrong("unknown value");
        }
        self.at += length;
        Ok(text)
    }

    /// Steps over the next value and gives its text.
    pub(crate) fn skip(&mut self) -> Scanned<&'a [u8]> {
        self.peek();
        let start = self.at;
        self.skip_nested(0)?;
        Ok(&self.bytes[start..self.at])
    }

    fn skip_nested(&mut self, depth: usize) -> Scanned<()> {
        if depth > MAX_DEPTH {
            return self.wrong("nested too deep");
        }
        match self.kind()? {
            Kind::String => {
                self.string()?;
            }
            Kind::Bare => {
                self.bare()?;
            }
            Kind::Object => {
                self.enter_object()?;
                let mut first = true;
                while self.next_key(first)?.is_some() {
                    first = false;
                    self.skip_nested(depth + 1)?;
                }
            }
            Kind::Array => {
                self.enter_array()?;
                let mut first = true;
                while self.next_element(first)? {
                    first = false;
                    self.skip_nested(depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// Nothing but blanks may follow.
    pub(crate) fn end(&mut self) -> Scanned<()> {
        if self.peek().is_none() { Ok(()) } else { self.wrong("text behind the JSON value") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_over_values() {
        let check = |text: &str, expect: Result<&str, &str>| {
            let got = Scanner::new(text.as_bytes()).skip();
            let got = got.map(|t| std::str::from_utf8(t).expect("text")).map_err(|e| e.what);
            assert_eq!(got, expect, "{text}");
        };
        check(r#" {"a":[1,2,{"b":"}"}]} x"#, Ok(r#"{"a":[1,2,{"b":"}"}]}"#));
        check("12.5e3,", Ok("12.5e3"));
        check(r#""a\"b""#, Ok(r#""a\"b""#));
        check("{\"a\":tru}", Err("unknown value"));
        check("{\"a\" 1}", Err("expected ':'"));
        check("{\"a", Err("string is not terminated"));
        check("[1 2]", Err("expected ',' or ']'"));
        check("\"\\", Err("string is not terminated"));
        check(&"[".repeat(1_000), Err("nested too deep"));
    }

    #[test]
    fn reads_escapes() {
        let check = |text: &str, expect: &str| {
            let mut out = String::new();
            RawString { bytes: text.as_bytes(), escaped: true }.push_to(&mut out);
            assert_eq!(out, expect, "{text}");
        };
        check(r"a\n\u00e9\/\\", "a\né/\\");
        check(r"\ud83d\ude00!", "😀!");
        check(r"\ud83d\u", "\u{fffd}\u{fffd}");
        check("\\", "\\");
    }
}
