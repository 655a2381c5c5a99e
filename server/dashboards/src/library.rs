//! All dashboards the server knows: built in, and found in provisioning folders.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::import::{DataSource, Report, import_with, slug_of, uid_of};
use crate::provisioning::{self, Provider};
use crate::source;

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
#[derive(Debug, Clone)]
pub struct Library {
    dashboards: Vec<Arc<Dashboard>>,
    notices: Vec<String>,
    fingerprint: Fingerprint,
    interval: Duration,
}

impl Default for Library {
    fn default() -> Self {
        let (dashboards, notices, fingerprint) = Default::default();
        Library { dashboards, notices, fingerprint, interval: Duration::from_secs(10) }
    }
}

impl Library {
    /// Reads the built-in dashboards and those of `folders` (`--grafana-provisioning`). Broken files are listed with
    /// their error; they never stop the others.
    pub fn read(built_in: &[BuiltIn], folders: &[PathBuf]) -> Library {
        Library::read_after(built_in, folders, &Library::default())
    }

    /// The same, after files have changed: one that is broken now stays as it was before, with a notice, and one that
    /// is gone stays where its provider says `disableDeletion`.
    pub fn read_after(built_in: &[BuiltIn], folders: &[PathBuf], before: &Library) -> Library {
        let mut library = Library::default();
        for board in built_in {
            let meta_source = "built-in".to_owned();
            library.add(board.json.as_bytes().into(), board.name, ("Pharos".into(), meta_source), &[]);
        }
        let (providers, sources) = providers(folders, &mut library.notices);
        library.fingerprint = fingerprint(&providers);
        library.interval = providers.iter().map(|p| p.interval).min().unwrap_or(library.interval);
        let files = find(&providers);
        for (path, folder) in &files {
            for found in source::read(path) {
                let place = (found.folder.unwrap_or_else(|| folder.clone()), path.display().to_string());
                match found.raw {
                    Ok(raw) => library.add(raw.into(), &found.name, place, &sources),
                    Err(error) => library.add_broken(Arc::from([]), &found.name, place, error),
                }
            }
        }
        library.keep_from(before, &providers);
        library.prefer_sources(&files);
        library.unique_uids();
        library
            .dashboards
            .sort_by(|a, b| (&a.meta.folder, &a.meta.title).cmp(&(&b.meta.folder, &b.meta.title)));
        library
    }

    /// Whether the files are still as they were when this library was read.
    pub fn is_current(&self, folders: &[PathBuf]) -> bool {
        self.fingerprint == fingerprint(&providers(folders, &mut Vec::new()).0)
    }

    /// How often the files are to be looked at: the shortest `updateIntervalSeconds`.
    pub fn interval(&self) -> Duration {
        self.interval
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

    /// Takes over from `before` what is broken now, or gone and kept.
    fn keep_from(&mut self, before: &Library, providers: &[Provider]) {
        for dashboard in &mut self.dashboards {
            let Some(error) = dashboard.meta.error.clone() else { continue };
            let good = |d: &&Arc<Dashboard>| d.meta.error.is_none() && d.meta.source == dashboard.meta.source;
            if let Some(old) = before.dashboards.iter().find(good) {
                let source = &dashboard.meta.source;
                self.notices.push(format!("{source}: is broken now and shown as it was before: {error}"));
                *dashboard = old.clone();
            }
        }
        let here: HashSet<&str> = self.dashboards.iter().map(|d| d.meta.source.as_str()).collect();
        let kept = |d: &&Arc<Dashboard>| {
            let path = Path::new(&d.meta.source);
            d.meta.error.is_none()
                && !here.contains(d.meta.source.as_str())
                && providers.iter().any(|p| p.keeps_deleted && path.starts_with(&p.path))
        };
        let kept: Vec<_> = before.dashboards.iter().filter(kept).cloned().collect();
        self.dashboards.extend(kept);
    }

    /// A dashboard in parts stands beside what was built of it: the parts are what people edit.
    fn prefer_sources(&mut self, files: &[(PathBuf, String)]) {
        let folders: HashSet<String> = files
            .iter()
            .filter(|(path, _)| path.is_dir())
            .map(|(path, _)| path.display().to_string())
            .collect();
        let sources: HashSet<String> = self
            .dashboards
            .iter()
            .filter(|d| d.meta.error.is_none() && folders.contains(&d.meta.source))
            .map(|d| d.meta.uid.clone())
            .collect();
        self.dashboards.retain(|d| {
            d.meta.source == "built-in" || folders.contains(&d.meta.source) || !sources.contains(&d.meta.uid)
        });
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
            Err(error) => self.add_broken(raw, name, (folder, source), error.to_string()),
        }
    }

    fn add_broken(&mut self, raw: Arc<[u8]>, name: &str, (folder, source): (String, String), error: String) {
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

/// The paths that hold dashboards, each once.
fn find(providers: &[Provider]) -> Vec<(PathBuf, String)> {
    let mut seen = HashSet::new();
    let files = providers.iter().flat_map(provisioning::files);
    files.filter(|(path, _)| seen.insert(path.clone())).collect()
}

fn fingerprint(providers: &[Provider]) -> Fingerprint {
    let files = find(providers).into_iter();
    let parts = files
        .flat_map(|(path, folder)| source::parts(&path).into_iter().map(move |part| (part, folder.clone())));
    parts
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

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    const PROVIDER: &str = "providers:\n  - name: P\n    folder: F\n    updateIntervalSeconds: 3\n    disableDeletion: true\n    \
                            options: {path: boards}\n";

    #[test]
    fn what_breaks_or_goes_stays_as_it_was() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "dashboards/p.yml", PROVIDER);
        write(root.path(), "boards/a.json", r#"{"title": "A", "uid": "a", "panels": []}"#);
        write(root.path(), "boards/b.json", r#"{"title": "B", "uid": "b", "panels": []}"#);
        let folders = [root.path().to_owned()];
        let before = Library::read(&[], &folders);
        assert_eq!(before.interval(), Duration::from_secs(3));
        write(root.path(), "boards/a.json", "{");
        std::fs::remove_file(root.path().join("boards/b.json")).expect("removed");
        assert!(!before.is_current(&folders));
        let after = Library::read_after(&[], &folders, &before);
        let titles: Vec<_> = after.list().map(|meta| (meta.title.as_str(), meta.error.is_none())).collect();
        assert_eq!(titles, [("A", true), ("B", true)]);
        assert!(after.notices()[0].contains("a.json: is broken now"), "{:?}", after.notices());
        // Without disableDeletion what is gone is gone; without a version before, what is broken is listed so.
        write(
            root.path(),
            "dashboards/p.yml",
            &PROVIDER.replace("disableDeletion: true", "disableDeletion: false"),
        );
        let fresh = Library::read_after(&[], &folders, &after);
        assert_eq!(fresh.list().count(), 1);
        assert!(Library::read(&[], &folders).list().all(|meta| meta.error.is_some()));
    }

    #[test]
    fn a_dashboard_in_parts_needs_no_build_step() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "service.json", r#"{"title": "Built", "uid": "s", "panels": []}"#);
        write(root.path(), "src/service/dashboard.json", r#"{"title": "Source", "uid": "s"}"#);
        write(root.path(), "src/service/panels/01.json", r#"{"title": "p1", "type": "stat"}"#);
        let folders = [root.path().to_owned()];
        let library = Library::read(&[], &folders);
        let metas: Vec<_> = library.list().map(|meta| (meta.uid.as_str(), meta.title.as_str())).collect();
        assert_eq!(metas, [("s", "Source")]);
        assert_eq!(library.get("s").expect("there").model["panels"][0]["title"], "p1");
        write(root.path(), "src/service/panels/02.json", r#"{"title": "p2", "type": "stat"}"#);
        assert!(!library.is_current(&folders));
    }
}
