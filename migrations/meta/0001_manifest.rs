//! Meta, step 1: the partitions of a store, its counters, and what its owner keeps beside them.

use redb::{TableDefinition, WriteTransaction};

const PARTITIONS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("partitions");
const COUNTERS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("counters");
const OWNER: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("owner");

pub(crate) fn run(tx: &WriteTransaction) -> Result<(), redb::Error> {
    tx.open_table(PARTITIONS)?;
    tx.open_table(COUNTERS)?;
    tx.open_table(OWNER)?;
    Ok(())
}
