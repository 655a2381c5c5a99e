//! Writes requests.

use model::{CounterResetHint, Exemplar, Histogram, Labels, MetricBatch, Sample};

use super::KINDS;
use crate::compression;
use crate::native::put_spans;
use crate::protobuf::Writer;

/// A request body with all of `batch`: a snappy block.
pub fn encode(batch: &MetricBatch) -> Vec<u8> {
    compression::to_snappy(&message(batch))
}

/// A request before compression.
pub(super) fn message(batch: &MetricBatch) -> Vec<u8> {
    let mut request = Writer::default();
    for (i, series) in batch.series.iter().enumerate() {
        let i = i as u32;
        request.message(1, |m| {
            labels(m, &series.labels);
            for s in batch.samples_of(series) {
                m.message(2, |m| sample(m, s));
            }
            for (_, e) in batch.exemplars.iter().filter(|(of, _)| *of == i) {
                m.message(3, |m| exemplar(m, e));
            }
            for (_, t_ms, h) in batch.histograms.iter().filter(|(of, ..)| *of == i) {
                m.message(4, |m| histogram(m, *t_ms, h));
            }
        });
    }
    for metadata in &batch.metadata {
        let kind = KINDS.iter().position(|k| *k == metadata.kind).unwrap_or(0);
        request.message(3, |m| {
            m.varint(1, kind as u64);
            m.bytes(2, metadata.family.as_bytes());
            m.bytes(4, metadata.help.as_bytes());
            m.bytes(5, metadata.unit.as_bytes());
        });
    }
    request.bytes
}

pub(crate) fn labels(m: &mut Writer, labels: &Labels) {
    for (name, value) in labels.iter() {
        m.message(1, |m| {
            m.bytes(1, name.as_bytes());
            m.bytes(2, value.as_bytes());
        });
    }
}

pub(crate) fn sample(m: &mut Writer, sample: &Sample) {
    m.double(1, sample.value);
    m.varint(2, sample.t_ms as u64);
}

fn exemplar(m: &mut Writer, exemplar: &Exemplar) {
    labels(m, &exemplar.labels);
    m.double(2, exemplar.sample.value);
    m.varint(3, exemplar.sample.t_ms as u64);
}

pub(crate) fn histogram(m: &mut Writer, t_ms: i64, h: &Histogram) {
    m.double(2, h.count);
    m.double(3, h.sum);
    m.sint(4, i64::from(h.schema));
    m.double(5, h.zero_threshold);
    m.double(7, h.zero_count);
    put_spans(m, 8, &h.negative_spans);
    m.packed_doubles(10, &h.negative_buckets);
    put_spans(m, 11, &h.positive_spans);
    m.packed_doubles(13, &h.positive_buckets);
    let hint = match h.reset_hint {
        CounterResetHint::Unknown => 0,
        CounterResetHint::Reset => 1,
        CounterResetHint::NotReset => 2,
        CounterResetHint::Gauge => 3,
    };
    m.varint(14, hint);
    m.varint(15, t_ms as u64);
    m.packed_doubles(16, &h.custom_bounds);
}
