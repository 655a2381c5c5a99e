//! Exposition as protocol buffers: `io.prometheus.client.MetricFamily` messages, each behind its length. Carries
//! native histograms and start times, which the texts do not.
//! Source: `io/prometheus/client/metrics.proto` of prometheus/client_model.

use std::fmt::Write;

use model::{CounterResetHint, Exemplar, Histogram, Labels, MetricKind, Sample, Span};

use super::NORMAL_NAN_BITS;
use super::series::{is_name_byte, name_len};
use crate::error::shorten;
use crate::protobuf::{Bad, Reader, Value, malformed, unzigzag};
use crate::{Error, Result};

const WHAT: &str = "protobuf page";
/// Buckets of one histogram, at most.
const MAX_BUCKETS: usize = 100_000;

/// A family of a protobuf page.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtoFamily<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its help text.
    pub help: &'a str,
    /// Its unit, or empty.
    pub unit: &'a str,
    /// Its kind.
    pub kind: MetricKind,
}

/// The value of a [`ProtoPoint`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ProtoValue<'a> {
    /// A number.
    Float(f64),
    /// A native histogram.
    Histogram(&'a Histogram),
}

/// A sample of a protobuf page.
#[derive(Debug, Clone, PartialEq)]
pub struct ProtoPoint<'a> {
    /// The series as text would have it: equal texts are equal series.
    pub series: &'a str,
    /// Its value.
    pub value: ProtoValue<'a>,
    /// Its own time in ms, if it has one.
    pub timestamp_ms: Option<i64>,
    /// When its counters began, in ms; 0 = not known.
    pub start_ms: i64,
    /// Its exemplars; those without a time of their own have 0 there.
    pub exemplars: Vec<Exemplar>,
}

/// What a page holds, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum ProtoItem<'a> {
    /// A family begins.
    Family(ProtoFamily<'a>),
    /// A sample of the family.
    Sample(ProtoPoint<'a>),
}

/// Which histograms are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProtoOptions {
    /// Native histograms; without them a histogram gives its classic series alone.
    pub native: bool,
    /// The classic series of a histogram that is native too.
    pub classic_too: bool,
}

/// Walks a page and shows each item to `visit`, whose error ends the walk.
pub fn read_protobuf<E: From<Error>>(
    page: &[u8],
    options: ProtoOptions,
    visit: &mut dyn FnMut(ProtoItem<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = Reader::new(page);
    let mut walk = Walk { options, visit, text: String::with_capacity(256) };
    while reader.remaining() > 0 {
        let message = reader.delimited().map_err(malformed(WHAT))?;
        walk.family(message)?;
    }
    Ok(())
}

struct Walk<'v, E> {
    options: ProtoOptions,
    visit: &'v mut dyn FnMut(ProtoItem<'_>) -> Result<(), E>,
    /// The series in hand.
    text: String,
}

/// What all samples of one `Metric` share.
struct Shared<'a> {
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    timestamp_ms: Option<i64>,
}

/// The kinds by their numbers.
const KINDS: [MetricKind; 6] = [
    MetricKind::Counter,
    MetricKind::Gauge,
    MetricKind::Summary,
    MetricKind::Unknown,
    MetricKind::Histogram,
    MetricKind::GaugeHistogram,
];

impl<E: From<Error>> Walk<'_, E> {
    fn family(&mut self, message: &[u8]) -> Result<(), E> {
        let family = family(message).map_err(malformed(WHAT))?;
        (self.visit)(ProtoItem::Family(family.clone()))?;
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field().map_err(malformed(WHAT))? {
            if field == 4 {
                let metric = value.bytes().map_err(malformed(WHAT))?;
                self.metric(metric, &family)?;
            }
        }
        Ok(())
    }

    fn metric(&mut self, message: &[u8], family: &ProtoFamily<'_>) -> Result<(), E> {
        let bad = |why: Bad| {
            let why = format!("{}: {why}", shorten(family.name));
            E::from(Error::malformed(WHAT, why))
        };
        let mut shared = Shared { name: family.name, labels: Vec::new(), timestamp_ms: None };
        let mut value = None;
        let mut fields = Reader::new(message);
        while let Some((field, found)) = fields.field().map_err(bad)? {
            match field {
                1 => shared.labels.push(label(found.bytes().map_err(bad)?).map_err(bad)?),
                2..=5 | 7 => value = Some((field, found.bytes().map_err(bad)?)),
                6 => shared.timestamp_ms = Some(found.int64().map_err(bad)?).filter(|t| *t != 0),
                _ => {}
            }
        }
        match value {
            Some((4, summary)) => self.summary(&shared, Summary::read(summary).map_err(bad)?),
            Some((7, histogram)) => {
                let read = HistogramMessage::read(histogram).map_err(bad)?;
                self.histogram(&shared, read, family.kind == MetricKind::GaugeHistogram, &bad)
            }
            Some((_, number)) => {
                let (value, start_ms, exemplars) = simple(number).map_err(bad)?;
                self.emit(&shared, "", None, (ProtoValue::Float(value), start_ms, exemplars))
            }
            None => Ok(()),
        }
    }

    fn summary(&mut self, shared: &Shared<'_>, summary: Summary) -> Result<(), E> {
        let start_ms = summary.start_ms;
        let float = |value: f64| (ProtoValue::Float(value), start_ms, Vec::new());
        self.emit(shared, "_count", None, float(summary.count))?;
        self.emit(shared, "_sum", None, float(summary.sum))?;
        for (quantile, value) in summary.quantiles {
            self.emit(shared, "", Some(("quantile", quantile)), float(value))?;
        }
        Ok(())
    }

    fn histogram(
        &mut self,
        shared: &Shared<'_>,
        mut read: HistogramMessage,
        gauge: bool,
        bad: &dyn Fn(Bad) -> E,
    ) -> Result<(), E> {
        let start_ms = read.start_ms;
        let native = self.options.native && read.is_native();
        let classic = !native || (self.options.classic_too && !read.buckets.is_empty());
        if native {
            let exemplars = match read.exemplars.is_empty() {
                true => read.buckets.iter().filter_map(|b| b.exemplar.clone()).collect(),
                false => std::mem::take(&mut read.exemplars),
            };
            let histogram = read.native(gauge).map_err(bad)?;
            self.emit(shared, "", None, (ProtoValue::Histogram(&histogram), start_ms, exemplars))?;
        }
        if !classic {
            return Ok(());
        }
        let float = |value: f64| (ProtoValue::Float(value), start_ms, Vec::new());
        let (count, sum) = (read.count, read.sum);
        let has_infinity = read.buckets.iter().any(|bucket| bucket.bound == f64::INFINITY);
        for bucket in read.buckets {
            let exemplars = bucket.exemplar.into_iter().collect();
            let what = (ProtoValue::Float(bucket.cumulative), start_ms, exemplars);
            self.emit(shared, "_bucket", Some(("le", bucket.bound)), what)?;
        }
        if !has_infinity {
            self.emit(shared, "_bucket", Some(("le", f64::INFINITY)), float(count))?;
        }
        let ends = if gauge { ["_gcount", "_gsum"] } else { ["_count", "_sum"] };
        self.emit(shared, ends[0], None, float(count))?;
        self.emit(shared, ends[1], None, float(sum))
    }

    fn emit(
        &mut self,
        shared: &Shared<'_>,
        end: &str,
        extra: Option<(&str, f64)>,
        (value, start_ms, exemplars): (ProtoValue<'_>, i64, Vec<Exemplar>),
    ) -> Result<(), E> {
        self.text.clear();
        write_series(&mut self.text, (shared.name, end), &shared.labels, extra);
        let (series, timestamp_ms) = (self.text.as_str(), shared.timestamp_ms);
        (self.visit)(ProtoItem::Sample(ProtoPoint { series, value, timestamp_ms, start_ms, exemplars }))
    }
}

fn family(message: &[u8]) -> Result<ProtoFamily<'_>, Bad> {
    let mut family = ProtoFamily { name: "", help: "", unit: "", kind: KINDS[0] };
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => family.name = value.text()?,
            2 => family.help = value.text()?,
            3 => family.kind = KINDS.get(value.varint()? as usize).copied().unwrap_or_default(),
            5 => family.unit = value.text()?,
            _ => {}
        }
    }
    if family.name.is_empty() { Err("a family has no name") } else { Ok(family) }
}

fn label(message: &[u8]) -> Result<(&str, &str), Bad> {
    let mut pair = ("", "");
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => pair.0 = value.text()?,
            2 => pair.1 = value.text()?,
            _ => {}
        }
    }
    if pair.0.is_empty() { Err("a label has no name") } else { Ok(pair) }
}

/// A gauge, counter or untyped value: the value, its start and exemplar.
fn simple(message: &[u8]) -> Result<(f64, i64, Vec<Exemplar>), Bad> {
    let (mut value, mut start_ms, mut exemplars) = (0.0, 0, Vec::new());
    let mut fields = Reader::new(message);
    while let Some((field, found)) = fields.field()? {
        match field {
            1 => value = normal(found.double()?),
            2 => exemplars.push(exemplar(found.bytes()?)?),
            3 => start_ms = timestamp(found.bytes()?)?,
            _ => {}
        }
    }
    Ok((value, start_ms, exemplars))
}

/// Any NaN but the plain one has a meaning of its own inside.
fn normal(value: f64) -> f64 {
    if value.is_nan() { f64::from_bits(NORMAL_NAN_BITS) } else { value }
}

#[derive(Default)]
struct Summary {
    count: f64,
    sum: f64,
    quantiles: Vec<(f64, f64)>,
    start_ms: i64,
}

impl Summary {
    fn read(message: &[u8]) -> Result<Self, Bad> {
        let mut summary = Summary::default();
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => summary.count = value.varint()? as f64,
                2 => summary.sum = normal(value.double()?),
                3 => {
                    let (mut quantile, mut at) = (0.0, 0.0);
                    let mut fields = Reader::new(value.bytes()?);
                    while let Some((field, value)) = fields.field()? {
                        match field {
                            1 => quantile = value.double()?,
                            2 => at = normal(value.double()?),
                            _ => {}
                        }
                    }
                    summary.quantiles.push((quantile, at));
                }
                4 => summary.start_ms = timestamp(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(summary)
    }
}

struct Bucket {
    cumulative: f64,
    bound: f64,
    exemplar: Option<Exemplar>,
}

impl Bucket {
    fn read(message: &[u8]) -> Result<Self, Bad> {
        let mut bucket = Bucket { cumulative: 0.0, bound: 0.0, exemplar: None };
        let mut float = 0.0;
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => bucket.cumulative = value.varint()? as f64,
                2 => bucket.bound = value.double()?,
                3 => bucket.exemplar = Some(exemplar(value.bytes()?)?),
                4 => float = value.double()?,
                _ => {}
            }
        }
        if float > 0.0 {
            bucket.cumulative = float;
        }
        Ok(bucket)
    }
}

#[derive(Default)]
struct Buckets {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl Buckets {
    fn finish(self) -> Result<(Vec<Span>, Vec<f64>), Bad> {
        let counts = if self.deltas.is_empty() {
            self.counts
        } else {
            let mut count = 0i64;
            let running = self.deltas.iter().map(|delta| {
                count = count.wrapping_add(*delta);
                count as f64
            });
            running.collect()
        };
        let expected = self.spans.iter().try_fold(0u32, |n, span| n.checked_add(span.length));
        if expected.map(|n| n as usize) != Some(counts.len()) {
            return Err("a histogram's spans do not fit its buckets");
        }
        if counts.iter().any(|count| *count < 0.0) {
            return Err("a histogram has a bucket with a negative count");
        }
        // A span without buckets only says that the histogram is a native one.
        let spans = if counts.is_empty() { Vec::new() } else { self.spans };
        Ok((spans, counts))
    }
}

#[derive(Default)]
struct HistogramMessage {
    count: f64,
    sum: f64,
    buckets: Vec<Bucket>,
    schema: i64,
    zero_threshold: f64,
    zero_count: f64,
    negative: Buckets,
    positive: Buckets,
    start_ms: i64,
    exemplars: Vec<Exemplar>,
}

impl HistogramMessage {
    fn read(message: &[u8]) -> Result<Self, Bad> {
        let mut h = HistogramMessage::default();
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => h.count = (value.varint()? as f64).max(h.count),
                2 => h.sum = normal(value.double()?),
                3 => {
                    h.buckets.push(Bucket::read(value.bytes()?)?);
                    bounded(h.buckets.len())?;
                }
                4 => h.count = value.double()?.max(h.count),
                5 => h.schema = value.sint()?,
                6 => h.zero_threshold = value.double()?,
                7 => h.zero_count = (value.varint()? as f64).max(h.zero_count),
                8 => h.zero_count = value.double()?.max(h.zero_count),
                9 => h.negative.spans.push(span(value.bytes()?)?),
                10 => ints(value, &mut h.negative.deltas)?,
                11 => doubles(value, &mut h.negative.counts)?,
                12 => h.positive.spans.push(span(value.bytes()?)?),
                13 => ints(value, &mut h.positive.deltas)?,
                14 => doubles(value, &mut h.positive.counts)?,
                15 => h.start_ms = timestamp(value.bytes()?)?,
                16 => h.exemplars.push(exemplar(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(h)
    }

    /// A histogram without any native part has nothing but classic buckets; an empty native one carries a span of
    /// no buckets to say so.
    fn is_native(&self) -> bool {
        !self.positive.spans.is_empty()
            || !self.negative.spans.is_empty()
            || self.zero_threshold > 0.0
            || self.zero_count > 0.0
    }

    fn native(&mut self, gauge: bool) -> Result<Histogram, Bad> {
        let schema = i32::try_from(self.schema).ok().filter(|schema| (-4..=8).contains(schema));
        let schema = schema.ok_or("a histogram's schema is not one of -4 to 8")?;
        let (positive_spans, positive_buckets) = std::mem::take(&mut self.positive).finish()?;
        let (negative_spans, negative_buckets) = std::mem::take(&mut self.negative).finish()?;
        Ok(Histogram {
            reset_hint: if gauge { CounterResetHint::Gauge } else { CounterResetHint::Unknown },
            schema,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count,
            count: self.count,
            sum: self.sum,
            positive_spans,
            positive_buckets,
            negative_spans,
            negative_buckets,
            custom_bounds: Vec::new(),
        })
    }
}

fn bounded(len: usize) -> Result<(), Bad> {
    if len > MAX_BUCKETS { Err("a histogram has more than 100,000 buckets") } else { Ok(()) }
}

fn span(message: &[u8]) -> Result<Span, Bad> {
    let mut span = Span { offset: 0, length: 0 };
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => span.offset = i32::try_from(value.sint()?).map_err(|_| "a span's offset is out of range")?,
            2 => span.length = u32::try_from(value.varint()?).map_err(|_| "a span is too long")?,
            _ => {}
        }
    }
    Ok(span)
}

fn ints(value: Value<'_>, into: &mut Vec<i64>) -> Result<(), Bad> {
    match value {
        Value::Varint(n) => into.push(unzigzag(n)),
        other => {
            let mut reader = Reader::new(other.bytes()?);
            while reader.remaining() > 0 {
                into.push(unzigzag(reader.varint()?));
            }
        }
    }
    bounded(into.len())
}

fn doubles(value: Value<'_>, into: &mut Vec<f64>) -> Result<(), Bad> {
    match value {
        Value::Fixed64(bits) => into.push(f64::from_bits(bits)),
        other => {
            let mut reader = Reader::new(other.bytes()?);
            while reader.remaining() > 0 {
                into.push(f64::from_bits(reader.fixed64()?));
            }
        }
    }
    bounded(into.len())
}

fn exemplar(message: &[u8]) -> Result<Exemplar, Bad> {
    let (mut labels, mut sample) = (Vec::new(), Sample { t_ms: 0, value: 0.0 });
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => labels.push(label(value.bytes()?)?),
            2 => sample.value = value.double()?,
            3 => sample.t_ms = timestamp(value.bytes()?)?,
            _ => {}
        }
    }
    Ok(Exemplar { labels: Labels::from_pairs(labels), sample })
}

/// Milliseconds of a `google.protobuf.Timestamp`.
fn timestamp(message: &[u8]) -> Result<i64, Bad> {
    let (mut seconds, mut nanos) = (0i64, 0i64);
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => seconds = value.int64()?,
            2 => nanos = value.int64()?,
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1_000).saturating_add(nanos / 1_000_000))
}

/// Writes a series as text: plainly, or in quotes where a name needs them.
fn write_series(
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
pub(super) fn push_float(out: &mut String, value: f64) {
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
    use crate::protobuf::Writer;

    /// Name, type and what writes the metrics of a family.
    type FamilyOf<'a> = (&'a str, u64, &'a dyn Fn(&mut Writer));

    fn page(families: &[FamilyOf<'_>]) -> Vec<u8> {
        let mut out = Writer::default();
        for (name, kind, fill) in families {
            let mut m = Writer::default();
            m.bytes(1, name.as_bytes());
            m.bytes(2, b"Help.");
            m.varint(3, *kind);
            m.message(4, |m| {
                m.message(1, |m| {
                    m.bytes(1, b"a");
                    m.bytes(2, b"x\"y");
                });
                fill(m);
            });
            out.raw_varint(m.bytes.len() as u64);
            out.bytes.extend_from_slice(&m.bytes);
        }
        out.bytes
    }

    fn show(page: &[u8], native: bool, classic_too: bool) -> String {
        let mut lines = Vec::new();
        let done = read_protobuf::<Error>(page, ProtoOptions { native, classic_too }, &mut |item| {
            lines.push(match item {
                ProtoItem::Family(family) => format!("{} {:?}", family.name, family.kind),
                ProtoItem::Sample(point) => {
                    let value = match point.value {
                        ProtoValue::Float(value) => value.to_string(),
                        ProtoValue::Histogram(h) => {
                            format!("n={} sum={} {:?}", h.count, h.sum, h.positive_buckets)
                        }
                    };
                    let exemplars = point.exemplars.len();
                    format!("{} {value} start={} ex={exemplars}", point.series, point.start_ms)
                }
            });
            Ok(())
        });
        if let Err(error) = done {
            lines.push(format!("error: {error}"));
        }
        lines.join("\n")
    }

    fn start(m: &mut Writer, number: u32) {
        m.message(number, |m| {
            m.varint(1, 3);
            m.varint(2, 5_000_000);
        });
    }

    #[test]
    fn numbers_and_summaries() {
        let counter = |m: &mut Writer| {
            m.message(3, |m| {
                m.double(1, 5.0);
                m.message(2, |m| m.double(2, 1.0));
                start(m, 3);
            });
        };
        let summary = |m: &mut Writer| {
            m.message(4, |m| {
                m.varint(1, 7);
                m.double(2, 2.5);
                m.message(3, |m| {
                    m.double(1, 0.99);
                    m.double(2, 4.0);
                });
            });
        };
        insta::assert_snapshot!(show(&page(&[("hits_total", 0, &counter), ("größe", 2, &summary)]), true, false), @r#"
        hits_total Counter
        hits_total{a="x\"y"} 5 start=3005 ex=1
        größe Summary
        {"größe_count",a="x\"y"} 7 start=0 ex=0
        {"größe_sum",a="x\"y"} 2.5 start=0 ex=0
        {"größe",a="x\"y",quantile="0.99"} 4 start=0 ex=0
        "#);
    }

    fn both(m: &mut Writer) {
        m.message(7, |m| {
            m.varint(1, 6);
            m.double(2, 9.0);
            m.message(3, |m| {
                m.varint(1, 2);
                m.double(2, 1.0);
            });
            m.sint(5, 1);
            m.double(6, 0.001);
            m.message(12, |m| {
                m.sint(1, -1);
                m.varint(2, 2);
            });
            m.sint(13, 2);
            m.sint(13, 2);
            start(m, 15);
        });
    }

    #[test]
    fn histograms_are_native_classic_or_both() {
        let page = page(&[("took", 4, &both)]);
        insta::assert_snapshot!(show(&page, true, false), @r#"
        took Histogram
        took{a="x\"y"} n=6 sum=9 [2.0, 4.0] start=3005 ex=0
        "#);
        insta::assert_snapshot!(show(&page, false, false), @r#"
        took Histogram
        took_bucket{a="x\"y",le="1.0"} 2 start=3005 ex=0
        took_bucket{a="x\"y",le="+Inf"} 6 start=3005 ex=0
        took_count{a="x\"y"} 6 start=3005 ex=0
        took_sum{a="x\"y"} 9 start=3005 ex=0
        "#);
        assert_eq!(show(&page, true, true).lines().count(), 6);
    }

    #[test]
    fn wrong_pages_say_why() {
        let mut m = Writer::default();
        m.raw_varint(9);
        assert_eq!(
            show(&m.bytes, true, true),
            "error: protobuf page cannot be decoded: a message is cut short"
        );
        let misfit = |m: &mut Writer| {
            m.message(7, |m| m.message(12, |m| m.varint(2, 3)));
        };
        assert!(show(&page(&[("h", 4, &misfit)]), true, false).ends_with(
            "error: protobuf page cannot be decoded: h: a histogram's spans do not fit its buckets"
        ));
    }

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

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            show(&bytes, true, true);
        }

        #[test]
        fn damaged_pages_never_panic(at in 0usize..1_000, byte in proptest::prelude::any::<u8>()) {
            let mut page = page(&[("took", 4, &both)]);
            let at = at % page.len();
            page[at] = byte;
            show(&page, true, true);
        }
    }
}
