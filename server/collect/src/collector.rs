//! The collector: all jobs, from start to stop.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Clock, INSTANCE, JOB, Labels, MetricSink, SeriesSource};
use wire::exposition::Page;

use crate::config::{HttpConfig, Limits, Protocols, ScrapeConfig};
use crate::relabel::{Step, relabel_steps};
use crate::scrape::{Job, Leftovers, Origin, Parts};
use crate::status::CollectStatus;

/// Something in this process that has metrics of its own.
pub trait Gatherer: Send + Sync {
    /// Writes the metrics as they are now. Called on a blocking thread, never twice at once by one collector.
    fn gather(&self, page: &mut Page);
}

/// A [`Gatherer`] as a target: it is scraped on a schedule like any other.
#[derive(Clone)]
pub struct InProcess {
    /// The label `job`.
    pub job_name: String,
    /// The label `instance`.
    pub instance: String,
    /// Time from scrape to scrape, ms.
    pub interval_ms: i64,
    /// The metrics.
    pub gatherer: Arc<dyn Gatherer>,
}

/// What a collector collects.
#[derive(Clone, Default)]
pub struct CollectConfig {
    /// The jobs of `prometheus.yml`; job names are unique.
    pub scrape_configs: Vec<ScrapeConfig>,
    /// What is collected in this process.
    pub in_process: Vec<InProcess>,
}

/// Where samples go, and where those of earlier runs are.
#[derive(Clone)]
pub struct Stores {
    /// Takes the samples.
    pub sink: Arc<dyn MetricSink>,
    /// Tells which series were live before a restart.
    pub source: Arc<dyn SeriesSource>,
}

/// Pages that are read at once, for each core.
const READING_PER_CORE: usize = 2;

/// Runs all jobs on the tokio runtime that it is started in.
pub struct Collector {
    parts: Arc<Parts>,
    // Held over awaits: reload and stop wait for loops to end.
    jobs: tokio::sync::Mutex<Jobs>,
    // What `status` shows while a reload holds `jobs`.
    last_status: parking_lot::Mutex<CollectStatus>,
}

#[derive(Default)]
struct Jobs {
    in_process: Vec<Job>,
    /// Of those in this process the ones that come and go, by job.
    extra: BTreeMap<String, Job>,
    by_name: BTreeMap<String, Job>,
    stopped: bool,
}

impl Collector {
    /// Starts all jobs. Must be called within a tokio runtime.
    pub fn start(config: CollectConfig, stores: Stores, clock: Arc<dyn Clock>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let reading = tokio::sync::Semaphore::new(cores * READING_PER_CORE);
        let parts = Arc::new(Parts { sink: stores.sink, source: stores.source, clock, reading });
        let in_process =
            config.in_process.into_iter().map(|target| start_in_process(&parts, target)).collect();
        let start = |config: ScrapeConfig| {
            (config.job_name.clone(), Job::start(parts.clone(), config, Leftovers::new()))
        };
        let by_name = config.scrape_configs.into_iter().map(start).collect();
        let jobs = tokio::sync::Mutex::new(Jobs { in_process, by_name, ..Jobs::default() });
        Collector { parts, jobs, last_status: Default::default() }
    }

    /// Goes over to other jobs. Jobs that stay as they are are not touched; targets that stay in a changed job keep
    /// their series; series of targets that go are marked stale. Without effect once stopped.
    pub async fn reload(&self, scrape_configs: Vec<ScrapeConfig>) {
        let mut jobs = self.jobs.lock().await;
        if jobs.stopped {
            return;
        }
        let mut old = std::mem::take(&mut jobs.by_name);
        for config in scrape_configs {
            let name = config.job_name.clone();
            let job = match old.remove(&name) {
                Some(job) if *job.config == config => job,
                Some(job) => Job::start(self.parts.clone(), config, job.hand_over().await),
                None => Job::start(self.parts.clone(), config, Leftovers::new()),
            };
            jobs.by_name.insert(name, job);
        }
        for job in old.into_values() {
            job.end().await;
        }
    }

    /// What is collected in this process beside what it was started with: jobs by their name. Those that stay are not
    /// touched. Without effect once stopped.
    pub async fn set_extra(&self, targets: Vec<InProcess>) {
        let mut jobs = self.jobs.lock().await;
        if jobs.stopped {
            return;
        }
        let mut old = std::mem::take(&mut jobs.extra);
        for target in targets {
            let name = target.job_name.clone();
            let job = old.remove(&name).unwrap_or_else(|| start_in_process(&self.parts, target));
            jobs.extra.insert(name, job);
        }
        for job in old.into_values() {
            job.end().await;
        }
    }

    /// What is collected, as of now.
    pub fn status(&self) -> CollectStatus {
        let Ok(jobs) = self.jobs.try_lock() else { return self.last_status.lock().clone() };
        let mut status = CollectStatus::default();
        for job in jobs.by_name.values().chain(&jobs.in_process).chain(jobs.extra.values()) {
            job.status(&mut status);
        }
        status.targets.sort_by(|a, b| (&a.job_name, &a.labels).cmp(&(&b.job_name, &b.labels)));
        *self.last_status.lock() = status.clone();
        status
    }

    /// The names of all scrape configurations, those without targets too.
    pub fn job_names(&self) -> Vec<String> {
        self.jobs.try_lock().map(|jobs| jobs.by_name.keys().cloned().collect()).unwrap_or_default()
    }

    /// What each rule of a job's `relabel_configs` makes of a target's labels; `None` if there is no such job.
    pub fn relabel_steps(&self, job_name: &str, labels: &Labels) -> Option<Vec<Step>> {
        let jobs = self.jobs.try_lock().ok()?;
        Some(relabel_steps(labels, &jobs.by_name.get(job_name)?.config.relabel))
    }

    /// Stops collecting, for good. Series are not marked stale: after a restart they go on.
    pub async fn stop(&self) {
        let mut jobs = self.jobs.lock().await;
        jobs.stopped = true;
        let named = std::mem::take(&mut jobs.by_name).into_values();
        let named = named.chain(std::mem::take(&mut jobs.extra).into_values());
        let all = named.chain(std::mem::take(&mut jobs.in_process));
        for job in all.collect::<Vec<_>>() {
            job.hand_over().await;
        }
    }
}

fn start_in_process(parts: &Arc<Parts>, target: InProcess) -> Job {
    let interval_ms = target.interval_ms.max(1);
    let labels = Labels::from_pairs([(JOB, &target.job_name), (INSTANCE, &target.instance)]);
    let config = ScrapeConfig {
        job_name: target.job_name,
        honor_labels: false,
        honor_timestamps: true,
        track_timestamps_staleness: false,
        params: Vec::new(),
        interval_ms,
        timeout_ms: interval_ms,
        metrics_path: String::new(),
        scheme: String::new(),
        http: HttpConfig::default(),
        protocols: Protocols::default(),
        limits: Limits::default(),
        keep_dropped_targets: 0,
        relabel: Vec::new(),
        metric_relabel: Vec::new(),
        static_groups: Vec::new(),
        file_sd: Vec::new(),
        http_sd: Vec::new(),
        polled: Vec::new(),
    };
    let origin = Origin::Gatherer(target.gatherer);
    Job::start_one(parts.clone(), config, (labels, interval_ms), origin)
}

#[cfg(test)]
mod tests;
