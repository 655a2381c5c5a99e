//! GPUs under dcgm-exporter's names, labels and units.

use std::collections::BTreeMap;

use model::MetricKind::{self, Counter, Gauge};
use wire::exposition::Page;

use super::snapshot::{Gpu, Instance, Process, Snapshot, Values};
use crate::rows::Rows;

/// Metric, value, factor from its base unit, kind, help.
type Name = (&'static str, &'static str, f64, MetricKind, &'static str);

const MHZ: f64 = 1e-6;
const MIB: f64 = 1.0 / 1_048_576.0;
const KB: f64 = 1.0 / 1024.0;
const MB: f64 = 1e-6;
/// Thousandths and millionths.
const MILLI: f64 = 1e3;
const MICRO: f64 = 1e6;

/// What an instance of a divided GPU has too.
const OF_PARTS: [Name; 20] = [
    ("DCGM_FI_DEV_FB_FREE", "memory.free", MIB, Gauge, "Memory free, MiB."),
    ("DCGM_FI_DEV_FB_USED", "memory.used", MIB, Gauge, "Memory in use, MiB."),
    ("DCGM_FI_DEV_FB_RESERVED", "memory.reserved", MIB, Gauge, "Memory kept by the driver, MiB."),
    ("DCGM_FI_DEV_FB_TOTAL", "memory.total", MIB, Gauge, "Memory in all, MiB."),
    ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "profile.graphics", 1.0, Gauge, "Share of time the engine worked."),
    ("DCGM_FI_PROF_SM_ACTIVE", "profile.sm", 1.0, Gauge, "Share of time a multiprocessor had a warp."),
    ("DCGM_FI_PROF_SM_OCCUPANCY", "profile.occupancy", 1.0, Gauge, "Share of the warps that could be."),
    ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "profile.tensor", 1.0, Gauge, "Share of time tensor cores worked."),
    ("DCGM_FI_PROF_PIPE_TENSOR_DFMA_ACTIVE", "profile.tensor.dfma", 1.0, Gauge, "The same for FP64."),
    ("DCGM_FI_PROF_PIPE_TENSOR_HMMA_ACTIVE", "profile.tensor.hmma", 1.0, Gauge, "The same for FP16."),
    ("DCGM_FI_PROF_PIPE_TENSOR_IMMA_ACTIVE", "profile.tensor.imma", 1.0, Gauge, "The same for integers."),
    ("DCGM_FI_PROF_DRAM_ACTIVE", "profile.dram", 1.0, Gauge, "Share of the memory's bandwidth."),
    ("DCGM_FI_PROF_PIPE_FP64_ACTIVE", "profile.fp64", 1.0, Gauge, "Share of time FP64 pipes worked."),
    ("DCGM_FI_PROF_PIPE_FP32_ACTIVE", "profile.fp32", 1.0, Gauge, "Share of time FP32 pipes worked."),
    ("DCGM_FI_PROF_PIPE_FP16_ACTIVE", "profile.fp16", 1.0, Gauge, "Share of time FP16 pipes worked."),
    ("DCGM_FI_PROF_PIPE_INT_ACTIVE", "profile.integer", 1.0, Gauge, "Share of time integer pipes worked."),
    ("DCGM_FI_PROF_PCIE_TX_BYTES", "profile.pcie.tx", 1.0, Gauge, "Bytes a second sent over PCIe."),
    ("DCGM_FI_PROF_PCIE_RX_BYTES", "profile.pcie.rx", 1.0, Gauge, "Bytes a second received over PCIe."),
    ("DCGM_FI_PROF_NVLINK_TX_BYTES", "profile.nvlink.tx", 1.0, Gauge, "Bytes a second sent over NVLink."),
    ("DCGM_FI_PROF_NVLINK_RX_BYTES", "profile.nvlink.rx", 1.0, Gauge, "Bytes a second received over NVLink."),
];

/// What only a whole GPU has.
const OF_GPUS: [Name; 58] = [
    ("DCGM_FI_DEV_SM_CLOCK", "clock.sm", MHZ, Gauge, "Clock of the multiprocessors, MHz."),
    ("DCGM_FI_DEV_MEM_CLOCK", "clock.memory", MHZ, Gauge, "Clock of the memory, MHz."),
    ("DCGM_FI_DEV_VIDEO_CLOCK", "clock.video", MHZ, Gauge, "Clock of encoder and decoder, MHz."),
    ("DCGM_FI_DEV_MAX_SM_CLOCK", "clock.max.sm", MHZ, Gauge, "The fastest that multiprocessors go, MHz."),
    ("DCGM_FI_DEV_MAX_MEM_CLOCK", "clock.max.memory", MHZ, Gauge, "The fastest that memory goes, MHz."),
    ("DCGM_FI_DEV_MEMORY_TEMP", "temperature.memory", 1.0, Gauge, "Temperature of the memory, °C."),
    ("DCGM_FI_DEV_GPU_TEMP", "temperature.gpu", 1.0, Gauge, "Temperature of the GPU, °C."),
    ("DCGM_FI_DEV_SLOWDOWN_TEMP", "temperature.slowdown", 1.0, Gauge, "Where it slows down, °C."),
    ("DCGM_FI_DEV_SHUTDOWN_TEMP", "temperature.shutdown", 1.0, Gauge, "Where it switches off, °C."),
    ("DCGM_FI_DEV_POWER_USAGE", "power.draw", 1.0, Gauge, "Power drawn, W."),
    ("DCGM_FI_DEV_POWER_USAGE_INSTANT", "power.instant", 1.0, Gauge, "Power drawn at this moment, W."),
    (
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
        "energy",
        MILLI,
        Counter,
        "Energy used since the driver runs, mJ.",
    ),
    ("DCGM_FI_DEV_POWER_MGMT_LIMIT", "power.limit", 1.0, Gauge, "The limit that was set, W."),
    ("DCGM_FI_DEV_POWER_MGMT_LIMIT_MIN", "power.min_limit", 1.0, Gauge, "The lowest that may be set, W."),
    ("DCGM_FI_DEV_POWER_MGMT_LIMIT_MAX", "power.max_limit", 1.0, Gauge, "The highest that may be set, W."),
    ("DCGM_FI_DEV_POWER_MGMT_LIMIT_DEF", "power.default_limit", 1.0, Gauge, "The limit by default, W."),
    ("DCGM_FI_DEV_ENFORCED_POWER_LIMIT", "power.enforced_limit", 1.0, Gauge, "The limit in force, W."),
    ("DCGM_FI_DEV_PCIE_TX_THROUGHPUT", "pcie.tx", KB, Gauge, "KB a second sent over PCIe."),
    ("DCGM_FI_DEV_PCIE_RX_THROUGHPUT", "pcie.rx", KB, Gauge, "KB a second received over PCIe."),
    ("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "pcie.replays", 1.0, Counter, "Retries over PCIe."),
    ("DCGM_FI_DEV_PCIE_LINK_GEN", "pcie.generation", 1.0, Gauge, "Generation of the link."),
    ("DCGM_FI_DEV_PCIE_MAX_LINK_GEN", "pcie.generation.max", 1.0, Gauge, "The newest it can be."),
    ("DCGM_FI_DEV_PCIE_LINK_WIDTH", "pcie.width", 1.0, Gauge, "Lanes of the link."),
    ("DCGM_FI_DEV_PCIE_MAX_LINK_WIDTH", "pcie.width.max", 1.0, Gauge, "The most lanes it can have."),
    ("DCGM_FI_DEV_GPU_UTIL", "utilization.gpu", 1.0, Gauge, "Share of time that the GPU worked, %."),
    ("DCGM_FI_DEV_MEM_COPY_UTIL", "utilization.memory", 1.0, Gauge, "Share of time that memory moved, %."),
    ("DCGM_FI_DEV_ENC_UTIL", "utilization.encoder", 1.0, Gauge, "Share of time that the encoder worked, %."),
    ("DCGM_FI_DEV_DEC_UTIL", "utilization.decoder", 1.0, Gauge, "Share of time that the decoder worked, %."),
    ("DCGM_FI_DEV_PSTATE", "pstate", 1.0, Gauge, "Performance state, 0 the fastest."),
    ("DCGM_FI_DEV_FAN_SPEED", "fan", 1.0, Gauge, "Speed of the fastest fan, %."),
    ("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "throttle", 1.0, Gauge, "Bits: why clocks are not higher."),
    ("DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "throttle", 1.0, Gauge, "Bits: why clocks are not higher."),
    ("DCGM_FI_DEV_POWER_VIOLATION", "violation.power", MICRO, Counter, "Time held back for power, µs."),
    ("DCGM_FI_DEV_THERMAL_VIOLATION", "violation.thermal", MICRO, Counter, "Time held back for heat, µs."),
    (
        "DCGM_FI_DEV_SYNC_BOOST_VIOLATION",
        "violation.sync_boost",
        MICRO,
        Counter,
        "Time held back for others, µs.",
    ),
    ("DCGM_FI_DEV_BOARD_LIMIT_VIOLATION", "violation.board_limit", MICRO, Counter, "… for the board, µs."),
    (
        "DCGM_FI_DEV_LOW_UTIL_VIOLATION",
        "violation.low_utilization",
        MICRO,
        Counter,
        "… for want of work, µs.",
    ),
    ("DCGM_FI_DEV_RELIABILITY_VIOLATION", "violation.reliability", MICRO, Counter, "… for reliability, µs."),
    ("DCGM_FI_DEV_ECC_CURRENT", "ecc.mode", 1.0, Gauge, "Whether ECC is on."),
    ("DCGM_FI_DEV_ECC_PENDING", "ecc.mode.pending", 1.0, Gauge, "Whether ECC is on after the next start."),
    (
        "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL",
        "ecc.corrected.volatile",
        1.0,
        Counter,
        "Errors put right since the driver runs.",
    ),
    (
        "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
        "ecc.uncorrected.volatile",
        1.0,
        Counter,
        "Errors not put right since then.",
    ),
    ("DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", "ecc.corrected.aggregate", 1.0, Counter, "Errors put right, ever."),
    (
        "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL",
        "ecc.uncorrected.aggregate",
        1.0,
        Counter,
        "Errors not put right, ever.",
    ),
    ("DCGM_FI_DEV_RETIRED_SBE", "retired.single", 1.0, Counter, "Pages retired for single-bit errors."),
    ("DCGM_FI_DEV_RETIRED_DBE", "retired.double", 1.0, Counter, "Pages retired for double-bit errors."),
    ("DCGM_FI_DEV_RETIRED_PENDING", "retired.pending", 1.0, Counter, "Whether pages wait to be retired."),
    (
        "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL",
        "nvlink.crc_flit_errors",
        1.0,
        Counter,
        "NVLink: flow control errors.",
    ),
    (
        "DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL",
        "nvlink.crc_data_errors",
        1.0,
        Counter,
        "NVLink: data errors.",
    ),
    ("DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", "nvlink.replay_errors", 1.0, Counter, "NVLink: retries."),
    (
        "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL",
        "nvlink.recovery_errors",
        1.0,
        Counter,
        "NVLink: recoveries.",
    ),
    (
        "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
        "remapped.uncorrectable",
        1.0,
        Counter,
        "Rows moved for errors not put right.",
    ),
    (
        "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS",
        "remapped.correctable",
        1.0,
        Counter,
        "Rows moved for errors put right.",
    ),
    ("DCGM_FI_DEV_ROW_REMAP_FAILURE", "remapped.failure", 1.0, Gauge, "Whether moving rows failed."),
    ("DCGM_FI_DEV_ROW_REMAP_PENDING", "remapped.pending", 1.0, Gauge, "Whether rows wait to be moved."),
    ("DCGM_FI_DEV_BAR1_USED", "bar1.used", MIB, Gauge, "BAR1 in use, MiB."),
    ("DCGM_FI_DEV_BAR1_FREE", "bar1.free", MIB, Gauge, "BAR1 free, MiB."),
    ("DCGM_FI_DEV_MIG_MODE", "mig.mode", 1.0, Gauge, "Whether the GPU is divided."),
];

pub(super) fn write(snapshot: &Snapshot, hostname: &str, page: &mut Page) {
    let mut writer = Writer { snapshot, hostname, rows: Rows::default() };
    for (metric, value, factor, kind, help) in OF_GPUS {
        for gpu in &snapshot.gpus {
            if let Some(number) = gpu.values.get(value) {
                writer.sample((metric, kind, help), (gpu, None), number * factor);
            }
        }
    }
    for (metric, value, factor, kind, help) in OF_PARTS {
        for gpu in &snapshot.gpus {
            let whole: (&Values, Option<&Instance>) = (&gpu.values, None);
            let parts = gpu.instances.iter().map(|part| (&part.values, Some(part)));
            for (values, part) in [whole].into_iter().chain(parts) {
                if let Some(number) = values.get(value) {
                    writer.sample((metric, kind, help), (gpu, part), number * factor);
                }
            }
        }
    }
    writer.computed();
    writer.processes();
    writer.rows.write(page);
    let help = "How long it took to ask all GPUs, seconds.";
    page.gauge("pharos_gpu_read_duration_seconds", help, snapshot.seconds);
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    hostname: &'a str,
    rows: Rows,
}

impl Writer<'_> {
    fn sample(
        &mut self,
        family: (&str, MetricKind, &str),
        (gpu, part): (&Gpu, Option<&Instance>),
        value: f64,
    ) {
        let identity = &gpu.identity;
        let index = identity.index.to_string();
        let device = format!("nvidia{}", identity.minor.unwrap_or(identity.index));
        let mut labels = vec![
            ("gpu", index.as_str()),
            ("UUID", &identity.uuid),
            ("pci_bus_id", &identity.pci_bus_id),
            ("device", &device),
            ("modelName", &identity.name),
        ];
        let id = part.map(|part| part.gpu_instance.to_string());
        if let (Some(part), Some(id)) = (part, &id) {
            labels.extend([("GPU_I_PROFILE", part.profile.as_str()), ("GPU_I_ID", id)]);
        }
        labels.extend([("Hostname", self.hostname), ("DCGM_FI_DRIVER_VERSION", &self.snapshot.driver)]);
        self.rows.add(family, &labels, value);
    }

    /// What is not one value times a factor.
    fn computed(&mut self) {
        let snapshot = self.snapshot;
        for gpu in &snapshot.gpus {
            if let Some(xid) = gpu.last_xid {
                let help = "Code of the last error that the driver told of; 0: none since this program runs.";
                self.sample(("DCGM_FI_DEV_XID_ERRORS", Gauge, help), (gpu, None), xid as f64);
            }
            let value = |name: &str| gpu.values.get(name).copied();
            if let (Some(used), Some(total)) = (value("memory.used"), value("memory.total"))
                && total > 0.0
            {
                let help = "Share of memory in use, 0 to 1.";
                self.sample(("DCGM_FI_DEV_FB_USED_PERCENT", Gauge, help), (gpu, None), used / total);
            }
            if let (Some(tx), Some(rx)) = (value("profile.nvlink.tx"), value("profile.nvlink.rx")) {
                let help = "MB a second over all links of NVLink, both ways.";
                let family = ("DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", Gauge, help);
                self.sample(family, (gpu, None), (tx + rx) * MB);
            }
            let help = "Whether a GPU fell off the bus.";
            self.sample(("pharos_gpu_lost", Gauge, help), (gpu, None), f64::from(u8::from(gpu.lost)));
        }
    }

    fn processes(&mut self) {
        for gpu in &self.snapshot.gpus {
            let index = gpu.identity.index.to_string();
            // Compute instances of one GPU instance are not told apart.
            let mut all: BTreeMap<(u32, Option<u32>), (&Process, u64)> = BTreeMap::new();
            for process in &gpu.processes {
                let Some(bytes) = process.memory_bytes else { continue };
                all.entry((process.pid, process.gpu_instance)).or_insert((process, 0)).1 += bytes;
            }
            for ((pid, instance), (process, bytes)) in all {
                let instance = instance.map_or_else(String::new, |id| id.to_string());
                let labels = [
                    ("gpu", index.as_str()),
                    ("UUID", &gpu.identity.uuid),
                    ("pid", &pid.to_string()),
                    ("command", &process.command),
                    ("container_id", &process.container),
                    ("GPU_I_ID", &instance),
                ];
                let help = "Memory of a GPU that a process uses, bytes.";
                self.rows.gauge("pharos_gpu_process_memory_bytes", help, &labels, bytes as f64);
            }
        }
    }
}
