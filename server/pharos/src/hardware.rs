//! What this machine is made of, as targets that are collected and as the pages of the exporters replaced.

use std::sync::Arc;

use collect::gpu::{GpuConfig, Gpus};
use collect::host::Host;
use collect::{Gatherer, InProcess};
use model::Clock;

use crate::config::Config;

/// How often this host and Pharos itself are looked at.
pub(crate) const OWN_INTERVAL_MS: i64 = 5_000;

/// This host and its GPUs.
#[derive(Default)]
pub(crate) struct Hardware {
    pub(crate) targets: Vec<InProcess>,
    /// Pages by the name in their URL.
    pub(crate) exporters: Vec<(&'static str, Arc<dyn Gatherer>)>,
}

impl Hardware {
    pub(crate) fn open(config: &Config, hostname: &str, clock: Arc<dyn Clock>) -> Hardware {
        let host: Arc<dyn Gatherer> = Arc::new(Host::new(config.host_flags.clone(), clock.clone()));
        let mut hardware = Hardware::default();
        hardware.add(hostname, ("node", "node", OWN_INTERVAL_MS), host);
        let interval_ms = i64::try_from(config.gpu_interval.as_millis()).unwrap_or(i64::MAX);
        if let Some(gpus) = gpus(config, hostname, clock) {
            hardware.add(hostname, ("dcgm", "dcgm", interval_ms), gpus.dcgm());
            hardware.add(hostname, ("nvidia", "nvidia_gpu", interval_ms), gpus.nvidia_smi());
        }
        hardware
    }

    fn add(
        &mut self,
        hostname: &str,
        (page, job, interval_ms): (&'static str, &str, i64),
        gatherer: Arc<dyn Gatherer>,
    ) {
        self.targets.push(target(hostname, (job, interval_ms), gatherer.clone()));
        self.exporters.push((page, gatherer));
    }
}

fn gpus(config: &Config, hostname: &str, clock: Arc<dyn Clock>) -> Option<Arc<Gpus>> {
    let interval_ms = i64::try_from(config.gpu_interval.as_millis()).ok().filter(|ms| *ms > 0)?;
    let asked = GpuConfig {
        library: config.gpu_library.clone(),
        procfs: config.host_flags.roots.procfs.clone(),
        hostname: hostname.to_owned(),
        interval_ms,
    };
    match Gpus::open(asked, clock) {
        Ok(None) if config.gpu_library.is_some() => {
            tracing::warn!("gpu.library cannot be loaded: GPUs are not watched");
            None
        }
        Ok(gpus) => gpus,
        Err(why) => {
            tracing::warn!("GPUs are not watched: {why}");
            None
        }
    }
}

/// Something of this process as a target.
pub(crate) fn target(
    hostname: &str,
    (job, interval_ms): (&str, i64),
    gatherer: Arc<dyn Gatherer>,
) -> InProcess {
    InProcess { job_name: job.to_owned(), instance: hostname.to_owned(), interval_ms, gatherer }
}
