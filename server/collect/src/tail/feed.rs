//! A source on its way through the stages of its job, with how far it was read.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{Clock, Labels, TailCursor};
use parking_lot::Mutex;

use super::pipeline::{Draft, Failures, Output, Pipeline, Progress};
use super::sources::channel::{Receiver, channel};
use super::sources::{Context, Incoming, Position, SourceConfig, SourceState};
use super::status::{Rate, StageFailure, TailFileStatus, TailState, TailTargetStatus};
use super::target::Pass;

/// Bytes taken from a source before the next has its turn.
const TURN_BYTES: usize = 1 << 20;
/// Streams whose stages' memory is kept; of more, those that hold no line are forgotten.
const MAX_STREAMS: usize = 10_000;

/// A source that is read.
pub(crate) struct Feed {
    pub(crate) job: String,
    pub(crate) config: SourceConfig,
    pipeline: Pipeline,
    /// The pipeline of a reload, taken once held lines are through the old one.
    next_pipeline: Option<Pipeline>,
    running: Option<Running>,
    stopped: Arc<AtomicBool>,
    state: Arc<Mutex<SourceState>>,
    streams: HashMap<Labels, Progress>,
    sequence: u64,
    /// Positions of lines that may be held.
    positions: VecDeque<(u64, Position)>,
    failures: Failures,
    lines: u64,
    last_line_ms: Option<i64>,
    rate: Rate,
}

struct Running {
    receiver: Receiver,
}

impl Feed {
    pub(crate) fn new(job: &str, config: &SourceConfig, pipeline: &Pipeline) -> Self {
        Feed {
            job: job.to_owned(),
            config: config.clone(),
            pipeline: pipeline.clone(),
            next_pipeline: None,
            running: None,
            stopped: Arc::default(),
            state: Arc::default(),
            streams: HashMap::new(),
            sequence: 0,
            positions: VecDeque::new(),
            failures: Failures::default(),
            lines: 0,
            last_line_ms: None,
            rate: Rate::default(),
        }
    }

    /// Takes the stages of a new configuration; the source goes on.
    pub(crate) fn set_pipeline(&mut self, pipeline: &Pipeline) {
        self.next_pipeline = Some(pipeline.clone());
    }

    /// Tells the source to end. What it sent before still comes.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether it ended and all its lines are through.
    pub(crate) fn is_done(&self) -> bool {
        let ended = self.running.as_ref().is_none_or(|running| running.receiver.is_done());
        self.is_stopped() && ended && self.positions.is_empty()
    }

    fn key_prefix(&self) -> String {
        format!("@{}\t{}\t", self.config.name(), self.job.replace('\t', " "))
    }

    /// Starts the source where the newest cursors say.
    fn start(&mut self, book: &HashMap<String, TailCursor>, clock: &Arc<dyn Clock>) {
        let prefix = self.key_prefix();
        let resume = book.values().filter_map(|cursor| {
            let part = cursor.key.strip_prefix(&prefix)?;
            let position = Position { part: part.into(), time: cursor.offset, hash: cursor.fingerprint };
            Some((part.to_owned(), position))
        });
        let (out, receiver) = channel();
        let context = Context {
            out,
            state: self.state.clone(),
            stopped: self.stopped.clone(),
            clock: clock.clone(),
            resume: Arc::new(resume.collect()),
        };
        if let Err(error) = self.config.start(context) {
            self.state.lock().error = format!("cannot start: {error}");
        }
        self.running = Some(Running { receiver });
    }

    /// Takes what came and sends it through the stages; true if there is more.
    pub(crate) fn advance(&mut self, pass: &mut Pass<'_>, clock: &Arc<dyn Clock>) -> bool {
        if self.running.is_none() && !self.is_stopped() {
            self.start(pass.book, clock);
        }
        let Some(running) = &self.running else { return false };
        let came = running.receiver.take(TURN_BYTES);
        let ends = self.is_stopped() && running.receiver.is_done();
        let busy = !came.is_empty();
        if busy {
            self.lines += came.len() as u64;
            self.last_line_ms = Some(pass.now_ms);
        }
        self.rate.note(self.lines, pass.now_ms);
        let mut drafts = Vec::with_capacity(came.len());
        for incoming in came {
            self.push(incoming, pass, &mut drafts);
        }
        let release_ms = if ends || self.next_pipeline.is_some() { i64::MAX } else { pass.now_ms };
        let mut out = Output { drafts: &mut drafts, failures: &mut self.failures };
        for progress in self.streams.values_mut() {
            self.pipeline.release(progress, release_ms, &mut out);
        }
        drafts.into_iter().for_each(|draft| pass.filling.push(draft));
        self.note_positions(pass);
        if let Some(next) = self.next_pipeline.take() {
            (self.pipeline, self.streams) = (next, HashMap::new());
        }
        busy
    }

    fn push(&mut self, incoming: Incoming, pass: &mut Pass<'_>, drafts: &mut Vec<Draft>) {
        let Incoming { line, t_ns, labels, position } = incoming;
        let sequence = self.sequence;
        self.sequence += 1;
        self.positions.extend(position.map(|position| (sequence, position)));
        let mut draft = Draft::new(line, sequence, labels.clone(), pass.clock.next());
        draft.t_ns = t_ns.unwrap_or(draft.t_ns);
        if self.streams.len() >= MAX_STREAMS && !self.streams.contains_key(&labels) {
            let pipeline = &self.pipeline;
            self.streams.retain(|_, progress| pipeline.held(progress).is_some());
        }
        let progress = self.streams.entry(labels).or_default();
        let mut out = Output { drafts, failures: &mut self.failures };
        self.pipeline.push(draft, progress, pass.now_ms, &mut out);
    }

    /// Notes how far the source is through: up to the first line that a stage holds.
    fn note_positions(&mut self, pass: &mut Pass<'_>) {
        if self.positions.is_empty() {
            return;
        }
        let held = self.streams.values().filter_map(|progress| self.pipeline.held(progress)).min();
        let through = held.unwrap_or(self.sequence);
        let mut newest: HashMap<Arc<str>, Position> = HashMap::new();
        while self.positions.front().is_some_and(|(sequence, _)| *sequence < through) {
            let Some((_, position)) = self.positions.pop_front() else { break };
            newest.insert(position.part.clone(), position);
        }
        let prefix = self.key_prefix();
        for position in newest.into_values() {
            pass.note(position.cursor(format!("{prefix}{}", position.part)));
        }
    }

    pub(crate) fn status(&self) -> TailTargetStatus {
        let state = self.state.lock().clone();
        let part = |(path, error): (String, String)| TailFileStatus {
            path,
            last_error: error,
            ..TailFileStatus::default()
        };
        let files: Vec<TailFileStatus> = state.parts.into_iter().map(part).collect();
        let reading = match (state.reading, state.error.is_empty()) {
            (true, _) => TailState::Reading,
            (false, true) => TailState::Waiting,
            (false, false) => TailState::Error,
        };
        let failures = self.failures.by_stage.iter();
        TailTargetStatus {
            job: self.job.clone(),
            path: self.config.name(),
            labels: Labels::empty(),
            state: reading,
            hint: state.error.clone(),
            files_total: files.len() as u64,
            files,
            lines: self.lines,
            lines_per_second: self.rate.per_second(),
            dropped_lines: self.failures.dropped,
            last_line_ms: self.last_line_ms,
            last_error: state.error,
            stage_failures: failures.map(StageFailure::of).collect(),
            ..TailTargetStatus::default()
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop();
    }
}
