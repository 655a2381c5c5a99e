//! A segment's bytes: header (magic, format, sequence, how much of the segment before counts, checksum), then
//! records (length, checksum seeded with the sequence, payload). All integers are little endian.

use std::io;
use std::path::{Path, PathBuf};

use crate::Disk;
use crate::wal::Segment;

const MAGIC: &[u8; 8] = b"PharosWL";
const FORMAT: u32 = 1;
pub(super) const HEADER_BYTES: usize = 32;
pub(super) const FRAME_BYTES: usize = 8;

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sequence: u64,
    /// Bytes of the segment before that were durable when this one began; later ones there were never acknowledged.
    pub(super) before_bytes: u64,
}

impl Header {
    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(MAGIC);
        out[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        out[12..20].copy_from_slice(&self.sequence.to_le_bytes());
        out[20..28].copy_from_slice(&self.before_bytes.to_le_bytes());
        let sum = crc32fast::hash(&out[..28]);
        out[28..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Header, String> {
        let Some(header) = bytes.get(..HEADER_BYTES) else {
            return Err(format!("{} bytes are less than a header", bytes.len()));
        };
        if &header[..8] != MAGIC {
            return Err("it does not begin as a segment does".into());
        }
        if u32_at(header, 28) != crc32fast::hash(&header[..28]) {
            return Err("its header's checksum does not match".into());
        }
        let format = u32_at(header, 8);
        if format != FORMAT {
            return Err(format!("its format is {format}, this program reads {FORMAT}"));
        }
        Ok(Header { sequence: u64_at(header, 12), before_bytes: u64_at(header, 20) })
    }

    pub(super) fn must_be(self, sequence: u64) -> Result<(), String> {
        if self.sequence == sequence {
            Ok(())
        } else {
            Err(format!("it says that it is segment {}", self.sequence))
        }
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// The seed ties a record to its segment, so that bytes of a recycled disk block never pass for one.
pub(super) fn checksum(sequence: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sequence.to_le_bytes());
    hasher.update(&(payload.len() as u32).to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

pub(super) fn push_record(out: &mut Vec<u8>, sequence: u64, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(sequence, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

pub(super) fn path_of(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("{sequence:010}.wal"))
}

/// The segments of a folder in order.
pub(super) fn list(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<Segment>> {
    let mut found: Vec<Segment> = disk
        .list(dir)?
        .into_iter()
        .filter_map(|entry| {
            let sequence = entry.path.file_name()?.to_str()?.strip_suffix(".wal")?.parse().ok()?;
            (!entry.is_dir).then_some(Segment { sequence, path: entry.path, bytes: entry.len })
        })
        .collect();
    found.sort_by_key(|segment| segment.sequence);
    Ok(found)
}
