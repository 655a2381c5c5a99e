//! Users and their password hashes: documents of kind `user` in `control.redb`, the id is the user's name, the bytes
//! are an argon2id PHC string.

use storage::Documents;

use crate::{Error, Result};

const USER: &str = "user";

/// The users of a server.
pub struct Users<'a> {
    control: &'a Documents,
}

impl<'a> Users<'a> {
    /// The users in an open `control.redb`.
    pub fn new(control: &'a Documents) -> Self {
        Users { control }
    }

    /// The password hash of `name`; `None` if there is no such user.
    pub fn hash_of(&self, name: &str) -> Result<Option<String>> {
        let Some(bytes) = self.control.get(USER, name).map_err(Error::Storage)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|_| Error::Hash("not text".into()))
    }

    /// Keeps the password hash of `name`.
    pub fn set_hash(&self, name: &str, hash: &str) -> Result<()> {
        self.control.commit(&[(USER, name, Some(hash.as_bytes()))]).map_err(Error::Storage)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use storage::{Disk, FaultDisk};

    use super::*;

    #[test]
    fn hashes_survive_a_restart() {
        let disk: Arc<dyn Disk> = Arc::new(FaultDisk::new());
        disk.create_dir_all(Path::new("/data")).expect("made");
        let open = || Documents::open(disk.clone(), Path::new("/data/control.redb")).expect("opened");
        {
            let control = open();
            assert_eq!(Users::new(&control).hash_of("admin").expect("read"), None);
            Users::new(&control).set_hash("admin", "$argon2id$x").expect("kept");
        }
        assert_eq!(Users::new(&open()).hash_of("admin").expect("read").as_deref(), Some("$argon2id$x"));
    }
}
