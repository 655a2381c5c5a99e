//! Prometheus remote write 1.0 and 2.0: a snappy block around a protobuf message, decoded straight from the bytes.

pub(crate) mod encode;
mod histogram;
mod v2;

use model::{Exemplar, Labels, METRIC_NAME, Metadata, MetricBatch, MetricKind, Sample};

use crate::error::shorten;
use crate::label_cache::Run;
use crate::protobuf::{Bad, Reader, malformed};
use crate::{Error, LabelCache, Result, compression};

pub use encode::encode;
pub use v2::encode as encode_v2;

const WHAT: &str = "remote write request";

/// Reads write requests. Shared by all connections: it remembers the labels that senders repeat.
#[derive(Debug)]
pub struct Decoder {
    cache: LabelCache,
    limit: usize,
}

impl Decoder {
    /// The bound on a decompressed request that suits most senders: 64 MiB.
    pub const DEFAULT_LIMIT: usize = 64 << 20;

    /// A decoder that remembers about `series` label sets and takes requests of at most `limit` bytes decompressed.
    pub fn new(series: usize, limit: usize) -> Self {
        Decoder { cache: LabelCache::new(series), limit }
    }

    /// Reads a request body (`Content-Encoding: snappy`).
    pub fn decode(&self, body: &[u8]) -> Result<MetricBatch> {
        self.decode_message(&compression::snappy(body, self.limit)?)
    }

    /// Reads the body of a remote write 2.0 request (`io.prometheus.write.v2.Request`, `Content-Encoding: snappy`).
    pub fn decode_v2(&self, body: &[u8]) -> Result<MetricBatch> {
        v2::decode(&compression::snappy(body, self.limit)?, &self.cache)
    }

    /// Reads a decompressed request.
    pub fn decode_message(&self, message: &[u8]) -> Result<MetricBatch> {
        let mut batch = MetricBatch::default();
        let mut known = self.cache.run();
        let mut request = Reader::new(message);
        while let Some((number, value)) = request.field().map_err(malformed(WHAT))? {
            match number {
                1 => series(value.bytes().map_err(malformed(WHAT))?, &mut known, &mut batch)?,
                3 => batch.metadata.push(
                    value
                        .bytes()
                        .and_then(metadata)
                        .map_err(malformed("metadata of a remote write request"))?,
                ),
                _ => {}
            }
        }
        Ok(batch)
    }
}

fn series(message: &[u8], known: &mut Run<'_>, batch: &mut MetricBatch) -> Result<()> {
    let number = batch.series.len() + 1;
    let (first, index) = (batch.samples.len() as u32, batch.series.len() as u32);
    let raw = leading_labels(message);
    let bad = |why: String| Error::Item { what: "series", number, labels: describe(message), why };
    let mut scattered = false;
    let mut reader = Reader::new(&message[raw.len()..]);
    while let Some((field, value)) = reader.field().map_err(|why| bad(why.into()))? {
        let done = match field {
            1 => {
                scattered = true;
                Ok(())
            }
            2 => value.bytes().and_then(sample).map(|sample| batch.samples.push(sample)),
            3 => value.bytes().and_then(exemplar).map(|e| batch.exemplars.push((index, e))),
            4 => value.bytes().and_then(histogram::decode).map(|(t, h)| batch.histograms.push((index, t, h))),
            _ => Ok(()),
        };
        done.map_err(|why| bad(why.into()))?;
    }
    let labels =
        if scattered { parse_labels(message) } else { known.get_or_parse(raw, || parse_labels(raw)) };
    let labels = labels.map_err(bad)?;
    let count = batch.samples.len() as u32 - first;
    batch.series.push(model::BatchSeries { labels, first, count, start_ms: 0 });
    Ok(())
}

/// The fields of number 1 at the head of a time series, as one slice.
fn leading_labels(message: &[u8]) -> &[u8] {
    let mut reader = Reader::new(message);
    let mut end = 0;
    while let Ok(Some((1, _))) = reader.field() {
        end = message.len() - reader.remaining();
    }
    &message[..end]
}

/// The labels among the fields of a message, with Prometheus' rules.
fn parse_labels(message: &[u8]) -> Result<Labels, String> {
    checked_labels(label_fields(message, 1)?)
}

/// Labels of pairs in any order, with Prometheus' rules.
fn checked_labels(mut pairs: Vec<(&str, &str)>) -> Result<Labels, String> {
    if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
        pairs.sort_by_key(|pair| pair.0);
        if let Some(twice) = pairs.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(format!("label {:?} appears twice", twice[0].0));
        }
    }
    if pairs.first().is_some_and(|(name, _)| name.is_empty()) {
        return Err("a label has no name".to_owned());
    }
    if !pairs.iter().any(|(name, value)| *name == METRIC_NAME && !value.is_empty()) {
        return Err(format!("the label {METRIC_NAME} is missing: a series needs a metric name"));
    }
    Ok(Labels::from_sorted(pairs).expect("sorted and unique by now"))
}

fn label_fields(message: &[u8], number: u32) -> Result<Vec<(&str, &str)>, Bad> {
    let mut pairs = Vec::with_capacity(8);
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        if field != number {
            continue;
        }
        let mut pair = ("", "");
        let mut label = Reader::new(value.bytes()?);
        while let Some((field, value)) = label.field()? {
            match field {
                1 => pair.0 = value.text()?,
                2 => pair.1 = value.text()?,
                _ => {}
            }
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

/// The labels of a refused series as far as they can be read, for the error.
fn describe(message: &[u8]) -> String {
    let pairs = label_fields(message, 1).unwrap_or_default();
    let listed: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", shorten(&listed.join(", ")))
}

fn sample(message: &[u8]) -> Result<Sample, Bad> {
    let mut sample = Sample { t_ms: 0, value: 0.0 };
    let mut reader = Reader::new(message);
    // What every sender writes: the value, then the time, and no more.
    if let Some((&[0x09, ref value @ .., 0x10], time)) = message.split_first_chunk::<10>() {
        let value = f64::from_bits(u64::from_le_bytes(*value));
        let mut time = Reader::new(time);
        let t_ms = time.varint()? as i64;
        if time.remaining() == 0 {
            return Ok(Sample { t_ms, value });
        }
    }
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => sample.value = value.double()?,
            2 => sample.t_ms = value.int64()?,
            _ => {}
        }
    }
    Ok(sample)
}

fn exemplar(message: &[u8]) -> Result<Exemplar, Bad> {
    let mut sample = Sample { t_ms: 0, value: 0.0 };
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            2 => sample.value = value.double()?,
            3 => sample.t_ms = value.int64()?,
            _ => {}
        }
    }
    Ok(Exemplar { labels: Labels::from_pairs(label_fields(message, 1)?), sample })
}

fn metadata(message: &[u8]) -> Result<Metadata, Bad> {
    let mut metadata = Metadata::default();
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => metadata.kind = kind(value.varint()?),
            2 => metadata.family = value.text()?.to_owned(),
            4 => metadata.help = value.text()?.to_owned(),
            5 => metadata.unit = value.text()?.to_owned(),
            _ => {}
        }
    }
    Ok(metadata)
}

/// The wire's numbers of kinds are their places in this list.
const KINDS: [MetricKind; 8] = [
    MetricKind::Unknown,
    MetricKind::Counter,
    MetricKind::Gauge,
    MetricKind::Histogram,
    MetricKind::GaugeHistogram,
    MetricKind::Summary,
    MetricKind::Info,
    MetricKind::StateSet,
];

fn kind(number: u64) -> MetricKind {
    KINDS.get(number as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
