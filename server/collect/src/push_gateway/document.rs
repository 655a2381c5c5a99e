//! A group as a document: what is said about it as JSON, its series as remote write requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::{BatchSeries, Metadata, MetricBatch, MetricKind, Sample};
use serde::{Deserialize, Serialize};
use wire::remote_write;

use super::{GroupingKey, PushedFamily, PushedGroup, Value};

#[derive(Serialize, Deserialize)]
struct Document {
    labels: GroupingKey,
    push_ms: i64,
    failure_ms: i64,
    families: Vec<Family>,
}

#[derive(Serialize, Deserialize)]
struct Family {
    name: String,
    pushed_ms: i64,
    /// A remote write request, base64: the family's metadata and series at time 0.
    series: String,
}

/// Names a group's document.
pub(super) fn id(key: &GroupingKey) -> String {
    let pairs: Vec<String> = key.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    pairs.join(",")
}

pub(super) fn encode(group: &PushedGroup) -> Vec<u8> {
    let families = group.families.iter().map(|(name, family)| Family {
        name: name.clone(),
        pushed_ms: family.pushed_ms,
        series: BASE64.encode(remote_write::encode(&batch(family))),
    });
    let document = Document {
        labels: group.labels.clone(),
        push_ms: group.push_ms,
        failure_ms: group.failure_ms,
        families: families.collect(),
    };
    serde_json::to_vec(&document).expect("maps of texts and numbers are JSON")
}

fn batch(family: &PushedFamily) -> MetricBatch {
    let mut batch = MetricBatch { metadata: vec![family.about.clone()], ..MetricBatch::default() };
    for (labels, value) in &family.series {
        match value {
            Value::Float(value) => batch.push(labels.clone(), [Sample { t_ms: 0, value: *value }]),
            Value::Histogram(histogram) => {
                let first = batch.samples.len() as u32;
                batch.histograms.push((batch.series.len() as u32, 0, histogram.clone()));
                batch.series.push(BatchSeries { labels: labels.clone(), first, count: 0, start_ms: 0 });
            }
        }
    }
    batch
}

pub(super) fn decode(bytes: &[u8]) -> Result<PushedGroup, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    let decoder = remote_write::Decoder::new(1, remote_write::Decoder::DEFAULT_LIMIT);
    let mut group = PushedGroup {
        labels: document.labels,
        push_ms: document.push_ms,
        failure_ms: document.failure_ms,
        ..PushedGroup::default()
    };
    for family in document.families {
        let body = BASE64.decode(&family.series).map_err(|e| e.to_string())?;
        let mut batch = decoder.decode(&body).map_err(|e| e.to_string())?;
        let mut series = Vec::with_capacity(batch.series.len());
        for (index, of) in batch.series.iter().enumerate() {
            let found = batch.histograms.binary_search_by_key(&(index as u32), |(at, ..)| *at);
            let histogram = found.ok().map(|at| &batch.histograms[at]);
            let float = batch.samples_of(of).first().map(|sample| Value::Float(sample.value));
            let value = histogram.map(|(.., h)| Value::Histogram(h.clone())).or(float);
            series.extend(value.map(|value| (of.labels.clone(), value)));
        }
        let unknown = || Metadata {
            family: family.name.clone(),
            kind: MetricKind::Unknown,
            help: String::new(),
            unit: String::new(),
        };
        let about = batch.metadata.pop().unwrap_or_else(unknown);
        let kept = PushedFamily { about, series, pushed_ms: family.pushed_ms };
        group.families.insert(family.name, kept);
    }
    Ok(group)
}
