//! Native histograms of one series: runs of equal bucket layout, and in each run a column a bucket.
//!
//! A histogram's sum is not here: it is the series' float value at that time.

use std::sync::Arc;

use model::{CounterResetHint, Histogram, Span};

use crate::ints;
use crate::values::{self, Scratch};
use crate::varint::{self, Reader};

/// Bound of the buckets of one histogram that are decoded.
const MAX_BUCKETS: usize = 1 << 16;

/// A histogram and the index of its sample.
pub(crate) type Indexed = (u32, Arc<Histogram>);

/// Appends `histograms`, ascending by index.
pub(crate) fn encode(histograms: &[Indexed], scratch: &mut Scratch, out: &mut Vec<u8>) {
    let runs = histograms.chunk_by(|a, b| same_layout(&a.1, &b.1));
    varint::put(out, runs.clone().count() as u64);
    for run in runs {
        encode_run(run, scratch, out);
    }
}

/// Reads what [`encode`] wrote; `values` are the series' floats, whence the sums come.
pub(crate) fn decode(reader: &mut Reader<'_>, values: &[f64], scratch: &mut Scratch) -> Option<Vec<Indexed>> {
    let mut histograms = Vec::new();
    for _ in 0..reader.count(2)? {
        decode_run(reader, values, scratch, &mut histograms)?;
    }
    Some(histograms)
}

fn same_layout(a: &Histogram, b: &Histogram) -> bool {
    a.schema == b.schema
        && a.zero_threshold.to_bits() == b.zero_threshold.to_bits()
        && a.positive_spans == b.positive_spans
        && a.negative_spans == b.negative_spans
        && a.positive_buckets.len() == b.positive_buckets.len()
        && a.negative_buckets.len() == b.negative_buckets.len()
        && a.custom_bounds.len() == b.custom_bounds.len()
        && a.custom_bounds.iter().zip(&b.custom_bounds).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn encode_run(run: &[Indexed], scratch: &mut Scratch, out: &mut Vec<u8>) {
    let layout = &run[0].1;
    let indexes: Vec<i64> = run.iter().map(|(i, _)| i64::from(*i)).collect();
    ints::encode_column(&indexes, out);
    varint::put_signed(out, i64::from(layout.schema));
    out.extend_from_slice(&layout.zero_threshold.to_bits().to_le_bytes());
    for spans in [&layout.positive_spans, &layout.negative_spans] {
        varint::put(out, spans.len() as u64);
        for span in spans {
            varint::put_signed(out, i64::from(span.offset));
            varint::put(out, u64::from(span.length));
        }
    }
    for len in [layout.positive_buckets.len(), layout.negative_buckets.len(), layout.custom_bounds.len()] {
        varint::put(out, len as u64);
    }
    values::encode(&layout.custom_bounds, scratch, out);
    let hints: Vec<i64> = run.iter().map(|(_, h)| hint_number(h.reset_hint)).collect();
    ints::encode_column(&hints, out);
    let mut column = |value: &dyn Fn(&Histogram) -> f64| {
        let column: Vec<f64> = run.iter().map(|(_, h)| value(h)).collect();
        values::encode(&column, scratch, out);
    };
    column(&|h| h.count);
    column(&|h| h.zero_count);
    for bucket in 0..layout.positive_buckets.len() {
        column(&|h| h.positive_buckets[bucket]);
    }
    for bucket in 0..layout.negative_buckets.len() {
        column(&|h| h.negative_buckets[bucket]);
    }
}

fn decode_run(
    reader: &mut Reader<'_>,
    values: &[f64],
    scratch: &mut Scratch,
    out: &mut Vec<Indexed>,
) -> Option<()> {
    let indexes = ints::decode_column(reader, values.len())?;
    let schema = i32::try_from(reader.signed()?).ok()?;
    let zero_threshold = reader.f64()?;
    let positive_spans = decode_spans(reader)?;
    let negative_spans = decode_spans(reader)?;
    let positive = reader.count_up_to(MAX_BUCKETS)?;
    let negative = reader.count_up_to(MAX_BUCKETS)?;
    let bounds = reader.count_up_to(MAX_BUCKETS)?;
    let mut custom_bounds = Vec::new();
    values::decode(reader, bounds, scratch, &mut custom_bounds)?;
    let hints = ints::decode_column(reader, values.len())?;
    let mut run = Vec::with_capacity(indexes.len());
    for (&index, &hint) in indexes.iter().zip(&hints) {
        let sum = *values.get(usize::try_from(index).ok()?)?;
        run.push(Histogram {
            reset_hint: hint_of(hint)?,
            schema,
            zero_threshold,
            sum,
            positive_spans: positive_spans.clone(),
            negative_spans: negative_spans.clone(),
            custom_bounds: custom_bounds.clone(),
            ..Histogram::default()
        });
    }
    let mut column = Vec::new();
    for which in 0..2 + positive + negative {
        column.clear();
        values::decode(reader, run.len(), scratch, &mut column)?;
        for (histogram, &value) in run.iter_mut().zip(&column) {
            match which {
                0 => histogram.count = value,
                1 => histogram.zero_count = value,
                n if n < 2 + positive => histogram.positive_buckets.push(value),
                _ => histogram.negative_buckets.push(value),
            }
        }
    }
    out.extend(indexes.iter().zip(run).map(|(&i, h)| (i as u32, Arc::new(h))));
    Some(())
}

fn decode_spans(reader: &mut Reader<'_>) -> Option<Vec<Span>> {
    let count = reader.count(2)?;
    (0..count)
        .map(|_| {
            let offset = i32::try_from(reader.signed()?).ok()?;
            Some(Span { offset, length: u32::try_from(reader.varint()?).ok()? })
        })
        .collect()
}

fn hint_number(hint: CounterResetHint) -> i64 {
    match hint {
        CounterResetHint::Unknown => 0,
        CounterResetHint::Reset => 1,
        CounterResetHint::NotReset => 2,
        CounterResetHint::Gauge => 3,
    }
}

fn hint_of(number: i64) -> Option<CounterResetHint> {
    Some(match number {
        0 => CounterResetHint::Unknown,
        1 => CounterResetHint::Reset,
        2 => CounterResetHint::NotReset,
        3 => CounterResetHint::Gauge,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(n: u32, buckets: usize) -> Histogram {
        Histogram {
            reset_hint: if n == 3 { CounterResetHint::Reset } else { CounterResetHint::Unknown },
            schema: 3,
            zero_threshold: 1e-128,
            zero_count: f64::from(n),
            count: f64::from(n * 10),
            sum: f64::from(n) * 0.5,
            positive_spans: vec![Span { offset: -4, length: buckets as u32 }],
            positive_buckets: (0..buckets).map(|b| f64::from(n) * b as f64).collect(),
            ..Histogram::default()
        }
    }

    fn check(histograms: &[Histogram], at_most: usize) {
        let indexed: Vec<Indexed> =
            histograms.iter().enumerate().map(|(i, h)| (i as u32 * 2, Arc::new(h.clone()))).collect();
        let mut values = vec![1.0; histograms.len() * 2];
        for (i, histogram) in histograms.iter().enumerate() {
            values[i * 2] = histogram.sum;
        }
        let mut out = Vec::new();
        encode(&indexed, &mut Scratch::default(), &mut out);
        assert!(out.len() <= at_most, "{} bytes", out.len());
        let back = decode(&mut Reader::new(&out), &values, &mut Scratch::default()).expect("own bytes");
        assert_eq!(indexed, back);
        for cut in 0..out.len() {
            let _ = decode(&mut Reader::new(&out[..cut]), &values, &mut Scratch::default());
        }
    }

    #[test]
    fn runs_of_layouts_come_back() {
        check(&[], 1);
        check(&(0..100).map(|n| histogram(n, 20)).collect::<Vec<_>>(), 220);
        check(&(0..20).map(|n| histogram(n, 3 + n as usize / 7)).collect::<Vec<_>>(), 220);
        let custom = Histogram { schema: -53, custom_bounds: vec![0.1, 0.5, 1.0], ..histogram(2, 4) };
        check(&[custom.clone(), custom, histogram(3, 0)], 120);
    }
}
