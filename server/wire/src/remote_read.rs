//! Remote read: which samples are asked for, and answers as samples or as streamed chunks. Source: Prometheus
//! documentation, "Remote read API"; `prompb/remote.proto`.

mod bits;
mod histogram;
mod xor;

use model::{Histogram, MatchOp, Matcher, Select, Series, is_stale};

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
    // The first kind that is known is the one; who names none gets samples.
    let streamed = match accepted.iter().find(|kind| **kind <= 1) {
        Some(kind) => *kind == 1,
        None if accepted.is_empty() => false,
        None => return Err("none of the accepted response types is known"),
    };
    Ok(Request { queries, streamed })
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

/// A chunk of a streamed answer.
struct Chunk {
    first_ms: i64,
    last_ms: i64,
    /// `prometheus.Chunk.Encoding`.
    encoding: u64,
    data: Vec<u8>,
}

/// Encodings of chunks.
const XOR: u64 = 1;
const FLOAT_HISTOGRAM: u64 = 3;
/// Bytes of chunks in one frame, as Prometheus' own answers have them.
const FRAME_BYTES: usize = 1 << 20;

/// A series of query `query` as frames of a streamed answer, each with length, CRC-32C and message: runs of floats as
/// XOR chunks, runs of histograms as chunks of float histograms. More than one frame where a series is long.
pub fn frames(query: usize, series: &Series) -> Vec<u8> {
    let mut out = Writer::default();
    let chunks = chunks(series);
    let mut rest = &chunks[..];
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take_while(|chunk| {
            bytes += chunk.data.len();
            bytes <= FRAME_BYTES
        });
        let (now, later) = rest.split_at(fitting.count().max(1));
        rest = later;
        let mut message = Writer::default();
        message.message(1, |m| {
            put::labels(m, &series.labels);
            for chunk in now {
                m.message(2, |m| {
                    m.varint(1, chunk.first_ms as u64);
                    m.varint(2, chunk.last_ms as u64);
                    m.varint(3, chunk.encoding);
                    m.bytes(4, &chunk.data);
                });
            }
        });
        message.varint(2, query as u64);
        out.raw_varint(message.bytes.len() as u64);
        out.bytes.extend_from_slice(&crc32c(&message.bytes).to_be_bytes());
        out.bytes.extend_from_slice(&message.bytes);
    }
    out.bytes
}

/// Samples of one kind that go into one chunk.
#[derive(Default)]
struct Run<'a> {
    floats: Vec<(i64, f64)>,
    histograms: Vec<(i64, &'a Histogram)>,
    chunks: Vec<Chunk>,
}

impl<'a> Run<'a> {
    fn float(&mut self, t_ms: i64, value: f64) {
        if !self.histograms.is_empty() || self.floats.len() == CHUNK_SAMPLES {
            self.end();
        }
        self.floats.push((t_ms, value));
    }

    fn histogram(&mut self, t_ms: i64, next: &'a Histogram) {
        let follows = self.histograms.last().is_none_or(|(_, before)| histogram::continues(before, next));
        if !self.floats.is_empty() || !follows || self.histograms.len() == CHUNK_SAMPLES {
            self.end();
        }
        self.histograms.push((t_ms, next));
    }

    fn end(&mut self) {
        if let [(first_ms, _), ..] = self.floats[..] {
            let last_ms = self.floats.last().map_or(first_ms, |(t_ms, _)| *t_ms);
            let data = xor::encode(&self.floats);
            self.chunks.push(Chunk { first_ms, last_ms, encoding: XOR, data });
            self.floats.clear();
        }
        if let [(first_ms, _), ..] = self.histograms[..] {
            let last_ms = self.histograms.last().map_or(first_ms, |(t_ms, _)| *t_ms);
            let data = histogram::encode(&self.histograms);
            self.chunks.push(Chunk { first_ms, last_ms, encoding: FLOAT_HISTOGRAM, data });
            self.histograms.clear();
        }
    }
}

fn chunks(series: &Series) -> Vec<Chunk> {
    let mut run = Run::default();
    let mut histograms = series.histograms.iter().peekable();
    for (i, (&t_ms, &value)) in series.timestamps.iter().zip(&series.values).enumerate() {
        match histograms.next_if(|(at, _)| *at as usize == i) {
            // A stale marker is a float whatever ends by it.
            Some((_, histogram)) if !is_stale(value) => run.histogram(t_ms, histogram),
            _ => run.float(t_ms, value),
        }
    }
    run.end();
    run.chunks
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
mod tests;
