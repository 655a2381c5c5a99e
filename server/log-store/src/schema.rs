//! The tables of a partition file, and how its bytes are laid out in them.
//!
//! The parts of all blocks are laid end to end in four lanes (lines; times, sizes and columns; blooms; words), each
//! lane cut into pages of [`PAGE_BYTES`]: whatever the parts' sizes, no room is lost, and a query that counts reads no
//! page with lines. The directory says what each block is; offsets in the lanes follow from the sizes it has.

use storage::table::TableDefinition;

use crate::block::Part;

/// The format of partitions that this program writes.
pub(crate) const FORMAT: u32 = 1;

/// The largest value that redb keeps without waste.
pub(crate) const PAGE_BYTES: usize = 65_200;

/// A table of pages: page number, big endian, to bytes.
pub(crate) type PageTable = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// How many lanes there are.
pub(crate) const LANES: usize = 4;

/// The lanes' tables.
pub(crate) const LANE_TABLES: [PageTable; LANES] = [
    TableDefinition::new("text"),
    TableDefinition::new("columns"),
    TableDefinition::new("blooms"),
    TableDefinition::new("words"),
];

/// The pages of the directory blob.
pub(crate) const DIRECTORY: PageTable = TableDefinition::new("directory");

/// The lane of a part.
pub(crate) fn lane_of(part: Part) -> usize {
    match part {
        Part::Text => 0,
        Part::Times | Part::Sizes | Part::Columns => 1,
        Part::Bloom => 2,
        Part::Words => 3,
    }
}

/// The parts of a lane, in the order in which a block has them there.
pub(crate) fn parts_of(lane: usize) -> &'static [Part] {
    match lane {
        0 => &[Part::Text],
        1 => &[Part::Times, Part::Sizes, Part::Columns],
        2 => &[Part::Bloom],
        _ => &[Part::Words],
    }
}
