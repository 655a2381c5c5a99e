//! Exposition as protocol buffers: `io.prometheus.client.MetricFamily` messages, each behind its length. Carries
//! native histograms and start times, which the texts do not.
//! Source: `io/prometheus/client/metrics.proto` of prometheus/client_model.

mod messages;
mod names;
mod write;

use model::{Exemplar, Histogram, MetricKind};

use self::messages::{HistogramMessage, Summary, family, label, simple};
pub use self::names::normal_bound;
use self::names::write_series;
pub use self::write::ProtoWriter;
use crate::error::shorten;
use crate::protobuf::{Bad, Reader, malformed};
use crate::{Error, Result};

const WHAT: &str = "protobuf page";

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

#[cfg(test)]
mod tests;
