//! Text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::{NoExpand, Regex};

use super::{Call, Called, Function, text};
use crate::value::Value;

/// What a function makes is at most so long.
const MAX_BYTES: usize = 16 << 20;

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "lower", arity: (1, 1), body: |c| text(c.text(0).to_lowercase()) },
    Function { name: "upper", arity: (1, 1), body: |c| text(c.text(0).to_uppercase()) },
    Function { name: "ToLower", arity: (1, 1), body: |c| text(c.text(0).to_lowercase()) },
    Function { name: "ToUpper", arity: (1, 1), body: |c| text(c.text(0).to_uppercase()) },
    Function { name: "title", arity: (1, 1), body: title },
    Function { name: "replace", arity: (3, 3), body: |c| text(c.text(2).replace(&c.text(0), &c.text(1))) },
    Function { name: "Replace", arity: (4, 4), body: replace_n },
    Function { name: "trim", arity: (1, 1), body: |c| text(c.text(0).trim()) },
    Function { name: "TrimSpace", arity: (1, 1), body: |c| text(c.text(0).trim()) },
    Function { name: "trimAll", arity: (2, 2), body: |c| text(trimmed(&c.text(1), &c.text(0), true, true)) },
    Function { name: "Trim", arity: (2, 2), body: |c| text(trimmed(&c.text(0), &c.text(1), true, true)) },
    Function {
        name: "TrimLeft",
        arity: (2, 2),
        body: |c| text(trimmed(&c.text(0), &c.text(1), true, false)),
    },
    Function {
        name: "TrimRight",
        arity: (2, 2),
        body: |c| text(trimmed(&c.text(0), &c.text(1), false, true)),
    },
    Function { name: "trimPrefix", arity: (2, 2), body: |c| text(without_prefix(&c.text(1), &c.text(0))) },
    Function { name: "TrimPrefix", arity: (2, 2), body: |c| text(without_prefix(&c.text(0), &c.text(1))) },
    Function { name: "trimSuffix", arity: (2, 2), body: |c| text(without_suffix(&c.text(1), &c.text(0))) },
    Function { name: "TrimSuffix", arity: (2, 2), body: |c| text(without_suffix(&c.text(0), &c.text(1))) },
    Function { name: "trunc", arity: (2, 2), body: trunc },
    Function { name: "substr", arity: (3, 3), body: substr },
    Function { name: "repeat", arity: (2, 2), body: repeat },
    Function { name: "indent", arity: (2, 2), body: |c| indent(&c, "") },
    Function { name: "nindent", arity: (2, 2), body: |c| indent(&c, "\n") },
    Function { name: "alignLeft", arity: (2, 2), body: |c| align(&c, false) },
    Function { name: "alignRight", arity: (2, 2), body: |c| align(&c, true) },
    Function { name: "contains", arity: (2, 2), body: |c| Ok(Value::Bool(c.text(1).contains(&c.text(0)))) },
    Function {
        name: "hasPrefix",
        arity: (2, 2),
        body: |c| Ok(Value::Bool(c.text(1).starts_with(&c.text(0)))),
    },
    Function { name: "hasSuffix", arity: (2, 2), body: |c| Ok(Value::Bool(c.text(1).ends_with(&c.text(0)))) },
    Function { name: "default", arity: (2, 2), body: default },
    Function { name: "b64enc", arity: (1, 1), body: |c| text(base64_encode(c.text(0).as_bytes())) },
    Function { name: "b64dec", arity: (1, 1), body: |c| text(base64_decode(&c.text(0))?) },
    Function { name: "urlencode", arity: (1, 1), body: |c| text(url_encode(&c.text(0))) },
    Function { name: "urldecode", arity: (1, 1), body: |c| text(url_decode(&c.text(0))?) },
    Function { name: "urlquery", arity: (1, 1), body: |c| text(url_encode(&c.text(0))) },
    Function { name: "html", arity: (1, 1), body: |c| text(html(&c.text(0))) },
    Function { name: "count", arity: (2, 2), body: count },
    Function { name: "regexReplaceAll", arity: (3, 3), body: |c| regex_replace(&c, false) },
    Function { name: "regexReplaceAllLiteral", arity: (3, 3), body: |c| regex_replace(&c, true) },
];

fn title(call: Call<'_>) -> Called {
    let mut starts = true;
    let mut out = String::new();
    for c in call.text(0).chars() {
        match starts {
            true => out.extend(c.to_uppercase()),
            false => out.push(c),
        }
        starts = !c.is_alphanumeric() && c != '_' && c != '\'';
    }
    text(out)
}

fn replace_n(call: Call<'_>) -> Called {
    let (source, old, new) = (call.text(0), call.text(1), call.text(2));
    match usize::try_from(call.int(3)) {
        Ok(n) => text(source.replacen(&old, &new, n)),
        Err(_) => text(source.replace(&old, &new)),
    }
}

fn trimmed(source: &str, chars: &str, left: bool, right: bool) -> String {
    let source = if left { source.trim_start_matches(|c| chars.contains(c)) } else { source };
    if right { source.trim_end_matches(|c| chars.contains(c)) } else { source }.to_owned()
}

fn without_prefix(source: &str, prefix: &str) -> String {
    source.strip_prefix(prefix).unwrap_or(source).to_owned()
}

fn without_suffix(source: &str, suffix: &str) -> String {
    source.strip_suffix(suffix).unwrap_or(source).to_owned()
}

/// The byte at which the `n`th character begins.
fn char_at(source: &str, n: usize) -> usize {
    source.char_indices().nth(n).map_or(source.len(), |(at, _)| at)
}

/// The first `n` characters, or the last for a negative `n`.
fn trunc(call: Call<'_>) -> Called {
    let (n, source) = (call.int(0), call.text(1));
    match usize::try_from(n) {
        Ok(n) => text(&source[..char_at(&source, n)]),
        Err(_) => {
            let skip = source.chars().count().saturating_sub(n.unsigned_abs() as usize);
            text(&source[char_at(&source, skip)..])
        }
    }
}

fn substr(call: Call<'_>) -> Called {
    let source = call.text(2);
    let start = usize::try_from(call.int(0)).map_or(0, |n| char_at(&source, n));
    let end = usize::try_from(call.int(1)).map_or(source.len(), |n| char_at(&source, n));
    text(source.get(start..end).unwrap_or(""))
}

fn repeat(call: Call<'_>) -> Called {
    let (n, source) = (call.int(0).max(0) as usize, call.text(1));
    if n.saturating_mul(source.len()) > MAX_BYTES {
        return Err(format!("repeat makes more than {MAX_BYTES} bytes"));
    }
    text(source.repeat(n))
}

fn indent(call: &Call<'_>, first: &str) -> Called {
    let (n, source) = (call.int(0).clamp(0, 1_000) as usize, call.text(1));
    let blank = " ".repeat(n);
    text(format!("{first}{blank}{}", source.replace('\n', &format!("\n{blank}"))))
}

fn align(call: &Call<'_>, right: bool) -> Called {
    let (width, source) = (call.int(0).clamp(0, 100_000) as usize, call.text(1));
    let length = source.chars().count();
    text(match (right, width.checked_sub(length)) {
        (false, Some(missing)) => source + &" ".repeat(missing),
        (true, Some(missing)) => " ".repeat(missing) + &source,
        (false, None) => source[..char_at(&source, width)].to_owned(),
        (true, None) => source[char_at(&source, length - width)..].to_owned(),
    })
}

fn default(call: Call<'_>) -> Called {
    let [fallback, value] = call.arguments.try_into().map_err(|_| "default takes two arguments")?;
    Ok(if value.is_true() { value } else { fallback })
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = BASE64[(n >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

fn base64_decode(source: &str) -> Result<String, String> {
    let wrong = || "illegal base64 data".to_owned();
    let digits: Vec<u32> = source
        .trim()
        .trim_end_matches('=')
        .bytes()
        .map(|b| BASE64.iter().position(|d| *d == b).map(|d| d as u32).ok_or_else(wrong))
        .collect::<Result<_, _>>()?;
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    for chunk in digits.chunks(4) {
        if chunk.len() == 1 {
            return Err(wrong());
        }
        let n = chunk.iter().fold(0, |n, d| n << 6 | d) << (6 * (4 - chunk.len()));
        out.extend_from_slice(&n.to_be_bytes()[1..chunk.len()]);
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn url_encode(source: &str) -> String {
    let mut out = String::new();
    for byte in source.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn url_decode(source: &str) -> Result<String, String> {
    let mut out = Vec::new();
    let mut rest = source.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |b: &u8| (*b as char).to_digit(16);
                let (high, low) = (rest.first().and_then(digit), rest.get(1).and_then(digit));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err("invalid URL escape".into());
                };
                out.push((high << 4 | low) as u8);
                rest = &rest[2..];
            }
            _ => out.push(byte),
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn html(source: &str) -> String {
    let mut out = String::new();
    for c in source.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A compiled regex. Patterns are mostly constants of a template that runs over many lines.
pub(super) fn regex(pattern: &str) -> Result<Rc<Regex>, String> {
    const KEPT: usize = 64;
    thread_local! {
        static CACHE: RefCell<HashMap<String, Rc<Regex>>> = RefCell::new(HashMap::new());
    }
    CACHE.with_borrow_mut(|cache| {
        if let Some(regex) = cache.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Regex::new(pattern).map_err(|_| format!("error parsing regexp: `{pattern}`"))?;
        if cache.len() >= KEPT {
            cache.clear();
        }
        let regex = Rc::new(regex);
        cache.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    })
}

fn count(call: Call<'_>) -> Called {
    let n = regex(&call.text(0))?.find_iter(&call.text(1)).count();
    Ok(Value::Int(n as i64))
}

fn regex_replace(call: &Call<'_>, literal: bool) -> Called {
    let regex = regex(&call.text(0))?;
    let (source, replacement) = (call.text(1), call.text(2));
    text(match literal {
        true => regex.replace_all(&source, NoExpand(&replacement)),
        false => regex.replace_all(&source, replacement.as_str()),
    })
}
