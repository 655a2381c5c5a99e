//! What tailing says on `/metrics`: the metrics that `metrics` stages make of lines, and figures of each source.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Clock, Labels, MetricKind};
use parking_lot::Mutex;
use wire::exposition::{Family, Page};

use super::stages::metrics::{Metric, Series};
use super::status::{TailStatus, TailTargetStatus};
use crate::Gatherer;

/// Writes the metrics of the configuration in use.
pub(crate) struct TailMetrics {
    pub(crate) stages: Mutex<Vec<Arc<Metric>>>,
    pub(crate) status: Arc<Mutex<Arc<TailStatus>>>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Gatherer for TailMetrics {
    fn gather(&self, page: &mut Page) {
        let status = self.status.lock().clone();
        if !status.targets.is_empty() {
            sources(page, &status.targets);
        }
        // Stages of several jobs may make series of one metric.
        let mut families: BTreeMap<String, Vec<Arc<Metric>>> = BTreeMap::new();
        for metric in self.stages.lock().iter() {
            families.entry(metric.name.clone()).or_default().push(metric.clone());
        }
        let now_ms = self.clock.now_ms();
        for (name, metrics) in &families {
            let Some(first) = metrics.first() else { continue };
            let mut family = page.family(name, first.kind, &first.description);
            let mut seen: BTreeMap<Labels, ()> = BTreeMap::new();
            for metric in metrics.iter().filter(|metric| metric.kind == first.kind) {
                for (labels, series) in metric.series(now_ms) {
                    if seen.insert(labels.clone(), ()).is_none() {
                        write_series(&mut family, metric, &labels, &series);
                    }
                }
            }
        }
    }
}

fn write_series(family: &mut Family<'_>, metric: &Metric, labels: &Labels, series: &Series) {
    let pairs: Vec<(&str, &str)> = labels.iter().collect();
    if metric.kind != MetricKind::Histogram {
        family.sample(&pairs, series.value);
        return;
    }
    let bounds = metric.buckets.iter().map(f64::to_string).zip(series.below.iter().copied());
    for (bound, count) in bounds.chain([("+Inf".to_owned(), series.count)]) {
        let mut pairs = pairs.clone();
        pairs.push(("le", &bound));
        family.suffixed("_bucket", &pairs, count as f64);
    }
    family.suffixed("_sum", &pairs, series.value).suffixed("_count", &pairs, series.count as f64);
}

type Figure = fn(&TailTargetStatus) -> f64;

fn sources(page: &mut Page, targets: &[TailTargetStatus]) {
    let figures: [(&str, MetricKind, &str, Figure); 5] = [
        ("pharos_tail_lines_total", MetricKind::Counter, "Lines read.", |t| t.lines as f64),
        ("pharos_tail_dropped_lines_total", MetricKind::Counter, "Lines that stages dropped.", |t| {
            t.dropped_lines as f64
        }),
        (
            "pharos_tail_stage_failures_total",
            MetricKind::Counter,
            "Lines that a stage could not work on; they were kept.",
            |t| t.stage_failures.iter().map(|failure| failure.count).sum::<u64>() as f64,
        ),
        ("pharos_tail_files", MetricKind::Gauge, "Files, containers or connections of the source.", |t| {
            t.files_total as f64
        }),
        ("pharos_tail_lag_bytes", MetricKind::Gauge, "Bytes of files that are not read yet.", |t| {
            t.lag_bytes as f64
        }),
    ];
    for (name, kind, help, figure) in figures {
        let mut family = page.family(name, kind, help);
        let mut seen = BTreeMap::new();
        for target in targets {
            if seen.insert((&target.job, &target.path), ()).is_none() {
                family.sample(&[("tail_job", &target.job), ("path", &target.path)], figure(target));
            }
        }
    }
}
