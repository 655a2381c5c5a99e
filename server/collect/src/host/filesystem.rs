//! Space and inodes of mounted file systems.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::Duration;

use model::MetricKind;
use parking_lot::Mutex;
use regex::Regex;
use rustix::fs::StatVfs;
use wire::exposition::Page;

use super::Host;

/// Mount points that node_exporter leaves out.
static EXCLUDED_MOUNTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)")
        .expect("a valid regex")
});

/// File systems that node_exporter leaves out.
const EXCLUDED_TYPES: [&str; 26] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "erofs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
    "fuse.lxcfs",
];

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
    read_only: bool,
    /// `None` if the file system cannot tell.
    space: Option<StatVfs>,
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
    let text = host.read("proc/1/mounts").or_else(|_| host.read("proc/mounts"))?;
    let mut mounts = Vec::new();
    let mut seen = HashSet::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(device), Some(point), Some(kind), Some(options)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let (device, point) = (unescape(device), unescape(point));
        if EXCLUDED_TYPES.contains(&kind) || EXCLUDED_MOUNTS.is_match(&point) {
            continue;
        }
        if seen.insert((device.clone(), point.clone(), kind.to_owned())) {
            let space = host.mounts.space(&host.root.join(point.trim_start_matches('/')), kind);
            let read_only = options.split(',').any(|option| option == "ro");
            mounts.push(Mount { device, point, kind: kind.to_owned(), read_only, space });
        }
    }
    write(page, &mounts);
    Ok(())
}

fn write(page: &mut Page, mounts: &[Mount]) {
    for (name, help, value) in COLUMNS {
        let mut family = page.family(name, MetricKind::Gauge, help);
        for mount in mounts {
            if let Some(space) = &mount.space {
                family.sample(&labels(mount), value(space));
            }
        }
    }
    let help = "Whether the file system could not be asked.";
    let mut family = page.family("node_filesystem_device_error", MetricKind::Gauge, help);
    for mount in mounts {
        family.sample(&labels(mount), f64::from(u8::from(mount.space.is_none())));
    }
    let help = "Whether the file system is read-only.";
    let mut family = page.family("node_filesystem_readonly", MetricKind::Gauge, help);
    for mount in mounts.iter().filter(|mount| mount.space.is_some()) {
        family.sample(&labels(mount), f64::from(u8::from(mount.read_only)));
    }
}

fn labels(mount: &Mount) -> [(&str, &str); 3] {
    [("device", &mount.device), ("fstype", &mount.kind), ("mountpoint", &mount.point)]
}

impl Mounts {
    fn space(&self, path: &Path, kind: &str) -> Option<StatVfs> {
        if !may_hang(kind) {
            return rustix::fs::statvfs(path).ok();
        }
        if !self.stuck.lock().insert(path.to_owned()) {
            return None;
        }
        let (sender, answer) = mpsc::channel();
        let (stuck, path) = (self.stuck.clone(), path.to_owned());
        let asked = std::thread::Builder::new().name("statvfs".into()).spawn(move || {
            let space = rustix::fs::statvfs(&path).ok();
            stuck.lock().remove(&path);
            // Nobody listens after the patience is over.
            let _ = sender.send(space);
        });
        asked.ok()?;
        answer.recv_timeout(PATIENCE).ok().flatten()
    }
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
        assert!(mounts.space(Path::new("/"), "nfs4").is_some());
        assert!(mounts.space(Path::new("/nonexistent"), "nfs4").is_none());
        mounts.stuck.lock().insert("/".into());
        assert!(mounts.space(Path::new("/"), "nfs4").is_none());
        assert!(mounts.space(Path::new("/"), "ext4").is_some());
    }
}
