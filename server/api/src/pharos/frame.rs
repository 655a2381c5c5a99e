//! Frames by column: a JSON header and little-endian `f64` columns, aligned to 8 bytes. The layout is in the README.

use bytes::Bytes;
use model::is_stale;
use promql::{MatrixSeries, Point, Value, VectorSample};
use serde_json::json;

use super::reply::ApiError;
use crate::json;

/// A message of the stream being written.
struct Message {
    header: String,
    payload: Vec<u8>,
}

impl Message {
    fn new(id: &str, kind: &str) -> Self {
        let mut header = String::from("{\"id\":");
        json::string(&mut header, id);
        header.push_str(",\"kind\":\"");
        header.push_str(kind);
        header.push('"');
        Message { header, payload: Vec::new() }
    }

    fn number(&mut self, value: f64) {
        self.payload.extend_from_slice(&value.to_le_bytes());
    }

    fn finish(mut self) -> Bytes {
        self.header.push('}');
        let padding = (8 - self.header.len() % 8) % 8;
        let mut out = Vec::with_capacity(8 + self.header.len() + padding + self.payload.len());
        out.extend_from_slice(&((self.header.len() + padding) as u32).to_le_bytes());
        out.extend_from_slice(&(self.payload.len() as u32).to_le_bytes());
        out.extend_from_slice(self.header.as_bytes());
        out.resize(out.len() + padding, b' ');
        out.extend_from_slice(&self.payload);
        out.into()
    }
}

/// What is said beside a value.
pub(crate) struct Notes<'a> {
    pub(crate) warnings: &'a [String],
    pub(crate) infos: &'a [String],
    /// Samples or lines that were read.
    pub(crate) samples: u64,
    pub(crate) elapsed_ms: f64,
}

impl Notes<'_> {
    fn write(&self, header: &mut String) {
        for (key, texts) in [("warnings", self.warnings), ("infos", self.infos)] {
            header.push_str(&format!(",\"{key}\":"));
            json::strings(header, texts.iter().map(String::as_str));
        }
        let (samples, elapsed_ms) = (self.samples, self.elapsed_ms);
        header.push_str(&format!(",\"stats\":{{\"samples\":{samples},\"elapsed_ms\":{elapsed_ms:.3}}}"));
    }
}

/// A value of PromQL, or of a LogQL metric query, at `t_ms` (instant queries).
///
/// Errors: more numbers than a frame may hold.
pub(crate) fn value(id: &str, value: &Value, t_ms: i64, notes: &Notes<'_>) -> Result<Bytes, ApiError> {
    let kind = match value {
        Value::Matrix(_) => "matrix",
        Value::Vector(_) => "vector",
        Value::Scalar(_) => "scalar",
        Value::String(_) => "string",
    };
    let mut message = Message::new(id, kind);
    match value {
        Value::Matrix(series) => matrix(&mut message, series)?,
        Value::Vector(samples) => vector(&mut message, samples, t_ms),
        Value::Scalar(value) => {
            message.number(t_ms as f64);
            message.number(*value);
        }
        Value::String(text) => {
            message.header.push_str(",\"value\":");
            json::string(&mut message.header, text);
        }
    }
    notes.write(&mut message.header);
    Ok(message.finish())
}

/// Numbers a frame may hold: 256 MiB of them.
const MOST_NUMBERS: usize = 32 << 20;

fn too_large(numbers: Option<usize>) -> Result<(), ApiError> {
    match numbers {
        Some(numbers) if numbers <= MOST_NUMBERS => Ok(()),
        _ => {
            let why =
                format!("the answer has more than {MOST_NUMBERS} numbers: narrow the range or the selector");
            Err(ApiError::new(model::ErrorKind::Limit, why))
        }
    }
}

fn matrix(message: &mut Message, series: &[MatrixSeries]) -> Result<(), ApiError> {
    let times: &[i64] = series.first().map_or(&[], |first| &first.timestamps);
    // Range queries share one column of times; a matrix selector in an instant query does not: join those.
    let shared = series.iter().all(|s| std::sync::Arc::ptr_eq(&s.timestamps, &series[0].timestamps));
    let joined: Vec<i64> = if shared {
        times.to_vec()
    } else {
        too_large(Some(series.iter().map(|s| s.timestamps.len()).sum()))?;
        let mut all: Vec<i64> = series.iter().flat_map(|s| s.timestamps.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    too_large(joined.len().checked_mul(series.len() + 1))?;
    message.header.push_str(&format!(",\"points\":{},\"series\":[", joined.len()));
    message.payload.reserve(8 * joined.len() * (series.len() + 1));
    for &t in &joined {
        message.number(t as f64);
    }
    for (i, one) in series.iter().enumerate() {
        if i > 0 {
            message.header.push(',');
        }
        message.header.push_str("{\"labels\":");
        json::labels(&mut message.header, &one.labels);
        histograms(message, one);
        message.header.push('}');
        let column = |value: f64| if is_stale(value) { f64::NAN } else { value };
        if shared {
            for &value in &one.values {
                message.number(column(value));
            }
            continue;
        }
        let mut own = one.timestamps.iter().zip(&one.values).peekable();
        for t in &joined {
            let value = own.next_if(|(own_t, _)| *own_t == t).map_or(f64::NAN, |(_, value)| *value);
            message.number(column(value));
        }
    }
    message.header.push(']');
    Ok(())
}

fn histograms(message: &mut Message, series: &MatrixSeries) {
    if series.histograms.is_empty() {
        return;
    }
    message.header.push_str(",\"histograms\":[");
    for (i, (point, histogram)) in series.histograms.iter().enumerate() {
        if i > 0 {
            message.header.push(',');
        }
        message.header.push_str(&format!("[{point},"));
        crate::prometheus::histogram::write(&mut message.header, histogram);
        message.header.push(']');
    }
    message.header.push(']');
}

fn vector(message: &mut Message, samples: &[VectorSample], t_ms: i64) {
    message.header.push_str(",\"series\":[");
    for (i, sample) in samples.iter().enumerate() {
        if i > 0 {
            message.header.push(',');
        }
        message.header.push_str("{\"labels\":");
        json::labels(&mut message.header, &sample.labels);
        message.number(t_ms as f64);
        match &sample.point {
            Point::Float(value) => message.number(*value),
            Point::Histogram(histogram) => {
                message.number(f64::NAN);
                message.header.push_str(",\"histograms\":[[0,");
                crate::prometheus::histogram::write(&mut message.header, histogram);
                message.header.push_str("]]");
            }
        }
        message.header.push('}');
    }
    message.header.push(']');
}

/// Log entries, flattened to one list in the order asked.
pub(crate) fn streams(
    id: &str,
    streams: &[logql::Stream],
    direction: model::Direction,
    notes: &Notes<'_>,
) -> Bytes {
    let mut message = Message::new(id, "streams");
    let out = &mut message.header;
    out.push_str(",\"streams\":[");
    for (i, stream) in streams.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        json::labels(out, &stream.labels);
    }
    out.push(']');
    let mut entries: Vec<(i64, u32, &logql::StreamEntry)> = Vec::new();
    for (i, stream) in streams.iter().enumerate() {
        entries.extend(stream.entries.iter().map(|entry| (entry.t_ns, i as u32, entry)));
    }
    entries.sort_by_key(|(t_ns, _, entry)| (*t_ns, entry.sequence));
    if direction == model::Direction::Backward {
        entries.reverse();
    }
    column(out, ",\"entries\":{\"t_ns\":[", &entries, |out, (t_ns, ..)| out.push_str(&format!("\"{t_ns}\"")));
    column(out, ",\"stream\":[", &entries, |out, (_, stream, _)| out.push_str(&stream.to_string()));
    column(out, ",\"line\":[", &entries, |out, (.., entry)| {
        json::string(out, &String::from_utf8_lossy(&entry.line))
    });
    column(out, ",\"metadata\":[", &entries, |out, (.., entry)| match entry.metadata.is_empty() {
        true => out.push_str("null"),
        false => json::labels(out, &entry.metadata),
    });
    out.push('}');
    notes.write(out);
    message.finish()
}

fn column<T>(out: &mut String, key: &str, rows: &[T], write: impl Fn(&mut String, &T)) {
    out.push_str(key);
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, row);
    }
    out.push(']');
}

/// A query that failed.
pub(crate) fn error(id: &str, error: &ApiError) -> Bytes {
    let mut message = Message::new(id, "error");
    message.header.push_str(",\"error\":");
    message.header.push_str(&json!(error.json()).to_string());
    message.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Labels, stale_nan};

    use super::*;

    fn check(bytes: Bytes) -> (serde_json::Value, Vec<f64>) {
        assert_eq!(bytes.len() % 8, 0);
        let length = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes")) as usize;
        let (header, payload) = (length(0), length(4));
        assert_eq!(bytes.len(), 8 + header + payload);
        let numbers =
            bytes[8 + header..].chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("8 bytes")));
        (serde_json::from_slice(&bytes[8..8 + header]).expect("JSON"), numbers.collect())
    }

    fn series(name: &str, times: &[i64], values: &[f64]) -> MatrixSeries {
        let (timestamps, values) = (Arc::from(times), values.to_vec());
        MatrixSeries { labels: Labels::of_metric(name), timestamps, values, histograms: Vec::new() }
    }

    fn frame(value: Value) -> (serde_json::Value, Vec<f64>) {
        let warnings = ["w".to_owned()];
        let notes = Notes { warnings: &warnings, infos: &[], samples: 3, elapsed_ms: 1.0 };
        check(super::value("A\"", &value, 5, &notes).expect("small"))
    }

    #[test]
    fn a_matrix_has_one_column_of_times() {
        let (header, numbers) = frame(Value::Matrix(vec![series("a", &[0, 10], &[1.0, stale_nan()])]));
        assert_eq!(header["id"], "A\"");
        assert_eq!((&header["kind"], &header["points"]), (&json!("matrix"), &json!(2)));
        assert_eq!(header["warnings"], json!(["w"]));
        assert_eq!(numbers[..3], [0.0, 10.0, 1.0]);
        assert!(numbers[3].is_nan());
        let (_, numbers) =
            frame(Value::Matrix(vec![series("a", &[0, 10], &[1.0, 2.0]), series("b", &[5], &[3.0])]));
        assert_eq!(numbers[..3], [0.0, 5.0, 10.0]);
        assert_eq!((numbers[3], numbers[5], numbers[7]), (1.0, 2.0, 3.0));
        assert!(numbers[4].is_nan() && numbers[6].is_nan());
    }

    #[test]
    fn vectors_scalars_and_errors() {
        let (header, numbers) = frame(Value::Vector(vec![VectorSample {
            labels: Labels::of_metric("a"),
            point: Point::Float(2.0),
        }]));
        assert_eq!(header["series"][0]["labels"]["__name__"], "a");
        assert_eq!(numbers, [5.0, 2.0]);
        assert_eq!(frame(Value::Scalar(3.0)).1, [5.0, 3.0]);
        assert_eq!(frame(Value::String("x".into())).0["value"], "x");
        let (header, _) = check(error("B", &ApiError::new(model::ErrorKind::Limit, "too \"much\"")));
        assert_eq!(header["error"], json!({"kind": "limit", "message": "too \"much\""}));
    }
}
