//! Writing partitions: blocks from memory and, for a merge, parts copied from other partitions.

use std::path::Path;
use std::sync::Arc;

use model::Labels;
use rustc_hash::FxHashMap;
use storage::blob::{self, Codec};
use storage::table::Loader;
use storage::{Partition as Row, write_partition};

use super::{Directory, Header, Partition, Shelf, Stored};
use crate::Result;
use crate::block::{BlockHead, Parts, Sealed};
use crate::codec::put_varint;
use crate::schema::{DIRECTORY, FORMAT, LANE_TABLES, LANES, PAGE_BYTES, parts_of};

/// A block to be written, wherever it is now.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In memory.
    Memory(Arc<Sealed>),
    /// In a partition, to be copied as it is.
    Copy(Arc<Partition>, Arc<Directory>, usize),
}

impl Source {
    pub(crate) fn head(&self) -> &BlockHead {
        match self {
            Source::Memory(sealed) => &sealed.head,
            Source::Copy(_, directory, block) => &directory.blocks[*block],
        }
    }

    fn streams(&self) -> &[Labels] {
        match self {
            Source::Memory(sealed) => &sealed.streams,
            Source::Copy(_, directory, _) => &directory.streams,
        }
    }

    /// Its bytes in a lane.
    fn lane(&self, lane: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for part in parts_of(lane) {
            if self.head().lens[*part as usize] == 0 {
                continue;
            }
            match self {
                Source::Memory(sealed) => out.extend_from_slice(&sealed.parts[*part as usize]),
                Source::Copy(partition, directory, block) => {
                    let stored = Stored { partition, directory, block: *block };
                    out.extend_from_slice(&stored.stored(*part)?);
                }
            }
        }
        Ok(out)
    }
}

/// A partition to be written.
#[derive(Debug)]
pub(crate) struct Plan {
    /// `<class>/<name>.redb`, relative to the store's folder.
    pub(crate) path: String,
    pub(crate) class: String,
    pub(crate) header: Header,
    pub(crate) blocks: Vec<Source>,
}

/// Writes the file of `plan`, durably, and gives its row for the manifest.
pub(crate) fn write(shelf: &Shelf, folder: &Path, mut plan: Plan) -> Result<Row> {
    plan.blocks.sort_by_key(|block| block.head().min());
    let mut streams: Vec<Labels> = Vec::new();
    let mut known: FxHashMap<Labels, u32> = FxHashMap::default();
    let mut heads = Vec::with_capacity(plan.blocks.len());
    for block in &plan.blocks {
        let mut head = block.head().clone();
        for run in &mut head.runs {
            let labels = &block.streams()[run.stream as usize];
            run.stream = *known.entry(labels.clone()).or_insert_with(|| {
                streams.push(labels.clone());
                streams.len() as u32 - 1
            });
        }
        heads.push(head);
    }
    let directory = Directory::encode(&plan.header, &streams, &heads);
    let directory = blob::seal(&directory, Codec::Zstd(3));
    let path = folder.join(&plan.path);
    if let Some(dir) = path.parent() {
        shelf.disk.create_dir_all(dir).map_err(storage::Error::io("create", dir))?;
    }
    let (_, bytes) = write_partition(&*shelf.disk, &path, |loader| load(loader, &plan.blocks, &directory))?;
    let mut extra = Vec::new();
    put_varint(&mut extra, heads.len() as u64);
    put_varint(&mut extra, heads.iter().map(|head| head.raw).sum());
    Ok(Row {
        path: plan.path,
        class: plan.class,
        start: heads.iter().map(BlockHead::min).min().unwrap_or(0),
        end: heads.iter().map(BlockHead::max).max().unwrap_or(0),
        format: FORMAT,
        sealed_segment: plan.header.sealed_segment,
        bytes,
        series: streams.len() as u64,
        items: heads.iter().map(BlockHead::entries).sum(),
        max_id: plan.header.max_sequence,
        extra,
    })
}

fn load(loader: &mut Loader<'_>, blocks: &[Source], directory: &[u8]) -> storage::Result<()> {
    for (lane, table) in LANE_TABLES.iter().enumerate().take(LANES) {
        let bytes = blocks.iter().map(|block| {
            block.lane(lane).map_err(|error| match error {
                crate::Error::Storage(error) => error,
                other => storage::Error::Owner(other.into()),
            })
        });
        loader.load(*table, Pages::new(bytes))?;
    }
    loader.load(DIRECTORY, Pages::new(std::iter::once(Ok(directory.to_vec()))))?;
    Ok(())
}

/// Cuts a sequence of byte strings, laid end to end, into pages.
struct Pages<I> {
    source: I,
    waiting: Vec<u8>,
    page: u32,
    done: bool,
}

impl<I> Pages<I> {
    fn new(source: I) -> Self {
        Pages { source, waiting: Vec::new(), page: 0, done: false }
    }
}

impl<I: Iterator<Item = storage::Result<Vec<u8>>>> Iterator for Pages<I> {
    type Item = storage::Result<([u8; 4], Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done && self.waiting.len() < PAGE_BYTES {
            match self.source.next() {
                None => self.done = true,
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(bytes)) => self.waiting.extend_from_slice(&bytes),
            }
        }
        if self.waiting.is_empty() {
            return None;
        }
        let rest = self.waiting.split_off(self.waiting.len().min(PAGE_BYTES));
        let page = std::mem::replace(&mut self.waiting, rest);
        self.page += 1;
        Some(Ok(((self.page - 1).to_be_bytes(), page)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use storage::{Disk, FaultDisk, PartitionPool};

    use super::*;
    use crate::block::{Draft, Part, read_text, read_times};

    #[test]
    fn blocks_of_any_size_come_back_over_page_borders() {
        let disk: Arc<dyn Disk> = Arc::new(FaultDisk::new());
        let shelf = Arc::new(Shelf { disk: Arc::clone(&disk), pool: PartitionPool::new(disk, 1 << 20, 2) });
        let folder = PathBuf::from("/logs");
        shelf.disk.create_dir_all(&folder).expect("a folder");
        let mut noise = 1u64;
        let mut blocks = Vec::new();
        for (i, len) in [10, 300_000, 0, 64_000, 65_200, 70_000].into_iter().enumerate() {
            let line: Vec<u8> = std::iter::repeat_with(|| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (noise >> 33) as u8
            })
            .take(len)
            .collect();
            let mut draft = Draft::default();
            draft.begin_run(&Labels::from_pairs([("n", i.to_string())]));
            draft.push(i as i64, i as u64, &line, None);
            blocks.push((line, Arc::new(draft.seal())));
        }
        let plan = Plan {
            path: "default/1.redb".into(),
            class: "default".into(),
            header: Header { sealed_segment: 3, max_sequence: 9, ..Header::default() },
            blocks: blocks.iter().map(|(_, block)| Source::Memory(Arc::clone(block))).collect(),
        };
        let row = write(&shelf, &folder, plan).expect("writes");
        assert_eq!((row.start, row.end, row.items, row.series, row.sealed_segment), (0, 5, 6, 6, 3));
        let partition = Partition::new(row, &folder, &shelf);
        let directory = partition.directory().expect("reads");
        for (i, (line, _)) in blocks.iter().enumerate() {
            let block = Stored { partition: &partition, directory: &directory, block: i };
            let text = read_text(&directory.blocks[i], &block).expect("text");
            assert_eq!(&text[..line.len()], &line[..]);
            assert_eq!(read_times(&directory.blocks[i], &block).expect("times").times, [i as i64]);
            assert!(block.stored(Part::Words).is_ok());
        }
        assert!(partition.ensure_index().expect("builds") && !partition.ensure_index().expect("is there"));
    }
}
