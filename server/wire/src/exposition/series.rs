//! A series as it is written: `name{label="value",…}` or, with names of any UTF-8, `{"name","label"="value"}`.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use model::{Labels, METRIC_NAME};

/// Why a text is not what it should be.
pub(crate) type Why = Cow<'static, str>;

pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Length of the metric name at the head of `text`; 0 if there is none.
pub(crate) fn name_len(text: &[u8]) -> usize {
    match text.first() {
        Some(first) if first.is_ascii_digit() => 0,
        _ => text.iter().position(|&b| !is_name_byte(b)).unwrap_or(text.len()),
    }
}

/// Length of the braces at the head of `text`, both included.
pub(crate) fn braces_len(text: &[u8]) -> Result<usize, Why> {
    let mut at = 1;
    loop {
        let found = memchr2(b'"', b'}', &text[at..]).ok_or("labels have no closing }")?;
        at += found + 1;
        if text[at - 1] == b'}' {
            return Ok(at);
        }
        at += string_len(&text[at..])?;
    }
}

/// Length of a quoted text behind its opening quote, closing quote included.
fn string_len(text: &[u8]) -> Result<usize, Why> {
    let mut at = 0;
    loop {
        let found = memchr2(b'"', b'\\', &text[at..]).ok_or("a quoted text has no closing quote")?;
        at += found + 1;
        if text[at - 1] == b'"' {
            return Ok(at);
        }
        if at >= text.len() {
            return Err("a quoted text ends in a backslash".into());
        }
        at += 1;
    }
}

/// Resolves `\\`, `\"` and `\n`; any other backslash stands for itself.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some(c @ ('\\' | '"')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    Cow::Owned(out)
}

/// The labels of a series, metric name included.
pub(crate) fn series_labels(text: &str) -> Result<Labels, Why> {
    let pairs = series_pairs(text)?;
    Ok(Labels::from_sorted(pairs.iter().map(|(n, v)| (&**n, &**v))).expect("sorted and unique by now"))
}

/// The same as sorted pairs, labels with empty values included.
pub(crate) fn series_pairs(text: &str) -> Result<Vec<Pair<'_>>, Why> {
    let len = name_len(text.as_bytes());
    let mut pairs = Vec::with_capacity(8);
    if len > 0 {
        pairs.push((Cow::Borrowed(METRIC_NAME), Cow::Borrowed(&text[..len])));
    }
    let rest = text[len..].trim_start_matches([' ', '\t']);
    if !rest.is_empty() {
        read_braces(rest, &mut pairs, true)?;
    }
    if !pairs.iter().any(|(name, value)| name == METRIC_NAME && !value.is_empty()) {
        return Err("the series has no metric name".into());
    }
    finish(pairs)
}

/// The labels of an exemplar: braces without a metric name.
pub(crate) fn braces_labels(text: &str) -> Result<Labels, Why> {
    let mut pairs = Vec::new();
    read_braces(text, &mut pairs, false)?;
    let pairs = finish(pairs)?;
    Ok(Labels::from_sorted(pairs.iter().map(|(n, v)| (&**n, &**v))).expect("sorted and unique by now"))
}

/// A quoted text at the head of `text` and what follows it.
pub(crate) fn quoted(text: &str) -> Result<(Cow<'_, str>, &str), Why> {
    let body = text.strip_prefix('"').ok_or("a quoted text was expected")?;
    let len = string_len(body.as_bytes())?;
    Ok((unescape(&body[..len - 1]), &body[len..]))
}

fn read_braces<'a>(text: &'a str, pairs: &mut Vec<Pair<'a>>, named: bool) -> Result<(), Why> {
    let mut rest = skip_blanks(text.strip_prefix('{').ok_or("{ was expected")?);
    while !rest.starts_with('}') {
        let is_quoted = rest.starts_with('"');
        let (name, after) = if is_quoted { quoted(rest)? } else { plain_label_name(rest)? };
        rest = skip_blanks(after);
        if let Some(after) = rest.strip_prefix('=') {
            let (value, after) = quoted(skip_blanks(after))?;
            if name.is_empty() || name == METRIC_NAME {
                return Err(format!("{name:?} is not a label name").into());
            }
            pairs.push((name, value));
            rest = skip_blanks(after);
        } else if is_quoted && named {
            pairs.push((Cow::Borrowed(METRIC_NAME), name));
        } else {
            return Err(format!("= was expected after label name {name:?}").into());
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = skip_blanks(after),
            None if rest.starts_with('}') => {}
            None => return Err("a comma or } was expected after a label".into()),
        }
    }
    if rest.len() == 1 { Ok(()) } else { Err("text follows the labels".into()) }
}

fn skip_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

fn plain_label_name(text: &str) -> Result<(Cow<'_, str>, &str), Why> {
    let len = name_len(text.as_bytes());
    let name = &text[..len];
    if name.is_empty() || name.contains(':') {
        return Err("a label name was expected".into());
    }
    Ok((Cow::Borrowed(name), &text[len..]))
}

fn finish(mut pairs: Vec<Pair<'_>>) -> Result<Vec<Pair<'_>>, Why> {
    if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(twice) = pairs.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(match &*twice[0].0 {
                METRIC_NAME => "the series has two metric names".into(),
                name => format!("label {name:?} appears twice").into(),
            });
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let got = match series_labels(text) {
            Ok(labels) => labels.to_string(),
            Err(why) => format!("error: {why}"),
        };
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn series() {
        check("up", r#"{__name__="up"}"#);
        check("a:b_c1", r#"{__name__="a:b_c1"}"#);
        check("up{}", r#"{__name__="up"}"#);
        check(r#"up {b="2" , a = "1",}"#, r#"{__name__="up", a="1", b="2"}"#);
        check(r#"up{a="\\x\"\n\d}{,"}"#, r#"{__name__="up", a="\\x\"\n\\d}{,"}"#);
        check(r#"up{a=""}"#, r#"{__name__="up"}"#);
        check(r#"{"my.metric","größe"="1",a="2"}"#, r#"{__name__="my.metric", a="2", "größe"="1"}"#);
        check(r#"{a="2","m"}"#, r#"{__name__="m", a="2"}"#);
    }

    #[test]
    fn refusals() {
        check("", "error: the series has no metric name");
        check(r#"{a="1"}"#, "error: the series has no metric name");
        check(r#"{""}"#, "error: the series has no metric name");
        check(r#"up{"x"}"#, "error: the series has two metric names");
        check(r#"{"x","y"}"#, "error: the series has two metric names");
        check(r#"up{a="1",a="2"}"#, r#"error: label "a" appears twice"#);
        check(r#"up{__name__="x"}"#, r#"error: "__name__" is not a label name"#);
        check(r#"up{a:b="1"}"#, "error: a label name was expected");
        check(r#"up{1a="1"}"#, "error: a label name was expected");
        check(r#"up{,}"#, "error: a label name was expected");
        check(r#"up{a}"#, r#"error: = was expected after label name "a""#);
        check(r#"up{a=1}"#, "error: a quoted text was expected");
        check(r#"up{a="1" b="2"}"#, "error: a comma or } was expected after a label");
    }
}
