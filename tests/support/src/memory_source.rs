//! A metric store in memory, for tests of query engines and of what stands above them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{
    Control, Histogram, Labels, Metadata, MetricStats, Result, Select, Selector, Series, SeriesSet,
    SeriesSource, matches_all,
};

/// A sample of either kind.
#[derive(Debug, Clone)]
enum Value {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// Series in memory. The first value of a timestamp wins, as in a store.
#[derive(Debug, Clone)]
pub struct MemorySource {
    series: BTreeMap<Labels, BTreeMap<i64, Value>>,
    batch: usize,
    warnings: Vec<String>,
    metadata: Vec<Metadata>,
}

impl Default for MemorySource {
    fn default() -> Self {
        MemorySource { series: BTreeMap::new(), batch: 3, warnings: Vec::new(), metadata: Vec::new() }
    }
}

impl MemorySource {
    /// An empty source.
    pub fn new() -> Self {
        MemorySource::default()
    }

    /// A source that gives `batch` series at a time.
    pub fn with_batches_of(batch: usize) -> Self {
        MemorySource { batch: batch.max(1), ..MemorySource::default() }
    }

    /// Adds floats to a series.
    pub fn push(&mut self, labels: Labels, samples: impl IntoIterator<Item = (i64, f64)>) {
        let series = self.series.entry(labels).or_default();
        for (t_ms, value) in samples {
            series.entry(t_ms).or_insert(Value::Float(value));
        }
    }

    /// Adds a histogram to a series.
    pub fn push_histogram(&mut self, labels: Labels, t_ms: i64, histogram: Histogram) {
        self.series.entry(labels).or_default().entry(t_ms).or_insert(Value::Histogram(Arc::new(histogram)));
    }

    /// Lets each answer carry a warning.
    pub fn warn(&mut self, message: impl Into<String>) {
        self.warnings.push(message.into());
    }

    /// Adds metadata of a family.
    pub fn describe(&mut self, metadata: Metadata) {
        self.metadata.push(metadata);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.series.clear();
    }

    fn matching(&self, selectors: &[Selector], start_ms: i64, end_ms: i64) -> Vec<&Labels> {
        let found = self.series.iter().filter(|(labels, samples)| {
            (selectors.is_empty() || selectors.iter().any(|s| matches_all(s, labels)))
                && samples.range(start_ms..=end_ms.max(start_ms)).next().is_some()
        });
        found.map(|(labels, _)| labels).collect()
    }
}

struct Batches {
    series: Vec<Series>,
    batch: usize,
    warnings: Vec<String>,
}

impl SeriesSet for Batches {
    fn batches(&self) -> usize {
        self.series.len().div_ceil(self.batch)
    }

    fn read(&self, batch: usize, control: &Control) -> Result<Vec<Series>> {
        let first = batch * self.batch;
        let series = &self.series[first..(first + self.batch).min(self.series.len())];
        control.read_samples(series.iter().map(|s| s.values.len() as u64).sum())?;
        Ok(series.to_vec())
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

impl SeriesSource for MemorySource {
    fn select(&self, select: &Select, _: &Control) -> Result<Box<dyn SeriesSet>> {
        let mut columns: BTreeSet<Arc<[i64]>> = BTreeSet::new();
        let mut out = Vec::new();
        let (start, end) = (select.start_ms, select.end_ms.max(select.start_ms));
        for (labels, samples) in self.series.iter().filter(|(l, _)| matches_all(&select.matchers, l)) {
            let times: Vec<i64> = samples.range(start..=end).map(|(t, _)| *t).collect();
            if times.is_empty() {
                continue;
            }
            let timestamps = match columns.get(times.as_slice()) {
                Some(shared) => shared.clone(),
                None => {
                    let column: Arc<[i64]> = times.into();
                    columns.insert(column.clone());
                    column
                }
            };
            let (mut values, mut histograms) = (Vec::new(), Vec::new());
            for (i, (_, value)) in samples.range(start..=end).enumerate() {
                match value {
                    Value::Float(value) => values.push(*value),
                    Value::Histogram(histogram) => {
                        values.push(histogram.sum);
                        histograms.push((i as u32, histogram.clone()));
                    }
                }
            }
            out.push(Series { labels: labels.clone(), timestamps, values, histograms, starts: Vec::new() });
        }
        Ok(Box::new(Batches { series: out, batch: self.batch, warnings: self.warnings.clone() }))
    }

    fn series(
        &self,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        limit: usize,
        _: &Control,
    ) -> Result<Vec<Labels>> {
        let mut found: Vec<Labels> =
            self.matching(selectors, start_ms, end_ms).into_iter().cloned().collect();
        if limit > 0 {
            found.truncate(limit);
        }
        Ok(found)
    }

    fn label_names(
        &self,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        _: &Control,
    ) -> Result<Vec<String>> {
        let found = self.matching(selectors, start_ms, end_ms);
        let names: BTreeSet<String> =
            found.iter().flat_map(|labels| labels.iter().map(|(name, _)| name.to_owned())).collect();
        Ok(names.into_iter().collect())
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        _: &Control,
    ) -> Result<Vec<String>> {
        let found = self.matching(selectors, start_ms, end_ms);
        let values: BTreeSet<String> =
            found.iter().filter_map(|labels| labels.get(name)).map(str::to_owned).collect();
        Ok(values.into_iter().collect())
    }

    fn metadata(&self, family: Option<&str>) -> Result<Vec<Metadata>> {
        let wanted = self.metadata.iter().filter(|m| family.is_none_or(|family| m.family == family));
        Ok(wanted.cloned().collect())
    }

    fn stats(&self) -> MetricStats {
        MetricStats {
            active_series: self.series.len() as u64,
            head_samples: self.series.values().map(|s| s.len() as u64).sum(),
            min_time_ms: self.series.values().filter_map(|s| s.keys().next().copied()).min(),
            max_time_ms: self.series.values().filter_map(|s| s.keys().next_back().copied()).max(),
            ..MetricStats::default()
        }
    }
}
