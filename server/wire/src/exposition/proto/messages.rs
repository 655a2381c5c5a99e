//! The messages of a protobuf page.

use model::{CounterResetHint, Exemplar, Histogram, Labels, Sample};

use super::{KINDS, ProtoFamily};
use crate::exposition::NORMAL_NAN_BITS;
use crate::native::{Buckets, bounded, doubles, ints, span};
use crate::protobuf::{Bad, Reader};

pub(super) fn family(message: &[u8]) -> Result<ProtoFamily<'_>, Bad> {
    let mut family = ProtoFamily { name: "", help: "", unit: "", kind: KINDS[0] };
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => family.name = value.text()?,
            2 => family.help = value.text()?,
            3 => family.kind = KINDS.get(value.varint()? as usize).copied().unwrap_or_default(),
            5 => family.unit = value.text()?,
            _ => {}
        }
    }
    if family.name.is_empty() { Err("a family has no name") } else { Ok(family) }
}

pub(super) fn label(message: &[u8]) -> Result<(&str, &str), Bad> {
    let mut pair = ("", "");
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => pair.0 = value.text()?,
            2 => pair.1 = value.text()?,
            _ => {}
        }
    }
    if pair.0.is_empty() { Err("a label has no name") } else { Ok(pair) }
}

/// A gauge, counter or untyped value: the value, its start and exemplar.
pub(super) fn simple(message: &[u8]) -> Result<(f64, i64, Vec<Exemplar>), Bad> {
    let (mut value, mut start_ms, mut exemplars) = (0.0, 0, Vec::new());
    let mut fields = Reader::new(message);
    while let Some((field, found)) = fields.field()? {
        match field {
            1 => value = normal(found.double()?),
            2 => exemplars.push(exemplar(found.bytes()?)?),
            3 => start_ms = timestamp(found.bytes()?)?,
            _ => {}
        }
    }
    Ok((value, start_ms, exemplars))
}

/// Any NaN but the plain one has a meaning of its own inside.
pub(super) fn normal(value: f64) -> f64 {
    if value.is_nan() { f64::from_bits(NORMAL_NAN_BITS) } else { value }
}

#[derive(Default)]
pub(super) struct Summary {
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) quantiles: Vec<(f64, f64)>,
    pub(super) start_ms: i64,
}

impl Summary {
    pub(super) fn read(message: &[u8]) -> Result<Self, Bad> {
        let mut summary = Summary::default();
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => summary.count = value.varint()? as f64,
                2 => summary.sum = normal(value.double()?),
                3 => {
                    let (mut quantile, mut at) = (0.0, 0.0);
                    let mut fields = Reader::new(value.bytes()?);
                    while let Some((field, value)) = fields.field()? {
                        match field {
                            1 => quantile = value.double()?,
                            2 => at = normal(value.double()?),
                            _ => {}
                        }
                    }
                    summary.quantiles.push((quantile, at));
                }
                4 => summary.start_ms = timestamp(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(summary)
    }
}

pub(super) struct Bucket {
    pub(super) cumulative: f64,
    pub(super) bound: f64,
    pub(super) exemplar: Option<Exemplar>,
}

impl Bucket {
    pub(super) fn read(message: &[u8]) -> Result<Self, Bad> {
        let mut bucket = Bucket { cumulative: 0.0, bound: 0.0, exemplar: None };
        let mut float = 0.0;
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => bucket.cumulative = value.varint()? as f64,
                2 => bucket.bound = value.double()?,
                3 => bucket.exemplar = Some(exemplar(value.bytes()?)?),
                4 => float = value.double()?,
                _ => {}
            }
        }
        if float > 0.0 {
            bucket.cumulative = float;
        }
        Ok(bucket)
    }
}

#[derive(Default)]
pub(super) struct HistogramMessage {
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) buckets: Vec<Bucket>,
    pub(super) schema: i64,
    pub(super) zero_threshold: f64,
    pub(super) zero_count: f64,
    pub(super) negative: Buckets,
    pub(super) positive: Buckets,
    pub(super) start_ms: i64,
    pub(super) exemplars: Vec<Exemplar>,
}

impl HistogramMessage {
    pub(super) fn read(message: &[u8]) -> Result<Self, Bad> {
        let mut h = HistogramMessage::default();
        let mut fields = Reader::new(message);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => h.count = (value.varint()? as f64).max(h.count),
                2 => h.sum = normal(value.double()?),
                3 => {
                    h.buckets.push(Bucket::read(value.bytes()?)?);
                    bounded(h.buckets.len())?;
                }
                4 => h.count = value.double()?.max(h.count),
                5 => h.schema = value.sint()?,
                6 => h.zero_threshold = value.double()?,
                7 => h.zero_count = (value.varint()? as f64).max(h.zero_count),
                8 => h.zero_count = value.double()?.max(h.zero_count),
                9 => h.negative.spans.push(span(value.bytes()?)?),
                10 => ints(value, &mut h.negative.deltas)?,
                11 => doubles(value, &mut h.negative.counts)?,
                12 => h.positive.spans.push(span(value.bytes()?)?),
                13 => ints(value, &mut h.positive.deltas)?,
                14 => doubles(value, &mut h.positive.counts)?,
                15 => h.start_ms = timestamp(value.bytes()?)?,
                16 => h.exemplars.push(exemplar(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(h)
    }

    /// A histogram without any native part has nothing but classic buckets; an empty native one carries a span of
    /// no buckets to say so.
    pub(super) fn is_native(&self) -> bool {
        !self.positive.spans.is_empty()
            || !self.negative.spans.is_empty()
            || self.zero_threshold > 0.0
            || self.zero_count > 0.0
    }

    pub(super) fn native(&mut self, gauge: bool) -> Result<Histogram, Bad> {
        let schema = i32::try_from(self.schema).ok().filter(|schema| (-4..=8).contains(schema));
        let schema = schema.ok_or("a histogram's schema is not one of -4 to 8")?;
        let (positive_spans, positive_buckets) = std::mem::take(&mut self.positive).finish()?;
        let (negative_spans, negative_buckets) = std::mem::take(&mut self.negative).finish()?;
        Ok(Histogram {
            reset_hint: if gauge { CounterResetHint::Gauge } else { CounterResetHint::Unknown },
            schema,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count,
            count: self.count,
            sum: self.sum,
            positive_spans,
            positive_buckets,
            negative_spans,
            negative_buckets,
            custom_bounds: Vec::new(),
        })
    }
}

pub(super) fn exemplar(message: &[u8]) -> Result<Exemplar, Bad> {
    let (mut labels, mut sample) = (Vec::new(), Sample { t_ms: 0, value: 0.0 });
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => labels.push(label(value.bytes()?)?),
            2 => sample.value = value.double()?,
            3 => sample.t_ms = timestamp(value.bytes()?)?,
            _ => {}
        }
    }
    Ok(Exemplar { labels: Labels::from_pairs(labels), sample })
}

/// Milliseconds of a `google.protobuf.Timestamp`.
pub(super) fn timestamp(message: &[u8]) -> Result<i64, Bad> {
    let (mut seconds, mut nanos) = (0i64, 0i64);
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => seconds = value.int64()?,
            2 => nanos = value.int64()?,
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1_000).saturating_add(nanos / 1_000_000))
}
