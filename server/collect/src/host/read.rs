//! Files of the host: where they are, and as what they are read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::Host;

/// Where the host's files are. In a container they are mounted somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// `/proc`.
    pub procfs: PathBuf,
    /// `/sys`.
    pub sysfs: PathBuf,
    /// `/`: its file systems, `/etc`.
    pub rootfs: PathBuf,
    /// `/run/udev/data`.
    pub udev: PathBuf,
}

impl Roots {
    /// All of them below one folder: `/`, or where a container sees the host's.
    pub fn below(root: impl AsRef<Path>) -> Roots {
        let root = root.as_ref();
        Roots {
            procfs: root.join("proc"),
            sysfs: root.join("sys"),
            rootfs: root.to_owned(),
            udev: root.join("run/udev/data"),
        }
    }
}

/// How long a file whose text hardly ever changes is not read again, ms.
const KEEP_MS: i64 = 300_000;
/// The most files that are kept: labels of devices, not their numbers.
const MOST_KEPT: usize = 10_000;

/// Texts that hardly ever change, with the time at which they were read.
#[derive(Default)]
pub(super) struct Kept {
    texts: Mutex<HashMap<String, (i64, Option<String>)>>,
}

impl Host {
    /// Where a file of the host is: `proc/…`, `sys/…`, `udev/…`, or below the root.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        let Roots { procfs, sysfs, rootfs, udev } = &self.roots;
        for (prefix, root) in [("proc/", procfs), ("sys/", sysfs), ("udev/", udev)] {
            if let Some(rest) = path.strip_prefix(prefix) {
                return root.join(rest);
            }
        }
        rootfs.join(path)
    }

    /// The text of a file.
    pub(super) fn read(&self, path: &str) -> Result<String, String> {
        read(&self.path(path))
    }

    /// The text of a file without blanks around it; none if it cannot be read.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.read(path).ok().map(|text| text.trim().to_owned())
    }

    /// The number in a file, in decimal or, with `0x`, in hexadecimal digits; none if it cannot be read or is none.
    pub(super) fn value(&self, path: &str) -> Option<f64> {
        any_number(&self.text(path)?).ok()
    }

    /// The text of a file that hardly ever changes: it is read every few minutes.
    pub(super) fn kept(&self, path: &str) -> Option<String> {
        let now_ms = self.clock.now_ms();
        let mut texts = self.kept.texts.lock();
        if let Some((at_ms, text)) = texts.get(path)
            && (0..KEEP_MS).contains(&now_ms.saturating_sub(*at_ms))
        {
            return text.clone();
        }
        if texts.len() >= MOST_KEPT {
            texts.clear();
        }
        let text = self.text(path);
        texts.insert(path.to_owned(), (now_ms, text.clone()));
        text
    }

    /// The names in a folder, sorted; an error if it is not there.
    pub(super) fn entries(&self, path: &str) -> Result<Vec<String>, String> {
        let folder = self.path(path);
        let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// The names in a folder that begin with `prefix`, sorted; none if it is not there.
    pub(super) fn names(&self, path: &str, prefix: &str) -> Vec<String> {
        let mut names = self.entries(path).unwrap_or_default();
        names.retain(|name| name.starts_with(prefix));
        names
    }
}

pub(super) fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A number of a file.
pub(super) fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number"))
}

/// A number in decimal or, with `0x`, in hexadecimal digits.
pub(super) fn any_number(text: &str) -> Result<f64, String> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).map(|n| n as f64).map_err(|e| e.to_string()),
        None => number(text),
    }
}
