//! Turns a stream of sorted series into the pages of a partition, holding one group at a time.

use std::collections::BTreeMap;

use storage::blob::{self, Codec};

use super::groups::{Gatherer, encode_chunks};
use super::index::encode_group;
use super::root::{NamePostings, Root};
use super::{Address, SealedSeries, SeriesStream, Summary};
use crate::chunk::ChunkBuilder;
use crate::schema::{PAGE_BYTES, ROOT_KEY, page_key};
use crate::varint;
use crate::{Error, Result};

/// Size of an index or postings block before compression.
const BLOCK_BYTES: usize = 32 << 10;

/// Groups by value, by label name.
type Postings = BTreeMap<Box<str>, BTreeMap<Box<str>, Vec<u32>>>;

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Groups,
    Tail,
    Done,
}

/// An iterator over (key, page).
pub(crate) struct Writer<'a> {
    series: std::iter::Peekable<SeriesStream<'a>>,
    stage: Stage,
    gatherer: Gatherer,
    builder: ChunkBuilder,
    /// Bytes that are in no page yet.
    stream: Vec<u8>,
    /// Where `stream` begins.
    base: u64,
    page: u64,
    block: Vec<u8>,
    block_first: u32,
    postings: Postings,
    root: Root,
}

impl<'a> Writer<'a> {
    /// The summary's counts and bounds are filled in on the way.
    pub(crate) fn new(summary: Summary, series: SeriesStream<'a>) -> Self {
        let summary = Summary { bounds: (i64::MAX, i64::MIN), series: 0, samples: 0, max_id: 0, ..summary };
        Writer {
            series: series.peekable(),
            stage: Stage::Groups,
            gatherer: Gatherer::default(),
            builder: ChunkBuilder::default(),
            stream: Vec::new(),
            base: 0,
            page: 0,
            block: Vec::new(),
            block_first: 0,
            postings: Postings::new(),
            root: Root { summary, ..Root::default() },
        }
    }

    /// Whether there is anything to write.
    pub(crate) fn has_samples(&mut self) -> Result<bool> {
        match self.series.peek() {
            None => Ok(false),
            Some(Ok(_)) => Ok(true),
            Some(Err(_)) => self.series.next().transpose().map(|_| false),
        }
    }

    /// Whole once all pages were taken.
    pub(crate) fn summary(&self) -> &Summary {
        &self.root.summary
    }

    fn step(&mut self) -> Result<()> {
        match self.series.next().transpose()? {
            Some(series) => {
                if let Some(group) = self.gatherer.push(series) {
                    self.write_group(&group);
                }
            }
            None => {
                while let Some(group) = self.gatherer.finish() {
                    self.write_group(&group);
                }
                self.write_block();
                self.write_postings();
                self.stage = Stage::Tail;
            }
        }
        Ok(())
    }

    fn write_group(&mut self, group: &[SealedSeries]) {
        let number = self.root.groups;
        self.root.groups += 1;
        let chunks = encode_chunks(group, &mut self.builder, self.base, &mut self.stream);
        encode_group(group, &chunks, &mut self.block);
        let summary = &mut self.root.summary;
        for series in group {
            let times = &series.run.times;
            if let (Some(first), Some(last)) = (times.first(), times.last()) {
                summary.bounds = (summary.bounds.0.min(*first), summary.bounds.1.max(*last));
            }
            summary.series += 1;
            summary.samples += times.len() as u64;
            summary.max_id = summary.max_id.max(series.id);
            for (name, value) in series.labels.iter() {
                note(&mut self.postings, name, value, number);
            }
        }
        if self.block.len() >= BLOCK_BYTES {
            self.write_block();
        }
    }

    fn write_block(&mut self) {
        if self.block.is_empty() {
            return;
        }
        let block = std::mem::take(&mut self.block);
        let address = self.append(&block);
        self.root.index.push((self.block_first, address));
        self.block_first = self.root.groups;
    }

    fn write_postings(&mut self) {
        for (name, values) in std::mem::take(&mut self.postings) {
            let mut blocks = Vec::new();
            let mut block = Vec::new();
            let mut first: Option<Box<str>> = None;
            for (value, groups) in values {
                varint::put_bytes(&mut block, value.as_bytes());
                varint::put(&mut block, groups.len() as u64);
                let mut last = 0;
                for group in groups {
                    varint::put(&mut block, u64::from(group - last));
                    last = group;
                }
                let start = first.get_or_insert(value);
                if block.len() >= BLOCK_BYTES {
                    let start = std::mem::take(start);
                    first = None;
                    blocks.push((start, self.append(&block)));
                    block.clear();
                }
            }
            if let Some(start) = first {
                blocks.push((start, self.append(&block)));
            }
            self.root.names.push(NamePostings { name, blocks });
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Address {
        let sealed = blob::seal(bytes, Codec::Zstd(3));
        let offset = self.base + self.stream.len() as u64;
        self.stream.extend_from_slice(&sealed);
        Address { offset, len: sealed.len() as u32 }
    }

    fn take_page(&mut self, len: usize) -> (Vec<u8>, Vec<u8>) {
        let rest = self.stream.split_off(len);
        let page = std::mem::replace(&mut self.stream, rest);
        self.base += len as u64;
        let key = page_key(self.page);
        self.page += 1;
        (key.to_vec(), page)
    }
}

fn note(postings: &mut Postings, name: &str, value: &str, group: u32) {
    if !postings.contains_key(name) {
        postings.insert(name.into(), BTreeMap::new());
    }
    let values = postings.get_mut(name).expect("inserted above");
    match values.get_mut(value) {
        Some(groups) => {
            if groups.last() != Some(&group) {
                groups.push(group);
            }
        }
        None => {
            values.insert(value.into(), vec![group]);
        }
    }
}

impl Iterator for Writer<'_> {
    type Item = storage::Result<(Vec<u8>, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.stage == Stage::Groups && self.stream.len() < PAGE_BYTES {
            if let Err(error) = self.step() {
                self.stage = Stage::Done;
                return Some(Err(match error {
                    Error::Storage(error) => error,
                    other => storage::Error::Owner(other.into()),
                }));
            }
        }
        if self.stream.len() >= PAGE_BYTES {
            return Some(Ok(self.take_page(PAGE_BYTES)));
        }
        match self.stage {
            Stage::Tail if !self.stream.is_empty() => Some(Ok(self.take_page(self.stream.len()))),
            Stage::Tail => {
                self.stage = Stage::Done;
                Some(Ok((ROOT_KEY.to_vec(), blob::seal(&self.root.encode(), Codec::Zstd(3)))))
            }
            Stage::Groups | Stage::Done => None,
        }
    }
}
