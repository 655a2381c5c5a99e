//! Tails log files as a Promtail configuration asks for: files are found by pattern, followed through every kind
//! of rotation, taken through stages, and handed to a [`model::LogSink`] together with how far each was read.
//!
//! Reading is blocking work and has a thread of its own; another one waits for commits.

mod batch;
mod config;
mod encoding;
mod engine;
mod feed;
mod file;
mod identity;
mod json_path;
mod path_labels;
mod pattern;
mod pipeline;
mod positions;
mod sample;
mod selector;
mod sources;
mod stage_metrics;
mod stages;
mod status;
mod target;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::{Clock, CommitTicket, LogSink};
use parking_lot::Mutex;

pub use config::{TailConfig, TailJob, TailPath};
pub use sample::{SampleEntry, SampleLine, SampleStep};
pub use selector::{CompileSelector, LinePipeline, LineSelector};
pub use status::{StageFailure, TailFileStatus, TailState, TailStatus, TailTargetStatus};

use crate::Gatherer;
use batch::Commits;
use engine::Engine;
use stage_metrics::TailMetrics;

/// The pause between two looks at the files.
const PAUSE: Duration = Duration::from_millis(250);
/// How often the status is renewed while much is read.
const STATUS_EVERY: Duration = Duration::from_millis(500);
/// How long a stop waits for commits.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// Follows files until it is stopped.
pub struct Tailer {
    signals: Sender<Signal>,
    status: Arc<Mutex<Arc<TailStatus>>>,
    metrics: Arc<TailMetrics>,
    thread: Option<JoinHandle<()>>,
}

enum Signal {
    Commit(u64, model::Result<()>),
    Reload(TailConfig),
    Stop,
}

impl Tailer {
    /// Starts to follow the files of `config`, each from where the sink's cursors say.
    pub fn start(config: TailConfig, sink: Arc<dyn LogSink>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let (signals, received) = mpsc::channel();
        let status = Arc::new(Mutex::new(Arc::new(TailStatus::default())));
        let stages = Mutex::new(config.metrics());
        let metrics = Arc::new(TailMetrics { stages, status: status.clone(), clock: clock.clone() });
        let commits = Background::start(signals.clone())?;
        let (outcomes, shown) = (commits.outcomes.clone(), status.clone());
        let engine = Engine::new(config, sink, clock, Box::new(commits));
        let follow = move || Follower { engine, received, outcomes, status: shown }.run();
        let thread = Some(std::thread::Builder::new().name("tail".to_owned()).spawn(follow)?);
        Ok(Tailer { signals, status, metrics, thread })
    }

    /// What is tailed, as of a moment ago.
    pub fn status(&self) -> Arc<TailStatus> {
        self.status.lock().clone()
    }

    /// What tailing says on `/metrics`: that of `metrics` stages, and figures of each source.
    pub fn gatherer(&self) -> Arc<dyn Gatherer> {
        self.metrics.clone()
    }

    /// Takes a new configuration: no line is lost or read twice by it. Metrics of stages start anew.
    pub fn reload(&self, config: TailConfig) {
        *self.metrics.stages.lock() = config.metrics();
        // A thread that is gone has been stopped.
        let _ = self.signals.send(Signal::Reload(config));
    }

    /// Stops reading and waits, a few seconds at most, until what was read is durable. Blocks.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that tails files ended with a defect");
        }
    }
}

impl Drop for Tailer {
    fn drop(&mut self) {
        self.end();
    }
}

type Outcomes = Arc<Mutex<Vec<(u64, model::Result<()>)>>>;

/// Waits for commits on a thread of its own, which ends when this does.
struct Background {
    tickets: Sender<(u64, CommitTicket)>,
    outcomes: Outcomes,
}

impl Background {
    fn start(signals: Sender<Signal>) -> std::io::Result<Self> {
        let (tickets, received) = mpsc::channel::<(u64, CommitTicket)>();
        let wait = move || {
            for (number, ticket) in received {
                if signals.send(Signal::Commit(number, ticket.wait())).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("tail-commits".to_owned()).spawn(wait)?;
        Ok(Background { tickets, outcomes: Outcomes::default() })
    }
}

impl Commits for Background {
    fn wait_for(&mut self, number: u64, ticket: CommitTicket) {
        if self.tickets.send((number, ticket)).is_err() {
            let error = model::Error::internal("the thread that waits for commits is gone");
            self.outcomes.lock().push((number, Err(error)));
        }
    }

    fn outcomes(&mut self) -> Vec<(u64, model::Result<()>)> {
        std::mem::take(&mut *self.outcomes.lock())
    }
}

/// The reading thread.
struct Follower {
    engine: Engine,
    received: Receiver<Signal>,
    outcomes: Outcomes,
    status: Arc<Mutex<Arc<TailStatus>>>,
}

impl Follower {
    fn run(mut self) {
        let mut shown = None::<Instant>;
        loop {
            let busy = self.engine.tick();
            if !busy || shown.is_none_or(|at| at.elapsed() >= STATUS_EVERY) {
                *self.status.lock() = Arc::new(self.engine.status());
                shown = Some(Instant::now());
            }
            if !self.listen(if busy { Duration::ZERO } else { PAUSE }) {
                break;
            }
        }
        let deadline = Instant::now() + STOP_WAIT;
        while !self.engine.drain() && Instant::now() < deadline {
            self.listen(Duration::from_millis(20));
        }
    }

    /// Takes signals for so long, or until one came; false if it is time to stop.
    fn listen(&mut self, wait: Duration) -> bool {
        let mut next = self.received.recv_timeout(wait);
        loop {
            match next {
                Ok(Signal::Commit(number, outcome)) => self.outcomes.lock().push((number, outcome)),
                Ok(Signal::Reload(config)) => self.engine.configure(config),
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => return true,
            }
            next = self.received.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
    }
}

#[cfg(test)]
mod tests;
