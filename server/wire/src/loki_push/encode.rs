//! Writes push requests in their protobuf form.

use model::{Entry, Labels, LogBatch};

use crate::compression;
use crate::protobuf::Writer;

/// A request body with all entries of `batch`: a snappy block around protobuf.
pub fn encode(batch: &LogBatch) -> Vec<u8> {
    let mut request = Writer::default();
    for stream in &batch.streams {
        request.message(1, |m| {
            m.bytes(1, stream_text(&stream.labels).as_bytes());
            for e in &stream.entries {
                m.message(2, |m| entry(m, e));
            }
        });
    }
    compression::to_snappy(&request.bytes)
}

fn stream_text(labels: &Labels) -> String {
    let quote = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let listed: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", quote(value))).collect();
    format!("{{{}}}", listed.join(", "))
}

fn entry(m: &mut Writer, entry: &Entry) {
    m.message(1, |m| {
        m.varint(1, entry.t_ns.div_euclid(1_000_000_000) as u64);
        m.varint(2, entry.t_ns.rem_euclid(1_000_000_000) as u64);
    });
    m.bytes(2, &entry.line);
    for (name, value) in entry.metadata.iter() {
        m.message(3, |m| {
            m.bytes(1, name.as_bytes());
            m.bytes(2, value.as_bytes());
        });
    }
}
