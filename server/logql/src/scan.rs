//! From a log expression to what a source is asked, and what it read.

use std::sync::atomic::{AtomicU64, Ordering};

use model::{Control, LineFilter, LogSource, Matcher};

use crate::answer::Stats;
use crate::ast::{LogExpr, Stage};
use crate::stages::pushed_down;
use crate::{Result, ast};

/// What every part of a query's evaluation can see.
pub(crate) struct Env<'a> {
    pub(crate) source: &'a dyn LogSource,
    pub(crate) control: &'a Control,
    pub(crate) now_ns: i64,
    pub(crate) counters: Counters,
    pub(crate) warnings: std::sync::Mutex<Vec<String>>,
}

impl<'a> Env<'a> {
    pub(crate) fn new(source: &'a dyn LogSource, control: &'a Control, now_ns: i64) -> Self {
        Env { source, control, now_ns, counters: Counters::default(), warnings: Default::default() }
    }

    pub(crate) fn warn(&self, new: Vec<String>) {
        let mut warnings = self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for warning in new {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }

    /// An error with, where a budget was too small, what the whole query would have to read.
    pub(crate) fn explained(&self, error: crate::Error) -> crate::Error {
        let crate::Error::Source(source) = &error else { return error };
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (parts, lines) = (of(&self.counters.parts_offered), of(&self.counters.entries_offered));
        if source.kind() != model::ErrorKind::Limit || parts == 0 {
            return error;
        }
        let bytes = crate::units::write_bytes(of(&self.counters.bytes_offered));
        let message = source.message();
        let message = format!("{message}; the query would read {lines} lines, {bytes}, in {parts} blocks");
        crate::Error::Source(model::Error::new(source.kind(), message))
    }

    pub(crate) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// [`Stats`] while they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    entries: AtomicU64,
    bytes: AtomicU64,
    parts: AtomicU64,
    parts_offered: AtomicU64,
    entries_offered: AtomicU64,
    bytes_offered: AtomicU64,
}

impl Counters {
    pub(crate) fn offered(&self, parts: &[model::ScanPart]) {
        let sum = |of: fn(&model::ScanPart) -> u64| parts.iter().map(of).sum::<u64>();
        self.parts_offered.fetch_add(parts.len() as u64, Ordering::Relaxed);
        self.entries_offered.fetch_add(sum(|part| part.entries), Ordering::Relaxed);
        self.bytes_offered.fetch_add(sum(|part| part.bytes), Ordering::Relaxed);
    }

    pub(crate) fn read(&self, batch: &model::EntryBatch) {
        self.parts.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(batch.len() as u64, Ordering::Relaxed);
        let bytes: u64 = match batch.lines.is_empty() {
            true => batch.sizes.iter().map(|n| u64::from(*n)).sum(),
            false => batch.lines.iter().map(|line| line.len() as u64).sum(),
        };
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            entries: self.entries.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            parts: self.parts.load(Ordering::Relaxed),
            parts_offered: self.parts_offered.load(Ordering::Relaxed),
        }
    }
}

/// A log expression, split into what the source does and what is left.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) filters: Vec<LineFilter>,
    pub(crate) stages: Vec<ast::Stage>,
}

impl Plan {
    /// Line filters at the head go to the source; filters commute, so one that it cannot do does not hold up the
    /// next.
    pub(crate) fn new(log: &LogExpr) -> Result<Self> {
        let mut plan = Plan { matchers: log.matchers.clone(), filters: Vec::new(), stages: Vec::new() };
        let mut at_head = true;
        for stage in &log.stages {
            match stage {
                Stage::LineFilter(filter) if at_head => match pushed_down(filter)? {
                    Some(filter) => plan.filters.push(filter),
                    None => plan.stages.push(stage.clone()),
                },
                _ => {
                    at_head = false;
                    plan.stages.push(stage.clone());
                }
            }
        }
        Ok(plan)
    }

    /// Whether each stream that matches has a label `name`.
    pub(crate) fn always_has(&self, name: &str) -> bool {
        self.matchers.iter().any(|m| m.name() == name && !m.matches_empty())
    }
}
