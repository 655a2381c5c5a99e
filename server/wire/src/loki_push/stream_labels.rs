//! A stream's labels as protobuf push writes them: `{job="a", host="b"}`.

use model::Labels;

/// Parses stream labels.
pub(super) fn parse(text: &str) -> Result<Labels, String> {
    let body = text.trim();
    let mut rest = body.strip_prefix('{').ok_or("labels must begin with {")?.trim_start();
    let mut pairs: Vec<(String, String)> = Vec::new();
    while !rest.starts_with('}') {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
            return Err(format!("a label name was expected at {:?}", crate::error::shorten(rest)));
        }
        let after = after.trim_start().strip_prefix('=');
        let after = after.ok_or_else(|| format!("= was expected after label {name:?}"))?;
        let (value, after) = unquote(after.trim_start()).map_err(|why| format!("label {name:?}: {why}"))?;
        if pairs.iter().any(|(n, _)| n == name) {
            return Err(format!("label {name:?} appears twice"));
        }
        pairs.push((name.to_owned(), value));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.starts_with('}') => {}
            None => return Err("a comma or } was expected after a label".to_owned()),
        }
    }
    if rest.len() > 1 {
        return Err("text follows the labels".to_owned());
    }
    Ok(Labels::from_pairs(pairs))
}

/// A text in double quotes (with Go's escapes) or backticks, and what follows it.
fn unquote(text: &str) -> Result<(String, &str), &'static str> {
    const OPEN: &str = "the value has no closing quote";
    if let Some(raw) = text.strip_prefix('`') {
        return raw.split_once('`').map(|(value, rest)| (value.to_owned(), rest)).ok_or(OPEN);
    }
    let body = text.strip_prefix('"').ok_or("a quoted value was expected")?;
    let mut out: Vec<u8> = Vec::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let value = String::from_utf8(out).map_err(|_| "the value is not valid UTF-8")?;
                return Ok((value, &body[at + 1..]));
            }
            '\\' => {
                let (_, escape) = chars.next().ok_or(OPEN)?;
                let digits = |chars: &mut std::str::CharIndices<'_>, first: Option<char>, n: usize, radix| {
                    let more = n - usize::from(first.is_some());
                    let text: String = first.into_iter().chain(chars.take(more).map(|(_, c)| c)).collect();
                    if text.len() == n { u32::from_str_radix(&text, radix).ok() } else { None }
                };
                const BAD: &str = "the value has a bad escape";
                let byte = match escape {
                    'n' => b'\n',
                    't' => b'\t',
                    'r' => b'\r',
                    'a' => 7,
                    'b' => 8,
                    'f' => 12,
                    'v' => 11,
                    '\\' | '"' | '\'' => escape as u8,
                    'x' => digits(&mut chars, None, 2, 16).ok_or(BAD)? as u8,
                    '0'..='7' => {
                        let n = digits(&mut chars, Some(escape), 3, 8).ok_or(BAD)?;
                        u8::try_from(n).map_err(|_| BAD)?
                    }
                    'u' | 'U' => {
                        let n = if escape == 'u' { 4 } else { 8 };
                        let c = digits(&mut chars, None, n, 16).and_then(char::from_u32).ok_or(BAD)?;
                        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        continue;
                    }
                    _ => return Err(BAD),
                };
                out.push(byte);
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err(OPEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let got = parse(text).map_or_else(|why| format!("error: {why}"), |labels| labels.to_string());
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn labels() {
        check("{}", "{}");
        check(r#"{b="2", a="1"}"#, r#"{a="1", b="2"}"#);
        check(r#" { a = "x\"\\\n\u00fc\x41\101" , } "#, r#"{a="x\"\\\nüAA"}"#);
        check("{a=`raw\\n`}", r#"{a="raw\\n"}"#);
        check("a", "error: labels must begin with {");
        check(r#"{a="1"} x"#, "error: text follows the labels");
        check(r#"{a="1",a="2"}"#, r#"error: label "a" appears twice"#);
        check(r#"{a="1" b="2"}"#, "error: a comma or } was expected after a label");
        check(r#"{a=1}"#, r#"error: label "a": a quoted value was expected"#);
        check(r#"{a="1"#, r#"error: label "a": the value has no closing quote"#);
        check(r#"{a="\q"}"#, r#"error: label "a": the value has a bad escape"#);
        check(r#"{1a="1"}"#, r#"error: a label name was expected at "1a=\"1\"}""#);
        check("{", r#"error: a label name was expected at """#);
    }
}
