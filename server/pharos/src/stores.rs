//! Opens the stores of a data folder, looks after them, closes them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use log_store::LogStore;
use metric_store::MetricStore;
use model::{Clock, SystemClock};
use storage::{DataFolder, Disk, Documents, RealDisk};

use crate::config::Config;
use crate::demo::Sinks;

/// How often sealing, merging and retention are looked at.
const MAINTAIN_EVERY: Duration = Duration::from_secs(5);
/// The pause after a failure.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Everything that is kept, open.
pub(crate) struct Stores {
    pub(crate) folder: Arc<DataFolder>,
    pub(crate) control: Arc<Documents>,
    pub(crate) metrics: Arc<MetricStore>,
    pub(crate) logs: Arc<LogStore>,
}

/// Threads that seal, merge and expire.
pub(crate) struct Maintenance {
    stopping: Arc<AtomicBool>,
    stop_logs: Sender<()>,
    metrics: JoinHandle<()>,
    logs: JoinHandle<()>,
}

impl Stores {
    /// Opens the data folder and its stores; what is missing is made.
    pub(crate) fn open(config: &Config) -> Result<Stores> {
        let folder = DataFolder::open(&config.data)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let at = |name: &str| -> std::path::PathBuf { Path::new(&config.data).join(name) };
        let control = Documents::open(disk.clone(), &at("control.redb")).context(
            "control.redb, which holds users: restore it from a backup, or move it away to start without it (a new \
             admin password is made where one is needed)",
        )?;
        let retention = config.retention.unwrap_or(Duration::ZERO);
        let classes = config.metric_retention.clone();
        let metric_config = metric_store::Config { retention, classes, ..Default::default() };
        let log_config = crate::log_retention::log_config(config);
        // Both replay their log: side by side they take half the time.
        let (metrics, logs) = std::thread::scope(|scope| {
            let path = at("metrics");
            let (metric_clock, metric_disk) = (clock.clone(), disk.clone());
            let metrics =
                scope.spawn(move || MetricStore::open(&path, metric_config, metric_clock, metric_disk));
            let logs = LogStore::open(&at("logs"), log_config, clock, disk);
            (metrics.join(), logs)
        });
        let metrics = metrics.map_err(|_| anyhow::anyhow!("the metric store failed while it opened"))?;
        let metrics = Arc::new(metrics.context("metric store")?);
        let logs = Arc::new(logs.context("log store")?);
        // The metric store logs its own.
        for note in logs.start_warnings().iter().chain(&folder.advice()) {
            tracing::warn!("{note}");
        }
        Ok(Stores { folder: Arc::new(folder), control: Arc::new(control), metrics, logs })
    }

    /// Where a demo's data go.
    pub(crate) fn sinks(&self) -> Sinks {
        Sinks { metrics: self.metrics.clone(), logs: self.logs.clone(), clock: Arc::new(SystemClock) }
    }

    /// Starts to look after the stores, each on a thread of its own.
    pub(crate) fn maintain(&self) -> std::io::Result<Maintenance> {
        let stopping = Arc::new(AtomicBool::new(false));
        let thread = |name: &str| std::thread::Builder::new().name(name.into());
        let (store, stop) = (self.metrics.clone(), stopping.clone());
        let metrics = thread("maintain-metrics").spawn(move || look_after_metrics(&store, &stop))?;
        let (stop_logs, stopped) = channel();
        let store = self.logs.clone();
        let logs = thread("maintain-logs").spawn(move || look_after_logs(&store, &stopped))?;
        Ok(Maintenance { stopping, stop_logs, metrics, logs })
    }

    /// Writes what is in memory and closes; `Err` names what could not be written.
    pub(crate) fn close(&self) -> Result<()> {
        let metrics = self.metrics.close().context("metric store");
        let logs = self.logs.close().context("log store");
        metrics.and(logs)
    }
}

fn look_after_metrics(store: &MetricStore, stopping: &AtomicBool) {
    while !stopping.load(Ordering::Acquire) {
        store.wait_for_maintenance(MAINTAIN_EVERY);
        while !stopping.load(Ordering::Acquire) {
            match contained(|| store.maintain().map_err(|error| error.to_string())) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(error, "metrics cannot be sealed, merged or expired");
                    std::thread::sleep(AFTER_ERROR);
                    break;
                }
            }
        }
    }
}

fn look_after_logs(store: &LogStore, stopped: &Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(MAINTAIN_EVERY) {
        if let Err(error) = contained(|| store.maintain().map_err(|error| error.to_string())) {
            tracing::error!(error, "logs cannot be sealed, merged or expired");
        }
    }
}

/// A defect in one round must not end all later ones.
fn contained<T>(round: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(round)).unwrap_or_else(|_| Err("it failed in a way it should not".into()))
}

impl Maintenance {
    /// Tells the threads to stop. They end after the round that runs; that of metrics once its store is closed.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        // A thread that is gone needs no telling.
        let _ = self.stop_logs.send(());
    }

    /// Waits for the threads.
    pub(crate) fn join(self) {
        for thread in [self.metrics, self.logs] {
            if thread.join().is_err() {
                tracing::error!("maintenance ended in a way it should not");
            }
        }
    }
}
