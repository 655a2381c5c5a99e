//! Profiling metrics through GPM: two samples, and what happened between them. It disturbs no profiler; only Hopper
//! and newer GPUs have it.

use std::collections::HashMap;

use nvml_wrapper::enums::gpm::GpmMetricId;
use nvml_wrapper::gpm::gpm_metrics_get;
use nvml_wrapper::{Device, GpmSample, Nvml};

use super::snapshot::Values;

/// Between samples closer than this there is nothing to see, ms.
const LEAST_MS: i64 = 40;
/// Samples further apart than this say nothing about now, ms.
const MOST_MS: i64 = 600_000;

/// What is asked: name of the value and whether it is a share (the library gives percents) or bytes a second.
const METRICS: [(&str, GpmMetricId, Unit); 16] = [
    ("profile.graphics", GpmMetricId::GraphicsUtil, Unit::Share),
    ("profile.sm", GpmMetricId::SmUtil, Unit::Share),
    ("profile.occupancy", GpmMetricId::SmOccupancy, Unit::Share),
    ("profile.integer", GpmMetricId::IntegerUtil, Unit::Share),
    ("profile.tensor", GpmMetricId::AnyTensorUtil, Unit::Share),
    ("profile.tensor.dfma", GpmMetricId::DfmaTensorUtil, Unit::Share),
    ("profile.tensor.hmma", GpmMetricId::HmmaTensorUtil, Unit::Share),
    ("profile.tensor.imma", GpmMetricId::ImmaTensorUtil, Unit::Share),
    ("profile.dram", GpmMetricId::DramBwUtil, Unit::Share),
    ("profile.fp64", GpmMetricId::Fp64Util, Unit::Share),
    ("profile.fp32", GpmMetricId::Fp32Util, Unit::Share),
    ("profile.fp16", GpmMetricId::Fp16Util, Unit::Share),
    ("profile.pcie.tx", GpmMetricId::PcieTxPerSec, Unit::Bytes),
    ("profile.pcie.rx", GpmMetricId::PcieRxPerSec, Unit::Bytes),
    ("profile.nvlink.tx", GpmMetricId::NvlinkTotalTxPerSec, Unit::Bytes),
    ("profile.nvlink.rx", GpmMetricId::NvlinkTotalRxPerSec, Unit::Bytes),
];

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Share,
    Bytes,
}

/// The last samples, by GPU and instance.
#[derive(Default)]
pub(super) struct Profiles {
    last: HashMap<(String, Option<u32>), Last>,
}

struct Last {
    at_ms: i64,
    sample: GpmSample<'static>,
    values: Values,
}

impl Profiles {
    /// What a GPU, or an instance of it, did since the last look. Nothing at the first.
    pub(super) fn look(
        &mut self,
        (nvml, device): (&'static Nvml, &Device<'static>),
        (uuid, instance): (&str, Option<u32>),
        now_ms: i64,
    ) -> Values {
        let key = (uuid.to_owned(), instance);
        if let Some(last) = self.last.get(&key)
            && (0..LEAST_MS).contains(&now_ms.saturating_sub(last.at_ms))
        {
            return last.values.clone();
        }
        let sample = match instance {
            None => device.gpm_sample(),
            Some(instance) => device.gpm_mig_sample(instance),
        };
        let Ok(sample) = sample else {
            self.last.remove(&key);
            return Values::new();
        };
        let values = match self.last.get(&key) {
            Some(last) if now_ms.saturating_sub(last.at_ms) <= MOST_MS => {
                between(nvml, &last.sample, &sample)
            }
            _ => Values::new(),
        };
        self.last.insert(key, Last { at_ms: now_ms, sample, values: values.clone() });
        values
    }
}

fn between(nvml: &'static Nvml, first: &GpmSample<'static>, second: &GpmSample<'static>) -> Values {
    let ids = METRICS.map(|(_, id, _)| id);
    let Ok(results) = gpm_metrics_get(nvml, first, second, &ids) else { return Values::new() };
    let mut values = Values::new();
    for ((name, _, unit), result) in METRICS.into_iter().zip(results) {
        let Ok(result) = result else { continue };
        let value = match unit {
            Unit::Share => result.value / 100.0,
            Unit::Bytes => result.value * bytes(&result.metric_info.unit),
        };
        if value.is_finite() {
            values.insert(name, value);
        }
    }
    values
}

/// How many bytes the library's unit stands for; it says `MiB/s` as a rule.
fn bytes(unit: &str) -> f64 {
    let unit = unit.to_ascii_lowercase();
    match () {
        () if unit.starts_with("kib") || unit.starts_with("kb") => 1024.0,
        () if unit.starts_with("gib") || unit.starts_with("gb") => 1024.0 * 1024.0 * 1024.0,
        () if unit.starts_with("b/") || unit.starts_with("byte") => 1.0,
        () => 1024.0 * 1024.0,
    }
}
