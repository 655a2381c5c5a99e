//! Profiling metrics: each metric's value is its number, in percent or MiB a second.

use std::ffi::{c_char, c_uint};

use nvml_wrapper_sys::bindings::{
    nvmlDevice_t, nvmlGpmMetricsGet_t, nvmlGpmSample_t, nvmlGpmSupport_t, nvmlReturn_t,
};

use crate::{Handle, INVALID, NOT_SUPPORTED, OK, asked};

/// FP64 use: this GPU does not tell it.
const NOT_TOLD: c_uint = 11;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmQueryDeviceSupport(
    device: nvmlDevice_t,
    to: *mut nvmlGpmSupport_t,
) -> nvmlReturn_t {
    match asked(device) {
        Ok(_) => {
            // SAFETY: as the caller promises.
            unsafe { (*to).isSupportedDevice = 1 };
            OK
        }
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmSampleAlloc(to: *mut nvmlGpmSample_t) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    unsafe { *to = 0x4000 as nvmlGpmSample_t };
    OK
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlGpmSampleFree(_: nvmlGpmSample_t) -> nvmlReturn_t {
    OK
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlGpmSampleGet(device: nvmlDevice_t, _: nvmlGpmSample_t) -> nvmlReturn_t {
    match asked(device) {
        // A divided GPU is asked by instance.
        Ok(Handle::Gpu(0)) => OK,
        Ok(_) => NOT_SUPPORTED,
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlGpmMigSampleGet(
    device: nvmlDevice_t,
    instance: c_uint,
    _: nvmlGpmSample_t,
) -> nvmlReturn_t {
    match (asked(device), instance) {
        (Ok(Handle::Gpu(1)), 2 | 7) => OK,
        (Err(code), _) => code,
        _ => INVALID,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlGpmMetricsGet(request: *mut nvmlGpmMetricsGet_t) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    let request = unsafe { &mut *request };
    for metric in request.metrics.iter_mut().take(request.numMetrics as usize) {
        metric.nvmlReturn = if metric.metricId == NOT_TOLD { NOT_SUPPORTED } else { OK };
        metric.value = f64::from(metric.metricId);
        let unit = if metric.metricId < 20 { c"%" } else { c"MiB/s" };
        metric.metricInfo.unit = unit.as_ptr().cast::<c_char>().cast_mut();
    }
    OK
}
