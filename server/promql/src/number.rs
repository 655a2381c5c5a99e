//! Numbers and durations as they are written.

/// Milliseconds in each unit of a duration, the largest first.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The number that `word` spells: decimal, hexadecimal, octal, binary, with `_` between digits, `Inf`, `NaN`.
pub(crate) fn parse_number(word: &str) -> Option<f64> {
    match word.to_ascii_lowercase().as_str() {
        "inf" | "+inf" => return Some(f64::INFINITY),
        "-inf" => return Some(f64::NEG_INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    if let Some(value) = parse_integer(word) {
        return Some(value as f64);
    }
    if let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return parse_hex_float(hex);
    }
    let plain = word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if plain && word.bytes().any(|b| b.is_ascii_digit()) { word.parse().ok() } else { None }
}

/// An integer in Go's syntax: `0x`, `0o`, `0b`, a leading `0` is octal, `_` only between digits.
fn parse_integer(word: &str) -> Option<i64> {
    let lower = word.to_ascii_lowercase();
    let (radix, digits, prefixed) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..], true),
        [b'0', b'o', ..] => (8, &lower[2..], true),
        [b'0', b'b', ..] => (2, &lower[2..], true),
        [b'0', _, ..] => (8, &lower[1..], true),
        _ => (10, &lower[..], false),
    };
    let bad_underscore =
        digits.contains("__") || digits.ends_with('_') || !prefixed && digits.starts_with('_');
    if bad_underscore || digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&digits.replace('_', ""), radix).ok()
}

/// `1.8p3` without its `0x`; the exponent is not optional once there is a fraction.
fn parse_hex_float(text: &str) -> Option<f64> {
    let text = text.to_ascii_lowercase().replace('_', "");
    let (mantissa, exponent) = text.split_once('p').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || !text.contains('p') && text.contains('.') {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let exponent: i32 = exponent.parse().ok()?;
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    Some(value * 2f64.powi(shift))
}

/// The milliseconds of `1h30m`: units in falling order, each at most once.
pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("not a valid duration string: {}", crate::quote::quote(text));
    if text.is_empty() {
        return Err("empty duration string".into());
    }
    let (mut rest, mut total, mut units) = (text, 0i64, UNITS.iter());
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(invalid());
        }
        let (_, ms) = units.by_ref().find(|(name, _)| *name == unit).ok_or_else(invalid)?;
        let part = number.parse::<i64>().ok().and_then(|n| n.checked_mul(*ms));
        // Prometheus counts in nanoseconds: 292 years is the most it can hold.
        total = part
            .and_then(|part| part.checked_add(total))
            .filter(|total| *total <= i64::MAX / 1_000_000)
            .ok_or("duration out of range")?;
        rest = tail;
    }
    Ok(total)
}

/// `5400000` as `1h30m`, the way Prometheus writes it: years, weeks and days only where they are exact.
pub fn format_duration(ms: i64) -> String {
    if ms == 0 {
        return "0s".into();
    }
    let mut text = String::from(if ms < 0 { "-" } else { "" });
    let mut rest = ms.unsigned_abs();
    for (name, unit) in UNITS {
        let unit = unit as u64;
        let must_be_exact = matches!(name, "y" | "w" | "d");
        if rest >= unit && (!must_be_exact || rest.is_multiple_of(unit)) {
            text.push_str(&format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    text
}

/// A float as Prometheus prints it in expressions and label values: shortest digits, never an exponent.
pub fn format_float(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".into() } else { "-Inf".into() }
    } else {
        format!("{value}")
    }
}

/// A float as Go's `%g` prints it: the shortest digits, with an exponent below 1e-4 and from 1e+06 on.
pub(crate) fn format_short(value: f64) -> String {
    if !value.is_finite() {
        return format_float(value);
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |text, value: Option<f64>| assert_eq!(parse_number(text), value, "{text}");
        check("1", Some(1.0));
        check("2.", Some(2.0));
        check(".5", Some(0.5));
        check("1e3", Some(1000.0));
        check("12.34e-6", Some(12.34e-6));
        check("0x1F", Some(31.0));
        check("0x_1", Some(1.0));
        check("0x1.8p3", Some(12.0));
        check("017", Some(15.0));
        check("09", Some(9.0));
        check("0b11", Some(3.0));
        check("1_000", Some(1000.0));
        check("1__0", None);
        check("_1", None);
        check("1e", None);
        check("0x", None);
        check("1.2.3", None);
        check("Inf", Some(f64::INFINITY));
        check("9223372036854775808", Some(9_223_372_036_854_775_808.0));
    }

    #[test]
    fn short_floats() {
        let check = |value: f64, text| assert_eq!(format_short(value), text);
        check(0.5, "0.5");
        check(-0.0, "-0");
        check(100_000.0, "100000");
        check(1_234_567.0, "1.234567e+06");
        check(0.000_01, "1e-05");
        check(1e100, "1e+100");
        check(f64::INFINITY, "+Inf");
    }

    #[test]
    fn durations() {
        let check = |text, ms: Result<i64, &str>| {
            assert_eq!(parse_duration(text).as_ref().map_err(String::as_str), ms.as_ref().map_err(|e| *e));
        };
        check("5m", Ok(300_000));
        check("1h30m1s5ms", Ok(5_401_005));
        check("1y", Ok(31_536_000_000));
        check("1m1h", Err("not a valid duration string: \"1m1h\""));
        check("400y", Err("duration out of range"));
        for text in ["5m", "1h30m", "1d", "25h", "1w", "8d", "1y", "100ms", "0s"] {
            let ms = parse_duration(text).expect("valid");
            let printed = if text == "25h" { "1d1h" } else { text };
            let again = format_duration(ms);
            assert!(again == printed || again == text, "{text} became {again}");
        }
    }
}
