//! JSON written by hand where answers are large: numbers, times and labels as Prometheus and Loki write them.

use std::fmt::Write;

use model::Labels;

/// Appends a JSON string with its quotes.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends labels as an object.
pub(crate) fn labels(out: &mut String, labels: &Labels) {
    out.push('{');
    for (i, (name, value)) in labels.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        string(out, name);
        out.push(':');
        string(out, value);
    }
    out.push('}');
}

/// Appends an array of strings.
pub(crate) fn strings<'a>(out: &mut String, texts: impl IntoIterator<Item = &'a str>) {
    out.push('[');
    for (i, text) in texts.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        string(out, text);
    }
    out.push(']');
}

/// Appends a float's shortest digits as Go's `strconv` writes them: no exponent from 1e-6 to 1e21.
pub(crate) fn float(out: &mut String, value: f64) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let mut digits = String::new();
        let _ = write!(digits, "{value:e}");
        let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        let _ = write!(out, "{mantissa}e{sign}{exponent:0>2}");
        return;
    }
    // Counters and sizes are whole numbers as a rule, and integers print several times faster.
    if value.fract() == 0.0 && magnitude < 9e15 && (value != 0.0 || value.is_sign_positive()) {
        return out.push_str(itoa::Buffer::new().format(value as i64));
    }
    let mut buffer = zmij::Buffer::new();
    let digits = buffer.format_finite(value);
    if digits.contains('e') {
        let _ = write!(out, "{value}");
    } else {
        out.push_str(digits.strip_suffix(".0").unwrap_or(digits));
    }
}

/// Appends a time in seconds: three decimals unless they are zero.
pub(crate) fn seconds(out: &mut String, t_ms: i64) {
    if t_ms < 0 {
        out.push('-');
    }
    let t = t_ms.unsigned_abs();
    out.push_str(itoa::Buffer::new().format(t / 1000));
    let rest = t % 1000;
    if rest != 0 {
        out.push('.');
        [rest / 100, rest / 10 % 10, rest % 10]
            .iter()
            .for_each(|digit| out.push((b'0' + *digit as u8) as char));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl FnOnce(&mut String), expect: &str) {
        let mut out = String::new();
        write(&mut out);
        assert_eq!(out, expect);
    }

    #[test]
    fn writes_as_go_does() {
        for (value, expect) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-6, "0.000001"),
            (1e-7, "1e-07"),
            (-2.5e-10, "-2.5e-10"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (9007199254740993.0, "9007199254740992"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e100, "1e+100"),
            (123456789.125, "123456789.125"),
            (1.7976931348623157e20, "179769313486231570000"),
            (0.00001234, "0.00001234"),
            (-0.00012, "-0.00012"),
            (1e16, "10000000000000000"),
            (12345678901234567890.0, "12345678901234567000"),
        ] {
            check(|out| float(out, value), expect);
        }
        check(|out| seconds(out, 1_435_781_430_781), "1435781430.781");
        check(|out| seconds(out, 1_000), "1");
        check(|out| seconds(out, 0), "0");
        check(|out| seconds(out, -7), "-0.007");
        check(|out| seconds(out, 1_001), "1.001");
        check(|out| seconds(out, -1_500), "-1.500");
        check(|out| string(out, "a\"b\\c\n\u{1}ü"), "\"a\\\"b\\\\c\\n\\u0001ü\"");
        check(|out| labels(out, &Labels::from_pairs([("b", "2"), ("a", "1")])), r#"{"a":"1","b":"2"}"#);
    }

    #[test]
    fn strings_are_what_serde_reads() {
        for text in ["", "\u{0}\u{1f}\u{7f}", "日本\u{2028}", "\\\"/"] {
            let mut out = String::new();
            string(&mut out, text);
            assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
        }
    }
}
