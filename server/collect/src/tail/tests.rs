//! Files that are rotated in every way, with each line counted, and all else that files do.

mod files;
mod promtail;
mod rotation;

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use model::{
    Appended, Clock, CommitTicket, Error, Labels, LogBatch, LogSink, ManualClock, Result, TailCursor,
};
use parking_lot::Mutex;
use tempfile::TempDir;

use super::batch::Commits;
use super::engine::Engine;
use super::{LinePipeline, LineSelector, TailConfig, TailTargetStatus};

/// A store in memory that can be broken: what is not durable is lost by [`Sink::crash`].
#[derive(Default)]
pub(super) struct Sink {
    inner: Mutex<Stored>,
}

#[derive(Default)]
struct Stored {
    entries: Vec<(Labels, i64, Vec<u8>, Labels)>,
    seen: HashSet<(Labels, i64, Vec<u8>)>,
    cursors: BTreeMap<String, TailCursor>,
    refuses: bool,
    commits_fail: bool,
    appends: usize,
}

impl LogSink for Sink {
    fn append(&self, batch: &LogBatch) -> Result<Appended> {
        let mut inner = self.inner.lock();
        inner.appends += 1;
        if inner.refuses {
            return Err(Error::unavailable("the disk is full"));
        }
        if inner.commits_fail {
            let commit = CommitTicket::new(|| Err(Error::unavailable("the commit failed")));
            return Ok(Appended { accepted: 0, rejected: Vec::new(), commit });
        }
        let mut accepted = 0;
        for stream in &batch.streams {
            for entry in &stream.entries {
                let key = (stream.labels.clone(), entry.t_ns, entry.line.to_vec());
                if inner.seen.insert(key) {
                    accepted += 1;
                    let row =
                        (stream.labels.clone(), entry.t_ns, entry.line.to_vec(), entry.metadata.clone());
                    inner.entries.push(row);
                }
            }
        }
        for cursor in &batch.cursors {
            if cursor.gone {
                inner.cursors.remove(&cursor.key);
            } else {
                inner.cursors.insert(cursor.key.clone(), cursor.clone());
            }
        }
        Ok(Appended { accepted, rejected: Vec::new(), commit: CommitTicket::done() })
    }

    fn cursors(&self) -> Result<Vec<TailCursor>> {
        Ok(self.inner.lock().cursors.values().cloned().collect())
    }
}

/// Waits on the spot.
#[derive(Default)]
struct AtOnce(Vec<(u64, Result<()>)>);

impl Commits for AtOnce {
    fn wait_for(&mut self, number: u64, ticket: CommitTicket) {
        self.0.push((number, ticket.wait()));
    }

    fn outcomes(&mut self) -> Vec<(u64, Result<()>)> {
        std::mem::take(&mut self.0)
    }
}

/// A folder with files, and an engine that tails them.
pub(super) struct Bench {
    pub(super) folder: TempDir,
    pub(super) sink: Arc<Sink>,
    pub(super) clock: Arc<ManualClock>,
    config: String,
    engine: Engine,
}

/// Compiles selectors as the program does.
pub(super) fn selectors(text: &str) -> std::result::Result<LineSelector, String> {
    let selector = logql::LineSelector::parse(text).map_err(|error| error.to_string())?;
    let matchers = selector.matchers().to_vec();
    let pipeline: Option<LinePipeline> =
        Some(Arc::new(move |labels, line, t_ns| selector.passes(labels, line, t_ns)));
    Ok(LineSelector { matchers, pipeline })
}

fn engine(config: &str, sink: &Arc<Sink>, clock: &Arc<ManualClock>) -> Engine {
    let (config, _) = TailConfig::parse(config, &selectors).unwrap();
    Engine::new(config, sink.clone(), clock.clone(), Box::<AtOnce>::default())
}

impl Bench {
    /// Tails `pattern` below a new folder through `stages`, written in one line.
    pub(super) fn new(pattern: &str, stages: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let config = format!(
            "scrape_configs: [{{job_name: j, static_configs: [{{labels: {{__path__: '{at}/{pattern}'}}}}], \
             pipeline_stages: {stages}}}]"
        );
        Bench::with_config(folder, config)
    }

    pub(super) fn with_config(folder: TempDir, config: String) -> Self {
        let (sink, clock) = (Arc::new(Sink::default()), Arc::new(ManualClock::new(1_767_268_800_000)));
        let engine = engine(&config, &sink, &clock);
        Bench { folder, sink, clock, config, engine }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn open(&self, name: &str) -> File {
        OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap()
    }

    /// Appends bytes to a file.
    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.open(name).write_all(bytes.as_ref()).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// Lets time pass and reads until nothing more is to be had at once.
    pub(super) fn pass(&mut self, ms: i64) {
        self.clock.advance(ms);
        for _ in 0..10_000 {
            if !self.engine.tick() {
                return;
            }
        }
        panic!("the engine is busy for ever");
    }

    /// A new engine over the same store, as after a stop or a kill.
    pub(super) fn restart(&mut self) {
        self.clock.advance(1);
        self.engine = engine(&self.config, &self.sink, &self.clock);
    }

    pub(super) fn reload(&mut self, config: &str) {
        self.engine.configure(TailConfig::parse(config, &selectors).unwrap().0);
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let inner = self.sink.inner.lock();
        inner.entries.iter().map(|(_, _, line, _)| String::from_utf8_lossy(line).into_owned()).collect()
    }

    /// Lines with their labels as text, folder and job left out.
    pub(super) fn streams(&self) -> Vec<String> {
        let inner = self.sink.inner.lock();
        let folder = format!("{}/", self.folder.path().display());
        let show = |labels: &Labels| labels.to_string().replace(&folder, "").replace(r#", job="j""#, "");
        inner
            .entries
            .iter()
            .map(|(l, _, line, _)| format!("{} {}", show(l), String::from_utf8_lossy(line)))
            .collect()
    }

    /// Times in ns, lines and structured metadata.
    pub(super) fn entries(&self) -> Vec<(i64, String, String)> {
        let inner = self.sink.inner.lock();
        let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
        inner.entries.iter().map(|(_, t, line, meta)| (*t, text(line), meta.to_string())).collect()
    }

    pub(super) fn status(&self) -> TailTargetStatus {
        self.engine.status().targets.remove(0)
    }

    /// What the stages' metrics are on a page.
    pub(super) fn metrics_page(&self) -> String {
        let metrics = super::stage_metrics::TailMetrics {
            stages: Mutex::new(self.engine.config().metrics()),
            status: Arc::default(),
            clock: self.clock.clone(),
        };
        let mut page = wire::exposition::Page::default();
        crate::Gatherer::gather(&metrics, &mut page);
        page.into_string()
    }

    pub(super) fn now_ns(&self) -> i64 {
        self.clock.now_ns()
    }

    pub(super) fn check_lines(&self, expect: &[&str]) {
        assert_eq!(self.lines(), expect);
    }
}
