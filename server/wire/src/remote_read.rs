//! Remote read: which samples are asked for, and answers as samples or as streamed XOR chunks. Source: Prometheus
//! documentation, "Remote read API"; `prompb/remote.proto`.

mod xor;

use model::{MatchOp, Matcher, Select, Series, is_stale};

use crate::protobuf::{Bad, Reader, Value, Writer, malformed};
use crate::remote_write::encode as put;
use crate::{Result, compression};

/// Content type of a sampled answer, which is a snappy block.
pub const SAMPLED: &str = "application/x-protobuf";
/// Content type of a streamed answer.
pub const STREAMED: &str = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

/// Samples of a chunk.
const CHUNK_SAMPLES: usize = 120;
/// Queries of a request.
const MAX_QUERIES: usize = 100;

/// What a client asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// One answer each.
    pub queries: Vec<Select>,
    /// The client prefers streamed chunks.
    pub streamed: bool,
    /// The client takes samples too, or says nothing.
    pub sampled: bool,
}

/// Reads a request: a snappy block of at most `max_bytes` once decompressed.
pub fn decode(body: &[u8], max_bytes: usize) -> Result<Request> {
    let message = compression::snappy(body, max_bytes)?;
    request(&message).map_err(malformed("remote read request"))
}

fn request(message: &[u8]) -> std::result::Result<Request, Bad> {
    let (mut queries, mut accepted) = (Vec::new(), Vec::new());
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match (number, value) {
            (1, value) if queries.len() < MAX_QUERIES => queries.push(query(value.bytes()?)?),
            (1, _) => return Err("a request has more than 100 queries"),
            (2, Value::Bytes(packed)) => {
                let mut packed = Reader::new(packed);
                while packed.remaining() > 0 {
                    accepted.push(packed.varint()?);
                }
            }
            (2, value) => accepted.push(value.varint()?),
            _ => {}
        }
    }
    // The first kind that is known is the one.
    let streamed = accepted.iter().find(|kind| **kind <= 1) == Some(&1);
    let sampled = accepted.is_empty() || accepted.contains(&0);
    Ok(Request { queries, streamed, sampled })
}

fn query(message: &[u8]) -> std::result::Result<Select, Bad> {
    let mut select = Select { matchers: Vec::new(), start_ms: 0, end_ms: 0 };
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => select.start_ms = value.int64()?,
            2 => select.end_ms = value.int64()?,
            3 => select.matchers.push(matcher(value.bytes()?)?),
            _ => {}
        }
    }
    Ok(select)
}

fn matcher(message: &[u8]) -> std::result::Result<Matcher, Bad> {
    let (mut op, mut name, mut pattern) = (MatchOp::Equal, "", "");
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => {
                op = match value.varint()? {
                    0 => MatchOp::Equal,
                    1 => MatchOp::NotEqual,
                    2 => MatchOp::Regex,
                    3 => MatchOp::NotRegex,
                    _ => return Err("a matcher has an unknown type"),
                }
            }
            2 => name = value.text()?,
            3 => pattern = value.text()?,
            _ => {}
        }
    }
    Matcher::new(op, name, pattern).map_err(|_| "a matcher's regular expression is not valid")
}

/// Collects the answer of all queries as samples.
#[derive(Debug, Default)]
pub struct Sampled {
    response: Writer,
    result: Writer,
}

impl Sampled {
    /// Adds a series to the current query's result. Stale markers are samples here: the client knows them.
    pub fn series(&mut self, series: &Series) {
        self.result.message(1, |m| {
            put::labels(m, &series.labels);
            let mut histograms = series.histograms.iter().peekable();
            let mut of_histograms = Writer::default();
            for (i, (&t_ms, &value)) in series.timestamps.iter().zip(&series.values).enumerate() {
                match histograms.next_if(|(at, _)| *at as usize == i) {
                    Some((_, histogram)) if !is_stale(value) => {
                        of_histograms.message(4, |m| put::histogram(m, t_ms, histogram));
                    }
                    _ => m.message(2, |m| put::sample(m, &model::Sample { t_ms, value })),
                }
            }
            m.bytes.extend_from_slice(&of_histograms.bytes);
        });
    }

    /// Ends the current query's result.
    pub fn end_query(&mut self) {
        let result = std::mem::take(&mut self.result);
        self.response.bytes(1, &result.bytes);
    }

    /// The body.
    pub fn finish(self) -> Vec<u8> {
        compression::to_snappy(&self.response.bytes)
    }
}

/// A series of query `query` as one frame of a streamed answer: length, CRC-32C, message. `None` for a series with
/// native histograms, which XOR chunks cannot hold.
pub fn frame(query: usize, series: &Series) -> Option<Vec<u8>> {
    if !series.histograms.is_empty() {
        return None;
    }
    let mut message = Writer::default();
    message.message(1, |m| {
        put::labels(m, &series.labels);
        let columns = series.timestamps.chunks(CHUNK_SAMPLES).zip(series.values.chunks(CHUNK_SAMPLES));
        for (timestamps, values) in columns {
            let [first, last] = [timestamps.first(), timestamps.last()].map(|t| t.copied().unwrap_or(0));
            m.message(2, |m| {
                m.varint(1, first as u64);
                m.varint(2, last as u64);
                m.varint(3, 1);
                m.bytes(4, &xor::encode(timestamps, values));
            });
        }
    });
    message.varint(2, query as u64);
    let mut frame = Writer::default();
    frame.raw_varint(message.bytes.len() as u64);
    frame.bytes.extend_from_slice(&crc32c(&message.bytes).to_be_bytes());
    frame.bytes.extend_from_slice(&message.bytes);
    Some(frame.bytes)
}

/// CRC-32 with Castagnoli's polynomial.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |crc: u32, byte: &u8| (crc >> 8) ^ TABLE[usize::from((crc as u8) ^ byte)];
    !bytes.iter().fold(!0, step)
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Labels;

    fn matcher_message(m: &mut Writer, kind: u64, name: &str, value: &str) {
        m.message(3, |m| {
            m.varint(1, kind);
            m.bytes(2, name.as_bytes());
            m.bytes(3, value.as_bytes());
        });
    }

    #[test]
    fn requests() {
        let mut message = Writer::default();
        message.message(1, |m| {
            m.varint(1, 5);
            m.varint(2, 9);
            matcher_message(m, 2, "__name__", "up.*");
        });
        let decoded = decode(&compression::to_snappy(&message.bytes), 1_000).expect("valid");
        assert!(decoded.sampled && !decoded.streamed);
        assert_eq!((decoded.queries[0].start_ms, decoded.queries[0].end_ms), (5, 9));
        assert!(decoded.queries[0].matchers[0].matches("upper"));
        message.bytes(2, &[1, 0]);
        let decoded = decode(&compression::to_snappy(&message.bytes), 1_000).expect("valid");
        assert!(decoded.streamed && decoded.sampled);
        matcher_message(&mut message, 9, "a", "b");
        let mut bad = Writer::default();
        bad.message(1, |m| matcher_message(m, 2, "a", "("));
        assert!(decode(&compression::to_snappy(&bad.bytes), 1_000).is_err());
        assert!(decode(b"no snappy", 1_000).is_err());
    }

    #[test]
    fn frames_are_checked() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        let series = Series {
            labels: Labels::of_metric("up"),
            timestamps: (0..130).map(|i| i * 1_000).collect(),
            values: vec![1.0; 130],
            histograms: Vec::new(),
            starts: Vec::new(),
        };
        let bytes = frame(1, &series).expect("floats");
        let mut reader = Reader::new(&bytes);
        let length = reader.varint().expect("a length") as usize;
        let (crc, message) = bytes[bytes.len() - reader.remaining()..].split_at(4);
        assert_eq!(message.len(), length);
        assert_eq!(crc, crc32c(message).to_be_bytes());
    }
}
