//! Partitions: immutable files of one retention class and one window of time.
//!
//! Series are sorted by metric, job, instance and labels, and lie in groups of up to 256; a small metric shares a
//! group with its neighbours. A group's samples are cut by time into chunks of at most 240 samples a series. Chunks,
//! index blocks and postings are sealed blobs, one behind the other in a stream of bytes that is cut into pages.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

use model::{INSTANCE, JOB, Labels};
use storage::{Disk, Partition, write_partition};

use crate::chunk::Run;
use crate::schema::{FORMAT, PAGES};
use crate::varint::{self, Reader};
use crate::{Error, Result};

mod cache;
mod groups;
mod index;
mod read;
mod root;
mod write;

pub(crate) use cache::IndexCache;
pub(crate) use index::{ChunkAddress, IndexBlock, IndexGroup};
pub(crate) use read::{Opened, PartitionFile, describe};
pub(crate) use root::Root;
pub(crate) use write::Writer;

/// Where bytes lie in a partition's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Address {
    pub(crate) offset: u64,
    pub(crate) len: u32,
}

impl Address {
    fn put(self, out: &mut Vec<u8>) {
        varint::put(out, self.offset);
        varint::put(out, u64::from(self.len));
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Address { offset: reader.varint()?, len: u32::try_from(reader.varint()?).ok()? })
    }
}

/// What is known of a partition without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    /// Its retention class by name.
    pub(crate) class: String,
    /// The window it was sealed for, inclusive.
    pub(crate) window: (i64, i64),
    /// Times of its first and last sample.
    pub(crate) bounds: (i64, i64),
    /// Of two samples at the same time, the one in the partition of lower order was acknowledged first.
    pub(crate) order: u64,
    pub(crate) series: u64,
    pub(crate) samples: u64,
    pub(crate) max_id: u64,
    /// Log segments up to this one hold nothing that belongs here.
    pub(crate) sealed_segment: u64,
    /// Paths of the partitions whose samples it holds.
    pub(crate) supersedes: Vec<String>,
}

impl Summary {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        varint::put_bytes(&mut out, self.class.as_bytes());
        for time in [self.window.0, self.window.1, self.bounds.0, self.bounds.1] {
            varint::put_signed(&mut out, time);
        }
        for number in [self.order, self.series, self.samples, self.max_id, self.sealed_segment] {
            varint::put(&mut out, number);
        }
        varint::put(&mut out, self.supersedes.len() as u64);
        for path in &self.supersedes {
            varint::put_bytes(&mut out, path.as_bytes());
        }
        out
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Summary {
            class: reader.text()?.to_owned(),
            window: (reader.signed()?, reader.signed()?),
            bounds: (reader.signed()?, reader.signed()?),
            order: reader.varint()?,
            series: reader.varint()?,
            samples: reader.varint()?,
            max_id: reader.varint()?,
            sealed_segment: reader.varint()?,
            supersedes: {
                let count = reader.count(1)?;
                (0..count).map(|_| reader.text().map(str::to_owned)).collect::<Option<_>>()?
            },
        })
    }

    /// The manifest's row.
    pub(crate) fn to_row(&self, path: String, bytes: u64) -> Partition {
        Partition {
            path,
            class: self.class.clone(),
            start: self.bounds.0,
            end: self.bounds.1,
            format: FORMAT,
            sealed_segment: self.sealed_segment,
            bytes,
            series: self.series,
            items: self.samples,
            max_id: self.max_id,
            extra: self.encode(),
        }
    }

    /// What a manifest's row says.
    pub(crate) fn of_row(row: &Partition) -> Result<Self> {
        Summary::decode(&mut Reader::new(&row.extra)).ok_or_else(|| Error::Damaged {
            partition: row.path.clone(),
            what: "its row in the manifest".into(),
            why: "it does not decode".into(),
        })
    }
}

/// A series on its way into a partition.
#[derive(Debug)]
pub(crate) struct SealedSeries {
    pub(crate) labels: Labels,
    pub(crate) id: u64,
    pub(crate) run: Run,
}

/// Series in the order of [`compare`], each labels once.
pub(crate) type SeriesStream<'a> = Box<dyn Iterator<Item = Result<SealedSeries>> + 'a>;

/// Writes a partition. `None`, and no file, if the stream has no samples.
pub(crate) fn write(
    disk: &Arc<dyn Disk>,
    path: &Path,
    summary: Summary,
    series: SeriesStream<'_>,
) -> Result<Option<(Summary, u64)>> {
    let mut writer = Writer::new(summary, series);
    if !writer.has_samples()? {
        return Ok(None);
    }
    let (summary, bytes) = write_partition(&**disk, path, |loader| {
        loader.load(PAGES, &mut writer)?;
        Ok(writer.summary().clone())
    })?;
    Ok(Some((summary, bytes)))
}

/// The order of series in partitions: those that are read together lie together.
pub(crate) fn compare(a: &Labels, b: &Labels) -> Ordering {
    a.metric_name()
        .cmp(b.metric_name())
        .then_with(|| a.value(JOB).cmp(b.value(JOB)))
        .then_with(|| a.value(INSTANCE).cmp(b.value(INSTANCE)))
        .then_with(|| a.cmp(b))
}
