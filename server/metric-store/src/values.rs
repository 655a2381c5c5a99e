//! The values of one series: decimal integers where that is exact to the bit, XOR where it is not.
//!
//! Exporters print decimals, so most values are integers divided by a power of ten. Those integers are written as
//! [`crate::ints`] does; stale markers and the odd value that is no such decimal are exceptions beside the stream.

use model::STALE_NAN_BITS;

use crate::ints::{self, Kind};
use crate::varint::{self, Reader};

const MAX_EXPONENT: u8 = 12;
const POWERS: [f64; MAX_EXPONENT as usize + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
/// Beyond this a scaled decimal is not exact.
const MAX_SCALED: f64 = (1u64 << 53) as f64;

const KIND_MASK: u8 = 0x07;
const XOR: u8 = 4;
const HAS_EXCEPTIONS: u8 = 0x08;
const EXPONENT_SHIFT: u8 = 4;

const EXCEPTION_STALE: u8 = 0;
const EXCEPTION_RAW: u8 = 1;

/// Buffers that are reused from series to series.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    ints: Vec<i64>,
    exceptions: Vec<u32>,
}

/// Appends `values`; their count is not written.
pub(crate) fn encode(values: &[f64], scratch: &mut Scratch, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let Some(exponent) = decimals(values, scratch) else { return encode_xor(values, out) };
    let kind = ints::best_kind(&scratch.ints);
    let flag = if scratch.exceptions.is_empty() { 0 } else { HAS_EXCEPTIONS };
    out.push(kind as u8 | flag | exponent << EXPONENT_SHIFT);
    if flag != 0 {
        encode_exceptions(values, &scratch.exceptions, out);
    }
    ints::encode(kind, &scratch.ints, out);
}

/// Appends the `n` values that [`encode`] wrote.
pub(crate) fn decode(
    reader: &mut Reader<'_>,
    n: usize,
    scratch: &mut Scratch,
    out: &mut Vec<f64>,
) -> Option<()> {
    if n == 0 {
        return Some(());
    }
    let head = reader.byte()?;
    if head & KIND_MASK == XOR {
        return decode_xor(reader, n, out);
    }
    let kind = Kind::from_bits(head & KIND_MASK)?;
    let power = *POWERS.get(usize::from(head >> EXPONENT_SHIFT))?;
    let mut exceptions = Vec::new();
    if head & HAS_EXCEPTIONS != 0 {
        exceptions = decode_exceptions(reader, n)?;
    }
    scratch.ints.clear();
    ints::decode(kind, reader, n - exceptions.len(), &mut scratch.ints)?;
    if exceptions.is_empty() {
        scale(&scratch.ints, power, out);
        return Some(());
    }
    out.reserve(n);
    let mut rest = scratch.ints.as_slice();
    let mut at = 0;
    for (position, bits) in exceptions {
        let (before, after) = rest.split_at_checked(position - at)?;
        scale(before, power, out);
        out.push(f64::from_bits(bits));
        (rest, at) = (after, position + 1);
    }
    scale(rest, power, out);
    Some(())
}

fn scale(ints: &[i64], power: f64, out: &mut Vec<f64>) {
    if power == 1.0 {
        out.extend(ints.iter().map(|&n| n as f64));
    } else {
        out.extend(ints.iter().map(|&n| n as f64 / power));
    }
}

/// `value` as an integer over ten to the `exponent`, if that is exact to the bit.
#[inline]
fn scaled(value: f64, exponent: u8) -> Option<i64> {
    if exponent == 0 {
        let n = value as i64;
        // The cast saturates: 2^63 would come back as itself, and wrap in differences without harm.
        return ((n as f64).to_bits() == value.to_bits()).then_some(n);
    }
    let power = POWERS[usize::from(exponent)];
    let product = value * power;
    if product.is_nan() || product.abs() >= MAX_SCALED {
        return None;
    }
    let n = (product + 0.5f64.copysign(product)) as i64;
    ((n as f64 / power).to_bits() == value.to_bits()).then_some(n)
}

/// Fills the scratch with integers and exceptions; `None` if XOR is the better way.
fn decimals(values: &[f64], scratch: &mut Scratch) -> Option<u8> {
    let exponent = find_exponent(values)?;
    scratch.ints.clear();
    scratch.exceptions.clear();
    let mut odd = 0;
    for (i, &value) in values.iter().enumerate() {
        match scaled(value, exponent) {
            Some(n) => scratch.ints.push(n),
            None => {
                scratch.exceptions.push(i as u32);
                odd += usize::from(value.to_bits() != STALE_NAN_BITS);
            }
        }
    }
    (!scratch.ints.is_empty() && odd * 4 <= values.len()).then_some(exponent)
}

/// The smallest exponent at which the values are integers, but for a few; `None` if many are at none.
fn find_exponent(values: &[f64]) -> Option<u8> {
    let mut exponent = 0;
    let mut odd = 0;
    for (i, &value) in values.iter().enumerate() {
        if scaled(value, exponent).is_some() || value.to_bits() == STALE_NAN_BITS {
            continue;
        }
        match (exponent + 1..=MAX_EXPONENT).find(|&e| scaled(value, e).is_some()) {
            Some(found) => exponent = found,
            None => {
                odd += 1;
                if odd * 4 > i + 8 {
                    return None;
                }
            }
        }
    }
    Some(exponent)
}

fn encode_exceptions(values: &[f64], positions: &[u32], out: &mut Vec<u8>) {
    varint::put(out, positions.len() as u64);
    let mut next = 0;
    for &position in positions {
        varint::put(out, u64::from(position - next));
        next = position + 1;
        let bits = values[position as usize].to_bits();
        if bits == STALE_NAN_BITS {
            out.push(EXCEPTION_STALE);
        } else {
            out.push(EXCEPTION_RAW);
            out.extend_from_slice(&bits.to_le_bytes());
        }
    }
}

fn decode_exceptions(reader: &mut Reader<'_>, n: usize) -> Option<Vec<(usize, u64)>> {
    let count = reader.count(2)?;
    let mut exceptions = Vec::with_capacity(count);
    let mut next = 0usize;
    for _ in 0..count {
        let position = next.checked_add(usize::try_from(reader.varint()?).ok()?).filter(|p| *p < n)?;
        let bits = match reader.byte()? {
            EXCEPTION_STALE => STALE_NAN_BITS,
            EXCEPTION_RAW => reader.u64()?,
            _ => return None,
        };
        exceptions.push((position, bits));
        next = position + 1;
    }
    Some(exceptions)
}

/// Each value XORed with the one before: how many bytes are zero at either end, then, apart, the bytes between.
/// Apart, because the counts repeat and the bytes do not.
fn encode_xor(values: &[f64], out: &mut Vec<u8>) {
    out.push(XOR);
    let controls = out.len();
    out.resize(controls + values.len(), 0);
    let mut last = 0u64;
    for (i, value) in values.iter().enumerate() {
        let bits = value.to_bits();
        let xor = bits ^ last;
        last = bits;
        if xor == 0 {
            out[controls + i] = 0x80;
            continue;
        }
        let (high, low) = ((xor.leading_zeros() / 8) as usize, (xor.trailing_zeros() / 8) as usize);
        out[controls + i] = (high << 4 | low) as u8;
        out.extend_from_slice(&xor.to_le_bytes()[low..8 - high]);
    }
}

fn decode_xor(reader: &mut Reader<'_>, n: usize, out: &mut Vec<f64>) -> Option<()> {
    let controls = reader.take(n)?;
    out.reserve(n);
    let mut last = 0u64;
    for &control in controls {
        if control != 0x80 {
            let (high, low) = (usize::from(control >> 4), usize::from(control & 0x0f));
            let mut bytes = [0u8; 8];
            let slot = bytes.get_mut(low..8usize.checked_sub(high)?)?;
            slot.copy_from_slice(reader.take(slot.len())?);
            last ^= u64::from_le_bytes(bytes);
        }
        out.push(f64::from_bits(last));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(values: &[f64]) -> usize {
        let mut out = Vec::new();
        encode(values, &mut Scratch::default(), &mut out);
        let mut back = Vec::new();
        decode(&mut Reader::new(&out), values.len(), &mut Scratch::default(), &mut back).expect("own bytes");
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(values), bits(&back));
        out.len()
    }

    fn check(values: &[f64], bytes: usize) {
        assert_eq!(round_trip(values), bytes, "{values:?}");
    }

    #[test]
    fn sizes_of_what_exporters_say() {
        check(&[], 0);
        check(&[0.0; 100], 2);
        check(&[1.5, 2.5, 3.5, 4.5], 3);
        check(&[100.0, 101.0, 103.0, 104.0], 6);
        check(&[0.01, 0.02, 0.04, model::stale_nan()], 3 + 3 + 1);
        check(&[-0.0], 3);
        check(&[f64::NAN; 3], 1 + 3 + 2);
        check(&[1e18, -1e18, 1e18], 1 + 9 + 9 + 9);
    }

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            any::<i32>().prop_map(f64::from),
            any::<i32>().prop_map(|n| f64::from(n) / 1000.0),
            Just(0.0),
            Just(-0.0),
            Just(model::stale_nan()),
            Just(f64::INFINITY),
            Just(2f64.powi(63)),
            Just(-(2f64.powi(63))),
        ]
    }

    proptest! {
        #[test]
        fn every_bit_pattern_comes_back(values in prop::collection::vec(any_value(), 0..300)) {
            round_trip(&values);
        }

        #[test]
        fn decimals_come_back(values in prop::collection::vec((any::<i32>(), 0..9i32), 0..300)) {
            let values: Vec<f64> = values
                .iter()
                .map(|(n, e)| format!("{n}e-{e}").parse().expect("a decimal"))
                .collect();
            round_trip(&values);
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>, n in 0usize..500) {
            let _ = decode(&mut Reader::new(&bytes), n, &mut Scratch::default(), &mut Vec::new());
        }
    }
}
