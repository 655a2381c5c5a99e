//! Parts of native histograms that exposition pages and remote write have in common: spans, and buckets as differences
//! of integers or as floats.

use model::Span;

use crate::protobuf::{Bad, Reader, Value, Writer, unzigzag};

/// More buckets than any sender makes: a bound on what a few bytes can ask for.
const MAX_BUCKETS: usize = 100_000;

/// The buckets of one side on their way in.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    pub(crate) spans: Vec<Span>,
    pub(crate) deltas: Vec<i64>,
    pub(crate) counts: Vec<f64>,
}

impl Buckets {
    /// Spans and absolute counts.
    pub(crate) fn finish(self) -> Result<(Vec<Span>, Vec<f64>), Bad> {
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
        // A span without buckets only says that the histogram is a native one.
        let spans = if counts.is_empty() { Vec::new() } else { self.spans };
        Ok((spans, counts))
    }
}

/// An error beyond the most buckets of a histogram.
pub(crate) fn bounded(len: usize) -> Result<(), Bad> {
    if len > MAX_BUCKETS { Err("a histogram has more than 100,000 buckets") } else { Ok(()) }
}

/// `BucketSpan`.
pub(crate) fn span(message: &[u8]) -> Result<Span, Bad> {
    let mut span = Span { offset: 0, length: 0 };
    let mut fields = Reader::new(message);
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => span.offset = i32::try_from(value.sint()?).map_err(|_| "a span's offset is out of range")?,
            2 => {
                span.length = u32::try_from(value.varint()?).map_err(|_| "a span's length is out of range")?
            }
            _ => {}
        }
    }
    Ok(span)
}

/// One or a packed run of signed integers.
pub(crate) fn ints(value: Value<'_>, into: &mut Vec<i64>) -> Result<(), Bad> {
    match value {
        Value::Varint(n) => into.push(unzigzag(n)),
        other => {
            let mut reader = Reader::new(other.bytes()?);
            while reader.remaining() > 0 {
                into.push(unzigzag(reader.varint()?));
            }
        }
    }
    bounded(into.len())
}

/// One or a packed run of floats.
pub(crate) fn doubles(value: Value<'_>, into: &mut Vec<f64>) -> Result<(), Bad> {
    match value {
        Value::Fixed64(bits) => into.push(f64::from_bits(bits)),
        other => {
            let mut reader = Reader::new(other.bytes()?);
            while reader.remaining() > 0 {
                into.push(f64::from_bits(reader.fixed64()?));
            }
        }
    }
    bounded(into.len())
}

/// Writes spans as field `number`.
pub(crate) fn put_spans(m: &mut Writer, number: u32, spans: &[Span]) {
    for span in spans {
        m.message(number, |m| {
            m.sint(1, i64::from(span.offset));
            m.varint(2, u64::from(span.length));
        });
    }
}
