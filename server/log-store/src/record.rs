//! Records of the log: entries with the cursors they were read with, and the state that a segment begins with.

use model::{Labels, TailCursor};
use storage::blob;

use crate::codec::{Reader, put_bytes, put_labels, put_signed, put_varint};
use crate::rows::{Extra, Rows};
use crate::{Error, Result};

/// zstd's fast levels: the log is short-lived, what counts is the time.
const LEVEL: i32 = -5;
/// The most that a record's body may unpack to.
const MAX_BODY: usize = 1 << 30;

const STATE: u8 = 1;
const ENTRIES: u8 = 2;

/// New entries of one stream.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) class: String,
    /// The stream's labels, demoted ones left out.
    pub(crate) labels: Labels,
    pub(crate) rows: Rows,
}

/// A record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    /// Whether it is the state that a segment begins with: its cursors are all there are.
    pub(crate) is_state: bool,
    /// The next arrival number.
    pub(crate) next_sequence: u64,
    /// All labels demoted so far.
    pub(crate) demoted: Vec<String>,
    pub(crate) cursors: Vec<TailCursor>,
    pub(crate) sections: Vec<Section>,
}

impl Record {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let text: usize = self.sections.iter().map(|section| section.rows.text.len()).sum();
        let mut body = Vec::with_capacity(text + text / 8 + 1024);
        put_varint(&mut body, self.next_sequence);
        put_varint(&mut body, self.demoted.len() as u64);
        self.demoted.iter().for_each(|name| put_bytes(&mut body, name.as_bytes()));
        put_varint(&mut body, self.cursors.len() as u64);
        self.cursors.iter().for_each(|cursor| put_cursor(&mut body, cursor));
        put_varint(&mut body, self.sections.len() as u64);
        for section in &self.sections {
            put_bytes(&mut body, section.class.as_bytes());
            put_labels(&mut body, &section.labels);
            put_rows(&mut body, &section.rows);
        }
        let mut out = vec![if self.is_state { STATE } else { ENTRIES }];
        blob::compress_into(LEVEL, &body, &mut out);
        out
    }

    pub(crate) fn decode(payload: &[u8]) -> Result<Self> {
        let (&kind, packed) = payload.split_first().ok_or_else(|| Error::corrupt("an empty log record"))?;
        if kind != STATE && kind != ENTRIES {
            return Err(Error::corrupt(format!("a log record of the unknown kind {kind}")));
        }
        let body = blob::decompress(packed, MAX_BODY)?;
        let mut reader = Reader(&body);
        let mut record =
            Record { is_state: kind == STATE, next_sequence: reader.varint()?, ..Record::default() };
        for _ in 0..reader.count()? {
            record.demoted.push(reader.text()?.to_owned());
        }
        for _ in 0..reader.count()? {
            record.cursors.push(cursor(&mut reader)?);
        }
        for _ in 0..reader.count()? {
            let class = reader.text()?.to_owned();
            let labels = reader.labels()?;
            record.sections.push(Section { class, labels, rows: rows(&mut reader)? });
        }
        Ok(record)
    }
}

fn put_cursor(out: &mut Vec<u8>, cursor: &TailCursor) {
    put_bytes(out, cursor.key.as_bytes());
    for value in [
        cursor.device,
        cursor.inode,
        cursor.fingerprint,
        u64::from(cursor.fingerprint_len),
        cursor.offset,
        u64::from(cursor.gone),
    ] {
        put_varint(out, value);
    }
}

fn cursor(reader: &mut Reader<'_>) -> Result<TailCursor> {
    Ok(TailCursor {
        key: reader.text()?.to_owned(),
        device: reader.varint()?,
        inode: reader.varint()?,
        fingerprint: reader.varint()?,
        fingerprint_len: u32::try_from(reader.varint()?).map_err(|_| Error::corrupt("a cursor"))?,
        offset: reader.varint()?,
        gone: reader.varint()? != 0,
    })
}

fn put_rows(out: &mut Vec<u8>, rows: &Rows) {
    put_varint(out, rows.len() as u64);
    let (mut time, mut next) = (0i64, 0u64);
    for i in 0..rows.len() {
        put_signed(out, rows.times[i].wrapping_sub(time));
        put_signed(out, rows.sequence[i].wrapping_sub(next) as i64);
        put_varint(out, u64::from(rows.sizes[i]));
        (time, next) = (rows.times[i], rows.sequence[i].wrapping_add(1));
    }
    put_varint(out, rows.extras.len() as u64);
    for extra in &rows.extras {
        put_labels(out, &extra.demoted);
        put_labels(out, &extra.metadata);
    }
    rows.extra_of.iter().for_each(|index| put_varint(out, u64::from(*index)));
    out.extend_from_slice(&rows.text);
}

fn rows(reader: &mut Reader<'_>) -> Result<Rows> {
    let count = reader.count()?;
    let mut rows = Rows::default();
    let (mut time, mut next, mut at) = (0i64, 0u64, 0u64);
    for _ in 0..count {
        time = time.wrapping_add(reader.signed()?);
        let sequence = next.wrapping_add(reader.signed()? as u64);
        next = sequence.wrapping_add(1);
        let size = reader.varint()?;
        let (start, end) = (at, at.saturating_add(size).saturating_add(1));
        if end > u64::from(u32::MAX) {
            return Err(Error::corrupt("a log record's lines are too long"));
        }
        at = end;
        rows.sorted &= rows.max <= time || rows.times.is_empty();
        rows.min = rows.min.min(time);
        rows.max = rows.max.max(time);
        rows.times.push(time);
        rows.sequence.push(sequence);
        rows.starts.push(start as u32);
        rows.sizes.push(size as u32);
    }
    let extras = reader.count()?;
    for _ in 0..extras {
        rows.extras.push(Extra { demoted: reader.labels()?, metadata: reader.labels()? });
    }
    if extras > 0 {
        for _ in 0..count {
            let index = reader.varint()?;
            if index >= extras as u64 {
                return Err(Error::corrupt("a log record's entry refers to metadata that is not there"));
            }
            rows.extra_of.push(index as u32);
        }
    }
    rows.text = reader.take(at as usize)?.to_vec();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(record: &Record) {
        let bytes = record.encode();
        let back = Record::decode(&bytes).expect("decodes");
        // `Debug` shows every column.
        assert_eq!(format!("{back:?}"), format!("{record:?}"));
    }

    proptest! {
        #[test]
        fn any_record_comes_back(
            entries in prop::collection::vec((any::<i64>(), any::<u64>(), prop::collection::vec(any::<u8>(), 0..20), any::<bool>()), 0..20),
            offset in any::<u64>(),
            is_state in any::<bool>(),
        ) {
            let extra = Extra { demoted: Labels::from_pairs([("a", "b")]), metadata: Labels::empty() };
            let mut rows = Rows::default();
            for (time, sequence, line, with) in &entries {
                rows.push(*time, *sequence, line, with.then_some(&extra));
            }
            let cursor = TailCursor {
                key: "a:/b".into(), device: 1, inode: offset, fingerprint: 3, fingerprint_len: 4, offset, gone: true,
            };
            let section = Section { class: "default".into(), labels: Labels::from_pairs([("x", "y")]), rows };
            check(&Record {
                is_state, next_sequence: 7, demoted: vec!["id".into()], cursors: vec![cursor], sections: vec![section],
            });
        }

        #[test]
        fn damaged_records_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut packed = vec![ENTRIES];
            blob::compress_into(1, &bytes, &mut packed);
            let _ = Record::decode(&packed);
            let _ = Record::decode(&bytes);
        }
    }
}
