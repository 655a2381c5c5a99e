//! Turns a target's pages into batches. Remembers what each line of the last page became, so that a page like the
//! one before costs a hash a line, and which series were there, so that those that disappear are marked stale.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use model::{
    BUCKET_LABEL, BatchSeries, Exemplar, Histogram, Labels, METRIC_NAME, Metadata, MetricBatch, MetricKind,
    Sample, stale_nan,
};
use rustc_hash::{FxHashMap, FxHasher};
use twox_hash::XxHash3_128;
use wire::exposition::{
    Format, Item, Parser, ProtoItem, ProtoOptions, ProtoValue, label_pairs, normal_bound, read_protobuf,
};

use super::buckets;
use super::custom_buckets::{Converter, Line};

use super::target::{EXTRA_REPORTS, REPORTS, Target};
use crate::config::{ScrapeConfig, ScrapeProtocol};
use crate::relabel::relabel_builder;
use crate::{Error, Result};

/// Families whose metadata is remembered for one target.
const MAX_FAMILIES: usize = 20_000;

/// What a scrape yielded.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Counts {
    /// Samples on the page.
    pub(crate) scraped: u64,
    /// Samples left after relabelling.
    pub(crate) kept: u64,
    /// Series that were not there before.
    pub(crate) added: u64,
}

/// How a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageFormat {
    Lines(Format),
    Protobuf,
}

impl PageFormat {
    /// What the content type says; `fallback` where it says nothing that is known.
    pub(crate) fn of(content_type: &str, fallback: Option<ScrapeProtocol>) -> Self {
        let mut parts = content_type.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        match media.as_str() {
            "application/openmetrics-text" => PageFormat::Lines(Format::OpenMetrics),
            "application/vnd.google.protobuf" => PageFormat::Protobuf,
            "text/plain" => PageFormat::Lines(Format::Text),
            _ => match fallback {
                Some(ScrapeProtocol::PrometheusProto) => PageFormat::Protobuf,
                Some(ScrapeProtocol::OpenMetricsText0_0_1 | ScrapeProtocol::OpenMetricsText1_0_0) => {
                    PageFormat::Lines(Format::OpenMetrics)
                }
                _ => PageFormat::Lines(Format::Text),
            },
        }
    }
}

/// A scrape whose page has been read, or could not be had.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scraped {
    pub(crate) t_ms: i64,
    pub(crate) duration_seconds: f64,
    pub(crate) up: bool,
    pub(crate) counts: Counts,
    /// Bytes of the page, decompressed; -1 if there were more than allowed.
    pub(crate) body_bytes: i64,
}

/// The memory of one target's pages.
#[derive(Debug, Default)]
pub(crate) struct PageReader {
    /// What each series text became: `None` if a rule dropped it.
    texts: FxHashMap<u128, (u64, Option<Labels>)>,
    /// Series of the last good page that go stale when they disappear: (first page, last page).
    live: FxHashMap<Labels, (u64, u64)>,
    /// Hash of what each family last said of itself.
    families: FxHashMap<String, u64>,
    page: u64,
}

impl PageReader {
    /// Series that a page of an earlier run held.
    pub(crate) fn seed(&mut self, series: Vec<Labels>) {
        for labels in series {
            self.live.entry(labels).or_insert((0, 0));
        }
    }

    /// Forgets what depends on the configuration; keeps which series are live.
    pub(crate) fn configuration_changed(&mut self) {
        self.texts.clear();
    }

    /// Forgets what was sent about families, because it was not kept.
    pub(crate) fn not_stored(&mut self) {
        self.families.clear();
    }

    /// Reads a page. On an error nothing of it is kept.
    pub(crate) fn read(
        &mut self,
        page: (&[u8], PageFormat),
        target: &Target,
        config: &ScrapeConfig,
        t_ms: i64,
    ) -> (MetricBatch, Counts, Result<()>) {
        self.page += 1;
        let mut reading = Reading {
            reader: self,
            target,
            config,
            t_ms,
            batch: MetricBatch::default(),
            counts: Counts::default(),
            kind: MetricKind::Unknown,
            converter: config.protocols.convert_classic.then(Converter::default),
        };
        let done = reading.all(page.0, page.1);
        let Reading { batch, counts, .. } = reading;
        let now = self.page;
        match done {
            Ok(metadata) => {
                let mut batch = batch;
                batch.metadata = metadata;
                self.end(|(_, last)| *last != now, t_ms, &mut batch);
                // Texts that no longer come are forgotten once they outweigh those that do.
                if self.texts.len() as u64 > counts.scraped * 2 + 100 {
                    self.texts.retain(|_, (last, _)| *last == now);
                }
                (batch, counts, Ok(()))
            }
            Err(error) => {
                self.live.retain(|_, (first, _)| *first != now);
                let mut batch = MetricBatch::default();
                self.end(|_| true, t_ms, &mut batch);
                (batch, counts, Err(error))
            }
        }
    }

    /// Marks all series stale: the target did not answer.
    pub(crate) fn end_all(&mut self, t_ms: i64, batch: &mut MetricBatch) {
        self.end(|_| true, t_ms, batch);
    }

    fn end(&mut self, mut over: impl FnMut(&(u64, u64)) -> bool, t_ms: i64, batch: &mut MetricBatch) {
        self.live.retain(|labels, pages| {
            let over = over(pages);
            if over {
                batch.push(labels.clone(), [Sample { t_ms, value: stale_nan() }]);
            }
            !over
        });
    }
}

/// Adds `up` and its kin.
pub(crate) fn add_reports(
    batch: &mut MetricBatch,
    target: &Target,
    config: &ScrapeConfig,
    scraped: &Scraped,
) {
    let values: [f64; REPORTS.len()] = [
        f64::from(u8::from(scraped.up)),
        scraped.duration_seconds,
        scraped.counts.scraped as f64,
        scraped.counts.kept as f64,
        scraped.counts.added as f64,
    ];
    for (labels, value) in target.reports.iter().zip(values) {
        batch.push(labels.clone(), [Sample { t_ms: scraped.t_ms, value }]);
    }
    if !config.protocols.extra_metrics {
        return;
    }
    let limit = config.limits.samples as f64;
    let extra = [target.timeout_ms as f64 / 1_000.0, limit, scraped.body_bytes as f64];
    for (name, value) in EXTRA_REPORTS.iter().zip(extra) {
        batch.push(target.labels.with(METRIC_NAME, name), [Sample { t_ms: scraped.t_ms, value }]);
    }
}

/// Ends `up` and its kin: the target is gone.
pub(crate) fn end_reports(batch: &mut MetricBatch, target: &Target, config: &ScrapeConfig, t_ms: i64) {
    let extra: &[&str] = if config.protocols.extra_metrics { &EXTRA_REPORTS } else { &[] };
    let extra = extra.iter().map(|name| target.labels.with(METRIC_NAME, name));
    for labels in target.reports.iter().cloned().chain(extra) {
        batch.push(labels, [Sample { t_ms, value: stale_nan() }]);
    }
}

struct Reading<'a> {
    reader: &'a mut PageReader,
    target: &'a Target,
    config: &'a ScrapeConfig,
    t_ms: i64,
    batch: MetricBatch,
    counts: Counts,
    /// The kind of the family whose lines are read.
    kind: MetricKind,
    /// Where classic histograms become native ones.
    converter: Option<Converter>,
}

/// A sample with what is said about it.
struct Sampled<'a> {
    series: &'a str,
    /// The line's number on a page of text, else 0.
    line: usize,
    value: Value,
    timestamp_ms: Option<i64>,
    start_ms: i64,
    /// Those without a time of their own have 0 there.
    exemplars: Vec<Exemplar>,
}

enum Value {
    Float(f64),
    Histogram(Box<Histogram>),
}

impl Reading<'_> {
    fn all(&mut self, page: &[u8], format: PageFormat) -> Result<Vec<Metadata>> {
        let expected = self.reader.live.len() + REPORTS.len();
        self.batch.series.reserve(expected);
        self.batch.samples.reserve(expected);
        let mut metadata: Vec<Metadata> = Vec::new();
        match format {
            PageFormat::Lines(format) => self.lines(page, format, &mut metadata)?,
            PageFormat::Protobuf => self.protobuf(page, &mut metadata)?,
        }
        self.end_family("", MetricKind::Unknown)?;
        metadata.retain(|family| self.is_news(family));
        Ok(metadata)
    }

    fn lines(&mut self, page: &[u8], format: Format, metadata: &mut Vec<Metadata>) -> Result<()> {
        for item in Parser::new(page, format)? {
            match item? {
                Item::Sample(point) => {
                    let exemplars = match point.exemplar {
                        None => Vec::new(),
                        Some(_) => point.exemplar(0)?.into_iter().collect(),
                    };
                    self.sample(Sampled {
                        series: point.series,
                        line: point.line(),
                        value: Value::Float(point.value),
                        timestamp_ms: point.timestamp_ms,
                        start_ms: 0,
                        exemplars,
                    })?;
                }
                Item::Help { family, text } => about(metadata, family).help = text.into_owned(),
                Item::Type { family, kind } => {
                    self.end_family(&family, kind)?;
                    about(metadata, family).kind = kind;
                }
                Item::Unit { family, unit } => about(metadata, family).unit = unit.to_owned(),
            }
        }
        Ok(())
    }

    fn protobuf(&mut self, page: &[u8], metadata: &mut Vec<Metadata>) -> Result<()> {
        let protocols = &self.config.protocols;
        let options = ProtoOptions { native: protocols.native, classic_too: protocols.classic_too };
        read_protobuf(page, options, &mut |item| match item {
            ProtoItem::Family(family) => {
                self.end_family(family.name, family.kind)?;
                metadata.push(Metadata {
                    family: family.name.to_owned(),
                    kind: family.kind,
                    help: family.help.to_owned(),
                    unit: family.unit.to_owned(),
                });
                Ok(())
            }
            ProtoItem::Sample(point) => self.sample(Sampled {
                series: point.series,
                line: 0,
                value: match point.value {
                    ProtoValue::Float(value) => Value::Float(value),
                    ProtoValue::Histogram(histogram) => Value::Histogram(Box::new(histogram.clone())),
                },
                timestamp_ms: point.timestamp_ms,
                start_ms: point.start_ms,
                exemplars: point.exemplars,
            }),
        })
    }

    /// Another family begins, or the page ends.
    fn end_family(&mut self, next: &str, kind: MetricKind) -> Result<()> {
        self.kind = kind;
        let Some(converter) = &mut self.converter else { return Ok(()) };
        for made in converter.begin(next, kind) {
            self.keep(Sampled {
                series: &made.series,
                line: 0,
                value: Value::Histogram(Box::new(made.histogram)),
                timestamp_ms: made.timestamp_ms,
                start_ms: made.start_ms,
                exemplars: made.exemplars,
            })?;
        }
        Ok(())
    }

    fn sample(&mut self, sampled: Sampled<'_>) -> Result<()> {
        if let (Some(converter), Value::Float(value)) = (&mut self.converter, &sampled.value) {
            let line = Line {
                value: *value,
                timestamp_ms: sampled.timestamp_ms,
                start_ms: sampled.start_ms,
                exemplars: sampled.exemplars.clone(),
            };
            if converter.take(sampled.series, &line) && !self.config.protocols.classic_too {
                return Ok(());
            }
        }
        self.keep(sampled)
    }

    fn keep(&mut self, sampled: Sampled<'_>) -> Result<()> {
        self.counts.scraped += 1;
        let now = self.reader.page;
        // The kind of the family decides how bounds are written: it is part of what the text became.
        let key = XxHash3_128::oneshot(sampled.series.as_bytes()) ^ self.kind as u128;
        let labels = match self.reader.texts.get_mut(&key) {
            Some((last, labels)) => {
                *last = now;
                labels.clone()
            }
            None => {
                let labels = self.labels_of(sampled.series, sampled.line)?;
                self.reader.texts.insert(key, (now, labels.clone()));
                labels
            }
        };
        let Some(labels) = labels else { return Ok(()) };
        self.counts.kept += 1;
        let limit = self.config.limits.samples;
        if limit > 0 && self.counts.kept > limit {
            return Err(Error::Limit(format!("the page has more samples than sample_limit ({limit})")));
        }
        let own_time = sampled.timestamp_ms.filter(|_| self.config.honor_timestamps);
        if own_time.is_none() || self.config.track_timestamps_staleness {
            let (_, last) = self.reader.live.entry(labels.clone()).or_insert_with(|| {
                self.counts.added += 1;
                (now, now)
            });
            *last = now;
        }
        let t_ms = own_time.unwrap_or(self.t_ms);
        let index = self.batch.series.len() as u32;
        for mut exemplar in sampled.exemplars {
            if exemplar.sample.t_ms == 0 {
                exemplar.sample.t_ms = t_ms;
            }
            self.batch.exemplars.push((index, exemplar));
        }
        let first = self.batch.samples.len() as u32;
        let mut series = BatchSeries { labels, first, count: 0, start_ms: sampled.start_ms };
        match sampled.value {
            Value::Float(value) => {
                self.batch.samples.push(Sample { t_ms, value });
                series.count = 1;
            }
            Value::Histogram(mut histogram) => {
                let protocols = &self.config.protocols;
                buckets::bound(&mut histogram, protocols.bucket_limit, protocols.min_bucket_factor)
                    .map_err(|why| Error::Limit(format!("{}: {why}", series.labels)))?;
                self.batch.histograms.push((index, t_ms, *histogram));
            }
        }
        self.batch.series.push(series);
        Ok(())
    }

    /// A label's value, bounds of buckets and quantiles as Prometheus writes them.
    fn normal<'v>(&self, name: &str, value: &'v str) -> Cow<'v, str> {
        let is_bound = match self.kind {
            MetricKind::Histogram => name == BUCKET_LABEL,
            MetricKind::Summary => name == "quantile",
            _ => false,
        };
        match is_bound.then(|| normal_bound(value)).flatten() {
            Some(normal) => Cow::Owned(normal),
            None => Cow::Borrowed(value),
        }
    }

    /// The labels that a series gets: the target's added, rules applied, bounds checked.
    fn labels_of(&self, series: &str, line: usize) -> Result<Option<Labels>> {
        let pairs =
            label_pairs(series).map_err(|why| wire::Error::Exposition { line, why, text: series.into() })?;
        let mut labels = Labels::empty().to_builder();
        for (name, value) in &pairs {
            if !value.is_empty() {
                labels.set(&**name, self.normal(name, value));
            }
        }
        let has = |name: &str| pairs.iter().any(|(n, _)| n == name);
        let mut moved: Vec<(String, String)> = Vec::new();
        for (name, value) in self.target.labels.iter() {
            if self.config.honor_labels {
                // A label that the page sets to nothing is honored too: it keeps the target's away.
                if !has(name) {
                    labels.set(name, value);
                }
                continue;
            }
            let old = labels.value(name).to_owned();
            if !old.is_empty() {
                moved.push((name.to_owned(), old));
            }
            labels.set(name, value);
        }
        moved.sort_by_key(|(name, _)| name.len());
        for (name, value) in moved {
            let mut exported = format!("exported_{name}");
            while !labels.value(&exported).is_empty() {
                exported.insert_str(0, "exported_");
            }
            labels.set(exported, value);
        }
        if !relabel_builder(&mut labels, &self.config.metric_relabel) {
            return Ok(None);
        }
        let labels = labels.build();
        if labels.metric_name().is_empty() {
            return Err(Error::Limit(format!(
                "line {line}: relabelling leaves the series without a metric name: {series}"
            )));
        }
        self.check_limits(&labels)?;
        Ok(Some(labels))
    }

    fn check_limits(&self, labels: &Labels) -> Result<()> {
        let limits = &self.config.limits;
        let over = |n: usize, limit: u64| limit > 0 && n as u64 > limit;
        let refuse = |what: &str, limit: u64| {
            let metric = labels.value(METRIC_NAME);
            Err(Error::Limit(format!("a series of {metric} passes {what} ({limit})")))
        };
        if over(labels.len(), limits.labels) {
            return refuse("label_limit", limits.labels);
        }
        for (name, value) in labels.iter() {
            if over(name.len(), limits.label_name_length) {
                return refuse("label_name_length_limit", limits.label_name_length);
            }
            if over(value.len(), limits.label_value_length) {
                return refuse("label_value_length_limit", limits.label_value_length);
            }
        }
        Ok(())
    }

    /// Whether a family says something else than last time.
    fn is_news(&mut self, family: &Metadata) -> bool {
        let mut hasher = FxHasher::default();
        (family.kind, &family.help, &family.unit).hash(&mut hasher);
        let hash = hasher.finish();
        let known = &mut self.reader.families;
        if let Some(old) = known.get_mut(&family.family) {
            return std::mem::replace(old, hash) != hash;
        }
        let room = known.len() < MAX_FAMILIES;
        if room {
            known.insert(family.family.clone(), hash);
        }
        room
    }
}

/// The entry of a family: lines about one family stand together.
fn about<'a>(metadata: &'a mut Vec<Metadata>, family: Cow<'_, str>) -> &'a mut Metadata {
    if metadata.last().is_none_or(|last| last.family != family) {
        metadata.push(Metadata { family: family.into_owned(), ..Metadata::default() });
    }
    metadata.last_mut().expect("one was pushed")
}

#[cfg(test)]
mod tests;
