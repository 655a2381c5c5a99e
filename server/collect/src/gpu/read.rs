//! Asks the library. Names of values and their units, all base units: bytes, watts, joules, °C, hertz, seconds;
//! shares of time are percents as the library gives them but for `profile.*`, which are 0 to 1.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use nvml_wrapper::enum_wrappers::device::{
    Clock, EccCounter, MemoryError, PcieUtilCounter, PerformancePolicy, PerformanceState, RetirementCause,
    TemperatureSensor, TemperatureThreshold,
};
use nvml_wrapper::enums::device::{SampleValue, UsedGpuMemory};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id::*;
use nvml_wrapper::{Device, Nvml, cuda_driver_version_major, cuda_driver_version_minor};

use super::owner;
use super::profile::Profiles;
use super::snapshot::{Gpu, Identity, Instance, Process, Snapshot, Values};
use super::xid::Xids;

/// How often what moves slowly, or takes long to ask, is asked, ms.
const SLOW_MS: i64 = 10_000;
/// The most GPUs that are looked at.
const MOST_GPUS: u32 = 64;
/// The most processes of a GPU that are told.
const MOST_PROCESSES: usize = 256;

/// Values that the library gives by number: name, number, divisor.
const FIELDS: [(&str, u32, f64); 11] = [
    ("temperature.memory", NVML_FI_DEV_MEMORY_TEMP, 1.0),
    ("power.instant", NVML_FI_DEV_POWER_INSTANT, 1e3),
    ("power.average", NVML_FI_DEV_POWER_AVERAGE, 1e3),
    ("remapped.correctable", NVML_FI_DEV_REMAPPED_COR, 1.0),
    ("remapped.uncorrectable", NVML_FI_DEV_REMAPPED_UNC, 1.0),
    ("remapped.pending", NVML_FI_DEV_REMAPPED_PENDING, 1.0),
    ("remapped.failure", NVML_FI_DEV_REMAPPED_FAILURE, 1.0),
    ("nvlink.crc_flit_errors", NVML_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL, 1.0),
    ("nvlink.crc_data_errors", NVML_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL, 1.0),
    ("nvlink.replay_errors", NVML_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL, 1.0),
    ("nvlink.recovery_errors", NVML_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL, 1.0),
];

const MHZ: f64 = 1e6;

/// Reads GPUs, and remembers what they are.
pub(super) struct Reader {
    nvml: &'static Nvml,
    procfs: PathBuf,
    known: HashMap<u32, Known>,
    profiles: Profiles,
    xids: Xids,
    failures: u64,
}

struct Known {
    identity: Identity,
    /// Whether it has profiling metrics.
    profiled: bool,
    slow: Values,
    slow_at_ms: Option<i64>,
}

impl Reader {
    pub(super) fn new(nvml: &'static Nvml, procfs: PathBuf) -> Reader {
        let (profiles, xids) = (Profiles::default(), Xids::default());
        Reader { nvml, procfs, known: HashMap::new(), profiles, xids, failures: 0 }
    }

    /// All GPUs. One that does not answer costs only itself.
    pub(super) fn read(&mut self, now_ms: i64) -> Snapshot {
        let began = Instant::now();
        let count = self.nvml.device_count();
        self.failures += u64::from(count.is_err());
        let mut gpus = Vec::new();
        // One that is gone for good may not even be counted any more.
        let known = self.known.keys().map(|index| index + 1).max().unwrap_or_default();
        for index in 0..count.as_ref().copied().unwrap_or_default().max(known).min(MOST_GPUS) {
            gpus.extend(self.gpu(index, now_ms));
        }
        let uuids: Vec<String> = gpus.iter().map(|gpu| gpu.identity.uuid.clone()).collect();
        self.xids.listen(self.nvml, &uuids);
        self.xids.look(now_ms);
        for gpu in &mut gpus {
            if let Some(seen) = self.xids.of(&gpu.identity.uuid) {
                gpu.last_xid = Some(seen.last);
                gpu.xids = seen.counts;
            }
        }
        let cuda = self.nvml.sys_cuda_driver_version().map_or_else(
            |_| String::new(),
            |v| format!("{}.{}", cuda_driver_version_major(v), cuda_driver_version_minor(v)),
        );
        Snapshot {
            at_ms: now_ms,
            seconds: began.elapsed().as_secs_f64(),
            ok: count.is_ok(),
            failures: self.failures,
            driver: self.nvml.sys_driver_version().unwrap_or_default(),
            cuda,
            gpus,
        }
    }

    fn gpu(&mut self, index: u32, now_ms: i64) -> Option<Gpu> {
        let lost = |known: Option<&Known>| {
            Some(Gpu { identity: known?.identity.clone(), lost: true, ..Gpu::default() })
        };
        let Ok(device) = self.nvml.device_by_index(index) else { return lost(self.known.get(&index)) };
        // The library may number GPUs anew: whose number this is is asked each time.
        let uuid = match device.uuid() {
            Ok(uuid) => uuid,
            Err(_) => return lost(self.known.get(&index)),
        };
        if self.known.get(&index).is_none_or(|known| known.identity.uuid != uuid) {
            let identity = identity(&device, index, uuid);
            let profiled = device.gpm_support().unwrap_or(false);
            let known = Known { identity, profiled, slow: Values::new(), slow_at_ms: None };
            self.known.insert(index, known);
        }
        let known = self.known.get_mut(&index)?;
        let mut values = Values::new();
        if !fast(&device, &mut values) {
            return lost(Some(known));
        }
        if known.slow_at_ms.is_none_or(|at| now_ms.saturating_sub(at) >= SLOW_MS || now_ms < at) {
            known.slow = slow(&device, known.profiled);
            known.slow_at_ms = Some(now_ms);
        }
        values.extend(known.slow.iter().map(|(name, value)| (*name, *value)));
        let divided = device.mig_mode().is_ok_and(|mode| mode.current == 1);
        let uuid = known.identity.uuid.clone();
        let mut gpu = Gpu { identity: known.identity.clone(), values, ..Gpu::default() };
        if known.profiled {
            // A divided GPU tells of its instances alone.
            if !divided {
                gpu.values.extend(self.profiles.look((self.nvml, &device), (&uuid, None), now_ms));
            }
        }
        if divided {
            gpu.instances = self.instances(&device, &uuid, now_ms);
        }
        gpu.processes = self.processes(&device);
        Some(gpu)
    }

    fn instances(&mut self, device: &Device<'static>, uuid: &str, now_ms: i64) -> Vec<Instance> {
        let mut instances = Vec::new();
        for index in 0..device.mig_device_count().unwrap_or_default().min(64) {
            // Not every number up to the largest is in use.
            let Ok(part) = device.mig_device_by_index(index) else { continue };
            let Some((gpu_instance, compute_instance)) = numbers(self.nvml, &part) else { continue };
            let mut values = Values::new();
            memory(&part, &mut values);
            values.extend(self.profiles.look((self.nvml, device), (uuid, Some(gpu_instance)), now_ms));
            instances.push(Instance {
                gpu_instance,
                compute_instance,
                uuid: part.uuid().unwrap_or_default(),
                profile: profile(&part),
                values,
            });
        }
        instances
    }

    fn processes(&self, device: &Device<'static>) -> Vec<Process> {
        let mut all: Vec<ProcessInfo> = device.running_compute_processes().unwrap_or_default();
        all.extend(device.running_graphics_processes().unwrap_or_default());
        all.sort_by_key(|process| (process.pid, process.gpu_instance_id, process.compute_instance_id));
        // One that computes and draws is told twice.
        all.dedup_by_key(|process| (process.pid, process.gpu_instance_id, process.compute_instance_id));
        all.truncate(MOST_PROCESSES);
        let process = |info: ProcessInfo| {
            let (command, container) = owner::of_process(&self.procfs, info.pid);
            let command = match command.is_empty() {
                // It may live where this program does not see it: the library may know.
                true => self.nvml.sys_process_name(info.pid, 256).unwrap_or_default(),
                false => command,
            };
            let memory_bytes = match info.used_gpu_memory {
                UsedGpuMemory::Used(bytes) => Some(bytes),
                UsedGpuMemory::Unavailable => None,
            };
            let (gpu_instance, compute_instance) = (info.gpu_instance_id, info.compute_instance_id);
            Process { pid: info.pid, command, container, memory_bytes, gpu_instance, compute_instance }
        };
        all.into_iter().map(process).collect()
    }
}

fn identity(device: &Device<'_>, index: u32, uuid: String) -> Identity {
    let pci = device.pci_info().ok();
    let sub_device = pci.as_ref().and_then(|pci| pci.pci_sub_system_id).map(|id| format!("0x{id:08X}"));
    Identity {
        index,
        uuid,
        pci_bus_id: pci.map(|pci| pci.bus_id).unwrap_or_default(),
        minor: device.minor_number().ok(),
        name: device.name().unwrap_or_default(),
        vbios: device.vbios_version().unwrap_or_default(),
        serial: device.serial().unwrap_or_default(),
        compute_capability: device
            .cuda_compute_capability()
            .map(|version| format!("{}.{}", version.major, version.minor))
            .unwrap_or_default(),
        pci_sub_device_id: sub_device.unwrap_or_default(),
    }
}

/// Puts a value in, if there is one. Whether the GPU is still there.
fn put(values: &mut Values, name: &'static str, value: Result<f64, NvmlError>) -> bool {
    match value {
        Ok(value) => {
            values.insert(name, value);
            true
        }
        Err(NvmlError::GpuLost) => false,
        Err(_) => true,
    }
}

/// What moves from second to second. `false`: the GPU is gone.
fn fast(device: &Device<'_>, values: &mut Values) -> bool {
    let used = device.utilization_rates();
    let mut there = put(values, "temperature.gpu", device.temperature(TemperatureSensor::Gpu).map(f64::from));
    if let Err(NvmlError::GpuLost) = used {
        there = false;
    }
    if let Ok(used) = used {
        values.insert("utilization.gpu", f64::from(used.gpu));
        values.insert("utilization.memory", f64::from(used.memory));
    }
    there &= memory(device, values);
    there &= put(values, "power.draw", device.power_usage().map(|mw| f64::from(mw) / 1e3));
    put(values, "energy", device.total_energy_consumption().map(|mj| mj as f64 / 1e3));
    for (name, clock) in [
        ("clock.sm", Clock::SM),
        ("clock.memory", Clock::Memory),
        ("clock.graphics", Clock::Graphics),
        ("clock.video", Clock::Video),
    ] {
        put(values, name, device.clock_info(clock).map(|mhz| f64::from(mhz) * MHZ));
    }
    put(values, "utilization.encoder", device.encoder_utilization().map(|u| f64::from(u.utilization)));
    put(values, "utilization.decoder", device.decoder_utilization().map(|u| f64::from(u.utilization)));
    put(values, "throttle", device.current_throttle_reasons().map(|reasons| reasons.bits() as f64));
    if let Some(state) = device.performance_state().ok().and_then(state) {
        values.insert("pstate", state);
    }
    // Of several fans the fastest tells how hard it is to cool.
    let fans = (0..device.num_fans().unwrap_or(0).min(16)).filter_map(|fan| device.fan_speed(fan).ok());
    if let Some(percent) = fans.max() {
        values.insert("fan", f64::from(percent));
    }
    let ids = FIELDS.map(|(_, id, _)| FieldId(id));
    let samples = device.field_values_for(&ids).unwrap_or_default();
    for ((name, _, divisor), sample) in FIELDS.into_iter().zip(samples) {
        let value = sample.and_then(|sample| sample.value).map(|value| match value {
            SampleValue::F64(value) => value,
            SampleValue::U32(value) => f64::from(value),
            SampleValue::U64(value) => value as f64,
            SampleValue::I64(value) => value as f64,
        });
        there &= put(values, name, value.map(|value| value / divisor));
    }
    there
}

fn memory(device: &Device<'_>, values: &mut Values) -> bool {
    match device.memory_info() {
        Ok(memory) => {
            values.insert("memory.total", memory.total as f64);
            values.insert("memory.used", memory.used as f64);
            values.insert("memory.free", memory.free as f64);
            values.insert("memory.reserved", memory.reserved as f64);
            true
        }
        Err(why) => !matches!(why, NvmlError::GpuLost),
    }
}

fn state(state: PerformanceState) -> Option<f64> {
    // The library's numbers are the states' own; 32 is unknown.
    let number = state.as_c();
    (number < 16).then(|| f64::from(number))
}

/// What moves slowly or takes long to ask.
fn slow(device: &Device<'_>, profiled: bool) -> Values {
    let mut values = Values::new();
    let v = &mut values;
    put(v, "power.limit", device.power_management_limit().map(|mw| f64::from(mw) / 1e3));
    put(v, "power.enforced_limit", device.enforced_power_limit().map(|mw| f64::from(mw) / 1e3));
    put(v, "power.default_limit", device.power_management_limit_default().map(|mw| f64::from(mw) / 1e3));
    if let Ok(limits) = device.power_management_limit_constraints() {
        v.insert("power.min_limit", f64::from(limits.min_limit) / 1e3);
        v.insert("power.max_limit", f64::from(limits.max_limit) / 1e3);
    }
    for (name, clock) in [
        ("clock.max.sm", Clock::SM),
        ("clock.max.memory", Clock::Memory),
        ("clock.max.graphics", Clock::Graphics),
    ] {
        put(v, name, device.max_clock_info(clock).map(|mhz| f64::from(mhz) * MHZ));
    }
    for (name, threshold) in [
        ("temperature.slowdown", TemperatureThreshold::Slowdown),
        ("temperature.shutdown", TemperatureThreshold::Shutdown),
    ] {
        put(v, name, device.temperature_threshold(threshold).map(f64::from));
    }
    for (name, kind, counter) in [
        ("ecc.corrected.volatile", MemoryError::Corrected, EccCounter::Volatile),
        ("ecc.corrected.aggregate", MemoryError::Corrected, EccCounter::Aggregate),
        ("ecc.uncorrected.volatile", MemoryError::Uncorrected, EccCounter::Volatile),
        ("ecc.uncorrected.aggregate", MemoryError::Uncorrected, EccCounter::Aggregate),
    ] {
        put(v, name, device.total_ecc_errors(kind, counter).map(|count| count as f64));
    }
    for (name, cause) in [
        ("retired.single", RetirementCause::MultipleSingleBitEccErrors),
        ("retired.double", RetirementCause::DoubleBitEccError),
    ] {
        put(v, name, device.retired_pages(cause).map(|pages| pages.len() as f64));
    }
    put(v, "retired.pending", device.are_pages_pending_retired().map(flag));
    for (name, policy) in [
        ("violation.power", PerformancePolicy::Power),
        ("violation.thermal", PerformancePolicy::Thermal),
        ("violation.sync_boost", PerformancePolicy::SyncBoost),
        ("violation.board_limit", PerformancePolicy::BoardLimit),
        ("violation.low_utilization", PerformancePolicy::LowUtilization),
        ("violation.reliability", PerformancePolicy::Reliability),
    ] {
        put(v, name, device.violation_status(policy).map(|time| time.violation_time as f64 / 1e9));
    }
    pcie(device, profiled, v);
    if let Ok(bar1) = device.bar1_memory_info() {
        v.insert("bar1.total", bar1.total as f64);
        v.insert("bar1.used", bar1.used as f64);
        v.insert("bar1.free", bar1.free as f64);
    }
    if let Ok(ecc) = device.is_ecc_enabled() {
        v.insert("ecc.mode", flag(ecc.currently_enabled));
        v.insert("ecc.mode.pending", flag(ecc.pending_enabled));
    }
    put(v, "persistence", device.is_in_persistent_mode().map(flag));
    put(v, "compute_mode", device.compute_mode().map(|mode| f64::from(mode.as_c())));
    if let Ok(mode) = device.mig_mode() {
        v.insert("mig.mode", f64::from(mode.current));
        v.insert("mig.mode.pending", f64::from(mode.pending));
    }
    values
}

fn pcie(device: &Device<'_>, profiled: bool, v: &mut Values) {
    put(v, "pcie.replays", device.pcie_replay_counter().map(f64::from));
    put(v, "pcie.generation", device.current_pcie_link_gen().map(f64::from));
    put(v, "pcie.generation.max", device.max_pcie_link_gen().map(f64::from));
    put(v, "pcie.width", device.current_pcie_link_width().map(f64::from));
    put(v, "pcie.width.max", device.max_pcie_link_width().map(f64::from));
    if !profiled {
        // Each direction takes the library 20 ms; GPM tells it for nothing.
        let bytes = |counter| device.pcie_throughput(counter).map(|kb| f64::from(kb) * 1024.0);
        put(v, "pcie.tx", bytes(PcieUtilCounter::Send));
        put(v, "pcie.rx", bytes(PcieUtilCounter::Receive));
    }
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

/// The numbers of a part's GPU instance and compute instance; the wrapper does not ask for them.
fn numbers(nvml: &Nvml, part: &Device<'_>) -> Option<(u32, u32)> {
    let lib = nvml.lib();
    let (gpu, compute) =
        (lib.nvmlDeviceGetGpuInstanceId.as_ref().ok()?, lib.nvmlDeviceGetComputeInstanceId.as_ref().ok()?);
    let (mut gpu_instance, mut compute_instance) = (0, 0);
    // SAFETY: the handle is the library's own, and each function fills in one number.
    let answers =
        unsafe { (gpu(part.handle(), &mut gpu_instance), compute(part.handle(), &mut compute_instance)) };
    (answers == (0, 0)).then_some((gpu_instance, compute_instance))
}

/// `1g.10gb`: behind `MIG` in the part's name, or made of what it has.
fn profile(part: &Device<'_>) -> String {
    if let Some((_, profile)) = part.name().unwrap_or_default().split_once("MIG ") {
        return profile.trim().to_owned();
    }
    part.attributes().map_or_else(
        |_| String::new(),
        |has| format!("{}g.{}gb", has.gpu_instance_slice_count, (has.memory_size_mb + 512) / 1024),
    )
}
