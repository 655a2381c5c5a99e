//! Prometheus' chunks of float histograms: the layout of the buckets once, then each number as what changed of its
//! bits. Source: `tsdb/docs/format/chunks.md` of Prometheus.

use model::{CounterResetHint, Histogram, Span};

use super::bits::{Bits, Window};

/// Whether `next` can follow `before` in a chunk: a chunk has one layout and no counter reset.
pub(super) fn continues(before: &Histogram, next: &Histogram) -> bool {
    let is_gauge = |h: &Histogram| h.reset_hint == CounterResetHint::Gauge;
    is_gauge(before) == is_gauge(next)
        && next.reset_hint != CounterResetHint::Reset
        && before.schema == next.schema
        && before.zero_threshold.to_bits() == next.zero_threshold.to_bits()
        && before.positive_spans == next.positive_spans
        && before.negative_spans == next.negative_spans
        && before.custom_bounds == next.custom_bounds
        && (is_gauge(next) || !falls(before, next))
}

/// Whether any count is smaller than before.
fn falls(before: &Histogram, next: &Histogram) -> bool {
    let counts = |h: &Histogram| {
        let buckets = h.positive_buckets.iter().chain(&h.negative_buckets);
        [h.count, h.zero_count].into_iter().chain(buckets.copied()).collect::<Vec<f64>>()
    };
    // A count that is no number is not known to have grown.
    let grows = |(before, next): (f64, f64)| next >= before;
    !counts(before).into_iter().zip(counts(next)).all(grows)
}

/// One chunk of histograms that [`continues`] lets follow each other; at most 65,535 of them.
pub(super) fn encode(samples: &[(i64, &Histogram)]) -> Vec<u8> {
    let mut bits = Bits::counting(samples.len());
    let Some((_, layout)) = samples.first() else { return bits.bytes };
    head(&mut bits, layout);
    let (mut before, mut delta) = (0_i64, 0_i64);
    let mut last: Vec<(u64, Window)> = Vec::new();
    for (i, (t_ms, histogram)) in samples.iter().take(usize::from(u16::MAX)).enumerate() {
        let new_delta = t_ms.wrapping_sub(before);
        bits.varbit_int(if i < 2 { new_delta } else { new_delta.wrapping_sub(delta) });
        (before, delta) = (*t_ms, new_delta);
        let numbers = numbers(histogram);
        if i == 0 {
            numbers.iter().for_each(|number| bits.put(*number, 64));
            last = numbers.into_iter().map(|number| (number, None)).collect();
            continue;
        }
        for ((value, window), number) in last.iter_mut().zip(numbers) {
            bits.change(*value ^ number, window);
            *value = number;
        }
    }
    bits.bytes
}

/// The bits of all numbers of a histogram, in the order of the chunk.
fn numbers(h: &Histogram) -> Vec<u64> {
    let buckets = h.positive_buckets.iter().chain(&h.negative_buckets);
    [h.count, h.zero_count, h.sum].iter().chain(buckets).map(|number| number.to_bits()).collect()
}

fn head(bits: &mut Bits, layout: &Histogram) {
    // Where nothing certain is known the reader compares the counts.
    let flags = match layout.reset_hint {
        CounterResetHint::Reset => 0b1000_0000,
        CounterResetHint::Gauge => 0b1100_0000,
        CounterResetHint::Unknown | CounterResetHint::NotReset => 0,
    };
    bits.put(flags, 8);
    zero_threshold(bits, layout.zero_threshold);
    bits.varbit_int(i64::from(layout.schema));
    spans(bits, &layout.positive_spans);
    spans(bits, &layout.negative_spans);
    if layout.is_custom() {
        bits.varbit_uint(layout.custom_bounds.len() as u64);
        layout.custom_bounds.iter().for_each(|bound| custom_bound(bits, *bound));
    }
}

/// Zero, a power of two from 2^-243 to 2^10, or anything.
fn zero_threshold(bits: &mut Bits, width: f64) {
    let raw = width.to_bits();
    // The exponent as `frexp` gives it, for a fraction of one half.
    let exponent = (raw >> 52) as i64 - 1022;
    match exponent {
        _ if raw == 0 => bits.put(0, 8),
        -242..=11 if raw << 12 == 0 => bits.put((exponent + 243) as u64, 8),
        _ => {
            bits.put(255, 8);
            bits.put(raw, 64);
        }
    }
}

fn spans(bits: &mut Bits, spans: &[Span]) {
    bits.varbit_uint(spans.len() as u64);
    for span in spans {
        bits.varbit_uint(u64::from(span.length));
        bits.varbit_int(i64::from(span.offset));
    }
}

/// A bound of at most three decimals is a small integer, any other one its bits behind a zero.
fn custom_bound(bits: &mut Bits, bound: f64) {
    let thousandths = (bound * 1000.0).round();
    if (0.0..=33_554_430.0).contains(&thousandths)
        && thousandths / 1000.0 == bound
        && bound.is_sign_positive()
    {
        bits.varbit_uint(thousandths as u64 + 1);
    } else {
        bits.bit(false);
        bits.put(bound.to_bits(), 64);
    }
}
