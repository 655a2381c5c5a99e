//! Space and inodes of mounted file systems.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use model::MetricKind;
use parking_lot::Mutex;
use rustix::fs::StatVfs;
use wire::exposition::Page;

use super::Host;

/// How long a file system behind a network may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Mount points that have not answered yet: they are not asked again before they do.
#[derive(Default)]
pub(super) struct Mounts {
    stuck: Arc<Mutex<HashSet<PathBuf>>>,
}

struct Mount {
    device: String,
    point: String,
    kind: String,
    /// The device's number: `8:1`.
    number: String,
    read_only: bool,
    /// Why the file system cannot tell, if it cannot.
    space: Result<StatVfs, String>,
}

type Column = (&'static str, &'static str, fn(&StatVfs) -> f64);

const COLUMNS: [Column; 5] = [
    ("node_filesystem_avail_bytes", "Bytes free for users.", |s| s.f_bavail as f64 * s.f_frsize as f64),
    ("node_filesystem_files", "Inodes.", |s| s.f_files as f64),
    ("node_filesystem_files_free", "Inodes free.", |s| s.f_ffree as f64),
    ("node_filesystem_free_bytes", "Bytes free for the superuser.", |s| s.f_bfree as f64 * s.f_frsize as f64),
    ("node_filesystem_size_bytes", "Bytes in all.", |s| s.f_blocks as f64 * s.f_frsize as f64),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/1/mountinfo").or_else(|_| host.read("proc/self/mountinfo"))?;
    let mut mounts = Vec::new();
    let mut seen = HashSet::new();
    for line in text.lines() {
        let Some(mount) = mount(line) else { continue };
        let Mount { device, point, kind, .. } = &mount;
        if !host.settings.keeps("fs-types", kind) || !host.settings.keeps("mount-points", point) {
            continue;
        }
        if seen.insert((device.clone(), point.clone(), kind.clone())) {
            let space = host.mounts.space(&host.roots.rootfs.join(point.trim_start_matches('/')), kind);
            mounts.push(Mount { space, ..mount });
        }
    }
    write(page, &mounts);
    Ok(())
}

/// A line of `mountinfo`, as `proc_pid_mountinfo(5)` describes it; its file system is not asked yet.
fn mount(line: &str) -> Option<Mount> {
    // Optional fields end with a dash of their own.
    let (first, second) = line.split_once(" - ")?;
    let mut first = first.split_ascii_whitespace();
    let number = first.nth(2)?.to_owned();
    let point = unescape(first.nth(1)?);
    let options = first.next()?;
    let mut second = second.split_ascii_whitespace();
    let kind = second.next()?.to_owned();
    let device = unescape(second.next()?);
    let read_only = |options: &str| options.split(',').any(|option| option == "ro");
    let read_only = read_only(options) || second.next().is_some_and(read_only);
    Some(Mount { device, point, kind, number, read_only, space: Err(String::new()) })
}

fn write(page: &mut Page, mounts: &[Mount]) {
    for (name, help, value) in COLUMNS {
        let mut family = page.family(name, MetricKind::Gauge, help);
        for mount in mounts {
            if let Ok(space) = &mount.space {
                family.sample(&labels(mount), value(space));
            }
        }
    }
    let help = "Whether the file system could not be asked.";
    let mut family = page.family("node_filesystem_device_error", MetricKind::Gauge, help);
    for mount in mounts {
        family.sample(&labels(mount), f64::from(u8::from(mount.space.is_err())));
    }
    let help = "Whether the file system is read-only.";
    let mut family = page.family("node_filesystem_readonly", MetricKind::Gauge, help);
    for mount in mounts.iter().filter(|mount| mount.space.is_ok()) {
        family.sample(&labels(mount), f64::from(u8::from(mount.read_only)));
    }
    let help = "A mounted file system; 1.";
    let mut family = page.family("node_filesystem_mount_info", MetricKind::Gauge, help);
    for mount in mounts.iter().filter(|mount| mount.space.is_ok()) {
        let (major, minor) = mount.number.split_once(':').unwrap_or((&mount.number, ""));
        let Mount { device, point, .. } = mount;
        family.sample(&[("device", device), ("major", major), ("minor", minor), ("mountpoint", point)], 1.0);
    }
}

fn labels(mount: &Mount) -> [(&str, &str); 4] {
    let error = mount.space.as_ref().err().map_or("", String::as_str);
    [
        ("device", &mount.device),
        ("device_error", error),
        ("fstype", &mount.kind),
        ("mountpoint", &mount.point),
    ]
}

impl Mounts {
    fn space(&self, path: &Path, kind: &str) -> Result<StatVfs, String> {
        if !may_hang(kind) {
            return statvfs(path);
        }
        if !self.stuck.lock().insert(path.to_owned()) {
            return Err("mountpoint timeout".into());
        }
        let (sender, answer) = mpsc::channel();
        let (stuck, path) = (self.stuck.clone(), path.to_owned());
        let asked = std::thread::Builder::new().name("statvfs".into()).spawn(move || {
            let space = statvfs(&path);
            stuck.lock().remove(&path);
            // Nobody listens after the patience is over.
            let _ = sender.send(space);
        });
        asked.map_err(|e| e.to_string())?;
        answer.recv_timeout(PATIENCE).unwrap_or_else(|_| Err("mountpoint timeout".into()))
    }
}

/// The error is the system's own words, as in `permission denied`.
fn statvfs(path: &Path) -> Result<StatVfs, String> {
    rustix::fs::statvfs(path).map_err(|error| {
        let text = error.to_string();
        text.split(" (os error").next().unwrap_or_default().to_lowercase()
    })
}

/// Whether a file system's answer depends on another machine or program.
fn may_hang(kind: &str) -> bool {
    ["nfs", "cifs", "smb", "fuse", "ceph", "9p", "gluster", "lustre", "afs", "beegfs", "gpfs", "sshfs"]
        .iter()
        .any(|prefix| kind.starts_with(prefix))
}

/// Resolves the kernel's octal escapes of blanks and backslashes.
fn unescape(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = tail.get(..3).filter(|d| byte == b'\\' && d.iter().all(|b| (b'0'..=b'7').contains(b)));
        match digits {
            Some(d) => {
                out.push(((d[0] - b'0') << 6) | ((d[1] - b'0') << 3) | (d[2] - b'0'));
                rest = &tail[3..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unescaped() {
        assert_eq!(unescape("/mnt/my\\040disk\\134x\\"), "/mnt/my disk\\x\\");
        assert_eq!(unescape("\\777"), "\u{fffd}");
    }

    #[test]
    fn what_hangs_is_asked_in_a_thread_of_its_own() {
        let mounts = Mounts::default();
        let why = |path: &str, kind: &str| mounts.space(Path::new(path), kind).err();
        assert_eq!(why("/", "nfs4"), None);
        assert_eq!(why("/nonexistent", "nfs4").as_deref(), Some("no such file or directory"));
        mounts.stuck.lock().insert("/".into());
        assert_eq!(why("/", "nfs4").as_deref(), Some("mountpoint timeout"));
        assert_eq!(why("/", "ext4"), None);
    }
}
