//! The GPUs at one moment.

use std::collections::BTreeMap;

/// All GPUs of a host.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When, ms since 1970.
    pub at_ms: i64,
    /// How long it took to ask, seconds.
    pub seconds: f64,
    /// Whether the library answered at all.
    pub ok: bool,
    /// How often it did not.
    pub failures: u64,
    /// The driver's version.
    pub driver: String,
    /// The version of CUDA that the driver supports: `12.4`.
    pub cuda: String,
    /// The GPUs by index.
    pub gpus: Vec<Gpu>,
}

/// What a GPU is: does not change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Identity {
    /// Its number in the library.
    pub index: u32,
    /// `GPU-…`
    pub uuid: String,
    /// `00000000:65:00.0`
    pub pci_bus_id: String,
    /// The number in `/dev/nvidia0`.
    pub minor: Option<u32>,
    /// Its model.
    pub name: String,
    /// Version of its firmware.
    pub vbios: String,
    /// Serial number of the board.
    pub serial: String,
    /// `9.0`
    pub compute_capability: String,
    /// `0x16C110DE`
    pub pci_sub_device_id: String,
}

/// Values by name. A name is missing where the GPU does not tell: see `read.rs` for names and units.
pub type Values = BTreeMap<&'static str, f64>;

/// A GPU.
#[derive(Debug, Clone, Default)]
pub struct Gpu {
    /// What it is.
    pub identity: Identity,
    /// Whether it fell off the bus: then there are no values.
    pub lost: bool,
    /// What it measures.
    pub values: Values,
    /// Its parts, where it is divided (MIG).
    pub instances: Vec<Instance>,
    /// Processes that use it.
    pub processes: Vec<Process>,
    /// Errors that the driver told of since this program runs: code, how often, when last (ms).
    pub xids: BTreeMap<u64, (u64, i64)>,
    /// The last of them; `None` where the driver tells of none.
    pub last_xid: Option<u64>,
}

/// A part of a divided GPU.
#[derive(Debug, Clone, Default)]
pub struct Instance {
    /// Number of the GPU instance.
    pub gpu_instance: u32,
    /// Number of the compute instance in it.
    pub compute_instance: u32,
    /// `MIG-…`
    pub uuid: String,
    /// `1g.10gb`
    pub profile: String,
    /// What it measures, under the same names as the whole GPU's.
    pub values: Values,
}

/// A process that uses a GPU.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Process {
    /// Its number on the host.
    pub pid: u32,
    /// Its program, as it was started.
    pub command: String,
    /// The container it runs in; empty if none.
    pub container: String,
    /// Bytes of the GPU's memory; none where the driver does not tell.
    pub memory_bytes: Option<u64>,
    /// The GPU instance it runs on, where the GPU is divided.
    pub gpu_instance: Option<u32>,
    /// The compute instance alike.
    pub compute_instance: Option<u32>,
}
