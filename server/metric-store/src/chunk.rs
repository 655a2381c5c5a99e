//! A chunk of a group: the samples of up to 256 series of one metric over one span of time.
//!
//! Layout, before compression (numbers are varints):
//! `columns` · for each column its byte length · `series` · for each series its column + 1 (0 = no samples here) ·
//! for each series with samples the byte length of its values and of its extras · the columns · the values and
//! extras, series after series. The directory in front lets one series be read without the others.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use model::Histogram;
use rustc_hash::FxBuildHasher;

use crate::histograms;
use crate::ints;
use crate::values::{self, Scratch};
use crate::varint::{self, Reader};

/// Bound of the samples of one series in a chunk.
pub(crate) const MAX_SAMPLES: usize = 1 << 20;

/// The samples of one series, ascending in time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Run {
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<f64>,
    /// (index, histogram): the value at that index is its sum.
    pub(crate) histograms: Vec<(u32, Arc<Histogram>)>,
    /// (index, start timestamp in ms) where it changes.
    pub(crate) starts: Vec<(u32, i64)>,
}

/// Part of a [`Run`], borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunPart<'a> {
    pub(crate) times: &'a [i64],
    pub(crate) values: &'a [f64],
    /// Indexes count from `base`.
    pub(crate) histograms: &'a [(u32, Arc<Histogram>)],
    pub(crate) starts: &'a [(u32, i64)],
    pub(crate) base: u32,
    /// The start timestamp in force at the first sample, 0 = not known.
    pub(crate) start_ms: i64,
}

impl Run {
    /// The samples `from..to`.
    pub(crate) fn part(&self, from: usize, to: usize) -> RunPart<'_> {
        fn within<T>(all: &[(u32, T)], from: usize, to: usize) -> &[(u32, T)] {
            let first = all.partition_point(|(i, _)| (*i as usize) < from);
            &all[first..all.partition_point(|(i, _)| (*i as usize) < to).max(first)]
        }
        let earlier = self.starts.partition_point(|(i, _)| *i as usize <= from);
        RunPart {
            times: &self.times[from..to],
            values: &self.values[from..to],
            histograms: within(&self.histograms, from, to),
            starts: within(&self.starts, from + 1, to),
            base: from as u32,
            start_ms: earlier.checked_sub(1).map_or(0, |i| self.starts[i].1),
        }
    }

    /// All samples.
    pub(crate) fn whole(&self) -> RunPart<'_> {
        self.part(0, self.times.len())
    }
}

/// Builds a chunk series by series.
#[derive(Debug, Default)]
pub(crate) struct ChunkBuilder {
    columns: Vec<Vec<i64>>,
    by_content: HashMap<u64, u32, FxBuildHasher>,
    last_column: u32,
    of_series: Vec<u32>,
    lengths: Vec<(usize, usize)>,
    body: Vec<u8>,
    scratch: Scratch,
}

impl ChunkBuilder {
    /// Adds the next series; an empty part says that it has no samples in this chunk.
    pub(crate) fn push(&mut self, part: RunPart<'_>) {
        if part.times.is_empty() {
            self.of_series.push(0);
            return;
        }
        let column = self.column(part.times);
        self.of_series.push(column + 1);
        let start = self.body.len();
        values::encode(part.values, &mut self.scratch, &mut self.body);
        let middle = self.body.len();
        if !part.histograms.is_empty() || !part.starts.is_empty() || part.start_ms != 0 {
            self.encode_extras(part);
        }
        self.lengths.push((middle - start, self.body.len() - middle));
    }

    fn encode_extras(&mut self, part: RunPart<'_>) {
        let first = (part.start_ms != 0).then_some((0, part.start_ms));
        let rest = part.starts.iter().map(|(i, start)| (i - part.base, *start));
        let starts: Vec<(u32, i64)> = first.into_iter().chain(rest).collect();
        varint::put(&mut self.body, starts.len() as u64);
        for (index, start) in starts {
            varint::put(&mut self.body, u64::from(index));
            varint::put_signed(&mut self.body, start);
        }
        let moved: Vec<histograms::Indexed> =
            part.histograms.iter().map(|(i, h)| (i - part.base, h.clone())).collect();
        histograms::encode(&moved, &mut self.scratch, &mut self.body);
    }

    fn column(&mut self, times: &[i64]) -> u32 {
        if self.columns.get(self.last_column as usize).is_some_and(|c| c == times) {
            return self.last_column;
        }
        let hash = hash_times(times);
        let known = self.by_content.get(&hash).copied();
        self.last_column = match known.filter(|&c| self.columns[c as usize] == times) {
            Some(column) => column,
            None => {
                let column = self.columns.len() as u32;
                self.columns.push(times.to_vec());
                self.by_content.insert(hash, column);
                column
            }
        };
        self.last_column
    }

    /// Whether no series had a sample.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The chunk's bytes; the builder is empty again.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.body.len() + self.of_series.len() * 3 + 64);
        let mut columns = Vec::new();
        varint::put(&mut out, self.columns.len() as u64);
        for column in &self.columns {
            let start = columns.len();
            ints::encode_column(column, &mut columns);
            varint::put(&mut out, (columns.len() - start) as u64);
        }
        varint::put(&mut out, self.of_series.len() as u64);
        for &column in &self.of_series {
            varint::put(&mut out, u64::from(column));
        }
        for &(values, _) in &self.lengths {
            varint::put(&mut out, values as u64);
        }
        for &(_, extras) in &self.lengths {
            varint::put(&mut out, extras as u64);
        }
        out.extend_from_slice(&columns);
        out.extend_from_slice(&self.body);
        self.columns.clear();
        self.by_content.clear();
        self.last_column = 0;
        self.of_series.clear();
        self.lengths.clear();
        self.body.clear();
        out
    }
}

/// A hash of a timestamp column: a few of its values, for equal hashes are compared whole.
pub(crate) fn hash_times(times: &[i64]) -> u64 {
    let pick = |i: usize| times.get(i).copied().unwrap_or_default() as u64;
    let n = times.len();
    [n as u64, pick(0), pick(n / 3), pick(n / 2), pick(n.wrapping_sub(1))]
        .iter()
        .fold(0, |hash: u64, part| (hash.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Histograms, and start timestamps where they change, each with the index of its sample.
pub(crate) type Extras = (Vec<(u32, Arc<Histogram>)>, Vec<(u32, i64)>);

/// A chunk's bytes with their directory read.
#[derive(Debug)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    columns: Vec<Range<usize>>,
    series: Vec<Option<Slot>>,
}

#[derive(Debug, Clone)]
struct Slot {
    column: u32,
    values: Range<usize>,
    extras: Range<usize>,
}

impl Chunk {
    /// Reads the directory; `None` if the bytes are no chunk.
    pub(crate) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let mut reader = Reader::new(&bytes);
        let column_count = reader.count(1)?;
        let column_lengths = lengths(&mut reader, column_count)?;
        let series_count = reader.count(1)?;
        let of_series: Vec<u64> = (0..series_count).map(|_| reader.varint()).collect::<Option<_>>()?;
        let present = of_series.iter().filter(|c| **c != 0).count();
        let value_lengths = lengths(&mut reader, present)?;
        let extra_lengths = lengths(&mut reader, present)?;
        let mut at = bytes.len() - reader.remaining();
        let mut take = |len: usize| {
            let range = at..at.checked_add(len).filter(|end| *end <= bytes.len())?;
            at = range.end;
            Some(range)
        };
        let columns = column_lengths.iter().map(|n| take(*n)).collect::<Option<Vec<_>>>()?;
        let mut of_present = value_lengths.iter().zip(&extra_lengths);
        let mut series = Vec::with_capacity(series_count);
        for column in of_series {
            series.push(match column.checked_sub(1) {
                None => None,
                Some(column) => {
                    let (values, extras) = of_present.next()?;
                    let column = u32::try_from(column).ok().filter(|c| (*c as usize) < columns.len())?;
                    Some(Slot { column, values: take(*values)?, extras: take(*extras)? })
                }
            });
        }
        Some(Chunk { bytes, columns, series })
    }

    fn slot(&self, series: usize) -> Option<&Slot> {
        self.series.get(series)?.as_ref()
    }

    /// The column of timestamps of a series; `None` if it has no samples here.
    pub(crate) fn column_of(&self, series: usize) -> Option<u32> {
        self.slot(series).map(|slot| slot.column)
    }

    /// How many columns there are.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// How many series there are, those without samples included.
    pub(crate) fn series(&self) -> usize {
        self.series.len()
    }

    /// Decodes a column of timestamps.
    pub(crate) fn times(&self, column: u32) -> Option<Vec<i64>> {
        let range = self.columns.get(column as usize)?.clone();
        ints::decode_column(&mut Reader::new(&self.bytes[range]), MAX_SAMPLES)
    }

    /// Appends the `n` values of a series.
    pub(crate) fn values(
        &self,
        series: usize,
        n: usize,
        scratch: &mut Scratch,
        out: &mut Vec<f64>,
    ) -> Option<()> {
        let range = self.slot(series)?.values.clone();
        values::decode(&mut Reader::new(&self.bytes[range]), n, scratch, out)
    }

    /// Histograms and start timestamps of a series whose decoded values are `values`.
    pub(crate) fn extras(&self, series: usize, values: &[f64], scratch: &mut Scratch) -> Option<Extras> {
        let range = self.slot(series)?.extras.clone();
        if range.is_empty() {
            return Some((Vec::new(), Vec::new()));
        }
        let mut reader = Reader::new(&self.bytes[range]);
        let count = reader.count(2)?;
        let mut starts = Vec::with_capacity(count);
        for _ in 0..count {
            let index = u32::try_from(reader.varint()?).ok().filter(|i| (*i as usize) < values.len())?;
            starts.push((index, reader.signed()?));
        }
        Some((histograms::decode(&mut reader, values, scratch)?, starts))
    }

    /// All of a series; `None` also where it has no samples.
    pub(crate) fn run(&self, series: usize) -> Option<Run> {
        let times = self.times(self.column_of(series)?)?;
        let (mut values, mut scratch) = (Vec::new(), Scratch::default());
        self.values(series, times.len(), &mut scratch, &mut values)?;
        let (histograms, starts) = self.extras(series, &values, &mut scratch)?;
        Some(Run { times, values, histograms, starts })
    }
}

fn lengths(reader: &mut Reader<'_>, n: usize) -> Option<Vec<usize>> {
    (0..n).map(|_| usize::try_from(reader.varint()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(runs: &[Run]) -> usize {
        let mut builder = ChunkBuilder::default();
        for run in runs {
            builder.push(run.whole());
        }
        let bytes = builder.finish();
        let chunk = Chunk::parse(bytes.clone()).expect("own bytes");
        for (i, run) in runs.iter().enumerate() {
            let back = chunk.run(i);
            let back = back.unwrap_or_default();
            assert_eq!(run.times, back.times);
            assert_eq!(bits(&run.values), bits(&back.values));
            assert_eq!((&run.histograms, &run.starts), (&back.histograms, &back.starts));
        }
        for cut in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
            if let Some(chunk) = Chunk::parse(bytes[..cut].to_vec()) {
                (0..runs.len()).for_each(|i| drop(chunk.run(i)));
            }
        }
        chunk.columns()
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|v| v.to_bits()).collect()
    }

    fn run(times: impl Iterator<Item = i64>) -> Run {
        let times: Vec<i64> = times.collect();
        Run { values: times.iter().map(|t| *t as f64 / 10.0).collect(), times, ..Run::default() }
    }

    #[test]
    fn columns_are_shared_by_content() {
        let a = run((0..100).map(|t| t * 15_000));
        let b = run((0..100).map(|t| t * 15_000 + 7));
        assert_eq!(check(&[a.clone(), b.clone(), a.clone(), Run::default(), b, a]), 2);
        assert_eq!(check(&[]), 0);
    }

    #[test]
    fn extras_come_back_and_parts_know_their_start() {
        let histogram = Arc::new(Histogram { count: 3.0, sum: 1.5, ..Histogram::default() });
        let mut with = run(0..10);
        with.values[4] = 1.5;
        with.histograms = vec![(4, histogram.clone())];
        with.starts = vec![(0, 5), (6, 9)];
        check(&[with.clone(), run(3..5)]);
        let mut builder = ChunkBuilder::default();
        builder.push(with.part(3, 10));
        let bytes = builder.finish();
        let back = Chunk::parse(bytes).and_then(|c| c.run(0)).expect("own bytes");
        assert_eq!(back.histograms, vec![(1, histogram)]);
        assert_eq!(back.starts, vec![(0, 5), (3, 9)]);
    }

    proptest! {
        #[test]
        fn any_group_comes_back(
            group in prop::collection::vec(prop::collection::btree_map(any::<i64>(), any::<u64>(), 0..40), 0..20)
        ) {
            let runs: Vec<Run> = group
                .iter()
                .map(|samples| Run {
                    times: samples.keys().copied().collect(),
                    values: samples.values().map(|v| f64::from_bits(*v)).collect(),
                    ..Run::default()
                })
                .collect();
            check(&runs);
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            if let Some(chunk) = Chunk::parse(bytes) {
                (0..10).for_each(|i| drop(chunk.run(i)));
            }
        }
    }
}
