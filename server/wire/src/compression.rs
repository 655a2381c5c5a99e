//! Decompression of request bodies, always under a bound.

use std::io::Read;

use crate::{Error, Result};

/// Decompresses a snappy block (the framing of remote write and of Loki's protobuf push).
pub fn snappy(body: &[u8], limit: usize) -> Result<Vec<u8>> {
    let len = snap::raw::decompress_len(body).map_err(|e| Error::malformed("snappy block", e))?;
    if len > limit {
        return Err(Error::TooLarge { limit });
    }
    // A block expands at most some 22-fold: a header that claims more would only reserve memory.
    if len / 32 > body.len() {
        return Err(Error::malformed(
            "snappy block",
            format!("it claims {len} bytes but has {}", body.len()),
        ));
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(|e| Error::malformed("snappy block", e))
}

/// Compresses as a snappy block.
pub fn to_snappy(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).expect("snappy refuses bodies of 4 GiB alone")
}

/// Decompresses gzip, one member or several.
pub fn gzip(body: &[u8], limit: usize) -> Result<Vec<u8>> {
    read_bounded(flate2::read::MultiGzDecoder::new(body), "gzip body", limit)
}

/// Decompresses zlib (`Content-Encoding: deflate`).
pub fn deflate(body: &[u8], limit: usize) -> Result<Vec<u8>> {
    read_bounded(flate2::read::ZlibDecoder::new(body), "deflate body", limit)
}

fn read_bounded(reader: impl Read, what: &'static str, limit: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut out).map_err(|e| Error::malformed(what, e))?;
    if out.len() > limit { Err(Error::TooLarge { limit }) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn bounds_hold() {
        let zeros = vec![0u8; 100_000];
        assert_eq!(gzip(&gzipped(&zeros), 100_000).unwrap(), zeros);
        assert_eq!(gzip(&gzipped(&zeros), 99_999), Err(Error::TooLarge { limit: 99_999 }));
        assert_eq!(snappy(&to_snappy(&zeros), 100_000).unwrap(), zeros);
        assert_eq!(snappy(&to_snappy(&zeros), 99_999), Err(Error::TooLarge { limit: 99_999 }));
    }

    #[test]
    fn bad_bytes_are_named() {
        assert!(gzip(b"hello", 10).unwrap_err().to_string().starts_with("gzip body cannot be decoded"));
        assert!(snappy(b"\xff\xff\xff\x7f", usize::MAX).unwrap_err().to_string().contains("it claims"));
        assert!(snappy(b"\xff", 10).is_err());
    }
}
