//! GPUs under nvidia_gpu_exporter's names: `nvidia_smi_*`.

use std::collections::{BTreeMap, BTreeSet};

use model::MetricKind::{self, Counter, Gauge};
use wire::exposition::Page;

use super::snapshot::{Gpu, Snapshot};
use crate::rows::Rows;

/// Metric (behind `nvidia_smi_`), value, factor from its base unit, kind.
type Name = (&'static str, &'static str, f64, MetricKind);

const PERCENT: f64 = 0.01;

const NAMES: [Name; 54] = [
    ("bar1_memory_free_bytes", "bar1.free", 1.0, Gauge),
    ("bar1_memory_total_bytes", "bar1.total", 1.0, Gauge),
    ("bar1_memory_used_bytes", "bar1.used", 1.0, Gauge),
    ("clocks_current_graphics_clock_hz", "clock.graphics", 1.0, Gauge),
    ("clocks_current_memory_clock_hz", "clock.memory", 1.0, Gauge),
    ("clocks_current_sm_clock_hz", "clock.sm", 1.0, Gauge),
    ("clocks_current_video_clock_hz", "clock.video", 1.0, Gauge),
    ("clocks_max_graphics_clock_hz", "clock.max.graphics", 1.0, Gauge),
    ("clocks_max_memory_clock_hz", "clock.max.memory", 1.0, Gauge),
    ("clocks_max_sm_clock_hz", "clock.max.sm", 1.0, Gauge),
    ("compute_mode", "compute_mode", 1.0, Gauge),
    ("ecc_errors_corrected_aggregate_total", "ecc.corrected.aggregate", 1.0, Gauge),
    ("ecc_errors_corrected_volatile_total", "ecc.corrected.volatile", 1.0, Gauge),
    ("ecc_errors_uncorrected_aggregate_total", "ecc.uncorrected.aggregate", 1.0, Gauge),
    ("ecc_errors_uncorrected_volatile_total", "ecc.uncorrected.volatile", 1.0, Gauge),
    ("ecc_mode_current", "ecc.mode", 1.0, Gauge),
    ("ecc_mode_pending", "ecc.mode.pending", 1.0, Gauge),
    ("energy_joules_total", "energy", 1.0, Counter),
    ("enforced_power_limit_watts", "power.enforced_limit", 1.0, Gauge),
    ("fan_speed_ratio", "fan", PERCENT, Gauge),
    ("memory_free_bytes", "memory.free", 1.0, Gauge),
    ("memory_reserved_bytes", "memory.reserved", 1.0, Gauge),
    ("memory_total_bytes", "memory.total", 1.0, Gauge),
    ("memory_used_bytes", "memory.used", 1.0, Gauge),
    ("mig_mode_current", "mig.mode", 1.0, Gauge),
    ("mig_mode_pending", "mig.mode.pending", 1.0, Gauge),
    ("pcie_link_gen_current", "pcie.generation", 1.0, Gauge),
    ("pcie_link_gen_max", "pcie.generation.max", 1.0, Gauge),
    ("pcie_link_width_current", "pcie.width", 1.0, Gauge),
    ("pcie_link_width_max", "pcie.width.max", 1.0, Gauge),
    ("persistence_mode", "persistence", 1.0, Gauge),
    ("power_default_limit_watts", "power.default_limit", 1.0, Gauge),
    ("power_draw_average_watts", "power.average", 1.0, Gauge),
    ("power_draw_instant_watts", "power.instant", 1.0, Gauge),
    ("power_draw_watts", "power.draw", 1.0, Gauge),
    ("power_limit_watts", "power.limit", 1.0, Gauge),
    ("power_max_limit_watts", "power.max_limit", 1.0, Gauge),
    ("power_min_limit_watts", "power.min_limit", 1.0, Gauge),
    ("pstate", "pstate", 1.0, Gauge),
    ("remapped_rows_correctable", "remapped.correctable", 1.0, Gauge),
    ("remapped_rows_failure", "remapped.failure", 1.0, Gauge),
    ("remapped_rows_pending", "remapped.pending", 1.0, Gauge),
    ("remapped_rows_uncorrectable", "remapped.uncorrectable", 1.0, Gauge),
    ("retired_pages_double_bit_count", "retired.double", 1.0, Gauge),
    ("retired_pages_pending", "retired.pending", 1.0, Gauge),
    ("retired_pages_single_bit_ecc_count", "retired.single", 1.0, Gauge),
    ("temperature_gpu", "temperature.gpu", 1.0, Gauge),
    ("temperature_memory", "temperature.memory", 1.0, Gauge),
    ("utilization_decoder_ratio", "utilization.decoder", PERCENT, Gauge),
    ("utilization_encoder_ratio", "utilization.encoder", PERCENT, Gauge),
    ("utilization_gpu_ratio", "utilization.gpu", PERCENT, Gauge),
    ("utilization_memory_ratio", "utilization.memory", PERCENT, Gauge),
    ("clocks_event_reasons_active", "throttle", 1.0, Gauge),
    ("clocks_throttle_reasons_active", "throttle", 1.0, Gauge),
];

/// Reasons that clocks are not higher, and their bits.
const REASONS: [(&str, u64); 8] = [
    ("gpu_idle", 0x1),
    ("applications_clocks_setting", 0x2),
    ("sw_power_cap", 0x4),
    ("hw_slowdown", 0x8),
    ("sync_boost", 0x10),
    ("sw_thermal_slowdown", 0x20),
    ("hw_thermal_slowdown", 0x40),
    ("hw_power_brake_slowdown", 0x80),
];

/// What an instance has: metric, value.
const OF_PARTS: [(&str, &str); 10] = [
    ("mig_memory_total_bytes", "memory.total"),
    ("mig_memory_used_bytes", "memory.used"),
    ("mig_memory_free_bytes", "memory.free"),
    ("mig_memory_reserved_bytes", "memory.reserved"),
    ("mig_graphics_activity_ratio", "profile.graphics"),
    ("mig_sm_activity_ratio", "profile.sm"),
    ("mig_sm_occupancy_ratio", "profile.occupancy"),
    ("mig_tensor_activity_ratio", "profile.tensor"),
    ("mig_pcie_throughput_tx_bytes_per_second", "profile.pcie.tx"),
    ("mig_pcie_throughput_rx_bytes_per_second", "profile.pcie.rx"),
];

pub(super) fn write(snapshot: &Snapshot, page: &mut Page) {
    let mut rows = Rows::default();
    for (name, value, factor, kind) in NAMES {
        of_gpus(snapshot, &mut rows, (name, kind), |gpu| Some(gpu.values.get(value)? * factor));
    }
    of_gpus(snapshot, &mut rows, ("index", Gauge), |gpu| Some(f64::from(gpu.identity.index)));
    for (name, measured, profiled) in [
        ("pcie_throughput_tx_bytes_per_second", "pcie.tx", "profile.pcie.tx"),
        ("pcie_throughput_rx_bytes_per_second", "pcie.rx", "profile.pcie.rx"),
    ] {
        let value = |gpu: &Gpu| gpu.values.get(measured).or_else(|| gpu.values.get(profiled)).copied();
        of_gpus(snapshot, &mut rows, (name, Gauge), value);
    }
    // The driver's newer name and the older one, which dashboards ask for.
    for prefix in ["clocks_event_reasons", "clocks_throttle_reasons"] {
        for (reason, bit) in REASONS {
            let name = format!("{prefix}_{reason}");
            let is = |gpu: &Gpu| {
                let bits = *gpu.values.get("throttle")? as u64;
                Some(f64::from(u8::from(bits & bit != 0)))
            };
            of_gpus(snapshot, &mut rows, (&name, Gauge), is);
        }
    }
    info(snapshot, &mut rows);
    instances(snapshot, &mut rows);
    processes(snapshot, &mut rows);
    xids(snapshot, &mut rows);
    let help = "Whether the GPUs could be asked the last time.";
    rows.gauge("nvidia_smi_last_collect_success", help, &[], f64::from(u8::from(snapshot.ok)));
    let help = "How long it took the last time, seconds.";
    rows.gauge("nvidia_smi_last_collect_duration_seconds", help, &[], snapshot.seconds);
    let help = "How often the GPUs could not be asked.";
    rows.counter("nvidia_smi_failed_scrapes_total", help, &[], snapshot.failures as f64);
    rows.write(page);
}

/// The id without what is before it, as the exporter gives it.
fn uuid(gpu: &Gpu) -> &str {
    gpu.identity.uuid.strip_prefix("GPU-").unwrap_or(&gpu.identity.uuid)
}

fn of_gpus(
    snapshot: &Snapshot,
    rows: &mut Rows,
    (name, kind): (&str, MetricKind),
    value: impl Fn(&Gpu) -> Option<f64>,
) {
    let metric = format!("nvidia_smi_{name}");
    let help = format!("nvidia-smi: {}.", name.replace('_', " "));
    for gpu in snapshot.gpus.iter().filter(|gpu| !gpu.lost) {
        if let Some(value) = value(gpu) {
            rows.add((&metric, kind, &help), &[("uuid", uuid(gpu))], value);
        }
    }
}

fn info(snapshot: &Snapshot, rows: &mut Rows) {
    for gpu in &snapshot.gpus {
        let identity = &gpu.identity;
        let index = identity.index.to_string();
        let labels = [
            ("uuid", uuid(gpu)),
            ("name", &identity.name),
            ("driver_model_current", "[N/A]"),
            ("driver_model_pending", "[N/A]"),
            ("vbios_version", &identity.vbios),
            ("driver_version", &snapshot.driver),
            ("pci_bus_id", &identity.pci_bus_id),
            ("serial", &identity.serial),
            ("compute_cap", &identity.compute_capability),
            ("pci_sub_device_id", &identity.pci_sub_device_id),
            ("index", &index),
            ("cuda_version", &snapshot.cuda),
        ];
        rows.gauge("nvidia_smi_gpu_info", "A GPU; 1.", &labels, 1.0);
    }
}

fn instances(snapshot: &Snapshot, rows: &mut Rows) {
    for gpu in &snapshot.gpus {
        for part in &gpu.instances {
            let (id, compute) = (part.gpu_instance.to_string(), part.compute_instance.to_string());
            let labels = [
                ("uuid", uuid(gpu)),
                ("mig_uuid", part.uuid.strip_prefix("MIG-").unwrap_or(&part.uuid)),
                ("gpu_instance_id", &id),
                ("compute_instance_id", &compute),
                ("profile", &part.profile),
            ];
            rows.gauge("nvidia_smi_mig_info", "An instance of a divided GPU; 1.", &labels, 1.0);
        }
    }
    for (name, value) in OF_PARTS {
        let metric = format!("nvidia_smi_{name}");
        let help = format!("nvidia-smi: {}.", name.replace('_', " "));
        for gpu in &snapshot.gpus {
            // Compute instances share what their GPU instance has.
            let parts: BTreeMap<u32, _> =
                gpu.instances.iter().map(|part| (part.gpu_instance, &part.values)).collect();
            for (id, values) in parts {
                if let Some(value) = values.get(value) {
                    let labels = [("uuid", uuid(gpu)), ("gpu_instance_id", &id.to_string())];
                    rows.gauge(&metric, &help, &labels, *value);
                }
            }
        }
    }
}

fn processes(snapshot: &Snapshot, rows: &mut Rows) {
    of_gpus(snapshot, rows, ("compute_apps", Gauge), |gpu| {
        Some(gpu.processes.iter().map(|process| process.pid).collect::<BTreeSet<_>>().len() as f64)
    });
    for gpu in &snapshot.gpus {
        // A process may use several instances of one GPU.
        let mut all: BTreeMap<u32, (&str, Option<u64>)> = BTreeMap::new();
        for process in &gpu.processes {
            let (_, bytes) = all.entry(process.pid).or_insert((&process.command, None));
            if let Some(more) = process.memory_bytes {
                *bytes = Some(bytes.unwrap_or_default() + more);
            }
        }
        for (pid, (command, bytes)) in all {
            let pid = pid.to_string();
            let labels = [("pid", pid.as_str()), ("process_name", command), ("uuid", uuid(gpu))];
            rows.gauge("nvidia_smi_compute_app_info", "A process that uses a GPU; 1.", &labels, 1.0);
            if let Some(bytes) = bytes {
                let help = "Memory of a GPU that a process uses.";
                rows.gauge("nvidia_smi_compute_app_used_memory_bytes", help, &labels, bytes as f64);
            }
        }
    }
}

fn xids(snapshot: &Snapshot, rows: &mut Rows) {
    for gpu in &snapshot.gpus {
        for (xid, (count, at_ms)) in &gpu.xids {
            let xid = xid.to_string();
            let labels = [("uuid", uuid(gpu)), ("xid", xid.as_str())];
            let help = "Errors that the driver told of since this program runs, by code.";
            rows.counter("nvidia_smi_xid_errors_total", help, &labels, *count as f64);
            let help = "When the driver last told of such an error, in seconds since 1970.";
            rows.gauge("nvidia_smi_xid_last_timestamp_seconds", help, &labels, *at_ms as f64 / 1e3);
        }
    }
}
