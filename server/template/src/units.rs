//! Durations and sizes as people write them: `1h30m`, `1.5KiB`.

/// Nanoseconds of a duration: Go's units, and days, weeks and years as Prometheus has them.
pub fn parse_duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 10] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3600e9),
        ("d", 86_400e9),
        ("w", 7.0 * 86_400e9),
    ];
    const YEAR: f64 = 365.0 * 86_400e9;
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = &rest[..letters];
        let scale = UNITS.iter().find(|(n, _)| *n == unit).map(|(_, s)| *s);
        total += number * scale.or((unit == "y").then_some(YEAR))?;
        rest = &rest[letters..];
    }
    (total < i64::MAX as f64).then_some(if negative { -(total as i64) } else { total as i64 })
}

/// Bytes of a size: `5`, `5B`, `5kB`, `5 MiB`; powers of 1,000 unless the unit has an `i`.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(text.len());
    if split == 0 {
        return None;
    }
    let number: f64 = text[..split].replace(',', "").parse().ok()?;
    let unit = text[split..].trim().to_ascii_lowercase();
    let scale = match unit.as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "p" | "pb" => 1e15,
        "e" | "eb" => 1e18,
        "ki" | "kib" => 1024.0,
        "mi" | "mib" => 1024f64.powi(2),
        "gi" | "gib" => 1024f64.powi(3),
        "ti" | "tib" => 1024f64.powi(4),
        "pi" | "pib" => 1024f64.powi(5),
        "ei" | "eib" => 1024f64.powi(6),
        _ => return None,
    };
    let bytes = number * scale;
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

/// A duration as Go prints it: `1h30m0s`, `1.5s`, `20ms`.
pub fn format_duration(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let n = ns.unsigned_abs();
    let fraction = |n: u64, scale: u64| {
        let text = format!("{}.{:0width$}", n / scale, n % scale, width = scale.ilog10() as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match n {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{n}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(n, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(n, 1_000_000)),
        _ => {
            let (hours, minutes) = (n / 3_600_000_000_000, n / 60_000_000_000 % 60);
            let seconds = fraction(n % 60_000_000_000, 1_000_000_000);
            match (hours, minutes) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, m) => format!("{sign}{m}m{seconds}s"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}s"),
            }
        }
    }
}

/// A duration as it is written in a query: the largest units that hold it exactly, `1h30m`.
pub fn write_duration(ns: i64) -> String {
    let text = format_duration(ns);
    let text = text.strip_suffix("m0s").map(|t| format!("{t}m")).unwrap_or(text);
    text.strip_suffix("h0m").map(|t| format!("{t}h")).unwrap_or(text)
}

/// A size as people read it: `1.5kB`; bytes below 1,000, at most one decimal.
pub fn write_bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("EB", 1_000_000_000_000_000_000),
        ("PB", 1_000_000_000_000_000),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
    ];
    for (unit, scale) in UNITS.into_iter().chain([("kB", 1_000)]) {
        if bytes >= scale && bytes.is_multiple_of(scale) {
            return format!("{}{unit}", bytes / scale);
        }
    }
    format!("{bytes}B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text: &str, expect: Option<i64>| assert_eq!(parse_duration(text), expect, "{text}");
        check("5m", Some(300_000_000_000));
        check("1h30m", Some(5_400_000_000_000));
        check("1.5s", Some(1_500_000_000));
        check("2d", Some(172_800_000_000_000));
        check("-1ms", Some(-1_000_000));
        check("20µs", Some(20_000));
        check("0", Some(0));
        check("5", None);
        check("", None);
        check("m", None);
        check("5x", None);
        check("9999999y", None);
    }

    #[test]
    fn sizes() {
        let check = |text: &str, expect: Option<u64>| assert_eq!(parse_bytes(text), expect, "{text}");
        check("5", Some(5));
        check("5B", Some(5));
        check("1.5KiB", Some(1536));
        check("20kB", Some(20_000));
        check("1 MB", Some(1_000_000));
        check("B", None);
        check("5m5", None);
    }

    #[test]
    fn written() {
        let check = |ns: i64, long: &str, short: &str| {
            assert_eq!((format_duration(ns).as_str(), write_duration(ns).as_str()), (long, short));
        };
        check(5_400_000_000_000, "1h30m0s", "1h30m");
        check(300_000_000_000, "5m0s", "5m");
        check(3_600_000_000_000, "1h0m0s", "1h");
        check(1_500_000_000, "1.5s", "1.5s");
        check(-20_000_000, "-20ms", "-20ms");
        check(0, "0s", "0s");
        assert_eq!(write_bytes(20_000), "20kB");
        assert_eq!(write_bytes(1536), "1536B");
    }
}
