//! Finds and loads the driver's library.

use std::ffi::OsStr;
use std::path::Path;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

/// Where the driver and the container toolkit put it, as names and paths that the loader takes.
const PLACES: [&str; 5] = [
    "libnvidia-ml.so.1",
    "libnvidia-ml.so",
    "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
    "/usr/lib64/libnvidia-ml.so.1",
    "/run/nvidia/driver/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
];

/// The library is there and does not work.
#[derive(Debug, thiserror::Error)]
#[error("NVIDIA's library was found but does not work: {0}")]
pub struct LibraryError(String);

/// Loads the library for as long as the process lives: handles into it go everywhere, and the driver's library does
/// not like to be unloaded.
pub(super) fn load(path: Option<&Path>) -> Result<Option<&'static Nvml>, LibraryError> {
    let names: Vec<&OsStr> = match path {
        Some(path) => vec![path.as_os_str()],
        None => PLACES.iter().map(OsStr::new).collect(),
    };
    for name in names {
        match Nvml::builder().lib_path(name).init() {
            Ok(nvml) => return Ok(Some(Box::leak(Box::new(nvml)))),
            Err(NvmlError::LibloadingError(why)) => tracing::debug!(?name, %why, "no NVIDIA library there"),
            // The library without the driver's module: a host without a GPU, or an image made for one with it.
            Err(NvmlError::DriverNotLoaded) => return Ok(None),
            Err(why) => return Err(LibraryError(why.to_string())),
        }
    }
    Ok(None)
}
