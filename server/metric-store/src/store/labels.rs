//! Giving metrics out: selections, series, label names and values, metadata, exemplars.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::{
    Control, Exemplar, Labels, Matcher, Metadata, MetricStats, Select, Selector, SeriesSet, SeriesSource,
};

use super::{MetricStore, State};
use crate::head::LabelsMap;
use crate::partition::{IndexGroup, Opened, PartitionFile};
use crate::select::{Selected, Snapshot};
use crate::tombstones::{Tombstone, cuts_of_group};

/// A range of time, inclusive.
type Span = (i64, i64);

impl SeriesSource for MetricStore {
    fn select(&self, select: &Select, control: &Control) -> model::Result<Box<dyn SeriesSet>> {
        let snapshot = Snapshot::take(&self.state.read(), select);
        Ok(Box::new(Selected::new(snapshot, select, control)?))
    }

    fn series(
        &self,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        limit: usize,
        control: &Control,
    ) -> model::Result<Vec<Labels>> {
        let mut found: LabelsMap<()> = LabelsMap::default();
        let span = (start_ms, end_ms);
        self.each_head_series(selectors, span, |labels| {
            found.insert(labels.clone(), ());
        });
        self.each_group(selectors, span, control, |group, index| {
            found.insert(group.labels(index), ());
        })?;
        let mut all: Vec<Labels> = found.into_keys().collect();
        all.sort_unstable();
        if limit > 0 {
            all.truncate(limit);
        }
        Ok(all)
    }

    fn label_names(
        &self,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        control: &Control,
    ) -> model::Result<Vec<String>> {
        let mut found = BTreeSet::new();
        let span = (start_ms, end_ms);
        self.each_head_series(selectors, span, |labels| {
            for (name, _) in labels.iter() {
                note(&mut found, name);
            }
        });
        self.each_group(selectors, span, control, |group, index| {
            for name in group.names().filter(|name| group.value(index, name).is_some()) {
                note(&mut found, name);
            }
        })?;
        Ok(found.into_iter().collect())
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Selector],
        start_ms: i64,
        end_ms: i64,
        control: &Control,
    ) -> model::Result<Vec<String>> {
        let mut found = BTreeSet::new();
        let span = (start_ms, end_ms);
        if selectors.is_empty() && self.state.read().tombstones.is_empty() {
            self.all_values(name, span, &mut found);
            return Ok(found.into_iter().collect());
        }
        self.each_head_series(selectors, span, |labels| {
            if let Some(value) = labels.get(name) {
                note(&mut found, value);
            }
        });
        self.each_group(selectors, span, control, |group, index| {
            if let Some(value) = group.value(index, name) {
                note(&mut found, value);
            }
        })?;
        Ok(found.into_iter().collect())
    }

    fn metadata(&self, family: Option<&str>) -> model::Result<Vec<Metadata>> {
        let state = self.state.read();
        Ok(match family {
            Some(family) => state.metadata.get(family).cloned().into_iter().collect(),
            None => state.metadata.values().cloned().collect(),
        })
    }

    fn exemplars(&self, select: &Select, control: &Control) -> model::Result<Vec<(Labels, Vec<Exemplar>)>> {
        let state = self.state.read();
        let mut found: BTreeMap<Labels, Vec<Exemplar>> = BTreeMap::new();
        for kept in state.head.exemplars.iter() {
            let wanted = (select.start_ms..=select.end_ms).contains(&kept.exemplar.sample.t_ms);
            if wanted && model::matches_all(&select.matchers, &kept.labels) {
                found.entry(kept.labels.clone()).or_default().push(kept.exemplar.clone());
            }
        }
        control.check()?;
        Ok(found.into_iter().collect())
    }

    fn stats(&self) -> MetricStats {
        let state = self.state.read();
        let bounds = state.partitions.iter().map(|p| p.summary.bounds).chain(state.head.bounds);
        MetricStats {
            active_series: state.head.series().len() as u64,
            head_samples: state.head.live_samples + state.head.frozen_samples,
            partitions: state.partitions.len() as u64,
            disk_bytes: state.partitions.iter().map(|p| p.bytes).sum::<u64>()
                + self.wal.disk_bytes()
                + self.manifest.bytes(),
            appended_samples: self.counters.appended.load(Ordering::Relaxed),
            min_time_ms: bounds.clone().map(|b| b.0).min(),
            max_time_ms: bounds.map(|b| b.1).max(),
        }
    }
}

fn note(found: &mut BTreeSet<String>, text: &str) {
    if !found.contains(text) {
        found.insert(text.to_owned());
    }
}

/// The selectors, or one that all series pass.
fn or_all(selectors: &[Selector]) -> Vec<&[Matcher]> {
    if selectors.is_empty() { vec![&[]] } else { selectors.iter().map(Vec::as_slice).collect() }
}

impl MetricStore {
    fn each_head_series(&self, selectors: &[Selector], span: Span, mut each: impl FnMut(&Labels)) {
        let state = self.state.read();
        if !state.head.bounds.is_some_and(|(first, last)| first <= span.1 && last >= span.0) {
            return;
        }
        for matchers in or_all(selectors) {
            for series in state.head.select(matchers) {
                if touches(&state, series, span) {
                    each(&state.head.get(series).labels);
                }
            }
        }
    }

    /// Calls `each` with the groups and indexes of partition series that match any selector. What is damaged is
    /// skipped: these answers carry no warnings, the log has them.
    fn each_group(
        &self,
        selectors: &[Selector],
        span: Span,
        control: &Control,
        mut each: impl FnMut(&IndexGroup, usize),
    ) -> model::Result<()> {
        let (partitions, tombstones) = self.touching(span);
        for partition in partitions {
            let opened = match partition.open() {
                Ok(opened) => opened,
                Err(error) => {
                    tracing::warn!(%error, "a partition is skipped");
                    continue;
                }
            };
            let order = partition.summary.order;
            let concerned: Vec<Tombstone> =
                tombstones.iter().filter(|t| t.concerns(order, span)).cloned().collect();
            for matchers in or_all(selectors) {
                control.check()?;
                each_group_of(&opened, matchers, span, &concerned, &mut each);
            }
        }
        Ok(())
    }

    fn touching(&self, span: Span) -> (Vec<Arc<PartitionFile>>, Arc<Vec<Tombstone>>) {
        let state = self.state.read();
        let partitions = state.partitions.iter().filter(|p| p.touches(span.0, span.1)).cloned().collect();
        (partitions, Arc::clone(&state.tombstones))
    }

    /// All values of a label, from the postings alone.
    fn all_values(&self, name: &str, span: Span, found: &mut BTreeSet<String>) {
        {
            let state = self.state.read();
            for (value, list) in state.head.postings().values(name) {
                if !found.contains(value) && list.iter().any(|series| touches(&state, *series, span)) {
                    found.insert(value.to_owned());
                }
            }
        }
        for partition in self.touching(span).0 {
            let outcome =
                partition.open().and_then(|opened| opened.each_value(name, |value, _| note(found, value)));
            if let Err(error) = outcome {
                tracing::warn!(%error, "label values are incomplete");
            }
        }
    }
}

fn touches(state: &State, series: u32, span: Span) -> bool {
    let series = state.head.get(series);
    let frozen = series.frozen.as_deref().is_some_and(|samples| samples.touches(span.0, span.1));
    frozen || series.live.touches(span.0, span.1)
}

fn each_group_of(
    opened: &Opened,
    matchers: &[Matcher],
    span: Span,
    tombstones: &[Tombstone],
    each: &mut impl FnMut(&IndexGroup, usize),
) {
    let groups = opened.groups(matchers).unwrap_or_else(|error| {
        tracing::warn!(%error, "all groups are looked at");
        (0..opened.root.groups).collect()
    });
    for number in groups {
        let block = match opened.block_of(number) {
            Ok(block) => block,
            Err(error) => {
                tracing::warn!(%error, "a group is skipped");
                continue;
            }
        };
        let Some(group) = block.group(number).filter(|group| group.touches(span.0, span.1)) else { continue };
        let Some(pass) = group.select(matchers) else { continue };
        let cuts = cuts_of_group(tombstones, group);
        for index in (0..group.len()).filter(|i| pass[*i]) {
            let (first, last) = group.bounds(index);
            let wanted = (first.max(span.0), last.min(span.1));
            let hidden = cuts[index].iter().any(|cut| cut.0 <= wanted.0 && cut.1 >= wanted.1);
            if wanted.0 <= wanted.1 && !hidden {
                each(group, index);
            }
        }
    }
}
