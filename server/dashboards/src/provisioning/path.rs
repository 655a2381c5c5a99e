//! Finds a container's path on this machine.

use std::path::{Component, Path, PathBuf};

use serde_yaml_ng::Value;

const COMPOSE_FILES: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
/// How many folders above the provisioning folder are looked into for compose files.
const LEVELS_UP: usize = 4;

/// The folder that `wanted` means: itself, its place in a compose volume, or its trailing folders at or above `root`.
pub(super) fn resolve(wanted: &str, root: &Path) -> Option<PathBuf> {
    if wanted.is_empty() {
        return None;
    }
    let wanted = Path::new(wanted);
    if wanted.is_relative() {
        return [root.join(wanted), root.join("dashboards").join(wanted)]
            .into_iter()
            .find(|path| path.is_dir());
    }
    through_compose(wanted, root)
        .or_else(|| wanted.is_dir().then(|| wanted.to_owned()))
        .or_else(|| by_tail(wanted, root))
}

fn through_compose(wanted: &Path, root: &Path) -> Option<PathBuf> {
    let root = std::path::absolute(root).ok()?;
    let folders = root.ancestors().take(LEVELS_UP);
    let mut found =
        folders.flat_map(|folder| compose_files(folder).into_iter().map(move |file| (folder, file)));
    found.find_map(|(folder, file)| {
        let text = std::fs::read_to_string(file).ok()?;
        let document: Value = serde_yaml_ng::from_str(&text).ok()?;
        let mut mounts = mounts(&document);
        // The longest container path is the mount that holds the folder.
        mounts.sort_by_key(|(_, target)| std::cmp::Reverse(target.as_os_str().len()));
        let (source, below) =
            mounts.iter().find_map(|(source, target)| Some((source, wanted.strip_prefix(target).ok()?)))?;
        let path: PathBuf =
            folder.join(source).join(below).components().filter(|c| *c != Component::CurDir).collect();
        path.is_dir().then_some(path)
    })
}

/// Compose files of a folder: the usual names first, then anything like `docker-compose.monitoring.yml`.
fn compose_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        COMPOSE_FILES.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut others: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            name.contains("compose")
                && (name.ends_with(".yml") || name.ends_with(".yaml"))
                && !files.contains(path)
        })
        .collect();
    others.sort();
    files.extend(others);
    files
}

/// (host folder, container folder) of every bind mount.
fn mounts(document: &Value) -> Vec<(PathBuf, PathBuf)> {
    let services = document.get("services").and_then(Value::as_mapping);
    let volumes = services
        .into_iter()
        .flat_map(|s| s.values())
        .filter_map(|s| s.get("volumes")?.as_sequence())
        .flatten();
    volumes
        .filter_map(|volume| match volume {
            Value::String(text) => {
                let mut parts = text.split(':');
                let (source, target) = (parts.next()?, parts.next()?);
                let is_path = source.starts_with('.') || source.starts_with('/') || source.starts_with('~');
                is_path.then(|| (PathBuf::from(source), PathBuf::from(target)))
            }
            Value::Mapping(_) => {
                let text = |key: &str| volume.get(key).and_then(Value::as_str).map(PathBuf::from);
                Some((text("source")?, text("target")?))
            }
            _ => None,
        })
        .collect()
}

fn by_tail(wanted: &Path, root: &Path) -> Option<PathBuf> {
    let parts: Vec<_> = wanted.components().filter(|c| matches!(c, Component::Normal(_))).collect();
    let starts = root.ancestors().take(2).collect::<Vec<_>>();
    (0..parts.len()).find_map(|skip| {
        let tail: PathBuf = parts[skip..].iter().collect();
        starts.iter().map(|start| start.join(&tail)).find(|path| path.is_dir())
    })
}
