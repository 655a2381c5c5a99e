//! Native histograms of remote write 1.0: delta-coded integer buckets or absolute float ones.

use model::{CounterResetHint, Histogram, Span};

use crate::protobuf::{Bad, Reader, Value, unzigzag};

/// More buckets than any sender makes: a bound on what a few bytes can ask for.
const MAX_BUCKETS: usize = 100_000;

#[derive(Default)]
struct Buckets {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

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

impl Buckets {
    fn finish(self) -> Result<(Vec<Span>, Vec<f64>), Bad> {
        let counts = if self.deltas.is_empty() {
            self.counts
        } else {
            let mut count = 0i64;
            let running = self.deltas.iter().map(|delta| {
                count = count.wrapping_add(*delta);
                count as f64
            });
            running.collect()
        };
        let expected = self.spans.iter().try_fold(0u32, |n, span| n.checked_add(span.length));
        if expected.map(|n| n as usize) != Some(counts.len()) {
            return Err("a histogram's spans do not fit its buckets");
        }
        if counts.iter().any(|count| *count < 0.0) {
            return Err("a histogram has a bucket with a negative count");
        }
        Ok((self.spans, counts))
    }
}

fn span(message: &[u8]) -> Result<Span, Bad> {
    let mut span = Span { offset: 0, length: 0 };
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => span.offset = i32::try_from(value.sint()?).map_err(|_| "a span's offset is out of range")?,
            2 => {
                span.length = u32::try_from(value.varint()?).map_err(|_| "a span's length is out of range")?
            }
            _ => {}
        }
    }
    Ok(span)
}

fn ints(value: Value<'_>, into: &mut Vec<i64>) -> Result<(), Bad> {
    match value {
        Value::Varint(n) => into.push(unzigzag(n)),
        Value::Bytes(packed) => {
            let mut reader = Reader::new(packed);
            while reader.remaining() > 0 {
                into.push(unzigzag(reader.varint()?));
            }
        }
        _ => return Err("a histogram's deltas have the wrong wire type"),
    }
    bounded(into.len())
}

fn doubles(value: Value<'_>, into: &mut Vec<f64>) -> Result<(), Bad> {
    match value {
        Value::Fixed64(bits) => into.push(f64::from_bits(bits)),
        Value::Bytes(packed) => {
            let mut reader = Reader::new(packed);
            while reader.remaining() > 0 {
                into.push(f64::from_bits(reader.fixed64()?));
            }
        }
        _ => return Err("a histogram's counts have the wrong wire type"),
    }
    bounded(into.len())
}

fn bounded(len: usize) -> Result<(), Bad> {
    if len > MAX_BUCKETS { Err("a histogram has more than 100,000 buckets") } else { Ok(()) }
}

fn reset_hint(number: u64) -> CounterResetHint {
    match number {
        1 => CounterResetHint::Reset,
        2 => CounterResetHint::NotReset,
        3 => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    }
}
