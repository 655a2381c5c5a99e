//! The data folder: made, locked against a second process, its schema number checked, its file system looked at.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock, statfs, statvfs};

use crate::{Disk, Error, RealDisk, Result};

/// The number of the folder's layout that this program writes.
pub const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "format";
const LOCK_FILE: &str = "lock";

/// The data folder, locked for this process until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Bytes of the file system that a folder is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What this process may still write.
    pub free_bytes: u64,
    /// What there is.
    pub total_bytes: u64,
}

impl DataFolder {
    /// Makes the folder if it is missing, locks it and checks that this program can use it. `Refused` says what to
    /// change.
    pub fn open(path: &Path) -> Result<DataFolder> {
        RealDisk.create_dir_all(path).map_err(|error| unwritable(path, &error))?;
        let lock = lock(path)?;
        check_writable(path)?;
        check_format(path)?;
        Ok(DataFolder { path: path.to_path_buf(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Free and total bytes.
    pub fn space(&self) -> Result<Space> {
        let stat = statvfs(&self.path).map_err(|e| Error::io("measure", &self.path)(e.into()))?;
        let unit = stat.f_frsize;
        Ok(Space {
            free_bytes: stat.f_bavail.saturating_mul(unit),
            total_bytes: stat.f_blocks.saturating_mul(unit),
        })
    }

    /// What is unwise about the file system, for the user; `None` for a local disk.
    pub fn advice(&self) -> Option<String> {
        let stat = statfs(&self.path).ok()?;
        let name = network_file_system(stat.f_type as u64 & 0xffff_ffff)?;
        Some(format!(
            "the data folder {} is on {name}: locks and syncs are not reliable there, and a second server could \
             damage it unnoticed. Use a local disk for --data",
            self.path.display()
        ))
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    Error::Refused(format!(
        "cannot write to the data folder {path}: {error}. Make it writable for this user or choose another with --data"
    ))
}

fn lock(path: &Path) -> Result<File> {
    let file = path.join(LOCK_FILE);
    let mut lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&file)
        .map_err(|error| unwritable(path, &error))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut pid = String::new();
            let _ = lock.read_to_string(&mut pid);
            let who = match pid.trim() {
                "" => "another process".to_owned(),
                pid => format!("another Pharos (process {pid})"),
            };
            let path = path.display();
            return Err(Error::Refused(format!(
                "the data folder {path} is in use by {who}: stop that one or choose another folder with --data"
            )));
        }
        Err(error) => return Err(Error::io("lock", &file)(error.into())),
    }
    lock.set_len(0)
        .and_then(|()| lock.seek(SeekFrom::Start(0)))
        .and_then(|_| writeln!(lock, "{}", std::process::id()))
        .or_else(|error| {
            // A full disk is no reason not to start: the stores answer queries, and say that they cannot write.
            if error.kind() == io::ErrorKind::StorageFull { Ok(()) } else { Err(unwritable(path, &error)) }
        })?;
    Ok(lock)
}

fn check_writable(path: &Path) -> Result<()> {
    let probe = path.join("probe.tmp");
    match File::create(&probe).and_then(|_| fs::remove_file(&probe)) {
        Err(error) if error.kind() != io::ErrorKind::StorageFull => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

fn check_format(path: &Path) -> Result<()> {
    let file = path.join(FORMAT_FILE);
    let found = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!("{FORMAT}\n");
            return RealDisk.replace(&file, text.as_bytes()).map_err(Error::io("write", &file));
        }
        Err(error) => return Err(Error::io("read", &file)(error)),
    };
    let path = path.display();
    match found.trim().parse::<u32>() {
        Ok(number) if number <= FORMAT => Ok(()),
        Ok(number) => Err(Error::Refused(format!(
            "the data folder {path} has schema number {number}, this program knows numbers up to {FORMAT}: start the \
             newer version of Pharos that wrote it, or choose another folder with --data"
        ))),
        Err(_) => Err(Error::Refused(format!(
            "the data folder {path} has a file `{FORMAT_FILE}` that holds no schema number: is it really a data \
             folder of Pharos? Choose another with --data"
        ))),
    }
}

/// Names file systems by the magic numbers of statfs(2).
fn network_file_system(magic: u64) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "a Windows share (SMB)",
        0x0102_1997 => "9p (a folder of the host, as in WSL or a virtual machine)",
        0x00c3_6400 => "CephFS",
        0x5346_414f => "AFS",
        0x7375_7245 => "Coda",
        0x0bd0_0bd0 => "Lustre",
        0x6573_5546 => "FUSE (often a network file system)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_told_who_holds_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let first = DataFolder::open(&path).unwrap();
        let error = DataFolder::open(&path).unwrap_err();
        assert_eq!(error.kind(), model::ErrorKind::BadInput);
        let text = error.to_string();
        assert!(text.contains("in use by another Pharos"), "{text}");
        assert!(text.contains(&std::process::id().to_string()), "{text}");
        drop(first);
        let again = DataFolder::open(&path).unwrap();
        let space = again.space().unwrap();
        assert!(space.total_bytes >= space.free_bytes && space.total_bytes > 0);
    }

    #[test]
    fn refusals_say_what_to_change() {
        let dir = tempfile::tempdir().unwrap();
        let check = |content: &str, parts: &[&str]| {
            fs::write(dir.path().join(FORMAT_FILE), content).unwrap();
            let text = DataFolder::open(dir.path()).unwrap_err().to_string();
            for part in parts {
                assert!(text.contains(part), "{text} lacks {part}");
            }
        };
        check("99", &["number 99", &format!("up to {FORMAT}"), "--data"]);
        check("what", &["holds no schema number"]);
        fs::write(dir.path().join(FORMAT_FILE), "1\n").unwrap();
        DataFolder::open(dir.path()).unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let text = DataFolder::open(&file.join("data")).unwrap_err().to_string();
        assert!(text.contains("cannot write to the data folder"), "{text}");
        let text = DataFolder::open(Path::new("/proc/no/such")).unwrap_err().to_string();
        assert!(text.contains("cannot write to the data folder /proc/no/such"), "{text}");
    }

    #[test]
    fn network_file_systems_are_named() {
        assert_eq!(network_file_system(0x6969), Some("NFS"));
        assert_eq!(network_file_system(0xef53), None);
        assert!(network_file_system(0xff53_4d42).is_some_and(|name| name.contains("SMB")));
    }
}
