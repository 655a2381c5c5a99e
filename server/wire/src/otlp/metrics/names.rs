//! Names: OTLP's dots and units become what Prometheus' users write.
//! Source: "Metric Metadata" of OpenTelemetry's Prometheus compatibility specification.

/// How names are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Odd characters become `_`, unit and kind are appended.
    #[default]
    UnderscoreEscapingWithSuffixes,
    /// Odd characters become `_`.
    UnderscoreEscapingWithoutSuffixes,
    /// Names stay, unit and kind are appended.
    NoUtf8EscapingWithSuffixes,
    /// Names stay.
    NoTranslation,
}

impl Strategy {
    /// The strategy of that name in a configuration.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" | "UnderscoreEscapingWithSuffixes" => Strategy::UnderscoreEscapingWithSuffixes,
            "UnderscoreEscapingWithoutSuffixes" => Strategy::UnderscoreEscapingWithoutSuffixes,
            "NoUTF8EscapingWithSuffixes" => Strategy::NoUtf8EscapingWithSuffixes,
            "NoTranslation" => Strategy::NoTranslation,
            _ => return None,
        })
    }

    fn escapes(self) -> bool {
        matches!(self, Strategy::UnderscoreEscapingWithSuffixes | Strategy::UnderscoreEscapingWithoutSuffixes)
    }

    fn appends(self) -> bool {
        matches!(self, Strategy::UnderscoreEscapingWithSuffixes | Strategy::NoUtf8EscapingWithSuffixes)
    }

    /// A metric's name. `monotonic`: a sum that only grows; `gauge`: a gauge.
    pub(super) fn metric(self, name: &str, unit: &str, (monotonic, gauge): (bool, bool)) -> String {
        let mut out = if self.escapes() { words(name).join("_") } else { name.to_owned() };
        if self.appends() {
            let kind = match (monotonic, gauge && unit == "1") {
                (true, _) => Some("total"),
                (_, true) => Some("ratio"),
                _ => None,
            };
            // What the name says already is not said twice; its kind stands at the end.
            if let Some(base) = kind.and_then(|kind| out.strip_suffix(kind)) {
                out = base.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
            }
            let (main, per) = unit_words(unit);
            let said: Vec<String> = words(&out).into_iter().map(str::to_owned).collect();
            let is_new = |word: &String| !said.contains(word);
            out.extend(main.filter(is_new).map(|word| format!("_{word}")));
            out.extend(per.filter(is_new).map(|word| format!("_per_{word}")));
            out.extend(kind.map(|kind| format!("_{kind}")));
        }
        if self.escapes() && out.starts_with(|c: char| c.is_ascii_digit()) {
            out.insert(0, '_');
        }
        out
    }

    /// A label's name. `collapse`: several `_` become one; `plain`: one that begins with a single `_` stays as it is.
    pub(super) fn label(self, name: &str, (collapse, plain): (bool, bool)) -> String {
        if !self.escapes() {
            return name.to_owned();
        }
        let mut out = String::with_capacity(name.len());
        for c in name.chars() {
            let c = if c.is_ascii_alphanumeric() { c } else { '_' };
            if !(collapse && c == '_' && out.ends_with('_')) {
                out.push(c);
            }
        }
        match out.bytes().next() {
            Some(b'0'..=b'9') => format!("key_{out}"),
            Some(b'_') if !plain && !out.starts_with("__") => format!("key{out}"),
            _ => out,
        }
    }
}

/// The parts of a name between characters that Prometheus' names do not have.
fn words(name: &str) -> Vec<&str> {
    name.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).filter(|word| !word.is_empty()).collect()
}

/// A unit as words: `By/s` is bytes per second. What stands in braces is a remark.
fn unit_words(unit: &str) -> (Option<String>, Option<String>) {
    let mut parts = unit.splitn(2, '/').map(str::trim);
    let word = |part: Option<&str>, names: fn(&str) -> Option<&'static str>| -> Option<String> {
        let part = part.filter(|part| !part.is_empty() && !part.contains(['{', '}']))?;
        let word = names(part).map_or_else(|| words(part).join("_"), str::to_owned);
        (!word.is_empty()).then_some(word)
    };
    (word(parts.next(), main_unit), word(parts.next(), per_unit))
}

fn main_unit(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "1" => "",
        "%" => "percent",
        _ => return None,
    })
}

fn per_unit(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics() {
        let check = |name: &str, unit: &str, kind: (bool, bool), expect: &str| {
            assert_eq!(Strategy::default().metric(name, unit, kind), expect, "{name} {unit}");
        };
        let (counter, gauge, other) = ((true, false), (false, true), (false, false));
        check("http.server.request.duration", "s", other, "http_server_request_duration_seconds");
        check("process.cpu.time", "s", counter, "process_cpu_time_seconds_total");
        check("requests_total", "", counter, "requests_total");
        check("requests", "{request}", counter, "requests_total");
        check("system.memory.utilization", "1", gauge, "system_memory_utilization_ratio");
        check("net.io", "By/s", gauge, "net_io_bytes_per_second");
        check("disk.used_bytes", "By", gauge, "disk_used_bytes");
        check("5xx.count", "", other, "_5xx_count");
        check("a..b__c", "", other, "a_b_c");
        check("x", "furlongs/fortnight", other, "x_furlongs_per_fortnight");
        check("sent_total", "By", counter, "sent_bytes_total");
        check("cpu.seconds.used", "s", counter, "cpu_seconds_used_total");
        let keep = |strategy: Strategy| strategy.metric("a.b", "s", counter);
        assert_eq!(keep(Strategy::NoTranslation), "a.b");
        assert_eq!(keep(Strategy::NoUtf8EscapingWithSuffixes), "a.b_seconds_total");
        assert_eq!(keep(Strategy::UnderscoreEscapingWithoutSuffixes), "a_b");
    }

    #[test]
    fn labels() {
        let check = |name: &str, expect: &str| {
            assert_eq!(Strategy::default().label(name, (false, false)), expect);
        };
        check("service.name", "service_name");
        check("1st", "key_1st");
        check("_x", "key_x");
        check("__x", "__x");
        check("größe", "gr__e");
        assert_eq!(Strategy::NoTranslation.label("a.b", (true, true)), "a.b");
        assert_eq!(Strategy::default().label("_a..b__c", (true, true)), "_a_b_c");
    }
}
