//! Control, step 1: documents by kind and id (a dashboard, a user, an alert's state), as bytes of their owner.

use redb::{TableDefinition, WriteTransaction};

const DOCUMENTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("documents");

pub(crate) fn run(tx: &WriteTransaction) -> Result<(), redb::Error> {
    tx.open_table(DOCUMENTS)?;
    Ok(())
}
