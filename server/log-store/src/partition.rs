//! A partition open for reading: its directory, its word index, and the parts of its blocks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use model::Labels;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;
use storage::table::ReadableTable;
use storage::{Disk, Partition as Row, PartitionPool, blob};

use crate::block::{ALL_PARTS, BlockHead, Part, Parts};
use crate::clue::Clue;
use crate::codec::{Reader, put_bytes, put_labels, put_varint};
use crate::index::{Blocks, WordIndex};
use crate::schema::{DIRECTORY, FORMAT, LANE_TABLES, LANES, PAGE_BYTES, PageTable, lane_of};
use crate::{Error, Result};

pub(crate) mod write;

/// What a partition says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Up to which log segment, inclusive, it holds what belongs into it.
    pub(crate) sealed_segment: u64,
    /// The greatest arrival number in it.
    pub(crate) max_sequence: u64,
    /// Partitions that it replaces.
    pub(crate) supersedes: Vec<String>,
    /// Labels that were demoted when it was written, in order.
    pub(crate) demoted: Vec<String>,
}

/// The directory of a partition.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) header: Header,
    /// Labels of the streams, demoted ones left out.
    pub(crate) streams: Vec<Labels>,
    /// The blocks, by their first time.
    pub(crate) blocks: Vec<BlockHead>,
    /// Where each block begins in each lane.
    offsets: Vec<[u64; LANES]>,
    by_labels: FxHashMap<Labels, u32>,
    pub(crate) unclear: Blocks,
}

impl Directory {
    fn new(header: Header, streams: Vec<Labels>, blocks: Vec<BlockHead>) -> Self {
        let mut at = [0; LANES];
        let mut offsets = Vec::with_capacity(blocks.len());
        let mut unclear = Blocks { count: blocks.len() as u32, ..Blocks::default() };
        for (i, block) in blocks.iter().enumerate() {
            offsets.push(at);
            for part in ALL_PARTS {
                at[lane_of(part)] += u64::from(block.lens[part as usize]);
            }
            if !block.complete {
                unclear.opaque.insert(i as u32);
            }
            if !block.ascii {
                unclear.beyond_ascii.insert(i as u32);
            }
        }
        let by_labels = streams.iter().enumerate().map(|(i, labels)| (labels.clone(), i as u32)).collect();
        Directory { header, streams, blocks, offsets, by_labels, unclear }
    }

    /// The index of a stream by its labels, demoted ones left out.
    pub(crate) fn stream(&self, labels: &Labels) -> Option<u32> {
        self.by_labels.get(labels).copied()
    }

    pub(crate) fn encode(header: &Header, streams: &[Labels], blocks: &[BlockHead]) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, u64::from(FORMAT));
        put_varint(&mut out, header.sealed_segment);
        put_varint(&mut out, header.max_sequence);
        for names in [&header.supersedes, &header.demoted] {
            put_varint(&mut out, names.len() as u64);
            names.iter().for_each(|name| put_bytes(&mut out, name.as_bytes()));
        }
        put_varint(&mut out, streams.len() as u64);
        streams.iter().for_each(|labels| put_labels(&mut out, labels));
        put_varint(&mut out, blocks.len() as u64);
        blocks.iter().for_each(|block| block.encode(&mut out));
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        let format = reader.varint()?;
        if format != u64::from(FORMAT) {
            return Err(Error::corrupt(format!("format {format}; this program reads format {FORMAT}")));
        }
        let mut header =
            Header { sealed_segment: reader.varint()?, max_sequence: reader.varint()?, ..Header::default() };
        for names in [&mut header.supersedes, &mut header.demoted] {
            for _ in 0..reader.count()? {
                names.push(reader.text()?.to_owned());
            }
        }
        let count = reader.count()?;
        let streams = (0..count).map(|_| reader.labels()).collect::<Result<Vec<_>>>()?;
        let count = reader.count()?;
        let blocks: Vec<BlockHead> =
            (0..count).map(|_| BlockHead::decode(&mut reader)).collect::<Result<_>>()?;
        let known = |block: &BlockHead| block.runs.iter().all(|run| (run.stream as usize) < streams.len());
        if !blocks.iter().all(known) {
            return Err(Error::corrupt("a block refers to a stream that the directory does not have"));
        }
        Ok(Directory::new(header, streams, blocks))
    }
}

/// What all partitions of a store share.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) pool: PartitionPool,
}

#[derive(Debug, Default)]
struct Warm {
    directory: Option<Arc<Directory>>,
    /// `None` = not tried; `Some(None)` = there is no usable index.
    index: Option<Option<Arc<WordIndex>>>,
}

/// A partition.
#[derive(Debug)]
pub(crate) struct Partition {
    /// Unlike its path never given again.
    pub(crate) id: u64,
    pub(crate) row: Row,
    pub(crate) path: PathBuf,
    shelf: Arc<Shelf>,
    warm: Mutex<Warm>,
    /// Its index could not be built, or a merge could not read it: it is left as it is.
    pub(crate) is_troubled: AtomicBool,
}

impl Partition {
    pub(crate) fn new(row: Row, folder: &Path, shelf: &Arc<Shelf>) -> Self {
        let path = folder.join(&row.path);
        Partition {
            id: crate::tail::unique_id(),
            row,
            path,
            shelf: Arc::clone(shelf),
            warm: Mutex::default(),
            is_troubled: AtomicBool::new(false),
        }
    }

    /// The folder of its word index.
    pub(crate) fn index_dir(&self) -> PathBuf {
        self.path.with_extension("index")
    }

    pub(crate) fn directory(&self) -> Result<Arc<Directory>> {
        let mut warm = self.warm.lock();
        if let Some(directory) = &warm.directory {
            return Ok(Arc::clone(directory));
        }
        let directory = Arc::new(read_directory(&self.shelf.pool, &self.path)?);
        warm.directory = Some(Arc::clone(&directory));
        Ok(directory)
    }

    /// Its word index, if there is a usable one.
    pub(crate) fn index(&self) -> Option<Arc<WordIndex>> {
        let mut warm = self.warm.lock();
        if let Some(index) = &warm.index {
            return index.clone();
        }
        let index = match WordIndex::open(&self.shelf.disk, &self.index_dir()) {
            Ok(index) => Some(Arc::new(index)),
            Err(error) => {
                tracing::debug!(partition = %self.path.display(), %error, "no word index: all blocks are candidates");
                None
            }
        };
        warm.index = Some(index.clone());
        index
    }

    /// Builds the word index anew if there is no usable one. Returns whether it did.
    pub(crate) fn ensure_index(&self) -> Result<bool> {
        if self.index().is_some() {
            return Ok(false);
        }
        let directory = self.directory()?;
        let (disk, dir) = (&self.shelf.disk, self.index_dir());
        if disk.exists(&dir).map_err(storage::Error::io("look for", &dir))? {
            disk.remove_dir_all(&dir).map_err(storage::Error::io("remove", &dir))?;
        }
        disk.create_dir_all(&dir).map_err(storage::Error::io("create", &dir))?;
        let words = (0..directory.blocks.len()).map(|i| {
            let block = Stored { partition: self, directory: &directory, block: i };
            // A damaged words part must not leave the partition without index: such a block has no words to
            // be skipped by, so it must count as opaque, which an index cannot say. Fail and stay without.
            crate::block::read_words(&block)
        });
        crate::index::build(disk, &dir, words)?;
        self.warm.lock().index = None;
        Ok(true)
    }

    /// Forgets what was read, to give memory back.
    pub(crate) fn cool(&self) {
        *self.warm.lock() = Warm::default();
    }

    /// Memory that what was read takes, about.
    pub(crate) fn warm_bytes(&self) -> usize {
        let warm = self.warm.lock();
        let directory = warm.directory.as_ref().map_or(0, |d| d.blocks.len() * 200 + d.streams.len() * 200);
        let index = warm.index.as_ref().and_then(Option::as_ref).map_or(0, |index| index.bytes());
        directory + index
    }

    /// The blocks that may hold what `clue` asks for, as far as the index tells.
    pub(crate) fn candidates(&self, directory: &Directory, clue: &Clue) -> RoaringBitmap {
        let all = || (0..directory.unclear.count).collect();
        if *clue == Clue::Anything {
            return all();
        }
        let Some(index) = self.index() else { return all() };
        index.candidates(clue, &directory.unclear).unwrap_or_else(|error| {
            tracing::warn!(partition = %self.path.display(), %error, "the word index cannot be read");
            all()
        })
    }

    /// `len` bytes of a lane from `offset` on.
    fn read_lane(&self, lane: usize, offset: u64, len: usize) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(len);
        self.shelf.pool.read(&self.path, |tx| {
            let table = tx.open_table(LANE_TABLES[lane])?;
            let mut page = offset / PAGE_BYTES as u64;
            let mut skip = (offset % PAGE_BYTES as u64) as usize;
            while out.len() < len {
                let key = (page as u32).to_be_bytes();
                let Some(value) = table.get(&key[..])? else {
                    return Err(storage::Error::corrupt(
                        &self.path,
                        format!("page {page} of lane {lane} is missing"),
                    ));
                };
                let bytes = value.value().get(skip..).unwrap_or_default();
                if bytes.is_empty() {
                    return Err(storage::Error::corrupt(
                        &self.path,
                        format!("page {page} of lane {lane} is short"),
                    ));
                }
                out.extend_from_slice(&bytes[..bytes.len().min(len - out.len())]);
                (page, skip) = (page + 1, 0);
            }
            Ok(())
        })?;
        Ok(out)
    }
}

/// A block in a partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) partition: &'a Partition,
    pub(crate) directory: &'a Directory,
    pub(crate) block: usize,
}

impl Parts for Stored<'_> {
    fn stored(&self, part: Part) -> Result<Vec<u8>> {
        let head = &self.directory.blocks[self.block];
        let lane = lane_of(part);
        let before: u64 = crate::schema::parts_of(lane)
            .iter()
            .take_while(|other| **other != part)
            .map(|other| u64::from(head.lens[*other as usize]))
            .sum();
        let offset = self.directory.offsets[self.block][lane] + before;
        self.partition.read_lane(lane, offset, head.lens[part as usize] as usize)
    }
}

/// Reads the directory of a partition file.
pub(crate) fn read_directory(pool: &PartitionPool, path: &Path) -> Result<Directory> {
    let bytes = pool.read(path, |tx| read_pages(tx, DIRECTORY))?;
    let opened = blob::open(&bytes).map_err(|error| error.at(path))?;
    Directory::decode(&opened).map_err(|error| Error::corrupt(format!("{}: {error}", path.display())))
}

fn read_pages(tx: &storage::table::ReadTransaction, table: PageTable) -> storage::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in tx.open_table(table)?.iter()? {
        bytes.extend_from_slice(entry?.1.value());
    }
    Ok(bytes)
}

/// What kept a block from being read, for people.
pub(crate) fn damage(partition: &Partition, block: usize, error: &Error) -> String {
    format!("partition {}, block {block}: {error}; its lines are left out", partition.row.path)
}
