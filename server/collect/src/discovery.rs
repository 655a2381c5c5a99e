//! Finds targets: each discovery runs as a task and sends its groups whenever they change.

mod consul;
mod dns;
mod docker;
mod dockerswarm;
mod file_sd;
mod http_sd;
mod kubernetes;
mod labels;
mod poll;

use tokio::sync::mpsc;

use crate::config::{ScrapeConfig, TargetGroup};

/// What a discovery found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Which discovery of the job.
    pub(crate) index: usize,
    /// The file or URL, for errors.
    pub(crate) origin: String,
    /// Its groups now, or why they cannot be told: then the last ones stay.
    pub(crate) groups: Result<Vec<TargetGroup>, String>,
}

/// How many updates may wait for the job.
const QUEUE: usize = 16;

/// Discovered targets of a job.
pub(crate) struct Discovery {
    /// How many discoveries there are, the job's static groups (index 0) included.
    pub(crate) count: usize,
    pub(crate) updates: mpsc::Receiver<Found>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Discovery {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Starts the discoveries of a job.
pub(crate) fn start(config: &ScrapeConfig) -> Discovery {
    let (sender, updates) = mpsc::channel(QUEUE);
    let mut tasks = Vec::new();
    let first = Found { index: 0, origin: "static_configs".into(), groups: Ok(config.static_groups.clone()) };
    sender.try_send(first).expect("the queue is empty");
    for sd in &config.file_sd {
        tasks.push(tokio::spawn(file_sd::run(sd.clone(), tasks.len() + 1, sender.clone())));
    }
    for sd in &config.http_sd {
        tasks.push(tokio::spawn(http_sd::run(sd.clone(), tasks.len() + 1, sender.clone())));
    }
    for sd in &config.polled {
        tasks.push(tokio::spawn(poll::run(sd.clone(), tasks.len() + 1, sender.clone())));
    }
    Discovery { count: tasks.len() + 1, updates, tasks }
}
