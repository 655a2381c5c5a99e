//! Reading a log back: everything that was acknowledged, in order, and a report of what could not be read.

use std::path::{Path, PathBuf};

use crate::wal::Segment;
use crate::wal::segment::{self, FRAME_BYTES, HEADER_BYTES, Header};
use crate::{Disk, Error, Result};

/// A record read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The segment it is in.
    pub segment: u64,
    /// Where in the segment it begins.
    pub offset: u64,
    /// Whether it is the segment's first: the owner's state begins anew.
    pub first: bool,
    /// What was appended.
    pub payload: &'a [u8],
}

/// Bytes of a segment that are damaged though they were acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment's file.
    pub path: PathBuf,
    /// Where the damage begins.
    pub offset: u64,
    /// How many bytes are lost from there on.
    pub bytes: u64,
    /// What does not fit.
    pub what: String,
}

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Records that were handed out.
    pub records: u64,
    /// Segments that were read.
    pub segments: u64,
    /// Bytes of the last segment's torn tail: written, never acknowledged, cut.
    pub torn_bytes: u64,
    /// What is lost.
    pub damage: Vec<Damage>,
    /// Segments at the end that were never begun: a crash came before their header was durable.
    pub(super) blank: Vec<Segment>,
    /// The last segment, and how much of it counts: (sequence, bytes).
    pub(super) last: Option<(u64, u64)>,
}

/// Bytes that are checksummed at most in search of the next record behind a damaged one.
const MOST_SEARCHED: usize = 1 << 30;

/// Hands out the records of all segments from `from` on, without changing anything. An error of `on_record` ends it.
/// `independent`: see [`WalOptions::independent_records`](crate::wal::WalOptions::independent_records).
pub fn replay(
    disk: &dyn Disk,
    dir: &Path,
    (from, independent): (u64, bool),
    on_record: &mut dyn FnMut(Record<'_>) -> Result<()>,
) -> Result<Replayed> {
    let mut report = Replayed::default();
    let segments = segment::list(disk, dir).map_err(Error::io("list", dir))?;
    let mut segments: Vec<Segment> = segments.into_iter().filter(|s| s.sequence >= from).collect();
    while let Some(segment) = segments.last() {
        let bytes = read(disk, segment)?;
        if !is_blank(segment, &bytes) {
            break;
        }
        report.torn_bytes += bytes.len() as u64;
        report.blank.extend(segments.pop());
    }
    let mut wanted = segments.iter().peekable();
    let mut bytes = match wanted.peek() {
        Some(first) => read(disk, first)?,
        None => Vec::new(),
    };
    let mut before: Option<u64> = None;
    while let Some(segment) = wanted.next() {
        if let Some(before) = before.filter(|before| before + 1 != segment.sequence) {
            let what = format!("segments {} to {} are missing", before + 1, segment.sequence - 1);
            report.damage.push(Damage { path: segment.path.clone(), offset: 0, bytes: 0, what });
        }
        before = Some(segment.sequence);
        let next = match wanted.peek() {
            Some(next) => Some((next.sequence, read(disk, next)?)),
            None => None,
        };
        // Only the direct successor knows how much of this segment counts.
        let counts = next
            .as_ref()
            .filter(|(sequence, _)| *sequence == segment.sequence + 1)
            .and_then(|(_, bytes)| Header::decode(bytes).ok())
            .map(|header| header.before_bytes);
        let end = read_segment(segment, (&bytes, independent), on_record, &mut report)?;
        let is_last = next.is_none();
        judge(segment, &bytes, &end, (counts, is_last), &mut report);
        if is_last {
            report.last = Some((segment.sequence, end.valid));
        }
        bytes = next.map(|(_, bytes)| bytes).unwrap_or_default();
    }
    Ok(report)
}

fn read(disk: &dyn Disk, segment: &Segment) -> Result<Vec<u8>> {
    disk.read(&segment.path).map_err(Error::io("read", &segment.path))
}

fn is_blank(segment: &Segment, bytes: &[u8]) -> bool {
    Header::decode(bytes).is_err() && record_at(bytes, HEADER_BYTES, segment.sequence).is_err()
}

/// How far a segment could be read, and why not further.
struct End {
    valid: u64,
    why: Option<String>,
}

fn read_segment(
    segment: &Segment,
    (bytes, independent): (&[u8], bool),
    on_record: &mut dyn FnMut(Record<'_>) -> Result<()>,
    report: &mut Replayed,
) -> Result<End> {
    report.segments += 1;
    if let Err(why) = Header::decode(bytes).and_then(|header| header.must_be(segment.sequence)) {
        // Records have checksums of their own: a damaged header costs none of them.
        if record_at(bytes, HEADER_BYTES, segment.sequence).is_err() {
            return Ok(End { valid: 0, why: Some(why) });
        }
        let path = segment.path.clone();
        report.damage.push(Damage { path, offset: 0, bytes: HEADER_BYTES as u64, what: why });
    }
    let mut at = HEADER_BYTES;
    while at < bytes.len() {
        match record_at(bytes, at, segment.sequence) {
            Ok(payload) => {
                let first = at == HEADER_BYTES;
                on_record(Record { segment: segment.sequence, offset: at as u64, first, payload })?;
                report.records += 1;
                at += FRAME_BYTES + payload.len();
            }
            // A log writes zeros ahead of its records.
            Err(_) if bytes[at..].iter().all(|byte| *byte == 0) => {
                return Ok(End { valid: at as u64, why: None });
            }
            Err(why) => {
                let next = if independent { next_record(bytes, at, segment.sequence) } else { None };
                let Some(next) = next else { return Ok(End { valid: at as u64, why: Some(why) }) };
                let (path, bytes) = (segment.path.clone(), (next - at) as u64);
                report.damage.push(Damage { path, offset: at as u64, bytes, what: why });
                at = next;
            }
        }
    }
    Ok(End { valid: at as u64, why: None })
}

/// Where the first whole record behind the damaged one at `at` begins.
fn next_record(bytes: &[u8], at: usize, sequence: u64) -> Option<usize> {
    // Where a record of the length said at `place` ends, if there is room for it.
    let end = |place: usize| {
        let frame = bytes.get(place..place + FRAME_BYTES)?;
        let end = place + FRAME_BYTES + segment::u32_at(frame, 0) as usize;
        (end <= bytes.len()).then_some(end)
    };
    let is_whole = |place: usize| record_at(bytes, place, sequence).is_ok();
    // Most likely the length is right and something else is not.
    if let Some(next) = end(at).filter(|next| *next < bytes.len() && is_whole(*next)) {
        return Some(next);
    }
    let mut searched = 0;
    for place in at + 1..bytes.len().saturating_sub(FRAME_BYTES) {
        // A record is followed by another one or by the segment's end: that spares most checksums.
        let Some(follower) = end(place) else { continue };
        if follower < bytes.len() && end(follower).is_none() {
            continue;
        }
        if is_whole(place) {
            return Some(place);
        }
        searched += follower - place;
        if searched > MOST_SEARCHED {
            return None;
        }
    }
    None
}

fn record_at(bytes: &[u8], at: usize, sequence: u64) -> Result<&[u8], String> {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.len() < FRAME_BYTES {
        return Err("it ends within a record's frame".into());
    }
    let len = segment::u32_at(rest, 0) as usize;
    if len == 0 {
        return Err("it is empty".into());
    }
    let Some(payload) = rest[FRAME_BYTES..].get(..len) else {
        return Err(format!("it ends within a record of {len} bytes"));
    };
    if segment::checksum(sequence, payload) != segment::u32_at(rest, 4) {
        return Err(format!("the checksum of a record of {len} bytes does not match"));
    }
    Ok(payload)
}

/// Tells damage from a tail that was never acknowledged.
fn judge(segment: &Segment, bytes: &[u8], end: &End, place: (Option<u64>, bool), report: &mut Replayed) {
    let (counts, is_last) = place;
    // Zeros at the end were written ahead.
    let ahead = bytes[end.valid as usize..].iter().rev().take_while(|byte| **byte == 0).count();
    let len = (bytes.len() - ahead) as u64;
    let should = match (counts, is_last) {
        (_, true) => {
            report.torn_bytes += len - end.valid;
            return;
        }
        (Some(counts), false) => counts,
        (None, false) => len.max(end.valid + u64::from(end.why.is_some())),
    };
    if end.valid < should {
        report.damage.push(Damage {
            path: segment.path.clone(),
            offset: end.valid,
            bytes: should - end.valid,
            what: end.why.clone().unwrap_or_else(|| "its end is missing".into()),
        });
    }
}
