//! Loki's push requests: JSON and protobuf. Lines stay slices of the request's one buffer.

mod encode;
mod json;
mod proto;
mod stream_labels;

use bytes::Bytes;
use model::{Labels, LogBatch};

use crate::error::shorten;
use crate::{Error, LabelCache, Result, compression};

pub use encode::encode;

/// Reads push requests. Shared by all connections: it remembers the labels that senders repeat.
#[derive(Debug)]
pub struct Decoder {
    cache: LabelCache,
    limit: usize,
}

impl Decoder {
    /// The bound on a decompressed request that suits most senders: 64 MiB.
    pub const DEFAULT_LIMIT: usize = 64 << 20;

    /// A decoder that remembers about `streams` label sets and takes requests of at most `limit` bytes decompressed.
    pub fn new(streams: usize, limit: usize) -> Self {
        Decoder { cache: LabelCache::new(streams), limit }
    }

    /// Reads a request by its headers: JSON (as it is, gzip or deflate) or, without the word `json` in its content
    /// type, a snappy block around protobuf.
    pub fn decode(&self, content_type: &str, content_encoding: &str, body: Bytes) -> Result<LogBatch> {
        let body = match content_encoding.trim() {
            "gzip" => compression::gzip(&body, self.limit)?.into(),
            "deflate" => compression::deflate(&body, self.limit)?.into(),
            "" | "identity" | "snappy" => body,
            other => return Err(Error::malformed("push request", format!("unknown encoding {other:?}"))),
        };
        if content_type.to_ascii_lowercase().contains("json") {
            return self.decode_json(body);
        }
        self.decode_protobuf(compression::snappy(&body, self.limit)?.into())
    }

    /// Reads decompressed JSON.
    pub fn decode_json(&self, body: Bytes) -> Result<LogBatch> {
        if body.len() > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        json::decode(&body)
    }

    /// Reads decompressed protobuf.
    pub fn decode_protobuf(&self, message: Bytes) -> Result<LogBatch> {
        proto::decode(&message, &self.cache)
    }
}

fn bad_stream(number: usize, labels: &str, why: impl ToString) -> Error {
    Error::Item { what: "stream", number, labels: shorten(labels), why: why.to_string() }
}

/// A stream must say what it is.
fn not_empty(labels: Labels) -> Result<Labels, String> {
    if labels.is_empty() { Err("a stream needs at least one label".to_owned()) } else { Ok(labels) }
}

/// Whether LogQL can select by a label of this name.
fn is_label_name(name: &str) -> bool {
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn not_a_name(name: &str) -> String {
    let name = shorten(name);
    format!("label name {name:?}: letters, digits and _ make one, and it does not begin with a digit")
}

#[cfg(test)]
mod tests;
