//! Go's `printf`.

use super::value::{Value, format_float};
use crate::literal::quote;

/// Widths beyond are cut.
const MAX_WIDTH: usize = 10_000;

#[derive(Default)]
struct Flags {
    minus: bool,
    plus: bool,
    zero: bool,
    space: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

pub(super) fn printf(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = Flags::default();
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | '0' | ' ' | '#')) {
            match flag {
                '-' => flags.minus = true,
                '+' => flags.plus = true,
                '0' => flags.zero = true,
                ' ' => flags.space = true,
                _ => flags.sharp = true,
            }
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if chars.next_if_eq(&'*').is_some() {
                return arguments.next().map_or(0, |v| v.to_int().unsigned_abs() as usize).min(MAX_WIDTH);
            }
            let mut n = 0usize;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                n = (n * 10 + digit as usize - '0' as usize).min(MAX_WIDTH);
            }
            n
        };
        flags.width = number(&mut chars);
        if chars.next_if_eq(&'.').is_some() {
            flags.precision = Some(number(&mut chars));
        }
        match chars.next() {
            Some('%') => out.push('%'),
            None => out.push_str("%!(NOVERB)"),
            Some(verb) => match arguments.next() {
                Some(value) => out.push_str(&one(verb, &flags, value)),
                None => {
                    out.push_str("%!");
                    out.push(verb);
                    out.push_str("(MISSING)");
                }
            },
        }
    }
    let extra: Vec<String> =
        arguments.map(|value| format!("{}={}", value.type_name(), value.clone().into_text())).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn one(verb: char, flags: &Flags, value: &Value) -> String {
    let text = match (verb, value) {
        ('v' | 's' | 'd', Value::List(items)) => {
            let inner: Vec<String> = items.iter().map(|v| one(verb, &Flags::default(), v)).collect();
            format!("[{}]", inner.join(" "))
        }
        ('v', Value::Text(text)) if flags.sharp => quote(text),
        ('v', Value::Float(n)) => float('g', flags, *n),
        ('v', Value::Int(n)) => signed(flags, *n),
        ('v' | 's', Value::Nil) => "<nil>".into(),
        ('v', value) => value.clone().into_text(),
        ('s', Value::Text(text)) => cut(text, flags),
        ('s', value @ (Value::Time(_) | Value::Map(_))) => value.clone().into_text(),
        ('q', Value::Text(text)) => quote(&cut(text, flags)),
        ('q', Value::Int(n)) => format!("{:?}", char::from_u32(*n as u32).unwrap_or('\u{fffd}')),
        ('t', Value::Bool(b)) => b.to_string(),
        ('d', Value::Int(n)) => signed(flags, *n),
        ('x', Value::Int(n)) => {
            format!("{}{}{:x}", sign(*n), if flags.sharp { "0x" } else { "" }, n.unsigned_abs())
        }
        ('X', Value::Int(n)) => {
            format!("{}{}{:X}", sign(*n), if flags.sharp { "0X" } else { "" }, n.unsigned_abs())
        }
        ('o', Value::Int(n)) => format!("{}{:o}", sign(*n), n.unsigned_abs()),
        ('b', Value::Int(n)) => format!("{}{:b}", sign(*n), n.unsigned_abs()),
        ('c', Value::Int(n)) => char::from_u32(*n as u32).unwrap_or('\u{fffd}').to_string(),
        ('U', Value::Int(n)) => format!("U+{n:04X}"),
        ('x', Value::Text(text)) => cut(text, flags).bytes().map(|b| format!("{b:02x}")).collect(),
        ('X', Value::Text(text)) => cut(text, flags).bytes().map(|b| format!("{b:02X}")).collect(),
        ('f' | 'F' | 'e' | 'E' | 'g' | 'G', Value::Float(n)) => float(verb, flags, *n),
        ('T', value) => value.type_name().into(),
        (verb, value) => format!("%!{verb}({}={})", value.type_name(), value.clone().into_text()),
    };
    pad(text, flags, matches!(value, Value::Int(_) | Value::Float(_)) && !matches!(verb, 'c' | 'q' | 'T'))
}

fn sign(n: i64) -> &'static str {
    if n < 0 { "-" } else { "" }
}

fn signed(flags: &Flags, n: i64) -> String {
    let sign = match n {
        n if n < 0 => "-",
        _ if flags.plus => "+",
        _ if flags.space => " ",
        _ => "",
    };
    format!("{sign}{:0width$}", n.unsigned_abs(), width = flags.precision.unwrap_or(1))
}

fn cut(text: &str, flags: &Flags) -> String {
    match flags.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    }
}

fn float(verb: char, flags: &Flags, n: f64) -> String {
    let plus = if flags.plus && n >= 0.0 { "+" } else { "" };
    if !n.is_finite() {
        return format_float(n);
    }
    let precision = flags.precision.unwrap_or(6).min(300);
    let exponent = |text: String| {
        let (digits, exponent) =
            text.split_once('e').map(|(d, e)| (d.to_owned(), e.to_owned())).unwrap_or_default();
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent.to_owned()),
            None => ('+', exponent),
        };
        format!("{digits}e{sign}{exponent:0>2}")
    };
    let text = match (verb, flags.precision) {
        ('f' | 'F', _) => format!("{n:.precision$}"),
        ('e', _) => exponent(format!("{n:.precision$e}")),
        ('E', _) => exponent(format!("{n:.precision$e}")).to_uppercase(),
        (_, None) => format_float(n),
        (_, Some(digits)) => {
            // As many significant digits, without zeros at the end.
            let digits = digits.max(1);
            let rounded: f64 = format!("{n:.*e}", digits - 1).parse().unwrap_or(n);
            let limit = 10f64.powi(digits as i32);
            match rounded == 0.0 || (1e-4..limit).contains(&rounded.abs()) {
                true => format!("{rounded}"),
                false => exponent(format!("{rounded:e}")),
            }
        }
    };
    format!("{plus}{text}")
}

fn pad(text: String, flags: &Flags, numeric: bool) -> String {
    let missing = flags.width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    if flags.minus {
        return text + &" ".repeat(missing);
    }
    if flags.zero && numeric {
        let digits = text.trim_start_matches(['-', '+', ' ']);
        let sign = &text[..text.len() - digits.len()];
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    if flags.zero {
        return "0".repeat(missing) + &text;
    }
    " ".repeat(missing) + &text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints() {
        let check = |format: &str, arguments: &[Value], expect: &str| {
            assert_eq!(printf(format, arguments), expect, "{format}");
        };
        let text = |t: &str| Value::Text(t.into());
        check("%-6.3s|%6s|%s", &[text("hello"), text("ab"), text("x")], "hel   |    ab|x");
        check(
            "%05d %+d %x %3d",
            &[Value::Int(-42), Value::Int(7), Value::Int(255), Value::Int(5)],
            "-0042 +7 ff   5",
        );
        check(
            "%.2f %8.3f %v %g",
            &[1.005.into_value(), 2.5.into_value(), 1e21.into_value(), 0.1.into_value()],
            "1.00    2.500 1e+21 0.1",
        );
        check("%q %t %%", &[text("a\"b"), Value::Bool(true)], "\"a\\\"b\" true %");
        check("%d %s", &[text("5")], "%!d(string=5) %!s(MISSING)");
        check("x", &[Value::Int(1)], "x%!(EXTRA int=1)");
        check("%", &[], "%!(NOVERB)");
    }

    trait IntoValue {
        fn into_value(self) -> Value;
    }

    impl IntoValue for f64 {
        fn into_value(self) -> Value {
            Value::Float(self)
        }
    }
}
