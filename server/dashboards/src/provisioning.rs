//! Grafana's provisioning folders: which dashboard files they name, wherever the old container had them.
//!
//! Format: Grafana documentation, "Provision Grafana", dashboards and data sources.

mod path;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_yaml_ng::Value;

use crate::import::DataSource;
use crate::{Error, Result, source};

/// A folder of dashboards, as a provider file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The provider's name.
    pub name: String,
    /// The folder its dashboards are shown in; empty = none.
    pub folder: String,
    /// Whether sub-folders name the folders.
    pub folders_from_files: bool,
    /// Where its JSON files are on this machine.
    pub path: PathBuf,
    /// How often its files are looked at.
    pub interval: Duration,
    /// Whether a dashboard stays when its file goes (until the server starts again).
    pub keeps_deleted: bool,
}

/// Grafana's own `updateIntervalSeconds`.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);
/// Files are not looked at more often: a provider file may say 0.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// A day: longer is a mistake.
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);

/// What a provisioning folder holds.
#[derive(Debug, Clone, Default)]
pub struct Provisioning {
    /// Providers whose folder was found.
    pub providers: Vec<Provider>,
    /// Data sources defined there. Prometheus and Loki are Pharos itself.
    pub datasources: Vec<DataSource>,
    /// What was not used, and why.
    pub notices: Vec<String>,
}

/// Keys of a provider that are read, or have no meaning here: one organisation, files watched, never deleted.
const PROVIDER_KEYS: &[&str] = &[
    "name",
    "folder",
    "type",
    "options",
    "orgId",
    "folderUid",
    "disableDeletion",
    "updateIntervalSeconds",
    "allowUiUpdates",
    "editable",
];

/// Reads a `--grafana-provisioning` folder: `dashboards/*.yml`, `datasources/*.yml`, or a plain folder of JSON files.
///
/// Errors: the folder cannot be read. A file in it that is wrong becomes a notice.
pub fn read(folder: &Path) -> Result<Provisioning> {
    let mut found = Provisioning::default();
    list(folder)?;
    for file in yaml_files(&folder.join("dashboards")).into_iter().chain(yaml_files(folder)) {
        read_file(&file, &mut found, |document, found| providers(&file, folder, document, found));
    }
    for file in yaml_files(&folder.join("datasources")) {
        read_file(&file, &mut found, datasources);
    }
    if found.providers.is_empty() {
        let plain = [folder.join("dashboards"), folder.to_owned()].into_iter().find(|dir| has_json(dir));
        match plain {
            Some(path) => found.providers.push(Provider {
                name: folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
                folder: String::new(),
                folders_from_files: true,
                path,
                interval: DEFAULT_INTERVAL,
                keeps_deleted: false,
            }),
            None => found.notices.push(format!(
                "{}: no provider file (dashboards/*.yml) and no dashboard (*.json) found",
                folder.display()
            )),
        }
    }
    Ok(found)
}

fn read_file(file: &Path, found: &mut Provisioning, take: impl FnOnce(&Value, &mut Provisioning)) {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => expand_env(&text),
        Err(source) => {
            return found.notices.push(Error::Read { path: file.display().to_string(), source }.to_string());
        }
    };
    match serde_yaml_ng::from_str::<Value>(&text) {
        Ok(document) => take(&document, found),
        Err(error) => found.notices.push(format!("{}: {error}", file.display())),
    }
}

fn providers(file: &Path, root: &Path, document: &Value, found: &mut Provisioning) {
    let list = document.get("providers").and_then(Value::as_sequence).or_else(|| document.as_sequence());
    for entry in list.into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let option = |key: &str| entry.get("options").and_then(|options| options.get(key));
        let name = text("name");
        for key in entry.as_mapping().into_iter().flat_map(|m| m.keys()).filter_map(Value::as_str) {
            if !PROVIDER_KEYS.contains(&key) {
                found
                    .notices
                    .push(format!("{}: provider {name:?}: unknown key {key:?} ignored", file.display()));
            }
        }
        let wanted = option("path").or_else(|| option("folder")).and_then(Value::as_str).unwrap_or_default();
        let flag = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or(false);
        match path::resolve(wanted, root) {
            Some(path) => found.providers.push(Provider {
                name,
                folder: text("folder"),
                folders_from_files: flag(option("foldersFromFilesStructure")),
                path,
                interval: interval(entry.get("updateIntervalSeconds")),
                keeps_deleted: flag(entry.get("disableDeletion")),
            }),
            None => found.notices.push(format!(
                "{}: provider {name:?}: no folder {wanted:?} here, nor through a compose file's volumes, nor below {}: \
                 give options.path a folder of this machine",
                file.display(),
                root.display()
            )),
        }
    }
}

/// `updateIntervalSeconds`, a number or (through a variable) a text.
fn interval(value: Option<&Value>) -> Duration {
    let seconds = match value {
        Some(Value::Number(n)) => n.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let given = seconds.filter(|s| s.is_finite() && *s > 0.0).map(|s| Duration::from_secs_f64(s.min(1e6)));
    given.unwrap_or(DEFAULT_INTERVAL).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
}

fn datasources(document: &Value, found: &mut Provisioning) {
    for entry in document.get("datasources").and_then(Value::as_sequence).into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (name, kind) = (text("name"), text("type"));
        if !matches!(kind.as_str(), "prometheus" | "loki") {
            found
                .notices
                .push(format!("data source {name:?} of type {kind} is not available in this version"));
        }
        let is_default = entry.get("isDefault").and_then(Value::as_bool).unwrap_or(false);
        found.datasources.push(DataSource { uid: text("uid"), name, kind, is_default });
    }
}

/// `$NAME` and `${NAME}` from the environment, as Grafana expands them; unknown ones stay as written.
fn expand_env(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let (name, len) =
            match tail.strip_prefix('{').and_then(|t| t.find('}').map(|end| (&t[..end], end + 2))) {
                Some(braced) => braced,
                None => {
                    let end =
                        tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len());
                    (&tail[..end], end)
                }
            };
        match std::env::var(name).ok().filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..at + 1 + len]),
        }
        rest = &tail[len..];
    }
    out.push_str(rest);
    out
}

pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = |source| Error::Read { path: folder.display().to_string(), source };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).map_err(read)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

pub(crate) fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| endings.contains(&e.to_ascii_lowercase().as_str()))
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let files = list(folder).unwrap_or_default();
    files.into_iter().filter(|path| has_ending(path, &["yml", "yaml"])).collect()
}

/// Whether `path` is a source folder, or a folder of source folders (`src/<name>/dashboard.json`).
fn has_sources(path: &Path) -> bool {
    source::is_source(path)
        || (path.is_dir() && list(path).unwrap_or_default().iter().any(|p| source::is_source(p)))
}

fn has_json(folder: &Path) -> bool {
    let is_board = |path: &PathBuf| has_ending(path, &["json"]) || is_config_map(path) || has_sources(path);
    list(folder).unwrap_or_default().iter().any(is_board)
}

/// Whether a YAML file beside dashboards is a Kubernetes ConfigMap: its first bytes say so.
fn is_config_map(path: &Path) -> bool {
    use std::io::Read;
    const HEAD: u64 = 4096;
    if !has_ending(path, &["yml", "yaml"]) {
        return false;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && String::from_utf8_lossy(&head).contains("kind: ConfigMap")
}

/// The files below a provider's folder that hold dashboards (JSON, ConfigMaps, source folders), with the folder each
/// is shown in. Bounded: 10,000 files, 8 levels.
pub(crate) fn files(provider: &Provider) -> Vec<(PathBuf, String)> {
    const MOST_FILES: usize = 10_000;
    const MOST_LEVELS: usize = 8;
    const MOST_FOLDERS: usize = 2_000;
    let mut found = Vec::new();
    // Links may lead in circles.
    let mut seen = HashSet::new();
    let mut folders = vec![(provider.path.clone(), 0)];
    while let Some((folder, level)) = folders.pop() {
        let real = std::fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
        if seen.len() >= MOST_FOLDERS || !seen.insert(real) {
            continue;
        }
        if source::is_source(&folder) {
            let shown = folder_of(provider, &folder);
            found.push((folder, shown));
            continue;
        }
        for path in list(&folder).unwrap_or_default() {
            if found.len() >= MOST_FILES {
                return found;
            }
            if path.is_dir() {
                // Kubernetes mounts keep older versions in folders that begin with "..".
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let hidden = name.starts_with('.') || name == "node_modules";
                if level < MOST_LEVELS && !hidden {
                    folders.push((path, level + 1));
                }
            } else if has_ending(&path, &["json"]) || is_config_map(&path) {
                let shown = folder_of(provider, &path);
                found.push((path, shown));
            }
        }
    }
    found.sort();
    found
}

fn folder_of(provider: &Provider, file: &Path) -> String {
    let below = file.parent().and_then(|parent| parent.strip_prefix(&provider.path).ok());
    match below.filter(|below| provider.folders_from_files && !below.as_os_str().is_empty()) {
        Some(below) => below.to_string_lossy().into_owned(),
        None => provider.folder.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    const PROVIDER: &str = "apiVersion: 1\nproviders:\n  - name: P\n    folder: F\n    colour: red\n    options:\n      \
                            path: /etc/grafana/provisioning/dashboards\n      foldersFromFilesStructure: true\n";

    #[test]
    fn a_container_path_is_found_through_compose_volumes() {
        let root = tempfile::tempdir().expect("a folder");
        let volumes = "services:\n  grafana:\n    volumes:\n      - data:/var/lib/grafana\n      \
                       - ./boards:/etc/grafana/provisioning/dashboards:ro\n";
        write(root.path(), "docker-compose.yml", volumes);
        write(root.path(), "boards/team/a.json", "{}");
        write(root.path(), "monitoring/grafana/dashboards/p.yml", PROVIDER);
        let found = read(&root.path().join("monitoring/grafana")).expect("read");
        assert_eq!(found.providers[0].path, root.path().join("boards"));
        assert_eq!(files(&found.providers[0]), [(root.path().join("boards/team/a.json"), "team".to_owned())]);
        assert_eq!(found.notices.len(), 1, "{:?}", found.notices);
        assert!(found.notices[0].contains("unknown key \"colour\""));
    }

    #[test]
    fn a_container_path_is_found_by_its_trailing_folders() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "dashboards/p.yml", PROVIDER);
        write(root.path(), "dashboards/a.json", "{}");
        let found = read(root.path()).expect("read");
        assert_eq!(found.providers[0].path, root.path().join("dashboards"));
        assert_eq!(files(&found.providers[0])[0].1, "F");
    }

    #[test]
    fn plain_folders_and_missing_ones() {
        let root = tempfile::tempdir().expect("a folder");
        assert!(read(root.path()).expect("read").notices[0].contains("no provider file"));
        write(root.path(), "a.json", "{}");
        assert_eq!(read(root.path()).expect("read").providers[0].path, root.path());
        assert!(read(&root.path().join("none")).is_err());
        write(
            root.path(),
            "dashboards/p.yml",
            &PROVIDER.replace("/etc/grafana/provisioning/dashboards", "/no/such"),
        );
        assert!(read(root.path()).expect("read").notices[1].contains("no folder \"/no/such\""));
    }

    #[test]
    fn intervals_are_bounded() {
        for (text, seconds) in [("30", 30), ("0", 10), ("\"5\"", 5), ("0.1", 1), ("1e9", 86_400), ("x", 10)] {
            let value: Value = serde_yaml_ng::from_str(text).expect("yaml");
            assert_eq!(interval(Some(&value)), Duration::from_secs(seconds), "{text}");
        }
        assert_eq!(interval(None), DEFAULT_INTERVAL);
    }

    #[test]
    fn environment_is_expanded() {
        let path = std::env::var("PATH").expect("a PATH");
        assert_eq!(expand_env("a ${PATH} $PATH $ ${no_such} b"), format!("a {path} {path} $ ${{no_such}} b"));
    }
}
