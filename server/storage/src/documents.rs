//! `control.redb`: documents by kind and id, as bytes of their owners (a dashboard, a user, an alert's state).

use std::path::Path;
use std::sync::Arc;

use migrations::Kind;
use redb::TableDefinition;

use crate::blob::{self, Codec};
use crate::{Disk, GrowingDb, Result};

/// (kind, id) to the sealed document.
const DOCUMENTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("documents");
const CACHE_BYTES: usize = 4 << 20;

/// A change of one document: (kind, id, its bytes or `None` to remove it).
pub type DocumentChange<'a> = (&'a str, &'a str, Option<&'a [u8]>);

/// Small documents that are changed in place.
#[derive(Debug)]
pub struct Documents(GrowingDb);

impl Documents {
    /// Opens the file, or makes it. `Corrupt` if it is damaged: it cannot be rebuilt, only restored.
    pub fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<Documents> {
        Ok(Documents(GrowingDb::open(disk, path, Kind::Control, CACHE_BYTES)?))
    }

    /// A document.
    pub fn get(&self, kind: &str, id: &str) -> Result<Option<Vec<u8>>> {
        self.0.read(|tx| {
            let found = tx.open_table(DOCUMENTS)?.get((kind, id))?;
            found.map(|sealed| Ok(blob::open(sealed.value())?.into_owned())).transpose()
        })
    }

    /// All documents of a kind with their ids, in order of ids.
    pub fn list(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.read(|tx| {
            let mut found = Vec::new();
            for entry in tx.open_table(DOCUMENTS)?.range((kind, "")..)? {
                let (key, sealed) = entry?;
                let (of, id) = key.value();
                if of != kind {
                    break;
                }
                found.push((id.to_owned(), blob::open(sealed.value())?.into_owned()));
            }
            Ok(found)
        })
    }

    /// Makes changes durable together.
    pub fn commit(&self, changes: &[DocumentChange<'_>]) -> Result<()> {
        self.0.write(|tx| {
            let mut table = tx.open_table(DOCUMENTS)?;
            for (kind, id, document) in changes {
                match document {
                    Some(bytes) => {
                        table.insert((*kind, *id), blob::seal(bytes, Codec::Zstd(1)).as_slice())?
                    }
                    None => table.remove((*kind, *id))?,
                };
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{FaultDisk, Survives};

    #[test]
    fn documents_are_kept_by_kind_and_id() {
        let disk = FaultDisk::new();
        let open = || Documents::open(Arc::new(disk.clone()), Path::new("data/control.redb")).unwrap();
        disk.create_dir_all(Path::new("data")).unwrap();
        let documents = open();
        documents
            .commit(&[
                ("dashboard", "b", Some(b"two")),
                ("dashboard", "a", Some(b"one")),
                ("dashboardx", "a", Some(b"other")),
                ("user", "a", Some(b"")),
            ])
            .unwrap();
        documents.commit(&[("user", "a", None), ("dashboard", "b", Some(b"new"))]).unwrap();
        drop(documents);
        disk.restart(Survives::Synced);
        let documents = open();
        let found = documents.list("dashboard").unwrap();
        assert_eq!(found, [("a".into(), b"one".to_vec()), ("b".into(), b"new".to_vec())]);
        assert_eq!(documents.get("user", "a").unwrap(), None);
        assert_eq!(documents.get("dashboardx", "a").unwrap(), Some(b"other".to_vec()));
    }
}
