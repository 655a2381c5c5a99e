//! The state that a segment begins with: every series of the head, its last value, and such samples as no earlier
//! segment is sure to hold.

use model::{Exemplar, Labels, Metadata};
use storage::blob;

use super::shapes::ReplayedShapes;
use super::{Ids, STATE, define, exemplar, labels, metadata, put_exemplar, put_labels, put_metadata};
use crate::chunk::{Chunk, ChunkBuilder, Run};
use crate::head::{Head, Ref};
use crate::values::Scratch;
use crate::varint::{self, Reader};

/// Series of one record.
const SERIES_EACH: usize = 256;

/// A part of a state, read back.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) series: Vec<StateSeries>,
    pub(crate) exemplars: Vec<(Ref, Exemplar)>,
    pub(crate) metadata: Vec<Metadata>,
}

/// A series as a state has it.
#[derive(Debug)]
pub(crate) struct StateSeries {
    pub(crate) series: Ref,
    pub(crate) last: Option<(i64, u64)>,
    /// Its samples in order of arrival.
    pub(crate) runs: Vec<Run>,
}

/// Which samples a state repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// None: earlier segments hold them.
    Nothing,
    /// Those that no seal is writing.
    Live,
    /// All that are in no partition: the last segment may have lost some.
    Everything,
}

/// The records of a state.
pub(crate) fn encode_state(head: &Head, repeat: Repeat, dirty: &[Metadata]) -> Vec<Vec<u8>> {
    let mut records = vec![encode_first(head, dirty)];
    for group in head.series().chunks(SERIES_EACH) {
        let mut out = vec![STATE, 0];
        let mut builder = ChunkBuilder::default();
        let mut scratch = Scratch::default();
        varint::put(&mut out, group.len() as u64);
        for series in group {
            varint::put(&mut out, series.id);
            put_labels(&mut out, &series.labels);
            match series.last {
                None => out.push(0),
                Some((t, bits)) => {
                    out.push(1);
                    varint::put_signed(&mut out, t);
                    out.extend_from_slice(&bits.to_le_bytes());
                }
            }
            let frozen = series.frozen.as_deref().filter(|_| repeat == Repeat::Everything);
            let live = Some(&series.live).filter(|_| repeat != Repeat::Nothing);
            for part in frozen.into_iter().chain(live) {
                builder.push(part.run(i64::MIN, i64::MAX, &mut scratch).whole());
            }
        }
        if !builder.is_empty() {
            let flags = group.iter().map(|s| u8::from(repeat == Repeat::Everything && s.frozen.is_some()));
            // A chunk has one entry a series or two (frozen, live): the flags in front tell which.
            let mut part: Vec<u8> = flags.collect();
            part.extend_from_slice(&builder.finish());
            varint::put_bytes(&mut out, &part);
        }
        records.push(blob::compress(1, &out));
    }
    records
}

fn encode_first(head: &Head, dirty: &[Metadata]) -> Vec<u8> {
    let mut out = vec![STATE, 1];
    varint::put(&mut out, head.exemplars.len() as u64);
    for kept in head.exemplars.iter() {
        varint::put(&mut out, kept.id);
        put_labels(&mut out, &kept.labels);
        put_exemplar(&mut out, &kept.exemplar);
    }
    put_metadata(&mut out, dirty);
    blob::compress(1, &out)
}

pub(super) fn decode(
    reader: &mut Reader<'_>,
    head: &mut Head,
    ids: &mut Ids,
    shapes: &mut ReplayedShapes,
    class_of: &dyn Fn(&Labels) -> u16,
) -> Option<State> {
    if reader.byte()? == 1 {
        shapes.clear();
        return decode_first(reader, head, ids, class_of);
    }
    let mut state = State::default();
    for _ in 0..reader.count(3)? {
        let id = reader.varint()?;
        let labels = labels(reader)?;
        let series = define(head, ids, id, labels, class_of);
        let last = match reader.byte()? {
            0 => None,
            _ => Some((reader.signed()?, reader.u64()?)),
        };
        state.series.push(StateSeries { series, last, runs: Vec::new() });
    }
    if reader.is_empty() {
        return Some(state);
    }
    let mut rest = Reader::new(reader.bytes()?);
    let flags = rest.take(state.series.len())?;
    let chunk = Chunk::parse(rest.take(rest.remaining())?.to_vec())?;
    let mut at = 0;
    for (one, frozen) in state.series.iter_mut().zip(flags) {
        for _ in 0..=usize::from(*frozen != 0) {
            one.runs.push(chunk.run(at).unwrap_or_default());
            at += 1;
        }
    }
    Some(state)
}

fn decode_first(
    reader: &mut Reader<'_>,
    head: &mut Head,
    ids: &mut Ids,
    class_of: &dyn Fn(&Labels) -> u16,
) -> Option<State> {
    let mut state = State::default();
    for _ in 0..reader.count(4)? {
        let id = reader.varint()?;
        let labels = labels(reader)?;
        state.exemplars.push((define(head, ids, id, labels, class_of), exemplar(reader)?));
    }
    state.metadata = metadata(reader)?;
    Some(state)
}
