//! A block: some hundred kilobytes of lines, sorted by stream, time and arrival, as separately checked parts. A query
//! reads only the parts it needs.

use model::Labels;

use crate::codec::{Reader, put_bytes, put_signed, put_varint};
use crate::{Error, Result};

mod columns;
mod draft;
mod read;

pub(crate) use columns::{Columns, LabelCache};
pub(crate) use draft::Draft;
pub(crate) use read::{
    Times, read_bloom, read_columns, read_sizes, read_text, read_times, read_words, starts_of,
};

/// The parts of a block, each a blob of its own with its checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The lines, each followed by a newline.
    Text = 0,
    /// Timestamps and sequence numbers.
    Times = 1,
    /// Lengths of the lines.
    Sizes = 2,
    /// Demoted labels and structured metadata by column; absent if there are none.
    Columns = 3,
    /// Bloom filters of ids and metadata, and of minimizers; then rare lines, if there are any (`rare.rs`).
    Bloom = 4,
    /// Distinct words, sorted: what the index is built from.
    Words = 5,
}

/// How many parts there are.
pub(crate) const PARTS: usize = 6;

/// All parts, in order.
pub(crate) const ALL_PARTS: [Part; PARTS] =
    [Part::Text, Part::Times, Part::Sizes, Part::Columns, Part::Bloom, Part::Words];

/// Consecutive entries of one stream, in order of (time, arrival).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Index into the streams of the block or of its partition.
    pub(crate) stream: u32,
    /// How many entries.
    pub(crate) count: u32,
    /// The first entry's time.
    pub(crate) min: i64,
    /// The last entry's time.
    pub(crate) max: i64,
}

/// What is known of a block without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BlockHead {
    pub(crate) runs: Vec<Run>,
    /// Raw bytes of the lines.
    pub(crate) raw: u64,
    /// Whether all lines are ASCII.
    pub(crate) ascii: bool,
    /// Whether the block's words are all in its words part.
    pub(crate) complete: bool,
    /// Whether an entry has structured metadata of its own (demoted labels do not count).
    pub(crate) metadata: bool,
    /// Names of labels that some of its entries have as demoted ones.
    pub(crate) demoted: Vec<String>,
    /// Sizes of the stored parts.
    pub(crate) lens: [u32; PARTS],
}

impl BlockHead {
    pub(crate) fn entries(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.count)).sum()
    }

    pub(crate) fn min(&self) -> i64 {
        self.runs.iter().map(|run| run.min).min().unwrap_or(0)
    }

    pub(crate) fn max(&self) -> i64 {
        self.runs.iter().map(|run| run.max).max().unwrap_or(0)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.runs.len() as u64);
        let mut before = 0;
        for run in &self.runs {
            put_varint(out, u64::from(run.stream));
            put_varint(out, u64::from(run.count));
            put_signed(out, run.min.wrapping_sub(before));
            put_varint(out, run.max.wrapping_sub(run.min) as u64);
            before = run.min;
        }
        put_varint(out, self.raw);
        out.push(u8::from(self.ascii) | (u8::from(self.complete) << 1) | (u8::from(self.metadata) << 2));
        put_varint(out, self.demoted.len() as u64);
        self.demoted.iter().for_each(|name| put_bytes(out, name.as_bytes()));
        self.lens.iter().for_each(|len| put_varint(out, u64::from(*len)));
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let n = reader.count()?;
        let (mut runs, mut before) = (Vec::with_capacity(n), 0i64);
        for _ in 0..n {
            let (stream, count) = (narrow(reader.varint()?)?, narrow(reader.varint()?)?);
            let min = before.wrapping_add(reader.signed()?);
            let max = min.wrapping_add(reader.varint()? as i64);
            runs.push(Run { stream, count, min, max });
            before = min;
        }
        let raw = reader.varint()?;
        let flags = reader.byte()?;
        let names = reader.count()?;
        let demoted = (0..names).map(|_| Ok(reader.text()?.to_owned())).collect::<Result<_>>()?;
        let mut lens = [0; PARTS];
        for len in &mut lens {
            *len = narrow(reader.varint()?)?;
        }
        let flag = |bit: u8| flags & bit != 0;
        Ok(BlockHead { runs, raw, ascii: flag(1), complete: flag(2), metadata: flag(4), demoted, lens })
    }
}

fn narrow(value: u64) -> Result<u32> {
    u32::try_from(value).map_err(|_| Error::corrupt(format!("{value} in a block's head")))
}

/// A finished block in memory.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    /// Its runs' streams are indexes into `streams`.
    pub(crate) head: BlockHead,
    /// Labels of its streams, demoted ones left out.
    pub(crate) streams: Vec<Labels>,
    /// The stored parts, by [`Part`]; empty = absent.
    pub(crate) parts: [Vec<u8>; PARTS],
}

/// Where a block's stored parts come from.
pub(crate) trait Parts {
    /// The stored bytes of a part.
    fn stored(&self, part: Part) -> Result<Vec<u8>>;
}

impl Parts for Sealed {
    fn stored(&self, part: Part) -> Result<Vec<u8>> {
        Ok(self.parts[part as usize].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_comes_back() {
        let head = BlockHead {
            runs: vec![
                Run { stream: 3, count: 7, min: i64::MIN, max: i64::MAX },
                Run { stream: 0, count: 1, min: -5, max: -5 },
            ],
            raw: 1 << 40,
            ascii: true,
            complete: false,
            metadata: true,
            demoted: vec!["request_id".into()],
            lens: [1, 2, 3, 0, 5, u32::MAX],
        };
        let mut out = Vec::new();
        head.encode(&mut out);
        assert_eq!(BlockHead::decode(&mut Reader(&out)).expect("decodes"), head);
        for cut in 0..out.len() {
            assert!(BlockHead::decode(&mut Reader(&out[..cut])).is_err(), "cut at {cut}");
        }
    }
}
