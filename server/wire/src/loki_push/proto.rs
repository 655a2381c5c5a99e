//! The protobuf form: `PushRequest` with its streams.

use bytes::Bytes;
use model::{Entry, Labels, LogBatch, StreamEntries};

use super::{bad_stream, not_empty, stream_labels};
use crate::protobuf::{Bad, Reader, malformed};
use crate::{LabelCache, Result};

const WHAT: &str = "push request";

pub(super) fn decode(message: &Bytes, cache: &LabelCache) -> Result<LogBatch> {
    let mut batch = LogBatch::default();
    let mut request = Reader::new(message);
    let mut number = 0;
    while let Some((field, value)) = request.field().map_err(malformed(WHAT))? {
        if field == 1 {
            number += 1;
            let stream = value.bytes().map_err(malformed(WHAT))?;
            batch.streams.push(read_stream(message, stream, number, cache)?);
        }
    }
    Ok(batch)
}

fn read_stream(body: &Bytes, message: &[u8], number: usize, cache: &LabelCache) -> Result<StreamEntries> {
    let mut entries = Vec::new();
    let mut text = "";
    let mut reader = Reader::new(message);
    loop {
        let bad = |why: Bad| bad_stream(number, text, format!("entry {}: {why}", entries.len() + 1));
        let Some((field, value)) = reader.field().map_err(bad)? else { break };
        match field {
            1 => text = value.text().map_err(bad)?,
            2 => {
                let entry = value.bytes().and_then(|bytes| entry(body, bytes)).map_err(bad)?;
                entries.push(entry);
            }
            _ => {}
        }
    }
    let parse = || stream_labels::parse(text).and_then(not_empty);
    let labels = cache.get_or_parse(text.as_bytes(), parse).map_err(|why| bad_stream(number, text, why))?;
    Ok(StreamEntries { labels, entries })
}

fn entry(body: &Bytes, message: &[u8]) -> Result<Entry, Bad> {
    let mut entry = Entry { t_ns: 0, line: Bytes::new(), metadata: Labels::empty() };
    let mut metadata: Vec<(&str, &str)> = Vec::new();
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => entry.t_ns = timestamp(value.bytes()?)?,
            2 => entry.line = body.slice_ref(value.bytes()?),
            3 => {
                let mut pair = ("", "");
                let mut label = Reader::new(value.bytes()?);
                while let Some((field, value)) = label.field()? {
                    match field {
                        1 => pair.0 = value.text()?,
                        2 => pair.1 = value.text()?,
                        _ => {}
                    }
                }
                if pair.0.is_empty() {
                    return Err("structured metadata has a label without a name");
                }
                metadata.push(pair);
            }
            _ => {}
        }
    }
    if !metadata.is_empty() {
        entry.metadata = Labels::from_pairs(metadata);
    }
    Ok(entry)
}

fn timestamp(message: &[u8]) -> Result<i64, Bad> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut reader = Reader::new(message);
    while let Some((field, value)) = reader.field()? {
        match field {
            1 => seconds = value.int64()?,
            2 => nanos = value.int64()?,
            _ => {}
        }
    }
    i64::checked_mul(seconds, 1_000_000_000)
        .and_then(|ns| ns.checked_add(nanos))
        .ok_or("a timestamp is out of range")
}
