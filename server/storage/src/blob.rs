//! Checked and compressed bytes: redb and disks return a flipped bit in silence, so every blob has its checksum.
//!
//! Layout: codec (1 byte: 0 raw, 1 zstd), xxh3-64 of codec and stored bytes (8 bytes, little endian), stored bytes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Cursor;
use std::path::PathBuf;

use twox_hash::XxHash3_64;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

use crate::{Error, Result};

/// The most bytes that [`open`] lets a blob grow to.
pub const MAX_BLOB_BYTES: usize = 256 << 20;

const HEADER_BYTES: usize = 9;

/// How a blob's bytes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// As they are.
    Raw,
    /// Compressed with zstd at this level, unless that would not shrink them.
    Zstd(i32),
}

/// Packs `bytes` with a checksum.
pub fn seal(bytes: &[u8], codec: Codec) -> Vec<u8> {
    let mut out = vec![0; HEADER_BYTES];
    if let Codec::Zstd(level) = codec {
        compress_into(level, bytes, &mut out);
        out[0] = 1;
    }
    if out[0] == 0 || out.len() >= HEADER_BYTES + bytes.len() {
        out.truncate(HEADER_BYTES);
        out[0] = 0;
        out.extend_from_slice(bytes);
    }
    let sum = XxHash3_64::oneshot_with_seed(u64::from(out[0]), &out[HEADER_BYTES..]);
    out[1..HEADER_BYTES].copy_from_slice(&sum.to_le_bytes());
    out
}

/// Unpacks what [`seal`] made; `Corrupt` if it is anything else or larger than [`MAX_BLOB_BYTES`].
pub fn open(sealed: &[u8]) -> Result<Cow<'_, [u8]>> {
    open_bounded(sealed, MAX_BLOB_BYTES)
}

/// As [`open`], with another bound on the unpacked size.
pub fn open_bounded(sealed: &[u8], max_bytes: usize) -> Result<Cow<'_, [u8]>> {
    let Some((header, stored)) = sealed.split_at_checked(HEADER_BYTES) else {
        return Err(damaged(format!("a blob of {} bytes is shorter than its header", sealed.len())));
    };
    let mut sum = [0; 8];
    sum.copy_from_slice(&header[1..]);
    if XxHash3_64::oneshot_with_seed(u64::from(header[0]), stored) != u64::from_le_bytes(sum) {
        return Err(damaged(format!("the checksum of a blob of {} bytes does not match", sealed.len())));
    }
    match header[0] {
        0 if stored.len() > max_bytes => {
            Err(damaged(format!("a blob has {} bytes, the bound is {max_bytes}", stored.len())))
        }
        0 => Ok(Cow::Borrowed(stored)),
        1 => Ok(Cow::Owned(decompress(stored, max_bytes)?)),
        other => Err(damaged(format!("a blob has the unknown codec {other}"))),
    }
}

thread_local! {
    // One context a thread and direction: making one costs more than compressing a small block.
    static COMPRESSOR: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses with zstd.
pub fn compress(level: i32, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compress_into(level, bytes, &mut out);
    out
}

/// Appends `bytes`, compressed with zstd, to `out`.
pub fn compress_into(level: i32, bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + zstd_safe::compress_bound(bytes.len()), 0);
    let written = COMPRESSOR.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(at, _)| *at != level) {
            *slot =
                Some((level, Compressor::new(level).expect("zstd clamps levels, so only memory can lack")));
        }
        let (_, compressor) = slot.as_mut().expect("filled above");
        compressor.compress_to_buffer(bytes, &mut out[start..]).expect("the buffer has the bound's size")
    });
    out.truncate(start + written);
}

/// Decompresses one zstd frame of at most `max_bytes`.
pub fn decompress(bytes: &[u8], max_bytes: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    decompress_into(bytes, max_bytes, &mut out)?;
    Ok(out)
}

/// Appends the content of one zstd frame of at most `max_bytes` to `out`; on an error `out` is as it was.
pub fn decompress_into(bytes: &[u8], max_bytes: usize, out: &mut Vec<u8>) -> Result<()> {
    let size = match zstd_safe::get_frame_content_size(bytes) {
        Ok(Some(size)) => size,
        Ok(None) | Err(_) => return Err(damaged("not a zstd frame that names its size".into())),
    };
    if size > max_bytes as u64 {
        return Err(damaged(format!("a zstd frame holds {size} bytes, the bound is {max_bytes}")));
    }
    let start = out.len();
    out.reserve_exact(size as usize);
    let got = DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(Decompressor::new()?);
        }
        // Into room that nobody has filled before.
        let mut room = Cursor::new(&mut *out);
        room.set_position(start as u64);
        slot.as_mut().expect("filled above").decompress_to_buffer(bytes, &mut room)
    });
    match got {
        Ok(written) if written as u64 == size => Ok(()),
        Ok(written) => {
            out.truncate(start);
            Err(damaged(format!("a zstd frame held {written} bytes, not {size} as it says")))
        }
        Err(error) => {
            out.truncate(start);
            Err(damaged(format!("a zstd frame does not decode: {error}")))
        }
    }
}

fn damaged(what: String) -> Error {
    Error::Corrupt { path: PathBuf::new(), what }
}

#[cfg(test)]
mod tests {
    use model::ErrorKind;

    use super::*;

    fn check(bytes: &[u8], codec: Codec, sealed_at_most: usize) {
        let sealed = seal(bytes, codec);
        assert!(sealed.len() <= sealed_at_most, "{} > {sealed_at_most}", sealed.len());
        assert_eq!(open(&sealed).expect("opens").as_ref(), bytes);
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert_eq!(open(&broken).expect_err("flipped").kind(), ErrorKind::Corrupt, "byte {at}");
            assert_eq!(open(&sealed[..at]).expect_err("cut").kind(), ErrorKind::Corrupt, "cut at {at}");
        }
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        check(b"", Codec::Raw, 9);
        check(b"", Codec::Zstd(1), 9);
        check(b"x", Codec::Zstd(3), 10);
        check(&[7; 4000], Codec::Zstd(1), 100);
        check(&[7; 400], Codec::Raw, 409);
        check(&[7; 400], Codec::Zstd(9), 100);
    }

    #[test]
    fn never_grows_beyond_the_bound() {
        let sealed = seal(&vec![0; 1 << 20], Codec::Zstd(1));
        assert!(sealed.len() < 1000);
        assert_eq!(open_bounded(&sealed, (1 << 20) - 1).expect_err("bounded").kind(), ErrorKind::Corrupt);
        assert_eq!(open_bounded(&sealed, 1 << 20).expect("fits").len(), 1 << 20);
        let raw = seal(&[1; 100], Codec::Raw);
        assert_eq!(open_bounded(&raw, 99).expect_err("bounded").kind(), ErrorKind::Corrupt);
        let mut out = b"kept".to_vec();
        assert!(decompress_into(b"no frame", 100, &mut out).is_err());
        assert_eq!(out, b"kept");
        decompress_into(&compress(1, b" more"), 5, &mut out).expect("fits");
        assert_eq!(out, b"kept more");
    }
}
