//! What a start does with a store's folder: opens or rebuilds the manifest, sweeps away what it does not know,
//! reports what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::ErrorKind;

use super::{Change, META_FILE, Manifest, Partition};
use crate::{Disk, DiskEntry, Error, Result};

/// A damaged manifest, and partitions that a rebuild could not read, are kept under this ending.
const ASIDE: &str = ".corrupt";

/// Where a rebuild makes the new manifest.
const REBUILD: &str = "rebuild";
/// Folders of a store that are no retention class.
const NO_CLASS: [&str; 2] = ["wal", REBUILD];

/// What a partition's file says of itself.
#[derive(Debug, Clone, Default)]
pub struct Rebuilt {
    /// Its row; `path`, `class` (the folder's name) and `bytes` are filled in.
    pub partition: Partition,
    /// Paths of partitions that it replaces: a merge was cut short.
    pub supersedes: Vec<String>,
    /// The owner's keys that can be told from it.
    pub put: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What a start found, for the log and the status page.
#[derive(Debug, Clone, Default)]
pub struct StartReport {
    /// Why the manifest was rebuilt from the partitions.
    pub rebuilt: Option<String>,
    /// Files that the manifest does not know; they are gone.
    pub removed: Vec<PathBuf>,
    /// Partitions whose file is missing. They stay in the manifest until the owner commits their removal.
    pub missing: Vec<Partition>,
    /// Files that a rebuild could not read, with the reason; renamed to `….corrupt`.
    pub unreadable: Vec<(PathBuf, String)>,
}

type Describe<'a> = &'a mut dyn FnMut(&Path) -> Result<Rebuilt>;

pub(super) fn open(
    disk: Arc<dyn Disk>,
    folder: &Path,
    describe: Describe<'_>,
) -> Result<(Manifest, StartReport)> {
    disk.create_dir_all(folder).map_err(Error::io("create", folder))?;
    let meta = folder.join(META_FILE);
    let mut report = StartReport::default();
    let found = disk.exists(&meta).map_err(Error::io("look for", &meta))?;
    let files = class_entries(&*disk, folder)?;
    let manifest = match found.then(|| Manifest::load(Arc::clone(&disk), folder)) {
        Some(Ok(manifest)) => manifest,
        Some(Err(error)) if error.kind() == ErrorKind::Corrupt => {
            let aside = with_ending(&meta, ASIDE);
            disk.rename(&meta, &aside).map_err(Error::io("set aside", &meta))?;
            disk.sync_dir(folder).map_err(Error::io("sync", folder))?;
            report.rebuilt = Some(error.to_string());
            rebuild(&disk, folder, describe, &mut report)?
        }
        Some(Err(error)) => return Err(error),
        None => {
            if files.iter().any(|entry| is_partition(&entry.path)) {
                report.rebuilt = Some(format!("{} is missing", meta.display()));
            }
            rebuild(&disk, folder, describe, &mut report)?
        }
    };
    remove_stale(&*disk, &folder.join(REBUILD))?;
    sweep(&manifest, &mut report)?;
    for partition in manifest.partitions().values() {
        let file = manifest.file_of(partition);
        if !disk.exists(&file).map_err(Error::io("look for", &file))? {
            report.missing.push(partition.clone());
        }
    }
    Ok((manifest, report))
}

/// Files and folders in the class folders of a store. (No class may be named as in [`NO_CLASS`].)
fn class_entries(disk: &dyn Disk, folder: &Path) -> Result<Vec<DiskEntry>> {
    let mut found = Vec::new();
    for class in disk.list(folder).map_err(Error::io("list", folder))? {
        if class.is_dir && !class.path.file_name().is_some_and(|name| NO_CLASS.iter().any(|no| name == *no)) {
            found.extend(disk.list(&class.path).map_err(Error::io("list", &class.path))?);
        }
    }
    Ok(found)
}

fn is_partition(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "redb")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The name up to its first dot: what a partition and its companions share.
pub(super) fn stem(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.split('.').next()
}

pub(super) fn remove(disk: &dyn Disk, entry: &DiskEntry) -> Result<()> {
    let removed = if entry.is_dir { disk.remove_dir_all(&entry.path) } else { disk.remove(&entry.path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &entry.path)(error)),
        _ => Ok(()),
    }
}

/// Makes a manifest of what the files say.
fn rebuild(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    describe: Describe<'_>,
    report: &mut StartReport,
) -> Result<Manifest> {
    let mut partitions = BTreeMap::new();
    let mut superseded = BTreeSet::new();
    let mut put = Vec::new();
    for entry in class_entries(&**disk, folder)? {
        if !is_partition(&entry.path) || entry.is_dir {
            continue;
        }
        match describe(&entry.path) {
            Ok(found) => {
                let mut partition = found.partition;
                partition.path = relative(folder, &entry.path);
                let class = entry.path.parent().and_then(Path::file_name).unwrap_or_default();
                partition.class = class.to_string_lossy().into_owned();
                partition.bytes = partition.bytes.max(entry.len);
                superseded.extend(found.supersedes);
                put.extend(found.put.into_iter().map(|(key, value)| (key, Some(value))));
                partitions.insert(partition.path.clone(), partition);
            }
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                let aside = with_ending(&entry.path, ASIDE);
                disk.rename(&entry.path, &aside).map_err(Error::io("set aside", &entry.path))?;
                report.unreadable.push((aside, error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    partitions.retain(|path, _| !superseded.contains(path));
    let add: Vec<Partition> = partitions.into_values().collect();
    let change = Change {
        sealed_segment: add.iter().map(|partition| partition.sealed_segment).max(),
        id_high_water: add.iter().map(|partition| partition.max_id).max(),
        add,
        put,
        ..Change::default()
    };
    // Under another name until it is whole: a crash here must not leave a manifest that knows nothing, since the
    // next start would sweep all partitions away.
    let fresh = folder.join(REBUILD);
    remove_stale(&**disk, &fresh)?;
    disk.create_dir_all(&fresh).map_err(Error::io("create", &fresh))?;
    let made = Manifest::load(Arc::clone(disk), &fresh)?;
    made.commit(&change)?;
    drop(made);
    let (from, to) = (fresh.join(META_FILE), folder.join(META_FILE));
    disk.rename(&from, &to).map_err(Error::io("rename", &from))?;
    disk.sync_dir(folder).map_err(Error::io("sync", folder))?;
    disk.remove_dir_all(&fresh).map_err(Error::io("remove", &fresh))?;
    Manifest::load(Arc::clone(disk), folder)
}

fn remove_stale(disk: &dyn Disk, fresh: &Path) -> Result<()> {
    if disk.exists(fresh).map_err(Error::io("look for", fresh))? {
        disk.remove_dir_all(fresh).map_err(Error::io("remove", fresh))?;
    }
    Ok(())
}

fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()
}

/// Removes what no partition in the manifest accounts for.
fn sweep(manifest: &Manifest, report: &mut StartReport) -> Result<()> {
    let partitions = manifest.partitions();
    let known: BTreeSet<PathBuf> =
        partitions.keys().map(|path| manifest.folder.join(path).with_extension("")).collect();
    let mut dirs = BTreeSet::new();
    for entry in class_entries(&*manifest.disk, &manifest.folder)? {
        let name = entry.path.to_string_lossy();
        let stem = stem(&entry.path).map(|stem| entry.path.with_file_name(stem));
        let is_known = stem.is_some_and(|stem| known.contains(&stem)) && !name.ends_with(".tmp");
        if is_known || name.ends_with(ASIDE) {
            continue;
        }
        remove(&*manifest.disk, &entry)?;
        dirs.extend(entry.path.parent().map(Path::to_path_buf));
        report.removed.push(entry.path.clone());
    }
    for dir in dirs {
        manifest.disk.sync_dir(&dir).map_err(Error::io("sync", &dir))?;
    }
    Ok(())
}
