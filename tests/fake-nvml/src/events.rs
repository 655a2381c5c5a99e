//! Errors that the driver tells of.

use std::collections::VecDeque;
use std::ffi::{c_int, c_uint, c_ulonglong};
use std::sync::Mutex;

use nvml_wrapper_sys::bindings::{nvmlDevice_t, nvmlEventData_t, nvmlEventSet_t, nvmlReturn_t};

use crate::{Handle, OK, TIMEOUT, asked, handle};

const XID: c_ulonglong = 8;

/// GPU and code of errors that nobody was told of yet.
static QUEUE: Mutex<VecDeque<(usize, u64)>> = Mutex::new(VecDeque::new());

/// Lets a GPU have an error.
#[unsafe(no_mangle)]
pub extern "C" fn fake_nvml_xid(gpu: c_int, code: c_ulonglong) {
    let Ok(gpu) = usize::try_from(gpu) else { return };
    QUEUE.lock().unwrap_or_else(|e| e.into_inner()).push_back((gpu, code));
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetCreate(to: *mut nvmlEventSet_t) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    unsafe { *to = 0x3000 as nvmlEventSet_t };
    OK
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlEventSetFree(_: nvmlEventSet_t) -> nvmlReturn_t {
    OK
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetSupportedEventTypes(
    device: nvmlDevice_t,
    to: *mut c_ulonglong,
) -> nvmlReturn_t {
    match asked(device) {
        Ok(_) => {
            // SAFETY: as the caller promises.
            unsafe { *to = XID | 1 };
            OK
        }
        Err(code) => code,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlDeviceRegisterEvents(
    device: nvmlDevice_t,
    _: c_ulonglong,
    _: nvmlEventSet_t,
) -> nvmlReturn_t {
    asked(device).map_or_else(|code| code, |_| OK)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlEventSetWait_v2(
    _: nvmlEventSet_t,
    to: *mut nvmlEventData_t,
    _: c_uint,
) -> nvmlReturn_t {
    let Some((gpu, code)) = QUEUE.lock().unwrap_or_else(|e| e.into_inner()).pop_front() else {
        return TIMEOUT;
    };
    // SAFETY: as the caller promises.
    unsafe {
        *to = nvmlEventData_t {
            device: handle(Handle::Gpu(gpu)),
            eventType: XID,
            eventData: code,
            gpuInstanceId: 0,
            computeInstanceId: 0,
        };
    }
    OK
}
