//! redb files: growing ones that stay open for writing, and partitions that are written once, in key order, and
//! read for ever after.

mod backend;
mod growing;
mod partition;
mod pool;

pub use growing::GrowingDb;
pub use migrations::Kind;
pub use partition::{Loader, write_partition};
pub use pool::{OpenPartition, PartitionPool};

/// What an owner's `schema.rs` and its codecs need of redb.
pub use redb::{
    AccessGuard, Key, Range, ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, Table,
    TableDefinition, TableError, TypeName, Value, WriteTransaction,
};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::{Error, Result};

/// Runs `read` on a redb file; redb may panic on a damaged page, which is the file's fault, not the program's.
fn contain<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(outcome) => outcome.map_err(|error| error.at(path)),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
            Err(Error::corrupt(path, format!("the database engine gave up on it: {said}")))
        }
    }
}

#[cfg(test)]
mod tests;
