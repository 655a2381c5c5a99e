//! One step of tailing: take commits in, look at files, read lines, hand them to the store.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Clock, LogSink, TailCursor};

use super::batch::{BATCH_BYTES, Commits, Filling, Queue};
use super::config::TailConfig;
use super::feed::Feed;
use super::positions;
use super::status::TailStatus;
use super::target::{LineClock, Pass, Target};

/// All targets and what is under way. Whoever holds it calls [`Engine::tick`] again and again.
pub(crate) struct Engine {
    clock: Arc<dyn Clock>,
    sink: Arc<dyn LogSink>,
    targets: Vec<Target>,
    feeds: Vec<Feed>,
    config: TailConfig,
    queue: Queue,
    filling: Filling,
    /// The newest cursor of each file, once the store was asked for those of earlier runs.
    book: Option<HashMap<String, TailCursor>>,
    line_clock: LineClock,
    /// What a Promtail's positions file says, at the first start with it.
    imported: HashMap<String, u64>,
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
            feeds: Vec::new(),
            config: TailConfig::default(),
            filling: Filling::default(),
            book: None,
            line_clock: LineClock::default(),
            imported: HashMap::new(),
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
        self.configure_feeds(&config);
        self.config = config;
    }

    /// Sources that stay go on as they are; those that are new start, and those that are gone end once what they sent
    /// is through.
    fn configure_feeds(&mut self, config: &TailConfig) {
        let mut old = std::mem::take(&mut self.feeds);
        for job in &config.jobs {
            for source in &job.sources {
                let same =
                    |feed: &Feed| !feed.is_stopped() && feed.job == job.job_name && feed.config == *source;
                match old.iter().position(same) {
                    Some(at) => {
                        let mut feed = old.swap_remove(at);
                        feed.set_pipeline(&job.pipeline);
                        self.feeds.push(feed);
                    }
                    None => self.feeds.push(Feed::new(&job.job_name, source, &job.pipeline)),
                }
            }
        }
        old.iter().for_each(Feed::stop);
        self.feeds.append(&mut old);
    }

    #[cfg(test)]
    pub(crate) fn config(&self) -> &TailConfig {
        &self.config
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
                imported: &self.imported,
            };
            busy |= self.targets[(self.turn + k) % n].advance(&mut pass, BATCH_BYTES);
            if self.filling.bytes >= BATCH_BYTES {
                self.submit(now_ms);
            }
        }
        busy |= self.advance_feeds(now_ms, &mut book);
        self.turn = if n == 0 { 0 } else { (self.turn + 1) % n };
        self.book = Some(book);
        self.submit(now_ms);
        busy && self.queue.has_room()
    }

    fn advance_feeds(&mut self, now_ms: i64, book: &mut HashMap<String, TailCursor>) -> bool {
        let mut busy = false;
        for feed in &mut self.feeds {
            if !self.queue.has_room() {
                break;
            }
            let mut pass = Pass {
                now_ms,
                book,
                filling: &mut self.filling,
                buffer: &mut self.buffer,
                clock: &mut self.line_clock,
                imported: &self.imported,
            };
            busy |= feed.advance(&mut pass, &self.clock);
            if self.filling.bytes >= BATCH_BYTES
                && let Some(batch) = self.filling.take()
            {
                self.queue.add(batch);
                self.queue.advance(now_ms);
            }
        }
        self.feeds.retain(|feed| !feed.is_done());
        busy
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
                let book = live.map(|cursor| (cursor.key.clone(), cursor)).collect();
                self.import(&book);
                Some(book)
            }
            Err(error) => {
                self.start_error = format!("cannot tell how far files were read: {error}");
                None
            }
        }
    }

    /// Reads the positions of a Promtail that ran before, unless they were taken over already.
    fn import(&mut self, book: &HashMap<String, TailCursor>) {
        let Some(path) = &self.config.positions else { return };
        let mark = positions::mark(path);
        if !book.contains_key(&mark.key) {
            self.imported = positions::read(path);
            self.filling.cursor(mark);
        }
    }

    /// Takes commits in, and what sources sent before they were told to end; true once nothing is under way.
    pub(crate) fn drain(&mut self) -> bool {
        let now_ms = self.clock.now_ms();
        self.feeds.iter().for_each(Feed::stop);
        if let Some(mut book) = self.book.take() {
            self.advance_feeds(now_ms, &mut book);
            self.book = Some(book);
            self.submit(now_ms);
        } else {
            self.feeds.clear();
        }
        self.queue.advance(now_ms);
        self.feeds.is_empty() && self.queue.is_empty()
    }

    pub(crate) fn status(&self) -> TailStatus {
        let error = if self.start_error.is_empty() { &self.queue.error } else { &self.start_error };
        TailStatus {
            targets: self
                .targets
                .iter()
                .map(Target::status)
                .chain(self.feeds.iter().map(Feed::status))
                .collect(),
            in_flight_bytes: self.queue.bytes as u64,
            sink_error: error.clone(),
        }
    }
}
