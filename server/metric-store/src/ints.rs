//! Columns of integers: constant, linear, by differences, or by differences of differences, whichever is smallest.

use crate::varint::{self, Reader, unzigzag, zigzag};

/// How a column of integers is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The first number alone.
    Const = 0,
    /// The first number and the step.
    Linear = 1,
    /// The first number, then each difference.
    Delta = 2,
    /// The first number and difference, then each change of the difference.
    DeltaOfDelta = 3,
}

impl Kind {
    pub(crate) fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Kind::Const,
            1 => Kind::Linear,
            2 => Kind::Delta,
            3 => Kind::DeltaOfDelta,
            _ => return None,
        })
    }
}

/// The kind that writes `ints` in the fewest bytes.
pub(crate) fn best_kind(ints: &[i64]) -> Kind {
    let Some((&first, rest)) = ints.split_first() else { return Kind::Const };
    let Some(&second) = rest.first() else { return Kind::Const };
    let step = second.wrapping_sub(first);
    let (mut deltas, mut changes, mut linear) = (0u32, 0u32, true);
    let (mut last, mut last_delta) = (first, step);
    for &n in rest {
        let delta = n.wrapping_sub(last);
        let change = delta.wrapping_sub(last_delta);
        linear &= change == 0;
        deltas += varint::len(zigzag(delta));
        changes += varint::len(zigzag(change));
        (last, last_delta) = (n, delta);
    }
    match (linear, step) {
        (true, 0) => Kind::Const,
        (true, _) => Kind::Linear,
        _ if changes < deltas => Kind::DeltaOfDelta,
        _ => Kind::Delta,
    }
}

/// Writes `ints` as `kind`, which must be able to hold them. Neither the kind nor the count is written.
pub(crate) fn encode(kind: Kind, ints: &[i64], out: &mut Vec<u8>) {
    let Some((&first, rest)) = ints.split_first() else { return };
    varint::put_signed(out, first);
    let step = rest.first().map_or(0, |second| second.wrapping_sub(first));
    let mut last = first;
    match kind {
        Kind::Const => {}
        Kind::Linear => varint::put_signed(out, step),
        Kind::Delta => {
            for &n in rest {
                varint::put_signed(out, n.wrapping_sub(last));
                last = n;
            }
        }
        Kind::DeltaOfDelta => {
            let mut last_delta = 0i64;
            for &n in rest {
                let delta = n.wrapping_sub(last);
                varint::put_signed(out, delta.wrapping_sub(last_delta));
                (last, last_delta) = (n, delta);
            }
        }
    }
}

/// Appends the `n` integers that [`encode`] wrote.
pub(crate) fn decode(kind: Kind, reader: &mut Reader<'_>, n: usize, out: &mut Vec<i64>) -> Option<()> {
    if n == 0 {
        return Some(());
    }
    let mut last = reader.signed()?;
    out.reserve(n);
    out.push(last);
    match kind {
        Kind::Const => out.extend(std::iter::repeat_n(last, n - 1)),
        Kind::Linear => {
            let step = reader.signed()?;
            out.extend((1..n).map(|_| {
                last = last.wrapping_add(step);
                last
            }));
        }
        Kind::Delta => {
            for _ in 1..n {
                last = last.wrapping_add(unzigzag(reader.varint()?));
                out.push(last);
            }
        }
        Kind::DeltaOfDelta => {
            let mut delta = 0i64;
            for _ in 1..n {
                delta = delta.wrapping_add(unzigzag(reader.varint()?));
                last = last.wrapping_add(delta);
                out.push(last);
            }
        }
    }
    Some(())
}

/// Writes a column with its count and kind in front.
pub(crate) fn encode_column(ints: &[i64], out: &mut Vec<u8>) {
    varint::put(out, ints.len() as u64);
    let kind = best_kind(ints);
    out.push(kind as u8);
    encode(kind, ints, out);
}

/// Reads what [`encode_column`] wrote, at most `most` integers.
pub(crate) fn decode_column(reader: &mut Reader<'_>, most: usize) -> Option<Vec<i64>> {
    let n = reader.count_up_to(most)?;
    let kind = Kind::from_bits(reader.byte()?)?;
    let mut ints = Vec::new();
    decode(kind, reader, n, &mut ints)?;
    Some(ints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(ints: &[i64], kind: Kind, bytes: usize) {
        assert_eq!(best_kind(ints), kind, "{ints:?}");
        let mut out = Vec::new();
        encode_column(ints, &mut out);
        assert_eq!(out.len(), bytes, "{ints:?}");
        assert_eq!(decode_column(&mut Reader::new(&out), ints.len()).as_deref(), Some(ints));
    }

    #[test]
    fn each_kind_where_it_is_smallest() {
        check(&[], Kind::Const, 2);
        check(&[7], Kind::Const, 3);
        check(&[7, 7, 7], Kind::Const, 3);
        check(&[7, 9, 11, 13], Kind::Linear, 4);
        check(&[5, 9, 3, 4], Kind::Delta, 6);
        check(&[0, 10_000, 20_001, 30_000, 40_001], Kind::DeltaOfDelta, 9);
        check(&[i64::MIN, i64::MAX, i64::MIN, 0], Kind::Delta, 24);
    }

    proptest! {
        #[test]
        fn any_column_comes_back(ints: Vec<i64>) {
            let mut out = Vec::new();
            encode_column(&ints, &mut out);
            prop_assert_eq!(decode_column(&mut Reader::new(&out), ints.len()), Some(ints));
        }
    }
}
