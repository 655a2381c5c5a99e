//! What is on disk.
//!
//! `meta.redb` is the manifest; below `METADATA` it keeps what metric families say of themselves, below `TOMBSTONES`
//! the deletions. A partition file has one table: a stream of bytes cut into pages, and under [`ROOT_KEY`] the
//! sealed root, whose addresses point into that stream.

use storage::table::TableDefinition;

/// The pages of a partition by big-endian number, and its root.
pub(crate) const PAGES: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("pages");

/// Where the root is; behind all pages.
pub(crate) const ROOT_KEY: [u8; 8] = u64::MAX.to_be_bytes();

/// A value just under this size wastes least of the power-of-two run that redb gives it.
pub(crate) const PAGE_BYTES: usize = 65_200;

/// Format of partitions that this program writes. Readers of released numbers stay.
pub(crate) const FORMAT: u32 = 1;

/// Manifest keys: this and the family's name.
pub(crate) const METADATA: &[u8] = b"metadata/";

/// Manifest keys: this and the tombstone's number.
pub(crate) const TOMBSTONES: &[u8] = b"tombstone/";

/// The key of a page.
pub(crate) fn page_key(page: u64) -> [u8; 8] {
    page.to_be_bytes()
}
