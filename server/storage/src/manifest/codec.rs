//! A partition's row as bytes: a sealed blob of a format number, integers of 8 bytes and counted byte strings.

use crate::blob::{self, Codec};
use crate::{Error, Result};

use super::Partition;

const FORMAT: u8 = 1;

pub(super) fn encode(partition: &Partition) -> Vec<u8> {
    let mut out = vec![FORMAT];
    let numbers = [
        partition.start as u64,
        partition.end as u64,
        u64::from(partition.format),
        partition.sealed_segment,
        partition.bytes,
        partition.series,
        partition.items,
        partition.max_id,
    ];
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for bytes in [partition.path.as_bytes(), partition.class.as_bytes(), &partition.extra] {
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
    }
    blob::seal(&out, Codec::Raw)
}

pub(super) fn decode(sealed: &[u8]) -> Result<Partition> {
    let bytes = blob::open(sealed)?;
    let Some((&FORMAT, mut rest)) = bytes.split_first() else {
        return Err(damaged("a partition's row has an unknown format"));
    };
    let rest = &mut rest;
    Ok(Partition {
        start: number(rest)? as i64,
        end: number(rest)? as i64,
        format: u32::try_from(number(rest)?)
            .map_err(|_| damaged("a partition's format is no number of ours"))?,
        sealed_segment: number(rest)?,
        bytes: number(rest)?,
        series: number(rest)?,
        items: number(rest)?,
        max_id: number(rest)?,
        path: text(rest)?,
        class: text(rest)?,
        extra: string(rest)?.to_vec(),
    })
}

fn damaged(what: &str) -> Error {
    Error::corrupt("", what)
}

fn number(rest: &mut &[u8]) -> Result<u64> {
    let Some((head, tail)) = rest.split_first_chunk::<8>() else {
        return Err(damaged("a partition's row ends early"));
    };
    *rest = tail;
    Ok(u64::from_le_bytes(*head))
}

fn string<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let len = usize::try_from(number(rest)?).map_err(|_| damaged("a partition's row ends early"))?;
    let Some((head, tail)) = rest.split_at_checked(len) else {
        return Err(damaged("a partition's row ends early"));
    };
    *rest = tail;
    Ok(head)
}

fn text(rest: &mut &[u8]) -> Result<String> {
    String::from_utf8(string(rest)?.to_vec()).map_err(|_| damaged("a partition's path is not UTF-8"))
}
