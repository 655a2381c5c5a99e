//! Dashboards while the server runs: read from their folders, looked at again, and added to by imports.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dashboards::{BuiltIn, Library};
use parking_lot::Mutex;

/// Dashboards that were imported by hand.
const MOST_IMPORTED: usize = 5_000;

/// The library, and where its files are.
pub(crate) struct Boards {
    pub(crate) library: Arc<ArcSwap<Library>>,
    built_in: &'static [BuiltIn],
    /// `--grafana-provisioning`.
    folders: Vec<PathBuf>,
    /// `dashboards` in the data folder: a plain folder of files, as any other.
    imports: PathBuf,
    /// Held by the one that reads or writes.
    turn: Mutex<()>,
}

impl Boards {
    pub(crate) fn read(built_in: &'static [BuiltIn], folders: &[PathBuf], data: &Path) -> Boards {
        let library = Arc::new(ArcSwap::from_pointee(Library::default()));
        let (folders, imports) = (folders.to_vec(), data.join("dashboards"));
        let boards = Boards { library, built_in, folders, imports, turn: Mutex::new(()) };
        boards.library.store(Arc::new(Library::read(built_in, &boards.all_folders())));
        boards
    }

    fn all_folders(&self) -> Vec<PathBuf> {
        let imported = std::fs::read_dir(&self.imports).is_ok_and(|mut files| files.next().is_some());
        imported.then(|| self.imports.clone()).into_iter().chain(self.folders.iter().cloned()).collect()
    }

    /// How long until files are looked at again.
    pub(crate) fn interval(&self) -> Duration {
        self.library.load().interval()
    }

    /// Reads again what has changed.
    pub(crate) fn refresh(&self) {
        let _one = self.turn.lock();
        let (current, folders) = (self.library.load_full(), self.all_folders());
        if !current.is_current(&folders) {
            self.library.store(Arc::new(Library::read_after(self.built_in, &folders, &current)));
            tracing::info!("dashboard files have changed and were read again");
        }
    }

    /// Keeps a file's bytes under its uid; the one of the same uid that was imported before is replaced.
    pub(crate) fn import(&self, uid: &str, bytes: &[u8]) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("the dashboard cannot be kept: {e}");
        let safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if uid.is_empty() || uid.len() > 100 || !uid.chars().all(safe) {
            return Err(format!("the uid {uid:?} has other signs than letters, digits, - and _"));
        }
        {
            let _one = self.turn.lock();
            std::fs::create_dir_all(&self.imports).map_err(failed)?;
            let count = std::fs::read_dir(&self.imports).map_err(failed)?.count();
            if count >= MOST_IMPORTED {
                return Err(format!(
                    "{count} dashboards were imported: remove some of {}",
                    self.imports.display()
                ));
            }
            let (file, new) =
                (self.imports.join(format!("{uid}.json")), self.imports.join(format!("{uid}.json.new")));
            std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &file)).map_err(failed)?;
        }
        self.refresh();
        Ok(())
    }

    /// Where an imported dashboard of that uid is kept.
    pub(crate) fn imported(&self, uid: &str) -> PathBuf {
        self.imports.join(format!("{uid}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::DASHBOARDS;

    #[test]
    fn an_import_is_kept_and_replaced() {
        let data = tempfile::tempdir().expect("a folder");
        let boards = Boards::read(DASHBOARDS, &[], data.path());
        let built_in = boards.library.load().list().count();
        boards.import("mine", br#"{"title": "One", "uid": "mine", "panels": []}"#).expect("kept");
        boards.import("mine", br#"{"title": "Two, longer", "uid": "mine", "panels": []}"#).expect("replaced");
        let library = boards.library.load();
        assert_eq!(library.list().count(), built_in + 1);
        assert_eq!(library.get("mine").map(|d| d.meta.title.clone()).as_deref(), Some("Two, longer"));
        assert!(library.notices().is_empty(), "{:?}", library.notices());
        // After a restart it is still there.
        assert!(Boards::read(DASHBOARDS, &[], data.path()).library.load().get("mine").is_some());
        for uid in ["", "../x", "a/b", "a b"] {
            assert!(boards.import(uid, b"{}").is_err(), "{uid}");
        }
    }
}
