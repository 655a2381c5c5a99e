//! Strings in quotes, as Go writes and reads them.

// Bytes of a string literal that are no UTF-8 are kept as characters of a private plane, so that a message can
// name them; no label name or value with one is valid.
const RAW_BYTES: u32 = 0x10_FE00;

/// Whether text holds a byte that is no UTF-8.
pub(crate) fn has_raw_bytes(text: &str) -> bool {
    text.chars().any(|c| raw_byte(c).is_some())
}

fn raw_byte(c: char) -> Option<u8> {
    (c as u32).checked_sub(RAW_BYTES).and_then(|b| u8::try_from(b).ok())
}

/// `text` in double quotes.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\x0b' => out.push_str("\\v"),
            c if raw_byte(c).is_some() => {
                out.push_str(&format!("\\x{:02x}", raw_byte(c).unwrap_or_default()));
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_control() || c == '\u{feff}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The text inside a quoted literal; the quotes are known to be there and to match.
pub(crate) fn unquote(literal: &str) -> Result<String, String> {
    let open = literal.chars().next().unwrap_or('"');
    let inner = &literal[1..literal.len() - 1];
    if open == '`' {
        return Ok(inner.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            escape(&mut chars, open, &mut bytes)?;
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Ok(decode(&bytes))
}

fn escape(chars: &mut std::str::Chars<'_>, open: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let kind = chars.next().ok_or("escape sequence not terminated")?;
    let plain = match kind {
        'a' => Some(7),
        'b' => Some(8),
        'f' => Some(12),
        'n' => Some(b'\n'),
        'r' => Some(b'\r'),
        't' => Some(b'\t'),
        'v' => Some(11),
        '\\' => Some(b'\\'),
        c if c == open => Some(c as u8),
        _ => None,
    };
    if let Some(byte) = plain {
        bytes.push(byte);
        return Ok(());
    }
    let (digits, radix, first) = match kind {
        'x' => (2, 16, None),
        'u' => (4, 16, None),
        'U' => (8, 16, None),
        '0'..='7' => (3, 8, Some(kind)),
        c => return Err(format!("unknown escape sequence U+{:04X} {c:?}", c as u32)),
    };
    let mut value = first.and_then(|c| c.to_digit(radix)).unwrap_or(0);
    for _ in usize::from(first.is_some())..digits {
        let c = chars.next().ok_or("escape sequence not terminated")?;
        let digit = c
            .to_digit(radix)
            .ok_or_else(|| format!("illegal character U+{:04X} {c:?} in escape sequence", c as u32))?;
        value = value.wrapping_mul(radix).wrapping_add(digit);
    }
    let invalid = "escape sequence is an invalid Unicode code point";
    if matches!(kind, 'u' | 'U') {
        let c = char::from_u32(value).ok_or(invalid)?;
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        bytes.push(u8::try_from(value).map_err(|_| invalid)?);
    }
    Ok(())
}

fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|b| char::from_u32(RAW_BYTES + u32::from(*b))));
    }
    text
}

/// Whether `name` can be a label's name: any UTF-8, but not empty.
pub(crate) fn is_label_name(name: &str) -> bool {
    !name.is_empty() && !has_raw_bytes(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_escapes() {
        let check =
            |literal: &str, text: &str| assert_eq!(unquote(literal).as_deref(), Ok(text), "{literal}");
        check(r#""a\tb\"""#, "a\tb\"");
        check(r"'it\'s'", "it's");
        check(r"`a\nb`", r"a\nb");
        check(r#""\x41\101\u00e9\U0001F600""#, "AAé😀");
        assert!(unquote(r#""\q""#).is_err());
        assert!(unquote(r#""\ud800""#).is_err());
        assert_eq!(quote(&unquote(r#""a\xc5z""#).expect("valid")), r#""a\xc5z""#);
        assert_eq!(quote("a\n\"é"), r#""a\n\"é""#);
    }
}
