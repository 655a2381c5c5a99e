//! `metrics`: counters, gauges and histograms made of lines. They are on `/metrics`, and with it in the store.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use model::{Labels, MetricKind};
use parking_lot::Mutex;
use serde_yaml_ng::Value;

use super::{Each, Stage, State, each};
use crate::duration::parse_duration_ms;
use crate::report::Report;
use crate::section::{Section, text_of};
use crate::tail::pipeline::{Draft, Verdict};
use crate::{Error, Result};

/// Most series of one metric; lines that would make more are counted as failures.
const MAX_SERIES: usize = 10_000;
const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A metric with its series, one for each set of labels that lines have.
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) kind: MetricKind,
    pub(crate) description: String,
    pub(crate) buckets: Vec<f64>,
    source: String,
    action: Action,
    /// Only lines with this extracted value count.
    value: Option<String>,
    match_all: bool,
    max_idle_ms: i64,
    series: Mutex<HashMap<Labels, Series>>,
}

/// A series, its newest change, ms, and for histograms the counts below each bound.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    pub(crate) value: f64,
    pub(crate) count: u64,
    pub(crate) below: Vec<u64>,
    changed_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Action {
    Inc,
    Dec,
    Add,
    Sub,
    Set,
    Observe,
    AddBytes,
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metric").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Stated(Vec<Arc<Metric>>);

pub(super) fn read(value: &Value, path: &str, report: &RefCell<Report>) -> Result<Vec<Stage>> {
    let bad = || Error::config(path, "a mapping of metrics was expected");
    let mut metrics = Vec::new();
    for (name, value) in value.as_mapping().ok_or_else(bad)? {
        let name = text_of(name).ok_or_else(bad)?;
        let section = Section::new(format!("{path}.{name}"), value, report)?;
        metrics.push(Arc::new(read_metric(&name, &section)?));
        section.finish();
    }
    each(Stated(metrics))
}

fn read_metric(name: &str, section: &Section<'_>) -> Result<Metric> {
    let kind = match section.text("type")?.unwrap_or_default().to_lowercase().as_str() {
        "counter" => MetricKind::Counter,
        "gauge" => MetricKind::Gauge,
        "histogram" => MetricKind::Histogram,
        other => return Err(section.bad("type", format!("{other:?} is none of Counter, Gauge, Histogram"))),
    };
    let prefix = section.text("prefix")?.filter(|prefix| !prefix.is_empty());
    let max_idle = section.text("max_idle_duration")?.filter(|text| !text.is_empty());
    let max_idle_ms = match max_idle {
        Some(text) => parse_duration_ms(&text).map_err(|why| section.bad("max_idle_duration", why))?,
        None => 300_000,
    };
    let inner = section.section("config")?;
    let text = |key| inner.as_ref().map_or(Ok(None), |inner| inner.text(key));
    let truth = |key| inner.as_ref().map_or(Ok(None), |inner| inner.bool(key)).map(Option::unwrap_or_default);
    let (match_all, bytes) = (truth("match_all")?, truth("count_entry_bytes")?);
    let action = read_action(section, kind, text("action")?.as_deref(), bytes)?;
    let buckets = match inner.as_ref().and_then(|inner| inner.value("buckets")) {
        Some(list) => {
            let list: Option<Vec<f64>> =
                list.as_sequence().map(|l| l.iter().filter_map(Value::as_f64).collect());
            list.ok_or_else(|| section.bad("config.buckets", "a list of numbers was expected"))?
        }
        None => DEFAULT_BUCKETS.to_vec(),
    };
    let metric = Metric {
        name: format!("{}{name}", prefix.as_deref().unwrap_or("promtail_custom_")),
        kind,
        description: section.text("description")?.unwrap_or_default(),
        buckets,
        source: section.text("source")?.filter(|s| !s.is_empty()).unwrap_or_else(|| name.to_owned()),
        action,
        value: text("value")?,
        match_all,
        max_idle_ms: max_idle_ms.max(1_000),
        series: Mutex::default(),
    };
    if metric.match_all && metric.value.is_some() {
        return Err(
            section.bad("config.value", "match_all counts every line: a value has no meaning beside it")
        );
    }
    if let Some(inner) = inner {
        inner.finish();
    }
    Ok(metric)
}

fn read_action(section: &Section<'_>, kind: MetricKind, action: Option<&str>, bytes: bool) -> Result<Action> {
    let action = action.unwrap_or_default().to_lowercase();
    let bad = |allowed| Err(section.bad("config.action", format!("{action:?} is none of {allowed}")));
    match kind {
        MetricKind::Histogram => Ok(Action::Observe),
        MetricKind::Counter => match action.as_str() {
            "inc" => Ok(Action::Inc),
            "add" if bytes => Ok(Action::AddBytes),
            "add" => Ok(Action::Add),
            _ => bad("inc, add"),
        },
        _ => match action.as_str() {
            "inc" => Ok(Action::Inc),
            "dec" => Ok(Action::Dec),
            "add" => Ok(Action::Add),
            "sub" => Ok(Action::Sub),
            "set" => Ok(Action::Set),
            _ => bad("inc, dec, add, sub, set"),
        },
    }
}

impl Each for Stated {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn metrics(&self) -> &[Arc<Metric>] {
        &self.0
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, now_ms: i64) -> Result<Verdict, String> {
        let mut labels = None;
        let mut failed = None;
        for metric in &self.0 {
            match metric.amount(draft) {
                Ok(None) => {}
                Ok(Some(amount)) => {
                    let labels = labels.get_or_insert_with(|| draft.labels());
                    failed = metric.change(labels, amount, now_ms).err().or(failed);
                }
                Err(why) => failed = Some(why),
            }
        }
        failed.map_or(Ok(Verdict::Keep), Err)
    }
}

impl Metric {
    /// By how much the line changes it, if it does.
    fn amount(&self, draft: &Draft) -> Result<Option<f64>, String> {
        if self.match_all {
            return Ok(Some(if self.action == Action::AddBytes { draft.line.len() as f64 } else { 1.0 }));
        }
        let Some(found) = draft.extracted(&self.source) else { return Ok(None) };
        if self.value.as_ref().is_some_and(|value| value != found) {
            return Ok(None);
        }
        if matches!(self.action, Action::Inc | Action::Dec) {
            return Ok(Some(1.0));
        }
        // A duration counts in seconds, as in Promtail.
        let number =
            found.trim().parse().ok().or_else(|| Some(template::units::parse_duration(found)? as f64 / 1e9));
        number.map(Some).ok_or_else(|| format!("{}: {found:?} is no number", self.name))
    }

    fn change(&self, labels: &Labels, amount: f64, now_ms: i64) -> Result<(), String> {
        let mut all = self.series.lock();
        if all.len() >= MAX_SERIES && !all.contains_key(labels) {
            return Err(format!("{}: more than {MAX_SERIES} series", self.name));
        }
        if self.kind == MetricKind::Counter && (amount < 0.0 || amount.is_nan()) {
            return Err(format!("{}: a counter only grows, not by {amount}", self.name));
        }
        let series = all.entry(labels.clone()).or_default();
        series.changed_ms = now_ms;
        match self.action {
            Action::Inc | Action::Add | Action::AddBytes => series.value += amount,
            Action::Dec | Action::Sub => series.value -= amount,
            Action::Set => series.value = amount,
            Action::Observe => {
                series.below.resize(self.buckets.len(), 0);
                let bounds = self.buckets.iter().zip(&mut series.below);
                bounds.filter(|(bound, _)| amount <= **bound).for_each(|(_, n)| *n += 1);
                series.value += amount;
                series.count += 1;
            }
        }
        Ok(())
    }

    /// The series as of now; those that did not change for long are forgotten.
    pub(crate) fn series(&self, now_ms: i64) -> Vec<(Labels, Series)> {
        let mut all = self.series.lock();
        all.retain(|_, series| now_ms - series.changed_ms <= self.max_idle_ms);
        let mut listed: Vec<_> =
            all.iter().map(|(labels, series)| (labels.clone(), series.clone())).collect();
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        listed
    }
}
