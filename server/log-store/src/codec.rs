//! Variable-length integers, byte strings and labels: the words all of this crate's formats are made of.

use model::Labels;

use crate::{Error, Result};

/// Appends `value`, seven bits a byte.
#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number so that small ones of either sign stay short.
#[inline]
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends `bytes` behind their length.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a label set.
pub(crate) fn put_labels(out: &mut Vec<u8>, labels: &Labels) {
    put_varint(out, labels.len() as u64);
    for (name, value) in labels.iter() {
        put_bytes(out, name.as_bytes());
        put_bytes(out, value.as_bytes());
    }
}

/// Reads what the `put_…` functions wrote; anything else is `Corrupt`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next byte.
    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.0.split_first().ok_or_else(cut)?;
        self.0 = rest;
        Ok(byte)
    }

    /// The next number.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            if shift > 63 {
                return Err(Error::corrupt("a number has more than 64 bits"));
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// The next signed number.
    #[inline]
    pub(crate) fn signed(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A count of things that take a byte each at least: never more than what is left.
    pub(crate) fn count(&mut self) -> Result<usize> {
        let count = self.varint()?;
        if count > self.0.len() as u64 {
            return Err(Error::corrupt(format!("{count} things are said to be in {} bytes", self.0.len())));
        }
        Ok(count as usize)
    }

    /// The next `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or_else(cut)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next byte string.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let n = self.count()?;
        self.take(n)
    }

    /// The next text.
    pub(crate) fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Error::corrupt("a text is not UTF-8"))
    }

    /// The next label set.
    pub(crate) fn labels(&mut self) -> Result<Labels> {
        let n = self.count()?;
        let mut pairs = Vec::with_capacity(n);
        for _ in 0..n {
            pairs.push((self.text()?, self.text()?));
        }
        Labels::from_sorted(pairs).ok_or_else(|| Error::corrupt("labels are not sorted"))
    }

    /// Whether everything was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn cut() -> Error {
    Error::corrupt("stored bytes end too early")
}

/// The most entries that one packed column may have: bounds what damaged counts can allocate.
pub(crate) const MAX_PACKED: usize = 1 << 26;

/// Appends a column: least value, common divisor of the rest, width, then the bytes plane by plane (all low bytes,
/// all second bytes, …), which zstd likes and which decodes without branches.
pub(crate) fn pack(values: &[u64], out: &mut Vec<u8>) {
    let min = values.iter().copied().min().unwrap_or(0);
    let max = values.iter().copied().max().unwrap_or(0);
    let mut divisor = 0;
    for value in values {
        let above = value - min;
        if divisor == 0 {
            divisor = above;
        } else if !above.is_multiple_of(divisor) {
            divisor = greatest_divisor(above, divisor);
        }
        if divisor == 1 {
            break;
        }
    }
    let divisor = divisor.max(1);
    let width = (64 - ((max - min) / divisor).leading_zeros()).div_ceil(8);
    put_varint(out, min);
    put_varint(out, divisor);
    out.push(width as u8);
    for plane in 0..width {
        out.extend(values.iter().map(|value| (((value - min) / divisor) >> (8 * plane)) as u8));
    }
}

/// Reads a column of `count` values, appending to `out`.
pub(crate) fn unpack(reader: &mut Reader<'_>, count: usize, out: &mut Vec<u64>) -> Result<()> {
    if count > MAX_PACKED {
        return Err(Error::corrupt(format!("a column of {count} values")));
    }
    let (min, divisor, width) = (reader.varint()?, reader.varint()?, reader.byte()?);
    if width > 8 {
        return Err(Error::corrupt(format!("a column {width} bytes wide")));
    }
    let start = out.len();
    out.resize(start + count, 0);
    for plane in 0..u32::from(width) {
        let bytes = reader.take(count)?;
        for (value, byte) in out[start..].iter_mut().zip(bytes) {
            *value |= u64::from(*byte) << (8 * plane);
        }
    }
    for value in &mut out[start..] {
        *value = value.wrapping_mul(divisor).wrapping_add(min);
    }
    Ok(())
}

fn greatest_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[u64], most_bytes: usize) {
        let mut packed = Vec::new();
        pack(values, &mut packed);
        assert!(packed.len() <= most_bytes, "{} > {most_bytes}", packed.len());
        let (mut reader, mut out) = (Reader(&packed), Vec::new());
        unpack(&mut reader, values.len(), &mut out).expect("unpacks");
        assert!(reader.is_empty());
        assert_eq!(out, values);
    }

    #[test]
    fn columns_take_what_they_vary_by() {
        check(&[], 3);
        check(&[5; 100], 3);
        check(&[u64::MAX], 12);
        check(&[0, u64::MAX, 1], 3 * 8 + 12);
        check(&[1_000_000, 3_000_000, 255_000_000], 3 + 3 + 3 + 3);
        check(&[7, 263], 2 + 5);
    }

    proptest! {
        #[test]
        fn any_column_comes_back(values in prop::collection::vec(any::<u64>(), 0..50), shift in 0u32..64) {
            let values: Vec<u64> = values.iter().map(|v| v >> shift).collect();
            check(&values, usize::MAX);
        }

        #[test]
        fn numbers_come_back(a in any::<u64>(), b in any::<i64>(), c in prop::collection::vec(any::<u8>(), 0..9)) {
            let mut out = Vec::new();
            put_varint(&mut out, a);
            put_signed(&mut out, b);
            put_bytes(&mut out, &c);
            let mut reader = Reader(&out);
            prop_assert_eq!((reader.varint().ok(), reader.signed().ok()), (Some(a), Some(b)));
            prop_assert_eq!(reader.bytes().ok(), Some(&c[..]));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn damaged_bytes_are_refused_not_trusted(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Reader(&bytes).labels();
            let _ = unpack(&mut Reader(&bytes), 1000, &mut Vec::new());
        }
    }
}
