//! Remote write 2.0: texts stand once in a table of symbols, samples and histograms carry start times, each series
//! its metadata. Source: Prometheus Remote-Write specification 2.0, `io.prometheus.write.v2.Request`.

use model::{BatchSeries, Exemplar, Labels, Metadata, MetricBatch, MetricKind, Sample};
use rustc_hash::FxHashSet;

use super::{KINDS, checked_labels, encode::histogram as put_histogram, histogram, kind};
use crate::label_cache::Run;
use crate::protobuf::{Bad, Reader, Value, Writer, malformed};
use crate::{Error, LabelCache, Result, compression};

const WHAT: &str = "remote write 2.0 request";
/// Texts of one request, at most.
const MAX_SYMBOLS: usize = 10_000_000;

/// Reads a decompressed request.
pub(super) fn decode(message: &[u8], cache: &LabelCache) -> Result<MetricBatch> {
    let symbols = symbols(message).map_err(malformed(WHAT))?;
    let mut decoding = Decoding {
        symbols,
        known: cache.run(),
        batch: MetricBatch::default(),
        described: FxHashSet::default(),
        refs: Vec::new(),
        raw: Vec::new(),
    };
    let mut request = Reader::new(message);
    let mut number = 0;
    while let Some((field, value)) = request.field().map_err(malformed(WHAT))? {
        if field == 5 {
            number += 1;
            let series = value.bytes().map_err(malformed(WHAT))?;
            decoding.series(series).map_err(|why| {
                let labels = decoding.describe();
                Error::Item { what: "series", number, labels, why }
            })?;
        }
    }
    Ok(decoding.batch)
}

/// The table of texts. The first stands for "none".
fn symbols(message: &[u8]) -> Result<Vec<&str>, Bad> {
    let mut symbols = Vec::new();
    let mut request = Reader::new(message);
    while let Some((field, value)) = request.field()? {
        if field == 4 {
            symbols.push(value.text()?);
            if symbols.len() > MAX_SYMBOLS {
                return Err("there are more than 10,000,000 symbols");
            }
        }
    }
    match symbols.first() {
        Some(first) if !first.is_empty() => Err("the first symbol is not the empty text"),
        _ => Ok(symbols),
    }
}

struct Decoding<'a> {
    symbols: Vec<&'a str>,
    known: Run<'a>,
    batch: MetricBatch,
    /// Families whose metadata is in the batch already.
    described: FxHashSet<String>,
    /// The references of the series in hand.
    refs: Vec<u32>,
    /// Its labels as bytes, to look them up by.
    raw: Vec<u8>,
}

impl<'a> Decoding<'a> {
    fn series(&mut self, message: &[u8]) -> Result<(), String> {
        self.refs.clear();
        let mut fields = Reader::new(message);
        // Metadata and start times may stand before the labels: two passes.
        let (mut created_ms, mut metadata) = (0, None);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => push_refs(value, &mut self.refs)?,
                5 => metadata = Some(value.bytes()?),
                6 => created_ms = value.int64()?,
                _ => {}
            }
        }
        let labels = self.labels()?;
        let mut open: Option<usize> = None;
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                2 => {
                    let (sample, start_ms) = sample(value.bytes()?)?;
                    let at = self.at(&mut open, &labels, some_or(start_ms, created_ms));
                    self.batch.samples.push(sample);
                    self.batch.series[at].count += 1;
                }
                3 => {
                    let (t_ms, start_ms, h) = histogram::decode_started(value.bytes()?)?;
                    let at = self.at(&mut open, &labels, some_or(start_ms, created_ms));
                    self.batch.histograms.push((at as u32, t_ms, h));
                }
                4 => {
                    let exemplar = self.exemplar(value.bytes()?)?;
                    let at = match open {
                        Some(at) => at,
                        None => self.at(&mut open, &labels, created_ms),
                    };
                    self.batch.exemplars.push((at as u32, exemplar));
                }
                _ => {}
            }
        }
        if let Some(metadata) = metadata {
            self.metadata(metadata, labels.metric_name())?;
        }
        Ok(())
    }

    /// The entry of the batch for samples with this start time: one more where it changes.
    fn at(&mut self, open: &mut Option<usize>, labels: &Labels, start_ms: i64) -> usize {
        match *open {
            Some(at) if self.batch.series[at].start_ms == start_ms => at,
            _ => {
                let first = self.batch.samples.len() as u32;
                self.batch.series.push(BatchSeries { labels: labels.clone(), first, count: 0, start_ms });
                *open.insert(self.batch.series.len() - 1)
            }
        }
    }

    fn symbol(&self, at: u32) -> Result<&'a str, String> {
        let known = self.symbols.len();
        let missing = || format!("it refers to symbol {at}, the request has {known}");
        self.symbols.get(at as usize).copied().ok_or_else(missing)
    }

    fn pairs(&self, refs: &[u32]) -> Result<Vec<(&'a str, &'a str)>, String> {
        if !refs.len().is_multiple_of(2) {
            return Err("it has an odd number of label references".to_owned());
        }
        refs.chunks_exact(2).map(|pair| Ok((self.symbol(pair[0])?, self.symbol(pair[1])?))).collect()
    }

    fn labels(&mut self) -> Result<Labels, String> {
        let pairs = self.pairs(&self.refs)?;
        self.raw.clear();
        // A mark in front, so that these never pass for the bytes of another format in the same cache.
        self.raw.push(2);
        for (name, value) in &pairs {
            for text in [name, value] {
                self.raw.extend_from_slice(&(text.len() as u32).to_le_bytes());
                self.raw.extend_from_slice(text.as_bytes());
            }
        }
        self.known.get_or_parse(&self.raw, || checked_labels(pairs))
    }

    fn exemplar(&self, message: &[u8]) -> Result<Exemplar, String> {
        let mut refs = Vec::new();
        let mut sample = Sample { t_ms: 0, value: 0.0 };
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => push_refs(value, &mut refs)?,
                2 => sample.value = value.double()?,
                3 => sample.t_ms = value.int64()?,
                _ => {}
            }
        }
        Ok(Exemplar { labels: Labels::from_pairs(self.pairs(&refs)?), sample })
    }

    fn metadata(&mut self, message: &[u8], metric: &str) -> Result<(), String> {
        let mut metadata = Metadata::default();
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => metadata.kind = kind(value.varint()?),
                3 => self.symbol(number(value)?)?.clone_into(&mut metadata.help),
                4 => self.symbol(number(value)?)?.clone_into(&mut metadata.unit),
                _ => {}
            }
        }
        if metadata.kind == MetricKind::Unknown && metadata.help.is_empty() && metadata.unit.is_empty() {
            return Ok(());
        }
        family(metric, metadata.kind).clone_into(&mut metadata.family);
        if self.described.insert(metadata.family.clone()) {
            self.batch.metadata.push(metadata);
        }
        Ok(())
    }

    /// The labels of the series in hand as far as they can be read.
    fn describe(&self) -> String {
        let text = |at: &u32| self.symbols.get(*at as usize).copied().unwrap_or("?");
        let listed: Vec<String> = self
            .refs
            .chunks(2)
            .map(|pair| format!("{}={:?}", text(&pair[0]), pair.get(1).map_or("?", text)))
            .collect();
        format!("{{{}}}", crate::error::shorten(&listed.join(", ")))
    }
}

/// The family of a series: histograms and summaries give several series each.
fn family(metric: &str, kind: MetricKind) -> &str {
    let ends: &[&str] = match kind {
        MetricKind::Histogram | MetricKind::GaugeHistogram => {
            &["_bucket", "_count", "_sum", "_gcount", "_gsum"]
        }
        MetricKind::Summary => &["_count", "_sum"],
        _ => &[],
    };
    ends.iter().find_map(|end| metric.strip_suffix(end)).unwrap_or(metric)
}

fn some_or(start_ms: i64, otherwise_ms: i64) -> i64 {
    if start_ms == 0 { otherwise_ms } else { start_ms }
}

fn number(value: Value<'_>) -> Result<u32, Bad> {
    u32::try_from(value.varint()?).map_err(|_| "a reference is out of range")
}

fn push_refs(value: Value<'_>, refs: &mut Vec<u32>) -> Result<(), Bad> {
    match value {
        Value::Bytes(packed) => {
            let mut reader = Reader::new(packed);
            while reader.remaining() > 0 {
                refs.push(number(Value::Varint(reader.varint()?))?);
            }
        }
        single => refs.push(number(single)?),
    }
    Ok(())
}

/// A sample and its start time.
fn sample(message: &[u8]) -> Result<(Sample, i64), Bad> {
    let (mut sample, mut start_ms) = (Sample { t_ms: 0, value: 0.0 }, 0);
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => sample.value = value.double()?,
            2 => sample.t_ms = value.int64()?,
            3 => start_ms = value.int64()?,
            _ => {}
        }
    }
    Ok((sample, start_ms))
}

/// A request body with all of `batch`: a snappy block. Metadata goes with the series of its family.
pub fn encode(batch: &MetricBatch) -> Vec<u8> {
    let mut symbols = Symbols::default();
    symbols.of("");
    let mut all = Writer::default();
    for (i, series) in batch.series.iter().enumerate() {
        all.message(5, |m| put_series(m, batch, (i as u32, series), &mut symbols));
    }
    let mut request = Writer::default();
    for text in &symbols.texts {
        request.bytes(4, text.as_bytes());
    }
    request.bytes.extend_from_slice(&all.bytes);
    compression::to_snappy(&request.bytes)
}

#[derive(Default)]
struct Symbols {
    texts: Vec<String>,
    known: rustc_hash::FxHashMap<String, u32>,
}

impl Symbols {
    fn of(&mut self, text: &str) -> u32 {
        if let Some(at) = self.known.get(text) {
            return *at;
        }
        let at = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.known.insert(text.to_owned(), at);
        at
    }

    fn refs(&mut self, labels: &Labels) -> Vec<u8> {
        let mut packed = Writer::default();
        for (name, value) in labels.iter() {
            packed.raw_varint(u64::from(self.of(name)));
            packed.raw_varint(u64::from(self.of(value)));
        }
        packed.bytes
    }
}

fn put_series(m: &mut Writer, batch: &MetricBatch, (i, series): (u32, &BatchSeries), symbols: &mut Symbols) {
    m.bytes(1, &symbols.refs(&series.labels));
    let start_ms = series.start_ms as u64;
    for s in batch.samples_of(series) {
        m.message(2, |m| {
            m.double(1, s.value);
            m.varint(2, s.t_ms as u64);
            if start_ms != 0 {
                m.varint(3, start_ms);
            }
        });
    }
    for (_, t_ms, h) in batch.histograms.iter().filter(|(of, ..)| *of == i) {
        m.message(3, |m| {
            put_histogram(m, *t_ms, h);
            if start_ms != 0 {
                m.varint(17, start_ms);
            }
        });
    }
    for (_, e) in batch.exemplars.iter().filter(|(of, _)| *of == i) {
        let refs = symbols.refs(&e.labels);
        m.message(4, |m| {
            m.bytes(1, &refs);
            m.double(2, e.sample.value);
            m.varint(3, e.sample.t_ms as u64);
        });
    }
    let metric = series.labels.metric_name();
    if let Some(about) = batch.metadata.iter().find(|about| family(metric, about.kind) == about.family) {
        let number = KINDS.iter().position(|kind| *kind == about.kind).unwrap_or(0) as u64;
        let (help, unit) = (symbols.of(&about.help), symbols.of(&about.unit));
        m.message(5, |m| {
            m.varint(1, number);
            m.varint(3, u64::from(help));
            m.varint(4, u64::from(unit));
        });
    }
}
