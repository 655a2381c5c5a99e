//! What the GPUs and instances tell of themselves.

use std::ffi::{c_char, c_int, c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings::{
    nvmlClockType_t, nvmlDevice_t, nvmlEccCounterType_t, nvmlFieldValue_t, nvmlMemory_v2_t,
    nvmlMemoryErrorType_t, nvmlPciInfo_t, nvmlProcessInfo_t, nvmlReturn_t, nvmlTemperatureSensors_t,
    nvmlUtilization_t,
};

use crate::{Handle, INSUFFICIENT_SIZE, NOT_FOUND, OK, UUIDS, asked, handle, of, text};

const GIB: u64 = 1 << 30;

/// Defines a function that fills in one number of a whole GPU: the first's value, the second's, none where it is not
/// supported.
macro_rules! number {
    ($name:ident, $type:ty, $first:expr, $second:expr) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(device: nvmlDevice_t, to: *mut $type) -> nvmlReturn_t {
            of(device, |what| {
                let values: [Option<$type>; 2] = [$first, $second];
                let Handle::Gpu(index) = what else { return None };
                let value = values[index]?;
                // SAFETY: the caller gives room for one value.
                unsafe { *to = value };
                Some(())
            })
        }
    };
}

number!(nvmlDeviceGetMinorNumber, c_uint, Some(0), Some(1));
number!(nvmlDeviceGetPowerUsage, c_uint, Some(631_950), Some(120_500));
number!(nvmlDeviceGetTotalEnergyConsumption, c_ulonglong, Some(5_000_250), Some(7_000_000));
number!(nvmlDeviceGetEnforcedPowerLimit, c_uint, Some(700_000), Some(700_000));
number!(nvmlDeviceGetCurrentClocksThrottleReasons, c_ulonglong, Some(0x44), Some(1));
number!(nvmlDeviceGetPerformanceState, c_uint, Some(0), Some(2));
number!(nvmlDeviceGetPcieReplayCounter, c_uint, Some(3), Some(0));
number!(nvmlDeviceGetNumFans, c_uint, Some(0), Some(0));
number!(nvmlDeviceGetMaxMigDeviceCount, c_uint, Some(0), Some(7));

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUUID(
    device: nvmlDevice_t,
    to: *mut c_char,
    length: c_uint,
) -> nvmlReturn_t {
    let uuid = match asked(device) {
        Ok(Handle::Gpu(index)) => UUIDS[index],
        Ok(Handle::Part(0)) => "MIG-aaaaaaaa-0000-0000-0000-000000000001",
        Ok(Handle::Part(_)) => "MIG-bbbbbbbb-0000-0000-0000-000000000002",
        Err(code) => return code,
    };
    // SAFETY: as the caller promises.
    unsafe { text(to, length, uuid) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetName(
    device: nvmlDevice_t,
    to: *mut c_char,
    length: c_uint,
) -> nvmlReturn_t {
    let name = match asked(device) {
        Ok(Handle::Gpu(_)) => "NVIDIA H100 80GB HBM3",
        Ok(Handle::Part(0)) => "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
        Ok(Handle::Part(_)) => "NVIDIA H100 80GB HBM3 MIG 3g.40gb",
        Err(code) => return code,
    };
    // SAFETY: as the caller promises.
    unsafe { text(to, length, name) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(
    device: nvmlDevice_t,
    to: *mut nvmlPciInfo_t,
) -> nvmlReturn_t {
    of(device, |what| {
        let Handle::Gpu(index) = what else { return None };
        // SAFETY: the caller gives room for one; all zeros are a valid one.
        unsafe {
            let mut pci: nvmlPciInfo_t = std::mem::zeroed();
            pci.pciSubSystemId = 0x16C1_10DE;
            let id = ["00000000:09:00.0", "00000000:0A:00.0"][index];
            for (slot, byte) in pci.busId.iter_mut().zip(id.bytes()) {
                *slot = byte as c_char;
            }
            *to = pci;
        }
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCudaComputeCapability(
    device: nvmlDevice_t,
    major: *mut c_int,
    minor: *mut c_int,
) -> nvmlReturn_t {
    of(device, |_| {
        // SAFETY: as the caller promises.
        unsafe { (*major, *minor) = (9, 0) };
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUtilizationRates(
    device: nvmlDevice_t,
    to: *mut nvmlUtilization_t,
) -> nvmlReturn_t {
    of(device, |what| {
        // A divided GPU does not tell how busy it is.
        let Handle::Gpu(0) = what else { return None };
        // SAFETY: as the caller promises.
        unsafe { *to = nvmlUtilization_t { gpu: 97, memory: 11 } };
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(
    device: nvmlDevice_t,
    to: *mut nvmlMemory_v2_t,
) -> nvmlReturn_t {
    of(device, |what| {
        let (total, used) = match what {
            Handle::Gpu(index) => (80 * GIB, [20 * GIB, 4 * GIB][index]),
            Handle::Part(index) => ([10 * GIB, 40 * GIB][index], [GIB, 3 * GIB][index]),
        };
        let reserved = GIB / 2;
        // SAFETY: as the caller promises.
        unsafe {
            ((*to).total, (*to).used, (*to).reserved) = (total, used, reserved);
            (*to).free = total - used - reserved;
        }
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTemperature(
    device: nvmlDevice_t,
    _: nvmlTemperatureSensors_t,
    to: *mut c_uint,
) -> nvmlReturn_t {
    of(device, |what| {
        let Handle::Gpu(index) = what else { return None };
        // SAFETY: as the caller promises.
        unsafe { *to = [59, 41][index] };
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetClockInfo(
    device: nvmlDevice_t,
    clock: nvmlClockType_t,
    to: *mut c_uint,
) -> nvmlReturn_t {
    of(device, |_| {
        // SAFETY: as the caller promises.
        unsafe { *to = *[1980, 1980, 2619, 1545].get(clock as usize)? };
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTotalEccErrors(
    device: nvmlDevice_t,
    kind: nvmlMemoryErrorType_t,
    counter: nvmlEccCounterType_t,
    to: *mut c_ulonglong,
) -> nvmlReturn_t {
    of(device, |what| {
        let Handle::Gpu(index) = what else { return None };
        let counts = [[[5, 50], [1, 2]], [[0, 0], [0, 0]]];
        // SAFETY: as the caller promises.
        unsafe { *to = counts[index][kind as usize][counter as usize] };
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetEccMode(
    device: nvmlDevice_t,
    current: *mut c_uint,
    pending: *mut c_uint,
) -> nvmlReturn_t {
    of(device, |_| {
        // SAFETY: as the caller promises.
        unsafe { (*current, *pending) = (1, 1) };
        Some(())
    })
}

/// Fields by number; the others are not supported, one of them with a number that stands for nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetFieldValues(
    device: nvmlDevice_t,
    count: c_int,
    values: *mut nvmlFieldValue_t,
) -> nvmlReturn_t {
    of(device, |what| {
        // SAFETY: as the caller promises.
        let values = unsafe { std::slice::from_raw_parts_mut(values, usize::try_from(count).ok()?) };
        for value in values {
            let number = match (value.fieldId, what) {
                (82, Handle::Gpu(index)) => Some([54, 38][index]),
                (142, Handle::Gpu(0)) => Some(4),
                (143, Handle::Gpu(0)) => Some(1),
                (144 | 145, Handle::Gpu(_)) => Some(0),
                (186, Handle::Gpu(_)) => Some(625_680),
                _ => None,
            };
            value.nvmlReturn = if number.is_some() { OK } else { crate::NOT_SUPPORTED };
            value.valueType = 1;
            value.value.ullVal = 9_223_372_036_854_775_794;
            if let Some(number) = number {
                value.value.uiVal = number;
            }
        }
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetComputeRunningProcesses_v3(
    device: nvmlDevice_t,
    count: *mut c_uint,
    to: *mut nvmlProcessInfo_t,
) -> nvmlReturn_t {
    const NONE: c_uint = c_uint::MAX;
    let all: Vec<(c_uint, u64, c_uint)> = match asked(device) {
        Ok(Handle::Gpu(0)) => vec![(std::process::id(), 2 * GIB, NONE), (4_000_001, u64::MAX, NONE)],
        Ok(Handle::Gpu(_)) => vec![(4_000_002, GIB, 1), (4_000_002, GIB / 2, 2)],
        Ok(Handle::Part(_)) => Vec::new(),
        Err(code) => return code,
    };
    // SAFETY: as the caller promises: `count` is the room, and gets how many there are.
    unsafe {
        let room = *count as usize;
        *count = all.len() as c_uint;
        if to.is_null() || room < all.len() {
            return if all.is_empty() { OK } else { INSUFFICIENT_SIZE };
        }
        for (i, (pid, usedGpuMemory, instance)) in all.into_iter().enumerate() {
            *to.add(i) = nvmlProcessInfo_t {
                pid,
                usedGpuMemory,
                gpuInstanceId: instance,
                computeInstanceId: instance,
            };
        }
    }
    OK
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMigMode(
    device: nvmlDevice_t,
    current: *mut c_uint,
    pending: *mut c_uint,
) -> nvmlReturn_t {
    of(device, |what| {
        let on = c_uint::from(what == Handle::Gpu(1));
        // SAFETY: as the caller promises.
        unsafe { (*current, *pending) = (on, on) };
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMigDeviceHandleByIndex(
    device: nvmlDevice_t,
    index: c_uint,
    to: *mut nvmlDevice_t,
) -> nvmlReturn_t {
    // The second of seven places is empty.
    match (asked(device), index) {
        (Ok(Handle::Gpu(1)), 0 | 2) => {
            // SAFETY: as the caller promises.
            unsafe { *to = handle(Handle::Part(index as usize / 2)) };
            OK
        }
        (Err(code), _) => code,
        _ => NOT_FOUND,
    }
}

/// Fills in the number of a part.
unsafe fn part_number(device: nvmlDevice_t, to: *mut c_uint, numbers: [c_uint; 2]) -> nvmlReturn_t {
    of(device, |what| {
        let Handle::Part(index) = what else { return None };
        // SAFETY: as the caller promises.
        unsafe { *to = numbers[index] };
        Some(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetGpuInstanceId(device: nvmlDevice_t, to: *mut c_uint) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    unsafe { part_number(device, to, [7, 2]) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetComputeInstanceId(
    device: nvmlDevice_t,
    to: *mut c_uint,
) -> nvmlReturn_t {
    // SAFETY: as the caller promises.
    unsafe { part_number(device, to, [0, 0]) }
}
