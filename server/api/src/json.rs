//! JSON written by hand where answers are large: numbers, times and labels as Prometheus and Loki write them.

use std::fmt::Write;

use model::Labels;

/// Appends a JSON string with its quotes.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut start = 0;
    for (i, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x00..=0x1f => {
                out.push_str(&text[start..i]);
                let _ = write!(out, "\\u{byte:04x}");
                start = i + 1;
                continue;
            }
            _ => continue,
        };
        out.push_str(&text[start..i]);
        out.push_str(escape);
        start = i + 1;
    }
    out.push_str(&text[start..]);
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
        let _ = write!(out, "{}", value as i64);
    } else {
        let _ = write!(out, "{value}");
    }
}

/// Appends a time in seconds: three decimals unless they are zero.
pub(crate) fn seconds(out: &mut String, t_ms: i64) {
    let (sign, t) = if t_ms < 0 { ("-", t_ms.unsigned_abs()) } else { ("", t_ms as u64) };
    let _ = write!(out, "{sign}{}", t / 1000);
    if t % 1000 != 0 {
        let _ = write!(out, ".{:03}", t % 1000);
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
        ] {
            check(|out| float(out, value), expect);
        }
        check(|out| seconds(out, 1_435_781_430_781), "1435781430.781");
        check(|out| seconds(out, 1_000), "1");
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
