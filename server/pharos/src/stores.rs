//! Opens the stores of a data folder, looks after them, closes them.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use log_store::LogStore;
use metric_store::MetricStore;
use model::{Clock, SystemClock};
use storage::{DataFolder, Disk, Documents, RealDisk};

use crate::config::Config;

/// How often sealing, merging and retention are looked at.
const MAINTAIN_EVERY: Duration = Duration::from_secs(10);

/// Everything that is kept, open.
pub(crate) struct Stores {
    pub(crate) folder: Arc<DataFolder>,
    pub(crate) control: Documents,
    pub(crate) metrics: Arc<MetricStore>,
    pub(crate) logs: Arc<LogStore>,
}

/// Runs maintenance until it is dropped or stopped.
pub(crate) struct Maintenance {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Stores {
    /// Opens the data folder and its stores; what is missing is made.
    pub(crate) fn open(config: &Config) -> Result<Stores> {
        let folder = DataFolder::open(&config.data)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let at = |name: &str| -> std::path::PathBuf { Path::new(&config.data).join(name) };
        let control = Documents::open(disk.clone(), &at("control.redb"))?;
        let retention = config.retention.unwrap_or(Duration::ZERO);
        let metric_config = metric_store::Config { retention, ..Default::default() };
        let log_config = log_store::Config { retention, ..Default::default() };
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
        if let Some(advice) = folder.advice() {
            tracing::warn!("{advice}");
        }
        Ok(Stores { folder: Arc::new(folder), control, metrics, logs })
    }

    /// Starts to look after the stores on a thread of its own.
    pub(crate) fn maintain(&self) -> std::io::Result<Maintenance> {
        let (stop, stopped) = channel();
        let (metrics, logs) = (self.metrics.clone(), self.logs.clone());
        let thread = std::thread::Builder::new()
            .name("maintain".into())
            .spawn(move || look_after(&metrics, &logs, &stopped))?;
        Ok(Maintenance { stop, thread: Some(thread) })
    }

    /// Writes what is in memory and closes; `Err` names what could not be written.
    pub(crate) fn close(self) -> Result<()> {
        let metrics = self.metrics.close().context("metric store");
        let logs = self.logs.close().context("log store");
        metrics.and(logs)
    }
}

fn look_after(metrics: &MetricStore, logs: &LogStore, stopped: &Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(MAINTAIN_EVERY) {
        if let Err(error) = metrics.maintain() {
            tracing::error!(%error, "metrics cannot be sealed, merged or expired");
        }
        if let Err(error) = logs.maintain() {
            tracing::error!(%error, "logs cannot be sealed, merged or expired");
        }
    }
}

impl Maintenance {
    /// Waits for the round that runs, then stops.
    pub(crate) fn stop(mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
