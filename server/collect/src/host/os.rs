//! The distribution, from `os-release`.

use std::collections::BTreeMap;

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, number};

/// Labels of `node_os_info`; the variables are the same in capitals.
const INFO: [&str; 12] = [
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.kept("etc/os-release").or_else(|| host.kept("usr/lib/os-release"));
    let text = text.ok_or("neither etc/os-release nor usr/lib/os-release can be read")?;
    let variables: BTreeMap<&str, String> =
        text.lines().filter_map(|line| line.trim().split_once('=')).map(|(n, v)| (n, unquote(v))).collect();
    let value = |label: &str| variables.get(label.to_uppercase().as_str()).map_or("", String::as_str);
    let labels = INFO.map(|label| (label, value(label)));
    page.family("node_os_info", MetricKind::Gauge, "The distribution; 1.").sample(&labels, 1.0);
    let end = value("support_end").parse::<jiff::civil::Date>().ok();
    if let Some(end) = end.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok()) {
        let help = "When the distribution is no longer looked after, in seconds since 1970.";
        page.gauge("node_os_support_end_timestamp_seconds", help, end.timestamp().as_second() as f64);
    }
    if let Some(version) = version(value("version_id")) {
        let labels = ["id", "id_like", "name"].map(|label| (label, value(label)));
        let help = "The distribution's version, major and minor.";
        page.family("node_os_version", MetricKind::Gauge, help).sample(&labels, version);
    }
    Ok(())
}

/// `12.5` of `12.5.1`.
fn version(text: &str) -> Option<f64> {
    let mut dots = 0;
    let end = text.find(|c: char| {
        dots += usize::from(c == '.');
        !(c.is_ascii_digit() || c == '.') || dots > 1
    });
    number(text[..end.unwrap_or(text.len())].trim_end_matches('.')).ok()
}

/// A value as a shell reads it.
fn unquote(text: &str) -> String {
    let text = text.trim();
    let quoted = ['"', '\''].into_iter().find_map(|q| text.strip_prefix(q)?.strip_suffix(q));
    let mut out = String::new();
    let mut escaped = false;
    for c in quoted.unwrap_or(text).chars() {
        if c == '\\' && !escaped {
            escaped = true;
            continue;
        }
        escaped = false;
        out.push(c);
    }
    out
}
