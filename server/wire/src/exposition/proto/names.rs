//! The series of a protobuf page as text would name them.

use std::fmt::Write;

use crate::exposition::series::{is_name_byte, name_len};

/// Writes a series as text: plainly, or in quotes where a name needs them.
pub(super) fn write_series(
    out: &mut String,
    (name, end): (&str, &str),
    labels: &[(&str, &str)],
    extra: Option<(&str, f64)>,
) {
    let plain = name_len(name.as_bytes()) == name.len();
    let mut separator = "";
    if plain {
        out.push_str(name);
        out.push_str(end);
        out.push('{');
    } else {
        out.push('{');
        push_quoted(out, name, end);
        separator = ",";
    }
    for (label, value) in labels {
        out.push_str(separator);
        separator = ",";
        let simple = label.bytes().all(|b| is_name_byte(b) && b != b':');
        if simple && name_len(label.as_bytes()) == label.len() {
            out.push_str(label);
        } else {
            push_quoted(out, label, "");
        }
        out.push('=');
        push_quoted(out, value, "");
    }
    if let Some((label, value)) = extra {
        out.push_str(separator);
        out.push_str(label);
        out.push_str("=\"");
        push_float(out, value);
        out.push('"');
    }
    out.push('}');
}

fn push_quoted(out: &mut String, text: &str, end: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push_str(end);
    out.push('"');
}

/// Writes a bound as Prometheus names series by it: `1.0`, `0.25`, `1e+06`, `+Inf`.
fn push_float(out: &mut String, value: f64) {
    // Writing to a string cannot fail.
    let _ = match value {
        v if v.is_nan() => write!(out, "NaN"),
        f64::INFINITY => write!(out, "+Inf"),
        f64::NEG_INFINITY => write!(out, "-Inf"),
        0.0 => write!(out, "0.0"),
        v if v.abs() < 1e-4 || v.abs() >= 1e6 => {
            // Two digits of exponent with its sign, as Go writes it.
            let text = format!("{v:e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            write!(out, "{digits}e{sign}{exponent:0>2}")
        }
        v if v.fract() == 0.0 => write!(out, "{v:.1}"),
        v => write!(out, "{v}"),
    };
}

/// The bound of a classic bucket or quantile as Prometheus 3 names series by it, whatever the page wrote; `None` if
/// that is what the page wrote, or if it is no number.
pub fn normal_bound(text: &str) -> Option<String> {
    let value: f64 = text.parse().ok()?;
    let mut normal = String::with_capacity(text.len() + 2);
    push_float(&mut normal, value);
    (normal != text).then_some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_written_as_prometheus_does() {
        let check = |text: &str, expect: &str| {
            assert_eq!(normal_bound(text).as_deref().unwrap_or(text), expect, "{text}");
        };
        for (text, expect) in [
            ("1", "1.0"),
            ("0.005", "0.005"),
            ("1000000", "1e+06"),
            ("100000", "100000.0"),
            ("1.5e-5", "1.5e-05"),
            ("+Inf", "+Inf"),
            ("0", "0.0"),
            ("-2", "-2.0"),
            ("1234567", "1.234567e+06"),
            ("many", "many"),
        ] {
            check(text, expect);
        }
    }
}
