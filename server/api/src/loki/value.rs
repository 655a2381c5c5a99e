//! A query's value as Loki's API writes it: like Prometheus' matrices and vectors, and streams.

use std::fmt::Write;
use std::time::Duration;

use logql::{Answer, Stats, Stream, Value};

use crate::json;
use crate::prometheus;

/// `{"resultType":…,"result":…,"stats":…}`
pub(super) fn render(answer: &Answer, t_ms: i64, elapsed: Duration) -> String {
    let mut out = String::with_capacity(4096);
    out.push('{');
    let lines = match &answer.value {
        Value::Streams(all) => {
            streams(&mut out, all);
            all.iter().map(|stream| stream.entries.len()).sum()
        }
        Value::Metric(value) => {
            prometheus::value::write(&mut out, value, t_ms);
            0
        }
    };
    stats(&mut out, &answer.stats, lines, elapsed);
    out.push('}');
    out
}

fn streams(out: &mut String, streams: &[Stream]) {
    out.push_str("\"resultType\":\"streams\",\"result\":[");
    for (i, stream) in streams.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str("{\"stream\":");
        json::labels(out, &stream.labels);
        out.push_str(",\"values\":[");
        for (j, entry) in stream.entries.iter().enumerate() {
            if j > 0 {
                out.push(',');
            }
            // Writing to a String cannot fail.
            let _ = write!(out, "[\"{}\",", entry.t_ns);
            // JSON is UTF-8: other bytes are shown as U+FFFD.
            json::string(out, &String::from_utf8_lossy(&entry.line));
            out.push(']');
        }
        out.push_str("]}");
    }
    out.push(']');
}

fn stats(out: &mut String, read: &Stats, lines: usize, elapsed: Duration) {
    let seconds = elapsed.as_secs_f64();
    let per_second = |n: u64| if seconds > 0.0 { (n as f64 / seconds) as u64 } else { 0 };
    let (entries, bytes) = (read.entries, read.bytes);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        ",\"stats\":{{\"summary\":{{\"bytesProcessedPerSecond\":{},\"linesProcessedPerSecond\":{},\
         \"totalBytesProcessed\":{bytes},\"totalLinesProcessed\":{entries},\"execTime\":{seconds},\"queueTime\":0,\
         \"totalEntriesReturned\":{lines}}},\"querier\":{{}},\"ingester\":{{}}}}",
        per_second(bytes),
        per_second(entries),
    );
}
