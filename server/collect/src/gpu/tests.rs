//! The real wrapper and the made-up library: `tests/fake-nvml`.

use std::collections::BTreeMap;
use std::path::Path;

use libloading::{Library, Symbol};
use model::{Labels, ManualClock};
use wire::exposition::{Format, Item, Parser};

use super::*;

/// The library stands where the build puts what tests depend on.
fn library() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().join("libfake_nvml.so")
}

/// What the made-up GPUs are made to do.
struct Fate(Library);

impl Fate {
    fn new() -> Fate {
        // SAFETY: the library is our own and runs nothing when it is loaded.
        Fate(unsafe { Library::new(library()) }.unwrap())
    }

    fn lose(&self, lost: bool) {
        // SAFETY: the function is declared so in `tests/fake-nvml`.
        let lose: Symbol<'_, extern "C" fn(i32)> = unsafe { self.0.get(b"fake_nvml_lose") }.unwrap();
        lose(i32::from(lost));
    }

    fn xid(&self, gpu: i32, code: u64) {
        // SAFETY: as above.
        let xid: Symbol<'_, extern "C" fn(i32, u64)> = unsafe { self.0.get(b"fake_nvml_xid") }.unwrap();
        xid(gpu, code);
    }

    fn calls(&self) -> u64 {
        // SAFETY: as above.
        let calls: Symbol<'_, extern "C" fn() -> u64> = unsafe { self.0.get(b"fake_nvml_calls") }.unwrap();
        calls()
    }
}

type Samples = BTreeMap<Labels, f64>;

fn page(gatherer: &Arc<dyn Gatherer>) -> Samples {
    let mut page = Page::default();
    gatherer.gather(&mut page);
    let items = Parser::new(page.as_str().as_bytes(), Format::Text).unwrap().map(|item| item.unwrap());
    let mut out = Samples::new();
    for item in items {
        if let Item::Sample(point) = item {
            let labels = point.labels().unwrap();
            assert!(out.insert(labels.clone(), point.value).is_none(), "{labels} twice");
            assert!(point.value.abs() < 1e15, "{labels} {}", point.value);
        }
    }
    out
}

/// The values of a metric's series that have a label.
fn values(samples: &Samples, name: &str, (label, value): (&str, &str)) -> Vec<f64> {
    let of_name = samples.iter().filter(|(labels, _)| labels.metric_name() == name);
    of_name.filter(|(labels, _)| labels.value(label) == value).map(|(_, value)| *value).collect()
}

fn open() -> (Arc<Gpus>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(1_000_000));
    let config = GpuConfig {
        library: Some(library()),
        procfs: "/proc".into(),
        hostname: "box".into(),
        interval_ms: 1_000,
    };
    (Gpus::open(config, clock.clone()).unwrap().expect("the made-up library"), clock)
}

const FIRST: &str = "00000000-1111-2222-3333-444444444444";
const SECOND: &str = "55555555-6666-7777-8888-999999999999";

/// One test: the library's state is one for the whole process.
#[test]
fn two_gpus_their_instances_errors_and_end() {
    let (gpus, clock) = open();
    let fate = Fate::new();
    let (dcgm, smi) = (gpus.dcgm(), gpus.nvidia_smi());
    let first = page(&dcgm);
    assert!(values(&first, "DCGM_FI_PROF_SM_ACTIVE", ("gpu", "0")).is_empty(), "two samples are needed");
    clock.advance(1_000);
    whole_gpus(&page(&dcgm));
    instances(&page(&dcgm), &page(&smi));
    processes(&page(&dcgm), &page(&smi));
    nvidia_smi_names(&page(&smi));

    let before = fate.calls();
    page(&dcgm);
    page(&smi);
    assert_eq!(fate.calls(), before, "both pages of one moment are one reading");

    fate.xid(0, 63);
    fate.xid(0, 79);
    fate.lose(true);
    clock.advance(1_000);
    let (dcgm_page, smi_page) = (page(&dcgm), page(&smi));
    let first = ("gpu", "0");
    assert_eq!(values(&dcgm_page, "pharos_gpu_lost", first), [1.0]);
    assert_eq!(values(&dcgm_page, "pharos_gpu_lost", ("gpu", "1")), [0.0]);
    assert_eq!(values(&dcgm_page, "DCGM_FI_DEV_XID_ERRORS", first), [79.0]);
    assert!(values(&dcgm_page, "DCGM_FI_DEV_POWER_USAGE", first).is_empty(), "what is gone measures nothing");
    assert_eq!(values(&dcgm_page, "DCGM_FI_DEV_POWER_USAGE", ("gpu", "1")), [120.5]);
    assert_eq!(values(&smi_page, "nvidia_smi_xid_errors_total", ("xid", "79")), [1.0]);
    assert_eq!(values(&smi_page, "nvidia_smi_xid_last_timestamp_seconds", ("xid", "63")), [1_002.0]);
    assert_eq!(values(&smi_page, "nvidia_smi_gpu_info", ("uuid", FIRST)), [1.0]);

    fate.lose(false);
    clock.advance(1_000);
    let back = page(&dcgm);
    assert_eq!(values(&back, "pharos_gpu_lost", first), [0.0]);
    assert_eq!(values(&back, "DCGM_FI_DEV_POWER_USAGE", first), [631.95]);
    assert_eq!(values(&back, "DCGM_FI_DEV_XID_ERRORS", first), [79.0]);
}

fn whole_gpus(page: &Samples) {
    let check = |name: &str, expect: &[f64]| {
        let mut got = values(page, name, ("gpu", "0"));
        got.extend(values(page, name, ("gpu", "1")));
        assert_eq!(got, expect, "{name}");
    };
    check("DCGM_FI_DEV_SM_CLOCK", &[1980.0, 1980.0]);
    check("DCGM_FI_DEV_MEM_CLOCK", &[2619.0, 2619.0]);
    check("DCGM_FI_DEV_GPU_TEMP", &[59.0, 41.0]);
    check("DCGM_FI_DEV_MEMORY_TEMP", &[54.0, 38.0]);
    check("DCGM_FI_DEV_POWER_USAGE", &[631.95, 120.5]);
    check("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", &[5_000_250.0, 7_000_000.0]);
    // A divided GPU does not tell: no series.
    check("DCGM_FI_DEV_GPU_UTIL", &[97.0]);
    check("DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", &[50.0, 0.0]);
    check("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", &[1.0, 0.0]);
    check("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", &[4.0]);
    check("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", &[1.0]);
    check("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", &[3.0, 0.0]);
    check("DCGM_FI_DEV_XID_ERRORS", &[0.0, 0.0]);
    check("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", &[68.0, 1.0]);
    // Nothing that is not supported, and no number that stands for it.
    check("DCGM_FI_DEV_FAN_SPEED", &[]);
    check("DCGM_FI_DEV_ENC_UTIL", &[]);
    check("DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", &[]);
    check("DCGM_FI_PROF_PIPE_FP64_ACTIVE", &[]);
    // The library's percents are shares here, its MiB bytes.
    assert_eq!(values(page, "DCGM_FI_PROF_GR_ENGINE_ACTIVE", ("gpu", "0")), [0.01]);
    assert_eq!(values(page, "DCGM_FI_PROF_PCIE_TX_BYTES", ("gpu", "0")), [20.0 * 1_048_576.0]);
    assert_eq!(values(page, "DCGM_FI_DEV_FB_TOTAL", ("GPU_I_ID", "")), [81_920.0, 81_920.0]);
    assert_eq!(values(page, "vllm_gpu_temperature_celsius", ("gpu_id", "1")), [41.0]);
    let labels = page.keys().find(|labels| labels.metric_name() == "DCGM_FI_DEV_GPU_UTIL").unwrap();
    let label = |name: &str| labels.value(name);
    assert_eq!(
        (label("UUID"), label("pci_bus_id"), label("device")),
        ("GPU-00000000-1111-2222-3333-444444444444", "00000000:09:00.0", "nvidia0")
    );
    assert_eq!(
        (label("modelName"), label("Hostname"), label("DCGM_FI_DRIVER_VERSION")),
        ("NVIDIA H100 80GB HBM3", "box", "590.48.01")
    );
}

fn instances(dcgm: &Samples, smi: &Samples) {
    let used = |id| values(dcgm, "DCGM_FI_DEV_FB_USED", ("GPU_I_ID", id));
    assert_eq!((used("7"), used("2")), (vec![1024.0], vec![3072.0]));
    let labels = dcgm.keys().find(|labels| labels.value("GPU_I_ID") == "7").unwrap();
    assert_eq!((labels.value("GPU_I_PROFILE"), labels.value("gpu")), ("1g.10gb", "1"));
    assert_eq!(values(dcgm, "DCGM_FI_PROF_SM_ACTIVE", ("GPU_I_PROFILE", "3g.40gb")), [0.02]);
    let info = smi.keys().find(|labels| labels.value("mig_uuid").starts_with("bbbbbbbb")).unwrap();
    assert_eq!(
        (info.value("uuid"), info.value("gpu_instance_id"), info.value("profile")),
        (SECOND, "2", "3g.40gb")
    );
    assert_eq!(values(smi, "nvidia_smi_mig_memory_used_bytes", ("gpu_instance_id", "7")), [1_073_741_824.0]);
    assert_eq!(values(smi, "nvidia_smi_mig_sm_activity_ratio", ("uuid", SECOND)), [0.02, 0.02]);
    assert_eq!(values(smi, "nvidia_smi_mig_mode_current", ("uuid", SECOND)), [1.0]);
}

fn processes(dcgm: &Samples, smi: &Samples) {
    let own = std::process::id().to_string();
    let bytes = values(dcgm, "pharos_gpu_process_memory_bytes", ("pid", &own));
    assert_eq!(bytes, [2_147_483_648.0]);
    let labels = dcgm.keys().find(|labels| labels.value("pid") == own).unwrap();
    assert!(labels.value("command").contains("collect"), "{labels}");
    // The driver does not tell how much this one uses; nor is it a process here, so the library names it.
    assert!(values(dcgm, "pharos_gpu_process_memory_bytes", ("pid", "4000001")).is_empty());
    assert_eq!(values(smi, "nvidia_smi_compute_app_info", ("process_name", "vllm")), [1.0]);
    assert!(values(smi, "nvidia_smi_compute_app_used_memory_bytes", ("pid", "4000001")).is_empty());
    // One process on two instances.
    assert_eq!(
        values(smi, "nvidia_smi_compute_app_used_memory_bytes", ("pid", "4000002")),
        [1.5 * 1_073_741_824.0]
    );
    assert_eq!(values(dcgm, "pharos_gpu_process_memory_bytes", ("pid", "4000002")).len(), 2);
    assert_eq!(values(smi, "nvidia_smi_compute_apps", ("uuid", SECOND)), [1.0]);
}

fn nvidia_smi_names(page: &Samples) {
    let check = |name: &str, expect: f64| {
        assert_eq!(values(page, &format!("nvidia_smi_{name}"), ("uuid", FIRST)), [expect], "{name}");
    };
    check("utilization_gpu_ratio", 0.97);
    check("memory_used_bytes", 20.0 * 1_073_741_824.0);
    check("clocks_current_sm_clock_hz", 1.98e9);
    check("power_draw_watts", 631.95);
    check("power_draw_instant_watts", 625.68);
    check("enforced_power_limit_watts", 700.0);
    check("energy_joules_total", 5_000.25);
    check("pstate", 0.0);
    check("temperature_gpu", 59.0);
    check("clocks_event_reasons_sw_power_cap", 1.0);
    check("clocks_throttle_reasons_hw_thermal_slowdown", 1.0);
    check("clocks_event_reasons_gpu_idle", 0.0);
    check("ecc_errors_uncorrected_aggregate_total", 2.0);
    check("remapped_rows_correctable", 4.0);
    check("pcie_throughput_rx_bytes_per_second", 21.0 * 1_048_576.0);
    let info = page.keys().find(|labels| labels.metric_name() == "nvidia_smi_gpu_info").unwrap();
    let label = |name: &str| info.value(name);
    assert_eq!((label("cuda_version"), label("compute_cap"), label("index")), ("13.1", "9.0", "0"));
    assert_eq!(label("pci_sub_device_id"), "0x16C110DE");
    assert_eq!(values(page, "nvidia_smi_last_collect_success", ("uuid", "")), [1.0]);
}

#[test]
fn no_library_is_no_gpus() {
    let clock = Arc::new(ManualClock::new(0));
    let open = |library: &Path| {
        let config = GpuConfig {
            library: Some(library.to_owned()),
            procfs: "/proc".into(),
            hostname: String::new(),
            interval_ms: 1_000,
        };
        Gpus::open(config, clock.clone()).map(|gpus| gpus.is_some())
    };
    assert!(!open(Path::new("/nonexistent/libnvidia-ml.so.1")).unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "not a library").unwrap();
    assert!(!open(file.path()).unwrap());
}
