//! A job: one scrape configuration with its discoveries and the loops of its targets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use model::Labels;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::target::{Populated, Target, populate};
use super::target_loop::{Origin, Parts, State, Stop, TargetLoop};
use crate::config::{ScrapeConfig, TargetGroup};
use crate::discovery::{self, Discovery, Found};
use crate::http_client::Client;
use crate::status::{CollectStatus, DiscoveryError, DroppedTarget, TargetStatus};

/// The most targets of a job.
const MAX_TARGETS: usize = 50_000;

/// Loops that ended and others may go on with, by the labels of their series.
pub(crate) type Leftovers = HashMap<Labels, TargetLoop>;

/// A running job.
pub(crate) struct Job {
    pub(crate) config: Arc<ScrapeConfig>,
    board: Arc<Board>,
    task: Option<JoinHandle<()>>,
}

/// What the job's task and its owner share.
#[derive(Default)]
struct Board {
    running: Mutex<BTreeMap<u64, Running>>,
    dropped: Mutex<Vec<Labels>>,
    errors: Mutex<BTreeMap<String, String>>,
    refusal: Arc<Mutex<String>>,
    /// Loops of an earlier job that no target has gone on with yet.
    leftovers: Mutex<Leftovers>,
}

struct Running {
    loop_: TargetLoop,
    stop: watch::Sender<Stop>,
    task: JoinHandle<()>,
}

impl Job {
    /// Starts a job. It goes on with those of `leftovers` that it has as targets, and ends the others.
    pub(crate) fn start(parts: Arc<Parts>, config: ScrapeConfig, leftovers: Leftovers) -> Self {
        let config = Arc::new(config);
        let board = Arc::new(Board { leftovers: Mutex::new(leftovers), ..Board::default() });
        let origin = match Client::new(&config.http) {
            Ok(client) => Origin::Http(client),
            Err(error) => Origin::Broken(error.to_string()),
        };
        let discovery = discovery::start(&config);
        let runner = Runner { parts, config: config.clone(), board: board.clone(), origin };
        Job { config, board, task: Some(tokio::spawn(runner.run(discovery))) }
    }

    /// Starts a job of one target in this process, by its labels and interval in ms.
    pub(crate) fn start_one(
        parts: Arc<Parts>,
        config: ScrapeConfig,
        target: (Labels, i64),
        origin: Origin,
    ) -> Self {
        let (labels, interval_ms) = target;
        let target = Target::new(labels.clone(), labels, String::new(), interval_ms, interval_ms);
        let config = Arc::new(config);
        let board = Arc::new(Board::default());
        let runner = Runner { parts, config: config.clone(), board: board.clone(), origin };
        runner.spawn(target);
        Job { config, board, task: None }
    }

    /// Adds the job's part to a status.
    pub(crate) fn status(&self, into: &mut CollectStatus) {
        let job_name = &self.config.job_name;
        for running in self.board.running.lock().values() {
            let target = &running.loop_.target;
            let progress = running.loop_.state.progress.lock().clone();
            into.targets.push(TargetStatus {
                job_name: job_name.clone(),
                labels: target.labels.clone(),
                discovered_labels: target.discovered.clone(),
                url: target.url.clone(),
                health: progress.health,
                last_error: progress.last_error,
                last_scrape_ms: progress.last_scrape_ms,
                last_duration_seconds: progress.last_duration_seconds,
                samples: progress.samples,
                interval_ms: target.interval_ms,
                timeout_ms: target.timeout_ms,
            });
        }
        let dropped = self.board.dropped.lock();
        let shown = match self.config.keep_dropped_targets {
            0 => dropped.len(),
            most => dropped.len().min(most as usize),
        };
        let show =
            |labels: &Labels| DroppedTarget { job_name: job_name.clone(), discovered_labels: labels.clone() };
        into.dropped.extend(dropped[..shown].iter().map(show));
        into.dropped_counts.push((job_name.clone(), dropped.len() as u64));
        for (origin, error) in self.board.errors.lock().iter() {
            let (origin, error) = (origin.clone(), error.clone());
            into.discovery_errors.push(DiscoveryError { job_name: job_name.clone(), origin, error });
        }
    }

    /// Ends the job. The loops end without stale markers, and come back for another job to go on with.
    pub(crate) async fn hand_over(mut self) -> Leftovers {
        let mut leftovers = self.finish(Stop::Handover).await;
        leftovers.extend(std::mem::take(&mut *self.board.leftovers.lock()));
        leftovers
    }

    /// Ends the job and marks all of its series stale.
    pub(crate) async fn end(mut self) {
        self.finish(Stop::Gone).await;
        let leftovers = std::mem::take(&mut *self.board.leftovers.lock());
        for leftover in leftovers.into_values() {
            leftover.end().await;
        }
    }

    async fn finish(&mut self, how: Stop) -> Leftovers {
        if let Some(task) = self.task.take() {
            task.abort();
            // Aborted is what it should be.
            let _ = task.await;
        }
        let running = std::mem::take(&mut *self.board.running.lock());
        for running in running.values() {
            running.stop.send_replace(how);
        }
        let mut leftovers = Leftovers::new();
        for running in running.into_values() {
            let _ = running.task.await;
            leftovers.insert(running.loop_.target.labels.clone(), running.loop_);
        }
        leftovers
    }
}

/// The job's task.
struct Runner {
    parts: Arc<Parts>,
    config: Arc<ScrapeConfig>,
    board: Arc<Board>,
    origin: Origin,
}

impl Runner {
    async fn run(self, mut discovery: Discovery) {
        let mut groups: BTreeMap<usize, Vec<TargetGroup>> = BTreeMap::new();
        let mut heard = std::collections::BTreeSet::new();
        while let Some(found) = discovery.updates.recv().await {
            heard.insert(found.index);
            self.take(found, &mut groups);
            let gone = self.sync(&groups);
            for running in gone {
                running.stop.send_replace(Stop::Gone);
            }
            if heard.len() == discovery.count {
                let leftovers = std::mem::take(&mut *self.board.leftovers.lock());
                for leftover in leftovers.into_values() {
                    leftover.end().await;
                }
            }
        }
        // The discoveries end only with this task; without this wait the loops would outlive their job's task.
        std::future::pending::<()>().await;
    }

    fn take(&self, found: Found, groups: &mut BTreeMap<usize, Vec<TargetGroup>>) {
        let mut errors = self.board.errors.lock();
        match found.groups {
            Ok(now) => {
                // A good answer clears what this discovery's files or server had wrong.
                errors.retain(|origin, _| !origin.starts_with(&format!("{} ", kind(found.index))));
                groups.insert(found.index, now);
            }
            Err(error) => {
                tracing::warn!(job = self.config.job_name, origin = found.origin, "discovery: {error}");
                errors.insert(format!("{} {}", kind(found.index), found.origin), error);
            }
        }
    }

    /// Starts loops for new targets and gives back those whose targets are no longer there.
    fn sync(&self, groups: &BTreeMap<usize, Vec<TargetGroup>>) -> Vec<Running> {
        let mut wanted = self.wanted(groups);
        let limit = self.config.limits.targets;
        *self.board.refusal.lock() = match wanted.len() {
            n if limit > 0 && n as u64 > limit => format!("the job has {n} targets, target_limit is {limit}"),
            _ => String::new(),
        };
        let mut gone = Vec::new();
        let mut kept = BTreeMap::new();
        let labels: HashSet<Labels> = wanted.values().map(|target| target.labels.clone()).collect();
        let running = std::mem::take(&mut *self.board.running.lock());
        for (key, old) in running {
            let target = &old.loop_.target;
            if wanted.get(&key) == Some(&**target) {
                wanted.remove(&key);
                kept.insert(key, old);
            } else if labels.contains(&target.labels) {
                // The same series at another pace or address: the next loop goes on with them.
                old.stop.send_replace(Stop::Handover);
                self.board.leftovers.lock().insert(target.labels.clone(), old.loop_);
            } else {
                gone.push(old);
            }
        }
        *self.board.running.lock() = kept;
        for target in wanted.into_values() {
            self.spawn(target);
        }
        gone
    }

    /// The targets of all groups. What is dropped or wrong goes to the board.
    fn wanted(&self, groups: &BTreeMap<usize, Vec<TargetGroup>>) -> BTreeMap<u64, Target> {
        let (mut wanted, mut dropped) = (BTreeMap::new(), Vec::new());
        let mut errors = BTreeMap::new();
        for group in groups.values().flatten() {
            for address in &group.targets {
                match populate(&self.config, group, address) {
                    Ok(Populated::Target(target)) => {
                        wanted.insert(target.key(), *target);
                    }
                    Ok(Populated::Dropped(labels)) => dropped.push(labels),
                    Err(why) => {
                        errors.insert(format!("target {address}"), why);
                    }
                }
            }
        }
        if wanted.len() > MAX_TARGETS {
            let why = format!("{} targets were found, {MAX_TARGETS} are scraped", wanted.len());
            errors.insert("targets".to_owned(), why);
            wanted = wanted.into_iter().take(MAX_TARGETS).collect();
        }
        *self.board.dropped.lock() = dropped;
        let mut all = self.board.errors.lock();
        all.retain(|origin, _| !origin.starts_with("target"));
        all.append(&mut errors);
        wanted
    }

    fn spawn(&self, target: Target) {
        let key = target.key();
        let leftover = self.board.leftovers.lock().remove(&target.labels);
        let state = match leftover {
            Some(leftover) => {
                leftover.state.reader.lock().configuration_changed();
                leftover.state
            }
            None => Arc::new(State::default()),
        };
        let loop_ = TargetLoop {
            parts: self.parts.clone(),
            config: self.config.clone(),
            target: Arc::new(target),
            origin: self.origin.clone(),
            state,
            refusal: self.board.refusal.clone(),
        };
        let (stop, stopped) = watch::channel(Stop::Not);
        let task = tokio::spawn(loop_.clone().run(stopped));
        self.board.running.lock().insert(key, Running { loop_, stop, task });
    }
}

/// What errors of a discovery begin with, so that they can be told from errors of targets.
fn kind(index: usize) -> String {
    format!("discovery {index}:")
}
