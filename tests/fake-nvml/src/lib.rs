//! A made-up `libnvidia-ml.so.1`: two GPUs that the real wrapper loads and asks. The first has memory errors and
//! processes and can be made to report an error and to fall off the bus; the second is divided into two instances.
//! What a function is not there for, a GPU does not support.
#![allow(missing_docs, non_snake_case, unreachable_pub, clippy::missing_safety_doc)]

mod device;
mod events;
mod gpm;

use std::ffi::{c_char, c_int, c_uint};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nvml_wrapper_sys::bindings::{nvmlDevice_t, nvmlReturn_t};

pub(crate) const OK: nvmlReturn_t = 0;
pub(crate) const INVALID: nvmlReturn_t = 2;
pub(crate) const NOT_SUPPORTED: nvmlReturn_t = 3;
pub(crate) const NOT_FOUND: nvmlReturn_t = 6;
pub(crate) const INSUFFICIENT_SIZE: nvmlReturn_t = 7;
pub(crate) const TIMEOUT: nvmlReturn_t = 10;
pub(crate) const LOST: nvmlReturn_t = 15;

pub(crate) const UUIDS: [&str; 2] =
    ["GPU-00000000-1111-2222-3333-444444444444", "GPU-55555555-6666-7777-8888-999999999999"];

static FIRST_IS_LOST: AtomicBool = AtomicBool::new(false);
/// Calls since the library was loaded.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// What a handle stands for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Handle {
    Gpu(usize),
    Part(usize),
}

pub(crate) fn handle(of: Handle) -> nvmlDevice_t {
    let number = match of {
        Handle::Gpu(index) => 0x1000 + index,
        Handle::Part(index) => 0x2000 + index,
    };
    number as nvmlDevice_t
}

/// What a handle stands for, or why it cannot be asked.
pub(crate) fn asked(device: nvmlDevice_t) -> Result<Handle, nvmlReturn_t> {
    CALLS.fetch_add(1, Ordering::Relaxed);
    match device as usize {
        0x1000 if FIRST_IS_LOST.load(Ordering::SeqCst) => Err(LOST),
        number @ 0x1000..=0x1001 => Ok(Handle::Gpu(number - 0x1000)),
        number @ 0x2000..=0x2001 => Ok(Handle::Part(number - 0x2000)),
        _ => Err(INVALID),
    }
}

/// Runs `answer` for a GPU or part and gives the library's code.
pub(crate) fn of(device: nvmlDevice_t, answer: impl FnOnce(Handle) -> Option<()>) -> nvmlReturn_t {
    match asked(device) {
        Ok(what) => answer(what).map_or(NOT_SUPPORTED, |()| OK),
        Err(code) => code,
    }
}

/// Writes a text with its end.
pub(crate) unsafe fn text(to: *mut c_char, length: c_uint, text: &str) -> nvmlReturn_t {
    if (length as usize) <= text.len() {
        return INSUFFICIENT_SIZE;
    }
    // SAFETY: the caller gives room for `length` bytes.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), to, text.len());
        *to.add(text.len()) = 0;
    }
    OK
}

/// Takes the first GPU off the bus, or puts it back.
#[unsafe(no_mangle)]
pub extern "C" fn fake_nvml_lose(lost: c_int) {
    FIRST_IS_LOST.store(lost != 0, Ordering::SeqCst);
}

/// How often a GPU was asked something.
#[unsafe(no_mangle)]
pub extern "C" fn fake_nvml_calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> nvmlReturn_t {
    OK
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> nvmlReturn_t {
    OK
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    unsafe { text(to, length, "590.48.01") }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(to: *mut c_int) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    unsafe { *to = 13_010 };
    OK
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetProcessName(
    pid: c_uint,
    to: *mut c_char,
    length: c_uint,
) -> nvmlReturn_t {
    match pid {
        // SAFETY: as the caller promises.
        4_000_001 => unsafe { text(to, length, "vllm") },
        _ => NOT_FOUND,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(to: *mut c_uint) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    unsafe { *to = 2 };
    OK
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, to: *mut nvmlDevice_t) -> nvmlReturn_t {
    if index > 1 {
        return INVALID;
    }
    if index == 0 && FIRST_IS_LOST.load(Ordering::SeqCst) {
        return LOST;
    }
    // SAFETY: as the caller promises.
    unsafe { *to = handle(Handle::Gpu(index as usize)) };
    OK
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByUUID(
    uuid: *const c_char,
    to: *mut nvmlDevice_t,
) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    let uuid = unsafe { std::ffi::CStr::from_ptr(uuid) }.to_str().unwrap_or_default();
    match UUIDS.iter().position(|known| *known == uuid) {
        Some(index) => {
            // SAFETY: as the caller promises.
            unsafe { *to = handle(Handle::Gpu(index)) };
            OK
        }
        None => NOT_FOUND,
    }
}
