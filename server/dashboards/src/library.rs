//! All dashboards the server knows: built in, and found in provisioning folders.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use crate::import::{DataSource, Report, import_with, slug_of, uid_of};
use crate::provisioning::{self, Provider};

/// A dashboard that comes with the program.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// Its file name without `.json`.
    pub name: &'static str,
    /// Its JSON.
    pub json: &'static str,
}

/// What a list shows of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Meta {
    /// Unique id, as in `/d/<uid>`.
    pub uid: String,
    /// Title.
    pub title: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Folder; empty = none.
    pub folder: String,
    /// The title as it stands in a URL.
    pub slug: String,
    /// `built-in`, or the file.
    pub source: String,
    /// Why the file cannot be shown.
    pub error: Option<String>,
}

/// A dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// What a list shows of it.
    pub meta: Meta,
    /// The bytes as they were found.
    pub raw: Arc<[u8]>,
    /// The JSON in the current schema; `null` if the file is broken.
    pub model: Value,
    /// What became of the file's parts.
    pub report: Report,
}

/// The files a library was read from, with their times and sizes: tells whether it is still current.
type Fingerprint = Vec<(PathBuf, String, Option<SystemTime>, u64)>;

/// A snapshot of all dashboards, sorted by folder and title.
#[derive(Debug, Clone, Default)]
pub struct Library {
    dashboards: Vec<Arc<Dashboard>>,
    notices: Vec<String>,
    fingerprint: Fingerprint,
}

/// A dashboard file larger than this is refused: real ones stay below 2 MB.
const MOST_BYTES: u64 = 32 << 20;

impl Library {
    /// Reads the built-in dashboards and those of `folders` (`--grafana-provisioning`). Broken files are listed with
    /// their error; they never stop the others.
    pub fn read(built_in: &[BuiltIn], folders: &[PathBuf]) -> Library {
        let mut library = Library::default();
        for board in built_in {
            let meta_source = "built-in".to_owned();
            library.add(board.json.as_bytes().into(), board.name, ("Pharos".into(), meta_source), &[]);
        }
        library.fingerprint = fingerprint(folders);
        let (files, sources) = library.find(folders);
        for (file, folder) in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let source = file.display().to_string();
            match read_file(&file) {
                Ok(raw) => library.add(raw.into(), &name, (folder, source), &sources),
                Err(error) => library.add_broken(Arc::from([]), &name, folder, source, error),
            }
        }
        library.unique_uids();
        library
            .dashboards
            .sort_by(|a, b| (&a.meta.folder, &a.meta.title).cmp(&(&b.meta.folder, &b.meta.title)));
        library
    }

    /// Whether the files are still as they were when this library was read.
    pub fn is_current(&self, folders: &[PathBuf]) -> bool {
        self.fingerprint == fingerprint(folders)
    }

    /// All dashboards, sorted by folder and title.
    pub fn list(&self) -> impl Iterator<Item = &Meta> {
        self.dashboards.iter().map(|dashboard| &dashboard.meta)
    }

    /// One dashboard.
    pub fn get(&self, uid: &str) -> Option<&Arc<Dashboard>> {
        self.dashboards.iter().find(|dashboard| dashboard.meta.uid == uid)
    }

    /// What of the provisioning folders was not used, and why.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    fn find(&mut self, folders: &[PathBuf]) -> (Vec<(PathBuf, String)>, Vec<DataSource>) {
        let mut files = Vec::new();
        let (providers, sources) = providers(folders, &mut self.notices);
        for provider in providers {
            files.extend(provisioning::files(&provider));
        }
        let mut seen = HashSet::new();
        files.retain(|(path, _)| seen.insert(path.clone()));
        (files, sources)
    }

    fn add(&mut self, raw: Arc<[u8]>, name: &str, (folder, source): (String, String), known: &[DataSource]) {
        match import_with(&raw, name, known) {
            Ok(imported) => {
                let text = |key: &str| imported.dashboard[key].as_str().unwrap_or_default().to_owned();
                let tags = imported.dashboard["tags"].as_array().into_iter().flatten();
                let title = text("title");
                let meta = Meta {
                    uid: text("uid"),
                    tags: tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
                    slug: slug_of(&title),
                    title,
                    folder,
                    source,
                    error: None,
                };
                let (model, report) = (imported.dashboard, imported.report);
                self.dashboards.push(Arc::new(Dashboard { meta, raw, model, report }));
            }
            Err(error) => self.add_broken(raw, name, folder, source, error.to_string()),
        }
    }

    fn add_broken(&mut self, raw: Arc<[u8]>, name: &str, folder: String, source: String, error: String) {
        let (uid, slug) = (uid_of(name), slug_of(name));
        let meta =
            Meta { uid, title: name.to_owned(), tags: Vec::new(), folder, slug, source, error: Some(error) };
        self.dashboards.push(Arc::new(Dashboard {
            meta,
            raw,
            model: Value::Null,
            report: Report::default(),
        }));
    }

    /// The first of equal uids keeps it; later ones get one made of their source, and a notice.
    fn unique_uids(&mut self) {
        // A broken file's uid is only its name's: it must not take a good one's.
        self.dashboards.sort_by_key(|dashboard| dashboard.meta.error.is_some());
        let mut seen = HashSet::new();
        for dashboard in &mut self.dashboards {
            if seen.insert(dashboard.meta.uid.clone()) {
                continue;
            }
            let uid = uid_of(&format!("{} {}", dashboard.meta.uid, dashboard.meta.source));
            self.notices.push(format!(
                "{}: uid {:?} is taken by another dashboard: shown as {uid}",
                dashboard.meta.source, dashboard.meta.uid
            ));
            let dashboard = Arc::make_mut(dashboard);
            if dashboard.model.is_object() {
                dashboard.model["uid"] = uid.as_str().into();
            }
            seen.insert(uid.clone());
            dashboard.meta.uid = uid;
        }
    }
}

fn providers(folders: &[PathBuf], notices: &mut Vec<String>) -> (Vec<Provider>, Vec<DataSource>) {
    let (mut all, mut sources) = (Vec::new(), Vec::new());
    for folder in folders {
        match provisioning::read(folder) {
            Ok(found) => {
                notices.extend(found.notices);
                all.extend(found.providers);
                sources.extend(found.datasources);
            }
            Err(error) => notices.push(error.to_string()),
        }
    }
    (all, sources)
}

fn read_file(file: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(file).map_err(|e| format!("cannot be read: {e}"))?.len();
    if size > MOST_BYTES {
        return Err(format!("is {} MiB large; the limit is {} MiB", size >> 20, MOST_BYTES >> 20));
    }
    std::fs::read(file).map_err(|e| format!("cannot be read: {e}"))
}

fn fingerprint(folders: &[PathBuf]) -> Fingerprint {
    let files =
        providers(folders, &mut Vec::new()).0.into_iter().flat_map(|provider| provisioning::files(&provider));
    files
        .map(|(path, folder)| match std::fs::metadata(&path) {
            Ok(meta) => (path, folder, meta.modified().ok(), meta.len()),
            Err(_) => (path, folder, None, 0),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_broken_files_beside_good_ones() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).expect("written");
        write("a.json", r#"{"title": "Same", "uid": "u", "panels": [], "tags": ["gpu"]}"#);
        write("b.json", r#"{"title": "Same", "uid": "u", "panels": []}"#);
        write("c.json", "{\"title\": ");
        let folders = [root.path().to_owned()];
        let built_in = [BuiltIn { name: "host", json: r#"{"title": "Host", "uid": "host", "panels": []}"# }];
        let library = Library::read(&built_in, &folders);
        let metas: Vec<_> = library.list().collect();
        assert_eq!(metas.len(), 4);
        let broken = metas.iter().find(|meta| meta.title == "c").expect("listed");
        assert!(broken.error.as_deref().is_some_and(|e| e.contains("line 1")), "{broken:?}");
        assert_eq!(metas.iter().filter(|meta| meta.uid == "u").count(), 1);
        assert!(library.notices()[0].contains("is taken"));
        assert_eq!(
            &*library.get("u").expect("there").raw,
            std::fs::read(root.path().join("a.json")).expect("read")
        );
        assert!(library.is_current(&folders));
        write("d.json", "{}");
        assert!(!library.is_current(&folders));
    }
}
