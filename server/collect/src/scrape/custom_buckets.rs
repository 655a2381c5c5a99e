//! `convert_classic_histograms_to_nhcb`: the buckets, count and sum of a classic histogram become one native
//! histogram with custom bounds.

use std::fmt::Write;

use indexmap::IndexMap;
use model::{CounterResetHint, Exemplar, Histogram, MetricKind};
use wire::exposition::label_pairs;

use super::buckets::{CUSTOM, spans_of};

/// Classic histograms of one family while its lines are read.
#[derive(Debug, Default)]
pub(super) struct Converter {
    family: String,
    gauge: bool,
    active: bool,
    by_series: IndexMap<String, Classic>,
}

/// What the lines of one histogram say.
#[derive(Debug, Default)]
struct Classic {
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
    exemplars: Vec<Exemplar>,
    timestamp_ms: Option<i64>,
    start_ms: i64,
}

/// A line of a classic histogram.
pub(super) struct Line {
    pub(super) value: f64,
    pub(super) timestamp_ms: Option<i64>,
    pub(super) start_ms: i64,
    pub(super) exemplars: Vec<Exemplar>,
}

/// A histogram made of lines.
#[derive(Debug, PartialEq)]
pub(super) struct Converted {
    /// The series as text.
    pub(super) series: String,
    pub(super) histogram: Histogram,
    pub(super) exemplars: Vec<Exemplar>,
    pub(super) timestamp_ms: Option<i64>,
    pub(super) start_ms: i64,
}

impl Converter {
    /// A family begins: gives the histograms of the one before.
    pub(super) fn begin(&mut self, family: &str, kind: MetricKind) -> Vec<Converted> {
        let done = self.finish();
        self.active = matches!(kind, MetricKind::Histogram | MetricKind::GaugeHistogram);
        self.gauge = kind == MetricKind::GaugeHistogram;
        family.clone_into(&mut self.family);
        done
    }

    /// Takes a line if it is part of a classic histogram of the family.
    pub(super) fn take(&mut self, series: &str, line: &Line) -> bool {
        // Most lines are told by their first bytes.
        if !self.active || !(series.starts_with(self.family.as_str()) || series.starts_with('{')) {
            return false;
        }
        let Ok(pairs) = label_pairs(series) else { return false };
        let name = pairs.iter().find(|(name, _)| name == model::METRIC_NAME).map(|(_, value)| &**value);
        let Some(end) = name.and_then(|name| name.strip_prefix(self.family.as_str())) else { return false };
        let bound = pairs.iter().find(|(name, _)| name == model::BUCKET_LABEL);
        let bound = bound.and_then(|(_, value)| value.parse::<f64>().ok()).filter(|bound| !bound.is_nan());
        if !matches!((end, bound), ("_bucket", Some(_)) | ("_count" | "_sum" | "_gcount" | "_gsum", _)) {
            return false;
        }
        let mut text = String::with_capacity(series.len());
        text.push('{');
        text.push_str(&quoted(&self.family));
        for (name, value) in pairs.iter().filter(|(n, _)| n != model::METRIC_NAME && n != model::BUCKET_LABEL)
        {
            // Writing to a string cannot fail.
            let _ = write!(text, ",{}={}", quoted(name), quoted(value));
        }
        text.push('}');
        let classic = self.by_series.entry(text).or_default();
        match (end, bound) {
            ("_bucket", Some(bound)) => classic.buckets.push((bound, line.value)),
            ("_count" | "_gcount", _) => classic.count = Some(line.value),
            _ => classic.sum = line.value,
        }
        classic.exemplars.extend(line.exemplars.iter().cloned());
        classic.timestamp_ms = line.timestamp_ms.or(classic.timestamp_ms);
        if line.start_ms != 0 {
            classic.start_ms = line.start_ms;
        }
        true
    }

    /// The histograms of the family, which ends.
    pub(super) fn finish(&mut self) -> Vec<Converted> {
        let gauge = self.gauge;
        std::mem::take(&mut self.by_series)
            .into_iter()
            .filter_map(|(series, mut classic)| {
                let histogram = classic.histogram(gauge)?;
                let Classic { exemplars, timestamp_ms, start_ms, .. } = classic;
                Some(Converted { series, histogram, exemplars, timestamp_ms, start_ms })
            })
            .collect()
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

impl Classic {
    /// `None` where the buckets contradict each other.
    fn histogram(&mut self, gauge: bool) -> Option<Histogram> {
        self.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.buckets.dedup_by(|a, b| a.0 == b.0);
        let top = self.buckets.last().map(|bucket| bucket.1);
        let count = self.count.or(top)?;
        let mut bounds: Vec<f64> = self.buckets.iter().map(|bucket| bucket.0).collect();
        let mut cumulative: Vec<f64> = self.buckets.iter().map(|bucket| bucket.1).collect();
        if bounds.last() == Some(&f64::INFINITY) {
            bounds.pop();
        } else {
            cumulative.push(count);
        }
        let mut before = 0.0;
        let mut counts = Vec::with_capacity(cumulative.len());
        for value in cumulative {
            if value < before || value.is_nan() {
                return None;
            }
            counts.push(value - before);
            before = value;
        }
        let filled = || counts.iter().enumerate().filter(|(_, count)| **count != 0.0);
        Some(Histogram {
            reset_hint: if gauge { CounterResetHint::Gauge } else { CounterResetHint::Unknown },
            schema: CUSTOM,
            count,
            sum: self.sum,
            positive_spans: spans_of(filled().map(|(index, _)| index as i32)),
            positive_buckets: filled().map(|(_, count)| *count).collect(),
            custom_bounds: bounds,
            ..Histogram::default()
        })
    }
}
