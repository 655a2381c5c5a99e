//! Native histograms of remote write 1.0: delta-coded integer buckets or absolute float ones.

use model::{CounterResetHint, Histogram};

use crate::native::{Buckets, doubles, ints, span};
use crate::protobuf::{Bad, Reader};

/// A histogram and its time.
pub(super) fn decode(message: &[u8]) -> Result<(i64, Histogram), Bad> {
    decode_started(message).map(|(t_ms, _, histogram)| (t_ms, histogram))
}

/// A histogram with its time and its start time (0 = not known), which remote write 2.0 has.
pub(super) fn decode_started(message: &[u8]) -> Result<(i64, i64, Histogram), Bad> {
    let (mut h, mut t_ms, mut start_ms) = (Histogram::default(), 0, 0);
    let (mut positive, mut negative) = (Buckets::default(), Buckets::default());
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => h.count = value.varint()? as f64,
            2 => h.count = value.double()?,
            3 => h.sum = value.double()?,
            4 => {
                h.schema = i32::try_from(value.sint()?).map_err(|_| "a histogram's schema is out of range")?
            }
            5 => h.zero_threshold = value.double()?,
            6 => h.zero_count = value.varint()? as f64,
            7 => h.zero_count = value.double()?,
            8 => negative.spans.push(span(value.bytes()?)?),
            9 => ints(value, &mut negative.deltas)?,
            10 => doubles(value, &mut negative.counts)?,
            11 => positive.spans.push(span(value.bytes()?)?),
            12 => ints(value, &mut positive.deltas)?,
            13 => doubles(value, &mut positive.counts)?,
            14 => h.reset_hint = reset_hint(value.varint()?),
            15 => t_ms = value.int64()?,
            16 => doubles(value, &mut h.custom_bounds)?,
            17 => start_ms = value.int64()?,
            _ => {}
        }
    }
    if !(-4..=8).contains(&h.schema) && h.schema != -53 {
        return Err("a histogram's schema is neither -4 to 8 nor -53");
    }
    if h.custom_bounds.windows(2).any(|w| w[0] >= w[1]) {
        return Err("a histogram's custom bounds do not ascend");
    }
    (h.positive_spans, h.positive_buckets) = positive.finish()?;
    (h.negative_spans, h.negative_buckets) = negative.finish()?;
    Ok((t_ms, start_ms, h))
}

fn reset_hint(number: u64) -> CounterResetHint {
    match number {
        1 => CounterResetHint::Reset,
        2 => CounterResetHint::NotReset,
        3 => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    }
}
