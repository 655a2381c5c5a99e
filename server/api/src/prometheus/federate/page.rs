//! A page of federation in the form that the scraper asks for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use model::{CounterResetHint, Histogram, INSTANCE, Labels, METRIC_NAME, MetricKind};
use promql::Point;
use wire::exposition::{ProtoValue, ProtoWriter};

use super::Newest;
use crate::json;

/// What a page is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Text. Names that are not plain stand in quotes, or their other characters become `_`.
    Text { quoted: bool },
    /// Protocol buffers: the only form with native histograms.
    Protobuf { quoted: bool },
}

impl Form {
    /// What an `Accept` header likes best; text where it says nothing.
    pub(super) fn wanted(accept: &str) -> Form {
        let mut best: Option<(f64, Form)> = None;
        for part in accept.split(',') {
            let mut fields = part.split(';').map(str::trim);
            let media = fields.next().unwrap_or_default();
            let fields: Vec<(&str, &str)> = fields.filter_map(|field| field.split_once('=')).collect();
            let of = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let quoted = of("escaping") == Some("allow-utf-8");
            let form = match media {
                "application/vnd.google.protobuf" => {
                    let family = of("proto").is_none_or(|proto| proto == "io.prometheus.client.MetricFamily");
                    (family && of("encoding") == Some("delimited")).then_some(Form::Protobuf { quoted })
                }
                "text/plain" | "text/*" | "*/*" => Some(Form::Text { quoted }),
                _ => None,
            };
            let weight = of("q").and_then(|q| q.parse().ok()).unwrap_or(1.0);
            if let Some(form) = form
                && best.is_none_or(|(before, _)| weight > before)
            {
                best = Some((weight, form));
            }
        }
        best.map_or(Form::Text { quoted: false }, |(_, form)| form)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Form::Text { quoted: true } => "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
            Form::Text { quoted: false } => "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
            Form::Protobuf { quoted: true } => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; \
                 escaping=allow-utf-8"
            }
            Form::Protobuf { quoted: false } => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; \
                 escaping=underscores"
            }
        }
    }

    fn name(self, name: &str) -> Cow<'_, str> {
        let (Form::Text { quoted } | Form::Protobuf { quoted }) = self;
        if quoted || is_plain(name) { Cow::Borrowed(name) } else { Cow::Owned(underscored(name)) }
    }
}

fn is_plain(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

fn underscored(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == ':' { c } else { '_' };
    let plain: String = name.chars().map(plain).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain }
}

/// The page.
pub(super) fn write(form: Form, newest: &Newest, kinds: &BTreeMap<String, MetricKind>) -> Vec<u8> {
    match form {
        Form::Protobuf { .. } => protobuf(form, newest),
        Form::Text { .. } => text(form, newest, kinds).into_bytes(),
    }
}

/// All labels but the metric's name. A scraper with `honor_labels` must not put its own `instance` in place of one that
/// is missing.
fn pairs(labels: &Labels) -> impl Iterator<Item = (&str, &str)> {
    let no_instance = labels.value(INSTANCE).is_empty().then_some((INSTANCE, ""));
    labels.iter().filter(|(name, _)| *name != METRIC_NAME).chain(no_instance)
}

fn kind_of_histogram(histogram: &Histogram) -> MetricKind {
    match histogram.reset_hint {
        CounterResetHint::Gauge => MetricKind::GaugeHistogram,
        _ => MetricKind::Histogram,
    }
}

fn protobuf(form: Form, newest: &Newest) -> Vec<u8> {
    let mut page = ProtoWriter::default();
    let mut family = None;
    for ((name, labels), (t_ms, point)) in newest {
        let (kind, value) = match point {
            Point::Float(value) => (MetricKind::Unknown, ProtoValue::Float(*value)),
            Point::Histogram(histogram) => (kind_of_histogram(histogram), ProtoValue::Histogram(histogram)),
        };
        if family != Some((name, kind)) {
            family = Some((name, kind));
            page.family(&form.name(name), kind);
        }
        let names: Vec<(Cow<'_, str>, &str)> =
            pairs(labels).map(|(name, value)| (form.name(name), value)).collect();
        page.metric(names.iter().map(|(name, value)| (name.as_ref(), *value)), *t_ms, value);
    }
    page.finish()
}

fn text(form: Form, newest: &Newest, kinds: &BTreeMap<String, MetricKind>) -> String {
    let mut out = String::new();
    let mut family = None;
    for ((name, labels), (t_ms, point)) in newest {
        let kind = match point {
            // A gauge histogram has other endings, which nobody asked for.
            Point::Histogram(_) => "histogram",
            // Parts of histograms and summaries are families of their own here: their kind is not known.
            Point::Float(_) => match kinds.get(name) {
                Some(kind @ (MetricKind::Counter | MetricKind::Gauge)) => kind.as_str(),
                _ => "untyped",
            },
        };
        let shown_name = form.name(name);
        if family != Some((name, kind)) {
            family = Some((name, kind));
            let _ = writeln!(out, "# TYPE {} {kind}", shown(&shown_name));
        }
        let mut line = |end: &str, le: Option<f64>, value: f64| {
            let name = format!("{shown_name}{end}");
            self::line(&mut out, (form, &name), (labels, le), (value, *t_ms));
        };
        match point {
            Point::Float(value) => line("", None, *value),
            Point::Histogram(histogram) => {
                for (bound, cumulative) in histogram.cumulative() {
                    line("_bucket", Some(bound), cumulative);
                }
                line("_sum", None, histogram.sum);
                line("_count", None, histogram.count);
            }
        }
    }
    out
}

/// A name that needs quotes has them.
fn shown(name: &str) -> Cow<'_, str> {
    if is_plain(name) { Cow::Borrowed(name) } else { Cow::Owned(format!("\"{}\"", escaped(name))) }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

fn line(
    out: &mut String,
    (form, name): (Form, &str),
    (labels, le): (&Labels, Option<f64>),
    (value, t_ms): (f64, i64),
) {
    let mut all: Vec<String> = Vec::new();
    if is_plain(name) {
        out.push_str(name);
    } else {
        all.push(format!("\"{}\"", escaped(name)));
    }
    for (label, value) in pairs(labels) {
        all.push(format!("{}=\"{}\"", shown(&form.name(label)), escaped(value)));
    }
    all.extend(le.map(|le| {
        let mut bound = String::new();
        json::float(&mut bound, le);
        format!("le=\"{bound}\"")
    }));
    let _ = write!(out, "{{{}}} ", all.join(","));
    json::float(out, value);
    let _ = writeln!(out, " {t_ms}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{CUSTOM_BUCKETS, Span};

    use super::*;

    #[test]
    fn forms_are_negotiated() {
        let check = |accept: &str, expected: Form| assert_eq!(Form::wanted(accept), expected, "{accept}");
        let (text, protobuf) = (Form::Text { quoted: false }, Form::Protobuf { quoted: false });
        check("", text);
        check("*/*", text);
        check(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
            protobuf,
        );
        check(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;\
             escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
            Form::Protobuf { quoted: true },
        );
        check("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1", Form::Text { quoted: true });
        check("application/vnd.google.protobuf;encoding=text, text/plain;q=0.2", text);
    }

    fn newest() -> Newest {
        let histogram = |schema: i32, bounds: &[f64]| {
            Point::Histogram(Arc::new(Histogram {
                schema,
                count: 3.0,
                sum: 4.5,
                positive_spans: vec![Span { offset: 0, length: 2 }],
                positive_buckets: vec![1.0, 2.0],
                custom_bounds: bounds.to_vec(),
                ..Histogram::default()
            }))
        };
        let labels = |name: &str, more: &[(&str, &str)]| {
            let all = [("__name__", name)].into_iter().chain(more.iter().copied());
            (name.to_owned(), Labels::from_pairs(all))
        };
        Newest::from([
            (labels("took", &[("instance", "a")]), (1, histogram(0, &[]))),
            (labels("waited", &[("instance", "a")]), (2, histogram(CUSTOM_BUCKETS, &[0.5]))),
            (labels("größe", &[("a.b", "x\"y")]), (3, Point::Float(f64::NAN))),
            (labels("up", &[("instance", "a"), ("job", "j")]), (4, Point::Float(1.0))),
        ])
    }

    #[test]
    fn text_has_the_classic_part_of_histograms() {
        let kinds = BTreeMap::from([("up".to_owned(), MetricKind::Gauge)]);
        let page = |quoted| text(Form::Text { quoted }, &newest(), &kinds);
        let expected = "# TYPE \"größe\" untyped\n{\"größe\",\"a.b\"=\"x\\\"y\",instance=\"\"} NaN 3\n\
             # TYPE took histogram\ntook_bucket{instance=\"a\",le=\"+Inf\"} 3 1\ntook_sum{instance=\"a\"} 4.5 1\n\
             took_count{instance=\"a\"} 3 1\n# TYPE up gauge\nup{instance=\"a\",job=\"j\"} 1 4\n\
             # TYPE waited histogram\nwaited_bucket{instance=\"a\",le=\"0.5\"} 1 2\n\
             waited_bucket{instance=\"a\",le=\"+Inf\"} 3 2\nwaited_sum{instance=\"a\"} 4.5 2\n\
             waited_count{instance=\"a\"} 3 2\n";
        let lines = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&page(true)), lines(expected));
        assert!(page(false).contains("gr__e{a_b=\"x\\\"y\",instance=\"\"} NaN 3\n"), "{}", page(false));
    }

    #[test]
    fn protobuf_has_native_histograms() {
        use wire::exposition::{ProtoItem, ProtoOptions, ProtoPoint, read_protobuf};
        let page = protobuf(Form::Protobuf { quoted: true }, &newest());
        let mut seen = Vec::new();
        let options = ProtoOptions { native: true, classic_too: false };
        read_protobuf::<wire::Error>(&page, options, &mut |item| {
            if let ProtoItem::Sample(ProtoPoint { series, value, timestamp_ms, .. }) = item {
                let value = match value {
                    ProtoValue::Float(value) => value.to_string(),
                    ProtoValue::Histogram(h) => format!("{:?}", h.positive_buckets),
                };
                seen.push(format!("{series} {value} {}", timestamp_ms.unwrap_or(0)));
            }
            Ok(())
        })
        .expect("a page");
        assert!(seen.contains(&"took{instance=\"a\"} [1.0, 2.0] 1".to_owned()), "{seen:?}");
        assert!(seen.contains(&"waited_bucket{instance=\"a\",le=\"0.5\"} 1 2".to_owned()), "{seen:?}");
        assert!(seen.contains(&"{\"größe\",\"a.b\"=\"x\\\"y\",instance=\"\"} NaN 3".to_owned()), "{seen:?}");
    }
}
