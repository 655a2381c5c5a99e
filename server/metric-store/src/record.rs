//! The log's records: what a batch added, and the full state that each segment begins with.
//!
//! A batch names its series by a shape (the list of its series, known by number once it has been seen twice) and
//! writes each value XORed with the series' last one, byte plane by byte plane: next to nothing after zstd.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Exemplar, Histogram, Labels, Metadata, MetricKind, Sample};
use rustc_hash::FxBuildHasher;
use storage::blob;

use crate::head::{Head, Incoming, Ref};
use crate::histograms;
use crate::ints;
use crate::values::Scratch;
use crate::varint::{self, Reader};

mod shapes;
mod state;

pub(crate) use shapes::{KnownShapes, ReplayedShapes};
pub(crate) use state::{Repeat, State, encode_state};

/// What a record unpacks to, at most.
const MAX_RECORD_BYTES: usize = 256 << 20;
/// Samples of one record, at most.
const MAX_RECORD_SAMPLES: usize = 1 << 24;

const BATCH: u8 = 1;
const STATE: u8 = 2;

/// A batch on its way to the log.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Series that the open segment does not define yet.
    pub(crate) new: Vec<Ref>,
    /// Samples; those of a series stand together.
    pub(crate) samples: Vec<Incoming>,
    /// Exemplars by series.
    pub(crate) exemplars: Vec<(Ref, Exemplar)>,
    /// Families whose metadata changed.
    pub(crate) metadata: Vec<Metadata>,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.new.clear();
        self.samples.clear();
        self.exemplars.clear();
        self.metadata.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.exemplars.is_empty() && self.metadata.is_empty()
    }
}

/// What a record says, for the head that replays it.
#[derive(Debug)]
pub(crate) enum Replayed {
    /// A batch whose series are defined already.
    Batch(Batch),
    /// Part of a segment's state.
    State(State),
}

/// Series ids to refs, while a log is replayed.
pub(crate) type Ids = HashMap<u64, Ref, FxBuildHasher>;

/// Encodes a batch as it stands against the head before it.
pub(crate) fn encode_batch(head: &Head, shapes: &mut KnownShapes, batch: &Batch) -> Vec<u8> {
    let mut out = vec![BATCH];
    varint::put(&mut out, batch.new.len() as u64);
    for &series in &batch.new {
        let series = head.get(series);
        varint::put(&mut out, series.id);
        put_labels(&mut out, &series.labels);
    }
    let runs: Vec<&[Incoming]> = batch.samples.chunk_by(|a, b| a.series == b.series).collect();
    let refs: Vec<Ref> = runs.iter().map(|run| run[0].series).collect();
    shapes.encode(head, &refs, &mut out);
    if runs.len() == batch.samples.len() {
        out.push(0);
    } else {
        out.push(1);
        ints::encode_column(&runs.iter().map(|run| run.len() as i64).collect::<Vec<_>>(), &mut out);
    }
    encode_times(&batch.samples, &mut out);
    encode_values(head, &runs, &mut out);
    encode_attached(&batch.samples, &mut out);
    varint::put(&mut out, batch.exemplars.len() as u64);
    for (series, exemplar) in &batch.exemplars {
        varint::put(&mut out, head.get(*series).id);
        put_exemplar(&mut out, exemplar);
    }
    put_metadata(&mut out, &batch.metadata);
    blob::compress(1, &out)
}

fn encode_times(samples: &[Incoming], out: &mut Vec<u8>) {
    let Some(first) = samples.first() else { return };
    if samples.iter().all(|s| s.t_ms == first.t_ms) {
        out.push(0);
        varint::put_signed(out, first.t_ms);
    } else {
        out.push(1);
        ints::encode_column(&samples.iter().map(|s| s.t_ms).collect::<Vec<_>>(), out);
    }
}

fn encode_values(head: &Head, runs: &[&[Incoming]], out: &mut Vec<u8>) {
    let count: usize = runs.iter().map(|run| run.len()).sum();
    let start = out.len();
    out.resize(start + count * 8, 0);
    let planes = &mut out[start..];
    let mut i = 0;
    for run in runs {
        let mut last = head.get(run[0].series).last.map_or(0, |(_, bits)| bits);
        for sample in *run {
            let bits = sample.value.to_bits();
            for (plane, byte) in (bits ^ last).to_le_bytes().into_iter().enumerate() {
                planes[plane * count + i] = byte;
            }
            last = bits;
            i += 1;
        }
    }
}

fn encode_attached(samples: &[Incoming], out: &mut Vec<u8>) {
    let starts = samples.iter().enumerate().filter(|(_, s)| s.start_ms != 0);
    varint::put(out, starts.clone().count() as u64);
    for (i, sample) in starts {
        varint::put(out, i as u64);
        varint::put_signed(out, sample.start_ms);
    }
    let with = samples.iter().enumerate().filter(|(_, s)| s.histogram.is_some());
    varint::put(out, with.clone().count() as u64);
    let mut scratch = Scratch::default();
    for (i, sample) in with {
        varint::put(out, i as u64);
        if let Some(histogram) = &sample.histogram {
            histograms::encode(&[(0, Arc::clone(histogram))], &mut scratch, out);
        }
    }
}

/// Reads a record; `None` if it makes no sense. New series are defined in `head` with `class_of` their labels.
pub(crate) fn decode(
    payload: &[u8],
    head: &mut Head,
    ids: &mut Ids,
    shapes: &mut ReplayedShapes,
    class_of: &dyn Fn(&Labels) -> u16,
) -> Option<Replayed> {
    let bytes = blob::decompress(payload, MAX_RECORD_BYTES).ok()?;
    let mut reader = Reader::new(&bytes);
    match reader.byte()? {
        BATCH => {
            for _ in 0..reader.count(2)? {
                let id = reader.varint()?;
                let labels = labels(&mut reader)?;
                define(head, ids, id, labels, class_of);
            }
            decode_batch(&mut reader, head, ids, shapes).map(Replayed::Batch)
        }
        STATE => state::decode(&mut reader, head, ids, shapes, class_of).map(Replayed::State),
        _ => None,
    }
}

fn define(head: &mut Head, ids: &mut Ids, id: u64, labels: Labels, class_of: &dyn Fn(&Labels) -> u16) -> Ref {
    *ids.entry(id).or_insert_with(|| {
        let class = class_of(&labels);
        head.add(labels, id, class)
    })
}

fn decode_batch(
    reader: &mut Reader<'_>,
    head: &Head,
    ids: &Ids,
    shapes: &mut ReplayedShapes,
) -> Option<Batch> {
    let mut batch = Batch::default();
    let refs = shapes.decode(reader, ids)?;
    let counts: Vec<usize> = match reader.byte()? {
        0 => vec![1; refs.len()],
        _ => {
            let counts = ints::decode_column(reader, refs.len())?;
            counts.into_iter().map(|n| usize::try_from(n).ok()).collect::<Option<_>>()?
        }
    };
    let count = counts.iter().try_fold(0usize, |sum, n| sum.checked_add(*n))?;
    if count > MAX_RECORD_SAMPLES || counts.len() != refs.len() {
        return None;
    }
    let times = decode_times(reader, count)?;
    let planes = reader.take(count * 8)?;
    let mut i = 0;
    for (&series, &n) in refs.iter().zip(&counts) {
        let mut last = head.get(series).last.map_or(0, |(_, bits)| bits);
        for _ in 0..n {
            let xor: [u8; 8] = std::array::from_fn(|plane| planes[plane * count + i]);
            last ^= u64::from_le_bytes(xor);
            let (t_ms, value) = (times[i], f64::from_bits(last));
            batch.samples.push(Incoming { series, t_ms, value, histogram: None, start_ms: 0 });
            i += 1;
        }
    }
    decode_attached(reader, &mut batch.samples)?;
    for _ in 0..reader.count(3)? {
        let series = *ids.get(&reader.varint()?)?;
        batch.exemplars.push((series, exemplar(reader)?));
    }
    batch.metadata = metadata(reader)?;
    Some(batch)
}

fn decode_times(reader: &mut Reader<'_>, count: usize) -> Option<Vec<i64>> {
    if count == 0 {
        return Some(Vec::new());
    }
    match reader.byte()? {
        0 => Some(vec![reader.signed()?; count]),
        _ => ints::decode_column(reader, count).filter(|times| times.len() == count),
    }
}

fn decode_attached(reader: &mut Reader<'_>, samples: &mut [Incoming]) -> Option<()> {
    for _ in 0..reader.count(2)? {
        let i = usize::try_from(reader.varint()?).ok()?;
        samples.get_mut(i)?.start_ms = reader.signed()?;
    }
    let mut scratch = Scratch::default();
    for _ in 0..reader.count(2)? {
        let i = usize::try_from(reader.varint()?).ok()?;
        let sample = samples.get_mut(i)?;
        let found: Option<(u32, Arc<Histogram>)> =
            histograms::decode(reader, &[sample.value], &mut scratch)?.pop();
        sample.histogram = found.map(|(_, histogram)| histogram);
    }
    Some(())
}

/// Writes labels as pairs.
pub(crate) fn put_labels(out: &mut Vec<u8>, labels: &Labels) {
    varint::put(out, labels.len() as u64);
    for (name, value) in labels.iter() {
        varint::put_bytes(out, name.as_bytes());
        varint::put_bytes(out, value.as_bytes());
    }
}

/// Reads what [`put_labels`] wrote.
pub(crate) fn labels(reader: &mut Reader<'_>) -> Option<Labels> {
    let count = reader.count(2)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        pairs.push((reader.text()?, reader.text()?));
    }
    Labels::from_sorted(pairs)
}

fn put_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar) {
    varint::put_signed(out, exemplar.sample.t_ms);
    out.extend_from_slice(&exemplar.sample.value.to_bits().to_le_bytes());
    put_labels(out, &exemplar.labels);
}

fn exemplar(reader: &mut Reader<'_>) -> Option<Exemplar> {
    let sample = Sample { t_ms: reader.signed()?, value: reader.f64()? };
    Some(Exemplar { labels: labels(reader)?, sample })
}

/// Writes metadata of families.
pub(crate) fn put_metadata(out: &mut Vec<u8>, families: &[Metadata]) {
    varint::put(out, families.len() as u64);
    for one in families {
        varint::put_bytes(out, one.family.as_bytes());
        out.push(kind_number(one.kind));
        varint::put_bytes(out, one.help.as_bytes());
        varint::put_bytes(out, one.unit.as_bytes());
    }
}

/// Reads what [`put_metadata`] wrote.
pub(crate) fn metadata(reader: &mut Reader<'_>) -> Option<Vec<Metadata>> {
    let count = reader.count(4)?;
    (0..count)
        .map(|_| {
            let family = reader.text()?.to_owned();
            let kind = kind_of(reader.byte()?);
            Some(Metadata { family, kind, help: reader.text()?.to_owned(), unit: reader.text()?.to_owned() })
        })
        .collect()
}

const KINDS: [MetricKind; 8] = [
    MetricKind::Unknown,
    MetricKind::Counter,
    MetricKind::Gauge,
    MetricKind::Histogram,
    MetricKind::GaugeHistogram,
    MetricKind::Summary,
    MetricKind::Info,
    MetricKind::StateSet,
];

fn kind_number(kind: MetricKind) -> u8 {
    KINDS.iter().position(|k| *k == kind).unwrap_or(0) as u8
}

fn kind_of(number: u8) -> MetricKind {
    KINDS.get(usize::from(number)).copied().unwrap_or_default()
}
