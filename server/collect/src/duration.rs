//! Prometheus' durations: `1h30m`, `500ms`, `1w`.

const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest duration, as in Prometheus: what 64 bits hold of nanoseconds, 292 years.
const MAX_MS: i64 = i64::MAX / 1_000_000;

/// Milliseconds of a duration. Units fall from left to right, each at most once; `0` needs none.
pub fn parse_duration_ms(text: &str) -> Result<i64, String> {
    let bad = || format!("{text:?} is not a duration such as 30s, 5m or 1h30m");
    if text == "0" {
        return Ok(0);
    }
    let (mut rest, mut total, mut next_unit) = (text, 0i64, 0);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let unit_len = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(unit_len);
        let number: i64 = number.parse().map_err(|_| bad())?;
        let at = next_unit + UNITS[next_unit..].iter().position(|(name, _)| *name == unit).ok_or_else(bad)?;
        next_unit = at + 1;
        total = number.checked_mul(UNITS[at].1).and_then(|ms| total.checked_add(ms)).ok_or_else(bad)?;
        rest = tail;
    }
    if text.is_empty() || total > MAX_MS { Err(bad()) } else { Ok(total) }
}

/// A duration as Prometheus prints it.
pub fn format_duration_ms(ms: i64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    let mut rest = ms;
    for (unit, size) in UNITS {
        // Years and weeks only where they are exact, as `1y` reads better than `52w1d` but `53d` than `7w4d`.
        let exact_only = matches!(unit, "y" | "w");
        if rest >= size && (!exact_only || rest % size == 0) {
            out += &format!("{}{unit}", rest / size);
            rest %= size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, ms: Option<i64>) {
        assert_eq!(parse_duration_ms(text).ok(), ms, "{text}");
    }

    #[test]
    fn durations() {
        check("15s", Some(15_000));
        check("1h30m", Some(5_400_000));
        check("333ms", Some(333));
        check("1d1ms", Some(86_400_001));
        check("0", Some(0));
        check("0s", Some(0));
        check("", None);
        check("15", None);
        check("1m1h", None);
        check("1m1m", None);
        check("1.5h", None);
        check("-1s", None);
        check("99999999999999y", None);
        check("293y", None);
        check("292y", Some(292 * 365 * 86_400_000));
        for text in ["15s", "1h30m", "333ms", "1y", "2w", "53d", "1m30s500ms"] {
            assert_eq!(format_duration_ms(parse_duration_ms(text).unwrap()), text);
        }
    }
}
