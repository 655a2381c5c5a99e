//! One step of tailing: take commits in, look at files, read lines, hand them to the store.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Clock, LogSink, TailCursor};

use super::batch::{BATCH_BYTES, Commits, Filling, Queue};
use super::config::TailConfig;
use super::status::TailStatus;
use super::target::{LineClock, Pass, Target};

/// All targets and what is under way. Whoever holds it calls [`Engine::tick`] again and again.
pub(crate) struct Engine {
    clock: Arc<dyn Clock>,
    sink: Arc<dyn LogSink>,
    targets: Vec<Target>,
    config: TailConfig,
    queue: Queue,
    filling: Filling,
    /// The newest cursor of each file, once the store was asked for those of earlier runs.
    book: Option<HashMap<String, TailCursor>>,
    line_clock: LineClock,
    buffer: Vec<u8>,
    /// The target that comes first in the next step.
    turn: usize,
    start_error: String,
}

impl Engine {
    pub(crate) fn new(
        config: TailConfig,
        sink: Arc<dyn LogSink>,
        clock: Arc<dyn Clock>,
        commits: Box<dyn Commits>,
    ) -> Self {
        let mut engine = Engine {
            clock,
            queue: Queue::new(sink.clone(), commits),
            sink,
            targets: Vec::new(),
            config: TailConfig::default(),
            filling: Filling::default(),
            book: None,
            line_clock: LineClock::default(),
            buffer: Vec::new(),
            turn: 0,
            start_error: String::new(),
        };
        engine.configure(config);
        engine
    }

    /// Takes a new configuration. Files go on where they stood; lines that stages hold are read again.
    pub(crate) fn configure(&mut self, config: TailConfig) {
        let mut ordinals: HashMap<&str, usize> = HashMap::new();
        let mut targets = Vec::new();
        for job in &config.jobs {
            for path in &job.paths {
                let ordinal = ordinals.entry(&job.job_name).or_default();
                *ordinal += 1;
                targets.push(Target::new(job, path, *ordinal));
            }
        }
        self.targets = targets;
        self.config = config;
    }

    /// Does what can be done now; true if there is more to do at once.
    pub(crate) fn tick(&mut self) -> bool {
        let now_ms = self.clock.now_ms();
        self.line_clock.now_ns = self.clock.now_ns();
        self.queue.advance(now_ms);
        let Some(mut book) = self.take_book() else { return false };
        let mut busy = false;
        let n = self.targets.len();
        for k in 0..n {
            if !self.queue.has_room() {
                break;
            }
            let mut pass = Pass {
                now_ms,
                book: &mut book,
                filling: &mut self.filling,
                buffer: &mut self.buffer,
                clock: &mut self.line_clock,
            };
            busy |= self.targets[(self.turn + k) % n].advance(&mut pass, BATCH_BYTES);
            if self.filling.bytes >= BATCH_BYTES {
                self.submit(now_ms);
            }
        }
        self.turn = if n == 0 { 0 } else { (self.turn + 1) % n };
        self.book = Some(book);
        self.submit(now_ms);
        busy && self.queue.has_room()
    }

    fn submit(&mut self, now_ms: i64) {
        if let Some(batch) = self.filling.take() {
            self.queue.add(batch);
            self.queue.advance(now_ms);
        }
    }

    /// Nothing is read before it is known how far earlier runs came.
    fn take_book(&mut self) -> Option<HashMap<String, TailCursor>> {
        if let Some(book) = self.book.take() {
            return Some(book);
        }
        match self.sink.cursors() {
            Ok(cursors) => {
                self.start_error.clear();
                let live = cursors.into_iter().filter(|cursor| !cursor.gone);
                Some(live.map(|cursor| (cursor.key.clone(), cursor)).collect())
            }
            Err(error) => {
                self.start_error = format!("cannot tell how far files were read: {error}");
                None
            }
        }
    }

    /// Takes commits in without reading more; true once nothing is under way.
    pub(crate) fn drain(&mut self) -> bool {
        self.queue.advance(self.clock.now_ms());
        self.queue.is_empty()
    }

    pub(crate) fn status(&self) -> TailStatus {
        let error = if self.start_error.is_empty() { &self.queue.error } else { &self.start_error };
        TailStatus {
            targets: self.targets.iter().map(Target::status).collect(),
            in_flight_bytes: self.queue.bytes as u64,
            sink_error: error.clone(),
        }
    }
}
