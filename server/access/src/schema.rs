//! Where users are kept: `control.redb`, table `documents`, kind `user`, id = user name, value = argon2id PHC string.

use storage::table::TableDefinition;

pub(crate) const DOCUMENTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("documents");
pub(crate) const USER: &str = "user";
