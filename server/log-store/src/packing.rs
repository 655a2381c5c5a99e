//! Rows into blocks: big streams get blocks of their own, tiny ones of one service share.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Labels;

use crate::Config;
use crate::block::{BlockHead, Draft, Sealed};
use crate::rows::{Pick, Rows, in_order};

/// Rows scattered over more windows than this are not cut by window: they would make a block each.
const MAX_CUTS: usize = 4;

/// One stream's rows.
pub(crate) type StreamRows = (Labels, Vec<Arc<Rows>>);

/// The window that a time lies in.
pub(crate) fn window_of(time: i64, config: &Config) -> i64 {
    time.div_euclid(config.window_ns)
}

/// The window that a block lies in; `None` if it spans several.
pub(crate) fn block_window(head: &BlockHead, config: &Config) -> Option<i64> {
    let window = window_of(head.min(), config);
    (window == window_of(head.max(), config)).then_some(window)
}

/// Compresses the rows of one stream.
pub(crate) fn pack_stream(labels: &Labels, chunks: &[Arc<Rows>], config: &Config) -> Vec<Sealed> {
    let picks = in_order(chunks);
    let mut blocks = Vec::new();
    for piece in pieces(chunks, &picks, config) {
        let mut draft = Draft::default();
        draft.begin_run(labels);
        let mut left: usize = piece.iter().map(|pick| size_of(chunks, pick)).sum();
        for pick in piece {
            push(&mut draft, chunks, pick);
            left -= size_of(chunks, pick);
            if draft.bytes() >= config.block_bytes && left >= config.block_bytes / 2 {
                blocks.push(std::mem::take(&mut draft).seal());
                draft.begin_run(labels);
            }
        }
        if draft.entries() > 0 {
            blocks.push(draft.seal());
        }
    }
    blocks
}

/// Compresses the rows of many streams.
pub(crate) fn pack(mut streams: Vec<StreamRows>, config: &Config) -> Vec<Sealed> {
    let bytes = |rows: &[Arc<Rows>]| rows.iter().map(|rows| rows.bytes()).sum::<usize>();
    let own = config.block_bytes / 2;
    streams.sort_by(|a, b| (config.service_of(&a.0), &a.0).cmp(&(config.service_of(&b.0), &b.0)));
    let mut blocks = Vec::new();
    // By window; all of one service.
    let mut shared: BTreeMap<Option<i64>, Draft> = BTreeMap::new();
    let mut service: Option<&str> = None;
    for (labels, chunks) in &streams {
        if bytes(chunks) >= own {
            blocks.extend(pack_stream(labels, chunks, config));
            continue;
        }
        let its = config.service_of(labels);
        if service.is_some_and(|before| before != its) {
            blocks.extend(std::mem::take(&mut shared).into_values().map(Draft::seal));
        }
        service = Some(its);
        let picks = in_order(chunks);
        for piece in pieces(chunks, &picks, config) {
            let window = |i: usize| window_of(time_of(chunks, &piece[i]), config);
            let same = (window(0) == window(piece.len() - 1)).then(|| window(0));
            let draft = shared.entry(same).or_default();
            draft.begin_run(labels);
            piece.iter().for_each(|pick| push(draft, chunks, pick));
            if draft.bytes() >= config.block_bytes {
                blocks.push(std::mem::take(draft).seal());
                shared.remove(&same);
            }
        }
    }
    blocks.extend(shared.into_values().map(Draft::seal));
    blocks
}

fn time_of(chunks: &[Arc<Rows>], pick: &Pick) -> i64 {
    chunks[pick.chunk as usize].times[pick.row as usize]
}

fn size_of(chunks: &[Arc<Rows>], pick: &Pick) -> usize {
    chunks[pick.chunk as usize].sizes[pick.row as usize] as usize
}

fn push(draft: &mut Draft, chunks: &[Arc<Rows>], pick: &Pick) {
    let (rows, i) = (&chunks[pick.chunk as usize], pick.row as usize);
    draft.push(rows.times[i], rows.sequence[i], rows.line(i), rows.extra(i));
}

/// Picks in order of time, cut at the borders of windows.
fn pieces<'a>(chunks: &[Arc<Rows>], picks: &'a [Pick], config: &Config) -> Vec<&'a [Pick]> {
    let window = |pick: &Pick| window_of(time_of(chunks, pick), config);
    let mut cut: Vec<&[Pick]> = picks.chunk_by(|a, b| window(a) == window(b)).collect();
    if cut.len() > MAX_CUTS {
        cut = vec![picks];
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(times: &[i64], size: usize) -> Vec<Arc<Rows>> {
        let mut rows = Rows::default();
        for (i, time) in times.iter().enumerate() {
            rows.push(*time, i as u64, "x".repeat(size).as_bytes(), None);
        }
        vec![Arc::new(rows)]
    }

    fn labels(job: &str, n: usize) -> Labels {
        Labels::from_pairs([("job", job.to_owned()), ("n", n.to_string())])
    }

    #[test]
    fn big_streams_are_cut_and_tiny_ones_share() {
        let config = Config { block_bytes: 100, window_ns: 1000, ..Config::default() };
        let count = |streams: Vec<StreamRows>| -> Vec<(usize, u64)> {
            pack(streams, &config).iter().map(|b| (b.streams.len(), b.head.entries())).collect()
        };
        assert_eq!(count(vec![(labels("a", 0), rows(&[1; 30], 10))]), [(1, 10), (1, 10), (1, 10)]);
        assert_eq!(count(vec![(labels("a", 0), rows(&[1; 14], 10))]), [(1, 14)]);
        let tiny = (0..5).map(|n| (labels("a", n), rows(&[1, 2], 1))).collect();
        assert_eq!(count(tiny), [(5, 10)]);
        let two = ["a", "b"].iter().map(|job| (labels(job, 0), rows(&[1, 2], 1))).collect();
        assert_eq!(count(two), [(1, 2), (1, 2)]);
        assert_eq!(count(vec![(labels("a", 0), rows(&[1, 999, 1000], 1))]), [(1, 2), (1, 1)]);
        let scattered: Vec<i64> = (0..10).map(|i| i * 1000).collect();
        assert_eq!(count(vec![(labels("a", 0), rows(&scattered, 1))]), [(1, 10)]);
        assert_eq!(count(Vec::new()), []);
    }
}
