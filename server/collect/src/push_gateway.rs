//! The Pushgateway's groups: metrics that jobs push once and that stay until they are replaced or deleted. Their
//! series get a sample at every interval, as if the gateway were scraped. Source: the README of
//! prometheus/pushgateway.

mod body;
mod document;
mod path;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    BatchSeries, Clock, Histogram, Labels, METRIC_NAME, Metadata, MetricBatch, MetricKind, MetricSink,
};
use model::{Sample, stale_nan};
use parking_lot::Mutex;

pub use body::PushFormat;
pub use path::grouping_key;

/// How often every series gets a sample, ms.
pub const INTERVAL_MS: i64 = 15_000;
/// Groups, at most.
const MAX_GROUPS: usize = 100_000;
/// Samples of one group, at most.
const MAX_SAMPLES: usize = 1_000_000;

const PUSH_TIME: &str = "push_time_seconds";
const FAILURE_TIME: &str = "push_failure_time_seconds";

/// Labels that name a group, `job` among them.
pub type GroupingKey = BTreeMap<String, String>;

/// Where groups are kept over restarts: documents by id.
pub trait GroupStore: Send + Sync {
    /// All documents.
    fn load(&self) -> Result<Vec<(String, Vec<u8>)>, String>;
    /// Replaces a document, or removes it.
    fn save(&self, id: &str, document: Option<&[u8]>) -> Result<(), String>;
}

/// What a push does to what its group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushMode {
    /// PUT: nothing else stays.
    Replace,
    /// POST: families of other names stay.
    Update,
}

/// Why a push is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushError {
    /// The push is wrong.
    Bad(String),
    /// It cannot be kept now.
    Unavailable(String),
}

/// The value of a pushed series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Float(f64),
    Histogram(Histogram),
}

/// A family of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct PushedFamily {
    /// Kind, help and unit.
    pub about: Metadata,
    /// Its series with the group's labels.
    pub(crate) series: Vec<(Labels, Value)>,
    /// When it was pushed, ms.
    pub pushed_ms: i64,
}

impl PushedFamily {
    /// Its series with their values as text; of a native histogram its count of observations.
    pub fn values(&self) -> impl Iterator<Item = (&Labels, String)> {
        self.series.iter().map(|(labels, value)| match value {
            Value::Float(value) => (labels, value.to_string()),
            Value::Histogram(histogram) => (labels, histogram.count.to_string()),
        })
    }
}

/// A group as it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PushedGroup {
    /// The grouping key.
    pub labels: GroupingKey,
    /// Its families by name.
    pub families: BTreeMap<String, PushedFamily>,
    /// The last good push, ms; 0 = none.
    pub push_ms: i64,
    /// The last push that was refused, ms; 0 = none.
    pub failure_ms: i64,
}

/// See the module.
pub struct PushGateway {
    groups: Mutex<BTreeMap<GroupingKey, PushedGroup>>,
    sink: Arc<dyn MetricSink>,
    store: Arc<dyn GroupStore>,
    clock: Arc<dyn Clock>,
}

impl PushGateway {
    /// The gateway with the groups that `store` holds. Documents that cannot be read are left out and logged.
    pub fn open(sink: Arc<dyn MetricSink>, store: Arc<dyn GroupStore>, clock: Arc<dyn Clock>) -> Self {
        let mut groups = BTreeMap::new();
        match store.load() {
            Ok(documents) => {
                for (id, bytes) in documents {
                    match document::decode(&bytes) {
                        Ok(group) => drop(groups.insert(group.labels.clone(), group)),
                        Err(why) => tracing::warn!(id, why, "pushed metrics cannot be read and are left out"),
                    }
                }
            }
            Err(why) => tracing::error!(why, "pushed metrics of earlier runs cannot be read"),
        }
        PushGateway { groups: Mutex::new(groups), sink, store, clock }
    }

    /// Takes a push. Its samples are stored at once; a refused one changes nothing but the time of failure.
    pub fn push(
        &self,
        key: GroupingKey,
        mode: PushMode,
        (body, format): (&[u8], PushFormat),
    ) -> Result<(), PushError> {
        let now = self.clock.now_ms();
        let mut groups = self.groups.lock();
        let read = body::read(body, format, &key, now).and_then(|families| {
            check_kinds(&groups, &key, &families)?;
            Ok(families)
        });
        let known = groups.get(&key).cloned();
        if known.is_none() && groups.len() >= MAX_GROUPS {
            return Err(PushError::Bad(format!("there are {MAX_GROUPS} groups already, which is the bound")));
        }
        let mut group = known.unwrap_or_else(|| PushedGroup { labels: key.clone(), ..Default::default() });
        let mut gone = Vec::new();
        let refused = match read {
            Ok(families) => {
                gone = series_of(&group);
                if mode == PushMode::Replace {
                    group.families.clear();
                }
                group.families.extend(families);
                let kept: usize = group.families.values().map(|family| family.series.len()).sum();
                if kept > MAX_SAMPLES {
                    let why = format!("the group would have {kept} series, the bound is {MAX_SAMPLES}");
                    return Err(PushError::Bad(why));
                }
                group.push_ms = now;
                None
            }
            Err(why) => {
                group.failure_ms = now;
                Some(PushError::Bad(why))
            }
        };
        self.save(&key, Some(&group))?;
        let mut batch = MetricBatch::default();
        add_group(&group, now, &mut batch);
        let stay: std::collections::HashSet<Labels> = series_of(&group).into_iter().collect();
        for labels in gone.into_iter().filter(|labels| !stay.contains(labels)) {
            batch.push(labels, [Sample { t_ms: now, value: stale_nan() }]);
        }
        groups.insert(key, group);
        drop(groups);
        self.store_batch(&batch).map_err(PushError::Unavailable)?;
        refused.map_or(Ok(()), Err)
    }

    /// Deletes a group: its series end.
    pub fn delete(&self, key: &GroupingKey) -> Result<(), PushError> {
        let mut groups = self.groups.lock();
        if let Some(group) = groups.get(key) {
            self.save(key, None)?;
            let batch = end_of(group, self.clock.now_ms());
            groups.remove(key);
            drop(groups);
            self.store_batch(&batch).map_err(PushError::Unavailable)?;
        }
        Ok(())
    }

    /// Deletes all groups.
    pub fn wipe(&self) -> Result<(), PushError> {
        let keys: Vec<GroupingKey> = self.groups.lock().keys().cloned().collect();
        keys.iter().try_for_each(|key| self.delete(key))
    }

    /// All groups as they are now.
    pub fn groups(&self) -> Vec<PushedGroup> {
        self.groups.lock().values().cloned().collect()
    }

    /// Gives every series a sample of now. To be called every [`INTERVAL_MS`].
    pub fn tick(&self) {
        let now = self.clock.now_ms();
        let mut batch = MetricBatch::default();
        for group in self.groups.lock().values() {
            add_group(group, now, &mut batch);
        }
        if let Err(why) = self.store_batch(&batch) {
            tracing::warn!(why, "pushed metrics could not be stored");
        }
    }

    fn store_batch(&self, batch: &MetricBatch) -> Result<(), String> {
        if batch.is_empty() {
            return Ok(());
        }
        let appended = self.sink.append(batch).map_err(|error| error.to_string())?;
        match appended.rejected.first() {
            // Two pushes within one millisecond: the second is seen at the next interval.
            None => Ok(()),
            Some(first) => {
                tracing::debug!(series = %first.labels, reason = first.reason, "a pushed sample was not kept");
                Ok(())
            }
        }
    }

    fn save(&self, key: &GroupingKey, group: Option<&PushedGroup>) -> Result<(), PushError> {
        let id = document::id(key);
        let document = group.map(document::encode);
        self.store.save(&id, document.as_deref()).map_err(PushError::Unavailable)
    }
}

/// A family has one kind, whoever pushes it.
fn check_kinds(
    groups: &BTreeMap<GroupingKey, PushedGroup>,
    key: &GroupingKey,
    families: &BTreeMap<String, PushedFamily>,
) -> Result<(), String> {
    let others = || groups.iter().filter(|(other, _)| *other != key).map(|(_, group)| group);
    for (name, family) in families {
        let kind = family.about.kind;
        let other = others().filter_map(|group| group.families.get(name)).find(|f| f.about.kind != kind);
        if let Some(other) = other {
            return Err(format!(
                "the metric {name:?} is pushed as {}, another group has it as {}",
                kind.as_str(),
                other.about.kind.as_str()
            ));
        }
    }
    Ok(())
}

fn own_series(group: &PushedGroup) -> [(Labels, f64, &'static str); 2] {
    let of = |name: &'static str| {
        let pairs = group.labels.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        Labels::from_pairs(pairs.chain([(METRIC_NAME, name)]))
    };
    [
        (
            of(PUSH_TIME),
            group.push_ms as f64 / 1_000.0,
            "When the group was last pushed, in seconds since 1970.",
        ),
        (
            of(FAILURE_TIME),
            group.failure_ms as f64 / 1_000.0,
            "When a push to the group was last refused, in seconds since 1970.",
        ),
    ]
}

fn series_of(group: &PushedGroup) -> Vec<Labels> {
    let pushed =
        group.families.values().flat_map(|family| family.series.iter().map(|(labels, _)| labels.clone()));
    pushed.chain(own_series(group).into_iter().map(|(labels, ..)| labels)).collect()
}

fn add_group(group: &PushedGroup, t_ms: i64, batch: &mut MetricBatch) {
    for family in group.families.values() {
        batch.metadata.push(family.about.clone());
        for (labels, value) in &family.series {
            match value {
                Value::Float(value) => batch.push(labels.clone(), [Sample { t_ms, value: *value }]),
                Value::Histogram(histogram) => {
                    let first = batch.samples.len() as u32;
                    batch.histograms.push((batch.series.len() as u32, t_ms, histogram.clone()));
                    batch.series.push(BatchSeries { labels: labels.clone(), first, count: 0, start_ms: 0 });
                }
            }
        }
    }
    for (labels, value, help) in own_series(group) {
        let (family, kind, unit) = (labels.metric_name().to_owned(), MetricKind::Gauge, String::new());
        batch.metadata.push(Metadata { family, kind, help: help.to_owned(), unit });
        batch.push(labels, [Sample { t_ms, value }]);
    }
}

fn end_of(group: &PushedGroup, t_ms: i64) -> MetricBatch {
    let mut batch = MetricBatch::default();
    for labels in series_of(group) {
        batch.push(labels, [Sample { t_ms, value: stale_nan() }]);
    }
    batch
}

#[cfg(test)]
mod tests;
