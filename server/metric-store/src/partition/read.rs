//! Reading a partition: its root once, then index blocks, postings and chunks as they are needed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::{MatchOp, Matcher};
use parking_lot::Mutex;
use storage::table::OpenPartition;
use storage::{Manifest, PartitionPool, blob};

use super::cache::Block;
use super::root::NamePostings;
use super::{Address, ChunkAddress, IndexBlock, IndexCache, IndexGroup, Root, Summary};
use crate::chunk::Chunk;
use crate::schema::{PAGE_BYTES, PAGES, ROOT_KEY, page_key};
use crate::varint::Reader;
use crate::{Error, Result};

/// What a chunk or index block unpacks to, at most.
const MAX_BLOB_BYTES: usize = 64 << 20;

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

/// A partition that the store knows. Its file is unlinked once it was doomed and nobody reads it any more.
#[derive(Debug)]
pub(crate) struct PartitionFile {
    /// Names it within this process.
    number: u64,
    /// Below the store's folder.
    pub(crate) path: String,
    pub(crate) summary: Summary,
    pub(crate) bytes: u64,
    file: PathBuf,
    manifest: Arc<Manifest>,
    pool: Arc<PartitionPool>,
    cache: Arc<IndexCache>,
    root: Mutex<Option<Arc<Root>>>,
    doomed: AtomicBool,
}

/// Values of one label, each with its groups, both ascending.
#[derive(Debug)]
pub(crate) struct PostingsBlock {
    values: Vec<(Box<str>, Vec<u32>)>,
}

impl PartitionFile {
    pub(crate) fn new(
        row: &storage::Partition,
        manifest: &Arc<Manifest>,
        pool: &Arc<PartitionPool>,
        cache: &Arc<IndexCache>,
    ) -> Result<Self> {
        Ok(PartitionFile {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            path: row.path.clone(),
            summary: Summary::of_row(row)?,
            bytes: row.bytes,
            file: manifest.file_of(row),
            manifest: Arc::clone(manifest),
            pool: Arc::clone(pool),
            cache: Arc::clone(cache),
            root: Mutex::default(),
            doomed: AtomicBool::new(false),
        })
    }

    /// Whether it may have samples within `start..=end`.
    pub(crate) fn touches(&self, start: i64, end: i64) -> bool {
        self.summary.bounds.0 <= end && self.summary.bounds.1 >= start
    }

    /// The manifest knows it no more.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// Opens its file.
    pub(crate) fn open(self: &Arc<Self>) -> Result<Opened> {
        let opened = self.pool.open(&self.file)?;
        let known = self.root.lock().clone();
        let root = match known {
            Some(root) => root,
            None => {
                let root = Arc::new(read_root(&opened).map_err(|why| self.damaged("its root", why))?);
                *self.root.lock() = Some(Arc::clone(&root));
                root
            }
        };
        Ok(Opened { partition: Arc::clone(self), opened, root })
    }

    pub(crate) fn damaged(&self, what: impl Into<String>, why: impl ToString) -> Error {
        Error::Damaged { partition: self.path.clone(), what: what.into(), why: why.to_string() }
    }
}

impl Drop for PartitionFile {
    fn drop(&mut self) {
        if !self.doomed.load(Ordering::Acquire) {
            return;
        }
        self.pool.forget(&self.file);
        self.cache.forget(self.number);
        if let Err(error) = self.manifest.unlink(&self.path) {
            // The next start sweeps it away.
            tracing::warn!(partition = self.path, %error, "a partition that is no more could not be unlinked");
        }
    }
}

/// Reads the summary of a partition file that no manifest knows.
pub(crate) fn describe(opened: &OpenPartition) -> Result<Summary, String> {
    read_root(opened).map(|root| root.summary)
}

fn read_root(opened: &OpenPartition) -> Result<Root, String> {
    let sealed = opened
        .read(|tx| Ok(tx.open_table(PAGES)?.get(ROOT_KEY.as_slice())?.map(|v| v.value().to_vec())))
        .map_err(|error| error.to_string())?
        .ok_or("there is none")?;
    let bytes = blob::open(&sealed).map_err(|error| error.to_string())?;
    Root::decode(&bytes)
}

/// A partition whose file is open, and stays so.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) partition: Arc<PartitionFile>,
    opened: Arc<OpenPartition>,
    pub(crate) root: Arc<Root>,
}

impl Opened {
    fn sealed(&self, address: Address) -> storage::Result<Vec<u8>> {
        let size = PAGE_BYTES as u64;
        let mut bytes = Vec::with_capacity(address.len as usize);
        let end = address.offset.saturating_add(u64::from(address.len));
        let outcome = self.opened.read(|tx| {
            let table = tx.open_table(PAGES)?;
            for page in address.offset / size..end.div_ceil(size) {
                let Some(value) = table.get(page_key(page).as_slice())? else { break };
                let value = value.value();
                let from = address.offset.saturating_sub(page * size).min(value.len() as u64) as usize;
                let to = (end - page * size).min(value.len() as u64) as usize;
                bytes.extend_from_slice(&value[from..to]);
            }
            Ok(())
        });
        if outcome.is_err() {
            self.partition.pool.forget(&self.partition.file);
        }
        outcome.map(|()| bytes)
    }

    fn blob(&self, address: Address, what: impl Fn() -> String) -> Result<Vec<u8>> {
        let damaged = |error: storage::Error| self.partition.damaged(what(), error);
        let sealed = self.sealed(address).map_err(damaged)?;
        Ok(blob::open_bounded(&sealed, MAX_BLOB_BYTES).map_err(damaged)?.into_owned())
    }

    /// A chunk.
    pub(crate) fn chunk(&self, address: ChunkAddress, group: u32) -> Result<Chunk> {
        let what = || format!("chunk {} of group {group}", address.first);
        let bytes = self.blob(address.address, what)?;
        Chunk::parse(bytes).ok_or_else(|| self.partition.damaged(what(), "its directory does not decode"))
    }

    /// The index block that has a group.
    pub(crate) fn block_of(&self, group: u32) -> Result<Arc<IndexBlock>> {
        let at = self.root.index.partition_point(|(first, _)| *first <= group);
        let Some(&(first, address)) = at.checked_sub(1).and_then(|at| self.root.index.get(at)) else {
            return Err(self.partition.damaged(format!("group {group}"), "no index block has it"));
        };
        let key = (self.partition.number, address.offset);
        if let Some(Block::Index(block)) = self.partition.cache.get(key) {
            return Ok(block);
        }
        let what = || format!("index block {first}");
        let bytes = self.blob(address, what)?;
        let block = IndexBlock::decode(&bytes, first)
            .ok_or_else(|| self.partition.damaged(what(), "it does not decode"))?;
        let block = Arc::new(block);
        self.partition.cache.put(key, Block::Index(Arc::clone(&block)), block.bytes);
        Ok(block)
    }

    /// The first group that is not in the index block of `group`.
    pub(crate) fn next_block(&self, group: u32) -> u32 {
        let at = self.root.index.partition_point(|(first, _)| *first <= group);
        self.root.index.get(at).map_or(self.root.groups, |(first, _)| *first)
    }

    fn postings_block(&self, name: &NamePostings, at: usize) -> Result<Arc<PostingsBlock>> {
        let address = name.blocks[at].1;
        let key = (self.partition.number, address.offset);
        if let Some(Block::Postings(block)) = self.partition.cache.get(key) {
            return Ok(block);
        }
        let what = || format!("postings {at} of label {:?}", name.name);
        let bytes = self.blob(address, what)?;
        let block = PostingsBlock::decode(&bytes, self.root.groups)
            .ok_or_else(|| self.partition.damaged(what(), "they do not decode"))?;
        let block = Arc::new(block);
        let memory = block.values.iter().map(|(value, groups)| value.len() + 48 + groups.len() * 4).sum();
        self.partition.cache.put(key, Block::Postings(Arc::clone(&block)), memory);
        Ok(block)
    }

    /// Calls `each` with every value of a label and its groups, ascending.
    pub(crate) fn each_value(&self, name: &str, mut each: impl FnMut(&str, &[u32])) -> Result<()> {
        let Some(postings) = self.root.postings(name) else { return Ok(()) };
        for at in 0..postings.blocks.len() {
            for (value, groups) in &self.postings_block(postings, at)?.values {
                each(value, groups);
            }
        }
        Ok(())
    }

    /// The groups that may have series which pass `matchers`, ascending.
    pub(crate) fn groups(&self, matchers: &[Matcher]) -> Result<Vec<u32>> {
        let mut left: Option<Vec<u32>> = None;
        let mut leads: Vec<&Matcher> = matchers.iter().filter(|m| !m.matches_empty()).collect();
        leads.sort_by_key(|m| m.op() != MatchOp::Equal);
        for matcher in leads {
            // Few groups left: looking at their labels is cheaper than looking through all values.
            let cheap = matcher.is_positive() && matcher.literal_values().is_some();
            if !cheap && left.as_ref().is_some_and(|left| left.len() <= 8) {
                continue;
            }
            let mut found = self.groups_of(matcher)?;
            if let Some(left) = &left {
                found.retain(|group| left.binary_search(group).is_ok());
            }
            left = Some(found);
        }
        Ok(left.unwrap_or_else(|| (0..self.root.groups).collect()))
    }

    fn groups_of(&self, matcher: &Matcher) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        match matcher.literal_values().filter(|_| matcher.is_positive()) {
            Some(literals) => {
                let Some(postings) = self.root.postings(matcher.name()) else { return Ok(found) };
                for literal in literals {
                    let at = postings.blocks.partition_point(|(first, _)| **first <= **literal);
                    let Some(at) = at.checked_sub(1) else { continue };
                    let block = self.postings_block(postings, at)?;
                    if let Ok(at) = block.values.binary_search_by(|(value, _)| (**value).cmp(literal)) {
                        found.extend_from_slice(&block.values[at].1);
                    }
                }
            }
            None => self.each_value(matcher.name(), |value, groups| {
                if matcher.matches(value) {
                    found.extend_from_slice(groups);
                }
            })?,
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

impl PostingsBlock {
    fn decode(bytes: &[u8], groups: u32) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut values = Vec::new();
        while !reader.is_empty() {
            let value = reader.text()?.into();
            let mut last = 0u32;
            let count = reader.count(1)?;
            let mut list = Vec::with_capacity(count);
            for _ in 0..count {
                last = last.checked_add(u32::try_from(reader.varint()?).ok()?).filter(|g| *g < groups)?;
                list.push(last);
            }
            values.push((value, list));
        }
        Some(PostingsBlock { values })
    }
}

impl IndexBlock {
    /// A group of this block.
    pub(crate) fn group(&self, number: u32) -> Option<&IndexGroup> {
        self.groups.get(number.checked_sub(self.first_group)? as usize)
    }
}
