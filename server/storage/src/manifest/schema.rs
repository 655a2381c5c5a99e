//! The tables of `meta.redb`.

use redb::TableDefinition;

/// Path to the encoded partition.
pub(super) const PARTITIONS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("partitions");
/// Name to number.
pub(super) const COUNTERS: TableDefinition<'_, &[u8], u64> = TableDefinition::new("counters");
/// The owner's keys and sealed values.
pub(super) const OWNER: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("owner");
