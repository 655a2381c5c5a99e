//! Which series share a group, and where a group's samples are cut into chunks.

use storage::blob::{self, Codec};

use super::{Address, ChunkAddress, SealedSeries};
use crate::chunk::ChunkBuilder;

/// Series of one group.
pub(crate) const MAX_SERIES: usize = 256;
/// Metrics of fewer series share groups of up to this many.
const SMALL: usize = 64;
/// Samples of one group: bounds the memory of writing it.
const MAX_SAMPLES: usize = 1 << 19;
/// Samples of one series in a chunk.
const CHUNK_SAMPLES: usize = 240;

/// Collects sorted series until they make a group.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    group: Vec<SealedSeries>,
    samples: usize,
    /// Index of the first series of the last metric in `group`.
    metric_from: usize,
}

impl Gatherer {
    /// Adds a series; returns the group that is complete without it, if one is.
    pub(super) fn push(&mut self, series: SealedSeries) -> Option<Vec<SealedSeries>> {
        let mut done = None;
        let same = |last: &SealedSeries| last.labels.metric_name() == series.labels.metric_name();
        if self.samples + series.run.times.len() > MAX_SAMPLES {
            done = self.cut(self.group.len());
        } else if !self.group.last().is_some_and(same) {
            // A metric has ended: does it stay with those before it, and may another join them?
            if self.group.len() > SMALL {
                done = self.cut(self.metric_from);
            }
            if done.is_none() && self.group.len() >= SMALL {
                done = self.cut(self.group.len());
            }
            self.metric_from = self.group.len();
        } else if self.group.len() - self.metric_from >= SMALL && self.metric_from > 0 {
            // It has outgrown the shared group.
            done = self.cut(self.metric_from);
        } else if self.group.len() >= MAX_SERIES {
            done = self.cut(self.group.len());
        }
        self.samples += series.run.times.len();
        self.group.push(series);
        done
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self) -> Option<Vec<SealedSeries>> {
        self.cut(self.group.len())
    }

    fn cut(&mut self, at: usize) -> Option<Vec<SealedSeries>> {
        if at == 0 {
            return None;
        }
        let rest = self.group.split_off(at);
        let done = std::mem::replace(&mut self.group, rest);
        self.samples = self.group.iter().map(|s| s.run.times.len()).sum();
        self.metric_from = self.metric_from.saturating_sub(at);
        Some(done)
    }
}

/// Appends a group's chunks to `stream`, which begins at `base`; returns where they are.
pub(super) fn encode_chunks(
    group: &[SealedSeries],
    builder: &mut ChunkBuilder,
    base: u64,
    stream: &mut Vec<u8>,
) -> Vec<ChunkAddress> {
    let mut at = vec![0usize; group.len()];
    let mut chunks = Vec::new();
    loop {
        // No series may have more than its share, so the densest decides how long the chunk lasts.
        let full = group.iter().zip(&at).filter_map(|(s, &at)| s.run.times.get(at + CHUNK_SAMPLES)).min();
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for (series, at) in group.iter().zip(&mut at) {
            let times = &series.run.times;
            let end = full.map_or(times.len(), |&full| *at + times[*at..].partition_point(|t| *t < full));
            builder.push(series.run.part(*at, end));
            if *at < end {
                first = first.min(times[*at]);
                last = last.max(times[end - 1]);
            }
            *at = end;
        }
        let empty = builder.is_empty();
        let bytes = builder.finish();
        if !empty {
            let sealed = blob::seal(&bytes, Codec::Zstd(1));
            let address = Address { offset: base + stream.len() as u64, len: sealed.len() as u32 };
            stream.extend_from_slice(&sealed);
            chunks.push(ChunkAddress { first, last, address });
        }
        if full.is_none() {
            return chunks;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Run;
    use model::Labels;

    /// Metrics by number of series to sizes of groups.
    fn check(metrics: &[usize], expect: &[usize]) {
        let mut gatherer = Gatherer::default();
        let mut sizes = Vec::new();
        for (m, &count) in metrics.iter().enumerate() {
            for i in 0..count {
                let labels = Labels::from_pairs([("__name__", format!("m{m:03}")), ("i", format!("{i:04}"))]);
                let run = Run { times: vec![0], values: vec![0.0], ..Run::default() };
                sizes.extend(gatherer.push(SealedSeries { labels, id: 0, run }).map(|g| g.len()));
            }
        }
        sizes.extend(gatherer.finish().map(|g| g.len()));
        assert_eq!(sizes, expect, "{metrics:?}");
        assert_eq!(metrics.iter().sum::<usize>(), sizes.iter().sum::<usize>());
    }

    #[test]
    fn large_metrics_have_their_own_groups_and_small_ones_share() {
        check(&[], &[]);
        check(&[1], &[1]);
        check(&[10, 10, 10], &[30]);
        check(&[600], &[256, 256, 88]);
        check(&[10, 600, 10], &[10, 256, 256, 88, 10]);
        check(&[60, 10, 50], &[60, 60]);
        check(&[64, 64], &[64, 64]);
        check(&[30, 65, 1], &[30, 65, 1]);
    }
}
