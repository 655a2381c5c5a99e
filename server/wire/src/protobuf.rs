//! Protocol buffers, read in place: fields of a message as slices and numbers; and the little that is written.

use crate::Error;

/// A field's value as it lies on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Why a message cannot be read.
pub(crate) type Bad = &'static str;

impl<'a> Value<'a> {
    pub(crate) fn bytes(self) -> Result<&'a [u8], Bad> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err("a field has the wrong wire type (bytes expected)"),
        }
    }

    pub(crate) fn text(self) -> Result<&'a str, Bad> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "a text is not valid UTF-8")
    }

    pub(crate) fn varint(self) -> Result<u64, Bad> {
        match self {
            Value::Varint(n) => Ok(n),
            _ => Err("a field has the wrong wire type (integer expected)"),
        }
    }

    pub(crate) fn int64(self) -> Result<i64, Bad> {
        Ok(self.varint()? as i64)
    }

    pub(crate) fn sint(self) -> Result<i64, Bad> {
        Ok(unzigzag(self.varint()?))
    }

    pub(crate) fn double(self) -> Result<f64, Bad> {
        match self {
            Value::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err("a field has the wrong wire type (double expected)"),
        }
    }
}

pub(crate) fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// Walks the fields of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Reader { rest: message }
    }

    /// Bytes not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next field: its number and value.
    #[inline]
    pub(crate) fn field(&mut self) -> Result<Option<(u32, Value<'a>)>, Bad> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| "a field number is too large")?;
        if number == 0 {
            return Err("a field has number 0");
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.take_array()?)),
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| "a length is too large")?;
                let (bytes, rest) = self.rest.split_at_checked(len).ok_or("a message is cut short")?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.take_array()?)),
            _ => return Err("a field has an unknown wire type"),
        };
        Ok(Some((number, value)))
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Bad> {
        // Most numbers here are tags and lengths of one byte.
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(byte));
        }
        let mut n = 0u64;
        for (i, &byte) in self.rest.iter().enumerate().take(10) {
            n |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.rest = &self.rest[i + 1..];
                return Ok(n);
            }
        }
        Err("a number is cut short or too long")
    }

    /// A message behind its length, as they follow each other in a stream.
    pub(crate) fn delimited(&mut self) -> Result<&'a [u8], Bad> {
        let len = usize::try_from(self.varint()?).map_err(|_| "a length is too large")?;
        let (message, rest) = self.rest.split_at_checked(len).ok_or("a message is cut short")?;
        self.rest = rest;
        Ok(message)
    }

    pub(crate) fn fixed64(&mut self) -> Result<u64, Bad> {
        Ok(u64::from_le_bytes(self.take_array()?))
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Bad> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or("a message is cut short")?;
        self.rest = rest;
        Ok(*array)
    }
}

pub(crate) fn malformed(what: &'static str) -> impl Fn(Bad) -> Error {
    move |why| Error::malformed(what, why)
}

/// Appends fields to a message.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn raw_varint(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    pub(crate) fn varint(&mut self, number: u32, n: u64) {
        self.raw_varint(u64::from(number << 3));
        self.raw_varint(n);
    }

    pub(crate) fn sint(&mut self, number: u32, n: i64) {
        self.varint(number, ((n << 1) ^ (n >> 63)) as u64);
    }

    pub(crate) fn double(&mut self, number: u32, value: f64) {
        self.raw_varint(u64::from(number << 3 | 1));
        self.bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    #[cfg(test)]
    pub(crate) fn fixed64(&mut self, number: u32, n: u64) {
        self.raw_varint(u64::from(number << 3 | 1));
        self.bytes.extend_from_slice(&n.to_le_bytes());
    }

    #[cfg(test)]
    pub(crate) fn fixed32(&mut self, number: u32, n: u32) {
        self.raw_varint(u64::from(number << 3 | 5));
        self.bytes.extend_from_slice(&n.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.raw_varint(u64::from(number << 3 | 2));
        self.raw_varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn message(&mut self, number: u32, fill: impl FnOnce(&mut Writer)) {
        let mut inner = Writer::default();
        fill(&mut inner);
        self.bytes(number, &inner.bytes);
    }

    pub(crate) fn packed_doubles(&mut self, number: u32, values: &[f64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_bits().to_le_bytes()).collect();
        self.bytes(number, &bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let mut writer = Writer::default();
        writer.varint(1, u64::MAX);
        writer.sint(2, -3);
        writer.double(3, -0.5);
        writer.bytes(400, b"abc");
        let mut reader = Reader::new(&writer.bytes);
        assert_eq!(reader.field(), Ok(Some((1, Value::Varint(u64::MAX)))));
        assert_eq!(reader.field().unwrap().unwrap().1.sint(), Ok(-3));
        assert_eq!(reader.field().unwrap().unwrap().1.double(), Ok(-0.5));
        assert_eq!(reader.field(), Ok(Some((400, Value::Bytes(b"abc")))));
        assert_eq!(reader.field(), Ok(None));
    }

    #[test]
    fn cut_messages_are_errors() {
        for bytes in [&b"\x0a\x05ab"[..], b"\x09\x01", b"\xff", b"\x0b", b"\x00\x00"] {
            assert!(Reader::new(bytes).field().is_err(), "{bytes:?}");
        }
    }
}
