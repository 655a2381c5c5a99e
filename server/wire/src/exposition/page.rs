//! Writes a page of exposition text.

use std::fmt::Write;

use model::MetricKind;

/// A page being written: families with their help, type and samples.
///
/// ```
/// use model::MetricKind;
/// let mut page = wire::exposition::Page::default();
/// let mut up = page.family("up", MetricKind::Gauge, "Whether it runs.");
/// up.sample(&[("job", "a")], 1.0);
/// assert_eq!(page.as_str(), "# HELP up Whether it runs.\n# TYPE up gauge\nup{job=\"a\"} 1\n");
/// ```
#[derive(Debug, Default, Clone)]
pub struct Page {
    text: String,
}

impl Page {
    /// The `Content-Type` of a page.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family. Each family may begin once.
    pub fn family<'a>(&'a mut self, name: &'a str, kind: MetricKind, help: &str) -> Family<'a> {
        let quoted = if is_plain(name) { name.to_owned() } else { quote(name) };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge | MetricKind::Info | MetricKind::StateSet => "gauge",
            MetricKind::Histogram => "histogram",
            MetricKind::Summary => "summary",
            MetricKind::GaugeHistogram | MetricKind::Unknown => "untyped",
        };
        let _ = writeln!(self.text, "# HELP {quoted} {help}\n# TYPE {quoted} {kind}");
        Family { text: &mut self.text, name }
    }

    /// A counter family of one sample without labels.
    pub fn counter(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, MetricKind::Counter, help).sample(&[], value);
    }

    /// A gauge family of one sample without labels.
    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, MetricKind::Gauge, help).sample(&[], value);
    }

    /// The text so far.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The finished text.
    pub fn into_string(self) -> String {
        self.text
    }

    /// Empties the page and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
    }
}

/// A family being written.
#[derive(Debug)]
pub struct Family<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Family<'_> {
    /// Adds a sample.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) -> &mut Self {
        self.suffixed("", labels, value)
    }

    /// Adds a sample of the family's name with a suffix: `_bucket`, `_sum`, `_count`.
    pub fn suffixed(&mut self, suffix: &str, labels: &[(&str, &str)], value: f64) -> &mut Self {
        let plain = is_plain(self.name);
        if plain {
            let _ = write!(self.text, "{}{suffix}", self.name);
        }
        if !plain || !labels.is_empty() {
            self.text.push('{');
            if !plain {
                self.text.push_str(&quote(&format!("{}{suffix}", self.name)));
            }
            for (i, (name, value)) in labels.iter().enumerate() {
                if i > 0 || !plain {
                    self.text.push(',');
                }
                if is_plain(name) && !name.contains(':') {
                    self.text.push_str(name);
                } else {
                    self.text.push_str(&quote(name));
                }
                self.text.push('=');
                self.text.push_str(&quote(value));
            }
            self.text.push('}');
        }
        self.text.push(' ');
        write_float(self.text, value);
        self.text.push('\n');
        self
    }
}

fn is_plain(name: &str) -> bool {
    let len = super::series::name_len(name.as_bytes());
    len > 0 && len == name.len()
}

fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn write_float(text: &mut String, value: f64) {
    let _ = if value.is_nan() {
        write!(text, "NaN")
    } else if value.is_infinite() {
        write!(text, "{}", if value > 0.0 { "+Inf" } else { "-Inf" })
    } else if value.fract() == 0.0 && value.abs() < 1e15 && (value != 0.0 || value.is_sign_positive()) {
        write!(text, "{}", value as i64)
    } else {
        write!(text, "{value:?}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        let mut page = Page::default();
        page.counter("a_total", "Help \\ with\nlines.", 1e300);
        let mut b = page.family("b", MetricKind::Histogram, "");
        b.suffixed("_bucket", &[("le", "+Inf"), ("x", "q\"\\\n")], 3.0).suffixed("_sum", &[], -0.5);
        page.family("my.metric", MetricKind::Gauge, "").sample(&[("größe", "1")], f64::INFINITY);
        insta::assert_snapshot!(page.as_str(), @r#"
        # HELP a_total Help \\ with\nlines.
        # TYPE a_total counter
        a_total 1e300
        # HELP b 
        # TYPE b histogram
        b_bucket{le="+Inf",x="q\"\\\n"} 3
        b_sum -0.5
        # HELP "my.metric" 
        # TYPE "my.metric" gauge
        {"my.metric","größe"="1"} +Inf
        "#);
    }
}
