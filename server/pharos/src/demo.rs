//! `pharos demo`: the server with a generator inside: a cluster of two nodes that serve a language model, its GPUs,
//! its logs, its peaks, and an incident every three hours. Its data are made up; nothing else is.

mod cluster;
mod logs;
mod metrics;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use model::{Clock, LogBatch, LogSink, MetricSink};
use parking_lot::{Condvar, Mutex};

use crate::cli::DemoArgs;
use crate::serve;
use cluster::{Health, Story};
use metrics::Metrics;

/// From sample to sample, ms.
const STEP_MS: i64 = 5_000;
/// From sample to sample in the time before the start, ms.
const HISTORY_STEP_MS: i64 = 15_000;
/// How long before the start the incident that everybody sees begins, ms.
const INCIDENT_AGO_MS: i64 = 40 * 60_000;
/// Steps of the time before the start that are appended together.
const TOGETHER: i64 = 40;
/// More history takes longer than it shows.
const LONGEST_HISTORY_MS: i64 = 7 * 86_400_000;

/// Runs the server on made-up data, in a folder that is gone afterwards unless one is given.
pub(crate) fn run(args: &DemoArgs) -> Result<ExitCode> {
    let history_ms = collect::parse_duration_ms(&args.history)
        .map(|ms| ms.clamp(0, LONGEST_HISTORY_MS))
        .map_err(|e| anyhow::anyhow!("--history: {e}"))?;
    let mut serve_args = args.serve.clone();
    let temporary = match &serve_args.data {
        Some(_) => None,
        None => Some(Folder::new()?),
    };
    if let Some(folder) = &temporary {
        serve_args.data = Some(folder.0.display().to_string());
    }
    serve::run_with(&serve_args, Some(Demo { history_ms }))
}

/// A folder that is removed when the demo ends.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        let path = std::env::temp_dir().join(format!("pharos-demo-{}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What is to be made up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demo {
    /// How much lies there when the server starts, ms.
    pub(crate) history_ms: i64,
}

/// Where it goes.
pub(crate) struct Sinks {
    pub(crate) metrics: Arc<dyn MetricSink>,
    pub(crate) logs: Arc<dyn LogSink>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The thread that makes the data.
pub(crate) struct Generator {
    stopping: Arc<(Mutex<bool>, Condvar)>,
    thread: JoinHandle<()>,
}

impl Generator {
    /// Makes the history, then goes on on a thread of its own.
    pub(crate) fn start(demo: Demo, sinks: Sinks) -> std::io::Result<Generator> {
        let stopping = Arc::new((Mutex::new(false), Condvar::new()));
        let told = stopping.clone();
        let mut run = Run::new(demo, sinks);
        run.history();
        let work = move || run.go_on(&told);
        let thread = std::thread::Builder::new().name("demo".into()).spawn(work)?;
        Ok(Generator { stopping, thread })
    }

    /// Nothing is appended any more when this returns.
    pub(crate) fn stop(self) {
        *self.stopping.0.lock() = true;
        self.stopping.1.notify_all();
        let _ = self.thread.join();
    }
}

struct Run {
    sinks: Sinks,
    story: Story,
    metrics: Metrics,
    before: [Health; 2],
    /// The moment that was made last.
    last_ms: i64,
    /// When the server started.
    start_ms: i64,
}

impl Run {
    fn new(demo: Demo, sinks: Sinks) -> Run {
        // Multiples of the step: the same moments whenever it is started.
        let start_ms = sinks.clock.now_ms() / STEP_MS * STEP_MS;
        let first_ms = (start_ms - demo.history_ms) / HISTORY_STEP_MS * HISTORY_STEP_MS;
        let story = Story { incident_ms: start_ms - INCIDENT_AGO_MS };
        Run {
            sinks,
            story,
            metrics: Metrics::default(),
            before: [Health::Well; 2],
            last_ms: first_ms,
            start_ms,
        }
    }

    fn history(&mut self) {
        let mut lines = LogBatch::default();
        let mut steps = 0;
        while self.last_ms < self.start_ms {
            let more = self.step_to((self.last_ms + HISTORY_STEP_MS).min(self.start_ms));
            lines.streams.extend(more.streams);
            steps += 1;
            if steps % TOGETHER == 0 || self.last_ms >= self.start_ms {
                self.append(&std::mem::take(&mut lines));
            }
        }
    }

    fn go_on(mut self, (stopping, wake): &(Mutex<bool>, Condvar)) {
        loop {
            let mut stop = stopping.lock();
            let wait = (self.last_ms + STEP_MS - self.sinks.clock.now_ms()).clamp(0, STEP_MS);
            if !*stop && wait > 0 {
                wake.wait_for(&mut stop, Duration::from_millis(wait.unsigned_abs()));
            }
            if *stop {
                return;
            }
            drop(stop);
            let now_ms = self.sinks.clock.now_ms();
            while self.last_ms + STEP_MS <= now_ms {
                let lines = self.step_to(self.last_ms + STEP_MS);
                self.append(&lines);
            }
        }
    }

    /// Moves on; the samples wait for [`Run::append`], the lines come back.
    fn step_to(&mut self, t_ms: i64) -> LogBatch {
        let seconds = (t_ms - self.last_ms) as f64 / 1000.0;
        let moment = self.story.at(t_ms);
        self.metrics.step(&moment, seconds);
        let lines = logs::lines(&moment, self.before, seconds);
        self.before = moment.nodes.map(|node| node.health);
        self.last_ms = t_ms;
        lines
    }

    /// A store that cannot write says so itself.
    fn append(&mut self, lines: &LogBatch) {
        let _ = self.sinks.metrics.append(&self.metrics.take());
        let _ = self.sinks.logs.append(lines);
    }
}
