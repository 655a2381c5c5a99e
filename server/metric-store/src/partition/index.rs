//! Index blocks: consecutive groups with their series' labels, ids, times and the addresses of their chunks.

use model::{Labels, Matcher};

use super::{Address, SealedSeries};
use crate::ints;
use crate::varint::{self, Reader};

use super::groups::MAX_SERIES;

/// A chunk of a group: times of its first and last sample, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkAddress {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) address: Address,
}

/// Consecutive groups.
#[derive(Debug)]
pub(crate) struct IndexBlock {
    /// Number of its first group in the partition.
    pub(crate) first_group: u32,
    pub(crate) groups: Vec<IndexGroup>,
    /// About how much memory it takes.
    pub(crate) bytes: usize,
}

/// One group's series.
#[derive(Debug)]
pub(crate) struct IndexGroup {
    labels: Vec<LabelColumn>,
    pub(crate) ids: Vec<u64>,
    /// Times of each series' first and last sample.
    first: Vec<i64>,
    last: Vec<i64>,
    pub(crate) chunks: Vec<ChunkAddress>,
}

/// The values of one label over a group's series.
#[derive(Debug)]
struct LabelColumn {
    name: Box<str>,
    values: Vec<Box<str>>,
    /// For each series the index of its value + 1, or 0 without one.
    of_series: Vec<u16>,
}

/// Appends a group to an index block.
pub(super) fn encode_group(group: &[SealedSeries], chunks: &[ChunkAddress], out: &mut Vec<u8>) {
    varint::put(out, group.len() as u64);
    let mut names: Vec<&str> = group.iter().flat_map(|s| s.labels.iter().map(|(name, _)| name)).collect();
    names.sort_unstable();
    names.dedup();
    varint::put(out, names.len() as u64);
    for name in names {
        varint::put_bytes(out, name.as_bytes());
        let mut values: Vec<&str> = group.iter().filter_map(|s| s.labels.get(name)).collect();
        values.sort_unstable();
        values.dedup();
        varint::put(out, values.len() as u64);
        for value in &values {
            varint::put_bytes(out, value.as_bytes());
        }
        let index = |s: &SealedSeries| {
            let value = s.labels.get(name)?;
            Some(values.binary_search(&value).expect("collected from these series") as i64 + 1)
        };
        ints::encode_column(&group.iter().map(|s| index(s).unwrap_or(0)).collect::<Vec<_>>(), out);
    }
    let mut column = |of: &dyn Fn(&SealedSeries) -> i64| {
        ints::encode_column(&group.iter().map(of).collect::<Vec<_>>(), out);
    };
    column(&|s| s.id as i64);
    column(&|s| s.run.times.first().copied().unwrap_or_default());
    column(&|s| s.run.times.last().copied().unwrap_or_default());
    varint::put(out, chunks.len() as u64);
    for chunk in chunks {
        varint::put_signed(out, chunk.first);
        varint::put_signed(out, chunk.last);
        chunk.address.put(out);
    }
}

impl IndexBlock {
    pub(super) fn decode(bytes: &[u8], first_group: u32) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut groups = Vec::new();
        while !reader.is_empty() {
            groups.push(IndexGroup::decode(&mut reader)?);
        }
        let bytes = groups.iter().map(IndexGroup::memory).sum();
        Some(IndexBlock { first_group, groups, bytes })
    }
}

impl IndexGroup {
    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let series = reader.count_up_to(MAX_SERIES)?;
        let mut labels = Vec::new();
        for _ in 0..reader.count(3)? {
            let name = reader.text()?.into();
            let count = reader.count(1)?;
            let values = (0..count).map(|_| reader.text().map(Box::from)).collect::<Option<Vec<_>>>()?;
            let of_series = ints::decode_column(reader, series)?;
            let index = |i: &i64| u16::try_from(*i).ok().filter(|i| usize::from(*i) <= values.len());
            let of_series: Vec<u16> = of_series.iter().map(index).collect::<Option<_>>()?;
            labels.push(LabelColumn { name, values, of_series });
        }
        let ids: Vec<u64> = ints::decode_column(reader, series)?.into_iter().map(|id| id as u64).collect();
        let first = ints::decode_column(reader, series)?;
        let last = ints::decode_column(reader, series)?;
        let whole = labels.iter().all(|l| l.of_series.len() == series);
        if !whole || [ids.len(), first.len(), last.len()].iter().any(|n| *n != series) {
            return None;
        }
        let mut chunks = Vec::new();
        for _ in 0..reader.count(4)? {
            let (first, last) = (reader.signed()?, reader.signed()?);
            chunks.push(ChunkAddress { first, last, address: Address::read(reader)? });
        }
        Some(IndexGroup { labels, ids, first, last, chunks })
    }

    fn memory(&self) -> usize {
        let labels: usize = self
            .labels
            .iter()
            .map(|l| 80 + l.of_series.len() * 2 + l.values.iter().map(|v| v.len() + 32).sum::<usize>())
            .sum();
        labels + self.ids.len() * 24 + self.chunks.len() * 32 + 96
    }

    /// How many series the group has.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Times of the first and last sample of a series.
    pub(crate) fn bounds(&self, series: usize) -> (i64, i64) {
        (self.first[series], self.last[series])
    }

    /// Whether a chunk has samples within `start..=end`.
    pub(crate) fn touches(&self, start: i64, end: i64) -> bool {
        self.chunks.iter().any(|chunk| chunk.first <= end && chunk.last >= start)
    }

    /// The labels of a series.
    pub(crate) fn labels(&self, series: usize) -> Labels {
        let pairs = self.labels.iter().filter_map(|l| {
            let value = usize::from(l.of_series[series]).checked_sub(1)?;
            Some((&*l.name, &*l.values[value]))
        });
        Labels::from_sorted(pairs).unwrap_or_default()
    }

    /// The value of a label of a series.
    pub(crate) fn value(&self, series: usize, name: &str) -> Option<&str> {
        let column = self.labels.iter().find(|l| &*l.name == name)?;
        let value = usize::from(column.of_series[series]).checked_sub(1)?;
        Some(&column.values[value])
    }

    /// The names of labels that any series has.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|l| &*l.name)
    }

    /// For each series whether it passes `matchers`; `None` if none does. Each value is tested once.
    pub(crate) fn select(&self, matchers: &[Matcher]) -> Option<Vec<bool>> {
        let mut pass = vec![true; self.len()];
        for matcher in matchers {
            let without = matcher.matches_empty();
            let Some(column) = self.labels.iter().find(|l| &*l.name == matcher.name()) else {
                if without {
                    continue;
                }
                return None;
            };
            let mut hits = vec![without];
            hits.extend(column.values.iter().map(|value| matcher.matches(value)));
            if hits.iter().all(|hit| *hit) {
                continue;
            }
            for (pass, value) in pass.iter_mut().zip(&column.of_series) {
                *pass &= hits[usize::from(*value)];
            }
        }
        pass.contains(&true).then_some(pass)
    }
}
