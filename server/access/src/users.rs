//! Users and their password hashes, durable in `control.redb`.

use storage::GrowingDb;

use crate::schema::{DOCUMENTS, USER};
use crate::{Error, Result};

/// The users of a server.
pub struct Users<'a> {
    control: &'a GrowingDb,
}

impl<'a> Users<'a> {
    /// The users in an open `control.redb`.
    pub fn new(control: &'a GrowingDb) -> Self {
        Users { control }
    }

    /// The password hash of `name`; `None` if there is no such user.
    pub fn hash_of(&self, name: &str) -> Result<Option<String>> {
        let read = self.control.read(|tx| {
            let table = tx.open_table(DOCUMENTS)?;
            Ok(table.get((USER, name))?.map(|value| value.value().to_vec()))
        });
        let Some(bytes) = read.map_err(Error::Storage)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|_| Error::Hash("not text".into()))
    }

    /// Keeps the password hash of `name`.
    pub fn set_hash(&self, name: &str, hash: &str) -> Result<()> {
        let write = self.control.write(|tx| {
            tx.open_table(DOCUMENTS)?.insert((USER, name), hash.as_bytes())?;
            Ok(())
        });
        write.map_err(Error::Storage)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use storage::table::Kind;
    use storage::{Disk, FaultDisk};

    use super::*;

    #[test]
    fn hashes_survive_a_restart() {
        let disk: Arc<dyn Disk> = Arc::new(FaultDisk::new());
        disk.create_dir_all(Path::new("/data")).expect("made");
        let open = || GrowingDb::open(disk.clone(), Path::new("/data/control.redb"), Kind::Control, 1 << 20);
        {
            let control = open().expect("opened");
            assert_eq!(Users::new(&control).hash_of("admin").expect("read"), None);
            Users::new(&control).set_hash("admin", "$argon2id$x").expect("kept");
        }
        let control = open().expect("opened");
        assert_eq!(Users::new(&control).hash_of("admin").expect("read").as_deref(), Some("$argon2id$x"));
    }
}
