//! The stages of a pipeline, one file each, and how a list of them is read.

mod cri;
mod decolorize;
mod docker;
mod drop;
mod event_log_message;
mod json;
mod label_drop;
mod label_keep;
mod labels;
mod limit;
mod logfmt;
mod luhn;
mod matching;
mod multiline;
mod output;
mod pack;
mod pattern;
mod regex;
mod replace;
mod sampling;
mod split_json;
mod static_labels;
mod structured_metadata;
mod structured_metadata_drop;
mod template;
mod timestamp;
mod truncate;
mod windows_event;

pub(crate) mod metrics;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;

use serde_yaml_ng::Value;

use super::pipeline::{Draft, Verdict};
use super::selector::CompileSelector;
use crate::Result;
use crate::report::{Report, Status};
use crate::section::{Section, text_of};

/// A stage that works on one line alone.
pub(crate) trait Each: Debug + Send + Sync {
    /// The stage's name in a configuration.
    fn name(&self) -> &'static str;

    /// What it remembers from line to line.
    fn state(&self) -> State {
        State::None
    }

    /// The metrics that it makes of lines.
    fn metrics(&self) -> &[Arc<metrics::Metric>] {
        &[]
    }

    /// Works on a line. An error keeps the line as it was and is counted.
    fn apply(&self, draft: &mut Draft, state: &mut State, now_ms: i64) -> Result<Verdict, String>;
}

/// A stage that holds lines back: to join them, or to let them go later.
pub(crate) trait Gather: Debug + Send + Sync {
    /// The stage's name in a configuration.
    fn name(&self) -> &'static str;

    /// What it remembers from line to line.
    fn state(&self) -> State;

    /// Takes a line and gives out what is complete.
    fn push(&self, draft: Draft, state: &mut State, now_ms: i64, out: &mut Vec<Draft>);

    /// Gives out what was held long enough.
    fn release(&self, state: &mut State, now_ms: i64, out: &mut Vec<Draft>);

    /// The file offset of the first line held.
    fn held(&self, state: &State) -> Option<u64>;
}

/// One stage.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    Each(Arc<dyn Each>),
    Gather(Arc<dyn Gather>),
    Match(Arc<matching::Match>),
}

/// What a stage remembers of one file.
#[derive(Debug)]
pub(crate) enum State {
    None,
    /// The newest time that `timestamp` read.
    LastTime(Option<i64>),
    /// Lines that `multiline` or `cri` joins.
    Block(Option<Box<multiline::Block>>),
    /// Lines that `limit` holds.
    Waiting(VecDeque<Draft>),
    /// States of the stages inside `match`.
    Nested(Vec<State>),
}

impl State {
    /// The states of a `match` stage's inner stages.
    pub(crate) fn nested(&mut self) -> &mut [State] {
        match self {
            State::Nested(states) => states,
            _ => &mut [],
        }
    }
}

impl Stage {
    /// The stage's name in a configuration.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Stage::Each(each) => each.name(),
            Stage::Gather(gather) => gather.name(),
            Stage::Match(_) => "match",
        }
    }

    /// The metrics that it and those inside it make.
    pub(crate) fn metrics(&self) -> Vec<Arc<metrics::Metric>> {
        match self {
            Stage::Each(each) => each.metrics().to_vec(),
            Stage::Gather(_) => Vec::new(),
            Stage::Match(inner) => inner.stages.iter().flat_map(Stage::metrics).collect(),
        }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Stage::Each(each) => each.state(),
            Stage::Gather(gather) => gather.state(),
            Stage::Match(inner) => State::Nested(inner.stages.iter().map(Stage::state).collect()),
        }
    }
}

fn each(stage: impl Each + 'static) -> Result<Vec<Stage>> {
    Ok(vec![Stage::Each(Arc::new(stage))])
}

const TENANT: &str = "there are no tenants here: the lines are kept with all others";
const LATER: &str = "not supported yet: the stage is skipped, lines pass on as they are";
const LATER_STAGES: [&str; 2] = ["geoip", "sum"];

/// What stages are read with.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) report: &'a RefCell<Report>,
    pub(crate) selectors: CompileSelector<'a>,
}

/// Reads the list below `key`. A stage that cannot be used is reported and skipped.
pub(crate) fn read_stages(section: &Section<'_>, key: &'static str, reading: Reading<'_>) -> Vec<Stage> {
    let report = reading.report;
    let mut stages = Vec::new();
    let Some(value) = section.value(key) else { return stages };
    let path = section.at(key);
    let Some(items) = value.as_sequence() else {
        report.borrow_mut().add(
            &path,
            "",
            Status::Ignored,
            "a list of stages was expected: no stage is used",
        );
        return stages;
    };
    for (i, item) in items.iter().enumerate() {
        let path = format!("{path}[{i}]");
        // `- docker: {}` may be written as `- docker`.
        let single = item.as_str().map(|name| (name.to_owned(), &Value::Null));
        let pairs = item.as_mapping().into_iter().flatten();
        let named = pairs.filter_map(|(name, value)| Some((text_of(name)?, value)));
        for (name, value) in single.into_iter().chain(named) {
            stages.extend(read_stage(&name, value, &path, reading));
        }
    }
    stages
}

fn read_stage(name: &str, value: &Value, path: &str, reading: Reading<'_>) -> Vec<Stage> {
    let report = reading.report;
    let at = format!("{path}.{name}");
    let inner = |read: fn(&Section<'_>) -> Result<Vec<Stage>>| {
        let section = Section::new(at.as_str(), value, report)?;
        let stages = read(&section)?;
        section.finish();
        Ok(stages)
    };
    let note = |status, note: &str| {
        report.borrow_mut().add(path, name, status, note);
        Vec::new()
    };
    let read = match name {
        "cri" => inner(cri::read),
        "decolorize" => inner(decolorize::read),
        "docker" => inner(docker::read),
        "eventlogmessage" => inner(event_log_message::read),
        "drop" => inner(drop::read),
        "json" => inner(json::read),
        "labeldrop" | "label_drop" => label_drop::read(value, &at),
        "labelallow" | "label_keep" => label_keep::read(value, &at),
        "labels" => labels::read(value, &at),
        "limit" => inner(limit::read),
        "logfmt" => inner(logfmt::read),
        "luhn" => inner(luhn::read),
        "match" => Section::new(at.as_str(), value, report).and_then(|s| matching::read(&s, reading)),
        "metrics" => metrics::read(value, &at, report),
        "multiline" => inner(multiline::read),
        "output" => inner(output::read),
        "pack" => inner(pack::read),
        "pattern" => inner(pattern::read),
        "regex" => inner(regex::read),
        "replace" => inner(replace::read),
        "sampling" => inner(sampling::read),
        "split_json" => inner(split_json::read),
        "static_labels" => static_labels::read(value, &at),
        "structured_metadata" | "non_indexed_labels" => structured_metadata::read(value, &at),
        "structured_metadata_drop" => structured_metadata_drop::read(value, &at),
        "template" => inner(template::read),
        "timestamp" => inner(timestamp::read),
        "truncate" => inner(truncate::read),
        "windowsevent" => inner(windows_event::read),
        "tenant" => return note(Status::Ignored, TENANT),
        _ if LATER_STAGES.contains(&name) => return note(Status::Ignored, LATER),
        _ => return note(Status::Unknown, "no stage of this name is known: it is skipped"),
    };
    match read {
        Ok(stages) => {
            note(Status::Used, "");
            stages
        }
        Err(error) => note(Status::Ignored, &format!("the stage is skipped: {error}")),
    }
}

/// Reads names of a mapping such as `labels: {level: , app: service}`: target and source, which is the target
/// where nothing is written.
fn read_sources(value: &Value, path: &str) -> Result<Vec<(Arc<str>, Arc<str>)>> {
    let bad = || crate::Error::config(path, "a mapping of names was expected");
    let pairs = value.as_mapping().ok_or_else(bad)?.iter().map(|(target, source)| {
        let (target, source) = (text_of(target)?, text_of(source)?);
        let source = if source.is_empty() { target.clone() } else { source };
        Some((Arc::from(target), Arc::from(source)))
    });
    pairs.collect::<Option<_>>().ok_or_else(bad)
}

/// Reads a list of names.
fn read_names(value: &Value, path: &str) -> Result<Vec<Arc<str>>> {
    let bad = || crate::Error::config(path, "a list of names was expected");
    let names = value.as_sequence().ok_or_else(bad)?.iter().map(|name| text_of(name).map(Arc::from));
    names.collect::<Option<_>>().ok_or_else(bad)
}

/// Compiles a stage's expression, which need not match from the start.
fn compile(section: &Section<'_>, key: &'static str, pattern: &str) -> Result<::regex::Regex> {
    ::regex::RegexBuilder::new(&as_in_go(pattern)).size_limit(16 << 20).build().map_err(|e| {
        let why = e.to_string();
        let why = why.lines().last().unwrap_or_default().to_owned();
        section.bad(key, format!("invalid regular expression {pattern:?}: {why}"))
    })
}

/// The expression with each `{` escaped that begins no repetition: to Go it is a plain character.
fn as_in_go(pattern: &str) -> std::borrow::Cow<'_, str> {
    if !pattern.contains('{') {
        return pattern.into();
    }
    let mut out = String::with_capacity(pattern.len() + 2);
    let mut before = ['\0', '\0'];
    for (at, c) in pattern.char_indices() {
        // `\p{Greek}`, `\x{10FFFF}`, `\{`
        let named = before[0] == '\\' && matches!(before[1], 'p' | 'P' | 'x');
        if c == '{' && before[1] != '\\' && !named && !is_repetition(&pattern[at..]) {
            out.push('\\');
        }
        out.push(c);
        // A backslash that is escaped itself escapes nothing.
        before = if before[1] == '\\' && c == '\\' { ['\0', '\0'] } else { [before[1], c] };
    }
    out.into()
}

/// `{2}`, `{2,}` or `{2,3}`
fn is_repetition(text: &str) -> bool {
    let Some((inner, _)) = text[1..].split_once('}') else { return false };
    let (least, most) = inner.split_once(',').unwrap_or((inner, "0"));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}
