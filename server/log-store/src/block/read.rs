//! Reading the parts of a block back.

use bytes::Bytes;
use storage::blob;

use super::{BlockHead, Columns, Part, Parts};
use crate::codec::{Reader, unpack};
use crate::{Error, Result};

/// Times and arrival numbers of a block's entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times {
    pub(crate) times: Vec<i64>,
    pub(crate) sequence: Vec<u64>,
}

pub(crate) fn open_part(parts: &impl Parts, part: Part) -> Result<Vec<u8>> {
    let stored = parts.stored(part)?;
    Ok(blob::open(&stored)?.into_owned())
}

pub(crate) fn read_times(head: &BlockHead, parts: &impl Parts) -> Result<Times> {
    let bytes = open_part(parts, Part::Times)?;
    let mut reader = Reader(&bytes);
    let entries = head.entries() as usize;
    let mut deltas = Vec::new();
    let mut out = Times::default();
    for run in &head.runs {
        deltas.clear();
        unpack(&mut reader, run.count as usize, &mut deltas)?;
        let mut time = run.min;
        out.times.extend(deltas.iter().map(|delta| {
            time = time.wrapping_add(*delta as i64);
            time
        }));
    }
    let mut next: u64 = 0;
    out.sequence.reserve(out.times.len());
    while !reader.is_empty() {
        let count = reader.varint()?;
        let first = next.wrapping_add(reader.signed()? as u64);
        if count > (entries - out.sequence.len()) as u64 {
            return Err(Error::corrupt("a block has more sequence numbers than entries"));
        }
        out.sequence.extend((0..count).map(|i| first.wrapping_add(i)));
        next = first.wrapping_add(count);
    }
    if out.sequence.len() != entries {
        return Err(Error::corrupt("a block has fewer sequence numbers than entries"));
    }
    Ok(out)
}

pub(crate) fn read_sizes(head: &BlockHead, parts: &impl Parts) -> Result<Vec<u32>> {
    let bytes = open_part(parts, Part::Sizes)?;
    let mut wide = Vec::new();
    unpack(&mut Reader(&bytes), head.entries() as usize, &mut wide)?;
    let total: u64 = wide.iter().fold(0, |sum: u64, size| sum.saturating_add(*size));
    if total != head.raw {
        return Err(Error::corrupt("the lines' lengths do not add up to the block's"));
    }
    Ok(wide.iter().map(|size| *size as u32).collect())
}

/// Where each line begins, given all lengths.
pub(crate) fn starts_of(sizes: &[u32]) -> Vec<u32> {
    let mut at = 0;
    let step = |size: &u32| {
        let start = at;
        at += size + 1;
        start
    };
    sizes.iter().map(step).collect()
}

pub(crate) fn read_text(head: &BlockHead, parts: &impl Parts) -> Result<Bytes> {
    let text = open_part(parts, Part::Text)?;
    if text.len() as u64 != head.raw + head.entries() {
        return Err(Error::corrupt("the lines are not as long as the block says"));
    }
    Ok(Bytes::from(text))
}

pub(crate) fn read_columns(head: &BlockHead, parts: &impl Parts) -> Result<Columns> {
    if head.lens[Part::Columns as usize] == 0 {
        return Ok(Columns::default());
    }
    let bytes = open_part(parts, Part::Columns)?;
    Columns::decode(Reader(&bytes), head.entries() as usize)
}

pub(crate) fn read_bloom(parts: &impl Parts) -> Result<Vec<u8>> {
    open_part(parts, Part::Bloom)
}

pub(crate) fn read_words(parts: &impl Parts) -> Result<Vec<u8>> {
    open_part(parts, Part::Words)
}

#[cfg(test)]
mod tests {
    use model::Labels;
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Draft, PARTS};
    use crate::rows::Extra;

    type Entry = (i64, u64, Vec<u8>, bool);

    fn check(streams: &[Vec<Entry>]) {
        let extra = Extra { metadata: Labels::from_pairs([("a", "1")]), ..Extra::default() };
        let mut draft = Draft::default();
        let mut expect = Vec::new();
        for (i, entries) in streams.iter().enumerate() {
            draft.begin_run(&Labels::from_pairs([("n", i.to_string())]));
            let mut entries = entries.clone();
            entries.sort();
            for (time, sequence, line, with) in &entries {
                draft.push(*time, *sequence, line, with.then_some(&extra));
            }
            expect.extend(entries);
        }
        let mut sealed = draft.seal();
        let head = sealed.head.clone();
        let times = read_times(&head, &sealed).expect("times");
        let sizes = read_sizes(&head, &sealed).expect("sizes");
        let text = read_text(&head, &sealed).expect("text");
        let columns = read_columns(&head, &sealed).expect("columns");
        let starts = starts_of(&sizes);
        for (i, (time, sequence, line, with)) in expect.iter().enumerate() {
            assert_eq!((times.times[i], times.sequence[i]), (*time, *sequence));
            assert_eq!(text[starts[i] as usize..][..sizes[i] as usize], line[..]);
            let metadata = if *with { extra.metadata.clone() } else { Labels::empty() };
            assert_eq!(columns.labels(false, i), metadata);
        }
        assert_eq!(times.times.len(), expect.len());
        for part in 0..PARTS {
            if let Some(byte) = sealed.parts[part].last_mut() {
                *byte ^= 1;
            }
        }
        assert!(read_times(&head, &sealed).is_err() && read_sizes(&head, &sealed).is_err());
        assert!(read_text(&head, &sealed).is_err() && read_words(&sealed).is_err());
    }

    #[test]
    fn the_ends_of_time_fit() {
        check(&[vec![(i64::MIN, 0, b"a".to_vec(), false), (i64::MAX, u64::MAX, b"".to_vec(), true)]]);
        check(&[vec![(5, 9, b"x".to_vec(), false)], vec![(5, 3, b"\n".to_vec(), true)]]);
    }

    proptest! {
        #[test]
        fn any_entries_come_back(streams in prop::collection::vec(
            prop::collection::vec((any::<i64>(), any::<u64>(), prop::collection::vec(any::<u8>(), 0..9), any::<bool>()), 1..20),
            1..4,
        )) {
            check(&streams);
        }

        // A checksum that fits says nothing of who wrote it.
        #[test]
        fn bytes_that_nobody_wrote_are_errors_at_worst(bytes in prop::collection::vec(any::<u8>(), 0..80), entries in 1usize..30) {
            let mut draft = Draft::default();
            draft.begin_run(&Labels::from_pairs([("n", "1")]));
            for i in 0..entries {
                draft.push(i as i64, i as u64, b"line", None);
            }
            let mut sealed = draft.seal();
            for part in &mut sealed.parts {
                *part = blob::seal(&bytes, blob::Codec::Zstd(1));
            }
            let mut head = sealed.head.clone();
            head.lens[Part::Columns as usize] = 1;
            let _ = (read_times(&head, &sealed), read_sizes(&head, &sealed), read_text(&head, &sealed));
            let _ = (read_columns(&head, &sealed), read_bloom(&sealed), read_words(&sealed));
            if let Ok(columns) = read_columns(&head, &sealed) {
                (0..entries).for_each(|i| drop((columns.labels(true, i), columns.labels(false, i))));
            }
            let _ = BlockHead::decode(&mut Reader(&bytes));
            let _ = crate::partition::Directory::decode(&bytes);
            let _ = crate::record::Record::decode(&bytes);
            let _ = crate::eraser::decode(&bytes);
        }
    }
}
