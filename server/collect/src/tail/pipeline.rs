//! What happens to a line between its file and its stream: a chain of stages, some of which hold lines back.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use model::Labels;

use super::stages::{Stage, State};

/// A line on its way through the stages.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Its time: when it was read, until a stage knows better.
    pub(crate) t_ns: i64,
    /// When it was read: unique among all lines of the process.
    pub(crate) read_ns: i64,
    /// The line.
    pub(crate) line: Bytes,
    /// Labels of its file.
    pub(crate) base: Labels,
    /// What stages changed of them; `None` removes.
    pub(crate) changes: Changes,
    /// Structured metadata.
    pub(crate) metadata: Vec<(Arc<str>, String)>,
    /// What stages found in the line.
    pub(crate) extracted: Vec<(Arc<str>, String)>,
    /// Where its first byte stands in the file.
    pub(crate) start: u64,
}

/// `base` with its changes.
pub(crate) fn apply(base: &Labels, changes: &Changes) -> Labels {
    if changes.is_empty() {
        return base.clone();
    }
    let mut labels = base.to_builder();
    for (name, value) in changes {
        match value {
            Some(value) => labels.set(&**name, value.as_str()),
            None => labels.remove(name),
        };
    }
    labels.build()
}

/// Changed labels.
pub(crate) type Changes = Vec<(Arc<str>, Option<String>)>;

impl Draft {
    pub(crate) fn new(line: Bytes, start: u64, base: Labels, read_ns: i64) -> Self {
        let (changes, metadata, extracted) = (Vec::new(), Vec::new(), Vec::new());
        Draft { t_ns: read_ns, read_ns, line, base, changes, metadata, extracted, start }
    }

    /// What was extracted as `name`; the file's labels count as extracted from the start.
    pub(crate) fn extracted(&self, name: &str) -> Option<&str> {
        let found = self.extracted.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.as_str());
        found.or_else(|| self.base.get(name))
    }

    pub(crate) fn extract(&mut self, name: &Arc<str>, value: String) {
        match self.extracted.iter_mut().find(|(n, _)| n == name) {
            Some(pair) => pair.1 = value,
            None => self.extracted.push((name.clone(), value)),
        }
    }

    pub(crate) fn set_label(&mut self, name: &Arc<str>, value: Option<String>) {
        match self.changes.iter_mut().find(|(n, _)| n == name) {
            Some(pair) => pair.1 = value,
            None => self.changes.push((name.clone(), value)),
        }
    }

    /// The value of a label as of now.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        match self.changes.iter().find(|(n, _)| &**n == name) {
            Some((_, value)) => value.as_deref(),
            None => self.base.get(name),
        }
    }

    /// The names of all labels as of now.
    pub(crate) fn label_names(&self) -> Vec<Arc<str>> {
        let base = self.base.iter().map(|(name, _)| Arc::from(name));
        let mut names: Vec<Arc<str>> = base.filter(|n| self.label(n).is_some()).collect();
        for (name, value) in &self.changes {
            if value.is_some() && !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Its labels as of now.
    pub(crate) fn labels(&self) -> Labels {
        apply(&self.base, &self.changes)
    }

    /// The text a stage works on: the extracted value `source`, or the line.
    pub(crate) fn source(&self, source: Option<&str>) -> Option<std::borrow::Cow<'_, str>> {
        match source {
            Some(name) => self.extracted(name).map(Into::into),
            None => Some(String::from_utf8_lossy(&self.line)),
        }
    }
}

/// Lines that a stage could not work on. They are kept; the failure is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    /// By stage: how many, and the last one in words.
    pub(crate) by_stage: BTreeMap<&'static str, (u64, String)>,
    /// Lines that stages dropped on purpose.
    pub(crate) dropped: u64,
}

impl Failures {
    fn add(&mut self, stage: &'static str, why: String) {
        let entry = self.by_stage.entry(stage).or_default();
        entry.0 += 1;
        entry.1 = why;
    }
}

/// What became of a line in a stage.
pub(crate) enum Verdict {
    /// It goes on.
    Keep,
    /// It ends here.
    Drop,
}

/// The stages of a job. Shared by its files; each file has its own [`Progress`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Pipeline {
    pub(crate) stages: Arc<[Stage]>,
}

/// What the stages remember of one file.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    states: Vec<State>,
    /// Lines that are through, but behind one that is held.
    waiting: VecDeque<Draft>,
}

/// Most bytes of lines that wait behind a held one before everything is let go.
const MAX_WAITING_BYTES: usize = 4 << 20;

impl Pipeline {
    /// Whether stages may hold lines back.
    pub(crate) fn new(stages: Vec<Stage>) -> Self {
        Pipeline { stages: stages.into() }
    }

    /// Sends a line through; lines that are finished go to `out`, in the file's order.
    pub(crate) fn push(&self, draft: Draft, progress: &mut Progress, now_ms: i64, out: &mut Output<'_>) {
        self.prepare(progress);
        let mut done = Vec::new();
        run(&self.stages, &mut progress.states, draft, now_ms, (&mut done, out.failures));
        self.settle(done, progress, out);
    }

    /// Lets go what was held long enough.
    pub(crate) fn release(&self, progress: &mut Progress, now_ms: i64, out: &mut Output<'_>) {
        if progress.states.is_empty() {
            return;
        }
        let mut done = Vec::new();
        release(&self.stages, &mut progress.states, now_ms, (&mut done, out.failures));
        self.settle(done, progress, out);
    }

    /// The file offset of the first line that is not through yet.
    pub(crate) fn held(&self, progress: &Progress) -> Option<u64> {
        let waiting = progress.waiting.front().map(|draft| draft.start);
        held(&self.stages, &progress.states).into_iter().chain(waiting).min()
    }

    fn prepare(&self, progress: &mut Progress) {
        if progress.states.len() != self.stages.len() {
            progress.states = self.stages.iter().map(Stage::state).collect();
        }
    }

    /// Nothing passes a line that is held, so that one offset tells what is through.
    fn settle(&self, done: Vec<Draft>, progress: &mut Progress, out: &mut Output<'_>) {
        let held = held(&self.stages, &progress.states);
        if progress.waiting.is_empty() && held.is_none() {
            out.drafts.extend(done);
            return;
        }
        progress.waiting.extend(done);
        progress.waiting.make_contiguous().sort_by_key(|draft| draft.start);
        let bytes: usize = progress.waiting.iter().map(|draft| draft.line.len()).sum();
        let limit = if bytes > MAX_WAITING_BYTES { u64::MAX } else { held.unwrap_or(u64::MAX) };
        while progress.waiting.front().is_some_and(|draft| draft.start < limit) {
            out.drafts.extend(progress.waiting.pop_front());
        }
    }
}

/// Where finished lines and failures go.
pub(crate) struct Output<'a> {
    pub(crate) drafts: &'a mut Vec<Draft>,
    pub(crate) failures: &'a mut Failures,
}

type Done<'a> = (&'a mut Vec<Draft>, &'a mut Failures);

pub(crate) fn run(
    stages: &[Stage],
    states: &mut [State],
    mut draft: Draft,
    now_ms: i64,
    (done, failures): Done<'_>,
) {
    for (i, stage) in stages.iter().enumerate() {
        match stage {
            Stage::Each(each) => match each.apply(&mut draft, &mut states[i], now_ms) {
                Ok(Verdict::Keep) => {}
                Ok(Verdict::Drop) => {
                    failures.dropped += 1;
                    return;
                }
                Err(why) => failures.add(each.name(), why),
            },
            Stage::Gather(gather) => {
                let mut given = Vec::new();
                gather.push(draft, &mut states[i], now_ms, &mut given);
                return go_on(stages, states, i, given, (now_ms, done, failures));
            }
            Stage::Match(inner) => {
                if !inner.matches(&draft) {
                    continue;
                }
                if inner.drops {
                    failures.dropped += 1;
                    return;
                }
                let mut given = Vec::new();
                run(&inner.stages, states[i].nested(), draft, now_ms, (&mut given, failures));
                return go_on(stages, states, i, given, (now_ms, done, failures));
            }
        }
    }
    done.push(draft);
}

/// Sends what stage `i` gave out through the stages behind it.
fn go_on(
    stages: &[Stage],
    states: &mut [State],
    i: usize,
    given: Vec<Draft>,
    (now_ms, done, failures): (i64, &mut Vec<Draft>, &mut Failures),
) {
    for draft in given {
        run(&stages[i + 1..], &mut states[i + 1..], draft, now_ms, (done, failures));
    }
}

fn release(stages: &[Stage], states: &mut [State], now_ms: i64, (done, failures): Done<'_>) {
    for (i, stage) in stages.iter().enumerate() {
        let mut given = Vec::new();
        match stage {
            Stage::Each(_) => continue,
            Stage::Gather(gather) => gather.release(&mut states[i], now_ms, &mut given),
            Stage::Match(inner) => release(&inner.stages, states[i].nested(), now_ms, (&mut given, failures)),
        }
        go_on(stages, states, i, given, (now_ms, done, failures));
    }
}

fn held(stages: &[Stage], states: &[State]) -> Option<u64> {
    let one = |(stage, state): (&Stage, &State)| match (stage, state) {
        (Stage::Gather(gather), state) => gather.held(state),
        (Stage::Match(inner), State::Nested(states)) => held(&inner.stages, states),
        _ => None,
    };
    stages.iter().zip(states).filter_map(one).min()
}
