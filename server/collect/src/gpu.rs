//! NVIDIA GPUs through NVML, the driver's own library: loaded at run time, its absence normal and silent.
//!
//! NVML needs no privilege and takes no lock that a profiler needs; profiling metrics come from GPM (Hopper and
//! newer), older GPUs have none. What a GPU does not support has no series: never a number that stands for nothing.

mod dcgm;
mod library;
mod nvidia_smi;
mod owner;
mod profile;
mod read;
mod snapshot;
mod vllm;
mod xid;

use std::path::PathBuf;
use std::sync::Arc;

use model::Clock;
use parking_lot::Mutex;
use wire::exposition::Page;

pub use library::LibraryError;
pub use snapshot::{Gpu, Identity, Instance, Process, Snapshot, Values};

use crate::collector::Gatherer;
use read::Reader;

/// What is asked of GPUs.
#[derive(Debug, Clone)]
pub struct GpuConfig {
    /// The library: its path, or its name as the loader finds it. `None`: the driver's.
    pub library: Option<PathBuf>,
    /// Where `/proc` is: whose process a GPU's process is.
    pub procfs: PathBuf,
    /// This host's name, as a label.
    pub hostname: String,
    /// How often GPUs are read, ms: pages asked for sooner show the last reading.
    pub interval_ms: i64,
}

/// This host's GPUs.
pub struct Gpus {
    hostname: String,
    interval_ms: i64,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    reader: Reader,
    last: Option<Arc<Snapshot>>,
}

impl Gpus {
    /// Loads the library. `None` where there is none: no NVIDIA driver.
    ///
    /// # Errors
    ///
    /// The library is there and does not work: the driver is not loaded, or its version differs from the library's.
    pub fn open(config: GpuConfig, clock: Arc<dyn Clock>) -> Result<Option<Arc<Gpus>>, LibraryError> {
        let Some(nvml) = library::load(config.library.as_deref())? else { return Ok(None) };
        let reader = Reader::new(nvml, config.procfs);
        let state = Mutex::new(State { reader, last: None });
        Ok(Some(Arc::new(Gpus { hostname: config.hostname, interval_ms: config.interval_ms, clock, state })))
    }

    /// The GPUs as they are now, or were less than half an interval ago. Blocks.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let now_ms = self.clock.now_ms();
        let mut state = self.state.lock();
        if let Some(last) = &state.last
            && (0..self.interval_ms / 2).contains(&now_ms.saturating_sub(last.at_ms))
        {
            return last.clone();
        }
        let snapshot = Arc::new(state.reader.read(now_ms));
        state.last = Some(snapshot.clone());
        snapshot
    }

    /// The page that dcgm-exporter would give: `DCGM_FI_*`, and the few `vllm_gpu_*` names beside it.
    pub fn dcgm(self: &Arc<Self>) -> Arc<dyn Gatherer> {
        Arc::new(PageOf { gpus: self.clone(), write: write_dcgm })
    }

    /// The page that nvidia_gpu_exporter would give: `nvidia_smi_*`.
    pub fn nvidia_smi(self: &Arc<Self>) -> Arc<dyn Gatherer> {
        Arc::new(PageOf { gpus: self.clone(), write: |_, snapshot, page| nvidia_smi::write(snapshot, page) })
    }
}

fn write_dcgm(gpus: &Gpus, snapshot: &Snapshot, page: &mut Page) {
    dcgm::write(snapshot, &gpus.hostname, page);
    vllm::write(snapshot, page);
}

type WritePage = fn(&Gpus, &Snapshot, &mut Page);

/// One exporter's view of the GPUs.
struct PageOf {
    gpus: Arc<Gpus>,
    write: WritePage,
}

impl Gatherer for PageOf {
    fn gather(&self, page: &mut Page) {
        (self.write)(&self.gpus, &self.gpus.snapshot(), page);
    }
}

#[cfg(test)]
mod tests;
