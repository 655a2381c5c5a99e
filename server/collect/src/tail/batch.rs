//! Lines on their way to the store: a batch being filled, and batches that are not durable yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use model::{CommitTicket, Entry, Error, ErrorKind, Labels, LogBatch, LogSink, StreamEntries, TailCursor};
use rustc_hash::FxHashMap;

use super::pipeline::{Changes, Draft, apply};

/// A batch is handed over once it holds so many bytes.
pub(crate) const BATCH_BYTES: usize = 1 << 20;
/// Bytes of lines that may wait for their commit; reading holds beyond it.
pub(crate) const MAX_IN_FLIGHT_BYTES: usize = 8 << 20;
/// What an entry weighs besides its line.
const ENTRY_BYTES: usize = 64;
const MIN_BACKOFF_MS: i64 = 100;
const MAX_BACKOFF_MS: i64 = 10_000;

/// A batch being filled.
#[derive(Debug, Default)]
pub(crate) struct Filling {
    streams: Vec<StreamEntries>,
    index: FxHashMap<Labels, usize>,
    /// Streams by a file's labels and what stages changed of them.
    changed: FxHashMap<(u64, Changes), usize>,
    cursors: HashMap<String, TailCursor>,
    pub(crate) bytes: usize,
}

impl Filling {
    pub(crate) fn push(&mut self, mut draft: Draft) {
        draft.changes.sort();
        let key = (draft.base.hash64(), draft.changes);
        let at = match self.changed.get(&key) {
            Some(at) => *at,
            None => {
                let labels = apply(&draft.base, &key.1);
                let next = self.streams.len();
                let at = *self.index.entry(labels.clone()).or_insert(next);
                if at == next {
                    self.streams.push(StreamEntries { labels, entries: Vec::new() });
                }
                self.changed.insert(key, at);
                at
            }
        };
        self.bytes += draft.line.len() + ENTRY_BYTES;
        let pairs = draft.metadata.into_iter().map(|(name, value)| (name.to_string(), value));
        let entry = Entry { t_ns: draft.t_ns, line: draft.line, metadata: Labels::from_pairs(pairs) };
        self.streams[at].entries.push(entry);
    }

    /// The newest cursor of a key replaces older ones.
    pub(crate) fn cursor(&mut self, cursor: TailCursor) {
        self.cursors.insert(cursor.key.clone(), cursor);
    }

    /// What was gathered, if anything.
    pub(crate) fn take(&mut self) -> Option<(LogBatch, usize)> {
        if self.streams.is_empty() && self.cursors.is_empty() {
            return None;
        }
        let full = std::mem::take(self);
        let bytes = full.bytes + full.cursors.len() * ENTRY_BYTES;
        Some((LogBatch { streams: full.streams, cursors: full.cursors.into_values().collect() }, bytes))
    }
}

/// Waits for commits: in the background, or at once in tests.
pub(crate) trait Commits: Send {
    /// Waits for `ticket`; its outcome comes back by [`Commits::outcomes`] under `number`.
    fn wait_for(&mut self, number: u64, ticket: CommitTicket);

    /// What is known by now, in order.
    fn outcomes(&mut self) -> Vec<(u64, model::Result<()>)>;
}

struct Waiting {
    batch: Arc<LogBatch>,
    bytes: usize,
    /// The number its ticket waits under, once it was handed over.
    number: Option<u64>,
}

/// Batches in order, kept until they are durable.
pub(crate) struct Queue {
    sink: Arc<dyn LogSink>,
    commits: Box<dyn Commits>,
    batches: VecDeque<Waiting>,
    pub(crate) bytes: usize,
    next_number: u64,
    retry_at_ms: i64,
    backoff_ms: i64,
    /// Why the store does not take lines; empty if it does.
    pub(crate) error: String,
}

impl Queue {
    pub(crate) fn new(sink: Arc<dyn LogSink>, commits: Box<dyn Commits>) -> Self {
        Queue {
            sink,
            commits,
            batches: VecDeque::new(),
            bytes: 0,
            next_number: 0,
            retry_at_ms: i64::MIN,
            backoff_ms: MIN_BACKOFF_MS,
            error: String::new(),
        }
    }

    pub(crate) fn add(&mut self, (batch, bytes): (LogBatch, usize)) {
        self.bytes += bytes;
        self.batches.push_back(Waiting { batch: Arc::new(batch), bytes, number: None });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether more may be read.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes < MAX_IN_FLIGHT_BYTES && self.error.is_empty()
    }

    /// Takes outcomes in and hands over what was not handed over yet.
    pub(crate) fn advance(&mut self, now_ms: i64) {
        self.settle(now_ms);
        // A clock that was set back must not hold lines for longer than a retry takes.
        if now_ms < self.retry_at_ms && self.retry_at_ms - now_ms <= MAX_BACKOFF_MS {
            return;
        }
        while let Some(at) = self.batches.iter().position(|waiting| waiting.number.is_none()) {
            match self.sink.append(&self.batches[at].batch) {
                Ok(appended) => {
                    let number = self.next_number;
                    self.next_number += 1;
                    self.batches[at].number = Some(number);
                    self.commits.wait_for(number, appended.commit);
                }
                Err(error) if error.kind() == ErrorKind::BadInput => self.give_up(at, &error),
                Err(error) => return self.failed(now_ms, &error),
            }
        }
        self.settle(now_ms);
    }

    fn settle(&mut self, now_ms: i64) {
        for (number, outcome) in self.commits.outcomes() {
            // Outcomes of batches that were handed over again since are old news.
            let Some(at) = self.batches.iter().position(|waiting| waiting.number == Some(number)) else {
                continue;
            };
            match outcome {
                Ok(()) => {
                    self.bytes -= self.batches.remove(at).map_or(0, |waiting| waiting.bytes);
                    self.error.clear();
                    self.backoff_ms = MIN_BACKOFF_MS;
                }
                Err(error) => self.failed(now_ms, &error),
            }
        }
    }

    /// All batches are handed over again, in order: a later one must not move cursors past lines that were lost.
    fn failed(&mut self, now_ms: i64, error: &Error) {
        if self.error.is_empty() {
            tracing::warn!("tailed lines cannot be stored now, reading holds: {error}");
        }
        self.error = error.to_string();
        self.batches.iter_mut().for_each(|waiting| waiting.number = None);
        self.retry_at_ms = now_ms + self.backoff_ms;
        self.backoff_ms = (self.backoff_ms * 2).min(MAX_BACKOFF_MS);
    }

    /// What the store will never take must not hold all that follows; its cursors are kept.
    fn give_up(&mut self, at: usize, error: &Error) {
        let lines: usize = self.batches[at].batch.streams.iter().map(|stream| stream.entries.len()).sum();
        tracing::error!("the store refused {lines} tailed lines for good: {error}");
        let cursors = self.batches[at].batch.cursors.clone();
        if lines == 0 {
            self.bytes -= self.batches.remove(at).map_or(0, |waiting| waiting.bytes);
        } else {
            self.batches[at].batch = Arc::new(LogBatch { streams: Vec::new(), cursors });
        }
    }
}
