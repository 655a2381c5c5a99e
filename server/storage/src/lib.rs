//! What every store stands on: files (real ones, and ones that fail on purpose), a write-ahead log, checked blobs,
//! redb files, the manifest of partitions and the data folder. Knows nothing of metrics or logs.

pub mod blob;
pub mod disk;
mod documents;
mod error;
pub mod folder;
pub mod manifest;
pub mod table;
pub mod wal;

pub use disk::{Disk, DiskEntry, DiskFile, FaultDisk, RealDisk};
pub use documents::{DocumentChange, Documents};
pub use error::{Error, Result};
pub use folder::DataFolder;
pub use manifest::{Change, Manifest, Partition};
pub use table::{GrowingDb, PartitionPool, write_partition};
pub use wal::{Wal, WalOptions};
